/* stats/ratio.h: what people compare strategies by.
 *
 * Daily returns r are fractions (0.01 = one per cent), one per UTC day, crypto trades 365 of them a year, the
 * risk-free rate is 0. Every function is undefined (stat.h) where the formula has no value. */
#ifndef KEEL_STATS_RATIO_H
#define KEEL_STATS_RATIO_H

#include <stdint.h>

#include "stats/stat.h"

#define KEEL_STATS_DAYS_PER_YEAR 365
#define KEEL_STATS_DAY_MS ((int64_t)86400000)

/* mean(r) / s(r) * sqrt(365), s the sample standard deviation. Undefined for fewer than 2 days or no variance.
 * Source: W. F. Sharpe, The Sharpe Ratio, 1994. */
keel_stat keel_stats_sharpe(const double r[], int64_t days);

/* mean(r) / sqrt(sum(min(r, 0)^2) / days) * sqrt(365). Undefined for fewer than 2 days or without a losing day;
 * a summary leaves it out beyond KEEL_STATS_SORTINO_MAX, too.
 * Source: F. A. Sortino, L. N. Price, Performance Measurement in a Downside Risk Framework, 1994, target 0. */
keel_stat keel_stats_sortino(const double r[], int64_t days);

/* s(r) * sqrt(365), a fraction. */
keel_stat keel_stats_volatility(const double r[], int64_t days);

/* Compound annual growth, (final / start)^(365 days / span) - 1, a fraction; the span is not rounded to days.
 * -1 when final is not positive. Undefined unless start > 0 and span_ms > 0. */
keel_stat keel_stats_cagr(int64_t start_e8, int64_t final_e8, int64_t span_ms);

/* cagr / max_drawdown, both fractions. Undefined without a drawdown. Source: T. W. Young, Calmar Ratio, 1991. */
keel_stat keel_stats_calmar(keel_stat cagr, keel_stat max_drawdown);

/* Probabilistic Sharpe ratio: the chance that the true Sharpe ratio is above `benchmark` (per day, not annualised),
 *   Phi((sr - benchmark) * sqrt(n - 1) / sqrt(1 - skew * sr + (kurtosis - 1) / 4 * sr^2)),
 * sr = mean / s per day, kurtosis 3 for a normal sample. Undefined for fewer than 4 days, without variance, or when
 * the root is of a number that is not positive.
 * Source: D. H. Bailey, M. Lopez de Prado, The Sharpe Ratio Efficient Frontier, 2012, equation 9. */
keel_stat keel_stats_psr(const double r[], int64_t days, double benchmark);

/* System quality number: sqrt(n) * mean(pnl) / s(pnl) over trades. Undefined for fewer than 2 trades or no variance.
 * Source: V. K. Tharp, Definitive Guide to Position Sizing, 2008 (without the cap of n at 100). */
keel_stat keel_stats_sqn(const double pnl[], int64_t trades);

/* Share of capital that maximises log growth: win_rate - (1 - win_rate) / (average win / average loss).
 * Undefined without a win or without a loss. Source: J. L. Kelly, 1956. */
keel_stat keel_stats_kelly(int64_t wins, int64_t losses, double gross_profit, double gross_loss);

/* (1 + average win / average loss) * win rate - 1, Freqtrade's expectancy ratio: profit per unit risked.
 * win rate = wins / trades, draws count as trades. Undefined without a loss or without trades. */
keel_stat keel_stats_expectancy_ratio(int64_t trades, int64_t wins, int64_t losses, double gross_profit,
                                      double gross_loss);

#endif
