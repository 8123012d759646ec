/* base/yaml.h: read the part of YAML that configuration needs.
 *
 * Taken: one document of maps, lists (block and flow), scalars (plain, quoted, block), comments.
 * Refused, with the line: anchors, aliases, tags, merge keys, keys that are not scalars, repeated keys, a second
 * document, nesting beyond KEEL_TREE_DEPTH_MAX, zero bytes, anything but UTF-8. */
#ifndef KEEL_BASE_YAML_H
#define KEEL_BASE_YAML_H

#include "base/tree.h"

/* Parse size bytes; name appears in messages ("config.yaml"). ret_tree is handed to the caller (keel_tree_free); NULL
 * for an empty document. Returns 0, KEEL_E_PARSE, KEEL_E_RANGE, KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_yaml_parse(const char *text, size_t size, const char *name, keel_tree **ret_tree,
                                  keel_err *reterr);

#endif
