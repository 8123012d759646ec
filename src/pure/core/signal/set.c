/* core/signal/set.c */
#include "core/signal/set.h"

KEEL_LOCAL uint64_t keel_signal_spec_slots(const keel_signal_spec *spec) {
    uint64_t one = 1;
    int32_t outputs = keel_signal_kind_outputs(spec->kind);
    return ((one << outputs) - 1) << spec->slot;
}

KEEL_FN int32_t keel_signal_set_init(keel_signal_set *set, const keel_signal_spec *specs, int32_t n) {
    uint64_t written = 0;
    int32_t window = 0;
    if (n < 0 || n > KEEL_SIGNAL_SPEC_MAX) return KEEL_SIGNAL_E_COUNT;
    for (int32_t i = 0; i < n; i++) {
        int32_t rc = keel_signal_spec_check(&specs[i]);
        if (rc != KEEL_SIGNAL_OK) return rc;
        uint64_t slots = keel_signal_spec_slots(&specs[i]);
        if ((written & slots) != 0) return KEEL_SIGNAL_E_SLOT_TWICE;
        if (specs[i].source >= KEEL_SOURCE_SLOT_BASE &&
            ((written >> (specs[i].source - KEEL_SOURCE_SLOT_BASE)) & 1) == 0) {
            return KEEL_SIGNAL_E_SOURCE;
        }
        window += keel_signal_window(&specs[i]);
        if (window > KEEL_SIGNAL_WINDOW_MAX) return KEEL_SIGNAL_E_WINDOW;
        written |= slots;
    }
    set->n = n;
    set->window_used = 0;
    for (int32_t i = 0; i < n; i++) {
        set->spec[i] = specs[i];
        set->outputs[i] = keel_signal_kind_outputs(specs[i].kind);
        set->window_at[i] = set->window_used;
        set->window_used += keel_signal_window(&specs[i]);
    }
    keel_signal_set_reset_gap(set);
    return KEEL_SIGNAL_OK;
}

KEEL_FN void keel_signal_set_reset_gap(keel_signal_set *set) {
    for (int32_t i = 0; i < set->n; i++)
        keel_signal_machine_init(&set->spec[i], &set->state[i]);
    for (int32_t i = 0; i < set->window_used; i++)
        set->win[i] = 0.0;
}

KEEL_FN void keel_signal_set_hash(const keel_signal_set *set, keel_hash *h) {
    keel_hash_i64(h, set->n);
    for (int32_t i = 0; i < set->n; i++) {
        for (int32_t k = 0; k < KEEL_SIGNAL_STATE_WORDS; k++)
            keel_hash_u64(h, set->state[i].words[k]);
    }
    for (int32_t i = 0; i < set->window_used; i++)
        keel_hash_f64(h, set->win[i]);
}

/* The source's value; 0 when it is a slot that is not ready on this bar. */
KEEL_LOCAL int32_t keel_signal_set_source(const keel_signal_spec *spec, const keel_ohlcv *bar,
                                          const keel_snapshot *snap, double *ret_x) {
    if (spec->source < KEEL_SOURCE_SLOT_BASE) {
        *ret_x = keel_signal_bar_value(bar, spec->source);
        return 1;
    }
    int32_t slot = spec->source - KEEL_SOURCE_SLOT_BASE;
    if (!KEEL_SNAPSHOT_HAS(snap, slot)) return 0;
    *ret_x = snap->v[slot];
    return 1;
}

KEEL_FN void keel_signal_set_step(keel_signal_set *set, const keel_ohlcv *bar, int64_t ts_ms, keel_snapshot *snap) {
    double out[KEEL_SIGNAL_OUTPUT_MAX];
    for (int32_t i = 0; i < set->n; i++) {
        const keel_signal_spec *spec = &set->spec[i];
        double x = 0.0;
        uint32_t mask = 0;
        for (int32_t k = 0; k < KEEL_SIGNAL_OUTPUT_MAX; k++)
            out[k] = 0.0;
        if (keel_signal_set_source(spec, bar, snap, &x)) {
            mask = keel_signal_machine_step(spec, &set->state[i], set->win + set->window_at[i], x, bar, ts_ms, out);
        }
        uint64_t slots = (((uint64_t)1 << set->outputs[i]) - 1u) << spec->slot;
        snap->ready = (snap->ready & ~slots) | ((uint64_t)mask << spec->slot);
        for (int32_t k = 0; k < set->outputs[i]; k++) {
            snap->v[spec->slot + k] = ((mask >> k) & 1) != 0 ? out[k] : 0.0;
        }
    }
}

KEEL_FN int32_t keel_signal_warmup(const keel_signal_spec *specs, int32_t n, int32_t slot) {
    int32_t total = 0;
    int32_t want = slot;
    for (int32_t i = n - 1; i >= 0; i--) {
        int32_t output = want - specs[i].slot;
        if (output < 0 || output >= keel_signal_kind_outputs(specs[i].kind)) continue;
        int32_t lookback = keel_signal_lookback(&specs[i], output);
        if (lookback < 0) return KEEL_SIGNAL_WARMUP_BY_TIME;
        total += lookback;
        if (specs[i].source < KEEL_SOURCE_SLOT_BASE) return total;
        want = specs[i].source - KEEL_SOURCE_SLOT_BASE;
    }
    return KEEL_SIGNAL_WARMUP_NEVER;
}

KEEL_FN uint64_t keel_signal_set_slots(const keel_signal_set *set) {
    uint64_t written = 0;
    for (int32_t i = 0; i < set->n; i++)
        written |= keel_signal_spec_slots(&set->spec[i]);
    return written;
}
