/* app/cli/validate_warmup.c: keel validate warmup: one proof of keel strategy check, by itself. */
#include "app/cli/strategy_check.h"

static const keel_cli_opt OPTIONS[] = {{"strategy", "NAME|FILE.c", "the strategy, where it does not stand alone", 0},
                                       {0}};

const keel_cli_verb keel_verb_validate_warmup_info = {
    .noun = "validate",
    .verb = "warmup",
    .run = keel_verb_validate_warmup,
    .summary = "how much history a strategy wants before its decisions settle",
    .example = "keel validate warmup ema_cross",
    .positionals = "NAME|FILE.c",
    .positional_min = 0,
    .positional_max = 1,
    .options = {OPTIONS, keel_strategy_check_options},
    .notes =
        "Exit 0: it is so; 3: it is not; 2: language, tables or rules; 1: the strategy crashed. No data is needed: "
        "the\n"
        "proof runs on made-up candles. 'unknown': the strategy decided nothing there, so nothing was shown. All that\n"
        "can be shown of a strategy: keel strategy check.",
    .reports = 1};

int keel_verb_validate_warmup(keel_cli *cli) {
    const char *name = keel_cli_option(cli, "strategy");
    if (name && keel_cli_positional_count(cli) > 0)
        return keel_cli_refuse_option(cli, "strategy", "names a second strategy: leave one of them out");
    if (!name && keel_cli_positional_count(cli) == 0)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "no strategy: %s: name one, or its file",
                            keel_cli_name(cli));
    return keel_strategy_check_run(cli, name ? name : keel_cli_positional(cli, 0), KEEL_CHECK_WARMUP);
}
