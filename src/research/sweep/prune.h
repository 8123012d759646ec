/* research/sweep/prune.h: stop trials that are worse, at some step on their way, than the median of the completed ones
 * at the same step. It judges from the 5th completed trial and from the step after the warm-up on (SWP-01.2). A trial
 * is judged by what was told before it was handed out, so that threads do not change who is stopped. */
#ifndef KEEL_RESEARCH_SWEEP_PRUNE_H
#define KEEL_RESEARCH_SWEEP_PRUNE_H

#include <stdint.h>

#include "base/err.h"

enum { KEEL_PRUNE_STEPS = 8, KEEL_PRUNE_WARMUP = 1, KEEL_PRUNE_STARTUP = 5 };

/* Medians of the losses at each step (1-based, less one); HUGE_VAL where nothing is judged. */
typedef struct keel_prune_bar {
    double loss[KEEL_PRUNE_STEPS - 1];
} keel_prune_bar;

typedef struct keel_prune keel_prune;

keel_prune *keel_prune_new(void); /* NULL: out of memory */
void keel_prune_free(keel_prune *p);

/* A completed trial's losses on its way, smaller is better. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_prune_tell(keel_prune *p, const double loss[KEEL_PRUNE_STEPS - 1], keel_err *reterr);

keel_prune_bar keel_prune_ask(const keel_prune *p);

#endif
