/* app/cli/run_config_table.c: the rows of the configuration, made from the lists the core is made from. */
#include <stdio.h>
#include <string.h>

#include "app/cli/run_config.h"
#include "core/strategy/strategy.h"

enum { PLACE = KEEL_CONFIG_OPTIONAL | KEEL_CONFIG_NO_ID };

#define STRATEGY_NAME(id, name) #name "|"
static const char STRATEGY_NAMES[] = KEEL_STRATEGIES(STRATEGY_NAME);

static const keel_config_entry RUN[] = {
    {.path = "schema_version",
     .type = KEEL_CONFIG_INT,
     .default_text = "1",
     .min = "1",
     .max = "1",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "version of this schema that the file is written for"},
    {.path = "run.strategy",
     .type = KEEL_CONFIG_STRING,
     .choices = STRATEGY_NAMES,
     .flags = KEEL_CONFIG_OPTIONAL,
     .doc = "built-in strategy, or a file of your own ending in .c"},
    {.path = "run.strategy_sha256",
     .type = KEEL_CONFIG_STRING,
     .flags = PLACE,
     .doc = "hash of the strategy's file; when given, another file is refused"},
    {.path = "run.accounts",
     .type = KEEL_CONFIG_ENUM,
     .default_text = "separate",
     .choices = "separate|shared",
     .flags = KEEL_CONFIG_NO_ID, /* of one strategy both are the same; of several it is in their id */
     .doc = "of several strategies: each on an account of its own, or all on one"},
    {.path = "run.store", .type = KEEL_CONFIG_STRING, .flags = PLACE, .doc = "folder of the market data"},
    {.path = "run.venue", .type = KEEL_CONFIG_STRING, .flags = KEEL_CONFIG_OPTIONAL, .doc = "venue of the series"},
    {.path = "run.symbols",
     .type = KEEL_CONFIG_LIST,
     .flags = KEEL_CONFIG_OPTIONAL | KEEL_CONFIG_SET,
     .doc = "symbols traded"},
    {.path = "run.timeframe",
     .type = KEEL_CONFIG_DURATION,
     .flags = KEEL_CONFIG_OPTIONAL,
     .min = "1s",
     .doc = "interval of the main bars"},
    {.path = "run.detail",
     .type = KEEL_CONFIG_DURATION,
     .flags = KEEL_CONFIG_OPTIONAL,
     .min = "1s",
     .doc = "interval of the finer bars that exits and fills are judged on"},
    {.path = "run.timerange",
     .type = KEEL_CONFIG_STRING,
     .flags = KEEL_CONFIG_OPTIONAL,
     .doc = "20240101-20240601 or 2024-01-01..2024-06-01T12:00Z; the end is not included"},
    {.path = "run.starting_balance_usd",
     .type = KEEL_CONFIG_USD,
     .default_text = "10000",
     .min = "0.01",
     .max = "1000000000",
     .unit = "USD",
     .doc = "cash at the start"},
    {.path = "journal.scrub_every",
     .type = KEEL_CONFIG_DURATION,
     .default_text = "1d",
     .min = "0d",
     .max = "3650d",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "how often a paper run judges the closed segments of its journal again while it runs; 0d: never"},
    {.path = "log.audit_db",
     .type = KEEL_CONFIG_BOOL,
     .default_text = "false",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "make audit.db when a paper run ends, as keel audit db does"},
    {.path = "log.part_size",
     .type = KEEL_CONFIG_SIZE,
     .default_text = "100MiB",
     .min = "16KiB",
     .max = "1GiB",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "a part of a log is closed and compressed before it becomes larger"},
    {.path = "log.keep_events",
     .type = KEEL_CONFIG_DURATION,
     .default_text = "365d",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "closed parts of events and hourly rollups that are older are removed when a paper run ends; 0d: never"},
    {.path = "log.keep_metrics",
     .type = KEEL_CONFIG_DURATION,
     .default_text = "90d",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "the same of metrics"},
    {.path = "log.keep_trace",
     .type = KEEL_CONFIG_DURATION,
     .default_text = "1w",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "the same of the trace"},
    {.path = "log.keep_size",
     .type = KEEL_CONFIG_SIZE,
     .default_text = "0B",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "closed parts go, trace first and events last, while all logs of the run are larger; 0B: no limit"},
    {.path = "log.disk_warn_pct",
     .type = KEEL_CONFIG_REAL,
     .default_text = "10",
     .min = "0",
     .max = "100",
     .unit = "%",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "a paper run tells when less of its disk is free; 0: never"},
    {.path = "log.disk_block_pct",
     .type = KEEL_CONFIG_REAL,
     .default_text = "5",
     .min = "0",
     .max = "100",
     .unit = "%",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "it is in safe mode when less is free: nothing is opened until somebody resumes; 0: never"},
    {.path = "log.disk_stop_pct",
     .type = KEEL_CONFIG_REAL,
     .default_text = "2",
     .min = "0",
     .max = "100",
     .unit = "%",
     .flags = KEEL_CONFIG_NO_ID,
     .doc = "it ends in order, to be gone on with, when less is free; 0: never"},
};

