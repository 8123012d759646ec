/* app/cli/backtest_run.c: keel backtest run: configuration, data, the run and its baselines, what is said about it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cli/backtest_accounts.h"
#include "app/cli/backtest_data.h"
#include "app/cli/backtest_exec.h"
#include "app/cli/backtest_internal.h"
#include "app/cli/backtest_keep.h"
#include "app/cli/backtest_mode.h"
#include "app/cli/backtest_report.h"
#include "app/cli/backtest_trials.h"
#include "app/cli/run_config.h"
#include "app/cli/sweep_folder.h"
#include "base/build.h"
#include "base/file.h"
#include "base/real.h"
#include "base/timerange.h"
#include "core/strategy/strategy.h"
#include "kernel/unit_text.h"

const keel_cli_opt keel_backtest_run_options[] = {
    {"export-trades", "FILE", "write the trades as CSV", 0},
    {"export-equity", "FILE", "write equity and drawdown at each bar close as CSV", 0},
    {"export-decisions", "FILE", "write every signal and command with its gates, values and reasons as JSON lines", 0},
    {"run-dir", "DIR", "keep the run as this folder; default in a home: runs/<run_id>", 0},
    {"force", NULL, "replace the folder of another run at that place", 0},
    {"no-run-dir", NULL, "keep no folder of the run, in a home too", 0},
    {"report", "FILE", "write the report as one HTML file", 0},
    {"trial", "HASH", "a trial of a sweep, with everything it was run with; no other flag of the run is needed", 0},
    {"no-baselines", NULL, "skip the five baselines on the same data", 0},
    {"keep-open", NULL, "leave positions open at the end instead of closing them", 0},
    {"accept-gaps", NULL, "run although bars are missing; recorded in the result", 0},
    {"strategy-timeout", "S", "processor seconds that a file's strategy may take for one answer, default 10", 0},
    {"accept-moves", NULL, "run although a move looks impossible; recorded in the result", 0},
    {"no-funding", NULL, "run perpetuals without funding; recorded in the result", 0},
    {"max-memory-mb", "N", "refuse a run that would need more memory than this, in MiB", 0},
    {"print-config", NULL, "write the configuration as YAML and stop", 0},
    {0}};

const keel_cli_verb keel_verb_backtest_run_info = {
    .noun = "backtest",
    .verb = "run",
    .run = keel_verb_backtest_run,
    .summary = "run one strategy over history and say what it did",
    .example = "keel backtest run --store data --strategy ema_cross --symbols BTCUSDT --timeframe 1h",
    .options = {keel_run_config_options, keel_sweep_folder_options, keel_backtest_run_options},
    .reports = 1,
    .notes =
        "Fills, costs and their limits: docs/models/fills.md. Data is checked first: a gap, an impossible move\n"
        "or missing funding refuses the run (exit 3) unless it is accepted by name.\n"};

enum { BASELINES = 5, HOLDS = KEEL_LANE_HOLDS, MEMORY_MIB_MAX = 1 << 30 };

static const int32_t BASELINE_IDS[BASELINES] = {KEEL_STRATEGY_BUY_HOLD, KEEL_STRATEGY_NO_TRADE, KEEL_STRATEGY_MOMENTUM,
                                                KEEL_STRATEGY_MEAN_REVERSION, KEEL_STRATEGY_CARRY};

static const char *const REGIMES[KEEL_REGIME_COUNT] = {"UNKNOWN", "BULL", "BEAR", "CHOP", "CRASH"};

static const char *const GATE_NAMES[KEEL_GATE_COUNT] = {
#define NAME(name, number, label, sentence) label,
    KEEL_GATES(NAME)
#undef NAME
};

/* One invocation: everything that is freed at its end. */
typedef struct job {
    keel_cli *cli;
    const keel_backtest_mode *mode; /* NULL: a backtest */
    const char *folder;             /* of the mode */
    keel_run_config run;
    keel_backtest_data data;
    keel_backtest_part *part; /* one per strategy */
    keel_backtest_accounts accounts;
    keel_exec_result baseline[BASELINES];
    int32_t baseline_count;
    keel_progress progress;
    double seconds;
    char run_id[17];
    keel_sweep_asked asked; /* how to run, by flags or by the trial's sweep */
    uint64_t trial_hash;    /* state hash of the trial's row, when has_trial */
    int has_trial;
    keel_backtest_trials trials;
} job;

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- configuration ----------------------------------------------------------------------------------------- */

