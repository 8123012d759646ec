/* Equity by UTC day, and the strata of time. [BKT-05.1] [BKT-05.4] [T-240] [T-228] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "stats/calendar.h"
#include "stats/daily.h"

#define H ((int64_t)3600000)
#define D ((int64_t)86400000)

static void days_are_counted_by_what_they_contain(void **state) {
    (void)state;
    assert_int_equal(keel_stats_day_count(0, 0), 0);
    assert_int_equal(keel_stats_day_count(5, 4), 0);
    assert_int_equal(keel_stats_day_count(0, 1), 1);
    assert_int_equal(keel_stats_day_count(0, D), 1); /* midnight closes the day */
    assert_int_equal(keel_stats_day_count(0, D + 1), 2);
    assert_int_equal(keel_stats_day_count(D - 1, D + 1), 2);
    assert_int_equal(keel_stats_day_count(D, 3 * D), 2);
    assert_int_equal(keel_stats_day_count(-D, D), 2); /* before 1970 */
    assert_int_equal(keel_stats_day(D), 0);
    assert_int_equal(keel_stats_day(D + 1), 1);
}

static void last_sample_of_a_day_stands(void **state) {
    (void)state;
    const int64_t ts[] = {1 * H, 23 * H, 24 * H, 25 * H, 3 * D + 1 * H, 4 * D};
    const int64_t equity[] = {10, 20, 30, 40, 50, 60};
    int64_t daily[4] = {-1, -1, -1, -1};
    keel_stats_daily_equity(ts, equity, 6, 0, 4 * D, 7, daily);
    assert_int_equal(daily[0], 30); /* 24:00 closes the first day */
    assert_int_equal(daily[1], 40);
    assert_int_equal(daily[2], 40); /* carried */
    assert_int_equal(daily[3], 60);
}

static void before_any_sample_the_start_stands(void **state) {
    (void)state;
    const int64_t ts[] = {0, 2 * D + 5};
    const int64_t equity[] = {99, 50}; /* the first is not inside (start, end] */
    int64_t daily[3];
    keel_stats_daily_equity(ts, equity, 2, 0, 3 * D, 7, daily);
    assert_int_equal(daily[0], 7);
    assert_int_equal(daily[1], 7);
    assert_int_equal(daily[2], 50);
}

static void returns_chain_to_the_total(void **state) {
    (void)state;
    const int64_t daily[] = {110, 55, 55};
    double r[3];
    assert_int_equal(keel_stats_daily_returns(daily, 3, 100, r), 3);
    assert_true(r[0] == 110.0 / 100.0 - 1.0);
    assert_true(r[1] == -0.5);
    assert_true(r[2] == 0.0);
}

static void a_lost_account_returns_nothing(void **state) {
    (void)state;
    const int64_t daily[] = {50, -10, 5};
    double r[3] = {9.0, 9.0, 9.0};
    assert_int_equal(keel_stats_daily_returns(daily, 3, 100, r), 2);
    assert_true(r[1] == -1.2);
    assert_true(r[2] == 9.0);
}

static void strata_are_utc(void **state) {
    (void)state;
    const int64_t ts = 1704067200000; /* 2024-01-01T00:00Z, a Monday */
    assert_int_equal(keel_calendar_hour(ts), 0);
    assert_int_equal(keel_calendar_hour(ts - 1), 23);
    assert_int_equal(keel_calendar_hour(ts + 13 * H + 59 * 60000), 13);
    assert_int_equal(keel_calendar_weekday(ts), 0);
    assert_int_equal(keel_calendar_weekday(ts - 1), 6);
    assert_int_equal(keel_calendar_weekday(0), 3); /* 1970-01-01, a Thursday */
    assert_int_equal(keel_calendar_weekday(-1), 2);
    assert_int_equal(keel_calendar_month_number(ts), 2024 * 12);
    assert_int_equal(keel_calendar_month_number(ts - 1), 2023 * 12 + 11);
    assert_int_equal(keel_calendar_month_number(ts + 59 * D), 2024 * 12 + 1); /* 29 February */
    assert_int_equal(keel_calendar_month_number(ts + 60 * D), 2024 * 12 + 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_counted_by_what_they_contain), cmocka_unit_test(last_sample_of_a_day_stands),
        cmocka_unit_test(before_any_sample_the_start_stands),    cmocka_unit_test(returns_chain_to_the_total),
        cmocka_unit_test(a_lost_account_returns_nothing),        cmocka_unit_test(strata_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
