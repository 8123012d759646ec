/* app/cli/validate_walk_forward.c: keel validate walk-forward. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_format.h"
#include "app/cli/backtest_span.h"
#include "app/cli/text_table.h"
#include "app/cli/walk_stitch.h"
#include "base/build.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/units.h"
#include "ops/report/report.h"
#include "stats/splits.h"

static const keel_cli_opt OPTIONS[] = {
    {"train", "LENGTH", "length of a training window: 90d, 36h or 2000bars", KEEL_CLI_REQUIRED},
    {"test", "LENGTH", "length of the test window that follows it", KEEL_CLI_REQUIRED},
    {"gap", "LENGTH", "left out between training and test, default nothing", 0},
    {"step", "LENGTH", "from one window to the next, default the length of a test", 0},
    {"anchored", NULL, "every training begins at the start of the range and grows", 0},
    {"overlap", NULL, "tests may share bars: allow a step shorter than a test", 0},
    {"accept-gaps", NULL, "run although bars are missing", 0},
    {"accept-moves", NULL, "run although a move looks impossible", 0},
    {"no-funding", NULL, "run perpetuals without funding", 0},
    {"html", "FILE", "write the report as one HTML file", 0},
    {"strategy-timeout", "S", "processor seconds that a file's strategy may take for one answer, default 10", 0},
    {0}};

const keel_cli_verb keel_verb_validate_walk_forward_info = {
    .noun = "validate",
    .verb = "walk-forward",
    .run = keel_verb_validate_walk_forward,
    .summary = "the configuration over one window of time after another",
    .example = "keel validate walk-forward --config run.yaml --train 20d --test 10d",
    .options = {keel_run_config_options, OPTIONS},
    .reports = 1,
    .notes =
        "Each window starts with a fresh account, and its run is the one that keel backtest run makes of the same\n"
        "--timerange: same trades, same state hash. Windows are half open and whole; the rest of the range is\n"
        "left out and said. No parameter is chosen in training here: both columns are the same configuration.\n"};

typedef struct walk {
    keel_cli *cli;
    keel_run_config run;
    keel_backtest_span_options options;
    keel_split_rule rule;
    keel_backtest_span scope;
    keel_split *split; /* [count] */
    int32_t count;
    keel_backtest_span *train, *test; /* [count] each */
} walk;

/* LENGTH as whole bars of the run: "2000bars" or a duration. *ret stays when the option is not given. */
static int read_length(walk *w, const char *name, int64_t *ret) {
    const char *text = keel_cli_option(w->cli, name);
    int64_t ms = 0;
    long long bars = 0;
    char unit[5] = "", more = 0, frame[KEEL_DURATION_TEXT_MAX];
    if (!text) return 0;
    if (sscanf(text, "%9lld%4[bars]%c", &bars, unit, &more) == 2 && strcmp(unit, "bars") == 0)
        ms = (int64_t)bars * w->run.timeframe_ms;
    else if (keel_duration_parse(text, &ms) != 0)
        return keel_err_set(keel_cli_err(w->cli), KEEL_E_USAGE, "not a length: --%s %s: write 90d, 36h or 2000bars",
                            name, text);
    keel_duration_format(w->run.timeframe_ms, frame);
    if (ms % w->run.timeframe_ms != 0)
        return keel_err_set(keel_cli_err(w->cli), KEEL_E_USAGE,
                            "windows end between bars: --%s %s: choose a multiple of %s, or count bars", name, text,
                            frame);
    *ret = ms;
    return 0;
}

static int read_rule(walk *w) {
    KEEL_TRY(read_length(w, "train", &w->rule.train_ms));
    KEEL_TRY(read_length(w, "test", &w->rule.test_ms));
    KEEL_TRY(read_length(w, "gap", &w->rule.gap_ms));
    KEEL_TRY(read_length(w, "step", &w->rule.step_ms));
    w->rule.anchored = keel_cli_flag(w->cli, "anchored");
    w->rule.overlap = keel_cli_flag(w->cli, "overlap");
    if (keel_cli_option(w->cli, "step") && w->rule.step_ms == 0)
        return keel_err_set(keel_cli_err(w->cli), KEEL_E_USAGE, "no step: --step: choose a length above nothing");
    w->options.accept_gaps = keel_cli_flag(w->cli, "accept-gaps");
    w->options.accept_moves = keel_cli_flag(w->cli, "accept-moves");
    w->options.no_funding = keel_cli_flag(w->cli, "no-funding");
    return keel_cli_option_double(w->cli, "strategy-timeout", 0.01, 3600.0, &w->options.stall_s);
}

