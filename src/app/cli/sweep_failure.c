/* app/cli/sweep_failure.c: see sweep_failure.h. */
#include "app/cli/sweep_failure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/parity_decided.h"
#include "app/cli/parity_page.h"
#include "app/cli/parity_ways.h"
#include "base/build.h"
#include "base/timerange.h"
#include "kernel/unit_text.h"

enum { SIDES_MAX = 3, FACTS_MAX = 20 };

/* What a report is made of while it is made. */
typedef struct work {
    keel_sweep_failure *f;
    keel_err *err;
    keel_exec_result again; /* the sweep's path or the plain loop, run here */
    int has_again;          /* it differs */
    int stepped;            /* it is the plain loop */
    keel_parity_decided decided[2];
    keel_parity_side sides[SIDES_MAX];
    keel_parity_fact facts[FACTS_MAX];
    const char *symbols[KEEL_SYMBOLS_MAX];
    char range[3 * KEEL_TIME_TEXT_MAX], number[24], title[160];
    keel_parity_page page;
} work;

static const keel_backtest_account *account(const work *w) { return &w->f->plain->items[0]; }

static keel_lane_task task_of(const work *w, int stepped) {
    return (keel_lane_task){.kernel = w->f->run->kernel,
                            .params = keel_run_config_rows(w->f->run),
                            .by_regime = w->f->run->by_regime,
                            .tape = account(w)->tape,
                            .rules = account(w)->rules,
                            .capital_e8 = w->f->run->starting_balance_usd_e8,
                            .close_at_end = !w->f->header->asked.keep_open,
                            .stepped = stepped,
                            .steps = 1,
                            .interrupted = keel_cli_interrupted};
}

static int differs(const work *w) {
    const keel_exec_result *all = &w->f->plain->all;
    return w->again.state_hash != all->state_hash ||
           keel_sweep_first_unequal(w->again.trades, w->again.trade_count, all->trades, all->trade_count) >= 0;
}

static int run_again(work *w, int stepped) {
    const keel_backtest_account *a = account(w);
    keel_parity_subject s = {
        .run = w->f->run, .tape = a->tape, .rules = a->rules, .close_at_end = !w->f->header->asked.keep_open};
    keel_exec_done(&w->again);
    int rc = stepped ? keel_parity_replay(&s, &w->again, w->err) : keel_parity_sweep(&s, NULL, &w->again, w->err);
    w->stepped = stepped;
    w->has_again = w->again.trades && differs(w); /* also when a group is not what the lane alone is */
    return rc;
}

/* Who differs from the backtest path now: the device, the sweep's own path, the plain loop, or only the row? */
static int find_side(work *w) {
    keel_sweep_failure *f = w->f;
    if (f->device_differs) {
        (void)snprintf(f->verdict, sizeof f->verdict,
                       "%.100s computes something else than the plain path: do not use it", f->device_name);
        return 0;
    }
    if (!f->plain) return 0;
    int rc = run_again(w, 0);
    if (rc == KEEL_E_PARITY) { /* the sweep's path contradicts itself */
        (void)snprintf(f->verdict, sizeof f->verdict, "%.190s", w->err->text);
        return 0;
    }
    if (rc != 0) return rc;
    uint64_t swept = w->again.state_hash;
    if (!w->has_again && f->stepped_hash != f->plain->all.state_hash) KEEL_TRY(run_again(w, 1));
    if (w->has_again)
        (void)snprintf(f->verdict, sizeof f->verdict,
                       "%s %016" PRIx64 ", plain path %016" PRIx64 ": please report this sweep",
                       w->stepped ? "plain loop" : "sweep path", w->again.state_hash, f->plain->all.state_hash);
    else
        (void)snprintf(f->verdict, sizeof f->verdict,
                       "sweep path and plain path agree on %016" PRIx64
                       " now: the row was changed, or its data, build or device were other ones",
                       swept);
    return 0;
}

/* What the side that differs came to. */
typedef struct ended {
    uint64_t state_hash;
    const keel_trade *trades;
    int64_t trade_count;
} ended;

/* 0: no side but the row differs. */
static int other_of(const work *w, ended *ret) {
    const keel_lane_result *r = w->f->device;
    if (w->f->device_differs)
        *ret = (ended){r->state_hash, r->trades, r->trade_count};
    else
        *ret = (ended){w->again.state_hash, w->again.trades, w->again.trade_count};
    return w->f->device_differs || w->has_again;
}

/* ---- the page -------------------------------------------------------------------------------------------------- */

static void add_sides(work *w) {
    const keel_sweep_failure *f = w->f;
    ended other;
    int32_t n = 0;
    w->sides[n] = (keel_parity_side){.name = "plain",
                                     .what = "keel backtest run's own path, here and now",
                                     .totals = f->plain_totals,
                                     .decided = -1};
    if (f->plain) {
        w->sides[n].has_hash = w->sides[n].has_trades = 1;
        w->sides[n].state_hash = f->plain->all.state_hash;
        w->sides[n].trades = f->plain->all.trades;
        w->sides[n].trade_count = f->plain->all.trade_count;
    }
    n++;
    w->sides[n++] = (keel_parity_side){.name = "row",
                                       .what = "what the sweep's file says; it keeps no trades",
                                       .state_hash = f->row->trial.state_hash,
                                       .has_hash = f->row->trial.status == KEEL_TRIAL_OK,
                                       .totals = keel_strbuf_text(&f->row->trial.totals),
                                       .decided = -1};
    if (other_of(w, &other))
        w->sides[n++] = (keel_parity_side){.name = f->device_differs ? f->device_kind
                                                   : w->stepped      ? "loop"
                                                                     : "sweep",
                                           .what = f->device_differs ? f->device_name
                                                   : w->stepped      ? "the plain loop, which passes over no bar"
                                                                     : "the sweep's path on the processor",
                                           .state_hash = other.state_hash,
                                           .has_hash = 1,
                                           .has_trades = 1,
                                           .trades = other.trades,
                                           .trade_count = other.trade_count,
                                           .decided = -1};
    w->page.sides = w->sides;
    w->page.side_count = n;
}

