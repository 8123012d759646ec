/* app/cli/state_show.c: keel state show: counters and the newest kept state of a paper run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/state_common.h"
#include "base/json_read.h"
#include "base/timerange.h"

static const keel_cli_opt OPTIONS[] = {{"state", NULL, "the whole kept state, too", 0}, {0}};

const keel_cli_verb keel_verb_state_show_info = {
    .noun = "state",
    .verb = "show",
    .run = keel_verb_state_show,
    .summary = "counters of a paper run, its newest kept state, and the resets that people ordered",
    .example = "keel state show runs/paper",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS},
    .notes = "Works beside a run. Exit code 4 when nothing is kept there, 6 when a reset was changed or taken out.\n",
    .reports = 1};

typedef struct shown {
    keel_staterow row;
    char *counters;
    keel_reset *resets;
    int64_t count;
} shown;

static int read_all(keel_cli *cli, keel_statestore *s, shown *d) {
    keel_err *err = keel_cli_err(cli);
    KEEL_TRY(keel_statestore_newest(s, &d->row, err));
    KEEL_TRY(keel_statestore_counters(s, &d->counters, err));
    KEEL_TRY(keel_statestore_resets(s, &d->resets, &d->count, err));
    return keel_state_cli_check_resets(cli, d->count);
}

static int say_json(keel_cli *cli, const shown *d) {
    char hash[17];
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: state: close other programs");
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, d->row.state_hash);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.state_store");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kint(j, "taken_ms", d->row.taken_ms);
    keel_json_kint(j, "input", (int64_t)d->row.input);
    keel_json_kstring(j, "state_hash", hash);
    keel_json_kint(j, "rejected", d->row.rejected);
    keel_json_key(j, "counters");
    keel_json_raw(j, d->counters ? d->counters : "null");
    keel_json_key(j, "resets");
    keel_json_array(j);
    for (int64_t i = 0; i < d->count; i++)
        keel_state_cli_reset_json(&d->resets[i], j);
    keel_json_close(j);
    if (keel_cli_flag(cli, "state")) {
        keel_json_key(j, "state");
        keel_json_raw(j, d->row.state);
    }
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static void say_counters(const shown *d) {
    keel_tree *tree = NULL;
    keel_err ignored = {0};
    if (!d->counters || keel_json_parse(d->counters, strlen(d->counters), "counters", &tree, &ignored) != 0) return;
    static const char *const ROWS[] = {"as_of",
                                       "equity_usd",
                                       "pnl_today_usd",
                                       "trades_today",
                                       "trades_this_hour",
                                       "consecutive_losses",
                                       "last_loss_time",
                                       "cooldown_until",
                                       "day_start_equity_usd",
                                       "week_start_equity_usd",
                                       "peak_equity_usd"};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const keel_tree *value = keel_tree_find(tree, ROWS[i]);
        (void)printf("  %-22s %s\n", ROWS[i], value && value->text ? value->text : "-");
    }
    keel_tree_free(tree);
}

static void say_text(const shown *d) {
    char time[KEEL_TIME_TEXT_MAX];
    (void)printf("state %016" PRIx64 " after input %" PRIu64 ", kept %s\n", d->row.state_hash, d->row.input,
                 keel_time_format(d->row.taken_ms, time));
    if (d->row.rejected > 0) (void)printf("  %" PRId32 " newer states do not fit their sums\n", d->row.rejected);
    say_counters(d);
    for (int64_t i = 0; i < d->count; i++)
        (void)printf("  reset %-19s up to %s, by %s: %s\n", keel_counter_words[d->resets[i].counter],
                     keel_time_format(d->resets[i].ts_ms, time), d->resets[i].who, d->resets[i].why);
}

int keel_verb_state_show(keel_cli *cli) {
    keel_statestore *s = NULL;
    shown d = {0};
    int rc = keel_state_cli_open(cli, &s);
    if (rc == 0) rc = read_all(cli, s, &d);
    if (rc == 0 && keel_cli_json(cli))
        rc = say_json(cli, &d);
    else if (rc == 0) {
        say_text(&d);
        if (keel_cli_flag(cli, "state")) (void)printf("%s\n", d.row.state);
    }
    keel_statestore_close(s);
    keel_staterow_done(&d.row);
    free(d.counters);
    free(d.resets);
    return rc;
}
