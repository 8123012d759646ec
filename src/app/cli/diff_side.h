/* app/cli/diff_side.h: one of the two runs that are compared: what it was made of, and what it came to. */
#ifndef KEEL_APP_CLI_DIFF_SIDE_H
#define KEEL_APP_CLI_DIFF_SIDE_H

#include "app/cli/backtest_accounts.h"
#include "app/cli/diff_tape.h"
#include "ops/diff/diff.h"

typedef struct keel_diff_side {
    keel_cli *cli;
    char path[KEEL_FS_PATH_MAX];
    int is_paper;                 /* its market is that of its journal; else that of its store */
    int is_made;                  /* a backtest that nobody kept: `recorded` is what a run of it now comes to */
    keel_tree *manifest, *config; /* config: NULL when paper */
    keel_run_folder *folder;
    keel_paper_opened opened;   /* when paper */
    keel_diff_tape market;      /* when paper */
    keel_run_config own;        /* when not */
    const keel_run_config *run; /* of the two */
    keel_paper_model model;
    int flatten;
    int32_t behaviour; /* of the engine that began it: engine/states.h; 0: this one's */
    const char *store; /* NULL: no store is known */
    char feed[KEEL_FS_PATH_MAX + 16];
    /* of the manifest; borrowed */
    const char *run_id, *kind, *config_id, *dataset_hash, *core, *strategy;
    uint64_t state_hash;
    const char *symbols[KEEL_SYMBOLS_MAX]; /* that are traded, in order of name */
    int32_t symbol_count;
    keel_timerange range; /* effective */
    const char *timeframe;
    int no_funding;
    int is_revised;                          /* its store holds other data than it was run on */
    char made_dataset[KEEL_SHA256_TEXT_MAX]; /* of a made one */
    keel_diff_stage recorded;                /* its trades are owned */
} keel_diff_side;

/* Open a run's folder. key: of its journal, may be NULL; store: instead of the recorded one, may be NULL.
 * Returns 0, KEEL_E_NOT_FOUND (no folder of a run, or of one that has not ended), KEEL_E_USAGE (several strategies),
 * KEEL_E_PARITY, KEEL_E_VERSION, KEEL_E_IO, KEEL_E_NOMEM. keel_diff_side_done also then. */
KEEL_MUST_USE int keel_diff_side_open(keel_cli *cli, const char *path, const uint8_t *key, const char *store,
                                      keel_diff_side *ret);

/* The backtest of the same window: a's configuration on its store as it is now. What it came to is filled by a run. */
KEEL_MUST_USE int keel_diff_side_backtest(keel_cli *cli, const keel_diff_side *a, keel_diff_side *ret);
void keel_diff_side_done(keel_diff_side *s);

/* The market of `data` as the configuration of `params` reads it. accounts and store data belong to the caller. */
typedef struct keel_diff_market {
    keel_backtest_data data; /* when from a store */
    keel_backtest_accounts accounts;
} keel_diff_market;

/* KEEL_E_USAGE (no store is known), errors of keel_backtest_data_load. keel_diff_market_done also then. */
KEEL_MUST_USE int keel_diff_market_load(keel_diff_side *params, const keel_diff_side *data, keel_diff_market *ret);
void keel_diff_market_done(keel_diff_market *m);

#endif
