/* app/cli/sweep_compare.h: one trial against a run of it on the plain path. */
#ifndef KEEL_APP_CLI_SWEEP_COMPARE_H
#define KEEL_APP_CLI_SWEEP_COMPARE_H

#include <stdint.h>

#include "base/err.h"
#include "base/tree.h"
#include "model/trade.h"

/* One side's words for the same thing. */
typedef struct keel_sweep_difference {
    char what[96]; /* "state_hash", "totals.trades", "trade 17 exit_px" */
    char one[400], other[400];
} keel_sweep_difference;

/* Index of the first trade that is not the same on both sides, in any figure that identifies one; where one side ends
 * before the other that is the next one. -1: all are. */
int64_t keel_sweep_first_unequal(const keel_trade one[], int64_t one_count, const keel_trade other[],
                                 int64_t other_count);

/* The first trade that is not the same on both sides, with the first field that differs and the whole trade of either;
 * a side that ended before says so. Returns 1 when there is one. */
int keel_sweep_compare_trades(const keel_trade one[], int64_t one_count, const keel_trade other[], int64_t other_count,
                              keel_sweep_difference *ret);

/* The first key of two totals objects (JSON text) whose value is not the same text, in the order of `one`; a key that
 * one side lacks differs. Returns 1 when there is one, 0 when the texts are equal, KEEL_E_PARSE, KEEL_E_NOMEM. */
int keel_sweep_compare_totals(const char *one, const char *other, keel_sweep_difference *ret, keel_err *reterr);

#endif
