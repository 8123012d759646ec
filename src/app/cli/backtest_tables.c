/* app/cli/backtest_tables.c: the report as tables, under the names and in the order that users of Freqtrade know. */
#include <inttypes.h>
#include <string.h>

#include "app/cli/backtest_format.h"
#include "app/cli/backtest_internal.h"
#include "app/cli/backtest_metrics.h"
#include "app/cli/text_table.h"

enum { GROUP_COLUMNS = 10 };

static void headline(const keel_backtest_report *r, keel_strbuf *out) {
    const keel_backtest_result *in = r->in;
    keel_strbuf symbols;
    keel_strbuf_init(&symbols, 0);
    keel_strbuf_addf(&symbols, "Result for strategy %s on", in->strategy);
    if (in->accounts) {
        keel_strbuf_clear(&symbols);
        keel_strbuf_addf(&symbols, "Result for %d strategies on %s:", (int)in->strategy_count,
                         strcmp(in->accounts, "shared") == 0 ? "one account" : "an account each");
    }
    for (int32_t i = 0; i < in->symbol_count; i++)
        keel_strbuf_addf(&symbols, " %s%s", in->symbols[i].name, i + 1 < in->symbol_count ? "," : "");
    if (in->timeframe) keel_strbuf_addf(&symbols, ", %s bars", in->timeframe);
    if (in->detail) keel_strbuf_addf(&symbols, " with %s inside", in->detail);
    keel_table_wrap(out, keel_strbuf_text(&symbols), 0, 2, KEEL_TABLE_WIDTH);
    keel_strbuf_done(&symbols);
}

static int count_of(const keel_backtest_report *r, int32_t severity) {
    int count = 0;
    for (int32_t i = 0; i < r->finding_count; i++)
        count += r->findings[i].severity == severity;
    return count;
}

static void verdict(const keel_backtest_report *r, keel_strbuf *out) {
    int errors = count_of(r, KEEL_FINDING_ERROR), warnings = count_of(r, KEEL_FINDING_WARNING);
    keel_strbuf_addf(out, "Verdict: %s (%d errors, %d warnings)\n",
                     errors     ? "NOT USABLE"
                     : warnings ? "doubtful"
                                : "no finding against it",
                     errors, warnings);
    for (int32_t i = 0; i < r->finding_count; i++) {
        const keel_backtest_finding *f = &r->findings[i];
        keel_strbuf_addf(out, "  %-8s ", keel_backtest_severity_name(f->severity));
        keel_table_wrap(out, f->text, 11, 11, KEEL_TABLE_WIDTH);
    }
    for (int32_t i = 0; i < r->in->warning_count; i++) {
        keel_strbuf_add(out, "  run      ");
        keel_table_wrap(out, r->in->warnings[i], 11, 11, KEEL_TABLE_WIDTH);
    }
}

static void group_row(const keel_backtest_report *r, const char *label, const keel_stats_tally *s, keel_table *t) {
    keel_cell cells[GROUP_COLUMNS];
    const char *texts[GROUP_COLUMNS];
    int64_t held_ms = s->held.count ? s->held.sum_ms / s->held.count : -1;
    cells[0] = keel_cell_text("%s", label);
    cells[1] = keel_cell_count(s->trades);
    cells[2] = keel_cell_stat(keel_stat_scale(keel_stats_tally_return_mean(s), 100.0), 2);
    cells[3] = keel_cell_money(s->pnl_e8);
    cells[4] = keel_cell_stat(keel_stat_of(keel_backtest_pct_of_start(r->in, s->pnl_e8)), 2);
    cells[5] = keel_cell_duration(held_ms);
    cells[6] = keel_cell_count(s->wins);
    cells[7] = keel_cell_count(s->draws);
    cells[8] = keel_cell_count(s->losses);
    cells[9] = keel_cell_stat(keel_stat_scale(keel_stats_tally_win_rate(s), 100.0), 1);
    for (int i = 0; i < GROUP_COLUMNS; i++)
        texts[i] = cells[i].text;
    keel_table_row(t, texts);
}

