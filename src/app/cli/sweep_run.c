/* app/cli/sweep_run.c: keel sweep run: a parameter space over one piece of data, every trial in a file and in the
 * ledger. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cli/sweep_builds.h"
#include "app/cli/sweep_cluster.h"
#include "app/cli/sweep_device.h"
#include "app/cli/sweep_folder.h"
#include "app/cli/sweep_space.h"
#include "app/cli/sweep_summary.h"
#include "app/cli/sweep_trial.h"
#include "app/cli/sweep_worker.h"
#include "base/build.h"
#include "base/file.h"
#include "base/json_read.h"
#include "port/fs_real.h"
#include "port/processors.h"
#include "research/sweep/tape_index.h"

static const keel_cli_opt OPTIONS[] = {
    {"space", "FILE", "YAML file of the parameters to vary", 0},
    {"param", "NAME=VALUES", "vary one: LOW:HIGH:STEP, LOW:HIGH, LOW:HIGH:log or a,b,c", KEEL_CLI_REPEAT},
    {"sampler", "NAME", "grid (default), random, sobol or tpe", 0},
    {"trials", "N", "how many to run; a grid runs all of its points without it, the others 100", 0},
    {"seed", "N", "of random, sobol and tpe; default 1", 0},
    {"target", "METRIC", "figure of the totals to look for, default sharpe; drawdowns and costs are minimised", 0},
    {"constraint", "TEXT", "a limit on another figure: \"max_drawdown_pct < 25\"", KEEL_CLI_REPEAT},
    {"pruner", "NAME", "median: stop trials that are worse than the median on their way; default none", 0},
    {"batch", "N", "trials that tpe and the pruner judge at a time, part of the result; default 8", 0},
    {"threads", "N", "default: every core this process may use; the result is the same with any number", 0},
    {"resume", NULL, "go on with an interrupted sweep", 0},
    {"restart", NULL, "begin anew where an interrupted sweep of this id lies", 0},
    {"ledger", "FILE", "ledger of all trials; default: trials.ledger in the store", 0},
    {"trial-limit", "N", "trials on one piece of data that are believed at most, default 100000", 0},
    {"keep-open", NULL, "leave positions open at the end instead of closing them", 0},
    {"accept-gaps", NULL, "run although bars are missing; recorded in the file", 0},
    {"accept-moves", NULL, "run although a move looks impossible; recorded in the file", 0},
    {"no-funding", NULL, "run perpetuals without funding; recorded in the file", 0},
    {0}};

const keel_cli_verb keel_verb_sweep_run_info = {
    .noun = "sweep",
    .verb = "run",
    .run = keel_verb_sweep_run,
    .summary = "run one strategy with many parameters and keep every trial",
    .example = "keel sweep run --config run.yaml --param fast=5:20:5 --param slow=30:90:20",
    .options = {keel_run_config_options, keel_sweep_folder_options, OPTIONS, keel_sweep_device_options,
                keel_sweep_cluster_options},
    .reports = 1,
    .notes =
        "A trial is the same run as keel backtest run, by hash: keel sweep confirm shows it. Every trial is counted\n"
        "against its data, and the best is judged for how many were tried: docs/sweep.md. --cluster slurm cuts the "
        "sweep\n"
        "into shards and ends in the same file as one machine; tpe and the pruner need what earlier trials gave and "
        "are\n"
        "refused there: docs/cluster.md.\n"};

enum { PROBES = 32, TRIALS_DEFAULT = 100, BATCH_DEFAULT = 8, ROW_BYTES = 4096 };

typedef struct job {
    keel_cli *cli;
    keel_err *err;
    keel_run_config run;
    keel_space space;
    keel_sweep_asked asked;
    keel_backtest_data data;
    keel_backtest_part part; /* the most that any trial reads */
    keel_tape_index index;
    keel_tree *recorded;
    keel_sweep_shared shared;
    keel_sweep_thread **threads; /* [thread_count] */
    keel_sweep_worker **workers; /* of a user's strategy; NULL otherwise */
    keel_sweep_device_choice choice;
    keel_sweep_device *device; /* NULL: the processor alone */
    int32_t thread_count, resume;
    int64_t trial_limit;
    keel_ledger *ledger;
    keel_ledger_scope scope;
    const char *symbols[KEEL_SYMBOLS_MAX];
    char range_hash[KEEL_SHA256_TEXT_MAX], sweep_id[KEEL_SWEEP_ID_SIZE];
    char folder[KEEL_SWEEP_PATH_MAX], path[KEEL_SWEEP_PATH_MAX], final_path[KEEL_SWEEP_PATH_MAX];
    keel_strbuf header;
    keel_sweep_result result;
    keel_progress progress;
    double seconds;
    keel_sweep_spread spread;
    char sweep[KEEL_SWEEP_PATH_MAX]; /* folder of this sweep */
    keel_shard shard;                /* with spread.sharded */
} job;

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- what is asked ----------------------------------------------------------------------------------------- */

