/* stats/bounds.h: which figures of a summary cannot be true. */
#ifndef KEEL_STATS_BOUNDS_H
#define KEEL_STATS_BOUNDS_H

#include "stats/summary.h"

/* Take every impossible figure out of the summary (undefined) and list it in summary->impossible, in the order of the
 * checks. can_owe as in keel_stats_input. */
void keel_stats_bounds_apply(keel_stats_summary *summary, int can_owe);

#endif
