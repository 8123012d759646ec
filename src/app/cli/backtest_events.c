/* app/cli/backtest_events.c: see backtest_events.h. */
#include "app/cli/backtest_events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/events_whole.h"
#include "app/cli/paper_books.h"
#include "app/cli/paper_feed.h"
#include "app/cli/paper_log.h"
#include "app/cli/paper_several.h"
#include "app/cli/paper_start.h"
#include "base/build.h"
#include "port/fs_real.h"

const keel_cli_opt keel_backtest_events_options[] = {
    {"events", "DIR", "write events, metrics and rollups of the run into this folder, which is made", 0},
    {"trace", "N", "with --events: trace.jsonl, too: every Nth step of the core; default 0: none", 0},
    {0}};

enum { PATH_SIZE = KEEL_FS_PATH_MAX };

/* All accounts, once more. */
typedef struct again {
    const keel_backtest_job *b;
    keel_backtest_accounts accounts;
    const char *dir;
    int64_t trace;
} again;

/* One of them. Large, so on the heap. */
typedef struct execution {
    keel_paper_plan plan;
    keel_paper_feed feed;
    keel_paper_books books;
    keel_paper_log log;
    keel_sim_venue venue;
    keel_engine *engine;
    const char *symbols[KEEL_SYMBOLS_MAX];
    char dir[PATH_SIZE];
} execution;

/* ---- the place -------------------------------------------------------------------------------------------------- */

/* The folder that the new one is to lie in. */
static int check_parent(const char *dir, keel_err *err) {
    char path[PATH_SIZE];
    const keel_fs *fs = keel_fs_real();
    keel_fs_stat st;
    size_t size = strlen(dir);
    while (size > 1 && dir[size - 1] == '/')
        size--;
    while (size > 0 && dir[size - 1] != '/')
        size--;
    if (size == 0) return 0;
    (void)snprintf(path, sizeof path, "%.*s", (int)size, dir);
    int rc = fs->stat(fs->ctx, path, &st);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot make a folder in", path, err);
}

int keel_backtest_events_check(const keel_backtest_job *b) {
    const char *dir = keel_cli_option(b->cli, "events");
    const keel_fs *fs = keel_fs_real();
    keel_err *err = keel_cli_err(b->cli);
    keel_fs_stat st;
    if (!dir && keel_cli_option(b->cli, "trace"))
        return keel_cli_refuse_option(b->cli, "trace", "is of --events DIR: add that");
    if (!dir) return 0;
    if (strlen(dir) + 128 > PATH_SIZE)
        return keel_err_set(err, KEEL_E_USAGE, "path is too long: %.80s: choose another", dir);
    if (b->run.part_count > 0 && b->run.shared)
        return keel_cli_refuse_option(b->cli, "events",
                                      "tells of accounts with one strategy: give each its own (--accounts separate)");
    const char *run = keel_cli_option(b->cli, "run-dir");
    if (run && strcmp(run, dir) == 0)
        return keel_cli_refuse_option(b->cli, "events", "is the folder of --run-dir: choose one of its own");
    if (fs->stat(fs->ctx, dir, &st) == -ENOENT) return check_parent(dir, err);
    return keel_err_set(err, KEEL_E_GATE, "there is something already: %s: choose a place for a new folder", dir);
}

static int make_folder(const char *dir, keel_err *err) {
    const keel_fs *fs = keel_fs_real();
    int rc = fs->mkdir(fs->ctx, dir);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot make folder", dir, err);
}

static int make_folders(const again *x, keel_err *err) {
    char path[PATH_SIZE];
    KEEL_TRY(make_folder(x->dir, err));
    if (x->b->run.part_count == 0) return 0;
    (void)snprintf(path, sizeof path, "%s/" KEEL_PAPER_SEVERAL_FOLDER, x->dir);
    KEEL_TRY(make_folder(path, err));
    for (int32_t i = 0; i < keel_run_config_count(&x->b->run); i++) {
        (void)snprintf(path, sizeof path, "%s/" KEEL_PAPER_SEVERAL_FOLDER "/%s", x->dir,
                       keel_run_config_label(&x->b->run, i));
        KEEL_TRY(make_folder(path, err));
    }
    return 0;
}

/* ---- one account ------------------------------------------------------------------------------------------------ */

