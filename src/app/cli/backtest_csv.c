/* app/cli/backtest_csv.c: trades and equity as CSV; see backtest_report.h for the columns. Integers only: no double is
 * printed, so the bytes depend on nothing but the result. */
#include <inttypes.h>
#include <string.h>

#include "app/cli/backtest_internal.h"
#include "base/decimal.h"
#include "base/timerange.h"
#include "num/int.h"
#include "research/trade_figures.h"

static const char TRADES_HEADER[] =
    "trade_id,strategy,symbol,side,entry_ts,entry_px,exit_ts,exit_px,qty,notional_usd,pnl_usd,fees_usd,funding_usd,"
    "slippage_bps,mae_usd,mfe_usd,bars_held,confidence,entry_reason,exit_reason,config_id,run_id,price_usd,"
    "slippage_usd,borrow_usd\n";

/* Quoted only when it must be (RFC 4180). */
static void add_text(keel_strbuf *out, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) {
        keel_strbuf_add(out, text);
        return;
    }
    keel_strbuf_add_char(out, '"');
    for (const char *c = text; *c; c++) {
        if (*c == '"') keel_strbuf_add_char(out, '"');
        keel_strbuf_add_char(out, *c);
    }
    keel_strbuf_add_char(out, '"');
}

static void add_decimal(keel_strbuf *out, int64_t value, int scale, int places_min) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)keel_decimal_format(value, scale, places_min, text);
    keel_strbuf_add(out, text);
    keel_strbuf_add_char(out, ',');
}

static void add_last(keel_strbuf *out, int64_t amount_e8) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)keel_decimal_format(amount_e8, 8, 2, text);
    keel_strbuf_add(out, text);
    keel_strbuf_add_char(out, '\n');
}

static void add_time(keel_strbuf *out, int64_t ts_ms) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_strbuf_add(out, keel_time_format(ts_ms, text));
    keel_strbuf_add_char(out, ',');
}

static void add_field(keel_strbuf *out, const char *text) {
    add_text(out, text);
    keel_strbuf_add_char(out, ',');
}

/* Slippage per traded value in 1e-4 bps, half-even; empty when nothing was traded. */
static void add_slippage_bps(keel_strbuf *out, const keel_trade *t) {
    keel_stats_trade trade = keel_trade_figures(t);
    int64_t exit_e8 = 0, turnover_e8 = 0, bps_e4 = 0;
    if (keel_stats_exit_value(&trade, &exit_e8) && keel_add_i64(trade.notional_e8, exit_e8, &turnover_e8) &&
        keel_mul_div(t->slippage_e8, 100000000, turnover_e8, &bps_e4))
        add_decimal(out, bps_e4, 4, 4);
    else
        keel_strbuf_add_char(out, ',');
}

static void add_trade(const keel_backtest_result *in, int64_t index, keel_strbuf *out) {
    const keel_trade *t = &in->run.trades[index];
    int64_t received_e8 = 0;
    KEEL_ASSERT(t->symbol >= 0 && t->symbol < in->symbol_count);
    KEEL_ASSERT(keel_sub_i64(0, t->funding_e8, &received_e8));
    keel_strbuf_addf(out, "%" PRId64 ",", t->trade_id);
    add_field(out, in->strategies[keel_backtest_strategy_of(in, index)].name);
    add_field(out, in->symbols[t->symbol].name);
    add_field(out, t->side >= 0 ? "long" : "short");
    add_time(out, t->entry_ts_ms);
    add_decimal(out, t->entry_px_e8, 8, 0);
    add_time(out, t->exit_ts_ms);
    add_decimal(out, t->exit_px_e8, 8, 0);
    add_decimal(out, t->qty_e8, 8, 0);
    add_decimal(out, t->notional_e8, 8, 2);
    add_decimal(out, t->pnl_e8, 8, 2);
    add_decimal(out, t->fees_e8, 8, 2);
    add_decimal(out, in->is_spot ? 0 : received_e8, 8, 2);
    add_slippage_bps(out, t);
    add_decimal(out, t->mae_e8, 8, 2);
    add_decimal(out, t->mfe_e8, 8, 2);
    keel_strbuf_addf(out, "%d,", (int)t->bars_held);
    add_field(out, keel_backtest_confidence_name(t->confidence));
    add_field(out, keel_backtest_reason_name(t->entry_reason));
    add_field(out, keel_backtest_reason_name(t->exit_reason));
    add_field(out, in->config_id);
    add_field(out, in->run_id);
    add_decimal(out, t->price_pnl_e8, 8, 2);
    add_decimal(out, t->slippage_e8, 8, 2);
    add_last(out, in->is_spot ? received_e8 : 0);
}

void keel_backtest_trades_csv(const keel_backtest_result *in, keel_strbuf *out) {
    keel_strbuf_add(out, TRADES_HEADER);
    for (int64_t i = 0; i < in->run.trade_count; i++)
        add_trade(in, i, out);
}

void keel_backtest_equity_csv(const keel_backtest_result *in, keel_strbuf *out) {
    keel_backtest_equity_csv_kept(in, NULL, out);
}

void keel_backtest_equity_csv_kept(const keel_backtest_result *in, const unsigned char *kept, keel_strbuf *out) {
    int64_t peak_e8 = in->start_e8;
    keel_strbuf_add(out, "ts,equity_usd,drawdown_pct\n");
    for (int64_t i = 0; i < in->run.equity_count; i++) {
        int64_t equity_e8 = in->run.equity_e8[i];
        int64_t below_e8 = 0, pct_e6 = 0;
        char text[KEEL_DECIMAL_TEXT_MAX];
        if (equity_e8 > peak_e8) peak_e8 = equity_e8;
        if (kept && !kept[i]) continue;
        add_time(out, in->run.equity_ts_ms[i]);
        add_decimal(out, equity_e8, 8, 2);
        if (keel_sub_i64(peak_e8, equity_e8, &below_e8) && keel_mul_div(below_e8, 100000000, peak_e8, &pct_e6)) {
            (void)keel_decimal_format(pct_e6, 6, 6, text);
            keel_strbuf_add(out, text);
        }
        keel_strbuf_add_char(out, '\n');
    }
}
