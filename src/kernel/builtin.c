/* kernel/builtin.c: the unit that keel itself is linked with. */
#include "kernel/kernel.h"
#include "simd/simd.h"

static void window_fill(const keel_tape *tape, int32_t symbol, const keel_params *p, int64_t from, int64_t count,
                        keel_signal_set *set, keel_window_room *room, keel_window_symbol *ret) {
    keel_simd_best()->window_fill(tape, symbol, p, from, count, set, room, ret);
}

static int32_t lane_advance(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                            keel_signal_set *sets, keel_snapshot *snaps, const keel_window *window,
                            keel_lane_out *out) {
    return keel_simd_best()->lane_advance(lane, st, p, tape, sets, snaps, window, out);
}

const keel_kernel keel_kernel_builtin = {KEEL_KERNEL_FUNCTIONS, .lane_advance = lane_advance,
                                         .window_fill = window_fill};
