/* item_elementary.h: our own logarithm and exponential on any double. */

KEEL_LOCAL void keel_item_elementary(const uint64_t *in, uint64_t *out) {
    double x = keel_f64_from_bits(in[3]);
    keel_hash h;
    keel_hash_init(&h);
    keel_hash_f64(&h, keel_log(x));
    out[0] = keel_hash_digest(&h);
    /* any pattern is mostly out of range; the second argument lies where the result is finite */
    keel_hash_f64(&h, keel_exp(x));
    keel_hash_f64(&h, keel_exp((double)(int64_t)in[0] * (1400.0 / 18446744073709551616.0)));
    out[1] = keel_hash_digest(&h);
    keel_hash_f64(&h, keel_exp(keel_log(keel_fabs(x)) * 0.5));
    out[2] = keel_hash_digest(&h);
    out[3] = in[0];
}
