/* app/cli/replay.c: keel replay: a journaled run again, from its journal alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/events_whole.h"
#include "app/cli/paper_books.h"
#include "app/cli/paper_journal.h"
#include "app/cli/paper_log.h"
#include "app/cli/paper_several.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/timerange.h"
#include "engine/state_json.h"
#include "num/hash.h"
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
        "A run of several strategies is replayed strategy by strategy; RUN/strategies/NAME is one of them alone.\n"
        "Exit code 0 when all are equal, 6 when something differs or the journal is damaged.\n",
    .reports = 1};

enum { MANIFEST_MAX = 1 << 20 };

typedef struct job {
    keel_cli *cli;
    char given[KEEL_FS_PATH_MAX]; /* folder */
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
        KEEL_TRY(keel_events_begin(dir, keel_cli_err(b->cli)));
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
    int ended = b->engine && keel_engine_ended(b->engine);
    int kept = keel_paper_log_close(b->cli, &b->log, ended, NULL, NULL, rc == 0 ? err : NULL);
    if (rc == 0) rc = kept;
    if (rc == 0 && keel_cli_option(b->cli, "events")) rc = keel_events_whole(keel_cli_option(b->cli, "events"), err);
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

static void head_json(keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.replay");
    keel_json_kint(j, "schema_version", 1);
}

/* As members of the object that is open. */
static void members_json(const job *b, keel_json *j) {
    char time[KEEL_TIME_TEXT_MAX];
    const keel_state *st = keel_engine_state(b->engine);
    keel_engine_counts n = keel_engine_counts_of(b->engine);
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
}

