/* port/entropy.h: the seam to randomness that nobody can guess: keys, nonces, identities. */
#ifndef KEEL_PORT_ENTROPY_H
#define KEEL_PORT_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

typedef struct keel_entropy {
    void *ctx;
    int (*fill)(void *ctx, void *ret_bytes, size_t size); /* 0 or -errno; on failure the bytes are unset */
} keel_entropy;

/* The generator of the machine; static storage, any thread. */
const keel_entropy *keel_entropy_real(void);

/* The twin: the same seed, the same bytes. Never for anything real. */
typedef struct keel_simrandom {
    keel_entropy port; /* port.ctx is this record */
    uint64_t state;
} keel_simrandom;

void keel_simrandom_init(keel_simrandom *r, uint64_t seed);       /* must not be moved afterwards */
uint64_t keel_simrandom_next(keel_simrandom *r);                  /* splitmix64 */
uint64_t keel_simrandom_below(keel_simrandom *r, uint64_t bound); /* [0, bound), bound > 0 */

#endif