static int print_config(const keel_run_config *run) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_run_config_write_yaml(run, 0, &text);
    (void)fputs(keel_strbuf_text(&text), stdout);
    keel_strbuf_done(&text);
    return 0;
}

/* ---- running ----------------------------------------------------------------------------------------------- */

static void show_progress(void *data, int64_t bars_done) { keel_progress_update(data, (uint64_t)bars_done); }

/* A baseline: same data, costs and caps; fully invested at leverage 1, equal shares; its own parameters at default. */
static void baseline_params(const keel_params *of, int32_t id, int32_t traded, keel_params *ret) {
    keel_params_default(ret);
    ret->maker_fee_bps = of->maker_fee_bps;
    ret->taker_fee_bps = of->taker_fee_bps;
    ret->slippage_bps = of->slippage_bps;
    ret->allow_short = of->allow_short;
    ret->borrow_rate_annual = of->borrow_rate_annual;
    ret->maintenance_margin_pct = of->maintenance_margin_pct;
    ret->max_gross_exposure = of->max_gross_exposure;
    ret->max_gap_bars = of->max_gap_bars;
    KEEL_ASSERT(keel_strategy_select(ret, id));
    ret->max_positions = traded;
    ret->allocation_pct = 1.0 / (double)traded;
    ret->cash_reserve_pct = 0.01 / (double)traded;
}

static int32_t traded_symbols(const keel_backtest_data *d) {
    int32_t n = 0;
    for (int32_t i = 0; i < d->count; i++)
        n += !d->series[i].watch_only;
    return n;
}

/* Run the configuration itself, writing its decisions when asked to. A failed run leaves no half file behind. */
static int run_main(job *b, keel_exec_options *o) {
    keel_err *err = keel_cli_err(b->cli);
    const char *path = keel_cli_option(b->cli, "export-decisions");
    if (!path) return keel_backtest_accounts_run(&b->run, &b->data, o, &b->accounts, err);
    keel_decision_log log = {.file = fopen(path, "w"), .path = path, .regimes = REGIMES};
    if (!log.file)
        return keel_err_set(err, KEEL_E_IO, "cannot write: %s: %s; choose another file", path, strerror(errno));
    o->decisions = &log;
    int rc = keel_backtest_accounts_run(&b->run, &b->data, o, &b->accounts, err);
    o->decisions = NULL;
    if (fclose(log.file) != 0 && rc == 0)
        rc = keel_err_set(err, KEEL_E_IO, "cannot write: %s: %s; free some space", path, strerror(errno));
    if (rc != 0) (void)remove(path);
    return rc;
}

static int run_all(job *b) {
    keel_err *err = keel_cli_err(b->cli);
    keel_exec_options o = {.capital_e8 = b->run.starting_balance_usd_e8,
                           .close_at_end = !b->asked.keep_open,
                           .interrupted = keel_cli_interrupted,
                           .progress = show_progress,
                           .progress_data = &b->progress,
                           .body = b->mode ? b->mode->execute : NULL,
                           .body_data = b->mode ? b->mode->data : NULL};
    if (!b->mode) KEEL_TRY(keel_backtest_keep_wanted(b->cli, &o.keep_stops));
    KEEL_TRY(keel_cli_option_double(b->cli, "strategy-timeout", 0.01, 3600.0, &o.stall_s));
    double start = now_s();
    keel_progress_begin(b->cli, &b->progress, "backtest", (uint64_t)b->accounts.bars, "bars");
    int rc = run_main(b, &o);
    keel_progress_end(&b->progress, (uint64_t)b->accounts.bars);
    b->seconds = now_s() - start;
    if (rc != 0 || keel_cli_flag(b->cli, "no-baselines")) return rc;
    o.progress = NULL;
    o.keep_stops = 0;
    o.body = NULL;
    o.kernel = &keel_kernel_builtin;
    for (int32_t i = 0; i < BASELINES && rc == 0; i++) {
        keel_params p;
        baseline_params(&b->run.params, BASELINE_IDS[i], traded_symbols(&b->data), &p);
        rc = keel_exec_run(&p, b->data.tape, b->data.rules, &o, &b->baseline[i], err);
        b->baseline_count += rc == 0;
    }
    return rc;
}

