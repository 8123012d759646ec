/* Tallies, undefined figures and impossible ones. [BKT-05] [T-199] */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "stats/ratio.h"
#include "stats/summary.h"

#define USD ((int64_t)100000000)
#define H ((int64_t)3600000)
#define D ((int64_t)86400000)

static keel_stats_trade trade(int64_t entry_ms, int64_t exit_ms, int32_t side, int64_t notional, int64_t price,
                              int64_t fees, int64_t funding, int64_t slippage) {
    return (keel_stats_trade){.entry_ts_ms = entry_ms,
                              .exit_ts_ms = exit_ms,
                              .notional_e8 = notional,
                              .pnl_e8 = price - fees - funding - slippage,
                              .price_e8 = price,
                              .fees_e8 = fees,
                              .funding_e8 = funding,
                              .slippage_e8 = slippage,
                              .side = side,
                              .reserved = 0};
}

/* Long +100 -2 fees -1 slippage = +97; short -50 -2 +3 funding received = -49; draw; two wins. */
static int fixture(keel_stats_trade t[5]) {
    t[0] = trade(1 * H, 5 * H, +1, 1000 * USD, 100 * USD, 2 * USD, 0, 1 * USD);
    t[1] = trade(4 * H, 6 * H, -1, 1000 * USD, -50 * USD, 2 * USD, -3 * USD, 0);
    t[2] = trade(10 * H, 11 * H, +1, 500 * USD, 1 * USD, 1 * USD, 0, 0);
    t[3] = trade(20 * H, 22 * H, +1, 500 * USD, 11 * USD, 1 * USD, 0, 0);
    t[4] = trade(22 * H, 23 * H, -1, 500 * USD, 11 * USD, 1 * USD, 0, 0);
    return 5;
}

static void tally_is_exact(void **state) {
    (void)state;
    keel_stats_trade t[5];
    keel_stats_tally s;
    int64_t expectancy = 0, exit_value = 0;
    int n = fixture(t);
    keel_stats_tally_init(&s);
    for (int i = 0; i < n; i++)
        keel_stats_tally_add(&s, &t[i]);
    assert_int_equal(s.trades, 5);
    assert_int_equal(s.wins, 3);
    assert_int_equal(s.losses, 1);
    assert_int_equal(s.draws, 1);
    assert_int_equal(s.long_trades, 3);
    assert_int_equal(s.short_trades, 2);
    assert_int_equal(s.pnl_e8, (97 - 49 + 0 + 10 + 10) * USD);
    assert_int_equal(s.long_pnl_e8, 107 * USD);
    assert_int_equal(s.short_pnl_e8, -39 * USD);
    assert_int_equal(s.gross_profit_e8, 117 * USD);
    assert_int_equal(s.gross_loss_e8, 49 * USD);
    assert_int_equal(s.price_e8 - s.fees_e8 - s.funding_e8 - s.slippage_e8, s.pnl_e8);
    assert_int_equal(s.best_pnl_e8, 97 * USD);
    assert_int_equal(s.worst_pnl_e8, -49 * USD);
    assert_int_equal(s.win_streak_max, 2);
    assert_int_equal(s.loss_streak_max, 1);
    assert_int_equal(s.pnl_fall_max_e8, 49 * USD);
    assert_int_equal(s.held.sum_ms, 10 * H);
    assert_int_equal(s.held_wins.max_ms, 4 * H);
    assert_int_equal(s.held_wins.min_ms, 1 * H);
    assert_int_equal(s.held_losses.count, 1);
    /* long: filled at 1 USD worse than the reference, so 1099; short: cover costs 50 more than sold */
    assert_int_equal(keel_stats_exit_value(&t[0], &exit_value), 1);
    assert_int_equal(exit_value, 1099 * USD);
    assert_int_equal(keel_stats_exit_value(&t[1], &exit_value), 1);
    assert_int_equal(exit_value, 1050 * USD);
    assert_int_equal(s.turnover_e8, (1000 + 1099 + 1000 + 1050 + 500 + 501 + 500 + 511 + 500 + 489) * USD);
    assert_int_equal(keel_stats_tally_expectancy(&s, &expectancy), 1);
    assert_int_equal(expectancy, 1360000000); /* 68 / 5 */
    assert_true(keel_stats_tally_win_rate(&s).value == 0.6);
    assert_true(keel_stats_tally_profit_factor(&s).value == 117.0 / 49.0);
}

