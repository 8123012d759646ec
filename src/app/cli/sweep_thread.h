/* app/cli/sweep_thread.h: what a thread of a sweep keeps, for the two ways it runs trials: one by one (sweep_trial.c)
 * and in groups (sweep_group.c). */
#ifndef KEEL_APP_CLI_SWEEP_THREAD_H
#define KEEL_APP_CLI_SWEEP_THREAD_H

#include "app/cli/backtest_exec.h"
#include "app/cli/backtest_internal.h"
#include "app/cli/sweep_trial.h"
#include "research/sweep/lane_batch.h"

/* One trial of a group. */
typedef struct keel_sweep_item {
    keel_params params;
    keel_params *rows; /* with by_regime; NULL: params alone. Owned */
    keel_backtest_scale scale;
    keel_stats_book book;
    int64_t from_ms; /* first bar of its tape */
    int32_t symbols; /* of its tape */
    int32_t waits;   /* 1: it has not run yet */
} keel_sweep_item;

struct keel_sweep_thread {
    const keel_sweep_shared *shared;
    keel_run_config run;
    keel_lane_run *lane;
    keel_tape tape; /* the shared one, cut to what a backtest of this configuration would load */
    keel_lane_result result;
    keel_exec_result guarded; /* of a user's strategy: its run is made by a child */
    /* of the trial under way */
    const keel_prune_bar *bar;
    keel_trial *trial;
    int watch_failed;
    keel_strbuf partial;
    /* of the group under way */
    keel_sweep_item *items; /* [item_cap] */
    keel_group_run *runs;
    int32_t *members;
    int32_t item_cap;
    keel_lane_batch_room room; /* of groups on a device */
    int64_t group_bytes;       /* the most that a group has held */
    keel_backtest_report *report;
};

/* Set the thread's configuration to a point and give the trial its identities.
 * Returns 0, 1 (the trial failed and says why), or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sweep_thread_set(keel_sweep_thread *t, const keel_space_value point[], keel_trial *ret,
                                        keel_err *reterr);

/* Where the tape of the thread's configuration begins, and its symbols; 0 when the shared tape begins too late. */
int keel_sweep_thread_scope(const keel_sweep_thread *t, int64_t *ret_from_ms, int32_t *ret_symbols);

/* Cut the shared tape: the one that `keel backtest run` would have made. */
void keel_sweep_thread_cut(keel_sweep_thread *t, int64_t from_ms, int32_t symbols);

/* The trial failed. Returns 0. */
int keel_sweep_thread_fail(keel_trial *ret, const keel_err *why);

/* The symbols of the run, and holds, as a report wants them. */
void keel_sweep_thread_symbols(const keel_backtest_data *data, keel_backtest_result *ret,
                               keel_backtest_symbol symbols[]);
int32_t keel_sweep_thread_holds(const keel_lane_tally *tally, keel_backtest_count ret[KEEL_LANE_HOLDS]);

#endif
