/* base/json_tree.c: see json_tree.h. Recursion ends at KEEL_TREE_DEPTH_MAX, which the reader holds. */
#include "base/json_tree.h"

static void open_scope(keel_json *j, const keel_tree *node) {
    if (node->kind == KEEL_TREE_MAP)
        keel_json_object(j);
    else
        keel_json_array(j);
}

void keel_json_tree(keel_json *j, const keel_tree *node) {
    if (!node || node->kind == KEEL_TREE_NULL) {
        keel_json_null(j);
    } else if (node->kind == KEEL_TREE_MAP || node->kind == KEEL_TREE_LIST) {
        open_scope(j, node);
        for (size_t i = 0; i < node->count; i++) {
            if (node->kind == KEEL_TREE_MAP) keel_json_key(j, node->items[i]->key);
            keel_json_tree(j, node->items[i]);
        }
        keel_json_close(j);
    } else if (node->kind == KEEL_TREE_STRING || node->kind == KEEL_TREE_PLAIN) {
        keel_json_string(j, node->text);
    } else {
        keel_json_raw(j, node->text);
    }
}
