/* Several strategies on one account: each keeps to its own configuration, symbols and context; the account is shared.
 */
#include "lane_random.h"

/* Run the market's tape with one configuration for each sleeve; the market's own p is left alone. */
static void run_sleeves(market *m, const keel_params *p) {
    keel_lane_out out;
    begin(m);
    for (int32_t i = 0; i < m->tape.symbol_count; i++) {
        keel_signal_list list;
        keel_strategy_signals(&p[m->tape.sym[i].sleeve], &list);
        assert_int_equal(keel_signal_set_init(&m->sets[i], list.spec, list.n), KEEL_SIGNAL_OK);
    }
    assert_int_equal(keel_lane_init(m->lane, m->st, p, &m->tape, m->capital_e8, 1), KEEL_REFUSED_OK);
    for (int32_t i = 0; i < m->tape.symbol_count; i++)
        m->st->sym[i].rules = m->rules[i];
    memset(&out, 0, sizeof out);
    out.trades = m->trades;
    out.trade_cap = 20000;
    assert_int_equal(keel_lane_advance(m->lane, m->st, p, &m->tape, m->sets, m->snaps, NULL, &out), KEEL_LANE_DONE);
    m->trade_count = out.trade_count;
}

/* [BKT-01.1] Who decides does not matter, only what: two sleeves with one configuration are one strategy. */
static void test_equal_sleeves_are_one_strategy(void **state) {
    (void)state;
    for (int32_t strategy = KEEL_STRATEGY_BUY_HOLD; strategy < KEEL_STRATEGY_COUNT; strategy++) {
        market *m = market_random(77u + (uint64_t)strategy, 2, 900, 4, &NATURES[0]);
        use_manner(m, strategy, 1);
        run(m);
        uint64_t alone = keel_state_hash(m->st);
        int64_t trades = m->trade_count;
        keel_params p[2] = {m->p, m->p};
        m->tape.sleeve_count = 2;
        m->tape.sym[1].sleeve = 1;
        m->tape.btc[1] = 0;
        run_sleeves(m, p);
        assert_int_equal(m->trade_count, trades);
        assert_true(keel_state_hash(m->st) == alone);
        market_free(m);
    }
}

/* Columns of symbol 1 become those of symbol 0: one market, traded by two sleeves. */
static void share_columns(market *m) {
    const keel_tape_symbol *from = &m->tape.sym[0];
    keel_tape_symbol *to = &m->tape.sym[1];
    size_t n = (size_t)m->tape.bars;
    memcpy(column(to->open_e8), from->open_e8, n * 8);
    memcpy(column(to->high_e8), from->high_e8, n * 8);
    memcpy(column(to->low_e8), from->low_e8, n * 8);
    memcpy(column(to->close_e8), from->close_e8, n * 8);
    memcpy(column_f64(to->volume), from->volume, n * 8);
    to->funding_count = 0;
    for (int64_t i = 0; i < from->funding_count; i++)
        put_funding(m, 1, from->funding_ts_ms[i], from->funding_rate_e16[i]);
    m->rules[1] = m->rules[0];
    m->tape.sym[1].sleeve = 1;
    m->tape.sleeve_count = 2;
    m->tape.btc[1] = 1;
}

/* [BKT-01.1] Two strategies on one market of one account: each enters and leaves as it does alone, their positions
 * stand side by side, and the account holds both. Sizes follow the common equity. */
static void test_two_strategies_on_one_market(void **state) {
    (void)state;
    market *m = market_random(5, 2, 1500, 1, &NATURES[0]);
    keel_trade *both = room(20000, sizeof *both);
    keel_params p[2];
    share_columns(m);
    for (int s = 0; s < 2; s++) {
        use(m, s == 0 ? KEEL_STRATEGY_EMA_CROSS : KEEL_STRATEGY_RSI_REVERSION);
        m->p.taker_fee_bps = 55000;
        m->p.allocation_pct = 0.05;
        p[s] = m->p;
    }
    run_sleeves(m, p);
    int64_t count = m->trade_count, sum = 0, at = 0;
    memcpy(both, m->trades, (size_t)count * sizeof *both);
    for (int64_t i = 0; i < count; i++)
        sum += both[i].pnl_e8;
    assert_int_equal(sum, m->lane->equity_e8 - m->capital_e8);
    for (int s = 0; s < 2; s++) {
        keel_params only[2] = {p[0], p[1]};
        assert_int_equal(keel_strategy_select(&only[1 - s], KEEL_STRATEGY_NO_TRADE), 1);
        run_sleeves(m, only);
        assert_true(m->trade_count > 10);
        int64_t next = 0;
        for (int64_t i = 0; i < m->trade_count; i++) {
            while (next < count && both[next].symbol != s)
                next++;
            assert_true(next < count);
            assert_int_equal(both[next].entry_ts_ms, m->trades[i].entry_ts_ms);
            assert_int_equal(both[next].exit_ts_ms, m->trades[i].exit_ts_ms);
            assert_int_equal(both[next].entry_px_e8, m->trades[i].entry_px_e8);
            assert_int_equal(both[next].side, m->trades[i].side);
            next++;
            at++;
        }
    }
    assert_int_equal(at, count);
    free(both);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_sleeves_are_one_strategy),
        cmocka_unit_test(test_two_strategies_on_one_market),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
