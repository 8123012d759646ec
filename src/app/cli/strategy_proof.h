/* app/cli/strategy_proof.h: what can be shown of a strategy by running it on made-up markets: it answers alike twice,
 * it does not know the future, and how much history its decisions need. */
#ifndef KEEL_APP_CLI_STRATEGY_PROOF_H
#define KEEL_APP_CLI_STRATEGY_PROOF_H

#include <stdint.h>

#include "app/cli/strategy_source.h"

typedef struct keel_strategy_proof {
    int64_t decisions;   /* of the main run */
    int64_t trades;      /* of the main run */
    uint64_t state_hash; /* of the main run */
    int deterministic;   /* a second run gave the same */
    int32_t no_numbers;  /* of a user's file: KEEL_NUMBERS_* of the first answer of the main run that had any */
    int64_t no_numbers_ts_ms;
    int64_t future_ts_ms;  /* a decision up to this instant changed with the future; 0: none did */
    int64_t future_checks; /* instants at which the future was replaced */
    /* Decisions that were compared: up to those instants, and with little history against with all. 0: nothing was
     * shown of what the fields beside them say. */
    int64_t future_decisions, history_decisions;
    int32_t warmup_bars;  /* declared: until every signal is ready; -1: by time */
    int32_t settled_bars; /* history after which decisions no longer change with more of it; -1: they always do */
} keel_strategy_proof;

/* Run the proofs with the parameters p. A user's strategy runs guarded.
 * Returns 0 (whatever the proofs say), or an error of the guard, KEEL_E_NOMEM, KEEL_E_RANGE (signals refused). */
KEEL_MUST_USE int keel_strategy_prove(const keel_strategy_source *source, const keel_params *p,
                                      int (*interrupted)(void), keel_strategy_proof *ret, keel_err *err);

#endif
