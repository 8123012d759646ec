/* app/cli/backtest_job.h: one `keel backtest run`, shared between the file that runs it and the file that tells it. */
#ifndef KEEL_APP_CLI_BACKTEST_JOB_H
#define KEEL_APP_CLI_BACKTEST_JOB_H

#include "app/cli/backtest_accounts.h"
#include "app/cli/backtest_data.h"
#include "app/cli/backtest_mode.h"
#include "app/cli/backtest_trials.h"
#include "app/cli/cli.h"
#include "app/cli/run_config.h"
#include "app/cli/sweep_folder.h"

enum { KEEL_BACKTEST_BASELINES = 5 };

extern const int32_t keel_backtest_baseline_ids[KEEL_BACKTEST_BASELINES]; /* KEEL_STRATEGY_* */
extern const char *const keel_backtest_regime_names[KEEL_REGIME_COUNT];

/* One invocation: everything that is freed at its end. */
typedef struct keel_backtest_job {
    keel_cli *cli;
    const keel_backtest_mode *mode; /* NULL: a backtest */
    const char *folder;             /* of the mode */
    keel_run_config run;
    keel_backtest_data data;
    keel_backtest_part *part; /* one per strategy */
    keel_backtest_accounts accounts;
    keel_exec_result baseline[KEEL_BACKTEST_BASELINES];
    int32_t baseline_count;
    keel_progress progress;
    double seconds;
    char run_id[17];
    keel_sweep_asked asked; /* how to run, by flags or by the trial's sweep */
    uint64_t trial_hash;    /* state hash of the trial's row, when has_trial */
    int has_trial;
    keel_backtest_trials trials;
} keel_backtest_job;

/* Export, keep and print what a finished job came to. Returns 0, or what the report refuses or writing meets; line
 * set. */
KEEL_MUST_USE int keel_backtest_tell(keel_backtest_job *b);

#endif
