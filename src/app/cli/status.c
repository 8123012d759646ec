/* app/cli/status.c: keel status: what a run does now, asked of the process that runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/control_text.h"
#include "port/fs_real.h"

const keel_cli_verb keel_verb_status_info = {
    .noun = "status",
    .run = keel_verb_status,
    .summary = "what a running paper run does now: phase, equity, positions, orders",
    .example = "keel status runs/paper --json",
    .positionals = "[RUN]",
    .positional_max = 1,
    .options = {keel_control_cli_options},
    .notes =
        "Asked of the process that runs it; nothing is changed or recorded. Without RUN: every run of the home\n"
        "that a process runs. A run of several strategies is told strategy by strategy, also those that have not\n"
        "begun or are over. Exit code 4 when no process runs it: then what its record says is shown; 5 when one\n"
        "does that is still starting or already ending, or does not answer in time: ask again.\n",
    .reports = 1};

static const keel_control_request STATUS = {.ask = KEEL_CONTROL_STATUS};

/* ---- the home's -------------------------------------------------------------------------------------------------- */

enum { RUNS_MAX = 1000 };

typedef struct runs {
    char *name[RUNS_MAX];
    size_t count;
} runs;

static int note_name(void *data, const char *name) {
    runs *r = data;
    if (r->count == RUNS_MAX) return -1;
    size_t size = strlen(name) + 1;
    char *copy = malloc(size);
    if (!copy) return -1;
    memcpy(copy, name, size);
    r->name[r->count++] = copy;
    return 0;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Those of one run that a process runs, at the end of what there is. */
static int ask_more(keel_cli *cli, const char *folder, keel_control_asked **io, size_t *io_count) {
    keel_control_asked *list = NULL;
    size_t count = 0, kept = 0;
    if (keel_control_ask_all(cli, folder, &STATUS, &list, &count) != 0) {
        memset(keel_cli_err(cli), 0, sizeof(keel_err)); /* not a paper run's */
        return 0;
    }
    keel_control_asked *grown = realloc(*io, (*io_count + count) * sizeof **io);
    if (!grown) {
        keel_control_all_done(list, count);
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: status: close other programs");
    }
    *io = grown;
    for (size_t i = 0; i < count; i++)
        if (list[i].code != KEEL_E_NOT_FOUND) grown[*io_count + kept++] = list[i];
    *io_count += kept;
    free(list); /* answers were moved; of those that nobody runs there are none */
    return 0;
}

static int ask_home(keel_cli *cli, keel_control_asked **ret, size_t *ret_count) {
    const keel_cli_home *home = NULL;
    char runs_of[KEEL_FS_PATH_MAX], folder[KEEL_FS_PATH_MAX];
    runs found = {.count = 0};
    KEEL_TRY(keel_cli_home_find(cli, &home));
    if (!home)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "which run: keel status: name its folder, or keel init a home");
    KEEL_TRY(keel_fs_path(home->folder, "runs", runs_of, keel_cli_err(cli)));
    (void)keel_fs_real()->list(keel_fs_real()->ctx, runs_of, note_name, &found); /* no folder: no runs */
    qsort(found.name, found.count, sizeof found.name[0], by_name);
    int rc = 0;
    for (size_t i = 0; i < found.count; i++) {
        if (rc == 0) rc = keel_fs_path(runs_of, found.name[i], folder, keel_cli_err(cli));
        if (rc == 0) rc = ask_more(cli, folder, ret, ret_count);
        free(found.name[i]);
    }
    if (rc == 0 && *ret_count == 0)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_NOT_FOUND, "no process runs any: %s: keel trade paper begins one",
                          runs_of);
    return rc;
}

int keel_verb_status(keel_cli *cli) {
    keel_control_asked *list = NULL;
    size_t count = 0;
    int rc = keel_cli_positional_count(cli) > 0
                 ? keel_control_ask_all(cli, keel_cli_positional(cli, 0), &STATUS, &list, &count)
                 : ask_home(cli, &list, &count);
    if (rc == 0) rc = keel_control_tell(cli, list, count, 1);
    keel_control_all_done(list, count);
    return rc;
}
