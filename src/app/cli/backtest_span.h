/* app/cli/backtest_span.h: one configuration over one span of time, for verbs that run many: load, run, summarise. */
#ifndef KEEL_APP_CLI_BACKTEST_SPAN_H
#define KEEL_APP_CLI_BACKTEST_SPAN_H

#include "app/cli/run_config.h"
#include "stats/summary.h"

/* How data is taken, the same for all spans. */
typedef struct keel_backtest_span_options {
    int accept_gaps, accept_moves, no_funding;
    double stall_s;  /* of a file's strategy, 0: the default */
    int keep_equity; /* the samples too */
} keel_backtest_span_options;

typedef struct keel_backtest_span {
    int64_t start_ms, end_ms; /* effective */
    int64_t bars;
    uint64_t state_hash;
    keel_stats_summary summary;
    int64_t *equity_ts_ms, *equity_e8; /* [equity_count], owned; NULL unless kept */
    int64_t equity_count;
} keel_backtest_span;

void keel_backtest_span_done(keel_backtest_span *s);

/* The effective range of the run as configured, after the same checks as a run's; bars are counted, nothing is run.
 * A spot account gets its preset here (no shorts unless given). */
KEEL_MUST_USE int keel_backtest_span_scope(keel_cli *cli, keel_run_config *run,
                                           const keel_backtest_span_options *options, keel_backtest_span *ret);

/* The run that `keel backtest run` makes of the configuration with this time range, positions closed at its end; same
 * trades, same state hash. run->range is left as it was. */
KEEL_MUST_USE int keel_backtest_span_run(keel_cli *cli, keel_run_config *run, const keel_timerange *range,
                                         const keel_backtest_span_options *options, keel_backtest_span *ret);

#endif
