/* app/cli/diff.c: keel diff: two runs trade by trade, and the cause of each difference. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/diff_group.h"
#include "app/cli/paper_several.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"backtest", NULL, "B is a backtest of RUN's configuration and window on its store as it is now", 0},
    {"store", "DIR", "store of runs that are made again from one; default: the one they were run on", 0},
    {"match-within", "3h", "entries this far apart may be one trade; default three main bars", 0},
    {"rows", "N", "trades on the page, the largest differences; default 20", 0},
    {"key-file", "FILE", "key of encrypted journals (64 hex digits)", 0},
    {0}};

const keel_cli_verb keel_verb_diff_info = {
    .noun = "diff",
    .run = keel_verb_diff,
    .summary = "two runs trade by trade, and what each difference comes from",
    .example = "keel diff runs/paper --backtest",
    .positionals = "RUN [RUN]",
    .positional_min = 1,
    .positional_max = 2,
    .options = {OPTIONS},
    .reports = 1,
    .notes =
        "RUN is the folder of a backtest or a paper run; the first is A, the second is B. One thing of A after the\n"
        "other is replaced by B's and the run is made again: the difference of each step belongs to what was\n"
        "replaced, so the causes add up to the whole exactly. Order, causes and matching: docs/diff.md.\n"
        "A paper run of several strategies is compared strategy by strategy, and added up.\n"
        "Exit code 0 when every difference has a cause, 6 when one has none.\n"};

enum { ROWS_DEFAULT = 20, ROWS_MAX = 1000000 };

typedef struct job {
    keel_cli *cli;
    keel_diff_ask ask;
    const char *b; /* NULL: a backtest */
    uint8_t key[KEEL_KEY_SIZE];
} job;

static int read_options(job *x) {
    const char *key = keel_cli_option(x->cli, "key-file");
    int two = keel_cli_positional_count(x->cli) == 2;
    if (two && keel_cli_flag(x->cli, "backtest"))
        return keel_cli_refuse_option(x->cli, "backtest", "makes B itself: name one run");
    if (!two && !keel_cli_flag(x->cli, "backtest"))
        return keel_err_set(keel_cli_err(x->cli), KEEL_E_USAGE,
                            "one run alone: keel diff: name a second one, or add --backtest");
    x->b = two ? keel_cli_positional(x->cli, 1) : NULL;
    x->ask = (keel_diff_ask){.cli = x->cli, .store = keel_cli_option(x->cli, "store"), .rows = ROWS_DEFAULT};
    KEEL_TRY(keel_cli_option_int(x->cli, "rows", 0, ROWS_MAX, &x->ask.rows));
    KEEL_TRY(keel_cli_option_duration(x->cli, "match-within", &x->ask.within_ms));
    if (!key) return 0;
    x->ask.key = x->key;
    return keel_key_load(keel_fs_real(), key, x->key, keel_cli_err(x->cli));
}

static int say(const job *x, const keel_diff_pair *pair) {
    keel_err *err = keel_cli_err(x->cli);
    keel_diff_page p = keel_diff_pair_page(&x->ask, pair);
    keel_strbuf text;
    if (keel_cli_json(x->cli)) {
        keel_json *j = keel_json_new(2);
        if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: report: close other programs");
        keel_diff_page_json(&p, j);
        int rc = keel_cli_print_json(x->cli, j);
        keel_json_free(j);
        return rc;
    }
    keel_strbuf_init(&text, 0);
    keel_diff_page_text(&p, &text);
    int rc = 0;
    if (text.failed || fputs(keel_strbuf_text(&text), stdout) < 0)
        rc = keel_err_set(err, KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere", strerror(errno));
    keel_strbuf_done(&text);
    return rc;
}

static int compare(const job *x, const char **ret_verdict) {
    keel_diff_pair *pair = calloc(1, sizeof *pair);
    if (!pair)
        return keel_err_set(keel_cli_err(x->cli), KEEL_E_NOMEM, "out of memory: comparison: close other programs");
    int rc = keel_diff_pair_make(&x->ask, keel_cli_positional(x->cli, 0), x->b, pair);
    if (rc == 0) rc = say(x, pair);
    if (rc == 0) *ret_verdict = keel_diff_page_verdict(&pair->diff);
    keel_diff_pair_done(pair);
    free(pair);
    return rc;
}

static int work(job *x) {
    keel_list names;
    const char *verdict = "", *a = keel_cli_positional(x->cli, 0);
    keel_err *err = keel_cli_err(x->cli);
    KEEL_TRY(read_options(x));
    int rc = keel_paper_several_names(a, &names, err);
    if (rc == 0) rc = names.count ? keel_diff_group(&x->ask, a, &names, x->b, &verdict) : compare(x, &verdict);
    keel_list_done(&names);
    if (rc != 0 || strcmp(verdict, "unexplained") != 0) return rc;
    return keel_err_set(err, KEEL_E_PARITY,
                        "differences without a cause: %s and %s: they were made by another core, a journal or store is "
                        "not what it was, or the engine and the backtest do not agree: then please report it",
                        a, x->b ? x->b : "its backtest");
}

int keel_verb_diff(keel_cli *cli) {
    job *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: comparison: close other programs");
    x->cli = cli;
    int rc = work(x);
    keel_wipe(x->key, sizeof x->key);
    free(x);
    return rc;
}
