/* engine_cuts.h: a session of an engine whose journal ends anywhere: a start from it ends where the session did. */
#ifndef KEEL_TESTS_ENGINE_CUTS_H
#define KEEL_TESTS_ENGINE_CUTS_H

#include "engine_world.h"

enum { CUT_RECORDS_MAX = 16 };

static const uint8_t SIGN_SEED[KEEL_KEY_SIZE] = {7, 3, 1};

static inline void cut_at(const market *m, const uint8_t *bytes, size_t size, size_t cut, uint32_t batch,
                          int is_signed) {
    char what[60];
    world *w = world_new(m, 1, batch, cut);
    if (is_signed) w->sign_seed = SIGN_SEED;
    put_segment(w, bytes, size, cut);
    (void)snprintf(what, sizeof what, "cut at byte %zu%s", cut, is_signed ? ", signed" : "");
    live_well(w, keel_state_hash(m->st), what);
    world_free(w);
}

/* A session recorded once; its segment cut at every boundary, and at every byte of its last records, of which there
 * are `last_records`. How many cuts that were. */
static inline uint64_t cut_everywhere(const market *m, int last_records, int is_signed) {
    uint64_t hash = 0, cuts = 0;
    keel_err err = {0};
    world *w = world_new(m, 1, 4, 5);
    w->snapshot_records = 1000000;
    if (is_signed) w->sign_seed = SIGN_SEED;
    assert_true(last_records > 0 && last_records <= CUT_RECORDS_MAX);
    assert_int_equal(live(w, &hash, &err), 0);
    size_t size = 0, at = KEEL_JOURNAL_HEADER_SIZE, starts[CUT_RECORDS_MAX] = {0};
    uint8_t *bytes = whole_segment(w, &size);
    while (at + KEEL_JOURNAL_RECORD_HEAD < size && keel_get_u16(bytes + at + 4) != 0) {
        if (keel_get_u16(bytes + at + 4) == KEEL_JOURNAL_TYPE_SHUTDOWN) break;
        cut_at(m, bytes, size, at, 4, is_signed);
        cuts++;
        memmove(starts, starts + 1, sizeof starts - sizeof *starts);
        starts[CUT_RECORDS_MAX - 1] = at;
        at += keel_get_u32(bytes + at) + KEEL_JOURNAL_RECORD_EXTRA;
    }
    for (size_t cut = starts[CUT_RECORDS_MAX - last_records] + 1; cut < at; cut++, cuts++)
        cut_at(m, bytes, size, cut, 1, is_signed);
    free(bytes);
    world_free(w);
    return cuts;
}

#endif
