/* base/decimal.c: see decimal.h. */
#include "base/decimal.h"

#include <string.h>

/* The significant digits of a text, without leading zeros, and where the point stands among them. */
typedef struct digits {
    const char *text; /* digits and at most one point */
    size_t size;
    int64_t exponent; /* power of ten of the digit after the last one taken: value = integer * 10^exponent */
    int negative;
} digits;

enum { EXPONENT_MAX = 100000, RESIDUE_DIGITS_MIN = 15 };

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int scan_exponent(const char *text, size_t size, size_t at, int64_t *ret_exponent) {
    int negative = 0;
    int64_t value = 0;
    if (at < size && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
    if (at == size) return 0;
    for (; at < size; at++) {
        if (!is_digit(text[at])) return 0;
        if (value < EXPONENT_MAX) value = value * 10 + (text[at] - '0');
    }
    *ret_exponent = negative ? -value : value;
    return 1;
}

/* Check the grammar and find the mantissa. */
static int scan(const char *text, size_t size, digits *ret) {
    size_t at = 0, digit_count = 0;
    int64_t fraction_count = 0, exponent = 0;
    int in_fraction = 0;
    ret->negative = 0;
    if (at < size && (text[at] == '+' || text[at] == '-')) ret->negative = text[at++] == '-';
    size_t first = at;
    for (; at < size; at++) {
        if (text[at] == '.' && !in_fraction) {
            in_fraction = 1;
        } else if (is_digit(text[at])) {
            digit_count++;
            fraction_count += in_fraction;
        } else {
            break;
        }
    }
    if (!digit_count) return 0;
    ret->text = text + first;
    ret->size = at - first;
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        if (!scan_exponent(text, size, at + 1, &exponent)) return 0;
        at = size;
    }
    ret->exponent = exponent - fraction_count;
    return at == size;
}

/* One more digit at the end of *value; 0 when it leaves uint64. */
static int push_digit(uint64_t *value, unsigned digit) {
    if (*value > (UINT64_MAX - digit) / 10) return 0;
    *value = *value * 10 + digit;
    return 1;
}

static int64_t count_digits(const digits *d) {
    int64_t count = 0;
    for (size_t i = 0; i < d->size; i++)
        count += is_digit(d->text[i]);
    return count;
}

/* What is left of a mantissa after the digits that fit the scale. */
typedef struct remainder_of {
    int nonzero;          /* any digit beyond the scale is not zero */
    int half;             /* the first digit beyond the scale is 5 or more */
    uint64_t significant; /* number of digits from the first nonzero to the last nonzero one */
    double value;         /* what lies beyond the scale, in units of it, 0 <= value < 1 */
} remainder_of;

/* Integer part at the scale into *ret_units, the rest described. 0 when out of range. */
static int split(const digits *d, int scale, uint64_t *ret_units, remainder_of *ret_rest) {
    int64_t shift = d->exponent + scale;     /* > 0: zeros to append; < 0: digits beyond the scale */
    int64_t whole = count_digits(d) + shift; /* digits that belong to the integer part, may be <= 0 */
    int64_t index = 0;
    uint64_t units = 0, trailing = 0;
    double weight = 1.0;
    memset(ret_rest, 0, sizeof *ret_rest);
    for (int64_t skipped = whole; skipped < 0 && weight > 0.0; skipped++)
        weight *= 0.1;
    for (size_t i = 0; i < d->size; i++) {
        if (!is_digit(d->text[i])) continue;
        unsigned digit = (unsigned)(d->text[i] - '0');
        if (ret_rest->significant || digit) {
            trailing = digit ? 0 : trailing + 1;
            ret_rest->significant++;
        }
        if (index < whole) {
            if (!push_digit(&units, digit)) return 0;
        } else {
            weight *= 0.1;
            ret_rest->value += digit * weight;
            if (digit) ret_rest->nonzero = 1;
            if (index == whole && digit >= 5) ret_rest->half = 1;
        }
        index++;
    }
    ret_rest->significant -= trailing;
    for (; units && shift > 0; shift--)
        if (!push_digit(&units, 0)) return 0;
    *ret_units = units;
    return 1;
}

