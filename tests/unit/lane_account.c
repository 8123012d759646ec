/* What a whole run does to the account: funding, interest, refusals for lack of margin, the liquidation guard, caps,
 * several symbols on one account, and where every dollar of a trade went. */
#include "lane_fixture.h"

#include <stdio.h>

#define PERCENT_E16 ((int64_t)100000000000000) /* 1 % per settlement */

/* [KRN-04] [T-191] Ten coins at 100, settled at 1 %: ten dollars, paid by longs, received by shorts; once; on the
 * position as it was before the fills of that instant. */
static void funding_around_the_entry(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t after_open_ms; /* of the bar at whose open the entry fills */
        double paid;           /* by the long */
    } rows[] = {
        {"an hour before", -3600000, 0},
        {"at the very open: before the fill", 0, 0},
        {"stamped five ms late: before the fill", 5, 0},
        {"just inside the minute of jitter", 59999, 0},
        {"a minute later: inside the bar", 60000, 10},
        {"in the middle of the bar", 1800000, 10},
        {"at the next open", 3600000, 10},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int side = -1; side <= 1; side += 2) {
            market *m = market_new(1, WARM + 3, 1);
            use_one_entry_by_momentum(m, side);
            put_funding(m, 0, bar_ms(WARM) + rows[i].after_open_ms, PERCENT_E16);
            put_funding(m, 0, bar_ms(WARM) + rows[i].after_open_ms, PERCENT_E16); /* told twice, paid once */
            run_well(m);
            assert_trades(rows[i].name, m, 1);
            assert_int_equal(m->trades[0].side, side);
            assert_e8(rows[i].name, m->trades[0].funding_e8, side * rows[i].paid);
            assert_e8(rows[i].name, m->trades[0].pnl_e8, -side * rows[i].paid);
            assert_e8(rows[i].name, m->lane->equity_e8, 10000 - side * rows[i].paid);
            assert_int_equal(m->lane->tally.funding_events, rows[i].paid > 0);
            market_free(m);
        }
}

/* [KRN-04] A position that leaves at the instant of a settlement still pays it. */
static void funding_at_the_exit(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t after_open_ms;
        double paid;
    } rows[] = {{"at the open that closes", 0, 10}, {"after it", 60000, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        market *m = market_new(1, WARM + 5, 1);
        use_one_entry_by_momentum(m, 1);
        m->p.allow_short = 0;
        m->p.enable_reverse = 0;
        candle falls = {100, 102, 98, 99, 10}, stays = {99, 102, 98, 99, 10};
        put(m, 0, WARM + 1, falls);
        for (int k = WARM + 2; k < WARM + 5; k++)
            put(m, 0, k, stays);
        /* The mark is the open of the bar: 99. A rate of 1 % of 990. */
        put_funding(m, 0, bar_ms(WARM + 2) + rows[i].after_open_ms, PERCENT_E16);
        run_well(m);
        assert_trades(rows[i].name, m, 1);
        assert_exit(rows[i].name, &m->trades[0], KEEL_X_SIGNAL_FLIP, 99);
        assert_e8(rows[i].name, m->trades[0].funding_e8, rows[i].paid * 0.99);
        market_free(m);
    }
}

/* Settlements inside a hole of the data are paid when prices are back, each once, at the first price there is. */
static void funding_inside_a_hole(void **state) {
    (void)state;
    market *m = market_new(1, WARM + 6, 1);
    use_one_entry_by_momentum(m, 1);
    for (int k = WARM + 1; k < WARM + 4; k++) {
        put(m, 0, k, MISSING);
        put_funding(m, 0, bar_ms(k), PERCENT_E16);
    }
    put(m, 0, WARM + 4, (candle){110, 111, 99, 100, 10});
    run_well(m);
    assert_trades("hole", m, 1);
    assert_e8("three settlements of 11", m->trades[0].funding_e8, 33);
    market_free(m);
}

