/* core/signal/block_sum.h: the rolling sums of roll.h over many inputs at once, of one length or of several.
 *
 * Each level is made from the one before by a loop without a chain, and a window's sum is a few values of the levels,
 * so the levels of the longest length serve all shorter ones: an output more costs an addition for each set bit of its
 * length after the first, and a quotient. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_SUM_H
#define KEEL_CORE_SIGNAL_BLOCK_SUM_H

#include "core/signal/block.h"

/* Feed m more inputs to a ring, 1 <= m <= KEEL_BLOCK_BARS.
 *   st, win  io   as the ring's step in roll.h would leave them; st->n <= KEEL_SUM_LENGTH_MAX
 *   x        in   [m]
 *   out      out  [m] sum or mean of the window that ends at each input; what it is before the window is full is not
 *                 said. Not x
 *   room     -    [KEEL_SUM_ROOM] to work in
 *   ahead    io   looked at between levels */
KEEL_FN void keel_block_sum(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m, KEEL_GLOBAL double *out,
                            KEEL_GLOBAL double *room, keel_block_ahead *ahead);
KEEL_FN void keel_block_mean(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                             KEEL_GLOBAL double *out, KEEL_GLOBAL double *room, keel_block_ahead *ahead);

/* Means of several lengths, bit for bit those of their own rings.
 *   st, win  io   of a length that is at least each of them; nothing else of the history is needed
 *   lengths  in   [n] >= 1
 *   out      out  [n] of [m] each; 0 where the window is not full */
KEEL_FN void keel_block_means(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                              const int32_t *lengths, int32_t n, KEEL_GLOBAL double *const *out,
                              KEEL_GLOBAL double *room);

#endif
