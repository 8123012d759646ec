/* app/cli/backtest_keep.c: see backtest_keep.h. */
#include "app/cli/backtest_keep.h"

#include <stdio.h>
#include <string.h>

#include "app/cli/backtest_folder.h"
#include "app/cli/backtest_place.h"

enum { PLACE_SIZE = KEEL_HOME_PATH_MAX + 64 };

/* Where the run is kept: as told, else under runs/ of the home. *ret is NULL when it is not kept. */
static int find_place(keel_cli *cli, const char *run_id, char room[PLACE_SIZE], const char **ret) {
    const keel_cli_home *home = NULL;
    *ret = keel_cli_option(cli, "run-dir");
    if (*ret || keel_cli_flag(cli, "no-run-dir")) return 0;
    KEEL_TRY(keel_cli_home_find(cli, &home));
    if (!home) return 0;
    int here = strcmp(home->folder, ".") == 0;
    (void)snprintf(room, PLACE_SIZE, "%s%sruns/%s", here ? "" : home->folder, here ? "" : "/", run_id);
    *ret = room;
    return 0;
}

int keel_backtest_keep_check(keel_cli *cli, const char *run_id) {
    const char *folder = NULL;
    char room[PLACE_SIZE];
    KEEL_TRY(find_place(cli, run_id, room, &folder));
    if (!folder) return 0;
    return keel_backtest_place_check(folder, run_id, NULL, keel_cli_flag(cli, "force"), keel_cli_err(cli));
}

int keel_backtest_keep_wanted(keel_cli *cli, int *ret) {
    const char *folder = NULL;
    char room[PLACE_SIZE];
    KEEL_TRY(find_place(cli, "", room, &folder));
    *ret = folder || keel_cli_option(cli, "report");
    return 0;
}

int keel_backtest_keep(keel_cli *cli, const keel_run_config *run, const keel_backtest_data *data,
                       const keel_backtest_accounts *accounts, const keel_backtest_report *report, const char *kind,
                       const char *into) {
    const keel_candles *candles[KEEL_SYMBOLS_MAX];
    const char *folder = NULL, *html = keel_cli_option(cli, "report");
    char room[PLACE_SIZE];
    int32_t n = 0;
    for (int32_t i = 0; i < data->count; i++)
        if (!data->series[i].watch_only) candles[n++] = &data->series[i].main;
    keel_backtest_folder in = {.report = report,
                               .kind = kind,
                               .config = run,
                               .venue = data->venue,
                               .candles = candles,
                               .stops = accounts->all.stops,
                               .stop_count = accounts->all.stop_count,
                               .interval_ms = run->timeframe_ms,
                               .force = keel_cli_flag(cli, "force")};
    folder = into;
    if (!kind) KEEL_TRY(find_place(cli, report->in->run_id, room, &folder));
    if (folder) {
        KEEL_TRY((kind ? keel_backtest_folder_add : keel_backtest_folder_write)(&in, folder, keel_cli_err(cli)));
        (void)fprintf(stderr, "run kept: %s, its report: %s/report.html\n", folder, folder);
    }
    return html ? keel_backtest_folder_report(&in, html, keel_cli_err(cli)) : 0;
}
