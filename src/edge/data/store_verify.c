/* edge/data/store_verify.c: is what a store holds still what was put in? See store.h. */
#include <stdio.h>
#include <string.h>

#include "edge/data/partition.h"
#include "base/sql.h"
#include "edge/data/store_impl.h"

/* SQLite's own check of its pages and rows: one row "ok", or the first thing it finds. */
static int check_database(keel_store *s, keel_err *err) {
    sqlite3_stmt *stmt;
    char found[160];
    KEEL_TRY(keel_sql_prepare(s->db, "PRAGMA quick_check(1)", &stmt, err));
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) keel_sql_column_copy(stmt, 0, found, sizeof found);
    (void)sqlite3_finalize(stmt);
    if (rc < 0) return rc;
    if (rc == 1 && strcmp(found, "ok") == 0) return 0;
    return keel_err_set(err, KEEL_E_PARITY,
                        "%s/store.db is damaged: %s: bring it back from a copy, or import its files again", s->folder,
                        rc == 1 ? found : "no answer");
}

/* Decode one month and compare its rows with the hash taken when they were written. */
static int check_month(keel_store *s, sqlite3_stmt *stmt, keel_err *err) {
    char venue[KEEL_SERIES_NAME_MAX], symbol[KEEL_SERIES_NAME_MAX];
    uint8_t sha256[32];
    keel_columns columns;
    int kind = sqlite3_column_int(stmt, 0);
    int64_t month = sqlite3_column_int64(stmt, 1), rows = sqlite3_column_int64(stmt, 2);
    keel_sql_column_copy(stmt, 5, venue, sizeof venue);
    keel_sql_column_copy(stmt, 6, symbol, sizeof symbol);
    keel_columns_init(&columns, keel_kind_columns(kind));
    int rc =
        keel_partition_decode(sqlite3_column_blob(stmt, 4), (size_t)sqlite3_column_bytes(stmt, 4), rows, &columns, err);
    if (!rc) keel_partition_hash(&columns, sha256);
    int same = !rc && sqlite3_column_bytes(stmt, 3) == (int)sizeof sha256 &&
               memcmp(sha256, sqlite3_column_blob(stmt, 3), sizeof sha256) == 0;
    keel_columns_done(&columns);
    if (rc == KEEL_E_NOMEM || same) return rc;
    return keel_err_set(
        err, KEEL_E_PARITY,
        "%s: the rows of %s %s %s in month %lld are damaged: bring store.db back from a copy, or import "
        "its files into a new store",
        s->folder, keel_kind_name(kind), venue, symbol, (long long)month);
}

int keel_store_verify(keel_store *s, int deep, int64_t *ret_months, keel_err *err) {
    sqlite3_stmt *stmt;
    int64_t months = 0;
    KEEL_TRY(check_database(s, err));
    if (deep) {
        KEEL_TRY(keel_sql_prepare(s->db,
                                  "SELECT series.kind, partition.month, partition.rows, partition.sha256, "
                                  "partition.bytes, series.venue, series.symbol FROM partition JOIN series ON "
                                  "series.id = partition.series_id ORDER BY series.id, partition.month",
                                  &stmt, err));
        int rc;
        while ((rc = keel_sql_step(stmt, err)) == 1 && (rc = check_month(s, stmt, err)) == 0)
            months++;
        (void)sqlite3_finalize(stmt);
        if (rc) return rc;
    }
    *ret_months = months;
    return 0;
}
