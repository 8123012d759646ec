/* core/signal/oscillator.h: bounded and unbounded oscillators of the candle.
 *
 * Inputs are finite with low <= close <= high. Lookback L: the first result comes with bar L + 1. Steps return 1 (or
 * a bit per output) when ready. */
#ifndef KEEL_CORE_SIGNAL_OSCILLATOR_H
#define KEEL_CORE_SIGNAL_OSCILLATOR_H

#include "core/signal/average.h"
#include "core/signal/roll.h"
#include "num/port.h"

/* Commodity channel index: (t - mean) / (0.015 mean |t - mean|) of the typical price t = (high + low + close) / 3.
 * A window of equal typical prices is 0. Lookback n - 1, n >= 2. win[2n]: sums, then a plain ring.
 * Cost: O(n) per bar, since the mean deviation has no recursion. Source: D. Lambert 1980; TA-Lib CCI. */
typedef struct keel_cci {
    keel_roll sum;
    int32_t at; /* slot of the next typical price */
    int32_t reserved;
} keel_cci;
KEEL_FN void keel_cci_init(keel_cci *st, int32_t n);
KEEL_FN int32_t keel_cci_step(keel_cci *st, double *win, double high, double low, double close, double *ret_cci);

/* Williams %R in [-100, 0]: -100 (highest - close) / (highest - lowest); a flat window is -50 (TA-Lib: 0).
 * Lookback n - 1. win[2n]. Source: TA-Lib WILLR. */
typedef struct keel_willr {
    keel_roll high;
    keel_roll low;
} keel_willr;
KEEL_FN void keel_willr_init(keel_willr *st, int32_t n);
KEEL_FN int32_t keel_willr_step(keel_willr *st, double *win, double high, double low, double close, double *ret_willr);

/* Aroon over n + 1 bars: ret[0] = up = 100 (n - bars since the highest high) / n, ret[1] = down, for the lowest low.
 * Among equal extremes the newest counts. Lookback n. win[4 (n + 1)]. Returns 3. Source: T. Chande; TA-Lib AROON. */
typedef struct keel_aroon {
    keel_roll high;
    keel_roll low; /* of the negated low */
} keel_aroon;
KEEL_FN void keel_aroon_init(keel_aroon *st, int32_t n);
KEEL_FN int32_t keel_aroon_step(keel_aroon *st, double *win, double high, double low, double *ret);

/* Ultimate oscillator in [0, 100]: 100 (4 r_short + 2 r_medium + r_long) / 7, r = sum of buying pressure / sum of
 * true range over each length, n[0] < n[1] < n[2]. A sum of true ranges of 0 makes its r 0 (TA-Lib's choice).
 * Lookback n[2]. win[2 (n[0] + n[1] + n[2])]. Source: L. Williams 1985; TA-Lib ULTOSC. */
typedef struct keel_ultosc {
    keel_roll pressure[3];
    keel_roll range[3];
    double last_close;
    int32_t has_last;
    int32_t reserved;
} keel_ultosc;
KEEL_FN void keel_ultosc_init(keel_ultosc *st, int32_t n_short, int32_t n_medium, int32_t n_long);
KEEL_FN int32_t keel_ultosc_step(keel_ultosc *st, double *win, double high, double low, double close,
                                 double *ret_ultosc);

/* Classic pivots of the last complete UTC day seen, from its high H, low L and close C: P = (H + L + C) / 3,
 *   ret[] = P, R1 = 2P - L, S1 = 2P - H, R2 = P + (H - L), S2 = P - (H - L)
 * A day is complete when its first bar opened at 00:00 UTC; a first day that began later gives nothing.
 * ts_ms is the bar's open time. Returns 31 when ready. */
typedef struct keel_pivot {
    int64_t day; /* of the bars being gathered; -1 before the first */
    double high;
    double low;
    double close;
    double level[5];
    int32_t whole; /* the day being gathered began at 00:00 */
    int32_t ready;
} keel_pivot;
KEEL_FN void keel_pivot_init(keel_pivot *st);
KEEL_FN int32_t keel_pivot_step(keel_pivot *st, double high, double low, double close, int64_t ts_ms, double *ret);

#endif
