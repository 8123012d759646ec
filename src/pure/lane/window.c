/* lane/window.c: see window.h. */
#include "lane/window.h"

#include "core/strategy/strategy.h"
#include "num/int.h"

KEEL_FN int32_t keel_window_foresees(const keel_params *p) {
    switch (p->strategy) {
#define KEEL_WINDOW_ALONE(id, name) \
    case KEEL_STRATEGY_##id: return keel_##name##_alone || keel_##name##_feeds() == 0;
        KEEL_STRATEGIES(KEEL_WINDOW_ALONE)
#undef KEEL_WINDOW_ALONE
        default: return 0;
    }
}

KEEL_FN void keel_window_snapshot(const keel_window_symbol *w, int64_t at, keel_snapshot *ret) {
    ret->ready = keel_window_ready_at(w, at);
    for (int32_t i = 0; i < w->slot_count; i++)
        ret->v[w->slot[i]] = w->v[w->slot[i]][at];
}

KEEL_FN void keel_window_blocks(KEEL_GLOBAL const uint8_t *acts, int64_t count, KEEL_GLOBAL uint8_t *any) {
    for (int64_t b = 0; b < count / KEEL_ACTS_BLOCK; b++) {
        uint8_t sum = 0;
        for (int32_t i = 0; i < KEEL_ACTS_BLOCK; i++)
            sum |= acts[b * KEEL_ACTS_BLOCK + i];
        any[b] = sum;
    }
}

KEEL_FN int64_t keel_window_silence(const keel_window_symbol *w, int64_t at, int64_t end, int32_t sides) {
    KEEL_GLOBAL const uint8_t *acts = w->acts, *any = w->acts_any;
    while (at < end) {
        if (any && at % KEEL_ACTS_BLOCK == 0)
            while (at + KEEL_ACTS_BLOCK <= end && !(any[at / KEEL_ACTS_BLOCK] & sides))
                at += KEEL_ACTS_BLOCK;
        int64_t stop = (at / KEEL_ACTS_BLOCK + 1) * KEEL_ACTS_BLOCK;
        if (stop > end) stop = end;
        while (at + 8 <= stop && !((acts[at] | acts[at + 1] | acts[at + 2] | acts[at + 3] | acts[at + 4] |
                                    acts[at + 5] | acts[at + 6] | acts[at + 7]) &
                                   sides))
            at += 8;
        for (; at < stop; at++)
            if (acts[at] & sides) return at;
    }
    return end;
}

enum { KEEL_WINDOW_READS_BARS = 63 }; /* all of a bar, and when it opened */

/* Which columns the signals of a set read: bit 0 open .. 4 volume, 5 the time. */
KEEL_LOCAL uint32_t keel_window_reads(const keel_signal_set *set) {
    uint32_t reads = 0;
    for (int32_t i = 0; i < set->n; i++) {
        if (keel_signal_kind_input(set->spec[i].kind) == KEEL_SIGNAL_INPUT_BAR) return KEEL_WINDOW_READS_BARS;
        switch (set->spec[i].source) {
            case KEEL_SOURCE_OPEN: reads |= 1u; break;
            case KEEL_SOURCE_HIGH: reads |= 2u; break;
            case KEEL_SOURCE_LOW: reads |= 4u; break;
            case KEEL_SOURCE_CLOSE: reads |= 8u; break;
            case KEEL_SOURCE_HL2: reads |= 6u; break;
            case KEEL_SOURCE_HLC3: reads |= 14u; break;
            case KEEL_SOURCE_VOLUME: reads |= 16u; break;
            default: break; /* another signal's slot */
        }
    }
    return reads;
}

#if KEEL_WIDE_FMA
/* keel_e8_to_f64 without its division, for any amount. 1e8 is 2^8 times d = 390625, so the true quotient of a double
 * lies at least 1 / 2d of a unit in its last place from where rounding changes, which no double can meet: a midpoint
 * times d has more bits than a double. Before the last rounding the two products are within 2^-50 of that unit. */
KEEL_LOCAL double keel_window_quotient(int64_t px_e8) {
    const double high = 1.0 / 1e8, low = __builtin_fma(-high, 1e8, 1.0) * high;
    return __builtin_fma((double)px_e8, high, (double)px_e8 * low);
}
#else
KEEL_LOCAL double keel_window_quotient(int64_t px_e8) { return keel_e8_to_f64(px_e8); }
#endif

KEEL_LOCAL void keel_window_price(KEEL_GLOBAL const int64_t *px_e8, int64_t count,
                                  KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int64_t i = 0; i < count; i++)
        out[i] = keel_window_quotient(px_e8[i]);
}

