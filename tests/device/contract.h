/* contract.h: an expression whose value changes when a compiler fuses it. The control of the parity check: the same
 * text compiled with contraction on must differ from the one compiled with contraction off. */
#include "num/port.h"

#define ITEM_IN 5
#define ITEM_OUT 4

KEEL_LOCAL void keel_item(const uint64_t *in, uint64_t *out) {
    double x = (double)(in[1] >> 24) / 1e8, y = (double)(in[2] >> 24) / 1e8, z = (double)(in[3] >> 24) / 1e8;
    out[0] = keel_f64_bits(x * y + z);
    out[1] = out[2] = out[3] = 0;
}
