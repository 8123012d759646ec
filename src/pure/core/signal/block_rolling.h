/* core/signal/block_rolling.h: kinds made of rolling windows.
 *
 * Each function continues a machine that already gives all its outputs, over bars at .. b->count - 1 of a block. The
 * bar before `at` fed the machine and is there to read, at index -1 if need be. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_ROLLING_H
#define KEEL_CORE_SIGNAL_BLOCK_ROLLING_H

#include "core/signal/block.h"

KEEL_FN void keel_block_prev(keel_roll *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_slope(keel_roll *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_roc(keel_roll *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_mom(keel_roll *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_sma(keel_roll *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_bollinger(keel_roll *st, double *win, double mult, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_bb_width_ratio(keel_bb_width_ratio *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_zscore(keel_roll *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_donchian(keel_donchian *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_willr(keel_willr *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_stoch(keel_stochastic *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_stoch_rsi(keel_stoch_rsi *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_vwap(keel_vwap *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_mfi(keel_mfi *st, double *win, const keel_signal_block *b, int32_t at);
KEEL_FN void keel_block_cmf(keel_cmf *st, double *win, const keel_signal_block *b, int32_t at);

#endif