/* A double near units carries 1e-15 relative; the print of one therefore ends within that of the unit. */
static int is_residue(uint64_t *units, const remainder_of *rest) {
    double bound = ((double)*units + 1.0) * 1e-15;
    if (rest->significant < RESIDUE_DIGITS_MIN) return 0;
    if (*units && rest->value <= bound) return 1;
    if (1.0 - rest->value > bound) return 0;
    (*units)++;
    return 1;
}

static int apply_sign(uint64_t units, int negative, int64_t *ret_value) {
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1U : 0U);
    if (units > limit) return 0;
    if (!negative)
        *ret_value = (int64_t)units;
    else
        *ret_value = units == limit ? INT64_MIN : -(int64_t)units;
    return 1;
}

keel_decimal_result keel_decimal_parse(const char *text, size_t size, int scale, int64_t *ret_value) {
    digits d;
    remainder_of rest;
    uint64_t units;
    KEEL_ASSERT(scale >= 0 && scale <= KEEL_DECIMAL_SCALE_MAX);
    if (!scan(text, size, &d)) return KEEL_DECIMAL_NOT_A_NUMBER;
    if (!split(&d, scale, &units, &rest)) return KEEL_DECIMAL_OUT_OF_RANGE;
    if (units > (uint64_t)INT64_MAX + 1) return KEEL_DECIMAL_OUT_OF_RANGE; /* leaves room for the residue's + 1 */
    keel_decimal_result result = KEEL_DECIMAL_OK;
    if (rest.nonzero) result = is_residue(&units, &rest) ? KEEL_DECIMAL_RESIDUE : KEEL_DECIMAL_TOO_FINE;
    if (result == KEEL_DECIMAL_TOO_FINE) {
        int64_t ignored;
        return apply_sign(units, d.negative, &ignored) ? result : KEEL_DECIMAL_OUT_OF_RANGE;
    }
    return apply_sign(units, d.negative, ret_value) ? result : KEEL_DECIMAL_OUT_OF_RANGE;
}

keel_decimal_result keel_decimal_parse_rounded(const char *text, size_t size, int64_t *ret_value) {
    digits d;
    remainder_of rest;
    uint64_t units;
    if (!scan(text, size, &d)) return KEEL_DECIMAL_NOT_A_NUMBER;
    if (!split(&d, 0, &units, &rest) || units > (uint64_t)INT64_MAX) return KEEL_DECIMAL_OUT_OF_RANGE;
    if (rest.half) units++;
    return apply_sign(units, d.negative, ret_value) ? KEEL_DECIMAL_OK : KEEL_DECIMAL_OUT_OF_RANGE;
}

const char *keel_decimal_sentence(keel_decimal_result result) {
    switch (result) {
        case KEEL_DECIMAL_OK: return "is a number";
        case KEEL_DECIMAL_NOT_A_NUMBER: return "is not a number";
        case KEEL_DECIMAL_OUT_OF_RANGE: return "is too large";
        case KEEL_DECIMAL_TOO_FINE: return "has more decimals than can be kept";
        case KEEL_DECIMAL_RESIDUE: return "looks like a rounded binary number";
        default: return "is not a number";
    }
}

size_t keel_decimal_format(int64_t value, int scale, int places_min, char *text) {
    char reversed[KEEL_DECIMAL_TEXT_MAX];
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t count = 0, size = 0;
    int place = scale;
    KEEL_ASSERT(scale >= 0 && scale <= KEEL_DECIMAL_SCALE_MAX && places_min >= 0 && places_min <= scale);
    for (; place > places_min && rest % 10 == 0; place--)
        rest /= 10;
    for (int left = place; left > 0; left--, rest /= 10)
        reversed[count++] = (char)('0' + rest % 10);
    if (place > 0) reversed[count++] = '.';
    do {
        reversed[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) text[size++] = '-';
    while (count)
        text[size++] = reversed[--count];
    text[size] = 0;
    return size;
}
