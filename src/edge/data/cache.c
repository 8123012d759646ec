/* edge/data/cache.c: see cache.h. */
#include "edge/data/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "edge/data/partition.h"
#include "edge/data/sql.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the store's files are little-endian; this machine is not"
#endif

typedef struct header {
    char magic[8];
    uint32_t version;
    uint32_t column_count;
    int64_t series_id;
    int64_t generation;
    int64_t rows;
    int64_t month_count;
    uint64_t directory_checksum;
    uint64_t zero;
} header;
_Static_assert(sizeof(header) == 64, "the header is 64 bytes");

typedef struct entry {
    int64_t month;
    int64_t rows;
    int64_t first_ts_ms;
    int64_t last_ts_ms;
    int64_t offset;
    uint64_t checksum;
} entry;
_Static_assert(sizeof(entry) == 48, "a directory entry is 48 bytes");

enum { CACHE_VERSION = 1, ENTRY_WORDS = sizeof(entry) / 8 };
static const char MAGIC[8] = {'k', 'e', 'e', 'l', 'c', 'o', 'l', 's'};

static char *cache_path(const keel_store *s, int64_t series_id, const char *suffix) {
    keel_strbuf path;
    keel_strbuf_init(&path, 0);
    keel_strbuf_addf(&path, "%s/cache/%lld.cols%s", s->folder, (long long)series_id, suffix);
    return keel_strbuf_take(&path);
}

static int read_exactly(int fd, void *bytes, size_t size, int64_t offset) {
    uint8_t *at = bytes;
    while (size) {
        ssize_t got = pread(fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return 0;
        at += got;
        offset += got;
        size -= (size_t)got;
    }
    return 1;
}

static int write_exactly(int fd, const void *bytes, size_t size, int64_t offset) {
    const uint8_t *at = bytes;
    while (size) {
        ssize_t put = pwrite(fd, at, size, (off_t)offset);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return 0;
        at += put;
        offset += put;
        size -= (size_t)put;
    }
    return 1;
}

static uint64_t directory_checksum(const entry *directory, int64_t count) {
    return keel_words_checksum(0, (const int64_t *)(const void *)directory, count * ENTRY_WORDS);
}

/* The directory of a valid file, or NULL. */
static entry *read_directory(int fd, const keel_series_info *series, int64_t *ret_count) {
    header h;
    struct stat st;
    if (fstat(fd, &st) != 0 || !read_exactly(fd, &h, sizeof h, 0)) return NULL;
    if (memcmp(h.magic, MAGIC, sizeof MAGIC) != 0 || h.version != CACHE_VERSION || h.zero != 0) return NULL;
    if (h.series_id != series->id || h.generation != series->generation || h.rows != series->rows) return NULL;
    if (h.column_count != (uint32_t)keel_kind_columns(series->kind)) return NULL;
    int64_t data = h.rows * (int64_t)h.column_count * 8;
    if (h.month_count < 0 || h.month_count > h.rows ||
        st.st_size != (off_t)((int64_t)sizeof h + h.month_count * (int64_t)sizeof(entry) + data))
        return NULL;
    size_t size = (size_t)h.month_count * sizeof(entry);
    entry *directory = malloc(size ? size : 1);
    if (!directory) return NULL;
    if (!read_exactly(fd, directory, size, sizeof h) ||
        directory_checksum(directory, h.month_count) != h.directory_checksum) {
        free(directory);
        return NULL;
    }
    *ret_count = h.month_count;
    return directory;
}

static int overlaps(int64_t first_ts_ms, int64_t last_ts_ms, int64_t from_ms, int64_t to_ms) {
    return last_ts_ms >= from_ms && first_ts_ms < to_ms;
}

static int read_month(int fd, const entry *e, keel_columns *ret) {
    uint64_t sum = (uint64_t)e->month;
    for (int i = 0; i < ret->column_count; i++) {
        int64_t *to = ret->column[i] + ret->count;
        if (!read_exactly(fd, to, (size_t)e->rows * 8, e->offset + i * e->rows * 8)) return 0;
        sum = keel_words_checksum(sum, to, e->rows);
    }
    if (sum != e->checksum) return 0;
    ret->count += e->rows;
    return 1;
}

int keel_cache_read(keel_store *s, const keel_series_info *series, int64_t from_ms, int64_t to_ms, keel_columns *ret,
                    keel_err *err) {
    int64_t month_count = 0, rows = 0, before = ret->count;
    char *path = cache_path(s, series->id, "");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    free(path);
    if (fd < 0) return 0;
    entry *directory = read_directory(fd, series, &month_count);
    int rc = directory != NULL;
    for (int64_t i = 0; i < month_count && rc == 1; i++)
        if (overlaps(directory[i].first_ts_ms, directory[i].last_ts_ms, from_ms, to_ms)) rows += directory[i].rows;
    if (rc == 1) {
        int reserved = keel_columns_reserve(ret, before + rows, err);
        if (reserved) rc = reserved;
    }
    for (int64_t i = 0; i < month_count && rc == 1; i++)
        if (overlaps(directory[i].first_ts_ms, directory[i].last_ts_ms, from_ms, to_ms))
            rc = read_month(fd, &directory[i], ret);
    if (rc != 1) ret->count = before;
    free(directory);
    (void)close(fd); /* read-only, nothing to lose */
    return rc;
}

static int cannot_write(const char *path, keel_err *err) {
    return keel_err_set(err, KEEL_E_IO,
                        "cannot write the cache: %s: %s: free some space, or change the rights of the folder", path,
                        strerror(errno));
}

/* Decode month after month and append it to fd; fills the directory. */
static int write_months(keel_store *s, int fd, const keel_series_info *series, entry *directory, int64_t month_count,
                        int64_t offset, const char *path, keel_err *err) {
    keel_columns month;
    sqlite3_stmt *stmt;
    int64_t i = 0;
    int rc;
    KEEL_TRY(keel_sql_prepare(s->db, "SELECT month, rows, bytes FROM partition WHERE series_id = ?1 ORDER BY month",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, series->id);
    keel_columns_init(&month, keel_kind_columns(series->kind));
    while ((rc = keel_sql_step(stmt, err)) == 1 && i < month_count) {
        entry *e = &directory[i++];
        month.count = 0;
        rc = keel_partition_decode(sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2),
                                   sqlite3_column_int64(stmt, 1), &month, err);
        if (rc) break;
        *e = (entry){sqlite3_column_int64(stmt, 0),    month.count, month.column[0][0],
                     month.column[0][month.count - 1], offset,      (uint64_t)sqlite3_column_int64(stmt, 0)};
        for (int k = 0; k < month.column_count && !rc; k++) {
            if (!write_exactly(fd, month.column[k], (size_t)month.count * 8, offset)) rc = cannot_write(path, err);
            e->checksum = keel_words_checksum(e->checksum, month.column[k], month.count);
            offset += month.count * 8;
        }
        if (rc) break;
    }
    (void)sqlite3_finalize(stmt);
    keel_columns_done(&month);
    return rc < 0 ? rc : 0;
}

static int write_file(keel_store *s, int fd, const keel_series_info *series, int64_t month_count, const char *path,
                      keel_err *err) {
    size_t size = (size_t)month_count * sizeof(entry);
    entry *directory = calloc((size_t)month_count + 1, sizeof *directory);
    if (!directory) return keel_err_set(err, KEEL_E_NOMEM, "out of memory building the cache");
    int rc = write_months(s, fd, series, directory, month_count, (int64_t)(sizeof(header) + size), path, err);
    header h = {.version = CACHE_VERSION,
                .column_count = (uint32_t)keel_kind_columns(series->kind),
                .series_id = series->id,
                .generation = series->generation,
                .rows = series->rows,
                .month_count = month_count,
                .directory_checksum = directory_checksum(directory, month_count)};
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    if (!rc && (!write_exactly(fd, directory, size, sizeof h) || !write_exactly(fd, &h, sizeof h, 0)))
        rc = cannot_write(path, err);
    free(directory);
    return rc;
}

static int count_months(keel_store *s, int64_t series_id, int64_t *ret, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(s->db, "SELECT count(*) FROM partition WHERE series_id = ?1", &stmt, err));
    keel_sql_bind_int(stmt, 1, series_id);
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) *ret = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return rc < 0 ? rc : 0;
}