static int read_objective(job *b) {
    keel_objective *o = &b->asked.objective;
    const char *target = keel_cli_option(b->cli, "target");
    size_t count = keel_cli_option_count(b->cli, "constraint");
    o->target = keel_metric_find(target ? target : "sharpe");
    if (!o->target) return keel_metric_unknown(target, "--target", b->err);
    o->better = o->target->better;
    if (count > KEEL_CONSTRAINTS_MAX)
        return keel_err_set(b->err, KEEL_E_RANGE, "too many constraints: --constraint: at most %d",
                            KEEL_CONSTRAINTS_MAX);
    for (size_t i = 0; i < count; i++)
        KEEL_TRY(keel_constraint_parse(keel_cli_option_at(b->cli, "constraint", i),
                                       &o->constraints[o->constraint_count++], b->err));
    return keel_constraints_check(o->constraints, o->constraint_count, b->err);
}

/* Points of the grid, or as many as were asked for. */
static int count_trials(job *b) {
    keel_sweep_asked *a = &b->asked;
    const keel_dim *range = NULL;
    int given = keel_cli_option(b->cli, "trials") != NULL;
    a->trials = TRIALS_DEFAULT;
    KEEL_TRY(keel_cli_option_int(b->cli, "trials", 1, 1000000000, &a->trials));
    if (a->sampler != KEEL_SAMPLER_GRID) return 0;
    int64_t size = keel_space_size(&b->space, &range);
    if (size < 0) { /* the sampler says why */
        keel_sampler *s = NULL;
        return keel_sampler_new(a->sampler, &b->space, 0, 1, &s, b->err);
    }
    if (given && a->trials < size)
        keel_cli_warn(b->cli, "the grid has %" PRId64 " points, --trials runs the first %" PRId64 " of them only", size,
                      a->trials);
    if (!given || a->trials > size) a->trials = size;
    if (a->trials <= 1000000000) return 0;
    return keel_err_set(b->err, KEEL_E_RANGE,
                        "the grid has %" PRId64
                        " points: parameter space: take larger steps, or "
                        "--trials",
                        a->trials);
}

static int read_asked(job *b) {
    static const char *const PRUNERS[] = {"none", "median"};
    keel_sweep_asked *a = &b->asked;
    int sampler = KEEL_SAMPLER_GRID;
    int64_t threads = keel_processors();
    a->seed = 1;
    a->batch = BATCH_DEFAULT;
    b->trial_limit = KEEL_TRIAL_LIMIT;
    KEEL_TRY(keel_cli_option_enum(b->cli, "sampler", keel_sampler_names, KEEL_SAMPLER_COUNT, &sampler));
    KEEL_TRY(keel_cli_option_enum(b->cli, "pruner", PRUNERS, 2, &a->prune));
    KEEL_TRY(keel_sweep_device_choose(b->cli, &b->choice, NULL));
    KEEL_TRY(keel_sweep_spread_read(b->cli, &b->spread));
    if (b->spread.slurm) threads = 1; /* of a task; more of them are more shards */
    KEEL_TRY(keel_cli_option_int(b->cli, "seed", 0, INT64_MAX, &a->seed));
    KEEL_TRY(keel_cli_option_int(b->cli, "batch", 1, 1000000, &a->batch));
    KEEL_TRY(keel_cli_option_int(b->cli, "trial-limit", 1, INT64_MAX, &b->trial_limit));
    KEEL_TRY(keel_cli_option_int(b->cli, "threads", 1, KEEL_SWEEP_THREADS_MAX, &threads));
    a->sampler = (keel_sampler_kind)sampler;
    a->accept_gaps = keel_cli_flag(b->cli, "accept-gaps");
    a->accept_moves = keel_cli_flag(b->cli, "accept-moves");
    a->no_funding = keel_cli_flag(b->cli, "no-funding");
    a->keep_open = keel_cli_flag(b->cli, "keep-open");
    b->thread_count = (int32_t)(threads < 1 ? 1 : threads > KEEL_SWEEP_THREADS_MAX ? KEEL_SWEEP_THREADS_MAX : threads);
    b->resume = keel_cli_flag(b->cli, "resume");
    if (b->resume && keel_cli_flag(b->cli, "restart"))
        return keel_err_set(b->err, KEEL_E_USAGE, "--resume and --restart contradict each other: %s: leave one out",
                            keel_cli_name(b->cli));
    KEEL_TRY(read_objective(b));
    KEEL_TRY(count_trials(b));
    return keel_sweep_spread_check(b->cli, &b->spread, a);
}

