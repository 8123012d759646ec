/* stats/splits.h: a range of time cut into training and test windows, for walk-forward validation.
 *
 * All windows are half open, [start, end). Window i trains on [S + i*step, +train) (anchored: from S on) and tests on
 * [train end + gap, +test). The gap keeps what a position or an indicator carries over the edge out of the test. Only
 * whole windows are made; without `overlap` no instant is tested twice. Pardo, The Evaluation and Optimization of
 * Trading Strategies, 2008, ch. 11. */
#ifndef KEEL_STATS_SPLITS_H
#define KEEL_STATS_SPLITS_H

#include <stdint.h>

#include "base/err.h"

enum { KEEL_SPLITS_MAX = 10000 };

typedef struct keel_split_rule {
    int64_t train_ms; /* > 0 */
    int64_t gap_ms;   /* >= 0 */
    int64_t test_ms;  /* > 0 */
    int64_t step_ms;  /* 0: the length of a test */
    int32_t anchored; /* 1: every training begins at the start and grows */
    int32_t overlap;  /* 1: tests may share time */
} keel_split_rule;

typedef struct keel_split {
    int64_t train_start_ms, train_end_ms;
    int64_t test_start_ms, test_end_ms;
} keel_split;

/* All windows of [start_ms, end_ms), in order.
 *   ret  out owned, [*ret_count], at least one; written only with 0
 * Returns 0, or KEEL_E_USAGE (a length that makes no sense), KEEL_E_RANGE (not one whole window fits, or more than
 * KEEL_SPLITS_MAX do), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_splits_make(const keel_split_rule *rule, int64_t start_ms, int64_t end_ms, keel_split **ret,
                                   int32_t *ret_count, keel_err *reterr);

#endif