#define TYPE_REAL KEEL_CONFIG_REAL
#define TYPE_INT KEEL_CONFIG_INT
#define TYPE_BOOL KEEL_CONFIG_BOOL
#define TYPE_USD KEEL_CONFIG_USD
#define TYPE_BPS KEEL_CONFIG_BPS

static const keel_config_entry CORE[] = {
#define X(section_, name_, type_, default_, min_, max_, step_, unit_, doc_) \
    {.path = #section_ "." #name_,                                          \
     .type = TYPE_##type_,                                                  \
     .default_text = #default_,                                             \
     .min = #min_,                                                          \
     .max = #max_,                                                          \
     .step = #step_,                                                        \
     .unit = unit_,                                                         \
     .doc = doc_,                                                           \
     .flags = KEEL_CONFIG_TUNABLE},
#include "model/params.def"
#undef X
};

static keel_config_type own_type(int32_t type) {
    return type == KEEL_TYPE_INT ? TYPE_INT : (type == KEEL_TYPE_BOOL ? TYPE_BOOL : TYPE_REAL);
}

void keel_run_config_own_table(const keel_strategy_text *text, keel_run_config_own *ret) {
    ret->is_file = 0;
    ret->count = (size_t)text->row_count;
    KEEL_ASSERT(text->row_count >= 0 && text->row_count <= KEEL_STRATEGY_PARAM_MAX);
    for (size_t i = 0; i < ret->count; i++) {
        const keel_strategy_row *row = &text->row[i];
        int size = snprintf(ret->path[i], sizeof ret->path[i], "strategy.%s", row->name);
        KEEL_ASSERT(size > 0 && size < (int)sizeof ret->path[i]);
        ret->entry[i] = (keel_config_entry){.path = ret->path[i],
                                            .type = own_type(row->type),
                                            .default_text = row->def_text,
                                            .min = row->lo_text,
                                            .max = row->hi_text,
                                            .step = row->step_text,
                                            .unit = row->unit,
                                            .doc = row->sentence,
                                            .flags = KEEL_CONFIG_TUNABLE};
    }
}

const char *keel_run_config_strategy_name(int32_t strategy) {
    KEEL_ASSERT(strategy >= 0 && strategy < KEEL_STRATEGY_COUNT);
    return keel_strategy_describe(strategy).name;
}

const keel_config_entry *keel_run_config_core(size_t *ret_count) {
    *ret_count = sizeof CORE / sizeof *CORE;
    return CORE;
}

size_t keel_run_config_core_first(void) { return sizeof RUN / sizeof *RUN; }

/* A file is known by what stands in it, wherever it lies. */
static void fill_file_rows(keel_run_config_own *own) {
    KEEL_STATIC_ASSERT(sizeof RUN / sizeof *RUN <= KEEL_RUN_CONFIG_RUN_MAX, the_rows_of_run_fit);
    for (size_t i = 0; i < sizeof RUN / sizeof *RUN; i++) {
        own->run[i] = RUN[i];
        if (strcmp(RUN[i].path, "run.strategy") == 0) own->run[i].flags |= KEEL_CONFIG_NO_ID;
        if (strcmp(RUN[i].path, "run.strategy_sha256") == 0) own->run[i].flags &= ~KEEL_CONFIG_NO_ID;
    }
}

int keel_run_config_add_tables(keel_config *config, keel_run_config_own *own, keel_err *reterr) {
    KEEL_STATIC_ASSERT(KEEL_RUN_CONFIG_VERSION == 1, the_row_schema_version_says_so_too);
    KEEL_STATIC_ASSERT(sizeof CORE / sizeof *CORE == KEEL_PARAM_COUNT, one_row_per_core_parameter);
    if (own && own->is_file) fill_file_rows(own);
    KEEL_TRY(keel_config_add_entries(config, own && own->is_file ? own->run : RUN, sizeof RUN / sizeof *RUN, reterr));
    KEEL_TRY(keel_config_add_entries(config, CORE, sizeof CORE / sizeof *CORE, reterr));
    return own ? keel_config_add_entries(config, own->entry, own->count, reterr) : 0;
}
