/* app/cli/backtest_keep.h: the folder and the report that `keel backtest run` leaves, where its options or the home
 * say. */
#ifndef KEEL_APP_CLI_BACKTEST_KEEP_H
#define KEEL_APP_CLI_BACKTEST_KEEP_H

#include "app/cli/backtest_folder.h"
#include "app/cli/cli.h"

enum { KEEL_BACKTEST_PLACE_SIZE = KEEL_HOME_PATH_MAX + 64 };

/* Where the run is kept: as told, else under runs/ of the home. *ret is NULL when it is not kept. */
KEEL_MUST_USE int keel_backtest_keep_place(keel_cli *cli, const char *run_id, char room[KEEL_BACKTEST_PLACE_SIZE],
                                           const char **ret);

/* Before the run: whether it will be allowed to stay where it is to be kept. Errors: backtest_place.h. */
KEEL_MUST_USE int keel_backtest_keep_check(keel_cli *cli, const char *run_id);

/* Whether the run leaves anything. */
KEEL_MUST_USE int keel_backtest_keep_wanted(keel_cli *cli, int *ret);

/* Write the folder, unless place is NULL, and the report if it was asked for. A run that is no backtest has its folder
 * already and adds to it. Errors: backtest_folder.h. */
KEEL_MUST_USE int keel_backtest_keep(keel_cli *cli, const keel_backtest_folder *in, const char *place);

#endif
