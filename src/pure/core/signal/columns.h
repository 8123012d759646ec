/* core/signal/columns.h: a set over whole columns of bars: the same bits as stepping, signal by signal instead of bar
 * by bar.
 *
 * A backtest and a sweep compute the series that they read this way, tile by tile, ahead of the decisions. The step of
 * set.h defines every value; what stands here differs only in the order in which independent values are computed. */
#ifndef KEEL_CORE_SIGNAL_COLUMNS_H
#define KEEL_CORE_SIGNAL_COLUMNS_H

#include "core/signal/block.h"
#include "core/signal/set.h"

/* Bars as columns. Each bar as keel_signal_set_step demands of one: finite, 0 < low <= open, close <= high, volume >=
 * 0, ts_ms (open time) strictly increasing. Borrowed for the call. */
typedef struct keel_signal_bars {
    KEEL_GLOBAL const int64_t *ts_ms;
    KEEL_GLOBAL const double *open;
    KEEL_GLOBAL const double *high;
    KEEL_GLOBAL const double *low;
    KEEL_GLOBAL const double *close;
    KEEL_GLOBAL const double *volume;
} keel_signal_bars;

/* Number of columns that a set fills: one per slot that it writes. */
KEEL_FN int32_t keel_signal_column_count(const keel_signal_set *set);

/* Place of a slot's column among the columns of a set: the number of smaller slots that the set writes.
 * -1 when the set does not write the slot. */
KEEL_FN int32_t keel_signal_column(const keel_signal_set *set, int32_t slot);

/* Feed bars first .. first + count - 1 and write what each one gives.
 *   set         io   continues from the history it has; the next call goes on from here. Any cut into calls gives the
 *                    same bits, and the set afterwards is the one that stepping would leave, hash included. After a gap
 *                    keel_signal_set_reset_gap goes between two calls, as between two steps
 *   bars        in   at least first + count of each
 *   first       in   >= 0
 *   count       in   >= 0; a few thousand keep the columns in the second cache
 *   stride      in   >= count: elements from one column of `out` to the next
 *   out         out  [columns][stride]: out[keel_signal_column(set, slot) * stride + i] is the slot's value on bar
 *                    first + i; 0 where not ready
 *   ret_from    out  [KEEL_SLOT_MAX] the slot is ready on bars i >= ret_from[slot] of this call and on no other: 0 when
 *                    on all, count when on none or when the set does not write it
 *   scratch     -    room to work in, of one thread; holds nothing from call to call
 * Cost: amortised O(1) per bar and signal, except CCI, which is O(period). No allocation. */
KEEL_FN void keel_signal_columns(keel_signal_set *set, const keel_signal_bars *bars, int64_t first, int32_t count,
                                 int32_t stride, KEEL_GLOBAL double *out, int32_t *ret_from,
                                 KEEL_GLOBAL keel_signal_scratch *scratch);

/* The ready mask of a snapshot on bar i of the call that wrote `from`. */
KEEL_FN uint64_t keel_signal_columns_ready(const keel_signal_set *set, const int32_t *from, int32_t i);

#endif
