/* core/signal/block.c: the start of a block by the machine's own step, the rest by the loop of its kind. */
#include "core/signal/block.h"

/* Bar i by the machine's own step. Returns the mask of its ready outputs. */
KEEL_LOCAL uint32_t keel_block_step(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                    keel_signal_block *b, int32_t outputs, int32_t i) {
    double out[KEEL_SIGNAL_OUTPUT_MAX] = {0.0, 0.0, 0.0, 0.0, 0.0};
    keel_ohlcv bar;
    bar.open = b->open[i];
    bar.high = b->high[i];
    bar.low = b->low[i];
    bar.close = b->close[i];
    bar.volume = b->volume[i];
    uint32_t mask = keel_signal_machine_step(spec, st, win, b->x[i], &bar, b->ts_ms[i], out);
    for (int32_t k = 0; k < outputs; k++) {
        int32_t has = (int32_t)((mask >> k) & 1);
        b->out[k][i] = has ? out[k] : 0.0;
        if (has && b->ready[k] == b->count) b->ready[k] = i;
    }
    return mask;
}

KEEL_FN void keel_signal_block_run(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                   keel_signal_block *b) {
    int32_t outputs = keel_signal_kind_outputs(spec->kind);
    for (int32_t k = 0; k < outputs; k++) {
        b->ready[k] = b->count;
        for (int32_t i = 0; i < b->from; i++)
            b->out[k][i] = 0.0;
    }
    for (int32_t i = b->from; i < b->count; i++)
        (void)keel_block_step(spec, st, win, b, outputs, i);
}
