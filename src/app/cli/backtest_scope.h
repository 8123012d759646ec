/* app/cli/backtest_scope.h: which series a run reads and over which time: venue, symbols, effective range, history for
 * warming up. */
#ifndef KEEL_APP_CLI_BACKTEST_SCOPE_H
#define KEEL_APP_CLI_BACKTEST_SCOPE_H

#include "app/cli/backtest_data.h"

/* Days of history that the detector of the market's regime wants (core/signal/regime.h), and a few to spare. */
enum { KEEL_SCOPE_REGIME_DAYS = 205 };

/* Fill d's venue, market, series (names only, traded ones in order of name, then bitcoin to watch when wanted and
 * there), start and end.
 *   needs->part     io   what each strategy reads of them
 *   ret_preroll_ms  out  open of the first bar to load, <= d->start_ms: history for signals and regimes of any part
 * Errors as keel_backtest_data_load. */
KEEL_MUST_USE int keel_scope_find(const keel_backtest_needs *needs, keel_store *store, keel_backtest_data *d,
                                  int64_t *ret_preroll_ms, keel_err *err);

/* Open of the first bar to load: history for what the signals want (-1: until a UTC day has passed), in whole steps of
 * the days that the regime detector wants where bars are coarse enough for that to be cheap (15 minutes and more), else
 * of 4096 bars, so that configurations whose signals differ in length read the same history; at the earliest there are
 * bars. Signals of a symbol that begins later warm up inside the range. */
int64_t keel_scope_history(int64_t step_ms, int64_t start_ms, int64_t earliest_ms, int32_t warmup_bars);

/* What the candles of a run's symbols have in common, whatever range was asked for: "FROM..TO" in UTC.
 * Returns 0, or an error as keel_scope_find; "" when they have nothing in common. */
KEEL_MUST_USE int keel_scope_coverage(const keel_run_config *run, keel_store *store, char *ret_text, size_t size,
                                      keel_err *err);

/* Interval from which bars of interval_ms can be had: itself when stored, else the coarsest stored one that divides
 * it, else 0. */
int64_t keel_scope_source_interval(keel_store *store, const char *venue, const char *symbol, int64_t interval_ms);

/* 1 when the name says bitcoin against money: BTC or XBT, then a currency of account, an expiry or nothing. An index or
 * a token that begins alike (BTCDOMUSDT, BTCSTUSDT) is not bitcoin. */
int keel_scope_is_btc(const char *symbol);

#endif
