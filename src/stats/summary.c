/* stats/summary.c: see summary.h. */
#include "stats/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "num/int.h"
#include "stats/bounds.h"
#include "stats/daily.h"
#include "stats/moments.h"
#include "stats/ratio.h"

static int refuse(const keel_stats_input *in, keel_err *reterr) {
    if (in->start_e8 <= 0)
        return keel_err_set(reterr, KEEL_E_RANGE, "metrics: starting balance is not positive: start with capital");
    if (in->end_ms <= in->start_ms)
        return keel_err_set(reterr, KEEL_E_RANGE, "metrics: range %" PRId64 "..%" PRId64 " ms is empty: widen it",
                            in->start_ms, in->end_ms);
    return 0;
}

static int too_large(keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_RANGE,
                        "metrics: a sum of money is beyond 92 billion: start with a smaller balance");
}

static int add_trades(const keel_stats_input *in, keel_stats_summary *s, keel_err *reterr) {
    keel_stats_tally_init(&s->tally);
    for (int64_t i = 0; i < in->trade_count; i++)
        keel_stats_tally_add(&s->tally, &in->trades[i]);
    if (s->tally.overflow || !keel_sub_i64(in->final_e8, in->start_e8, &s->net_e8)) return too_large(reterr);
    if (keel_stats_exposed_ms(in->trades, in->trade_count, in->start_ms, in->end_ms, &s->exposed_ms) != 0)
        return keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for %" PRId64 " trades: free some",
                            in->trade_count);
    return 0;
}

static void add_drawdown(const keel_stats_input *in, keel_stats_summary *s) {
    keel_stats_drawdown_init(&s->drawdown, in->start_ms, in->start_e8);
    for (int64_t i = 0; i < in->equity_count; i++)
        keel_stats_drawdown_step(&s->drawdown, in->equity_ts_ms[i], in->equity_e8[i]);
    keel_stats_drawdown_step(&s->drawdown, in->end_ms, in->final_e8);
    double depth = in->event_drawdown > s->drawdown.depth ? in->event_drawdown : s->drawdown.depth;
    s->max_drawdown_pct = keel_stat_of(100.0 * depth);
    s->max_drawdown_e8 =
        in->event_drawdown_e8 > s->drawdown.depth_max_e8 ? in->event_drawdown_e8 : s->drawdown.depth_max_e8;
}

static int add_pnl_figures(const keel_stats_input *in, keel_stats_summary *s, keel_err *reterr) {
    const keel_stats_tally *t = &s->tally;
    double profit = (double)t->gross_profit_e8, loss = (double)t->gross_loss_e8;
    s->win_rate = keel_stats_tally_win_rate(t);
    s->profit_factor = keel_stats_tally_profit_factor(t);
    s->trade_return_pct = keel_stat_scale(keel_stats_tally_return_mean(t), 100.0);
    s->expectancy_ratio = keel_stats_expectancy_ratio(t->trades, t->wins, t->losses, profit, loss);
    s->kelly = keel_stats_kelly(t->wins, t->losses, profit, loss);
    (void)keel_stats_tally_expectancy(t, &s->expectancy_e8);
    if (t->trades < 2) return 0;
    double *pnl = malloc((size_t)t->trades * sizeof *pnl);
    if (!pnl) return keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for the profits of trades: free some");
    for (int64_t i = 0; i < t->trades; i++)
        pnl[i] = (double)in->trades[i].pnl_e8 / 1e8;
    s->sqn = keel_stats_sqn(pnl, t->trades);
    free(pnl);
    return 0;
}

static int count_days(const int64_t equity_e8[], int64_t days, int64_t start_e8, keel_stats_summary *s,
                      keel_err *reterr) {
    int64_t before_e8 = start_e8;
    for (int64_t i = 0; i < days; i++) {
        int64_t gained_e8 = 0;
        if (!keel_sub_i64(equity_e8[i], before_e8, &gained_e8)) return too_large(reterr);
        if (i == 0 || gained_e8 > s->day_best_e8) s->day_best_e8 = gained_e8;
        if (i == 0 || gained_e8 < s->day_worst_e8) s->day_worst_e8 = gained_e8;
        s->days_won += gained_e8 > 0;
        s->days_lost += gained_e8 < 0;
        s->days_drawn += gained_e8 == 0;
        before_e8 = equity_e8[i];
    }
    return 0;
}

static void add_return_figures(const double returns[], int64_t n, keel_stats_summary *s) {
    s->sharpe = keel_stats_sharpe(returns, n);
    s->sortino = keel_stats_sortino(returns, n);
    s->volatility_pct = keel_stat_scale(keel_stats_volatility(returns, n), 100.0);
    s->skew = keel_stats_skew(returns, n);
    s->kurtosis = keel_stats_kurtosis(returns, n);
    s->psr = keel_stats_psr(returns, n, 0.0);
}

static int add_daily_figures(const keel_stats_input *in, keel_stats_summary *s, keel_err *reterr) {
    int rc = KEEL_E_NOMEM;
    int64_t *equity_e8 = malloc((size_t)s->days * sizeof *equity_e8);
    double *returns = malloc((size_t)s->days * sizeof *returns);
    if (!equity_e8 || !returns) {
        (void)keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for %" PRId64 " days: free some", s->days);
        goto done;
    }
    keel_stats_daily_equity(in->equity_ts_ms, in->equity_e8, in->equity_count, in->start_ms, in->end_ms, in->start_e8,
                            equity_e8);
    equity_e8[s->days - 1] = in->final_e8;
    rc = count_days(equity_e8, s->days, in->start_e8, s, reterr);
    if (rc != 0) goto done;
    add_return_figures(returns, keel_stats_daily_returns(equity_e8, s->days, in->start_e8, returns), s);
done:
    free(equity_e8);
    free(returns);
    return rc;
}

int keel_stats_summarise(const keel_stats_input *input, keel_stats_summary *ret_summary, keel_err *reterr) {
    keel_stats_summary s;
    memset(&s, 0, sizeof s);
    KEEL_TRY(refuse(input, reterr));
    s.span_ms = input->end_ms - input->start_ms;
    s.days = keel_stats_day_count(input->start_ms, input->end_ms);
    KEEL_TRY(add_trades(input, &s, reterr));
    add_drawdown(input, &s);
    KEEL_TRY(add_pnl_figures(input, &s, reterr));
    KEEL_TRY(add_daily_figures(input, &s, reterr));
    s.net_profit_pct = keel_stat_of(100.0 * ((double)s.net_e8 / (double)input->start_e8));
    s.exposure_pct = keel_stat_of(100.0 * ((double)s.exposed_ms / (double)s.span_ms));
    keel_stat cagr = keel_stats_cagr(input->start_e8, input->final_e8, s.span_ms);
    s.cagr_pct = keel_stat_scale(cagr, 100.0);
    s.calmar = keel_stats_calmar(cagr, keel_stat_scale(s.max_drawdown_pct, 0.01));
    keel_stats_bounds_apply(&s, input->can_owe);
    *ret_summary = s;
    return 0;
}