/* With detail bars the mark is the open of the finer bar. */
static void funding_on_detail_bars(void **state) {
    (void)state;
    market *m = market_new(1, WARM + 2, 4);
    use_one_entry_by_momentum(m, 1);
    for (int j = 0; j < 4; j++)
        put_detail(m, 0, WARM, j, (candle){100 + j, 110, 90, 100, 10});
    put_funding(m, 0, bar_ms(WARM) + HOUR_MS / 2, PERCENT_E16);
    run_well(m);
    assert_trades("detail", m, 1);
    assert_e8("1 % of ten coins at 102", m->trades[0].funding_e8, 10.2);
    market_free(m);
}

/* [KRN-04] [T-192] Spot shorts borrow coins and pay for them each hour. */
static void interest_on_spot(void **state) {
    (void)state;
    for (int perp = 0; perp <= 1; perp++) {
        market *m = market_new(1, WARM + 4, 1);
        use_one_entry_by_momentum(m, -1);
        m->rules[0].market = perp ? KEEL_PERP : KEEL_SPOT;
        m->p.borrow_rate_annual = 8.76; /* 0.1 % an hour */
        run_well(m);
        assert_trades("spot", m, 1);
        assert_e8("four hours of one dollar", m->trades[0].funding_e8, perp ? 0 : 4);
        market_free(m);
    }
}

/* [BKT-04] A hole in the bars is no holiday: interest and funding of its hours are paid when prices are back, or at the
 * end when they are not. One coin-hour of interest costs 0.1 dollar, the settlement 1 % of ten coins at 100. */
static void holes_cost_interest_and_funding(void **state) {
    (void)state;
    for (int at_the_end = 0; at_the_end <= 1; at_the_end++)
        for (int spot = 0; spot <= 1; spot++) {
            market *m = market_new(1, WARM + 6, 1);
            use_one_entry_by_momentum(m, -1);
            m->rules[0].market = spot ? KEEL_SPOT : KEEL_PERP;
            m->p.borrow_rate_annual = 8.76;
            int hole = at_the_end ? WARM + 4 : WARM + 2;
            put(m, 0, hole, MISSING);
            put(m, 0, hole + 1, MISSING);
            if (!spot) put_funding(m, 0, bar_ms(hole + 1), -KEEL_E16 / 100);
            run_well(m);
            assert_trades("held to the end", m, 1);
            assert_e8(at_the_end ? "hole at the end" : "hole inside", m->trades[0].funding_e8, spot ? 6 : 10);
            market_free(m);
        }
}

/* [KRN-02] The venue refuses an entry that free cash no longer covers at the open; nothing changes, and the
 * next signal may try again. */
static void entry_refused_for_lack_of_margin(void **state) {
    (void)state;
    for (int gap = 0; gap <= 1; gap++) {
        market *m = market_new(1, WARM + 2, 1);
        use(m, KEEL_STRATEGY_BUY_HOLD);
        m->p.allocation_pct = 1.0;
        m->p.cash_reserve_pct = 0;
        candle up = {gap ? 100.00000001 : 100, 102, 98, 100, 10};
        put(m, 0, WARM, up);
        begin(m);
        m->equity_cap = 1;
        assert_int_equal(advance(m), KEEL_LANE_DRAIN); /* the decision */
        keel_account before = m->st->acct;
        assert_int_equal(m->st->pending_opens, 1);
        assert_int_equal(advance(m), KEEL_LANE_DRAIN); /* the open that costs one unit more */
        assert_int_equal(m->lane->tally.rejected, gap);
        if (gap) {
            assert_memory_equal(&m->st->acct, &before, sizeof before);
            assert_int_equal(m->st->sym[0].pos.side, 0);
            assert_int_equal(m->st->pending_opens, 1); /* of the next signal, at this bar's close */
            assert_int_equal(m->st->open_positions, 0);
        }
        while ((m->status = advance(m)) == KEEL_LANE_DRAIN)
            continue;
        assert_trades("at last", m, 1);
        assert_int_equal(m->trades[0].entry_ts_ms, bar_ms(WARM + gap));
        market_free(m);
    }
}

/* A reversal whose opening half cash does not cover is executed as far as it closes; the rest is refused, and the next
 * signal tries again from flat. */
