/* What is on record, and what a start and a replay make of it: outcomes without a cause, ends without inputs, snapshots
 * that are missing or refused, and that nothing is seen before it is durable. */
#include "engine_world.h"
#include "engine/record.h"

/* [T-004] An order on record that the same inputs do not lead to is noticed, by a start and by a replay. */
static void an_order_without_a_cause_is_noticed(void **state) {
    (void)state;
    market *m = small_market();
    for (uint64_t at = 200; at < 450; at += 50) {
        uint64_t hash = 0;
        keel_err err = {0};
        world *w = world_new(m, 1, 1, at);
        keel_simfs_faults faults = {.kill_at = at};
        w->snapshot_records = 1000000;
        keel_simfs_set_faults(w->disk, &faults);
        assert_true(live(w, &hash, &err) != 0);
        keel_simfs_crash(w->disk);
        keel_journal_options o = {.fs = keel_simfs_port(w->disk),
                                  .clock = &w->clock.port,
                                  .entropy = &w->dice.port,
                                  .dir = "/j",
                                  .name = "engine",
                                  .rotate_ms = -1};
        keel_journal *j = NULL;
        uint8_t bytes[KEEL_RECORD_COMMAND_SIZE];
        keel_command c = {.id = 1u << 20, .kind = KEEL_CMD_OPEN, .side = 1, .qty_e8 = 1};
        assert_int_equal(keel_journal_open(&o, &j, NULL, &err), 0);
        uint64_t seq = keel_journal_next_seq(j);
        keel_record_command_write(&c, 1u << 20, bytes);
        keel_journal_record r = {
            .type = KEEL_RECORD_COMMAND, .seq = seq, .ts_ms = START_MS, .payload = bytes, .size = sizeof bytes};
        assert_int_equal(keel_journal_append(j, &r, 1, &err), 0);
        assert_int_equal(keel_journal_close(j, &err), 0);
        assert_int_equal(live(w, &hash, &err), KEEL_E_PARITY);
        keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
        keel_engine *e = NULL;
        keel_engine_replay replay = {
            .plan = &w->plan.plan, .where = &where, .venue_rebuilt = 1, .until_ms = INT64_MAX, .last_seq = seq};
        assert_int_equal(keel_engine_replay_run(&replay, &e, &err), KEEL_E_PARITY);
        keel_engine_abandon(e);
        replay.last_seq = seq - 1;
        if (keel_engine_replay_run(&replay, &e, &err) != 0) fail_msg("%s", err.text);
        keel_engine_abandon(e);
        world_free(w);
    }
    market_free(m);
}

static void replays_well(world *w) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_engine *e = NULL;
    keel_err err = {0};
    keel_engine_replay replay = {
        .plan = &w->plan.plan, .where = &where, .venue_rebuilt = 1, .until_ms = INT64_MAX, .last_seq = UINT64_MAX};
    if (keel_engine_replay_run(&replay, &e, &err) != 0) fail_msg("replay: %s", err.text);
    keel_engine_abandon(e);
}

/* A run that was closed before any input came, once or again, goes on and is replayed, wherever its end was killed. */
static void an_end_without_inputs_is_no_difference(void **state) {
    (void)state;
    market *m = small_market();
    int killed = 0, idle = 0;
    for (uint64_t stop_at = 0; stop_at <= 80; stop_at += 40)
        for (uint64_t at = 0; at < 120; at++) {
            uint64_t hash = 0;
            keel_err err = {0};
            world *w = world_new(m, 1, 1, at);
            w->stops = 1;
            w->stop_at = stop_at;
            if (live(w, &hash, &err) != 0) fail_msg("the first end: %s", err.text);
            replays_well(w);
            keel_simfs_faults faults = {.kill_at = at};
            keel_simfs_set_faults(w->disk, &faults);
            if (live(w, &hash, &err) != 0) { /* a second one, at which nothing came */
                killed++;
                keel_simfs_crash(w->disk);
            } else {
                static const keel_simfs_faults none;
                keel_simfs_set_faults(w->disk, &none);
                idle++;
                replays_well(w);
            }
            w->refuse_snapshots = at % 2 > 0;
            w->stops = 0;
            live_well(w, keel_state_hash(m->st), "after an end without inputs");
            replays_well(w);
            world_free(w);
        }
    assert_true(killed > 20 && idle > 20);
    market_free(m);
}

