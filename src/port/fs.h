/* port/fs.h: the seam to the file system.
 *
 * A table of functions and the context they get. Two twins of equal standing: keel_fs_real (port/fs_real.h), and
 * keel_simfs (port/simfs.h), which keeps what is durable apart from what is merely written and injects faults from a
 * seed. Whoever keeps files of record reaches the disk through this table and nowhere else.
 *
 * Every function returns 0 or a count, or -errno. Paths are plain strings; names in a listing hold no folder. Offsets
 * and sizes are bytes. A table serves one thread at a time unless its twin says more. */
#ifndef KEEL_PORT_FS_H
#define KEEL_PORT_FS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_FS_PATH_MAX = 1024 };

/* Flags of open. A file is made with mode 0600 whatever the umask says. */
enum {
    KEEL_FS_WRITE = 1,     /* read and write; without it: read only */
    KEEL_FS_CREATE = 2,    /* make it when it is not there */
    KEEL_FS_EXCLUSIVE = 4, /* with CREATE: -EEXIST when it is there */
    /* Writes go past the memory of the system: bytes, size and offset of each are multiples of KEEL_FS_BLOCK. -EINVAL
     * where the file system has nothing of the kind. */
    KEEL_FS_DIRECT = 8
};

enum { KEEL_FS_BLOCK = 4096 };

/* A write that may go on while its caller does something else: keel_fs_write_start. Zeroed before its first use. */
typedef struct keel_fs_job {
    const void *bytes; /* borrowed until it is finished */
    size_t size;
    int64_t offset;
    int file;
    int direct;       /* the file was opened so */
    int durable;      /* wanted */
    int synced;       /* and had, without a call of sync */
    int busy;         /* between start and finish */
    int64_t written;  /* of a twin that wrote at once: bytes, or -errno */
    uint64_t own[10]; /* the twin's */
} keel_fs_job;

typedef struct keel_fs_stat {
    int64_t size;
    uint32_t mode; /* permission bits, 07777 */
    int is_dir, is_file;
    int is_mine;        /* owned by the user this program runs as */
    int64_t changed_ms; /* wall time of the last change to its bytes, -1: not known */
} keel_fs_stat;

/* One name of a listing; a return other than 0 ends the listing with that value. */
typedef int (*keel_fs_visit)(void *data, const char *name);

typedef struct keel_fs {
    void *ctx;
    int64_t (*owner)(void *ctx); /* number of this process, for people who look into a lock file */
    int (*open)(void *ctx, const char *path, int flags); /* a handle >= 0; never follows a link in the last place */
    void (*close)(void *ctx, int file);                  /* releases a lock on it */
    int64_t (*pread)(void *ctx, int file, void *ret_bytes, size_t size, int64_t offset);    /* may be short */
    int64_t (*pwrite)(void *ctx, int file, const void *bytes, size_t size, int64_t offset); /* may be short */
    int (*truncate)(void *ctx, int file, int64_t size);
    int (*sync)(void *ctx, int file); /* contents and size are durable; the name needs sync_dir */
    /* The file is so long, in space of its own, and reads as zeros. -EOPNOTSUPP: this file system cannot. */
    int (*allocate)(void *ctx, int file, int64_t size);
    /* Begin and end a write: 0; bytes written, which may be few, or -errno. Begin may wait for the disk where the write
     * is short. release gives back what a job holds. */
    int (*start)(void *ctx, keel_fs_job *job);
    int64_t (*finish)(void *ctx, keel_fs_job *job);
    int (*ready)(void *ctx, keel_fs_job *job); /* 1: finish will not wait */
    void (*release)(void *ctx, keel_fs_job *job);
    int (*stat_file)(void *ctx, int file, keel_fs_stat *ret);
    int (*stat)(void *ctx, const char *path, keel_fs_stat *ret); /* of the thing itself, links not followed */
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*unlink)(void *ctx, const char *path);
    int (*mkdir)(void *ctx, const char *path);                                 /* mode 0700 */
    int (*sync_dir)(void *ctx, const char *path);                              /* names in this folder are durable */
    int (*list)(void *ctx, const char *path, keel_fs_visit visit, void *data); /* in no order */
    int (*lock)(void *ctx, int file); /* exclusive, without waiting: -EWOULDBLOCK when another holds it */
} keel_fs;

/* ---- built on the table, the same for both twins ---- */

/* All bytes, through short counts and -EINTR. keel_fs_read_at returns the bytes read, fewer only at the end of the
 * file; keel_fs_write_at returns 0. Or -errno; a write that makes no progress is -EIO. */
int64_t keel_fs_read_at(const keel_fs *fs, int file, void *ret_bytes, size_t size, int64_t offset);
int keel_fs_write_at(const keel_fs *fs, int file, const void *bytes, size_t size, int64_t offset);

/* Begin to write all these bytes, and wait until it is done; durable: they are, and the file's size, when finish
 * returns 0. Finish of a job that was not started is 0. keel_fs_job_done also forgets whatever still runs.
 * keel_fs_job_runs: 1 while finish would wait. */
int keel_fs_write_start(const keel_fs *fs, keel_fs_job *job, int file, const void *bytes, size_t size, int64_t offset);
int keel_fs_write_finish(const keel_fs *fs, keel_fs_job *job);
void keel_fs_job_done(const keel_fs *fs, keel_fs_job *job);
int keel_fs_job_runs(const keel_fs *fs, keel_fs_job *job);

/* Zeros from `from` to `to`, written, not left as a hole: what comes later overwrites blocks that exist, and its sync
 * has no allocation to make durable. Not synced. 0 or -errno. */
int keel_fs_zero_fill(const keel_fs *fs, int file, int64_t from, int64_t to);

/* Zeros to write from, at an address that a direct write takes. */
enum { KEEL_FS_ZEROS = 1 << 20 };
const void *keel_fs_zeros(void);

/* A file of at most size_max bytes; ret_bytes is handed to the caller (free()). 0 or a KEEL_E_* with the line set. */
KEEL_MUST_USE int keel_fs_read_whole(const keel_fs *fs, const char *path, size_t size_max, uint8_t **ret_bytes,
                                     size_t *ret_size, keel_err *reterr);

/* dir/name is these bytes or as it was before, whatever stops the program: written beside, synced, renamed, folder
 * synced. 0 or KEEL_E_IO with the line set. */
KEEL_MUST_USE int keel_fs_replace(const keel_fs *fs, const char *dir, const char *name, const void *bytes, size_t size,
                                  keel_err *reterr);

/* "dir/name" in ret[KEEL_FS_PATH_MAX]. KEEL_E_RANGE when it does not fit. */
KEEL_MUST_USE int keel_fs_path(const char *dir, const char *name, char ret[KEEL_FS_PATH_MAX], keel_err *reterr);

/* KEEL_E_* of a failed call: NOT_FOUND for -ENOENT, IO otherwise; the line is "doing: path: why: way out". */
int keel_fs_fail(int negative_errno, const char *doing, const char *path, keel_err *reterr);

/* Refuse what others may read or write: a file wider than 0600, a folder wider than 0700, or one that belongs to
 * somebody else. KEEL_E_NOT_FOUND, KEEL_E_IO or KEEL_E_GATE with the line set. */
KEEL_MUST_USE int keel_fs_private(const keel_fs *fs, const char *path, keel_err *reterr);

#endif
