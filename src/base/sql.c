/* base/sql.c: see sql.h. */
#include "base/sql.h"

#include <stdio.h>
#include <string.h>

int keel_sql_fail(sqlite3 *db, keel_err *err) {
    int primary = sqlite3_errcode(db) & 0xff;
    switch (primary) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return keel_err_set(err, KEEL_E_TIMEOUT,
                                "the store is in use by another writer: wait for it to end, then repeat");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return keel_err_set(err, KEEL_E_PARITY,
                                "the store is damaged or not a keel store (%s): name another folder "
                                "or restore a copy",
                                sqlite3_errmsg(db));
        case SQLITE_NOMEM: return keel_err_set(err, KEEL_E_NOMEM, "out of memory in the store: free some memory");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
            return keel_err_set(err, KEEL_E_IO,
                                "the store cannot be written or opened (%s): check the folder's "
                                "permissions",
                                sqlite3_errmsg(db));
        default:
            return keel_err_set(err, KEEL_E_IO, "the store failed (%s): check the disk's space and health",
                                sqlite3_errmsg(db));
    }
}

enum { STEP_MS = 2, STEPS_IN_SECOND = 1000 / STEP_MS };

static int wait_a_step(void *most, int tries) {
    if (tries >= (int)(intptr_t)most) return 0;
    (void)sqlite3_sleep(STEP_MS);
    return 1;
}

void keel_sql_patience(sqlite3 *db, int seconds) {
    (void)sqlite3_busy_handler(db, wait_a_step,
                               (void *)(intptr_t)(seconds * STEPS_IN_SECOND)); /* a number, no pointer */
}

int keel_sql_wal(sqlite3 *db, int seconds, keel_err *err) {
    int rc, tries = 0;
    (void)sqlite3_busy_handler(db, NULL, NULL); /* or each of the tries would wait as long as all of them may */
    do
        rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    while ((rc & 0xff) == SQLITE_BUSY && wait_a_step((void *)(intptr_t)(seconds * STEPS_IN_SECOND), tries++));
    return rc == SQLITE_OK ? 0 : keel_sql_fail(db, err);
}

int keel_sql_exec(sqlite3 *db, const char *sql, keel_err *err) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : keel_sql_fail(db, err);
}

int keel_sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, keel_err *err) {
    *ret = NULL;
    return sqlite3_prepare_v2(db, sql, -1, ret, NULL) == SQLITE_OK ? 0 : keel_sql_fail(db, err);
}

int keel_sql_step(sqlite3_stmt *stmt, keel_err *err) {
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) return 1;
    if (rc == SQLITE_DONE) return 0;
    return keel_sql_fail(sqlite3_db_handle(stmt), err);
}

int keel_sql_run(sqlite3_stmt *stmt, keel_err *err) {
    if (!stmt) return KEEL_E_ERROR;
    int rc = keel_sql_step(stmt, err);
    (void)sqlite3_finalize(stmt); /* repeats the error of the step */
    return rc < 0 ? rc : 0;
}

void keel_sql_bind_int(sqlite3_stmt *stmt, int index, int64_t value) { (void)sqlite3_bind_int64(stmt, index, value); }

void keel_sql_bind_text(sqlite3_stmt *stmt, int index, const char *text) {
    (void)sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT);
}

void keel_sql_bind_blob(sqlite3_stmt *stmt, int index, const void *bytes, size_t size) {
    (void)sqlite3_bind_blob64(stmt, index, bytes, (sqlite3_uint64)size, SQLITE_STATIC);
}

void keel_sql_column_copy(sqlite3_stmt *stmt, int column, char *ret_text, size_t size) {
    const unsigned char *text = sqlite3_column_text(stmt, column);
    (void)snprintf(ret_text, size, "%s", text ? (const char *)text : "");
}
