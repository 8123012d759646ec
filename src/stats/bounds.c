/* stats/bounds.c: see bounds.h. */
#include "stats/bounds.h"

#include <math.h>
#include <stddef.h>

typedef struct bound {
    const char *metric;
    size_t offset; /* of the keel_stat in keel_stats_summary */
    double min;
    double max;
    const char *why;
    int accused;
} bound;

/* When a figure beyond its bounds is an accusation; else it is left out alone. ANNUAL: an extrapolation to a year,
 * which a short span makes of anything. NEVER: the bound says where the formula has no meaning any more. */
enum { ALWAYS, ANNUAL, NEVER };

#define FIELD(name) offsetof(keel_stats_summary, name)

static const bound BOUNDS[] = {
    {"net_profit_pct", FIELD(net_profit_pct), -HUGE_VAL, HUGE_VAL, "", ALWAYS},
    {"cagr_pct", FIELD(cagr_pct), -100.0, KEEL_STATS_CAGR_PCT_MAX, "is growth beyond 1000000 % a year", ANNUAL},
    {"calmar", FIELD(calmar), -HUGE_VAL, HUGE_VAL, "", ANNUAL},
    {"sharpe", FIELD(sharpe), -KEEL_STATS_SHARPE_MAX, KEEL_STATS_SHARPE_MAX, "is beyond 100", ANNUAL},
    /* the root of a few small losses among days that won: there is no downside to measure by */
    {"sortino", FIELD(sortino), -KEEL_STATS_SORTINO_MAX, KEEL_STATS_SORTINO_MAX, "", NEVER},
    {"volatility_pct", FIELD(volatility_pct), 0.0, HUGE_VAL, "", ANNUAL},
    {"win_rate", FIELD(win_rate), 0.0, 1.0, "is not a share", ALWAYS},
    {"profit_factor", FIELD(profit_factor), 0.0, HUGE_VAL, "is negative", ALWAYS},
    {"expectancy_ratio", FIELD(expectancy_ratio), -1.0, HUGE_VAL, "is below -1", ALWAYS},
    {"psr", FIELD(psr), 0.0, 1.0, "is not a probability", ALWAYS},
    {"sqn", FIELD(sqn), -HUGE_VAL, HUGE_VAL, "", ALWAYS},
    {"kelly", FIELD(kelly), -HUGE_VAL, 1.0, "is above 1", ALWAYS},
    {"skew", FIELD(skew), -HUGE_VAL, HUGE_VAL, "", ALWAYS},
    {"kurtosis", FIELD(kurtosis), 0.0, HUGE_VAL, "is negative", ALWAYS},
    {"exposure_pct", FIELD(exposure_pct), 0.0, 100.0, "is not a share of the time", ALWAYS},
};

static void accuse(keel_stats_summary *s, const char *metric, const char *why, double value) {
    if (s->impossible_count == KEEL_STATS_IMPOSSIBLE_MAX) return;
    s->impossible[s->impossible_count++] = (keel_stats_impossible){.metric = metric, .why = why, .value = value};
}

static void check(keel_stats_summary *s, const bound *b) {
    keel_stat *stat = (keel_stat *)((char *)s + b->offset);
    if (!stat->defined) return;
    int finite = isfinite(stat->value);
    if (finite && stat->value >= b->min && stat->value <= b->max) return;
    int accused = !finite || b->accused == ALWAYS || b->accused == ANNUAL;
    if (b->accused != ALWAYS && s->span_ms < KEEL_STATS_ANNUAL_SPAN_MS) accused = 0;
    if (accused)
        accuse(s, b->metric, finite ? b->why : "is not finite", stat->value);
    *stat = keel_stat_none();
}

void keel_stats_bounds_apply(keel_stats_summary *s, int can_owe) {
    for (size_t i = 0; i < sizeof BOUNDS / sizeof *BOUNDS; i++)
        check(s, &BOUNDS[i]);
    keel_stat *depth = &s->max_drawdown_pct;
    if (depth->defined && depth->value > 100.0 && !can_owe) {
        accuse(s, "max_drawdown_pct", "is above 100 without leverage or short sales", depth->value);
        *depth = keel_stat_none();
    }
}
