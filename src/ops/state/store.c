/* ops/state/store.c: see store.h. */
#include "ops/state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/sql.h"

enum { VERSION = 1, PATIENCE_S = 2 };

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS kernel_state(id INTEGER PRIMARY KEY, timestamp_ms INTEGER NOT NULL, state_json TEXT "
    "NOT "
    "NULL, checksum TEXT NOT NULL, input INTEGER NOT NULL, state_hash TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS operational_state(id INTEGER PRIMARY KEY CHECK (id = 1), timestamp_ms INTEGER NOT "
    "NULL, "
    "counters_json TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS counter_resets(id INTEGER PRIMARY KEY, timestamp_ms INTEGER NOT NULL, given_ms INTEGER "
    "NOT NULL, counter TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, chain TEXT NOT NULL);";

struct keel_statestore {
    sqlite3 *db;
};

/* ---- opening -------------------------------------------------------------------------------------------------- */

static int look_at_file(const char *path, int create, keel_err *err) {
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT) return keel_err_set(err, KEEL_E_IO, "cannot look at: %s: %s", path, strerror(errno));
        if (!create) return keel_err_set(err, KEEL_E_NOT_FOUND, "no such file: %s", path);
        int file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (file < 0)
            return keel_err_set(err, errno == ENOENT ? KEEL_E_NOT_FOUND : KEEL_E_IO, "cannot make: %s: %s", path,
                                strerror(errno));
        close(file);
        return 0;
    }
    if (st.st_mode & 077) return keel_err_set(err, KEEL_E_GATE, "others may read it: %s: chmod 600 %s", path, path);
    return 0;
}

static int pragma_int(sqlite3 *db, const char *sql, int64_t *ret, keel_err *err) {
    sqlite3_stmt *stmt = NULL;
    KEEL_TRY(keel_sql_prepare(db, sql, &stmt, err));
    int rc = keel_sql_step(stmt, err);
    if (rc == 1) *ret = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return rc < 0 ? rc : 0;
}

static int set_up(sqlite3 *db, const char *path, int create, keel_err *err) {
    int64_t version = 0;
    keel_sql_patience(db, PATIENCE_S);
    /* The journal is what must not be lost; of this file at most the newest rows are. */
    KEEL_TRY(keel_sql_exec(db, "PRAGMA synchronous=NORMAL", err));
    KEEL_TRY(pragma_int(db, "PRAGMA user_version", &version, err));
    if (version > VERSION)
        return keel_err_set(err, KEEL_E_VERSION, "written by a newer keel: %s: version %" PRId64 ", this one knows %d",
                            path, version, VERSION);
    if (version == VERSION) return 0;
    if (!create)
        return keel_err_set(err, KEEL_E_PARITY, "not a store of states: %s: name the folder of a paper run", path);
    KEEL_TRY(keel_sql_wal(db, PATIENCE_S, err));
    keel_sql_patience(db, PATIENCE_S);
    KEEL_TRY(keel_sql_exec(db, "BEGIN IMMEDIATE", err));
    KEEL_TRY(keel_sql_exec(db, SCHEMA, err));
    KEEL_TRY(keel_sql_exec(db, "PRAGMA user_version=1", err));
    return keel_sql_exec(db, "COMMIT", err);
}

int keel_statestore_open(const char *path, int create, keel_statestore **ret, keel_err *reterr) {
    KEEL_TRY(look_at_file(path, create, reterr));
    keel_statestore *s = calloc(1, sizeof *s);
    if (!s) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: store of states: close other programs");
    int opened = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL);
    int rc = opened == SQLITE_OK ? set_up(s->db, path, create, reterr) : keel_sql_fail(s->db, reterr);
    if (rc != 0) {
        keel_statestore_close(s);
        return rc;
    }
    *ret = s;
    return 0;
}

void keel_statestore_close(keel_statestore *s) {
    if (!s) return;
    (void)sqlite3_close(s->db);
    free(s);
}

/* ---- states --------------------------------------------------------------------------------------------------- */

static void hex_of(uint64_t value, char ret[17]) { (void)snprintf(ret, 17, "%016" PRIx64, value); }

