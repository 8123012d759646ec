/* ops/auditdb/auditdb.h: the audit database: one SQLite file with what a run decided, traded, held, was told to do and
 * had done to it. A projection: made whole from a run's record each time, row by row in one order, and put in its place
 * at once, so that it says what the record says or is not there.
 *
 * Tables and columns: tables.def, docs/formats/audit_db.md. Seam: port/fs.h for everything but SQLite's own pages. */
#ifndef KEEL_OPS_AUDITDB_AUDITDB_H
#define KEEL_OPS_AUDITDB_AUDITDB_H

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "port/fs.h"

enum { KEEL_AUDITDB_VERSION = 1 };

typedef enum keel_auditdb_table {
#define KEEL_AUDITDB_TABLE(name, sentence) KEEL_AUDITDB_##name,
#define KEEL_AUDITDB_COLUMN(kind, name, sentence)
#include "ops/auditdb/tables.def"
#undef KEEL_AUDITDB_COLUMN
#undef KEEL_AUDITDB_TABLE
    KEEL_AUDITDB_TABLES
} keel_auditdb_table;

const char *keel_auditdb_table_name(keel_auditdb_table table); /* static storage */

typedef struct keel_auditdb keel_auditdb;

/* Begin a database that will stand at path, mode 0600; until keel_auditdb_finish what is there stays. 0, KEEL_E_GATE
 * (path is no file), KEEL_E_RANGE (path too long), KEEL_E_NOT_FOUND, KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_auditdb_begin(const keel_fs *fs, const char *path, keel_auditdb **ret, keel_err *reterr);

/* One row: begin it, set columns by name, put it. What is not set is NULL; a name or kind that the table does not have
 * is an assertion. The first thing that fails is kept and told by finish; what comes later is dropped. Texts are
 * copied. */
void keel_auditdb_row(keel_auditdb *db, keel_auditdb_table table);
void keel_auditdb_int(keel_auditdb *db, const char *column, int64_t value);
void keel_auditdb_real(keel_auditdb *db, const char *column, double value);
void keel_auditdb_text(keel_auditdb *db, const char *column, const char *text); /* NULL: NULL */
void keel_auditdb_put(keel_auditdb *db);
uint64_t keel_auditdb_rows(const keel_auditdb *db, keel_auditdb_table table);

/* Make it durable and put it in its place; db is freed whatever happens. Errors of begin, and the first of any row. */
KEEL_MUST_USE int keel_auditdb_finish(keel_auditdb *db, keel_err *reterr);
/* Forget it; what stood at path still does. NULL allowed. */
void keel_auditdb_abandon(keel_auditdb *db);

/* ---- reading ---- */

/* Every table as a member of the object that is open: rows as objects. Columns lose their ending: _e8 becomes a decimal
 * string, _ms of a TIME ISO-8601, JSON its value. KEEL_E_NOT_FOUND, KEEL_E_GATE, KEEL_E_PARITY (no such database),
 * KEEL_E_VERSION, KEEL_E_IO. */
KEEL_MUST_USE int keel_auditdb_json(const keel_fs *fs, const char *path, keel_json *j, keel_err *reterr);

/* One object a line for each row of portfolio_snapshots, in order: schema keel.cycle, the account, and the decisions,
 * trades and manual orders since the one before. `write` gets each line with its newline; a return other than 0 ends
 * the reading with it. Errors as keel_auditdb_json. */
KEEL_MUST_USE int keel_auditdb_cycles(const keel_fs *fs, const char *path,
                                      int (*write)(void *data, const char *line, size_t size), void *data,
                                      keel_err *reterr);

#endif
