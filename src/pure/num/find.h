/* num/find.h: the k-th of some numbers without sorting them all. */
#ifndef KEEL_NUM_FIND_H
#define KEEL_NUM_FIND_H

#include "num/port.h"

/* Hoare's FIND (CACM 4, 1961, algorithm 65): v[k] becomes what it would be in ascending order, nothing below it is
 * larger, nothing above it smaller. v: [count], rearranged in place, without NaN. k: 0 to count - 1; with no numbers at
 * all nothing happens. The order of what is left is defined by the algorithm, the same on every target. */
KEEL_FN void keel_find(double *v, int64_t count, int64_t k);

#endif
