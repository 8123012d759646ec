/* app/cli/events_brief.c: keel events brief. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli.h"
#include "ops/forensic/brief.h"
#include "port/fs_real.h"

const keel_cli_verb keel_verb_events_brief_info = {
    .noun = "events",
    .verb = "brief",
    .run = keel_verb_events_brief,
    .summary = "a short page for whoever comes to a run: what needs attention first",
    .example = "keel events brief runs/paper",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .notes =
        "State, risks, incidents, what is not known, and what to check: by rules, from events, metrics, the files of\n"
        "incidents, and the audit trail, which says which of them are closed.\n",
    .reports = 1};

int keel_verb_events_brief(keel_cli *cli) {
    keel_brief *b = NULL;
    int rc;
    KEEL_TRY(keel_brief_make(keel_fs_real(), keel_cli_positional(cli, 0), &b, keel_cli_err(cli)));
    if (keel_cli_json(cli)) {
        keel_json *j = keel_json_new(2);
        rc = j ? 0 : keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: brief: close other programs");
        if (rc == 0) {
            keel_brief_json(b, j);
            rc = keel_cli_print_json(cli, j);
        }
        keel_json_free(j);
    } else {
        keel_strbuf out;
        keel_strbuf_init(&out, 0);
        keel_brief_text(b, &out);
        rc = 0;
        if (out.failed || fputs(keel_strbuf_text(&out), stdout) < 0)
            rc = keel_err_set(keel_cli_err(cli), KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere",
                              strerror(errno));
        keel_strbuf_done(&out);
    }
    keel_brief_free(b);
    return rc;
}
