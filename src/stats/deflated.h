/* stats/deflated.h: a Sharpe ratio judged against the best of many that were tried.
 *
 * All ratios here are per observation (per day), not annualised; kurtosis is 3 for a normal sample. */
#ifndef KEEL_STATS_DEFLATED_H
#define KEEL_STATS_DEFLATED_H

#include <stdint.h>

#include "stats/stat.h"

/* Standard normal quantile, the z with keel_stats_normal_cdf(z) = p. Undefined outside (0, 1). Error below 1e-13. */
keel_stat keel_stats_normal_quantile(double p);

/* The largest Sharpe ratio to expect of `trials` independent tries without any skill, whose ratios have this variance:
 *   sqrt(variance) * ((1 - g) * z(1 - 1/trials) + g * z(1 - 1/(trials * e))),  g = Euler-Mascheroni
 * 0 for one trial. Undefined for trials < 1 or a negative variance.
 * Source: D. H. Bailey, M. Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40, 2014. */
keel_stat keel_stats_sharpe_max(double variance, double trials);

/* Chance that the true Sharpe ratio is above `benchmark`, from the moments of the sample:
 *   Phi((sr - benchmark) * sqrt(n - 1) / sqrt(1 - skew * sr + (kurtosis - 1) / 4 * sr^2))
 * keel_stats_psr from moments. Undefined for n < 2 or when the root is of a number that is not positive. */
keel_stat keel_stats_sharpe_probability(double sr, double benchmark, double skew, double kurtosis, int64_t n);

/* Deflated Sharpe ratio: that chance with keel_stats_sharpe_max as benchmark. Same source. */
keel_stat keel_stats_deflated_sharpe(double sr, double skew, double kurtosis, int64_t n, double variance,
                                     double trials);

#endif
