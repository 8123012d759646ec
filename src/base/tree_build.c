/* base/tree_build.c: see tree_build.h. */
#include "base/tree_build.h"

#include <stdlib.h>
#include <string.h>

void keel_tree_build_init(keel_tree_build *b, const char *name, keel_err *reterr) {
    memset(b, 0, sizeof *b);
    b->name = name;
    b->reterr = reterr;
}

void keel_tree_build_done(keel_tree_build *b) {
    keel_tree_free(b->root);
    b->root = NULL;
    free(b->key);
    b->key = NULL;
}

static int no_memory(keel_tree_build *b) {
    return keel_err_set(b->reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", b->name);
}

int keel_tree_build_wants_key(const keel_tree_build *b) {
    return b->depth > 0 && b->open[b->depth - 1]->kind == KEEL_TREE_MAP && !b->key;
}

int keel_tree_build_key(keel_tree_build *b, uint32_t line, const char *text, size_t size) {
    KEEL_ASSERT(keel_tree_build_wants_key(b));
    if (memchr(text, 0, size))
        return keel_err_set(b->reterr, KEEL_E_PARSE, "a key holds a zero byte: %s:%u: remove it", b->name, line);
    b->key = strndup(text, size);
    return b->key ? 0 : no_memory(b);
}

/* Hang node where it belongs; it is taken always. */
static int place(keel_tree_build *b, keel_tree *node) {
    if (!node) return no_memory(b);
    if (!b->depth) {
        KEEL_ASSERT(!b->root);
        b->root = node;
        return 0;
    }
    node->key = b->key;
    b->key = NULL;
    if (keel_tree_add(b->open[b->depth - 1], node) == 0) return 0;
    keel_tree_free(node);
    return no_memory(b);
}

int keel_tree_build_scalar(keel_tree_build *b, keel_tree_kind kind, uint32_t line, const char *text, size_t size) {
    if (text && memchr(text, 0, size))
        return keel_err_set(b->reterr, KEEL_E_PARSE, "a text holds a zero byte: %s:%u: remove it", b->name, line);
    return place(b, keel_tree_new(kind, line, text, size));
}

int keel_tree_build_open(keel_tree_build *b, keel_tree_kind kind, uint32_t line) {
    if (b->depth == KEEL_TREE_DEPTH_MAX)
        return keel_err_set(b->reterr, KEEL_E_RANGE, "nested too deep: %s:%u: at most %d levels", b->name, line,
                            KEEL_TREE_DEPTH_MAX);
    keel_tree *node = keel_tree_new(kind, line, NULL, 0);
    KEEL_TRY(place(b, node));
    b->open[b->depth++] = node;
    return 0;
}

int keel_tree_build_close(keel_tree_build *b) {
    int failed;
    KEEL_ASSERT(b->depth > 0 && !b->key);
    const keel_tree *closed = b->open[--b->depth];
    if (closed->kind != KEEL_TREE_MAP) return 0;
    const keel_tree *twice = keel_tree_duplicate(closed, &failed);
    if (failed) return no_memory(b);
    if (twice)
        return keel_err_set(b->reterr, KEEL_E_PARSE, "'%.80s' is given twice: %s:%u: keep one", twice->key, b->name,
                            twice->line);
    return 0;
}

keel_tree *keel_tree_build_take(keel_tree_build *b) {
    KEEL_ASSERT(b->depth == 0);
    keel_tree *root = b->root;
    b->root = NULL;
    return root;
}
