/* research/sweep/shard.c: see shard.h. */
#include "research/sweep/shard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "research/sweep/rows_file.h"
#include "research/sweep/trial.h"

enum { PLAN_MAX = 64, TOKEN_DIGITS = 16 };

static const char PLAN_FORMAT[] = "keel.shards 1\n%" PRId64 "\n";

static int io(const char *what, const char *path, keel_err *err) {
    return keel_err_set(err, errno == ENOENT ? KEEL_E_NOT_FOUND : KEEL_E_IO,
                        "cannot %s: %s: %s; free some space or choose another place with --sweeps, then --resume", what,
                        path, strerror(errno));
}

keel_shard keel_shard_at(const keel_shards *s, int64_t number) {
    return (keel_shard){number, number * s->trials / s->count, (number + 1) * s->trials / s->count};
}

static int path_of(const char *folder, const char *name, char *ret, keel_err *err) {
    int n = snprintf(ret, KEEL_SHARD_PATH_MAX, "%s/%s", folder, name);
    if (n < KEEL_SHARD_PATH_MAX) return 0;
    return keel_err_set(err, KEEL_E_IO, "path too long: --sweeps: choose a shorter one");
}

static int file_of(const keel_shards *s, int64_t number, const char *end, char *ret, keel_err *err) {
    char name[64];
    (void)snprintf(name, sizeof name, "%" PRId64 ".%.40s", number, end);
    return path_of(s->folder, name, ret, err);
}

/* ---- the plan ---------------------------------------------------------------------------------------------- */

int keel_shards_planned(const char *folder, int64_t *ret_count, keel_err *reterr) {
    char path[KEEL_SHARD_PATH_MAX], expected[PLAN_MAX], *text = NULL;
    keel_err err = {0};
    size_t size = 0;
    *ret_count = 0;
    KEEL_TRY(path_of(folder, "plan", path, reterr));
    int rc = keel_file_read(path, PLAN_MAX, &text, &size, &err);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    int64_t count = 0;
    if (rc == 0) {
        const char *line = strchr(text, '\n');
        count = line ? strtoll(line + 1, NULL, 10) : 0;
        (void)snprintf(expected, sizeof expected, PLAN_FORMAT, count);
        if (count < 1 || count > KEEL_SHARDS_MAX || strcmp(text, expected) != 0) rc = KEEL_E_RANGE;
    }
    free(text);
    if (rc == KEEL_E_RANGE)
        return keel_err_set(reterr, KEEL_E_PARITY,
                            "no plan of shards: %s: the file is damaged; begin anew with --restart", path);
    if (rc != 0) return keel_err_set(reterr, rc, "%s", err.text);
    *ret_count = count;
    return 0;
}

int keel_shards_open(const keel_shards *s, keel_err *reterr) {
    char path[KEEL_SHARD_PATH_MAX], text[PLAN_MAX];
    int64_t planned = 0;
    KEEL_ASSERT(s->count >= 1 && s->count <= KEEL_SHARDS_MAX && s->count <= s->trials);
    if (mkdir(s->folder, 0777) != 0 && errno != EEXIST) return io("make the folder", s->folder, reterr);
    KEEL_TRY(keel_shards_planned(s->folder, &planned, reterr));
    if (planned == s->count) return 0;
    if (planned != 0)
        return keel_err_set(reterr, KEEL_E_USAGE,
                            "the sweep is cut into %" PRId64 " shards, not %" PRId64
                            ": %s: leave --shards out, or begin anew with --restart",
                            planned, s->count, s->folder);
    KEEL_TRY(path_of(s->folder, "plan", path, reterr));
    int n = snprintf(text, sizeof text, PLAN_FORMAT, s->count);
    return keel_file_write(path, text, (size_t)n, reterr);
}

/* ---- looking ----------------------------------------------------------------------------------------------- */

/* What a file has of a shard: rows, and the bytes they and the header take. */
typedef struct extent {
    int64_t rows, head, bytes;
} extent;

static int is_row(const char *line, size_t size, const char *sweep_id, int64_t index) {
    char start[48];
    int n = snprintf(start, sizeof start, "{\"trial\":%" PRId64 ",", index);
    return strncmp(line, start, (size_t)n) == 0 && keel_row_is_intact(line, size, sweep_id);
}

