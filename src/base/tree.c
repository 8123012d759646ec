/* base/tree.c: see tree.h. */
#include "base/tree.h"

#include <stdlib.h>
#include <string.h>

keel_tree *keel_tree_new(keel_tree_kind kind, uint32_t line, const char *text, size_t size) {
    keel_tree *tree = calloc(1, sizeof *tree);
    if (!tree) return NULL;
    tree->kind = kind;
    tree->line = line;
    if (text) {
        tree->text = strndup(text, size);
        if (!tree->text) {
            free(tree);
            return NULL;
        }
    }
    return tree;
}

/* Depth is bounded by the readers (KEEL_TREE_DEPTH_MAX). */
void keel_tree_free(keel_tree *tree) {
    if (!tree) return;
    for (size_t i = 0; i < tree->count; i++)
        keel_tree_free(tree->items[i]);
    free(tree->items);
    free(tree->key);
    free(tree->text);
    free(tree);
}

int keel_tree_add(keel_tree *parent, keel_tree *item) {
    /* capacity is the next power of two: grow when count is one */
    if ((parent->count & (parent->count - 1)) == 0) {
        size_t capacity = parent->count ? parent->count * 2 : 1;
        keel_tree **items = realloc(parent->items, capacity * sizeof(*items));
        if (!items) return KEEL_E_NOMEM;
        parent->items = items;
    }
    parent->items[parent->count++] = item;
    return 0;
}

const keel_tree *keel_tree_find(const keel_tree *map, const char *key) {
    if (!map || map->kind != KEEL_TREE_MAP) return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i]->key, key) == 0) return map->items[i];
    return NULL;
}

/* By key, then by place in the document, so that the later one of a pair is found. */
typedef struct placed {
    const keel_tree *node;
    size_t place;
} placed;

static int by_key(const void *a, const void *b) {
    const placed *left = a, *right = b;
    int order = strcmp(left->node->key, right->node->key);
    return order ? order : (left->place > right->place) - (left->place < right->place);
}

const keel_tree *keel_tree_duplicate(const keel_tree *map, int *ret_failed) {
    const keel_tree *found = NULL;
    *ret_failed = 0;
    if (map->count < 2) return NULL;
    placed *sorted = calloc(map->count, sizeof *sorted);
    if (!sorted) {
        *ret_failed = 1;
        return NULL;
    }
    for (size_t i = 0; i < map->count; i++)
        sorted[i] = (placed){map->items[i], i};
    qsort(sorted, map->count, sizeof *sorted, by_key);
    for (size_t i = 1; !found && i < map->count; i++)
        if (strcmp(sorted[i - 1].node->key, sorted[i].node->key) == 0) found = sorted[i].node;
    free(sorted);
    return found;
}

const char *keel_tree_kind_name(keel_tree_kind kind) {
    switch (kind) {
        case KEEL_TREE_NULL: return "nothing";
        case KEEL_TREE_PLAIN: return "a word";
        case KEEL_TREE_STRING: return "a text";
        case KEEL_TREE_NUMBER: return "a number";
        case KEEL_TREE_BOOL: return "a truth value";
        case KEEL_TREE_LIST: return "a list";
        case KEEL_TREE_MAP: return "a map";
        default: return "nothing";
    }
}