/* Are all of `count` ranges what their names say, 0 < low <= open, close <= high? A step would refuse another one, and
 * a missing one (close 0) is none. Told by sign bits alone, without a branch: a negative price shows itself, and of
 * prices that are not negative every difference fits. */
KEEL_LOCAL int32_t keel_window_sound(KEEL_GLOBAL const int64_t *open_e8, KEEL_GLOBAL const int64_t *high_e8,
                                     KEEL_GLOBAL const int64_t *low_e8, KEEL_GLOBAL const int64_t *close_e8,
                                     int64_t count) {
    uint64_t odd = 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t o = (uint64_t)open_e8[i], h = (uint64_t)high_e8[i], l = (uint64_t)low_e8[i], c = (uint64_t)close_e8[i];
        odd |= o | h | l | c | (l - 1u) | (o - l) | (c - l) | (h - o) | (h - c);
    }
    return (odd >> 63) == 0;
}

/* Is no close missing? */
KEEL_LOCAL int32_t keel_window_present(KEEL_GLOBAL const int64_t *close_e8, int64_t count) {
    uint64_t present = ~(uint64_t)0;
    for (int64_t i = 0; i < count; i++)
        present &= (uint64_t)close_e8[i] | ((uint64_t)0 - (uint64_t)close_e8[i]);
    return (int32_t)(present >> 63);
}

/* Prices of the window as its signals read them; whether nothing is missing, and nothing in it that a step refuses. */
KEEL_LOCAL int32_t keel_window_prices(const keel_tape *tape, int32_t symbol, uint32_t reads, int64_t from,
                                      int64_t count, keel_window_room *room) {
    const keel_tape_symbol *s = &tape->sym[symbol];
    KEEL_GLOBAL double *x = room->prices;
    KEEL_GLOBAL int64_t *KEEL_RESTRICT ts_ms = room->ts_ms;
    const int64_t start_ms = tape->start_ms, interval_ms = tape->interval_ms;
    int32_t cap = room->cap;
    if (reads & 1u) keel_window_price(s->open_e8 + from, count, x);
    if (reads & 2u) keel_window_price(s->high_e8 + from, count, x + cap);
    if (reads & 4u) keel_window_price(s->low_e8 + from, count, x + 2 * cap);
    if (reads & 8u) keel_window_price(s->close_e8 + from, count, x + 3 * cap);
    for (int64_t i = 0; i < count && (reads & 16u); i++)
        x[4 * cap + i] = s->volume[from + i];
    for (int64_t i = 0; i < count && (reads & 32u); i++)
        ts_ms[i] = start_ms + (from + i) * interval_ms;
    if (tape->ratio == 1)
        return keel_window_sound(s->open_e8 + from, s->high_e8 + from, s->low_e8 + from, s->close_e8 + from, count);
    if (!s->detail_close_e8 || !keel_window_present(s->close_e8 + from, count)) return 0;
    from *= tape->ratio;
    return keel_window_sound(s->detail_open_e8 + from, s->detail_high_e8 + from, s->detail_low_e8 + from,
                             s->detail_close_e8 + from, count * tape->ratio);
}

KEEL_FN void keel_window_price_all(const keel_tape *tape, int32_t symbol, int64_t from, int64_t count,
                                   keel_window_room *room) {
    room->whole = keel_window_prices(tape, symbol, KEEL_WINDOW_READS_BARS, from, count, room);
    room->priced = 1;
}

/* Signals of `n` bars in a row from place `at` of the window. */
KEEL_LOCAL void keel_window_signals(keel_signal_set *set, keel_window_room *room, int64_t at, int64_t n) {
    int32_t from[KEEL_SLOT_MAX];
    int32_t cap = room->cap, last = 0;
    KEEL_GLOBAL uint64_t *KEEL_RESTRICT out = room->ready + at;
    keel_signal_bars bars;
    bars.ts_ms = room->ts_ms;
    bars.open = room->prices;
    bars.high = room->prices + cap;
    bars.low = room->prices + 2 * cap;
    bars.close = room->prices + 3 * cap;
    bars.volume = room->prices + 4 * cap;
    keel_signal_columns(set, &bars, at, (int32_t)n, cap, room->columns + at, from, room->scratch);
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++)
        if (from[slot] < (int32_t)n && from[slot] > last) last = from[slot];
    for (int32_t i = 0; i < last;) { /* between the places at which slots become ready nothing changes */
        const uint64_t same = keel_signal_columns_ready(set, from, i);
        int32_t turn = last;
        for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++)
            if (from[slot] > i && from[slot] < turn) turn = from[slot];
        for (; i < turn; i++)
            out[i] = same;
    }
    uint64_t ready = keel_signal_columns_ready(set, from, last); /* nothing more becomes ready in this run */
    const int32_t same = last == 0 && at == 0;                   /* as in most windows */
    if (same && room->same == ready && room->same_count >= n) return;
    for (int64_t i = last; i < n; i++)
        out[i] = ready;
    room->same = ready;
    room->same_count = same ? (int32_t)n : 0;
}