static int open_log(const again *a, int32_t account, execution *x, keel_err *err) {
    const keel_backtest_account *of = &a->accounts.items[account];
    const keel_run_config *run = keel_run_config_at(&a->b->run, of->first);
    keel_engine_watch inner = keel_paper_books_watch(&x->books);
    for (int32_t i = 0; i < of->tape->symbol_count; i++)
        x->symbols[i] = a->b->data.series[of->series[i]].name;
    int several = a->b->run.part_count > 0;
    (void)snprintf(x->dir, sizeof x->dir, "%s%s%s", a->dir, several ? "/" KEEL_PAPER_SEVERAL_FOLDER "/" : "",
                   several ? keel_run_config_label(&a->b->run, of->first) : "");
    keel_paper_log_run o = {.run_id = a->b->run_id,
                            .mode = "backtest",
                            .strategy = run->strategy,
                            .config_id = run->config_id,
                            .dataset_hash = a->b->data.dataset_hash,
                            .build = keel_build_id(),
                            .venue = a->b->data.venue,
                            .symbols = x->symbols,
                            .trace_every = (uint64_t)a->trace};
    KEEL_TRY(keel_events_begin(x->dir, err));
    KEEL_TRY(keel_paper_log_open(&x->log, x->dir, &o, &x->plan.plan, &inner, err));
    keel_paper_log_go_live(&x->log); /* the folder is new */
    return 0;
}

static int run_dry(const again *a, execution *x, const keel_params *p, const keel_exec_options *o,
                   keel_exec_result *ret, keel_err *err) {
    int ended = 0;
    keel_engine_watch watch = keel_paper_log_watch(&x->log);
    KEEL_TRY(keel_engine_open_dry(&x->plan.plan, &watch, &x->venue.port, &x->engine, err));
    KEEL_TRY(keel_engine_run(x->engine, &x->feed.port, o->interrupted, &ended, err));
    if (!ended)
        return keel_err_set(err, KEEL_E_INTERRUPTED,
                            "interrupted: %s is not whole: remove it and run the command again", a->dir);
    if (x->venue.overflow)
        return keel_err_set(err, KEEL_E_PARITY, "a price does not fit: simulated venue: please report this run");
    return keel_paper_books_result(&x->books, keel_engine_state(x->engine), p, ret, err);
}

static int execute(void *data, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                   const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    const again *a = data;
    int32_t account = 0;
    execution *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: events: close other programs");
    while (account < a->accounts.count && a->accounts.items[account].tape != tape)
        account++;
    KEEL_ASSERT(account < a->accounts.count);
    keel_paper_plan_fill(o->kernel, p, o->by_regime, tape, rules, o->capital_e8, &x->plan);
    keel_paper_feed_init(&x->feed, tape, o->close_at_end);
    keel_paper_books_init(&x->books, o->capital_e8, tape->symbol_count);
    x->books.progress = o->progress;
    x->books.progress_data = o->progress_data;
    x->books.start_ms = tape->start_ms;
    x->books.interval_ms = tape->interval_ms;
    keel_sim_venue_init(&x->venue, tape->symbol_count, x->plan.rules, x->plan.slippage_bps);
    int rc = open_log(a, account, x, err);
    if (rc == 0) rc = run_dry(a, x, p, o, ret, err);
    const keel_state *last = x->engine ? keel_engine_state(x->engine) : NULL;
    int kept = keel_paper_log_close(a->b->cli, &x->log, rc == 0, rc == 0 ? NULL : err, last, rc == 0 ? err : NULL);
    if (rc == 0) rc = kept;
    if (rc == 0) rc = keel_events_whole(x->dir, err);
    keel_engine_abandon(x->engine);
    keel_paper_books_done(&x->books);
    free(x);
    return rc;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static int run_again(again *a, const keel_exec_options *of, keel_progress *progress, keel_err *err) {
    const keel_backtest_job *b = a->b;
    keel_exec_options o = *of;
    o.decisions = NULL;
    o.keep_stops = 0;
    o.body = execute;
    o.body_data = a;
    o.body_opens_files = 1;
    o.progress_data = progress;
    KEEL_TRY(make_folders(a, err));
    KEEL_TRY(keel_backtest_accounts_run(&b->run, &b->data, &o, &a->accounts, err));
    if (a->accounts.all.state_hash == b->accounts.all.state_hash) return 0;
    return keel_err_set(err, KEEL_E_PARITY,
                        "the events are of another run: %s: the engine ends at state %016" PRIx64
                        ", the backtest at %016" PRIx64 ": please report this run",
                        a->dir, a->accounts.all.state_hash, b->accounts.all.state_hash);
}

int keel_backtest_events_write(keel_backtest_job *b, const keel_exec_options *o) {
    keel_progress progress;
    keel_err *err = keel_cli_err(b->cli);
    again a = {.b = b, .dir = keel_cli_option(b->cli, "events")};
    if (!a.dir) return 0;
    KEEL_TRY(keel_cli_option_int(b->cli, "trace", 0, INT64_MAX, &a.trace));
    keel_progress_begin(b->cli, &progress, "events", (uint64_t)b->accounts.bars, "bars");
    int rc = keel_backtest_accounts_plan(&b->run, b->part, &b->data, &a.accounts, err);
    if (rc == 0) rc = run_again(&a, o, &progress, err);
    keel_progress_end(&progress, (uint64_t)b->accounts.bars);
    keel_backtest_accounts_done(&a.accounts);
    if (rc == 0) (void)fprintf(stderr, "events written: %s, to be read with keel events story and brief\n", a.dir);
    return rc;
}
