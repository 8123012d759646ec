/* Bars of a run with one symbol, which are gone through without events for what nobody asks, against the plain loop:
 * same bits, whatever the configuration, the market and the buffers. */
#include "lane_any.h"

enum { RUNS = 260, BARS = 600 };

static market *any_market(dice *d, int32_t *ret_strategy) {
    nature kind = WHOLE;
    if (chance(d, 300)) kind = NATURES[between(d, 0, (int64_t)COUNT(NATURES) - 1)];
    kind.quiet_per_mille = (int)ONE_OF(d, 0, 0, 150); /* bars without volume: orders wait */
    kind.jump_per_mille = (int)ONE_OF(d, 2, 2, 40);
    market *m = market_random(throw(d), 1, BARS, 1, &kind);
    *ret_strategy = chance(d, 600) ? KEEL_STRATEGY_EMA_CROSS : (int32_t)between(d, 0, KEEL_STRATEGY_COUNT - 1);
    use_manner(m, *ret_strategy, (int)between(d, 0, MANNERS - 1));
    if (*ret_strategy == KEEL_STRATEGY_EMA_CROSS) { /* fast ones, so that there is much to do */
        int64_t fast = between(d, 1, 6);
        assert_int_equal(keel_strategy_set(&m->p, 1, (double)(fast + between(d, 1, 12))), 1);
        assert_int_equal(keel_strategy_set(&m->p, 0, (double)fast), 1);
    }
    if (chance(d, 700)) m->p.gate_breadth = m->p.gate_regime = 0;
    use_any_account(m, d);
    use_any_exits(m, d);
    if (chance(d, 600)) m->tape.btc[0] = -1;
    if (chance(d, 300)) m->tape.sym[0].funding_count = 0;
    m->tape.trade_from = between(d, 0, 200);
    m->keep_open = chance(d, 300);
    return m;
}

/* [KRN-05] [PRF-01] */
static void a_lone_symbol_trades_as_in_the_plain_loop(void **state) {
    (void)state;
    encounters e = {0};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        char what[80];
        int32_t strategy;
        dice d = {seed * 7919};
        market *m = any_market(&d, &strategy);
        (void)snprintf(what, sizeof what, "seed %d, %s", (int)seed, STRATEGY_NAMES[strategy]);
        compare_any(m, &d, &e, what);
        market_free(m);
    }
    all_were_met(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_lone_symbol_trades_as_in_the_plain_loop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
