/* core/signal/momentum.h: change, trend and relative strength of one series.
 *
 * Each step takes one finite value and returns 1 with the result written (machines with several outputs: a bit per
 * output), or 0 while warming up. Lookback L: the first result comes with input L + 1. */
#ifndef KEEL_CORE_SIGNAL_MOMENTUM_H
#define KEEL_CORE_SIGNAL_MOMENTUM_H

#include "core/signal/average.h"
#include "core/signal/roll.h"
#include "num/port.h"

/* Changes against the value n inputs ago, x_n. Lookback n. win[n].
 *   slope  (x / x_n - 1) / n, a fraction per bar   roc  100 (x / x_n - 1)   mom  x - x_n
 * slope and roc are 0 where x_n is 0. Source of roc, mom: TA-Lib. */
KEEL_FN int32_t keel_slope_step(keel_roll *st, double *win, double x, double *ret_slope);
KEEL_FN int32_t keel_roc_step(keel_roll *st, double *win, double x, double *ret_roc);
KEEL_FN int32_t keel_mom_step(keel_roll *st, double *win, double x, double *ret_mom);

/* Slope per bar of the least-squares line through the last n values, n >= 2. Lookback n - 1. win[2n].
 * The series is taken relative to the first input it ever saw, which loses no accuracy to a high price level.
 * Source: TA-Lib LINEARREG_SLOPE. */
typedef struct keel_linreg {
    keel_roll roll;
    double origin;
    int32_t has_origin;
    int32_t reserved;
} keel_linreg;
KEEL_FN void keel_linreg_init(keel_linreg *st, int32_t n);
KEEL_FN int32_t keel_linreg_step(keel_linreg *st, double *win, double x, double *ret_slope);

/* (x - mean) / population deviation of the last n values, n >= 2; 0 where they are all equal.
 * Lookback n - 1. win[2n]. */
KEEL_FN int32_t keel_zscore_step(keel_roll *st, double *win, double x, double *ret_z);

/* Wilder's RSI in [0, 100] = 100 G / (G + L), G and L Wilder's means of gains and losses. Lookback n, n >= 2.
 * A history without any change is 50 (TA-Lib: 0). Source: Wilder 1978; TA-Lib RSI. */
typedef struct keel_rsi {
    keel_wilder gain;
    keel_wilder loss;
    double last;
    int32_t has_last;
    int32_t reserved;
} keel_rsi;
KEEL_FN void keel_rsi_init(keel_rsi *st, int32_t n);
KEEL_FN int32_t keel_rsi_step(keel_rsi *st, double x, double *ret_rsi);

/* Place of the last value between the extremes of the last n, then two SMAs:
 *   raw = 100 (x - low) / (high - low); a window with high == low is 50 (TA-Lib: 0)
 *   ret[0] = K = SMA(raw, k), ret[1] = D = SMA(K, d)
 * Lookback of K: n + k - 2, of D: n + k + d - 3. win[2n + k + d]. Returns bit 0 for K, bit 1 for D. */
typedef struct keel_stochastic {
    keel_roll high;
    keel_roll low;
    keel_roll k;
    keel_roll d;
} keel_stochastic;
KEEL_FN void keel_stochastic_init(keel_stochastic *st, int32_t n, int32_t k, int32_t d);
KEEL_FN int32_t keel_stochastic_step(keel_stochastic *st, double *win, double high, double low, double close,
                                     double *ret);

/* Stochastic of Wilder's RSI. Lookback of K: n + stoch + k - 2, of D: d - 1 more. win[2 stoch + k + d].
 * k = 1 is TA-Lib's STOCHRSI; k = 3 the smoothed form of charting sites. */
typedef struct keel_stoch_rsi {
    keel_rsi rsi;
    keel_stochastic stoch;
} keel_stoch_rsi;
KEEL_FN void keel_stoch_rsi_init(keel_stoch_rsi *st, int32_t n, int32_t stoch, int32_t k, int32_t d);
KEEL_FN int32_t keel_stoch_rsi_step(keel_stoch_rsi *st, double *win, double x, double *ret);

/* MACD: ret[0] = line = EMA(fast) - EMA(slow), ret[1] = signal = EMA(line), ret[2] = hist = line - signal.
 * fast < slow. The fast EMA starts slow - fast inputs late, so that both are seeded on the same bar (TA-Lib's start).
 * Lookback of the line: slow - 1, of signal and hist: slow + signal - 2. Returns a bit per output. */
typedef struct keel_macd {
    keel_ema fast;
    keel_ema slow;
    keel_ema signal;
    int32_t skip; /* inputs that the fast EMA still has to let pass */
    int32_t reserved;
} keel_macd;
KEEL_FN void keel_macd_init(keel_macd *st, int32_t fast, int32_t slow, int32_t signal);
KEEL_FN int32_t keel_macd_step(keel_macd *st, double x, double *ret);

#endif