static void overflow_sticks(void **state) {
    (void)state;
    keel_stats_trade t = trade(0, 1, 1, INT64_MAX / 2, INT64_MAX / 2, 0, 0, 0);
    keel_stats_tally s;
    keel_stats_tally_init(&s);
    for (int i = 0; i < 3; i++)
        keel_stats_tally_add(&s, &t);
    assert_int_equal(s.overflow, 1);
    keel_stats_summary summary;
    keel_err err = {0, ""};
    keel_stats_trade all[3] = {t, t, t};
    keel_stats_input in = {.start_ms = 0, .end_ms = 1, .start_e8 = 1, .final_e8 = 1, .trades = all, .trade_count = 3};
    assert_int_equal(keel_stats_summarise(&in, &summary, &err), KEEL_E_RANGE);
}

/* Overlapping, touching, nested and outside intervals count once. */
static void exposure_is_a_union(void **state) {
    (void)state;
    keel_stats_trade all[5];
    keel_stats_held t[5];
    int64_t ms = -1;
    int n = fixture(all);
    for (int i = 0; i < n; i++)
        t[i] = (keel_stats_held){all[i].entry_ts_ms, all[i].exit_ts_ms, all[i].pnl_e8};
    assert_int_equal(keel_stats_exposed_ms(t, n, 0, D, &ms), 0);
    assert_int_equal(ms, (5 + 1 + 3) * H); /* 1-6, 10-11, 20-23 */
    assert_int_equal(keel_stats_exposed_ms(t, n, 2 * H, 21 * H, &ms), 0);
    assert_int_equal(ms, (4 + 1 + 1) * H);
    assert_int_equal(keel_stats_exposed_ms(t, 0, 0, D, &ms), 0);
    assert_int_equal(ms, 0);
}

static keel_stats_input flat(int64_t days) {
    return (keel_stats_input){.start_ms = 0, .end_ms = days * D, .start_e8 = 1000 * USD, .final_e8 = 1000 * USD};
}

/* Without trades there is no win rate, no ratio, and no zero in their place. */
static void nothing_happened_is_undefined(void **state) {
    (void)state;
    keel_stats_summary s;
    keel_stats_input in = flat(100);
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.days, 100);
    assert_int_equal(s.days_drawn, 100);
    assert_int_equal(s.win_rate.defined, 0);
    assert_int_equal(s.profit_factor.defined, 0);
    assert_int_equal(s.expectancy_ratio.defined, 0);
    assert_int_equal(s.trade_return_pct.defined, 0);
    assert_int_equal(s.sharpe.defined, 0);
    assert_int_equal(s.sortino.defined, 0);
    assert_int_equal(s.calmar.defined, 0);
    assert_int_equal(s.psr.defined, 0);
    assert_int_equal(s.sqn.defined, 0);
    assert_int_equal(s.kelly.defined, 0);
    assert_true(s.cagr_pct.defined && s.cagr_pct.value == 0.0);
    assert_true(s.net_profit_pct.defined && s.net_profit_pct.value == 0.0);
    assert_true(s.max_drawdown_pct.defined && s.max_drawdown_pct.value == 0.0);
    assert_true(s.exposure_pct.defined && s.exposure_pct.value == 0.0);
    assert_int_equal(s.impossible_count, 0);
}

static void only_wins_have_no_profit_factor(void **state) {
    (void)state;
    keel_stats_trade t[2] = {trade(0, H, 1, 100 * USD, 5 * USD, 0, 0, 0),
                             trade(H, 2 * H, 1, 100 * USD, 5 * USD, 0, 0, 0)};
    keel_stats_input in = flat(100);
    keel_stats_summary s;
    in.trades = t;
    in.trade_count = 2;
    in.final_e8 = 1010 * USD;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.profit_factor.defined, 0);
    assert_int_equal(s.sqn.defined, 0); /* equal profits: no variance */
    assert_true(s.win_rate.value == 1.0);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    keel_stats_summary s;
    keel_err err = {0, ""};
    keel_stats_input in = flat(0);
    assert_int_equal(keel_stats_summarise(&in, &s, &err), KEEL_E_RANGE);
    assert_non_null(strstr(err.text, "empty"));
    in = flat(1);
    in.start_e8 = 0;
    assert_int_equal(keel_stats_summarise(&in, &s, &err), KEEL_E_RANGE);
}

/* Growth of 10^8 in 100 days is 10^31 per cent a year: accused, not printed. */
static void impossible_growth_is_accused(void **state) {
    (void)state;
    keel_stats_summary s;
    keel_stats_input in = flat(100);
    in.start_e8 = USD;
    in.final_e8 = USD * USD;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.cagr_pct.defined, 0);
    assert_int_equal(s.impossible_count, 1);
    assert_string_equal(s.impossible[0].metric, "cagr_pct");
    assert_true(s.impossible[0].value > KEEL_STATS_CAGR_PCT_MAX);
    in = flat(3); /* three days, plus 10 %: an extrapolation, dropped without accusation */
    in.final_e8 = 1100 * USD;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.cagr_pct.defined, 0);
    assert_int_equal(s.impossible_count, 0);
}

