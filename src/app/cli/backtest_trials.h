/* app/cli/backtest_trials.h: what sweeps did before on the data of a run: how many trials were spent on it. */
#ifndef KEEL_APP_CLI_BACKTEST_TRIALS_H
#define KEEL_APP_CLI_BACKTEST_TRIALS_H

#include <stdint.h>

#include "app/cli/backtest_data.h"
#include "app/cli/run_config.h"
#include "base/sha256.h"

typedef struct keel_backtest_trials {
    int64_t count; /* distinct trials on this data; -1: the ledger cannot be read */
    int32_t sweeps;
    int32_t reserved;
    char hash[KEEL_SHA256_TEXT_MAX]; /* of the trial that the run repeats, and its sweep: set by the caller */
    char sweep_id[17];
} keel_backtest_trials;

/* Read the ledger of the run's store (research/sweep/ledger.h); without one nothing was spent. A ledger that cannot be
 * read does not stop a run: the count is -1 and the run warns of it. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_backtest_trials_count(const keel_run_config *run, keel_backtest_data *data,
                                             keel_backtest_trials *ret, keel_err *reterr);

#endif
