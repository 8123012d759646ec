/* core/signal/block_recursion.h: kinds whose value waits for the value of the bar before: averages and what is made of
 * them.
 *
 * Each function continues a machine that already gives all its outputs, over bars at .. b->count - 1 of a block. The
 * bar before `at` fed the machine and is there to read, at index -1 if need be. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_RECURSION_H
#define KEEL_CORE_SIGNAL_BLOCK_RECURSION_H

#include "core/signal/block.h"

KEEL_FN void keel_block_ema(keel_ema *st, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_rma(keel_wilder *st, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_macd(keel_macd *st, const keel_signal_block *b, int32_t at);

/* The RSI into out, which is b->out[0] or column e of the scratch; uses a, c, d. */
KEEL_FN void keel_block_rsi(keel_rsi *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out);

/* The ATR into out, any column that is no input; uses column e of the scratch. */
KEEL_FN void keel_block_atr(keel_atr *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out);

KEEL_FN void keel_block_adx(keel_adx *st, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_keltner(keel_keltner *st, const keel_signal_block *b, int32_t at);

#endif
