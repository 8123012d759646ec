/* ops/report/metrics.c: the summary under the names and in the order that users of Freqtrade know. Figures come from
 * summary.json; what it does not have (durations, best trade) is taken from the trades. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/timerange.h"
#include "ops/report/document.h"

typedef struct span {
    int64_t count, min_ms, max_ms, sum_ms;
} span;

typedef struct context {
    const keel_run_folder *run;
    const keel_tree *totals;
    keel_doc *doc;
    keel_doc_table *t;
} context;

static const keel_tree *total(const context *c, const char *key) { return keel_tree_find(c->totals, key); }

static void section(context *c, const char *id, const char *title) {
    c->t = keel_doc_add(c->doc, id, KEEL_TABLE_PAIRS, 2, title);
}

/* name: figure of totals with places and a unit behind it */
static void line(const context *c, const char *name, const char *key, int32_t kind, int places, const char *unit) {
    char text[KEEL_FIGURE_SIZE];
    (void)keel_figure_node(total(c, key), places, text);
    keel_doc_pair(c->doc, c->t, name, kind, "%s%s", text, strcmp(text, "-") == 0 ? "" : unit);
}

static void line_hours(const context *c, const char *name, const char *key) {
    char text[KEEL_FIGURE_SIZE];
    keel_doc_pair(c->doc, c->t, name, KEEL_CELL_TEXT, "%s", keel_figure_hours(total(c, key), text));
}

static int64_t count_of(const context *c, const char *key) {
    int64_t n = 0;
    return keel_json_read_int(total(c, key), &n) == 0 ? n : 0;
}

static double range_days(const keel_run_folder *run) {
    const keel_tree *range = keel_tree_find(run->summary, "effective_range");
    int64_t start_ms = 0, end_ms = 0;
    if (keel_time_parse(keel_node_text(range, "start"), &start_ms, NULL) != 0 ||
        keel_time_parse(keel_node_text(range, "end"), &end_ms, NULL) != 0)
        return 0.0;
    return (double)(end_ms - start_ms) / 86400000.0;
}

static void range(context *c) {
    const keel_tree *r = keel_tree_find(c->run->summary, "effective_range");
    char text[KEEL_FIGURE_SIZE];
    double days = range_days(c->run);
    int64_t trades = count_of(c, "trades");
    section(c, "metrics-range", "Range");
    keel_doc_pair(c->doc, c->t, "Backtesting from", KEEL_CELL_TEXT, "%s",
                  keel_figure_time(keel_tree_find(r, "start"), text));
    keel_doc_pair(c->doc, c->t, "Backtesting to", KEEL_CELL_TEXT, "%s",
                  keel_figure_time(keel_tree_find(r, "end"), text));
    keel_doc_pair(c->doc, c->t, "Trading Mode", KEEL_CELL_TEXT, "%s", keel_node_text(c->run->summary, "trading_mode"));
    keel_doc_pair(c->doc, c->t, "Total/Daily Avg Trades", KEEL_CELL_NUMBER, "%" PRId64 " / %s", trades,
                  keel_figure_real(days > 0.0 ? (double)trades / days : 0.0, 2, text));
    keel_doc_pair(c->doc, c->t, "Long / Short trades", KEEL_CELL_NUMBER, "%" PRId64 " / %" PRId64,
                  count_of(c, "long_trades"), count_of(c, "short_trades"));
    keel_doc_pair(c->doc, c->t, "Win%", KEEL_CELL_NUMBER, "%s",
                  keel_figure_node_times(total(c, "win_rate"), 100.0, 1, text));
    line(c, "Market change", "market_change_pct", KEEL_CELL_SIGNED, 2, "%");
    line(c, "Exposure time", "exposure_pct", KEEL_CELL_NUMBER, 2, "%");
}