/* run_id: first 16 hex digits of SHA-256 over configuration, data, the text of the core, start of the range, and what
 * else changes the result. */
static void name_run(job *b) {
    char text[640], digest[KEEL_SHA256_TEXT_MAX], model[KEEL_PAPER_MODEL_TEXT] = "";
    if (b->mode && b->mode->model) (void)keel_paper_model_text(b->mode->model, model);
    (void)snprintf(text, sizeof text, "%s\n%s\n%s\n%lld\n%s%s", b->run.config_id, b->data.dataset_hash,
                   keel_unit_sha256, (long long)b->data.start_ms, b->asked.keep_open ? "keep-open\n" : "", model);
    keel_sha256_text(text, strlen(text), digest);
    memcpy(b->run_id, digest, 16);
    b->run_id[16] = 0;
}

/* ---- saying it --------------------------------------------------------------------------------------------- */

/* Storage for the parts of a report that are built here. */
typedef struct parts {
    keel_backtest_symbol symbols[KEEL_SYMBOLS_MAX];
    keel_backtest_run baselines[BASELINES];
    keel_backtest_strategy strategies[KEEL_RUN_PARTS_MAX];
    keel_backtest_count holds[HOLDS], gates[KEEL_GATE_COUNT];
    keel_backtest_setting settings[10];
    char setting_text[10][48];
    const char *warnings[KEEL_BACKTEST_WARNINGS];
    char timeframe[KEEL_DURATION_TEXT_MAX], detail[KEEL_DURATION_TEXT_MAX];
    keel_backtest_result result;
} parts;

static void add_setting(parts *x, const char *key, const char *format, ...) KEEL_PRINTF(3, 4);
static void add_setting(parts *x, const char *key, const char *format, ...) {
    int32_t i = x->result.setting_count++;
    va_list args;
    KEEL_ASSERT(i < (int32_t)(sizeof x->settings / sizeof *x->settings));
    va_start(args, format);
    (void)vsnprintf(x->setting_text[i], sizeof x->setting_text[i], format, args);
    va_end(args);
    x->settings[i] = (keel_backtest_setting){.key = key, .json = x->setting_text[i]};
}

static void add_settings(const job *b, parts *x) {
    const keel_params *p = &b->run.params;
    keel_paper_model model = {0};
    if (b->mode && b->mode->model) model = *b->mode->model;
    int spot = strcmp(b->data.market, "spot") == 0;
    add_setting(x, "taker_fee_bps", "%.10g", (double)p->taker_fee_bps / KEEL_PARAM_SCALE_BPS);
    add_setting(x, "maker_fee_bps", "%.10g", (double)p->maker_fee_bps / KEEL_PARAM_SCALE_BPS);
    add_setting(x, "slippage_bps", "%.10g", (double)p->slippage_bps / KEEL_PARAM_SCALE_BPS);
    add_setting(x, "leverage", "%.10g", p->leverage);
    add_setting(x, "fill_model", "\"bars_next_open\"");
    add_setting(x, "funding", "%s", !spot && !b->asked.no_funding ? "true" : "false");
    add_setting(x, "borrow_rate_annual", "%.10g", spot ? p->borrow_rate_annual : 0.0);
    add_setting(x, "latency_ms", "%lld", (long long)model.sim.latency_ms);
    add_setting(x, "partial_fills", "%s", model.sim.fill_share_e8 ? "true" : "false");
    add_setting(x, "close_at_end", "%s", b->asked.keep_open ? "false" : "true");
}

static void add_counts(const keel_lane_tally *t, parts *x) {
    for (int32_t i = 0; i < HOLDS; i++)
        if (t->holds[i] > 0)
            x->holds[x->result.hold_count++] =
                (keel_backtest_count){.name = keel_backtest_reason_name(KEEL_H_GATE + i), .count = t->holds[i]};
    for (int32_t i = 0; i < KEEL_GATE_COUNT; i++)
        if (t->gate_fails[i] > 0)
            x->gates[x->result.gate_count++] = (keel_backtest_count){.name = GATE_NAMES[i], .count = t->gate_fails[i]};
}

