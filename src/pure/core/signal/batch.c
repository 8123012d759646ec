/* core/signal/batch.c */
#include "core/signal/batch.h"

KEEL_FN int32_t keel_signal_column(const keel_signal_set *set, int32_t slot) {
    uint64_t slots = keel_signal_set_slots(set);
    int32_t column = 0;
    if (slot < 0 || slot >= KEEL_SLOT_MAX || ((slots >> slot) & 1) == 0) return -1;
    for (int32_t s = 0; s < slot; s++)
        column += (int32_t)((slots >> s) & 1);
    return column;
}

/* One bar's values into the columns. */
KEEL_LOCAL void keel_signal_batch_store(uint64_t slots, const keel_snapshot *snap, int32_t i, int32_t stride,
                                        KEEL_GLOBAL double *out, int32_t *ret_first) {
    int64_t at = i;
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        if (((slots >> slot) & 1) == 0) continue;
        out[at] = snap->v[slot];
        at += stride;
        if (ret_first[slot] < 0 && KEEL_SNAPSHOT_HAS(snap, slot)) ret_first[slot] = i;
    }
}

KEEL_FN void keel_signal_batch(keel_signal_set *set, KEEL_GLOBAL const int64_t *ts_ms, KEEL_GLOBAL const double *open,
                               KEEL_GLOBAL const double *high, KEEL_GLOBAL const double *low,
                               KEEL_GLOBAL const double *close, KEEL_GLOBAL const double *volume, int32_t n,
                               int32_t stride, KEEL_GLOBAL double *out, KEEL_GLOBAL uint64_t *ready,
                               int32_t *ret_first) {
    uint64_t slots = keel_signal_set_slots(set);
    keel_snapshot snap;
    keel_ohlcv bar;
    snap.ready = 0;
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        snap.v[slot] = 0.0;
        ret_first[slot] = -1;
    }
    for (int32_t i = 0; i < n; i++) {
        bar.open = open[i];
        bar.high = high[i];
        bar.low = low[i];
        bar.close = close[i];
        bar.volume = volume[i];
        keel_signal_set_step(set, &bar, ts_ms[i], &snap);
        ready[i] = snap.ready;
        keel_signal_batch_store(slots, &snap, i, stride, out, ret_first);
    }
}
