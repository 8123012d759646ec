/* research/sweep/sampler.h: which points of a space are tried, in which order.
 *
 *   grid    every point, the last dimension fastest
 *   random  each dimension drawn by itself
 *   sobol   Sobol's sequence (sobol.h)
 *   tpe     by what was found so far (tpe.h), in batches: the points of a batch are chosen before any of it is known,
 * so that its trials may run side by side. The batch size is part of the result, the number of threads is not. */
#ifndef KEEL_RESEARCH_SWEEP_SAMPLER_H
#define KEEL_RESEARCH_SWEEP_SAMPLER_H

#include "research/sweep/space.h"

typedef enum keel_sampler_kind {
    KEEL_SAMPLER_GRID = 0,
    KEEL_SAMPLER_RANDOM,
    KEEL_SAMPLER_SOBOL,
    KEEL_SAMPLER_TPE,
    KEEL_SAMPLER_COUNT
} keel_sampler_kind;

extern const char *const keel_sampler_names[KEEL_SAMPLER_COUNT];

typedef struct keel_sampler keel_sampler;

/*   space   in  borrowed until keel_sampler_free
 *   batch   in  >= 1, for tpe
 *   ret     out handed to the caller: keel_sampler_free (NULL allowed)
 * Returns 0, KEEL_E_RANGE (a grid over a dimension without steps, too many dimensions for sobol), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sampler_new(keel_sampler_kind kind, const keel_space *space, uint64_t seed, int64_t batch,
                                   keel_sampler **ret, keel_err *reterr);
void keel_sampler_free(keel_sampler *s);

/* Trials that must have been told before trial `index` can be asked for: 0, or the start of its batch. */
int64_t keel_sampler_needs(const keel_sampler *s, int64_t index);

/* The point of trial `index`; asked for in order 0, 1, 2... ret_point [space->count], with `active` set. */
void keel_sampler_ask(keel_sampler *s, int64_t index, keel_space_value ret_point[]);

/* What the oldest trial that was asked for and not yet told gave: smaller is better, HUGE_VAL when nothing. Returns 0
 * or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sampler_tell(keel_sampler *s, double loss, keel_err *reterr);

#endif
