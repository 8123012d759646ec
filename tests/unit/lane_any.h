/* lane_any.h: random configurations, from what breaks nothing to what is refused, in every way a lane goes through
 * bars, against the plain loop: same bits, whatever the market and the buffers. */
#ifndef KEEL_TESTS_LANE_ANY_H
#define KEEL_TESTS_LANE_ANY_H

#include "lane_windows.h"

#include <stdio.h>

#include "model/reason.h"

/* What the runs came across, so that none of it is missed. */
typedef struct encounters {
    int64_t trades, flips, inside, by_rule, rejected, unfilled, funded, held_back, faults, drained, both_ways;
    int64_t trailed, evened; /* ended by a trailing or a breakeven stop */
} encounters;

static inline double one_of(dice *d, const double *of, int count) { return of[between(d, 0, count - 1)]; }
#define ONE_OF(d, ...) one_of(d, (const double[]){__VA_ARGS__}, (int)COUNT(((const double[]){__VA_ARGS__})))

/* Sizes, costs and limits from what breaks nothing to what is refused. */
static inline void use_any_account(market *m, dice *d) {
    keel_params *p = &m->p;
    p->leverage = ONE_OF(d, 1, 1, 3, 20, 0.5);
    p->allocation_pct = ONE_OF(d, 0.01, 0.2, 0.9, 1);
    p->cash_reserve_pct = ONE_OF(d, 0, 0, 0.01);
    p->max_gross_exposure = ONE_OF(d, 3, 100, 1000);
    p->maintenance_margin_pct = ONE_OF(d, 0, 0, 0.005, 0.2);
    p->taker_fee_bps = (int64_t)ONE_OF(d, 0, 50000, -20000, 5000000);
    p->slippage_bps = (int64_t)ONE_OF(d, 0, 0, 20000, 3000000);
    p->min_notional_usd = (int64_t)ONE_OF(d, 0, 1e9, 5e11);
    p->allow_short = chance(d, 700);
    p->enable_reverse = chance(d, 600);
    p->entry_cooldown_s = (int32_t)ONE_OF(d, 0, 0, 20, 36000);
    p->exit_cooldown_s = (int32_t)ONE_OF(d, 0, 0, 15, 36000);
    p->reentry_minutes = (int32_t)ONE_OF(d, 0, 0, 60, 600);
    p->loss_streak = (int32_t)ONE_OF(d, 0, 0, 2);
    p->max_trades_per_day = (int32_t)ONE_OF(d, 0, 0, 0, 1);
    m->capital_e8 = (int64_t)ONE_OF(d, 1e12, 1e12, 3e8, 9.99e17);
    for (int32_t i = 0; i < m->tape.symbol_count; i++) {
        m->rules[i].lot_e8 = (int64_t)ONE_OF(d, 1, 1, 1000, 1e8);
        m->rules[i].tick_e8 = (int64_t)ONE_OF(d, 1, 1, 1000);
        m->rules[i].min_notional_e8 = (int64_t)ONE_OF(d, 0, 0, 1e10);
    }
}

/* Levels and rules that look at every bar, each of them on or off. */
static inline void use_any_exits(market *m, dice *d) {
    keel_params *p = &m->p;
    p->sl_pct = ONE_OF(d, 0, 0, 0.02, 0.1);
    p->tp_pct = ONE_OF(d, 0, 0, 0.03, 0.1);
    if (chance(d, 500)) p->sl_atr_mult = p->tp_atr_mult = 0;
    p->enable_partial_tp = chance(d, 300);
    p->enable_breakeven_stop = chance(d, 250);
    p->enable_trailing = chance(d, 250);
    p->enable_tsme = chance(d, 150);
    p->enable_rsi_ext = chance(d, 150);
    p->adx_exhaustion_lt = ONE_OF(d, 0, 0, 0, 18);
    p->max_hold_bars = (int32_t)ONE_OF(d, 0, 0, 0, 12);
    p->max_hold_h = ONE_OF(d, 0, 0, 0, 30);
    p->enable_progress_checks = chance(d, 150);
    p->enable_filter_exit = chance(d, 150);
    p->enable_funding_exit = chance(d, 150);
    p->block_exits_on_extreme_dev = chance(d, 150);
    if (chance(d, 150)) p->max_adds_per_position = 3;
}

