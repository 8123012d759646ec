/* item_contract.h: an expression whose value changes when a compiler fuses it. The control of the parity check:
 * compiled with contraction on it must differ from the same text with contraction off. */
#define ITEM_IN 4
#define ITEM_OUT 1

KEEL_LOCAL void keel_item(const uint64_t *in, uint64_t *out) {
    double x = keel_e8_to_f64((int64_t)(in[0] >> 24)), y = keel_e8_to_f64((int64_t)(in[1] >> 24));
    double z = keel_e8_to_f64((int64_t)(in[2] >> 24));
    out[0] = keel_f64_bits(x * y + z);
}
