/* stats/calendar.c: see calendar.h. */
#include "stats/calendar.h"

#include "base/timerange.h"

static const int64_t HOUR_MS = 3600000;
static const int64_t DAY_MS = 86400000;

int64_t keel_calendar_floor_div(int64_t ts_ms, int64_t step_ms) {
    int64_t quotient = ts_ms / step_ms;
    return quotient - (ts_ms % step_ms < 0);
}

int keel_calendar_hour(int64_t ts_ms) {
    int64_t hours = keel_calendar_floor_div(ts_ms, HOUR_MS);
    return (int)(hours - 24 * keel_calendar_floor_div(hours, 24));
}

int keel_calendar_weekday(int64_t ts_ms) {
    int64_t days = keel_calendar_floor_div(ts_ms, DAY_MS) + 3; /* 1970-01-01 was a Thursday */
    return (int)(days - 7 * keel_calendar_floor_div(days, 7));
}

int64_t keel_calendar_month_number(int64_t ts_ms) {
    int64_t year = 0;
    int month = 0, day = 0;
    keel_time_civil_from_days(keel_calendar_floor_div(ts_ms, DAY_MS), &year, &month, &day);
    return year * 12 + month - 1;
}
