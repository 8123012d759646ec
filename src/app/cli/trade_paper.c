/* app/cli/trade_paper.c: keel trade paper: a run by the engine, journaled, against a simulated venue. Configuration,
 * data and report are those of a backtest; what differs is who executes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli/audit_common.h"
#include "app/cli/backtest_job.h"
#include "app/cli/folders.h"
#include "app/cli/journal_common.h"
#include "app/cli/paper_after.h"
#include "app/cli/paper_books.h"
#include "app/cli/paper_control.h"
#include "app/cli/paper_driver.h"
#include "app/cli/paper_journal.h"
#include "app/cli/paper_keeper.h"
#include "app/cli/paper_log.h"
#include "app/cli/paper_orders.h"
#include "app/cli/paper_recovery.h"
#include "app/cli/paper_several.h"
#include "app/cli/paper_shadow.h"
#include "app/cli/paper_source.h"
#include "app/cli/paper_start.h"
#include "app/cli/parity_status.h"
#include "app/cli/sweep_folder.h"
#include "base/build.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"run", "DIR",
     "folder of the run and its journal; the same command goes on with it; default in a home: "
     "runs/<run_id>-paper",
     0},
    {"feed", "FILE,..|synth:SEED",
     "instead of --store: candle and funding files, or a synthetic market; kept in the run's folder", 0},
    {"speed", "max|real", "as fast as it goes, or as fast as the market was; default max", 0},
    {"batch", "N", "inputs made durable by one sync, 1 to 256; default 64 at full speed, 1 at real pace", 0},
    {"state-every", "BARS",
     "keep state and counters in state.db after so many bars; default 1000 at full speed, else 1", 0},
    {"sign-key", "FILE", "sign the journal with this key (64 hex digits); made when it is not there", 0},
    {"trace", "N", "also write trace.jsonl: every Nth step of the core; default 0: none", 0},
    {"alert-command", "FILE", "run this program for each record that needs attention, which it gets on standard input",
     0},
    {"cancel-orders", NULL, "call back every order that is at work, then go on; those that close, too", 0},
    {"pause", NULL, "from here on only orders that reduce a position leave, until a start with --resume", 0},
    {"resume", NULL, "allow entries again, of a run in safe mode after damage, paused or halted", 0},
    {"reason", "TEXT",
     "with --resume, --pause or --cancel-orders: why; kept with your name in the audit trail, without secrets", 0},
    {"key-file", "FILE", "encrypt the journal with this key (64 hex digits); made when it is not there", 0},
    {0}};

const keel_cli_verb keel_verb_trade_paper_info = {
    .noun = "trade",
    .verb = "paper",
    .run = keel_verb_trade_paper,
    .summary = "trade recorded candles with a journal and a simulated venue",
    .example = "keel trade paper --store data --strategy trend --symbols BTCUSDT --timeframe 1h --run runs/paper",
    .options = {keel_run_config_options, keel_sweep_folder_options, keel_backtest_run_options, keel_paper_model_options,
                OPTIONS},
    .reports = 1,
    .notes =
        "Every input is durable before the books change, every order before it is sent. Killed at any moment, the\n"
        "same command goes on where it was, and ends at the state hash of `keel backtest run` with the same flags.\n"
        "Several strategies run side by side, each with its own balance, books, journal and folder strategies/NAME.\n"
        "What is written, and how to look into it: docs/paper-and-replay.md.\n"};

static const char *const SPEEDS[] = {"max", "real"};
enum { SNAPSHOT_MS = 300000 }; /* at real pace; at full speed records count */
enum { CADENCE_MS = 10000 };   /* of timers at real pace, and of what is looked at beside the run */
enum { SPEED_MAX, SPEED_REAL, SPEED_COUNT, BATCH_AT_MAX = 64, EVERY_AT_MAX = 1000, PATH_SIZE = KEEL_FS_PATH_MAX };

typedef struct paper {
    keel_cli *cli;
    int speed;
    int64_t batch, every, trace;
    keel_paper_model model;
    char store[KEEL_PAPER_SOURCE_PATH];
    keel_paper_feed_lock feed;
    char folder[PATH_SIZE], journal[PATH_SIZE + 16];
    uint8_t sign_key[KEEL_KEY_SIZE], key[KEEL_KEY_SIZE];
    int has_sign_key, has_key;
    keel_retain_rules keep; /* of the log */
    int64_t part_bytes;
    int audit_db;
    const keel_run_config *run;
    const keel_backtest_data *data;
    const keel_backtest_accounts *accounts;
    const char *run_id;
    const keel_backtest_job *job;
    int32_t part;               /* of several strategies this one alone, counted from 1; 0: whatever there is */
    keel_paper_several several; /* run NULL: there is one */
    const keel_paper_asked_all *asked; /* of this one before it began; NULL: it is no part of several */
} paper;