static int say_json(const job *b) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(b->cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    head_json(j);
    members_json(b, j);
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

/* ---- one run ---------------------------------------------------------------------------------------------------- */

static int replay_one(job *b) {
    b->in.where.dir = b->given;
    KEEL_TRY(keel_paper_journal_find(&b->in.where, b->dir, keel_cli_err(b->cli)));
    KEEL_TRY(read_to(b));
    read_manifest(b, b->given);
    return run(b);
}

static int judge(const job *b) {
    keel_err *err = keel_cli_err(b->cli);
    if (is_equal(b)) return 0;
    if (b->difference.code) return keel_err_set(err, KEEL_E_PARITY, "%s", b->difference.text);
    const keel_shadow *w = &b->books.shadow;
    if (w->breaches > 0)
        return keel_err_set(err, KEEL_E_PARITY,
                            "the shadow ledger has other books: %s: event %" PRIu64 ", %s: please report this run",
                            b->given, w->first.seq, keel_shadow_figure_word(w->first.figure));
    return keel_err_set(err, KEEL_E_PARITY,
                        "the replay ends at another state than the run's manifest says: %s: the manifest or the "
                        "journal is of another run",
                        b->given);
}

static void job_done(job *b) {
    keel_engine_abandon(b->engine);
    keel_paper_books_done(&b->books);
    keel_paper_opened_done(&b->opened);
    free(b);
}

/* ---- several strategies ------------------------------------------------------------------------------------------ */

/* What all of them come to. */
typedef struct several {
    keel_cli *cli;
    const keel_journal_cli *in;
    const char *given;
    keel_json *json; /* NULL: text */
    keel_engine_counts sum;
    keel_hash hash;
    int ended, equal;
    keel_err worst; /* the first with the highest exit code */
} several;

static void note(several *x) {
    const keel_err *err = keel_cli_err(x->cli);
    if (x->equal || keel_err_exit_code(err->code) > keel_err_exit_code(x->worst.code)) x->worst = *err;
    x->equal = 0;
}

static void add(several *x, const job *b) {
    keel_engine_counts n = keel_engine_counts_of(b->engine);
    x->sum.inputs += n.inputs;
    x->sum.events += n.events;
    x->sum.commands += n.commands;
    x->sum.commands_equal += n.commands_equal;
    x->sum.marks += n.marks;
    x->sum.marks_equal += n.marks_equal;
    keel_hash_u64(&x->hash, keel_state_hash(keel_engine_state(b->engine)));
    x->ended = x->ended && keel_engine_ended(b->engine);
    if (judge(b) != 0) note(x);
}

/* One that could not be replayed is not equal; the others are looked at all the same. */
static void add_failed(several *x, const char *name) {
    const char *why = keel_cli_err(x->cli)->text;
    x->ended = 0;
    note(x);
    if (!x->json) {
        (void)printf("%s: DIFFERENT: %s\n", name, why);
        return;
    }
    keel_json_object(x->json);
    keel_json_kstring(x->json, "name", name);
    keel_json_kbool(x->json, "equal", 0);
    keel_json_kstring(x->json, "difference", why);
    keel_json_close(x->json);
}

static int replay_member(several *x, const char *name) {
    job *b = calloc(1, sizeof *b);
    keel_err *err = keel_cli_err(x->cli);
    if (!b) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: replay: close other programs");
    b->cli = x->cli;
    b->in = *x->in;
    (void)snprintf(b->given, sizeof b->given, "%.*s/%s/%s", KEEL_FS_PATH_MAX - 128, x->given, KEEL_PAPER_SEVERAL_FOLDER,
                   name);
    int rc = replay_one(b);
    if (rc == 0) {
        add(x, b);
        if (x->json) {
            keel_json_object(x->json);
            keel_json_kstring(x->json, "name", name);
            members_json(b, x->json);
            keel_json_close(x->json);
        } else {
            (void)printf("%s: ", name);
            rc = say_text(b);
        }
    } else if (rc != KEEL_E_INTERRUPTED && rc != KEEL_E_NOMEM) {
        add_failed(x, name);
        rc = 0;
    }
    job_done(b);
    return rc;
}

/* The hash of several is that of the run's manifest: over theirs, in order of name. */
static int say_sum(several *x, const job *whole) {
    uint64_t hash = keel_hash_digest(&x->hash);
    int compared = whole->has_manifest && x->ended;
    if (x->equal && compared && hash != whole->manifest_hash) {
        x->equal = 0;
        x->worst.code = keel_err_set(&x->worst, KEEL_E_PARITY,
                                     "the strategies end at other states than the run's manifest says: %s: the "
                                     "manifest or a journal is of another run",
                                     x->given);
    }
    if (!x->json) {
        (void)printf("all: %s, state hash %016" PRIx64 "\n", x->equal ? "equal" : "DIFFERENT", hash);
        return 0;
    }
    keel_json_close(x->json);
    keel_json_kint(x->json, "inputs", (int64_t)x->sum.inputs);
    keel_json_kint(x->json, "events", (int64_t)x->sum.events);
    keel_json_kint(x->json, "commands", (int64_t)x->sum.commands);
    keel_json_kint(x->json, "commands_equal", (int64_t)x->sum.commands_equal);
    keel_json_kint(x->json, "checkpoints", (int64_t)x->sum.marks);
    keel_json_kint(x->json, "checkpoints_equal", (int64_t)x->sum.marks_equal);
    hash_json(x->json, "state_hash", 1, hash);
    hash_json(x->json, "recorded_state_hash", compared, whole->manifest_hash);
    keel_json_kbool(x->json, "equal", x->equal);
    keel_json_kstring(x->json, "difference", x->equal ? NULL : x->worst.text);
    keel_json_close(x->json);
    return keel_cli_print_json(x->cli, x->json);
}

static int replay_all(job *whole, const keel_list *names) {
    keel_cli *cli = whole->cli;
    several x = {.cli = cli, .in = &whole->in, .given = whole->given, .ended = 1, .equal = 1};
    if (keel_cli_option(cli, "events"))
        return keel_cli_refuse_option(cli, "events", "is of one strategy: name the folder strategies/NAME of the run");
    read_manifest(whole, whole->given);
    KEEL_TRY(read_to(whole));
    if (whole->until_seq)
        return keel_cli_refuse_option(cli, "to",
                                      "numbers a record of one journal: give a time, or the folder strategies/NAME");
    keel_hash_init(&x.hash);
    if (keel_cli_json(cli)) {
        x.json = keel_json_new(2);
        if (!x.json)
            return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
        head_json(x.json);
        keel_json_key(x.json, "strategies");
        keel_json_array(x.json);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = replay_member(&x, names->items[i]);
    if (rc == 0) rc = say_sum(&x, whole);
    keel_json_free(x.json);
    if (rc != 0 || x.equal) return rc;
    return keel_err_set(keel_cli_err(cli), x.worst.code, "%s", x.worst.text);
}

static int work(job *b) {
    keel_list names;
    KEEL_TRY(keel_journal_cli_where(b->cli, &b->in));
    (void)snprintf(b->given, sizeof b->given, "%s", b->in.where.dir);
    KEEL_TRY(keel_paper_several_names(b->given, &names, keel_cli_err(b->cli)));
    int rc = names.count ? replay_all(b, &names) : replay_one(b);
    int one = names.count == 0;
    keel_list_done(&names);
    if (rc != 0 || !one) return rc;
    KEEL_TRY(keel_cli_json(b->cli) ? say_json(b) : say_text(b));
    return judge(b);
}

int keel_verb_replay(keel_cli *cli) {
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: replay: close other programs");
    b->cli = cli;
    int rc = work(b);
    job_done(b);
    return rc;
}
