/* The engine on simulated files: it ends where the lane ends, over markets from a seed; and it ends there when it is
 * stopped between any two effects, or its journal ends at any record or byte. */
#include "engine_cuts.h"

/* [KRN-09] One core decides: the lane and the engine end at one hash, on any market, with any strategy. */
static void the_engine_ends_where_the_lane_ends(void **state) {
    (void)state;
    int64_t trades = 0;
    for (size_t n = 0; n < COUNT(NATURES); n++)
        for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++) {
            char what[120];
            int manner = (int)((n + (size_t)s) % MANNERS), ratio = s % 2 ? 4 : 1;
            market *m = market_random((uint64_t)n * 100 + (uint64_t)s, 3, 260, ratio, &NATURES[n]);
            use_manner(m, s, manner);
            m->keep_open = s % 3 == 0;
            if (s % 4 == 3) m->rules[1].market = KEEL_SPOT;
            if (s % 5 == 4) m->tape.sym[0].watch_only = 1;
            run_well(m);
            trades += m->trade_count;
            (void)snprintf(what, sizeof what, "%s, %s, manner %d, %d pieces", NATURES[n].name, STRATEGY_NAMES[s],
                           manner, ratio);
            world *w = world_new(m, 1, 64, (uint64_t)s);
            live_well(w, keel_state_hash(m->st), what);
            world_free(w);
            market_free(m);
        }
    assert_true(trades > 300);
}

/* Stop at effect `at` and start again until the end. Returns 0 when the run ended before that effect. */
static int stopped_at(const market *m, uint64_t at, int rebuilt, world *totals) {
    char what[80];
    keel_err err = {0};
    uint64_t hash = 0, want = keel_state_hash(m->st);
    world *w = world_new(m, rebuilt, rebuilt ? 8 : 1, at);
    keel_simfs_faults faults = {.kill_at = at};
    keel_simfs_set_faults(w->disk, &faults);
    int rc = live(w, &hash, &err);
    int killed = keel_simfs_killed(w->disk);
    (void)snprintf(what, sizeof what, "stopped at effect %llu, venue %s", (unsigned long long)at,
                   rebuilt ? "rebuilt" : "kept");
    assert_true(killed == (rc != 0));
    if (killed) {
        keel_simfs_crash(w->disk);
        live_well(w, want, what);
    }
    assert_true(hash == 0 || hash == want);
    if (w->venue.book.repeats != 0) fail_msg("%s: an order was sent twice", what);
    totals->in_doubt += w->in_doubt;
    totals->known += w->known;
    totals->handed_in += w->handed_in;
    world_free(w);
    return killed;
}

/* [T-005] [WAL-05.3] [ENG-04.2] Between any two effects, with a venue that remembers and with one that is told anew. */
static void stopped_between_any_two_effects_it_ends_alike(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t episodes = 0;
    for (int rebuilt = 0; rebuilt <= 1; rebuilt++) {
        world *totals = room(1, sizeof *totals);
        uint64_t at = 1;
        for (; stopped_at(m, at, rebuilt, totals); at++)
            episodes++;
        assert_true(totals->in_doubt > 0 && totals->in_doubt == totals->known + totals->handed_in);
        if (!rebuilt) assert_true(totals->handed_in > 0 && totals->known > 0); /* both answers were met */
        free(totals);
    }
    print_message("%llu stops\n", (unsigned long long)episodes);
    assert_true(episodes > 500);
    market_free(m);
}

/* ---- a journal that ends anywhere ------------------------------------------------------------------------------- */

/* The sanitizers make each start some ten times dearer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
enum { LAST_RECORDS = 3, CUTS_MIN = 1000 };
#else
enum { LAST_RECORDS = 11, CUTS_MIN = 3000 };
#endif

/* [T-011] [T-098] [T-099] At every record boundary, and at every byte of the last records, of a session with a signed
 * journal and of one without. */
static void cut_at_any_record_or_byte_it_ends_alike(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t cuts = cut_everywhere(m, LAST_RECORDS, 0) + cut_everywhere(m, LAST_RECORDS, 1);
    print_message("%llu cuts\n", (unsigned long long)cuts);
    assert_true(cuts > CUTS_MIN);
    market_free(m);
}

/* [ENG-05.1] Everything that is not in the table does not happen. */
static void phases_move_by_the_table_alone(void **state) {
    (void)state;
    keel_engine_phase to;
    assert_int_equal(keel_engine_transition(KEEL_ENGINE_RUNNING, KEEL_ENGINE_BY_ORDER_PAUSE, &to), 1);
    assert_true(to == KEEL_ENGINE_CLOSE_ONLY && !keel_engine_allows_entries(to));
    for (int phase = 0; phase < KEEL_ENGINE_PHASES; phase++) {
        int known = 0;
        for (int by = 0; by < KEEL_ENGINE_TRIGGER_COUNT; by++)
            known += keel_engine_transition((keel_engine_phase)phase, (keel_engine_trigger)by, &to);
        assert_true(phase == KEEL_ENGINE_FATAL ? known == 0 : known > 0);
        assert_string_not_equal(keel_engine_phase_word((keel_engine_phase)phase), "unknown");
    }
}

/* [ENG-05.2] [T-110] While paused no entry leaves, whatever the core orders; a replay knows the order and its refusals.
 */
static void a_pause_holds_entries_back_and_is_remembered(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t hash = 0;
    keel_err err = {0};
    world *w = world_new(m, 1, 8, 3);
    w->order = KEEL_ENGINE_ORDER_PAUSE;
    w->snapshot_records = 1000000;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_true(w->counts.guard_refused > 3);
    assert_true(w->venue.book.orders == 0 && hash != keel_state_hash(m->st));
    size_t size = 0;
    uint8_t *bytes = whole_segment(w, &size);
    world *again = world_new(m, 1, 8, 4);
    put_segment(again, bytes, size, size / 4);
    live_well(again, hash, "paused, cut, started again");
    free(bytes);
    world_free(again);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_ends_where_the_lane_ends),
        cmocka_unit_test(stopped_between_any_two_effects_it_ends_alike),
        cmocka_unit_test(cut_at_any_record_or_byte_it_ends_alike),
        cmocka_unit_test(phases_move_by_the_table_alone),
        cmocka_unit_test(a_pause_holds_entries_back_and_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
