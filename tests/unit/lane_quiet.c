/* A run over windows, which passes quiet bars in stretches, against the plain loop that steps every bar: same bits in
 * everything that comes out, and in everything that is remembered. */
#include "lane_windows.h"

#include <stdio.h>

enum { MANNER_PLAIN_STOPS = MANNERS, QUIET_MANNERS };

static void use_quiet_manner(market *m, int32_t strategy, int manner) {
    use_manner(m, strategy, manner == MANNER_PLAIN_STOPS ? 0 : manner);
    if (manner != MANNER_PLAIN_STOPS) return;
    keel_params *p = &m->p; /* levels only */
    p->sl_pct = 0.03;
    p->tp_pct = 0.05;
    p->maintenance_margin_pct = 0.005;
    p->leverage = 5;
    p->enable_partial_tp = 1;
    p->enable_breakeven_stop = p->enable_trailing = p->enable_tsme = p->enable_rsi_ext = 0;
    p->adx_exhaustion_lt = 0;
}

/* [KRN-05] [PRF-01] Every strategy in every manner on every kind of market. */
static void passing_quiet_bars_changes_nothing(void **state) {
    (void)state;
    int64_t passed[QUIET_MANNERS] = {0};
    for (size_t n = 0; n <= COUNT(NATURES); n++)
        for (int ratio = 1; ratio <= 4; ratio += 3)
            for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++)
                for (int manner = 0; manner < QUIET_MANNERS; manner++) {
                    char what[160];
                    const nature *kind = n < COUNT(NATURES) ? &NATURES[n] : &WHOLE;
                    uint64_t seed = (uint64_t)n * 1000 + (uint64_t)ratio * 100 + (uint64_t)s * 10 + (uint64_t)manner;
                    int symbols = seed % 3 == 0 ? 3 : 1;
                    (void)snprintf(what, sizeof what, "%s, %s, manner %d, %d pieces, %d symbols", kind->name,
                                   STRATEGY_NAMES[s], manner, ratio, symbols);
                    market *m = market_random(seed, symbols, 700, ratio, kind);
                    use_quiet_manner(m, s, manner);
                    m->keep_open = seed % 5 == 0;
                    if (seed % 7 == 0) m->rules[0].market = KEEL_SPOT;
                    passed[manner] += compare(m, what);
                    market_free(m);
                }
    for (int manner = 0; manner < QUIET_MANNERS; manner++)
        if (manner != 2 && passed[manner] < 1000) /* manner 2 has gates that remember every bar */
            fail_msg("manner %d: only %d bars were passed", manner, (int)passed[manner]);
}

/* Most of a calm market is passed: that is what it is for. */
static void most_of_a_whole_market_is_passed(void **state) {
    (void)state;
    market *m = market_random(9, 1, 3000, 1, &WHOLE);
    use_quiet_manner(m, KEEL_STRATEGY_EMA_CROSS, MANNER_PLAIN_STOPS);
    int64_t passed = compare(m, "a calm market");
    if (passed < 2000) fail_msg("%d of 3000 bars were passed", (int)passed);
    market_free(m);
}

/* State after each of several bars, most of them inside a stretch. */
static void compare_on_the_way(market *m, const char *what) {
    for (int64_t bars = 3; m->tape.trade_from + bars < m->tape.bars; bars += 97) {
        int64_t to = m->tape.trade_from + bars;
        keel_window *w = room(1, sizeof *w);
        keel_window_room *rooms = room(m->tape.symbol_count, sizeof *rooms);
        keel_lane_out out;
        begin(m);
        m->equity_cap = bars;
        assert_int_equal(advance(m), KEEL_LANE_DRAIN);
        m->equity_cap = 0;
        assert_int_equal(m->lane->bar, to);
        uint64_t plain = keel_state_hash(m->st);
        begin(m);
        memset(&out, 0, sizeof out);
        w->count = to;
        for (int32_t i = 0; i < m->tape.symbol_count; i++) {
            rooms[i] = room_new((int32_t)to);
            keel_window_fill(&m->tape, i, &m->p, 0, to, &m->sets[i], &rooms[i], &w->sym[i]);
        }
        assert_int_equal(keel_lane_advance(m->lane, m->st, &m->p, &m->tape, m->sets, m->snaps, w, &out),
                         KEEL_LANE_WINDOW);
        if (keel_state_hash(m->st) != plain) fail_msg("%s: another state after %d bars", what, (int)bars);
        for (int32_t i = 0; i < m->tape.symbol_count; i++)
            room_free(&rooms[i]);
        free(rooms);
        free(w);
    }
}

