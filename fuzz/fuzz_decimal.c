/* fuzz/fuzz_decimal.c: the first byte picks the scale, the rest is a decimal text, exact size, no zero after it. */
/* runs in script/test: 1000000 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/real.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_against_double(const char *text, size_t size, int scale, int64_t value) {
    char *copy = strndup(text, size);
    double real;
    KEEL_ASSERT(copy != NULL);
    if (strlen(copy) == size && keel_real_parse(copy, &real) == 0) {
        double scaled = real * pow(10.0, scale);
        KEEL_ASSERT(fabs(scaled - (double)value) <= fabs(scaled) * 4e-15 + 1e-9);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    int scale = data[0] % (KEEL_DECIMAL_SCALE_MAX + 1);
    int64_t value = 77, again;
    char shown[KEEL_DECIMAL_TEXT_MAX];
    /* a copy of exact size, so that reading beyond it is caught */
    char *text = malloc(size > 1 ? size - 1 : 1);
    KEEL_ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    keel_decimal_result result = keel_decimal_parse(text, size - 1, scale, &value);
    int has_value = result == KEEL_DECIMAL_OK || result == KEEL_DECIMAL_RESIDUE;
    if (has_value) {
        size_t length = keel_decimal_format(value, scale, 0, shown);
        KEEL_ASSERT(length < sizeof shown);
        KEEL_ASSERT(keel_decimal_parse(shown, length, scale, &again) == KEEL_DECIMAL_OK && again == value);
        check_against_double(text, size - 1, scale, value);
    } else {
        KEEL_ASSERT(value == 77);
    }
    (void)keel_decimal_parse_rounded(text, size - 1, &again);
    free(text);
    return 0;
}