static void reversal_without_cash_closes(void **state) {
    (void)state;
    for (int gap = 0; gap <= 1; gap++) {
        double open = gap ? 105 : 101;
        market *m = market_new(1, WARM + 5, 1);
        use_one_entry_by_momentum(m, -1);
        m->p.allocation_pct = 1.0;
        m->p.cash_reserve_pct = 0.01;
        put(m, 0, WARM + 1, (candle){100, 102, 98, 101, 10});   /* BUY: the order turns a short of 99 coins */
        put(m, 0, WARM + 2, (candle){open, 106, 100, 102, 10}); /* the short lost more, the long costs more */
        put(m, 0, WARM + 3, (candle){102, 103, 100, 103, 10});
        put(m, 0, WARM + 4, (candle){103, 103, 100, 103, 10});
        run_well(m);
        assert_trades("turned", m, 2);
        assert_e8("all of the short", m->trades[0].qty_e8, 99);
        assert_exit("turned", &m->trades[0], KEEL_X_SIGNAL_FLIP, open);
        assert_int_equal(m->trades[0].exit_ts_ms, bar_ms(WARM + 2));
        assert_int_equal(m->trades[1].side, 1);
        assert_int_equal(m->trades[1].entry_ts_ms, bar_ms(WARM + 2 + gap));
        assert_int_equal(m->lane->tally.rejected, gap);
        assert_int_equal(m->lane->tally.trades, 2);
        market_free(m);
    }
}

/* [KRN-08] Ten times leverage, guard at 1.1 times the maintenance margin of 0.5 %: long (100 - 10) / (1 - 0.0055),
 * short (100 + 10) / (1 + 0.0055). */
static void liquidation_guard(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int side;
        candle bar;
        double want; /* 0 = stays */
    } rows[] = {
        {"long, above the guard", 1, {100, 101, 90.6, 95, 10}, 0},
        {"long, at the guard", 1, {100, 101, 90, 95, 10}, 90.49773756},
        {"long, gap beyond it", 1, {88, 89, 87, 88, 10}, 88},
        {"short, below the guard", -1, {100, 109.3, 99, 100, 10}, 0},
        {"short, at the guard", -1, {100, 110, 99, 105, 10}, 109.39830930},
        {"short, gap beyond it", -1, {112, 113, 111, 112, 10}, 112},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        market *m = market_new(1, WARM + 3, 1);
        use_one_entry(m, rows[i].side);
        m->p.leverage = 10;
        m->p.leverage_max = 10;
        m->p.max_gross_exposure = 10;
        m->p.maintenance_margin_pct = 0.005;
        put(m, 0, WARM + 1, rows[i].bar);
        run_well(m);
        assert_trades(rows[i].name, m, 1);
        assert_exit(rows[i].name, &m->trades[0], rows[i].want > 0 ? KEEL_X_LIQUIDATION : KEEL_X_END_OF_DATA,
                    rows[i].want > 0 ? rows[i].want : 100);
        assert_e8(rows[i].name, m->trades[0].qty_e8, 100);
        market_free(m);
    }
}

static double notional_now(const market *m) {
    double sum = 0;
    for (int i = 0; i < m->tape.symbol_count; i++)
        sum += (double)m->st->sym[i].pos.qty_e8 / 1e8 * ((double)m->st->sym[i].last_px_e8 / 1e8);
    return sum;
}

/* [T-019] [T-252] [BKT-01.6] Four symbols want 80 % of equity each, all at the same close: orders in flight count, so
 * the cap holds when they fill, and is used up. */
static void exposure_cap_holds(void **state) {
    (void)state;
    static const double caps[] = {0.1, 0.5, 1.0, 3.0};
    for (size_t c = 0; c < COUNT(caps); c++) {
        market *m = market_new(4, WARM + 8, 1);
        use(m, KEEL_STRATEGY_BUY_HOLD);
        m->p.allocation_pct = 0.4;
        m->p.leverage = 2;
        m->p.max_gross_exposure = caps[c];
        m->keep_open = 1;
        begin(m);
        m->equity_cap = 1;
        do {
            m->status = advance(m);
            double equity = (double)m->lane->equity_e8 / 1e8, notional = notional_now(m);
            if (notional > caps[c] * equity * (1 + 1e-12))
                fail_msg("cap %g: notional %.8f at equity %.8f", caps[c], notional, equity);
        } while (m->status == KEEL_LANE_DRAIN);
        assert_int_equal(m->status, KEEL_LANE_DONE);
        double want = caps[c] < 3.2 ? caps[c] : 3.2;
        if (caps[c] < 1.5) assert_true(notional_now(m) > 0.999 * want * 10000); /* and is used up */
        market_free(m);
    }
}

