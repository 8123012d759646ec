/* core/signal/breadth.c */
#include "core/signal/breadth.h"

KEEL_FN void keel_breadth_init(keel_breadth *b) {
    b->above = 0;
    b->judged = 0;
    b->adx_count = 0;
    b->ratio_count = 0;
}

/* Insert x into the ascending a[0 .. count-1]. */
KEEL_LOCAL void keel_breadth_insert(double *a, int32_t count, double x) {
    int32_t at = count;
    while (at > 0 && a[at - 1] > x) {
        a[at] = a[at - 1];
        at--;
    }
    a[at] = x;
}

KEEL_LOCAL double keel_breadth_median(const double *a, int32_t count) {
    int32_t middle = count / 2;
    if (count % 2 != 0) return a[middle];
    return (a[middle - 1] + a[middle]) / 2.0;
}

KEEL_FN int32_t keel_breadth_add(keel_breadth *b, const keel_snapshot *snap) {
    if (b->judged >= KEEL_UNIVERSE_MAX || b->adx_count >= KEEL_UNIVERSE_MAX || b->ratio_count >= KEEL_UNIVERSE_MAX) {
        return 0;
    }
    if (KEEL_SNAPSHOT_HAS(snap, KEEL_SLOT_EMA_FAST) && KEEL_SNAPSHOT_HAS(snap, KEEL_SLOT_EMA_SLOW)) {
        b->judged += 1;
        if (snap->v[KEEL_SLOT_EMA_FAST] > snap->v[KEEL_SLOT_EMA_SLOW]) b->above += 1;
    }
    if (KEEL_SNAPSHOT_HAS(snap, KEEL_SLOT_ADX)) {
        keel_breadth_insert(b->adx, b->adx_count, snap->v[KEEL_SLOT_ADX]);
        b->adx_count += 1;
    }
    if (KEEL_SNAPSHOT_HAS(snap, KEEL_SLOT_ATR) && KEEL_SNAPSHOT_HAS(snap, KEEL_SLOT_ATR_SMA) &&
        snap->v[KEEL_SLOT_ATR_SMA] > 0.0) {
        keel_breadth_insert(b->ratio, b->ratio_count, snap->v[KEEL_SLOT_ATR] / snap->v[KEEL_SLOT_ATR_SMA]);
        b->ratio_count += 1;
    }
    return 1;
}

KEEL_FN keel_universe_view keel_breadth_done(const keel_breadth *b) {
    keel_universe_view v;
    v.has_breadth = b->judged > 0;
    v.has_adx = b->adx_count > 0;
    v.has_atr_ratio = b->ratio_count > 0;
    v.reserved = 0;
    v.breadth = v.has_breadth ? (double)b->above / (double)b->judged : 0.0;
    v.median_adx = v.has_adx ? keel_breadth_median(b->adx, b->adx_count) : 0.0;
    v.median_atr_ratio = v.has_atr_ratio ? keel_breadth_median(b->ratio, b->ratio_count) : 0.0;
    return v;
}
