/* research/sweep/importance.h: which parameter the target hangs on, within what was tried.
 *
 * For each dimension the trials are put into groups (each level, or 10 groups of neighbouring values where there are
 * more), and the share of the target's variance that lies between the groups is taken: the correlation ratio, 0 (the
 * parameter alone says nothing) to 1 (it says all). Chance alone gives about (groups - 1) / (trials - 1), which is
 * taken off (the adjusted ratio, never below 0). Interactions between parameters are not seen. Source: K. Pearson, On
 * the general theory of skew correlation, 1905; adjustment: T. L. Kelley, 1935. */
#ifndef KEEL_RESEARCH_SWEEP_IMPORTANCE_H
#define KEEL_RESEARCH_SWEEP_IMPORTANCE_H

#include <stdint.h>

#include "base/err.h"
#include "stats/stat.h"

enum { KEEL_IMPORTANCE_GROUPS = 10 };

/* Adjusted correlation ratio of target[n] on value[n].
 *   value  in  numbers; equal ones belong together
 *   ret    out undefined for fewer than 3 trials, one group, as many groups as trials, or no variance
 * Returns 0 or KEEL_E_NOMEM. Cost: one sort. */
KEEL_MUST_USE int keel_importance(const double value[], const double target[], int64_t n, keel_stat *ret,
                                  keel_err *reterr);

#endif
