/* app/cli/backtest_keep.h: the folder and the report that `keel backtest run` leaves, where its options or the home
 * say. */
#ifndef KEEL_APP_CLI_BACKTEST_KEEP_H
#define KEEL_APP_CLI_BACKTEST_KEEP_H

#include "app/cli/backtest_accounts.h"
#include "app/cli/backtest_data.h"
#include "app/cli/backtest_report.h"
#include "app/cli/cli.h"
#include "app/cli/run_config.h"

/* Before the run: whether it will be allowed to stay where it is to be kept. Errors: backtest_place.h. */
KEEL_MUST_USE int keel_backtest_keep_check(keel_cli *cli, const char *run_id);

/* Whether the run leaves anything. */
KEEL_MUST_USE int keel_backtest_keep_wanted(keel_cli *cli, int *ret);

/* Write the folder and the report, as far as asked for. kind: of a run that is not a backtest, whose folder is there
 * already and gets its files; both NULL otherwise. Errors: backtest_folder.h. */
KEEL_MUST_USE int keel_backtest_keep(keel_cli *cli, const keel_run_config *run, const keel_backtest_data *data,
                                     const keel_backtest_accounts *accounts, const keel_backtest_report *report,
                                     const char *kind, const char *into);

#endif
