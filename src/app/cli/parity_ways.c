/* app/cli/parity_ways.c: see parity_ways.h. */
#include "app/cli/parity_ways.h"

#include <stdlib.h>
#include <string.h>

#include "app/cli/paper_books.h"
#include "app/cli/paper_feed.h"
#include "journal/inspect.h"
#include "port/fs_real.h"
#include "research/sweep/lane_run.h"

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: parity: close other programs");
}

/* What a lane holds only until its next run. */
static int keep(const keel_lane_result *r, keel_exec_result *ret, keel_err *err) {
    memset(ret, 0, sizeof *ret);
    ret->trades = malloc(((size_t)r->trade_count + 1) * sizeof *ret->trades);
    if (!ret->trades) return no_memory(err);
    if (r->trade_count > 0) memcpy(ret->trades, r->trades, (size_t)r->trade_count * sizeof *ret->trades);
    ret->trade_count = r->trade_count;
    ret->state_hash = r->state_hash;
    ret->final_e8 = r->final_e8;
    return 0;
}

/* A strategy of a file runs in a child, whichever way it goes (kernel/guard.h); one built in runs here.
 *   body  in  NULL: the path of a backtest */
static int go(const keel_parity_subject *s, keel_exec_body body, void *data, int opens_files, keel_exec_result *ret,
              keel_err *err) {
    const keel_run_config *run = s->run;
    keel_exec_options o = {.kernel = run->kernel,
                           .strategy = run->kernel->user ? run->source.user->file : NULL,
                           .by_regime = run->by_regime,
                           .capital_e8 = run->starting_balance_usd_e8,
                           .close_at_end = s->close_at_end,
                           .interrupted = keel_cli_interrupted,
                           .body = body,
                           .body_data = data,
                           .body_opens_files = opens_files};
    memset(ret, 0, sizeof *ret);
    return keel_exec_run(keel_run_config_rows(run), s->tape, s->rules, &o, ret, err);
}

static int lane_body(void *data, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                     const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    const int *stepped = data;
    keel_lane_result result;
    keel_lane_run *lane = keel_lane_run_new(tape->bars - tape->trade_from, tape->symbol_count);
    if (!lane) return no_memory(err);
    keel_lane_task task = {.kernel = o->kernel,
                           .params = p,
                           .by_regime = o->by_regime,
                           .tape = tape,
                           .rules = rules,
                           .capital_e8 = o->capital_e8,
                           .close_at_end = o->close_at_end,
                           .stepped = *stepped,
                           .steps = 1,
                           .interrupted = o->interrupted};
    int rc = keel_lane_run_go(lane, &task, &result, err);
    if (rc == 0) rc = keep(&result, ret, err);
    keel_lane_run_free(lane);
    return rc;
}

static int run_lane(const keel_parity_subject *s, int stepped, keel_exec_result *ret, keel_err *err) {
    return go(s, lane_body, &stepped, 0, ret, err);
}

int keel_parity_replay(const keel_parity_subject *s, keel_exec_result *ret, keel_err *reterr) {
    return run_lane(s, 1, ret, reterr);
}

/* ---- a sweep --------------------------------------------------------------------------------------------------- */

static keel_group_task group_of(const keel_parity_subject *s) {
    return (keel_group_task){.kernel = s->run->kernel,
                             .tape = s->tape,
                             .rules = s->rules,
                             .close_at_end = s->close_at_end,
                             .interrupted = keel_cli_interrupted};
}

/* A group of one; what it ends in. */
static int run_group(const keel_parity_subject *s, uint64_t *ret_hash, keel_err *err) {
    const keel_tape *tape = s->tape;
    keel_group_task task = group_of(s);
    keel_stats_book book;
    keel_group *group = NULL;
    keel_group_run run = {.params = keel_run_config_rows(s->run),
                          .by_regime = s->run->by_regime,
                          .capital_e8 = s->run->starting_balance_usd_e8,
                          .book = &book};
    int64_t start_ms = tape->start_ms + tape->trade_from * tape->interval_ms;
    int rc =
        keel_stats_book_init(&book, start_ms, tape->start_ms + tape->bars * tape->interval_ms, run.capital_e8, err);
    if (rc == 0) rc = keel_group_go(&task, &run, 1, &group, err);
    if (rc == 0 && run.code != 0) rc = keel_err_set(err, run.code, "%s", run.err.text);
    if (rc == 0) *ret_hash = run.result.state_hash;
    keel_group_free(group);
    keel_stats_book_done(&book);
    return rc;
}

static int run_device(const keel_parity_subject *s, keel_sweep_device *device, keel_exec_result *ret, keel_err *err) {
    keel_lane_batch_room room = {0};
    keel_lane_result result;
    keel_group_task task = group_of(s);
    KEEL_TRY(keel_sweep_device_may(s->run, err));
    int rc =
        keel_sweep_device_one(device, &task, &s->run->params, s->run->starting_balance_usd_e8, &room, &result, err);
    if (rc == 0) rc = keep(&result, ret, err);
    keel_lane_batch_room_done(&room);
    return rc;
}