/* ---- before the run --------------------------------------------------------------------------------------------- */

static int read_options(paper *p) {
    KEEL_TRY(keel_cli_option_enum(p->cli, "speed", SPEEDS, SPEED_COUNT, &p->speed));
    p->batch = p->speed == SPEED_MAX ? BATCH_AT_MAX : 1;
    KEEL_TRY(keel_cli_option_int(p->cli, "batch", 1, KEEL_ENGINE_BATCH_MAX, &p->batch));
    KEEL_TRY(keel_paper_model_read(p->cli, &p->model));
    KEEL_TRY(keel_cli_option_int(p->cli, "trace", 0, INT64_MAX, &p->trace));
    if (keel_cli_option(p->cli, "alert-command"))
        KEEL_TRY(keel_program_check(keel_cli_option(p->cli, "alert-command"), keel_cli_err(p->cli)));
    int orders =
        keel_cli_flag(p->cli, "resume") || keel_cli_flag(p->cli, "pause") || keel_cli_flag(p->cli, "cancel-orders");
    if (keel_cli_option(p->cli, "reason") && !orders)
        return keel_cli_refuse_option(p->cli, "reason", "goes with --resume, --pause or --cancel-orders");
    KEEL_TRY(keel_journal_cli_key(p->cli, "sign-key", p->sign_key, &p->has_sign_key));
    p->every = p->speed == SPEED_MAX ? EVERY_AT_MAX : 1;
    KEEL_TRY(keel_cli_option_int(p->cli, "state-every", 1, 1000000000, &p->every));
    return keel_journal_cli_key(p->cli, "key-file", p->key, &p->has_key);
}

static int choose_folder(paper *p, const char *run_id) {
    const char *given = keel_cli_option(p->cli, "run");
    const keel_cli_home *home = NULL;
    int size;
    if (given) {
        size = snprintf(p->folder, sizeof p->folder, "%s", given);
        while (size > 1 && size < (int)sizeof p->folder && p->folder[size - 1] == '/')
            p->folder[--size] = 0;
    } else {
        KEEL_TRY(keel_cli_home_find(p->cli, &home));
        if (!home)
            return keel_err_set(keel_cli_err(p->cli), KEEL_E_USAGE,
                                "no folder for the run: keel trade paper: add --run DIR, or keel init a home");
        int here = strcmp(home->folder, ".") == 0;
        size = snprintf(p->folder, sizeof p->folder, "%s%sruns/%s-paper", here ? "" : home->folder, here ? "" : "/",
                        run_id);
    }
    if (size >= (int)sizeof p->folder - 64)
        return keel_err_set(keel_cli_err(p->cli), KEEL_E_USAGE, "path is too long: %.80s: choose another", p->folder);
    (void)snprintf(p->journal, sizeof p->journal, "%s/journal", p->folder);
    return 0;
}

/* What is kept of the run. Section log of its configuration. */
static void read_log_rows(paper *p, const keel_config *c) {
    p->audit_db = keel_config_get_int(c, "log.audit_db") != 0;
    p->part_bytes = keel_config_get_int(c, "log.part_size");
    p->keep.size_max = keel_config_get_int(c, "log.keep_size");
    p->keep.keep_ms[KEEL_RETAIN_EVENTS] = keel_config_get_int(c, "log.keep_events");
    p->keep.keep_ms[KEEL_RETAIN_ROLLUPS] = p->keep.keep_ms[KEEL_RETAIN_EVENTS];
    p->keep.keep_ms[KEEL_RETAIN_METRICS] = keel_config_get_int(c, "log.keep_metrics");
    p->keep.keep_ms[KEEL_RETAIN_TRACE] = keel_config_get_int(c, "log.keep_trace");
}

static int run_mode(paper *p);