/* ---- data -------------------------------------------------------------------------------------------------- */

static int record_config(job *b) {
    keel_json *j = keel_json_new(0);
    size_t size = 0;
    if (!j) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: configuration: close other programs");
    keel_run_config_record(&b->run, 1, j);
    const char *text = keel_json_text(j, &size);
    int rc = keel_json_parse(text, size, "configuration", &b->recorded, b->err);
    keel_json_free(j);
    return rc;
}

/* The share of dimension `dim` in probe `i`: the corners of the space first, then each dimension at its end alone, then
 * points in between. */
static double probe_share(int64_t i, size_t dim, size_t dims) {
    const double end = 1.0 - 0x1p-53;
    if (i == 0) return 0.0;
    if (i == 1) return end;
    if (i < 2 + (int64_t)dims) return (size_t)(i - 2) == dim ? end : 0.0;
    if (i < 2 + 2 * (int64_t)dims) return (size_t)(i - 2) - dims == dim ? 0.0 : end;
    double share = 0.61803398874989485 * (double)(i + 1) + 0.41421356237309505 * (double)(dim * (size_t)i);
    return share - floor(share);
}

/* The most that any trial will need of the data: found at the corners of the space, where periods are longest and
 * switches on. A trial that needed more would say so. */
static int find_needs(job *b) {
    keel_run_config probe;
    keel_space_value point[KEEL_SPACE_DIMS_MAX];
    size_t dims = b->space.count;
    int64_t day_bars = 86400000 / b->run.timeframe_ms + 1, most = 0, fit = 0;
    int wants_btc = 0, wants_regime = 0;
    keel_err first = {0};
    int rc = keel_run_config_open(b->cli, b->recorded, &probe);
    for (int64_t i = 0; rc == 0 && i < 2 + 2 * (int64_t)dims + PROBES; i++) {
        keel_err err = {0};
        for (size_t k = 0; k < dims; k++)
            point[k] = keel_space_at(&b->space.dims[k], probe_share(i, k, dims));
        keel_space_activate(&b->space, point);
        int one = keel_sweep_vary(&probe, &b->space, point, &err);
        if (one == KEEL_E_NOMEM) rc = keel_err_set(b->err, one, "%s", err.text);
        if (one != 0 && !first.code) first = err;
        if (one != 0) continue;
        keel_backtest_part part = keel_backtest_part_of(&probe);
        int64_t bars = part.warmup_bars < 0 ? day_bars : part.warmup_bars;
        if (bars > most) most = bars;
        wants_btc |= part.wants_btc;
        wants_regime |= part.wants_regime;
        fit++;
    }
    keel_run_config_done(&probe);
    if (rc != 0) return rc;
    if (fit == 0)
        return keel_err_set(b->err, KEEL_E_RANGE, "no point of the space is a configuration: %.600s", first.text);
    /* A value for one regime may wait for a value that no probe has. */
    int regimes = keel_sweep_space_has_regimes(&b->run, &b->space);
    int32_t days = regimes ? keel_backtest_regime_bars(b->run.timeframe_ms) : 0;
    b->part = keel_backtest_part_of(&b->run);
    b->part.warmup_bars = days > most ? days : (int32_t)most;
    b->part.wants_btc = wants_btc || regimes;
    b->part.wants_regime = wants_regime || regimes;
    return 0;
}

static void take_range_hash(const keel_backtest_data *d, void *to) { keel_sweep_range_hash(d, to); }

