/* The backtest report: identity of money, groups, findings, documents. [BKT-02] [BKT-05] [T-199] [T-206] [T-207] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "app/cli/backtest_folder.h"
#include "model/reason.h"

#define USD ((int64_t)100000000)
#define H ((int64_t)3600000)
#define D ((int64_t)86400000)
#define START ((int64_t)1704067200000) /* 2024-01-01T00:00Z, a Monday */

/* trades, equity and everything that points to them */
typedef struct fixture {
    keel_trade trades[40];
    int64_t ts[100], equity[100];
    int64_t flat[100];
    keel_backtest_symbol symbols[3];
    keel_backtest_run baselines[2];
    keel_backtest_count holds[2];
    keel_backtest_strategy strategy;
    keel_backtest_result result;
} fixture;

static const char *const REGIMES[] = {"UNKNOWN", "BULL", "BEAR"};

static keel_trade trade(int i, int symbol, int side, int64_t price, int64_t fees, int64_t funding, int64_t slippage) {
    keel_trade t;
    memset(&t, 0, sizeof t);
    t.trade_id = i + 1;
    t.entry_ts_ms = START + i * D + 5 * H;
    t.exit_ts_ms = t.entry_ts_ms + 3 * H;
    t.symbol = symbol;
    t.side = side;
    t.confidence = i % 3;
    t.entry_reason = KEEL_E_TREND;
    t.exit_reason = price > 0 ? KEEL_X_TP : KEEL_X_STOP;
    t.bars_held = 3;
    t.regime = 1 + i % 3; /* the last has no name */
    t.qty_e8 = 2 * USD;
    t.entry_px_e8 = 500 * USD;
    t.exit_px_e8 = t.entry_px_e8 + side * (price - slippage) / 2;
    t.notional_e8 = 1000 * USD;
    t.price_pnl_e8 = price;
    t.fees_e8 = fees;
    t.funding_e8 = funding;
    t.slippage_e8 = slippage;
    t.pnl_e8 = price - fees - funding - slippage;
    t.mae_e8 = -3 * USD;
    t.mfe_e8 = 12 * USD + 1;
    return t;
}

/* 40 trades over 40 of 100 days: odd ones win 10, even ones lose 4, each costs 1 fee, 0.5 slippage, receives 0.25. */
static void make(fixture *f) {
    memset(f, 0, sizeof *f);
    int64_t balance = 10000 * USD;
    for (int i = 0; i < 40; i++) {
        f->trades[i] = trade(i, i % 3, i % 4 < 2 ? 1 : -1, (i % 2 ? 10 : -4) * USD, USD, -USD / 4, USD / 2);
        balance += f->trades[i].pnl_e8;
        f->equity[i] = balance;
    }
    for (int i = 0; i < 100; i++) {
        f->ts[i] = START + i * D + 12 * H;
        if (i >= 40) f->equity[i] = balance;
        f->flat[i] = 10000 * USD;
    }
    f->symbols[0] = (keel_backtest_symbol){"BTCUSDT", 2400, 100 * USD, 150 * USD};
    f->symbols[1] = (keel_backtest_symbol){"ETHUSDT", 2400, 100 * USD, 90 * USD};
    f->symbols[2] = (keel_backtest_symbol){"SOL,USDT", 2400, 0, 0};
    f->baselines[0] = (keel_backtest_run){
        .name = "no_trade", .final_e8 = 10000 * USD, .equity_ts_ms = f->ts, .equity_e8 = f->flat, .equity_count = 100};
    f->baselines[1] = f->baselines[0];
    f->baselines[1].name = "buy_hold";
    f->baselines[1].final_e8 = 10500 * USD;
    f->baselines[1].open_positions = 1;
    f->baselines[1].open_price_e8 = 501 * USD;
    f->baselines[1].open_fees_e8 = USD;
    f->holds[0] = (keel_backtest_count){"H_GATE", 7};
    f->holds[1] = (keel_backtest_count){"H_COOLDOWN", 2};
    f->strategy = (keel_backtest_strategy){.name = "trend", .strategy = "trend", .version = "1"};
    f->result = (keel_backtest_result){.run_id = "run-1",
                                       .config_id = "c0ffee",
                                       .dataset_hash = "da7a",
                                       .build = "keel 0",
                                       .strategy = "trend",
                                       .timeframe = "1h",
                                       .start_ms = START,
                                       .end_ms = START + 100 * D,
                                       .bars_processed = 7200,
                                       .wall_seconds = 0.5,
                                       .start_e8 = 10000 * USD,
                                       .can_owe = 1,
                                       .run = {.name = "trend",
                                               .state_hash = 0x1234,
                                               .final_e8 = balance,
                                               .trades = f->trades,
                                               .trade_count = 40,
                                               .equity_ts_ms = f->ts,
                                               .equity_e8 = f->equity,
                                               .equity_count = 100},
                                       .strategies = &f->strategy,
                                       .strategy_count = 1,
                                       .baselines = f->baselines,
                                       .baseline_count = 2,
                                       .symbols = f->symbols,
                                       .symbol_count = 3,
                                       .regime_names = REGIMES,
                                       .regime_count = 3,
                                       .holds = f->holds,
                                       .hold_count = 2};
}

