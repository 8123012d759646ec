/* base/json_read.h: read one JSON document (RFC 8259) into a tree; numbers stay text.
 *
 * Refused, with the line: comments, repeated keys, nesting beyond KEEL_TREE_DEPTH_MAX, zero characters, invalid
 * UTF-8, anything after the document. */
#ifndef KEEL_BASE_JSON_READ_H
#define KEEL_BASE_JSON_READ_H

#include "base/tree.h"

/* Parse size bytes; name appears in messages. ret_tree is handed to the caller (keel_tree_free), never NULL on success.
 * Returns 0, KEEL_E_PARSE, KEEL_E_RANGE, KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_json_parse(const char *text, size_t size, const char *name, keel_tree **ret_tree,
                                  keel_err *reterr);

/* Typed reads of a node (NULL allowed). Each returns 0, or KEEL_E_PARSE (another kind, NULL) or KEEL_E_RANGE; no line
 * is set: the caller knows the path. */
KEEL_MUST_USE int keel_json_read_int(const keel_tree *node, int64_t *ret);
KEEL_MUST_USE int keel_json_read_double(const keel_tree *node, double *ret);
KEEL_MUST_USE int keel_json_read_bool(const keel_tree *node, int *ret);
KEEL_MUST_USE int keel_json_read_string(const keel_tree *node, const char **ret); /* borrowed from the tree */
/* a decimal string or a number, exactly, at 10^-scale */
KEEL_MUST_USE int keel_json_read_decimal(const keel_tree *node, int scale, int64_t *ret);

#endif
