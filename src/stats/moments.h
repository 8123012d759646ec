/* stats/moments.h: moments of a sample and the normal distribution.
 *
 * All inputs are finite doubles, borrowed for the call; sums run from index 0 up, so equal input gives equal bits on
 * one machine. Two passes: the mean first, then powers of the differences. */
#ifndef KEEL_STATS_MOMENTS_H
#define KEEL_STATS_MOMENTS_H

#include <stdint.h>

#include "stats/stat.h"

/* sum(x) / n; undefined for n < 1. */
keel_stat keel_stats_mean(const double x[], int64_t n);

/* Sample standard deviation, sqrt(sum((x - mean)^2) / (n - 1)); undefined for n < 2. Exactly 0 when all are equal. */
keel_stat keel_stats_stddev(const double x[], int64_t n);

/* Skewness g1 = m3 / m2^1.5 with population moments m_k = sum((x - mean)^k) / n (scipy.stats.skew's default).
 * Undefined for n < 3 or without variance. */
keel_stat keel_stats_skew(const double x[], int64_t n);

/* Kurtosis b2 = m4 / m2^2, 3 for a normal sample (scipy.stats.kurtosis with fisher=False).
 * Undefined for n < 4 or without variance. */
keel_stat keel_stats_kurtosis(const double x[], int64_t n);

/* Standard normal distribution function, erfc(-z / sqrt 2) / 2. */
double keel_stats_normal_cdf(double z);

#endif
