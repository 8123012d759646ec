/* fuzz/fuzz_events.c: any bytes as a record of the log, and as text that goes into one. */
/* runs in script/test: 4000 */
#include <stdint.h>
#include <string.h>

#include "ops/forensic/reader.h"
#include "ops/forensic/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(const char *text) {
    static const keel_line_run run = {"r", "paper", NULL, NULL};
    keel_line_head head = {.code = KEEL_LOG_ENGINE_FATAL, .ts_ms = 1, .seq = 1, .message = text, .symbol = text};
    keel_line line;
    keel_log_record r;
    keel_err err = {0};
    size_t size = 0;
    keel_line_begin(&line, &run, &head);
    keel_line_string(&line, "error", text);
    const char *out = keel_line_end(&line, &run, &head, &size);
    KEEL_ASSERT(size <= KEEL_LINE_MAX && memchr(out, '\n', size) == out + size - 1);
    KEEL_ASSERT(keel_log_record_read(out, size - 1, "f", &r, &err) == 0);
    keel_log_record_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[2048], once[4096], twice[4096];
    keel_log_record r;
    keel_err err = {0};
    if (keel_log_record_read((const char *)data, size, "f", &r, &err) == 0)
        keel_log_record_done(&r);
    else
        KEEL_ASSERT(err.text[0] != 0);
    size_t n = size < 256 ? size : 256;
    memcpy(text, data, n);
    text[n] = 0;
    read_back(text);
    size_t one = keel_redact_text(text, n, once, sizeof once);
    KEEL_ASSERT(one < sizeof once);
    size_t two = keel_redact_text(once, one, twice, sizeof twice);
    KEEL_ASSERT(one == two && memcmp(once, twice, one) == 0);
    return 0;
}