/* One of several, in a process of its own: as if it were alone. */
static int work_alone(void *data, int32_t i, const char *folder, const keel_paper_asked_all *asked) {
    paper *p = data;
    p->part = i + 1;
    p->asked = asked;
    p->several.run = NULL;
    (void)snprintf(p->folder, sizeof p->folder, "%s", folder);
    (void)snprintf(p->journal, sizeof p->journal, "%s/journal", folder);
    return run_mode(p);
}

/* Into its own trail, as it would have done; where it was killed before it had one, a trail begins that says so. */
static void note_crash(void *data, const char *folder, const char *why) {
    const paper *p = data;
    char actor[KEEL_AUDIT_ACTOR_MAX], dir[PATH_SIZE + 16], run_id[KEEL_PAPER_RUN_ID_SIZE];
    keel_journal_where where = {keel_fs_real(), dir, NULL, p->has_key ? p->key : NULL, NULL};
    keel_err failed = {0};
    keel_alerts *alerts = NULL;
    keel_audit trail = {.fs = keel_fs_real(),
                        .clock = keel_clock_real(),
                        .dir = folder,
                        .sign_seed = p->has_sign_key ? p->sign_key : NULL};
    keel_audit_entry entry = {keel_audit_actor(actor), "run_crashed", why, NULL, NULL};
    (void)snprintf(dir, sizeof dir, "%.*s/journal", PATH_SIZE - 1, folder);
    trail.has_begun = keel_paper_journal_run_id(&where, run_id);
    trail.run_id = trail.has_begun ? run_id : p->run_id; /* killed before it had a record: the whole run's */
    int rc = keel_audit_alerts_open(p->cli, &trail, &alerts);
    if (rc == 0) rc = keel_audit_append(&trail, &entry, &failed);
    keel_audit_alerts_close(p->cli, alerts);
    if (rc != 0) keel_cli_warn(p->cli, "the crash is not in its trail: %s", failed.text);
}

static int begun(void *data, keel_err *err) {
    const paper *p = data;
    return keel_backtest_begun(p->job, p->folder, err);
}

static int run_several(paper *p, keel_err *err) {
    p->several = (keel_paper_several){.cli = p->cli,
                                      .run = p->run,
                                      .accounts = p->accounts,
                                      .folder = p->folder,
                                      .run_id = p->run_id,
                                      .key = p->has_key ? p->key : NULL,
                                      .together = p->speed == SPEED_REAL,
                                      .work = work_alone,
                                      .begun = begun,
                                      .crashed = note_crash,
                                      .data = p};
    return keel_paper_several_run(&p->several, err);
}

static int prepare(void *data, const keel_backtest_job *job, const char **ret_folder, keel_err *err) {
    paper *p = data;
    const keel_run_config *run = &job->run;
    if (run->part_count > 0 && run->shared)
        return keel_err_set(err, KEEL_E_USAGE,
                            "several strategies on one account: keel trade paper: give each its own (--accounts "
                            "separate)");
    if (keel_cli_option(p->cli, "export-decisions"))
        return keel_cli_refuse_option(p->cli, "export-decisions", "is of backtests: run one with the same flags");
    p->job = job;
    p->run = run;
    p->data = &job->data;
    p->accounts = &job->accounts;
    p->run_id = job->run_id;
    read_log_rows(p, run->config);
    if (!p->part) KEEL_TRY(choose_folder(p, p->run_id));
    KEEL_TRY(keel_folders_make(p->folder, 0700, err));
    *ret_folder = p->folder;
    return run->part_count > 0 ? run_several(p, err) : 0;
}

