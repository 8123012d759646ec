/* base/tree.h: a parsed document, YAML or JSON, with the line of each node.
 *
 * What a plain YAML scalar means (number, truth, word) is left to whoever knows the type that is wanted: text is kept
 * as written, so no number passes through a double on the way. */
#ifndef KEEL_BASE_TREE_H
#define KEEL_BASE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_TREE_DEPTH_MAX = 64 };

typedef enum keel_tree_kind {
    KEEL_TREE_NULL = 1, /* JSON null; YAML empty, ~ or null */
    KEEL_TREE_PLAIN,    /* YAML scalar without quotes: type not said */
    KEEL_TREE_STRING,   /* quoted or block scalar, JSON string */
    KEEL_TREE_NUMBER,   /* JSON number, text as written */
    KEEL_TREE_BOOL,     /* JSON true or false, text so */
    KEEL_TREE_LIST,
    KEEL_TREE_MAP
} keel_tree_kind;

typedef struct keel_tree {
    keel_tree_kind kind;
    uint32_t line;            /* 1-based, where the value starts */
    char *key;                /* inside a map, else NULL */
    char *text;               /* scalars; NULL otherwise and for NULL */
    struct keel_tree **items; /* [count], list and map, in document order */
    size_t count;
} keel_tree;

/* A new node without key; NULL when out of memory. text is copied (NULL allowed). */
keel_tree *keel_tree_new(keel_tree_kind kind, uint32_t line, const char *text, size_t size);

/* Free a node and all below (NULL allowed). */
void keel_tree_free(keel_tree *tree);

/* Add item at the end of a list or map; the item is taken on success. 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_tree_add(keel_tree *parent, keel_tree *item);

/* The child of a map by key, NULL when absent or when map is not a map (NULL allowed). */
const keel_tree *keel_tree_find(const keel_tree *map, const char *key);

/* The later of two children of a map with one key, NULL when all keys differ. *ret_failed is set when there was no
 * memory to look. */
const keel_tree *keel_tree_duplicate(const keel_tree *map, int *ret_failed);

/* "a list", "a map", "a number"... for messages. Static storage. */
const char *keel_tree_kind_name(keel_tree_kind kind);

#endif
