/* opencl_items.cl: the items as an OpenCL kernel; script/flatten-pure makes this and the pure rooms one text. */
#include "items_file.h"

__kernel void keel_test_kernel(__global const ulong *in, __global ulong *out) {
    size_t i = get_global_id(0);
    ulong mine[ITEM_IN], result[ITEM_OUT];
    for (int k = 0; k < ITEM_IN; k++) mine[k] = in[i * ITEM_IN + k];
    keel_item(mine, result);
    for (int k = 0; k < ITEM_OUT; k++) out[i * ITEM_OUT + k] = result[k];
}
