/* research/sweep/runner.h: run every trial of a sweep on several threads, and keep its file and the ledger.
 *
 * The file holds a header line, then one row per trial in order of trials (trial.h). Which points are tried, their
 * results and the bytes of the file do not depend on the number of threads nor on how often the sweep was interrupted:
 * a point is asked for only when exactly the trials its sampler may know of were told.
 * A trial stands in the ledger before it stands in the file, a shard's (shard.h) before it stands in the joined file.
 * Rows reach the disk at least every second. Memory: a window of trials, whatever their number; tpe and the pruner keep
 * what they were told. */
#ifndef KEEL_RESEARCH_SWEEP_RUNNER_H
#define KEEL_RESEARCH_SWEEP_RUNNER_H

#include "research/sweep/ledger.h"
#include "research/sweep/sampler.h"
#include "research/sweep/trial.h"

enum { KEEL_SWEEP_THREADS_MAX = 1024, KEEL_SWEEP_GROUP_MAX = 2048 };

/* Everything that makes a sweep. Borrowed. */
typedef struct keel_sweep_plan {
    const char *sweep_id;
    const char *header; /* first line of the file, without '\n' */
    const char *path;   /* of the file */
    const keel_space *space;
    const keel_objective *objective;
    keel_sampler_kind sampler;
    int32_t prune; /* 1: median pruner */
    uint64_t seed;
    int64_t first;  /* 0, or where a shard begins; then neither tpe nor a pruner */
    int64_t trials; /* where it ends: the trials first <= index < trials are run */
    int64_t batch;  /* >= 1: trials chosen at a time by tpe and judged alike by the pruner */
    int32_t threads;
    int32_t group;       /* most points of a run_group; fewer are given when that takes long or much memory */
    int32_t resume;      /* 1: go on with the rows that are there */
    keel_ledger *ledger; /* NULL for a shard: who puts the shards together accounts for them */
    const keel_ledger_scope *scope;
} keel_sweep_plan;

/* Who runs a trial. */
typedef struct keel_sweep_host {
    void *data;
    /* Run one point in thread 0 <= thread < threads; ret is empty before. bar: NULL without a pruner. A trial that
     * fails is no error: ret->status says so. Returns 0, or KEEL_E_NOMEM, KEEL_E_INTERRUPTED..: the sweep ends. */
    int (*run)(void *data, int32_t thread, const keel_space_value point[], const keel_prune_bar *bar, keel_trial *ret,
               keel_err *reterr);
    /* Run count <= plan->group points without pruning in one go, each as run would. NULL: one at a time. */
    int (*run_group)(void *data, int32_t thread, int32_t count, keel_space_value *const point[],
                     keel_trial *const ret[], keel_err *reterr);
    /* Bytes that run_group held at most in this thread; read after it. */
    int64_t (*group_bytes)(void *data, int32_t thread);
    int (*interrupted)(void);
    void (*progress)(void *data, int64_t done); /* NULL: silent. From the calling thread only. */
} keel_sweep_host;

typedef struct keel_sweep_result {
    int64_t done, resumed; /* rows in the file; of those, found there */
    int64_t failed, pruned, infeasible;
    int64_t bars_run; /* of this call */
    char first_error[300];
    /* the best feasible trial with a target; best_index -1: none */
    int64_t best_index;
    char best_hash[KEEL_SHA256_TEXT_MAX];
    uint64_t best_state_hash;
    double best_target;
    keel_strbuf best_params, best_totals; /* JSON texts */
} keel_sweep_result;

/* Run, or go on.
 *   ret  out  initialised here, also after an error: keel_sweep_result_done
 * Returns 0, or
 *   KEEL_E_PARITY       a row that is there does not belong: the line names it; nothing was changed
 *   KEEL_E_IO           the disk is full or the file cannot be written: whole rows so far are kept, --resume goes on
 *   KEEL_E_INTERRUPTED  the same
 *   KEEL_E_NOMEM, and what host->run returned. */
KEEL_MUST_USE int keel_sweep_run(const keel_sweep_plan *plan, const keel_sweep_host *host, keel_sweep_result *ret,
                                 keel_err *reterr);
void keel_sweep_result_done(keel_sweep_result *r);

/* Rows of a file and whether its first line is `header` (NULL: any): 0 and *ret_rows (0 when there is no file), a torn
 * last line not counted. KEEL_E_IO, KEEL_E_PARITY (another header). */
KEEL_MUST_USE int keel_sweep_count_rows(const char *path, const char *header, int64_t *ret_rows, keel_err *reterr);

/* Trials that may be under way or waiting to be written, and the bytes they take at most. */
int64_t keel_sweep_window(const keel_sweep_plan *plan);

#endif
