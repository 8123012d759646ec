/* base/sha256_pieces.c: see sha256_pieces.h. */
#include "base/sha256_pieces.h"

#include <string.h>

#include "base/err.h"

static void one_by_one(const uint8_t *bytes, size_t count, uint8_t *ret_digests) {
    for (size_t i = 0; i < count; i++) {
        keel_sha256 *hash = keel_sha256_new();
        keel_sha256_add(hash, bytes + i * KEEL_SHA256_PIECE, KEEL_SHA256_PIECE);
        keel_sha256_finish(hash, ret_digests + i * KEEL_SHA256_SIZE);
        keel_sha256_free(hash);
    }
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

enum { BLOCK_BYTES = 64 };

/* FIPS 180-4, 4.2.2 and 5.3.3: fractional parts of cube roots and square roots of primes. */
static const uint32_t ROUND[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static const uint32_t BEGIN[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t right(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* What the rounds take of the block behind a piece, which is the same behind each: a set bit, zeros, the length in
 * bits, and what follows from them. */
static void make_padding(uint32_t ret[64]) {
    memset(ret, 0, 16 * sizeof *ret);
    ret[0] = 0x80000000;
    ret[15] = KEEL_SHA256_PIECE * 8;
    for (int t = 16; t < 64; t++) {
        uint32_t x = ret[t - 15], y = ret[t - 2];
        ret[t] = ret[t - 16] + (right(x, 7) ^ right(x, 18) ^ x >> 3) + ret[t - 7] +
                 (right(y, 17) ^ right(y, 19) ^ y >> 10);
    }
}

static void put_word(uint8_t *ret, uint32_t word) {
    word = __builtin_bswap32(word);
    memcpy(ret, &word, sizeof word);
}

/* An address only, which may lie behind what was allocated. The next pieces: each is read in so few steps that the
 * processor does not see by itself where they begin. */
#define ABREAST_AHEAD(p, bytes) __builtin_prefetch((const void *)((uintptr_t)(p) + (bytes)))

/* ---- eight abreast ---- */

#define ABREAST_NAME(x) avx2_##x
#define ABREAST_TARGET __attribute__((target("avx2")))
#define ABREAST_LANES 8
#define ABREAST_V __m256i
#define ABREAST_ADD(x, y) _mm256_add_epi32(x, y)
#define ABREAST_SHR(x, n) _mm256_srli_epi32(x, n)
#define ABREAST_ROR(x, n) _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define ABREAST_XOR3(x, y, z) _mm256_xor_si256(x, _mm256_xor_si256(y, z))
#define ABREAST_CHOOSE(x, y, z) _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))
#define ABREAST_MAJORITY(x, y, z) _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
#define ABREAST_ALL(word) _mm256_set1_epi32((int)(word))
#define ABREAST_LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define ABREAST_STORE(p, x) _mm256_storeu_si256((__m256i *)(void *)(p), x)

/* Eight words of eight pieces, turned over: words of a piece become lanes of a word. */
ABREAST_TARGET static inline void avx2_turn(const uint8_t *p, __m256i w[8]) {
    const __m256i swap = _mm256_broadcastsi128_si256(_mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203));
    __m256i r[8], t[8];
    for (int i = 0; i < 8; i++)
        r[i] = _mm256_shuffle_epi8(
            _mm256_loadu_si256((const __m256i *)(const void *)(p + i * KEEL_SHA256_PIECE)), swap);
    for (int i = 0; i < 8; i += 2)
        t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]), t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]), r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]), r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        w[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
        w[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
    }
}

ABREAST_TARGET static inline void avx2_load(const uint8_t *p, __m256i w[16]) {
    avx2_turn(p, w);
    avx2_turn(p + BLOCK_BYTES / 2, w + 8);
}

#include "base/sha256_abreast.def"

#undef ABREAST_NAME
#undef ABREAST_TARGET
#undef ABREAST_LANES
#undef ABREAST_V
#undef ABREAST_ADD
#undef ABREAST_SHR
#undef ABREAST_ROR
#undef ABREAST_XOR3
#undef ABREAST_CHOOSE
#undef ABREAST_MAJORITY
#undef ABREAST_ALL
#undef ABREAST_LOAD
#undef ABREAST_STORE

/* ---- sixteen abreast ---- */

#define ABREAST_NAME(x) avx512_##x
#define ABREAST_TARGET __attribute__((target("avx512f,avx512bw")))
#define ABREAST_LANES 16
#define ABREAST_V __m512i
#define ABREAST_ADD(x, y) _mm512_add_epi32(x, y)
#define ABREAST_SHR(x, n) _mm512_srli_epi32(x, n)
#define ABREAST_ROR(x, n) _mm512_ror_epi32(x, n)
#define ABREAST_XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define ABREAST_CHOOSE(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define ABREAST_MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define ABREAST_ALL(word) _mm512_set1_epi32((int)(word))
#define ABREAST_LOAD(p) _mm512_loadu_si512(p)
#define ABREAST_STORE(p, x) _mm512_storeu_si512(p, x)

