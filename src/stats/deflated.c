/* stats/deflated.c: see deflated.h. */
#include "stats/deflated.h"

#include <math.h>

#include "stats/moments.h"

static const double EULER_MASCHERONI = 0.57721566490153286061;
static const double E = 2.71828182845904523536;

/* z <= 0 with cdf(z) = p, p <= 1/2: bisection to a few digits, then Newton on the logarithm of the tail, which stays
 * well conditioned however small p is. */
static double lower_quantile(double p) {
    double low = -39.0, high = 0.0;
    for (int i = 0; i < 30; i++) {
        double middle = 0.5 * (low + high);
        if (keel_stats_normal_cdf(middle) < p)
            low = middle;
        else
            high = middle;
    }
    double z = 0.5 * (low + high);
    for (int i = 0; i < 3; i++) {
        double tail = keel_stats_normal_cdf(z), density = 0.3989422804014326779 * exp(-0.5 * z * z);
        z -= log(tail / p) * tail / density;
    }
    return z;
}

keel_stat keel_stats_normal_quantile(double p) {
    if (!(p > 0.0 && p < 1.0)) return keel_stat_none();
    if (p == 0.5) return keel_stat_of(0.0);
    return keel_stat_of(p < 0.5 ? lower_quantile(p) : -lower_quantile(1.0 - p));
}

keel_stat keel_stats_sharpe_max(double variance, double trials) {
    if (!(trials >= 1.0) || !(variance >= 0.0)) return keel_stat_none();
    if (trials < 1.0 + 1e-9) return keel_stat_of(0.0);
    /* the upper quantile of 1 - q is the lower one of q with the sign turned */
    double one = -lower_quantile(1.0 / trials), other = -lower_quantile(1.0 / (trials * E));
    if (trials < 2.0) one = keel_stats_normal_quantile(1.0 - 1.0 / trials).value;
    return keel_stat_of(sqrt(variance) * ((1.0 - EULER_MASCHERONI) * one + EULER_MASCHERONI * other));
}

keel_stat keel_stats_sharpe_probability(double sr, double benchmark, double skew, double kurtosis, int64_t n) {
    double spread = 1.0 - skew * sr + (kurtosis - 1.0) / 4.0 * sr * sr;
    if (n < 2 || !(spread > 0.0)) return keel_stat_none();
    return keel_stat_of(keel_stats_normal_cdf((sr - benchmark) * sqrt((double)(n - 1)) / sqrt(spread)));
}

keel_stat keel_stats_deflated_sharpe(double sr, double skew, double kurtosis, int64_t n, double variance,
                                     double trials) {
    keel_stat benchmark = keel_stats_sharpe_max(variance, trials);
    if (!benchmark.defined) return keel_stat_none();
    return keel_stats_sharpe_probability(sr, benchmark.value, skew, kurtosis, n);
}
