/* base/sql.h: SQLite calls with our errors. */
#ifndef KEEL_BASE_SQL_H
#define KEEL_BASE_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The error of the last call on db as KEEL_E_*: busy -> TIMEOUT, corrupt or not a database -> PARITY, memory ->
 * NOMEM, everything else -> IO. Sets err. */
int keel_sql_fail(sqlite3 *db, keel_err *err);

/* How long a statement waits for other processes: `seconds`, tried every few milliseconds (SQLite's own wait tries ten
 * times a second at last, and is then never let in between two transactions of a busy writer). */
void keel_sql_patience(sqlite3 *db, int seconds);

/* Puts the database into WAL mode. SQLite tells all but one of several processes that do so at once that it is busy,
 * whatever the patience: this call tries again for `seconds`, and takes the patience away: call keel_sql_patience
 * behind it. KEEL_E_TIMEOUT and the other errors of keel_sql_fail. */
KEEL_MUST_USE int keel_sql_wal(sqlite3 *db, int seconds, keel_err *err);

KEEL_MUST_USE int keel_sql_exec(sqlite3 *db, const char *sql, keel_err *err);
KEEL_MUST_USE int keel_sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, keel_err *err);

/* Step once: 1 = a row, 0 = done, negative = KEEL_E_*. */
KEEL_MUST_USE int keel_sql_step(sqlite3_stmt *stmt, keel_err *err);

/* Step a statement that returns no rows, then finalize it in every case (NULL allowed: no call). */
KEEL_MUST_USE int keel_sql_run(sqlite3_stmt *stmt, keel_err *err);

/* Bind 1-based parameters; binding cannot fail for the sizes we use except for memory, which the step reports. */
void keel_sql_bind_int(sqlite3_stmt *stmt, int index, int64_t value);
void keel_sql_bind_text(sqlite3_stmt *stmt, int index, const char *text);               /* copied */
void keel_sql_bind_blob(sqlite3_stmt *stmt, int index, const void *bytes, size_t size); /* borrowed until the run */

/* Copy a text column, cut to size - 1 bytes. */
void keel_sql_column_copy(sqlite3_stmt *stmt, int column, char *ret_text, size_t size);

#endif
