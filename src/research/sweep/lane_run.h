/* research/sweep/lane_run.h: one configuration over a shared tape, in memory that one thread uses for trial after
 * trial.
 *
 * It is the lane that a backtest executes (lane/lane.h): equal configuration and tape give equal bits. The tape is read
 * only and may be shared by any number of threads; a keel_lane_run belongs to one. */
#ifndef KEEL_RESEARCH_SWEEP_LANE_RUN_H
#define KEEL_RESEARCH_SWEEP_LANE_RUN_H

#include <stdint.h>

#include "base/err.h"
#include "kernel/kernel.h"
#include "lane/lane.h"

typedef struct keel_lane_run keel_lane_run;

/* Memory for tapes of at most `bars` bars that may trade and `symbols` symbols. NULL: out of memory. NULL may be freed.
 */
keel_lane_run *keel_lane_run_new(int64_t bars, int32_t symbols);
void keel_lane_run_free(keel_lane_run *r);

/* Bytes held now, and what a tape of this shape will hold without a trade. */
int64_t keel_lane_run_bytes(const keel_lane_run *r);
int64_t keel_lane_run_bytes_for(int64_t bars, int32_t symbols);

/* What a run yielded; the arrays are the run's own and hold until the next one. */
typedef struct keel_lane_result {
    const keel_trade *trades;
    int64_t trade_count;
    const int64_t *equity_ts_ms;
    const int64_t *equity_e8;
    int64_t equity_count;
    const keel_lane_tally *tally;
    uint64_t state_hash;
    int64_t final_e8;
    int64_t bars;    /* of the tape that were run, history for signals included */
    int32_t stopped; /* 1: `watch` ended it early; state_hash and final_e8 are of that moment */
    int32_t reserved;
    /* of positions left open */
    int64_t open_positions, open_price_e8, open_fees_e8, open_funding_e8, open_slippage_e8;
} keel_lane_result;

/* Take over what stands at the end, which must be sound. */
void keel_lane_result_end(keel_lane_result *r, const keel_lane_ending *end);

/* Looks at a run on its way: result so far (no hash, final_e8 the last equity), which step of how many was reached.
 * Not 0 stops it. */
typedef int (*keel_lane_watch)(void *data, const keel_lane_result *so_far, int32_t step, int32_t steps);

typedef struct keel_lane_task {
    const keel_kernel *kernel; /* the unit whose strategy params names */
    const keel_params *params;
    int32_t by_regime; /* 1: params has a row for each label (lane/lane.h) */
    int32_t reserved;
    const keel_tape *tape;
    const keel_instrument *rules; /* [tape->symbol_count] */
    int64_t capital_e8;
    int32_t close_at_end;
    int32_t stepped;       /* 1: signals are stepped bar by bar, without windows: slow, the same bits */
    int32_t steps;         /* of watching, >= 1 */
    keel_lane_watch watch; /* NULL: nobody */
    void *watch_data;
    int (*interrupted)(void); /* NULL: never */
    /* Sees every signal and every command, in order; NULL: nobody. */
    void (*decided)(void *data, const keel_lane_decision *d);
    void *decided_data;
} keel_lane_task;

/* Run it.
 * Returns 0, or KEEL_E_NOMEM, KEEL_E_RANGE (capital refused), KEEL_E_USAGE (the signals do not fit their memory),
 * KEEL_E_PARITY (the books refused something the market did), KEEL_E_INTERRUPTED. Deterministic. */
KEEL_MUST_USE int keel_lane_run_go(keel_lane_run *r, const keel_lane_task *task, keel_lane_result *ret,
                                   keel_err *reterr);

#endif
