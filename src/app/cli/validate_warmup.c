/* app/cli/validate_warmup.c: keel validate warmup: one proof of keel strategy check, by itself. */
#include "app/cli/strategy_check.h"

const keel_cli_verb keel_verb_validate_warmup_info = {
    .noun = "validate",
    .verb = "warmup",
    .run = keel_verb_validate_warmup,
    .summary = "how much history a strategy wants before its decisions settle",
    .example = "keel validate warmup ema_cross",
    .positionals = "NAME|FILE.c",
    .positional_min = 0,
    .positional_max = 1,
    .options = {keel_strategy_proof_options, keel_strategy_check_options},
    .notes = KEEL_STRATEGY_PROOF_NOTES,
    .reports = 1};

int keel_verb_validate_warmup(keel_cli *cli) { return keel_strategy_proof_run(cli, KEEL_CHECK_WARMUP); }
