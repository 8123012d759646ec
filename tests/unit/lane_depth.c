/* [BKT-05.1] [T-209] How deep an account fell, seen inside bars: recomputed from the closes of the detail bars and from
 * what the account holds at the end, for positions that are only held; no part of the lane's own counting is asked. */
#include <math.h>
#include <stdio.h>

#include "lane_random.h"

/* Last detail close of the symbol at or before piece `at`, holes passed over; 0 before the first. */
static int64_t price_at(const market *m, int symbol, int64_t at) {
    for (; at >= 0; at--)
        if (m->tape.sym[symbol].detail_close_e8[at] > 0) return m->tape.sym[symbol].detail_close_e8[at];
    return 0;
}

/* Equity after piece `at`: the balance and what each position has won since its entry. */
static double equity_at(const market *m, int64_t at) {
    int64_t end_ms = m->tape.start_ms + (at + 1) * m->tape.interval_ms / m->tape.ratio;
    double sum = (double)m->capital_e8;
    for (int i = 0; i < m->tape.symbol_count; i++) {
        const keel_position *pos = &m->st->sym[i].pos;
        if (pos->side == 0 || end_ms <= pos->opened_ms) continue;
        sum += (double)pos->qty_e8 / 1e8 * (double)price_at(m, i, at) - (double)pos->basis_e8;
    }
    return sum;
}

typedef struct fall {
    double usd_e8, share;
} fall;

/* The deepest falls over pieces; step: look at each so-many-th only, so that of bars remain their closes. */
static fall deepest(const market *m, int64_t step) {
    fall ret = {0.0, 0.0};
    double peak = (double)m->capital_e8;
    for (int64_t at = m->tape.trade_from * m->tape.ratio + step - 1; at < m->tape.bars * m->tape.ratio; at += step) {
        double equity = equity_at(m, at);
        if (equity > peak) peak = equity;
        if (peak - equity > ret.usd_e8) ret.usd_e8 = peak - equity;
        if ((peak - equity) / peak > ret.share) ret.share = (peak - equity) / peak;
    }
    return ret;
}

static void depth_inside_bars(void **state) {
    (void)state;
    int deeper = 0, markets = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        market *m = market_random(seed, 3, 400, 4, &NATURES[seed % 2 ? 0 : 3]);
        use_manner(m, KEEL_STRATEGY_BUY_HOLD, 0);
        m->p.taker_fee_bps = m->p.maker_fee_bps = m->p.slippage_bps = 0;
        m->keep_open = 1;
        for (int i = 0; i < 3; i++)
            m->tape.sym[i].funding_count = 0;
        run_well(m);
        if (m->trade_count == 0 && m->st->sym[0].pos.side > 0) {
            fall by_piece = deepest(m, 1), by_bar = deepest(m, 4);
            const keel_lane_tally *t = &m->lane->tally;
            double slack = 1e-9 * (double)m->capital_e8;
            if (fabs((double)t->drawdown_e8 - by_piece.usd_e8) > slack || fabs(t->drawdown - by_piece.share) > 1e-9)
                fail_msg("seed %d: the lane says %.0f (%.9f), its pieces %.0f (%.9f)", (int)seed,
                         (double)t->drawdown_e8, t->drawdown, by_piece.usd_e8, by_piece.share);
            deeper += by_piece.share > by_bar.share + 1e-6;
            markets++;
        }
        market_free(m);
    }
    assert_true(markets >= 8);
    assert_true(deeper >= 4); /* else closes of bars would do */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(depth_inside_bars)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
