/* core/signal/batch.h: a set over whole columns, by the same step: equal bits, whatever the cut into calls.
 *
 * A sweep computes the series that its configurations share this way, ahead of time. */
#ifndef KEEL_CORE_SIGNAL_BATCH_H
#define KEEL_CORE_SIGNAL_BATCH_H

#include "core/signal/set.h"

/* Place of a slot's column among the columns of a set: the number of smaller slots that the set writes.
 * -1 when the set does not write the slot. */
KEEL_FN int32_t keel_signal_column(const keel_signal_set *set, int32_t slot);

/* Feed n bars and write what each one gives.
 *   set        io   continues from the history it has; a later call with the next bars goes on from here
 *   ts_ms, open, high, low, close, volume
 *              in   [n] as keel_signal_set_step demands of one bar
 *   n          in   >= 0
 *   stride     in   >= n: elements from one column of `out` to the next
 *   out        out  [columns][stride]: out[keel_signal_column(set, slot) * stride + i]; 0 where not ready, never NaN
 *                   for finite bars
 *   ready      out  [n] the snapshot's ready mask after each bar
 *   ret_first  out  [KEEL_SLOT_MAX] index of the first bar of this call on which the slot is ready, -1 if none */
KEEL_FN void keel_signal_batch(keel_signal_set *set, KEEL_GLOBAL const int64_t *ts_ms, KEEL_GLOBAL const double *open,
                               KEEL_GLOBAL const double *high, KEEL_GLOBAL const double *low,
                               KEEL_GLOBAL const double *close, KEEL_GLOBAL const double *volume, int32_t n,
                               int32_t stride, KEEL_GLOBAL double *out, KEEL_GLOBAL uint64_t *ready,
                               int32_t *ret_first);

#endif