/* Positions at once: of each account the most that a strategy on it may have. */
static int64_t max_open(const job *b) {
    int64_t sum = 0;
    for (int32_t i = 0; i < b->accounts.count; i++) {
        const keel_backtest_account *a = &b->accounts.items[i];
        int32_t most = 0;
        for (int32_t k = 0; k < a->count; k++) {
            int32_t own = keel_run_config_at(&b->run, a->first + k)->params.max_positions;
            if (own > most) most = own;
        }
        sum += most;
    }
    return sum;
}

static void add_strategies(const job *b, parts *x) {
    int32_t count = keel_run_config_count(&b->run);
    x->result.strategies = x->strategies;
    x->result.strategy_count = count;
    x->result.trade_strategy = b->accounts.trade_part;
    if (b->run.part_count) x->result.accounts = b->run.shared ? "shared" : "separate";
    for (int32_t i = 0; i < count; i++) {
        const keel_run_config *part = keel_run_config_at(&b->run, i);
        keel_backtest_strategy *s = &x->strategies[i];
        *s = (keel_backtest_strategy){.name = keel_run_config_label(&b->run, i),
                                      .strategy = part->strategy,
                                      .version = part->strategy_version,
                                      .text = &part->source.text,
                                      .sha256 = part->strategy_sha256,
                                      .symbols = part->symbols,
                                      .own_account = !b->run.shared};
        if (b->run.shared) continue;
        s->config_id = part->config_id;
        s->start_e8 = b->accounts.items[i].start_e8;
        s->run = keel_backtest_run_of(keel_backtest_accounts_result(&b->accounts, i), s->name);
    }
}

static void fill_result(const job *b, parts *x) {
    const keel_backtest_data *d = &b->data;
    keel_backtest_result *r = &x->result;
    memset(x, 0, sizeof *x);
    keel_duration_format(b->run.timeframe_ms, x->timeframe);
    if (b->run.detail_ms > 0) keel_duration_format(b->run.detail_ms, x->detail);
    *r = (keel_backtest_result){.run_id = b->run_id,
                                .config_id = b->run.config_id,
                                .dataset_hash = d->dataset_hash,
                                .build = keel_build_id(),
                                .strategy = b->run.strategy,
                                .strategy_version = b->run.strategy_version,
                                .trading_mode = d->market,
                                .timeframe = x->timeframe,
                                .detail = b->run.detail_ms > 0 ? x->detail : NULL,
                                .max_open = max_open(b),
                                .start_ms = d->start_ms,
                                .end_ms = d->end_ms,
                                .bars_processed = b->accounts.all.tally.bars,
                                .wall_seconds = b->seconds,
                                .start_e8 = b->run.starting_balance_usd_e8,
                                .can_owe = keel_run_config_can_owe(&b->run),
                                .run = keel_backtest_run_of(&b->accounts.all, b->run.strategy),
                                .baselines = x->baselines,
                                .baseline_count = b->baseline_count,
                                .symbols = x->symbols,
                                .regime_names = REGIMES,
                                .regime_count = KEEL_REGIME_COUNT,
                                .holds = x->holds,
                                .gates = x->gates,
                                .settings = x->settings,
                                .trial_count = b->trials.count,
                                .trial_sweeps = b->trials.sweeps,
                                .trial_hash = b->has_trial ? b->trials.hash : NULL,
                                .trial_sweep = b->has_trial ? b->trials.sweep_id : NULL,
                                .trial_equal = b->has_trial && b->accounts.all.state_hash == b->trial_hash,
                                .warnings = x->warnings,
                                .warning_count = d->warning_count};
    for (int32_t i = 0; i < d->count; i++) {
        if (d->series[i].watch_only) continue; /* they come last, so indexes stay those of the trades */
        x->symbols[r->symbol_count++] = (keel_backtest_symbol){.name = d->series[i].name,
                                                               .bars = d->series[i].bars,
                                                               .first_px_e8 = d->series[i].first_px_e8,
                                                               .last_px_e8 = d->series[i].last_px_e8};
    }
    for (int32_t i = 0; i < b->baseline_count; i++)
        x->baselines[i] = keel_backtest_run_of(&b->baseline[i], keel_strategy_describe(BASELINE_IDS[i]).name);
    for (int32_t i = 0; i < d->warning_count; i++)
        x->warnings[i] = d->warnings[i];
    add_strategies(b, x);
    add_counts(&b->accounts.all.tally, x);
    add_settings(b, x);
}

