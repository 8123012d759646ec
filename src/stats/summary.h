/* stats/summary.h: all figures of one account's run, each defined once.
 *
 * Definitions: ratio.h (365 days, risk-free 0), daily.h (days), drawdown.h, tally.h. Percentages are in per cent
 * (12.5), rates and ratios plain (0.125). A figure that cannot be (not finite, growth beyond any market, more lost than
 * there was) is not reported: it becomes undefined and stands in `impossible`, and whoever shows the summary must say
 * so. */
#ifndef KEEL_STATS_SUMMARY_H
#define KEEL_STATS_SUMMARY_H

#include <stdint.h>

#include "base/err.h"
#include "stats/drawdown.h"
#include "stats/stat.h"
#include "stats/tally.h"

/* Identifies these definitions in documents; changes when one of them does. */
#define KEEL_STATS_DEFINITION "keel_stats_v1"

/* A year in which an account grew more than ten thousandfold is a defect of the data or of the model. */
#define KEEL_STATS_CAGR_PCT_MAX 1e6
/* An annualised ratio of daily returns beyond this is not earned at risk. */
#define KEEL_STATS_SHARPE_MAX 100.0
/* Beyond this the downside deviation is less than a fiftieth of a day's mean: so little was lost, on one day perhaps,
 * that nothing can be measured by it. The ratio is undefined, as without any losing day, and nobody is accused. */
#define KEEL_STATS_SORTINO_MAX 1000.0
/* Below this span a yearly figure is an extrapolation: beyond the bound it is left undefined and is no accusation. */
#define KEEL_STATS_ANNUAL_SPAN_MS ((int64_t)30 * 86400000)

enum { KEEL_STATS_IMPOSSIBLE_MAX = 16 };

typedef struct keel_stats_input {
    int64_t start_ms; /* the run covers [start_ms, end_ms] */
    int64_t end_ms;
    int64_t start_e8;               /* > 0 */
    int64_t final_e8;               /* equity at end_ms */
    const keel_stats_trade *trades; /* [trade_count] in order of closing, borrowed */
    int64_t trade_count;
    /* [equity_count] ascending, <= end_ms: when each equity was known (bars: their close). final_e8 at end_ms is added
     * as the last sample, so costs of a forced close at the end count. */
    const int64_t *equity_ts_ms;
    const int64_t *equity_e8;
    int64_t equity_count;
    /* Largest falls from a running peak seen at a finer resolution than the samples (inside a bar), as a share of the
     * peak and in money; they stand when larger. 0: none. */
    double event_drawdown;
    int64_t event_drawdown_e8;
    int32_t can_owe; /* 1: leverage above 1 or short sales, so more than the balance can be lost */
    int32_t reserved;
} keel_stats_input;

typedef struct keel_stats_impossible {
    const char *metric; /* as in documents, "cagr_pct"; static */
    const char *why;    /* "is not finite"; static */
    double value;       /* what was computed */
} keel_stats_impossible;

typedef struct keel_stats_summary {
    keel_stats_tally tally;
    keel_stats_drawdown drawdown; /* of the samples: gives the times */
    int64_t span_ms;
    int64_t days; /* UTC days touched */
    int64_t days_won, days_drawn, days_lost;
    int64_t day_best_e8, day_worst_e8; /* valid when days > 0 */
    int64_t net_e8;                    /* final - start */
    int64_t max_drawdown_e8;           /* in money, at the finest resolution known */
    int64_t exposed_ms;
    int64_t expectancy_e8; /* valid when tally.trades > 0 */
    keel_stat net_profit_pct;
    keel_stat win_rate;
    keel_stat profit_factor;
    keel_stat expectancy_ratio;
    keel_stat kelly;
    keel_stat trade_return_pct; /* mean of pnl / entry notional */
    keel_stat sharpe;
    keel_stat sortino;
    keel_stat calmar;
    keel_stat cagr_pct;
    keel_stat volatility_pct; /* per year */
    keel_stat skew;           /* of daily returns */
    keel_stat kurtosis;       /* 3 = normal */
    keel_stat psr;
    keel_stat sqn;
    keel_stat max_drawdown_pct; /* at the finest resolution known */
    keel_stat exposure_pct;
    keel_stats_impossible impossible[KEEL_STATS_IMPOSSIBLE_MAX];
    int32_t impossible_count;
    int32_t reserved;
} keel_stats_summary;

/* Compute everything.
 * Returns 0, or KEEL_E_RANGE (start balance not positive, end not after start, or a sum beyond int64),
 * KEEL_E_NOMEM. ret_summary is written only with 0. */
KEEL_MUST_USE int keel_stats_summarise(const keel_stats_input *input, keel_stats_summary *ret_summary,
                                       keel_err *reterr);

#endif
