/* app/cli/replay.c: keel replay: a journaled run again, from its journal alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/paper_books.h"
#include "app/cli/paper_journal.h"
#include "app/cli/paper_log.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/timerange.h"
#include "engine/state_json.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"to", "SEQ|TIME", "stop behind this record, or behind what was known at this time, and show the state", 0},
    {"state", NULL, "show the state at the end, too", 0},
    {"events", "DIR", "write events, metrics and rollups of the run into this folder, which is made", 0},
    {"trace", "N", "with --events: trace.jsonl, too: every Nth step of the core; default 0: none", 0},
    {0}};

const keel_cli_verb keel_verb_replay_info = {
    .noun = "replay",
    .run = keel_verb_replay,
    .summary = "run a journal again: every order, every checkpoint, the state at any moment",
    .example = "keel replay runs/paper --to 2023-02-01T12:00Z",
    .positionals = "RUN|JOURNAL",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_journal_cli_options, OPTIONS},
    .notes =
        "Inputs and reports come from the journal, orders from the core: each is compared with the recorded one, and\n"
        "the state with every recorded checkpoint. SEQ is a record's number as `keel journal show` prints it.\n"
        "Exit code 0 when all are equal, 6 when something differs or the journal is damaged.\n",
    .reports = 1};

enum { MANIFEST_MAX = 1 << 20 };

typedef struct job {
    keel_cli *cli;
    keel_journal_cli in;
    char dir[KEEL_FS_PATH_MAX];
    keel_journal_report report;
    keel_paper_opened opened;
    keel_paper_books books;
    keel_paper_log log;
    keel_engine *engine;
    uint64_t until_seq;
    int64_t until_ms;
    uint64_t manifest_hash;
    int has_manifest;
    keel_err difference; /* code 0: none */
} job;

/* How the run said it ended; a run that has not ended has no manifest. */
static void read_manifest(job *b, const char *folder) {
    char path[KEEL_FS_PATH_MAX + 32], *text = NULL;
    const char *hash = NULL;
    size_t size = 0;
    keel_tree *tree = NULL;
    keel_err ignored = {0};
    (void)snprintf(path, sizeof path, "%.1000s/manifest.json", folder);
    if (keel_file_read(path, MANIFEST_MAX, &text, &size, &ignored) == 0 &&
        keel_json_parse(text, size, path, &tree, &ignored) == 0 &&
        keel_json_read_string(keel_tree_find(tree, "state_hash"), &hash) == 0) {
        b->manifest_hash = strtoull(hash, NULL, 16);
        b->has_manifest = 1;
    }
    keel_tree_free(tree);
    free(text);
}

static int read_to(job *b) {
    const char *to = keel_cli_option(b->cli, "to");
    b->until_ms = INT64_MAX;
    if (!to) return 0;
    size_t digits = strspn(to, "0123456789");
    int is_time = to[digits] != 0 || digits == 8 || digits == 10 || digits >= 13;
    if (is_time) return keel_time_parse(to, &b->until_ms, keel_cli_err(b->cli));
    int64_t seq = 0;
    KEEL_TRY(keel_cli_option_int(b->cli, "to", 1, INT64_MAX, &seq));
    b->until_seq = (uint64_t)seq;
    return 0;
}

/* The record of the run is made again in a folder of its own. */
static int open_log(job *b) {
    const char *dir = keel_cli_option(b->cli, "events");
    const keel_fs *fs = keel_fs_real();
    int64_t trace = 0;
    KEEL_TRY(keel_cli_option_int(b->cli, "trace", 0, INT64_MAX, &trace));
    if (dir) {
        int rc = fs->mkdir(fs->ctx, dir);
        if (rc != 0) return keel_fs_fail(rc, "cannot make folder", dir, keel_cli_err(b->cli));
    }
    keel_paper_log_run run = {.run_id = b->opened.run_id,
                              .strategy = b->opened.strategy,
                              .config_id = b->opened.config_id,
                              .dataset_hash = b->opened.dataset_hash,
                              .build = b->opened.build,
                              .venue = b->opened.venue,
                              .symbols = b->opened.symbols,
                              .trace_every = (uint64_t)trace};
    keel_engine_watch inner = keel_paper_books_watch(&b->books);
    return keel_paper_log_open(&b->log, dir, &run, &b->opened.plan.plan, &inner, keel_cli_err(b->cli));
}

