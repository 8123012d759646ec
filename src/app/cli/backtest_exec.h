/* app/cli/backtest_exec.h: one account over one tape on the host: allocates what the lane needs, drains its
 * buffers, keeps everything it yields. */
#ifndef KEEL_APP_CLI_BACKTEST_EXEC_H
#define KEEL_APP_CLI_BACKTEST_EXEC_H

#include <stdint.h>

#include "app/cli/backtest_decisions.h"
#include "app/cli/backtest_stops.h"
#include "base/err.h"
#include "kernel/kernel.h"
#include "lane/lane.h"

/* What a run yielded. Owned; freed by keel_exec_done, which leaves it empty. */
typedef struct keel_exec_result {
    keel_trade *trades;
    int64_t trade_count;
    int64_t *equity_ts_ms;
    int64_t *equity_e8;
    int64_t equity_count;
    keel_exec_stop *stops; /* [stop_count], in order of time; NULL unless kept */
    int64_t stop_count;
    keel_lane_tally tally;
    keel_account account;
    uint64_t state_hash;
    int64_t final_e8;
    /* of positions left open (only when not closed at the end) */
    int64_t open_positions, open_price_e8, open_fees_e8, open_funding_e8, open_slippage_e8;
} keel_exec_result;

struct keel_exec_options;

/* A run in place of the lane's: same contract as keel_exec_run. */
typedef int (*keel_exec_body)(void *data, const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                              const struct keel_exec_options *options, keel_exec_result *ret, keel_err *err);

typedef struct keel_exec_options {
    const keel_kernel *kernel; /* the unit whose strategy p names; a user's runs guarded (kernel/guard.h) */
    const char *strategy;      /* how messages call it; a user's only */
    double stall_s;            /* of the guard; 0: its own */
    int32_t by_regime;         /* 1: p has a row for each label of the regime (lane/lane.h) */
    int64_t capital_e8;
    int close_at_end;
    int (*interrupted)(void);                        /* NULL: never */
    void (*progress)(void *data, int64_t bars_done); /* NULL: silent */
    void *progress_data;
    keel_decision_log *decisions; /* NULL: not kept */
    int keep_stops;               /* the run then pauses at every bar */
    keel_exec_body body;          /* NULL: the lane */
    void *body_data;
    int body_opens_files; /* 1: it keeps files: a user's file is guarded without the filter of system calls */
} keel_exec_options;

/* Bars before the first one on which every signal of p is ready; -1 when a signal waits for a UTC day. */
int32_t keel_exec_warmup(const keel_kernel *kernel, const keel_params *p);

/* Run p over tape.
 *   p      in  [tape->sleeve_count] configurations, with options->by_regime more rows of them; those of one account
 *             agree on section account
 *   rules  in  [tape->symbol_count] instruments
 *   ret    out written only on success
 * Returns 0, or KEEL_E_NOMEM, KEEL_E_USAGE (the signals of p do not fit their memory), KEEL_E_PARITY (the books refused
 * something the market did: line says what), KEEL_E_IO (decisions), KEEL_E_INTERRUPTED,
 * KEEL_E_ERROR (a user's strategy ended its run). Deterministic: equal inputs
 * give equal results. */
KEEL_MUST_USE int keel_exec_run(const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                                const keel_exec_options *options, keel_exec_result *ret, keel_err *err);
void keel_exec_done(keel_exec_result *r);

/* What stands in the books at the end of a run: every field of ret but trades, samples, tally and account. */
void keel_exec_take_ending(const keel_state *st, const keel_params *p, keel_exec_result *ret);

#endif
