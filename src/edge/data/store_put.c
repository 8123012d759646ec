/* edge/data/store_put.c: rows of our own making into the store, and where rows came from. See store_write.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sql.h"
#include "edge/data/store_impl.h"
#include "edge/data/store_write.h"

/* One series to put: what it is, its columns (borrowed), its content hash. */
typedef struct put {
    int kind;
    const char *venue, *market, *symbol, *origin;
    int64_t interval_ms;
    keel_columns columns;
    char sha256[65];
} put;

static int check_origin(keel_store *s, const keel_series_info *series, const char *origin, keel_err *err) {
    sqlite3_stmt *stmt;
    char other[80] = "";
    KEEL_TRY(keel_sql_prepare(s->db, "SELECT file_name FROM import WHERE series_id = ?1 AND file_name <> ?2 LIMIT 1",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, series->id);
    keel_sql_bind_text(stmt, 2, origin);
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) keel_sql_column_copy(stmt, 0, other, sizeof other);
    (void)sqlite3_finalize(stmt);
    if (rc != 1) return rc;
    return keel_err_set(err, KEEL_E_USAGE,
                        "the series holds other rows: %s %s (%s): choose another venue name or store", series->venue,
                        series->symbol, other);
}

static int put_rows(keel_store *s, const put *p, keel_merge_counts *counts, keel_err *err) {
    keel_series_info series;
    keel_import_record record;
    KEEL_TRY(keel_store_series_make(s, p->kind, p->venue, p->market, p->symbol, p->interval_ms, &series, err));
    KEEL_TRY(check_origin(s, &series, p->origin, err));
    KEEL_TRY(keel_store_import_open(s, &series, p->origin, p->sha256, &record, err));
    if (record.done) return 0;
    KEEL_TRY(keel_store_merge(s, &series, record.id, &p->columns, counts, err));
    record.done = 1;
    record.lines_done = p->columns.count;
    record.counts = *counts;
    return keel_store_import_save(s, &record, NULL, err);
}

static int put_series(keel_store *s, put *p, const uint8_t sha256[32], keel_merge_counts *ret_counts, keel_err *err) {
    keel_merge_counts counts = {0, 0, 0};
    for (int i = 0; i < 32; i++)
        (void)snprintf(p->sha256 + 2 * i, 3, "%02x", sha256[i]);
    KEEL_TRY(keel_store_begin(s, err));
    int rc = put_rows(s, p, &counts, err);
    if (!rc) rc = keel_store_commit(s, err);
    keel_store_rollback(s);
    if (!rc) *ret_counts = counts;
    return rc;
}

int keel_store_put_candles(keel_store *s, const char *venue, const char *market, const char *symbol, const char *origin,
                           const keel_candles *c, keel_merge_counts *ret_counts, keel_err *err) {
    uint8_t sha256[32];
    put p = {.kind = KEEL_KIND_CANDLE,
             .venue = venue,
             .market = market,
             .symbol = symbol,
             .origin = origin,
             .interval_ms = c->interval_ms,
             .columns = {
                 .count = c->count,
                 .column_count = KEEL_CANDLE_COLUMNS,
                 .column = {c->ts_ms, c->open_e8, c->high_e8, c->low_e8, c->close_e8, (int64_t *)(void *)c->volume}}};
    keel_candles_hash(c, sha256);
    return put_series(s, &p, sha256, ret_counts, err);
}

int keel_store_put_fundings(keel_store *s, const char *venue, const char *symbol, const char *origin,
                            const keel_fundings *f, keel_merge_counts *ret_counts, keel_err *err) {
    uint8_t sha256[32];
    put p = {.kind = KEEL_KIND_FUNDING,
             .venue = venue,
             .market = "perp",
             .symbol = symbol,
             .origin = origin,
             .columns = {.count = f->count, .column_count = KEEL_FUNDING_COLUMNS, .column = {f->ts_ms, f->rate_e16}}};
    keel_fundings_hash(f, sha256);
    return put_series(s, &p, sha256, ret_counts, err);
}

static void read_source(sqlite3_stmt *stmt, keel_source_info *ret) {
    keel_sql_column_copy(stmt, 0, ret->file_name, sizeof ret->file_name);
    keel_sql_column_copy(stmt, 1, ret->sha256, sizeof ret->sha256);
    ret->done = sqlite3_column_int(stmt, 2);
    ret->rows_added = sqlite3_column_int64(stmt, 3);
    ret->rows_same = sqlite3_column_int64(stmt, 4);
    ret->rows_restated = sqlite3_column_int64(stmt, 5);
}

int keel_store_source_list(keel_store *s, int64_t series_id, keel_source_info **ret, int64_t *ret_count,
                           keel_err *err) {
    sqlite3_stmt *stmt;
    keel_source_info *list = NULL;
    int64_t count = 0;
    int rc;
    KEEL_TRY(keel_sql_prepare(s->db,
                              "SELECT file_name, file_sha256, state = 'done', rows_added, rows_same, rows_restated"
                              " FROM import WHERE series_id = ?1 ORDER BY id",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, series_id);
    while ((rc = keel_sql_step(stmt, err)) == 1) {
        keel_source_info *grown = realloc(list, (size_t)(count + 1) * sizeof *grown);
        if (!grown) {
            rc = keel_err_set(err, KEEL_E_NOMEM, "out of memory listing the sources of a series");
            break;
        }
        list = grown;
        read_source(stmt, &list[count++]);
    }
    (void)sqlite3_finalize(stmt);
    if (rc < 0) {
        free(list);
        return rc;
    }
    *ret = list;
    *ret_count = count;
    return 0;
}
