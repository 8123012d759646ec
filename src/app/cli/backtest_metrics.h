/* app/cli/backtest_metrics.h: the summary metrics table. */
#ifndef KEEL_APP_CLI_BACKTEST_METRICS_H
#define KEEL_APP_CLI_BACKTEST_METRICS_H

#include "app/cli/backtest_report.h"

/* Freqtrade's SUMMARY METRICS, its names and its order, then what it does not have. Lines for things keel does not
 * count are left out, not filled. */
void keel_backtest_metrics_table(const keel_backtest_report *report, keel_strbuf *out);

#endif
