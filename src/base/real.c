/* base/real.c: see real.h. */
#include "base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

int keel_real_parse(const char *text, double *ret_value) {
    int64_t unused;
    /* the grammar first: strtod alone takes hex, "nan" and leading blanks */
    if (keel_decimal_parse(text, strlen(text), 0, &unused) == KEEL_DECIMAL_NOT_A_NUMBER) return KEEL_E_PARSE;
    double value = strtod(text, NULL);
    if (!isfinite(value)) return KEEL_E_RANGE;
    *ret_value = value + 0.0; /* -0 + 0 is 0 */
    return 0;
}

char *keel_real_format(double value, char *text) {
    KEEL_ASSERT(text != NULL);
    KEEL_ASSERT(isfinite(value));
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, KEEL_REAL_TEXT_MAX, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    return text;
}
