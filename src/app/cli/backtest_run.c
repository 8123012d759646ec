/* app/cli/backtest_run.c: keel backtest run: configuration, data, the run and its baselines, what is said about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cli/backtest_events.h"
#include "app/cli/backtest_exec.h"
#include "app/cli/backtest_job.h"
#include "app/cli/backtest_keep.h"
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
    {"all", NULL, "print every table, not the first page alone", 0},
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
    .options = {keel_run_config_options, keel_sweep_folder_options, keel_backtest_run_options,
                keel_backtest_events_options},
    .reports = 1,
    .notes =
        "Fills, costs and their limits: docs/models/fills.md. Data is checked first: a gap, an impossible move\n"
        "or missing funding refuses the run (exit 3) unless it is accepted by name.\n"};

enum { MEMORY_MIB_MAX = 1 << 30 };

const int32_t keel_backtest_baseline_ids[KEEL_BACKTEST_BASELINES] = {KEEL_STRATEGY_BUY_HOLD, KEEL_STRATEGY_NO_TRADE,
                                                                     KEEL_STRATEGY_MOMENTUM,
                                                                     KEEL_STRATEGY_MEAN_REVERSION, KEEL_STRATEGY_CARRY};

const char *const keel_backtest_regime_names[KEEL_REGIME_COUNT] = {"UNKNOWN", "BULL", "BEAR", "CHOP", "CRASH"};

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
static int run_main(keel_backtest_job *b, keel_exec_options *o) {
    keel_err *err = keel_cli_err(b->cli);
    const char *path = keel_cli_option(b->cli, "export-decisions");
    if (!path) return keel_backtest_accounts_run(&b->run, &b->data, o, &b->accounts, err);
    keel_decision_log log = {.file = fopen(path, "w"), .path = path, .regimes = keel_backtest_regime_names};
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

static int run_all(keel_backtest_job *b) {
    keel_err *err = keel_cli_err(b->cli);
    keel_exec_options o = {.capital_e8 = b->run.starting_balance_usd_e8,
                           .close_at_end = !b->asked.keep_open,
                           .interrupted = keel_cli_interrupted,
                           .progress = show_progress,
                           .progress_data = &b->progress,
                           .body = b->mode ? b->mode->execute : NULL,
                           .body_data = b->mode ? b->mode->data : NULL,
                           .body_opens_files = b->mode && b->mode->opens_files};
    if (!b->mode) KEEL_TRY(keel_backtest_keep_wanted(b->cli, &o.keep_stops));
    KEEL_TRY(keel_cli_option_double(b->cli, "strategy-timeout", 0.01, 3600.0, &o.stall_s));
    double start = now_s();
    keel_progress_begin(b->cli, &b->progress, "backtest", (uint64_t)b->accounts.bars, "bars");
    int rc = run_main(b, &o);
    keel_progress_end(&b->progress, (uint64_t)b->accounts.bars);
    b->seconds = now_s() - start;
    if (rc == 0 && !b->mode) rc = keel_backtest_events_write(b, &o);
    if (rc != 0 || keel_cli_flag(b->cli, "no-baselines")) return rc;
    o.progress = NULL;
    o.keep_stops = 0;
    o.body = NULL;
    o.kernel = &keel_kernel_builtin;
    for (int32_t i = 0; i < KEEL_BACKTEST_BASELINES && rc == 0; i++) {
        keel_params p, base; /* what holds in no regime of its own */
        keel_run_config_base(&b->run, &base);
        baseline_params(&base, keel_backtest_baseline_ids[i], traded_symbols(&b->data), &p);
        rc = keel_exec_run(&p, b->data.tape, b->data.rules, &o, &b->baseline[i], err);
        b->baseline_count += rc == 0;
    }
    return rc;
}

/* run_id: first 16 hex digits of SHA-256 over configuration, data, the text of the core, start of the range, and what
 * else changes the result. */
