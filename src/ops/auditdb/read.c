/* ops/auditdb/read.c: see auditdb.h. The database as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/sql.h"
#include "base/timerange.h"
#include "ops/auditdb/tables.h"

enum { PATIENCE_S = 2, NAME_MAX_ALL = 64 };

static int open_db(const keel_fs *fs, const char *path, sqlite3 **ret, keel_err *err) {
    sqlite3_stmt *stmt = NULL;
    int64_t version = 0;
    KEEL_TRY(keel_fs_private(fs, path, err));
    int rc = sqlite3_open_v2(path, ret, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK ? 0 : keel_sql_fail(*ret, err);
    if (rc != 0) return rc;
    keel_sql_patience(*ret, PATIENCE_S);
    KEEL_TRY(keel_sql_prepare(*ret, "PRAGMA user_version", &stmt, err));
    rc = keel_sql_step(stmt, err);
    if (rc == 1) version = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    if (rc < 0) return rc;
    if (version > KEEL_AUDITDB_VERSION)
        return keel_err_set(err, KEEL_E_VERSION, "written by a newer keel: %s: use that keel", path);
    if (version < 1)
        return keel_err_set(err, KEEL_E_PARITY, "not an audit database: %s: keel audit db RUN makes one", path);
    return 0;
}

/* ---- a row as an object ----------------------------------------------------------------------------------------- */

/* The name without the unit that the value now tells itself. */
static void key_of(const keel_auditdb_column *c, char ret[NAME_MAX_ALL]) {
    size_t cut = c->kind == KEEL_AUDITDB_KIND_E8 || c->kind == KEEL_AUDITDB_KIND_TIME ? strlen("_e8") : 0;
    (void)snprintf(ret, NAME_MAX_ALL, "%.*s", (int)(strlen(c->name) - cut), c->name);
}

static void write_value(sqlite3_stmt *stmt, int i, keel_auditdb_kind kind, keel_json *j) {
    char time[KEEL_TIME_TEXT_MAX];
    if (sqlite3_column_type(stmt, i) == SQLITE_NULL) {
        keel_json_null(j);
        return;
    }
    switch (kind) {
        case KEEL_AUDITDB_KIND_REAL: keel_json_double(j, sqlite3_column_double(stmt, i)); break;
        case KEEL_AUDITDB_KIND_TEXT: keel_json_string(j, (const char *)sqlite3_column_text(stmt, i)); break;
        case KEEL_AUDITDB_KIND_JSON: keel_json_raw(j, (const char *)sqlite3_column_text(stmt, i)); break;
        case KEEL_AUDITDB_KIND_BOOL: keel_json_bool(j, sqlite3_column_int(stmt, i)); break;
        case KEEL_AUDITDB_KIND_E8: keel_json_e8(j, sqlite3_column_int64(stmt, i)); break;
        case KEEL_AUDITDB_KIND_TIME: keel_json_string(j, keel_time_format(sqlite3_column_int64(stmt, i), time)); break;
        default: keel_json_int(j, sqlite3_column_int64(stmt, i)); break;
    }
}

