/* core/signal/columns.c */
#include "core/signal/columns.h"
#include "core/signal/block.h"
#include "core/signal/block_recursion.h"

/* From so many bars on a call's columns lie beyond the second cache, and fetching ahead pays. */
#define COLUMNS_FAR 16384

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

/* Bars `first` .. of the call's bars. */
KEEL_LOCAL void keel_columns_load(const keel_signal_bars *bars, int64_t first, int32_t count, keel_signal_block *b) {
    b->count = count;
    b->ts_ms = bars->ts_ms + first;
    b->open = bars->open + first;
    b->high = bars->high + first;
    b->low = bars->low + first;
    b->close = bars->close + first;
    b->volume = bars->volume + first;
}

/* A bar source as b->x; those that are computed, by the formulas of keel_signal_bar_value, into the scratch. `inside`:
 * the call has a bar before this block. */
KEEL_LOCAL void keel_columns_bar_source(int32_t source, int32_t inside, keel_signal_block *b) {
    KEEL_GLOBAL double *x = b->scratch->source + 8;
    switch (source) {
        case KEEL_SOURCE_OPEN: b->x = b->open; return;
        case KEEL_SOURCE_HIGH: b->x = b->high; return;
        case KEEL_SOURCE_LOW: b->x = b->low; return;
        case KEEL_SOURCE_VOLUME: b->x = b->volume; return;
        case KEEL_SOURCE_HL2:
            if (inside) x[-1] = (b->high[-1] + b->low[-1]) / 2.0;
            for (int32_t i = 0; i < b->count; i++)
                x[i] = (b->high[i] + b->low[i]) / 2.0;
            b->x = x;
            return;
        case KEEL_SOURCE_HLC3:
            if (inside) x[-1] = ((b->high[-1] + b->low[-1]) + b->close[-1]) / 3.0;
            for (int32_t i = 0; i < b->count; i++)
                x[i] = ((b->high[i] + b->low[i]) + b->close[i]) / 3.0;
            b->x = x;
            return;
        default: b->x = b->close; return;
    }
}

/* The columns of the next block for one signal: none unless the call has one more whole block. */
KEEL_LOCAL void keel_columns_look(const keel_signal_spec *spec, int32_t outputs, int32_t more, keel_signal_block *b) {
    keel_block_ahead *ahead = b->ahead;
    ahead->columns = 0;
    ahead->at = 0;
    if (!more) return;
    if (keel_signal_kind_input(spec->kind) == KEEL_SIGNAL_INPUT_BAR) {
        ahead->column[0] = b->high + KEEL_BLOCK_BARS;
        ahead->column[1] = b->low + KEEL_BLOCK_BARS;
        ahead->column[2] = b->close + KEEL_BLOCK_BARS;
        ahead->columns = 3;
    } else if (spec->source < KEEL_SOURCE_HL2 || spec->source == KEEL_SOURCE_VOLUME) {
        ahead->column[0] = b->x + KEEL_BLOCK_BARS;
        ahead->columns = 1;
    }
    for (int32_t k = 0; k < outputs; k++)
        ahead->column[ahead->columns++] = b->out[k] + KEEL_BLOCK_BARS;
}

/* Is signal s an EMA of a bar's value that has two values? Then all of them are ready, whatever else the set has. */
KEEL_LOCAL int32_t keel_columns_under_way(const keel_signal_set *set, int32_t s) {
    const keel_signal_spec *spec = &set->spec[s];
    return spec->kind == KEEL_SIGNAL_EMA && spec->source < KEEL_SOURCE_SLOT_BASE &&
           set->state[s].ema.count > set->state[s].ema.n;
}

/* Signals of EMAs under way that go through a block two by two: for each the other one of its pair, -1 for the rest.
 * They read bars alone, so the order among them and others does not matter. */