static int run_windows(walk *w) {
    keel_progress progress;
    int rc = 0;
    w->train = calloc((size_t)w->count, sizeof *w->train);
    w->test = calloc((size_t)w->count, sizeof *w->test);
    if (!w->train || !w->test)
        return keel_err_set(keel_cli_err(w->cli), KEEL_E_NOMEM, "out of memory: windows: choose longer steps");
    keel_progress_begin(w->cli, &progress, "walk-forward", (uint64_t)w->count, "windows");
    for (int32_t i = 0; i < w->count && rc == 0; i++) {
        const keel_split *s = &w->split[i];
        keel_timerange train = {s->train_start_ms, s->train_end_ms}, test = {s->test_start_ms, s->test_end_ms};
        rc = keel_backtest_span_run(w->cli, &w->run, &train, &w->options, &w->train[i]);
        keel_backtest_span_options keeping = w->options;
        keeping.keep_equity = 1;
        if (rc == 0) rc = keel_backtest_span_run(w->cli, &w->run, &test, &keeping, &w->test[i]);
        keel_progress_update(&progress, (uint64_t)i + 1);
    }
    keel_progress_end(&progress, (uint64_t)w->count);
    return rc;
}

/* ---- what it comes to --------------------------------------------------------------------------------------- */

typedef struct sums {
    int64_t trades, net_e8, won; /* won: windows that earned */
    double days, pct;
    double growth; /* of a balance carried from window to window */
    keel_stat worst_pct;
} sums;

static sums sum_up(const keel_backtest_span *spans, int32_t count) {
    sums s = {.growth = 1.0, .worst_pct = keel_stat_none()};
    for (int32_t i = 0; i < count; i++) {
        const keel_stats_summary *x = &spans[i].summary;
        double pct = x->net_profit_pct.value;
        s.trades += x->tally.trades;
        s.net_e8 += x->net_e8;
        s.won += x->net_e8 > 0;
        s.days += (double)(spans[i].end_ms - spans[i].start_ms) / 86400000.0;
        s.pct += pct;
        s.growth *= 1.0 + pct / 100.0;
        if (!s.worst_pct.defined || pct < s.worst_pct.value) s.worst_pct = keel_stat_of(pct);
    }
    return s;
}

/* Profit per day in the tests as a share of that in the trainings; undefined when training earned nothing. */
static keel_stat efficiency(const sums *train, const sums *test) {
    if (!(train->pct > 0.0)) return keel_stat_none();
    return keel_stat_of(test->pct / test->days / (train->pct / train->days));
}

enum { FINDINGS_MAX = 6, WINDOWS_FEW = 5, TRADES_FEW = 30 };
/* Of the daily profit in training that the tests should keep. */
static const double EFFICIENCY_LEAST = 0.5;

typedef struct finding {
    const char *severity, *code;
    char text[200];
} finding;

/* What speaks against the configuration, worst first. */
static int find(const walk *w, finding ret[FINDINGS_MAX]) {
    sums train = sum_up(w->train, w->count), test = sum_up(w->test, w->count);
    keel_stat kept = efficiency(&train, &test);
    int n = 0;
    if (test.growth <= 1.0) {
        ret[n] = (finding){.severity = "warning", .code = "TESTS_LOST"};
        (void)snprintf(ret[n++].text, sizeof ret->text,
                       "The tests together made %.2f %%: nothing was earned out of sample.",
                       (test.growth - 1.0) * 100.0);
    }
    if (2 * test.won < w->count) {
        ret[n] = (finding){.severity = "warning", .code = "FEW_WINDOWS_EARNED"};
        (void)snprintf(ret[n++].text, sizeof ret->text, "Only %lld of %d windows earned in their test.",
                       (long long)test.won, (int)w->count);
    }
    if (kept.defined && kept.value < EFFICIENCY_LEAST) {
        ret[n] = (finding){.severity = "warning", .code = "EFFICIENCY_LOW"};
        (void)snprintf(ret[n++].text, sizeof ret->text, "Tests kept %.2f of the daily profit of the trainings.",
                       kept.value);
    }
    if (w->count < WINDOWS_FEW) {
        ret[n] = (finding){.severity = "warning", .code = "FEW_WINDOWS"};
        (void)snprintf(ret[n++].text, sizeof ret->text, "There are %d windows: %d is the least that says something.",
                       (int)w->count, WINDOWS_FEW);
    }
    if (test.trades < TRADES_FEW) {
        ret[n] = (finding){.severity = "warning", .code = "FEW_TRADES"};
        (void)snprintf(ret[n++].text, sizeof ret->text, "The tests have %lld trades: %d is the least.",
                       (long long)test.trades, TRADES_FEW);
    }
    ret[n] = (finding){.severity = "info", .code = "NOT_OPTIMISED"};
    (void)snprintf(ret[n++].text, sizeof ret->text,
                   "The same configuration ran in every window: nothing was chosen in training. If it was chosen on "
                   "this data, no test is out of sample.");
    return n;
}

