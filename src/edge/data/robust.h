/* edge/data/robust.h: the middle of a sample, untouched by its outliers. Inside edge/data only. */
#ifndef KEEL_EDGE_DATA_ROBUST_H
#define KEEL_EDGE_DATA_ROBUST_H

#include <stdint.h>

/* Median of values[count], count >= 1, none of them NaN. For an even count the lower of the two middle ones.
 *   scratch  out  [count] overwritten as far as needed: a small part unless most values lie close together */
double keel_median(const double *values, int64_t count, double *scratch);

/* 1.4826 times the median absolute deviation from the median, which equals the standard deviation for a normal
 * sample. 0 when count is 0 or half the values are equal. scratch as above. */
double keel_robust_sigma(const double *values, int64_t count, double *scratch);

/* The same of the logarithms of ratios[count], each > 0, without taking them one by one: the logarithm keeps order, so
 * the median of the logarithms is that of the median, and |log a - log b| = log(max(a / b, b / a)). */
double keel_robust_log_sigma(const double *ratios, int64_t count, double *scratch);

#endif
