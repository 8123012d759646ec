/* ops/auditdb/auditdb.c: see auditdb.h. Writing. */
#include "ops/auditdb/auditdb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sql.h"
#include "ops/auditdb/tables.h"

/* What is read often by something else than its key. Made behind the rows. */
static const char INDEXES[] =
    "CREATE INDEX decisions_cycle ON decisions(cycle_id);"
    "CREATE INDEX decisions_symbol ON decisions(symbol, ts_ms);"
    "CREATE INDEX trades_cycle ON trades(cycle_id);"
    "CREATE INDEX snapshots_ts ON portfolio_snapshots(ts_ms);";

struct keel_auditdb {
    const keel_fs *fs;
    sqlite3 *db;
    sqlite3_stmt *insert[KEEL_AUDITDB_TABLES];
    uint64_t rows[KEEL_AUDITDB_TABLES];
    char path[KEEL_FS_PATH_MAX], beside[KEEL_FS_PATH_MAX], dir[KEEL_FS_PATH_MAX];
    int table; /* of the row that is open; -1: none */
    int code;
    keel_err err; /* of code */
};

static void fail(keel_auditdb *db, int code) {
    if (db->code == 0) db->code = code;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

static int name_paths(keel_auditdb *db, const char *path, keel_err *err) {
    const char *slash = strrchr(path, '/');
    int size = snprintf(db->path, sizeof db->path, "%s", path);
    if (size >= (int)sizeof db->path || snprintf(db->beside, sizeof db->beside, "%s.%" PRId64 ".new", path,
                                                 db->fs->owner(db->fs->ctx)) >= (int)sizeof db->beside)
        return keel_err_set(err, KEEL_E_RANGE, "path is too long: %.80s...: use a shorter folder", path);
    (void)snprintf(db->dir, sizeof db->dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (slash == path) (void)snprintf(db->dir, sizeof db->dir, "/");
    return 0;
}

static int make_file(const keel_auditdb *db, keel_err *err) {
    keel_fs_stat st;
    const keel_fs *fs = db->fs;
    if (fs->stat(fs->ctx, db->path, &st) == 0 && !st.is_file)
        return keel_err_set(err, KEEL_E_GATE, "is no file: %s: choose another place", db->path);
    /* Of a process that was stopped and had our number: nobody else who lives writes under this name. */
    int rc = fs->unlink(fs->ctx, db->beside);
    if (rc != 0 && rc != -ENOENT) return keel_fs_fail(rc, "cannot remove", db->beside, err);
    int file = fs->open(fs->ctx, db->beside, KEEL_FS_WRITE | KEEL_FS_CREATE | KEEL_FS_EXCLUSIVE);
    if (file < 0) return keel_fs_fail(file, "cannot make", db->beside, err);
    fs->close(fs->ctx, file);
    return 0;
}

static void describe(keel_auditdb_table table, keel_strbuf *create, keel_strbuf *insert) {
    const keel_auditdb_columns c = keel_auditdb_columns_of(table);
    const char *name = keel_auditdb_table_name(table);
    keel_strbuf_addf(create, "CREATE TABLE %s( -- %s\n", name, keel_auditdb_table_sentence(table));
    keel_strbuf_addf(insert, "INSERT INTO %s VALUES(", name);
    for (int i = 0; i < c.count; i++) {
        const keel_auditdb_column *col = &c.column[i];
        keel_strbuf_addf(create, "  %s %s%s -- %s\n", col->name, keel_auditdb_kind_sql(col->kind),
                         i + 1 < c.count ? "," : "", col->sentence);
        keel_strbuf_add(insert, i ? ",?" : "?");
    }
    keel_strbuf_add(create, ") STRICT");
    keel_strbuf_add(insert, ")");
}

static int make_tables(keel_auditdb *db, keel_err *err) {
    int rc = 0;
    /* Nobody else sees the file before it is whole: no journal of its own, and one sync at the end. */
    KEEL_TRY(
        keel_sql_exec(db->db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE", err));
    KEEL_TRY(keel_sql_exec(db->db, "PRAGMA user_version=1; PRAGMA application_id=1262830913; BEGIN", err));
    for (int t = 0; rc == 0 && t < KEEL_AUDITDB_TABLES; t++) {
        keel_strbuf create, insert;
        keel_strbuf_init(&create, 0);
        keel_strbuf_init(&insert, 0);
        describe((keel_auditdb_table)t, &create, &insert);
        rc = keel_sql_exec(db->db, keel_strbuf_text(&create), err);
        if (rc == 0) rc = keel_sql_prepare(db->db, keel_strbuf_text(&insert), &db->insert[t], err);
        keel_strbuf_done(&create);
        keel_strbuf_done(&insert);
    }
    return rc;
}

int keel_auditdb_begin(const keel_fs *fs, const char *path, keel_auditdb **ret, keel_err *reterr) {
    keel_auditdb *db = calloc(1, sizeof *db);
    if (!db) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: audit database: close other programs");
    db->fs = fs;
    db->table = -1;
    int rc = name_paths(db, path, reterr);
    if (rc == 0) rc = make_file(db, reterr);
    if (rc != 0) {
        free(db);
        return rc;
    }
    if (sqlite3_open_v2(db->beside, &db->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        rc = keel_sql_fail(db->db, reterr);
    if (rc == 0) rc = make_tables(db, reterr);
    if (rc != 0) {
        keel_auditdb_abandon(db);
        return rc;
    }
    *ret = db;
    return 0;
}

/* ---- a row ------------------------------------------------------------------------------------------------------ */

void keel_auditdb_row(keel_auditdb *db, keel_auditdb_table table) {
    KEEL_ASSERT(db->table < 0);
    db->table = (int)table;
    (void)sqlite3_reset(db->insert[table]);
    (void)sqlite3_clear_bindings(db->insert[table]);
}

/* Number of the parameter. */
static int parameter(const keel_auditdb *db, const char *column, keel_auditdb_kind *ret_kind) {
    KEEL_ASSERT(db->table >= 0);
    const keel_auditdb_columns c = keel_auditdb_columns_of((keel_auditdb_table)db->table);
    int at = 0;
    while (at < c.count && strcmp(c.column[at].name, column) != 0)
        at++;
    KEEL_ASSERT(at < c.count);
    *ret_kind = c.column[at].kind;
    return at + 1;
}

void keel_auditdb_int(keel_auditdb *db, const char *column, int64_t value) {
    keel_auditdb_kind kind;
    int at = parameter(db, column, &kind);
    KEEL_ASSERT(kind != KEEL_AUDITDB_KIND_TEXT && kind != KEEL_AUDITDB_KIND_JSON && kind != KEEL_AUDITDB_KIND_REAL);
    keel_sql_bind_int(db->insert[db->table], at, value);
}

void keel_auditdb_real(keel_auditdb *db, const char *column, double value) {
    keel_auditdb_kind kind;
    int at = parameter(db, column, &kind);
    KEEL_ASSERT(kind == KEEL_AUDITDB_KIND_REAL);
    (void)sqlite3_bind_double(db->insert[db->table], at, value);
}

void keel_auditdb_text(keel_auditdb *db, const char *column, const char *text) {
    keel_auditdb_kind kind;
    int at = parameter(db, column, &kind);
    KEEL_ASSERT(kind == KEEL_AUDITDB_KIND_TEXT || kind == KEEL_AUDITDB_KIND_JSON);
    if (text) keel_sql_bind_text(db->insert[db->table], at, text);
}

void keel_auditdb_put(keel_auditdb *db) {
    KEEL_ASSERT(db->table >= 0);
    int table = db->table;
    db->table = -1;
    if (db->code != 0) return;
    int rc = keel_sql_step(db->insert[table], &db->err);
    if (rc < 0) fail(db, rc);
    db->rows[table]++;
}

uint64_t keel_auditdb_rows(const keel_auditdb *db, keel_auditdb_table table) { return db->rows[table]; }

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static int let_go(keel_auditdb *db) {
    for (int t = 0; t < KEEL_AUDITDB_TABLES; t++)
        (void)sqlite3_finalize(db->insert[t]);
    int rc = sqlite3_close(db->db);
    db->db = NULL;
    return rc;
}

static int sync_file(const keel_auditdb *db, keel_err *err) {
    const keel_fs *fs = db->fs;
    int file = fs->open(fs->ctx, db->beside, KEEL_FS_WRITE);
    int rc = file < 0 ? file : fs->sync(fs->ctx, file);
    if (file >= 0) fs->close(fs->ctx, file);
    if (rc == 0) rc = fs->rename(fs->ctx, db->beside, db->path);
    if (rc == 0) rc = fs->sync_dir(fs->ctx, db->dir);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot write", db->path, err);
}

int keel_auditdb_finish(keel_auditdb *db, keel_err *reterr) {
    int rc = db->code;
    KEEL_ASSERT(db->table < 0);
    if (rc != 0) (void)keel_err_set(reterr, rc, "%s", db->err.text);
    if (rc == 0) rc = keel_sql_exec(db->db, INDEXES, reterr);
    if (rc == 0) rc = keel_sql_exec(db->db, "COMMIT", reterr);
    if (let_go(db) != SQLITE_OK && rc == 0)
        rc = keel_err_set(reterr, KEEL_E_IO, "cannot close: %s: check the disk's space and health", db->beside);
    if (rc == 0) rc = sync_file(db, reterr);
    if (rc != 0) (void)db->fs->unlink(db->fs->ctx, db->beside); /* whatever is left of it */
    free(db);
    return rc;
}

void keel_auditdb_abandon(keel_auditdb *db) {
    if (!db) return;
    (void)let_go(db); /* it is thrown away */
    (void)db->fs->unlink(db->fs->ctx, db->beside);
    free(db);
}