static void write_findings(const walk *w, keel_json *j) {
    finding list[FINDINGS_MAX];
    int count = find(w, list);
    keel_json_key(j, "findings");
    keel_json_array(j);
    for (int i = 0; i < count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "severity", list[i].severity);
        keel_json_kstring(j, "code", list[i].code);
        keel_json_kstring(j, "text", list[i].text);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void write_stat(keel_json *j, const char *key, keel_stat s) {
    keel_json_key(j, key);
    if (s.defined)
        keel_json_double(j, s.value);
    else
        keel_json_null(j);
}

static void write_time(keel_json *j, const char *key, int64_t ms) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_kstring(j, key, keel_time_format(ms, text));
}

static void write_span(keel_json *j, const char *key, const keel_backtest_span *s) {
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)s->state_hash);
    keel_json_key(j, key);
    keel_json_object(j);
    write_time(j, "start", s->start_ms);
    write_time(j, "end", s->end_ms);
    keel_json_kint(j, "bars", s->bars);
    keel_json_kint(j, "trades", s->summary.tally.trades);
    keel_json_ke8(j, "net_profit_usd", s->summary.net_e8);
    write_stat(j, "net_profit_pct", s->summary.net_profit_pct);
    write_stat(j, "max_drawdown_pct", s->summary.max_drawdown_pct);
    write_stat(j, "sharpe", s->summary.sharpe);
    write_stat(j, "profit_factor", s->summary.profit_factor);
    keel_json_kstring(j, "state_hash", hash);
    keel_json_close(j);
}

static void write_sums(keel_json *j, const char *key, const sums *s) {
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_kint(j, "trades", s->trades);
    keel_json_ke8(j, "net_profit_usd", s->net_e8);
    keel_json_kint(j, "windows_won", s->won);
    keel_json_kdouble(j, "compounded_pct", (s->growth - 1.0) * 100.0);
    write_stat(j, "worst_window_pct", s->worst_pct);
    keel_json_close(j);
}

static void write_document(const walk *w, keel_json *j) {
    sums train = sum_up(w->train, w->count), test = sum_up(w->test, w->count);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.walk_forward");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "strategy", w->run.strategy);
    keel_json_kstring(j, "config_id", w->run.config_id);
    keel_json_kstring(j, "build", keel_build_id());
    keel_json_key(j, "effective_range");
    keel_json_object(j);
    write_time(j, "start", w->scope.start_ms);
    write_time(j, "end", w->scope.end_ms);
    keel_json_close(j);
    keel_json_key(j, "windows_rule");
    keel_json_object(j);
    keel_json_kint(j, "train_ms", w->rule.train_ms);
    keel_json_kint(j, "gap_ms", w->rule.gap_ms);
    keel_json_kint(j, "test_ms", w->rule.test_ms);
    keel_json_kint(j, "step_ms", w->rule.step_ms != 0 ? w->rule.step_ms : w->rule.test_ms);
    keel_json_kbool(j, "anchored", w->rule.anchored);
    keel_json_kbool(j, "overlap", w->rule.overlap);
    keel_json_kint(j, "unused_ms", w->scope.end_ms - w->split[w->count - 1].test_end_ms);
    keel_json_close(j);
    keel_json_key(j, "windows");
    keel_json_array(j);
    for (int32_t i = 0; i < w->count; i++) {
        keel_json_object(j);
        keel_json_kint(j, "window", i + 1);
        write_span(j, "train", &w->train[i]);
        write_span(j, "test", &w->test[i]);
        keel_json_close(j);
    }
    keel_json_close(j);
    write_sums(j, "train", &train);
    write_sums(j, "test", &test);
    write_stat(j, "efficiency", efficiency(&train, &test));
    keel_json_ke8(j, "starting_balance_usd", w->run.starting_balance_usd_e8);
    write_findings(w, j);
    keel_walk_stitch_json(w->test, w->count, w->run.starting_balance_usd_e8, j);
    keel_json_close(j);
}

static void add_row(keel_table *t, const char *label, const keel_backtest_span *train, const keel_backtest_span *test) {
    keel_cell from = keel_backtest_cell_time(test->start_ms), to = keel_backtest_cell_time(test->end_ms);
    keel_cell trained = keel_cell_stat(train->summary.net_profit_pct, 2);
    keel_cell tested = keel_cell_stat(test->summary.net_profit_pct, 2);
    keel_cell fall = keel_cell_stat(test->summary.max_drawdown_pct, 2),
              sharpe = keel_cell_stat(test->summary.sharpe, 2);
    keel_cell count = keel_cell_count(test->summary.tally.trades);
    from.text[16] = to.text[16] = 0; /* minutes are enough */
    const char *cells[] = {label, from.text, to.text, trained.text, tested.text, fall.text, sharpe.text, count.text};
    keel_table_row(t, cells);
}

