/* Decimal text to scaled integers, by tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/real.h"

typedef struct row {
    const char *text;
    int scale;
    keel_decimal_result result;
    int64_t value; /* of OK and RESIDUE */
} row;

#define OK KEEL_DECIMAL_OK
#define NAN_ KEEL_DECIMAL_NOT_A_NUMBER
#define RANGE KEEL_DECIMAL_OUT_OF_RANGE
#define FINE KEEL_DECIMAL_TOO_FINE
#define RESIDUE KEEL_DECIMAL_RESIDUE

static const row ROWS[] = {
    {"0", 8, OK, 0},
    {"-0", 8, OK, 0},
    {"1", 8, OK, 100000000},
    {"+1.5", 8, OK, 150000000},
    {"0.1", 8, OK, 10000000},
    {".5", 8, OK, 50000000},
    {"5.", 8, OK, 500000000},
    {"0.00000001", 8, OK, 1},
    {"-0.00000001", 8, OK, -1},
    {"00012.3400", 8, OK, 1234000000},
    {"0.100000000000000000000000000", 8, OK, 10000000},
    {"1e3", 8, OK, 100000000000},
    {"1E-8", 8, OK, 1},
    {"123.456e2", 4, OK, 123456000},
    {"1500000000e-9", 0, FINE, 0},
    {"2000000000e-9", 0, OK, 2},
    {"92233720368.54775807", 8, OK, INT64_MAX},
    {"-92233720368.54775808", 8, OK, INT64_MIN},
    {"92233720368.54775808", 8, RANGE, 0},
    {"-92233720368.54775809", 8, RANGE, 0},
    {"184467440737.09551616", 8, RANGE, 0},
    {"1e100", 0, RANGE, 0},
    {"1e999999999999999999999", 0, RANGE, 0},
    {"0e999999999999999999999", 0, OK, 0},
    {"1e-999999999999999999999", 8, FINE, 0},
    {"0.000000001", 8, FINE, 0},
    {"1.123456789", 8, FINE, 0},
    {"99999999999.123456789", 8, RANGE, 0},
    {"0.00010000000000000001", 16, RESIDUE, 1000000000000},
    {"0.00012345678901234567", 16, FINE, 0},
    {"0.0001", 16, OK, 1000000000000},
    {"3.7", 0, FINE, 0},
    {"3.0", 0, OK, 3},
    /* prints of doubles near a multiple of the unit */
    {"0.30000000000000004", 8, RESIDUE, 30000000},
    {"0.09946999000000001", 8, RESIDUE, 9946999},
    {"0.09946998999999999", 8, RESIDUE, 9946999},
    {"-0.30000000000000004", 8, RESIDUE, -30000000},
    {"2.9999999999999996", 0, RESIDUE, 3},
    {"0.3000000004", 8, FINE, 0},         /* too few digits for the print of a double */
    {"0.300000000400000001", 8, FINE, 0}, /* too far from the multiple */
    {"0.000000000000000012345678", 8, FINE, 0},
    {"", 8, NAN_, 0},
    {"-", 8, NAN_, 0},
    {".", 8, NAN_, 0},
    {"e5", 8, NAN_, 0},
    {"1e", 8, NAN_, 0},
    {"1e+", 8, NAN_, 0},
    {"1.2.3", 8, NAN_, 0},
    {" 1", 8, NAN_, 0},
    {"1 ", 8, NAN_, 0},
    {"0x10", 8, NAN_, 0},
    {"nan", 8, NAN_, 0},
    {"inf", 8, NAN_, 0},
    {"1,5", 8, NAN_, 0},
    {"--1", 8, NAN_, 0},
};

static void test_parse_table(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int64_t value = 77;
        keel_decimal_result result = keel_decimal_parse(ROWS[i].text, strlen(ROWS[i].text), ROWS[i].scale, &value);
        int64_t wanted = ROWS[i].result == OK || ROWS[i].result == RESIDUE ? ROWS[i].value : 77;
        if (result != ROWS[i].result || value != wanted)
            print_error("'%s' at %d: result %d value %" PRId64 "\n", ROWS[i].text, ROWS[i].scale, (int)result, value);
        assert_int_equal(result, ROWS[i].result);
        assert_true(value == wanted);
    }
}

static void test_size_is_respected(void **state) {
    int64_t value = 0;
    (void)state;
    assert_int_equal(keel_decimal_parse("12345", 2, 0, &value), OK);
    assert_true(value == 12);
}

