/* core/signal/volume.h: indicators that weigh price by volume.
 *
 * Inputs are finite, low <= close <= high, volume >= 0 in base units. Typical price t = (high + low + close) / 3.
 * Lookback L: the first result comes with bar L + 1. */
#ifndef KEEL_CORE_SIGNAL_VOLUME_H
#define KEEL_CORE_SIGNAL_VOLUME_H

#include "core/signal/roll.h"
#include "num/port.h"

/* VWAP of the UTC day: sum(t v) / sum(v) from the day's first bar that was seen; the bar's own t while the day has
 * no volume. ts_ms is the bar's open time. Lookback 0. */
typedef struct keel_vwap_day {
    int64_t day;
    double value_sum;
    double volume_sum;
    int32_t started;
    int32_t reserved;
} keel_vwap_day;
KEEL_FN void keel_vwap_day_init(keel_vwap_day *st);
KEEL_FN int32_t keel_vwap_day_step(keel_vwap_day *st, double high, double low, double close, double volume,
                                   int64_t ts_ms, double *ret_vwap);

/* VWAP of the last n bars; the bar's own t while the window has no volume. Lookback n - 1. win[2n]. */
typedef struct keel_vwap {
    keel_roll value;
    keel_roll volume;
} keel_vwap;
KEEL_FN void keel_vwap_init(keel_vwap *st, int32_t n);
KEEL_FN int32_t keel_vwap_step(keel_vwap *st, double *win, double high, double low, double close, double volume,
                               double *ret_vwap);

/* On-balance volume: the first bar's volume, then plus volume when the close rises, minus when it falls, unchanged
 * when equal. Lookback 0. A running total by definition, so its rounding error grows with the bars seen.
 * Source: J. Granville 1963; TA-Lib OBV. */
typedef struct keel_obv {
    double last_close;
    double total;
    int32_t has_last;
    int32_t reserved;
} keel_obv;
KEEL_FN void keel_obv_init(keel_obv *st);
KEEL_FN int32_t keel_obv_step(keel_obv *st, double close, double volume, double *ret_obv);

/* Money flow index in [0, 100]: 100 P / (P + N), P and N the sums of t v over the last n bars whose t rose or fell.
 * No flow at all is 50 (TA-Lib: 0, and also whenever P + N < 1). Lookback n. win[2n]. Source: TA-Lib MFI. */
typedef struct keel_mfi {
    keel_roll up;
    keel_roll down;
    double last;
    int32_t has_last;
    int32_t reserved;
} keel_mfi;
KEEL_FN void keel_mfi_init(keel_mfi *st, int32_t n);
KEEL_FN int32_t keel_mfi_step(keel_mfi *st, double *win, double high, double low, double close, double volume,
                              double *ret_mfi);

/* Chaikin money flow in [-1, 1]: sum(m v) / sum(v), m = ((close - low) - (high - close)) / (high - low), 0 where
 * high == low. No volume at all is 0. Lookback n - 1. win[2n]. */
typedef struct keel_cmf {
    keel_roll flow;
    keel_roll volume;
} keel_cmf;
KEEL_FN void keel_cmf_init(keel_cmf *st, int32_t n);
KEEL_FN int32_t keel_cmf_step(keel_cmf *st, double *win, double high, double low, double close, double volume,
                              double *ret_cmf);

#endif
