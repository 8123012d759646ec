/* app/cli/backtest_metrics.c: see backtest_metrics.h. */
#include "app/cli/backtest_metrics.h"

#include <inttypes.h>

#include "app/cli/backtest_format.h"
#include "app/cli/backtest_internal.h"
#include "app/cli/text_table.h"

static void line(keel_table *t, const char *name, keel_cell value) {
    keel_table_row(t, (const char *const[]){name, value.text});
}

static void gap(keel_table *t) { keel_table_row(t, (const char *const[]){"", ""}); }

static keel_cell usd(int64_t value_e8) { return keel_cell_text("%s USD", keel_cell_money(value_e8).text); }

/* sum / count as money, "-" without a count */
static keel_cell usd_mean(int64_t sum_e8, double count) {
    return count > 0.0 ? keel_cell_text("%.2f USD", (double)sum_e8 / 1e8 / count) : keel_cell_text("-");
}

static keel_cell pct_of_start(const keel_backtest_report *r, int64_t value_e8) {
    return keel_cell_pct(keel_stat_of(keel_backtest_pct_of_start(r->in, value_e8)));
}

static double range_days(const keel_backtest_report *r) { return (double)r->summary.span_ms / 86400000.0; }

static void range(const keel_backtest_report *r, keel_table *t) {
    line(t, "Backtesting from", keel_backtest_cell_time(r->in->start_ms));
    line(t, "Backtesting to", keel_backtest_cell_time(r->in->end_ms));
    if (r->in->trading_mode) line(t, "Trading Mode", keel_cell_text("%s", r->in->trading_mode));
    if (r->in->max_open > 0) line(t, "Max open trades", keel_cell_count(r->in->max_open));
}

static void profit(const keel_backtest_report *r, keel_table *t) {
    const keel_stats_summary *s = &r->summary;
    keel_cell expectancy = s->tally.trades ? keel_cell_money(s->expectancy_e8) : keel_cell_text("-");
    line(t, "Total/Daily Avg Trades",
         keel_cell_text("%" PRId64 " / %.2f", s->tally.trades, (double)s->tally.trades / range_days(r)));
    line(t, "Starting balance", usd(r->in->start_e8));
    line(t, "Final balance", usd(r->in->run.final_e8));
    line(t, "Absolute profit", usd(s->net_e8));
    line(t, "Total profit %", keel_cell_pct(s->net_profit_pct));
    line(t, "CAGR %", keel_cell_pct(s->cagr_pct));
    line(t, "Sortino", keel_cell_stat(s->sortino, 2));
    line(t, "Sharpe", keel_cell_stat(s->sharpe, 2));
    line(t, "Calmar", keel_cell_stat(s->calmar, 2));
    line(t, "SQN", keel_cell_stat(s->sqn, 2));
    line(t, "Profit factor", keel_cell_stat(s->profit_factor, 2));
    line(t, "Expectancy (Ratio)",
         keel_cell_text("%s (%s)", expectancy.text, keel_cell_stat(s->expectancy_ratio, 2).text));
    line(t, "Avg. daily profit", usd_mean(s->net_e8, range_days(r)));
    line(t, "Avg. stake amount", usd_mean(s->tally.notional_e8, (double)s->tally.trades));
    line(t, "Total trade volume", usd(s->tally.turnover_e8));
}

static void sides(const keel_backtest_report *r, keel_table *t) {
    const keel_stats_tally *s = &r->summary.tally;
    line(t, "Long / Short trades", keel_cell_text("%" PRId64 " / %" PRId64, s->long_trades, s->short_trades));
    line(t, "Long / Short profit %",
         keel_cell_text("%s / %s", pct_of_start(r, s->long_pnl_e8).text, pct_of_start(r, s->short_pnl_e8).text));
    line(t, "Long / Short profit USD",
         keel_cell_text("%s / %s", keel_cell_money(s->long_pnl_e8).text, keel_cell_money(s->short_pnl_e8).text));
}

/* pnl / entry notional */
static double trade_return(const keel_trade *t) {
    return t->notional_e8 > 0 ? (double)t->pnl_e8 / (double)t->notional_e8 : 0.0;
}

static keel_cell trade_cell(const keel_backtest_report *r, const keel_trade *t) {
    return keel_cell_text("%s %s", r->in->symbols[t->symbol].name,
                          keel_cell_pct(keel_stat_of(100.0 * trade_return(t))).text);
}

static keel_cell symbol_cell(const keel_backtest_report *r, const keel_backtest_group *g) {
    return keel_cell_text("%s %s", g->label, pct_of_start(r, g->tally.pnl_e8).text);
}

