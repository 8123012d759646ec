/* item_num.h: the number floor on one random input: integers, their rounding, and double arithmetic.
 * in[0..2] are integers of mixed size, in[3] the bits of a double. Each of the first three out words is the hash of one
 * group, so that a difference says where to look. Pure dialect: the same text on every target. */

KEEL_LOCAL void keel_item_integers(const uint64_t *in, keel_hash *h) {
    int64_t a = (int64_t)in[0], b = (int64_t)in[1], c = (int64_t)in[2], r = 0;
    int32_t ok = keel_add_i64(a, b, &r);
    keel_hash_i64(h, ok ? r : 0);
    ok = keel_sub_i64(a, b, &r);
    keel_hash_i64(h, ok ? r : 1);
    ok = keel_mul_e8(a, b, &r);
    keel_hash_i64(h, ok ? r : 2);
    ok = keel_mul_div(a, b, c, &r);
    keel_hash_i64(h, ok ? r : 3);
    keel_hash_u64(h, keel_abs_u64(a));
    keel_hash_u64(h, keel_mulhi_u64(in[0], in[1]));
    /* a >> 1 keeps the sign out of what must be >= 0 */
    ok = keel_mul_div_floor((int64_t)(in[0] >> 1), (int64_t)(in[1] >> 1), c, &r);
    keel_hash_i64(h, ok ? r : 4);
    keel_hash_i64(h, keel_floor_step((int64_t)(in[0] >> 1), (int64_t)(in[1] >> 40) + 1));
}

KEEL_LOCAL void keel_item_conversions(const uint64_t *in, keel_hash *h) {
    int64_t r = 0;
    double x = keel_f64_from_bits(in[3]);
    int32_t ok = keel_f64_round_i64(x, &r);
    keel_hash_i64(h, ok ? r : 5);
    ok = keel_f64_to_e8(x, &r);
    keel_hash_i64(h, ok ? r : 6);
    keel_hash_f64(h, keel_e8_to_f64((int64_t)in[0]));
}

KEEL_LOCAL void keel_item_doubles(const uint64_t *in, keel_hash *h) {
    double x = keel_e8_to_f64((int64_t)in[0]), y = keel_e8_to_f64((int64_t)in[1]), z = keel_f64_from_bits(in[3]);
    keel_hash_f64(h, x + z);
    keel_hash_f64(h, x * z);
    keel_hash_f64(h, x / z);
    keel_hash_f64(h, keel_sqrt(keel_fabs(z)));
    /* invites a fused multiply-add, as a moving average does */
    keel_hash_f64(h, x * 0.1 + y * 0.9);
    keel_hash_f64(h, x * y - z);
}

KEEL_LOCAL void keel_item_num(const uint64_t *in, uint64_t *out) {
    keel_hash h;
    keel_hash_init(&h);
    keel_item_integers(in, &h);
    out[0] = keel_hash_digest(&h);
    keel_item_conversions(in, &h);
    out[1] = keel_hash_digest(&h);
    keel_item_doubles(in, &h);
    out[2] = keel_hash_digest(&h);
    out[3] = in[0] ^ out[2];
}