static void losing_more_than_all_needs_leverage(void **state) {
    (void)state;
    keel_stats_summary s;
    keel_stats_input in = flat(100);
    in.final_e8 = -10 * USD;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.max_drawdown_pct.defined, 0);
    assert_int_equal(s.impossible_count, 1);
    assert_string_equal(s.impossible[0].metric, "max_drawdown_pct");
    in.can_owe = 1;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.impossible_count, 0);
    assert_int_equal(s.max_drawdown_e8, 1010 * USD);
    in.event_drawdown = 1.25; /* inside a bar it was worse */
    in.event_drawdown_e8 = 1250 * USD;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_true(s.max_drawdown_pct.value == 125.0);
    assert_int_equal(s.max_drawdown_e8, 1250 * USD);
    in.event_drawdown = 0.0;
    in.event_drawdown_e8 = 0;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_true(fabs(s.max_drawdown_pct.value - 101.0) < 1e-12);
    assert_true(s.cagr_pct.value == -100.0);
}

/* Days that won and one that lost next to nothing: no downside to measure by. The ratio is left out, and nothing else
 * of such a run, which is a believable one, is. [BKT-05.1] */
static void a_ratio_to_next_to_no_loss_is_undefined(void **state) {
    (void)state;
    enum { DAYS = 100 };
    keel_stats_summary s;
    int64_t ts_ms[DAYS], equity_e8[DAYS], now_e8 = 1000 * USD;
    for (int i = 0; i < DAYS; i++) {
        now_e8 += i == 50 ? -USD / 1000 : (i % 3) * 20 * USD;
        ts_ms[i] = (int64_t)(i + 1) * 86400000;
        equity_e8[i] = now_e8;
    }
    keel_stats_input in = flat(DAYS);
    in.final_e8 = now_e8;
    in.equity_ts_ms = ts_ms;
    in.equity_e8 = equity_e8;
    in.equity_count = DAYS;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.days_lost, 1);
    assert_true(s.sharpe.defined && s.sharpe.value < KEEL_STATS_SHARPE_MAX);
    assert_int_equal(s.sortino.defined, 0);
    assert_int_equal(s.impossible_count, 0);
    for (int i = 50; i < DAYS; i++)
        equity_e8[i] -= 30 * USD; /* a loss that is one */
    in.final_e8 -= 30 * USD;
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_true(s.sortino.defined && s.sortino.value > 0.0 && s.sortino.value < KEEL_STATS_SORTINO_MAX);
}

/* 365 equal gains of one unit on top of noise-free growth: variance so small that the ratio is absurd. */
static void absurd_sharpe_is_accused(void **state) {
    (void)state;
    int64_t ts[100], equity[100];
    keel_stats_summary s;
    keel_stats_input in = flat(100);
    for (int64_t i = 0; i < 100; i++) {
        ts[i] = (i + 1) * D;
        equity[i] = 1000 * USD + (i + 1) * USD / 100;
    }
    in.equity_ts_ms = ts;
    in.equity_e8 = equity;
    in.equity_count = 100;
    in.final_e8 = equity[99];
    assert_int_equal(keel_stats_summarise(&in, &s, NULL), 0);
    assert_int_equal(s.sharpe.defined, 0);
    assert_int_equal(s.impossible_count, 1);
    assert_string_equal(s.impossible[0].metric, "sharpe");
}

/* Doubling in half a year of 182.5 days is fourfold a year; the definition does not round to days. */
static void cagr_by_hand(void **state) {
    (void)state;
    keel_stat c = keel_stats_cagr(100, 200, 365 * D / 2);
    assert_true(c.defined && fabs(c.value - 3.0) < 1e-12);
    assert_true(keel_stats_cagr(100, 0, D).value == -1.0);
    assert_int_equal(keel_stats_cagr(0, 1, D).defined, 0);
    assert_int_equal(keel_stats_cagr(1, 1, 0).defined, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tally_is_exact),
        cmocka_unit_test(overflow_sticks),
        cmocka_unit_test(exposure_is_a_union),
        cmocka_unit_test(nothing_happened_is_undefined),
        cmocka_unit_test(only_wins_have_no_profit_factor),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(impossible_growth_is_accused),
        cmocka_unit_test(a_ratio_to_next_to_no_loss_is_undefined),
        cmocka_unit_test(losing_more_than_all_needs_leverage),
        cmocka_unit_test(absurd_sharpe_is_accused),
        cmocka_unit_test(cagr_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
