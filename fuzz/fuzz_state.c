/* fuzz/fuzz_state.c: any bytes as a position and as a state. What is refused changes nothing and says why; what is read
 * is written, read and written again: the same text, the same hash. */
/* runs in script/test: 10000 */
#include <stdint.h>
#include <string.h>

#include "engine/state_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SYMBOLS = 2 };
static const char *const NAMES[SYMBOLS] = {"BTCUSDT", "ETHUSDT"};
static keel_state first, second;

static void try_position(const char *text, size_t size) {
    char symbol[KEEL_SYMBOL_NAME_MAX + 1], again[KEEL_SYMBOL_NAME_MAX + 1];
    keel_field_warnings warnings;
    keel_position a, b;
    keel_err err = {0};
    if (keel_position_json_read(text, size, "f.json", symbol, &a, &warnings, &err) != 0) {
        KEEL_ASSERT(err.text[0] != 0);
        return;
    }
    KEEL_ASSERT(warnings.count <= KEEL_FIELD_WARNINGS_MAX);
    size_t length;
    keel_json *j = keel_json_new(0);
    KEEL_ASSERT(j != NULL);
    keel_position_json_write(&a, symbol, j);
    const char *written = keel_json_text(j, &length);
    KEEL_ASSERT(keel_position_json_read(written, length, "w.json", again, &b, NULL, &err) == 0);
    KEEL_ASSERT(memcmp(&a, &b, sizeof a) == 0 && strcmp(symbol, again) == 0);
    keel_json_free(j);
}

static void try_state(const char *text, size_t size) {
    keel_err err = {0};
    if (keel_state_json_read(text, size, "f.json", NAMES, SYMBOLS, &first, NULL, &err) != 0) {
        KEEL_ASSERT(err.text[0] != 0);
        return;
    }
    size_t length;
    keel_json *j = keel_json_new(0);
    KEEL_ASSERT(j != NULL);
    keel_state_json_write(&first, NAMES, j);
    const char *written = keel_json_text(j, &length);
    KEEL_ASSERT(keel_state_json_read(written, length, "w.json", NAMES, SYMBOLS, &second, NULL, &err) == 0);
    KEEL_ASSERT(memcmp(&first, &second, sizeof first) == 0);
    KEEL_ASSERT(keel_state_hash(&first) == keel_state_hash(&second));
    KEEL_ASSERT(keel_ledger_balanced(&first.acct));
    keel_json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    try_position((const char *)data, size);
    try_state((const char *)data, size);
    return 0;
}
