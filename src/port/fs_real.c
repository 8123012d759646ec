/* port/fs_real.c: see fs_real.h. O_DIRECT and fallocate are Linux's own; elsewhere there is nothing of the kind. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "port/fs_real.h"

#include "port/fs_real_job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int64_t real_owner(void *ctx) {
    (void)ctx;
    return (int64_t)getpid();
}

static int real_open(void *ctx, const char *path, int flags) {
    (void)ctx;
    int how = (flags & KEEL_FS_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW;
    if (flags & KEEL_FS_CREATE) how |= O_CREAT;
    if (flags & KEEL_FS_EXCLUSIVE) how |= O_EXCL;
#ifdef __linux__
    if (flags & KEEL_FS_DIRECT) how |= O_DIRECT;
#else
    if (flags & KEEL_FS_DIRECT) return -EINVAL;
#endif
    int file;
    do
        file = open(path, how, 0600);
    while (file < 0 && errno == EINTR);
    return file < 0 ? -errno : file;
}

static void real_close(void *ctx, int file) {
    (void)ctx;
    (void)close(file); /* what had to be durable was synced before */
}

static int64_t real_pread(void *ctx, int file, void *ret_bytes, size_t size, int64_t offset) {
    (void)ctx;
    ssize_t n = pread(file, ret_bytes, size, (off_t)offset);
    return n < 0 ? -errno : n;
}

static int64_t real_pwrite(void *ctx, int file, const void *bytes, size_t size, int64_t offset) {
    (void)ctx;
    ssize_t n = pwrite(file, bytes, size, (off_t)offset);
    return n < 0 ? -errno : n;
}

static int real_truncate(void *ctx, int file, int64_t size) {
    (void)ctx;
    return ftruncate(file, (off_t)size) != 0 ? -errno : 0;
}

/* No retry, not even after EINTR: a sync that failed once may have thrown the pages away. */
static int real_sync(void *ctx, int file) {
    (void)ctx;
    return fdatasync(file) != 0 ? -errno : 0;
}

static int real_allocate(void *ctx, int file, int64_t size) {
    (void)ctx;
#ifdef __linux__
    int rc;
    do
        rc = fallocate(file, 0, 0, (off_t)size);
    while (rc != 0 && errno == EINTR); /* a signal asks the program to end in order, not the journal to fail */
    return rc == 0 ? 0 : errno == ENOSYS ? -EOPNOTSUPP : -errno;
#else
    (void)file, (void)size;
    return -EOPNOTSUPP;
#endif
}

static int convert(const struct stat *st, keel_fs_stat *ret) {
    ret->size = (int64_t)st->st_size;
    ret->mode = (uint32_t)(st->st_mode & 07777);
    ret->is_dir = S_ISDIR(st->st_mode);
    ret->is_file = S_ISREG(st->st_mode);
    ret->is_mine = st->st_uid == geteuid();
    ret->changed_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    return 0;
}

static int real_stat_file(void *ctx, int file, keel_fs_stat *ret) {
    (void)ctx;
    struct stat st;
    return fstat(file, &st) != 0 ? -errno : convert(&st, ret);
}

static int real_stat(void *ctx, const char *path, keel_fs_stat *ret) {
    (void)ctx;
    struct stat st;
    return lstat(path, &st) != 0 ? -errno : convert(&st, ret);
}

static int real_rename(void *ctx, const char *from, const char *to) {
    (void)ctx;
    return rename(from, to) != 0 ? -errno : 0;
}

static int real_unlink(void *ctx, const char *path) {
    (void)ctx;
    return unlink(path) != 0 ? -errno : 0;
}

static int real_mkdir(void *ctx, const char *path) {
    (void)ctx;
    return mkdir(path, 0700) != 0 ? -errno : 0;
}

static int real_sync_dir(void *ctx, const char *path) {
    (void)ctx;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return -errno;
    int rc = fsync(dir) != 0 ? -errno : 0;
    (void)close(dir); /* read-only, nothing to lose */
    return rc;
}

static int real_list(void *ctx, const char *path, keel_fs_visit visit, void *data) {
    (void)ctx;
    DIR *dir = opendir(path);
    if (!dir) return -errno;
    int rc = 0;
    struct dirent *entry;
    while (rc == 0 && (errno = 0, entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) rc = visit(data, entry->d_name);
    if (rc == 0 && errno != 0) rc = -errno;
    (void)closedir(dir); /* read-only, nothing to lose */
    return rc;
}

static int real_lock(void *ctx, int file) {
    (void)ctx;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) return 0;
    return errno == EWOULDBLOCK ? -EWOULDBLOCK : -errno;
}

int keel_fs_real_room(const char *path, int64_t *ret_left, int64_t *ret_total) {
    struct statvfs disk;
    if (statvfs(path, &disk) != 0) return -errno;
    *ret_left = (int64_t)(disk.f_bavail * disk.f_frsize);
    *ret_total = (int64_t)(disk.f_blocks * disk.f_frsize);
    return 0;
}

const keel_fs *keel_fs_real(void) {
    static const keel_fs REAL = {.owner = real_owner,
                                 .open = real_open,
                                 .close = real_close,
                                 .pread = real_pread,
                                 .pwrite = real_pwrite,
                                 .truncate = real_truncate,
                                 .sync = real_sync,
                                 .allocate = real_allocate,
                                 .start = keel_fs_real_start,
                                 .finish = keel_fs_real_finish,
                                 .ready = keel_fs_real_ready,
                                 .release = keel_fs_real_release,
                                 .stat_file = real_stat_file,
                                 .stat = real_stat,
                                 .rename = real_rename,
                                 .unlink = real_unlink,
                                 .mkdir = real_mkdir,
                                 .sync_dir = real_sync_dir,
                                 .list = real_list,
                                 .lock = real_lock};
    return &REAL;
}
