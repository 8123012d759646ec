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

/* Most lengths of one keel_means. */
#define KEEL_MEANS_MAX 64

/* Where the levels of several lengths lie in their room, 0 the inputs themselves: each begins a line of the cache,
 * behind what it keeps of earlier blocks. */
#define KEEL_MEANS_LEVEL_AT(k) ((k)*KEEL_BLOCK_ROOM + ((2 << (k)) + 38) / 8 * 8)
#define KEEL_MEANS_ROOM (KEEL_MEANS_LEVEL_AT(KEEL_SUM_LEVELS - 1) + KEEL_BLOCK_ROOM)

/* One length of several. */
typedef struct keel_mean {
    int32_t n;
    int32_t place;  /* among the lengths of the caller */
    int32_t values; /* set bits of n: so many levels make a sum */
    int32_t reserved;
    int32_t at[KEEL_SUM_LEVELS]; /* where in the room their values for the first input of a block lie, newest first */
    double high, low;            /* together 1/n, where a level of simd/ multiplies by it */
} keel_mean;

/* Means of several lengths over the same inputs, block after block: a ring whose values lie in the room meanwhile. */
typedef struct keel_means {
    keel_roll roll;
    int32_t count, levels;
    int32_t plain; /* inputs in a row whose quotients may be had by way of reciprocals, at most roll.n */
    int32_t reserved;
    keel_mean mean[KEEL_MEANS_MAX]; /* [count] ascending by values */
} keel_means;

/* Means of several lengths, bit for bit those of their own rings.
 *   st, win  in   of a length that is at least each of them; nothing else of the history is needed
 *   lengths  in   [n] >= 1, n <= KEEL_MEANS_MAX
 *   room     out  [KEEL_MEANS_ROOM] to work in until the end; the loads of a level of simd/ are whole lines of the
 *                 cache where it begins one */
KEEL_FN void keel_block_means_begin(keel_means *s, const keel_roll *st, const double *win, const int32_t *lengths,
                                    int32_t n, KEEL_GLOBAL double *room);

/* m more inputs, 1 <= m <= KEEL_BLOCK_BARS.
 *   x    in   [m]
 *   out  out  [n] of [m] each, in the order of lengths; 0 where the window is not full. None is x */
KEEL_FN void keel_block_means(keel_means *s, KEEL_GLOBAL const double *x, int32_t m, KEEL_GLOBAL double *const *out,
                              KEEL_GLOBAL double *room);

/* What the ring's step in roll.h would have left.
 *   st, win  out */
KEEL_FN void keel_block_means_end(const keel_means *s, keel_roll *st, double *win, KEEL_GLOBAL const double *room);

#endif
