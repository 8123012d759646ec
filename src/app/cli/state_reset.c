/* app/cli/state_reset.c: keel state reset: a counter begins anew, by a person's order, with name and reason. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/audit_common.h"
#include "app/cli/state_common.h"
#include "base/json_read.h"
#include "base/timerange.h"
#include "ops/forensic/redact.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"counter", "NAME", "pnl_today, trades_today, trades_this_hour, consecutive_losses, last_loss_time or peak_equity",
     0},
    {"reason", "TEXT", "why; kept with your name, without secrets", 0},
    {0}};

const keel_cli_verb keel_verb_state_reset_info = {
    .noun = "state",
    .verb = "reset",
    .run = keel_verb_state_reset,
    .summary = "let a counter of a paper run begin anew; who and why are kept",
    .example = "keel state reset runs/paper --counter consecutive_losses --reason 'feed was wrong, checked'",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS, keel_audit_cli_options},
    .notes =
        "What lies before the newest bar of the run does not count any more, from the next bar on; also while it\n"
        "runs. Nothing in the books changes. Exit code 2 for a counter that cannot be reset.\n",
    .reports = 1};

static int read_order(keel_cli *cli, keel_reset *r) {
    keel_err *err = keel_cli_err(cli);
    const char *word = keel_cli_option(cli, "counter"), *why = keel_cli_option(cli, "reason");
    if (!word)
        return keel_err_set(err, KEEL_E_USAGE,
                            "no counter is named: command line: --counter NAME, one that keel state show lists");
    int counter = keel_counter_of(word);
    if (counter < 0) return keel_cli_refuse_option(cli, "counter", "is no counter: keel state show lists them");
    if (!why || !*why)
        return keel_err_set(err, KEEL_E_USAGE,
                            "no reason is given: command line: --reason TEXT; it is kept with your name");
    if (strlen(why) > KEEL_RESET_TEXT_MAX) return keel_cli_refuse_option(cli, "reason", "is longer than 200 bytes");
    for (const char *c = why; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return keel_cli_refuse_option(cli, "reason", "holds control characters: one line of text");
    r->counter = (keel_counter)counter;
    (void)keel_redact_text(why, strlen(why), r->why, sizeof r->why);
    return 0;
}

/* Time of the newest counters: what lies up to here does not count. */
static int read_moment(keel_cli *cli, keel_statestore *s, keel_reset *r) {
    char *text = NULL;
    keel_tree *tree = NULL;
    keel_err *err = keel_cli_err(cli);
    KEEL_TRY(keel_statestore_counters(s, &text, err));
    int rc = text ? keel_json_parse(text, strlen(text), "counters", &tree, err)
                  : keel_err_set(err, KEEL_E_NOT_FOUND, "the run has kept no counters yet: wait for its first bar");
    if (rc == 0) rc = keel_json_read_int(keel_tree_find(tree, "as_of_ms"), &r->ts_ms);
    keel_tree_free(tree);
    free(text);
    return rc;
}

static void sign(keel_reset *r) {
    char actor[KEEL_AUDIT_ACTOR_MAX];
    const keel_clock *clock = keel_clock_real();
    r->given_ms = clock->wall_ms(clock->ctx);
    (void)snprintf(r->who, sizeof r->who, "%s", keel_audit_actor(actor));
}

/* Into the run's audit trail first: what cannot be recorded is not done. With its number, by which one that is taken
 * out of the file later is missed. */
static int record(keel_cli *cli, keel_statestore *s, const keel_reset *r) {
    char after[160], time[KEEL_TIME_TEXT_MAX];
    keel_reset *before = NULL;
    int64_t count = 0;
    KEEL_TRY(keel_statestore_resets(s, &before, &count, keel_cli_err(cli)));
    free(before);
    (void)snprintf(after, sizeof after, KEEL_STATE_CLI_RESET "%" PRId64 ": %s counts from %s on", count + 1,
                   keel_counter_words[r->counter], keel_time_format(r->ts_ms, time));
    keel_audit trail = {.fs = keel_fs_real(), .clock = keel_clock_real(), .dir = keel_cli_positional(cli, 0)};
    uint8_t seed[KEEL_KEY_SIZE] = {0};
    int rc = keel_audit_sign_key(cli, seed, &trail);
    if (rc == 0) rc = keel_audit_record(cli, &trail, "counter_reset", r->why, NULL, after);
    keel_wipe(seed, sizeof seed);
    return rc;
}

int keel_verb_state_reset(keel_cli *cli) {
    keel_statestore *s = NULL;
    keel_reset r = {0};
    KEEL_TRY(read_order(cli, &r));
    sign(&r);
    int rc = keel_state_cli_open(cli, &s);
    if (rc == 0) rc = read_moment(cli, s, &r);
    if (rc == 0 && !keel_counter_resettable(r.counter))
        rc = keel_cli_refuse_option(cli, "counter", "cannot be reset: it is where the account stood");
    if (rc == 0) rc = record(cli, s, &r);
    if (rc == 0) rc = keel_statestore_reset(s, &r, keel_cli_err(cli));
    keel_statestore_close(s);
    if (rc != 0) return rc;
    char time[KEEL_TIME_TEXT_MAX];
    if (!keel_cli_json(cli)) {
        (void)printf("%s counts from %s on, by %s\n", keel_counter_words[r.counter], keel_time_format(r.ts_ms, time),
                     r.who);
        return 0;
    }
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: reset: close other programs");
    keel_state_cli_reset_json(&r, j);
    rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}
