/* A byte of the sealed record changes while the run goes on: it is found and told, and no entry leaves any more.
 * [WAL-06] */
#include "engine/record.h"
#include "engine_logged.h"
#include "engine_spy.h"
#include "ops/forensic/line.h"
#include "ops/forensic/reader.h"

enum { EVERY_MS = 60000, PER_INPUT_NS = 1000000000, ROT_AT = 9000, WITHIN = 65 };

static struct {
    keel_paper_log log;
    int logged;         /* 1: a log is kept */
    uint64_t rotten_at; /* input behind which the byte changed; 0: it is to be left alone */
    uint64_t second_at; /* and one of the third segment, likewise */
    uint64_t found_at;
    int holds; /* 1: entries are held back before */
    int resumes;
    int resumed;
    spy venue;
} seen;

static keel_engine_watch log_it(world *w, const keel_engine_watch *inner) {
    return world_log(&seen.log, w, inner, 0);
}

static void go_on(world *w) {
    uint64_t input = keel_engine_last_input(w->engine);
    keel_engine_phase phase = keel_engine_phase_of(w->engine);
    keel_err err = {0};
    if (seen.logged && !seen.log.is_live) keel_paper_log_go_live(&seen.log);
    keel_simclock_advance(&w->clock, PER_INPUT_NS);
    if (seen.holds && input > 5 && phase == KEEL_ENGINE_RUNNING)
        assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_SAFE, &err), 0);
    if (seen.rotten_at && input == seen.rotten_at)
        assert_int_equal(keel_simfs_rot(w->disk, SEGMENT, ROT_AT, 4), 0);
    if (seen.second_at && input == seen.second_at)
        assert_int_equal(keel_simfs_rot(w->disk, "/j/wal-engine-00000003.klw", ROT_AT, 4), 0);
    int found = keel_engine_counts_of(w->engine).scrub_found > 0;
    if (found && !seen.found_at) {
        seen.found_at = input;
        seen.venue.from = input;
        seen.venue.until = UINT64_MAX;
        assert_int_equal(keel_engine_phase_of(w->engine), KEEL_ENGINE_SAFE_MODE);
    }
    if (!seen.resumes || seen.resumed || !found || input < seen.found_at + 20) return;
    seen.resumed = 1;
    if (keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err) != 0) fail_msg("%s", err.text);
}

static world *scrubbed(const market *m, uint64_t seed) {
    world *w = world_new(m, 0, 1, seed);
    memset(&seen, 0, sizeof seen);
    spy_on(&seen.venue, w);
    seen.venue.until = 0;
    w->segment_bytes = 32768;
    w->scrub_ms = EVERY_MS;
    w->snapshot_records = 1000000;
    w->act = go_on;
    return w;
}

static int counted(world *w, keel_event_code code, const char *word) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    keel_err err = {0};
    const char *text;
    size_t size;
    int rc, count = 0;
    if (keel_log_lines_open(keel_simfs_port(w->disk), "/run", "events", &lines, &err) != 0) fail_msg("%s", err.text);
    while ((rc = keel_log_lines_next(lines, &text, &size, &err)) == 1) {
        if (keel_log_record_read(text, size, "events", &r, &err) != 0) fail_msg("%s", err.text);
        char line[KEEL_LINE_MAX + 1];
        (void)snprintf(line, sizeof line, "%.*s", (int)size, text);
        count += r.code == code && strstr(line, word) != NULL;
        keel_log_record_done(&r);
    }
    assert_int_equal(rc, 0);
    keel_log_lines_close(lines);
    return count;
}

/* Of a record that is whole nothing is said, and the run is what it is without. */
static void a_whole_record_is_looked_through_again_and_again(void **state) {
    (void)state;
    market *m = turning_market(301);
    world *w = scrubbed(m, 5);
    live_well(w, keel_state_hash(m->st), "scrubbed");
    assert_true(w->counts.scrubs >= 1 && w->counts.scrubbed_bytes > 100000 && w->counts.scrub_found == 0);
    uint64_t rounds = w->counts.scrubs;
    world_free(w);
    w = scrubbed(m, 5);
    w->scrub_ms = 0;
    live_well(w, keel_state_hash(m->st), "not scrubbed");
    assert_true(w->counts.scrubs == 0 && w->counts.scrubbed_bytes == 0 && rounds > 0);
    world_free(w);
    market_free(m);
}

