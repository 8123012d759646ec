/* tests/unit/journal_chain.c: a link of a segment's chain, however its bytes come, is the hash that the page says.
 * [WAL-01.1] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "journal/chain.h"
#include "port/entropy.h"

enum { MOST = 100000, ROUNDS = 60, LINKS = 6 };

static uint8_t bytes[MOST];

static void put(keel_sha256 *hash, uint64_t v) {
    uint8_t text[8];
    for (int i = 0; i < 8; i++)
        text[i] = (uint8_t)(v >> (8 * i));
    keel_sha256_add(hash, text, sizeof text);
}

/* docs/formats/journal.md, straight through: `link` becomes the one of bytes [from, to). */
static void plain_link(uint8_t link[KEEL_DIGEST_SIZE], uint32_t version, size_t from, size_t to) {
    static const uint8_t TEXT[32] = "keel journal link 2";
    keel_sha256 *hash = keel_sha256_new();
    if (version == 2) keel_sha256_add(hash, TEXT, sizeof TEXT);
    keel_sha256_add(hash, link, KEEL_DIGEST_SIZE);
    put(hash, from);
    for (size_t at = from; version == 2 && at < to; at += KEEL_SHA256_PIECE) {
        uint8_t digest[KEEL_SHA256_SIZE];
        size_t left = to - at;
        keel_sha256 *piece = keel_sha256_new();
        keel_sha256_add(piece, bytes + at, left < KEEL_SHA256_PIECE ? left : KEEL_SHA256_PIECE);
        keel_sha256_finish(piece, digest);
        keel_sha256_free(piece);
        keel_sha256_add(hash, digest, sizeof digest);
    }
    if (version == 1) keel_sha256_add(hash, bytes + from, to - from);
    put(hash, to);
    keel_sha256_finish(hash, link);
    keel_sha256_free(hash);
}

/* Records of a few bytes, commits of many, and both in turn, over every level of this machine. */
static void a_link_is_the_same_however_it_is_fed(void **state) {
    (void)state;
    keel_simrandom r;
    keel_simrandom_init(&r, 1);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)keel_simrandom_next(&r);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t version = round % 8 == 7 ? 1 : 2;
        keel_sha256_level level = (keel_sha256_level)(round % 3);
        uint8_t want[KEEL_DIGEST_SIZE] = {(uint8_t)round}, got[KEEL_DIGEST_SIZE];
        keel_journal_chain c = {0};
        size_t from = 0, to = 0;
        assert_int_equal(keel_journal_chain_reserve(&c, version), 0);
        if (keel_sha256_level_runs(level)) c.level = level;
        keel_journal_chain_begin(&c, version, want, 0);
        for (int link = 0; link < LINKS; link++) {
            uint64_t largest = (uint64_t[]){200, 3000, 20000, 50000}[keel_simrandom_below(&r, 4)];
            size_t end = to + (size_t)keel_simrandom_below(&r, MOST - to + 1);
            while (to < end) {
                size_t size = (size_t)keel_simrandom_below(&r, largest + 1);
                if (size > end - to) size = end - to;
                keel_journal_chain_add(&c, bytes + to, size);
                to += size;
            }
            plain_link(want, version, from, to);
            keel_journal_chain_close(&c, got);
            assert_memory_equal(got, want, sizeof want);
            from = to;
        }
        keel_journal_chain_done(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_link_is_the_same_however_it_is_fed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
