/* core/signal/block_window.h: the rolling extremes and moments of roll.h over many inputs at once.
 *
 * An aggregate of a full window is old[i] joined with part[i]: part[i] runs over the ring's turn in which input i
 * falls, old[i] is the suffix of the turn before that is still inside the window. Where the window is one whole turn,
 * old[i] is the neutral element. Turns do not wait for each other, so several run side by side. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_WINDOW_H
#define KEEL_CORE_SIGNAL_BLOCK_WINDOW_H

#include "core/signal/block.h"

/* Feed m more inputs to a ring that is full, and write both parts of each window's aggregate.
 *   st, win    io   as the ring's step in roll.h would leave them
 *   x          in   [m]
 *   part, old  out  [m] each, neither of them x
 *   ahead      io   looked at between turns
 * Join with part unless old > part, with part unless old < part. */
KEEL_FN void keel_block_max(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                            KEEL_GLOBAL double *part, KEEL_GLOBAL double *old, keel_block_ahead *ahead);
KEEL_FN void keel_block_min(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                            KEEL_GLOBAL double *part, KEEL_GLOBAL double *old, keel_block_ahead *ahead);

/* Mean and sum of squared deviations of each window, for n <= KEEL_BLOCK_TABLE: both parts and the weights that join
 * them, a few turns of the ring at a time, so that the caller's formula is computed beside the next turns' chains. */
typedef struct keel_block_parts {
    int32_t m;
    int32_t from, at;  /* the inputs whose parts are there */
    int32_t slot;      /* of the ring, into which input `from` fell */
    int32_t joined;    /* 1: the new parts are the whole windows' moments, and there are no old ones */
    int32_t joined_to; /* the inputs whose joined parts are there */
    KEEL_GLOBAL const double *x;
    KEEL_GLOBAL double *mean; /* [m] the new parts */
    KEEL_GLOBAL double *m2;
    KEEL_GLOBAL double *old_mean; /* [m] the old parts */
    KEEL_GLOBAL double *old_m2;
    KEEL_GLOBAL const double *reciprocal;
    KEEL_GLOBAL const double *share; /* weights of input from + j: [slot + j] */
    KEEL_GLOBAL const double *cross;
} keel_block_parts;

/* Begin with m >= 1 more inputs to a ring that is full; a, b, t of the scratch are in use until the last input.
 *   mean, m2  out  [m] each, no input and neither a nor b of the scratch */
KEEL_FN void keel_block_parts_begin(keel_block_parts *p, keel_roll *st, double *win, KEEL_GLOBAL const double *x,
                                    int32_t m, KEEL_GLOBAL double *mean, KEEL_GLOBAL double *m2,
                                    KEEL_GLOBAL keel_signal_scratch *scratch);

/* The parts of some more inputs, p->from .. p->at - 1. Returns 0 when there are no more; st and win are then as the
 * ring's step in roll.h would leave them. */
KEEL_FN int32_t keel_block_parts_next(keel_block_parts *p, keel_roll *st, double *win, keel_block_ahead *ahead);

/* Declares joined_mean and joined_m2 of input j, from columns of these names; `joined` as in the parts. */
#define KEEL_BLOCK_JOIN(j, joined)                                              \
    double joined_mean = mean[j];                                               \
    double joined_m2 = m2[j];                                                   \
    if (!(joined)) {                                                            \
        double joined_d = joined_mean - old_mean[j];                            \
        joined_mean = old_mean[j] + joined_d * share[j];                        \
        joined_m2 = (old_m2[j] + joined_m2) + (joined_d * joined_d) * cross[j]; \
    }

#endif
