/* stats/drawdown.h: how far and how long equity was below its peak.
 *
 * Fed one (time, equity) sample at a time in ascending time order, so a backtest, a report and a running system use the
 * same machine. Depth is relative to the running peak. An episode begins at the LAST time equity stood at the peak and
 * ends at the first time it is at or above the peak again (recovery), else at the last sample. */
#ifndef KEEL_STATS_DRAWDOWN_H
#define KEEL_STATS_DRAWDOWN_H

#include <stdint.h>

typedef struct keel_stats_drawdown {
    /* The deepest episode by share of its peak; the first one wins a tie. All zero while there was none. */
    double depth; /* (peak - trough) / peak, a fraction; above 1 when equity fell below zero */
    int64_t peak_e8;
    int64_t trough_e8;
    int64_t peak_ts_ms;
    int64_t trough_ts_ms;
    int64_t end_ts_ms;  /* recovery, or the last sample */
    int32_t recovered;  /* 1: end_ts_ms is the recovery */
    int32_t is_deepest; /* the running episode is the deepest so far */
    /* Over all episodes. */
    int64_t depth_max_e8; /* largest peak - trough in money; need not be of the episode above */
    int64_t longest_ms;   /* longest time from a peak to its recovery or the last sample */
    int64_t equity_min_e8;
    int64_t equity_max_e8;
    /* Running. */
    int64_t running_peak_e8;
    int64_t running_peak_ts_ms;
    int32_t running_below; /* 1: the last sample was below the peak */
    int32_t reserved;
} keel_stats_drawdown;

/* Start at a balance; start_e8 > 0. */
void keel_stats_drawdown_init(keel_stats_drawdown *d, int64_t start_ts_ms, int64_t start_e8);

/* One sample, ts_ms not before the previous one. The fields above are valid after every call. */
void keel_stats_drawdown_step(keel_stats_drawdown *d, int64_t ts_ms, int64_t equity_e8);

/* Duration of the deepest episode in ms, 0 when there was none. */
int64_t keel_stats_drawdown_ms(const keel_stats_drawdown *d);

#endif
