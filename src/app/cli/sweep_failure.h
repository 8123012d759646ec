/* app/cli/sweep_failure.h: the first trial that `keel sweep confirm` finds different: who differs, where, and a report
 * of it. */
#ifndef KEEL_APP_CLI_SWEEP_FAILURE_H
#define KEEL_APP_CLI_SWEEP_FAILURE_H

#include "app/cli/backtest_accounts.h"
#include "app/cli/sweep_compare.h"
#include "app/cli/sweep_folder.h"
#include "research/sweep/lane_run.h"

typedef struct keel_sweep_failure {
    keel_cli *cli;
    const keel_sweep_header *header;
    const keel_row *row;
    const keel_run_config *run;          /* NULL: the row's configuration cannot be opened */
    const keel_backtest_data *data;      /* NULL: nothing was run */
    const keel_backtest_accounts *plain; /* the backtest path; NULL: it did not run */
    const char *plain_totals;
    uint64_t stepped_hash;          /* of the plain loop */
    const keel_lane_result *device; /* of the device that was asked; NULL: none was */
    const char *device_name, *device_kind;
    int device_differs;
    const keel_sweep_difference *first;
    const char *folder; /* of the report */
    /* out: */
    char verdict[200];
    keel_sweep_difference event; /* the first diverging trade */
    int has_event;
    char report[KEEL_SWEEP_PATH_MAX + 8]; /* the readable one; "": could not be written, which a warning said */
} keel_sweep_failure;

/* Run the trial again where the sides disagree, and write <folder>/confirm-<trial hash>.{json,md}.
 * Returns 0, KEEL_E_NOMEM, or an error of the runs. */
KEEL_MUST_USE int keel_sweep_failure_explain(keel_sweep_failure *f, keel_err *reterr);

#endif