static int look(const keel_shards *s, const keel_shard *shard, const char *path, extent *ret, keel_err *err) {
    keel_rows_file f;
    keel_err scratch = {0};
    size_t size = 0;
    *ret = (extent){0, 0, 0};
    int rc = keel_rows_file_open(&f, path, &scratch);
    if (rc == KEEL_E_NOT_FOUND) {
        keel_rows_file_close(&f);
        return 0;
    }
    while (rc == 0 && (rc = keel_rows_file_next(&f, &size, &scratch)) > 0) {
        rc = 0;
        if (f.lines == 1 && strcmp(f.line, s->header) != 0) break;
        if (f.lines == 1) ret->head = f.size;
        if (f.lines > 1) {
            int64_t index = shard->first + ret->rows;
            if (index == shard->end || !is_row(f.line, size, s->sweep_id, index)) break;
            ret->rows++;
        }
        ret->bytes = f.size;
    }
    keel_rows_file_close(&f);
    return rc < 0 ? keel_err_set(err, rc, "%s", scratch.text) : 0;
}

int keel_shard_rows(const keel_shards *s, int64_t number, int64_t *ret_rows, keel_err *reterr) {
    char path[KEEL_SHARD_PATH_MAX];
    keel_shard shard = keel_shard_at(s, number);
    extent found;
    KEEL_TRY(file_of(s, number, "jsonl", path, reterr));
    KEEL_TRY(look(s, &shard, path, &found, reterr));
    *ret_rows = found.rows;
    return 0;
}

/* ---- copying ----------------------------------------------------------------------------------------------- */

static int write_all(int fd, const char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, bytes + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = ENOSPC;
        if (n <= 0) return -1;
        done += (size_t)n;
    }
    return 0;
}

/* Bytes [from, to) of a file to the end of another. 0, or -1 with errno. */
static int copy(int out, const char *path, int64_t from, int64_t to) {
    char buffer[1 << 14];
    int in = open(path, O_RDONLY | O_CLOEXEC), rc = in < 0 ? -1 : 0;
    while (rc == 0 && from < to) {
        size_t wanted = to - from < (int64_t)sizeof buffer ? (size_t)(to - from) : sizeof buffer;
        ssize_t n = pread(in, buffer, wanted, (off_t)from);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = EIO; /* it was longer when it was looked at */
        rc = n <= 0 ? -1 : write_all(out, buffer, (size_t)n);
        from += n > 0 ? n : 0;
    }
    int why = errno;
    if (in >= 0) (void)close(in);
    errno = why;
    return rc;
}

/* ---- one execution ----------------------------------------------------------------------------------------- */

static int is_part(const char *name, const char *number) {
    size_t n = strlen(number);
    return strncmp(name, number, n) == 0 && name[n] == '.' && strlen(name) == n + 1 + TOKEN_DIGITS + 5 &&
           strspn(name + n + 1, "0123456789abcdef") == TOKEN_DIGITS &&
           strcmp(name + n + 1 + TOKEN_DIGITS, ".part") == 0;
}

/* The file that has most of the shard's rows: the shard itself, or somebody's part. A part that grows or goes away
 * meanwhile is as good as one that does not. */
static int find_best(const keel_shards *s, const keel_shard *shard, char *ret_path, extent *ret, keel_err *err) {
    char number[24], path[KEEL_SHARD_PATH_MAX];
    const struct dirent *entry;
    DIR *d = opendir(s->folder);
    if (!d) return io("read the folder", s->folder, err);
    int rc = file_of(s, shard->number, "jsonl", ret_path, err);
    if (rc == 0) rc = look(s, shard, ret_path, ret, err);
    (void)snprintf(number, sizeof number, "%" PRId64, shard->number);
    while (rc == 0 && (entry = readdir(d)) != NULL) {
        extent found;
        if (!is_part(entry->d_name, number)) continue;
        rc = path_of(s->folder, entry->d_name, path, err);
        if (rc == 0) rc = look(s, shard, path, &found, err);
        if (rc != 0 || found.rows <= ret->rows) continue;
        *ret = found;
        memcpy(ret_path, path, sizeof path);
    }
    (void)closedir(d);
    return rc;
}