/* Sixteen words of sixteen pieces, turned over. */
ABREAST_TARGET static inline void avx512_load(const uint8_t *p, __m512i w[16]) {
    const __m512i swap = _mm512_broadcast_i32x4(_mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203));
    __m512i r[16], t[16];
    for (int i = 0; i < 16; i++)
        r[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(p + i * KEEL_SHA256_PIECE), swap);
    for (int i = 0; i < 16; i += 2)
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]), t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]), r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]), r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        __m512i low = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x44), high = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xee);
        __m512i low2 = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x44);
        __m512i high2 = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xee);
        w[i] = _mm512_shuffle_i32x4(low, low2, 0x88), w[i + 4] = _mm512_shuffle_i32x4(low, low2, 0xdd);
        w[i + 8] = _mm512_shuffle_i32x4(high, high2, 0x88), w[i + 12] = _mm512_shuffle_i32x4(high, high2, 0xdd);
    }
}

#include "base/sha256_abreast.def"

/* ---- the choice ---- */

static int has_sha(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

int keel_sha256_level_runs(keel_sha256_level level) {
    if (level == KEEL_SHA256_AVX512) return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    return level == KEEL_SHA256_LIBRARY || (level == KEEL_SHA256_AVX2 && __builtin_cpu_supports("avx2"));
}

keel_sha256_level keel_sha256_level_best(void) {
    if (keel_sha256_level_runs(KEEL_SHA256_AVX512)) return KEEL_SHA256_AVX512;
    return !has_sha() && keel_sha256_level_runs(KEEL_SHA256_AVX2) ? KEEL_SHA256_AVX2 : KEEL_SHA256_LIBRARY;
}

/* So many steps more of the pieces from where they are: a step is a block of every piece of sixteen, or two of eight.
 * Words: of eight abreast, those of the second eight behind those of the first. */
static void go_on(keel_sha256_level level, keel_sha256_abreast *a, int steps) {
    for (; level == KEEL_SHA256_AVX512 && a->done < steps; a->done = steps) {
        if (a->done == 0) avx512_begin(a->words);
        avx512_some(a->bytes, (size_t)a->done, (size_t)steps, a->words);
        if (steps == KEEL_SHA256_STEPS) avx512_end(a->words, a->digests);
    }
    for (; level == KEEL_SHA256_AVX2 && a->done < steps; a->done++) {
        size_t half = (size_t)a->done / 8, block = (size_t)a->done % 8 * 2;
        uint32_t *words = a->words + half * 64;
        const uint8_t *bytes = a->bytes + half * 8 * KEEL_SHA256_PIECE;
        if (block == 0) avx2_begin(words);
        avx2_some(bytes, block, block + 2, words);
        if (block == 14) avx2_end(words, a->digests + half * 8 * KEEL_SHA256_SIZE);
    }
}
#else
int keel_sha256_level_runs(keel_sha256_level level) { return level == KEEL_SHA256_LIBRARY; }
keel_sha256_level keel_sha256_level_best(void) { return KEEL_SHA256_LIBRARY; }
static void go_on(keel_sha256_level level, keel_sha256_abreast *a, int steps) { (void)level, (void)a, (void)steps; }
#endif

void keel_sha256_abreast_begin(keel_sha256_abreast *a, keel_sha256_level level, const uint8_t *bytes) {
    KEEL_ASSERT(keel_sha256_level_runs(level));
    a->bytes = bytes;
    a->level = level;
    a->done = 0;
}

int keel_sha256_abreast_go_on(keel_sha256_abreast *a, int steps) {
    KEEL_ASSERT(steps <= KEEL_SHA256_STEPS);
    go_on(a->level, a, steps);
    if (a->level == KEEL_SHA256_LIBRARY && a->done < steps) { /* a step is a piece */
        one_by_one(a->bytes + a->done * KEEL_SHA256_PIECE, (size_t)(steps - a->done),
                   a->digests + a->done * KEEL_SHA256_SIZE);
        a->done = steps;
    }
    return a->done == KEEL_SHA256_STEPS;
}

/* From so few on, sixteen lanes that are partly empty are no slower than one after the other. */
enum { WORTH = 8 };

void keel_sha256_pieces_at(keel_sha256_level level, const uint8_t *bytes, size_t count, uint8_t *ret_digests) {
    keel_sha256_abreast a;
    uint8_t some[KEEL_SHA256_ABREAST * KEEL_SHA256_PIECE];
    for (; count >= KEEL_SHA256_ABREAST || (count >= WORTH && level != KEEL_SHA256_LIBRARY);) {
        size_t taken = count < KEEL_SHA256_ABREAST ? count : KEEL_SHA256_ABREAST;
        const uint8_t *from = bytes;
        if (taken < KEEL_SHA256_ABREAST) {
            memcpy(some, bytes, taken * KEEL_SHA256_PIECE);
            memset(some + taken * KEEL_SHA256_PIECE, 0, sizeof some - taken * KEEL_SHA256_PIECE);
            from = some;
        }
        keel_sha256_abreast_begin(&a, level, from);
        (void)keel_sha256_abreast_go_on(&a, KEEL_SHA256_STEPS);
        memcpy(ret_digests, a.digests, taken * KEEL_SHA256_SIZE);
        bytes += taken * KEEL_SHA256_PIECE;
        ret_digests += taken * KEEL_SHA256_SIZE;
        count -= taken;
    }
    one_by_one(bytes, count, ret_digests);
}