/* Main bars and their pieces may come from different sources: then it is the pieces that were traded. */
static void pieces_may_end_elsewhere(void **state) {
    (void)state;
    for (int symbols = 1; symbols <= 3; symbols += 2) {
        market *m = market_random(11, symbols, 1200, 4, &WHOLE);
        dice d = {12};
        use_quiet_manner(m, KEEL_STRATEGY_EMA_CROSS, MANNER_PLAIN_STOPS);
        compare_on_the_way(m, "pieces that end with their bar");
        for (int i = 0; i < symbols; i++) {
            keel_tape_symbol *s = &m->tape.sym[i];
            for (int64_t k = 0; k < m->tape.bars; k++)
                column(s->close_e8)[k] = between(&d, s->low_e8[k], s->high_e8[k]);
        }
        compare_on_the_way(m, "pieces that end elsewhere");
        m->p.block_exits_on_extreme_dev = 1;
        m->p.glitch_price_dev_pct = 0.02;
        (void)compare(m, "pieces that end elsewhere");
        market_free(m);
    }
}

/* One coin for hundreds of millions: a drawdown that does not fit a double is deepened by five units at 1e-8. */
static void a_drawdown_is_known_to_the_unit(void **state) {
    (void)state;
    const int64_t unit = 10000000000000000, deep = 120000000000000009;
    market *m = market_new(1, 60, 1);
    keel_tape_symbol *s = &m->tape.sym[0];
    use(m, KEEL_STRATEGY_BUY_HOLD);
    m->capital_e8 = 50 * unit;
    m->p.allocation_pct = 0.5;
    m->rules[0].lot_e8 = 100000000;
    for (int64_t k = 0; k < 60; k++) {
        int64_t px = k < 30 ? 15 * unit : 24 * unit;
        if (k == 30) px = 15 * unit - deep;
        if (k == 40) px = 24 * unit - (deep - 18);
        if (k == 41) px = 24 * unit - (deep + 5);
        column(s->open_e8)[k] = column(s->high_e8)[k] = column(s->low_e8)[k] = column(s->close_e8)[k] = px;
    }
    int64_t passed = compare(m, "a deep drawdown");
    assert_int_equal(m->lane->tally.drawdown_e8, deep + 5);
    assert_true(passed > 30);
    market_free(m);
}

/* Funding inside a stretch makes an account of ten billion too large for it: known to the unit all the same. */
static void an_account_may_outgrow_stretches(void **state) {
    (void)state;
    market *m = market_new(1, 60, 1);
    use(m, KEEL_STRATEGY_BUY_HOLD);
    m->capital_e8 = 999000000000000000;
    m->p.allocation_pct = 0.2;
    put_funding(m, 0, bar_ms(40), -100000000000000);
    int64_t passed = compare(m, "an account that grows");
    assert_true(m->lane->equity_e8 > 1000000000000000000);
    assert_in_range(passed, 15, 25);
    market_free(m);
}

