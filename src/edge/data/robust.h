/* edge/data/robust.h: the middle of a sample, untouched by its outliers. Inside edge/data only. */
#ifndef KEEL_EDGE_DATA_ROBUST_H
#define KEEL_EDGE_DATA_ROBUST_H

#include <stdint.h>

/* Median of values[count], count >= 1; reorders them. For an even count the lower of the two middle ones. */
double keel_median(double *values, int64_t count);

/* 1.4826 times the median absolute deviation from the median, which equals the standard deviation for a normal
 * sample; overwrites values. 0 when count is 0 or half the values are equal. */
double keel_robust_sigma(double *values, int64_t count);

#endif