static void name_run(keel_backtest_job *b) {
    char text[640], digest[KEEL_SHA256_TEXT_MAX], model[KEEL_PAPER_MODEL_TEXT] = "";
    if (b->mode && b->mode->model) (void)keel_paper_model_text(b->mode->model, model);
    (void)snprintf(text, sizeof text, "%s\n%s\n%s\n%lld\n%s%s", b->run.config_id, b->data.dataset_hash,
                   keel_unit_sha256, (long long)b->data.start_ms, b->asked.keep_open ? "keep-open\n" : "", model);
    keel_sha256_text(text, strlen(text), digest);
    memcpy(b->run_id, digest, 16);
    b->run_id[16] = 0;
}

/* ---- the verb ---------------------------------------------------------------------------------------------- */

/* Results held in memory at once: each account's and, of several, their sum. */
static int32_t held_runs(const keel_backtest_job *b) {
    int32_t accounts = b->run.shared ? 1 : keel_run_config_count(&b->run);
    int32_t held = accounts == 1 ? 1 : accounts + 1;
    return !b->mode && keel_cli_option(b->cli, "events") ? 2 * held : held; /* events: all of them once more */
}

/* The configuration of a sweep's trial, and how its sweep ran it. Only the place of the store may be another. */
static int load_trial(keel_backtest_job *b, const char *hash) {
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

static int load_config(keel_backtest_job *b) {
    const char *trial = keel_cli_option(b->cli, "trial");
    if (trial) return load_trial(b, trial);
    b->asked = (keel_sweep_asked){.keep_open = keel_cli_flag(b->cli, "keep-open"),
                                  .accept_gaps = keel_cli_flag(b->cli, "accept-gaps"),
                                  .accept_moves = keel_cli_flag(b->cli, "accept-moves"),
                                  .no_funding = keel_cli_flag(b->cli, "no-funding")};
    int rc = b->mode && b->mode->part ? keel_run_config_load_part(b->cli, b->mode->part - 1, &b->run)
                                      : keel_run_config_load(b->cli, &b->run);
    if (rc == KEEL_E_RANGE) keel_backtest_data_say_coverage(&b->run, keel_cli_err(b->cli)); /* an empty range */
    return rc;
}

/* A trial's run must end where its row says. */
static int check_trial(const keel_backtest_job *b) {
    uint64_t hash = b->accounts.all.state_hash;
    if (!b->has_trial || hash == b->trial_hash) return 0;
    return keel_err_set(
        keel_cli_err(b->cli), KEEL_E_PARITY,
        "this run is not the trial: state hash %016llx, its row says %016llx: data or build differ, or the "
        "row was changed; keel sweep confirm compares them",
        (unsigned long long)hash, (unsigned long long)b->trial_hash);
}

static int work(keel_backtest_job *b) {
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
    keel_backtest_needs needs = {
        .run = &b->run,
        .part = b->part,
        .part_count = keel_run_config_count(&b->run),
        .accept_gaps = b->asked.accept_gaps,
        .accept_moves = b->asked.accept_moves,
        .no_funding = b->asked.no_funding,
        .runs = held_runs(b) + (keel_cli_flag(b->cli, "no-baselines") ? 0 : KEEL_BACKTEST_BASELINES),
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
    if (!b->mode) KEEL_TRY(keel_backtest_events_check(b));
    if (b->mode) KEEL_TRY(b->mode->prepare(b->mode->data, b, &b->folder, err));
    KEEL_TRY(run_all(b));
    KEEL_TRY(keel_backtest_trials_count(&b->run, &b->data, &b->trials, err));
    KEEL_TRY(keel_backtest_tell(b));
    return check_trial(b);
}

int keel_verb_backtest_run(keel_cli *cli) { return keel_backtest_run_as(cli, NULL); }

int keel_backtest_run_as(keel_cli *cli, const keel_backtest_mode *mode) {
    keel_backtest_job b;
    memset(&b, 0, sizeof b);
    b.cli = cli;
    b.mode = mode;
    int rc = work(&b);
    keel_backtest_accounts_done(&b.accounts);
    free(b.part);
    for (int32_t i = 0; i < KEEL_BACKTEST_BASELINES; i++)
        keel_exec_done(&b.baseline[i]);
    keel_backtest_data_done(&b.data);
    keel_run_config_done(&b.run);
    return rc;
}
