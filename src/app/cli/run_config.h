/* app/cli/run_config.h: the configuration of a run: one table, its layers, and what the core reads of it.
 *
 * Sections: run.* (what is run, on what), the sections of model/params.def (the core's parameters), strategy.* (the
 * chosen strategy's own parameters). A strategy's presets take the place of defaults. Flags of the run are short
 * spellings of paths: --leverage 2 is account.leverage, --set NAME=VALUE is any path or its last part.
 *
 * A run may have several strategies, its parts: a list `strategies` in a file, or --strategy A,B. Each part is resolved
 * as a run of its own, from the same layers with the item's values between files and environment. Settings of the
 * account (sections run and account) are the same for all of them.
 *
 * A parameter may have a value of its own while the market's regime is a certain one: exits.sl_atr_mult@bear
 * (run_config_regime.c). Not those of sections run, account and signals, nor what a strategy makes its signals of. */
#ifndef KEEL_APP_CLI_RUN_CONFIG_H
#define KEEL_APP_CLI_RUN_CONFIG_H

#include "app/cli/cli.h"
#include "app/cli/strategy_source.h"
#include "base/config.h"
#include "base/timerange.h"
#include "base/tree.h"
#include "core/signal/regime.h"
#include "kernel/kernel.h"
#include "model/params.h"

/* Version of the table. It grows when a key goes, is renamed or changes its type, with a row of keel_config_change that
 * says what to do; tests/golden/config_keys.txt holds the keys of this version. A new key needs no new version. */
enum { KEEL_RUN_CONFIG_VERSION = 1 };

enum { KEEL_RUN_PARTS_MAX = 64, KEEL_RUN_LABEL_MAX = 33 };

/* The rows of a strategy's own parameters. */
enum { KEEL_RUN_CONFIG_RUN_MAX = 24 };
typedef struct keel_run_config_own {
    /* For a file: the rows of run.* in which not the path but the hash of the file counts for the config_id. */
    keel_config_entry run[KEEL_RUN_CONFIG_RUN_MAX];
    int is_file;
    keel_config_entry entry[KEEL_STRATEGY_PARAM_MAX];
    char path[KEEL_STRATEGY_PARAM_MAX][64];
    size_t count;
} keel_run_config_own;

typedef struct keel_run_config {
    keel_config *config; /* resolved */
    keel_params params;  /* core and strategy parameters; strategy 0 (no_trade) when none is named. With by_regime:
                          * asks for all that is read in some regime, and has what is the same in all of them */
    keel_params rows[1 + KEEL_REGIME_COUNT]; /* with by_regime: params, then what holds by label (lane/lane.h) */
    int32_t by_regime;
    struct keel_run_override *overrides; /* rows of the table for single regimes; owned */
    keel_run_config_own own;
    keel_strategy_source source;
    const keel_kernel *kernel;       /* the unit that knows the strategy; the built-in one when none is named */
    const char *strategy;            /* name, NULL when none is named */
    const char *strategy_version;    /* NULL when none is named */
    const char *strategy_sha256;     /* of a user's file; NULL when built-in */
    const char *store;               /* folder, NULL when unset */
    const char *venue;               /* NULL when unset */
    const keel_list *symbols;        /* empty when unset */
    int64_t timeframe_ms, detail_ms; /* 0 when unset */
    int64_t starting_balance_usd_e8;
    keel_timerange range; /* open when unset */
    char config_id[KEEL_SHA256_TEXT_MAX];
    struct keel_run_part *parts;    /* [part_count] in order of name; NULL: one strategy, which is this */
    int32_t part_count;             /* 0 or more */
    int32_t shared;                 /* parts trade on one account; else on one each */
    keel_list all_symbols;          /* of the parts, in order of name; owned */
    char *joined, *joined_versions; /* names and versions of the parts, commas between; owned */
    size_t mark;                    /* of keel_run_config_open: what was recorded ends here */
} keel_run_config;

/* One of several strategies. With accounts of their own its run is what it would be alone: it starts with its share of
 * the balance, and its config_id is that of this run alone. */
typedef struct keel_run_part {
    char name[KEEL_RUN_LABEL_MAX]; /* its label: unique */
    int32_t reserved;
    int64_t weight_e8;
    keel_run_config run;
} keel_run_part;

/* Options a verb lists to take a run's configuration: --config, --set, and the flags of interfaces.md. */
extern const keel_cli_opt keel_run_config_options[];

/* Read all layers of this command line and resolve them. Every problem but the last is printed as its own line on
 * stderr; the last one is the error. keel_run_config_done also after an error. */
KEEL_MUST_USE int keel_run_config_load(keel_cli *cli, keel_run_config *ret);
void keel_run_config_done(keel_run_config *run);

/* Of a command line that names several strategies the one at that place, in order of name, by itself: what it is as a
 * part of keel_run_config_load's run is what it would be alone. Errors as keel_run_config_load. */
KEEL_MUST_USE int keel_run_config_load_part(keel_cli *cli, int32_t at, keel_run_config *ret);

