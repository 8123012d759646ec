/* core/signal/block_recursion.h: kinds whose value waits for the value of the bar before: averages and what is made of
 * them.
 *
 * Each function continues a machine that already gives all its outputs, over bars at .. b->count - 1 of a block. The
 * bar before `at` fed the machine and is there to read, at index -1 if need be. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_RECURSION_H
#define KEEL_CORE_SIGNAL_BLOCK_RECURSION_H

#include "core/signal/block.h"

KEEL_FN void keel_block_ema(keel_ema *st, const keel_signal_block *b, int32_t at);

/* Two EMAs of one input beside each other, over the whole block, each the bits of its own: chains that wait for
 * themselves alone do not hold each other up. Both have two values (count > n).
 *   b       in   x, count
 *   before  in   1: b->x[-1] is the input before the block
 *   out     out  [count] each */
KEEL_FN void keel_block_ema_two(keel_ema *one, keel_ema *two, const keel_signal_block *b, int32_t before,
                                KEEL_GLOBAL double *out_one, KEEL_GLOBAL double *out_two);
KEEL_FN void keel_block_rma(keel_wilder *st, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_macd(keel_macd *st, const keel_signal_block *b, int32_t at);

/* The RSI into out, which is b->out[0] or column e of the scratch; uses a, c, d. */
KEEL_FN void keel_block_rsi(keel_rsi *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out);

/* The ATR into out, any column that is no input; uses column e of the scratch. */
KEEL_FN void keel_block_atr(keel_atr *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out);

KEEL_FN void keel_block_adx(keel_adx *st, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_keltner(keel_keltner *st, const keel_signal_block *b, int32_t at);

#endif
