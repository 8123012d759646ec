/* app/cli/backtest_keep.c: see backtest_keep.h. */
#include "app/cli/backtest_keep.h"

#include <stdio.h>
#include <string.h>

#include "app/cli/backtest_place.h"

int keel_backtest_keep_place(keel_cli *cli, const char *run_id, char room[KEEL_BACKTEST_PLACE_SIZE], const char **ret) {
    const keel_cli_home *home = NULL;
    *ret = keel_cli_option(cli, "run-dir");
    if (*ret || keel_cli_flag(cli, "no-run-dir")) return 0;
    KEEL_TRY(keel_cli_home_find(cli, &home));
    if (!home) return 0;
    int here = strcmp(home->folder, ".") == 0;
    (void)snprintf(room, KEEL_BACKTEST_PLACE_SIZE, "%s%sruns/%s", here ? "" : home->folder, here ? "" : "/", run_id);
    *ret = room;
    return 0;
}

int keel_backtest_keep_check(keel_cli *cli, const char *run_id) {
    const char *folder = NULL;
    char room[KEEL_BACKTEST_PLACE_SIZE];
    KEEL_TRY(keel_backtest_keep_place(cli, run_id, room, &folder));
    if (!folder) return 0;
    return keel_backtest_place_check(folder, run_id, NULL, keel_cli_flag(cli, "force"), keel_cli_err(cli));
}

int keel_backtest_keep_wanted(keel_cli *cli, int *ret) {
    const char *folder = NULL;
    char room[KEEL_BACKTEST_PLACE_SIZE];
    KEEL_TRY(keel_backtest_keep_place(cli, "", room, &folder));
    *ret = folder || keel_cli_option(cli, "report");
    return 0;
}

int keel_backtest_keep(keel_cli *cli, const keel_backtest_folder *in, const char *place) {
    const char *html = keel_cli_option(cli, "report");
    if (place) {
        KEEL_TRY((in->kind ? keel_backtest_folder_add : keel_backtest_folder_write)(in, place, keel_cli_err(cli)));
        (void)fprintf(stderr, "run kept: %s, its report: %s/report.html\n", place, place);
    }
    return html ? keel_backtest_folder_report(in, html, keel_cli_err(cli)) : 0;
}
