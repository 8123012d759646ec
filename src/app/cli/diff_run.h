/* app/cli/diff_run.h: the stages between two runs: each one a run of the core with one thing more of B than the one
 * before. */
#ifndef KEEL_APP_CLI_DIFF_RUN_H
#define KEEL_APP_CLI_DIFF_RUN_H

#include "app/cli/diff_side.h"

enum { KEEL_DIFF_STAGES_MAX = KEEL_DIFF_CAUSE_COUNT + 4 };

typedef struct keel_diff_stages {
    keel_diff_stage item[KEEL_DIFF_STAGES_MAX];
    int32_t count;
    int32_t runs; /* of the core that were made for it */
} keel_diff_stages;

/* Make them. Both sides are of the same window (symbols, bars, range).
 * b->is_made: b->recorded and b->state_hash are filled.
 * Returns 0, or errors of keel_diff_market_load and keel_backtest_accounts_run. keel_diff_stages_done also then. */
KEEL_MUST_USE int keel_diff_stages_make(keel_diff_side *a, keel_diff_side *b, keel_diff_stages *ret);
void keel_diff_stages_done(keel_diff_stages *s);

#endif