static keel_backtest_report *report_of(const fixture *f) {
    keel_backtest_report *r = NULL;
    keel_err err = {0, ""};
    int rc = keel_backtest_report_new(&f->result, &r, &err);
    if (rc) fail_msg("%s", err.text);
    return r;
}

static const keel_backtest_finding *finding(const keel_backtest_report *r, const char *code) {
    for (int32_t i = 0; i < r->finding_count; i++)
        if (strcmp(r->findings[i].code, code) == 0) return &r->findings[i];
    return NULL;
}

static int64_t pnl_of(const keel_backtest_groups *g) {
    int64_t sum = 0;
    for (int32_t i = 0; i < g->count; i++)
        sum += g->items[i].tally.pnl_e8;
    return sum;
}

static int64_t trades_of(const keel_backtest_groups *g) {
    int64_t sum = 0;
    for (int32_t i = 0; i < g->count; i++)
        sum += g->items[i].tally.trades;
    return sum;
}

/* [T-211] the parts make the whole, and each grouping holds every trade once */
static void parts_make_the_whole(void **state) {
    fixture f;
    (void)state;
    make(&f);
    keel_backtest_report *r = report_of(&f);
    assert_int_equal(r->summary.net_e8, (40 * 3 - 50) * USD); /* 20 x 10 - 20 x 4 = 120 price, 50 costs */
    assert_int_equal(r->price_e8, 120 * USD);
    assert_int_equal(r->funding_e8, 10 * USD);
    assert_int_equal(r->fees_e8, 40 * USD);
    assert_int_equal(r->slippage_e8, 20 * USD);
    assert_int_equal(r->price_e8 + r->funding_e8 - r->fees_e8 - r->slippage_e8, r->summary.net_e8);
    const keel_backtest_groups *all[] = {&r->by_symbol, &r->by_exit_reason, &r->by_entry_reason, &r->by_regime,
                                         &r->by_hour,   &r->by_weekday,     &r->by_month};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(trades_of(all[i]), 40);
        assert_int_equal(pnl_of(all[i]), r->summary.net_e8);
    }
    keel_backtest_report_free(r);
}

static void groups_have_their_names(void **state) {
    fixture f;
    (void)state;
    make(&f);
    keel_backtest_report *r = report_of(&f);
    assert_int_equal(r->by_symbol.count, 3);
    assert_string_equal(r->by_symbol.items[0].label, "BTCUSDT");
    assert_int_equal(r->by_symbol.items[0].tally.trades, 14);
    assert_int_equal(r->by_exit_reason.count, 2);
    assert_string_equal(r->by_exit_reason.items[0].label, "X_STOP");
    assert_string_equal(r->by_exit_reason.items[1].label, "X_TP");
    assert_int_equal(r->by_exit_reason.items[1].tally.wins, 20);
    assert_int_equal(r->by_regime.count, 3);
    assert_string_equal(r->by_regime.items[0].label, "BULL");
    assert_string_equal(r->by_regime.items[2].label, "UNKNOWN");
    assert_int_equal(r->by_hour.items[5].tally.trades, 40);
    assert_string_equal(r->by_weekday.items[0].label, "Monday");
    assert_int_equal(r->by_weekday.items[0].tally.trades, 6); /* 40 days from a Monday */
    assert_int_equal(r->by_month.count, 2);
    assert_string_equal(r->by_month.items[0].label, "2024-01");
    assert_int_equal(r->by_month.items[0].tally.trades, 31);
    keel_backtest_report_free(r);
}

