/* app/cli/strategy_check.h: the checks of a strategy, for the verbs that make all or one of them. */
#ifndef KEEL_APP_CLI_STRATEGY_CHECK_H
#define KEEL_APP_CLI_STRATEGY_CHECK_H

#include "app/cli/cli.h"

/* Names of the proofs that stand alone too. */
#define KEEL_CHECK_LOOKAHEAD "no_lookahead"
#define KEEL_CHECK_WARMUP "warm_up"

/* What the checks read: --set. */
extern const keel_cli_opt keel_strategy_check_options[];

/* The verb whose options are keel_strategy_check_options, about the strategy of this name.
 *   only  in  one of the names above: that proof, and what keeps it from being made; NULL: all
 * Returns as verbs do: 0, KEEL_E_GATE when a proof failed, or what refused the strategy. */
int keel_strategy_check_run(keel_cli *cli, const char *name, const char *only);

/* The verbs of one proof: their options, the notes of their help, and their whole run. */
extern const keel_cli_opt keel_strategy_proof_options[];
#define KEEL_STRATEGY_PROOF_NOTES                                                                                    \
    "Exit 0: it is so; 3: it is not, or is unknown: the strategy decided nothing there, so nothing was shown;\n"      \
    "2: language, tables or rules; 1: the strategy crashed. No data is needed: the proof runs on made-up candles.\n" \
    "All that can be shown of a strategy: keel strategy check."
int keel_strategy_proof_run(keel_cli *cli, const char *only);

#endif
