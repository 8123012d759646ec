/* Properties of whole runs that hold on any market: books balance and equity can be recomputed at every bar, results
 * do not depend on how they are collected, costs add up, two runs give one hash. */
#include "lane_random.h"

#include <stdio.h>

__extension__ typedef __int128 wide;

/* round half-even of a / b, b > 0: written here again, so that the books are checked by other arithmetic. */
static int64_t rounded(wide a, wide b) {
    int negative = a < 0;
    wide n = negative ? -a : a, q = n / b, rest = n % b;
    if (2 * rest > b || (2 * rest == b && q % 2 != 0)) q++;
    return (int64_t)(negative ? -q : q);
}

static int64_t money(int64_t qty_e8, int64_t px_e8) { return rounded((wide)qty_e8 * px_e8, 100000000); }

typedef struct sums {
    int64_t equity, margin, basis;
    int32_t positions, opens;
} sums;

static sums from_scratch(const market *m) {
    sums s = {m->st->acct.cash_e8, 0, 0, 0, 0};
    for (int i = 0; i < m->tape.symbol_count; i++) {
        const keel_symbol *x = &m->st->sym[i];
        s.opens += x->pending.kind == KEEL_CMD_OPEN;
        if (x->pos.side == 0) {
            assert_int_equal(x->pos.qty_e8 | x->pos.basis_e8 | x->pos.margin_e8, 0);
            continue;
        }
        int64_t worth = money(x->pos.qty_e8, x->last_px_e8);
        s.positions++;
        s.margin += x->pos.margin_e8;
        s.basis += x->pos.side * x->pos.basis_e8;
        s.equity += x->pos.margin_e8 + x->pos.side * (worth - x->pos.basis_e8) - money(worth, m->p.taker_fee_bps);
    }
    return s;
}

/* [T-020] [KRN-02] Every total of the account, again from the positions. */
static void check_books(const market *m, const char *what) {
    sums s = from_scratch(m);
    const keel_account *a = &m->st->acct;
    if (s.equity != m->lane->equity_e8 || s.margin != a->margin_e8 || s.basis != a->basis_e8 ||
        s.positions != m->st->open_positions || s.opens != m->st->pending_opens || !keel_ledger_balanced(a))
        fail_msg("%s, bar %d: equity %lld, from scratch %lld", what, (int)m->lane->bar, (long long)m->lane->equity_e8,
                 (long long)s.equity);
}

/* [BKT-05.1] Drawdown as a reader of the equity series would compute it. */
static void check_drawdown(const market *m, const char *what) {
    int64_t peak = m->capital_e8, deepest = 0;
    double share = 0;
    for (int64_t i = 0; i < m->equity_count; i++) {
        int64_t below = (m->equity_e8[i] > peak ? (peak = m->equity_e8[i]) : peak) - m->equity_e8[i];
        if (below > deepest) deepest = below;
        if ((double)below / (double)peak > share) share = (double)below / (double)peak;
    }
    if (deepest != m->lane->tally.drawdown_e8 || memcmp(&share, &m->lane->tally.drawdown, sizeof share) != 0)
        fail_msg("%s: drawdown %lld, from the series %lld", what, (long long)m->lane->tally.drawdown_e8,
                 (long long)deepest);
}

/* [BKT-05.2] [T-217] Per trade and in total, to the unit. Everything is closed at the end. */
static void check_costs(const market *m, const char *what) {
    int64_t pnl = 0, fees = 0, funding = 0, slippage = 0, wins = 0, losses = 0, profit = 0, loss = 0;
    for (int64_t i = 0; i < m->trade_count; i++) {
        const keel_trade *t = &m->trades[i];
        if (t->pnl_e8 != t->price_pnl_e8 - t->fees_e8 - t->funding_e8 - t->slippage_e8)
            fail_msg("%s: trade %d does not add up", what, (int)i);
        assert_int_equal(t->trade_id, i + 1);
        assert_true(t->exit_ts_ms >= t->entry_ts_ms && t->mae_e8 <= 0 && t->mfe_e8 >= 0 && t->fees_e8 >= 0);
        if (i > 0 && t->exit_ts_ms < m->trades[i - 1].exit_ts_ms) /* one account lives in one time */
            fail_msg("%s: trade %d ends before the one booked before it", what, (int)i);
        pnl += t->pnl_e8;
        fees += t->fees_e8;
        funding += t->funding_e8;
        slippage += t->slippage_e8;
        wins += t->pnl_e8 > 0;
        losses += t->pnl_e8 < 0;
        if (t->pnl_e8 > 0)
            profit += t->pnl_e8;
        else
            loss -= t->pnl_e8;
    }
    const keel_account *a = &m->st->acct;
    const keel_lane_tally *t = &m->lane->tally;
    if (pnl != m->lane->equity_e8 - m->capital_e8 || fees != a->fees_e8 || funding != a->funding_e8 ||
        slippage != a->slippage_e8)
        fail_msg("%s: trades make %lld, the account %lld", what, (long long)pnl,
                 (long long)(m->lane->equity_e8 - m->capital_e8));
    assert_int_equal(t->trades, m->trade_count);
    assert_int_equal(t->wins, wins);
    assert_int_equal(t->losses, losses);
    assert_int_equal(t->gross_profit_e8, profit);
    assert_int_equal(t->gross_loss_e8, loss);
}