/* Slots that are ready on all of `count` bars. */
KEEL_LOCAL uint64_t keel_window_always(KEEL_GLOBAL const uint64_t *ready, int64_t count) {
    uint64_t all = ~(uint64_t)0;
    for (int64_t i = 0; i < count; i++)
        all &= ready[i];
    return count > 0 ? all : 0;
}

KEEL_FN void keel_window_fill(const keel_tape *tape, int32_t symbol, const keel_params *p, int64_t from, int64_t count,
                              keel_signal_set *set, keel_window_room *room, keel_window_symbol *ret) {
    KEEL_GLOBAL const int64_t *close_e8 = tape->sym[symbol].close_e8 + from;
    int64_t at = 0;
    ret->whole =
        room->priced ? room->whole : keel_window_prices(tape, symbol, keel_window_reads(set), from, count, room);
    while (at < count) { /* as keel_lane_update_signals: a long hole makes everything warm up again */
        int64_t n = ret->whole ? count : 0;
        while (at + n < count && close_e8[at + n] != 0)
            n++;
        if (n > 0) {
            if (room->missing > (int64_t)p->max_gap_bars) keel_signal_set_reset_gap(set);
            room->missing = 0;
            room->begun = 1;
            keel_window_signals(set, room, at, n);
            at += n;
        }
        for (; at < count && close_e8[at] == 0; at++) {
            room->ready[at] = 0;
            room->same_count = 0;
            room->missing += room->begun;
        }
    }
    ret->slots = keel_signal_set_slots(set);
    ret->slot_count = 0;
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        ret->v[slot] = (KEEL_GLOBAL const double *)0;
        if (!((ret->slots >> slot) & 1u)) continue;
        ret->v[slot] = room->columns + (int64_t)ret->slot_count * room->cap; /* columns lie in order of slots */
        ret->slot[ret->slot_count] = slot;
        ret->slot_count++;
    }
    ret->ready = room->ready;
    ret->always = room->same_count >= count ? room->same : keel_window_always(room->ready, count);
    ret->acts = (KEEL_GLOBAL const uint8_t *)0;
    ret->acts_any = (KEEL_GLOBAL const uint8_t *)0;
    if (!room->acts || !keel_window_foresees(p)) return;
    keel_window_judge(p, ret, count, room->acts);
    ret->acts = room->acts;
}

/* Everything a strategy may look at besides the snapshot and the side, as keel_window_foresees promises: nothing that
 * tells whether it speaks. */
KEEL_LOCAL void keel_window_view(const keel_snapshot *snap, keel_view *view) {
    view->snap = snap;
    view->ts_ms = 0;
    view->side = 0;
    view->bars_held = 0;
    view->entry_px = 0.0;
    view->profit_atr = 0.0;
    view->funding_rate = 0.0;
    view->has_funding = 0;
    view->btc_bullish = KEEL_UNKNOWN;
    view->is_btc = 0;
    view->regime_gate = KEEL_UNKNOWN;
    view->breadth = -1.0;
}

/* For a strategy whose slots are known when it is compiled only these are loaded, straight into registers. */
#define KEEL_JUDGE_LOAD(slot) \
    if ((loads >> (slot)) & 1u) snap.v[slot] = cols.v[slot][i];
#define KEEL_JUDGE_EIGHT(s)  \
    KEEL_JUDGE_LOAD(s)       \
    KEEL_JUDGE_LOAD((s) + 1) \
    KEEL_JUDGE_LOAD((s) + 2) \
    KEEL_JUDGE_LOAD((s) + 3) \
    KEEL_JUDGE_LOAD((s) + 4) \
    KEEL_JUDGE_LOAD((s) + 5) \
    KEEL_JUDGE_LOAD((s) + 6) \
    KEEL_JUDGE_LOAD((s) + 7)
#define KEEL_JUDGE_SLOTS \
    KEEL_JUDGE_EIGHT(0)  \
    KEEL_JUDGE_EIGHT(8)  \
    KEEL_JUDGE_EIGHT(16) \
    KEEL_JUDGE_EIGHT(24) \
    KEEL_JUDGE_EIGHT(32) \
    KEEL_JUDGE_EIGHT(40) \
    KEEL_JUDGE_EIGHT(48)
