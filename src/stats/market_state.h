/* stats/market_state.h: what a market was like at each bar: how far it swung, compared with itself, and where to.
 *
 *   volatility of a bar  root mean square of the last KEEL_MARKET_STATE_BARS returns, close / close before - 1, its own
 *                        the last of them
 *   LOW, MID, HIGH       the volatility is in the lowest, middle, highest third of those of the bars [from, n); equal
 *                        ones share a third, the lower
 *   UP, DOWN             the close is not below, is below the close KEEL_MARKET_STATE_BARS bars before
 *
 * A bar reads no later bar but for the bounds of the thirds, which are those of the whole range: this describes a
 * run, and nobody could have traded by it. */
#ifndef KEEL_STATS_MARKET_STATE_H
#define KEEL_STATS_MARKET_STATE_H

#include <stdint.h>

#include "base/err.h"

enum { KEEL_MARKET_STATE_BARS = 50 };

enum {
    KEEL_MARKET_UNKNOWN = 0, /* fewer than KEEL_MARKET_STATE_BARS returns so far */
    KEEL_MARKET_LOW_DOWN = 1,
    KEEL_MARKET_LOW_UP = 2,
    KEEL_MARKET_MID_DOWN = 3,
    KEEL_MARKET_MID_UP = 4,
    KEEL_MARKET_HIGH_DOWN = 5,
    KEEL_MARKET_HIGH_UP = 6,
    KEEL_MARKET_STATES = 7
};

/* "HIGH_UP"; by KEEL_MARKET_*. */
extern const char *const keel_market_state_names[KEEL_MARKET_STATES];

/* The state at the close of each bar.
 *   close_e8  in   [n], 0: there is no such bar; it has the state of the bar before, and no window counts it
 *   from      in   first bar of the range that the thirds are of, 0 <= from <= n; bars before are history
 *   ret       out  [n], KEEL_MARKET_*
 * Returns 0 or KEEL_E_NOMEM; ret is written only with 0. Cost: linear in n on average. Deterministic. */
KEEL_MUST_USE int keel_market_states(const int64_t close_e8[], int64_t n, int64_t from, uint8_t ret[],
                                     keel_err *reterr);

#endif
