/* app/cli/resume.c: keel resume. */
#include "app/cli/audit_common.h"
#include "app/cli/control_client.h"

const keel_cli_verb keel_verb_resume_info = {
    .noun = "resume",
    .run = keel_verb_resume,
    .summary = "let entries leave again in a running paper run",
    .example = "keel resume runs/paper --reason \"books compared\"",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_audit_reason_options, keel_control_cli_options},
    .notes =
        "Of a run that is paused, halted or in safe mode: for whoever has compared the books with the venue's.\n"
        "Refused (exit code 3) where entries may leave already, while the disk is full or nearly so, and once\n"
        "an execution could not be booked. Otherwise as keel pause.\n",
    .reports = 1};

int keel_verb_resume(keel_cli *cli) { return keel_control_order(cli, KEEL_CONTROL_RESUME); }
