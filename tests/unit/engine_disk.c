/* A disk that is full: the engine holds entries back while there is still room for what closes, and goes on only when
 * somebody made room and says so. */
#include "engine/record.h"
#include "engine_world.h"

enum { SEGMENT_BYTES = 1 << 20, FOR_SNAPSHOTS = 600000 };

static struct {
    keel_engine_watch inner;
    int64_t entered, closed; /* orders that left while entries were held back */
    int64_t entered_again;   /* once they were not */
    uint64_t short_at;       /* input behind which it was first seen; 0: not */
    uint64_t resumed_at;
    int refused;    /* RESUME while the disk was full */
    int makes_room; /* 1: somebody does, thirty inputs later */
    int entries_before;
} seen;

static void see_step(void *data, const keel_engine_seen *s) { (void)data, seen.inner.stepped(seen.inner.data, s); }
static void see_mark(void *data, const keel_input *in, const keel_state *st) {
    (void)data;
    seen.inner.marked(seen.inner.data, in, st);
}
static void see_save(void *data, keel_packed_writer *out) { (void)data, seen.inner.save(seen.inner.data, out); }
static int see_load(void *data, keel_packed_reader *in, int takes, keel_err *err) {
    (void)data;
    return seen.inner.load(seen.inner.data, in, takes, err);
}

static void see_told(void *data, const keel_engine_told *t) {
    (void)data;
    if (t->kind != KEEL_TOLD_SENT) return;
    int enters = t->command->kind != KEEL_CMD_CLOSE && t->command->kind != KEEL_CMD_PARTIAL_CLOSE;
    seen.entries_before += enters && !seen.short_at;
    if (!seen.short_at) return;
    if (seen.resumed_at) {
        seen.entered_again += enters;
        return;
    }
    seen.entered += enters;
    seen.closed += !enters;
}

static keel_engine_watch watching(world *w, const keel_engine_watch *inner) {
    (void)w;
    seen.inner = *inner;
    return (keel_engine_watch){
        .stepped = see_step, .marked = see_mark, .told = see_told, .save = see_save, .load = see_load};
}

static void look(world *w) {
    uint64_t input = keel_engine_last_input(w->engine);
    keel_err err = {0};
    if (!seen.short_at && keel_engine_phase_of(w->engine) == KEEL_ENGINE_SAFE_MODE) {
        seen.short_at = input;
        seen.refused = keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err) == KEEL_E_GATE;
        assert_non_null(strstr(err.text, "disk is full"));
    }
    if (!seen.short_at || !seen.makes_room || seen.resumed_at || input < seen.short_at + 30) return;
    keel_simfs_faults none = {0};
    keel_simfs_set_faults(w->disk, &none);
    if (keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err) != 0) fail_msg("%s", err.text);
    seen.resumed_at = input;
}

/* [WAL-02.2] [ENG-05.2] No room for the next segment: safe mode, journaled and noted; what closes leaves and is on
 * record; a resume is refused until there is room, and then entries leave again. What is recorded leads to the same. */
static void a_full_disk_holds_entries_back_and_lets_closes_leave(void **state) {
    (void)state;
    int64_t closed = 0, again = 0;
    for (uint64_t seed = 60; seed < 72; seed++) {
        if (seed % 4 == 3) continue; /* files there get no space ahead: port/simfs.h */
        market *m = market_random(seed, 2, 260, 4, &NATURES[0]);
        use_manner(m, KEEL_STRATEGY_MOMENTUM, 1);
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
        run_well(m);
        world *w = world_new(m, 0, 1, seed);
        keel_err err = {0};
        uint64_t hash = 0;
        keel_simfs_faults full = {.space_bytes = SEGMENT_BYTES + FOR_SNAPSHOTS};
        memset(&seen, 0, sizeof seen);
        seen.makes_room = seed % 2;
        keel_simfs_set_faults(w->disk, &full);
        w->watch = watching;
        w->act = look;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        if (!seen.short_at || !seen.refused || !seen.entries_before)
            fail_msg("short at %d, %d refused, %d entries before, %d records", (int)seen.short_at, seen.refused,
                     seen.entries_before, (int)w->counts.records);
        assert_int_equal(seen.entered, 0);
        const char *note = "\"to\":\"safe_mode\",\"trigger\":\"the disk is full\",\"actor\":\"disk\",\"evidence\":{";
        assert_int_equal(noted(w, KEEL_RECORD_PHASE, note), 1);
        closed += seen.closed;
        again += seen.entered_again;
        assert_true(world_replayed(w) == hash);
        keel_simfs_faults none = {0};
        keel_simfs_set_faults(w->disk, &none);
        w->act = NULL;
        live_well(w, hash, "started again");
        assert_true(w->phase == (seen.makes_room ? KEEL_ENGINE_RUNNING : KEEL_ENGINE_SAFE_MODE));
        world_free(w);
        market_free(m);
    }
    if (closed < 3 || again < 3) fail_msg("%lld closed, %lld entered again", (long long)closed, (long long)again);
}

enum { BEGINS_AT = 150 }; /* bar with which a new period begins, long before an eighth of a segment is full */

/* [WAL-02.2] [WAL-04.2] [ENG-05.2] The disk is full when a new period asks for a segment, before an eighth of this one
 * has been written: this one is not sealed, entries are held back, and what closes leaves to the end of the run. Also
 * where files get no space ahead. */
static void a_disk_that_is_full_at_a_new_day_lets_closes_leave(void **state) {
    (void)state;
    int64_t closed = 0, again = 0;
    for (uint64_t seed = 60; seed < 72; seed++) {
        market *m = market_random(seed, 2, 260, 4, &NATURES[0]);
        use_manner(m, KEEL_STRATEGY_MOMENTUM, 1);
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
        run_well(m);
        world *w = world_new(m, 0, 1, seed);
        keel_err err = {0};
        uint64_t hash = 0;
        memset(&seen, 0, sizeof seen);
        seen.makes_room = seed % 2;
        w->segment_bytes = 8 << 20;
        w->rotate_ms = bar_ms(BEGINS_AT);
        keel_simfs_faults full = {.space_bytes = (int64_t)w->segment_bytes + FOR_SNAPSHOTS};
        keel_simfs_set_faults(w->disk, &full);
        w->watch = watching;
        w->act = look;
        if (live(w, &hash, &err) != 0) fail_msg("seed %d: %s", (int)seed, err.text);
        if (!seen.short_at || !seen.refused || !seen.entries_before)
            fail_msg("short at %d, %d refused, %d entries before", (int)seen.short_at, seen.refused,
                     seen.entries_before);
        assert_int_equal(seen.entered, 0);
        closed += seen.closed;
        again += seen.entered_again;
        assert_true(world_replayed(w) == hash);
        keel_simfs_faults none = {0};
        keel_simfs_set_faults(w->disk, &none);
        w->act = NULL;
        live_well(w, hash, "started again");
        world_free(w);
        market_free(m);
    }
    if (closed < 3 || again < 3) fail_msg("%lld closed, %lld entered again", (long long)closed, (long long)again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_is_full_at_a_new_day_lets_closes_leave),
        cmocka_unit_test(a_full_disk_holds_entries_back_and_lets_closes_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
