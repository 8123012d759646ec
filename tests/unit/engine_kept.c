/* Snapshots of an engine: taken anywhere in a run, read by another engine and written again as the same bytes; of every
 * kind of indicator; by programs that know more or less; cut and changed. */
#include "app/cli/paper_kept.h"
#include "engine/engine_internal.h"
#include "engine_world.h"
#include "journal/compact.h"

/* ---- a run's ----------------------------------------------------------------------------------------------------- */

/* An engine, and whoever watches it, as a start has them before it looks for a snapshot. */
typedef struct fresh {
    keel_paper_books books;
    keel_sim_venue venue;
    keel_engine *engine;
} fresh;

static fresh *fresh_new(world *w) {
    fresh *f = room(1, sizeof *f);
    keel_err err = {0};
    keel_sim_venue_init(&f->venue, w->m->tape.symbol_count, w->plan.rules, w->plan.slippage_bps);
    keel_paper_books_init(&f->books, w->m->capital_e8, w->m->tape.symbol_count);
    f->books.venue = &f->venue;
    keel_engine_watch watch = keel_paper_books_watch(&f->books);
    assert_int_equal(keel_engine_make(&w->plan.plan, &watch, &f->engine, &err), 0);
    keel_strbuf_add_bytes(&f->engine->start, START, sizeof START - 1);
    return f;
}

static void fresh_free(fresh *f) {
    keel_engine_abandon(f->engine);
    keel_paper_books_done(&f->books);
    free(f);
}

static struct {
    int looks, orders, trades;
    keel_strbuf some; /* one from the middle of the run */
} seen;

