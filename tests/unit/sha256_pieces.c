/* tests/unit/sha256_pieces.c: every level of this machine gives the digests of the crypto library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256_pieces.h"

enum { MOST = 40 };

static uint8_t bytes[MOST * KEEL_SHA256_PIECE + 64], got[(MOST + 1) * KEEL_SHA256_SIZE];

static void expect(keel_sha256_level level, const uint8_t *from, size_t count) {
    memset(got, 0xa5, sizeof got);
    keel_sha256_pieces_at(level, from, count, got);
    for (size_t i = 0; i < count; i++) {
        uint8_t want[KEEL_SHA256_SIZE];
        keel_sha256 *hash = keel_sha256_new();
        keel_sha256_add(hash, from + i * KEEL_SHA256_PIECE, KEEL_SHA256_PIECE);
        keel_sha256_finish(hash, want);
        keel_sha256_free(hash);
        assert_memory_equal(got + i * KEEL_SHA256_SIZE, want, sizeof want);
    }
    for (size_t i = 0; i < KEEL_SHA256_SIZE; i++)
        assert_int_equal(got[count * KEEL_SHA256_SIZE + i], 0xa5);
}

/* [WAL-01.1] [T-114] Any number of pieces at any alignment: zeros, ones and noise. */
static void levels_agree_with_the_library(void **state) {
    uint64_t noise = 1;
    (void)state;
    for (int fill = 0; fill < 3; fill++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (uint8_t)(fill == 0 ? 0 : fill == 1 ? 0xff : noise >> 56);
        }
        for (int level = KEEL_SHA256_LIBRARY; level <= KEEL_SHA256_AVX512; level++) {
            if (!keel_sha256_level_runs((keel_sha256_level)level)) continue;
            for (size_t count = 0; count <= MOST; count++)
                expect((keel_sha256_level)level, bytes + count % 64, count);
        }
    }
    assert_true(keel_sha256_level_runs(keel_sha256_level_best()));
}

/* A little at a time, in steps of any size. */
static void steps_come_to_the_same(void **state) {
    (void)state;
    for (int level = KEEL_SHA256_LIBRARY; level <= KEEL_SHA256_AVX512; level++) {
        if (!keel_sha256_level_runs((keel_sha256_level)level)) continue;
        for (int stride = 1; stride <= KEEL_SHA256_STEPS; stride++) {
            keel_sha256_abreast a;
            int is_done = 0;
            keel_sha256_abreast_begin(&a, (keel_sha256_level)level, bytes + stride);
            assert_false(keel_sha256_abreast_go_on(&a, 0));
            for (int steps = stride; !is_done; steps += stride)
                is_done = keel_sha256_abreast_go_on(&a, steps < KEEL_SHA256_STEPS ? steps : KEEL_SHA256_STEPS);
            assert_int_equal(a.done, KEEL_SHA256_STEPS);
            keel_sha256_pieces_at(KEEL_SHA256_LIBRARY, bytes + stride, KEEL_SHA256_ABREAST, got);
            assert_memory_equal(a.digests, got, sizeof a.digests);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(levels_agree_with_the_library),
                                       cmocka_unit_test(steps_come_to_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
