/* app/cli/sweep_summary.h: what is said of a finished sweep: the best trial, what was spent on the data, and what the
 * best is worth after so many tries. */
#ifndef KEEL_APP_CLI_SWEEP_SUMMARY_H
#define KEEL_APP_CLI_SWEEP_SUMMARY_H

#include "app/cli/sweep_header.h"
#include "research/sweep/ledger.h"
#include "research/sweep/runner.h"

/* Trials on one piece of data beyond which no correction is believed. */
enum { KEEL_TRIAL_LIMIT = 100000 };
/* An adjusted p above it is no evidence. */
#define KEEL_TRIAL_ALPHA 0.05
#define KEEL_LABEL_UNTRUSTWORTHY "UNTRUSTWORTHY_MULTIPLE_TRIALS"

/* The best trial's significance, raw and corrected for every trial spent on the data. */
typedef struct keel_sweep_significance {
    int64_t trials, sweeps; /* spent */
    int64_t limit;
    keel_stat p; /* 1 - probabilistic Sharpe ratio: chance of the best's Sharpe ratio without skill */
    keel_stat bonferroni, holm, benjamini_hochberg;
    keel_stat sharpe_day;     /* of the best, per day */
    keel_stat sharpe_max_day; /* largest to expect of so many tries without skill */
    keel_stat deflated_sharpe;
    int untrustworthy;
    char why[160];
} keel_sweep_significance;

/* best_totals: JSON text of the best trial's totals, "" when there is none. Returns 0, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sweep_judge(const keel_ledger *ledger, const keel_ledger_scope *scope, const char *best_totals,
                                   int64_t limit, keel_sweep_significance *ret, keel_err *reterr);

typedef struct keel_sweep_summary {
    const keel_sweep_asked *asked;
    const keel_sweep_result *result;
    const keel_sweep_significance *significance;
    const keel_backtest_data *data;
    const char *sweep_id, *strategy, *trials_file;
    const char *device, *device_name; /* "opencl" and what it calls itself; NULL: the processor */
    const char *device_lost;          /* why the processor ran trials that the device was to run; NULL: it did not */
    int32_t threads, reserved;
    double wall_seconds;
    int64_t memory_bytes, memory_bytes_per_10000;
} keel_sweep_summary;

void keel_sweep_summary_json(const keel_sweep_summary *s, keel_json *j);
void keel_sweep_summary_text(const keel_sweep_summary *s, keel_strbuf *out);

#endif
