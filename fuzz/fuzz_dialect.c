/* fuzz/fuzz_dialect.c: the judge of a strategy's text on any bytes; what it accepts has an include and can be spliced.
 */
/* runs in script/test: 2000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static keel_dialect d;
    keel_err err = {0};
    char *text = malloc(size + 1); /* exactly as long, so that a read beyond the end is seen */
    KEEL_ASSERT(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    int rc = keel_dialect_check(text, size, "fuzz.c", &d, &err);
    KEEL_ASSERT((rc == 0) == (d.problem_count == 0) || size > KEEL_DIALECT_SIZE_MAX);
    if (rc == 0) {
        KEEL_ASSERT(d.include_from < d.include_to && d.include_to <= size && d.include_line > 0);
        for (int i = 0; i < d.name_count; i++)
            KEEL_ASSERT(d.name_from[i] + d.name_size[i] <= size);
    }
    free(text);
    return 0;
}
