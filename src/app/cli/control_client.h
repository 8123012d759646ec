/* app/cli/control_client.h: what the verbs share that ask something of a running keel (ops/control/desk.h). */
#ifndef KEEL_APP_CLI_CONTROL_CLIENT_H
#define KEEL_APP_CLI_CONTROL_CLIENT_H

#include "app/cli/cli.h"
#include "base/tree.h"
#include "ops/control/request.h"

/* --timeout of a verb that asks; for its options. */
extern const keel_cli_opt keel_control_cli_options[];

/* Of one of several strategies, what the process says that begins them. */
typedef enum keel_control_state {
    KEEL_CONTROL_UNTOLD, /* nobody says */
    KEEL_CONTROL_WAITS,  /* it has not begun */
    KEEL_CONTROL_RUNS,
    KEEL_CONTROL_IS_OVER,
    KEEL_CONTROL_STATES
} keel_control_state;

const char *keel_control_state_word(keel_control_state state); /* "waiting", "running", "over"; "" untold */

/* One run, and what came of asking it. */
typedef struct keel_control_asked {
    char folder[1024];
    int code;          /* 0: it answered, and did it, or it waits or is over; else KEEL_E_* */
    keel_err err;      /* of that code */
    keel_tree *answer; /* NULL: none */
    keel_control_state state;
    int has_begun;    /* where state says that it is over */
    int exit_code;    /* likewise; 0: it came to its end */
    const char *note; /* of one that waits or is over, for people; static */
} keel_control_asked;

/* The run of the verb's first argument, or of a run of several strategies each: [*ret_count], handed to the caller:
 * keel_control_all_done. The process that begins the strategies is asked before them, so that none begins behind an
 * order and without it; it is in the list, last, where it failed to do what was asked. Of each one's code:
 * KEEL_E_NOT_FOUND: no process runs it; KEEL_E_TIMEOUT: one does that does not listen, which is waited for as long, or
 * it does not answer, and may yet obey; what it refuses has the code that it says. Kill is done once the processes let
 * go of the run. Errors of keel_paper_several_names; KEEL_E_NOT_FOUND: there is no run. */
KEEL_MUST_USE int keel_control_ask_all(keel_cli *cli, const char *folder, const keel_control_request *r,
                                       keel_control_asked **ret, size_t *ret_count);
void keel_control_all_done(keel_control_asked *list, size_t count);

/* A whole verb that orders something of RUN, with --reason: asked, and told. */
int keel_control_order(keel_cli *cli, keel_control_ask ask);

#endif