/* [WAL-06] [OPS-04] [ENG-05.2] Safe mode within a round, noted with the place; an event of SEV1 with an incident; no
 * entry leaves, until a person resumes, who is not told the same again; the record leads to the same state. */
static void a_changed_byte_is_found_while_the_run_goes_on(void **state) {
    (void)state;
    int64_t entered_again = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        market *m = turning_market(300 + seed);
        world *w = scrubbed(m, seed);
        keel_err err = {0};
        uint64_t hash = 0;
        seen.rotten_at = 200;
        seen.resumes = seed % 2;
        seen.logged = 1;
        w->watch = log_it;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        (void)keel_paper_log_close(NULL, &seen.log, 1, NULL, NULL, NULL);
        if (!seen.found_at || seen.found_at > seen.rotten_at + WITHIN)
            fail_msg("%d scrubs, %d bytes, found behind input %d", (int)w->counts.scrubs, (int)w->counts.scrubbed_bytes,
                     (int)seen.found_at);
        assert_int_equal(w->counts.scrub_found, 1);
        if (!seen.resumes) assert_int_equal(seen.venue.entered, 0);
        entered_again += seen.venue.entered;
        assert_int_equal(counted(w, KEEL_LOG_WAL_CORRUPT, "wal-engine-00000001.klw"), 1);
        assert_int_equal(counted(w, KEEL_LOG_INCIDENT, "WAL_CORRUPT"), 1);
        assert_int_equal(counted(w, KEEL_LOG_MODE_CHANGE, " WAL_CORRUPT"), 1);
        assert_int_equal(keel_simfs_rot(w->disk, SEGMENT, ROT_AT, 4), 0); /* put back from a copy */
        assert_int_equal(noted(w, KEEL_RECORD_PHASE, "\"file\":\"wal-engine-00000001.klw\",\"offset\":"), 1);
        assert_true(world_replayed(w) == hash);
        w->act = NULL;
        w->watch = NULL;
        live_well(w, hash, "started again");
        assert_true(w->phase == (seen.resumes ? KEEL_ENGINE_RUNNING : KEEL_ENGINE_SAFE_MODE));
        world_free(w);
        market_free(m);
    }
    assert_true(entered_again > 0);
}

/* A run that is in safe mode already is told as well, once. */
static void damage_is_told_where_entries_are_held_back_already(void **state) {
    (void)state;
    market *m = turning_market(302);
    world *w = scrubbed(m, 9);
    keel_err err = {0};
    uint64_t hash = 0;
    seen.rotten_at = 200;
    seen.holds = seen.logged = 1;
    w->watch = log_it;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    (void)keel_paper_log_close(NULL, &seen.log, 1, NULL, NULL, NULL);
    assert_int_equal(w->counts.scrub_found, 1);
    assert_int_equal(counted(w, KEEL_LOG_WAL_CORRUPT, "wal-engine-00000001.klw"), 1);
    assert_int_equal(counted(w, KEEL_LOG_INCIDENT, "WAL_CORRUPT"), 1);
    assert_int_equal(counted(w, KEEL_LOG_MODE_CHANGE, " WAL_CORRUPT"), 0);
    world_free(w);
    market_free(m);
}

/* [WAL-06] A second file that is damaged is told as well, though the first was not mended, and a third time neither. */
static void each_damaged_file_is_told(void **state) {
    (void)state;
    market *m = turning_market(303);
    world *w = scrubbed(m, 11);
    keel_err err = {0};
    uint64_t hash = 0;
    seen.rotten_at = 200;
    seen.second_at = 300;
    seen.logged = 1;
    w->watch = log_it;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    (void)keel_paper_log_close(NULL, &seen.log, 1, NULL, NULL, NULL);
    assert_true(w->counts.scrubs > 4);
    assert_int_equal(w->counts.scrub_found, 2);
    assert_int_equal(counted(w, KEEL_LOG_WAL_CORRUPT, "wal-engine-00000001.klw"), 1);
    assert_int_equal(counted(w, KEEL_LOG_WAL_CORRUPT, "wal-engine-00000003.klw"), 1);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_record_is_looked_through_again_and_again),
        cmocka_unit_test(a_changed_byte_is_found_while_the_run_goes_on),
        cmocka_unit_test(damage_is_told_where_entries_are_held_back_already),
        cmocka_unit_test(each_damaged_file_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
