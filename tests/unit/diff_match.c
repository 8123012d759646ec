/* Matching of trades, and the booking of stages to causes, on rows that a page can hold. [EXE-11] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/diff/diff.h"

static keel_trade trade(int32_t symbol, int32_t side, int64_t entry_ms, int64_t exit_ms, int64_t pnl_e8) {
    keel_trade t;
    memset(&t, 0, sizeof t);
    t.symbol = symbol;
    t.side = side;
    t.entry_ts_ms = entry_ms;
    t.exit_ts_ms = exit_ms;
    t.pnl_e8 = pnl_e8;
    return t;
}

static void equal_entries_come_first_and_then_the_nearest(void **unused) {
    (void)unused;
    keel_trade x[] = {trade(0, 1, 100, 200, 1), trade(0, 1, 130, 300, 1), trade(0, -1, 100, 200, 1),
                      trade(1, 1, 100, 200, 1), trade(0, 1, 100, 250, 1)};
    keel_trade y[] = {trade(0, 1, 131, 300, 1), trade(0, 1, 100, 240, 1), trade(0, 1, 100, 201, 1),
                      trade(1, 1, 111, 200, 1), trade(0, 1, 129, 300, 1), trade(0, 1, 130, 900, 1)};
    int64_t mate[5], want[] = {2, 5, -1, -1, 1};
    keel_err err = {0};
    assert_int_equal(keel_diff_match(x, 5, y, 6, 10, mate, &err), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(mate[i], want[i]);
    assert_int_equal(keel_diff_match(x, 5, y, 5, 11, mate, &err), 0);
    assert_int_equal(mate[3], 3); /* within the distance now */
    assert_int_equal(mate[1], 4); /* two equally near: the earlier */
}

/* The middle has a trade that neither end has; causes still add up row by row and as a whole. */
static void every_unit_is_booked_once(void **unused) {
    (void)unused;
    keel_trade a[] = {trade(0, 1, 100, 200, 10), trade(0, 1, 500, 600, 7)};
    keel_trade middle[] = {trade(0, 1, 100, 200, 4), trade(1, -1, 300, 400, 1000), trade(0, 1, 800, 900, -3)};
    keel_trade b[] = {trade(0, 1, 101, 200, 5), trade(0, 1, 800, 900, -2)};
    keel_diff_stage stages[] = {{.trades = a, .count = 2, .net_e8 = 20},
                                {.cause = KEEL_DIFF_DATA, .trades = a, .count = 2, .net_e8 = 20},
                                {.cause = KEEL_DIFF_LATENCY, .trades = middle, .count = 3, .net_e8 = 1001},
                                {.cause = KEEL_DIFF_FEE, .trades = b, .count = 2, .net_e8 = 9},
                                {.cause = KEEL_DIFF_UNEXPLAINED, .trades = b, .count = 2, .net_e8 = 9}};
    keel_err err = {0};
    keel_diff d;
    assert_int_equal(keel_diff_make(stages, 5, 10, &d, &err), 0);
    assert_int_equal(d.matched, 1);
    assert_int_equal(d.only_a, 1);
    assert_int_equal(d.only_b, 1);
    assert_int_equal(d.net_difference_e8, -11);
    assert_int_equal(d.cause_e8[KEEL_DIFF_LATENCY], 981);
    assert_int_equal(d.cause_e8[KEEL_DIFF_FEE], -992);
    assert_int_equal(d.cause_rows[KEEL_DIFF_DATA], 0);
    assert_int_equal(d.cause_rows[KEEL_DIFF_LATENCY], 3);
    assert_int_equal(d.cause_rows[KEEL_DIFF_FEE], 2);
    assert_int_equal(d.cause_rows[KEEL_DIFF_UNEXPLAINED], 0);
    assert_int_equal(d.rows[0].part_e8[KEEL_DIFF_LATENCY], -6);
    assert_int_equal(d.rows[0].part_e8[KEEL_DIFF_FEE], 1);
    assert_int_equal(d.passing.part_e8[KEEL_DIFF_LATENCY], 1000);
    assert_int_equal(d.passing.part_e8[KEEL_DIFF_FEE], -1000);
    assert_int_equal(d.open.part_e8[KEEL_DIFF_LATENCY], -3); /* 3 before, 0 after */
    assert_int_equal(d.open.part_e8[KEEL_DIFF_FEE], 6);      /* 6 at the end */
    keel_diff_done(&d);
}

static void a_sum_that_does_not_fit_is_refused(void **unused) {
    (void)unused;
    keel_trade none[1];
    memset(none, 0, sizeof none);
    keel_diff_stage stages[] = {{.trades = none, .count = 0, .net_e8 = INT64_MAX},
                                {.cause = KEEL_DIFF_DATA, .trades = none, .count = 0, .net_e8 = INT64_MIN}};
    keel_err err = {0};
    keel_diff d;
    assert_int_equal(keel_diff_make(stages, 2, 10, &d, &err), KEEL_E_RANGE);
    keel_diff_done(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_entries_come_first_and_then_the_nearest),
        cmocka_unit_test(every_unit_is_booked_once),
        cmocka_unit_test(a_sum_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests_name("diff_match", tests, NULL, NULL);
}
