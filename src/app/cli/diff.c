/* app/cli/diff.c: keel diff: two runs trade by trade, and the cause of each difference. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/diff_page.h"
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
        "Exit code 0 when every difference has a cause, 6 when one has none.\n"};

enum { ROWS_DEFAULT = 20, ROWS_MAX = 1000000, WITHIN_BARS = 3 };

typedef struct job {
    keel_cli *cli;
    keel_diff_side a, b;
    keel_diff_stages stages;
    keel_diff diff;
    int64_t rows, within_ms;
    uint8_t key[KEEL_KEY_SIZE];
    int has_key;
} job;

static int read_options(job *x) {
    const char *key = keel_cli_option(x->cli, "key-file");
    int two = keel_cli_positional_count(x->cli) == 2;
    if (two && keel_cli_flag(x->cli, "backtest"))
        return keel_cli_refuse_option(x->cli, "backtest", "makes B itself: name one run");
    if (!two && !keel_cli_flag(x->cli, "backtest"))
        return keel_err_set(keel_cli_err(x->cli), KEEL_E_USAGE,
                            "one run alone: keel diff: name a second one, or add --backtest");
    x->rows = ROWS_DEFAULT;
    KEEL_TRY(keel_cli_option_int(x->cli, "rows", 0, ROWS_MAX, &x->rows));
    KEEL_TRY(keel_cli_option_duration(x->cli, "match-within", &x->within_ms));
    if (!key) return 0;
    x->has_key = 1;
    return keel_key_load(keel_fs_real(), key, x->key, keel_cli_err(x->cli));
}

static int open_sides(job *x) {
    const char *store = keel_cli_option(x->cli, "store");
    const uint8_t *key = x->has_key ? x->key : NULL;
    KEEL_TRY(keel_diff_side_open(x->cli, keel_cli_positional(x->cli, 0), key, store, &x->a));
    if (keel_cli_flag(x->cli, "backtest")) return keel_diff_side_backtest(x->cli, &x->a, &x->b);
    return keel_diff_side_open(x->cli, keel_cli_positional(x->cli, 1), key, store, &x->b);
}

static int other_window(const job *x, const char *what) {
    return keel_err_set(keel_cli_err(x->cli), KEEL_E_USAGE,
                        "not the same window: %s of %s and %s differ: compare runs of the same symbols, bars and range",
                        what, x->a.path, x->b.path);
}

static int check_window(const job *x) {
    const keel_diff_side *a = &x->a, *b = &x->b;
    int same = a->symbol_count == b->symbol_count;
    for (int32_t i = 0; same && i < a->symbol_count; i++)
        same = strcmp(a->symbols[i], b->symbols[i]) == 0;
    if (!same) return other_window(x, "the symbols");
    if (a->run->timeframe_ms != b->run->timeframe_ms) return other_window(x, "the bars");
    if (a->range.start_ms != b->range.start_ms || a->range.end_ms != b->range.end_ms)
        return other_window(x, "the ranges");
    return 0;
}

static int say(job *x) {
    keel_err *err = keel_cli_err(x->cli);
    keel_diff_page p = {
        .a = &x->a, .b = &x->b, .d = &x->diff, .runs = x->stages.runs, .rows = x->rows, .within_ms = x->within_ms};
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

static int work(job *x) {
    KEEL_TRY(read_options(x));
    KEEL_TRY(open_sides(x));
    KEEL_TRY(check_window(x));
    if (x->within_ms == 0) x->within_ms = WITHIN_BARS * x->a.run->timeframe_ms;
    KEEL_TRY(keel_diff_stages_make(&x->a, &x->b, &x->stages));
    KEEL_TRY(keel_diff_make(x->stages.item, x->stages.count, x->within_ms, &x->diff, keel_cli_err(x->cli)));
    KEEL_TRY(say(x));
    if (strcmp(keel_diff_page_verdict(&x->diff), "unexplained") != 0) return 0;
    return keel_err_set(
        keel_cli_err(x->cli), KEEL_E_PARITY,
        "differences without a cause: %s and %s: they were made by another core, a journal or store is not "
        "what it was, or the engine and the backtest do not agree: then please report it",
        x->a.path, x->b.is_made ? "its backtest" : x->b.path);
}

int keel_verb_diff(keel_cli *cli) {
    job *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: comparison: close other programs");
    x->cli = cli;
    int rc = work(x);
    keel_diff_done(&x->diff);
    keel_diff_stages_done(&x->stages);
    keel_diff_side_done(&x->a);
    keel_diff_side_done(&x->b);
    keel_wipe(x->key, sizeof x->key);
    free(x);
    return rc;
}
