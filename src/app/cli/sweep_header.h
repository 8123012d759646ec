/* app/cli/sweep_header.h: the first line of a sweep's file: everything that makes the sweep, so that any of its trials
 * can be run again from the file alone. Keys: docs/formats/sweep.md. */
#ifndef KEEL_APP_CLI_SWEEP_HEADER_H
#define KEEL_APP_CLI_SWEEP_HEADER_H

#include "app/cli/backtest_data.h"
#include "app/cli/run_config.h"
#include "research/sweep/sampler.h"
#include "research/sweep/trial.h"

#define KEEL_SWEEP_SCHEMA "keel.sweep"
#define KEEL_SWEEP_SCHEMA_VERSION 1

enum { KEEL_SWEEP_ID_SIZE = 17, KEEL_SWEEP_PATH_MAX = 4096 };

/* What was asked for, besides the configuration of the run and the space. */
typedef struct keel_sweep_asked {
    keel_sampler_kind sampler;
    int64_t trials, batch, seed;
    int prune, accept_gaps, accept_moves, no_funding, keep_open;
    keel_objective objective;
} keel_sweep_asked;

/* Write the header line, without '\n', and the id it gives the sweep: the first 16 hex digits of SHA-256 over the line
 * with an empty id and without the place of the store. */
void keel_sweep_header_write(const keel_sweep_asked *asked, const keel_run_config *run, const keel_space *space,
                             const keel_backtest_data *data, const char *range_hash, keel_strbuf *ret_line,
                             char ret_id[KEEL_SWEEP_ID_SIZE]);

/* The id that the same sweep has when another build makes it. */
void keel_sweep_header_id(const keel_sweep_asked *asked, const keel_run_config *run, const keel_space *space,
                          const keel_backtest_data *data, const char *range_hash, const char *build,
                          char ret_id[KEEL_SWEEP_ID_SIZE]);

/* A header as read back. */
typedef struct keel_sweep_header {
    keel_tree *tree; /* owned */
    char sweep_id[KEEL_SWEEP_ID_SIZE];
    keel_sweep_asked asked;
    const keel_tree *config;                                           /* in tree, for keel_run_config_open */
    const char *strategy, *build, *market, *dataset_hash, *range_hash; /* in tree */
    int64_t start_ms, end_ms;
} keel_sweep_header;

/* Returns 0, KEEL_E_PARITY (no header of this format), KEEL_E_VERSION, KEEL_E_NOMEM. keel_sweep_header_done always. */
KEEL_MUST_USE int keel_sweep_header_read(const char *line, size_t size, const char *where, keel_sweep_header *ret,
                                         keel_err *reterr);
void keel_sweep_header_done(keel_sweep_header *h);

/* Identity of what the traded symbols did inside the effective range: history before it, which may differ from one
 * configuration to the next, and a bitcoin series that is only watched, do not enter. */
void keel_sweep_range_hash(const keel_backtest_data *data, char ret_text[KEEL_SHA256_TEXT_MAX]);

/* Identity of one trial: SHA-256 over configuration, range and what else changes the result; not the build. */
void keel_sweep_trial_hash(const char *config_id, const char *range_hash, const keel_sweep_asked *asked,
                           char ret_text[KEEL_SHA256_TEXT_MAX]);

#endif