/* One table of groups; those without trades are left out unless all of them say something (symbols). */
static void group_table(const keel_backtest_report *r, const char *title, const char *first, const char *count,
                        const keel_backtest_groups *groups, int with_empty, int with_total, keel_strbuf *out) {
    const char *const headers[GROUP_COLUMNS] = {first,          count, "Avg Profit %", "Tot Profit USD", "Tot Profit %",
                                                "Avg Duration", "Win", "Draw",         "Loss",           "Win%"};
    keel_table t;
    keel_table_init(&t, headers, GROUP_COLUMNS, 1);
    for (int32_t i = 0; i < groups->count; i++)
        if (with_empty || groups->items[i].tally.trades)
            group_row(r, groups->items[i].label, &groups->items[i].tally, &t);
    if (with_total) {
        keel_table_rule(&t);
        group_row(r, "TOTAL", &r->summary.tally, &t);
    }
    keel_table_print(&t, title, KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
}

static void group_tables(const keel_backtest_report *r, keel_strbuf *out) {
    group_table(r, "BACKTESTING REPORT", "Pair", "Trades", &r->by_symbol, 1, 1, out);
    keel_backtest_strategies_table(r, out);
    if (!r->summary.tally.trades) return;
    group_table(r, "ENTRY REASON STATS", "Entry Reason", "Entries", &r->by_entry_reason, 0, 1, out);
    group_table(r, "EXIT REASON STATS", "Exit Reason", "Exits", &r->by_exit_reason, 0, 1, out);
    group_table(r, "REGIME STATS (at entry)", "Regime", "Trades", &r->by_regime, 0, 0, out);
    group_table(r, "HOUR STATS (UTC, of entry)", "Hour", "Trades", &r->by_hour, 0, 0, out);
    group_table(r, "WEEKDAY STATS (UTC, of entry)", "Weekday", "Trades", &r->by_weekday, 0, 0, out);
    group_table(r, "MONTH BREAKDOWN (UTC, of exit)", "Month", "Trades", &r->by_month, 0, 0, out);
}

static void baseline_row(const char *name, const keel_stats_summary *s, const keel_stats_summary *mine,
                         const keel_backtest_result *in, keel_table *t) {
    double excess = keel_backtest_pct_of_start(in, mine->net_e8) - keel_backtest_pct_of_start(in, s->net_e8);
    keel_cell cells[7];
    const char *texts[7];
    cells[0] = keel_cell_text("%s", name);
    cells[1] = keel_cell_count(s->tally.trades);
    cells[2] = keel_cell_money(s->net_e8);
    cells[3] = keel_cell_stat(s->net_profit_pct, 2);
    cells[4] = keel_cell_stat(s->sharpe, 2);
    cells[5] = keel_cell_stat(s->max_drawdown_pct, 2);
    cells[6] = s == mine ? keel_cell_text("-") : keel_cell_stat(keel_stat_of(excess), 2);
    for (int i = 0; i < 7; i++)
        texts[i] = cells[i].text;
    keel_table_row(t, texts);
}

static void baseline_table(const keel_backtest_report *r, keel_strbuf *out) {
    static const char *const HEADERS[] = {"Strategy", "Trades",         "Tot Profit USD", "Tot Profit %",
                                          "Sharpe",   "Max Drawdown %", "Excess %"};
    if (r->in->baseline_count == 0) return;
    keel_table t;
    keel_table_init(&t, HEADERS, 7, 1);
    baseline_row(r->in->run.name, &r->summary, &r->summary, r->in, &t);
    keel_table_rule(&t);
    for (int32_t i = 0; i < r->in->baseline_count; i++)
        baseline_row(r->in->baselines[i].name, &r->baselines[i], &r->summary, r->in, &t);
    keel_table_print(&t, "BASELINES (same data, costs and limits; excess = this run over the baseline)",
                     KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
}

static void cost_row(const keel_backtest_report *r, const char *name, int64_t value_e8, keel_table *t) {
    keel_cell usd = keel_cell_money(value_e8);
    keel_cell pct = keel_cell_pct(keel_stat_of(keel_backtest_pct_of_start(r->in, value_e8)));
    keel_table_row(t, (const char *const[]){name, usd.text, pct.text});
}

static void cost_table(const keel_backtest_report *r, keel_strbuf *out) {
    static const char *const HEADERS[] = {"Part", "USD", "Of balance"};
    keel_table t;
    keel_table_init(&t, HEADERS, 3, 1);
    cost_row(r, "Price", r->price_e8, &t);
    cost_row(r, "+ Funding", r->funding_e8, &t);
    cost_row(r, "- Fees", r->fees_e8, &t);
    cost_row(r, "- Slippage", r->slippage_e8, &t);
    keel_table_rule(&t);
    cost_row(r, "= Net", r->summary.net_e8, &t);
    keel_table_print(&t, "COST DECOMPOSITION (exact)", KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
}

static void identity_row(keel_strbuf *out, const char *name, const char *value) {
    keel_strbuf_addf(out, "  %-13s", name);
    keel_table_wrap(out, value ? value : "-", 15, 15, KEEL_TABLE_WIDTH);
}

static void identity(const keel_backtest_report *r, keel_strbuf *out) {
    const keel_backtest_result *in = r->in;
    keel_cell hash = keel_cell_text("%016" PRIx64, in->run.state_hash);
    keel_strbuf_add(out, "\nIDENTITY\n");
    identity_row(out, "run_id", in->run_id);
    identity_row(out, "state_hash", hash.text);
    identity_row(out, "config_id", in->config_id);
    identity_row(out, "dataset_hash", in->dataset_hash);
    identity_row(out, "build", in->build);
    identity_row(out, "definitions", KEEL_STATS_DEFINITION);
    keel_cell speed = keel_cell_text("%" PRId64 " bars in %.3f s", in->bars_processed, in->wall_seconds);
    identity_row(out, "processed", speed.text);
}

void keel_backtest_report_text(const keel_backtest_report *r, keel_strbuf *out) {
    headline(r, out);
    verdict(r, out);
    group_tables(r, out);
    baseline_table(r, out);
    cost_table(r, out);
    keel_backtest_metrics_table(r, out);
    identity(r, out);
}