static int load_data(job *b) {
    KEEL_TRY(find_needs(b));
    keel_backtest_needs needs = keel_sweep_needs(&b->run, &b->asked, &b->part);
    needs.runs = b->thread_count;
    needs.rows = take_range_hash;
    needs.rows_with = b->range_hash;
    KEEL_TRY(keel_backtest_data_load(&needs, &b->data, b->err));
    if (strcmp(b->data.market, "spot") == 0 && !keel_config_is_given(b->run.config, "account.allow_short"))
        keel_backtest_warn(&b->data, "spot account: no shorts unless allow_short is set or swept");
    return keel_tape_index_make(b->data.tape, &b->index, b->err);
}

/* ---- places ------------------------------------------------------------------------------------------------ */

static int find_folder(job *b) {
    KEEL_TRY(keel_sweep_folder(b->cli, b->folder));
    KEEL_TRY(keel_sweep_path(b->folder, b->sweep_id, "", b->sweep, b->err));
    return keel_sweep_path(b->folder, b->sweep_id, "trials.jsonl", b->final_path, b->err);
}

/* Where this run writes: an interrupted sweep is never overwritten unasked; a complete one is written anew beside the
 * old file and takes its place at the end. */
static int choose_path(job *b) {
    int64_t rows = 0;
    memcpy(b->path, b->final_path, sizeof b->path);
    if (b->resume || keel_cli_flag(b->cli, "restart")) return 0;
    KEEL_TRY(keel_sweep_count_rows(b->final_path, keel_strbuf_text(&b->header), &rows, b->err));
    if (rows == b->asked.trials) return keel_sweep_path(b->folder, b->sweep_id, "trials.new", b->path, b->err);
    if (rows == 0) return 0;
    return keel_err_set(b->err, KEEL_E_USAGE,
                        "an interrupted run of this sweep has %" PRId64 " of %" PRId64
                        " trials: %s: "
                        "pass --resume to go on, or --restart to begin anew",
                        rows, b->asked.trials, b->final_path);
}

/* --resume of what is not there begins; not silently when it is there for another build of the program. */
static int look_for_builds(job *b) {
    keel_fs_stat st;
    keel_sweep_question q = {&b->asked, &b->run, &b->space, &b->data, b->range_hash};
    if (!b->resume || keel_fs_real()->stat(keel_fs_real()->ctx, b->sweep, &st) == 0) return 0;
    return keel_sweep_builds_refuse(b->folder, &q, b->err);
}

static int open_ledger(job *b) {
    char path[KEEL_SWEEP_PATH_MAX];
    const char *given = keel_cli_option(b->cli, "ledger");
    int n = given ? snprintf(path, sizeof path, "%s", given)
                  : snprintf(path, sizeof path, "%s/trials.ledger", b->run.store);
    if (n >= (int)sizeof path)
        return keel_err_set(b->err, KEEL_E_RANGE, "path too long: --ledger: choose a shorter one");
    for (int32_t i = 0; i < b->data.count; i++)
        if (!b->data.series[i].watch_only) b->symbols[b->scope.symbol_count++] = b->data.series[i].name;
    b->scope.sweep_id = b->sweep_id;
    b->scope.build = keel_build_id();
    b->scope.strategy = b->run.strategy;
    b->scope.venue = b->data.venue;
    b->scope.dataset_hash = b->data.dataset_hash;
    b->scope.symbols = b->symbols;
    b->scope.interval_ms = b->run.timeframe_ms;
    b->scope.start_ms = b->data.start_ms;
    b->scope.end_ms = b->data.end_ms;
    return keel_ledger_open(path, &b->ledger, b->err);
}

/* ---- running ----------------------------------------------------------------------------------------------- */

static int open_threads(job *b) {
    int64_t trials = b->spread.sharded ? b->shard.end - b->shard.first : b->asked.trials;
    if (b->thread_count > trials) b->thread_count = (int32_t)trials;
    b->shared = (keel_sweep_shared){.data = &b->data,
                                    .part = &b->part,
                                    .space = &b->space,
                                    .asked = &b->asked,
                                    .range_hash = b->range_hash,
                                    .recorded = b->recorded,
                                    .interrupted = keel_cli_interrupted};
    KEEL_TRY(keel_sweep_device_open(b->cli, &b->choice, b->data.tape, b->data.rules, &b->device));
    b->shared.device = b->device;
    b->threads = calloc((size_t)b->thread_count, sizeof *b->threads);
    if (!b->threads) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: threads: use fewer --threads");
    for (int32_t i = 0; i < b->thread_count; i++)
        KEEL_TRY(keel_sweep_thread_new(b->cli, &b->shared, &b->threads[i]));
    if (!b->run.kernel->user) return 0;
    b->workers = calloc((size_t)b->thread_count, sizeof *b->workers);
    if (!b->workers) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: workers: use fewer --threads");
    for (int32_t i = 0; i < b->thread_count; i++)
        KEEL_TRY(keel_sweep_worker_start(b->threads[i], &b->shared, &b->workers[i], b->err));
    return 0;
}

