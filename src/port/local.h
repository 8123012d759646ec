/* port/local.h: the seam to other programs of this machine: streams of bytes through a name in a folder, and who is at
 * their other side.
 *
 * Nothing here waits but `wait`. Two twins: keel_local_real, Unix domain sockets, and keel_simlocal (port/simlocal.h).
 * A stream delivers bytes in order or breaks; whether what was written before a break was read is never known.
 *
 * Every function returns 0 or a count, or -errno. A table serves one thread at a time. */
#ifndef KEEL_PORT_LOCAL_H
#define KEEL_PORT_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "port/net.h"

enum { KEEL_LOCAL_USER_MAX = 64 };

/* By the system, as it was when the stream was opened. */
typedef struct keel_local_peer {
    int64_t uid, pid;
    int64_t own_uid; /* of this program */
    char user[KEEL_LOCAL_USER_MAX];
} keel_local_peer;

typedef struct keel_local {
    void *ctx;
    /* Listen under this name, which only this user can reach: mode 0600. A name that an earlier program left behind is
     * taken over, so whoever calls knows that it is gone. -EEXIST: the name is of something else; -ENAMETOOLONG: the
     * folder's path is too long for an address, and the system has no other way. */
    int (*listen)(void *ctx, const char *dir, const char *name);
    int (*accept)(void *ctx, int listener); /* a stream, or -EAGAIN: nobody came */
    /* -ENOENT: no such name; -ECONNREFUSED: nobody listens there any more; -EAGAIN: whoever does has no time now. */
    int (*connect)(void *ctx, const char *dir, const char *name);
    int (*peer)(void *ctx, int conn, keel_local_peer *ret);
    /* As in port/net.h; close also ends listening, and leaves the name. */
    int64_t (*read)(void *ctx, int conn, void *ret_bytes, size_t size);
    int64_t (*write)(void *ctx, int conn, const void *bytes, size_t size);
    void (*close)(void *ctx, int conn);
    int (*wait)(void *ctx, int conn, int want, int64_t until_mono_ns);
    int (*remove)(void *ctx, const char *dir, const char *name); /* the name, when it is one of listen's */
} keel_local;

/* The sockets of the machine; static storage. */
const keel_local *keel_local_real(void);

#endif
