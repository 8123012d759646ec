/* ops/state/store.h: states of an account over time, counters, and the resets that people ordered, in one SQLite file
 * beside a run's journal.
 *
 * The journal decides what a restart ends at. This file is a second witness: its newest good row is held against the
 * state that the journal replays to, and it is what other programs read. A row carries SHA-256 of its document; a row
 * that does not fit its sum is passed over and counted. Resets are chained by SHA-256, so that none can be changed, or
 * taken out of the middle, unseen; the newest ones are in the run's audit trail, too, and missed there. File mode 0600.
 * Several readers and one writer at a time; a store belongs to one thread. */
#ifndef KEEL_OPS_STATE_STORE_H
#define KEEL_OPS_STATE_STORE_H

#include <stdint.h>

#include "base/err.h"
#include "ops/state/counters.h"

enum { KEEL_STATE_ROWS_KEPT = 16, KEEL_RESET_TEXT_MAX = 200 };

typedef struct keel_statestore keel_statestore;

/* Make it when it is not there (create 1).
 * Returns 0; KEEL_E_NOT_FOUND, KEEL_E_IO, KEEL_E_PARITY (not such a file, or damaged), KEEL_E_VERSION (newer),
 * KEEL_E_GATE (others may read it: chmod 600), KEEL_E_TIMEOUT (another writer), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_statestore_open(const char *path, int create, keel_statestore **ret, keel_err *reterr);
void keel_statestore_close(keel_statestore *s); /* NULL allowed */

/* One state, and the counters as JSON, in one transaction; the oldest rows beyond KEEL_STATE_ROWS_KEPT go.
 *   taken_ms   in  when it was written
 *   input      in  number of the last input of the run, state_hash after it
 *   state      in  the document, counters likewise: JSON */
KEEL_MUST_USE int keel_statestore_put(keel_statestore *s, int64_t taken_ms, uint64_t input, uint64_t state_hash,
                                      const char *state, const char *counters, keel_err *reterr);

typedef struct keel_staterow {
    int64_t taken_ms;
    uint64_t input, state_hash;
    char *state;      /* JSON, owned: keel_staterow_done */
    int32_t rejected; /* newer rows that do not fit their sums */
} keel_staterow;

/* The newest row that fits its sum. 0, KEEL_E_NOT_FOUND (none; ret->rejected is set), or as above. */
KEEL_MUST_USE int keel_statestore_newest(keel_statestore *s, keel_staterow *ret, keel_err *reterr);
void keel_staterow_done(keel_staterow *row);

/* The counters of the last put, JSON, owned by the caller (free()); NULL: none. */
KEEL_MUST_USE int keel_statestore_counters(keel_statestore *s, char **ret, keel_err *reterr);

/* States taken after input `last` or a later one go (of what followed the last, a part may be gone), all that is here
 * into folder/state-cut-N.db before (N from 1, the first that is free). Counters and resets stay. *ret_count: how many.
 */
KEEL_MUST_USE int keel_statestore_cut(keel_statestore *s, const char *folder, uint64_t last, int64_t *ret_count,
                                      keel_err *reterr);

typedef struct keel_reset {
    int64_t ts_ms;    /* what is not later than this does not count any more */
    int64_t given_ms; /* when it was ordered */
    keel_counter counter;
    char who[KEEL_RESET_TEXT_MAX + 1];
    char why[KEEL_RESET_TEXT_MAX + 1];
} keel_reset;

/* Add a reset. KEEL_E_USAGE: this counter cannot be reset, or no reason is given. */
KEEL_MUST_USE int keel_statestore_reset(keel_statestore *s, const keel_reset *reset, keel_err *reterr);

/* All resets, oldest first, handed to the caller (free()). KEEL_E_PARITY: one was changed or taken out. */
KEEL_MUST_USE int keel_statestore_resets(keel_statestore *s, keel_reset **ret, int64_t *ret_count, keel_err *reterr);

#endif