/* The same run with other buffers, and without any, must give the same bits. */
static void check_collecting(market *m, const char *what) {
    int64_t trades = m->trade_count, samples = m->equity_count, final_e8 = m->lane->equity_e8;
    uint64_t hash = keel_state_hash(m->st);
    keel_trade *kept = room(trades, sizeof *kept);
    int64_t *equity = room(samples, sizeof *equity);
    memcpy(kept, m->trades, (size_t)trades * sizeof *kept);
    memcpy(equity, m->equity_e8, (size_t)samples * sizeof *equity);
    static const int64_t more[] = {0, 1, 5};
    for (size_t i = 0; i < COUNT(more); i++) {
        m->trade_cap = keel_lane_trade_room(&m->tape) + more[i];
        m->equity_cap = 1 + more[i] * 3;
        run(m);
        if (keel_state_hash(m->st) != hash || m->trade_count != trades || m->equity_count != samples ||
            memcmp(kept, m->trades, (size_t)trades * sizeof *kept) != 0 ||
            memcmp(equity, m->equity_e8, (size_t)samples * sizeof *equity) != 0)
            fail_msg("%s: another result with room for %d more trades", what, (int)more[i]);
    }
    begin(m);
    keel_lane_out none;
    memset(&none, 0, sizeof none);
    assert_int_equal(keel_lane_advance(m->lane, m->st, &m->p, &m->tape, m->sets, m->snaps, NULL, &none),
                     KEEL_LANE_DONE);
    if (keel_state_hash(m->st) != hash || m->lane->equity_e8 != final_e8)
        fail_msg("%s: another result without buffers", what);
    m->trade_cap = m->equity_cap = 0;
    free(kept);
    free(equity);
}

/* One market, one configuration, watched bar by bar. Returns the number of trades. */
static int64_t watch(market *m, const char *what, int check_all) {
    begin(m);
    m->equity_cap = 1;
    int64_t bars_seen = 0;
    do {
        m->status = advance(m);
        if (m->status == KEEL_LANE_FAULT)
            fail_msg("%s, bar %d: refused with code %d", what, (int)m->lane->bar, m->lane->fault);
        check_books(m, what);
        bars_seen++;
    } while (m->status == KEEL_LANE_DRAIN);
    m->equity_cap = 0;
    assert_true(bars_seen >= m->tape.bars - m->tape.trade_from);
    assert_int_equal(m->equity_count, m->tape.bars - m->tape.trade_from);
    if (!m->keep_open) check_costs(m, what);
    if (m->keep_open && m->tape.ratio == 1) check_drawdown(m, what);
    int64_t trades = m->trade_count;
    if (check_all) check_collecting(m, what);
    return trades;
}

/* [T-020] [T-024] [T-208] [BKT-05] All strategies in all manners on all kinds of markets. */
static void any_market_any_strategy(void **state) {
    (void)state;
    int64_t trades[KEEL_STRATEGY_COUNT] = {0};
    for (size_t n = 0; n < COUNT(NATURES); n++)
        for (int ratio = 1; ratio <= 4; ratio += 3)
            for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++)
                for (int manner = 0; manner < MANNERS; manner++) {
                    char what[160];
                    uint64_t seed = (uint64_t)n * 1000 + (uint64_t)ratio * 100 + (uint64_t)s * 10 + (uint64_t)manner;
                    (void)snprintf(what, sizeof what, "%s, %s, manner %d, %d pieces", NATURES[n].name,
                                   STRATEGY_NAMES[s], manner, ratio);
                    market *m = market_random(seed, 3, 500, ratio, &NATURES[n]);
                    use_manner(m, s, manner);
                    m->keep_open = seed % 3 == 0;
                    trades[s] += watch(m, what, seed % 4 == 1);
                    market_free(m);
                }
    for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++)
        if (s == KEEL_STRATEGY_NO_TRADE ? trades[s] != 0 : trades[s] < 24)
            fail_msg("%s made %d trades", STRATEGY_NAMES[s], (int)trades[s]);
}

/* [T-024] [T-224] Two runs, one hash; another seed, another hash. */
static void two_runs_one_hash(void **state) {
    (void)state;
    for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++) {
        uint64_t hash[3];
        for (int i = 0; i < 3; i++) {
            market *m = market_random(i < 2 ? 77 : 78, 2, 400, 4, &NATURES[0]);
            use_manner(m, s, 1);
            run_well(m);
            hash[i] = keel_state_hash(m->st);
            market_free(m);
        }
        assert_true(hash[0] == hash[1]);
        assert_true(hash[0] != hash[2]);
    }
}

/* [BKT-01.6] Each symbol alone on its account makes the trades that it makes beside another, as long as sizes do not
 * meet a limit: the decision of one symbol reads nothing of the other but the money. */
static void symbols_do_not_leak_into_each_other(void **state) {
    (void)state;
    market *both = market_random(5, 2, 600, 1, &NATURES[0]);
    use(both, KEEL_STRATEGY_EMA_CROSS);
    both->p.allocation_pct = 0.01;
    run_well(both);
    for (int i = 0; i < 2; i++) {
        market *one = market_random(5, 2, 600, 1, &NATURES[0]);
        use(one, KEEL_STRATEGY_EMA_CROSS);
        one->p.allocation_pct = 0.01;
        one->tape.sym[1 - i].watch_only = 1;
        run_well(one);
        int64_t at = 0;
        for (int64_t k = 0; k < both->trade_count; k++) {
            const keel_trade *b = &both->trades[k];
            if (b->symbol != i) continue;
            assert_true(at < one->trade_count);
            const keel_trade *o = &one->trades[at++];
            assert_true(b->entry_ts_ms == o->entry_ts_ms && b->exit_ts_ms == o->exit_ts_ms && b->side == o->side &&
                        b->entry_px_e8 == o->entry_px_e8 && b->exit_px_e8 == o->exit_px_e8);
        }
        assert_true(at > 10);
        assert_int_equal(at, one->trade_count);
        market_free(one);
    }
    market_free(both);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_market_any_strategy),
        cmocka_unit_test(two_runs_one_hash),
        cmocka_unit_test(symbols_do_not_leak_into_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
