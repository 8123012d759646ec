/* app/cli/run_config.c: from a command line to what the core reads; see run_config.h. */
#include "app/cli/run_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/run_config_internal.h"
#include "base/nearest.h"
#include "base/real.h"
#include "core/strategy/strategy.h"

extern char **environ;

const keel_cli_opt keel_run_config_options[] = {
    {"config", "FILE", "YAML or JSON configuration, merged in the order given", KEEL_CLI_REPEAT},
    {"store", "DIR", "folder of the market data; default: the home's data", 0},
    {"venue", "NAME", "venue of the series, such as binance-perp", 0},
    {"strategy", "NAME", "built-in ('keel strategy list') or a file of your own, such as my.c; A,B: several", 0},
    {"accounts", "WHICH", "of several strategies: separate (one each, the default) or shared", 0},
    {"symbols", "A,B", "symbols traded on one account", KEEL_CLI_REPEAT},
    {"timeframe", "1h", "interval of the main bars", 0},
    {"detail", "5m", "finer bars on which exits and fills are judged", 0},
    {"timerange", "R", "20240101-20240601, 2024-01-01..2024-06-01T12:00Z or epochs; end not included", 0},
    {"start-ts", "T", "start of the time range", 0},
    {"end-ts", "T", "end of the time range, not included", 0},
    {"starting-balance", "USD", "cash at the start, default 10000", 0},
    {"allocation-pct", "P", "margin of a new position as a share of equity, 0.03 = 3 %", 0},
    {"leverage", "L", "notional / margin of new positions", 0},
    {"maker-fee-bps", "M", "fee of resting fills in basis points; negative is a rebate", 0},
    {"taker-fee-bps", "T", "fee of fills that take liquidity, in basis points", 0},
    {"slippage-bps", "X", "adverse price adjustment of taker fills, in basis points", 0},
    {"set", "PARAM=VALUE",
     "any parameter, by path or by its last part; in one regime: PARAM@bear; of one of several: NAME.PARAM",
     KEEL_CLI_REPEAT},
    {NULL, NULL, NULL, 0}};

/* Flags that are another spelling of a path. */
static const char *const FLAG_PATHS[][2] = {{"store", "run.store"},
                                            {"venue", "run.venue"},
                                            {"strategy", "run.strategy"},
                                            {"accounts", "run.accounts"},
                                            {"timeframe", "run.timeframe"},
                                            {"detail", "run.detail"},
                                            {"timerange", "run.timerange"},
                                            {"starting-balance", "run.starting_balance_usd"},
                                            {"allocation-pct", "sizing.allocation_pct"},
                                            {"leverage", "account.leverage"},
                                            {"maker-fee-bps", "account.maker_fee_bps"},
                                            {"taker-fee-bps", "account.taker_fee_bps"},
                                            {"slippage-bps", "account.slippage_bps"}};

static int set_path(keel_cli *cli, keel_config *config, const char *path, const char *text, const char *flag) {
    char origin[80];
    (void)snprintf(origin, sizeof origin, "--%s", flag);
    return keel_config_set(config, path, text, origin, keel_cli_err(cli));
}

static int add_symbols(keel_cli *cli, keel_config *config) {
    keel_strbuf joined;
    keel_strbuf_init(&joined, 0);
    for (size_t i = 0; i < keel_cli_option_count(cli, "symbols"); i++)
        keel_strbuf_addf(&joined, "%s%s", i ? "," : "", keel_cli_option_at(cli, "symbols", i));
    int rc = joined.size ? set_path(cli, config, "run.symbols", keel_strbuf_text(&joined), "symbols") : 0;
    keel_strbuf_done(&joined);
    return rc;
}

/* The part of an assignment's name that is meant here; NULL: it is for another of several strategies. */
static const char *name_for(const keel_run_pick *pick, const char *name) {
    size_t label = strcspn(name, ".");
    for (int32_t i = 0; i < pick->count; i++)
        if (name[label] && strlen(pick->labels[i]) == label && strncmp(name, pick->labels[i], label) == 0)
            return i == pick->at ? name + label + 1 : NULL;
    return name;
}