static void broken_books_are_refused(void **state) {
    fixture f;
    keel_backtest_report *r = NULL;
    keel_err err = {0, ""};
    (void)state;
    make(&f);
    f.result.run.final_e8 += 1; /* one unit of 1e-8 */
    assert_int_equal(keel_backtest_report_new(&f.result, &r, &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "books are broken"));
    make(&f);
    f.trades[7].fees_e8 += 1;
    assert_int_equal(keel_backtest_report_new(&f.result, &r, &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "trade 8"));
    make(&f);
    f.baselines[1].open_price_e8 -= 1;
    assert_int_equal(keel_backtest_report_new(&f.result, &r, &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "buy_hold"));
    assert_null(r);
}

static void findings_of_the_fixture(void **state) {
    fixture f;
    keel_err err = {0, ""};
    (void)state;
    make(&f);
    keel_backtest_report *r = report_of(&f);
    assert_null(finding(r, "FEW_TRADES"));
    assert_null(finding(r, "ONE_BAR_PROFIT"));
    assert_null(finding(r, "NO_FEES"));
    assert_null(finding(r, "NO_SLIPPAGE"));
    assert_null(finding(r, "SHORT_RANGE"));
    assert_null(finding(r, "NET_LOSS"));
    assert_null(finding(r, "BASELINES_BEATEN"));
    assert_null(finding(r, "METRIC_IMPOSSIBLE"));
    assert_non_null(finding(r, "BASELINE_NOT_BEATEN"));
    assert_non_null(strstr(finding(r, "BASELINE_NOT_BEATEN")->text, "buy_hold earned 5.00 %, this run 0.70 %"));
    assert_int_equal(keel_backtest_report_verdict(r, &err), 0);
    keel_backtest_report_free(r);
}

static void few_and_no_trades(void **state) {
    fixture f;
    (void)state;
    make(&f);
    f.result.run.trade_count = 29;
    f.result.run.final_e8 = f.equity[28];
    for (int i = 29; i < 100; i++)
        f.equity[i] = f.equity[28];
    keel_backtest_report *r = report_of(&f);
    assert_non_null(finding(r, "FEW_TRADES"));
    keel_backtest_report_free(r);
    f.result.run.trade_count = 0;
    f.result.run.final_e8 = 10000 * USD;
    f.result.run.equity_count = 0;
    r = report_of(&f);
    assert_non_null(finding(r, "NO_TRADES"));
    assert_non_null(finding(r, "ALL_ENTRIES_HELD"));
    assert_non_null(strstr(finding(r, "ALL_ENTRIES_HELD")->text, "9 entry signals were held back, most by H_GATE (7)"));
    keel_backtest_report_free(r);
}

static void one_bar_profit_is_found(void **state) {
    fixture f;
    (void)state;
    make(&f);
    for (int i = 1; i < 8; i += 2)
        f.trades[i].flags = i % 4 == 1 ? KEEL_TRADE_AMBIGUOUS : KEEL_TRADE_ONE_BAR;
    keel_backtest_report *r = report_of(&f);
    const keel_backtest_finding *found = finding(r, "ONE_BAR_PROFIT"); /* 4 of 20 equal wins: at the limit */
    assert_non_null(found);
    assert_true(found->value.value == 0.2);
    keel_backtest_report_free(r);
    f.trades[7].flags = 0;
    r = report_of(&f);
    assert_null(finding(r, "ONE_BAR_PROFIT"));
    keel_backtest_report_free(r);
}

static void one_symbol_and_one_trade(void **state) {
    fixture f;
    (void)state;
    make(&f);
    f.trades[39].price_pnl_e8 += 1000 * USD; /* symbol 0 */
    f.trades[39].pnl_e8 += 1000 * USD;
    f.result.run.final_e8 += 1000 * USD;
    keel_backtest_report *r = report_of(&f);
    assert_non_null(finding(r, "ONE_SYMBOL_PROFIT"));
    assert_non_null(strstr(finding(r, "ONE_SYMBOL_PROFIT")->text, "BTCUSDT"));
    assert_non_null(finding(r, "ONE_TRADE_PROFIT"));
    assert_non_null(finding(r, "BASELINES_BEATEN"));
    keel_backtest_report_free(r);
}