/* [WAL-04.1] [WAL-02.2] A snapshot for which there is no room is missed by nobody but the next start; it is on record
 * why there is none. */
static void a_snapshot_that_could_not_be_kept_is_told(void **state) {
    (void)state;
    market *m = small_market();
    int without = 0;
    for (int64_t space = 1 << 20; space < 3 << 20; space += 1 << 14) {
        uint64_t hash = 0;
        keel_err err = {0};
        world *w = world_new(m, 1, 1, 3);
        keel_simfs_faults faults = {.space_bytes = space};
        keel_simfs_set_faults(w->disk, &faults);
        if (live(w, &hash, &err) == 0) {
            int failed = noted(w, KEEL_RECORD_SNAPSHOT, "\"failed\":");
            if (w->counts.snapshots_failed > (uint64_t)failed) fail_msg("nobody was told");
            assert_true(hash == keel_state_hash(m->st));
            without += failed > 0;
        }
        world_free(w);
    }
    assert_true(without > 0);
    market_free(m);
}

/* [WAL-05.2] A snapshot that whoever watches does not take leaves nothing behind: the run begins at its first record.
 */
static void a_snapshot_refused_by_the_watch_leaves_nothing_behind(void **state) {
    (void)state;
    market *m = small_market();
    int killed = 0;
    for (uint64_t at = 100; at <= 300; at += 40) {
        uint64_t hash = 0;
        keel_err err = {0};
        world *w = world_new(m, 1, 4, at);
        keel_simfs_faults faults = {.kill_at = at};
        w->snapshot_records = 40;
        keel_simfs_set_faults(w->disk, &faults);
        if (live(w, &hash, &err) != 0) {
            killed++;
            keel_simfs_crash(w->disk);
        }
        w->refuse_snapshots = 1;
        live_well(w, keel_state_hash(m->st), "its snapshots are not taken");
        assert_true(w->recovery.snapshots_rejected > 0 && w->recovery.snapshot_seq == 0);
        world_free(w);
    }
    assert_true(killed > 2);
    market_free(m);
}

/* [T-010] Nothing there: the capital, and nothing else. */
static void an_empty_folder_begins_with_the_capital(void **state) {
    (void)state;
    market *m = small_market();
    keel_err err = {0};
    uint64_t hash = 0;
    world *w = world_new(m, 1, 4, 30);
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(w->recovery.fresh, 1);
    assert_true(w->recovery.equity_e8 == m->capital_e8 && w->recovery.free_usd_e8 == m->capital_e8);
    assert_int_equal(w->recovery.positions, 0);
    assert_int_equal(w->recovery.orders, 0);
    assert_true(w->phase == KEEL_ENGINE_RUNNING);
    live_well(w, keel_state_hash(m->st), "and once more");
    assert_int_equal(w->recovery.fresh, 0);
    assert_true(w->recovery.state_hash == keel_state_hash(m->st));
    world_free(w);
    market_free(m);
}

/* [T-002] [WAL-02.1] Each sync fails once: the run stops, and what was seen of it by then can be made again from what
 * the medium held. */
