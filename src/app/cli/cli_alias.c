/* app/cli/cli_alias.c: Freqtrade's words for what keel has under other names. */
#include <string.h>

#include "app/cli/cli_internal.h"

const keel_cli_alias keel_cli_aliases[] = {{"backtesting", "backtest", "run"},
                                           {"hyperopt", "sweep", "run"},
                                           {"download-data", "data", "download"},
                                           {"list-data", "data", "list"},
                                           {"lookahead-analysis", "validate", "lookahead"},
                                           {"recursive-analysis", "validate", "warmup"},
                                           {"list-strategies", "strategy", "list"},
                                           {"new-strategy", "strategy", "new"},
                                           {"show-config", "config", "show"},
                                           {"trade", "trade", "paper"},
                                           {NULL, NULL, NULL}};

/* Ours first. Only options that mean the same. */
static const char *const OPTION_ALIASES[][2] = {{"config", "-c"},
                                                {"strategy", "-s"},
                                                {"symbols", "-p"},
                                                {"symbols", "--pairs"},
                                                {"timeframe", "-i"},
                                                {"detail", "--timeframe-detail"},
                                                {"starting-balance", "--dry-run-wallet"},
                                                {"trials", "-e"},
                                                {"trials", "--epochs"}};

const keel_cli_alias *keel_cli_alias_find(const char *word) {
    for (const keel_cli_alias *a = keel_cli_aliases; a->word; a++)
        if (strcmp(a->word, word) == 0) return a;
    return NULL;
}

const char *keel_cli_alias_option(const char *arg) {
    for (size_t i = 0; i < sizeof OPTION_ALIASES / sizeof *OPTION_ALIASES; i++)
        if (strcmp(OPTION_ALIASES[i][1], arg) == 0) return OPTION_ALIASES[i][0];
    return NULL;
}
