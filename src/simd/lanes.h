/* simd/lanes.h: one indicator with several lengths over the same bars, a length per vector lane.
 *
 * Not part of the pure text: on a device each thread is a lane by itself. For kinds that are a chain from bar to bar:
 * the chain's latency is then paid once for all lengths. The SMA is no chain: see core/signal/block_sum.h.
 * Each lane gives the bits of keel_signal_machine_step for its spec. Results lie bar by bar, the lanes of a bar side by
 * side, which is how a sweep that runs a configuration per lane reads them. */
#ifndef KEEL_SIMD_LANES_H
#define KEEL_SIMD_LANES_H

#include "core/signal/columns.h"

/* Lanes that go together, and the most of one call. */
#define KEEL_LANES_GROUP 8
#define KEEL_LANES_MAX 32

/* State of up to KEEL_LANES_MAX machines of one kind, a member per lane. What a chain holds depends on the kind. */
typedef struct keel_simd_lanes {
    int32_t kind;
    int32_t n;     /* lanes in use */
    int32_t width; /* n rounded up to whole groups: doubles from one bar to the next in the results */
    keel_signal_spec spec[KEEL_LANES_MAX];
    keel_signal_state state[KEEL_LANES_MAX];
} keel_simd_lanes;

/* Machines without history.
 *   lanes  out
 *   specs  in   [n], 1 <= n <= KEEL_LANES_MAX, all of one kind among EMA, RMA, RSI, ATR, with equal sources;
 *               slots are ignored; copied
 * Returns KEEL_SIGNAL_OK, E_COUNT, E_KIND (not one of these kinds, or not all of one), the first failure of
 * keel_signal_spec_check, or E_SOURCE (sources differ). */
int32_t keel_simd_lanes_init(keel_simd_lanes *lanes, const keel_signal_spec *specs, int32_t n);

/* Feed bars first .. first + count - 1; called through keel_simd.lanes_run of a level.
 *   lanes     io
 *   bars      in   as keel_signal_columns; read by ATR
 *   x         in   the source's values, read at first .. by the other kinds; may be NULL for ATR
 *   out       out  [count][width]: out[i * width + lane]; 0 where the lane is not ready and in lanes not in use
 *   ret_from  out  [n] first ready bar of this call per lane, count when none */
typedef void keel_simd_lanes_run(keel_simd_lanes *lanes, const keel_signal_bars *bars, const double *x, int64_t first,
                                 int32_t count, double *out, int32_t *ret_from);

/* A column per lane from what a run wrote; called through keel_simd.lanes_apart of a level.
 *   rows    in   [count][width]
 *   column  out  [n] of [count] each, n <= width */
typedef void keel_simd_lanes_apart(const double *rows, int32_t width, int32_t count, int32_t n, double *const column[]);

#endif