/* An impossible figure is an error finding, comes first, is null in the document and ends the run with exit code 6. */
static void impossible_is_an_error(void **state) {
    fixture f;
    keel_err err = {0, ""};
    (void)state;
    make(&f);
    f.trades[39].price_pnl_e8 += 50000000000 * USD;
    f.trades[39].pnl_e8 += 50000000000 * USD;
    f.result.run.final_e8 += 50000000000 * USD;
    keel_backtest_report *r = report_of(&f);
    assert_string_equal(r->findings[0].code, "METRIC_IMPOSSIBLE");
    assert_int_equal(r->findings[0].severity, KEEL_FINDING_ERROR);
    assert_int_equal(keel_backtest_report_verdict(r, &err), KEEL_E_PARITY);
    assert_int_equal(keel_err_exit_code(KEEL_E_PARITY), 6);
    assert_non_null(strstr(err.text, "cagr_pct"));
    keel_json *j = keel_json_new(0);
    keel_backtest_report_json(r, j);
    assert_non_null(strstr(keel_json_text(j, NULL), "\"cagr_pct\":null"));
    keel_json_free(j);
    keel_backtest_report_free(r);
}

static void json_has_the_contract(void **state) {
    static const char *const KEYS[] = {"schema",
                                       "schema_version",
                                       "run_id",
                                       "state_hash",
                                       "config_id",
                                       "dataset_hash",
                                       "build",
                                       "strategy",
                                       "effective_range",
                                       "start",
                                       "end",
                                       "bars_processed",
                                       "wall_seconds",
                                       "totals",
                                       "per_symbol",
                                       "per_exit_reason",
                                       "baselines",
                                       "findings",
                                       "warnings",
                                       "starting_balance_usd",
                                       "final_balance_usd",
                                       "net_profit_usd",
                                       "net_profit_pct",
                                       "gross_profit_usd",
                                       "gross_loss_usd",
                                       "fees_usd",
                                       "funding_usd",
                                       "slippage_usd",
                                       "trades",
                                       "wins",
                                       "losses",
                                       "win_rate",
                                       "profit_factor",
                                       "expectancy_usd",
                                       "sharpe",
                                       "sortino",
                                       "calmar",
                                       "cagr_pct",
                                       "max_drawdown_pct",
                                       "max_drawdown_usd",
                                       "drawdown_duration_h",
                                       "exposure_pct",
                                       "turnover_usd",
                                       "long_trades",
                                       "short_trades",
                                       "sqn",
                                       "psr",
                                       "per_strategy",
                                       "per_regime",
                                       "per_hour",
                                       "realism"};
    fixture f;
    char key[64];
    (void)state;
    make(&f);
    keel_backtest_report *r = report_of(&f);
    keel_json *j = keel_json_new(0);
    keel_backtest_report_json(r, j);
    const char *text = keel_json_text(j, NULL);
    assert_int_equal(strncmp(text, "{\"schema\":\"keel.backtest\",\"schema_version\":1,", 45), 0);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        (void)snprintf(key, sizeof key, "\"%s\":", KEYS[i]);
        if (!strstr(text, key)) fail_msg("no key %s", key);
    }
    assert_non_null(strstr(text, "\"state_hash\":\"0000000000001234\""));
    assert_non_null(strstr(text, "\"net_profit_usd\":\"70.00\""));
    assert_non_null(strstr(text, "\"funding_usd\":\"10.00\""));
    assert_non_null(strstr(text, "\"effective_range\":{\"start\":\"2024-01-01T00:00:00.000Z\",\"end\":\"2024-04-10T"));
    keel_json_free(j);
    keel_backtest_report_free(r);
}

/* What the terminal shows of the report: the first page, or all of it. */
static void show(const keel_backtest_report *r, int all, keel_strbuf *out) {
    keel_backtest_folder in = {.report = r};
    keel_strbuf_init(out, 0);
    assert_int_equal(keel_backtest_folder_text(&in, NULL, all, out, NULL), 0);
    assert_int_equal(out->failed, 0);
}

