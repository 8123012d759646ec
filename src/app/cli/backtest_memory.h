/* app/cli/backtest_memory.h: what a run will need of memory, told before anything is loaded. */
#ifndef KEEL_APP_CLI_BACKTEST_MEMORY_H
#define KEEL_APP_CLI_BACKTEST_MEMORY_H

#include "app/cli/backtest_data.h"

/* Bytes that a run over the scope of `d` (series named, range known, nothing loaded) comes to at its peak, within a
 * third for ranges that need more than 32 MiB: columns of bars, the grid, equity of each run, exports. */
int64_t keel_backtest_memory_estimate(const keel_backtest_needs *needs, keel_store *store, const keel_backtest_data *d,
                                      int64_t preroll_ms);

/* Refuse a run that would not fit.
 * Returns 0, or KEEL_E_GATE: more than --max-memory-mb allows, or than this process may still take. */
KEEL_MUST_USE int keel_backtest_memory_check(const keel_backtest_needs *needs, keel_store *store,
                                             const keel_backtest_data *d, int64_t preroll_ms, keel_err *err);

#endif