static int add_assignments(keel_cli *cli, const keel_run_pick *pick, keel_config *config) {
    for (size_t i = 0; i < keel_cli_option_count(cli, "set"); i++) {
        const char *text = keel_cli_option_at(cli, "set", i), *value;
        char *name;
        int rc = keel_assignment_parse(text, &name, &value);
        if (rc == KEEL_E_NOMEM) return rc;
        if (rc)
            return keel_err_set(keel_cli_err(cli), rc,
                                "'%.100s' is not PARAM=VALUE: %s --set: write a name, '=', a value", text,
                                keel_cli_name(cli));
        const char *meant = name_for(pick, name);
        if (meant) rc = set_path(cli, config, meant, value, "set");
        free(name);
        if (rc) return rc;
    }
    return 0;
}

/* --start-ts and --end-ts replace one end each of what the layers say. */
static int add_ends(keel_cli *cli, keel_config *config) {
    const char *start = keel_cli_option(cli, "start-ts"), *end = keel_cli_option(cli, "end-ts");
    const char *before = keel_config_raw(config, "run.timerange");
    keel_timerange range = {INT64_MIN, INT64_MAX};
    char text[2 * KEEL_TIME_TEXT_MAX];
    if (!start && !end) return 0;
    if (before) KEEL_TRY(keel_timerange_parse(before, &range, keel_cli_err(cli)));
    if (start) KEEL_TRY(keel_time_parse(start, &range.start_ms, keel_cli_err(cli)));
    if (end) KEEL_TRY(keel_time_parse(end, &range.end_ms, keel_cli_err(cli)));
    return set_path(cli, config, "run.timerange", keel_timerange_format(&range, text), start ? "start-ts" : "end-ts");
}

/* The home's config.yaml is the lowest file; its data is the store unless some layer names another. */
static int add_home(keel_cli *cli, keel_config *config) {
    const keel_cli_home *home;
    KEEL_TRY(keel_cli_home_find(cli, &home));
    if (!home) return 0;
    KEEL_TRY(keel_config_load_file(config, home->config, keel_cli_err(cli)));
    return keel_config_preset(config, "run.store", home->store, "home", keel_cli_err(cli));
}

static int add_item(keel_cli *cli, const keel_run_pick *pick, keel_config *config) {
    for (size_t i = 0; pick->item && i < keel_config_given_count(pick->item); i++)
        KEEL_TRY(
            keel_config_copy_given(config, keel_config_given_path(pick->item, i), pick->item, i, keel_cli_err(cli)));
    return 0;
}

static int add_layers(keel_cli *cli, const keel_run_pick *pick, keel_config *config) {
    KEEL_TRY(add_home(cli, config));
    for (size_t i = 0; i < keel_cli_option_count(cli, "config"); i++)
        KEEL_TRY(keel_config_load_file(config, keel_cli_option_at(cli, "config", i), keel_cli_err(cli)));
    KEEL_TRY(add_item(cli, pick, config));
    KEEL_TRY(keel_config_load_environment(config, environ, keel_cli_err(cli)));
    for (size_t i = 0; i < sizeof FLAG_PATHS / sizeof *FLAG_PATHS; i++) {
        const char *text = keel_cli_option(cli, FLAG_PATHS[i][0]);
        if (text) KEEL_TRY(set_path(cli, config, FLAG_PATHS[i][1], text, FLAG_PATHS[i][0]));
    }
    KEEL_TRY(add_symbols(cli, config));
    KEEL_TRY(add_assignments(cli, pick, config));
    return add_ends(cli, config);
}

/* Core parameters that the strategy presets, as lowest layer. */
static int add_presets(keel_run_config *run, int32_t strategy, size_t core_first, keel_err *err) {
    keel_params plain, preset;
    char text[KEEL_REAL_TEXT_MAX], origin[80];
    keel_params_default(&plain);
    keel_params_default(&preset);
    KEEL_ASSERT(run->kernel->strategy_select(&preset, strategy) == 1);
    (void)snprintf(origin, sizeof origin, "strategy %.60s", run->strategy);
    for (int32_t i = 0; i < KEEL_PARAM_COUNT; i++) {
        double value = keel_params_get(&preset, i);
        if (value == keel_params_get(&plain, i)) continue;
        const char *path = keel_config_entry_at(run->config, core_first + (size_t)i)->path;
        KEEL_TRY(keel_config_preset(run->config, path, keel_real_format(value, text), origin, err));
    }
    return 0;
}