static void what_was_seen_was_durable(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t stops = 0;
    for (uint64_t at = 1;; at += 1 + at / 8) {
        uint64_t hash = 0;
        keel_err err = {0};
        world *w = world_new(m, at % 2 == 0, at % 2 == 0 ? 8 : 1, at);
        w->snapshot_records = 1000000;
        keel_simfs_faults faults = {.fail_sync_at = at};
        keel_simfs_set_faults(w->disk, &faults);
        int rc = live(w, &hash, &err);
        if (rc == 0) {
            world_free(w);
            break;
        }
        uint64_t seen = w->counts.events;
        stops++;
        keel_simfs_crash(w->disk);
        w->recovery.counts.events = 0;
        live_well(w, keel_state_hash(m->st), "after a sync that failed");
        assert_int_equal(w->recovery.snapshot_seq, 0);
        if (w->recovery.counts.events < seen)
            fail_msg("sync %llu failed: %llu events were seen, %llu are on record", (unsigned long long)at,
                     (unsigned long long)seen, (unsigned long long)w->recovery.counts.events);
        world_free(w);
    }
    assert_true(stops > 20);
    market_free(m);
}

/* ---- snapshots by the clock, and the note of a fault ---------------------------------------------------------------
 */

static void a_minute_passes(world *w) { keel_simclock_advance(&w->clock, INT64_C(60000000000)); }

/* [WAL-04.1] A snapshot each five minutes in which something came, by a clock that nobody sets; without such a time
 * only at the end, and none for its own note alone. */
static void a_snapshot_is_kept_every_so_often(void **state) {
    (void)state;
    market *m = small_market();
    for (int often = 0; often <= 1; often++) {
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = world_new(m, 1, 1, 3);
        w->snapshot_records = 1000000;
        w->snapshot_ms = often ? 300000 : 0;
        w->act = a_minute_passes;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        int want = often ? (int)(w->counts.inputs / 5) : 0; /* the last one, at the end, is not counted here */
        assert_true(hash == keel_state_hash(m->st) && w->counts.inputs > 300);
        assert_in_range(w->counts.snapshots, want, want + 1);
        assert_in_range(noted(w, KEEL_RECORD_SNAPSHOT, "\"state_hash\""), want, want + 2);
        live_well(w, hash, "started from the last one");
        assert_true(w->recovery.snapshot_seq > 0);
        world_free(w);
    }
    market_free(m);
}

static struct {
    keel_engine_source port;
    const keel_engine_source *inner;
    uint64_t until;
} failing;

static int fail_next(void *ctx, keel_input *ret, keel_err *reterr) {
    (void)ctx;
    int rc = failing.inner->next(failing.inner->ctx, ret, reterr);
    return rc == 1 && ret->number > failing.until ? keel_err_set(reterr, KEEL_E_IO, "the feed is gone") : rc;
}

static const keel_engine_source *fails(world *w, const keel_engine_source *inner) {
    (void)w;
    failing.inner = inner;
    failing.port = (keel_engine_source){.next = fail_next};
    return &failing.port;
}

/* A fault ends the run with its own error; that it did is on the medium at once, and the next start goes on. */
static void the_note_of_a_fault_is_kept(void **state) {
    (void)state;
    market *m = small_market();
    for (int rebuilt = 0; rebuilt <= 1; rebuilt++) {
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = world_new(m, rebuilt, rebuilt ? 8 : 1, 5);
        failing.until = 101;
        w->source = fails;
        assert_int_equal(live(w, &hash, &err), KEEL_E_IO);
        assert_string_equal(err.text, "the feed is gone");
        keel_simfs_crash(w->disk);
        assert_int_equal(noted(w, KEEL_RECORD_PHASE, "\"to\":\"fatal\",\"trigger\":\"a fault\""), 1);
        w->source = NULL;
        live_well(w, keel_state_hash(m->st), "started after a fault");
        world_free(w);
    }
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_without_a_cause_is_noticed),
        cmocka_unit_test(an_end_without_inputs_is_no_difference),
        cmocka_unit_test(a_snapshot_that_could_not_be_kept_is_told),
        cmocka_unit_test(a_snapshot_refused_by_the_watch_leaves_nothing_behind),
        cmocka_unit_test(an_empty_folder_begins_with_the_capital),
        cmocka_unit_test(what_was_seen_was_durable),
        cmocka_unit_test(a_snapshot_is_kept_every_so_often),
        cmocka_unit_test(the_note_of_a_fault_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
