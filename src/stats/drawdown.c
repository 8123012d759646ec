/* stats/drawdown.c: see drawdown.h. */
#include "stats/drawdown.h"

#include <string.h>

#include "base/err.h"
#include "num/int.h"

/* Room for three roundings: what is below this share of the deepest is not deeper once divided. */
#define CLEARLY (1.0 - 0x1p-50)

void keel_stats_drawdown_init(keel_stats_drawdown *d, int64_t start_ts_ms, int64_t start_e8) {
    KEEL_ASSERT(start_e8 > 0);
    memset(d, 0, sizeof *d);
    d->running_peak_e8 = d->equity_min_e8 = d->equity_max_e8 = start_e8;
    d->running_peak_ts_ms = start_ts_ms;
}

static void at_peak(keel_stats_drawdown *d, int64_t ts_ms, int64_t equity_e8) {
    if (d->is_deepest) {
        d->is_deepest = 0;
        d->recovered = 1;
        d->end_ts_ms = ts_ms;
    }
    d->running_peak_e8 = equity_e8;
    d->running_peak_ts_ms = ts_ms;
}

static void below_peak(keel_stats_drawdown *d, int64_t ts_ms, int64_t equity_e8) {
    int64_t lost_e8 = 0;
    /* the peak is positive, so only an absurdly negative equity does not fit; it is kept at the limit */
    if (!keel_sub_i64(d->running_peak_e8, equity_e8, &lost_e8)) lost_e8 = KEEL_I64_MAX;
    if (lost_e8 > d->depth_max_e8) d->depth_max_e8 = lost_e8;
    double peak = (double)d->running_peak_e8;
    /* Most samples are clearly less deep than the deepest: a product tells, and no division is made. */
    double depth = (double)lost_e8 < d->depth * peak * CLEARLY ? 0.0 : (double)lost_e8 / peak;
    if (depth > d->depth) {
        d->depth = depth;
        d->peak_e8 = d->running_peak_e8;
        d->peak_ts_ms = d->running_peak_ts_ms;
        d->trough_e8 = equity_e8;
        d->trough_ts_ms = ts_ms;
        d->recovered = 0;
        d->is_deepest = 1;
    }
    if (d->is_deepest) d->end_ts_ms = ts_ms;
}

void keel_stats_drawdown_step(keel_stats_drawdown *d, int64_t ts_ms, int64_t equity_e8) {
    int below = equity_e8 < d->running_peak_e8;
    int64_t since_peak_ms = ts_ms - d->running_peak_ts_ms;
    KEEL_ASSERT(since_peak_ms >= 0);
    if ((below || d->running_below) && since_peak_ms > d->longest_ms) d->longest_ms = since_peak_ms;
    if (equity_e8 < d->equity_min_e8) d->equity_min_e8 = equity_e8;
    if (equity_e8 > d->equity_max_e8) d->equity_max_e8 = equity_e8;
    if (below)
        below_peak(d, ts_ms, equity_e8);
    else
        at_peak(d, ts_ms, equity_e8);
    d->running_below = below;
}

int64_t keel_stats_drawdown_ms(const keel_stats_drawdown *d) {
    return d->depth > 0.0 ? d->end_ts_ms - d->peak_ts_ms : 0;
}
