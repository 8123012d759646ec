/* edge/data/cache.c: see cache.h. */
#include "edge/data/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "edge/data/partition.h"
#include "base/sql.h"

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
    int64_t first_row;
    uint64_t checksum;
} entry;
_Static_assert(sizeof(entry) == 48, "a directory entry is 48 bytes");

enum { CACHE_VERSION = 2, ENTRY_WORDS = sizeof(entry) / 8 };
static const char MAGIC[8] = {'k', 'e', 'e', 'l', 'c', 'o', 'l', 's'};

static char *cache_path(const keel_store *s, int64_t series_id, const char *suffix) {
    keel_strbuf path;
    keel_strbuf_init(&path, 0);
    keel_strbuf_addf(&path, "%s/cache/%lld.cols%s", s->folder, (long long)series_id, suffix);
    return keel_strbuf_take(&path);
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

/* A mapped file: what the header promises, checked. */
typedef struct view {
    void *map;
    size_t size;
    const header *h;
    const entry *directory; /* [h->month_count] */
    const int64_t *data;    /* [h->column_count][h->rows] */
} view;

/* 1 when the file is the cache of this series as the catalogue has it. */
static int belongs(const header *h, const keel_series_info *series, size_t size) {
    if (memcmp(h->magic, MAGIC, sizeof MAGIC) != 0 || h->version != CACHE_VERSION || h->zero != 0) return 0;
    if (h->series_id != series->id || h->generation != series->generation || h->rows != series->rows) return 0;
    if (h->column_count != (uint32_t)keel_kind_columns(series->kind)) return 0;
    if (h->rows < 0 || h->month_count < 0 || h->month_count > h->rows) return 0;
    return size == sizeof *h + (size_t)h->month_count * sizeof(entry) + (size_t)h->rows * h->column_count * 8;
}

static int directory_is_good(const view *v) {
    int64_t row = 0;
    if (directory_checksum(v->directory, v->h->month_count) != v->h->directory_checksum) return 0;
    for (int64_t i = 0; i < v->h->month_count; i++) {
        const entry *e = &v->directory[i];
        if (e->first_row != row || e->rows < 0 || e->rows > v->h->rows - row) return 0;
        row += e->rows;
    }
    return row == v->h->rows;
}

static void unmap(view *v) {
    if (v->map) (void)munmap(v->map, v->size);
    v->map = NULL;
}

static int map_file(int fd, const keel_series_info *series, view *ret) {
    struct stat st;
    memset(ret, 0, sizeof *ret);
    if (fstat(fd, &st) != 0 || st.st_size < (off_t)sizeof(header)) return 0;
    ret->size = (size_t)st.st_size;
    ret->map = mmap(NULL, ret->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (ret->map == MAP_FAILED) ret->map = NULL;
    if (!ret->map) return 0;
    ret->h = ret->map;
    if (belongs(ret->h, series, ret->size)) {
        ret->directory = (const entry *)(const void *)(ret->h + 1);
        ret->data = (const int64_t *)(const void *)(ret->directory + ret->h->month_count);
        if (directory_is_good(ret)) return 1;
    }
    unmap(ret);
    return 0;
}

static int overlaps(const entry *e, int64_t from_ms, int64_t to_ms) {
    return e->last_ts_ms >= from_ms && e->first_ts_ms < to_ms;
}

static int month_is_good(const view *v, const entry *e) {
    uint64_t sum = (uint64_t)e->month;
    for (uint32_t i = 0; i < v->h->column_count; i++)
        sum = keel_words_checksum(sum, v->data + (int64_t)i * v->h->rows + e->first_row, e->rows);
    return sum == e->checksum;
}

/* Rows of the months that overlap; 0 when one of them is damaged. */
static int find_rows(const view *v, int64_t from_ms, int64_t to_ms, int64_t *ret_first, int64_t *ret_count) {
    *ret_first = *ret_count = 0;
    for (int64_t i = 0; i < v->h->month_count; i++) {
        const entry *e = &v->directory[i];
        if (!overlaps(e, from_ms, to_ms)) continue;
        if (!month_is_good(v, e)) return 0;
        if (*ret_count == 0) *ret_first = e->first_row;
        *ret_count += e->rows;
    }
    return 1;
}

int keel_cache_read(keel_store *s, const keel_series_info *series, int64_t from_ms, int64_t to_ms, keel_columns *ret) {
    view v;
    int64_t first, count;
    char *path = cache_path(s, series->id, "");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    free(path);
    if (fd < 0) return 0;
    int rc = map_file(fd, series, &v);
    (void)close(fd); /* the mapping stays */
    if (!rc) return 0;
    KEEL_ASSERT(ret->capacity == 0 && !ret->map);
    if (!find_rows(&v, from_ms, to_ms, &first, &count)) {
        unmap(&v);
        return 0;
    }
    ret->map = v.map;
    ret->map_size = v.size;
    ret->count = ret->capacity = count;
    for (int i = 0; i < ret->column_count; i++)
        ret->column[i] = (int64_t *)(uintptr_t)(v.data + (int64_t)i * v.h->rows + first);
    return 1;
}

static int cannot_write(const char *path, keel_err *err) {
    return keel_err_set(err, KEEL_E_IO,
                        "cannot write the cache: %s: %s: free some space, or change the rights of the folder", path,
                        strerror(errno));
}

/* Decode month after month and write each column to its place, from `data` bytes on; fills the directory. */
static int write_months(keel_store *s, int fd, const keel_series_info *series, entry *directory, int64_t month_count,
                        int64_t data, const char *path, keel_err *err) {
    keel_columns month;
    sqlite3_stmt *stmt;
    int64_t i = 0, row = 0;
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
        if (month.count > series->rows - row)
            rc = keel_err_set(err, KEEL_E_PARITY, "%s: more rows than the catalogue has: run keel data check", path);
        if (rc) break;
        *e = (entry){sqlite3_column_int64(stmt, 0),    month.count, month.column[0][0],
                     month.column[0][month.count - 1], row,         (uint64_t)sqlite3_column_int64(stmt, 0)};
        for (int k = 0; k < month.column_count && !rc; k++) {
            if (!write_exactly(fd, month.column[k], (size_t)month.count * 8, data + (k * series->rows + row) * 8))
                rc = cannot_write(path, err);
            e->checksum = keel_words_checksum(e->checksum, month.column[k], month.count);
        }
        if (rc) break;
        row += month.count;
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
