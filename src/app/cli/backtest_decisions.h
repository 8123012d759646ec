/* app/cli/backtest_decisions.h: every proposal and command of a run as one JSON object a line: what was seen, every
 * gate with value and threshold, why it was held back or what was sent [STR-03.2]. */
#ifndef KEEL_APP_CLI_BACKTEST_DECISIONS_H
#define KEEL_APP_CLI_BACKTEST_DECISIONS_H

#include <stdio.h>

#include "base/err.h"
#include "lane/lane.h"

#define KEEL_DECISIONS_SCHEMA "keel.decision"

/* An open file of decisions; the names are borrowed until it is closed. */
typedef struct keel_decision_log {
    FILE *file;
    const char *path;
    const char *const *regimes; /* [KEEL_REGIME_COUNT] */
    /* index = symbol of the lane: */
    const char *const *symbols;
    const char *const *strategies, *const *versions;
    uint64_t lines;
} keel_decision_log;

/* Append one line. Returns 0 or KEEL_E_IO. */
KEEL_MUST_USE int keel_decision_log_write(keel_decision_log *log, const keel_lane_decision *d, keel_err *err);

#endif