/* [T-020] One account pays for both: the second symbol finds what the first one left. */
static void two_symbols_share_the_cash(void **state) {
    (void)state;
    market *m = market_new(2, WARM + 4, 1);
    use(m, KEEL_STRATEGY_BUY_HOLD);
    m->p.allocation_pct = 0.7;
    m->p.cash_reserve_pct = 0;
    m->p.max_gross_exposure = 3;
    run_well(m);
    assert_trades("both", m, 2);
    assert_int_equal(m->trades[0].symbol, 0);
    assert_e8("first", m->trades[0].notional_e8, 7000);
    assert_int_equal(m->trades[1].symbol, 1);
    assert_e8("second", m->trades[1].notional_e8, 3000);
    assert_int_equal(m->trades[1].entry_ts_ms, bar_ms(WARM));
    assert_int_equal(m->lane->tally.rejected, 0);
    m->p.max_positions = 1;
    run_well(m);
    assert_trades("one at a time", m, 1);
    assert_int_equal(m->lane->tally.rejected, 0);
    assert_true(m->lane->tally.holds[KEEL_H_CAP - KEEL_H_GATE] > 0);
    market_free(m);
}

/* [CDN-03] A stop inside a bar lies before its close: whoever decides to enter at that close knows of the loss and of
 * the place that became free, whichever symbol comes first by name. */
static void entries_know_the_exits_of_their_bar(void **state) {
    (void)state;
    for (int holder = 0; holder <= 1; holder++)
        for (int pause = 0; pause <= 1; pause++) {
            int other = 1 - holder;
            market *m = market_new(2, WARM + 4, 1);
            use_one_entry_by_momentum(m, 1);
            m->p.sl_pct = 0.05;
            m->p.max_positions = 1;
            m->p.cooldown_after_loss_s = pause ? YEAR_S : 0;
            put(m, other, WARM - 2, CALM);
            put(m, holder, WARM + 1, (candle){100, 102, 90, 100, 10}); /* stopped at 95 */
            put(m, other, WARM + 1, (candle){100, 102, 98, 101, 10});  /* BUY */
            put(m, other, WARM + 2, (candle){101, 102, 98, 101, 10});
            put(m, other, WARM + 3, (candle){101, 102, 98, 101, 10});
            run_well(m);
            assert_trades(pause ? "the pause holds" : "the place is free", m, pause ? 1 : 2);
            assert_exit("stop", &m->trades[0], KEEL_X_STOP, 95);
            if (!pause) assert_int_equal(m->trades[1].entry_ts_ms, bar_ms(WARM + 2));
            market_free(m);
        }
}

/* [BKT-01.6] A symbol that is only watched never trades, whatever its bars say, and changes nothing for the others. */
static void watched_symbols_never_trade(void **state) {
    (void)state;
    uint64_t hash[2];
    for (int watched = 0; watched <= 1; watched++) {
        market *m = market_new(1 + watched, WARM + 4, 1);
        use(m, KEEL_STRATEGY_BUY_HOLD);
        if (watched) m->tape.sym[1].watch_only = 1;
        if (watched) put(m, 1, WARM + 1, (candle){100, 1000, 1, 500, 10});
        run_well(m);
        for (int64_t i = 0; i < m->trade_count; i++)
            assert_int_equal(m->trades[i].symbol, 0);
        assert_trades("watched", m, 1);
        hash[watched] = (uint64_t)m->lane->equity_e8;
        market_free(m);
    }
    assert_int_equal(hash[0], hash[1]);
}

