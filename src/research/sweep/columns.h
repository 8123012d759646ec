/* research/sweep/columns.h: the signals of many configurations over one tape, each distinct one computed once.
 *
 * A configuration's signals fall into parts that read nothing of each other; parts that are equal in kinds, parameters
 * and sources are one entry here, whoever asks for it. Windows come one after the other, as for one configuration
 * (lane/window.h), and hold the same bits. Belongs to one thread. */
#ifndef KEEL_RESEARCH_SWEEP_COLUMNS_H
#define KEEL_RESEARCH_SWEEP_COLUMNS_H

#include "base/err.h"
#include "kernel/kernel.h"

typedef struct keel_columns keel_columns;

/* Where a configuration finds its slots: slot[i] is output[i] of entry[i]. */
typedef struct keel_columns_use {
    uint64_t slots;
    int32_t slot_count, entry_count;
    int32_t slot[KEEL_SLOT_MAX], entry[KEEL_SLOT_MAX], output[KEEL_SLOT_MAX];
    int32_t entries[KEEL_SIGNAL_SPEC_MAX];      /* [entry_count] distinct */
    uint64_t entry_slots[KEEL_SIGNAL_SPEC_MAX]; /* the slots of each */
} keel_columns_use;

/* For the symbols of a tape, which is borrowed. NULL: out of memory. NULL may be freed. */
keel_columns *keel_columns_new(const keel_kernel *kernel, const keel_tape *tape);
void keel_columns_free(keel_columns *c);

/* Ask for the signals of one configuration, before the first window.
 * Returns 0, KEEL_E_USAGE (the signals do not fit their memory, or are refused), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_columns_ask(keel_columns *c, const keel_params *p, keel_columns_use *ret, keel_err *reterr);

/* No more will be asked for: choose a length of windows so that their columns fit the cache, and make room.
 * Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_columns_begin(keel_columns *c, keel_err *reterr);

/* Compute the next window; returns its bars, 0 at the end of the tape. */
int64_t keel_columns_next(keel_columns *c);

/* The window as one configuration sees it: valid until the next call. Judged for `p` when its strategy can be. */
const keel_window *keel_columns_window(keel_columns *c, const keel_params *p, const keel_columns_use *use);

/* Bytes held. */
int64_t keel_columns_bytes(const keel_columns *c);

#endif
