/* core/signal/block_window.h: the rolling aggregates of roll.h over many inputs at once.
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
 * Join with old + part, with part unless old > part, with part unless old < part. */
KEEL_FN void keel_block_sum(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                            KEEL_GLOBAL double *part, KEEL_GLOBAL double *old, keel_block_ahead *ahead);
KEEL_FN void keel_block_max(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                            KEEL_GLOBAL double *part, KEEL_GLOBAL double *old, keel_block_ahead *ahead);
KEEL_FN void keel_block_min(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                            KEEL_GLOBAL double *part, KEEL_GLOBAL double *old, keel_block_ahead *ahead);

/* Mean and sum of squared deviations of each window, for n <= KEEL_BLOCK_TABLE.
 *   mean, m2  out  [m] each, no input and not a, b, t of the scratch, which are used */
KEEL_FN void keel_block_moments(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                                KEEL_GLOBAL double *mean, KEEL_GLOBAL double *m2,
                                KEEL_GLOBAL keel_signal_scratch *scratch, keel_block_ahead *ahead);

/* The value n inputs ago: old[m]. */
KEEL_FN void keel_block_delay(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                              KEEL_GLOBAL double *old);

#endif