KEEL_LOCAL void keel_columns_pairs(const keel_signal_set *set, int32_t *ret_partner) {
    for (int32_t s = 0; s < set->n; s++)
        ret_partner[s] = -1;
    for (int32_t s = 0; s < set->n; s++) {
        if (ret_partner[s] >= 0 || !keel_columns_under_way(set, s)) continue;
        for (int32_t t = s + 1; t < set->n && ret_partner[s] < 0; t++) {
            if (ret_partner[t] >= 0 || set->spec[t].source != set->spec[s].source || !keel_columns_under_way(set, t))
                continue;
            ret_partner[s] = t;
            ret_partner[t] = s;
        }
    }
}

/* One block of bars through every signal. `at` is where the block begins in the call's columns, place[] the column of
 * each slot; `more`: a whole block follows. */
KEEL_LOCAL void keel_columns_block(keel_signal_set *set, keel_signal_block *b, const int32_t *place, int32_t at,
                                   int32_t stride, int32_t more, KEEL_GLOBAL double *out, int32_t *ret_from) {
    int32_t partner[KEEL_SIGNAL_SPEC_MAX];
    keel_columns_pairs(set, partner);
    for (int32_t s = 0; s < set->n; s++) {
        const keel_signal_spec *spec = &set->spec[s];
        if (partner[s] >= 0) {
            if (partner[s] < s) continue;
            const int32_t first = spec->slot, second = set->spec[partner[s]].slot;
            keel_columns_bar_source(spec->source, at > 0, b);
            keel_block_ema_two(&set->state[s].ema, &set->state[partner[s]].ema, b, at > 0,
                               out + (int64_t)place[first] * stride + at, out + (int64_t)place[second] * stride + at);
            if (ret_from[first] > at) ret_from[first] = at;
            if (ret_from[second] > at) ret_from[second] = at;
            continue;
        }
        b->from = 0;
        if (spec->source >= KEEL_SOURCE_SLOT_BASE) {
            int32_t slot = spec->source - KEEL_SOURCE_SLOT_BASE;
            b->from = ret_from[slot] <= at ? 0 : ret_from[slot] - at;
            if (b->from > b->count) b->from = b->count;
            b->x = out + (int64_t)place[slot] * stride + at;
        } else {
            keel_columns_bar_source(spec->source, at > 0, b);
        }
        for (int32_t k = 0; k < set->outputs[s]; k++)
            b->out[k] = out + (int64_t)place[spec->slot + k] * stride + at;
        b->steady = 1;
        for (int32_t k = 0; k < set->outputs[s]; k++)
            b->steady = b->steady && ret_from[spec->slot + k] < at;
        keel_columns_look(spec, set->outputs[s], more, b);
        keel_signal_block_run(spec, &set->state[s], set->win + set->window_at[s], b);
        for (int32_t k = 0; k < set->outputs[s]; k++) {
            int32_t slot = spec->slot + k;
            if (ret_from[slot] >= at) ret_from[slot] = at + b->ready[k]; /* not ready in an earlier block */
        }
    }
}

KEEL_FN void keel_signal_columns(keel_signal_set *set, const keel_signal_bars *bars, int64_t first, int32_t count,
                                 int32_t stride, KEEL_GLOBAL double *out, int32_t *ret_from,
                                 KEEL_GLOBAL keel_signal_scratch *scratch) {
    keel_signal_block b;
    keel_block_ahead ahead;
    int32_t place[KEEL_SLOT_MAX]; /* keel_signal_column of each */
    const uint64_t slots = keel_signal_set_slots(set);
    int32_t columns = 0;
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        const int32_t written = (int32_t)((slots >> slot) & 1);
        place[slot] = written ? columns : -1;
        ret_from[slot] = count;
        columns += written;
    }
    scratch->table_n = 0;
    b.scratch = scratch;
    b.ahead = &ahead;
    for (int32_t at = 0; at < count; at += KEEL_BLOCK_BARS) {
        keel_columns_load(bars, first + at, count - at < KEEL_BLOCK_BARS ? count - at : KEEL_BLOCK_BARS, &b);
        keel_columns_block(set, &b, place, at, stride, count >= COLUMNS_FAR && at + 2 * KEEL_BLOCK_BARS <= count, out,
                           ret_from);
    }
}
