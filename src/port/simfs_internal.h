/* port/simfs_internal.h: what simfs.c and simfs_crash.c share. */
#ifndef KEEL_PORT_SIMFS_INTERNAL_H
#define KEEL_PORT_SIMFS_INTERNAL_H

#include "port/simfs.h"

/* A file or folder. Its names are NULL where it has none. */
typedef struct keel_simnode {
    char *seen, *kept;      /* path for programs, path on the medium */
    uint8_t *now, *durable; /* contents, [capacity] both, zero beyond their size */
    uint8_t *dirty;         /* per sector: 1 when `now` has what `durable` lacks */
    int64_t now_size, durable_size, capacity;
    int size_dirty;
    int is_dir;
    uint32_t mode;
    int locked_by; /* handle + 1; 0: free */
} keel_simnode;

/* A change of names that the medium does not know yet: `node` gets the path `to` (NULL: loses its own). */
typedef struct keel_simrename {
    keel_simnode *node;
    char *to;
    char *dir; /* the folder whose sync makes it durable */
} keel_simrename;

struct keel_simfs {
    keel_fs port;
    keel_simrandom random;
    keel_simfs_faults faults;
    uint64_t late;                  /* writes begun that are done at their end */
    keel_simfs_counts total, since; /* since: counted from the last keel_simfs_set_faults */
    int dead;
    int plain;            /* 1: no direct writes, no allocation */
    keel_simnode **nodes; /* [node_count]; a node lives until the world does */
    size_t node_count;
    keel_simrename *pending; /* [pending_count], oldest first */
    size_t pending_count;
    struct {
        keel_simnode *node;
        int write, direct;
    } * handles; /* [handle_count]; node NULL: closed */
    size_t handle_count;
};

/* Length of the folder part of a path, without the slash; 0 for names in "/". */
size_t keel_simfs_dir_size(const char *path);

/* Make pending names durable: those of this folder, all of them with dir NULL. */
void keel_simfs_keep_names(keel_simfs *s, const char *dir);
void keel_simfs_keep_name(keel_simfs *s, const keel_simrename *change);
void keel_simfs_forget_pending(keel_simfs *s);

#endif
