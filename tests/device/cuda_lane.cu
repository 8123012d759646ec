/* cuda_lane.cu: the known-answer lane as a CUDA kernel. */
#include "all.c"

#include "lane_entry.h"

extern "C" __global__ void keel_test_kernel(const uint64_t *in, uint64_t *out, unsigned char *scratch) {
    uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    int64_t *ints = (int64_t *)(scratch + i * LANE_SCRATCH);
    keel_signal_set sets[KEEL_KAT_SYMBOLS];
    keel_snapshot snaps[KEEL_KAT_SYMBOLS];
    keel_lane lane;
    keel_state state;
    keel_lane_entry(in + i * 2, out + i * 3, ints, (double *)(ints + KEEL_KAT_INTS), sets, snaps, &lane, &state);
}
