/* port/fs.c: what is built on the table. */
#include "port/fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t keel_fs_read_at(const keel_fs *fs, int file, void *ret_bytes, size_t size, int64_t offset) {
    size_t done = 0;
    while (done < size) {
        int64_t n = fs->pread(fs->ctx, file, (char *)ret_bytes + done, size - done, offset + (int64_t)done);
        if (n == -EINTR) continue;
        if (n < 0) return n;
        if (n == 0) break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

int keel_fs_write_at(const keel_fs *fs, int file, const void *bytes, size_t size, int64_t offset) {
    size_t done = 0;
    while (done < size) {
        int64_t n = fs->pwrite(fs->ctx, file, (const char *)bytes + done, size - done, offset + (int64_t)done);
        if (n == -EINTR) continue;
        if (n < 0) return (int)n;
        if (n == 0) return -EIO;
        done += (size_t)n;
    }
    return 0;
}

int keel_fs_write_start(const keel_fs *fs, keel_fs_job *job, int file, const void *bytes, size_t size, int64_t offset) {
    KEEL_ASSERT(!job->busy);
    job->file = file;
    job->bytes = bytes;
    job->size = size;
    job->offset = offset;
    job->synced = 0;
    job->written = 0;
    int rc = fs->start(fs->ctx, job);
    job->busy = rc == 0;
    return rc;
}

int keel_fs_write_finish(const keel_fs *fs, keel_fs_job *job) {
    if (!job->busy) return 0;
    int64_t n = fs->finish(fs->ctx, job);
    job->busy = 0;
    if (n == -EINTR) n = 0;
    if (n < 0) return (int)n;
    if ((uint64_t)n < job->size) {
        job->synced = 0;
        int rc = keel_fs_write_at(fs, job->file, (const char *)job->bytes + n, job->size - (size_t)n, job->offset + n);
        if (rc != 0) return rc;
    }
    return job->durable && !job->synced ? fs->sync(fs->ctx, job->file) : 0;
}

int keel_fs_job_runs(const keel_fs *fs, keel_fs_job *job) { return job->busy && !fs->ready(fs->ctx, job); }

void keel_fs_job_done(const keel_fs *fs, keel_fs_job *job) {
    if (job->busy) (void)fs->finish(fs->ctx, job); /* nobody waits for it any more */
    job->busy = 0;
    fs->release(fs->ctx, job);
}

static _Alignas(KEEL_FS_BLOCK) char ZEROS[KEEL_FS_ZEROS]; /* not const: it takes no room in the program */

const void *keel_fs_zeros(void) { return ZEROS; }

int keel_fs_zero_fill(const keel_fs *fs, int file, int64_t from, int64_t to) {
    while (from < to) {
        int64_t n = to - from < KEEL_FS_ZEROS ? to - from : KEEL_FS_ZEROS;
        int rc = keel_fs_write_at(fs, file, ZEROS, (size_t)n, from);
        if (rc != 0) return rc;
        from += n;
    }
    return 0;
}

/* For reading and writing alike: the caller's words say which it was. */
static const char *way_out(int number) {
    switch (number) {
        case ENOENT:
        case ENOTDIR: return "check the path";
        case EACCES:
        case EPERM: return "run as who owns it, or mend its rights";
        case ENOSPC:
        case EDQUOT: return "free some space";
        case EROFS: return "choose a folder on a disk that can be written";
        case EMFILE:
        case ENFILE: return "close other programs, or raise ulimit -n";
        case EIO: return "look at the disk before anything is written there again";
        default: return "look at the folder and its disk";
    }
}

int keel_fs_fail(int negative_errno, const char *doing, const char *path, keel_err *reterr) {
    const int number = -negative_errno;
    int code = number == ENOENT ? KEEL_E_NOT_FOUND : KEEL_E_IO;
    return keel_err_set(reterr, code, "%s: %s: %s: %s", doing, path, strerror(number), way_out(number));
}

int keel_fs_path(const char *dir, const char *name, char ret[KEEL_FS_PATH_MAX], keel_err *reterr) {
    int n = snprintf(ret, KEEL_FS_PATH_MAX, "%s/%s", dir, name);
    if (n < 0 || n >= KEEL_FS_PATH_MAX)
        return keel_err_set(reterr, KEEL_E_RANGE, "path is too long: %.80s...: use a shorter folder", dir);
    return 0;
}

int keel_fs_read_whole(const keel_fs *fs, const char *path, size_t size_max, uint8_t **ret_bytes, size_t *ret_size,
                       keel_err *reterr) {
    int file = fs->open(fs->ctx, path, 0);
    if (file < 0) return keel_fs_fail(file, "cannot open", path, reterr);
    keel_fs_stat st;
    uint8_t *bytes = NULL;
    int rc = fs->stat_file(fs->ctx, file, &st);
    if (rc != 0) {
        rc = keel_fs_fail(rc, "cannot read", path, reterr);
    } else if (st.size < 0 || (uint64_t)st.size > size_max) {
        rc = keel_err_set(reterr, KEEL_E_RANGE, "file is too large: %s: at most %zu bytes are read", path, size_max);
    } else if (!(bytes = malloc((size_t)st.size + 1))) {
        rc = keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %lld bytes", path, (long long)st.size);
    } else {
        int64_t n = keel_fs_read_at(fs, file, bytes, (size_t)st.size, 0);
        if (n < 0) {
            rc = keel_fs_fail((int)n, "cannot read", path, reterr);
        } else {
            bytes[n] = 0;
            *ret_size = (size_t)n;
        }
    }
    fs->close(fs->ctx, file);
    if (rc != 0) {
        free(bytes);
        return rc;
    }
    *ret_bytes = bytes;
    return 0;
}

int keel_fs_replace(const keel_fs *fs, const char *dir, const char *name, const void *bytes, size_t size,
                    keel_err *reterr) {
    char path[KEEL_FS_PATH_MAX], beside[KEEL_FS_PATH_MAX];
    KEEL_TRY(keel_fs_path(dir, name, path, reterr));
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return keel_err_set(reterr, KEEL_E_RANGE, "path is too long: %.80s...: use a shorter folder", dir);
    int file = fs->open(fs->ctx, beside, KEEL_FS_WRITE | KEEL_FS_CREATE);
    if (file < 0) return keel_fs_fail(file, "cannot write", beside, reterr);
    int rc = fs->truncate(fs->ctx, file, 0);
    if (rc == 0) rc = keel_fs_write_at(fs, file, bytes, size, 0);
    if (rc == 0) rc = fs->sync(fs->ctx, file);
    fs->close(fs->ctx, file);
    if (rc == 0) rc = fs->rename(fs->ctx, beside, path);
    if (rc == 0) rc = fs->sync_dir(fs->ctx, dir);
    if (rc != 0) return keel_fs_fail(rc, "cannot write", path, reterr);
    return 0;
}

int keel_fs_private(const keel_fs *fs, const char *path, keel_err *reterr) {
    keel_fs_stat st;
    int rc = fs->stat(fs->ctx, path, &st);
    if (rc != 0) return keel_fs_fail(rc, "cannot open", path, reterr);
    if (!st.is_dir && !st.is_file)
        return keel_err_set(reterr, KEEL_E_GATE, "neither a file nor a folder: %s: links are not followed here", path);
    if (!st.is_mine)
        return keel_err_set(reterr, KEEL_E_GATE, "belongs to another user: %s: chown it to the user keel runs as",
                            path);
    uint32_t widest = st.is_dir ? 0700 : 0600;
    if (st.mode & ~widest)
        return keel_err_set(reterr, KEEL_E_GATE, "permissions %04o are too wide: %s: chmod %04o it", (unsigned)st.mode,
                            path, (unsigned)widest);
    return 0;
}
