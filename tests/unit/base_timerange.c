/* Instants and ranges, by tables; the calendar against the C library. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/timerange.h"

#define START INT64_MIN
#define END INT64_MAX
#define D20240101 INT64_C(1704067200000)
#define D20240601 INT64_C(1717200000000)

static void test_ranges(void **state) {
    static const struct {
        const char *text;
        int code;
        int64_t start_ms, end_ms;
    } rows[] = {
        /* Freqtrade's grammar */
        {"20240101-20240601", 0, D20240101, D20240601},
        {"20240101-", 0, D20240101, END},
        {"-20240601", 0, START, D20240601},
        {"1704067200-1717200000", 0, D20240101, D20240601},
        {"1704067200-", 0, D20240101, END},
        {"1704067200000-1717200000000", 0, D20240101, D20240601},
        {"-1717200000000", 0, START, D20240601},
        {"20240101-1717200000", 0, D20240101, D20240601},
        /* ISO */
        {"2024-01-01..2024-06-01", 0, D20240101, D20240601},
        {"2024-01-01..2024-06-01T12:00Z", 0, D20240101, D20240601 + 43200000},
        {"2024-01-01T00:00:00.000Z/2024-06-01", 0, D20240101, D20240601},
        {"2024-01-01T02:00+02:00..", 0, D20240101, END},
        {"2023-12-31T18:30-05:30..", 0, D20240101, END},
        {"..2024-06-01", 0, START, D20240601},
        {"/2024-06-01", 0, START, D20240601},
        {"1704067200..2024-06-01", 0, D20240101, D20240601},
        {"2024-01-01T00:00:00.5Z..2024-06-01", 0, D20240101 + 500, D20240601},
        /* refused */
        {"", KEEL_E_PARSE, 0, 0},
        {"-", KEEL_E_PARSE, 0, 0},
        {"..", KEEL_E_PARSE, 0, 0},
        {"/", KEEL_E_PARSE, 0, 0},
        {"2024-01-01", KEEL_E_PARSE, 0, 0},
        {"20240101", KEEL_E_PARSE, 0, 0},
        {"20240101-20240601-", KEEL_E_PARSE, 0, 0},
        {"20240101 - 20240601", KEEL_E_PARSE, 0, 0},
        {"2024-01-01T12:00..2024-06-01", KEEL_E_PARSE, 0, 0}, /* a time of day without a zone */
        {"2024-1-1..2024-06-01", KEEL_E_PARSE, 0, 0},
        {"2024-01-01..2024-06-01..2024-07-01", KEEL_E_PARSE, 0, 0},
        {"2024-01-01...2024-06-01", KEEL_E_PARSE, 0, 0},
        {"2024-01-01/2024-06-01/", KEEL_E_PARSE, 0, 0},
        {"170406720-1717200000", KEEL_E_PARSE, 0, 0},
        {"17040672000000-", KEEL_E_PARSE, 0, 0},
        {"2024-01-01T00:00:00.1234Z..", KEEL_E_PARSE, 0, 0},
        {"2024-01-01T00:00:00.Z..", KEEL_E_PARSE, 0, 0},
        {"2024-01-01T00:00+15:00..", KEEL_E_PARSE, 0, 0},
        {"2024-01-01t00:00z..", KEEL_E_PARSE, 0, 0},
        {"today..", KEEL_E_PARSE, 0, 0},
        {"20240230-", KEEL_E_RANGE, 0, 0},
        {"20230229-", KEEL_E_RANGE, 0, 0},
        {"21000229-", KEEL_E_RANGE, 0, 0},
        {"20241301-", KEEL_E_RANGE, 0, 0},
        {"20240100-", KEEL_E_RANGE, 0, 0},
        {"19691231-", KEEL_E_RANGE, 0, 0},
        {"2024-01-01T24:00Z..", KEEL_E_RANGE, 0, 0},
        {"2024-01-01T23:59:60Z..", KEEL_E_RANGE, 0, 0},
        {"20240601-20240101", KEEL_E_RANGE, 0, 0},
        {"20240101-20240101", KEEL_E_RANGE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_timerange range = {1, 2};
        keel_err err = {0};
        int code = keel_timerange_parse(rows[i].text, &range, &err);
        if (code != rows[i].code) print_error("'%s': %d %s\n", rows[i].text, code, err.text);
        assert_int_equal(code, rows[i].code);
        assert_true(range.start_ms == (code ? 1 : rows[i].start_ms));
        assert_true(range.end_ms == (code ? 2 : rows[i].end_ms));
        assert_true((err.text[0] != 0) == (code != 0));
    }
}

static void test_instants(void **state) {
    int64_t ms = 0;
    keel_err err = {0};
    (void)state;
    assert_int_equal(keel_time_parse("2024-02-29T23:59:59.999Z", &ms, &err), 0);
    assert_true(ms == INT64_C(1709251199999));
    assert_int_equal(keel_time_parse("20000229", &ms, &err), 0);
    assert_true(ms == INT64_C(951782400000));
    assert_int_equal(keel_time_parse("2024-01-01..", &ms, &err), KEEL_E_PARSE);
    assert_int_equal(keel_time_parse("2024-02-30", &ms, &err), KEEL_E_RANGE);
}

static void test_range_format_reads_back(void **state) {
    static const keel_timerange rows[] = {{D20240101, D20240601}, {START, D20240601 + 1}, {D20240101, END}};
    char text[2 * KEEL_TIME_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_timerange back;
        assert_int_equal(keel_timerange_parse(keel_timerange_format(&rows[i], text), &back, NULL), 0);
        assert_true(back.start_ms == rows[i].start_ms && back.end_ms == rows[i].end_ms);
    }
}

/* Every day of 600 years, and a random ms in it, against gmtime. */
static void test_calendar_against_libc(void **state) {
    uint64_t seed = 3;
    char text[KEEL_TIME_TEXT_MAX], wanted[64];
    (void)state;
    for (int64_t day = -100000; day < 120000; day++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        int64_t ms = day * 86400000 + (int64_t)((seed >> 33) % 86400000);
        time_t seconds = (time_t)((ms - ((ms % 1000) + 1000) % 1000) / 1000);
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        size_t size = strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S", &tm);
        assert_int_equal(size, 19);
        assert_int_equal(strncmp(keel_time_format(ms, text), wanted, 19), 0);
        assert_true(keel_time_days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) == day);
        int64_t back;
        if (day < 0) continue; /* before 1970 is formatted, never parsed */
        assert_int_equal(keel_time_parse(text, &back, NULL), 0);
        assert_true(back == ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_range_format_reads_back),
        cmocka_unit_test(test_calendar_against_libc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