static void profit(context *c) {
    char expectancy[KEEL_FIGURE_SIZE], ratio[KEEL_FIGURE_SIZE];
    section(c, "metrics-profit", "Profit");
    line(c, "Starting balance", "starting_balance_usd", KEEL_CELL_NUMBER, 2, " USD");
    line(c, "Final balance", "final_balance_usd", KEEL_CELL_NUMBER, 2, " USD");
    line(c, "Absolute profit", "net_profit_usd", KEEL_CELL_SIGNED, 2, " USD");
    line(c, "Total profit %", "net_profit_pct", KEEL_CELL_SIGNED, 2, "%");
    line(c, "CAGR %", "cagr_pct", KEEL_CELL_SIGNED, 2, "%");
    keel_doc_pair(c->doc, c->t, "Expectancy (Ratio)", KEEL_CELL_NUMBER, "%s (%s)",
                  keel_figure_node(total(c, "expectancy_usd"), 2, expectancy),
                  keel_figure_node(total(c, "expectancy_ratio"), 2, ratio));
    line(c, "Profit factor", "profit_factor", KEEL_CELL_NUMBER, 2, "");
    line(c, "Long profit", "long_profit_usd", KEEL_CELL_SIGNED, 2, " USD");
    line(c, "Short profit", "short_profit_usd", KEEL_CELL_SIGNED, 2, " USD");
    line(c, "Total trade volume", "turnover_usd", KEEL_CELL_NUMBER, 2, " USD");
}

static void ratios(context *c) {
    section(c, "metrics-ratios", "Risk and return");
    line(c, "Sharpe", "sharpe", KEEL_CELL_NUMBER, 2, "");
    line(c, "Sortino", "sortino", KEEL_CELL_NUMBER, 2, "");
    line(c, "Calmar", "calmar", KEEL_CELL_NUMBER, 2, "");
    line(c, "SQN", "sqn", KEEL_CELL_NUMBER, 2, "");
    line(c, "Probabilistic Sharpe ratio", "psr", KEEL_CELL_NUMBER, 4, "");
    line(c, "Volatility per year", "volatility_pct", KEEL_CELL_NUMBER, 2, "%");
    line(c, "Kelly share", "kelly", KEEL_CELL_NUMBER, 2, "");
    line(c, "Skew of days", "skew", KEEL_CELL_NUMBER, 2, "");
    line(c, "Kurtosis of days", "kurtosis", KEEL_CELL_NUMBER, 2, "");
}

/* Two measures: how deep at all, at the finest resolution of the run, and the deepest fall from bar close to bar close,
 * whose depth, times and recovery are of one episode. */
static void drawdown(context *c) {
    const keel_tree *d = keel_tree_find(c->run->summary, "max_drawdown");
    const char *recovered = keel_node_text(d, "recovered");
    char text[KEEL_FIGURE_SIZE];
    section(c, "metrics-drawdown", "Drawdown");
    if (c->t)
        (void)snprintf(c->t->note, sizeof c->t->note,
                       "The deepest at all is measured inside bars where the run saw them (resolution: %s). The fall "
                       "by bar closes, its start, end, duration and recovery are of one fall, which may be another.",
                       keel_node_text(keel_tree_find(d, "finest"), "resolution"));
    line(c, "Max % of account underwater", "max_drawdown_pct", KEEL_CELL_NUMBER, 2, "%");
    line(c, "Absolute drawdown", "max_drawdown_usd", KEEL_CELL_NUMBER, 2, " USD");
    (void)keel_figure_node(keel_tree_find(d, "depth_pct"), 2, text);
    keel_doc_pair(c->doc, c->t, "Drawdown by bar closes", KEEL_CELL_NUMBER, "%s%s", text,
                  strcmp(text, "-") == 0 ? "" : "%");
    line_hours(c, "Drawdown duration", "drawdown_duration_h");
    keel_doc_pair(c->doc, c->t, "Drawdown start", KEEL_CELL_TEXT, "%s",
                  keel_figure_time(keel_tree_find(d, "peak"), text));
    keel_doc_pair(c->doc, c->t, "Drawdown end", KEEL_CELL_TEXT, "%s",
                  keel_figure_time(keel_tree_find(d, "trough"), text));
    keel_doc_pair(c->doc, c->t, "Recovered", KEEL_CELL_TEXT, "%s",
                  !d || d->kind != KEEL_TREE_MAP    ? "-"
                  : strcmp(recovered, "true") == 0 ? keel_figure_time(keel_tree_find(d, "end"), text)
                                                    : "no");
    line_hours(c, "Longest time underwater", "longest_drawdown_h");
    line(c, "Min balance", "min_balance_usd", KEEL_CELL_NUMBER, 2, " USD");
    line(c, "Max balance", "max_balance_usd", KEEL_CELL_NUMBER, 2, " USD");
}

