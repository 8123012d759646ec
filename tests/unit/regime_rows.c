/* Parameters that have values of their own in some regime of the market: every way of going through a run takes the
 * same values at the same event, and they change nothing but what is decided in their regime. */
#include "engine_world.h"
#include "lane_any.h"

enum { DAY_BARS = 3, HISTORY = 210 * DAY_BARS, BARS = HISTORY + 420, RUNS = 60 };

static const int64_t EIGHT_HOURS_MS = 8 * HOUR_MS;

/* Prices that wander far enough to be a bull, a bear, a chop and a crash. */
static const nature WANDERING = {"wandering", 1000000000, 10000000000000, 10000000000, 12, 4, 0, 0};

/* Main bars of eight hours, the first symbol tells the regime. */
static market *wandering_market(uint64_t seed, int symbols, int ratio, const nature *n) {
    market *m = market_random(seed, symbols, BARS, ratio, n);
    m->tape.interval_ms = EIGHT_HOURS_MS;
    m->tape.trade_from = HISTORY;
    m->tape.btc[0] = 0;
    for (int i = 0; i < symbols; i++) {
        m->tape.sym[i].funding_count = 0;
        for (int64_t k = HISTORY; k < BARS; k += DAY_BARS)
            put_funding(m, i, START_MS + k * EIGHT_HOURS_MS, (int64_t)(k % 7 - 3) * 100000000000);
    }
    return m;
}

/* p asks for all that some row reads, as a configuration does. */
static void widen(market *m) {
    m->by_regime = 1;
    for (int row = 1; row <= KEEL_REGIME_COUNT; row++)
        for (int32_t i = 0; i < KEEL_PARAM_COUNT; i++)
            if (keel_params_get(&m->rows[row], i) > keel_params_get(&m->p, i))
                assert_int_equal(keel_params_set(&m->p, i, keel_params_get(&m->rows[row], i)), 1);
    m->rows[0] = m->p;
}

static void same_rows(market *m) {
    m->by_regime = 1;
    for (int row = 0; row <= KEEL_REGIME_COUNT; row++)
        m->rows[row] = m->p;
}

/* Values of their own in about half of the regimes: sizes, gates, entries, exits, cooldowns. */
static void use_any_rows(market *m, dice *d) {
    const keel_params base = m->p;
    for (int row = 1; row <= KEEL_REGIME_COUNT; row++) {
        keel_params *p = &m->p;
        *p = base;
        if (chance(d, 600)) {
            use_any_exits(m, d);
            p->allocation_pct = ONE_OF(d, 0.02, 0.2, 0.5);
            p->max_positions = (int32_t)ONE_OF(d, 1, 2, 20);
            p->entry_cooldown_s = (int32_t)ONE_OF(d, 0, 20, 100000);
            p->enable_reverse = chance(d, 500);
            p->gate_volume = chance(d, 200);
            p->gate_breadth = chance(d, 100);
            p->gate_regime = chance(d, 100);
            p->trailing_distance_atr = ONE_OF(d, 0.4, 0.8, 3);
            p->entry_min_adx = ONE_OF(d, 0, 22, 40);
            p->entry_min_confidence = (int32_t)ONE_OF(d, 0, 0, 1);
        }
        m->rows[row] = *p;
    }
    m->p = base;
    widen(m);
}

static market *any_market(dice *d) {
    static const int ratios[] = {1, 1, 2};
    nature n = WANDERING;
    n.hole_per_mille = (int)ONE_OF(d, 0, 0, 10);
    n.quiet_per_mille = (int)ONE_OF(d, 0, 0, 20);
    n.step_per_mille = (int)ONE_OF(d, 6, 12, 30);
    market *m = wandering_market(throw(d), (int)between(d, 1, 3), ratios[between(d, 0, 2)], &n);
    use_manner(m, (int32_t)between(d, 1, KEEL_STRATEGY_COUNT - 1), (int)between(d, 0, 2));
    m->p.gate_breadth = m->p.gate_regime = 0;
    m->keep_open = chance(d, 300);
    return m;
}

static int64_t met[KEEL_REGIME_COUNT];

/* [SWP-01.3] [KRN-05] With windows of any length, lean or not, full buffers or not: the plain loop's bits; and the
 * engine, stopped and started again, from a snapshot or its first record, ends in the same state. */
static void every_way_takes_the_values_of_the_regime(void **state) {
    (void)state;
    encounters e = {0};
    int64_t changed = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        char what[80];
        dice d = {seed * 7919};
        market *m = any_market(&d);
        (void)snprintf(what, sizeof what, "seed %d", (int)seed);
        run(m);
        uint64_t alike = keel_state_hash(m->st);
        use_any_rows(m, &d);
        compare_any(m, &d, &e, what);
        run_well(m);
        changed += keel_state_hash(m->st) != alike;
        for (int64_t i = 0; i < m->trade_count; i++)
            met[m->trades[i].regime]++;
        if (seed % 3 == 0) {
            world *w = world_new(m, 1, 4, seed);
            w->refuse_snapshots = seed % 2 != 0;
            w->stops = 1;
            w->stop_at = (uint64_t)(HISTORY + between(&d, 50, 300)) * (uint64_t)m->tape.ratio;
            uint64_t on_the_way = 0;
            keel_err err = {0};
            if (live(w, &on_the_way, &err) != 0) fail_msg("%s: %s", what, err.text);
            w->stops = 0;
            live_well(w, keel_state_hash(m->st), what);
            world_free(w);
        }
        market_free(m);
    }
    for (int32_t label = KEEL_REGIME_BULL; label < KEEL_REGIME_COUNT; label++)
        if (met[label] < 50) fail_msg("only %d trades in regime %d", (int)met[label], (int)label);
    if (changed < RUNS / 2) fail_msg("only %d runs were changed", (int)changed);
    assert_true(e.trades > 1000 && e.drained > 0);
}

