/* app/cli/validate_lookahead.c: keel validate lookahead: one proof of keel strategy check, by itself. */
#include "app/cli/strategy_check.h"

const keel_cli_verb keel_verb_validate_lookahead_info = {
    .noun = "validate",
    .verb = "lookahead",
    .run = keel_verb_validate_lookahead,
    .summary = "does a strategy know the future: it is replaced, and nothing may change",
    .example = "keel validate lookahead ema_cross",
    .positionals = "NAME|FILE.c",
    .positional_min = 0,
    .positional_max = 1,
    .options = {keel_strategy_proof_options, keel_strategy_check_options},
    .notes = KEEL_STRATEGY_PROOF_NOTES,
    .reports = 1};

int keel_verb_validate_lookahead(keel_cli *cli) { return keel_strategy_proof_run(cli, KEEL_CHECK_LOOKAHEAD); }
