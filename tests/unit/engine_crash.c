/* The engine on simulated files: it ends where the lane ends, over markets from a seed; and it ends there when it is
 * stopped between any two effects, or its journal ends at any record or byte. */
#include <stdio.h>

#include "app/cli/paper_books.h"
#include "app/cli/paper_feed.h"
#include "app/cli/paper_start.h"
#include "lane_random.h"
#include "port/simfs.h"

static const char START[] = "{\"a run\":1}";
static const char SEGMENT[] = "/j/wal-engine-00000001.klw";

/* One engine over one market; what lies in `disk` outlives it. */
typedef struct world {
    const market *m;
    keel_simfs *disk;
    keel_simclock clock;
    keel_simrandom dice;
    keel_sim_venue venue; /* outlives it, too, unless it is rebuilt */
    int rebuilt, pause;
    uint32_t batch;
    uint64_t snapshot_records;
    keel_paper_plan plan;
    keel_engine_counts counts; /* of the last start */
    uint64_t in_doubt, known, handed_in;
} world;

static world *world_new(const market *m, int rebuilt, uint32_t batch, uint64_t seed) {
    world *w = room(1, sizeof *w);
    w->m = m;
    w->disk = keel_simfs_new(seed);
    w->rebuilt = rebuilt;
    w->batch = batch;
    w->snapshot_records = 150;
    keel_simclock_init(&w->clock, START_MS);
    keel_simrandom_init(&w->dice, seed);
    keel_paper_plan_fill(&keel_kernel_builtin, &m->p, &m->tape, m->rules, m->capital_e8, &w->plan);
    keel_sim_venue_init(&w->venue, m->tape.symbol_count, w->plan.rules, w->plan.slippage_bps);
    return w;
}

static void world_free(world *w) {
    keel_simfs_free(w->disk);
    free(w);
}

/* Start, work to the end, close. 0: the hash is in *ret; else the error that stopped it. */
static int live(world *w, uint64_t *ret, keel_err *err) {
    keel_paper_books *books = room(1, sizeof *books);
    keel_paper_feed *feed = room(1, sizeof *feed);
    keel_engine *e = NULL;
    int ended = 0;
    if (w->rebuilt) keel_sim_venue_init(&w->venue, w->m->tape.symbol_count, w->plan.rules, w->plan.slippage_bps);
    keel_paper_books_init(books, w->m->capital_e8, w->m->tape.symbol_count);
    books->venue = w->rebuilt ? &w->venue : NULL;
    books->interval_ms = HOUR_MS;
    keel_paper_feed_init(feed, &w->m->tape, !w->m->keep_open);
    keel_journal_options journal = {.fs = keel_simfs_port(w->disk),
                                    .clock = &w->clock.port,
                                    .entropy = &w->dice.port,
                                    .dir = "/j",
                                    .name = "engine",
                                    .segment_bytes = 1 << 20,
                                    .checkpoint_bytes = 8192,
                                    .rotate_ms = -1};
    keel_engine_options o = {.plan = &w->plan.plan,
                             .watch = keel_paper_books_watch(books),
                             .venue = &w->venue.port,
                             .venue_rebuilt = w->rebuilt,
                             .journal = &journal,
                             .start = START,
                             .start_size = sizeof START - 1,
                             .batch = w->batch,
                             .mark_events = 40,
                             .snapshot_records = w->snapshot_records};
    int rc = keel_engine_open(&o, &e, NULL, err);
    if (rc == 0 && w->pause && keel_engine_last_input(e) == 0) rc = keel_engine_order(e, KEEL_ENGINE_ORDER_PAUSE, err);
    if (rc == 0) rc = keel_paper_feed_skip(feed, keel_engine_last_input(e), err);
    if (rc == 0) rc = keel_engine_run(e, &feed->port, NULL, &ended, err);
    if (e) {
        w->counts = keel_engine_counts_of(e);
        w->in_doubt += w->counts.in_doubt;
        w->known += w->counts.known;
        w->handed_in += w->counts.handed_in;
    }
    if (rc == 0) {
        assert_int_equal(ended, 1);
        *ret = keel_state_hash(keel_engine_state(e));
        rc = keel_engine_close(e, err);
        e = NULL;
    }
    keel_engine_abandon(e);
    keel_paper_books_done(books);
    free(books);
    free(feed);
    return rc;
}