static int export_csv(keel_cli *cli, const char *option, const keel_backtest_result *r,
                      void (*write)(const keel_backtest_result *, keel_strbuf *)) {
    const char *path = keel_cli_option(cli, option);
    keel_strbuf text;
    if (!path) return 0;
    keel_strbuf_init(&text, (size_t)1 << 33);
    write(r, &text);
    const char *bytes = keel_strbuf_text(&text);
    int rc = text.failed
                 ? keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: shorten the time range", path)
                 : keel_file_write(path, bytes, strlen(bytes), keel_cli_err(cli));
    keel_strbuf_done(&text);
    return rc;
}

static int show(keel_cli *cli, const keel_backtest_report *report) {
    keel_strbuf text;
    if (keel_cli_json(cli)) {
        keel_json *j = keel_json_new(2);
        if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
        keel_backtest_report_json(report, j);
        int rc = keel_cli_print_json(cli, j);
        keel_json_free(j);
        return rc;
    }
    keel_strbuf_init(&text, 0);
    keel_backtest_report_text(report, &text);
    int rc = 0;
    if (text.failed || fputs(keel_strbuf_text(&text), stdout) < 0)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere",
                          strerror(errno));
    keel_strbuf_done(&text);
    return rc;
}

static int tell(job *b) {
    keel_err *err = keel_cli_err(b->cli);
    keel_backtest_report *report = NULL;
    parts *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    fill_result(b, x);
    int rc = keel_backtest_report_new(&x->result, &report, err);
    if (rc == 0) rc = export_csv(b->cli, "export-trades", &x->result, keel_backtest_trades_csv);
    if (rc == 0) rc = export_csv(b->cli, "export-equity", &x->result, keel_backtest_equity_csv);
    if (rc == 0)
        rc = keel_backtest_keep(b->cli, &b->run, &b->data, &b->accounts, report, b->mode ? b->mode->kind : NULL,
                                b->folder);
    if (rc == 0) rc = show(b->cli, report);
    if (rc == 0) rc = keel_backtest_report_verdict(report, err);
    keel_backtest_report_free(report);
    free(x);
    return rc;
}

/* ---- the verb ---------------------------------------------------------------------------------------------- */

/* Results held in memory at once: each account's and, of several, their sum. */
static int32_t held_runs(const job *b) {
    int32_t accounts = b->run.shared ? 1 : keel_run_config_count(&b->run);
    return accounts == 1 ? 1 : accounts + 1;
}

/* The configuration of a sweep's trial, and how its sweep ran it. Only the place of the store may be another. */
static int load_trial(job *b, const char *hash) {
    char folder[KEEL_SWEEP_PATH_MAX];
    keel_sweep_header header;
    keel_row row;
    const char *name, *value;
    for (size_t i = 0; keel_cli_given_at(b->cli, i, &name, &value); i++) {
        int fixed = 0;
        for (const keel_cli_opt *o = keel_run_config_options; o->name; o++)
            fixed |= strcmp(o->name, name) == 0 && strcmp(o->name, "store") != 0;
        if (fixed)
            return keel_err_set(keel_cli_err(b->cli), KEEL_E_USAGE,
                                "--%s would make it another run: %s --trial: leave it out", name,
                                keel_cli_name(b->cli));
    }
    KEEL_TRY(keel_sweep_folder(b->cli, folder));
    int rc = keel_sweep_find_trial(folder, hash, &header, &row, keel_cli_err(b->cli));
    if (rc == 0) rc = keel_sweep_row_config(b->cli, &header, &row, &b->run);
    if (rc == 0) {
        b->asked = header.asked;
        b->has_trial = row.trial.status == KEEL_TRIAL_OK;
        b->trial_hash = row.trial.state_hash;
        (void)snprintf(b->trials.hash, sizeof b->trials.hash, "%s", row.trial.trial_hash);
        (void)snprintf(b->trials.sweep_id, sizeof b->trials.sweep_id, "%s", header.sweep_id);
        if (keel_cli_option(b->cli, "store")) b->run.store = keel_cli_option(b->cli, "store");
    }
    keel_row_done(&row);
    keel_sweep_header_done(&header);
    return rc;
}

