/* stats/ratio.c: see ratio.h. */
#include "stats/ratio.h"

#include <math.h>

#include "stats/moments.h"

static double sqrt_year(void) { return sqrt((double)KEEL_STATS_DAYS_PER_YEAR); }

/* mean / s, undefined without variance */
static keel_stat mean_per_deviation(const double x[], int64_t n) {
    return keel_stat_ratio(keel_stats_mean(x, n), keel_stats_stddev(x, n));
}

keel_stat keel_stats_sharpe(const double r[], int64_t days) {
    return keel_stat_scale(mean_per_deviation(r, days), sqrt_year());
}

keel_stat keel_stats_sortino(const double r[], int64_t days) {
    if (days < 2) return keel_stat_none();
    double sum = 0.0;
    for (int64_t i = 0; i < days; i++)
        if (r[i] < 0.0) sum += r[i] * r[i];
    keel_stat downside = keel_stat_of(sqrt(sum / (double)days));
    return keel_stat_scale(keel_stat_ratio(keel_stats_mean(r, days), downside), sqrt_year());
}

keel_stat keel_stats_volatility(const double r[], int64_t days) {
    return keel_stat_scale(keel_stats_stddev(r, days), sqrt_year());
}

keel_stat keel_stats_cagr(int64_t start_e8, int64_t final_e8, int64_t span_ms) {
    if (start_e8 <= 0 || span_ms <= 0) return keel_stat_none();
    if (final_e8 <= 0) return keel_stat_of(-1.0);
    double years = (double)span_ms / ((double)KEEL_STATS_DAYS_PER_YEAR * (double)KEEL_STATS_DAY_MS);
    return keel_stat_of(pow((double)final_e8 / (double)start_e8, 1.0 / years) - 1.0);
}

keel_stat keel_stats_calmar(keel_stat cagr, keel_stat max_drawdown) { return keel_stat_ratio(cagr, max_drawdown); }

keel_stat keel_stats_psr(const double r[], int64_t days, double benchmark) {
    keel_stat sr = mean_per_deviation(r, days);
    keel_stat skew = keel_stats_skew(r, days);
    keel_stat kurtosis = keel_stats_kurtosis(r, days);
    if (!sr.defined || !skew.defined || !kurtosis.defined) return keel_stat_none();
    double spread = 1.0 - skew.value * sr.value + (kurtosis.value - 1.0) / 4.0 * sr.value * sr.value;
    if (!(spread > 0.0)) return keel_stat_none();
    return keel_stat_of(keel_stats_normal_cdf((sr.value - benchmark) * sqrt((double)(days - 1)) / sqrt(spread)));
}

keel_stat keel_stats_sqn(const double pnl[], int64_t trades) {
    return keel_stat_scale(mean_per_deviation(pnl, trades), sqrt((double)(trades > 0 ? trades : 0)));
}

/* average win / average loss */
static keel_stat payoff(int64_t wins, int64_t losses, double gross_profit, double gross_loss) {
    if (wins < 1 || losses < 1) return keel_stat_none();
    return keel_stat_ratio(keel_stat_of(gross_profit / (double)wins), keel_stat_of(gross_loss / (double)losses));
}

keel_stat keel_stats_kelly(int64_t wins, int64_t losses, double gross_profit, double gross_loss) {
    keel_stat ratio = payoff(wins, losses, gross_profit, gross_loss);
    if (!ratio.defined || ratio.value == 0.0) return keel_stat_none();
    double win_rate = (double)wins / (double)(wins + losses);
    return keel_stat_of(win_rate - (1.0 - win_rate) / ratio.value);
}

keel_stat keel_stats_expectancy_ratio(int64_t trades, int64_t wins, int64_t losses, double gross_profit,
                                      double gross_loss) {
    if (trades < 1 || losses < 1 || gross_loss == 0.0) return keel_stat_none();
    double average_win = wins > 0 ? gross_profit / (double)wins : 0.0;
    double ratio = average_win / (gross_loss / (double)losses);
    return keel_stat_of((1.0 + ratio) * ((double)wins / (double)trades) - 1.0);
}
