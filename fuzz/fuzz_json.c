/* fuzz/fuzz_json.c: any bytes as JSON. What is read is written, read and written again: the same text. */
/* runs in script/test: 250000 */
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_tree(keel_json *j, const keel_tree *t) {
    switch (t->kind) {
        case KEEL_TREE_NULL: keel_json_null(j); break;
        case KEEL_TREE_STRING: keel_json_string(j, t->text); break;
        case KEEL_TREE_NUMBER:
        case KEEL_TREE_BOOL: keel_json_raw(j, t->text); break;
        case KEEL_TREE_LIST:
        case KEEL_TREE_MAP:
            if (t->kind == KEEL_TREE_MAP)
                keel_json_object(j);
            else
                keel_json_array(j);
            for (size_t i = 0; i < t->count; i++) {
                if (t->kind == KEEL_TREE_MAP) keel_json_key(j, t->items[i]->key);
                write_tree(j, t->items[i]);
            }
            keel_json_close(j);
            break;
        case KEEL_TREE_PLAIN:
        default: KEEL_ASSERT(0);
    }
}

static keel_json *rewrite(const char *text, size_t size) {
    keel_err err = {0};
    keel_tree *tree = NULL;
    if (keel_json_parse(text, size, "f.json", &tree, &err) != 0) {
        KEEL_ASSERT(tree == NULL && err.text[0] != 0);
        return NULL;
    }
    keel_json *j = keel_json_new(0);
    KEEL_ASSERT(j != NULL);
    write_tree(j, tree);
    keel_tree_free(tree);
    return j;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    keel_json *first = rewrite((const char *)data, size);
    if (!first) return 0;
    size_t first_size, second_size;
    const char *text = keel_json_text(first, &first_size);
    keel_json *second = rewrite(text, first_size);
    KEEL_ASSERT(second != NULL);
    const char *again = keel_json_text(second, &second_size);
    KEEL_ASSERT(first_size == second_size && memcmp(text, again, first_size) == 0);
    keel_json_free(second);
    keel_json_free(first);
    return 0;
}