int keel_parity_sweep(const keel_parity_subject *s, keel_sweep_device *device, keel_exec_result *ret,
                      keel_err *reterr) {
    uint64_t hash = 0;
    if (device) return run_device(s, device, ret, reterr);
    if (s->run->kernel->user) return go(s, NULL, NULL, 0, ret, reterr); /* its trials run one by one, each so */
    KEEL_TRY(run_group(s, &hash, reterr));
    KEEL_TRY(run_lane(s, 0, ret, reterr));
    if (ret->state_hash == hash) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY,
                        "a group of lanes ends in %016llx, the lane alone in %016llx: sweep: please report this run",
                        (unsigned long long)hash, (unsigned long long)ret->state_hash);
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

typedef struct session {
    keel_paper_plan plan;
    keel_paper_feed feed;
    keel_paper_books books;
    keel_sim_venue venue;
    keel_engine *engine;
} session;

static int shadow_agrees(const keel_paper_books *books, keel_err *err) {
    if (books->shadow.breaches == 0) return 0;
    return keel_err_set(err, KEEL_E_PARITY, "the shadow ledger has other books: event %llu: please report this run",
                        (unsigned long long)books->shadow.first.seq);
}

static int trade(session *x, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                 const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    int ended = 0;
    keel_paper_plan_fill(o->kernel, p, o->by_regime, tape, rules, o->capital_e8, &x->plan);
    keel_paper_feed_init(&x->feed, tape, o->close_at_end);
    keel_paper_books_init(&x->books, o->capital_e8, tape->symbol_count);
    keel_paper_books_shadow(&x->books, &x->plan.plan);
    keel_sim_venue_init(&x->venue, tape->symbol_count, x->plan.rules, x->plan.slippage_bps);
    keel_engine_watch watch = keel_paper_books_watch(&x->books);
    KEEL_TRY(keel_engine_open_dry(&x->plan.plan, &watch, &x->venue.port, &x->engine, err));
    KEEL_TRY(keel_engine_run(x->engine, &x->feed.port, o->interrupted, &ended, err));
    if (!ended) return keel_err_set(err, KEEL_E_INTERRUPTED, "interrupted: nothing was written; run the command again");
    if (x->venue.overflow)
        return keel_err_set(err, KEEL_E_PARITY, "a price does not fit: simulated venue: please report this run");
    KEEL_TRY(shadow_agrees(&x->books, err));
    return keel_paper_books_result(&x->books, keel_engine_state(x->engine), x->plan.params, ret, err);
}

static int engine_body(void *data, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                       const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    session *x = calloc(1, sizeof *x);
    (void)data;
    if (!x) return no_memory(err);
    int rc = trade(x, p, tape, rules, o, ret, err);
    keel_engine_abandon(x->engine);
    keel_paper_books_done(&x->books);
    free(x);
    return rc;
}

int keel_parity_engine(const keel_parity_subject *s, keel_exec_result *ret, keel_err *reterr) {
    return go(s, engine_body, NULL, 0, ret, reterr);
}

/* ---- its journal ----------------------------------------------------------------------------------------------- */

static int replay(session *x, const keel_paper_opened *o, const keel_journal_where *where, keel_exec_result *ret,
                  keel_err *err) {
    const keel_engine_plan *plan = &o->plan.plan;
    keel_journal_report report;
    KEEL_TRY(keel_journal_inspect(where, 0, NULL, NULL, &report, err));
    if (report.verdict != KEEL_JOURNAL_GOOD && report.verdict != KEEL_JOURNAL_TORN)
        return keel_err_set(err, KEEL_E_PARITY, "the journal is %s: %s: keel journal verify shows it",
                            keel_journal_verdict_word(report.verdict), where->dir);
    keel_paper_books_init(&x->books, plan->start_usd_e8, plan->symbol_count);
    keel_paper_books_shadow(&x->books, plan);
    keel_engine_replay r = {.plan = plan,
                            .venue_rebuilt = 1,
                            .watch = keel_paper_books_watch(&x->books),
                            .where = where,
                            .until_ms = INT64_MAX,
                            .last_seq = report.last_seq,
                            .interrupted = keel_cli_interrupted};
    KEEL_TRY(keel_engine_replay_run(&r, &x->engine, err));
    if (!keel_engine_ended(x->engine))
        return keel_err_set(err, KEEL_E_PARITY, "the paper run has not ended: %s: go on with it first", where->dir);
    KEEL_TRY(shadow_agrees(&x->books, err));
    return keel_paper_books_result(&x->books, keel_engine_state(x->engine), o->plan.params, ret, err);
}

typedef struct journal_way {
    const keel_paper_opened *o;
    keel_journal_where where;
} journal_way;

static int journal_body(void *data, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                        const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    const journal_way *way = data;
    session *x = calloc(1, sizeof *x);
    (void)p, (void)tape, (void)rules, (void)o; /* the journal's START has them */
    if (!x) return no_memory(err);
    int rc = replay(x, way->o, &way->where, ret, err);
    keel_engine_abandon(x->engine);
    keel_paper_books_done(&x->books);
    free(x);
    return rc;
}

int keel_parity_journal(const keel_parity_subject *s, const keel_paper_opened *o, const char *dir, const uint8_t *key,
                        keel_exec_result *ret, keel_err *reterr) {
    journal_way way = {o, {keel_fs_real(), dir, NULL, key, NULL}};
    return go(s, journal_body, &way, 1, ret, reterr);
}
