/* ops/report/folder.h: a run folder in memory; inside ops only. */
#ifndef KEEL_OPS_REPORT_FOLDER_H
#define KEEL_OPS_REPORT_FOLDER_H

#include <stdint.h>

#include "base/tree.h"
#include "ops/report/report.h"

enum { KEEL_RUN_NAMES_MAX = 4096 };

/* Distinct texts of a column, in order of first appearance. */
typedef struct keel_run_names {
    char **items; /* [count], owned */
    int32_t count;
    int32_t failed; /* out of memory, or more than KEEL_RUN_NAMES_MAX */
} keel_run_names;

/* One row of trades.csv and of levels.csv. Amounts at 1e-8; funding, or on spot interest, received +. */
typedef struct keel_run_trade {
    int64_t id, entry_ts_ms, exit_ts_ms;
    int64_t entry_px_e8, exit_px_e8, qty_e8, notional_e8, pnl_e8, fees_e8, funding_e8, slippage_bps_e4, mae_e8, mfe_e8;
    int64_t stop_e8, trail_e8, target_e8;                                   /* 0 = none */
    int64_t stop_from, stop_count;                                          /* its rows of run->stops */
    int32_t symbol, side, bars_held, confidence, entry_reason, exit_reason; /* indexes of the names below; side +1 -1 */
} keel_run_trade;

/* A stop in force from ts_ms on. */
typedef struct keel_run_stop {
    int64_t ts_ms, px_e8;
} keel_run_stop;

typedef struct keel_run_sample {
    int64_t ts_ms, equity_e8;
    int64_t below_pct_e6; /* under the running peak, >= 0; 0 in the benchmark */
} keel_run_sample;

typedef struct keel_run_candle {
    int64_t ts_ms, open_e8, high_e8, low_e8, close_e8;
    int32_t symbol;
    int32_t reserved;
} keel_run_candle;

struct keel_run_folder {
    char *path; /* NULL: the run lies in no folder */
    char *summary_text;
    keel_tree *manifest, *summary;
    keel_tree *config; /* NULL: nothing was configured */
    keel_run_names symbols, confidences, entry_reasons, exit_reasons;
    keel_run_trade *trades; /* in order of closing */
    int64_t trade_count;
    keel_run_stop *stops; /* by trade, then time */
    int64_t stop_count;
    keel_run_sample *equity;
    int64_t equity_count;
    keel_run_sample *benchmark; /* of buy and hold; empty when the run had none */
    int64_t benchmark_count;
    keel_run_candle *candles; /* by symbol, then time */
    int64_t candle_count;
    int64_t start_e8;   /* starting balance */
    keel_tree *walk;    /* keel.walk_forward; NULL: none */
    keel_tree *surface; /* keel.sweep_surface of the sweep that the run's configuration is of; NULL: none */
};

/* Walk the rows of a CSV text, which is changed: quoted fields are unquoted in place (RFC 4180). */
typedef struct keel_csv_rows {
    char *at;         /* next row */
    const char *name; /* for messages */
    int64_t line;     /* of the row that was read last, the header is 1 */
} keel_csv_rows;

/* The fields of the next row. Returns 1, 0 at the end, KEEL_E_PARSE when the row has not `count` fields. */
int keel_csv_next(keel_csv_rows *rows, char *ret_fields[], int count, keel_err *reterr);

/* Read the six tables into `run` from their texts, which are changed; NULL texts are skipped. Returns 0, KEEL_E_PARSE
 * or KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_run_tables_read(keel_run_folder *run, const keel_run_texts *texts, keel_err *reterr);

#endif
