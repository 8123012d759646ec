/* app/cli/backtest_stops.h: where the stop of each position stood, bar by bar: what a chart draws as its path. */
#ifndef KEEL_APP_CLI_BACKTEST_STOPS_H
#define KEEL_APP_CLI_BACKTEST_STOPS_H

#include <stdint.h>

#include "base/strbuf.h"
#include "core/state.h"
#include "model/trade.h"

/* The stop in force from ts_ms on, which is the close of a main bar: the tighter of stop loss (or breakeven) and
 * trailing stop. Kept where it changed, and at the first close of each position. */
typedef struct keel_exec_stop {
    int64_t ts_ms;
    int64_t px_e8;  /* 0: there is none any more */
    int32_t symbol; /* line of the account's tape; after the accounts were joined, series of the data */
    int32_t part;   /* strategy of the run; 0 before they were joined */
} keel_exec_stop;

typedef struct keel_stop_log {
    keel_exec_stop *items; /* [count], owned, ascending in time */
    int64_t count, capacity;
    struct {
        int64_t opened_ms, px_e8;
        int32_t side, reserved;
    } last[KEEL_SYMBOLS_MAX];
} keel_stop_log;

/* Note the stops as they stand at the close of a bar. Returns 1, or 0 when there is no memory. */
int keel_stop_log_note(keel_stop_log *log, const keel_state *st, int64_t ts_ms);

/* trade_id,ts_ms,stop_px: for each trade in order, its samples between entry and exit; at most `rows_max`, of more
 * every so many of a trade and its last. part: strategy of each trade, NULL: all of the first. *ret_thinned says
 * whether. Returns 1, or 0 when there is no memory. Reorders stops, which may be NULL when there are none. */
int keel_stops_csv(keel_exec_stop stops[], int64_t stop_count, const keel_trade trades[], const int32_t part[],
                   int64_t trade_count, int64_t rows_max, int *ret_thinned, keel_strbuf *out);

#endif