static int insert_state(keel_statestore *s, int64_t taken_ms, uint64_t input, uint64_t state_hash, const char *state,
                        keel_err *err) {
    char sum[KEEL_SHA256_TEXT_MAX], hash[17];
    sqlite3_stmt *stmt = NULL;
    keel_sha256_text(state, strlen(state), sum);
    hex_of(state_hash, hash);
    KEEL_TRY(keel_sql_prepare(s->db,
                              "INSERT INTO kernel_state(timestamp_ms,state_json,checksum,input,state_hash) "
                              "VALUES(?,?,?,?,?)",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, taken_ms);
    keel_sql_bind_text(stmt, 2, state);
    keel_sql_bind_text(stmt, 3, sum);
    keel_sql_bind_int(stmt, 4, (int64_t)input);
    keel_sql_bind_text(stmt, 5, hash);
    KEEL_TRY(keel_sql_run(stmt, err));
    KEEL_TRY(keel_sql_prepare(s->db, "DELETE FROM kernel_state WHERE id <= (SELECT max(id) FROM kernel_state) - ?",
                              &stmt, err));
    keel_sql_bind_int(stmt, 1, KEEL_STATE_ROWS_KEPT);
    return keel_sql_run(stmt, err);
}

static int replace_counters(keel_statestore *s, int64_t taken_ms, const char *counters, keel_err *err) {
    sqlite3_stmt *stmt = NULL;
    KEEL_TRY(keel_sql_prepare(
        s->db, "INSERT OR REPLACE INTO operational_state(id,timestamp_ms,counters_json) VALUES(1,?,?)", &stmt, err));
    keel_sql_bind_int(stmt, 1, taken_ms);
    keel_sql_bind_text(stmt, 2, counters);
    return keel_sql_run(stmt, err);
}

int keel_statestore_put(keel_statestore *s, int64_t taken_ms, uint64_t input, uint64_t state_hash, const char *state,
                        const char *counters, keel_err *reterr) {
    KEEL_TRY(keel_sql_exec(s->db, "BEGIN IMMEDIATE", reterr));
    int rc = insert_state(s, taken_ms, input, state_hash, state, reterr);
    if (rc == 0) rc = replace_counters(s, taken_ms, counters, reterr);
    if (rc == 0) rc = keel_sql_exec(s->db, "COMMIT", reterr);
    if (rc != 0) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static char *copy_of(const unsigned char *text) {
    size_t size = text ? strlen((const char *)text) : 0;
    char *copy = malloc(size + 1);
    if (copy && size) memcpy(copy, text, size);
    if (copy) copy[size] = 0;
    return copy;
}

/* Does this row say what was written? */
static int take_row(sqlite3_stmt *stmt, keel_staterow *ret, keel_err *err) {
    char sum[KEEL_SHA256_TEXT_MAX], want[KEEL_SHA256_TEXT_MAX], hash[17];
    char *state = copy_of(sqlite3_column_text(stmt, 1)), *end = NULL;
    if (!state) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: store of states: close other programs");
    keel_sql_column_copy(stmt, 2, want, sizeof want);
    keel_sql_column_copy(stmt, 4, hash, sizeof hash);
    keel_sha256_text(state, strlen(state), sum);
    ret->taken_ms = sqlite3_column_int64(stmt, 0);
    ret->input = (uint64_t)sqlite3_column_int64(stmt, 3);
    ret->state_hash = strtoull(hash, &end, 16);
    if (strcmp(sum, want) == 0 && strlen(hash) == 16 && *end == 0) {
        ret->state = state;
        return 1;
    }
    free(state);
    ret->rejected++;
    return 0;
}

int keel_statestore_newest(keel_statestore *s, keel_staterow *ret, keel_err *reterr) {
    sqlite3_stmt *stmt = NULL;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_sql_prepare(
        s->db, "SELECT timestamp_ms,state_json,checksum,input,state_hash FROM kernel_state ORDER BY id DESC", &stmt,
        reterr));
    int rc;
    while ((rc = keel_sql_step(stmt, reterr)) == 1) {
        rc = take_row(stmt, ret, reterr);
        if (rc != 0) break;
    }
    (void)sqlite3_finalize(stmt);
    if (rc < 0) return rc;
    return rc == 1 ? 0 : keel_err_set(reterr, KEEL_E_NOT_FOUND, "no state is kept yet");
}

static int put_aside(keel_statestore *s, const char *folder, keel_err *err) {
    char path[1100];
    sqlite3_stmt *stmt = NULL;
    struct stat st;
    for (int n = 1;; n++) {
        if (snprintf(path, sizeof path, "%s/state-cut-%d.db", folder, n) >= (int)sizeof path)
            return keel_err_set(err, KEEL_E_RANGE, "path is too long: %s: use a shorter folder", folder);
        if (stat(path, &st) != 0 && errno == ENOENT) break;
    }
    int file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) return keel_err_set(err, KEEL_E_IO, "cannot make: %s: %s", path, strerror(errno));
    close(file);
    KEEL_TRY(keel_sql_prepare(s->db, "VACUUM INTO ?", &stmt, err)); /* into a file that is there and empty */
    keel_sql_bind_text(stmt, 1, path);
    return keel_sql_run(stmt, err);
}