KEEL_STATIC_ASSERT(KEEL_SLOT_MAX == 56, judge_loads_every_slot);

#define KEEL_JUDGE_SIDE(name, held, bit) \
    op.signal = KEEL_NEUTRAL;            \
    view.side = held;                    \
    keel_##name##_decide(p, &view, &op); \
    said |= (op.signal != KEEL_NEUTRAL) * (bit);

/* Where nobody writes a slot, some other column stands in for it: it is not ready, so its value does not matter. */
KEEL_LOCAL void keel_window_stand_in(uint64_t slots, keel_window_symbol *io) {
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++)
        if ((slots >> slot) & 1u && !io->v[slot]) io->v[slot] = io->v[io->slot[0]];
}

/* Places from .. to - 1, at which everything the strategy needs is ready. One function each, whose snapshot is nobody
 * else's: then it lives in registers, and the loop may become one of vectors. */
#define KEEL_JUDGE_RUN(id, name)                                                                              \
    KEEL_LOCAL void keel_window_judge_##name(const keel_params *p, const keel_window_symbol *w, int64_t from, \
                                             int64_t to, KEEL_GLOBAL uint8_t *KEEL_RESTRICT acts) {           \
        const uint64_t loads = keel_##name##_partial ? keel_##name##_reads() : keel_##name##_needs(p);        \
        const int32_t bare = keel_##name##_partial && w->slot_count == 0;                                     \
        keel_window_symbol cols = *w;                                                                         \
        keel_snapshot snap;                                                                                   \
        keel_view view;                                                                                       \
        keel_opinion op;                                                                                      \
        keel_window_view(&snap, &view);                                                                       \
        op.reason = KEEL_E_STRATEGY;                                                                          \
        op.confidence = KEEL_CONF_HIGH;                                                                       \
        op.points = 0;                                                                                        \
        op.fraction = 1.0;                                                                                    \
        op.stop_scale = 1.0;                                                                                  \
        if (keel_##name##_partial && !bare) keel_window_stand_in(loads, &cols);                               \
        for (int64_t i = from; i < to; i++) {                                                                 \
            int32_t said = 0;                                                                                 \
            if (bare)                                                                                         \
                keel_window_snapshot(w, i, &snap);                                                            \
            else {                                                                                            \
                snap.ready = cols.ready[i];                                                                   \
                KEEL_JUDGE_SLOTS                                                                              \
            }                                                                                                 \
            KEEL_JUDGE_SIDE(name, 0, keel_##name##_alone ? KEEL_ACTS_ALL : KEEL_ACTS_FLAT)                    \
            if (!keel_##name##_alone) {                                                                       \
                KEEL_JUDGE_SIDE(name, 1, KEEL_ACTS_LONG)                                                      \
                KEEL_JUDGE_SIDE(name, -1, KEEL_ACTS_SHORT)                                                    \
            }                                                                                                 \
            acts[i] = (uint8_t)said;                                                                          \
        }                                                                                                     \
    }
KEEL_STRATEGIES(KEEL_JUDGE_RUN)
#undef KEEL_JUDGE_RUN

/* End of the run of places from `from` on at which all of `needs` is ready; `from` when there is none. */
KEEL_LOCAL int64_t keel_window_ready(KEEL_GLOBAL const uint64_t *ready, uint64_t needs, int64_t from, int64_t end) {
    for (; from + 4 <= end; from += 4)
        if ((ready[from] & ready[from + 1] & ready[from + 2] & ready[from + 3] & needs) != needs) break;
    while (from < end && (ready[from] & needs) == needs)
        from++;
    return from;
}

/* A strategy that judges itself whether it has what it needs is asked everywhere. */
#define KEEL_JUDGE(id, name)                                                                             \
    case KEEL_STRATEGY_##id: {                                                                           \
        const uint64_t needs = keel_##name##_partial ? (uint64_t)0 : keel_##name##_needs(p);             \
        for (int64_t from = 0, to; from < count; from = to) {                                            \
            to = (w->always & needs) == needs ? count : keel_window_ready(w->ready, needs, from, count); \
            keel_window_judge_##name(p, w, from, to, acts);                                              \
            for (; to < count && (w->ready[to] & needs) != needs; to++)                                  \
                acts[to] = 0;                                                                            \
        }                                                                                                \
        break;                                                                                           \
    }

KEEL_FN void keel_window_judge(const keel_params *p, const keel_window_symbol *w, int64_t count,
                               KEEL_GLOBAL uint8_t *acts) {
    switch (p->strategy) {
        KEEL_STRATEGIES(KEEL_JUDGE)
        default: break;
    }
}