static int load_config(job *b) {
    const char *trial = keel_cli_option(b->cli, "trial");
    if (trial) return load_trial(b, trial);
    b->asked = (keel_sweep_asked){.keep_open = keel_cli_flag(b->cli, "keep-open"),
                                  .accept_gaps = keel_cli_flag(b->cli, "accept-gaps"),
                                  .accept_moves = keel_cli_flag(b->cli, "accept-moves"),
                                  .no_funding = keel_cli_flag(b->cli, "no-funding")};
    int rc = keel_run_config_load(b->cli, &b->run);
    if (rc == KEEL_E_RANGE) keel_backtest_data_say_coverage(&b->run, keel_cli_err(b->cli)); /* an empty range */
    return rc;
}

/* A trial's run must end where its row says. */
static int check_trial(const job *b) {
    uint64_t hash = b->accounts.all.state_hash;
    if (!b->has_trial || hash == b->trial_hash) return 0;
    return keel_err_set(
        keel_cli_err(b->cli), KEEL_E_PARITY,
        "this run is not the trial: state hash %016llx, its row says %016llx: data or build differ, or the "
        "row was changed; keel sweep confirm compares them",
        (unsigned long long)hash, (unsigned long long)b->trial_hash);
}

static int work(job *b) {
    keel_err *err = keel_cli_err(b->cli);
    int64_t memory_mib = 0;
    KEEL_TRY(load_config(b));
    if (keel_cli_flag(b->cli, "print-config")) return print_config(&b->run);
    if (b->mode && b->mode->store) b->run.store = b->mode->store;
    KEEL_TRY(keel_run_config_require(b->cli, &b->run));
    KEEL_TRY(keel_cli_option_int(b->cli, "max-memory-mb", 1, MEMORY_MIB_MAX, &memory_mib));
    b->part = keel_backtest_parts_new(&b->run);
    if (!b->part)
        return keel_err_set(keel_cli_err(b->cli), KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    keel_backtest_needs needs = {.run = &b->run,
                                 .part = b->part,
                                 .part_count = keel_run_config_count(&b->run),
                                 .accept_gaps = b->asked.accept_gaps,
                                 .accept_moves = b->asked.accept_moves,
                                 .no_funding = b->asked.no_funding,
                                 .runs = held_runs(b) + (keel_cli_flag(b->cli, "no-baselines") ? 0 : BASELINES),
                                 .writes_equity = keel_cli_option(b->cli, "export-equity") != NULL,
                                 .memory_max = memory_mib * (1 << 20)};
    KEEL_TRY(keel_backtest_data_load(&needs, &b->data, err));
    /* Spot accounts hold what they own, unless shorts are asked for by name; then interest accrues. */
    if (strcmp(b->data.market, "spot") == 0 && !keel_config_is_given(b->run.config, "account.allow_short")) {
        KEEL_TRY(keel_run_config_preset(b->cli, &b->run, "account.allow_short", "false", "spot account"));
        keel_backtest_warn(&b->data,
                           "spot account: no shorts unless --set allow_short=true (borrowed coins pay interest)");
    }
    KEEL_TRY(keel_backtest_accounts_plan(&b->run, b->part, &b->data, &b->accounts, err));
    name_run(b);
    if (!b->mode) KEEL_TRY(keel_backtest_keep_check(b->cli, b->run_id));
    if (b->mode) KEEL_TRY(b->mode->prepare(b->mode->data, &b->run, &b->data, &b->accounts, b->run_id, &b->folder, err));
    KEEL_TRY(run_all(b));
    KEEL_TRY(keel_backtest_trials_count(&b->run, &b->data, &b->trials, err));
    KEEL_TRY(tell(b));
    return check_trial(b);
}

int keel_verb_backtest_run(keel_cli *cli) { return keel_backtest_run_as(cli, NULL); }

int keel_backtest_run_as(keel_cli *cli, const keel_backtest_mode *mode) {
    job b;
    memset(&b, 0, sizeof b);
    b.cli = cli;
    b.mode = mode;
    int rc = work(&b);
    keel_backtest_accounts_done(&b.accounts);
    free(b.part);
    for (int32_t i = 0; i < BASELINES; i++)
        keel_exec_done(&b.baseline[i]);
    keel_backtest_data_done(&b.data);
    keel_run_config_done(&b.run);
    return rc;
}
