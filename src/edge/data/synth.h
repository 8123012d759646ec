/* edge/data/synth.h: a market that never was, for demonstrations and tests: same seed, same bytes, on every machine.
 *
 * The model, per sub-step (twelve to a bar):
 *   regime      a Markov chain shared by all symbols: calm rise, calm fall, range, storm; each with drift and
 * volatility volatility  GARCH(1,1) per symbol around the regime's level, with the hours of a day return      sqrt(c)
 * market + sqrt(1 - c) own, both normal; c = 0.55 correlates the symbols jumps       rare; six of ten hit all symbols
 * at once price       exp of the sum, to five significant digits; open of a bar is the close before it volume grows
 * with the bar's range, with noise of its own funding     every 8 h: the mean premium of the window plus interest held
 * within 0.05 %, capped at 0.75 %; the premium follows recent returns and decays What it does not have: order books,
 * spreads, volume that moves prices, weekends, listings, outages. A symbol's path depends on the seed, its own name,
 * the start and the interval, not on the other symbols asked for. */
#ifndef KEEL_EDGE_DATA_SYNTH_H
#define KEEL_EDGE_DATA_SYNTH_H

#include <stdint.h>

#include "base/err.h"
#include "edge/data/series.h"

typedef struct keel_synth_options {
    uint64_t seed;
    int64_t start_ms;    /* of the first bar, a multiple of interval_ms */
    int64_t interval_ms; /* 1m to 1d, divides a day */
    int64_t bars;        /* 1 to 100 million */
} keel_synth_options;

/* One symbol. Both results are handed to the caller. Funding has a settlement at each multiple of 8 h, from the one at
 * or before the start to the last bar's open.
 * Returns 0, KEEL_E_USAGE (an option out of bounds), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_synth_make(const keel_synth_options *options, const char *symbol, keel_candles *ret_candles,
                                  keel_fundings *ret_fundings, keel_err *err);

#endif
