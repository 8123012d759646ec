/* stats/daily.h: an equity curve by UTC day.
 *
 * A sample belongs to the day that it ends: (00:00, 24:00]. The close of the last bar of a day carries the time stamp
 * 00:00 of the next one, and it is that day's closing equity. */
#ifndef KEEL_STATS_DAILY_H
#define KEEL_STATS_DAILY_H

#include <stdint.h>

/* Number of the UTC day (days since 1970) to which a sample at ts_ms belongs. */
int64_t keel_stats_day(int64_t ts_ms);

/* Days from the one that start_ms opens to the one that end_ms closes, both included; 0 when end_ms <= start_ms. */
int64_t keel_stats_day_count(int64_t start_ms, int64_t end_ms);

/* Closing equity of each day: the last sample of the day, else that of the day before (carried forward), before any
 * sample start_e8.
 *   ts_ms, equity_e8  in   [n], ts ascending, ts in (start_ms, end_ms]; others are ignored
 *   ret_equity_e8     out  [keel_stats_day_count(start_ms, end_ms)] */
void keel_stats_daily_equity(const int64_t ts_ms[], const int64_t equity_e8[], int64_t n, int64_t start_ms,
                             int64_t end_ms, int64_t start_e8, int64_t ret_equity_e8[]);

/* Returns equity[i] / equity[i-1] - 1, with start_e8 before the first day. From the day on which equity is not positive
 * there are no returns any more.
 *   ret_returns  out  [days], the first k written
 * Returns k: the number of returns, days unless the account was lost. */
int64_t keel_stats_daily_returns(const int64_t equity_e8[], int64_t days, int64_t start_e8, double ret_returns[]);

#endif
