/* fuzz/fuzz_yaml.c: any bytes as a configuration file in YAML. What is accepted and resolves must survive being written
 * and read again with the same identity. */
/* runs in script/test: 40000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const keel_config_entry TABLE[] = {
    {.path = "flag", .type = KEEL_CONFIG_BOOL, .default_text = "0", .doc = "truth"},
    {.path = "a.count", .type = KEEL_CONFIG_INT, .default_text = "1", .min = "-5", .max = "500", .doc = "count"},
    {.path = "a.ratio", .type = KEEL_CONFIG_REAL, .default_text = "1", .doc = "ratio"},
    {.path = "a.usd", .type = KEEL_CONFIG_USD, .default_text = "1", .doc = "money"},
    {.path = "a.bps", .type = KEEL_CONFIG_BPS, .default_text = "1", .doc = "fee"},
    {.path = "b.mode", .type = KEEL_CONFIG_ENUM, .default_text = "x", .choices = "x|yy|zzz", .doc = "mode"},
    {.path = "b.pause", .type = KEEL_CONFIG_DURATION, .default_text = "1s", .doc = "pause"},
    {.path = "b.room", .type = KEEL_CONFIG_SIZE, .default_text = "1KiB", .doc = "room"},
    {.path = "b.name", .type = KEEL_CONFIG_STRING, .flags = KEEL_CONFIG_OPTIONAL, .doc = "name"},
    {.path = "b.list", .type = KEEL_CONFIG_LIST, .flags = KEEL_CONFIG_OPTIONAL, .doc = "list"},
};

static keel_config *load(const char *text, size_t size) {
    keel_err err = {0};
    keel_config *c = keel_config_new();
    KEEL_ASSERT(c != NULL);
    KEEL_ASSERT(keel_config_add_entries(c, TABLE, sizeof TABLE / sizeof *TABLE, &err) == 0);
    keel_config_allow_items(c, "items");
    if (keel_config_load_text(c, text, size, "f.yaml", &err) == 0 && keel_config_resolve(c, &err) == 0) return c;
    KEEL_ASSERT(err.text[0] != 0 && !strchr(err.text, '\n'));
    keel_config_free(c);
    return NULL;
}

/* Maps of the list go into the table as a layer each. */
static void take_items(const keel_config *from) {
    for (size_t i = 0; i < keel_config_item_count(from); i++) {
        const keel_config *item = keel_config_item(from, i);
        keel_config *c = load("", 0);
        keel_err err = {0};
        KEEL_ASSERT(c != NULL);
        for (size_t k = 0; k < keel_config_given_count(item); k++)
            KEEL_ASSERT(keel_config_copy_given(c, keel_config_given_path(item, k), item, k, &err) == 0);
        KEEL_ASSERT(keel_config_resolve(c, &err) == 0 || (err.text[0] != 0 && !strchr(err.text, '\n')));
        keel_config_free(c);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    keel_config *first = load((const char *)data, size);
    if (!first) return 0;
    take_items(first);
    char id[KEEL_SHA256_TEXT_MAX], again[KEEL_SHA256_TEXT_MAX];
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_config_id(first, id);
    keel_config_write_yaml(first, /* everything= */ 1, &text);
    keel_config *second = load(keel_strbuf_text(&text), text.size);
    KEEL_ASSERT(second != NULL);
    keel_config_id(second, again);
    KEEL_ASSERT(strcmp(id, again) == 0);
    keel_strbuf_done(&text);
    keel_config_free(second);
    keel_config_free(first);
    return 0;
}