/* Give path another default in a loaded run and in all of its parts, told by origin, where no layer gave a value: what
 * is known only once the data is. config_id follows. Errors as keel_run_config_load. */
KEEL_MUST_USE int keel_run_config_preset(keel_cli *cli, keel_run_config *run, const char *path, const char *text,
                                         const char *origin);

/* Read the borrowed texts anew after run->config was resolved again with the same values. */
KEEL_MUST_USE int keel_run_config_fill(keel_run_config *run, keel_err *err);

/* Write what the layers of a loaded configuration with one strategy gave, and where its store is (with_store), as a
 * JSON object of sections: with the same build keel_run_config_open makes the same configuration of it. */
void keel_run_config_record(const keel_run_config *run, int with_store, keel_json *j);

/* A configuration from such an object, without flags, files or environment; of the home only its store, where none is
 * recorded. Not yet resolved: vary comes next.
 * Returns 0, KEEL_E_PARITY (no strategy), KEEL_E_NOMEM, errors of keel_strategy_open. keel_run_config_done also then.
 */
KEEL_MUST_USE int keel_run_config_open(keel_cli *cli, const keel_tree *recorded, keel_run_config *ret);

/* Give an opened configuration another default, as keel_run_config_preset does for a loaded one; vary comes next. */
KEEL_MUST_USE int keel_run_config_open_preset(keel_run_config *run, const char *path, const char *text,
                                              const char *origin, keel_err *err);

/* Set these values (paths or last parts) over the recorded ones and resolve; what an earlier call set is gone. A
 * configuration may be varied any number of times. Returns 0, or the code and line of the first problem. */
KEEL_MUST_USE int keel_run_config_vary(keel_run_config *run, const char *const names[], const char *const values[],
                                       size_t count, keel_err *err);

/* Make known that name, if it is a parameter's NAME@REGIME, may be set and swept. Returns 0, KEEL_E_NOMEM, or
 * KEEL_E_UNKNOWN_KEY with the line for names of which more can be said than that they are not in the table. */
KEEL_MUST_USE int keel_run_config_know(keel_run_config *run, const char *name, const char *origin, keel_err *err);

/* What a lane is given: [keel_run_config_row_count] configurations, 1 of them unless by_regime. */
const keel_params *keel_run_config_rows(const keel_run_config *run);
int32_t keel_run_config_row_count(const keel_run_config *run);

/* The parameters as without any value for a single regime. */
void keel_run_config_base(const keel_run_config *run, keel_params *ret);

/* keel_strategy_probe in every regime; and signals must be the same in all of them: KEEL_E_USAGE. */
KEEL_MUST_USE int keel_run_config_probe(const keel_run_config *run, const keel_list *symbols, keel_err *err);

/* The parts of a run in order of name; a run with one strategy is its own only part. */
int32_t keel_run_config_count(const keel_run_config *run);
const keel_run_config *keel_run_config_at(const keel_run_config *run, int32_t i);

/* 1 when its account can come to owe: leverage above 1, or shorts allowed. */
int32_t keel_run_config_can_owe(const keel_run_config *run);
const char *keel_run_config_label(const keel_run_config *run, int32_t i);

/* The text behind config_id; the configuration as YAML that gives the same run; a commented file with every value. */
void keel_run_config_canonical(const keel_run_config *run, keel_strbuf *out);
void keel_run_config_write_yaml(const keel_run_config *run, int everything, keel_strbuf *out);
void keel_run_config_write_sample(const keel_run_config *run, keel_strbuf *out);

/* The rows of an item of `strategies` that are not parameters: name, strategy, symbols, weight. */
const keel_config_entry *keel_run_config_item_entries(size_t *ret_count);

/* 0, or KEEL_E_USAGE naming the flag that is missing: store, strategy, symbols and timeframe are needed to run. */
KEEL_MUST_USE int keel_run_config_require(keel_cli *cli, const keel_run_config *run);

/* Only the table: run.* and core entries, and a strategy's own (NULL: none; borrowed until the config is freed). */
KEEL_MUST_USE int keel_run_config_add_tables(keel_config *config, keel_run_config_own *own, keel_err *reterr);

/* The JSON Schema of a configuration as one document: of this strategy's parameters, or with -1 of every strategy's,
 * each where run.strategy names it. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_run_config_write_schema(int32_t strategy, keel_json *j, keel_err *reterr);

/* The rows of the core's parameters. */
const keel_config_entry *keel_run_config_core(size_t *ret_count);

/* Index of the first core entry among those that keel_run_config_add_tables adds; the core's own order follows. */
size_t keel_run_config_core_first(void);

/* Rules between values of a resolved configuration that no single bound can state. Every broken one is noted as a
 * problem. Returns 0 or KEEL_E_RANGE. */
KEEL_MUST_USE int keel_run_config_check_rules(keel_config *config);

/* Name of a built-in strategy by index. */
const char *keel_run_config_strategy_name(int32_t strategy);

/* The rows of a strategy's own parameters; they point into ret and to the text's strings. */
void keel_run_config_own_table(const keel_strategy_text *text, keel_run_config_own *ret);

#endif
