/* research/sweep/rows_file.c: see rows_file.h. */
#include "research/sweep/rows_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int io(const char *what, const char *path, keel_err *err) {
    if (strcmp(what, "read") == 0)
        return keel_err_set(err, KEEL_E_IO, "cannot read: %s: %s; check its permissions, then --resume", path,
                            strerror(errno));
    return keel_err_set(err, KEEL_E_IO,
                        "cannot %s: %s: %s; free some space or choose another place with --sweeps, then "
                        "--resume",
                        what, path, strerror(errno));
}

int keel_rows_file_open(keel_rows_file *f, const char *path, keel_err *reterr) {
    memset(f, 0, sizeof *f);
    f->fd = -1;
    f->path = path;
    f->reading = fopen(path, "r");
    if (f->reading) return 0;
    if (errno == ENOENT) return keel_err_set(reterr, KEEL_E_NOT_FOUND, "no such file: %s: see keel sweep list", path);
    return io("read", path, reterr);
}

int keel_rows_file_next(keel_rows_file *f, size_t *ret_size, keel_err *reterr) {
    errno = 0;
    ssize_t n = getline(&f->line, &f->room, f->reading);
    if (n < 0 && errno != 0) return io("read", f->path, reterr);
    if (n <= 0 || f->line[n - 1] != '\n') return 0;
    f->line[n - 1] = 0;
    *ret_size = (size_t)n - 1;
    f->size += n;
    f->lines++;
    return 1;
}

int keel_rows_file_write_on(keel_rows_file *f, const char *path, keel_err *reterr) {
    int fresh = !f->reading;
    if (fresh) memset(f, 0, sizeof *f);
    f->path = path;
    f->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : 0), 0644);
    if (f->fd < 0) return io("write", path, reterr);
    if (ftruncate(f->fd, (off_t)f->size) != 0) return io("write", path, reterr);
    return 0;
}

int keel_rows_file_put(keel_rows_file *f, const char *bytes, size_t size, keel_err *reterr) {
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(f->fd, bytes + done, size - done, (off_t)f->size + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        int why = n < 0 ? errno : ENOSPC;
        (void)ftruncate(f->fd, (off_t)f->size);
        errno = why;
        return io("write", f->path, reterr);
    }
    f->size += (int64_t)size;
    return 0;
}

int keel_rows_file_sync(keel_rows_file *f, keel_err *reterr) {
    return fsync(f->fd) == 0 ? 0 : io("write", f->path, reterr);
}

void keel_rows_file_close(keel_rows_file *f) {
    if (f->reading) (void)fclose(f->reading);
    if (f->fd >= 0) (void)close(f->fd); /* synced before whatever matters */
    free(f->line);
    memset(f, 0, sizeof *f);
    f->fd = -1;
}
