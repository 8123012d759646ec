/* app/cli/parity_decided.h: what the core proposed and ordered around a trade, from a run that is watched. */
#ifndef KEEL_APP_CLI_PARITY_DECIDED_H
#define KEEL_APP_CLI_PARITY_DECIDED_H

#include "research/sweep/lane_run.h"

enum { KEEL_PARITY_DECIDED_BEFORE = 12, KEEL_PARITY_DECIDED_AFTER = 24, KEEL_PARITY_DECIDED_MAX = 400 };

/* Decisions from KEEL_PARITY_DECIDED_BEFORE main bars before from_ms to KEEL_PARITY_DECIDED_AFTER after it, and as far
 * around to_ms, in order, the first KEEL_PARITY_DECIDED_MAX. */
typedef struct keel_parity_decided {
    keel_lane_decision *items; /* [count], owned */
    int64_t count;
    uint64_t state_hash; /* the run's */
    int64_t from_ms, to_ms, bar_ms;
} keel_parity_decided;

/* Run the task, watched; a strategy of a file in a child (kernel/guard.h), where messages call it `strategy`. Errors of
 * keel_lane_run_go, KEEL_E_ERROR (that strategy ended its run). keel_parity_decided_done also then. */
KEEL_MUST_USE int keel_parity_decided_run(keel_parity_decided *d, const keel_lane_task *task, const char *strategy,
                                          int64_t from_ms, int64_t to_ms, keel_err *reterr);
void keel_parity_decided_done(keel_parity_decided *d);

#endif
