/* edge/data/store.c: open, migrate, catalogue, content hash. See store.h. */
#include "edge/data/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "base/sql.h"
#include "edge/data/store_impl.h"

enum { APPLICATION_ID = 0x6b65656c /* "keel" */, PATIENCE_S = 60 };

/* One entry per schema version, applied in order, each in its own transaction; never edited, only appended. */
static const char *const MIGRATIONS[] = {
    "CREATE TABLE migration(version INTEGER PRIMARY KEY, what TEXT NOT NULL);"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL CHECK(kind BETWEEN 1 AND 3),"
    " venue TEXT NOT NULL, market TEXT NOT NULL CHECK(market IN ('perp','spot')), symbol TEXT NOT NULL,"
    " interval_ms INTEGER NOT NULL CHECK(interval_ms >= 0), rows INTEGER NOT NULL DEFAULT 0,"
    " first_ts_ms INTEGER NOT NULL DEFAULT 0, last_ts_ms INTEGER NOT NULL DEFAULT 0,"
    " generation INTEGER NOT NULL DEFAULT 0, UNIQUE(kind, venue, symbol, interval_ms));"
    "CREATE TABLE partition(id INTEGER PRIMARY KEY, series_id INTEGER NOT NULL REFERENCES series(id),"
    " month INTEGER NOT NULL, rows INTEGER NOT NULL CHECK(rows > 0), first_ts_ms INTEGER NOT NULL,"
    " last_ts_ms INTEGER NOT NULL, sha256 BLOB NOT NULL CHECK(length(sha256) = 32), bytes BLOB NOT NULL,"
    " UNIQUE(series_id, month));"
    "CREATE TABLE import(id INTEGER PRIMARY KEY, file_name TEXT NOT NULL, file_sha256 TEXT NOT NULL,"
    " series_id INTEGER NOT NULL REFERENCES series(id), state TEXT NOT NULL CHECK(state IN ('running','done')),"
    " lines_done INTEGER NOT NULL DEFAULT 0, rows_added INTEGER NOT NULL DEFAULT 0,"
    " rows_same INTEGER NOT NULL DEFAULT 0, rows_restated INTEGER NOT NULL DEFAULT 0,"
    " report TEXT NOT NULL DEFAULT '', UNIQUE(file_sha256, series_id));"
    "CREATE TABLE revision(id INTEGER PRIMARY KEY, series_id INTEGER NOT NULL REFERENCES series(id),"
    " ts_ms INTEGER NOT NULL, import_id INTEGER NOT NULL REFERENCES import(id), open_e8 INTEGER, high_e8 INTEGER,"
    " low_e8 INTEGER, close_e8 INTEGER, volume REAL, rate_e16 INTEGER, UNIQUE(series_id, ts_ms, import_id));"
    "CREATE TABLE quarantine(id INTEGER PRIMARY KEY, import_id INTEGER NOT NULL REFERENCES import(id),"
    " line INTEGER NOT NULL, reason TEXT NOT NULL, row TEXT NOT NULL, UNIQUE(import_id, line));"
    "INSERT INTO migration VALUES(1, 'series, monthly partitions, imports, revisions, quarantine');",
};
enum { SCHEMA_VERSION = sizeof MIGRATIONS / sizeof *MIGRATIONS };

const char *keel_kind_name(int kind) {
    switch (kind) {
        case KEEL_KIND_CANDLE: return "candle";
        case KEEL_KIND_FUNDING: return "funding";
        case KEEL_KIND_MARK: return "mark";
        default: return "unknown";
    }
}

int keel_kind_columns(int kind) { return kind == KEEL_KIND_FUNDING ? KEEL_FUNDING_COLUMNS : KEEL_CANDLE_COLUMNS; }

static int read_number(sqlite3 *db, const char *pragma, int64_t *ret, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(db, pragma, &stmt, err));
    int rc = keel_sql_step(stmt, err);
    *ret = rc == 1 ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_finalize(stmt);
    return rc < 0 ? rc : 0;
}

static int apply_migration(sqlite3 *db, int version, keel_err *err) {
    char mark[96];
    (void)snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID,
                   version);
    int rc = keel_sql_exec(db, MIGRATIONS[version - 1], err);
    if (!rc) rc = keel_sql_exec(db, mark, err);
    return rc;
}