/* Members of the object that is open. */
static void write_members(sqlite3_stmt *stmt, keel_auditdb_table table, keel_json *j) {
    const keel_auditdb_columns c = keel_auditdb_columns_of(table);
    char key[NAME_MAX_ALL];
    for (int i = 0; i < c.count; i++) {
        key_of(&c.column[i], key);
        keel_json_key(j, key);
        write_value(stmt, i, c.column[i].kind, j);
    }
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static int write_table(sqlite3 *db, keel_auditdb_table table, keel_json *j, keel_err *err) {
    const keel_auditdb_columns c = keel_auditdb_columns_of(table);
    char sql[160];
    sqlite3_stmt *stmt = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", keel_auditdb_table_name(table), c.column[0].name);
    KEEL_TRY(keel_sql_prepare(db, sql, &stmt, err));
    keel_json_key(j, keel_auditdb_table_name(table));
    keel_json_array(j);
    int rc;
    while ((rc = keel_sql_step(stmt, err)) == 1) {
        keel_json_object(j);
        write_members(stmt, table, j);
        keel_json_close(j);
    }
    keel_json_close(j);
    (void)sqlite3_finalize(stmt);
    return rc;
}

int keel_auditdb_json(const keel_fs *fs, const char *path, keel_json *j, keel_err *reterr) {
    sqlite3 *db = NULL;
    int rc = open_db(fs, path, &db, reterr);
    for (int t = 0; rc == 0 && t < KEEL_AUDITDB_TABLES; t++)
        rc = write_table(db, (keel_auditdb_table)t, j, reterr);
    (void)sqlite3_close(db);
    return rc;
}

/* ---- cycle by cycle --------------------------------------------------------------------------------------------- */

/* A table whose rows belong to the cycle they happened in, or to the next one that has a record. */
typedef struct follower {
    keel_auditdb_table table;
    const char *sql;
    int cycle; /* column */
    sqlite3_stmt *stmt;
    int there; /* a row waits */
} follower;

static int advance(follower *f, keel_err *err) {
    int rc = keel_sql_step(f->stmt, err);
    f->there = rc == 1;
    return rc < 0 ? rc : 0;
}

static int write_followers(follower *f, int64_t cycle, keel_json *j, keel_err *err) {
    int rc = 0;
    keel_json_key(j, keel_auditdb_table_name(f->table));
    keel_json_array(j);
    while (rc == 0 && f->there && sqlite3_column_int64(f->stmt, f->cycle) <= cycle) {
        keel_json_object(j);
        write_members(f->stmt, f->table, j);
        keel_json_close(j);
        rc = advance(f, err);
    }
    keel_json_close(j);
    return rc;
}

/* Members of the record of what came behind the last row: no account, only rows of other tables. */
static void write_rest(keel_json *j) {
    const keel_auditdb_columns c = keel_auditdb_columns_of(KEEL_AUDITDB_portfolio_snapshots);
    char key[NAME_MAX_ALL];
    for (int i = 0; i < c.count; i++) {
        key_of(&c.column[i], key);
        keel_json_key(j, key);
        if (strcmp(key, "kind") == 0)
            keel_json_string(j, "rest");
        else
            keel_json_null(j);
    }
}

/* stmt at the row of the account; NULL: what is left. */
static int write_cycle(sqlite3_stmt *stmt, const char *run_id, follower *f, size_t count, keel_strbuf *out,
                       keel_err *err) {
    size_t size = 0;
    int rc = 0;
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: cycle: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.cycle");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", run_id);
    int64_t cycle = stmt ? sqlite3_column_int64(stmt, 0) : INT64_MAX;
    if (stmt)
        write_members(stmt, KEEL_AUDITDB_portfolio_snapshots, j);
    else
        write_rest(j);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = write_followers(&f[i], cycle, j, err);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    keel_strbuf_clear(out);
    keel_strbuf_add_bytes(out, text, size);
    keel_strbuf_add_char(out, '\n');
    keel_json_free(j);
    if (rc == 0 && out->failed) rc = keel_err_set(err, KEEL_E_NOMEM, "out of memory: cycle: close other programs");
    return rc;
}

static int read_run_id(sqlite3 *db, char ret[160], keel_err *err) {
    sqlite3_stmt *stmt = NULL;
    KEEL_TRY(keel_sql_prepare(db, "SELECT run_id FROM run", &stmt, err));
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) keel_sql_column_copy(stmt, 0, ret, 160);
    (void)sqlite3_finalize(stmt);
    return rc < 0 ? rc : 0;
}

static int tell(sqlite3 *db, int (*write)(void *data, const char *line, size_t size), void *data, keel_err *err) {
    follower f[] = {{KEEL_AUDITDB_decisions, "SELECT * FROM decisions ORDER BY decision_id", 1, NULL, 0},
                    {KEEL_AUDITDB_trades, "SELECT * FROM trades ORDER BY trade_id", 1, NULL, 0},
                    {KEEL_AUDITDB_interventions,
                     "SELECT * FROM interventions WHERE source = 'journal' ORDER BY intervention_id", 2, NULL, 0}};
    enum { COUNT = sizeof f / sizeof *f };
    sqlite3_stmt *stmt = NULL;
    char run_id[160] = "";
    keel_strbuf line;
    keel_strbuf_init(&line, 0);
    int rc = read_run_id(db, run_id, err);
    if (rc == 0) rc = keel_sql_prepare(db, "SELECT * FROM portfolio_snapshots ORDER BY cycle_id", &stmt, err);
    for (size_t i = 0; rc == 0 && i < COUNT; i++) {
        rc = keel_sql_prepare(db, f[i].sql, &f[i].stmt, err);
        if (rc == 0) rc = advance(&f[i], err);
    }
    while (rc == 0 && (rc = keel_sql_step(stmt, err)) == 1) {
        rc = write_cycle(stmt, run_id, f, COUNT, &line, err);
        if (rc == 0) rc = write(data, keel_strbuf_text(&line), line.size);
    }
    int left = 0;
    for (size_t i = 0; i < COUNT; i++)
        left |= f[i].there;
    if (rc == 0 && left) {
        rc = write_cycle(NULL, run_id, f, COUNT, &line, err);
        if (rc == 0) rc = write(data, keel_strbuf_text(&line), line.size);
    }
    for (size_t i = 0; i < COUNT; i++)
        (void)sqlite3_finalize(f[i].stmt);
    (void)sqlite3_finalize(stmt);
    keel_strbuf_done(&line);
    return rc;
}

int keel_auditdb_cycles(const keel_fs *fs, const char *path, int (*write)(void *data, const char *line, size_t size),
                        void *data, keel_err *reterr) {
    sqlite3 *db = NULL;
    int rc = open_db(fs, path, &db, reterr);
    if (rc == 0) rc = tell(db, write, data, reterr);
    (void)sqlite3_close(db);
    return rc;
}
