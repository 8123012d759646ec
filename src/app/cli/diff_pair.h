/* app/cli/diff_pair.h: one comparison of two runs: both opened, the stages between them made, the differences booked.
 */
#ifndef KEEL_APP_CLI_DIFF_PAIR_H
#define KEEL_APP_CLI_DIFF_PAIR_H

#include "app/cli/diff_page.h"

/* How to compare. Everything is borrowed. */
typedef struct keel_diff_ask {
    keel_cli *cli;
    const uint8_t *key; /* of journals; NULL: in the clear */
    const char *store;  /* NULL: those that were recorded */
    int64_t rows;       /* of trades on the page at most */
    int64_t within_ms;  /* 0: three main bars */
} keel_diff_ask;

typedef struct keel_diff_pair {
    keel_diff_side a, b;
    keel_diff_stages stages;
    keel_diff diff;
    int64_t within_ms;
} keel_diff_pair;

/* Compare the run in folder a with that in b; b NULL: with a backtest of a, made now.
 * Returns 0; KEEL_E_USAGE (not the same window); errors of keel_diff_side_open, keel_diff_stages_make, keel_diff_make.
 * keel_diff_pair_done also then. Large: on the heap; it must not be moved. */
KEEL_MUST_USE int keel_diff_pair_make(const keel_diff_ask *ask, const char *a, const char *b, keel_diff_pair *ret);
void keel_diff_pair_done(keel_diff_pair *p);

/* For its page and document; borrows from both. */
keel_diff_page keel_diff_pair_page(const keel_diff_ask *ask, const keel_diff_pair *p);

#endif