/* What acts[] says of a bar is what the strategy says there, whatever else it might look at. */
static void silence_is_told_by_the_snapshot_and_the_side(void **state) {
    (void)state;
    dice d = {41};
    for (int32_t strategy = 0; strategy < KEEL_STRATEGY_COUNT; strategy++) {
        market *m = market_random(41 + (uint64_t)strategy, 1, 1500, 1, &WHOLE);
        keel_window_room r = room_new(1500);
        keel_window_symbol w;
        keel_snapshot snap;
        int64_t spoken = 0;
        use_quiet_manner(m, strategy, strategy % 2);
        begin(m);
        keel_window_fill(&m->tape, 0, &m->p, 0, 1500, &m->sets[0], &r, &w);
        assert_int_equal(w.acts == NULL, strategy == KEEL_STRATEGY_CARRY); /* it reads the funding rate */
        memset(&snap, 0, sizeof snap);
        for (int64_t k = 0; w.acts && k < 1500; k++) {
            keel_window_snapshot(&w, k, &snap);
            for (int side = -1; side <= 1; side++) {
                keel_view view = {.snap = &snap,
                                  .ts_ms = between(&d, 1, 1000000000000),
                                  .side = side,
                                  .bars_held = (int32_t)between(&d, 0, 100),
                                  .entry_px = (double)between(&d, 0, 1000),
                                  .profit_atr = (double)between(&d, -9, 9),
                                  .funding_rate = (double)between(&d, -9, 9),
                                  .has_funding = (int32_t)between(&d, 0, 1),
                                  .btc_bullish = (int32_t)between(&d, KEEL_UNKNOWN, KEEL_TRUE),
                                  .is_btc = (int32_t)between(&d, 0, 1),
                                  .regime_gate = (int32_t)between(&d, KEEL_UNKNOWN, KEEL_TRUE),
                                  .breadth = (double)between(&d, -1, 1)};
                int bit = side == 0 ? KEEL_ACTS_FLAT : side > 0 ? KEEL_ACTS_LONG : KEEL_ACTS_SHORT;
                keel_opinion opinion;
                keel_strategy_decide(&m->p, &view, &opinion);
                assert_int_equal((w.acts[k] & bit) != 0, opinion.signal != KEEL_NEUTRAL);
                spoken += opinion.signal != KEEL_NEUTRAL;
            }
        }
        if (w.acts && strategy != KEEL_STRATEGY_NO_TRADE) assert_true(spoken > 10);
        room_free(&r);
        market_free(m);
    }
}

/* A range that is none, inside of what could be a stretch: refused where the plain loop refuses it. */
static void a_bar_that_a_step_refuses_is_found(void **state) {
    (void)state;
    for (int kind = 0; kind < 10; kind++) {
        market *m = market_random(17, 1, 900, kind % 2 ? 4 : 1, &WHOLE);
        keel_tape_symbol *s = &m->tape.sym[0];
        int fine = m->tape.ratio > 1;
        int64_t at = 655 * m->tape.ratio;
        int64_t *open = column(fine ? s->detail_open_e8 : s->open_e8),
                *high = column(fine ? s->detail_high_e8 : s->high_e8);
        int64_t *low = column(fine ? s->detail_low_e8 : s->low_e8),
                *close = column(fine ? s->detail_close_e8 : s->close_e8);
        use_quiet_manner(m, KEEL_STRATEGY_BUY_HOLD, MANNER_PLAIN_STOPS);
        m->p.sl_pct = m->p.tp_pct = m->p.maintenance_margin_pct = 0;
        if (kind / 2 == 0) low[at] = open[at] + 1;
        if (kind / 2 == 1) low[at] = close[at] + 1;
        if (kind / 2 == 2) high[at] = open[at] - 1;
        if (kind / 2 == 3) high[at] = close[at] - 1;
        if (kind / 2 == 4) low[at] = -1;
        run(m);
        assert_int_equal(m->status, KEEL_LANE_FAULT);
        assert_int_equal(m->lane->bar, 655);
        int32_t fault = m->lane->fault;
        uint64_t hash = keel_state_hash(m->st);
        for (int32_t cap = 37; cap < 2000; cap += 900) {
            run_over_windows(m, cap, 0);
            assert_int_equal(m->status, KEEL_LANE_FAULT);
            assert_int_equal(m->lane->fault, fault);
            assert_int_equal(m->lane->bar, 655);
            assert_true(keel_state_hash(m->st) == hash);
            assert_true(m->lane->passed > 0 || cap > 655);
        }
        market_free(m);
    }
}

/* Nothing but symbols to watch: an account at which nothing happens. */
static void symbols_that_are_only_watched(void **state) {
    (void)state;
    market *m = market_random(13, 2, 300, 1, &WHOLE);
    use_quiet_manner(m, KEEL_STRATEGY_EMA_CROSS, MANNER_PLAIN_STOPS);
    m->tape.sym[0].watch_only = m->tape.sym[1].watch_only = 1;
    assert_true(compare(m, "watched only") > 100);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passing_quiet_bars_changes_nothing),
        cmocka_unit_test(most_of_a_whole_market_is_passed),
        cmocka_unit_test(pieces_may_end_elsewhere),
        cmocka_unit_test(a_drawdown_is_known_to_the_unit),
        cmocka_unit_test(an_account_may_outgrow_stretches),
        cmocka_unit_test(symbols_that_are_only_watched),
        cmocka_unit_test(a_bar_that_a_step_refuses_is_found),
        cmocka_unit_test(silence_is_told_by_the_snapshot_and_the_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
