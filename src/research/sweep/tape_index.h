/* research/sweep/tape_index.h: extremes of blocks and of bars (lane/extremes.h) for every traded symbol of a tape. */
#ifndef KEEL_RESEARCH_SWEEP_TAPE_INDEX_H
#define KEEL_RESEARCH_SWEEP_TAPE_INDEX_H

#include "base/err.h"
#include "lane/tape.h"

typedef struct keel_tape_index {
    int64_t *values; /* owned */
    int64_t bytes;
} keel_tape_index;

/* Make them and let the tape's symbols point to them; keel_tape_index_done, which the tape must not outlive in use.
 * Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_tape_index_make(keel_tape *tape, keel_tape_index *ret, keel_err *reterr);
void keel_tape_index_done(keel_tape_index *x);

#endif
