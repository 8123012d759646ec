/* app/cli/control_client.h: what the verbs share that ask something of a running keel (ops/control/desk.h). */
#ifndef KEEL_APP_CLI_CONTROL_CLIENT_H
#define KEEL_APP_CLI_CONTROL_CLIENT_H

#include "app/cli/cli.h"
#include "base/tree.h"
#include "ops/control/request.h"

/* --timeout of a verb that asks; for its options. */
extern const keel_cli_opt keel_control_cli_options[];

/* One run, and what came of asking it. */
typedef struct keel_control_asked {
    char folder[1024];
    int code;          /* 0: it answered, and did it; else KEEL_E_* */
    keel_err err;      /* of that code */
    int silent;        /* 1: a process has the run that does not listen: it is starting or ending */
    keel_tree *answer; /* NULL: none */
} keel_control_asked;

void keel_control_asked_done(keel_control_asked *a);

/* The run of the verb's first argument, or of a run of several strategies each: [*ret_count], handed to the caller:
 * keel_control_all_done. Of each one's code: KEEL_E_NOT_FOUND: no process runs it; KEEL_E_TIMEOUT: one does that does
 * not listen, which is waited for as long, or it does not answer, and may yet obey; what it refuses has the code that
 * it says. Kill is done once its process let go of the run. Errors of keel_paper_several_names; KEEL_E_NOT_FOUND:
 * there is no run. */
KEEL_MUST_USE int keel_control_ask_all(keel_cli *cli, const char *folder, const keel_control_request *r,
                                       keel_control_asked **ret, size_t *ret_count);
void keel_control_all_done(keel_control_asked *list, size_t count);

/* A whole verb that orders something of RUN, with --reason: asked, and told. */
int keel_control_order(keel_cli *cli, keel_control_ask ask);

#endif