/* The market of --feed, which lies in the run's folder. */
static int open_feed(paper *p) {
    const char *run = keel_cli_option(p->cli, "run");
    if (keel_cli_option(p->cli, "feed") && run && strlen(run) < sizeof p->folder)
        KEEL_TRY(keel_folders_make(run, 0700, keel_cli_err(p->cli)));
    return keel_paper_source_open(p->cli, run, p->store, &p->feed);
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

/* Everything a run needs; large, so on the heap. */
typedef struct session {
    const paper *p;
    keel_paper_plan plan;
    keel_paper_feed feed;
    keel_paper_driver driver;
    keel_paper_disk disk;
    keel_paper_books books;
    keel_paper_keeper keeper;
    keel_paper_log log;
    keel_paper_shadow shadow;
    const char *symbols[KEEL_SYMBOLS_MAX];
    keel_sim_venue venue;
    keel_engine_recovery recovery;
    keel_strbuf start;
    keel_engine *engine;
    keel_alerts *alerts; /* NULL: nobody is told */
    keel_paper_control control;
    int has_begun;       /* its journal was there before this start, or its start is recorded */
} session;

static int open_engine(const paper *p, session *s, keel_err *err) {
    keel_journal_options journal = {.fs = keel_fs_real(),
                                    .clock = keel_clock_real(),
                                    .entropy = keel_entropy_real(),
                                    .dir = p->journal,
                                    .name = "engine",
                                    .sign_seed = p->has_sign_key ? p->sign_key : NULL,
                                    .encrypt_key = p->has_key ? p->key : NULL,
                                    .on_damage = KEEL_JOURNAL_REFUSE,
                                    .segment_bytes = 4 << 20,
                                    .rotate_ms = -1};
    if (!keel_unhex(p->run->config_id, journal.config_id, sizeof journal.config_id))
        memset(journal.config_id, 0, sizeof journal.config_id);
    keel_engine_options o = {.plan = &s->plan.plan,
                             .watch = keel_paper_log_watch(&s->log),
                             .venue = &s->venue.port,
                             .venue_rebuilt = 1,
                             .journal = &journal,
                             .start = keel_strbuf_text(&s->start),
                             .start_size = s->start.size,
                             .batch = (uint32_t)p->batch,
                             .snapshot_ms = p->speed == SPEED_REAL ? SNAPSHOT_MS : 0,
                             .scrub_ms = keel_config_get_int(p->run->config, "journal.scrub_every")};
    KEEL_TRY(keel_engine_open(&o, &s->engine, &s->recovery, err));
    const keel_journal_recovery *j = &s->recovery.journal;
    int is_cut = j->safe_mode || (j->damages > 0 && s->recovery.held_back == KEEL_ENGINE_SAFE_MODE);
    KEEL_TRY(keel_paper_keeper_go_live(&s->keeper, keel_engine_last_input(s->engine),
                                       keel_state_hash(keel_engine_state(s->engine)), is_cut, err));
    return keel_paper_recovery_tell(
        &(keel_paper_recovery){p->folder, p->run_id, s->symbols, s->engine, &s->recovery, &s->keeper}, err);
}

static int open_log(const paper *p, session *s, keel_err *err) {
    keel_engine_watch inner = keel_paper_keeper_watch(&s->keeper);
    keel_paper_log_run run = {.run_id = p->run_id,
                              .strategy = p->run->strategy,
                              .config_id = p->run->config_id,
                              .dataset_hash = p->data->dataset_hash,
                              .build = keel_build_id(),
                              .venue = p->data->venue,
                              .symbols = s->symbols,
                              .trace_every = (uint64_t)p->trace,
                              .part_bytes = (uint64_t)p->part_bytes,
                              .alerts = s->alerts};
    return keel_paper_log_open(&s->log, p->folder, &run, &s->plan.plan, &inner, err);
}

static int run_engine(const paper *p, session *s, const keel_exec_options *o, int *ret_ended, keel_err *err) {
    keel_ring_counts n;
    keel_paper_look at_times = {keel_clock_real(), CADENCE_MS, keel_paper_shadow_keep, &s->shadow};
    s->shadow = (keel_paper_shadow){p->cli, p->folder, p->run_id, s->symbols, &s->books.shadow, s->engine, 0};
    s->driver.between = keel_paper_control_look;
    s->driver.between_data = &s->control;
    int rc = keel_paper_driver_start(&s->driver, &s->feed, &s->books.shadow, &at_times, p->speed == SPEED_REAL,
                                     keel_engine_last_input(s->engine), keel_engine_last_ms(s->engine), err);
    if (rc == 0) rc = keel_engine_run(s->engine, &s->driver.merge.port, o->interrupted, ret_ended, err);
    keel_paper_driver_stop(&s->driver, &n);
    if (n.conflated + n.waited > 0)
        (void)fprintf(
            stderr, "feed: %llu inputs; it waited %llu times for the engine, %llu were put together with a newer one\n",
            (unsigned long long)n.put, (unsigned long long)n.waited, (unsigned long long)n.conflated);
    return rc;
}

static int trade(const paper *p, session *s, const keel_exec_options *o, int *ret_ended, keel_err *err) {
    KEEL_TRY(keel_paper_feed_skip(&s->feed, keel_engine_last_input(s->engine), err));
    if (p->speed == SPEED_REAL) keel_paper_feed_pace(&s->feed, keel_clock_real(), o->interrupted);
    KEEL_TRY(run_engine(p, s, o, ret_ended, err));
    int rc = keel_paper_keeper_keep(&s->keeper, keel_engine_state(s->engine), keel_engine_last_input(s->engine),
                                    keel_engine_last_ms(s->engine), err);
    if (rc != 0 && *ret_ended) return rc; /* one that goes on later makes them again from its journal */
    if (s->keeper.failures > 0)
        keel_cli_warn(p->cli, "states were not kept %lld times, the last one is kept; the first time: %s",
                      (long long)s->keeper.failures, s->keeper.err.text);
    if (s->venue.overflow)
        return keel_err_set(err, KEEL_E_PARITY, "a price does not fit: simulated venue: please report this run");
    return 0;
}

/* Closing keeps a snapshot, and the books with it; only then they are given away. */
static int finish(session *s, int ended, const keel_params *params, keel_exec_result *ret, keel_err *err) {
    keel_state *last = malloc(sizeof *last);
    keel_engine *e = s->engine;
    if (!last) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: session: close other programs");
    *last = *keel_engine_state(e);
    s->engine = NULL;
    keel_paper_control_leave(&s->control);
    keel_err breach = {0};
    int told = keel_paper_shadow_tell(&s->shadow, &breach), rc = keel_engine_close(e, err);
    if (rc == 0 && s->control.ends)
        rc = keel_err_set(err, KEEL_E_INTERRUPTED,
                          "killed by %s: halted: the same command goes on, and --resume lets entries leave again",
                          s->control.ended_by);
    else if (rc == 0 && !ended && s->disk.level == KEEL_PAPER_DISK_STOP)
        rc = keel_paper_disk_ended(&s->disk, err);
    else if (rc == 0 && !ended)
        rc = keel_err_set(err, KEEL_E_INTERRUPTED, "interrupted: the journal is whole: the same command goes on");
    else if (rc == 0 && told != 0)
        rc = keel_err_set(err, told, "%s", breach.text);
    if (rc == 0) rc = keel_paper_books_result(&s->books, last, params, ret, err);
    free(last);
    return rc;
}

static int open_keeper(const paper *p, session *s, const keel_params *params, const keel_tape *tape,
                       const keel_exec_options *o, keel_err *err) {
    keel_paper_keeper *k = &s->keeper;
    for (int32_t i = 0; i < tape->symbol_count; i++)
        s->symbols[i] = p->data->series[p->accounts->items[0].series[i]].name;
    *k = (keel_paper_keeper){.books = &s->books,
                             .symbols = s->symbols,
                             .run_id = p->run_id,
                             .config_id = p->run->config_id,
                             .start_e8 = o->capital_e8,
                             .cooldown_ms = (int64_t)params->cooldown_after_loss_s * 1000,
                             .every = p->every};
    (void)snprintf(k->folder, sizeof k->folder, "%s", p->folder);
    return keel_paper_keeper_open(k, err);
}

/* That a run began or ended as it should asks for nobody's attention. */
static int audit_entry(const paper *p, const session *s, keel_audit_entry *entry, keel_err *err) {
    char actor[KEEL_AUDIT_ACTOR_MAX];
    int quiet = strcmp(entry->action, "run_started") == 0 || strcmp(entry->action, "run_ended") == 0;
    keel_audit trail = {.fs = keel_fs_real(),
                        .clock = keel_clock_real(),
                        .dir = p->folder,
                        .run_id = p->run_id,
                        .sign_seed = p->has_sign_key ? p->sign_key : NULL,
                        .has_begun = s->has_begun,
                        .told = s->alerts && !quiet ? keel_alerts_put : NULL,
                        .told_data = s->alerts};
    if (!entry->actor) entry->actor = keel_audit_actor(actor);
    return keel_audit_append(&trail, entry, err);
}

static int audit(const paper *p, const session *s, const char *action, const char *reason, keel_err *err) {
    keel_audit_entry entry = {.action = action, .reason = reason};
    return audit_entry(p, s, &entry, err);
}

/* At once, and not at the end. No decision reads what it is about, so nothing waits for it. */
static void tell_at_once(const session *s, const char *action, const char *what, const char *why) {
    keel_err failed = {0};
    keel_cli_warn(s->p->cli, "%s: %s", what, why);
    int rc = audit(s->p, s, action, why, &failed);
    if (rc != 0) keel_cli_warn(s->p->cli, "%s is not in the audit trail: %s", action, failed.text);
}

static void not_kept(void *data, const char *why) {
    tell_at_once(data, "states_not_kept", "states and counters are not kept; it is tried again", why);
}

static void tell_disk(void *data, const char *action, const char *why) {
    tell_at_once(data, action, ((const session *)data)->p->folder, why);
}
/* Recorded before anything is done. What the start met is told with it: the log is still held. */
static int audit_start(const paper *p, session *s, keel_err *err) {
    const keel_engine_recovery *r = &s->recovery;
    char met[200] = "";
    if (r->held_back)
        (void)snprintf(met, sizeof met, "entries are held back: %s; %llu orders were in doubt",
                       keel_engine_phase_word(r->held_back), (unsigned long long)r->counts.in_doubt);
    KEEL_TRY(audit(p, s, r->fresh ? "run_started" : "run_resumed", met[0] ? met : NULL, err));
    s->has_begun = 1;
    return keel_backtest_begun(p->job, p->folder, err);
}

static int record(void *data, keel_audit_entry *entry, keel_err *err) {
    const session *s = data;
    return audit_entry(s->p, s, entry, err);
}

static int give_orders(const paper *p, session *s, keel_err *err) {
    keel_paper_orders o = {.cli = p->cli, .engine = s->engine, .asked = p->asked, .record = record, .data = s};
    return keel_paper_orders_give(&o, err);
}

/* A run that nobody can reach goes on: it is told so, and SIGTERM still ends it. */
static int open_control(const paper *p, session *s, keel_err *err) {
    keel_err why = {0};
    keel_paper_control_run run = {.engine = s->engine,
                                  .folder = p->folder,
                                  .run_id = p->run_id,
                                  .strategy = p->run->strategy,
                                  .symbols = s->symbols,
                                  .clock = keel_clock_real(),
                                  .local = keel_local_real(),
                                  .fs = keel_fs_real(),
                                  .log = p->speed == SPEED_REAL ? &s->log : NULL,
                                  .disk = &s->disk,
                                  .record = record,
                                  .data = s};
    if (keel_paper_control_open(&s->control, &run, &why) == 0) return 0;
    keel_cli_warn(p->cli, "keel status, pause, flat and kill cannot reach this run: %s", why.text);
    return audit(p, s, "not_reachable", why.text, err);
}

/* How it ended; a failure to say so does not hide why it failed. */
static int audit_end(const paper *p, const session *s, int rc, keel_err *err) {
    keel_err ignored = {0};
    if (rc == 0) return audit(p, s, "run_ended", NULL, err);
    if (rc == KEEL_E_INTERRUPTED)
        (void)audit(p, s, "run_interrupted", NULL, &ignored);
    else
        (void)audit(p, s, "run_failed", err->text, &ignored);
    return rc;
}

static int has_journal(const paper *p) {
    struct stat st;
    return stat(p->journal, &st) == 0;
}

static int execute_session(const paper *p, session *s, const keel_params *params, const keel_tape *tape,
                           const keel_instrument *rules, const keel_exec_options *o, keel_exec_result *ret,
                           keel_err *err) {
    int ended = 0;
    keel_paper_plan_fill(o->kernel, params, o->by_regime, tape, rules, o->capital_e8, &s->plan);
    keel_paper_start start = {.run = p->run,
                              .data = p->data,
                              .series = p->accounts->items[0].series,
                              .run_id = p->run_id,
                              .model = &p->model,
                              .flatten = o->close_at_end};
    keel_paper_start_write(&start, &s->plan, tape, &s->start);
    keel_journal_where where = {keel_fs_real(), p->journal, NULL, p->has_key ? p->key : NULL, NULL};
    KEEL_TRY(keel_paper_start_adopt(&where, &start, &s->plan, tape, &s->start, err));
    keel_paper_feed_init(&s->feed, tape, o->close_at_end);
    s->feed.late_every = p->model.late_every;
    s->feed.timer_every_ms = CADENCE_MS;
    keel_paper_books_init(&s->books, o->capital_e8, tape->symbol_count);
    keel_sim_venue_init(&s->venue, tape->symbol_count, s->plan.rules, s->plan.slippage_bps);
    s->venue.model = p->model.sim;
    keel_paper_books_shadow(&s->books, &s->plan.plan);
    s->books.venue = &s->venue;
    s->books.progress = o->progress;
    s->books.progress_data = o->progress_data;
    s->books.start_ms = tape->start_ms;
    s->books.interval_ms = tape->interval_ms;
    KEEL_TRY(open_keeper(p, s, params, tape, o, err));
    s->keeper.failed = not_kept;
    s->keeper.failed_data = s;
    keel_paper_disk_init(&s->disk, p->folder, p->run->config, tell_disk, s);
    s->driver.disk = &s->disk;
    KEEL_TRY(open_log(p, s, err));
    s->has_begun = has_journal(p);
    int rc = open_engine(p, s, err);
    if (rc == KEEL_E_PARITY) keel_paper_log_refused(&s->log, &s->recovery.journal.found);
    if (rc == 0) rc = audit_start(p, s, err);
    if (rc == 0) keel_paper_log_go_live(&s->log);
    if (rc == 0) rc = give_orders(p, s, err);
    if (rc == 0) rc = open_control(p, s, err);
    if (rc == 0) rc = trade(p, s, o, &ended, err);
    if (rc == 0) rc = finish(s, ended, params, ret, err);
    const keel_state *last = s->engine ? keel_engine_state(s->engine) : NULL;
    (void)keel_paper_log_close(p->cli, &s->log, ended, rc == 0 ? NULL : err, last, NULL);
    return audit_end(p, s, rc, err);
}

static int open_alerts(const paper *p, session *s, keel_err *err) {
    keel_alerts_options o = {
        .program = keel_program_real(), .clock = keel_clock_real(), .path = keel_cli_option(p->cli, "alert-command")};
    return o.path ? keel_alerts_open(&o, &s->alerts, err) : 0;
}

/* Nothing about them fails a run; that they did not arrive is said and recorded. */
static void close_alerts(const paper *p, session *s) {
    char text[KEEL_PAPER_AFTER_TEXT];
    keel_err ignored = {0};
    int lost = keel_paper_after_alerts(s->alerts, text);
    s->alerts = NULL;
    if (lost == 0) return;
    keel_cli_warn(p->cli, "%s", text);
    if (s->has_begun) (void)audit(p, s, "alerts_failed", text, &ignored);
}

static int execute(void *data, const keel_params *params, const keel_tape *tape, const keel_instrument *rules,
                   const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    const paper *p = data;
    if (p->several.run) return keel_paper_several_result(&p->several, params, tape, rules, o, ret, err);
    session *s = calloc(1, sizeof *s);
    if (!s) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: session: close other programs");
    s->p = p;
    keel_strbuf_init(&s->start, 0);
    int rc = open_alerts(p, s, err);
    if (rc == 0) rc = execute_session(p, s, params, tape, rules, o, ret, err);
    close_alerts(p, s);
    keel_paper_control_leave(&s->control);
    keel_engine_abandon(s->engine);
    keel_paper_keeper_done(&s->keeper);
    keel_paper_books_done(&s->books);
    keel_strbuf_done(&s->start);
    keel_paper_control_close(&s->control);
    free(s);
    return rc;
}

/* ---- after the run ---------------------------------------------------------------------------------------------- */

static int run_mode(paper *p) {
    keel_backtest_mode mode = {.kind = "paper",
                               .data = p,
                               .prepare = prepare,
                               .execute = execute,
                               .opens_files = 1,
                               .store = p->store[0] ? p->store : NULL,
                               .part = p->part,
                               .model = &p->model};
    int rc = keel_backtest_run_as(p->cli, &mode);
    if (rc != 0 || p->several.run) return rc; /* each of several does so itself */
    keel_paper_after_keep(p->cli, p->folder, p->has_sign_key ? p->sign_key : NULL, &p->keep);
    return p->audit_db ? keel_paper_after_db(p->cli, p->folder, p->has_key ? p->key : NULL) : 0;
}

int keel_verb_trade_paper(keel_cli *cli) {
    paper *p = calloc(1, sizeof *p);
    if (!p) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: session: close other programs");
    p->cli = cli;
    p->feed.file = -1;
    (void)umask(077); /* what a run writes is its owner's alone, tables and report too */
    int rc = read_options(p);
    if (rc == 0) keel_parity_status_warn(cli);
    if (rc == 0) rc = open_feed(p);
    if (rc == 0) rc = run_mode(p);
    keel_paper_source_close(&p->feed);
    keel_wipe(p->sign_key, sizeof p->sign_key);
    keel_wipe(p->key, sizeof p->key);
    free(p);
    return rc;
}