static int build_at(keel_store *s, const keel_series_info *series, const char *path, const char *temporary,
                    keel_err *err) {
    int64_t month_count = 0;
    KEEL_TRY(count_months(s, series->id, &month_count, err));
    int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return cannot_write(temporary, err);
    int rc = write_file(s, fd, series, month_count, temporary, err);
    if (close(fd) != 0 && !rc) rc = cannot_write(temporary, err);
    if (!rc && rename(temporary, path) != 0) rc = cannot_write(path, err);
    if (rc) (void)unlink(temporary);
    return rc;
}

int keel_cache_build(keel_store *s, const keel_series_info *series, keel_err *err) {
    char suffix[40];
    keel_strbuf folder;
    keel_strbuf_init(&folder, 0);
    keel_strbuf_addf(&folder, "%s/cache", s->folder);
    int made = mkdir(keel_strbuf_text(&folder), 0777) == 0 || errno == EEXIST;
    keel_strbuf_done(&folder);
    if (!made)
        return keel_err_set(err, KEEL_E_IO,
                            "cannot create the cache folder: %s: %s: change the rights of the store's folder",
                            s->folder, strerror(errno));
    (void)snprintf(suffix, sizeof suffix, ".tmp%ld", (long)getpid());
    char *path = cache_path(s, series->id, ""), *temporary = cache_path(s, series->id, suffix);
    int rc = path && temporary ? build_at(s, series, path, temporary, err)
                               : keel_err_set(err, KEEL_E_NOMEM, "out of memory building the cache");
    free(path);
    free(temporary);
    return rc;
}