/* [SWP-01.3] The same values in every regime are no values of their own: the bits of a run without, passed quickly. */
static void equal_rows_change_nothing(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        dice d = {seed * 31};
        market *m = any_market(&d);
        run_over_windows(m, 4096, 0);
        uint64_t quick = keel_state_hash(m->st);
        int64_t trades = m->trade_count;
        same_rows(m);
        run_over_windows(m, 4096, 0);
        assert_true(keel_state_hash(m->st) == quick);
        assert_int_equal(m->trade_count, trades);
        market_free(m);
    }
}

/* [SWP-01.3] Nothing is opened in the one regime in which nothing may be, beginning with the close that says so; and
 * until that regime first comes every trade is the one it was. */
static void a_value_changes_trades_only_in_its_regime(void **state) {
    (void)state;
    int64_t before = 0, gone = 0;
    for (uint64_t seed = 1; seed <= 16; seed++) {
        const int32_t label = KEEL_REGIME_BULL + (int32_t)(seed % 4);
        market *m = wandering_market(seed, 1, 1, &WANDERING);
        use_manner(m, KEEL_STRATEGY_EMA_CROSS, 1);
        m->p.max_hold_bars = 4;
        run_well(m);
        result all = keep(m);
        same_rows(m);
        m->rows[1 + label].entry_cooldown_s = YEAR_S;
        m->rows[1 + label].min_notional_usd = INT64_MAX / 2;
        run_well(m);
        int64_t first = 0;
        while (first < all.trade_count && all.trades[first].regime != label)
            first++;
        for (int64_t i = 0; i < all.trade_count; i++)
            gone += all.trades[i].regime == label;
        for (int64_t i = 0; i < m->trade_count; i++)
            assert_int_not_equal(m->trades[i].regime, label);
        for (int64_t i = 0; i < first; i++, before++)
            assert_memory_equal(&m->trades[i], &all.trades[i], sizeof all.trades[i]);
        result_free(&all);
        market_free(m);
    }
    if (before < 50 || gone < 50) fail_msg("%d trades before, %d not made", (int)before, (int)gone);
}

/* [SWP-01.3] A position's range is judged as it was known before its close: a first target touched in the bar whose
 * close is a crash is taken, although in a crash there is none. */
static void a_range_does_not_know_the_label_of_its_close(void **state) {
    (void)state;
    const int64_t crash = HISTORY + 20;
    for (int touched = 0; touched <= 1; touched++) {
        market *m = market_new(1, crash + 12, 1);
        m->tape.interval_ms = EIGHT_HOURS_MS;
        m->tape.trade_from = HISTORY;
        m->tape.btc[0] = 0;
        m->keep_open = 1;
        use(m, KEEL_STRATEGY_BUY_HOLD);
        m->p.enable_partial_tp = 1;
        m->p.tp_partial_atr_mult = 1.5; /* 106 */
        same_rows(m);
        m->rows[1 + KEEL_REGIME_CRASH].enable_partial_tp = 0;
        put(m, 0, crash, (candle){100, touched ? 110 : 102, 85, 86, 1000});
        for (int64_t k = crash + 1; k < crash + 12; k++) /* above the target, in the crash that goes on for a day */
            put(m, 0, k, k == crash + 1 ? (candle){86, 110, 85, 86, 1000} : (candle){86, 87, 85, 86, 1000});
        run_well(m);
        assert_int_equal(m->st->sym[0].pos.side, 1);
        assert_int_equal(m->st->sym[0].pos.tp1_taken, touched);
        market_free(m);
    }
}

/* [SWP-01.3] A target that was set at an entry is one in a regime, too, in which a part would be closed at the
 * target and the rest be left to other rules: this position has no such part. */
static void a_target_stands_in_a_regime_of_parts(void **state) {
    (void)state;
    const int64_t crash = HISTORY + 20;
    for (int parts = 0; parts <= 1; parts++) {
        market *m = market_new(1, crash + 4, 1);
        m->tape.interval_ms = EIGHT_HOURS_MS;
        m->tape.trade_from = HISTORY;
        m->tape.btc[0] = 0;
        m->keep_open = 1;
        use(m, KEEL_STRATEGY_BUY_HOLD);
        m->p.tp_atr_mult = 4; /* 116 */
        m->p.enable_partial_tp = 0;
        m->p.tp_partial_atr_mult = 0;
        same_rows(m);
        m->rows[1 + KEEL_REGIME_CRASH].enable_partial_tp = parts;
        put(m, 0, crash, (candle){100, 102, 85, 86, 1000});
        put(m, 0, crash + 1, (candle){86, 115, 85, 86, 1000});
        put(m, 0, crash + 2, (candle){86, 120, 85, 86, 1000});
        put(m, 0, crash + 3, (candle){86, 87, 85, 86, 1000});
        run_well(m);
        assert_int_equal(m->trade_count, 1);
        assert_int_equal(m->trades[0].exit_reason, KEEL_X_TP);
        assert_int_equal(m->trades[0].exit_ts_ms, START_MS + (crash + 3) * EIGHT_HOURS_MS);
        market_free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_way_takes_the_values_of_the_regime),
                                       cmocka_unit_test(equal_rows_change_nothing),
                                       cmocka_unit_test(a_value_changes_trades_only_in_its_regime),
                                       cmocka_unit_test(a_range_does_not_know_the_label_of_its_close),
                                       cmocka_unit_test(a_target_stands_in_a_regime_of_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
