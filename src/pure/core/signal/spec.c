/* core/signal/spec.c: the list of kinds.h as switches. */
#include "core/signal/spec.h"

KEEL_FN int32_t keel_signal_kind_outputs(int32_t kind) {
    switch (kind) {
#define SPEC_CASE_(kind, name, input, outputs, names, doc, ref) \
    case KEEL_SIGNAL_##kind: return outputs;
        KEEL_SIGNAL_KINDS(SPEC_CASE_)
#undef SPEC_CASE_
        default: return 0;
    }
}

KEEL_HOT int32_t keel_signal_kind_input(int32_t kind) {
    switch (kind) {
#define SPEC_CASE_(kind, name, input, outputs, names, doc, ref) \
    case KEEL_SIGNAL_##kind: return KEEL_SIGNAL_INPUT_##input;
        KEEL_SIGNAL_KINDS(SPEC_CASE_)
#undef SPEC_CASE_
        default: return KEEL_SIGNAL_INPUT_SERIES;
    }
}

KEEL_FN keel_signal_spec keel_signal_spec_default(int32_t kind, int32_t slot) {
    keel_signal_spec spec;
    spec.kind = keel_signal_kind_outputs(kind) > 0 ? kind : -1;
    spec.slot = slot;
    spec.source = KEEL_SOURCE_CLOSE;
    spec.reserved = 0;
    for (int32_t i = 0; i < 4; i++)
        spec.p[i] = 0;
    for (int32_t i = 0; i < 2; i++)
        spec.f[i] = 0.0;
#define SPEC_DEFAULT_INT_(k, index, name, initial, low, high, unit) \
    if (kind == KEEL_SIGNAL_##k) spec.p[index] = initial;
#define SPEC_DEFAULT_REAL_(k, index, name, initial, low, high, unit) \
    if (kind == KEEL_SIGNAL_##k) spec.f[index] = initial;
    KEEL_SIGNAL_INTS(SPEC_DEFAULT_INT_)
    KEEL_SIGNAL_REALS(SPEC_DEFAULT_REAL_)
#undef SPEC_DEFAULT_INT_
#undef SPEC_DEFAULT_REAL_
    return spec;
}

/* 1 when each listed parameter is within its bounds and every other one is zero. A NaN is out of bounds. */
KEEL_LOCAL int32_t keel_signal_spec_bounded(const keel_signal_spec *spec) {
    int32_t listed_p[4] = {0, 0, 0, 0};
    int32_t listed_f[2] = {0, 0};
    int32_t ok = 1;
#define SPEC_CHECK_INT_(k, index, name, initial, low, high, unit)      \
    if (spec->kind == KEEL_SIGNAL_##k) {                               \
        listed_p[index] = 1;                                           \
        if (spec->p[index] < (low) || spec->p[index] > (high)) ok = 0; \
    }
#define SPEC_CHECK_REAL_(k, index, name, initial, low, high, unit)          \
    if (spec->kind == KEEL_SIGNAL_##k) {                                    \
        listed_f[index] = 1;                                                \
        if (!(spec->f[index] >= (low) && spec->f[index] <= (high))) ok = 0; \
    }
    KEEL_SIGNAL_INTS(SPEC_CHECK_INT_)
    KEEL_SIGNAL_REALS(SPEC_CHECK_REAL_)
#undef SPEC_CHECK_INT_
#undef SPEC_CHECK_REAL_
    for (int32_t i = 0; i < 4; i++) {
        if (!listed_p[i] && spec->p[i] != 0) ok = 0;
    }
    for (int32_t i = 0; i < 2; i++) {
        if (!listed_f[i] && keel_f64_bits(spec->f[i]) != 0) ok = 0;
    }
    return ok && spec->reserved == 0;
}

/* 1 when parameters that must rise do. */
KEEL_LOCAL int32_t keel_signal_spec_ordered(const keel_signal_spec *spec) {
    if (spec->kind == KEEL_SIGNAL_MACD) return spec->p[0] < spec->p[1];
    if (spec->kind == KEEL_SIGNAL_ULTOSC) return spec->p[0] < spec->p[1] && spec->p[1] < spec->p[2];
    return 1;
}

KEEL_LOCAL int32_t keel_signal_spec_sourced(const keel_signal_spec *spec) {
    if (keel_signal_kind_input(spec->kind) == KEEL_SIGNAL_INPUT_BAR) return spec->source == KEEL_SOURCE_CLOSE;
    if (spec->source >= KEEL_SOURCE_CLOSE && spec->source <= KEEL_SOURCE_VOLUME) return 1;
    return spec->source >= KEEL_SOURCE_SLOT_BASE && spec->source < KEEL_SOURCE_SLOT_BASE + KEEL_SLOT_MAX;
}

KEEL_FN int32_t keel_signal_spec_check(const keel_signal_spec *spec) {
    int32_t outputs = keel_signal_kind_outputs(spec->kind);
    if (outputs == 0) return KEEL_SIGNAL_E_KIND;
    if (!keel_signal_spec_bounded(spec) || !keel_signal_spec_ordered(spec)) return KEEL_SIGNAL_E_PARAM;
    if (spec->slot < 0 || spec->slot > KEEL_SLOT_MAX - outputs) return KEEL_SIGNAL_E_SLOT;
    return keel_signal_spec_sourced(spec) ? KEEL_SIGNAL_OK : KEEL_SIGNAL_E_SOURCE;
}
