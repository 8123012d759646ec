/* app/cli/audit_build.c: see audit_build.h. */
#include "app/cli/audit_build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/audit_rows.h"
#include "app/cli/paper_journal.h"
#include "base/json_read.h"
#include "base/timerange.h"
#include "kernel/unit_text.h"
#include "ops/forensic/audit.h"
#include "ops/forensic/reader.h"

typedef struct job {
    keel_cli *cli;
    const keel_journal_where *where;
    keel_journal_report report;
    keel_paper_opened opened;
    keel_paper_books books;
    keel_audit_rows rows;
    keel_auditdb *db;
    keel_engine *engine;
} job;

/* ---- the trail -------------------------------------------------------------------------------------------------- */

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : NULL;
}

static int put_record(job *b, const keel_tree *t, const char *where, keel_err *err) {
    static const char *const SAME[] = {"actor", "action", "reason", "before", "after", "hash"};
    int64_t seq = 0, ts_ms = 0;
    const char *ts = text_of(t, "ts");
    if (!ts || keel_time_parse(ts, &ts_ms, NULL) != 0 || keel_json_read_int(keel_tree_find(t, "seq"), &seq) != 0)
        return keel_err_set(err, KEEL_E_PARITY, "not a record of the trail: %s: keel audit verify judges it", where);
    keel_auditdb_row(b->db, KEEL_AUDITDB_interventions);
    keel_auditdb_int(b->db, "intervention_id", ++b->rows.interventions);
    keel_auditdb_text(b->db, "source", "audit");
    keel_auditdb_int(b->db, "seq", seq);
    keel_auditdb_int(b->db, "ts_ms", ts_ms);
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        keel_auditdb_text(b->db, SAME[i], text_of(t, SAME[i]));
    keel_auditdb_put(b->db);
    return 0;
}

static int put_records(job *b, const char *dir, uint64_t count, keel_err *err) {
    keel_log_lines *lines = NULL;
    const char *text;
    size_t size;
    int rc = 0;
    KEEL_TRY(keel_log_lines_open(b->where->fs, dir, "audit", &lines, err));
    for (uint64_t i = 0; rc == 0 && i < count; i++) {
        keel_tree *tree = NULL;
        rc = keel_log_lines_next(lines, &text, &size, err);
        if (rc == 0) rc = keel_err_set(err, KEEL_E_PARITY, "the audit trail changes: %s: do it again", dir);
        if (rc == 1) rc = keel_json_parse(text, size, keel_log_lines_where(lines), &tree, err);
        if (rc == 0) rc = put_record(b, tree, keel_log_lines_where(lines), err);
        keel_tree_free(tree);
    }
    keel_log_lines_close(lines);
    return rc;
}

/* What is behind the record that the head names was not promised, and is left out. */
static int put_trail(job *b, const char *dir) {
    keel_err *err = keel_cli_err(b->cli), none = {0};
    keel_audit trail = {.fs = b->where->fs, .clock = keel_clock_real(), .dir = dir};
    keel_audit_report r;
    if (!dir) return 0;
    int rc = keel_audit_verify(&trail, NULL, &r, &none);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc != 0) return keel_err_set(err, rc, "%s", none.text);
    if (r.verdict != KEEL_AUDIT_GOOD && r.verdict != KEEL_AUDIT_UNNAMED)
        return keel_err_set(err, KEEL_E_PARITY, "the audit trail is not as it was written (%s): %s: keel audit verify",
                            keel_audit_verdict_word(r.verdict), dir);
    return put_records(b, dir, r.records, err);
}

/* ---- the journal ------------------------------------------------------------------------------------------------ */

