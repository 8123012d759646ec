/* stats/calendar.h: the UTC strata of a time stamp: hour of day, day of week, month. */
#ifndef KEEL_STATS_CALENDAR_H
#define KEEL_STATS_CALENDAR_H

#include <stdint.h>

/* floor(ts_ms / step_ms), also before 1970; step_ms > 0. */
int64_t keel_calendar_floor_div(int64_t ts_ms, int64_t step_ms);

/* 0..23 */
int keel_calendar_hour(int64_t ts_ms);

/* 0 = Monday .. 6 = Sunday */
int keel_calendar_weekday(int64_t ts_ms);

/* year * 12 + month - 1: consecutive months have consecutive numbers. */
int64_t keel_calendar_month_number(int64_t ts_ms);

#endif
