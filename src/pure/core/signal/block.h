/* core/signal/block.h: one signal over a short run of bars, in memory that stays in the first cache. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_H
#define KEEL_CORE_SIGNAL_BLOCK_H

#include "core/signal/machine.h"

/* Bars per block. More would not fit the first cache with all columns of a kind; fewer repeat the start too often. */
#define KEEL_BLOCK_BARS 512

/* Scratch of one call: the bars of a block as doubles, a source, and the outputs of one signal. */
typedef struct keel_signal_block {
    int32_t count;                         /* bars in use */
    int32_t from;                          /* first bar that feeds the signal; earlier ones have no source */
    int32_t ready[KEEL_SIGNAL_OUTPUT_MAX]; /* out: first bar with the output, `count` when none */
    int32_t reserved;
    int64_t ts_ms[KEEL_BLOCK_BARS];
    double open[KEEL_BLOCK_BARS];
    double high[KEEL_BLOCK_BARS];
    double low[KEEL_BLOCK_BARS];
    double close[KEEL_BLOCK_BARS];
    double volume[KEEL_BLOCK_BARS];
    double x[KEEL_BLOCK_BARS]; /* in: the source of a SERIES kind */
    double out[KEEL_SIGNAL_OUTPUT_MAX][KEEL_BLOCK_BARS];
} keel_signal_block;

/* Feed bars b->from .. b->count - 1 to one signal: what keel_signal_machine_step does, bar after bar. Writes b->out
 * (0 where not ready) and b->ready.
 *   spec, st, win  as keel_signal_machine_step */
KEEL_FN void keel_signal_block_run(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                   keel_signal_block *b);

#endif
