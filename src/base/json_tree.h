/* base/json_tree.h: a parsed JSON document written again. */
#ifndef KEEL_BASE_JSON_TREE_H
#define KEEL_BASE_JSON_TREE_H

#include "base/json.h"
#include "base/tree.h"

/* Append a node that was read from JSON, with all below it, as one value: numbers as they were written, keys in their
 * order. NULL is written as null. */
void keel_json_tree(keel_json *j, const keel_tree *node);

#endif
