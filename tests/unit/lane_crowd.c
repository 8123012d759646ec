/* Bars of several symbols or pieces, gone through symbol by symbol, against the plain loop: same bits, whatever the
 * configuration, the market and the buffers. */
#include "lane_any.h"

enum { RUNS = 420, BARS = 330 };

static market *any_crowd(dice *d, int32_t *ret_strategy) {
    static const int ratios[] = {1, 2, 4, 12};
    nature kind = WHOLE;
    if (chance(d, 200)) kind = NATURES[between(d, 0, (int64_t)COUNT(NATURES) - 1)];
    int ratio = ratios[between(d, 0, (int64_t)COUNT(ratios) - 1)];
    int symbols = (int)between(d, ratio == 1 ? 2 : 1, 4);
    int breaks = chance(d, 80); /* books that overflow */
    if (breaks) kind = NATURES[2];
    if (breaks || chance(d, 500)) kind.hole_per_mille = 0;
    kind.quiet_per_mille = (int)ONE_OF(d, 0, 0, 150); /* pieces without volume: orders wait */
    kind.jump_per_mille = (int)ONE_OF(d, 0, 2, 40);
    kind.step_per_mille = (int)ONE_OF(d, 2, 6, 12);
    market *m = market_random(throw(d), symbols, BARS, ratio, &kind);
    *ret_strategy = (int32_t)between(d, 0, KEEL_STRATEGY_COUNT - 1);
    if (chance(d, 300)) *ret_strategy = KEEL_STRATEGY_EMA_CROSS;
    if (chance(d, 400)) *ret_strategy = KEEL_STRATEGY_TREND;
    use_manner(m, *ret_strategy, (int)between(d, 0, MANNERS - 1));
    if (*ret_strategy == KEEL_STRATEGY_EMA_CROSS) {
        int64_t fast = between(d, 1, 6);
        assert_int_equal(keel_strategy_set(&m->p, 1, (double)(fast + between(d, 1, 12))), 1);
        assert_int_equal(keel_strategy_set(&m->p, 0, (double)fast), 1);
    }
    if (chance(d, 800)) m->p.gate_breadth = m->p.gate_regime = 0;
    use_any_account(m, d);
    use_any_exits(m, d);
    keel_params *p = &m->p;
    if (chance(d, 600)) { /* levels that move, and nothing that looks at the clock */
        p->max_hold_bars = p->enable_progress_checks = p->enable_funding_exit = p->block_exits_on_extreme_dev = 0;
        p->max_hold_h = 0;
        p->enable_breakeven_stop = p->enable_trailing = 1;
        p->sl_atr_mult = ONE_OF(d, 0, 2, 4);
        p->breakeven_start_atr = ONE_OF(d, 0, 0.3, 1.5);
        p->trailing_start_atr = ONE_OF(d, 0, 0.5, 2);
        p->trailing_distance_atr = ONE_OF(d, 0.4, 0.8, 3);
        p->trail_tighten_default = ONE_OF(d, 0.5, 2); /* 2: the stop is farther away at a high profit */
        p->trail_high_profit_atr = ONE_OF(d, 0.5, 2);
        p->trail_floor_default = ONE_OF(d, 0.1, 0.5);
    }
    if (breaks) {
        m->capital_e8 = 999000000000000000;
        p->leverage = 20;
        p->allocation_pct = 1;
        p->max_gross_exposure = 1000;
        p->maintenance_margin_pct = p->cash_reserve_pct = 0;
        p->sl_pct = p->tp_pct = 0;
    }
    if (chance(d, 600)) m->tape.btc[0] = -1;
    if (chance(d, 300)) m->tape.sym[0].funding_count = 0;
    if (symbols > 1 && chance(d, 150)) m->tape.sym[symbols - 1].watch_only = 1;
    m->tape.trade_from = between(d, 0, 120);
    m->keep_open = chance(d, 300);
    return m;
}

/* [KRN-05] [PRF-01] */
static void many_symbols_and_pieces_trade_as_in_the_plain_loop(void **state) {
    (void)state;
    encounters e = {0};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        char what[120];
        int32_t strategy;
        dice d = {seed * 104729};
        market *m = any_crowd(&d, &strategy);
        (void)snprintf(what, sizeof what, "seed %d, %s, %d symbols, %d pieces", (int)seed, STRATEGY_NAMES[strategy],
                       (int)m->tape.symbol_count, (int)m->tape.ratio);
        compare_any(m, &d, &e, what);
        market_free(m);
    }
    all_were_met(&e);
    if (e.trailed < 100 || e.evened < 100) fail_msg("only %d, %d exits by moved levels", (int)e.trailed, (int)e.evened);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_symbols_and_pieces_trade_as_in_the_plain_loop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
