/* app/cli/backtest_report.h: what a backtest yields, and everything that is said about it.
 *
 * A verb fills a keel_backtest_result (all borrowed), makes a report of it, and writes the report as the JSON document,
 * and its trades and equity as CSV. What people read (ops/report) is made from these documents: the same numbers
 * stand in all of them.
 *
 * Signs in what is shown: fees and slippage are costs (+ = paid), funding and interest are income (+ = received), so
 * that price + funding + borrow - fees - slippage = net holds to the last 1e-8; a result for which it does not is
 * refused (KEEL_E_PARITY). */
#ifndef KEEL_APP_CLI_BACKTEST_REPORT_H
#define KEEL_APP_CLI_BACKTEST_REPORT_H

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "core/strategy/strategy.h"
#include "model/trade.h"
#include "stats/book.h"
#include "stats/market_state.h"
#include "stats/summary.h"
#include "stats/tally.h"

#define KEEL_BACKTEST_SCHEMA "keel.backtest"
#define KEEL_BACKTEST_SCHEMA_VERSION 1

typedef struct keel_backtest_symbol {
    const char *name;
    int64_t bars;
    int64_t first_px_e8; /* close of the first and last main bar of the effective range; 0 = not known */
    int64_t last_px_e8;
} keel_backtest_symbol;

/* One account's history: the strategy's, or a baseline's. */
typedef struct keel_backtest_run {
    const char *name;
    uint64_t state_hash;
    int64_t final_e8;         /* equity at the end */
    const keel_trade *trades; /* [trade_count] in order of closing */
    int64_t trade_count;
    const int64_t *equity_ts_ms; /* [equity_count] ascending: bar close times */
    const int64_t *equity_e8;
    int64_t equity_count;
    /* Largest falls from a running peak seen inside bars (by the lane), as a share and in money; 0: not known. */
    double event_drawdown;
    int64_t event_drawdown_e8;
    /* Of positions still open at the end, unrealised price profit included; all zero when everything was closed.
     * Same identity as a trade: net = price - fees - funding - slippage. */
    int64_t open_positions;
    int64_t open_price_e8;
    int64_t open_fees_e8;
    int64_t open_funding_e8; /* paid + */
    int64_t open_slippage_e8;
} keel_backtest_run;

/* One strategy of the run. */
typedef struct keel_backtest_strategy {
    const char *name;     /* its label: unique in the run */
    const char *strategy; /* what runs under it */
    const char *version;
    const keel_strategy_text *text; /* what it says of itself; NULL: not told */
    const char *sha256;             /* of a user's file; NULL: built-in */
    const keel_list *symbols;       /* that it trades; NULL: all of the run */
    const char *config_id;          /* of the run of this strategy alone; NULL: there is none, the account is shared */
    int32_t own_account;            /* 1: start and run are its account's */
    int32_t reserved;
    int64_t start_e8;
    keel_backtest_run run;
} keel_backtest_strategy;

typedef struct keel_backtest_count {
    const char *name; /* of a reason, gate or refusal */
    int64_t count;
} keel_backtest_count;

/* One line of the `settings` object: what realism was switched on. */
typedef struct keel_backtest_setting {
    const char *key;  /* snake_case with its unit: "taker_fee_bps" */
    const char *json; /* one JSON value as text: 4.5, "next_open", true */
} keel_backtest_setting;

typedef struct keel_backtest_result {
    const char *run_id;
    const char *config_id; /* SHA-256 of the materialised configuration */
    const char *dataset_hash;
    const char *build;
    const char *strategy; /* name of `run`'s strategy; of several their labels, commas between */
    const char *strategy_version;
    const char *trading_mode; /* "spot", "perp", "mixed"; NULL: not shown */
    const char *timeframe;    /* "1h" */
    const char *detail;       /* "5m"; NULL: none */
    int64_t max_open;         /* positions at once; 0: no limit */
    int64_t start_ms;         /* effective range [start, end) */
    int64_t end_ms;
    int64_t bars_processed;
    double wall_seconds;
    int64_t start_e8; /* starting balance */
    int32_t can_owe;  /* leverage above 1 or shorts allowed */
    int32_t is_spot;  /* 1: what positions pay over time is interest on what they borrow, else funding */
    keel_backtest_run run;
    const keel_backtest_strategy *strategies; /* [strategy_count], at least one */
    const int32_t *trade_strategy;            /* [run.trade_count] index of strategies; NULL: all of the first */
    const char *accounts;                     /* "separate", "shared"; NULL: one strategy on one account */
    int32_t strategy_count;
    int32_t reserved3;
    const keel_backtest_run *baselines; /* same data, costs and caps */
    int32_t baseline_count;
    int32_t symbol_count;
    const keel_backtest_symbol *symbols; /* index = keel_trade.symbol */
    const char *const *regime_names;     /* index = keel_trade.regime; others are shown as UNKNOWN */
    const char *regime_note;             /* why regimes are UNKNOWN where they are; NULL: nothing to say */
    const uint8_t *trade_state;          /* [run.trade_count] KEEL_MARKET_* before the entry; NULL: not known */
    int32_t regime_count;
    int32_t hold_count;
    const keel_backtest_count *holds; /* entry signals held back, per reason (H_*) */
    const keel_backtest_count *gates; /* of those by H_GATE: fails per gate */
    const keel_backtest_setting *settings;
    const char *const *warnings; /* sentences from data and run */
    int32_t gate_count;
    int32_t setting_count;
    int32_t warning_count;
    int32_t trial_sweeps; /* sweeps that trial_count comes from */
    int64_t trial_count;  /* distinct trials that sweeps spent on this data; -1: not known */
    /* The trial of a sweep that this run repeats; NULL: compared with none. */
    const char *trial_hash, *trial_sweep;
    int64_t trial_equal; /* 1: it ended in the state of the trial's row */
} keel_backtest_result;

