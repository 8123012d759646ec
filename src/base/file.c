/* base/file.c: see file.h. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 65536 };

static const char *read_mend(int number) {
    switch (number) {
        case ENOENT:
        case ENOTDIR: return "check the name, and the folder it is meant from";
        case EACCES:
        case EPERM: return "allow this user to read it";
        case EISDIR: return "name a file in that folder";
        case EMFILE:
        case ENFILE: return "close other programs, or raise ulimit -n";
        case ENAMETOOLONG:
        case ELOOP: return "name it by a shorter path";
        case EIO: return "check the disk; copy the file from its source again";
        default: return "check the file and its rights";
    }
}

static const char *write_mend(int number) {
    switch (number) {
        case ENOENT:
        case ENOTDIR: return "make its folder first, or choose another path";
        case ENOSPC:
        case EDQUOT: return "free some space";
        case EFBIG: return "raise the limit of this shell (ulimit -f), or choose a shorter range";
        default: return "choose another path, or change its rights";
    }
}

static int fail_errno(keel_err *reterr, const char *what, const char *path, int number, const char *mend) {
    int code = number == ENOENT || number == ENOTDIR ? KEEL_E_NOT_FOUND : KEEL_E_IO;
    return keel_err_set(reterr, code, "%s: %s: %s: %s", what, path, strerror(number), mend);
}

/* One read that survives signals. */
static ssize_t read_some(int fd, char *to, size_t size) {
    ssize_t count;
    do
        count = read(fd, to, size);
    while (count < 0 && errno == EINTR);
    return count;
}

static int read_all(int fd, const char *path, size_t size_max, char **ret_bytes, size_t *ret_size, keel_err *reterr) {
    size_t size = 0, capacity = size_max < FIRST_CAPACITY ? size_max + 1 : FIRST_CAPACITY;
    char *bytes = malloc(capacity + 1);
    while (bytes) {
        ssize_t count = read_some(fd, bytes + size, capacity - size);
        if (count < 0) {
            int number = errno;
            free(bytes);
            return fail_errno(reterr, "cannot read", path, number, read_mend(number));
        }
        size += (size_t)count;
        if (size > size_max) {
            free(bytes);
            return keel_err_set(reterr, KEEL_E_RANGE,
                                "file is too large: %s: at most %zu bytes are read: split it, or name another", path,
                                size_max);
        }
        if (count == 0) {
            bytes[size] = 0;
            *ret_bytes = bytes;
            *ret_size = size;
            return 0;
        }
        if (size < capacity) continue;
        capacity *= 2;
        char *larger = realloc(bytes, capacity + 1);
        if (!larger) free(bytes);
        bytes = larger;
    }
    return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", path);
}

int keel_file_read(const char *path, size_t size_max, char **ret_bytes, size_t *ret_size, keel_err *reterr) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int number = errno;
    if (fd < 0) return fail_errno(reterr, "cannot open", path, number, read_mend(number));
    int rc = read_all(fd, path, size_max, ret_bytes, ret_size, reterr);
    (void)close(fd); /* read-only, nothing to lose */
    return rc;
}

static int write_all(int fd, const char *bytes, size_t size) {
    while (size) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0 && errno != EINTR) return errno;
        if (count > 0) {
            bytes += count;
            size -= (size_t)count;
        }
    }
    return 0;
}

/* The rename is durable once the folder is. */
static int sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!folder) return ENOMEM;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int number = fd < 0 ? errno : 0;
    free(folder);
    if (fd < 0) return number;
    /* EINVAL: this file system has no sync of folders */
    if (fsync(fd) != 0 && errno != EINVAL) number = errno;
    (void)close(fd);
    return number;
}

static int write_beside(const char *temporary, const void *bytes, size_t size) {
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return errno;
    int number = write_all(fd, bytes, size);
    if (!number && fsync(fd) != 0) number = errno;
    if (close(fd) != 0 && !number) number = errno;
    return number;
}

/* A device or a pipe (/dev/null, a shell's >(...)) takes the bytes as they come; a file renamed over it would take its
 * place. */
static int is_stream(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int write_into(const char *path, const void *bytes, size_t size) {
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return errno;
    int number = write_all(fd, bytes, size);
    if (close(fd) != 0 && !number) number = errno;
    return number;
}

/* `path` is no link: the file that is renamed over it stands in the same folder. */
static int replace(const char *path, const void *bytes, size_t size) {
    size_t name_size = strlen(path) + 32;
    char *temporary = malloc(name_size);
    if (!temporary) return ENOMEM;
    (void)snprintf(temporary, name_size, "%s.%ld.part", path, (long)getpid());
    (void)unlink(temporary); /* left by a process of the same id that was killed */
    int number = write_beside(temporary, bytes, size);
    if (!number && rename(temporary, path) != 0) number = errno;
    if (number) (void)unlink(temporary);
    free(temporary);
    return number ? number : sync_folder(path);
}

int keel_file_write(const char *path, const void *bytes, size_t size, keel_err *reterr) {
    char *target = realpath(path, NULL); /* NULL: no such file yet */
    int number = is_stream(path) ? write_into(path, bytes, size) : replace(target ? target : path, bytes, size);
    free(target);
    return number ? fail_errno(reterr, "cannot write", path, number, write_mend(number)) : 0;
}