static void keep_and_restore(world *w) {
    if (keel_engine_last_input(w->engine) % 7) return;
    keel_err err = {0};
    keel_strbuf one, two;
    keel_engine_kept judged;
    uint64_t hash = keel_state_hash(keel_engine_state(w->engine));
    keel_strbuf_init(&one, 0);
    keel_strbuf_init(&two, 0);
    keel_engine_keep(w->engine, &one);
    fresh *f = fresh_new(w);
    if (keel_engine_restore(f->engine, (const uint8_t *)one.text, one.size, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(keel_state_hash(f->engine->st), hash);
    assert_memory_equal(f->engine->sets, w->engine->sets, (size_t)w->plan.plan.symbol_count * sizeof *f->engine->sets);
    assert_memory_equal(f->engine->st, w->engine->st, sizeof *f->engine->st);
    keel_engine_keep(f->engine, &two);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.text, two.text, one.size);
    if (keel_paper_kept_judge((const uint8_t *)one.text, one.size, hash, &judged, &err) != 0) fail_msg("%s", err.text);
    assert_true(judged.format == KEEL_PACKED_VERSION && judged.symbols == w->plan.plan.symbol_count);
    assert_int_equal(keel_paper_kept_judge((const uint8_t *)one.text, one.size, hash + 1, &judged, &err),
                     KEEL_E_PARITY);
    seen.looks++;
    for (int32_t i = 0; i < w->plan.plan.symbol_count; i++)
        seen.orders += f->venue.book.sym[i].waiting.id != 0;
    seen.trades += f->books.result.trade_count > 0;
    if (seen.orders > 0 && seen.trades > 0 && !seen.some.text)
        keel_strbuf_add_bytes(&seen.some, one.text, one.size);
    fresh_free(f);
    keel_strbuf_done(&one);
    keel_strbuf_done(&two);
}

static void run_and_look(market *m) {
    keel_strbuf_done(&seen.some);
    memset(&seen, 0, sizeof seen);
    keel_strbuf_init(&seen.some, 0);
    world *w = world_new(m, 1, 1, 3);
    w->act = keep_and_restore;
    live_well(w, keel_state_hash(m->st), "looked at now and then");
    assert_true(seen.looks > 15 && seen.orders > 0 && seen.trades > 0 && seen.some.size > 0);
    world_free(w);
}

/* [WAL-04.1] [KRN-06.5] The same state to the bit, and the same bytes again, anywhere in a run. */
static void any_moment_is_kept(void **state) {
    (void)state;
    market *m = small_market();
    run_and_look(m);
    market_free(m);
    m = market_random(5, 3, 140, 2, &NATURES[3]);
    use_manner(m, KEEL_STRATEGY_TREND, 1);
    run_well(m);
    run_and_look(m);
    market_free(m);
}

/* ---- indicators -------------------------------------------------------------------------------------------------- */

/* [WAL-04.1] Every kind of indicator goes on as if nothing had been between. */
static void every_indicator_is_kept(void **state) {
    (void)state;
    market *m = small_market();
    for (int32_t kind = 0; kind < KEEL_SIGNAL_KIND_COUNT; kind++) {
        world *w = world_new(m, 1, 1, 1);
        keel_signal_list list = {.n = 1};
        list.spec[0] = keel_signal_spec_default(kind, KEEL_SLOT_X0);
        w->plan.signals[0] = list;
        keel_err err = {0};
        keel_strbuf bytes;
        keel_strbuf_init(&bytes, 0);
        fresh *a = fresh_new(w), *b = fresh_new(w);
        a->engine->err = &err;
        assert_int_equal(keel_engine_begin(a->engine), 0);
        dice d = {(uint64_t)kind + 1};
        double px = 100.0;
        for (int64_t i = 0; i < 400; i++) {
            if (i == 150) {
                keel_engine_keep(a->engine, &bytes);
                if (keel_engine_restore(b->engine, (const uint8_t *)bytes.text, bytes.size, &err) != 0)
                    fail_msg("kind %d: %s", kind, err.text);
            }
            double move = (double)between(&d, -100, 100) / 50.0, open = px;
            px = px + move > 1.0 ? px + move : 1.0;
            keel_ohlcv bar = {.open = open,
                              .high = (open > px ? open : px) + 0.25,
                              .low = (open < px ? open : px) - 0.25,
                              .close = px,
                              .volume = (double)between(&d, 0, 1000)};
            keel_signal_set_step(&a->engine->sets[0], &bar, START_MS + i * HOUR_MS, &a->engine->snaps[0]);
            if (i < 150) continue;
            keel_signal_set_step(&b->engine->sets[0], &bar, START_MS + i * HOUR_MS, &b->engine->snaps[0]);
            assert_memory_equal(&a->engine->snaps[0], &b->engine->snaps[0], sizeof a->engine->snaps[0]);
        }
        assert_memory_equal(&a->engine->sets[0], &b->engine->sets[0], sizeof a->engine->sets[0]);
        assert_true(a->engine->snaps[0].ready != 0);
        keel_strbuf_done(&bytes);
        fresh_free(a);
        fresh_free(b);
        world_free(w);
    }
    market_free(m);
}

/* ---- by other programs, and damaged ------------------------------------------------------------------------------ */

static int restored(world *w, const uint8_t *bytes, size_t size, keel_err *err) {
    fresh *f = fresh_new(w);
    keel_engine *e = f->engine;
    keel_state *before = room(1, sizeof *before);
    *before = *e->st;
    int rc = keel_engine_restore(e, bytes, size, err);
    if (rc != 0) { /* what is refused leaves an engine that can begin */
        assert_memory_equal(e->st, before, sizeof *before);
        assert_true(e->seq == 0 && e->input == 0 && f->books.result.trade_count == 0 && f->venue.book.orders == 0);
    }
    free(before);
    fresh_free(f);
    return rc;
}

/* The bytes with `from` replaced by `to`, of the same length. */
static uint8_t *renamed(const char *from, const char *to) {
    size_t n = strlen(from);
    uint8_t *bytes = room(1, seen.some.size), *at = NULL;
    memcpy(bytes, seen.some.text, seen.some.size);
    for (size_t i = 0; i + n <= seen.some.size && !at; i++)
        if (memcmp(bytes + i, from, n) == 0) at = bytes + i;
    assert_non_null(at);
    memcpy(at, to, n);
    return bytes;
}

/* [WAL-04.1] A program that has another field, part or run says which, and changes nothing. */
static void of_other_programs(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
        int code;
        const char *says;
    } CASES[] = {{"unbooked", "unhooked", KEEL_E_VERSION, "engine has a field unhooked"},
                 {"engine.regime", "engine.rexime", KEEL_E_VERSION, "has no engine.regime"},
                 {"venue.report", "venue.rexort", KEEL_E_VERSION, "has no venue.report"},
                 {"{\"a run\":1}", "{\"a run\":2}", KEEL_E_USAGE, "of another run"},
                 {"keelsnap\x04", "keelsnap\x05", KEEL_E_VERSION, "format 5"},
                 {"keelsnap\x04", "keelsnap\x03", KEEL_E_VERSION, "memory of one build"}};
    market *m = small_market();
    run_and_look(m);
    world *w = world_new(m, 1, 1, 3);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        keel_err err = {0};
        uint8_t *bytes = renamed(CASES[i].from, CASES[i].to);
        assert_int_equal(restored(w, bytes, seen.some.size, &err), CASES[i].code);
        if (!strstr(err.text, CASES[i].says)) fail_msg("\"%s\" is not in: %s", CASES[i].says, err.text);
        free(bytes);
    }
    world_free(w);
    market_free(m);
}

/* [WAL-05.1] Below the journal's own checksums: whatever the bytes are, a refusal changes nothing. */
static void cut_and_changed(void **state) {
    (void)state;
    market *m = small_market();
    run_and_look(m);
    world *w = world_new(m, 1, 1, 3);
    size_t size = seen.some.size;
    uint8_t *bytes = room(1, size);
    keel_err err = {0};
    int refused = 0, read = 0;
    for (size_t n = 0; n < size; n += n < 3000 ? 37 : 997)
        assert_int_equal(restored(w, (const uint8_t *)seen.some.text, n, &err), KEEL_E_PARITY);
    for (size_t bit = 0; bit < 8 * size; bit += bit < 20000 ? 151 : 2003) {
        memcpy(bytes, seen.some.text, size);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int rc = restored(w, bytes, size, &err);
        assert_true(rc == 0 || rc == KEEL_E_PARITY || rc == KEEL_E_VERSION || rc == KEEL_E_USAGE);
        refused += rc != 0;
        read += rc == 0;
    }
    assert_true(refused > 50 && read > 50);
    free(bytes);
    world_free(w);
    market_free(m);
}

