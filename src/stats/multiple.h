/* stats/multiple.h: what a p-value is worth when many were computed.
 *
 * Each function turns p[n] into adjusted p-values of the same order: rejecting where adjusted <= alpha keeps the error
 * rate of the whole family at alpha. All p must lie in [0, 1]; adjusted ones are at most 1, and never fall when p
 * rises. family-wise error (any false discovery)      Bonferroni, Sidak (independent tests), Holm false discovery rate
 * (share of false ones)   Benjamini-Hochberg, Benjamini-Yekutieli (any dependence) Sources: C. E. Bonferroni, 1936; Z.
 * Sidak, 1967; S. Holm, A simple sequentially rejective multiple test procedure, 1979; Y. Benjamini, Y. Hochberg,
 * Controlling the false discovery rate, 1995; Y. Benjamini, D. Yekutieli, 2001. */
#ifndef KEEL_STATS_MULTIPLE_H
#define KEEL_STATS_MULTIPLE_H

#include <stdint.h>

#include "base/err.h"

typedef enum keel_adjust {
    KEEL_ADJUST_BONFERRONI = 0,
    KEEL_ADJUST_SIDAK,
    KEEL_ADJUST_HOLM,
    KEEL_ADJUST_BENJAMINI_HOCHBERG,
    KEEL_ADJUST_BENJAMINI_YEKUTIELI,
    KEEL_ADJUST_COUNT
} keel_adjust;

/*   p    in  [n], borrowed
 *   ret  out [n], may be p itself
 * Returns 0, KEEL_E_RANGE (a p that is no probability; ret unchanged), KEEL_E_NOMEM. Cost: one sort. */
KEEL_MUST_USE int keel_stats_adjust(keel_adjust how, const double p[], int64_t n, double ret[], keel_err *reterr);

#endif
