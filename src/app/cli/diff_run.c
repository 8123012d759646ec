/* app/cli/diff_run.c: see diff_run.h. The stages run in an engine that keeps no record, on the simulated venue; a
 * backtest is the same run there, which its state hash confirms. */
#include "app/cli/diff_run.h"

#include <stdlib.h>
#include <string.h>

#include "app/cli/paper_books.h"
#include "kernel/unit_text.h"

/* Which run each thing is taken from. */
typedef struct mix {
    keel_diff_side *of[KEEL_DIFF_CAUSE_COUNT];
} mix;

/* ---- one run --------------------------------------------------------------------------------------------------- */

typedef struct execution {
    const mix *m;
    keel_paper_plan plan;
    keel_paper_feed feed;
    keel_paper_books books;
    keel_sim_venue venue;
    keel_params params[(1 + KEEL_REGIME_COUNT) * KEEL_ENGINE_SLEEVES_MAX];
    keel_engine *engine;
    keel_engine_source source;
    keel_venue port; /* the venue, and orders that damage kept from it */
    const keel_venue_report *kept[KEEL_SYMBOLS_MAX];
    int64_t control_at;
    int64_t now_ms;     /* of this market, which may be another one than an order was given in */
    keel_diff_place at; /* the last input of it */
} execution;

static void take_fees(const keel_params *from, keel_params *to) {
    to->maker_fee_bps = from->maker_fee_bps;
    to->taker_fee_bps = from->taker_fee_bps;
}

