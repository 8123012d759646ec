/* core/signal/band.h: bands and channels over a rolling window.
 *
 * Lookback L: the first result comes with input L + 1. Steps return a bit per output that is ready. */
#ifndef KEEL_CORE_SIGNAL_BAND_H
#define KEEL_CORE_SIGNAL_BAND_H

#include "core/signal/average.h"
#include "core/signal/roll.h"
#include "num/port.h"

/* Bollinger bands, population deviation s:
 *   ret[0] = middle (mean), ret[1] = middle + mult s, ret[2] = middle - mult s,
 *   ret[3] = width = (ret[1] - ret[2]) / middle = 2 mult s / middle; 0 where the middle is 0
 * A window of equal values has s = 0 exactly. Lookback n - 1, n >= 2. win[2n]. Returns 15 when ready.
 * Source: J. Bollinger; TA-Lib BBANDS (SMA). */
KEEL_FN int32_t keel_bollinger_step(keel_roll *st, double *win, double mult, double x, double *ret);

/* Bollinger width over the SMA of the last `average` widths; the multiplier cancels. 1 where that SMA is 0, because a
 * width of zero is then its own average. Lookback n + average - 2. win[2n + average]. */
typedef struct keel_bb_width_ratio {
    keel_roll band;
    keel_roll average;
} keel_bb_width_ratio;
KEEL_FN void keel_bb_width_ratio_init(keel_bb_width_ratio *st, int32_t n, int32_t average);
KEEL_FN int32_t keel_bb_width_ratio_step(keel_bb_width_ratio *st, double *win, double x, double *ret_ratio);

/* Donchian channel including the current bar: ret[0] = highest high, ret[1] = lowest low, ret[2] = their mean.
 * A breakout strategy compares the close with the channel of the bar before (kind PREV). Lookback n - 1. win[2n].
 * Returns 7 when ready. */
typedef struct keel_donchian {
    keel_roll high;
    keel_roll low;
} keel_donchian;
KEEL_FN void keel_donchian_init(keel_donchian *st, int32_t n);
KEEL_FN int32_t keel_donchian_step(keel_donchian *st, double *win, double high, double low, double *ret);

#endif