static int run_trial(void *data, int32_t thread, const keel_space_value point[], const keel_prune_bar *bar,
                     keel_trial *ret, keel_err *err) {
    const job *b = data;
    return b->workers ? keel_sweep_worker_run(b->workers[thread], point, bar, ret, err)
                      : keel_sweep_trial_run(b->threads[thread], point, bar, ret, err);
}

static int run_group(void *data, int32_t thread, int32_t count, keel_space_value *const point[],
                     keel_trial *const ret[], keel_err *err) {
    return keel_sweep_group_run(((job *)data)->threads[thread], count, point, ret, err);
}

static int64_t group_bytes(void *data, int32_t thread) {
    return keel_sweep_thread_group_bytes(((job *)data)->threads[thread]);
}

static void show_progress(void *data, int64_t done) { keel_progress_update(&((job *)data)->progress, (uint64_t)done); }

static int interrupted(job *b) {
    int64_t rows = 0;
    KEEL_TRY(keel_sweep_count_rows(b->path, NULL, &rows, b->err));
    return keel_err_set(b->err, KEEL_E_INTERRUPTED,
                        "interrupted: %" PRId64 " of %" PRId64
                        " trials are kept in %s: the same command "
                        "with --resume goes on",
                        rows, b->spread.sharded ? b->shard.end - b->shard.first : b->asked.trials, b->path);
}

/* Trials that a thread runs side by side at most: whole groups for every thread. */
static int32_t group_of(const job *b) {
    int64_t trials = b->spread.sharded ? b->shard.end - b->shard.first : b->asked.trials;
    int64_t threads = b->thread_count,
            rounds = (trials + threads * KEEL_SWEEP_GROUP_MAX - 1) / (threads * KEEL_SWEEP_GROUP_MAX);
    if (b->workers || b->asked.prune) return 1;
    return (int32_t)((trials + threads * rounds - 1) / (threads * rounds));
}

static int run_all(job *b) {
    int sharded = b->spread.sharded;
    keel_sweep_plan plan = {.sweep_id = b->sweep_id,
                            .header = keel_strbuf_text(&b->header),
                            .path = b->path,
                            .space = &b->space,
                            .objective = &b->asked.objective,
                            .sampler = b->asked.sampler,
                            .prune = b->asked.prune,
                            .seed = (uint64_t)b->asked.seed,
                            .first = sharded ? b->shard.first : 0,
                            .trials = sharded ? b->shard.end : b->asked.trials,
                            .batch = b->asked.batch,
                            .threads = b->thread_count,
                            .group = group_of(b),
                            .resume = b->resume,
                            .ledger = b->ledger,
                            .scope = &b->scope};
    keel_sweep_host host = {.data = b,
                            .run = run_trial,
                            .group_bytes = group_bytes,
                            .interrupted = keel_cli_interrupted,
                            .progress = show_progress};
    if (!b->workers) host.run_group = run_group;
    double start = now_s();
    keel_progress_begin(b->cli, &b->progress, "sweep", (uint64_t)b->asked.trials, "trials");
    int rc = keel_sweep_run(&plan, &host, &b->result, b->err);
    keel_progress_end(&b->progress, (uint64_t)b->result.done);
    if (b->device && keel_sweep_device_lost(b->device)[0])
        keel_cli_warn(b->cli, "%.700s; the processor ran the trials that were left", keel_sweep_device_lost(b->device));
    b->seconds += now_s() - start;
    if (rc == KEEL_E_INTERRUPTED) return interrupted(b);
    if (rc == 0 && !sharded && strcmp(b->path, b->final_path) != 0 && rename(b->path, b->final_path) != 0)
        rc = keel_err_set(b->err, KEEL_E_IO, "cannot replace: %s: it is left beside it", b->final_path);
    return rc;
}

/* ---- saying it --------------------------------------------------------------------------------------------- */