static inline void count(encounters *e, const market *m, const result *r) {
    e->trades += r->trade_count;
    e->rejected += r->tally.rejected;
    e->unfilled += r->tally.unfilled;
    e->funded += r->tally.funding_events;
    for (int i = 0; i < KEEL_LANE_HOLDS; i++)
        e->held_back += r->tally.holds[i];
    for (int64_t i = 0; i < r->trade_count; i++) {
        e->both_ways += r->trades[i].bars_held > 2 && r->trades[i].mae_e8 < 0 && r->trades[i].mfe_e8 > 0;
        e->flips += r->trades[i].exit_reason == KEEL_X_SIGNAL_FLIP && m->p.enable_reverse;
        e->inside += (r->trades[i].flags & KEEL_TRADE_INTRABAR) != 0;
        e->trailed += r->trades[i].exit_reason == KEEL_X_TRAIL;
        e->evened += r->trades[i].exit_reason == KEEL_X_BREAKEVEN;
        e->by_rule += r->trades[i].exit_reason == KEEL_X_TIME_MAX || r->trades[i].exit_reason == KEEL_X_FILTER;
    }
}

/* A run that ends at a refusal ends there, with the same books. */
static inline void same_fault(const char *what, const result *plain, const market *m, int64_t bar, int32_t fault) {
    if (m->status != KEEL_LANE_FAULT || m->lane->fault != fault || m->lane->bar != bar)
        fail_msg("%s: status %d, fault %d at bar %d", what, m->status, (int)m->lane->fault, (int)m->lane->bar);
    if (m->trade_count != plain->trade_count || keel_state_hash(m->st) != keel_state_hash(plain->st))
        fail_msg("%s: other books at the refusal", what);
}

static inline void compare_any(market *m, dice *d, encounters *e, const char *what) {
    static const int32_t caps[] = {1, 53, 4096};
    run(m);
    result plain = keep(m);
    int64_t bar = m->lane->bar;
    int32_t fault = m->lane->fault;
    count(e, m, &plain);
    for (size_t i = 0; i < COUNT(caps) + 1; i++) {
        int small = i == COUNT(caps); /* buffers that are full again and again */
        m->trade_cap = small ? keel_lane_trade_room(&m->tape) + between(d, 0, 2) : 0;
        m->equity_cap = small ? between(d, 1, 90) : (chance(d, 500) ? 0 : -1);
        int keeps = m->equity_cap >= 0;
        run_over_windows(m, caps[i % COUNT(caps)], 0);
        e->drained += small && m->trade_count > m->trade_cap;
        m->trade_cap = m->equity_cap = 0;
        if (plain.status == KEEL_LANE_FAULT) {
            same_fault(what, &plain, m, bar, fault);
            continue;
        }
        result quick = keep(m);
        int64_t samples = plain.equity_count;
        if (!keeps) plain.equity_count = 0;
        same(what, &plain, &quick);
        plain.equity_count = samples;
        result_free(&quick);
    }
    e->faults += plain.status == KEEL_LANE_FAULT;
    if (plain.status == KEEL_LANE_DONE) compare_lean(m, what, &plain);
    result_free(&plain);
}

/* Each of these was met at least once. */
static inline void all_were_met(const encounters *e) {
    const int64_t seen[] = {e->trades, e->flips,     e->inside, e->by_rule, e->rejected, e->unfilled,
                            e->funded, e->held_back, e->faults, e->drained, e->both_ways};
    for (size_t i = 0; i < COUNT(seen); i++)
        if (seen[i] < 1) fail_msg("encounter %d: only %d", (int)i, (int)seen[i]);
}

#endif
