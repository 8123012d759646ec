/* app/cli/kill.c: keel kill. */
#include "app/cli/audit_common.h"
#include "app/cli/control_client.h"

const keel_cli_verb keel_verb_kill_info = {
    .noun = "kill",
    .run = keel_verb_kill,
    .summary = "halt a running paper run and end its process",
    .example = "keel kill runs/paper --reason \"something is wrong\"",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_audit_reason_options, keel_control_cli_options},
    .notes =
        "It is halted, every order at work is called back, and the process ends in order; what is held stays\n"
        "held, and is yours to close: keel flat closes first. The command that began the run goes on with it,\n"
        "halted, until --resume. Answered once the process has let go of the run. Strategies of it that\n"
        "have not begun are not begun; they begin as ever, and not halted, when that command is given again.\n"
        "Otherwise as keel pause.\n",
    .reports = 1};

int keel_verb_kill(keel_cli *cli) { return keel_control_order(cli, KEEL_CONTROL_KILL); }