/* Bytes of columns that all threads share. */
static int64_t tape_bytes(const keel_backtest_data *d) {
    int64_t sum = (int64_t)sizeof *d->tape;
    for (int32_t i = 0; i < d->count; i++)
        sum += 48 * (d->series[i].main.count + d->series[i].detail.count) + 16 * d->series[i].funding.count +
               40 * ((d->series[i].grid[0] ? d->tape->bars : 0) +
                     (d->series[i].detail_grid[0] ? d->tape->bars * d->tape->ratio : 0));
    return sum;
}

static int64_t memory(const job *b, int64_t trials) {
    keel_sweep_plan plan = {.batch = b->asked.batch, .threads = b->thread_count, .group = group_of(b)};
    int64_t window = keel_sweep_window(&plan), told = (int64_t)(b->space.count * sizeof(keel_space_value)) + 48;
    int64_t sum = tape_bytes(&b->data) + b->index.bytes + (window < trials ? window : trials) * ROW_BYTES;
    for (int32_t i = 0; i < b->thread_count; i++)
        sum += keel_sweep_thread_bytes(b->threads[i]);
    if (b->asked.sampler == KEEL_SAMPLER_TPE) sum += trials * told;
    if (b->asked.prune) sum += trials * (int64_t)sizeof(double) * (KEEL_PRUNE_STEPS - 1);
    return sum;
}

static int print_text(keel_cli *cli, const keel_sweep_summary *s) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_sweep_summary_text(s, &text);
    int rc = text.failed || fputs(keel_strbuf_text(&text), stdout) < 0
                 ? keel_err_set(keel_cli_err(cli), KEEL_E_IO, "cannot write: standard output: send it elsewhere")
                 : 0;
    keel_strbuf_done(&text);
    return rc;
}

static int tell(job *b) {
    keel_sweep_significance significance;
    char path[KEEL_SWEEP_PATH_MAX];
    KEEL_TRY(keel_sweep_judge(b->ledger, &b->scope, keel_strbuf_text(&b->result.best_totals), b->trial_limit,
                              &significance, b->err));
    keel_sweep_summary s = {
        .asked = &b->asked,
        .result = &b->result,
        .significance = &significance,
        .data = &b->data,
        .sweep_id = b->sweep_id,
        .strategy = b->run.strategy,
        .trials_file = b->final_path,
        .device = b->device ? keel_sweep_device_kind(b->device) : NULL,
        .device_name = b->device ? keel_sweep_device_name(b->device) : NULL,
        .device_lost = b->device && keel_sweep_device_lost(b->device)[0] ? keel_sweep_device_lost(b->device) : NULL,
        .threads = b->thread_count,
        .wall_seconds = b->seconds,
        .memory_bytes = memory(b, b->asked.trials),
        .memory_bytes_per_10000 = memory(b, 10000)};
    keel_json *j = keel_json_new(2);
    size_t size = 0;
    if (!j) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: summary: close other programs");
    keel_sweep_summary_json(&s, j);
    const char *text = keel_json_text(j, &size);
    int rc = keel_sweep_path(b->folder, b->sweep_id, "summary.json", path, b->err);
    if (rc == 0) rc = keel_file_write(path, text, size, b->err);
    if (rc == 0) rc = keel_cli_json(b->cli) ? keel_cli_print_json(b->cli, j) : print_text(b->cli, &s);
    keel_json_free(j);
    if (rc == 0 && b->result.failed == b->result.done)
        rc = keel_err_set(b->err, KEEL_E_RANGE, "every trial failed: %.600s", b->result.first_error);
    return rc;
}

/* ---- shards ------------------------------------------------------------------------------------------------ */

static keel_sweep_cluster as_cluster(const job *b) {
    return (keel_sweep_cluster){.cli = b->cli,
                                .spread = &b->spread,
                                .sweeps = b->folder,
                                .sweep = b->sweep,
                                .sweep_id = b->sweep_id,
                                .header = keel_strbuf_text(&b->header),
                                .trials_file = b->final_path,
                                .trials = b->asked.trials,
                                .threads = b->thread_count,
                                .resume = keel_cli_flag(b->cli, "resume"),
                                .restart = keel_cli_flag(b->cli, "restart")};
}

/* One piece, as a task of an array: rows only; who joins the pieces accounts for them. */
static int run_shard(job *b) {
    keel_sweep_cluster c = as_cluster(b);
    int rc = keel_sweep_shard_begin(&c, &b->shard, b->path, b->err);
    if (rc != 1) return rc;
    b->resume = 1;
    rc = open_threads(b);
    if (rc == 0) rc = run_all(b);
    return keel_sweep_shard_end(&c, b->path, rc, b->err);
}

