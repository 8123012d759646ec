/* tests/unit/journal_fixture.h: a journal on the simulated file system, and records that say by themselves whether
 * they are the ones that were appended. */
#ifndef KEEL_TESTS_JOURNAL_FIXTURE_H
#define KEEL_TESTS_JOURNAL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "journal/journal.h"
#include "journal/reader.h"
#include "port/simfs.h"

static const uint8_t SEED[KEEL_KEY_SIZE] = {1, 2, 3, 4, 5};
static const uint8_t KEY[KEEL_KEY_SIZE] = {9, 8, 7, 6, 5};

typedef struct world {
    keel_simfs *sim;
    const keel_fs *fs;
    keel_simclock clock;
    keel_simrandom entropy;
    keel_journal_options options;
    keel_journal *j;
    keel_err err;
} world;

static inline void world_init(world *w, uint64_t seed) {
    memset(w, 0, sizeof *w);
    w->sim = keel_simfs_new(seed);
    w->fs = keel_simfs_port(w->sim);
    keel_simclock_init(&w->clock, 1700000000000);
    keel_simrandom_init(&w->entropy, seed ^ 0x5eed);
    w->options = (keel_journal_options){.fs = w->fs,
                                        .clock = &w->clock.port,
                                        .entropy = &w->entropy.port,
                                        .dir = "/j",
                                        .name = "main",
                                        .sign_seed = SEED,
                                        .segment_bytes = 16384,
                                        .checkpoint_bytes = 1500,
                                        .rotate_ms = -1};
}

static inline void world_done(world *w) {
    keel_journal_abandon(w->j);
    keel_simfs_free(w->sim);
}

static inline keel_journal_where world_where(const world *w) {
    return (keel_journal_where){w->fs, "/j", "main", w->options.encrypt_key, NULL};
}

/* The record with this number: everything about it follows from the number and the salt. */
enum { PAYLOAD_MAX = 400 };
static inline keel_journal_record record_of(uint64_t seq, uint64_t salt, uint8_t payload[PAYLOAD_MAX]) {
    keel_simrandom r;
    keel_simrandom_init(&r, seq * 1000003 + salt);
    uint32_t size = (uint32_t)keel_simrandom_below(&r, PAYLOAD_MAX);
    if (keel_simrandom_below(&r, 3)) size %= 64;
    for (uint32_t i = 0; i < size; i++)
        payload[i] = keel_simrandom_below(&r, 5) ? (uint8_t)keel_simrandom_next(&r) : 0;
    return (keel_journal_record){
        (uint16_t)(1 + keel_simrandom_below(&r, 0xfeff)), 0, seq, 1700000000000 + (int64_t)seq, payload, size};
}

static inline int same_record(const keel_journal_record *got, uint64_t salt) {
    uint8_t payload[PAYLOAD_MAX];
    keel_journal_record want = record_of(got->seq, salt, payload);
    return got->type == want.type && got->ts_ms == want.ts_ms && got->size == want.size &&
           (want.size == 0 || memcmp(got->payload, want.payload, want.size) == 0);
}

static inline int append_some(keel_journal *j, uint64_t count, uint64_t salt, keel_err *err) {
    uint8_t payload[PAYLOAD_MAX];
    for (uint64_t i = 0; i < count; i++) {
        keel_journal_record r = record_of(keel_journal_next_seq(j), salt, payload);
        KEEL_TRY(keel_journal_append(j, &r, 1, err));
    }
    return 0;
}

static inline void must(int rc, const keel_err *err) {
    if (rc != 0) print_error("%d: %s\n", rc, err->text);
    assert_int_equal(rc, 0);
}

#endif
