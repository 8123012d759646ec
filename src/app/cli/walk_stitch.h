/* app/cli/walk_stitch.h: the tests of a walk-forward as one account: each begins with what the one before left. */
#ifndef KEEL_APP_CLI_WALK_STITCH_H
#define KEEL_APP_CLI_WALK_STITCH_H

#include "app/cli/backtest_span.h"
#include "base/json.h"

/* Append the object "stitched": {"ts_ms": [], "equity_usd": [], "samples"}. Equity of window i is that of its own run
 * times what the windows before it made of the starting balance, rounded to cents. Of many samples, of each stretch the
 * lowest, the highest and the last are kept; `samples` says how many there were. null when tests overlap.
 *   test  in  [count] with their equity kept, ascending */
void keel_walk_stitch_json(const keel_backtest_span test[], int32_t count, int64_t start_e8, keel_json *j);

#endif
