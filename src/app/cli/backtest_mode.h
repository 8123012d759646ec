/* app/cli/backtest_mode.h: the run of `keel backtest run` for verbs that execute it in another way: same configuration,
 * data, gates, report and folder. */
#ifndef KEEL_APP_CLI_BACKTEST_MODE_H
#define KEEL_APP_CLI_BACKTEST_MODE_H

#include "app/cli/backtest_accounts.h"
#include "app/cli/cli.h"
#include "app/cli/paper_model.h"

struct keel_backtest_job; /* backtest_job.h */

typedef struct keel_backtest_mode {
    const char *kind; /* of the run, in its manifest */
    void *data;
    /* Everything is loaded and named; *ret_folder: where the run is kept, or NULL. The job is for keel_backtest_begun.
     */
    int (*prepare)(void *data, const struct keel_backtest_job *job, const char **ret_folder, keel_err *err);
    keel_exec_body execute;        /* instead of the lane; gets `data` */
    int opens_files;               /* 1: `execute` needs more of the system than the guard of a user's file lets it */
    const char *store;             /* instead of the configuration's; NULL: that */
    int32_t part;                  /* of the strategies that are named only this one, counted from 1; 0: all of them */
    const keel_paper_model *model; /* part of the run's id and of what its document says was switched on */
} keel_backtest_mode;

/* The options that the run reads besides keel_run_config_options and keel_sweep_folder_options. */
extern const keel_cli_opt keel_backtest_run_options[];

/* For the calls of a mode, once the folder is sure to be this run's: its manifest, which says that it is running. One
 * that is there stays: of a run that goes on, or has ended. KEEL_E_IO, KEEL_E_NOMEM, KEEL_E_RANGE (the path). */
KEEL_MUST_USE int keel_backtest_begun(const struct keel_backtest_job *job, const char *folder, keel_err *reterr);

/* The whole verb. mode NULL: a backtest. */
KEEL_MUST_USE int keel_backtest_run_as(keel_cli *cli, const keel_backtest_mode *mode);

#endif