static void live_well(world *w, uint64_t want, const char *what) {
    keel_err err = {0};
    uint64_t hash = 0;
    if (live(w, &hash, &err) != 0) fail_msg("%s: %s", what, err.text);
    if (hash != want)
        fail_msg("%s: state hash %016llx, want %016llx", what, (unsigned long long)hash, (unsigned long long)want);
}

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

static market *small_market(void) {
    market *m = market_random(11, 2, 165, 2, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    run_well(m);
    assert_true(m->trade_count > 5);
    return m;
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

/* [WAL-05.3] [ENG-04.2] Between any two effects, with a venue that remembers and with one that is told anew. */
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

static uint8_t *whole_segment(world *w, size_t *ret_size) {
    uint8_t *bytes = NULL;
    keel_err err = {0};
    if (keel_fs_read_whole(keel_simfs_port(w->disk), SEGMENT, 4 << 20, &bytes, ret_size, &err) != 0)
        fail_msg("%s", err.text);
    return bytes;
}

/* A disk on which the journal's first segment holds these bytes, and zeros behind `cut`. */
static void put_segment(world *w, const uint8_t *bytes, size_t size, size_t cut) {
    const keel_fs *fs = keel_simfs_port(w->disk);
    uint8_t *copy = room((int64_t)size, 1);
    memcpy(copy, bytes, cut);
    assert_int_equal(fs->mkdir(fs->ctx, "/j"), 0);
    int file = fs->open(fs->ctx, SEGMENT, KEEL_FS_WRITE | KEEL_FS_CREATE);
    assert_true(file >= 0);
    assert_int_equal(keel_fs_write_at(fs, file, copy, size, 0), 0);
    assert_int_equal(fs->sync(fs->ctx, file), 0);
    assert_int_equal(fs->sync_dir(fs->ctx, "/j"), 0);
    assert_int_equal(fs->sync_dir(fs->ctx, "/"), 0);
    fs->close(fs->ctx, file);
    free(copy);
}

static void cut_at(const market *m, const uint8_t *bytes, size_t size, size_t cut, uint32_t batch) {
    char what[60];
    world *w = world_new(m, 1, batch, cut);
    put_segment(w, bytes, size, cut);
    (void)snprintf(what, sizeof what, "cut at byte %zu", cut);
    live_well(w, keel_state_hash(m->st), what);
    world_free(w);
}

/* [T-098] [T-099] At every record boundary, and at every byte of the last records. */
static void cut_at_any_record_or_byte_it_ends_alike(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t hash = 0, cuts = 0;
    keel_err err = {0};
    world *w = world_new(m, 1, 4, 5);
    w->snapshot_records = 1000000;
    assert_int_equal(live(w, &hash, &err), 0);
    size_t size = 0, at = KEEL_JOURNAL_HEADER_SIZE, starts[3] = {0};
    uint8_t *bytes = whole_segment(w, &size);
    while (at + KEEL_JOURNAL_RECORD_HEAD < size && keel_get_u16(bytes + at + 4) != 0) {
        if (keel_get_u16(bytes + at + 4) == KEEL_JOURNAL_TYPE_SHUTDOWN) break;
        cut_at(m, bytes, size, at, 4);
        cuts++;
        memmove(starts, starts + 1, sizeof starts - sizeof *starts);
        starts[2] = at;
        at += keel_get_u32(bytes + at) + KEEL_JOURNAL_RECORD_EXTRA;
    }
    for (size_t cut = starts[0] + 1; cut < at; cut++, cuts++)
        cut_at(m, bytes, size, cut, 1);
    print_message("%llu cuts\n", (unsigned long long)cuts);
    assert_true(cuts > 500);
    free(bytes);
    world_free(w);
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
    w->pause = 1;
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
