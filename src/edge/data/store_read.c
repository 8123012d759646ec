/* edge/data/store_read.c: rows out of the store. See store.h. */
#include <string.h>

#include "base/sha256.h"
#include "edge/data/cache.h"
#include "edge/data/partition.h"
#include "base/sql.h"
#include "edge/data/store_impl.h"

int keel_store_read_partitions(keel_store *s, const keel_series_info *series, int64_t from_ms, int64_t to_ms,
                               keel_columns *ret, keel_err *err) {
    sqlite3_stmt *stmt;
    int rc;
    KEEL_TRY(keel_sql_prepare(s->db,
                              "SELECT rows, bytes FROM partition WHERE series_id = ?1 AND last_ts_ms >= ?2"
                              " AND first_ts_ms < ?3 ORDER BY month",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, series->id);
    keel_sql_bind_int(stmt, 2, from_ms);
    keel_sql_bind_int(stmt, 3, to_ms);
    while ((rc = keel_sql_step(stmt, err)) == 1) {
        rc = keel_partition_decode(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
                                   sqlite3_column_int64(stmt, 0), ret, err);
        if (rc) break;
    }
    (void)sqlite3_finalize(stmt);
    if (rc < 0 && err && rc != KEEL_E_NOMEM) (void)keel_err_frame(err, "%s %s", series->venue, series->symbol);
    return rc < 0 ? rc : 0;
}

int keel_store_read_month(keel_store *s, int64_t series_id, int32_t month, keel_columns *ret, int *ret_found,
                          keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(
        keel_sql_prepare(s->db, "SELECT rows, bytes FROM partition WHERE series_id = ?1 AND month = ?2", &stmt, err));
    keel_sql_bind_int(stmt, 1, series_id);
    keel_sql_bind_int(stmt, 2, month);
    int rc = keel_sql_step(stmt, err);
    *ret_found = rc == 1;
    if (rc == 1)
        rc = keel_partition_decode(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
                                   sqlite3_column_int64(stmt, 0), ret, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static void cut(keel_columns *c, int64_t from_ms, int64_t to_ms) {
    int64_t from = keel_columns_lower_bound(c, from_ms);
    int64_t to = to_ms == INT64_MAX ? c->count : keel_columns_lower_bound(c, to_ms);
    keel_columns_trim(c, from, to > from ? to : from);
}

/* Building a cache costs the whole series, so a read of less than a quarter takes the partitions as they are. */
static int worth_a_cache(keel_store *s, const keel_series_info *series, int64_t from_ms, int64_t to_ms, int *ret,
                         keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(s->db,
                              "SELECT total(rows) FROM partition WHERE series_id = ?1 AND last_ts_ms >= ?2"
                              " AND first_ts_ms < ?3",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, series->id);
    keel_sql_bind_int(stmt, 2, from_ms);
    keel_sql_bind_int(stmt, 3, to_ms);
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) *ret = s->cache_writable && sqlite3_column_int64(stmt, 0) >= series->rows / 4;
    (void)sqlite3_finalize(stmt);
    return rc < 0 ? rc : 0;
}

/* The catalogue row is read again inside the transaction, so that generation and partitions belong together. */
static int read_in_transaction(keel_store *s, const keel_series_info *wanted, int64_t from_ms, int64_t to_ms,
                               keel_columns *ret, keel_err *err) {
    keel_series_info series;
    KEEL_TRY(keel_store_series_find(s, wanted->kind, wanted->venue, wanted->symbol, wanted->interval_ms, &series, err));
    int cache = 0, rc = keel_cache_read(s, &series, from_ms, to_ms, ret);
    if (rc == 0) KEEL_TRY(worth_a_cache(s, &series, from_ms, to_ms, &cache, err));
    if (rc == 0 && cache) {
        keel_err ignored = {0, {0}}; /* a cache that cannot be written costs time, never a result */
        if (keel_cache_build(s, &series, &ignored) == 0) rc = keel_cache_read(s, &series, from_ms, to_ms, ret);
    }
    if (rc == 0) rc = keel_store_read_partitions(s, &series, from_ms, to_ms, ret, err);
    return rc < 0 ? rc : 0;
}

int keel_store_read(keel_store *s, const keel_series_info *series, int64_t from_ms, int64_t to_ms, keel_columns *ret,
                    keel_err *err) {
    int nested = !sqlite3_get_autocommit(s->db);
    keel_columns_init(ret, keel_kind_columns(series->kind));
    if (!nested) KEEL_TRY(keel_sql_exec(s->db, "BEGIN", err));
    int rc = read_in_transaction(s, series, from_ms, to_ms, ret, err);
    if (!nested) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
    if (rc) {
        keel_columns_done(ret);
        return rc;
    }
    cut(ret, from_ms, to_ms);
    return 0;
}

static int load_bars(keel_store *s, int kind, const char *venue, const char *symbol, int64_t interval_ms,
                     int64_t from_ms, int64_t to_ms, keel_candles *ret, keel_err *err) {
    keel_series_info series;
    keel_columns c;
    KEEL_TRY(keel_store_series_find(s, kind, venue, symbol, interval_ms, &series, err));
    KEEL_TRY(keel_store_read(s, &series, from_ms, to_ms, &c, err));
    /* Volume words are the bits of doubles: the same bytes, read as what they are. */
    *ret = (keel_candles){.count = c.count,
                          .interval_ms = interval_ms,
                          .ts_ms = c.column[0],
                          .open_e8 = c.column[1],
                          .high_e8 = c.column[2],
                          .low_e8 = c.column[3],
                          .close_e8 = c.column[4],
                          .volume = (double *)(void *)c.column[KEEL_VOLUME_COLUMN],
                          .map = c.map,
                          .map_size = c.map_size};
    return 0;
}

int keel_store_load_candles(keel_store *s, const char *venue, const char *symbol, int64_t interval_ms, int64_t from_ms,
                            int64_t to_ms, keel_candles *ret, keel_err *err) {
    return load_bars(s, KEEL_KIND_CANDLE, venue, symbol, interval_ms, from_ms, to_ms, ret, err);
}

int keel_store_load_marks(keel_store *s, const char *venue, const char *symbol, int64_t interval_ms, int64_t from_ms,
                          int64_t to_ms, keel_candles *ret, keel_err *err) {
    return load_bars(s, KEEL_KIND_MARK, venue, symbol, interval_ms, from_ms, to_ms, ret, err);
}

int keel_store_load_funding(keel_store *s, const char *venue, const char *symbol, int64_t from_ms, int64_t to_ms,
                            keel_fundings *ret, keel_err *err) {
    keel_series_info series;
    keel_columns c;
    KEEL_TRY(keel_store_series_find(s, KEEL_KIND_FUNDING, venue, symbol, 0, &series, err));
    KEEL_TRY(keel_store_read(s, &series, from_ms, to_ms, &c, err));
    *ret = (keel_fundings){
        .count = c.count, .ts_ms = c.column[0], .rate_e16 = c.column[1], .map = c.map, .map_size = c.map_size};
    return 0;
}

static keel_sha256 *hash_start(const char *what, int64_t interval_ms, int64_t count) {
    keel_sha256 *hash = keel_sha256_new();
    keel_sha256_add(hash, what, strlen(what) + 1);
    keel_sha256_add(hash, &interval_ms, sizeof interval_ms);
    keel_sha256_add(hash, &count, sizeof count);
    return hash;
}

void keel_candles_hash(const keel_candles *c, uint8_t ret_sha256[32]) {
    size_t size = (size_t)c->count * sizeof(int64_t);
    keel_sha256 *hash = hash_start("candles", c->interval_ms, c->count);
    if (size) {
        keel_sha256_add(hash, c->ts_ms, size);
        keel_sha256_add(hash, c->open_e8, size);
        keel_sha256_add(hash, c->high_e8, size);
        keel_sha256_add(hash, c->low_e8, size);
        keel_sha256_add(hash, c->close_e8, size);
        keel_sha256_add(hash, c->volume, size);
    }
    keel_sha256_finish(hash, ret_sha256);
    keel_sha256_free(hash);
}

void keel_fundings_hash(const keel_fundings *f, uint8_t ret_sha256[32]) {
    size_t size = (size_t)f->count * sizeof(int64_t);
    keel_sha256 *hash = hash_start("funding", 0, f->count);
    if (size) {
        keel_sha256_add(hash, f->ts_ms, size);
        keel_sha256_add(hash, f->rate_e16, size);
    }
    keel_sha256_finish(hash, ret_sha256);
    keel_sha256_free(hash);
}
