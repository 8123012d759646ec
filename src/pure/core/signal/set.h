/* core/signal/set.h: the declared signals of one strategy, updated together at each closed bar.
 *
 * One plain struct without pointers: it may be copied and placed in device memory. Signals are updated in
 * declared order, so a signal may read a slot that an earlier one writes on the same bar. Values are the same bits
 * on every target and for every way of feeding (one bar at a time, or columns.h).
 *
 * The three limits may be lowered with -D for a device whose private memory is small. */
#ifndef KEEL_CORE_SIGNAL_SET_H
#define KEEL_CORE_SIGNAL_SET_H

#include "core/signal/machine.h"
#include "core/signal/spec.h"
#include "model/bar.h"
#include "model/snapshot.h"
#include "num/hash.h"

#ifndef KEEL_SIGNAL_SPEC_MAX
#define KEEL_SIGNAL_SPEC_MAX 32
#endif
#ifndef KEEL_SIGNAL_WINDOW_MAX
#define KEEL_SIGNAL_WINDOW_MAX 4096
#endif

/* keel_signal_warmup for a slot that only time, not a bar count, makes ready; and for one that nobody writes. */
#define KEEL_SIGNAL_WARMUP_BY_TIME (-1)
#define KEEL_SIGNAL_WARMUP_NEVER (-2)

typedef struct keel_signal_set {
    int32_t n;
    int32_t window_used; /* doubles of win[] in use */
    int32_t window_at[KEEL_SIGNAL_SPEC_MAX];
    int32_t outputs[KEEL_SIGNAL_SPEC_MAX]; /* of each spec's kind */
    keel_signal_spec spec[KEEL_SIGNAL_SPEC_MAX];
    keel_signal_state state[KEEL_SIGNAL_SPEC_MAX];
    double win[KEEL_SIGNAL_WINDOW_MAX];
} keel_signal_set;

/* Check all specs and make the set empty of history.
 *   set    out  written only on success
 *   specs  in   [n], 0 <= n <= KEEL_SIGNAL_SPEC_MAX; copied
 * Returns KEEL_SIGNAL_OK or the first failure of the first failing spec, in the order of the KEEL_SIGNAL_E_* list. */
KEEL_FN int32_t keel_signal_set_init(keel_signal_set *set, const keel_signal_spec *specs, int32_t n);

/* Update every signal with one closed bar.
 *   bar    in   finite; 0 < low <= open, close <= high; volume >= 0
 *   ts_ms  in   OPEN time of the bar, strictly increasing from call to call
 *   snap   io   v[] and ready bits of the set's slots are written, other slots are left alone
 * A source that is not ready feeds nothing: the reader keeps its state and is not ready on that bar.
 * Cost: amortised O(1) per signal, except CCI, which is O(period). */
KEEL_FN void keel_signal_set_step(keel_signal_set *set, const keel_ohlcv *bar, int64_t ts_ms, keel_snapshot *snap);

/* Fold what the set remembers (states and windows) into a state hash.
 *   h  io  see num/hash.h */
KEEL_FN void keel_signal_set_hash(const keel_signal_set *set, keel_hash *h);

/* Forget all history, keep the specs: after a gap every signal warms up again. The caller also clears snap->ready
 * (or steps, which rewrites the bits of all slots of the set). */
KEEL_FN void keel_signal_set_reset_gap(keel_signal_set *set);

/* Number of bars before the first one on which `slot` is ready (0: ready on the first bar), following sources.
 *   specs in [n], accepted by keel_signal_set_init
 * KEEL_SIGNAL_WARMUP_BY_TIME when a UTC day must end first; KEEL_SIGNAL_WARMUP_NEVER when no spec writes the slot. */
KEEL_FN int32_t keel_signal_warmup(const keel_signal_spec *specs, int32_t n, int32_t slot);

/* Bit mask of the slots that the set writes. */
KEEL_FN uint64_t keel_signal_set_slots(const keel_signal_set *set);

#endif
