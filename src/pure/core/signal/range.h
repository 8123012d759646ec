/* core/signal/range.h: indicators built on the true range and on directional movement.
 *
 * Inputs are finite with low <= close <= high. Lookback L: the first result comes with bar L + 1. */
#ifndef KEEL_CORE_SIGNAL_RANGE_H
#define KEEL_CORE_SIGNAL_RANGE_H

#include "core/signal/average.h"
#include "num/port.h"

/* Largest of high - low, |high - previous close|, |low - previous close|. */
KEEL_FN double keel_true_range(double high, double low, double previous_close);

/* Wilder's ATR: true ranges start with the second bar, the seed is the mean of the first n. Lookback n. n >= 1.
 * Source: Wilder 1978; TA-Lib ATR. */
typedef struct keel_atr {
    keel_wilder mean;
    double last_close;
    int32_t has_last;
    int32_t reserved;
} keel_atr;
KEEL_FN void keel_atr_init(keel_atr *st, int32_t n);
KEEL_FN int32_t keel_atr_step(keel_atr *st, double high, double low, double close, double *ret_atr);

/* Wilder's directional movement, n >= 2:
 *   ret[0] = ADX        ret[1] = ADX of the bar before    ret[2] = +DI    ret[3] = -DI, each in [0, 100]
 * +DM = high - previous high if positive and larger than previous low - low, else 0; -DM mirrored. Sums S of +DM,
 * -DM and true range start with the plain sum of bars 2..n and go on as S (n-1)/n + x; DI = 100 S(DM) / S(TR);
 * DX = 100 |+DI - -DI| / (+DI + -DI); ADX = mean of the first n DX, then ADX (n-1)/n + DX 1/n.
 * Corners (TA-Lib's): S(TR) = 0 gives both DI 0; +DI + -DI = 0 counts as DX = 0 in the first mean and leaves ADX
 * unchanged later. Lookback of DI: n, of ADX: 2n - 1, of ADX of the bar before: 2n. Returns a bit per output.
 * Source: Wilder 1978; TA-Lib ADX, PLUS_DI, MINUS_DI. */
typedef struct keel_adx {
    int32_t n;
    int32_t count;    /* bars seen, up to n + 1 */
    int32_t dx_count; /* DX values seen, up to n + 1 */
    int32_t reserved;
    double keep;  /* (n-1)/n */
    double share; /* 1/n */
    double last_high;
    double last_low;
    double last_close;
    double plus_sum;
    double minus_sum;
    double range_sum;
    double adx; /* sum of DX while dx_count < n */
} keel_adx;
KEEL_FN void keel_adx_init(keel_adx *st, int32_t n);
KEEL_FN int32_t keel_adx_step(keel_adx *st, double high, double low, double close, double *ret);

/* Keltner channel: ret[0] = middle = EMA(close, n), ret[1] = middle + mult ATR, ret[2] = middle - mult ATR.
 * Lookback of the middle: n - 1, of the bands: the larger of n - 1 and the ATR length. Returns a bit per output.
 * Source: the form of L. Raschke (EMA and ATR). */
typedef struct keel_keltner {
    keel_ema middle;
    keel_atr atr;
    double mult;
} keel_keltner;
KEEL_FN void keel_keltner_init(keel_keltner *st, int32_t n, int32_t atr_n, double mult);
KEEL_FN int32_t keel_keltner_step(keel_keltner *st, double high, double low, double close, double *ret);

/* Supertrend: bands at (high + low)/2 -+ mult ATR that only tighten while the previous close stays inside them.
 *   ret[0] = the band on the losing side of the trend, ret[1] = +1 up (band below) or -1 down (band above)
 * The first bar with an ATR starts as down, as charting sites do; the trend turns up when a close exceeds the upper
 * band, and down when a close falls under the lower band. Lookback n. Returns 3 when ready.
 * Source: O. Seban; the published recursion of TradingView's ta.supertrend with direction's sign reversed. */
typedef struct keel_supertrend {
    keel_atr atr;
    double mult;
    double upper;
    double lower;
    double last_close;
    int32_t direction; /* 0 before the first result */
    int32_t reserved;
} keel_supertrend;
KEEL_FN void keel_supertrend_init(keel_supertrend *st, int32_t n, double mult);
KEEL_FN int32_t keel_supertrend_step(keel_supertrend *st, double high, double low, double close, double *ret);

/* Wilder's parabolic SAR, acceleration `step` per new extreme, at most `max`. Lookback 1.
 * The first trend is down when the second bar's -DM is positive, else up. Source: Wilder 1978; TA-Lib SAR. */
typedef struct keel_sar {
    double step;
    double max;
    double acceleration;
    double extreme;
    double sar; /* for the bar to come */
    double last_high;
    double last_low;
    int32_t direction; /* +1, -1; 0 before the second bar */
    int32_t has_last;
} keel_sar;
KEEL_FN void keel_sar_init(keel_sar *st, double step, double max);
KEEL_FN int32_t keel_sar_step(keel_sar *st, double high, double low, double *ret_sar);

#endif
