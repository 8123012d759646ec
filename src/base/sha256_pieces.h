/* base/sha256_pieces.h: SHA-256 (FIPS 180-4) of many pieces of one length, side by side in the lanes of a vector.
 *
 * A hash waits for itself from one block to the next, so one long text takes its time however wide the processor is;
 * pieces that know nothing of each other do not wait. Every level gives the same digests, which are plain SHA-256. */
#ifndef KEEL_BASE_SHA256_PIECES_H
#define KEEL_BASE_SHA256_PIECES_H

#include "base/sha256.h"

enum {
    KEEL_SHA256_PIECE = 1024, /* bytes of a piece */
    KEEL_SHA256_ABREAST = 16, /* pieces that the widest level takes at once: calls with fewer gain less */
    KEEL_SHA256_STEPS = 16    /* of keel_sha256_abreast, each about as long as the others */
};

/* Levels, the plainest first. */
typedef enum keel_sha256_level {
    KEEL_SHA256_LIBRARY = 0, /* one after the other, as the crypto library does it */
    KEEL_SHA256_AVX2 = 1,    /* eight abreast */
    KEEL_SHA256_AVX512 = 2   /* sixteen abreast */
} keel_sha256_level;

/* Can this processor run it? */
int keel_sha256_level_runs(keel_sha256_level level);

/* The fastest here: sixteen abreast, else the processor's own instructions for one hash, else
 * eight abreast. Thread: any. */
keel_sha256_level keel_sha256_level_best(void);

/* Digests of the `count` pieces of KEEL_SHA256_PIECE bytes that lie one behind the other at `bytes`, any alignment.
 *   ret_digests  out  [count * KEEL_SHA256_SIZE]
 * Ends the program by assertion where keel_sha256_new would. */
void keel_sha256_pieces_at(keel_sha256_level level, const uint8_t *bytes, size_t count, uint8_t *ret_digests);

/* The same for KEEL_SHA256_ABREAST pieces, a little at a time: so that no single moment pays for all of them. */
typedef struct keel_sha256_abreast {
    const uint8_t *bytes; /* borrowed until all steps are done */
    keel_sha256_level level;
    int done;                                               /* steps */
    uint32_t words[8 * KEEL_SHA256_ABREAST];                /* in between */
    uint8_t digests[KEEL_SHA256_ABREAST * KEEL_SHA256_SIZE]; /* in the end */
} keel_sha256_abreast;

void keel_sha256_abreast_begin(keel_sha256_abreast *a, keel_sha256_level level, const uint8_t *bytes);
/* Until so many steps are done, at most KEEL_SHA256_STEPS; fewer than there were does nothing. 1: all are. */
int keel_sha256_abreast_go_on(keel_sha256_abreast *a, int steps);

#endif
