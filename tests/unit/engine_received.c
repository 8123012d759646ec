/* When an input was received, and of whom: it is on record for every one, in both versions of its bytes, and nothing
 * that is decided depends on it. */
#include "engine/record.h"
#include "engine_world.h"

enum { HEAD_1 = 44, HEAD_2 = 64 };

/* The bytes of version 1: without what stands between its head and the pieces. */
static size_t as_version_1(const uint8_t *from, size_t size, uint8_t *to) {
    assert_true(size >= HEAD_2 && keel_get_u16(from) == 2);
    memcpy(to, from, HEAD_1);
    keel_put_u16(to, 1);
    memcpy(to + HEAD_1, from + HEAD_2, size - HEAD_2);
    return size - (HEAD_2 - HEAD_1);
}

static keel_input drawn(dice *d) {
    keel_input in;
    memset(&in, 0, sizeof in);
    in.kind = (int32_t)between(d, KEEL_INPUT_BARS, KEEL_INPUT_TIMER);
    in.number = keel_input_is_market(&in) ? (uint64_t)between(d, 1, 1000000) : 0;
    in.ts_ms = between(d, 0, INT64_MAX / 2);
    in.recv_ns = between(d, 1, INT64_MAX / 2);
    in.source_seq = throw(d);
    in.source = (int32_t)between(d, 0, KEEL_FROM_COUNT - 1);
    in.control = in.kind == KEEL_INPUT_CONTROL ? (int32_t)between(d, 1, 40) : 0;
    for (int64_t i = between(d, 0, 4); i > 0; i--)
        keel_input_add_piece(&in)->close_e8 = (int64_t)throw(d);
    for (int64_t i = between(d, 0, 2); i > 0; i--)
        keel_input_add_funding(&in)->rate_e16 = (int64_t)throw(d);
    return in;
}

static int same_parts(const keel_input *a, const keel_input *b) {
    if (a->piece_count != b->piece_count || a->funding_count != b->funding_count) return 0;
    if (a->kind != b->kind || a->number != b->number || a->ts_ms != b->ts_ms || a->control != b->control) return 0;
    return (a->piece_count == 0 || memcmp(a->piece, b->piece, (size_t)a->piece_count * sizeof *a->piece) == 0) &&
           (a->funding_count == 0 ||
            memcmp(a->funding, b->funding, (size_t)a->funding_count * sizeof *a->funding) == 0);
}

/* [ENG-02.1] [WAL-01.3] What was written is read; of version 1 everything but what it does not have; a size that is not
 * that of its version, a version of none, a newer one and a source of none are refused. */
static void both_versions_are_read(void **state) {
    (void)state;
    dice d = {7};
    keel_err err = {0};
    for (int n = 0; n < 3000; n++) {
        keel_input in = drawn(&d), out;
        keel_strbuf bytes;
        uint8_t old[2048];
        memset(&out, 0, sizeof out);
        keel_strbuf_init(&bytes, 0);
        keel_input_write(&in, &bytes);
        uint8_t *b = (uint8_t *)bytes.text;
        assert_int_equal(keel_input_read(b, bytes.size, KEEL_SYMBOLS_MAX, &out, &err), 0);
        assert_true(same_parts(&in, &out) && out.recv_ns == in.recv_ns && out.source == in.source);
        assert_true(out.source_seq == in.source_seq);
        size_t size = as_version_1(b, bytes.size, old);
        assert_int_equal(keel_input_read(old, size, KEEL_SYMBOLS_MAX, &out, &err), 0);
        assert_true(same_parts(&in, &out) && out.recv_ns == 0);
        assert_true(out.source == (in.control == KEEL_ENGINE_ORDER_PAUSE ? 0 : keel_input_source_of(&in)));
        keel_put_u16(old, 2);
        assert_int_equal(keel_input_read(old, size, KEEL_SYMBOLS_MAX, &out, &err), KEEL_E_PARITY);
        keel_put_u16(b, 1);
        assert_int_equal(keel_input_read(b, bytes.size, KEEL_SYMBOLS_MAX, &out, &err), KEEL_E_PARITY);
        keel_put_u16(b, 0);
        assert_int_equal(keel_input_read(b, bytes.size, KEEL_SYMBOLS_MAX, &out, &err), KEEL_E_PARITY);
        keel_put_u16(b, 3);
        assert_int_equal(keel_input_read(b, bytes.size, KEEL_SYMBOLS_MAX, &out, &err), KEEL_E_VERSION);
        keel_put_u16(b, 2);
        keel_put_u32(b + 60, KEEL_FROM_COUNT);
        assert_int_equal(keel_input_read(b, bytes.size, KEEL_SYMBOLS_MAX, &out, &err), KEEL_E_PARITY);
        keel_strbuf_done(&bytes);
        keel_input_done(&in);
        keel_input_done(&out);
    }
}

/* ---- runs ------------------------------------------------------------------------------------------------------- */

