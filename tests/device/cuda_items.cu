/* cuda_items.cu: the items of ITEMS_FILE as a CUDA kernel. */
#include ITEMS_FILE

extern "C" __global__ void keel_test_kernel(const uint64_t *in, uint64_t *out) {
    uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    uint64_t mine[ITEM_IN], result[ITEM_OUT];
    for (int k = 0; k < ITEM_IN; k++) mine[k] = in[i * ITEM_IN + k];
    keel_item(mine, result);
    for (int k = 0; k < ITEM_OUT; k++) out[i * ITEM_OUT + k] = result[k];
}