static int print_text(const walk *w) {
    static const char *const HEADERS[] = {"Window",        "Test from",      "Test to", "Train Profit %",
                                          "Test Profit %", "Max Drawdown %", "Sharpe",  "Trades"};
    sums train = sum_up(w->train, w->count), test = sum_up(w->test, w->count);
    keel_strbuf text;
    keel_table t;
    keel_strbuf_init(&text, 0);
    keel_table_init(&t, HEADERS, 8, 3);
    for (int32_t i = 0; i < w->count; i++)
        add_row(&t, keel_cell_count(i + 1).text, &w->train[i], &w->test[i]);
    keel_table_print(&t, "WALK-FORWARD", KEEL_TABLE_WIDTH, &text);
    keel_table_done(&t);
    keel_strbuf_addf(&text,
                     "\nTests: %lld of %d windows earned, %s USD in all, %.2f %% compounded, worst window %.2f %%\n",
                     (long long)test.won, w->count, keel_cell_money(test.net_e8).text, (test.growth - 1.0) * 100.0,
                     test.worst_pct.value);
    keel_strbuf_addf(&text, "Profit per day in tests over that in training: %s\n",
                     keel_cell_stat(efficiency(&train, &test), 2).text);
    int64_t left_ms = w->scope.end_ms - w->split[w->count - 1].test_end_ms;
    if (left_ms > 0)
        keel_strbuf_addf(&text, "Not used: the last %s of the range, too short for a window\n",
                         keel_cell_duration(left_ms).text);
    finding list[FINDINGS_MAX];
    int found = find(w, list);
    for (int i = 0; i < found; i++) {
        keel_strbuf_addf(&text, "%s%-8s ", i ? "" : "\n", list[i].severity);
        keel_table_wrap(&text, list[i].text, 9, 9, KEEL_TABLE_WIDTH);
    }
    int failed = text.failed || fputs(keel_strbuf_text(&text), stdout) < 0;
    keel_strbuf_done(&text);
    return failed ? keel_err_set(keel_cli_err(w->cli), KEEL_E_IO,
                                 "cannot write: standard output: %s; send it elsewhere", strerror(errno))
                  : 0;
}

static int write_html(const walk *w, const keel_json *j, const char *path) {
    keel_err *err = keel_cli_err(w->cli);
    keel_tree *document = NULL;
    keel_strbuf page;
    size_t size = 0;
    const char *text = keel_json_text(j, &size);
    keel_strbuf_init(&page, 0);
    int rc = keel_json_parse(text, size, "walk-forward", &document, err);
    if (rc == 0) rc = keel_walk_page_html(document, &page, err);
    if (rc == 0) rc = keel_file_write(path, keel_strbuf_text(&page), page.size, err);
    keel_strbuf_done(&page);
    keel_tree_free(document);
    return rc;
}

static int tell(const walk *w) {
    const char *html = keel_cli_option(w->cli, "html");
    if (!keel_cli_json(w->cli) && !html) return print_text(w);
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(w->cli), KEEL_E_NOMEM, "out of memory: document: close other programs");
    write_document(w, j);
    int rc = html ? write_html(w, j, html) : 0;
    if (rc == 0 && keel_cli_json(w->cli)) rc = keel_cli_print_json(w->cli, j);
    keel_json_free(j);
    return rc == 0 && !keel_cli_json(w->cli) ? print_text(w) : rc;
}

static int work(walk *w) {
    KEEL_TRY(keel_run_config_load(w->cli, &w->run));
    KEEL_TRY(keel_run_config_require(w->cli, &w->run));
    KEEL_TRY(read_rule(w));
    KEEL_TRY(keel_backtest_span_scope(w->cli, &w->run, &w->options, &w->scope));
    KEEL_TRY(
        keel_splits_make(&w->rule, w->scope.start_ms, w->scope.end_ms, &w->split, &w->count, keel_cli_err(w->cli)));
    KEEL_TRY(run_windows(w));
    return tell(w);
}

int keel_verb_validate_walk_forward(keel_cli *cli) {
    walk w;
    memset(&w, 0, sizeof w);
    w.cli = cli;
    int rc = work(&w);
    for (int32_t i = 0; w.test && i < w.count; i++)
        keel_backtest_span_done(&w.test[i]);
    free(w.split);
    free(w.train);
    free(w.test);
    keel_run_config_done(&w.run);
    return rc;
}