/* [BKT-05.2] [T-217] Long of ten coins: bought at 101 of 100, sold at 108.9 of 110, 10 bps a side, one settlement. */
static void every_dollar_of_a_trade(void **state) {
    (void)state;
    market *m = market_new(1, WARM + 2, 1);
    use_one_entry_by_momentum(m, 1);
    m->p.slippage_bps = 100 * 10000;
    m->p.taker_fee_bps = 10 * 10000;
    m->p.max_trades_per_day = 1;
    put(m, 0, WARM, (candle){100, 102, 98, 100, 10});
    put(m, 0, WARM + 1, (candle){100, 112, 98, 110, 10});
    put_funding(m, 0, bar_ms(WARM + 1), PERCENT_E16);
    run_well(m);
    assert_trades("one", m, 1);
    const keel_trade *t = &m->trades[0];
    assert_e8("coins", t->qty_e8, 10);
    assert_e8("entry", t->entry_px_e8, 101);
    assert_e8("exit", t->exit_px_e8, 108.9);
    assert_e8("price, before costs", t->price_pnl_e8, 100);
    assert_e8("slippage of both sides", t->slippage_e8, 10 + 11);
    assert_e8("fees of both sides", t->fees_e8, 1.01 + 1.089);
    assert_e8("funding on 1000", t->funding_e8, 10);
    assert_e8("net", t->pnl_e8, 100 - 21 - 2.099 - 10);
    assert_int_equal(t->pnl_e8, t->price_pnl_e8 - t->slippage_e8 - t->fees_e8 - t->funding_e8);
    assert_int_equal(m->lane->equity_e8 - m->capital_e8, t->pnl_e8);
    market_free(m);
}

/* [BKT-04.4] [T-218] [T-219] The same prices with and without settlements: the side that receives ends higher by
 * exactly what it received, the side that pays ends lower by what it paid. */
static void funding_moves_results_the_right_way(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int32_t strategy;
        int64_t rate_e16;
        int sign; /* of the change of equity */
    } rows[] = {
        {"carry on the receiving side, longs pay", KEEL_STRATEGY_CARRY, PERCENT_E16 / 100, 1},
        {"carry on the receiving side, shorts pay", KEEL_STRATEGY_CARRY, -PERCENT_E16 / 100, 1},
        {"momentum long while longs pay", KEEL_STRATEGY_MOMENTUM, PERCENT_E16 / 100, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t final_e8[2], funding_e8[2];
        for (int paid = 0; paid <= 1; paid++) {
            market *m = market_new(1, WARM + 40, 1);
            if (rows[i].strategy == KEEL_STRATEGY_MOMENTUM)
                use_one_entry_by_momentum(m, 1);
            else
                use(m, KEEL_STRATEGY_CARRY);
            m->p.funding_max_age_h = 1000;
            put_funding(m, 0, START_MS, rows[i].rate_e16); /* carry decides alike; nothing is held yet */
            for (int k = WARM + 2; paid && k < WARM + 40; k += 8)
                put_funding(m, 0, bar_ms(k), rows[i].rate_e16);
            run_well(m);
            assert_trades(rows[i].name, m, 1);
            final_e8[paid] = m->lane->equity_e8;
            funding_e8[paid] = m->trades[0].funding_e8;
            market_free(m);
        }
        assert_int_equal(funding_e8[0], 0);
        assert_int_equal(final_e8[1] - final_e8[0], -funding_e8[1]);
        if (!(rows[i].sign * (final_e8[1] - final_e8[0]) > 0)) fail_msg("%s: wrong direction", rows[i].name);
        assert_int_equal(funding_e8[1], -rows[i].sign * 5 * e8(0.1)); /* five settlements of 1 bps of 1000 */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(funding_around_the_entry),
        cmocka_unit_test(funding_at_the_exit),
        cmocka_unit_test(funding_inside_a_hole),
        cmocka_unit_test(funding_on_detail_bars),
        cmocka_unit_test(interest_on_spot),
        cmocka_unit_test(holes_cost_interest_and_funding),
        cmocka_unit_test(entry_refused_for_lack_of_margin),
        cmocka_unit_test(reversal_without_cash_closes),
        cmocka_unit_test(liquidation_guard),
        cmocka_unit_test(exposure_cap_holds),
        cmocka_unit_test(two_symbols_share_the_cash),
        cmocka_unit_test(entries_know_the_exits_of_their_bar),
        cmocka_unit_test(watched_symbols_never_trade),
        cmocka_unit_test(every_dollar_of_a_trade),
        cmocka_unit_test(funding_moves_results_the_right_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
