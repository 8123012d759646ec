/* Cells, rows and row sequences: what is accepted, what is refused and why. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "edge/data/cells.h"
#include "edge/data/csv.h"
#include "edge/data/store.h"

static int time_of(const char *text, int64_t *ret_ms) { return keel_cell_time(text, strlen(text), ret_ms); }

/* [BKT-08.3] ISO or epoch times, explicit zone. */
static void test_times(void **state) {
    (void)state;
    int64_t ms = -1;
    assert_int_equal(time_of("1700000000123", &ms), 1);
    assert_int_equal(ms, 1700000000123);
    assert_int_equal(time_of("2024-02-29T00:00:00Z", &ms), 1);
    assert_int_equal(ms, 1709164800000);
    assert_int_equal(time_of("2024-02-29 01:00:00.250+01:00", &ms), 1);
    assert_int_equal(ms, 1709164800250);
    static const char *const bad[] = {"",
                                      "2024-02-29",
                                      "2024-02-29T00:00:00",
                                      "2023-02-29T00:00:00Z",
                                      "-5",
                                      "1e12",
                                      "1.5",
                                      "0x10",
                                      "17000000001230000",
                                      "nan",
                                      " 1",
                                      "1 ",
                                      "20240229T000000Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (time_of(bad[i], &ms)) fail_msg("'%s' was taken for a time", bad[i]);
}

/* Volume is the nearest double, whichever way it is read. */
static void test_doubles(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } rows[] = {{"0", 0.0},
                {"12.5", 12.5},
                {"0.1", 0.1},
                {"9007199254740993", 9007199254740993.0},
                {"250000000000.12345678901234567", 250000000000.12345678901234567},
                {"0.000000000000000000001", 1e-21},
                {"1e-7", 1e-7},
                {"2.5E+3", 2500.0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double value = -1.0;
        assert_int_equal(keel_cell_double(rows[i].text, strlen(rows[i].text), &value), 1);
        assert_memory_equal(&value, &rows[i].value, sizeof value);
    }
    static const char *const bad[] = {"",      "nan", "NaN", "inf", "-inf", "1e999",
                                      "0x1p3", "1,5", "1_0", "--1", "1e",   "."};
    double value;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (keel_cell_double(bad[i], strlen(bad[i]), &value)) fail_msg("'%s' was taken for a number", bad[i]);
}

static void test_short_way_equals_long_way(void **state) {
    (void)state;
    uint64_t random = 12345;
    char text[64];
    for (int i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        int places = (int)(random >> 60) % 10;
        (void)snprintf(text, sizeof text, "%llu.%0*llu", (unsigned long long)(random >> 20) % 1000000,
                       places ? places : 1, (unsigned long long)(random >> 33) % 10);
        int64_t a = -1, b = -1;
        keel_decimal_result ra = keel_cell_fixed(text, strlen(text), 8, &a);
        keel_decimal_result rb = keel_decimal_parse(text, strlen(text), 8, &b);
        assert_int_equal(ra, rb);
        assert_int_equal(a, b);
    }
}

static void test_headers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int kind;
    } rows[] = {{"ts_ms,open,high,low,close,volume", KEEL_KIND_CANDLE},
                {"\xef\xbb\xbfts_ms,open,high,low,close,volume", KEEL_KIND_CANDLE},
                {"ts_ms,open,high,low,close", KEEL_KIND_MARK},
                {"ts_ms,rate", KEEL_KIND_FUNDING},
                {"ts_ms,open,high,low,close,volume,trades", 0},
                {"ts_ms,high,open,low,close,volume", 0},
                {"TS_MS,RATE", 0},
                {"time,open,high,low,close,volume", 0},
                {"", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(keel_csv_kind(rows[i].text, strlen(rows[i].text)), rows[i].kind);
}

/* [DAT-01] [T-320] [T-321] [T-355] [T-356] Each kind of bad row has its own reason; the good ones pass. */
static void test_candle_rows(void **state) {
    (void)state;
    static const struct {
        const char *text;
        keel_row_reason reason;
        unsigned flags;
    } rows[] = {{"1700000100000,1,2,0.5,1.5,10", KEEL_ROW_OK, 0},
                {"1700000100000,1,2,0.5,1.5,0", KEEL_ROW_OK, KEEL_ROW_ZERO_VOLUME},
                {"1700000100000,0.09946999000000001,0.0997238,0.099,0.0995,7", KEEL_ROW_OK, KEEL_ROW_FLOAT_RESIDUE},
                {"1700000100000,1,2,0.5,1.5", KEEL_ROW_FIELDS, 0},
                {"1700000100000,1,2,0.5,1.5,10,11", KEEL_ROW_FIELDS, 0},
                {"", KEEL_ROW_FIELDS, 0},
                {"1700000100000,1,2,0.5,,10", KEEL_ROW_EMPTY, 0},
                {",1,2,0.5,1.5,10", KEEL_ROW_EMPTY, 0},
                {"yesterday,1,2,0.5,1.5,10", KEEL_ROW_TIME, 0},
                {"1700000100,1,2,0.5,1.5,10", KEEL_ROW_UNIT, 0},
                {"1700000100000000,1,2,0.5,1.5,10", KEEL_ROW_UNIT, 0},
                {"1700000100000000000,1,2,0.5,1.5,10", KEEL_ROW_UNIT, 0},
                {"1700000100000,one,2,0.5,1.5,10", KEEL_ROW_NUMBER, 0},
                {"1700000100000,1,nan,0.5,1.5,10", KEEL_ROW_NUMBER, 0},
                {"1700000100000,1,inf,0.5,1.5,10", KEEL_ROW_NUMBER, 0},
                {"1700000100000,1,2,0.5,1.5,nan", KEEL_ROW_NUMBER, 0},
                {"1700000100000,1,2,0.5,1.5,inf", KEEL_ROW_NUMBER, 0},
                {"1700000100000,1, 2,0.5,1.5,10", KEEL_ROW_NUMBER, 0},
                {"1700000100000,1,99999999999,0.5,1.5,10", KEEL_ROW_RANGE, 0},
                {"1700000100000,1,2,0.123456785,1.5,10", KEEL_ROW_TOO_FINE, 0},
                {"1700000100000,1,2,0,1.5,10", KEEL_ROW_PRICE, 0},
                {"1700000100000,-1,2,0.5,1.5,10", KEEL_ROW_PRICE, 0},
                {"1700000100000,1,2,0.5,1.5,-1", KEEL_ROW_VOLUME, 0},
                {"1700000100000,1,1.2,0.5,1.5,10", KEEL_ROW_OHLC, 0},
                {"1700000100000,1,2,1.1,1.5,10", KEEL_ROW_OHLC, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_row row;
        keel_row_reason got = keel_csv_row(KEEL_KIND_CANDLE, rows[i].text, strlen(rows[i].text), &row);
        if (got != rows[i].reason)
            fail_msg("'%s': %s, expected %s", rows[i].text, keel_row_reason_key(got),
                     keel_row_reason_key(rows[i].reason));
        if (got == KEEL_ROW_OK) assert_int_equal(row.flags, rows[i].flags);
    }
}

static void test_values_are_exact(void **state) {
    (void)state;
    keel_row row;
    const char *text = "1700000100000,0.00000001,12345.12345678,0.00000001,0.09946999000000001,0.1";
    assert_int_equal(keel_csv_row(KEEL_KIND_CANDLE, text, strlen(text), &row), KEEL_ROW_OK);
    assert_int_equal(row.word[1], 1);
    assert_int_equal(row.word[2], 1234512345678);
    assert_int_equal(row.word[4], 9946999);
    assert_true(keel_double_of_bits((uint64_t)row.word[5]) == 0.1);
    text = "1700000100004,-0.0001234567890123";
    assert_int_equal(keel_csv_row(KEEL_KIND_FUNDING, text, strlen(text), &row), KEEL_ROW_OK);
    assert_int_equal(row.word[1], -1234567890123);
}

static keel_row_reason follow(keel_row_sequence *q, int64_t ts_ms, int64_t close) {
    keel_row row = {.word = {ts_ms, close, close, close, close, 0}};
    return keel_csv_follow(q, &row);
}

/* [DAT-01] [T-358] Order, repeats, grid and future. */
static void test_sequence(void **state) {
    (void)state;
    keel_row_sequence q = {.kind = KEEL_KIND_CANDLE, .interval_ms = 300000, .now_ms = 1700001000000};
    assert_int_equal(follow(&q, 1699999800000, 5), KEEL_ROW_OK);
    assert_int_equal(follow(&q, 1699999800000, 5), KEEL_ROW_SAME);
    assert_int_equal(follow(&q, 1699999800000, 6), KEEL_ROW_CONFLICT);
    assert_int_equal(follow(&q, 1699999500000, 5), KEEL_ROW_ORDER);
    assert_int_equal(follow(&q, 1700000000000, 5), KEEL_ROW_GRID);
    assert_int_equal(follow(&q, 1700000100000, 5), KEEL_ROW_OK);
    assert_int_equal(follow(&q, 1700088000000, 5), KEEL_ROW_FUTURE);
    assert_int_equal(follow(&q, 1700000400000, 5), KEEL_ROW_OK);
}

static void test_weeks_start_on_monday(void **state) {
    (void)state;
    const int64_t week_ms = 604800000;
    assert_int_equal(keel_interval_on_grid(1704067200000, week_ms), 1); /* 2024-01-01 was a Monday */
    assert_int_equal(keel_interval_on_grid(1704326400000, week_ms), 0); /* and a Thursday, a multiple of 7 days */
}

/* [T-357] A spike is refused, a crash that stays loses one bar, and nothing is refused without the option. */
static void test_outliers(void **state) {
    (void)state;
    for (int on = 0; on < 2; on++) {
        keel_row_sequence q = {.kind = KEEL_KIND_CANDLE, .interval_ms = 60000, .outlier_score = on ? 10.0 : 0.0};
        int64_t ts = 0, refused = 0;
        for (int i = 0; i < 300; i++, ts += 60000) {
            int64_t price = 100000 + (i * i * 31 + i * 17) % 97;
            if (i == 200) price = 150000; /* a spike */
            if (i >= 250) price -= 30000; /* a crash to a new level */
            keel_row_reason reason = follow(&q, ts, price);
            if (reason != KEEL_ROW_OK) {
                assert_int_equal(reason, KEEL_ROW_OUTLIER);
                assert_true(i == 200 || i == 250);
                refused++;
            }
        }
        assert_int_equal(refused, on ? 2 : 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_short_way_equals_long_way),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_candle_rows),
        cmocka_unit_test(test_values_are_exact),
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_weeks_start_on_monday),
        cmocka_unit_test(test_outliers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
