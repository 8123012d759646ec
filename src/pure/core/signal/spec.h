/* core/signal/spec.h: one declared signal: what to compute, from what, into which slot. */
#ifndef KEEL_CORE_SIGNAL_SPEC_H
#define KEEL_CORE_SIGNAL_SPEC_H

#include "core/signal/kinds.h"
#include "model/snapshot.h"
#include "num/port.h"

/* Sources. A zeroed spec reads the close. HL2 = (high + low) / 2, HLC3 = (high + low + close) / 3. */
enum {
    KEEL_SOURCE_CLOSE = 0,
    KEEL_SOURCE_OPEN = 1,
    KEEL_SOURCE_HIGH = 2,
    KEEL_SOURCE_LOW = 3,
    KEEL_SOURCE_HL2 = 4,
    KEEL_SOURCE_HLC3 = 5,
    KEEL_SOURCE_VOLUME = 6,
    KEEL_SOURCE_SLOT_BASE = 64
};

/* The value of a snapshot slot that an earlier spec of the same set writes. */
#define KEEL_SOURCE_SLOT(slot) (KEEL_SOURCE_SLOT_BASE + (slot))

typedef struct keel_signal_spec {
    int32_t kind;     /* KEEL_SIGNAL_* */
    int32_t slot;     /* first output's slot; a kind with k outputs takes slot .. slot + k - 1 */
    int32_t source;   /* KEEL_SOURCE_* or KEEL_SOURCE_SLOT(s) */
    int32_t p[4];     /* whole-number parameters, see KEEL_SIGNAL_INTS */
    int32_t reserved; /* zero */
    double f[2];      /* real parameters, see KEEL_SIGNAL_REALS */
} keel_signal_spec;
KEEL_STATIC_ASSERT(sizeof(keel_signal_spec) == 48, signal_spec_is_48_bytes);

/* Results of checks, in the order they are made. */
enum {
    KEEL_SIGNAL_OK = 0,
    KEEL_SIGNAL_E_COUNT = -1,      /* n is negative or above KEEL_SIGNAL_SPEC_MAX */
    KEEL_SIGNAL_E_KIND = -2,       /* no such kind */
    KEEL_SIGNAL_E_PARAM = -3,      /* a parameter is out of bounds, unlisted but not zero, or fast >= slow */
    KEEL_SIGNAL_E_SLOT = -4,       /* an output falls outside the snapshot */
    KEEL_SIGNAL_E_SLOT_TWICE = -5, /* two specs write one slot */
    KEEL_SIGNAL_E_SOURCE = -6,     /* no such source, no earlier writer of that slot, or a source on a BAR kind */
    KEEL_SIGNAL_E_WINDOW = -7      /* the windows of all specs exceed KEEL_SIGNAL_WINDOW_MAX doubles */
};

/* The spec of `kind` with its default parameters, reading the close (source KEEL_SOURCE_CLOSE).
 * An unknown kind gives kind -1, which every check refuses. */
KEEL_FN keel_signal_spec keel_signal_spec_default(int32_t kind, int32_t slot);

/* KEEL_SIGNAL_OK, or E_KIND, E_PARAM, E_SLOT, or E_SOURCE (for what one spec alone can show), in this order. */
KEEL_FN int32_t keel_signal_spec_check(const keel_signal_spec *spec);

/* Number of outputs of a kind, 0 for an unknown one. */
KEEL_FN int32_t keel_signal_kind_outputs(int32_t kind);

/* KEEL_SIGNAL_INPUT_SERIES or KEEL_SIGNAL_INPUT_BAR; SERIES for an unknown kind. */
KEEL_FN int32_t keel_signal_kind_input(int32_t kind);

#endif