static void span_add(span *s, int64_t ms) {
    if (!s->count || ms < s->min_ms) s->min_ms = ms;
    if (!s->count || ms > s->max_ms) s->max_ms = ms;
    s->sum_ms += ms;
    s->count++;
}

static void line_span(const context *c, const char *name, const span *s) {
    char least[KEEL_FIGURE_SIZE], most[KEEL_FIGURE_SIZE], mean[KEEL_FIGURE_SIZE];
    if (!s->count)
        keel_doc_pair(c->doc, c->t, name, KEEL_CELL_TEXT, "-");
    else
        keel_doc_pair(c->doc, c->t, name, KEEL_CELL_TEXT, "%s / %s / %s", keel_figure_duration(s->min_ms, least),
                      keel_figure_duration(s->max_ms, most), keel_figure_duration(s->sum_ms / s->count, mean));
}

/* profit / entry value */
static double trade_return(const keel_run_trade *t) {
    return t->notional_e8 > 0 ? (double)t->pnl_e8 / (double)t->notional_e8 : 0.0;
}

static void line_trade(const context *c, const char *name, const keel_run_trade *t) {
    char text[KEEL_FIGURE_SIZE];
    keel_doc_pair(c->doc, c->t, name, KEEL_CELL_TEXT, "%.60s %s%%", c->run->symbols.items[t->symbol],
                  keel_figure_real(100.0 * trade_return(t), 2, text));
}

static void line_extremes(const context *c) {
    const keel_run_trade *trades = c->run->trades;
    int64_t best = 0, worst = 0;
    for (int64_t i = 1; i < c->run->trade_count; i++) {
        if (trade_return(&trades[i]) > trade_return(&trades[best])) best = i;
        if (trade_return(&trades[i]) < trade_return(&trades[worst])) worst = i;
    }
    if (c->run->trade_count == 0) return;
    line_trade(c, "Best trade", &trades[best]);
    line_trade(c, "Worst trade", &trades[worst]);
}

static void outcomes(context *c) {
    span wins = {0}, losses = {0};
    for (int64_t i = 0; i < c->run->trade_count; i++) {
        const keel_run_trade *t = &c->run->trades[i];
        if (t->pnl_e8 != 0) span_add(t->pnl_e8 > 0 ? &wins : &losses, t->exit_ts_ms - t->entry_ts_ms);
    }
    section(c, "metrics-outcomes", "Trades and days");
    keel_doc_pair(c->doc, c->t, "Win / Draw / Loss", KEEL_CELL_NUMBER, "%" PRId64 " / %" PRId64 " / %" PRId64,
                  count_of(c, "wins"), count_of(c, "draws"), count_of(c, "losses"));
    line_extremes(c);
    line_span(c, "Min/Max/Avg. Duration Winners", &wins);
    line_span(c, "Min/Max/Avg. Duration Losers", &losses);
    keel_doc_pair(c->doc, c->t, "Max Consecutive Wins / Loss", KEEL_CELL_NUMBER, "%" PRId64 " / %" PRId64,
                  count_of(c, "win_streak_max"), count_of(c, "loss_streak_max"));
    keel_doc_pair(c->doc, c->t, "Days win/draw/lose", KEEL_CELL_NUMBER, "%" PRId64 " / %" PRId64 " / %" PRId64,
                  count_of(c, "days_won"), count_of(c, "days_drawn"), count_of(c, "days_lost"));
    line(c, "Rejected Entry signals", "entries_held", KEEL_CELL_NUMBER, 0, "");
    line(c, "Still open", "open_positions", KEEL_CELL_NUMBER, 0, "");
}

void keel_report_metrics(const keel_run_folder *run, keel_doc *doc) {
    context c = {.run = run, .totals = keel_tree_find(run->summary, "totals"), .doc = doc, .t = NULL};
    profit(&c);
    ratios(&c);
    drawdown(&c);
    outcomes(&c);
    range(&c);
}
