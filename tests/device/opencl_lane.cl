/* opencl_lane.cl: the known-answer lane as an OpenCL kernel; script/flatten-pure makes it one text. */
#include "all.c"

#include "lane_entry.h"

__kernel void keel_test_kernel(__global const ulong *in, __global ulong *out, __global uchar *scratch) {
    size_t i = get_global_id(0);
    __global long *ints = (__global long *)(scratch + i * LANE_SCRATCH);
    __global double *doubles = (__global double *)(ints + KEEL_KAT_INTS);
    keel_signal_set sets[KEEL_KAT_SYMBOLS];
    keel_snapshot snaps[KEEL_KAT_SYMBOLS];
    keel_lane lane;
    keel_state state;
    ulong mine[2], result[3];
    mine[0] = in[i * 2];
    mine[1] = in[i * 2 + 1];
    keel_lane_entry(mine, result, ints, doubles, sets, snaps, &lane, &state);
    for (int k = 0; k < 3; k++) out[i * 3 + k] = result[k];
}