static int replay(job *b) {
    keel_err *err = keel_cli_err(b->cli);
    const keel_engine_plan *plan = &b->opened.plan.plan;
    keel_paper_books_init(&b->books, plan->start_usd_e8, plan->symbol_count);
    keel_audit_rows_init(&b->rows, &b->books, &b->opened, b->db);
    keel_audit_rows_config(&b->rows);
    keel_engine_replay ask = {.plan = plan,
                              .watch = keel_audit_rows_watch(&b->rows),
                              .where = b->where,
                              .venue_rebuilt = 1,
                              .until_ms = INT64_MAX,
                              .last_seq = b->report.last_seq,
                              .interrupted = keel_cli_interrupted};
    KEEL_TRY(keel_engine_replay_run(&ask, &b->engine, err));
    keel_engine_counts n = keel_engine_counts_of(b->engine);
    if (n.commands_equal != n.commands || n.marks_equal != n.marks)
        return keel_err_set(err, KEEL_E_PARITY, "the journal does not come again as it was: %s: keel replay shows it",
                            b->where->dir);
    return 0;
}

static void put_run(job *b) {
    const keel_state *st = keel_engine_state(b->engine);
    keel_engine_counts n = keel_engine_counts_of(b->engine);
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, keel_state_hash(st));
    keel_auditdb_row(b->db, KEEL_AUDITDB_run);
    keel_auditdb_int(b->db, "schema_version", KEEL_AUDITDB_VERSION);
    keel_auditdb_text(b->db, "run_id", b->opened.run_id);
    keel_auditdb_text(b->db, "mode", "paper");
    keel_auditdb_text(b->db, "venue", b->opened.venue);
    keel_auditdb_text(b->db, "journal", keel_journal_verdict_word(b->report.verdict));
    keel_auditdb_int(b->db, "records", (int64_t)n.records);
    keel_auditdb_int(b->db, "cycles", (int64_t)n.inputs);
    keel_auditdb_int(b->db, "last_ts_ms", keel_engine_last_ms(b->engine));
    keel_auditdb_int(b->db, "ended", keel_engine_ended(b->engine));
    keel_auditdb_int(b->db, "start_usd_e8", b->opened.plan.plan.start_usd_e8);
    keel_auditdb_int(b->db, "equity_usd_e8", keel_state_equity(st));
    keel_auditdb_text(b->db, "state_hash", hash);
    keel_auditdb_put(b->db);
}

/* Another core may decide otherwise: what it made is not projected by this one. */
static int judge_core(const job *b) {
    const char *core = b->opened.core;
    if (core && strcmp(core, keel_unit_sha256) == 0) return 0;
    return keel_err_set(keel_cli_err(b->cli), KEEL_E_USAGE,
                        "the journal is of a build with another core: %s: make the database with build %s",
                        b->where->dir, b->opened.build);
}

static int build(job *b, const char *trail_dir, const char *output, keel_audit_built *ret) {
    keel_err *err = keel_cli_err(b->cli);
    KEEL_TRY(keel_paper_journal_judge(b->where, &b->report, err));
    KEEL_TRY(keel_paper_journal_open(b->cli, b->where, &b->opened));
    KEEL_TRY(judge_core(b));
    KEEL_TRY(keel_auditdb_begin(b->where->fs, output, &b->db, err));
    KEEL_TRY(replay(b));
    put_run(b);
    KEEL_TRY(put_trail(b, trail_dir));
    if (b->rows.no_memory || b->books.no_memory)
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory: audit database: close other programs");
    for (int t = 0; t < KEEL_AUDITDB_TABLES; t++)
        ret->rows[t] = keel_auditdb_rows(b->db, (keel_auditdb_table)t);
    (void)snprintf(ret->run_id, sizeof ret->run_id, "%s", b->opened.run_id);
    ret->state_hash = keel_state_hash(keel_engine_state(b->engine));
    ret->ended = keel_engine_ended(b->engine);
    keel_auditdb *db = b->db;
    b->db = NULL;
    return keel_auditdb_finish(db, err);
}

int keel_audit_build(keel_cli *cli, const keel_journal_where *where, const char *trail_dir, const char *output,
                     keel_audit_built *ret) {
    job *b = calloc(1, sizeof *b);
    memset(ret, 0, sizeof *ret);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: audit database: close other programs");
    b->cli = cli;
    b->where = where;
    int rc = build(b, trail_dir, output, ret);
    keel_auditdb_abandon(b->db);
    keel_engine_abandon(b->engine);
    keel_paper_books_done(&b->books);
    keel_paper_opened_done(&b->opened);
    free(b);
    return rc;
}
