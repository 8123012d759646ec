/* core/signal/roll.h: aggregates of the last n values, without drift and without subtraction.
 *
 * Subtracting what leaves a window accumulates error for ever. Here nothing is subtracted.
 *
 * A sum is made of sums over powers of two of values, each from two of the one before:
 *
 *     S_0(i) = x(i)        S_k(i) = S_k-1(i) + S_k-1(i - 2^(k-1))
 *
 * The sum of n values is that of the S_k of the set bits of n, the smallest block newest, added from the newest to the
 * oldest: 20 = 4 + 16 is S_2(i) + S_4(i - 4), and 11 is (S_0(i) + S_1(i - 1)) + S_3(i - 3). So each sum is a function
 * of its n values alone, whatever came before them and wherever the count began, and its error is that of pairwise
 * summation: at most log2(n) + popcount(n) roundings lie over each value (Higham 1993). The window holds of each level
 * what the next one and the sum will ask for: a ring of 2^k values of S_k below the top level, n - 2^top of S_top.
 * A step costs O(log n).
 *
 * Extremes, moments and weighted sums cut the window in two at the end of each full turn of one ring. The old part is
 * stored as aggregates of its suffixes, the new part as one running aggregate, and the answer merges the two:
 *
 *     slot:   0 .. pos                pos+1 .. n-1
 *     holds:  raw new values          suffix aggregates of the previous turn
 *
 * Each arriving value overwrites the suffix that has just become too old, and after n values one pass turns the raw
 * values into suffixes. A window of equal values has exactly zero variance, and the cost is amortised O(1).
 *
 * One keel_roll serves one aggregate; `win` is the caller's memory of the stated size, zero at first and the same on
 * each call. All functions return 1 and write their results when the window is full (from the n-th value on), else 0.
 */
#ifndef KEEL_CORE_SIGNAL_ROLL_H
#define KEEL_CORE_SIGNAL_ROLL_H

#include "num/port.h"

typedef struct keel_roll {
    int32_t n;
    int32_t pos;    /* slot of the next value; sums: values seen, and once full their number modulo 2^top */
    int32_t full;   /* 1 once n values have been seen */
    int32_t top;    /* sums: slot of the top level's ring */
    double head[2]; /* aggregate of slots 0 .. pos-1; sums: 0 */
} keel_roll;
KEEL_STATIC_ASSERT(sizeof(keel_roll) == 32, roll_is_32_bytes);

/* n >= 1. */
KEEL_FN void keel_roll_init(keel_roll *st, int32_t n);

/* Sum; win[n]. */
KEEL_FN int32_t keel_roll_sum(keel_roll *st, double *win, double x, double *ret_sum);

/* Bring the sum st, full and with n <= longer->n, `count` values further by what a longer one holds that has been fed
 * the same values. Leaves what as many steps would. */
KEEL_FN void keel_roll_sum_follow(keel_roll *st, double *win, int64_t count, const keel_roll *longer,
                                  const double *longer_win);

/* Largest; win[n]. */
KEEL_FN int32_t keel_roll_max(keel_roll *st, double *win, double x, double *ret_max);

/* Smallest; win[n]. */
KEEL_FN int32_t keel_roll_min(keel_roll *st, double *win, double x, double *ret_min);

/* Largest and how many values ago it came (0 = now; the newest among equals); win[2n]. */
KEEL_FN int32_t keel_roll_max_age(keel_roll *st, double *win, double x, double *ret_max, double *ret_age);

/* Mean and sum of squared deviations from it, by merging (Chan, Golub, LeVeque 1983); win[2n]. */
KEEL_FN int32_t keel_roll_moments(keel_roll *st, double *win, double x, double *ret_mean, double *ret_m2);

/* Sum, and sum with weights 1 (oldest) .. n (newest); win[2n]. */
KEEL_FN int32_t keel_roll_weighted(keel_roll *st, double *win, double x, double *ret_sum, double *ret_weighted);

/* The value n inputs ago (a plain ring): returns 1 from the (n+1)-th value on; win[n]. */
KEEL_FN int32_t keel_roll_delay(keel_roll *st, double *win, double x, double *ret_old);

#endif
