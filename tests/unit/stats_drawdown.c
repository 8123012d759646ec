/* Drawdown on curves whose answer is known by hand. [BKT-05.1] [T-209] [T-210] [T-200] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "stats/drawdown.h"

#define USD ((int64_t)100000000)
#define H ((int64_t)3600000)

static keel_stats_drawdown run(int64_t start, const int64_t usd[], int n) {
    keel_stats_drawdown d;
    keel_stats_drawdown_init(&d, 0, start * USD);
    for (int i = 0; i < n; i++)
        keel_stats_drawdown_step(&d, (i + 1) * H, usd[i] * USD);
    return d;
}

static void never_below_the_peak(void **state) {
    (void)state;
    const int64_t curve[] = {100, 100, 110, 120, 120};
    keel_stats_drawdown d = run(100, curve, 5);
    assert_true(d.depth == 0.0);
    assert_int_equal(d.depth_max_e8, 0);
    assert_int_equal(d.longest_ms, 0);
    assert_int_equal(keel_stats_drawdown_ms(&d), 0);
    assert_int_equal(d.equity_min_e8, 100 * USD);
    assert_int_equal(d.equity_max_e8, 120 * USD);
}

/* 120 at 3 h is the last time at the peak; 90 at 5 h is the trough; 120 at 7 h is the recovery. */
static void known_curve_recovers(void **state) {
    (void)state;
    const int64_t curve[] = {110, 120, 120, 105, 90, 100, 120, 119, 130};
    keel_stats_drawdown d = run(100, curve, 9);
    assert_true(d.depth == 0.25);
    assert_int_equal(d.depth_max_e8, 30 * USD);
    assert_int_equal(d.peak_e8, 120 * USD);
    assert_int_equal(d.trough_e8, 90 * USD);
    assert_int_equal(d.peak_ts_ms, 3 * H);
    assert_int_equal(d.trough_ts_ms, 5 * H);
    assert_int_equal(d.end_ts_ms, 7 * H);
    assert_int_equal(d.recovered, 1);
    assert_int_equal(keel_stats_drawdown_ms(&d), 4 * H);
    assert_int_equal(d.longest_ms, 4 * H);
}

/* The starting balance is a peak; what is not recovered lasts to the end. */
static void lost_from_the_start(void **state) {
    (void)state;
    const int64_t curve[] = {90, 80, 85, 99};
    keel_stats_drawdown d = run(100, curve, 4);
    assert_true(d.depth == 0.2);
    assert_int_equal(d.peak_ts_ms, 0);
    assert_int_equal(d.trough_ts_ms, 2 * H);
    assert_int_equal(d.end_ts_ms, 4 * H);
    assert_int_equal(d.recovered, 0);
    assert_int_equal(keel_stats_drawdown_ms(&d), 4 * H);
}

/* The deepest share (50 of 100), the largest amount (80 of 400) and the longest time are three episodes. */
static void deepest_largest_longest_differ(void **state) {
    (void)state;
    const int64_t curve[] = {50, 100, 400, 320, 400, 399, 398, 397, 396, 400};
    keel_stats_drawdown d = run(100, curve, 10);
    assert_true(d.depth == 0.5);
    assert_int_equal(d.trough_ts_ms, 1 * H);
    assert_int_equal(d.end_ts_ms, 2 * H);
    assert_int_equal(d.recovered, 1);
    assert_int_equal(keel_stats_drawdown_ms(&d), 2 * H);
    assert_int_equal(d.depth_max_e8, 80 * USD);
    assert_int_equal(d.longest_ms, 5 * H);
}

/* Two equally deep episodes: the first stands. A later fall within a recovered episode does not move its end. */
static void first_of_equals(void **state) {
    (void)state;
    const int64_t curve[] = {80, 100, 80, 90};
    keel_stats_drawdown d = run(100, curve, 4);
    assert_int_equal(d.trough_ts_ms, 1 * H);
    assert_int_equal(d.end_ts_ms, 2 * H);
    assert_int_equal(d.recovered, 1);
    assert_int_equal(d.longest_ms, 2 * H);
}

static void below_zero_is_more_than_all(void **state) {
    (void)state;
    const int64_t curve[] = {50, -50};
    keel_stats_drawdown d = run(100, curve, 2);
    assert_true(d.depth == 1.5);
    assert_int_equal(d.depth_max_e8, 150 * USD);
    keel_stats_drawdown_step(&d, 3 * H, INT64_MIN + 1); /* does not wrap */
    assert_int_equal(d.depth_max_e8, INT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_below_the_peak), cmocka_unit_test(known_curve_recovers),
        cmocka_unit_test(lost_from_the_start),  cmocka_unit_test(deepest_largest_longest_differ),
        cmocka_unit_test(first_of_equals),      cmocka_unit_test(below_zero_is_more_than_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