/* Rows that shards made are read as those of an interrupted run: each is checked, counted and accounted for. */
static int run_whole(job *b) {
    keel_sweep_cluster c = as_cluster(b);
    KEEL_TRY(keel_sweep_folder_make(b->folder, b->sweep_id, b->err));
    KEEL_TRY(keel_sweep_path(b->folder, b->sweep_id, "trials.new", b->path, b->err));
    double start = now_s();
    int joined = keel_sweep_cluster_run(&c, b->path, b->err);
    b->seconds = now_s() - start;
    if (joined < 0) return joined;
    if (joined) {
        b->resume = 1;
        b->thread_count = 1;
    } else {
        KEEL_TRY(choose_path(b));
    }
    KEEL_TRY(open_ledger(b));
    KEEL_TRY(open_threads(b));
    KEEL_TRY(run_all(b));
    if (joined) keel_sweep_cluster_clear(&c);
    return tell(b);
}

/* ---- the verb ---------------------------------------------------------------------------------------------- */

/* Values for single regimes do not run on devices. */
static int choose_processor(job *b) {
    keel_err why = {0};
    if (b->choice.kind == KEEL_DEVICE_CPU || !keel_sweep_space_has_regimes(&b->run, &b->space)) return 0;
    int rc = keel_err_set(&why, KEEL_E_USAGE,
                          "values for single regimes (NAME@REGIME) need the processor: --device %s: leave it out",
                          keel_device_kind_names[b->choice.kind]);
    if (!b->choice.fallback) return keel_err_set(b->err, rc, "%s", why.text);
    keel_cli_warn(b->cli, "%.700s; the processor runs all trials", why.text);
    b->choice.kind = KEEL_DEVICE_CPU;
    return 0;
}

static int work(job *b) {
    int rc = keel_run_config_load(b->cli, &b->run);
    if (rc == KEEL_E_RANGE) keel_backtest_data_say_coverage(&b->run, b->err);
    if (rc != 0) return rc;
    KEEL_TRY(keel_run_config_require(b->cli, &b->run));
    if (b->run.part_count > 0)
        return keel_err_set(b->err, KEEL_E_USAGE, "several strategies: %s: sweep them one after the other",
                            b->run.strategy);
    KEEL_TRY(keel_sweep_space_read(b->cli, &b->run, &b->space));
    KEEL_TRY(read_asked(b));
    if (b->asked.prune && b->run.kernel->user)
        return keel_err_set(b->err, KEEL_E_USAGE, "--pruner cannot watch a strategy of a file: %s: leave it out",
                            b->run.strategy);
    if (b->choice.kind != KEEL_DEVICE_CPU && (b->asked.prune || b->run.kernel->user))
        return keel_err_set(b->err, KEEL_E_USAGE, "%s needs the processor: --device %s: leave one of the two out",
                            b->asked.prune ? "--pruner" : "a strategy of a file",
                            keel_device_kind_names[b->choice.kind]);
    KEEL_TRY(choose_processor(b));
    KEEL_TRY(record_config(b));
    KEEL_TRY(load_data(b));
    keel_sweep_header_write(&b->asked, &b->run, &b->space, &b->data, b->range_hash, &b->header, b->sweep_id);
    KEEL_TRY(find_folder(b));
    if (b->spread.sharded) return run_shard(b);
    KEEL_TRY(look_for_builds(b));
    return run_whole(b);
}

int keel_verb_sweep_run(keel_cli *cli) {
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: sweep: close other programs");
    b->cli = cli;
    b->err = keel_cli_err(cli);
    keel_strbuf_init(&b->header, 0);
    int rc = work(b);
    keel_sweep_device_close(b->device);
    for (int32_t i = 0; b->workers && i < b->thread_count; i++)
        keel_sweep_worker_stop(b->workers[i]);
    free(b->workers);
    for (int32_t i = 0; b->threads && i < b->thread_count; i++)
        keel_sweep_thread_free(b->threads[i]);
    free(b->threads);
    keel_sweep_result_done(&b->result);
    keel_ledger_close(b->ledger);
    keel_strbuf_done(&b->header);
    keel_tree_free(b->recorded);
    keel_backtest_data_done(&b->data);
    keel_tape_index_done(&b->index);
    keel_space_done(&b->space);
    keel_run_config_done(&b->run);
    free(b);
    return rc;
}
