/* app/cli/pause.c: keel pause. */
#include "app/cli/audit_common.h"
#include "app/cli/control_client.h"

const keel_cli_verb keel_verb_pause_info = {
    .noun = "pause",
    .run = keel_verb_pause,
    .summary = "hold entries back in a running paper run; what closes goes on",
    .example = "keel pause runs/paper --reason \"news at noon\"",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_audit_reason_options, keel_control_cli_options},
    .notes =
        "Entry orders at work are called back; exits and stops go on, until keel resume. On record and in the\n"
        "audit trail with your name and reason before it is obeyed; the answer comes afterwards. A run of several\n"
        "strategies is asked strategy by strategy, and one that has not begun begins with the order;\n"
        "RUN/strategies/NAME is one of them. Exit code 3 when it is refused, 4 when no process runs it, 5 when one\n"
        "does that is still starting or already ending (ask again), or does not answer in time: then it may yet\n"
        "obey.\n",
    .reports = 1};

int keel_verb_pause(keel_cli *cli) { return keel_control_order(cli, KEEL_CONTROL_PAUSE); }
