/* app/cli/strategy_new.c: keel strategy new. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli/cli.h"
#include "app/cli/strategy_source.h"

const keel_cli_verb keel_verb_strategy_new_info = {
    .noun = "strategy",
    .verb = "new",
    .run = keel_verb_strategy_new,
    .summary = "write a commented strategy to start from; it runs at once",
    .example = "keel strategy new my.c",
    .positionals = "FILE.c",
    .positional_min = 1,
    .positional_max = 1,
    .notes = "A file that is there is not touched. Form, ideas, common mistakes: docs/strategies.md."};

/* @ stands for the strategy's name. */
static const char *const LINES[] = {
    "/* @: buys when the trend turns up and is not yet overbought, leaves when it turns down.",
    " *",
    " * Run it:    keel backtest run --strategy @.c --store data --symbols BTCUSDT --timeframe 1h",
    " * Judge it:  keel strategy check @.c",
    " *",
    " * keel asks DECIDE once for each closed candle; an order fills at the next open. Nothing is remembered between",
    " * candles: history comes from SIGNALS, the position from view. */",
    "#define VERSION \"0.1.0\"",
    "#define SENTENCE \"buys when the trend turns up and is not yet overbought\"",
    "",
    "/* Numbers to turn from outside (--set fast=10) and to sweep.",
    " * name, INT or REAL, default, minimum, maximum, step, unit, what it is */",
    "#define PARAMS(P)                                                      \\",
    "    P(fast, INT, 12, 2, 500, 1, \"bars\", \"period of the fast average\")  \\",
    "    P(slow, INT, 48, 2, 2000, 1, \"bars\", \"period of the slow average\") \\",
    "    P(most, REAL, 70, 50, 100, 1, \"RSI\", \"no purchase above\")",
    "#define REQUIRES(Q) Q(param(fast) < param(slow), \"the fast average must be the faster one\")",
    "",
    "/* Columns that keel computes. name, indicator ('keel indicator --list' lists them), of what, bars */",
    "#define SIGNALS(S)                    \\",
    "    S(quick, EMA, CLOSE, param(fast)) \\",
    "    S(calm, EMA, CLOSE, param(slow))  \\",
    "    S(quick_1, PREV, OF(quick), 1)    \\",
    "    S(calm_1, PREV, OF(calm), 1)      \\",
    "    S(rsi, RSI, CLOSE, 14)",
    "",
    "/* keel's own rules are off (PLAIN), but for a stop three ATR below the entry. */",
    "#define PRESETS(C) PLAIN(C) C(sl_atr_mult, 3.0)",
    "#include \"strategy.def\"",
    "",
    "DECIDE {",
    "    int32_t up = value(quick) > value(calm), was_up = value(quick_1) > value(calm_1);",
    "    if (view->side == 0 && up && !was_up && value(rsi) < param(most)) buy();",
    "    if (view->side > 0 && !up) leave();",
    "}",
};

static int write_file(const char *path, const char *name, keel_err *err) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        for (const char *c = LINES[i]; *c; c++)
            if (*c == '@')
                keel_strbuf_add(&text, name);
            else
                keel_strbuf_add_char(&text, *c);
        keel_strbuf_add_char(&text, '\n');
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666), rc = 0;
    if (fd < 0 && errno == EEXIST)
        rc = keel_err_set(err, KEEL_E_USAGE, "there is a file already: %.200s: choose another name", path);
    else if (fd < 0 || text.failed || write(fd, keel_strbuf_text(&text), text.size) != (ssize_t)text.size)
        rc = keel_err_set(err, KEEL_E_IO, "cannot write: %.200s: %s; choose another folder", path, strerror(errno));
    if (fd >= 0) (void)close(fd);
    if (fd >= 0 && rc) (void)unlink(path); /* no half file */
    keel_strbuf_done(&text);
    return rc;
}

int keel_verb_strategy_new(keel_cli *cli) {
    const char *path = keel_cli_positional(cli, 0);
    char name[KEEL_USER_NAME_MAX];
    KEEL_TRY(keel_user_name(path, name, keel_cli_err(cli)));
    if (keel_strategy_builtin(name) >= 0)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "'%s' is a built-in strategy: %.200s: choose another name",
                            name, path);
    const keel_cli_home *home;
    KEEL_TRY(keel_cli_home_find(cli, &home));
    KEEL_TRY(write_file(path, name, keel_cli_err(cli)));
    (void)printf("%s written\nrun it:    keel backtest run --strategy %s%s\njudge it:  keel strategy check %s\n", path,
                 path, home ? "" : " --store STORE --symbols SYMBOL --timeframe 1h", path);
    return 0;
}