int keel_statestore_cut(keel_statestore *s, const char *folder, uint64_t last, int64_t *ret_count, keel_err *reterr) {
    sqlite3_stmt *stmt = NULL;
    *ret_count = 0;
    KEEL_TRY(put_aside(s, folder, reterr));
    KEEL_TRY(keel_sql_prepare(s->db, "DELETE FROM kernel_state WHERE input >= ?", &stmt, reterr));
    keel_sql_bind_int(stmt, 1, (int64_t)last);
    KEEL_TRY(keel_sql_run(stmt, reterr));
    *ret_count = sqlite3_changes(s->db);
    return 0;
}

void keel_staterow_done(keel_staterow *row) {
    free(row->state);
    row->state = NULL;
}

int keel_statestore_counters(keel_statestore *s, char **ret, keel_err *reterr) {
    sqlite3_stmt *stmt = NULL;
    *ret = NULL;
    KEEL_TRY(keel_sql_prepare(s->db, "SELECT counters_json FROM operational_state WHERE id=1", &stmt, reterr));
    int rc = keel_sql_step(stmt, reterr);
    if (rc == 1) *ret = copy_of(sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    if (rc == 1 && !*ret)
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: store of states: close other programs");
    return rc < 0 ? rc : 0;
}

/* ---- resets ---------------------------------------------------------------------------------------------------- */

/* The sum over a reset and the one before it. */
static void link_of(const char *before, int64_t id, const keel_reset *r, char ret[KEEL_SHA256_TEXT_MAX]) {
    char numbers[96];
    keel_sha256 *h = keel_sha256_new();
    int size = snprintf(numbers, sizeof numbers, "%" PRId64 " %" PRId64 " %" PRId64 " %d", id, r->ts_ms, r->given_ms,
                        (int)r->counter);
    keel_sha256_add(h, before, strlen(before) + 1);
    keel_sha256_add(h, numbers, (size_t)size + 1);
    keel_sha256_add(h, r->who, strlen(r->who) + 1);
    keel_sha256_add(h, r->why, strlen(r->why) + 1);
    keel_sha256_finish_text(h, ret);
    keel_sha256_free(h);
}

typedef struct chain {
    keel_reset *list;
    int64_t count, cap;
    char last[KEEL_SHA256_TEXT_MAX];
} chain;

static int take_reset(sqlite3_stmt *stmt, chain *c, keel_err *err) {
    char word[40], said[KEEL_SHA256_TEXT_MAX], sum[KEEL_SHA256_TEXT_MAX];
    if (c->count == c->cap) {
        int64_t cap = c->cap ? 2 * c->cap : 16;
        keel_reset *list = realloc(c->list, (size_t)cap * sizeof *list);
        if (!list) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: resets: close other programs");
        c->list = list;
        c->cap = cap;
    }
    keel_reset *r = &c->list[c->count];
    memset(r, 0, sizeof *r);
    r->ts_ms = sqlite3_column_int64(stmt, 1);
    r->given_ms = sqlite3_column_int64(stmt, 2);
    keel_sql_column_copy(stmt, 3, word, sizeof word);
    keel_sql_column_copy(stmt, 4, r->who, sizeof r->who);
    keel_sql_column_copy(stmt, 5, r->why, sizeof r->why);
    keel_sql_column_copy(stmt, 6, said, sizeof said);
    int counter = keel_counter_of(word);
    int64_t id = sqlite3_column_int64(stmt, 0);
    r->counter = counter < 0 ? KEEL_COUNTER_PNL_TODAY : (keel_counter)counter;
    link_of(c->last, id, r, sum);
    if (counter < 0 || id != c->count + 1 || strcmp(sum, said) != 0)
        return keel_err_set(err, KEEL_E_PARITY,
                            "a reset was changed or taken out: reset %" PRId64
                            " of counters: put the file back from a "
                            "copy",
                            c->count + 1);
    memcpy(c->last, sum, sizeof sum);
    c->count++;
    return 0;
}

static int read_chain(keel_statestore *s, chain *c, keel_err *err) {
    sqlite3_stmt *stmt = NULL;
    memset(c, 0, sizeof *c);
    KEEL_TRY(keel_sql_prepare(
        s->db, "SELECT id,timestamp_ms,given_ms,counter,who,why,chain FROM counter_resets ORDER BY id", &stmt, err));
    int rc;
    while ((rc = keel_sql_step(stmt, err)) == 1) {
        rc = take_reset(stmt, c, err);
        if (rc != 0) break;
    }
    (void)sqlite3_finalize(stmt);
    if (rc < 0) free(c->list);
    return rc;
}

static int insert_reset(keel_statestore *s, const keel_reset *r, const chain *c, keel_err *err) {
    char sum[KEEL_SHA256_TEXT_MAX];
    sqlite3_stmt *stmt = NULL;
    link_of(c->last, c->count + 1, r, sum);
    KEEL_TRY(keel_sql_prepare(
        s->db, "INSERT INTO counter_resets(id,timestamp_ms,given_ms,counter,who,why,chain) VALUES(?,?,?,?,?,?,?)",
        &stmt, err));
    keel_sql_bind_int(stmt, 1, c->count + 1);
    keel_sql_bind_int(stmt, 2, r->ts_ms);
    keel_sql_bind_int(stmt, 3, r->given_ms);
    keel_sql_bind_text(stmt, 4, keel_counter_words[r->counter]);
    keel_sql_bind_text(stmt, 5, r->who);
    keel_sql_bind_text(stmt, 6, r->why);
    keel_sql_bind_text(stmt, 7, sum);
    return keel_sql_run(stmt, err);
}

int keel_statestore_reset(keel_statestore *s, const keel_reset *reset, keel_err *reterr) {
    chain c;
    if (!keel_counter_resettable(reset->counter))
        return keel_err_set(reterr, KEEL_E_USAGE, "this counter cannot be reset: %s: it is where the account stood",
                            keel_counter_words[reset->counter]);
    if (reset->why[0] == 0)
        return keel_err_set(reterr, KEEL_E_USAGE, "no reason is given: reset of %s: say why; it is kept with your name",
                            keel_counter_words[reset->counter]);
    KEEL_TRY(keel_sql_exec(s->db, "PRAGMA synchronous=FULL; BEGIN IMMEDIATE", reterr)); /* nothing else keeps it */
    int rc = read_chain(s, &c, reterr);
    if (rc == 0) {
        rc = insert_reset(s, reset, &c, reterr);
        free(c.list);
    }
    if (rc == 0) rc = keel_sql_exec(s->db, "COMMIT; PRAGMA synchronous=NORMAL", reterr);
    if (rc != 0) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

int keel_statestore_resets(keel_statestore *s, keel_reset **ret, int64_t *ret_count, keel_err *reterr) {
    chain c;
    KEEL_TRY(read_chain(s, &c, reterr));
    *ret = c.list;
    *ret_count = c.count;
    return 0;
}