int keel_run_config_tell(keel_cli *cli, const keel_config *config, int code) {
    size_t count = keel_config_problem_count(config);
    if (!count) return code;
    for (size_t i = 0; i + 1 < count; i++)
        (void)fprintf(stderr, "keel: %s\n", keel_config_problem_at(config, i));
    return keel_err_set(keel_cli_err(cli), code, "%s", keel_config_problem_at(config, count - 1));
}

int keel_run_config_wants_strategy(const keel_config *config) {
    static const char UNKNOWN[] = "unknown key '";
    for (size_t i = 0; i < keel_config_problem_count(config); i++) {
        const char *problem = keel_config_problem_at(config, i);
        if (strncmp(problem, UNKNOWN, sizeof UNKNOWN - 1) != 0) continue;
        const char *path = problem + sizeof UNKNOWN - 1;
        if (strncmp(path, "strategy.", 9) == 0 || strcspn(path, "'") < strcspn(path, ".")) return 1;
    }
    return 0;
}

void keel_run_config_base(const keel_run_config *run, keel_params *ret) {
    const size_t first = keel_run_config_core_first();
    int32_t strategy = run->strategy ? run->source.id : KEEL_STRATEGY_NO_TRADE;
    keel_params_default(ret);
    KEEL_ASSERT(run->kernel->strategy_select(ret, strategy) == 1);
    for (size_t index = 0; index < KEEL_PARAM_COUNT + run->own.count; index++) {
        double value = keel_config_get_real(run->config, keel_config_entry_at(run->config, first + index)->path);
        int32_t taken = index < KEEL_PARAM_COUNT
                            ? keel_params_set(ret, (int32_t)index, value)
                            : run->kernel->strategy_set(ret, (int32_t)(index - KEEL_PARAM_COUNT), value);
        KEEL_ASSERT(taken == 1); /* the table has the core's own bounds */
    }
}

static void fill_params(keel_run_config *run) {
    keel_run_config_base(run, &run->params);
    keel_run_config_fill_regimes(run);
}

static int fill(keel_run_config *run, keel_err *err) {
    const keel_config *c = run->config;
    run->store = keel_config_get_text(c, "run.store");
    run->venue = keel_config_get_text(c, "run.venue");
    run->symbols = keel_config_get_list(c, "run.symbols");
    run->timeframe_ms = keel_config_is_set(c, "run.timeframe") ? keel_config_get_int(c, "run.timeframe") : 0;
    run->detail_ms = keel_config_is_set(c, "run.detail") ? keel_config_get_int(c, "run.detail") : 0;
    run->starting_balance_usd_e8 = keel_config_get_int(c, "run.starting_balance_usd");
    run->range = (keel_timerange){INT64_MIN, INT64_MAX};
    keel_config_id(c, run->config_id);
    const char *range = keel_config_get_text(c, "run.timerange");
    return range ? keel_timerange_parse(range, &run->range, err) : 0;
}

int keel_run_config_add_strategy(keel_cli *cli, keel_run_config *run, const char *name) {
    keel_err *err = keel_cli_err(cli);
    run->kernel = &keel_kernel_builtin;
    if (!name) {
        KEEL_TRY(keel_run_config_add_tables(run->config, NULL, err));
        return keel_run_config_know_given(run, err);
    }
    KEEL_TRY(keel_strategy_open(cli, name, &run->source));
    run->kernel = run->source.kernel;
    run->strategy = run->source.text.name;
    run->strategy_version = run->source.text.version;
    run->strategy_sha256 = run->source.user ? run->source.user->sha256 : NULL;
    keel_run_config_own_table(&run->source.text, &run->own);
    run->own.is_file = run->source.user != NULL;
    KEEL_TRY(keel_run_config_add_tables(run->config, &run->own, err));
    KEEL_TRY(keel_run_config_know_given(run, err));
    KEEL_TRY(add_presets(run, run->source.id, keel_run_config_core_first(), err));
    if (!run->strategy_sha256) return 0;
    return keel_config_preset(run->config, "run.strategy_sha256", run->strategy_sha256, run->source.user->file, err);
}