int keel_shard_begin(const keel_shards *s, int64_t number, const keel_entropy *entropy, char *ret_path,
                     keel_err *reterr) {
    keel_shard shard = keel_shard_at(s, number);
    char best[KEEL_SHARD_PATH_MAX], end[TOKEN_DIGITS + 6];
    uint64_t token = 0;
    extent found;
    KEEL_TRY(find_best(s, &shard, best, &found, reterr));
    if (entropy->fill(entropy->ctx, &token, sizeof token) != 0)
        return keel_err_set(reterr, KEEL_E_IO, "no random numbers: %s: try again", s->folder);
    (void)snprintf(end, sizeof end, "%016" PRIx64 ".part", token);
    KEEL_TRY(file_of(s, number, end, ret_path, reterr));
    int fd = open(ret_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return io("write", ret_path, reterr);
    int rc = found.rows > 0 ? copy(fd, best, 0, found.bytes) : 0;
    if (rc == 0) return close(fd) == 0 ? 0 : io("write", ret_path, reterr);
    rc = io("write", ret_path, reterr);
    (void)close(fd);
    (void)unlink(ret_path);
    return rc;
}

static int sync_folder(const char *folder, keel_err *err) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return io("open the folder", folder, err);
    int rc = fsync(fd) != 0 && errno != EINVAL ? io("sync the folder", folder, err) : 0;
    (void)close(fd);
    return rc;
}

int keel_shard_finish(const keel_shards *s, int64_t number, const char *part, keel_err *reterr) {
    char path[KEEL_SHARD_PATH_MAX];
    KEEL_TRY(file_of(s, number, "jsonl", path, reterr));
    if (rename(part, path) != 0) return io("name", path, reterr);
    return sync_folder(s->folder, reterr);
}

/* ---- all of them ------------------------------------------------------------------------------------------- */

static int join_one(const keel_shards *s, int64_t number, int out, const char *out_path, keel_err *err) {
    char path[KEEL_SHARD_PATH_MAX];
    keel_shard shard = keel_shard_at(s, number);
    extent found;
    KEEL_TRY(file_of(s, number, "jsonl", path, err));
    KEEL_TRY(look(s, &shard, path, &found, err));
    if (found.rows != shard.end - shard.first)
        return keel_err_set(err, KEEL_E_PARITY, "the shard is not complete: %s: run it again with --resume", path);
    return copy(out, path, found.head, found.bytes) == 0 ? 0 : io("write", out_path, err);
}

int keel_shards_join(const keel_shards *s, const char *path, keel_err *reterr) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), rc = 0;
    if (fd < 0) return io("write", path, reterr);
    if (write_all(fd, s->header, strlen(s->header)) != 0 || write_all(fd, "\n", 1) != 0) rc = io("write", path, reterr);
    for (int64_t i = 0; rc == 0 && i < s->count; i++)
        rc = join_one(s, i, fd, path, reterr);
    if (rc == 0 && fsync(fd) != 0) rc = io("write", path, reterr);
    if (close(fd) != 0 && rc == 0) rc = io("write", path, reterr);
    if (rc != 0) (void)unlink(path);
    return rc;
}

static int is_ours(const char *name) {
    char number[24];
    size_t digits = strspn(name, "0123456789");
    if (strcmp(name, "plan") == 0) return 1;
    if (digits == 0 || digits >= sizeof number) return 0;
    memcpy(number, name, digits);
    number[digits] = 0;
    return strcmp(name + digits, ".jsonl") == 0 || is_part(name, number);
}

void keel_shards_remove(const char *folder) {
    char path[KEEL_SHARD_PATH_MAX];
    const struct dirent *entry;
    DIR *d = opendir(folder);
    if (!d) return;
    while ((entry = readdir(d)) != NULL)
        if (is_ours(entry->d_name) && path_of(folder, entry->d_name, path, NULL) == 0) (void)unlink(path);
    (void)closedir(d);
    (void)rmdir(folder);
}