static void extremes(const keel_backtest_report *r, keel_table *t) {
    const keel_backtest_run *run = &r->in->run;
    const keel_backtest_group *symbols = r->by_symbol.items;
    int32_t best_symbol = 0, worst_symbol = 0;
    int64_t best = 0, worst = 0;
    for (int32_t i = 1; i < r->by_symbol.count; i++) {
        if (symbols[i].tally.pnl_e8 > symbols[best_symbol].tally.pnl_e8) best_symbol = i;
        if (symbols[i].tally.pnl_e8 < symbols[worst_symbol].tally.pnl_e8) worst_symbol = i;
    }
    for (int64_t i = 1; i < run->trade_count; i++) {
        if (trade_return(&run->trades[i]) > trade_return(&run->trades[best])) best = i;
        if (trade_return(&run->trades[i]) < trade_return(&run->trades[worst])) worst = i;
    }
    line(t, "Best Pair", symbol_cell(r, &symbols[best_symbol]));
    line(t, "Worst Pair", symbol_cell(r, &symbols[worst_symbol]));
    line(t, "Best trade", trade_cell(r, &run->trades[best]));
    line(t, "Worst trade", trade_cell(r, &run->trades[worst]));
}

static keel_cell spans(const keel_stats_span *s) {
    if (!s->count) return keel_cell_text("-");
    return keel_cell_text("%s / %s / %s", keel_cell_duration(s->min_ms).text, keel_cell_duration(s->max_ms).text,
                          keel_cell_duration(s->sum_ms / s->count).text);
}

static void outcomes(const keel_backtest_report *r, keel_table *t) {
    const keel_stats_summary *s = &r->summary;
    line(t, "Best day", usd(s->day_best_e8));
    line(t, "Worst day", usd(s->day_worst_e8));
    line(t, "Days win/draw/lose",
         keel_cell_text("%" PRId64 " / %" PRId64 " / %" PRId64, s->days_won, s->days_drawn, s->days_lost));
    line(t, "Min/Max/Avg. Duration Winners", spans(&s->tally.held_wins));
    line(t, "Min/Max/Avg. Duration Losers", spans(&s->tally.held_losses));
    line(t, "Max Consecutive Wins / Loss",
         keel_cell_text("%" PRId64 " / %" PRId64, s->tally.win_streak_max, s->tally.loss_streak_max));
    line(t, "Rejected Entry signals", keel_cell_count(keel_backtest_held_count(r->in)));
}

static void drawdown(const keel_backtest_report *r, keel_table *t) {
    const keel_stats_drawdown *d = &r->summary.drawdown;
    line(t, "Min balance", usd(d->equity_min_e8));
    line(t, "Max balance", usd(d->equity_max_e8));
    line(t, "Max % of account underwater", keel_cell_pct(r->summary.max_drawdown_pct));
    line(t, "Absolute drawdown", usd(r->summary.max_drawdown_e8));
    if (d->depth > 0.0) {
        line(t, "Drawdown duration",
             keel_cell_text("%s (%s)", keel_cell_duration(keel_stats_drawdown_ms(d)).text,
                            d->recovered ? "recovered" : "not recovered"));
        line(t, "Profit at drawdown start", usd(d->peak_e8 - r->in->start_e8));
        line(t, "Profit at drawdown end", usd(d->trough_e8 - r->in->start_e8));
        line(t, "Drawdown start", keel_backtest_cell_time(d->peak_ts_ms));
        line(t, "Drawdown end", keel_backtest_cell_time(d->trough_ts_ms));
        line(t, "Longest time underwater", keel_cell_duration(d->longest_ms));
    }
    line(t, "Market change", keel_cell_pct(keel_backtest_market_change_pct(r->in)));
}

static void further(const keel_backtest_report *r, keel_table *t) {
    const keel_stats_summary *s = &r->summary;
    line(t, "Exposure time", keel_cell_pct(s->exposure_pct));
    line(t, "Volatility per year", keel_cell_pct(s->volatility_pct));
    line(t, "Probabilistic Sharpe ratio", keel_cell_stat(s->psr, 4));
    line(t, "Skew / kurtosis of days",
         keel_cell_text("%s / %s", keel_cell_stat(s->skew, 2).text, keel_cell_stat(s->kurtosis, 2).text));
    line(t, "Kelly share", keel_cell_stat(s->kelly, 2));
    if (r->in->run.open_positions) line(t, "Still open", keel_cell_count(r->in->run.open_positions));
}

void keel_backtest_metrics_table(const keel_backtest_report *r, keel_strbuf *out) {
    static const char *const HEADERS[] = {"Metric", "Value"};
    keel_table t;
    keel_table_init(&t, HEADERS, 2, 2);
    range(r, &t);
    gap(&t);
    profit(r, &t);
    gap(&t);
    if (r->summary.tally.short_trades) {
        sides(r, &t);
        gap(&t);
    }
    if (r->summary.tally.trades) extremes(r, &t);
    outcomes(r, &t);
    gap(&t);
    drawdown(r, &t);
    gap(&t);
    further(r, &t);
    keel_table_print(&t, "SUMMARY METRICS", KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
}
