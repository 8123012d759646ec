/* app/cli/flat.c: keel flat. */
#include "app/cli/audit_common.h"
#include "app/cli/control_client.h"

const keel_cli_verb keel_verb_flat_info = {
    .noun = "flat",
    .run = keel_verb_flat,
    .summary = "close all that a running paper run holds, then hold entries back",
    .example = "keel flat runs/paper --reason \"out before the weekend\"",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_audit_reason_options, keel_control_cli_options},
    .notes =
        "Entry orders are called back, and every position is closed at the market's next price (reason\n"
        "X_EMERGENCY), tried again with each input until nothing is held; no entry leaves until keel resume. The\n"
        "answer comes once the closing orders are durable and sent, not once they are executed: keel status shows\n"
        "what is still held. Otherwise as keel pause.\n",
    .reports = 1};

int keel_verb_flat(keel_cli *cli) { return keel_control_order(cli, KEEL_CONTROL_FLAT); }
