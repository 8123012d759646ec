/* app/cli/run_config_internal.h: what the files that read a run's configuration share. */
#ifndef KEEL_APP_CLI_RUN_CONFIG_INTERNAL_H
#define KEEL_APP_CLI_RUN_CONFIG_INTERNAL_H

#include "app/cli/run_config.h"

/* Whose values are read where a run has several strategies. --set LABEL.PARAM=VALUE is for the strategy of that label
 * only. */
typedef struct keel_run_pick {
    const char *const *labels; /* [count], borrowed */
    int32_t count;             /* 0: labels mean nothing yet */
    int32_t at;                /* index of the one to read for; -1: what all have in common */
    const keel_config *item;   /* its map of the list `strategies`, under the paths of the table; NULL: none */
} keel_run_pick;

/* A new run with every layer of the command line, unresolved. keel_run_config_done also after an error. */
KEEL_MUST_USE int keel_run_config_begin(keel_cli *cli, const keel_run_pick *pick, keel_run_config *ret);

/* Resolve what was begun, for the strategy of that name (NULL: none), and fill *run from it. Problems stay in
 * run->config; an error without one has its line set. */
KEEL_MUST_USE int keel_run_config_settle(keel_cli *cli, keel_run_config *run, const char *name);

/* Open the strategy of that name (NULL: none) and add its table and presets to run->config, which has none yet. Errors
 * of keel_strategy_open. */
KEEL_MUST_USE int keel_run_config_add_strategy(keel_cli *cli, keel_run_config *run, const char *name);

/* Every problem of config but the last on its own line; the last becomes the error of the verb. Returns code. */
KEEL_MUST_USE int keel_run_config_tell(keel_cli *cli, const keel_config *config, int code);

/* 1 when some problem may come from a strategy's own parameter where no strategy is chosen. */
int keel_run_config_wants_strategy(const keel_config *config);

/* run_config_names.c: the label behind the '@' of name, ret_size: of what stands before it; -1: none, or no label. */
int32_t keel_run_config_regime(const char *name, size_t *ret_size);
const char *keel_run_config_regime_name(int32_t label);
/* May a parameter of this path have a value of its own in a regime? Its section allows it. */
int keel_run_config_regime_may(const char *path);
#define KEEL_RUN_CONFIG_REGIMES "unknown|bull|bear|chop|crash"
/* A keel_config_unknown. */
int keel_run_config_explain(const char *path, const char *origin, keel_err *ret);

/* run_config_regime.c: rows for every NAME@REGIME that a layer gave; 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_run_config_know_given(keel_run_config *run, keel_err *err);
/* Of run->params, which hold what is the same in every regime, what holds in each. */
void keel_run_config_fill_regimes(keel_run_config *run);
void keel_run_config_forget_regimes(keel_run_config *run);

/* 1 when the layers of c name several strategies: by a list, or by names with a comma between. */
int keel_run_config_names_several(const keel_config *c);

/* Read run, which names several, again as what its strategies have in common, with its parts. */
KEEL_MUST_USE int keel_run_config_load_parts(keel_cli *cli, keel_run_config *run);

/* Fill what run has from its parts: symbols, names, config_id. */
KEEL_MUST_USE int keel_run_config_join(keel_cli *cli, keel_run_config *run);

#endif
