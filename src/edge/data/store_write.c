/* edge/data/store_write.c: see store_write.h. */
#include "edge/data/store_write.h"

#include <stdlib.h>
#include <string.h>

#include "edge/data/partition.h"
#include "base/sql.h"
#include "edge/data/store_impl.h"

int keel_store_begin(keel_store *s, keel_err *err) {
    KEEL_ASSERT(s->writable);
    return keel_sql_exec(s->db, "BEGIN IMMEDIATE", err);
}

int keel_store_commit(keel_store *s, keel_err *err) { return keel_sql_exec(s->db, "COMMIT", err); }

int keel_store_turn(keel_store *s, keel_err *err) {
    enum { PAUSE_MS = 5 }; /* longer than a waiting writer's step: it tries at least once */
    KEEL_TRY(keel_store_commit(s, err));
    (void)sqlite3_sleep(PAUSE_MS);
    return keel_store_begin(s, err);
}

void keel_store_rollback(keel_store *s) {
    if (!sqlite3_get_autocommit(s->db)) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

static int check_name(const char *what, const char *name, keel_err *err) {
    size_t size = strlen(name);
    static const char extra[] = "._-:/+";
    int good = size > 0 && size < KEEL_SERIES_NAME_MAX;
    for (size_t i = 0; i < size && good; i++)
        good = (name[i] >= '0' && name[i] <= '9') || (name[i] >= 'A' && name[i] <= 'Z') ||
               (name[i] >= 'a' && name[i] <= 'z') || strchr(extra, name[i]) != NULL;
    if (good) return 0;
    return keel_err_set(err, KEEL_E_USAGE, "bad %s: '%.80s': use 1 to %d letters, digits and . _ - : / +", what, name,
                        KEEL_SERIES_NAME_MAX - 1);
}

int keel_store_series_make(keel_store *s, int kind, const char *venue, const char *market, const char *symbol,
                           int64_t interval_ms, keel_series_info *ret, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(check_name("venue", venue, err));
    KEEL_TRY(check_name("symbol", symbol, err));
    KEEL_TRY(keel_sql_prepare(s->db,
                              "INSERT INTO series(kind, venue, market, symbol, interval_ms) VALUES(?1, ?2, ?3, ?4, ?5) "
                              "ON CONFLICT DO NOTHING",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, kind);
    keel_sql_bind_text(stmt, 2, venue);
    keel_sql_bind_text(stmt, 3, market);
    keel_sql_bind_text(stmt, 4, symbol);
    keel_sql_bind_int(stmt, 5, kind == KEEL_KIND_FUNDING ? 0 : interval_ms);
    KEEL_TRY(keel_sql_run(stmt, err));
    KEEL_TRY(keel_store_series_find(s, kind, venue, symbol, interval_ms, ret, err));
    if (strcmp(ret->market, market) != 0)
        return keel_err_set(err, KEEL_E_USAGE,
                            "market differs: %s %s is stored as %s and this file is %s: import under another --venue, "
                            "such as %s-%s",
                            venue, symbol, ret->market, market, venue, market);
    return 0;
}

/* The statements one merge uses many times. */
typedef struct merge {
    keel_store *s;
    const keel_series_info *series;
    int64_t import_id;
    keel_merge_counts *counts;
} merge;

static int save_revision(merge *m, const int64_t *old, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(m->s->db,
                              "INSERT OR IGNORE INTO revision(series_id, ts_ms, import_id, open_e8, high_e8, low_e8,"
                              " close_e8, volume, rate_e16) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, m->series->id);
    keel_sql_bind_int(stmt, 2, old[0]);
    keel_sql_bind_int(stmt, 3, m->import_id);
    if (m->series->kind == KEEL_KIND_FUNDING) {
        keel_sql_bind_int(stmt, 9, old[1]);
    } else {
        for (int i = 1; i <= 4; i++)
            keel_sql_bind_int(stmt, 3 + i, old[i]);
        (void)sqlite3_bind_double(stmt, 8, keel_double_of_bits((uint64_t)old[KEEL_VOLUME_COLUMN]));
    }
    return keel_sql_run(stmt, err);
}

static int rows_equal(const int64_t *a, const int64_t *b, int column_count) {
    return memcmp(a, b, (size_t)column_count * sizeof *a) == 0;
}

/* Two sorted lists into one; *ret_changed tells whether the result differs from `old`. */
static int merge_rows(merge *m, const keel_columns *old, const keel_columns *rows, int64_t from, int64_t to,
                      keel_columns *out, int *ret_changed, keel_err *err) {
    int64_t i = 0, j = from, a[KEEL_COLUMNS_MAX] = {0}, b[KEEL_COLUMNS_MAX] = {0};
    *ret_changed = 0;
    KEEL_TRY(keel_columns_reserve(out, old->count + (to - from), err));
    while (i < old->count || j < to) {
        int from_old = j >= to || (i < old->count && old->column[0][i] < rows->column[0][j]);
        if (from_old) {
            keel_columns_row(old, i++, a);
            KEEL_TRY(keel_columns_push(out, a, err));
            continue;
        }
        keel_columns_row(rows, j++, b);
        if (i < old->count && old->column[0][i] == b[0]) {
            keel_columns_row(old, i++, a);
            if (rows_equal(a, b, old->column_count)) {
                m->counts->same++;
            } else {
                KEEL_TRY(save_revision(m, a, err));
                m->counts->restated++;
                *ret_changed = 1;
            }
        } else {
            m->counts->added++;
            *ret_changed = 1;
        }
        KEEL_TRY(keel_columns_push(out, b, err));
    }
    return 0;
}

static int save_partition(merge *m, int32_t month, const keel_columns *c, keel_err *err) {
    sqlite3_stmt *stmt;
    void *bytes = NULL;
    size_t size = 0;
    uint8_t sha256[32];
    KEEL_ASSERT(c->count > 0 && keel_columns_ascend(c));
    KEEL_ASSERT(keel_month_of(c->column[0][0]) == month && keel_month_of(c->column[0][c->count - 1]) == month);
    KEEL_TRY(keel_sql_prepare(m->s->db,
                              "INSERT INTO partition(series_id, month, rows, first_ts_ms, last_ts_ms, sha256, bytes)"
                              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(series_id, month) DO UPDATE SET"
                              " rows = ?3, first_ts_ms = ?4, last_ts_ms = ?5, sha256 = ?6, bytes = ?7",
                              &stmt, err));
    int rc = keel_partition_encode(c, &bytes, &size, err);
    if (rc) {
        (void)sqlite3_finalize(stmt);
        return rc;
    }
    keel_partition_hash(c, sha256);
    keel_sql_bind_int(stmt, 1, m->series->id);
    keel_sql_bind_int(stmt, 2, month);
    keel_sql_bind_int(stmt, 3, c->count);
    keel_sql_bind_int(stmt, 4, c->column[0][0]);
    keel_sql_bind_int(stmt, 5, c->column[0][c->count - 1]);
    keel_sql_bind_blob(stmt, 6, sha256, sizeof sha256);
    keel_sql_bind_blob(stmt, 7, bytes, size);
    rc = keel_sql_run(stmt, err);
    free(bytes);
    return rc;
}

static int merge_month(merge *m, int32_t month, const keel_columns *rows, int64_t from, int64_t to, int *io_changed,
                       keel_err *err) {
    keel_columns old, out;
    int found = 0, changed = 0;
    keel_columns_init(&old, rows->column_count);
    keel_columns_init(&out, rows->column_count);
    int rc = keel_store_read_month(m->s, m->series->id, month, &old, &found, err);
    if (!rc) rc = merge_rows(m, &old, rows, from, to, &out, &changed, err);
    if (!rc && changed) rc = save_partition(m, month, &out, err);
    if (changed) *io_changed = 1;
    keel_columns_done(&old);
    keel_columns_done(&out);
    return rc;
}

static int update_catalogue(merge *m, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(
        m->s->db,
        "UPDATE series SET generation = generation + 1, (rows, first_ts_ms, last_ts_ms) ="
        " (SELECT sum(rows), min(first_ts_ms), max(last_ts_ms) FROM partition WHERE series_id = ?1) WHERE id = ?1",
        &stmt, err));
    keel_sql_bind_int(stmt, 1, m->series->id);
    return keel_sql_run(stmt, err);
}

int keel_store_merge(keel_store *s, const keel_series_info *series, int64_t import_id, const keel_columns *rows,
                     keel_merge_counts *counts, keel_err *err) {
    merge m = {s, series, import_id, counts};
    int changed = 0;
    KEEL_ASSERT(s->writable && keel_columns_ascend(rows));
    for (int64_t from = 0; from < rows->count;) {
        int32_t month = keel_month_of(rows->column[0][from]);
        int64_t end_ms = keel_month_start_ms(month % 100 == 12 ? month + 89 : month + 1);
        int64_t to = keel_columns_lower_bound(rows, end_ms);
        KEEL_TRY(merge_month(&m, month, rows, from, to, &changed, err));
        from = to;
    }
    return changed ? update_catalogue(&m, err) : 0;
}

int keel_store_import_open(keel_store *s, const keel_series_info *series, const char *file_name,
                           const char *file_sha256_hex, keel_import_record *ret, keel_err *err) {
    sqlite3_stmt *stmt;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(
        keel_sql_prepare(s->db,
                         "INSERT INTO import(file_name, file_sha256, series_id, state) VALUES(?1, ?2, ?3, 'running')"
                         " ON CONFLICT DO NOTHING",
                         &stmt, err));
    keel_sql_bind_text(stmt, 1, file_name);
    keel_sql_bind_text(stmt, 2, file_sha256_hex);
    keel_sql_bind_int(stmt, 3, series->id);
    KEEL_TRY(keel_sql_run(stmt, err));
    KEEL_TRY(keel_sql_prepare(s->db,
                              "SELECT id, state = 'done', lines_done, rows_added, rows_same, rows_restated"
                              " FROM import WHERE file_sha256 = ?1 AND series_id = ?2",
                              &stmt, err));
    keel_sql_bind_text(stmt, 1, file_sha256_hex);
    keel_sql_bind_int(stmt, 2, series->id);
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) {
        ret->id = sqlite3_column_int64(stmt, 0);
        ret->done = sqlite3_column_int(stmt, 1);
        ret->lines_done = sqlite3_column_int64(stmt, 2);
        ret->counts.added = sqlite3_column_int64(stmt, 3);
        ret->counts.same = sqlite3_column_int64(stmt, 4);
        ret->counts.restated = sqlite3_column_int64(stmt, 5);
    }
    (void)sqlite3_finalize(stmt);
    KEEL_ASSERT(rc != 0); /* the row was just made */
    return rc < 0 ? rc : 0;
}

int keel_store_quarantine(keel_store *s, int64_t import_id, int64_t line, const char *reason, const char *row,
                          size_t row_size, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(
        s->db, "INSERT OR IGNORE INTO quarantine(import_id, line, reason, row) VALUES(?1, ?2, ?3, CAST(?4 AS TEXT))",
        &stmt, err));
    keel_sql_bind_int(stmt, 1, import_id);
    keel_sql_bind_int(stmt, 2, line);
    keel_sql_bind_text(stmt, 3, reason);
    keel_sql_bind_blob(stmt, 4, row, row_size);
    return keel_sql_run(stmt, err);
}

int keel_store_import_save(keel_store *s, const keel_import_record *record, const char *report_json, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(s->db,
                              "UPDATE import SET state = ?2, lines_done = ?3, rows_added = ?4, rows_same = ?5,"
                              " rows_restated = ?6, report = ?7 WHERE id = ?1",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, record->id);
    keel_sql_bind_text(stmt, 2, record->done ? "done" : "running");
    keel_sql_bind_int(stmt, 3, record->lines_done);
    keel_sql_bind_int(stmt, 4, record->counts.added);
    keel_sql_bind_int(stmt, 5, record->counts.same);
    keel_sql_bind_int(stmt, 6, record->counts.restated);
    keel_sql_bind_text(stmt, 7, report_json ? report_json : "");
    return keel_sql_run(stmt, err);
}
