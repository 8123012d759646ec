/* fuzz/fuzz_timerange.c: any text as a time range and as an instant. What is read is formatted and read again. */
/* runs in script/test: 500000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/timerange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_range(const char *text) {
    keel_timerange range = {7, 7}, again;
    keel_err err = {0};
    char shown[2 * KEEL_TIME_TEXT_MAX];
    if (keel_timerange_parse(text, &range, &err) != 0) {
        KEEL_ASSERT(range.start_ms == 7 && range.end_ms == 7 && err.text[0] != 0);
        return;
    }
    KEEL_ASSERT(range.start_ms < range.end_ms);
    KEEL_ASSERT(range.start_ms != INT64_MIN || range.end_ms != INT64_MAX);
    /* a zone east of UTC may name an instant in 1969, which reads but is not written back */
    if (range.start_ms != INT64_MIN && range.start_ms < 0) return;
    if (range.end_ms != INT64_MAX && (range.end_ms < 0 || range.end_ms >= INT64_C(253402300800000))) return;
    KEEL_ASSERT(keel_timerange_parse(keel_timerange_format(&range, shown), &again, &err) == 0);
    KEEL_ASSERT(again.start_ms == range.start_ms && again.end_ms == range.end_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int64_t ms = 0;
    char *text = strndup((const char *)data, size);
    KEEL_ASSERT(text != NULL);
    check_range(text);
    (void)keel_time_parse(text, &ms, NULL);
    free(text);
    return 0;
}
