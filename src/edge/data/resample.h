/* edge/data/resample.h: coarser candles from finer ones.
 *
 * The rule. A coarse bar opens at the multiple of its interval (weeks: Monday) at or below the open time of the finer
 * bars inside it. Open of the first finer bar, highest high, lowest low, close of the last; volume added up in time
 * order. A coarse bar is complete when every finer bar inside it is present; only complete bars are produced, unless
 * partial ones are asked for. Nothing is ever invented: a coarse bar without any finer bar stays absent. */
#ifndef KEEL_EDGE_DATA_RESAMPLE_H
#define KEEL_EDGE_DATA_RESAMPLE_H

#include "base/err.h"
#include "edge/data/series.h"

typedef struct keel_resampled {
    keel_candles candles; /* owned: keel_candles_done */
    int64_t dropped;      /* coarse bars left out because a finer bar is missing (0 with partial) */
    int64_t partial;      /* coarse bars kept although a finer bar is missing (0 without partial) */
} keel_resampled;

/* to_ms must be a multiple (at least twice) of fine->interval_ms.
 * Returns 0, KEEL_E_USAGE (not a multiple), KEEL_E_NOMEM. Deterministic: same bits on every machine. */
KEEL_MUST_USE int keel_candles_resample(const keel_candles *fine, int64_t to_ms, int keep_partial, keel_resampled *ret,
                                        keel_err *err);

#endif
