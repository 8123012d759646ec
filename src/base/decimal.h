/* base/decimal.h: decimal text to scaled integers and back, exactly.
 *
 * Grammar: [+-] digits [. digits] [(e|E) [+-] digits], at least one digit, nothing before or after. No double
 * takes part: "0.1" at scale 8 is 10000000. */
#ifndef KEEL_BASE_DECIMAL_H
#define KEEL_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_DECIMAL_SCALE_MAX = 16, KEEL_DECIMAL_TEXT_MAX = 32 };

typedef enum keel_decimal_result {
    KEEL_DECIMAL_OK = 0,
    KEEL_DECIMAL_NOT_A_NUMBER, /* not the grammar (NaN, infinity, hex, spaces, empty) */
    KEEL_DECIMAL_OUT_OF_RANGE, /* beyond int64 at this scale */
    KEEL_DECIMAL_TOO_FINE,     /* digits beyond the scale that are not zero */
    KEEL_DECIMAL_RESIDUE       /* too fine, yet the print of a double whose value is a multiple of the unit:
                                  at least 15 significant digits and within 1e-15 relative of the multiple */
} keel_decimal_result;

/* Parse size bytes at 10^-scale (0 <= scale <= 16). ret_value is written for OK (the value) and for RESIDUE
 * (the mended value: 0.30000000000000004 -> 0.3), else left alone. */
keel_decimal_result keel_decimal_parse(const char *text, size_t size, int scale, int64_t *ret_value);

/* The nearest whole number, halves away from zero. OK, NOT_A_NUMBER or OUT_OF_RANGE; ret_value is written for OK. */
keel_decimal_result keel_decimal_parse_rounded(const char *text, size_t size, int64_t *ret_value);

/* Sentence for a message: "is not a number" and so on. Static storage. */
const char *keel_decimal_sentence(keel_decimal_result result);

/* Write value at 10^-scale with at least places_min decimals and no trailing zeros beyond them.
 * text holds KEEL_DECIMAL_TEXT_MAX bytes. Returns the length. */
size_t keel_decimal_format(int64_t value, int scale, int places_min, char *text);

#endif
