/* research/sweep/tpe.h: tree-structured Parzen estimator: where to look next, given what was found so far.
 *
 * The best gamma = 25 % of the trials so far make a density l(x) per dimension, the others g(x); of 24 values drawn
 * from l the one with the largest l/g is taken. The first 20 trials are drawn at random. Dimensions are treated one by
 * one; an inactive one learns only from trials in which it was active. numbers     a mixture of normals cut to the
 * bounds (by logarithm where the dimension says so), one for each trial and one wide one for the whole range; each as
 * wide as the larger gap to its neighbours, at least the range / min(100, 1 + trials) other values  counts + 1,
 * normalised Source: J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl, Algorithms for Hyper-Parameter Optimization, 2011.
 */
#ifndef KEEL_RESEARCH_SWEEP_TPE_H
#define KEEL_RESEARCH_SWEEP_TPE_H

#include "research/sweep/space.h"

enum { KEEL_TPE_STARTUP = 20, KEEL_TPE_CANDIDATES = 24 };

typedef struct keel_tpe keel_tpe;

/* At most `batch` points are asked for before the first of them is told. The space is borrowed until keel_tpe_free
 * (NULL allowed). NULL: out of memory. */
keel_tpe *keel_tpe_new(const keel_space *space, uint64_t seed, int64_t batch);
void keel_tpe_free(keel_tpe *t);

/* How good the oldest point was that was asked for and not yet told, smaller is better. Any finite number; HUGE_VAL for
 * a trial that failed. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_tpe_tell(keel_tpe *t, double loss, keel_err *reterr);

/* The point of trial `index`, given all that was told. ret_point [space->count]. */
void keel_tpe_ask(keel_tpe *t, int64_t index, keel_space_value ret_point[]);

#endif