/* A configuration may name the file it was made with. */
static int check_file(keel_cli *cli, const keel_run_config *run) {
    const char *wanted = keel_config_get_text(run->config, "run.strategy_sha256");
    if (!wanted || (run->strategy_sha256 && strcmp(wanted, run->strategy_sha256) == 0)) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE,
                        "the strategy is not the one this configuration was made with: run.strategy_sha256 %.16s...: "
                        "take that file again, or leave the line out",
                        wanted);
}

int keel_run_config_begin(keel_cli *cli, const keel_run_pick *pick, keel_run_config *ret) {
    memset(ret, 0, sizeof *ret);
    ret->config = keel_config_new();
    if (!ret->config)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: close other programs",
                            keel_cli_name(cli));
    keel_config_allow_items(ret->config, "strategies");
    KEEL_TRY(add_layers(cli, pick, ret->config));
    return keel_config_upgrade(ret->config, "schema_version", KEEL_RUN_CONFIG_VERSION, NULL, 0, keel_cli_err(cli));
}

int keel_run_config_settle(keel_cli *cli, keel_run_config *run, const char *name) {
    KEEL_TRY(keel_run_config_add_strategy(cli, run, name));
    int rc = keel_config_resolve(run->config, keel_cli_err(cli));
    if (!rc) rc = keel_run_config_check_rules(run->config);
    if (!rc) rc = check_file(cli, run);
    if (rc) return rc;
    fill_params(run);
    KEEL_TRY(fill(run, keel_cli_err(cli)));
    return keel_run_config_probe(run, run->symbols, keel_cli_err(cli));
}

int keel_run_config_load(keel_cli *cli, keel_run_config *ret) {
    static const keel_run_pick EVERYTHING = {.at = -1};
    KEEL_TRY(keel_run_config_begin(cli, &EVERYTHING, ret));
    if (keel_run_config_names_several(ret->config)) return keel_run_config_load_parts(cli, ret);
    const char *name = keel_config_raw(ret->config, "run.strategy");
    int rc = keel_run_config_settle(cli, ret, name);
    if (rc && !name && keel_run_config_wants_strategy(ret->config))
        keel_cli_warn(cli, "no strategy is named, so only the core's parameters are known: %s", keel_cli_name(cli));
    return rc ? keel_run_config_tell(cli, ret->config, rc) : 0;
}

int keel_run_config_fill(keel_run_config *run, keel_err *err) {
    fill_params(run);
    return fill(run, err);
}

static int preset_one(keel_cli *cli, keel_run_config *run, const char *path, const char *text, const char *origin) {
    KEEL_TRY(keel_config_preset(run->config, path, text, origin, keel_cli_err(cli)));
    KEEL_TRY(keel_config_resolve(run->config, keel_cli_err(cli)));
    fill_params(run);
    return fill(run, keel_cli_err(cli));
}

int keel_run_config_preset(keel_cli *cli, keel_run_config *run, const char *path, const char *text,
                           const char *origin) {
    for (int32_t i = 0; i < run->part_count; i++)
        KEEL_TRY(preset_one(cli, &run->parts[i].run, path, text, origin));
    KEEL_TRY(preset_one(cli, run, path, text, origin));
    return run->part_count ? keel_run_config_join(cli, run) : 0;
}

void keel_run_config_done(keel_run_config *run) {
    for (int32_t i = 0; i < run->part_count; i++)
        keel_run_config_done(&run->parts[i].run);
    free(run->parts);
    free(run->joined);
    free(run->joined_versions);
    keel_list_done(&run->all_symbols);
    keel_config_free(run->config);
    keel_run_config_forget_regimes(run);
    keel_strategy_close(&run->source);
    memset(run, 0, sizeof *run);
}

static int missing(keel_cli *cli, const char *flag, const char *path) {
    return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                        "--%s is missing: %s: give it, or %s in a configuration file, such as 'keel init' writes", flag,
                        keel_cli_name(cli), path);
}

int keel_run_config_require(keel_cli *cli, const keel_run_config *run) {
    if (!run->store) return missing(cli, "store", "run.store");
    if (!run->strategy) return missing(cli, "strategy", "run.strategy");
    for (int32_t i = 0; i < keel_run_config_count(run); i++)
        if (!keel_run_config_at(run, i)->symbols->count) return missing(cli, "symbols", "run.symbols");
    if (!run->timeframe_ms) return missing(cli, "timeframe", "run.timeframe");
    return 0;
}
