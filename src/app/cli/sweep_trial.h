/* app/cli/sweep_trial.h: one trial of a sweep on one thread: point -> configuration -> run -> the totals of the
 * backtest document. What a thread needs is its own; tape and series are shared and only read. */
#ifndef KEEL_APP_CLI_SWEEP_TRIAL_H
#define KEEL_APP_CLI_SWEEP_TRIAL_H

#include "app/cli/backtest_data.h"
#include "app/cli/backtest_report.h"
#include "app/cli/run_config.h"
#include "app/cli/sweep_header.h"
#include "research/sweep/lane_run.h"
#include "research/sweep/trial.h"

/* What all trials share. Borrowed. */
typedef struct keel_sweep_shared {
    const keel_backtest_data *data;
    const keel_backtest_part *part; /* what was loaded: the most that any trial reads */
    const keel_space *space;
    const keel_sweep_asked *asked;
    const char *range_hash;
    const keel_tree *recorded; /* configuration of the sweep */
    int (*interrupted)(void);
    struct keel_sweep_device *device; /* that runs groups; NULL: the processor does */
} keel_sweep_shared;

typedef struct keel_sweep_thread keel_sweep_thread;

/* Returns 0, or KEEL_E_NOMEM and errors of keel_run_config_open. keel_sweep_thread_free (NULL allowed). */
KEEL_MUST_USE int keel_sweep_thread_new(keel_cli *cli, const keel_sweep_shared *shared, keel_sweep_thread **ret);
void keel_sweep_thread_free(keel_sweep_thread *t);
int64_t keel_sweep_thread_bytes(const keel_sweep_thread *t);
/* The most that a group of it has held. */
int64_t keel_sweep_thread_group_bytes(const keel_sweep_thread *t);

/* Run one point, as keel_sweep_host.run wants it. */
KEEL_MUST_USE int keel_sweep_trial_run(keel_sweep_thread *t, const keel_space_value point[], const keel_prune_bar *bar,
                                       keel_trial *ret, keel_err *reterr);

/* Run count points side by side, to the same results. Strategies built in only, and nobody watches. Returns 0, or
 * KEEL_E_NOMEM, KEEL_E_INTERRUPTED. */
KEEL_MUST_USE int keel_sweep_group_run(keel_sweep_thread *t, int32_t count, keel_space_value *const point[],
                                       keel_trial *const ret[], keel_err *reterr);

/* The configuration of the trial that ran last, and what its lane yielded; they hold until the next one. */
const keel_run_config *keel_sweep_thread_config(const keel_sweep_thread *t);
const keel_lane_result *keel_sweep_thread_result(const keel_sweep_thread *t);

/* Set the values of a point in a configuration opened from the sweep's. Errors as keel_run_config_vary. */
KEEL_MUST_USE int keel_sweep_vary(keel_run_config *run, const keel_space *space, const keel_space_value point[],
                                  keel_err *reterr);

/* What a load wants, with the flags of the sweep; part is borrowed. */
keel_backtest_needs keel_sweep_needs(const keel_run_config *run, const keel_sweep_asked *asked,
                                     keel_backtest_part *part);

/* On spot no shorts unless asked for by name, as `keel backtest run` has it; for an opened configuration. */
KEEL_MUST_USE int keel_sweep_settle_market(keel_run_config *run, const char *market, keel_err *err);

/* The totals of a report as one JSON text, appended to out; KEEL_E_PARITY with the line when a figure is impossible
 * (out is complete then), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sweep_totals_write(const keel_backtest_report *report, keel_strbuf *out, keel_err *reterr);

/* A run as a report wants it; borrows its arrays. */
keel_backtest_run keel_sweep_run_of(const keel_lane_result *r, const char *name);

/* The totals of a run as one JSON text, appended to out; KEEL_E_PARITY with the line when a figure is impossible (out
 * is complete then), KEEL_E_RANGE, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sweep_totals(const keel_backtest_run *run, const keel_lane_tally *tally,
                                    const keel_run_config *config, const keel_backtest_data *data, keel_strbuf *out,
                                    keel_err *reterr);

#endif