/* The section `risk` of the parameters. */
static void take_risk(const keel_params *from, keel_params *to) {
#define X(section, name, type, def, lo, hi, step, unit, doc) \
    if (strcmp(#section, "risk") == 0) to->name = from->name;
#include "model/params.def"
#undef X
}

static keel_sim_model model_of(const mix *m) {
    return (keel_sim_model){.latency_ms = m->of[KEEL_DIFF_LATENCY]->model.sim.latency_ms,
                            .fill_share_e8 = m->of[KEEL_DIFF_PARTIAL]->model.sim.fill_share_e8,
                            .queue_every = m->of[KEEL_DIFF_QUEUE]->model.sim.queue_every,
                            .reject_every = m->of[KEEL_DIFF_REJECT]->model.sim.reject_every};
}

/* The feed, with orders of people where they were given. */
static int next_input(void *ctx, keel_input *ret, keel_err *err) {
    execution *x = ctx;
    const keel_diff_tape *t = &x->m->of[KEEL_DIFF_MODE]->market;
    if (x->control_at < t->control_count && !keel_diff_place_before(&x->at, &t->controls[x->control_at].after)) {
        const keel_diff_control *c = &t->controls[x->control_at++];
        const uint8_t *bytes = (const uint8_t *)t->control_bytes.text + c->at;
        KEEL_TRY(keel_input_read(bytes, c->size, x->plan.plan.symbol_count, ret, err));
        ret->ts_ms = x->now_ms;
        return 1;
    }
    int rc = x->feed.port.next(x->feed.port.ctx, ret, err);
    if (rc <= 0) return rc;
    x->now_ms = ret->ts_ms;
    x->at = keel_diff_place_of(ret);
    return rc;
}

/* ---- a venue that does not get every order ---------------------------------------------------------------------- */

/* After damage an engine holds orders back that it can no longer be sure about, and takes them for refused. */
static int send_order(void *ctx, const keel_command *order, int64_t given_ms, keel_err *err) {
    execution *x = ctx;
    const keel_diff_tape *t = &x->m->of[KEEL_DIFF_MODE]->market;
    for (int64_t i = 0; i < t->withheld_count; i++)
        if (t->withheld[i].order_id == order->id && t->withheld[i].symbol == order->symbol) {
            x->kept[order->symbol] = &t->withheld[i];
            return 0;
        }
    return x->venue.port.send(x->venue.port.ctx, order, given_ms, err);
}

static int poll_reports(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *err) {
    execution *x = ctx;
    if (!x->kept[symbol]) return x->venue.port.poll(x->venue.port.ctx, symbol, ret, err);
    *ret = *x->kept[symbol];
    x->kept[symbol] = NULL;
    return 1;
}

static int query_order(void *ctx, const keel_command *order, int32_t heard, keel_err *err) {
    execution *x = ctx;
    return x->venue.port.query(x->venue.port.ctx, order, heard, err);
}

static int cancel_order(void *ctx, const keel_command *order, keel_err *err) {
    execution *x = ctx;
    return x->venue.port.cancel(x->venue.port.ctx, order, err);
}

static void tell_uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    execution *x = ctx;
    x->venue.port.uncovered(x->venue.port.ctx, fill, closes_qty_e8);
}

static void pass_tick(void *ctx, const keel_venue_tick *t) {
    execution *x = ctx;
    x->venue.port.tick(x->venue.port.ctx, t);
}

static void set_up(execution *x, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                   const keel_exec_options *o) {
    const mix *m = x->m;
    const keel_diff_side *late = m->of[KEEL_DIFF_LATE], *risk = m->of[KEEL_DIFF_RISK];
    /* Either side may have values for single regimes. */
    const int32_t by_regime = o->by_regime || risk->run->by_regime, n = tape->sleeve_count;
    for (int32_t i = 0; i < (by_regime ? 1 + KEEL_REGIME_COUNT : 1) * n; i++) {
        x->params[i] = p[o->by_regime ? i : i % n];
        take_fees(&m->of[KEEL_DIFF_FEE]->run->params, &x->params[i]);
        take_risk(&keel_run_config_rows(risk->run)[risk->run->by_regime ? i / n : 0], &x->params[i]);
    }
    keel_paper_plan_fill(o->kernel, x->params, by_regime, tape, rules, o->capital_e8, &x->plan);
    keel_paper_feed_init(&x->feed, tape, m->of[KEEL_DIFF_MODE]->flatten);
    x->feed.late = late->market.late;
    x->feed.late_count = late->market.late_count;
    keel_paper_books_init(&x->books, o->capital_e8, tape->symbol_count);
    keel_paper_books_shadow(&x->books, &x->plan.plan);
    keel_sim_venue_init(&x->venue, tape->symbol_count, x->plan.rules, x->plan.slippage_bps);
    x->venue.model = model_of(m);
    x->plan.plan.behaviour = m->of[KEEL_DIFF_MODE]->behaviour;
    x->port = (keel_venue){.ctx = x,
                           .send = send_order,
                           .poll = poll_reports,
                           .query = query_order,
                           .cancel = cancel_order,
                           .uncovered = tell_uncovered,
                           .tick = pass_tick};
    x->source = (keel_engine_source){.ctx = x, .next = next_input};
}

static int run_dry(execution *x, const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    int ended = 0;
    keel_engine_watch watch = keel_paper_books_watch(&x->books);
    KEEL_TRY(keel_engine_open_dry(&x->plan.plan, &watch, &x->port, &x->engine, err));
    KEEL_TRY(keel_engine_run(x->engine, &x->source, o->interrupted, &ended, err));
    if (!ended) return keel_err_set(err, KEEL_E_INTERRUPTED, "interrupted: nothing was written; run the command again");
    if (x->venue.overflow)
        return keel_err_set(err, KEEL_E_PARITY, "a price does not fit: simulated venue: please report this run");
    if (x->books.shadow.breaches > 0)
        return keel_err_set(err, KEEL_E_PARITY, "the shadow ledger has other books: event %llu: please report this run",
                            (unsigned long long)x->books.shadow.first.seq);
    return keel_paper_books_result(&x->books, keel_engine_state(x->engine), x->params, ret, err);
}

static int execute(void *data, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                   const keel_exec_options *o, keel_exec_result *ret, keel_err *err) {
    execution *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: run: close other programs");
    x->m = data;
    x->at = KEEL_DIFF_PLACE_BEFORE_ALL;
    set_up(x, p, tape, rules, o);
    int rc = run_dry(x, o, ret, err);
    keel_engine_abandon(x->engine);
    keel_paper_books_done(&x->books);
    free(x);
    return rc;
}

/* Symbols as the two sides number them: those that are traded, in order of name. */
static void rename_symbols(const keel_diff_side *names, const keel_diff_market *market, const keel_diff_side *data,
                           keel_diff_stage *s) {
    for (int64_t i = 0; i < s->count; i++) {
        const char *name =
            data->is_paper ? data->opened.symbols[s->trades[i].symbol] : market->data.series[s->trades[i].symbol].name;
        for (int32_t k = 0; k < names->symbol_count; k++)
            if (strcmp(names->symbols[k], name) == 0) {
                s->trades[i].symbol = k;
                break;
            }
    }
}

/* A whole run of a mix, in the engine, or, body 0, in the lane. */
static int run_mix(mix *m, int in_engine, keel_diff_stage *ret, uint64_t *ret_hash) {
    keel_diff_side *params = m->of[KEEL_DIFF_PARAMETERS], *data = m->of[KEEL_DIFF_DATA];
    keel_err *err = keel_cli_err(params->cli);
    keel_diff_market market;
    keel_exec_options o = {.close_at_end = m->of[KEEL_DIFF_MODE]->flatten,
                           .interrupted = keel_cli_interrupted,
                           .body = in_engine ? execute : NULL,
                           .body_data = m};
    int rc = keel_diff_market_load(params, data, &market);
    if (rc == 0) rc = keel_backtest_accounts_run(params->run, &market.data, &o, &market.accounts, err);
    if (rc == 0) {
        keel_exec_result *r = &market.accounts.all;
        ret->trades = r->trades;
        ret->count = r->trade_count;
        ret->net_e8 = r->final_e8 - market.accounts.items[0].start_e8;
        *ret_hash = r->state_hash;
        r->trades = NULL;
        rename_symbols(m->of[0], &market, data, ret);
        if (data->is_made && !in_engine)
            memcpy(data->made_dataset, market.data.dataset_hash, sizeof data->made_dataset);
    }
    keel_diff_market_done(&market);
    return rc;
}

/* ---- the row of stages ----------------------------------------------------------------------------------------- */

static mix all_of(keel_diff_side *s) {
    mix m;
    for (int32_t i = 0; i < KEEL_DIFF_CAUSE_COUNT; i++)
        m.of[i] = s;
    return m;
}

static keel_diff_stage *next_stage(keel_diff_stages *s, keel_diff_cause cause) {
    KEEL_ASSERT(s->count < KEEL_DIFF_STAGES_MAX);
    keel_diff_stage *to = &s->item[s->count++];
    memset(to, 0, sizeof *to);
    to->cause = cause;
    return to;
}

/* What the run's own record says, where the run cannot be made again to the same state. */
static int copy_recorded(const keel_diff_side *s, keel_diff_stage *to, keel_err *err) {
    to->trades = calloc((size_t)s->recorded.count + 1, sizeof *to->trades);
    if (!to->trades) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trades: close other programs");
    if (s->recorded.count > 0) memcpy(to->trades, s->recorded.trades, (size_t)s->recorded.count * sizeof *to->trades);
    to->count = s->recorded.count;
    to->net_e8 = s->recorded.net_e8;
    return 0;
}

/* Why a run that is made again ends in another state than its record. */
static int why_not_again(keel_diff_side *s, keel_diff_stages *stages, keel_diff_cause *ret) {
    mix m = all_of(s);
    keel_diff_stage lane = {0};
    uint64_t hash = 0;
    *ret = KEEL_DIFF_UNEXPLAINED;
    if (s->core && strcmp(s->core, keel_unit_sha256) != 0) return 0;
    if (s->is_paper) return 0;
    KEEL_TRY(run_mix(&m, 0, &lane, &hash));
    stages->runs++;
    free(lane.trades);
    /* The lane repeats it and the engine does not: nothing explains that. Neither does: its store has other data now.
     */
    if (hash != s->state_hash && s->is_revised) *ret = KEEL_DIFF_DATA;
    return 0;
}

/* Has the store of a run changed since? */
static int look_at_store(keel_diff_side *s) {
    keel_diff_market market;
    if (s->is_paper || s->is_made) return 0;
    int rc = keel_diff_market_load(s, s, &market);
    if (rc == 0) s->is_revised = strcmp(market.data.dataset_hash, s->dataset_hash) != 0;
    keel_diff_market_done(&market);
    return rc;
}

/* The backtest that nobody kept: what it comes to now is its record. */
static int make_record(keel_diff_side *s, keel_diff_stages *stages) {
    mix m = all_of(s);
    if (!s->is_made) return 0;
    free(s->recorded.trades);
    stages->runs++;
    return run_mix(&m, 0, &s->recorded, &s->state_hash);
}

static int32_t behaviour_of(const keel_diff_side *s) { return s->behaviour ? s->behaviour : KEEL_ENGINE_BEHAVIOUR; }

static int has_orders(const keel_diff_side *s) { return s->market.control_count > 0 || s->market.withheld_count > 0; }

/* Is there anything to change at this step? Where it is not certain, the step is run. */
static int may_differ(const keel_diff_side *a, const keel_diff_side *b, keel_diff_cause cause) {
    const keel_sim_model *x = &a->model.sim, *y = &b->model.sim;
    switch (cause) {
        case KEEL_DIFF_DATA: return 1;
        case KEEL_DIFF_LATE: return a->market.late_count > 0 || b->market.late_count > 0;
        case KEEL_DIFF_LATENCY: return x->latency_ms != y->latency_ms;
        case KEEL_DIFF_PARTIAL: return x->fill_share_e8 != y->fill_share_e8;
        case KEEL_DIFF_QUEUE: return x->queue_every != y->queue_every;
        case KEEL_DIFF_REJECT: return x->reject_every != y->reject_every;
        case KEEL_DIFF_MODE:
            return a->flatten != b->flatten || behaviour_of(a) != behaviour_of(b) || has_orders(a) || has_orders(b);
        default: return 1;
    }
}

static int same_parameters(const keel_diff_side *a, const keel_diff_side *b) {
    return strcmp(a->run->config_id, b->run->config_id) == 0;
}

/* What is changed at a step: in their order, but limits of risk before the other parameters where only A has values for
 * single regimes. A configuration without any reads no bitcoin: with B's the limits that A has in a regime would have
 * none, and their part would be booked to the parameters. */
static int32_t cause_at(const keel_diff_side *a, const keel_diff_side *b, int32_t step) {
    int risk_first = a->run->by_regime && !b->run->by_regime;
    if (risk_first && step == KEEL_DIFF_PARAMETERS) return KEEL_DIFF_RISK;
    if (risk_first && step == KEEL_DIFF_RISK) return KEEL_DIFF_PARAMETERS;
    return step;
}

static int walk(keel_diff_side *a, keel_diff_side *b, keel_diff_stages *s, uint64_t *hash) {
    mix m = all_of(a);
    KEEL_STATIC_ASSERT(KEEL_DIFF_RISK == KEEL_DIFF_PARAMETERS + 1, risk_and_parameters_change_places);
    for (int32_t step = 0; step < KEEL_DIFF_UNEXPLAINED; step++) {
        int32_t cause = cause_at(a, b, step);
        int by_config = cause == KEEL_DIFF_FEE || cause == KEEL_DIFF_PARAMETERS || cause == KEEL_DIFF_RISK;
        m.of[cause] = b;
        if (!may_differ(a, b, (keel_diff_cause)cause) || (by_config && same_parameters(a, b))) continue;
        keel_diff_stage *to = next_stage(s, (keel_diff_cause)cause);
        s->runs++;
        KEEL_TRY(run_mix(&m, 1, to, hash));
    }
    return 0;
}

int keel_diff_stages_make(keel_diff_side *a, keel_diff_side *b, keel_diff_stages *ret) {
    keel_err *err = keel_cli_err(a->cli);
    mix m = all_of(a);
    keel_diff_cause why;
    uint64_t hash = 0;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(make_record(b, ret));
    KEEL_TRY(look_at_store(a));
    KEEL_TRY(look_at_store(b));
    KEEL_TRY(copy_recorded(a, next_stage(ret, KEEL_DIFF_UNEXPLAINED), err));
    ret->runs++;
    KEEL_TRY(run_mix(&m, 1, next_stage(ret, KEEL_DIFF_UNEXPLAINED), &hash));
    if (hash != a->state_hash) {
        KEEL_TRY(why_not_again(a, ret, &why));
        ret->item[1].cause = why;
    }
    KEEL_TRY(walk(a, b, ret, &hash));
    why = KEEL_DIFF_UNEXPLAINED;
    if (hash != b->state_hash) KEEL_TRY(why_not_again(b, ret, &why));
    return copy_recorded(b, next_stage(ret, why), err);
}

void keel_diff_stages_done(keel_diff_stages *s) {
    for (int32_t i = 0; i < s->count; i++)
        free(s->item[i].trades);
    memset(s, 0, sizeof *s);
}