static int run(job *b) {
    keel_err *err = keel_cli_err(b->cli);
    KEEL_TRY(keel_paper_journal_judge(&b->in.where, &b->report, err));
    KEEL_TRY(keel_paper_journal_open(b->cli, &b->in.where, &b->opened));
    const keel_engine_plan *plan = &b->opened.plan.plan;
    keel_paper_books_init(&b->books, plan->start_usd_e8, plan->symbol_count);
    KEEL_TRY(open_log(b));
    keel_paper_books_shadow(&b->books, plan);
    keel_engine_replay replay = {.plan = plan,
                                 .watch = keel_paper_log_watch(&b->log),
                                 .where = &b->in.where,
                                 .venue_rebuilt = 1,
                                 .until_seq = b->until_seq,
                                 .until_ms = b->until_ms,
                                 .last_seq = b->report.last_seq,
                                 .interrupted = keel_cli_interrupted};
    keel_paper_log_go_live(&b->log); /* the folder is new */
    int rc = keel_engine_replay_run(&replay, &b->engine, err);
    keel_paper_log_close(b->cli, &b->log, b->engine && keel_engine_ended(b->engine), NULL, NULL);
    if (rc != KEEL_E_PARITY || !b->engine) return rc;
    b->difference = *err;
    return 0;
}

/* ---- saying it -------------------------------------------------------------------------------------------------- */

/* Only a whole replay of a run that ended can be held against its manifest. */
static int compares(const job *b) { return b->has_manifest && keel_engine_ended(b->engine); }

static int is_equal(const job *b) {
    keel_engine_counts n = keel_engine_counts_of(b->engine);
    if (b->difference.code || n.commands_equal != n.commands || n.marks_equal != n.marks) return 0;
    if (b->books.shadow.breaches > 0) return 0;
    return !compares(b) || b->manifest_hash == keel_state_hash(keel_engine_state(b->engine));
}

static void hash_json(keel_json *j, const char *key, int there, uint64_t hash) {
    char text[17];
    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    keel_json_kstring(j, key, there ? text : NULL);
}

static int shows_state(const job *b) { return keel_cli_option(b->cli, "to") || keel_cli_flag(b->cli, "state"); }

static int say_json(const job *b) {
    char time[KEEL_TIME_TEXT_MAX];
    const keel_state *st = keel_engine_state(b->engine);
    keel_engine_counts n = keel_engine_counts_of(b->engine);
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(b->cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.replay");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", b->opened.run_id);
    keel_json_kstring(j, "config_id", b->opened.config_id);
    keel_json_kstring(j, "strategy", b->opened.strategy);
    keel_json_kstring(j, "journal", keel_journal_verdict_word(b->report.verdict));
    keel_json_kint(j, "records", (int64_t)b->report.records);
    keel_json_kint(j, "record", (int64_t)n.records);
    keel_json_kstring(j, "time", keel_time_format(keel_engine_last_ms(b->engine), time));
    keel_json_kbool(j, "ended", keel_engine_ended(b->engine));
    keel_json_kint(j, "inputs", (int64_t)n.inputs);
    keel_json_kint(j, "events", (int64_t)n.events);
    keel_json_kint(j, "commands", (int64_t)n.commands);
    keel_json_kint(j, "commands_equal", (int64_t)n.commands_equal);
    keel_json_kint(j, "checkpoints", (int64_t)n.marks);
    keel_json_kint(j, "checkpoints_equal", (int64_t)n.marks_equal);
    keel_json_kint(j, "trades", b->books.result.trade_count);
    keel_json_kint(j, "shadow_checks", (int64_t)b->books.shadow.checks);
    keel_json_kint(j, "shadow_breaches", b->books.shadow.breaches);
    keel_json_ke8(j, "equity_usd", keel_state_equity(st));
    hash_json(j, "state_hash", 1, keel_state_hash(st));
    hash_json(j, "recorded_state_hash", compares(b), b->manifest_hash);
    keel_json_kbool(j, "equal", is_equal(b));
    keel_json_kstring(j, "difference", b->difference.code ? b->difference.text : NULL);
    if (shows_state(b)) {
        keel_json_key(j, "state");
        keel_state_json_write(st, b->opened.symbols, j);
    }
    keel_json_close(j);
    int rc = keel_cli_print_json(b->cli, j);
    keel_json_free(j);
    return rc;
}

