/* base/real.h: doubles as text. */
#ifndef KEEL_BASE_REAL_H
#define KEEL_BASE_REAL_H

#include "base/err.h"

enum { KEEL_REAL_TEXT_MAX = 32 };

/* The double nearest to a decimal text (grammar of base/decimal.h: no hex, no "nan", no blanks). -0 becomes 0.
 * Returns 0, KEEL_E_PARSE, or KEEL_E_RANGE (beyond the largest double). No line is set. */
KEEL_MUST_USE int keel_real_parse(const char *text, double *ret_value);

/* The shortest decimal of 15 to 17 digits that reads back to the same bits; finite values only (assertion).
 * text holds KEEL_REAL_TEXT_MAX bytes. Returns text. */
char *keel_real_format(double value, char *text);

#endif
