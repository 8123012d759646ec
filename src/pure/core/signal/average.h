/* core/signal/average.h: moving averages of one series. Fixed memory, one order of operations.
 *
 * Each step takes one finite value and returns 1 with the result written, or 0 while warming up.
 * "Lookback L" means: the first result comes with input number L + 1. */
#ifndef KEEL_CORE_SIGNAL_AVERAGE_H
#define KEEL_CORE_SIGNAL_AVERAGE_H

#include "core/signal/roll.h"
#include "num/port.h"

/* Recursive means, seeded by the plain mean of the first n inputs. Both are defined over two inputs at a time: the
 * value is made from the value before the last one, so that two chains of dependent operations run side by side instead
 * of one. In exact arithmetic that is the plain recursion; in doubles it is as close to it as one rounding to another,
 * and it takes half the time where nothing but this chain limits.
 *
 * EMA: v += a (x - v), a = 2 / (n + 1). Lookback n - 1. Source: TA-Lib EMA, default compatibility. n >= 1.
 *   v[i] = (v[i-2] + a (x[i] - x[i-1])) + a (2 - a) (x[i-1] - v[i-2])
 * The second value after the seed has no v[i-2] and is v[i-1] + a (x[i] - v[i-1]). A mean that has reached
 * a constant series stays exactly on it, whatever n: crossings of averages are decided on this. */
typedef struct keel_ema {
    int32_t n;
    int32_t count; /* inputs seen, up to n + 1 */
    double alpha;
    double alpha2; /* a (2 - a) */
    double value;  /* sum of the inputs while count < n, then the mean */
    double before; /* the mean before it, from count = n + 1 on */
    double last;   /* input */
} keel_ema;
KEEL_STATIC_ASSERT(sizeof(keel_ema) == 48, ema_is_48_bytes);
KEEL_FN void keel_ema_init(keel_ema *st, int32_t n);
KEEL_FN int32_t keel_ema_step(keel_ema *st, double x, double *ret_ema);

/* Wilder's mean: v = v (1 - 1/n) + x / n. Lookback n - 1. n >= 1. With k = 1 - 1/n:
 *   v[i] = v[i-2] k k + (x[i-1] k/n + x[i] 1/n)
 * Source: J. W. Wilder, New Concepts in Technical Trading Systems, 1978. */
typedef struct keel_wilder {
    int32_t n;
    int32_t count; /* as of keel_ema */
    double share;  /* 1/n */
    double value;
    double before;
    double last;
} keel_wilder;
KEEL_STATIC_ASSERT(sizeof(keel_wilder) == 40, wilder_is_40_bytes);
KEEL_FN void keel_wilder_init(keel_wilder *st, int32_t n);
KEEL_FN int32_t keel_wilder_step(keel_wilder *st, double x, double *ret_mean);

/* SMA: sum / n. Lookback n - 1. win[n]. */
KEEL_FN int32_t keel_sma_step(keel_roll *st, double *win, double x, double *ret_sma);

/* WMA: weights 1 (oldest) .. n (newest). Lookback n - 1. win[2n]. */
KEEL_FN int32_t keel_wma_step(keel_roll *st, double *win, double x, double *ret_wma);

/* A chain of EMAs of equal length, each fed by the one before.
 * DEMA = 2 e1 - e2, lookback 2(n-1). TEMA = 3 e1 - 3 e2 + e3, lookback 3(n-1).
 * TRIX = 100 (e3 / e3 of the bar before - 1), lookback 3(n-1) + 1; 0 where the earlier e3 is 0. */
typedef struct keel_ema_chain {
    keel_ema e[3];
    double last; /* TRIX: e3 of the bar before */
    int32_t has_last;
    int32_t reserved;
} keel_ema_chain;
KEEL_FN void keel_ema_chain_init(keel_ema_chain *st, int32_t n);
KEEL_FN int32_t keel_dema_step(keel_ema_chain *st, double x, double *ret_dema);
KEEL_FN int32_t keel_tema_step(keel_ema_chain *st, double x, double *ret_tema);
KEEL_FN int32_t keel_trix_step(keel_ema_chain *st, double x, double *ret_trix);

/* KAMA with 2 and 30 bars: v += c^2 (x - v), c = e (2/3 - 2/31) + 2/31, e = |x - x[n ago]| / sum |changes|, at most
 * 1; e = 1 where the window has no change. The start value is the input before the first result. Lookback n.
 * win[2n]: the delay line, then the changes. Source: P. Kaufman, Trading Systems and Methods; TA-Lib KAMA. */
typedef struct keel_kama {
    keel_roll delay;
    keel_roll change;
    double last;
    double value;
    int32_t count; /* 0 before the first input, 1 before the first result, then 2 */
    int32_t reserved;
} keel_kama;
KEEL_FN void keel_kama_init(keel_kama *st, int32_t n);
KEEL_FN int32_t keel_kama_step(keel_kama *st, double *win, double x, double *ret_kama);

#endif
