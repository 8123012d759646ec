/* core/signal/roll.h: aggregates of the last n values, without drift and without subtraction.
 *
 * Subtracting what leaves a window accumulates error for ever. Here nothing is subtracted: the window is cut in two
 * at the end of each full turn of the ring. The old part is stored as aggregates of its suffixes, the new part as
 * one running aggregate, and the answer merges the two:
 *
 *     slot:   0 .. pos                pos+1 .. n-1
 *     holds:  raw new values          suffix aggregates of the previous turn
 *
 * Each arriving value overwrites the suffix that has just become too old, and after n values one pass turns the raw
 * values into suffixes. So each result is a sum of n values in a fixed order (error about n ulp, whatever came
 * before, one bar or a million), a window of equal values has exactly zero variance, and the cost is amortised O(1).
 *
 * One keel_roll serves one aggregate; `win` is the caller's memory of the stated size, the same on each call.
 * All functions return 1 and write their results when the window is full (from the n-th value on), else 0. */
#ifndef KEEL_CORE_SIGNAL_ROLL_H
#define KEEL_CORE_SIGNAL_ROLL_H

#include "num/port.h"

typedef struct keel_roll {
    int32_t n;
    int32_t pos;  /* slot of the next value */
    int32_t full; /* 1 once n values have been seen */
    int32_t reserved;
    double head[2]; /* aggregate of slots 0 .. pos-1 */
} keel_roll;
KEEL_STATIC_ASSERT(sizeof(keel_roll) == 32, roll_is_32_bytes);

/* n >= 1. */
KEEL_FN void keel_roll_init(keel_roll *st, int32_t n);

/* Sum; win[n]. */
KEEL_FN int32_t keel_roll_sum(keel_roll *st, double *win, double x, double *ret_sum);

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
