/* Out of everything by a person's order: what is held is closed whatever is on its way, nothing is opened behind it,
 * and the record leads to the same. */
#include "engine_spy.h"
#include "engine/record.h"

/* The order is given once, behind this input, from whatever phase; then it is watched until nothing is held. */
static struct {
    uint64_t from;
    int first;    /* another order in front of it, 0: none */
    int given;
    int held;     /* positions when it was */
    int reopened; /* something was held that was not before */
    uint64_t given_at, flat_at;
} course;

static int held_of(world *w) {
    int n = 0;
    for (int32_t i = 0; i < w->m->tape.symbol_count; i++)
        n += keel_engine_state(w->engine)->sym[i].pos.side != 0;
    return n;
}

static void order_well(world *w, int order) {
    keel_err err = {0};
    if (keel_engine_order(w->engine, order, &err) != 0 && !keel_simfs_killed(w->disk)) fail_msg("%s", err.text);
}

static void go_flat(world *w) {
    uint64_t n = keel_engine_last_input(w->engine);
    if (n < course.from) return;
    if (!course.given && keel_engine_phase_of(w->engine) == KEEL_ENGINE_RUNNING) {
        if (!held_of(w)) return;
        course.held = held_of(w);
        if (course.first) order_well(w, course.first);
        order_well(w, KEEL_ENGINE_ORDER_FLAT);
        course.given = 1;
        course.given_at = n;
    }
    if (held_of(w) == 0 && course.flat_at == 0) course.flat_at = n;
    course.reopened += course.flat_at && held_of(w) > 0;
}

static world *flat_world(const market *m, int rebuilt, uint64_t seed, int first) {
    world *w = world_new(m, rebuilt, 1, seed);
    memset(&course, 0, sizeof course);
    course.from = 60 + 13 * seed;
    course.first = first;
    w->act = go_flat;
    w->snapshot_records = seed % 2 ? 60 : 1000000;
    return w;
}

/* [CTL-03] [T-263] [T-275] [T-276] At once or in parts, by a venue that is slow or refuses: soon nothing is held, and
 * nothing is opened until the market ends; after a pause, a halt and in safe mode it is the same. */
static void out_of_everything_and_nothing_in(void **state) {
    (void)state;
    static const struct {
        keel_sim_model model;
        uint64_t inputs_max; /* until nothing is held; two are an hour, and bars are missing */
    } CASES[] = {{{0}, 6},
                 {{.fill_share_e8 = 40000000}, 8},
                 {{.reject_every = 2}, 12},
                 {{.latency_ms = 5400000}, 12},
                 {{.latency_ms = 5400000, .fill_share_e8 = 40000000}, 16}};
    static const int FIRST[] = {0, KEEL_ENGINE_ORDER_PAUSE, KEEL_ENGINE_ORDER_HALT, KEEL_ENGINE_ORDER_SAFE,
                                KEEL_ENGINE_ORDER_CANCEL};
    int given = 0, held = 0;
    for (size_t i = 0; i < COUNT(CASES); i++)
        for (uint64_t n = 0; n < 6; n++) {
            market *m = turning_market(300 + n);
            world *w = flat_world(m, 0, n, FIRST[n % COUNT(FIRST)]);
            keel_err err = {0};
            uint64_t hash = 0;
            spy s;
            spy_on(&s, w);
            s.from = s.until = UINT64_MAX;
            w->venue.model = CASES[i].model;
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
            given += course.given;
            held += course.held;
            if (course.given && (course.flat_at == 0 || course.flat_at > course.given_at + CASES[i].inputs_max))
                fail_msg("case %d, %d: flat after %d inputs", (int)i, (int)n,
                         (int)(course.flat_at - course.given_at));
            assert_true(!course.reopened && w->held == 0);
            assert_true(world_replayed(w) == hash);
            w->act = NULL;
            w->between = NULL;
            live_well(w, hash, "started again at its end");
            world_free(w);
            market_free(m);
        }
    if (given < 25 || held < given) fail_msg("%d given, %d held", given, held);
}

/* [CTL-03] Until somebody resumes, then it trades again; the order is allowed while entries are held back, and once the
 * market ended it is not. */
static void it_lasts_until_somebody_resumes(void **state) {
    (void)state;
    int64_t traded = 0;
    int given = 0;
    for (uint64_t n = 0; n < 8; n++) {
        market *m = turning_market(300 + n);
        world *w = flat_world(m, 1, n, 0);
        keel_err err = {0};
        uint64_t hash = 0;
        w->stops = 1;
        w->stop_at = course.from + 120;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        given += course.given && course.flat_at;
        w->stops = 0;
        w->act = NULL;
        w->order = KEEL_ENGINE_ORDER_RESUME;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        if (!course.given) fail_msg("%d: nothing was held", (int)n);
        assert_int_equal(w->phase, KEEL_ENGINE_CLOSE_ONLY);
        traded += (int64_t)w->counts.commands; /* a snapshot was kept: behind it */
        assert_true(world_replayed(w) == hash);
        w->order = 0;
        live_well(w, hash, "and once more");
        world_free(w);
        market_free(m);
    }
    if (given < 7 || traded <= 20) fail_msg("%d flat, %d orders behind it", given, (int)traded);
}

/* [CTL-03] [T-107] Killed at any effect around it, of a venue that remembers and of one that does not: the order is on
 * record or it is given again, and the run ends as undisturbed. */
static void a_kill_does_not_lose_it(void **state) {
    (void)state;
    int kills = 0, kept = 0;
    for (int rebuilt = 0; rebuilt <= 1; rebuilt++) {
        market *m = turning_market(304);
        keel_err err = {0};
        uint64_t want = 0, hash = 0;
        world *w = flat_world(m, rebuilt, 1, 0);
        if (live(w, &want, &err) != 0) fail_msg("%s", err.text);
        assert_true(course.given && course.held > 0);
        world_free(w);
        for (uint64_t at = 100; at < 500; at += 8) {
            w = flat_world(m, rebuilt, 1, 0);
            keel_simfs_faults faults = {.kill_at = at};
            keel_simfs_set_faults(w->disk, &faults);
            if (live(w, &hash, &err) != 0) {
                kills++;
                keel_simfs_crash(w->disk);
                course.given = 0;
                live_well(w, want, "killed while it went out of everything");
                kept += !course.given;
            }
            world_free(w);
        }
        market_free(m);
    }
    if (kills < 40 || kept < 8) fail_msg("%d kills, %d of them behind the order", kills, kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(out_of_everything_and_nothing_in),
                                       cmocka_unit_test(it_lasts_until_somebody_resumes),
                                       cmocka_unit_test(a_kill_does_not_lose_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