/* What the core decided around the first diverging trade, on the sides that run here. */
static int add_decisions(work *w) {
    const keel_parity_side *one, *other;
    int64_t trade, from_ms, to_ms;
    const char *strategy = w->f->run->kernel->user ? w->f->run->source.user->file : NULL;
    if (!keel_parity_pair(&w->page, &one, &other, &trade) || trade < 0) return 0;
    keel_parity_span(one, other, trade, &from_ms, &to_ms);
    for (int i = 0; i < 2; i++) {
        keel_parity_side *s = i == 0 ? &w->sides[0] : &w->sides[w->page.side_count - 1];
        if (i == 1 && w->f->device_differs) break;
        keel_lane_task task = task_of(w, i == 0 || w->stepped);
        KEEL_TRY(keel_parity_decided_run(&w->decided[i], &task, strategy, from_ms, to_ms, w->err));
        if (w->decided[i].state_hash != s->state_hash) continue; /* watched, it went another way */
        s->decisions = w->decided[i].items;
        s->decided = w->decided[i].count;
    }
    return 0;
}

static void fact(work *w, const char *key, const char *text) {
    KEEL_ASSERT(w->page.fact_count < FACTS_MAX);
    w->facts[w->page.fact_count++] = (keel_parity_fact){key, text};
}

static void add_facts(work *w) {
    const keel_sweep_failure *f = w->f;
    const keel_sweep_header *h = f->header;
    keel_timerange range = {h->start_ms, h->end_ms};
    (void)snprintf(w->number, sizeof w->number, "%" PRId64, f->row->index);
    fact(w, "sweep_id", h->sweep_id);
    fact(w, "trial", w->number);
    fact(w, "trial_hash", f->row->trial.trial_hash);
    fact(w, "range", keel_timerange_format(&range, w->range));
    fact(w, "venue", f->data ? f->data->venue : NULL);
    fact(w, "dataset_hash", f->data ? f->data->dataset_hash : NULL);
    fact(w, "dataset_hash_of_sweep", h->dataset_hash);
    fact(w, "range_hash_of_sweep", h->range_hash);
    fact(w, "build", keel_build_id());
    fact(w, "build_of_sweep", h->build);
    fact(w, "build_flags", keel_build_flags());
    fact(w, "core", keel_unit_sha256);
    fact(w, "device", f->device_kind ? f->device_name : "cpu");
    w->page.facts = w->facts;
}

static int make_page(work *w) {
    const keel_sweep_failure *f = w->f;
    (void)snprintf(w->title, sizeof w->title, "Parity failure: trial %" PRId64 " %.16s of sweep %s", f->row->index,
                   f->row->trial.trial_hash, f->header->sweep_id);
    w->page =
        (keel_parity_page){.schema = "keel.parity_failure",
                           .title = w->title,
                           .verdict = f->verdict[0] ? f->verdict : "the row is not what the plain path gives",
                           .difference = f->first,
                           .one_name = f->device_differs && strstr(f->first->what, f->device_kind) ? "device" : "row",
                           .other_name = "plain",
                           .symbols = w->symbols,
                           .run = f->run};
    for (int32_t i = 0; f->data && i < f->data->count; i++)
        w->symbols[w->page.symbol_count++] = f->data->series[i].name;
    add_sides(w);
    add_facts(w);
    return f->plain ? add_decisions(w) : 0;
}

static void write_page(work *w) {
    keel_sweep_failure *f = w->f;
    char stem[KEEL_SWEEP_PATH_MAX];
    keel_err why = {0};
    int size = snprintf(stem, sizeof stem, "%s/confirm-%.16s", f->folder, f->row->trial.trial_hash);
    int rc = size < (int)sizeof stem
                 ? keel_parity_write(&w->page, stem, &why)
                 : keel_err_set(&why, KEEL_E_USAGE, "path is too long: %.80s: choose another", stem);
    if (rc != 0)
        keel_cli_warn(f->cli, "no report of the difference: %.800s", why.text);
    else
        (void)snprintf(f->report, sizeof f->report, "%s.md", stem);
}

int keel_sweep_failure_explain(keel_sweep_failure *f, keel_err *reterr) {
    work w;
    memset(&w, 0, sizeof w);
    w.f = f;
    w.err = reterr;
    int rc = find_side(&w);
    if (rc == 0) rc = make_page(&w);
    if (rc == 0) {
        const keel_exec_result *all = f->plain ? &f->plain->all : NULL;
        ended other;
        if (other_of(&w, &other))
            f->has_event =
                keel_sweep_compare_trades(other.trades, other.trade_count, all->trades, all->trade_count, &f->event);
        write_page(&w);
    }
    keel_parity_decided_done(&w.decided[0]);
    keel_parity_decided_done(&w.decided[1]);
    keel_exec_done(&w.again);
    return rc;
}
