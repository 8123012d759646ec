/* num/hash.h: the running hash behind every state hash.
 *
 * SipHash-1-3 with a zero key (Aumasson & Bernstein, "SipHash: a fast short-input PRF", 2012) over a
 * sequence of 64-bit words, each absorbed as its eight little-endian bytes. Only additions, rotations and
 * exclusive-ors, so host and devices agree by construction. It detects differences; it is no signature. */
#ifndef KEEL_NUM_HASH_H
#define KEEL_NUM_HASH_H

#include "num/port.h"

typedef struct keel_hash {
    uint64_t v0, v1, v2, v3;
    uint64_t words; /* absorbed so far */
} keel_hash;
KEEL_STATIC_ASSERT(sizeof(keel_hash) == 40, hash_is_40_bytes);

KEEL_FN void keel_hash_init(keel_hash *h);
KEEL_FN void keel_hash_u64(keel_hash *h, uint64_t word);
KEEL_FN void keel_hash_i64(keel_hash *h, int64_t value);

/* -0.0 is absorbed as +0.0. NaN never reaches a hash: it is absorbed as one fixed pattern so that a stray one
 * at least hashes equal everywhere. */
KEEL_FN void keel_hash_f64(keel_hash *h, double value);

/* The digest of what was absorbed so far; h stays usable. */
KEEL_FN uint64_t keel_hash_digest(const keel_hash *h);

#endif
