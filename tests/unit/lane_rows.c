/* Behaviours of whole runs that belong to no one rule: numbering, one decision a bar, absent and stale feeds. */
#include "lane_fixture.h"

#define DECISIONS 64

/* One call of the lane that runs up to the end of the next main bar; its decisions go to d, their count is returned. */
static int64_t one_bar(market *m, keel_lane_decision *d) {
    int64_t ts_ms, equity_e8;
    keel_lane_out out;
    memset(&out, 0, sizeof out);
    out.trades = m->trades;
    out.trade_cap = 20000;
    out.equity_ts_ms = &ts_ms;
    out.equity_e8 = &equity_e8;
    out.equity_cap = 1;
    out.decisions = d;
    out.decision_cap = DECISIONS;
    m->status = keel_lane_advance(m->lane, m->st, &m->p, &m->tape, m->sets, m->snaps, NULL, &out);
    m->trade_count += out.trade_count;
    return out.decision_count;
}

/* [T-004] What the lane feeds to the core is numbered 1, 2, 3, ...: as many numbers as accepted events, after each bar,
 * with funding, stops, detail bars and holes. */
static void events_are_numbered_without_gaps(void **state) {
    (void)state;
    static keel_lane_decision d[DECISIONS];
    for (int ratio = 1; ratio <= 4; ratio += 3) {
        market *m = market_new(2, WARM + 12, ratio);
        use_one_entry(m, 1);
        m->p.sl_pct = 0.05;
        put(m, 0, WARM + 3, (candle){100, 100, 90, 92, 10});
        if (ratio > 1) put_detail(m, 0, WARM + 3, 1, (candle){100, 100, 90, 92, 10});
        put(m, 1, WARM + 5, MISSING);
        for (int j = 0; ratio > 1 && j < ratio; j++)
            put_detail(m, 1, WARM + 5, j, MISSING);
        put_funding(m, 0, bar_ms(WARM + 2), 1000000);
        begin(m);
        uint64_t last = 0;
        do {
            (void)one_bar(m, d);
            assert_true(m->st->last_seq == m->st->step_count && m->st->last_seq >= last);
            last = m->st->last_seq;
        } while (m->status == KEEL_LANE_DRAIN);
        assert_int_equal(m->status, KEEL_LANE_DONE);
        assert_true(last > 2 * 12 && m->trade_count == 2);
        market_free(m);
    }
}

/* [T-026] Buy and hold wants to buy as long as it holds nothing, and here no order is large enough: asked once for each
 * main bar of each symbol, however many detail bars make it, and not for a bar that is missing. */
static void asked_once_for_each_bar(void **state) {
    (void)state;
    static keel_lane_decision d[DECISIONS];
    for (int ratio = 1; ratio <= 4; ratio += 3) {
        market *m = market_new(2, WARM + 8, ratio);
        use(m, KEEL_STRATEGY_BUY_HOLD);
        m->p.min_notional_usd = e8(1000000);
        put(m, 1, WARM + 5, MISSING);
        for (int j = 0; ratio > 1 && j < ratio; j++)
            put_detail(m, 1, WARM + 5, j, MISSING);
        begin(m);
        int64_t asked = 0;
        do {
            int64_t bar = m->lane->bar;
            int64_t n = one_bar(m, d);
            int64_t times[2] = {0, 0};
            for (int64_t i = 0; i < n; i++) {
                if (d[i].diag.signal != KEEL_BUY) continue;
                assert_true(d[i].has_snapshot && d[i].symbol >= 0 && d[i].symbol < 2);
                times[d[i].symbol]++;
                asked++;
            }
            for (int s = 0; s < 2 && bar < m->tape.bars; s++)
                if (times[s] > 1) fail_msg("bar %d: symbol %d asked %d times", (int)bar, s, (int)times[s]);
        } while (m->status == KEEL_LANE_DRAIN);
        assert_int_equal(m->status, KEEL_LANE_DONE);
        assert_int_equal(asked, 2 * 9 - 1); /* the first decides at the close of bar WARM - 1 */
        assert_int_equal(m->lane->tally.bars, asked);
        market_free(m);
    }
}

/* [T-220] [T-221] Carry trades on settlements: with none, or when the last one is too old, the run goes to its end
 * without a trade and counts why; with a fresh one it trades. */
static void absent_and_stale_funding(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int settled;
        double max_age_h;
        int trades;
    } rows[] = {{"absent", 0, 1000, 0}, {"stale", 1, WARM - 1, 0}, {"fresh", 1, WARM, 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        market *m = market_new(1, WARM + 6, 1);
        use_one_entry(m, 1);
        if (!rows[i].settled) m->tape.sym[0].funding_count = 0;
        m->p.funding_max_age_h = rows[i].max_age_h;
        run_well(m);
        assert_trades(rows[i].name, m, rows[i].trades);
        assert_int_equal(m->lane->tally.bars, 7);
        if (rows[i].trades == 0) assert_true(m->lane->equity_e8 == m->capital_e8);
        market_free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_numbered_without_gaps),
        cmocka_unit_test(asked_once_for_each_bar),
        cmocka_unit_test(absent_and_stale_funding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