static int say_state(const job *b) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(b->cli), KEEL_E_NOMEM, "out of memory: state: close other programs");
    keel_state_json_write(keel_engine_state(b->engine), b->opened.symbols, j);
    int rc = keel_cli_print_json(b->cli, j);
    keel_json_free(j);
    return rc;
}

static const char *why(const job *b) {
    if (b->difference.code) return b->difference.text;
    if (b->books.shadow.breaches > 0) return "the shadow ledger has other books";
    return is_equal(b) ? "the same inputs gave the same orders and the same state"
                       : "the state is not the recorded one";
}

static int say_text(const job *b) {
    char time[KEEL_TIME_TEXT_MAX];
    const keel_state *st = keel_engine_state(b->engine);
    keel_engine_counts n = keel_engine_counts_of(b->engine);
    (void)printf("%s: %s\n", is_equal(b) ? "equal" : "DIFFERENT", why(b));
    (void)printf("  run          %s, %s\n", b->opened.run_id, b->opened.strategy);
    (void)printf("  up to        record %" PRIu64 " of %" PRIu64 ", %s, %s\n", n.records, b->report.last_seq,
                 keel_time_format(keel_engine_last_ms(b->engine), time),
                 keel_engine_ended(b->engine) ? "the end of the run" : "not the end of the run");
    (void)printf("  worked       %" PRIu64 " inputs, %" PRIu64 " events, %" PRId64 " trades\n", n.inputs, n.events,
                 b->books.result.trade_count);
    (void)printf("  orders       %" PRIu64 " of %" PRIu64 " as recorded\n", n.commands_equal, n.commands);
    (void)printf("  shadow       %" PRIu64 " checks by the shadow ledger, %" PRId32 " breaches\n",
                 b->books.shadow.checks, b->books.shadow.breaches);
    (void)printf("  checkpoints  %" PRIu64 " of %" PRIu64 " as recorded\n", n.marks_equal, n.marks);
    (void)printf("  state hash   %016" PRIx64, keel_state_hash(st));
    if (compares(b)) (void)printf(", the run's own %016" PRIx64, b->manifest_hash);
    (void)printf("\n");
    return shows_state(b) ? say_state(b) : 0;
}

static int work(job *b) {
    keel_err *err = keel_cli_err(b->cli);
    KEEL_TRY(keel_journal_cli_where(b->cli, &b->in));
    const char *given = b->in.where.dir;
    KEEL_TRY(keel_paper_journal_find(&b->in.where, b->dir, err));
    KEEL_TRY(read_to(b));
    read_manifest(b, given);
    KEEL_TRY(run(b));
    KEEL_TRY(keel_cli_json(b->cli) ? say_json(b) : say_text(b));
    if (is_equal(b)) return 0;
    if (b->difference.code) return keel_err_set(err, KEEL_E_PARITY, "%s", b->difference.text);
    const keel_shadow *w = &b->books.shadow;
    if (w->breaches > 0)
        return keel_err_set(err, KEEL_E_PARITY,
                            "the shadow ledger has other books: %s: event %" PRIu64 ", %s: please report this run",
                            given, w->first.seq, keel_shadow_figure_word(w->first.figure));
    return keel_err_set(err, KEEL_E_PARITY,
                        "the replay ends at another state than the run's manifest says: %s: the manifest or the "
                        "journal is of another run",
                        given);
}

int keel_verb_replay(keel_cli *cli) {
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: replay: close other programs");
    b->cli = cli;
    int rc = work(b);
    keel_engine_abandon(b->engine);
    keel_paper_books_done(&b->books);
    keel_paper_opened_done(&b->opened);
    free(b);
    return rc;
}