/* Trades that share something: a symbol, a reason, an hour. */
typedef struct keel_backtest_group {
    char label[48];
    keel_stats_tally tally;
} keel_backtest_group;

typedef struct keel_backtest_groups {
    keel_backtest_group *items; /* [count], owned */
    int32_t count;
    int32_t reserved;
} keel_backtest_groups;

enum { KEEL_FINDING_ERROR = 0, KEEL_FINDING_WARNING = 1, KEEL_FINDING_INFO = 2 };
enum { KEEL_FINDINGS_MAX = 64 };

typedef struct keel_backtest_finding {
    int32_t severity;
    int32_t reserved;
    const char *code; /* stable, UPPER_CASE, static */
    char text[200];   /* one sentence */
    keel_stat value;  /* what was found */
    keel_stat limit;  /* what it was compared with */
} keel_backtest_finding;

typedef struct keel_backtest_report {
    const keel_backtest_result *in; /* borrowed */
    keel_stats_summary summary;
    keel_stats_summary *baselines;  /* [in->baseline_count], owned */
    keel_stats_summary *strategies; /* [in->strategy_count], owned; of those with an account of their own */
    /* Exact parts of the net profit, in the shown signs, open positions included. */
    int64_t price_e8;
    int64_t funding_e8; /* funding, or interest on spot; received + */
    int64_t fees_e8;
    int64_t slippage_e8;
    keel_backtest_groups by_symbol;      /* in symbol order, symbols without trades too */
    keel_backtest_groups by_strategy;    /* in order of strategies, those without trades too */
    keel_backtest_groups by_exit_reason; /* in reason order, with trades only */
    keel_backtest_groups by_entry_reason;
    keel_backtest_groups by_regime;                    /* in label order, with trades only */
    keel_backtest_groups by_state;                     /* market_state.h, of the traded symbol; with trades only */
    keel_backtest_groups by_hour;                      /* 24, UTC hour of entry */
    keel_backtest_groups by_weekday;                   /* 7 from Monday, UTC day of entry */
    keel_backtest_groups by_month;                     /* UTC month of exit, first to last */
    keel_backtest_finding findings[KEEL_FINDINGS_MAX]; /* worst first */
    int32_t finding_count;
    int32_t reserved;
} keel_backtest_report;

/* Compute the report. `in` and what it points to stay untouched and must outlive the report.
 * Handed to the caller on success: keel_backtest_report_free (NULL allowed).
 * Returns 0, or KEEL_E_RANGE (empty range, balance not positive, sums beyond int64), KEEL_E_PARITY (the parts do not
 * add up to final - start: the books are broken), KEEL_E_NOMEM; line set. */
KEEL_MUST_USE int keel_backtest_report_new(const keel_backtest_result *in, keel_backtest_report **ret_report,
                                           keel_err *reterr);

/* Only what totals say, of an account whose trades and equity went into a book (checked as they went): ret has no
 * groups and findings, and needs no freeing. in->run.trades and equity may be NULL; in->strategies too. Errors as
 * keel_backtest_report_new. */
KEEL_MUST_USE int keel_backtest_report_brief(const keel_backtest_result *in, keel_stats_book *book,
                                             keel_backtest_report *ret, keel_err *reterr);

void keel_backtest_report_free(keel_backtest_report *report);

/* 0, or KEEL_E_PARITY with a line naming the first impossible figure. Call it after the report was shown: the run ends
 * with that exit code. */
KEEL_MUST_USE int keel_backtest_report_verdict(const keel_backtest_report *report, keel_err *reterr);

/* The document as in the published interface: one object, written into `j`. */
void keel_backtest_report_json(const keel_backtest_report *report, keel_json *j);

/* Only its `totals`: one object. */
void keel_backtest_totals_json(const keel_backtest_report *report, keel_json *j);

/* trade_id,strategy,symbol,side,entry_ts,entry_px,exit_ts,exit_px,qty,notional_usd,pnl_usd,fees_usd,funding_usd,
 * slippage_bps,mae_usd,mfe_usd,bars_held,confidence,entry_reason,exit_reason,config_id,run_id
 * Exact decimals, ISO-8601 UTC with ms, rows in order of closing, '\n' line ends: equal results give equal bytes.
 * slippage_bps = slippage / (entry + exit value), 4 decimals. */
void keel_backtest_trades_csv(const keel_backtest_result *in, keel_strbuf *out);

/* ts,equity_usd,drawdown_pct: each equity sample and how far it is below the running peak (6 decimals, >= 0). */
void keel_backtest_equity_csv(const keel_backtest_result *in, keel_strbuf *out);

#endif
