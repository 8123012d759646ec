/* core/signal/block_delay.h: the ring of roll.h that remembers an input, over many inputs at once. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_DELAY_H
#define KEEL_CORE_SIGNAL_BLOCK_DELAY_H

#include "core/signal/roll.h"

/* The value n inputs ago.
 *   st, win  io   a ring of st->n inputs as stepping leaves it; zeros stand for inputs before the first
 *   x        in   [m] the next inputs, m >= 0
 *   old      out  [m]; not x */
KEEL_FN void keel_block_delay(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                              KEEL_GLOBAL double *old);

#endif
