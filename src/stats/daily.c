/* stats/daily.c: see daily.h. */
#include "stats/daily.h"

#include "stats/calendar.h"
#include "stats/ratio.h"

int64_t keel_stats_day(int64_t ts_ms) { return keel_calendar_floor_div(ts_ms - 1, KEEL_STATS_DAY_MS); }

int64_t keel_stats_day_count(int64_t start_ms, int64_t end_ms) {
    return end_ms <= start_ms ? 0 : keel_stats_day(end_ms) - keel_stats_day(start_ms + 1) + 1;
}

void keel_stats_daily_equity(const int64_t ts_ms[], const int64_t equity_e8[], int64_t n, int64_t start_ms,
                             int64_t end_ms, int64_t start_e8, int64_t ret_equity_e8[]) {
    int64_t days = keel_stats_day_count(start_ms, end_ms);
    int64_t first_day = keel_stats_day(start_ms + 1);
    int64_t at = 0;
    int64_t last_e8 = start_e8;
    while (at < n && ts_ms[at] <= start_ms)
        at++;
    for (int64_t day = 0; day < days; day++) {
        int64_t over_ms = (first_day + day + 1) * KEEL_STATS_DAY_MS; /* the last moment that belongs to the day */
        if (over_ms > end_ms) over_ms = end_ms;
        for (; at < n && ts_ms[at] <= over_ms; at++)
            last_e8 = equity_e8[at];
        ret_equity_e8[day] = last_e8;
    }
}

int64_t keel_stats_daily_returns(const int64_t equity_e8[], int64_t days, int64_t start_e8, double ret_returns[]) {
    int64_t before_e8 = start_e8;
    for (int64_t day = 0; day < days; day++) {
        if (before_e8 <= 0) return day;
        ret_returns[day] = (double)equity_e8[day] / (double)before_e8 - 1.0;
        before_e8 = equity_e8[day];
    }
    return days;
}