static int migrate(keel_store *s, keel_err *err) {
    for (;;) {
        int64_t version;
        KEEL_TRY(keel_sql_exec(s->db, "BEGIN IMMEDIATE", err)); /* another process may migrate at the same time */
        int rc = read_number(s->db, "PRAGMA user_version", &version, err);
        if (!rc && version < SCHEMA_VERSION) rc = apply_migration(s->db, (int)version + 1, err);
        if (rc || version >= SCHEMA_VERSION) {
            (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
            return rc;
        }
    }
}

static int check_identity(keel_store *s, keel_err *err) {
    int64_t application, version;
    KEEL_TRY(keel_sql_exec(s->db, "BEGIN", err)); /* both of one moment: another process may be making the store */
    int rc = read_number(s->db, "PRAGMA user_version", &version, err);
    if (!rc) rc = read_number(s->db, "PRAGMA application_id", &application, err);
    (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
    if (rc) return rc;
    if (application != APPLICATION_ID && (version != 0 || application != 0))
        return keel_err_set(err, KEEL_E_PARITY, "%s/store.db: not a keel store: name another folder", s->folder);
    if (version > SCHEMA_VERSION)
        return keel_err_set(err, KEEL_E_VERSION,
                            "%s: made by a newer keel (schema %lld, this one knows %d): update keel", s->folder,
                            (long long)version, (int)SCHEMA_VERSION);
    if (s->writable) return version < SCHEMA_VERSION ? migrate(s, err) : 0;
    if (version < SCHEMA_VERSION)
        return keel_err_set(err, KEEL_E_VERSION,
                            "%s: schema %lld is older than this keel's %d: import any file into it "
                            "once, that migrates it",
                            s->folder, (long long)version, (int)SCHEMA_VERSION);
    return 0;
}

/* A store is a folder: who names a file of candles has mistaken the words. */
static int not_a_file(const char *folder, keel_err *err) {
    struct stat st;
    if (stat(folder, &st) != 0 || S_ISDIR(st.st_mode)) return 0;
    return keel_err_set(err, KEEL_E_NOT_FOUND, "no store: %s: it is a file, and a store is a folder: name another",
                        folder);
}

static int make_folder(const char *folder, keel_err *err) {
    if (mkdir(folder, 0777) == 0 || errno == EEXIST) return 0;
    if (errno == ENOENT)
        return keel_err_set(err, KEEL_E_IO,
                            "cannot create the store: %s: the folder above it is not there: make it first", folder);
    return keel_err_set(err, KEEL_E_IO, "cannot create the store: %s: %s: choose another folder, or change its rights",
                        folder, strerror(errno));
}

/* On a read-only file system a write-ahead log cannot be played back, and what it holds would be missed. */
static int check_no_log(const char *path, keel_err *err) {
    struct stat st;
    keel_strbuf log;
    keel_strbuf_init(&log, 0);
    keel_strbuf_addf(&log, "%s-wal", path);
    int left = stat(keel_strbuf_text(&log), &st) == 0 && st.st_size > 0;
    keel_strbuf_done(&log);
    if (!left) return 0;
    return keel_err_set(err, KEEL_E_IO,
                        "the store was not closed: %s: its last changes are in the log beside it; open it once where "
                        "it can be written",
                        path);
}

static int open_database(keel_store *s, const char *path, keel_err *err) {
    /* A store on a read-only file system cannot have the shared-memory file that WAL readers need: nobody can write
     * there either, so it is opened as immutable. */
    keel_strbuf uri;
    keel_strbuf_init(&uri, 0);
    s->cache_writable = access(s->folder, W_OK) == 0;
    keel_strbuf_add(&uri, "file:");
    for (const char *c = path; *c; c++) {
        if (*c == '?' || *c == '#' || *c == '%')
            keel_strbuf_addf(&uri, "%%%02x", (unsigned char)*c);
        else
            keel_strbuf_add_char(&uri, *c);
    }
    if (!s->cache_writable) {
        keel_strbuf_add(&uri, "?immutable=1");
        int rc = check_no_log(path, err);
        if (rc) {
            keel_strbuf_done(&uri);
            return rc;
        }
    }
    int flags = SQLITE_OPEN_URI | (s->writable         ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                   : s->cache_writable ? SQLITE_OPEN_READWRITE
                                                       : SQLITE_OPEN_READONLY);
    int opened = sqlite3_open_v2(keel_strbuf_text(&uri), &s->db, flags, NULL);
    keel_strbuf_done(&uri);
    if (opened != SQLITE_OK) return keel_sql_fail(s->db, err);
    keel_sql_patience(s->db, PATIENCE_S);
    if (s->writable) {
        KEEL_TRY(keel_sql_exec(s->db, "PRAGMA page_size = 16384", err));
        KEEL_TRY(keel_sql_wal(s->db, PATIENCE_S, err));
        keel_sql_patience(s->db, PATIENCE_S);
    }
    KEEL_TRY(keel_sql_exec(s->db, "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON", err));
    if (!s->writable) KEEL_TRY(keel_sql_exec(s->db, "PRAGMA query_only = ON", err));
    return check_identity(s, err);
}

int keel_store_open(const char *folder, int mode, keel_store **ret, keel_err *err) {
    keel_strbuf path;
    KEEL_TRY(not_a_file(folder, err));
    if (mode == KEEL_STORE_WRITE) KEEL_TRY(make_folder(folder, err));
    keel_store *s = calloc(1, sizeof *s);
    if (s) s->folder = strdup(folder);
    if (!s || !s->folder) {
        free(s);
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory opening %s", folder);
    }
    s->writable = mode == KEEL_STORE_WRITE;
    keel_strbuf_init(&path, 0);
    keel_strbuf_addf(&path, "%s/store.db", folder);
    int rc = 0;
    if (!s->writable && access(keel_strbuf_text(&path), F_OK) != 0)
        rc = keel_err_set(err, KEEL_E_NOT_FOUND,
                          "no store: %s: make one with keel data import FILE --store %s, or keel data synth --store %s",
                          folder, folder, folder);
    if (!rc) rc = open_database(s, keel_strbuf_text(&path), err);
    keel_strbuf_done(&path);
    if (rc) {
        keel_store_close(s);
        return rc;
    }
    *ret = s;
    return 0;
}

void keel_store_close(keel_store *s) {
    if (!s) return;
    (void)sqlite3_close(s->db); /* every statement was finalized where it was made */
    free(s->folder);
    free(s);
}

#define SERIES_FIELDS "id, kind, venue, market, symbol, interval_ms, rows, first_ts_ms, last_ts_ms, generation"

static void read_series(sqlite3_stmt *stmt, keel_series_info *ret) {
    memset(ret, 0, sizeof *ret);
    ret->id = sqlite3_column_int64(stmt, 0);
    ret->kind = sqlite3_column_int(stmt, 1);
    keel_sql_column_copy(stmt, 2, ret->venue, sizeof ret->venue);
    keel_sql_column_copy(stmt, 3, ret->market, sizeof ret->market);
    keel_sql_column_copy(stmt, 4, ret->symbol, sizeof ret->symbol);
    ret->interval_ms = sqlite3_column_int64(stmt, 5);
    ret->rows = sqlite3_column_int64(stmt, 6);
    ret->first_ts_ms = sqlite3_column_int64(stmt, 7);
    ret->last_ts_ms = sqlite3_column_int64(stmt, 8);
    ret->generation = sqlite3_column_int64(stmt, 9);
}

int keel_store_series_list(keel_store *s, keel_series_info **ret, int64_t *ret_count, keel_err *err) {
    sqlite3_stmt *stmt;
    keel_series_info *list = NULL;
    int64_t count = 0, capacity = 0;
    int rc;
    KEEL_TRY(keel_sql_prepare(s->db, "SELECT " SERIES_FIELDS " FROM series ORDER BY kind, venue, symbol, interval_ms",
                              &stmt, err));
    while ((rc = keel_sql_step(stmt, err)) == 1) {
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            keel_series_info *grown = realloc(list, (size_t)capacity * sizeof *grown);
            if (!grown) {
                rc = keel_err_set(err, KEEL_E_NOMEM, "out of memory listing the store");
                break;
            }
            list = grown;
        }
        read_series(stmt, &list[count++]);
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

/* What the store does hold near a miss: same symbol first, else the venues. */
static int not_found(keel_store *s, int kind, const char *venue, const char *symbol, int64_t interval_ms,
                     keel_err *err) {
    keel_series_info *list = NULL;
    int64_t count = 0, named = 0;
    char interval[KEEL_DURATION_TEXT_MAX];
    keel_strbuf held;
    KEEL_TRY(keel_store_series_list(s, &list, &count, err));
    keel_strbuf_init(&held, 300);
    for (int pass = 0; pass < 2 && !named; pass++) {
        for (int64_t i = 0; i < count && named < 6; i++) {
            if (list[i].kind != kind || (pass == 0 && strcmp(list[i].symbol, symbol) != 0)) continue;
            keel_duration_format(list[i].interval_ms, interval);
            keel_strbuf_addf(&held, "%s%s %s%s%s", named++ ? ", " : "", list[i].venue, list[i].symbol,
                             kind == KEEL_KIND_FUNDING ? "" : " ", kind == KEEL_KIND_FUNDING ? "" : interval);
        }
    }
    free(list);
    keel_duration_format(interval_ms > 0 ? interval_ms : 0, interval);
    int rc = keel_err_set(err, KEEL_E_NOT_FOUND, "no %s series %s %s%s%s: %s: %s%s%s", keel_kind_name(kind), venue,
                          symbol, kind == KEEL_KIND_FUNDING ? "" : " ", kind == KEEL_KIND_FUNDING ? "" : interval,
                          s->folder, named ? "the store holds " : "import it with keel data import",
                          named ? keel_strbuf_text(&held) : "", named >= 6 ? " and more (keel data list)" : "");
    keel_strbuf_done(&held);
    return rc;
}

int keel_store_series_find(keel_store *s, int kind, const char *venue, const char *symbol, int64_t interval_ms,
                           keel_series_info *ret, keel_err *err) {
    sqlite3_stmt *stmt;
    KEEL_TRY(keel_sql_prepare(s->db,
                              "SELECT " SERIES_FIELDS " FROM series WHERE kind = ?1 AND venue = ?2"
                              " AND symbol = ?3 AND interval_ms = ?4",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, kind);
    keel_sql_bind_text(stmt, 2, venue);
    keel_sql_bind_text(stmt, 3, symbol);
    keel_sql_bind_int(stmt, 4, kind == KEEL_KIND_FUNDING ? 0 : interval_ms);
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) read_series(stmt, ret);
    (void)sqlite3_finalize(stmt);
    if (rc < 0) return rc;
    return rc == 1 ? 0 : not_found(s, kind, venue, symbol, interval_ms, err);
}

int keel_store_hash(keel_store *s, uint8_t ret_sha256[32], keel_err *err) {
    sqlite3_stmt *stmt;
    char line[320];
    int rc;
    KEEL_TRY(keel_sql_prepare(s->db,
                              "SELECT kind, venue, market, symbol, interval_ms, month, p.rows, sha256 FROM partition p"
                              " JOIN series s ON s.id = p.series_id ORDER BY kind, venue, symbol, interval_ms, month",
                              &stmt, err));
    keel_sha256 *hash = keel_sha256_new();
    while ((rc = keel_sql_step(stmt, err)) == 1) {
        int size = snprintf(line, sizeof line, "%d|%s|%s|%s|%lld|%d|%lld|", sqlite3_column_int(stmt, 0),
                            (const char *)sqlite3_column_text(stmt, 1), (const char *)sqlite3_column_text(stmt, 2),
                            (const char *)sqlite3_column_text(stmt, 3), (long long)sqlite3_column_int64(stmt, 4),
                            sqlite3_column_int(stmt, 5), (long long)sqlite3_column_int64(stmt, 6));
        KEEL_ASSERT(size > 0 && (size_t)size < sizeof line);
        keel_sha256_add(hash, line, (size_t)size);
        keel_sha256_add(hash, sqlite3_column_blob(stmt, 7), (size_t)sqlite3_column_bytes(stmt, 7));
    }
    (void)sqlite3_finalize(stmt);
    if (rc == 0) keel_sha256_finish(hash, ret_sha256);
    keel_sha256_free(hash);
    return rc;
}
