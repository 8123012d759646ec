/* port/diskspace.h: the seam to how much room there is: of the file system that a path lies in. */
#ifndef KEEL_PORT_DISKSPACE_H
#define KEEL_PORT_DISKSPACE_H

#include <stdint.h>

typedef struct keel_diskspace_left {
    int64_t free_bytes;  /* that this user may write */
    int64_t total_bytes; /* > 0 */
} keel_diskspace_left;

typedef struct keel_diskspace {
    void *ctx;
    int (*look)(void *ctx, const char *path, keel_diskspace_left *ret); /* 0 or -errno; *ret is written with 0 */
} keel_diskspace;

/* That of the machine; static storage, any thread. */
const keel_diskspace *keel_diskspace_real(void);

/* One disk for all paths, as large and as full as is said. */
typedef struct keel_simdiskspace {
    keel_diskspace port; /* port.ctx is this record */
    keel_diskspace_left left;
    int fails; /* -errno of every look, 0: none */
} keel_simdiskspace;

/* Holds no memory; must not be moved afterwards. */
void keel_simdiskspace_init(keel_simdiskspace *s, int64_t free_bytes, int64_t total_bytes);

#endif