/* Judges every input of the record: numbered by its source without gaps, received in order. */
static void judge_record(world *w, uint64_t count[KEEL_FROM_COUNT], int64_t *ret_first_ns) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    keel_input in;
    keel_err err = {0};
    int64_t last_ns = 0;
    memset(&in, 0, sizeof in);
    memset(count, 0, KEEL_FROM_COUNT * sizeof *count);
    assert_int_equal(keel_journal_reader_open(&where, &reader, &err), 0);
    while (keel_journal_reader_next(reader, &r, &err) == 1) {
        if (r.type != KEEL_RECORD_INPUT) continue;
        assert_int_equal(keel_input_read(r.payload, r.size, KEEL_SYMBOLS_MAX, &in, &err), 0);
        assert_true(in.source != KEEL_FROM_UNKNOWN && in.source_seq == ++count[in.source]);
        assert_true(in.recv_ns >= last_ns && in.recv_ns > 0);
        if (last_ns == 0) *ret_first_ns = in.recv_ns;
        last_ns = in.recv_ns;
    }
    keel_input_done(&in);
    keel_journal_reader_close(reader);
}

static const keel_engine_source *paced(world *w, const keel_engine_source *inner) {
    keel_paper_feed *f = inner->ctx;
    f->timer_every_ms = 1800000;
    keel_paper_feed_pace(f, &w->clock.port, NULL);
    return inner;
}

/* [ENG-02.1] A run that is stopped now and then, by the clock and with a pause on the way: every input says of whom it
 * is, the so many-th, and when it came; a clock that is set years ahead changes nothing but that. */
static void every_input_says_when_it_came_and_of_whom(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t hash[2] = {0};
    int64_t first_ns[2];
    for (int years = 0; years < 2; years++) {
        world *w = world_new(m, 1, 1, 5);
        uint64_t count[KEEL_FROM_COUNT];
        keel_err err = {0};
        keel_simclock_jump(&w->clock, (int64_t)years * 365 * 24 * HOUR_MS);
        w->source = paced;
        for (w->stops = 3; w->stops >= 0; w->stops--) {
            w->stop_at = 250 - 40 * (uint64_t)w->stops;
            w->order = w->stops == 3 ? KEEL_ENGINE_ORDER_PAUSE : w->stops == 1 ? KEEL_ENGINE_ORDER_RESUME : 0;
            w->order_at = w->stop_at - 20;
            if (w->stops == 0) break;
            if (live(w, &hash[years], &err) != 0) fail_msg("%s", err.text);
        }
        if (live(w, &hash[years], &err) != 0) fail_msg("%s", err.text);
        judge_record(w, count, &first_ns[years]);
        assert_int_equal(count[KEEL_FROM_PERSON], 2);
        assert_true(count[KEEL_FROM_CLOCK] > 300 && count[KEEL_FROM_MARKET] > 200);
        world_free(w);
    }
    assert_true(hash[0] == hash[1]);
    assert_true(first_ns[1] - first_ns[0] == 365 * 24 * HOUR_MS * 1000000);
    market_free(m);
}

/* The same journal as an earlier keel would have written it. */
static void write_old(world *from, world *to) {
    keel_journal_where where = {keel_simfs_port(from->disk), "/j", "engine", NULL, NULL};
    keel_journal_options o = {.fs = keel_simfs_port(to->disk),
                              .clock = &to->clock.port,
                              .entropy = &to->dice.port,
                              .dir = "/j",
                              .name = "engine",
                              .segment_bytes = 1 << 20,
                              .on_damage = KEEL_JOURNAL_REFUSE,
                              .rotate_ms = -1};
    keel_journal_reader *reader = NULL;
    keel_journal *j = NULL;
    keel_journal_record r;
    keel_err err = {0};
    uint8_t old[4096];
    int64_t inputs = 0;
    assert_int_equal(keel_journal_open(&o, &j, NULL, &err), 0);
    assert_int_equal(keel_journal_reader_open(&where, &reader, &err), 0);
    while (keel_journal_reader_next(reader, &r, &err) == 1) {
        if (r.type == KEEL_RECORD_INPUT) {
            r.size = (uint32_t)as_version_1(r.payload, r.size, old);
            r.payload = old;
            inputs++;
        }
        r.flags = 0;
        if (keel_journal_append(j, &r, 1, &err) != 0) fail_msg("%s", err.text);
    }
    assert_true(inputs > 150);
    keel_journal_reader_close(reader);
    if (keel_journal_close(j, &err) != 0) fail_msg("%s", err.text);
}

/* [WAL-01.3] A journal of version 1 goes on to the same end, and is replayed to it. */
static void an_older_journal_goes_on(void **state) {
    (void)state;
    market *m = small_market();
    world *w = world_new(m, 1, 8, 5), *old = world_new(m, 1, 8, 6);
    uint64_t hash = 0;
    keel_err err = {0};
    w->stops = 1;
    w->stop_at = 200;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    write_old(w, old);
    live_well(old, keel_state_hash(m->st), "behind a record of version 1");
    keel_engine *e = NULL;
    keel_journal_where where = {keel_simfs_port(old->disk), "/j", "engine", NULL, NULL};
    keel_engine_replay r = {.plan = &old->plan.plan, .where = &where, .until_ms = INT64_MAX, .last_seq = UINT64_MAX};
    if (keel_engine_replay_run(&r, &e, &err) != 0) fail_msg("%s", err.text);
    assert_true(keel_state_hash(keel_engine_state(e)) == keel_state_hash(m->st));
    keel_engine_abandon(e);
    world_free(old);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_are_read),
        cmocka_unit_test(every_input_says_when_it_came_and_of_whom),
        cmocka_unit_test(an_older_journal_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