static void test_rounded_halves_away_from_zero(void **state) {
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {{"3", 3},
                {"3.0", 3},
                {"3.7", 4},
                {"3.5", 4},
                {"2.5", 3},
                {"-2.5", -3},
                {"-3.7", -4},
                {"0.5", 1},
                {"-0.5", -1},
                {"0.49999999999999999999", 0},
                {"2.4999999999999999999999", 2},
                {"0.05", 0},
                {"5e-1", 1},
                {"5e-2", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = 0;
        assert_int_equal(keel_decimal_parse_rounded(rows[i].text, strlen(rows[i].text), &value), OK);
        if (value != rows[i].value) print_error("'%s' -> %" PRId64 "\n", rows[i].text, value);
        assert_true(value == rows[i].value);
    }
    int64_t value = 5;
    assert_int_equal(keel_decimal_parse_rounded("9223372036854775807.5", 21, &value), RANGE);
    assert_int_equal(keel_decimal_parse_rounded("x", 1, &value), NAN_);
    assert_true(value == 5);
}

static void test_format_table(void **state) {
    static const struct {
        int64_t value;
        int scale, places_min;
        const char *text;
    } rows[] = {{1234500000000, 8, 2, "12345.00"},
                {1, 8, 2, "0.00000001"},
                {0, 8, 2, "0.00"},
                {0, 8, 0, "0"},
                {-1, 8, 0, "-0.00000001"},
                {150000000, 8, 0, "1.5"},
                {150000000, 8, 2, "1.50"},
                {123, 0, 0, "123"},
                {INT64_MIN, 8, 0, "-92233720368.54775808"},
                {INT64_MAX, 16, 0, "922.3372036854775807"}};
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = keel_decimal_format(rows[i].value, rows[i].scale, rows[i].places_min, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(size, strlen(text));
    }
}

/* Every value survives text and back, at every scale. */
static void test_round_trip(void **state) {
    uint64_t seed = 1;
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)state;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        int64_t value = (int64_t)(seed >> (seed % 60)) * (i % 2 ? 1 : -1);
        int scale = i % (KEEL_DECIMAL_SCALE_MAX + 1);
        size_t size = keel_decimal_format(value, scale, i % (scale + 1), text);
        int64_t back = 0;
        assert_int_equal(keel_decimal_parse(text, size, scale, &back), OK);
        assert_true(back == value);
    }
}

/* The print of any double that stands for a price of 8 decimals is taken as that price, or exactly. */
static void test_residue_covers_prints_of_prices(void **state) {
    uint64_t seed = 7;
    char text[64];
    int residues = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        int64_t units = (int64_t)(seed >> 24) % 9000000000000; /* up to 90,000.0 */
        double sloppy = (double)units / 1e8;
        sloppy += sloppy * ((double)(i % 3 - 1) * 1.2e-16); /* up to one last bit */
        (void)snprintf(text, sizeof text, "%.17g", sloppy);
        int64_t back = -1;
        keel_decimal_result result = keel_decimal_parse(text, strlen(text), 8, &back);
        residues += result == RESIDUE;
        if (!(result == OK || result == RESIDUE) || back != units)
            print_error("%s -> %d %" PRId64 " not %" PRId64 "\n", text, (int)result, back, units);
        assert_true(result == OK || result == RESIDUE);
        assert_true(back == units);
    }
    assert_true(residues > 1000);
}

static void test_real_text(void **state) {
    char text[KEEL_REAL_TEXT_MAX];
    double value = 1.0;
    (void)state;
    assert_string_equal(keel_real_format(0.1, text), "0.1");
    assert_string_equal(keel_real_format(1.0 / 3.0, text), "0.3333333333333333");
    assert_string_equal(keel_real_format(0.1 + 0.2, text), "0.30000000000000004");
    assert_int_equal(keel_real_parse("1e400", &value), KEEL_E_RANGE);
    assert_int_equal(keel_real_parse("nan", &value), KEEL_E_PARSE);
    assert_int_equal(keel_real_parse("0x1p3", &value), KEEL_E_PARSE);
    assert_int_equal(keel_real_parse("-0.0", &value), 0);
    assert_string_equal(keel_real_format(value, text), "0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_table),
        cmocka_unit_test(test_size_is_respected),
        cmocka_unit_test(test_rounded_halves_away_from_zero),
        cmocka_unit_test(test_format_table),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_residue_covers_prints_of_prices),
        cmocka_unit_test(test_real_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
