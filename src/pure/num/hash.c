/* num/hash.c: see hash.h. */
#include "num/hash.h"

KEEL_FN uint64_t keel_hash_rotl(uint64_t x, uint32_t n);

/* Not static: inline functions that leave this file call them. */
KEEL_HOT uint64_t keel_hash_rotl(uint64_t x, uint32_t n) { return (x << n) | (x >> (64u - n)); }

KEEL_FN void keel_hash_round(keel_hash *h);

KEEL_HOT void keel_hash_round(keel_hash *h) {
    h->v0 += h->v1;
    h->v1 = keel_hash_rotl(h->v1, 13) ^ h->v0;
    h->v0 = keel_hash_rotl(h->v0, 32);
    h->v2 += h->v3;
    h->v3 = keel_hash_rotl(h->v3, 16) ^ h->v2;
    h->v0 += h->v3;
    h->v3 = keel_hash_rotl(h->v3, 21) ^ h->v0;
    h->v2 += h->v1;
    h->v1 = keel_hash_rotl(h->v1, 17) ^ h->v2;
    h->v2 = keel_hash_rotl(h->v2, 32);
}

KEEL_FN void keel_hash_init(keel_hash *h) {
    h->v0 = 0x736f6d6570736575UL;
    h->v1 = 0x646f72616e646f6dUL;
    h->v2 = 0x6c7967656e657261UL;
    h->v3 = 0x7465646279746573UL;
    h->words = 0;
}

KEEL_HOT void keel_hash_u64(keel_hash *h, uint64_t word) {
    h->v3 ^= word;
    keel_hash_round(h);
    h->v0 ^= word;
    h->words++;
}

KEEL_HOT void keel_hash_i64(keel_hash *h, int64_t value) { keel_hash_u64(h, (uint64_t)value); }

KEEL_FN void keel_hash_f64(keel_hash *h, double value) {
    uint64_t bits = keel_f64_bits(value);
    if (value != value)
        bits = 0x7ff8000000000000UL;
    else if (value == 0.0)
        bits = 0;
    keel_hash_u64(h, bits);
}

KEEL_FN uint64_t keel_hash_digest(const keel_hash *h) {
    keel_hash end = *h;
    keel_hash_u64(&end, (h->words * 8u) << 56); /* the last block carries the length in bytes, modulo 256 */
    end.v2 ^= 0xffu;
    keel_hash_round(&end);
    keel_hash_round(&end);
    keel_hash_round(&end);
    return end.v0 ^ end.v1 ^ end.v2 ^ end.v3;
}