static void tables_fit(void **state) {
    static const char *const WORDS[] = {"Avg Profit %",       "Tot Profit %",  "Win%",       "Profit factor",
                                        "Expectancy (Ratio)", "Market change", "= Net",      "buy_hold",
                                        "Per symbol",         "Exit reasons",  "Per weekday"};
    fixture f;
    keel_strbuf out;
    (void)state;
    make(&f);
    f.symbols[1].name = "A-VERY-LONG-NAME-OF-A-SYMBOL-THAT-NO-TABLE-HAS-ROOM-FOR";
    f.trades[0].pnl_e8 -= 12345678901 * USD;
    f.trades[0].price_pnl_e8 -= 12345678901 * USD;
    f.result.run.final_e8 -= 12345678901 * USD;
    keel_backtest_report *r = report_of(&f);
    for (int all = 0; all < 2; all++) {
        show(r, all, &out);
        for (const char *line = keel_strbuf_text(&out); *line;) {
            size_t size = strcspn(line, "\n");
            if (size > 100) fail_msg("%zu columns: %.*s", size, (int)size, line);
            line += size + (line[size] == '\n');
        }
        for (size_t i = 0; all && i < sizeof WORDS / sizeof *WORDS; i++)
            if (!strstr(keel_strbuf_text(&out), WORDS[i])) fail_msg("no %s", WORDS[i]);
        keel_strbuf_done(&out);
    }
    keel_backtest_report_free(r);
}

static void trades_csv_by_hand(void **state) {
    static const char EXPECTED[] =
        "trade_id,strategy,symbol,side,entry_ts,entry_px,exit_ts,exit_px,qty,notional_usd,pnl_usd,fees_usd,funding_usd,"
        "slippage_bps,mae_usd,mfe_usd,bars_held,confidence,entry_reason,exit_reason,config_id,run_id,price_usd,"
        "slippage_usd,borrow_usd\n"
        "1,trend,BTCUSDT,long,2024-01-01T05:00:00.000Z,500,2024-01-01T08:00:00.000Z,497.75,2,1000.00,-5.25,1.00,0.25,"
        "2.5056,-3.00,12.00000001,3,low,E_TREND,X_STOP,c0ffee,run-1,-4.00,0.50,0.00\n"
        "2,trend,ETHUSDT,long,2024-01-02T05:00:00.000Z,500,2024-01-02T08:00:00.000Z,504.75,2,1000.00,8.75,1.00,0.25,"
        "2.4882,-3.00,12.00000001,3,medium,E_TREND,X_TP,c0ffee,run-1,10.00,0.50,0.00\n"
        "3,trend,\"SOL,USDT\",short,2024-01-03T05:00:00.000Z,500,2024-01-03T08:00:00.000Z,502.25,2,1000.00,-5.25,1.00,"
        "0.25,2.4944,-3.00,12.00000001,3,high,E_TREND,X_STOP,c0ffee,run-1,-4.00,0.50,0.00\n";
    fixture f;
    keel_strbuf out, again;
    (void)state;
    make(&f);
    f.result.run.trade_count = 3;
    keel_strbuf_init(&out, 0);
    keel_strbuf_init(&again, 0);
    keel_backtest_trades_csv(&f.result, &out);
    keel_backtest_trades_csv(&f.result, &again);
    assert_string_equal(keel_strbuf_text(&out), EXPECTED);
    assert_string_equal(keel_strbuf_text(&out), keel_strbuf_text(&again));
    keel_strbuf_done(&out);
    keel_strbuf_done(&again);
}

static void equity_csv_by_hand(void **state) {
    fixture f;
    keel_strbuf out;
    (void)state;
    make(&f);
    f.equity[0] = 9000 * USD;
    f.equity[1] = 12000 * USD;
    f.equity[2] = 8000 * USD;
    f.result.run.equity_count = 3;
    keel_strbuf_init(&out, 0);
    keel_backtest_equity_csv(&f.result, &out);
    assert_string_equal(keel_strbuf_text(&out),
                        "ts,equity_usd,drawdown_pct\n"
                        "2024-01-01T12:00:00.000Z,9000.00,10.000000\n"
                        "2024-01-02T12:00:00.000Z,12000.00,0.000000\n"
                        "2024-01-03T12:00:00.000Z,8000.00,33.333333\n");
    keel_strbuf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_make_the_whole),     cmocka_unit_test(groups_have_their_names),
        cmocka_unit_test(broken_books_are_refused), cmocka_unit_test(findings_of_the_fixture),
        cmocka_unit_test(few_and_no_trades),        cmocka_unit_test(one_bar_profit_is_found),
        cmocka_unit_test(one_symbol_and_one_trade), cmocka_unit_test(impossible_is_an_error),
        cmocka_unit_test(json_has_the_contract),    cmocka_unit_test(tables_fit),
        cmocka_unit_test(trades_csv_by_hand),       cmocka_unit_test(equity_csv_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
