/* kernel/dialect.h: is a user's file written in the language that a strategy may use? A real tokenizer (comments,
 * strings, line splices and directives are seen as the compiler sees them) and rules over tokens, before any compiler
 * is called.
 *
 * What the language is: docs/strategies.md. What is not in it is refused by its name, with the reason and the way out.
 * A file that passes may still be wrong C; the compiler says so. */
#ifndef KEEL_KERNEL_DIALECT_H
#define KEEL_KERNEL_DIALECT_H

#include <stddef.h>

#include "base/err.h"
#include "kernel/dialect_foresee.h"

enum { KEEL_DIALECT_SIZE_MAX = 64 * 1024, KEEL_DIALECT_PROBLEMS_MAX = 16, KEEL_DIALECT_NAMES_MAX = 256 };

typedef struct keel_dialect {
    int problem_count;                            /* of those kept; more may have been found */
    char problem[KEEL_DIALECT_PROBLEMS_MAX][400]; /* "my.c:12: what: how to mend it" */
    /* The line of #include "strategy.def": bytes [include_from, include_to), and its number. */
    size_t include_from, include_to;
    int include_line;
    /* Names that begin with keel_ and are defined by the file: offsets into the text, lengths. */
    int name_count;
    size_t name_from[KEEL_DIALECT_NAMES_MAX], name_size[KEEL_DIALECT_NAMES_MAX];
    keel_foreseen foreseen; /* NOT while there are problems */
} keel_dialect;

/* Judge text.
 *   text  in   [size], any bytes
 *   name  in   how problems call the file
 *   ret   out  always written
 * Returns 0 or KEEL_E_PARSE with the first problem (and how many follow). Cost O(size). */
KEEL_MUST_USE int keel_dialect_check(const char *text, size_t size, const char *name, keel_dialect *ret,
                                     keel_err *reterr);

/* Is this the name of one of the tables that stand above the include? */
int keel_dialect_is_table(const char *name);

#endif
