/* app/cli/cancel.c: keel cancel. */
#include "app/cli/audit_common.h"
#include "app/cli/control_client.h"

const keel_cli_verb keel_verb_cancel_info = {
    .noun = "cancel",
    .run = keel_verb_cancel,
    .summary = "call back every order that is at work in a running paper run",
    .example = "keel cancel runs/paper --reason \"wrong size\"",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_audit_reason_options, keel_control_cli_options},
    .notes =
        "Those that close, too; the run goes on, and its strategy may order again: keel pause first holds entries\n"
        "back. Otherwise as keel pause.\n",
    .reports = 1};

int keel_verb_cancel(keel_cli *cli) { return keel_control_order(cli, KEEL_CONTROL_CANCEL); }
