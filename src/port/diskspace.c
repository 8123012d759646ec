/* port/diskspace.c: see space.h. */
#include "port/diskspace.h"

#include <errno.h>
#include <sys/statvfs.h>

static int real_look(void *ctx, const char *path, keel_diskspace_left *ret) {
    struct statvfs fs;
    (void)ctx;
    if (statvfs(path, &fs) != 0) return -errno;
    if (fs.f_blocks == 0) return -EOPNOTSUPP; /* one that does not count its blocks */
    ret->free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
    ret->total_bytes = (int64_t)(fs.f_blocks * fs.f_frsize);
    return 0;
}

const keel_diskspace *keel_diskspace_real(void) {
    static const keel_diskspace REAL = {.look = real_look};
    return &REAL;
}

static int sim_look(void *ctx, const char *path, keel_diskspace_left *ret) {
    const keel_simdiskspace *s = ctx;
    (void)path;
    if (s->fails) return s->fails;
    *ret = s->left;
    return 0;
}

void keel_simdiskspace_init(keel_simdiskspace *s, int64_t free_bytes, int64_t total_bytes) {
    *s = (keel_simdiskspace){.port = {.ctx = s, .look = sim_look}, .left = {free_bytes, total_bytes}};
}
