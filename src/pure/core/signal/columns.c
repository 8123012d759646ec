/* core/signal/columns.c */
#include "core/signal/columns.h"
#include "core/signal/block.h"

KEEL_FN int32_t keel_signal_column(const keel_signal_set *set, int32_t slot) {
    uint64_t slots = keel_signal_set_slots(set);
    int32_t column = 0;
    if (slot < 0 || slot >= KEEL_SLOT_MAX || ((slots >> slot) & 1) == 0) return -1;
    for (int32_t s = 0; s < slot; s++)
        column += (int32_t)((slots >> s) & 1);
    return column;
}

KEEL_FN int32_t keel_signal_column_count(const keel_signal_set *set) {
    uint64_t slots = keel_signal_set_slots(set);
    int32_t count = 0;
    for (int32_t s = 0; s < KEEL_SLOT_MAX; s++)
        count += (int32_t)((slots >> s) & 1);
    return count;
}

KEEL_FN uint64_t keel_signal_columns_ready(const keel_signal_set *set, const int32_t *from, int32_t i) {
    uint64_t slots = keel_signal_set_slots(set);
    uint64_t ready = 0;
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++)
        ready |= (uint64_t)(i >= from[slot]) << slot;
    return ready & slots;
}

KEEL_LOCAL void keel_columns_copy(KEEL_GLOBAL const double *from, int64_t first, int32_t count, double *to) {
    for (int32_t i = 0; i < count; i++)
        to[i] = from[first + i];
}

/* The bars of one block into its scratch. */
KEEL_LOCAL void keel_columns_load(const keel_signal_bars *bars, int64_t first, int32_t count, keel_signal_block *b) {
    b->count = count;
    keel_columns_copy(bars->open, first, count, b->open);
    keel_columns_copy(bars->high, first, count, b->high);
    keel_columns_copy(bars->low, first, count, b->low);
    keel_columns_copy(bars->close, first, count, b->close);
    keel_columns_copy(bars->volume, first, count, b->volume);
    for (int32_t i = 0; i < count; i++)
        b->ts_ms[i] = bars->ts_ms[first + i];
}

/* A bar source into b->x, by the formula of keel_signal_bar_value. */
KEEL_LOCAL void keel_columns_bar_source(int32_t source, keel_signal_block *b) {
    keel_ohlcv bar;
    for (int32_t i = 0; i < b->count; i++) {
        bar.open = b->open[i];
        bar.high = b->high[i];
        bar.low = b->low[i];
        bar.close = b->close[i];
        bar.volume = b->volume[i];
        b->x[i] = keel_signal_bar_value(&bar, source);
    }
}

/* One block of bars through every signal. `at` is where the block begins in the call's columns, place[] the column of
 * each slot. */
KEEL_LOCAL void keel_columns_block(keel_signal_set *set, keel_signal_block *b, const int32_t *place, int32_t at,
                                   int32_t stride, KEEL_GLOBAL double *out, int32_t *ret_from) {
    for (int32_t s = 0; s < set->n; s++) {
        const keel_signal_spec *spec = &set->spec[s];
        b->from = 0;
        if (spec->source >= KEEL_SOURCE_SLOT_BASE) {
            int32_t slot = spec->source - KEEL_SOURCE_SLOT_BASE;
            b->from = ret_from[slot] <= at ? 0 : ret_from[slot] - at;
            if (b->from > b->count) b->from = b->count;
            keel_columns_copy(out, (int64_t)place[slot] * stride + at, b->count, b->x);
        } else {
            keel_columns_bar_source(spec->source, b);
        }
        keel_signal_block_run(spec, &set->state[s], set->win + set->window_at[s], b);
        for (int32_t k = 0; k < set->outputs[s]; k++) {
            int32_t slot = spec->slot + k;
            int64_t column = (int64_t)place[slot] * stride + at;
            for (int32_t i = 0; i < b->count; i++)
                out[column + i] = b->out[k][i];
            ret_from[slot] = ret_from[slot] < at ? ret_from[slot] : at + b->ready[k];
        }
    }
}

KEEL_FN void keel_signal_columns(keel_signal_set *set, const keel_signal_bars *bars, int64_t first, int32_t count,
                                 int32_t stride, KEEL_GLOBAL double *out, int32_t *ret_from) {
    keel_signal_block b;
    int32_t place[KEEL_SLOT_MAX];
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        place[slot] = keel_signal_column(set, slot);
        ret_from[slot] = count;
    }
    for (int32_t at = 0; at < count; at += KEEL_BLOCK_BARS) {
        int32_t bars_here = count - at < KEEL_BLOCK_BARS ? count - at : KEEL_BLOCK_BARS;
        keel_columns_load(bars, first + at, bars_here, &b);
        keel_columns_block(set, &b, place, at, stride, out, ret_from);
    }
}
