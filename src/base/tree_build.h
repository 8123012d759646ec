/* base/tree_build.h: from a stream of events (scalar, open, close) to a tree; what both readers share.
 *
 * Keys arrive like scalars inside a map and are told apart by turn. Errors carry the document's name and line. */
#ifndef KEEL_BASE_TREE_BUILD_H
#define KEEL_BASE_TREE_BUILD_H

#include "base/tree.h"

typedef struct keel_tree_build {
    const char *name; /* of the document, for messages; borrowed */
    keel_err *reterr;
    keel_tree *root; /* NULL until the first value */
    keel_tree *open[KEEL_TREE_DEPTH_MAX];
    int depth;
    char *key; /* waiting for its value */
} keel_tree_build;

void keel_tree_build_init(keel_tree_build *b, const char *name, keel_err *reterr);
void keel_tree_build_done(keel_tree_build *b); /* frees the root unless taken */

/* 1 when the next scalar is a key. */
int keel_tree_build_wants_key(const keel_tree_build *b);

/* Each returns 0 or a code with the line set. Text is copied. */
KEEL_MUST_USE int keel_tree_build_key(keel_tree_build *b, uint32_t line, const char *text, size_t size);
KEEL_MUST_USE int keel_tree_build_scalar(keel_tree_build *b, keel_tree_kind kind, uint32_t line, const char *text,
                                         size_t size);
KEEL_MUST_USE int keel_tree_build_open(keel_tree_build *b, keel_tree_kind kind, uint32_t line);
KEEL_MUST_USE int keel_tree_build_close(keel_tree_build *b);

/* The finished tree, handed to the caller. NULL when the document was empty. */
keel_tree *keel_tree_build_take(keel_tree_build *b);

#endif
