/* stats/moments.c: see moments.h. */
#include "stats/moments.h"

#include <math.h>

/* Differences from a rounded mean are not exactly zero for equal inputs, hence the explicit question. */
static int all_equal(const double x[], int64_t n) {
    for (int64_t i = 1; i < n; i++)
        if (x[i] != x[0]) return 0;
    return 1;
}

static double mean_of(const double x[], int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

/* sum((x - mean)^k), k = 2, 3, 4 */
static double power_sum(const double x[], int64_t n, double mean, int k) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        sum += k == 2 ? d * d : k == 3 ? d * d * d : d * d * (d * d);
    }
    return sum;
}

keel_stat keel_stats_mean(const double x[], int64_t n) {
    return n < 1 ? keel_stat_none() : keel_stat_of(mean_of(x, n));
}

keel_stat keel_stats_stddev(const double x[], int64_t n) {
    if (n < 2) return keel_stat_none();
    if (all_equal(x, n)) return keel_stat_of(0.0);
    return keel_stat_of(sqrt(power_sum(x, n, mean_of(x, n), 2) / (double)(n - 1)));
}

keel_stat keel_stats_skew(const double x[], int64_t n) {
    if (n < 3 || all_equal(x, n)) return keel_stat_none();
    double mean = mean_of(x, n);
    double m2 = power_sum(x, n, mean, 2) / (double)n;
    double m3 = power_sum(x, n, mean, 3) / (double)n;
    return m2 > 0.0 ? keel_stat_of(m3 / (m2 * sqrt(m2))) : keel_stat_none();
}

keel_stat keel_stats_kurtosis(const double x[], int64_t n) {
    if (n < 4 || all_equal(x, n)) return keel_stat_none();
    double mean = mean_of(x, n);
    double m2 = power_sum(x, n, mean, 2) / (double)n;
    double m4 = power_sum(x, n, mean, 4) / (double)n;
    return m2 > 0.0 ? keel_stat_of(m4 / (m2 * m2)) : keel_stat_none();
}

double keel_stats_normal_cdf(double z) { return 0.5 * erfc(-z / sqrt(2.0)); }
