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
    int annual; /* an extrapolation to a year: over a short span it is dropped without accusation */
} bound;

#define FIELD(name) offsetof(keel_stats_summary, name)

static const bound BOUNDS[] = {
    {"net_profit_pct", FIELD(net_profit_pct), -HUGE_VAL, HUGE_VAL, "", 0},
    {"cagr_pct", FIELD(cagr_pct), -100.0, KEEL_STATS_CAGR_PCT_MAX, "is growth beyond 1000000 % a year", 1},
    {"calmar", FIELD(calmar), -HUGE_VAL, HUGE_VAL, "", 1},
    {"sharpe", FIELD(sharpe), -KEEL_STATS_SHARPE_MAX, KEEL_STATS_SHARPE_MAX, "is beyond 100", 1},
    {"sortino", FIELD(sortino), -KEEL_STATS_SORTINO_MAX, KEEL_STATS_SORTINO_MAX, "is beyond 1000", 1},
    {"volatility_pct", FIELD(volatility_pct), 0.0, HUGE_VAL, "", 1},
    {"win_rate", FIELD(win_rate), 0.0, 1.0, "is not a share", 0},
    {"profit_factor", FIELD(profit_factor), 0.0, HUGE_VAL, "is negative", 0},
    {"expectancy_ratio", FIELD(expectancy_ratio), -1.0, HUGE_VAL, "is below -1", 0},
    {"psr", FIELD(psr), 0.0, 1.0, "is not a probability", 0},
    {"sqn", FIELD(sqn), -HUGE_VAL, HUGE_VAL, "", 0},
    {"kelly", FIELD(kelly), -HUGE_VAL, 1.0, "is above 1", 0},
    {"skew", FIELD(skew), -HUGE_VAL, HUGE_VAL, "", 0},
    {"kurtosis", FIELD(kurtosis), 0.0, HUGE_VAL, "is negative", 0},
    {"exposure_pct", FIELD(exposure_pct), 0.0, 100.0, "is not a share of the time", 0},
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
    if (!b->annual || s->span_ms >= KEEL_STATS_ANNUAL_SPAN_MS)
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