/* ---- a compacted journal ----------------------------------------------------------------------------------------- */

static int judged(void *data, const char *name, const uint8_t *bytes, size_t size, uint64_t state_hash, keel_err *err) {
    (void)name;
    return keel_paper_kept_judge(bytes, size, state_hash, data, err);
}

/* The journal's last snapshots are of a format that is one build's memory. */
static void keep_as_before(world *w) {
    keel_journal_options o = {.fs = keel_simfs_port(w->disk),
                              .clock = &w->clock.port,
                              .entropy = &w->dice.port,
                              .dir = "/j",
                              .name = "engine",
                              .segment_bytes = w->segment_bytes,
                              .rotate_ms = -1};
    keel_journal *j = NULL;
    keel_err err = {0};
    uint8_t bytes[200] = "keelsnap\x03";
    assert_int_equal(keel_journal_open(&o, &j, NULL, &err), 0);
    for (int i = 0; i < 3; i++) { /* each behind a note of its own */
        keel_journal_record r = {.type = KEEL_RECORD_RECOVERY,
                                 .seq = keel_journal_next_seq(j),
                                 .ts_ms = START_MS,
                                 .payload = (const uint8_t *)"{}",
                                 .size = 2};
        assert_int_equal(keel_journal_append(j, &r, 1, &err), 0);
        assert_int_equal(keel_engine_snapfile_save(j, 1, bytes, sizeof bytes, &err), 0);
    }
    assert_int_equal(keel_journal_close(j, &err), 0);
}

static void move_back(const keel_fs *fs, uint64_t below) {
    for (uint64_t i = 1; i < below; i++) {
        char from[64], to[64];
        (void)snprintf(from, sizeof from, "/j/archive/wal-engine-%08llu.klw", (unsigned long long)i);
        (void)snprintf(to, sizeof to, "/j/wal-engine-%08llu.klw", (unsigned long long)i);
        assert_int_equal(fs->rename(fs->ctx, from, to), 0);
    }
    assert_int_equal(fs->unlink(fs->ctx, "/j/wal-engine.base"), 0);
}

/* [WAL-04.2] [WAL-05.2] Records are let go only for a snapshot that this program has read. Where one that cannot read
 * it finds the rest, it says why and what to do; and that helps. */
static void only_what_can_be_read_is_relied_on(void **state) {
    (void)state;
    market *m = small_market();
    world *w = world_new(m, 1, 1, 7);
    const keel_fs *fs = keel_simfs_port(w->disk);
    keel_journal_where where = {fs, "/j", "engine", NULL, NULL};
    keel_engine_kept kept;
    const keel_snapshot_judge judge = {&kept, judged};
    keel_journal_compaction done;
    keel_err err = {0};
    uint64_t hash = 0;
    w->segment_bytes = 1 << 16;
    w->snapshot_records = 60;
    live_well(w, keel_state_hash(m->st), "in several segments");
    keep_as_before(w);
    assert_int_equal(keel_journal_compact(&where, 0, &judge, &done, &err), KEEL_E_VERSION);
    assert_true(strstr(err.text, "nothing was put away") && strstr(err.text, "format 3") && done.first_seq == 1);
    live_well(w, keel_state_hash(m->st), "with what it cannot read passed over");
    assert_true(w->recovery.snapshot_seq == 0 && w->recovery.snapshots_rejected == 3);
    assert_non_null(strstr(w->recovery.rejected_why, "memory of one build"));
    /* it kept one at its end */
    assert_int_equal(keel_journal_compact(&where, 0, &judge, &done, &err), 0);
    assert_true(done.segments > 1 && done.first_seq > 1 && kept.state_hash == keel_state_hash(m->st));
    live_well(w, keel_state_hash(m->st), "compacted");
    assert_true(w->recovery.snapshot_seq > 0);
    keep_as_before(w);
    assert_int_equal(live(w, &hash, &err), KEEL_E_RANGE);
    assert_true(strstr(err.text, "compacted") && strstr(err.text, "format 3") && strstr(err.text, "wal-engine.base"));
    move_back(fs, done.first_segment);
    live_well(w, keel_state_hash(m->st), "put back");
    assert_true(w->recovery.snapshot_seq == 0);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_moment_is_kept),
        cmocka_unit_test(every_indicator_is_kept),
        cmocka_unit_test(of_other_programs),
        cmocka_unit_test(cut_and_changed),
        cmocka_unit_test(only_what_can_be_read_is_relied_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
