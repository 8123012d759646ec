/* edge/data/cells.c: see cells.h. */
#include "edge/data/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/timerange.h"

/* 2100-01-01: later times are a unit mistake (us or ns taken for ms). */
static const int64_t TIME_END_MS = INT64_C(4102444800000);

static const int64_t POWERS[17] = {1,
                                   10,
                                   100,
                                   1000,
                                   10000,
                                   100000,
                                   1000000,
                                   10000000,
                                   100000000,
                                   1000000000,
                                   INT64_C(10000000000),
                                   INT64_C(100000000000),
                                   INT64_C(1000000000000),
                                   INT64_C(10000000000000),
                                   INT64_C(100000000000000),
                                   INT64_C(1000000000000000),
                                   INT64_C(10000000000000000)};

/* Digits with at most one point: *ret_mantissa and the number of decimals. 0 when anything else, or over 18 digits. */
static int plain_digits(const char *text, size_t size, int64_t *ret_mantissa, int *ret_decimals) {
    int64_t mantissa = 0;
    int digits = 0, decimals = -1;
    if (size > 19) return 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') return 0;
        if (++digits > 18) return 0; /* 18 digits always fit */
        mantissa = mantissa * 10 + (text[i] - '0');
        decimals += decimals >= 0;
    }
    if (!digits) return 0;
    *ret_mantissa = mantissa;
    *ret_decimals = decimals > 0 ? decimals : 0;
    return 1;
}

keel_decimal_result keel_cell_fixed(const char *text, size_t size, int scale, int64_t *ret_value) {
    int64_t mantissa;
    int decimals;
    KEEL_ASSERT(scale >= 0 && scale <= KEEL_DECIMAL_SCALE_MAX);
    if (plain_digits(text, size, &mantissa, &decimals) && decimals <= scale &&
        mantissa <= INT64_MAX / POWERS[scale - decimals]) {
        *ret_value = mantissa * POWERS[scale - decimals];
        return KEEL_DECIMAL_OK;
    }
    return keel_decimal_parse(text, size, scale, ret_value);
}

/* strtod reads more than our grammar (hex, "nan", blanks), so the characters are checked first and the end after. */
static int long_double_text(const char *text, size_t size, double *ret_value) {
    char copy[401], *end;
    if (size == 0 || size >= sizeof copy) return 0;
    for (size_t i = 0; i < size; i++)
        if (!strchr("0123456789.eE+-", text[i]) || !text[i]) return 0;
    memcpy(copy, text, size);
    copy[size] = 0;
    double value = strtod(copy, &end);
    if (end != copy + size || !isfinite(value)) return 0;
    *ret_value = value;
    return 1;
}

int keel_cell_double(const char *text, size_t size, double *ret_value) {
    int64_t mantissa;
    int decimals;
    /* Both operands exact and one division: correctly rounded by IEEE 754. */
    if (plain_digits(text, size, &mantissa, &decimals) && mantissa <= (INT64_C(1) << 53) && decimals <= 16) {
        *ret_value = (double)mantissa / (double)POWERS[decimals];
        return 1;
    }
    return long_double_text(text, size, ret_value);
}

static int iso_time(const char *text, size_t size, int64_t *ret_ms) {
    char copy[KEEL_TIME_TEXT_MAX];
    if (size < sizeof "2024-01-01T00:00Z" - 1 || size >= sizeof copy || (text[10] != 'T' && text[10] != ' ')) return 0;
    memcpy(copy, text, size);
    copy[size] = 0;
    copy[10] = 'T';
    return strlen(copy) == size && keel_time_parse(copy, ret_ms, NULL) == 0;
}

int keel_cell_time(const char *text, size_t size, int64_t *ret_ms) {
    int64_t value;
    int decimals;
    if (plain_digits(text, size, &value, &decimals)) {
        if (memchr(text, '.', size)) return 0;
    } else if (!iso_time(text, size, &value)) {
        return 0;
    }
    if (value < 0 || value >= TIME_END_MS) return 0;
    *ret_ms = value;
    return 1;
}
