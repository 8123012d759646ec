/* A journal's market as a tape again: what the engine set aside is none of it, and orders of people stand where they
 * were given, however many inputs were set aside before. [EXE-11] */
#include "app/cli/diff_tape.h"
#include "engine_spy.h"

enum { EVERY = 10, FROM = 60, UNTIL = 120, PLACES = 1024 };

/* A feed that has strange inputs among its own. */
static struct {
    keel_engine_source port;
    const keel_engine_source *inner;
    int64_t by_ms; /* how far a strange one lies from the one before it */
    uint64_t said, strange;
    keel_input last;
    int64_t now_ms;
    keel_diff_place place[PLACES]; /* of the newest input that moved time, by number */
} feed;

/* A copy of the last one at another time, with prices of its own. */
static int say_strange(keel_input *ret) {
    keel_input_clear(ret);
    ret->kind = feed.last.kind;
    ret->ts_ms = feed.last.ts_ms + feed.by_ms;
    ret->bar_open_ms = feed.last.bar_open_ms + feed.by_ms;
    for (int32_t i = 0; i < feed.last.piece_count; i++) {
        keel_input_piece *p = keel_input_add_piece(ret);
        assert_non_null(p);
        *p = feed.last.piece[i];
        p->open_ms += feed.by_ms;
        p->close_ms += feed.by_ms;
        p->open_e8 = p->high_e8 = p->low_e8 = p->close_e8 = 1;
    }
    feed.strange++;
    return 1;
}

static void remember(const keel_input *in) {
    keel_input_clear(&feed.last);
    feed.last.kind = in->kind;
    feed.last.ts_ms = in->ts_ms;
    feed.last.bar_open_ms = in->bar_open_ms;
    for (int32_t i = 0; i < in->piece_count; i++)
        *keel_input_add_piece(&feed.last) = in->piece[i];
    feed.place[feed.said] = keel_diff_place_of(in);
    feed.now_ms = in->ts_ms;
}

static int say(void *ctx, keel_input *ret, keel_err *err) {
    (void)ctx;
    int rc = 1;
    uint64_t next = feed.said + 1;
    int strange = next > FROM && next < UNTIL && next % EVERY == 0;
    if (strange)
        (void)say_strange(ret);
    else
        rc = feed.inner->next(feed.inner->ctx, ret, err);
    if (rc != 1) return rc;
    assert_true(next < PLACES);
    feed.said = ret->number = next;
    feed.place[next] = feed.place[next - 1];
    if (!strange) remember(ret);
    return 1;
}

static int say_ready(void *ctx) {
    (void)ctx;
    return feed.inner->ready(feed.inner->ctx);
}

static int64_t say_now(void *ctx) {
    (void)ctx;
    return feed.now_ms;
}

static const keel_engine_source *says(world *w, const keel_engine_source *inner) {
    (void)w;
    feed.inner = inner;
    feed.port = (keel_engine_source){.next = say, .ready = say_ready, .now_ms = say_now};
    feed.said = feed.strange = 0;
    feed.now_ms = START_MS;
    feed.place[0] = KEEL_DIFF_PLACE_BEFORE_ALL;
    return &feed.port;
}

static void is_that_market(const market *m, const keel_diff_tape *t) {
    for (int32_t i = 0; i < m->tape.symbol_count; i++)
        for (int64_t k = 0; k < m->tape.bars; k++)
            if (t->tape.sym[i].close_e8[k] != m->tape.sym[i].close_e8[k])
                fail_msg("symbol %d, bar %d: %lld for %lld", (int)i, (int)k, (long long)t->tape.sym[i].close_e8[k],
                         (long long)m->tape.sym[i].close_e8[k]);
}

static void an_order_stands_where_it_was_given(void **state) {
    (void)state;
    static const int64_t BY_MS[] = {(int64_t)10 * 86400000, -(int64_t)3650 * 86400000, -3 * (int64_t)HOUR_MS};
    for (size_t n = 0; n < COUNT(BY_MS); n++)
        for (uint64_t at = 100; at <= 151; at += 17) {
            market *m = turning_market(301);
            world *w = world_new(m, 1, 1, 1);
            keel_diff_tape t;
            keel_err err = {0};
            uint64_t hash = 0;
            feed.by_ms = BY_MS[n];
            w->source = says;
            w->order = KEEL_ENGINE_ORDER_PAUSE;
            w->order_at = at;
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
            assert_true(feed.strange > 3 && w->counts.set_aside >= feed.strange);
            keel_paper_opened *o = room(1, sizeof *o);
            keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
            keel_paper_plan_fill(&keel_kernel_builtin, given(m), m->by_regime, &m->tape, m->rules, m->capital_e8,
                                 &o->plan);
            o->bars = m->tape.bars;
            o->trade_from = m->tape.trade_from;
            o->ratio = m->tape.ratio;
            if (keel_diff_tape_read(&where, o, &t, &err) != 0) fail_msg("%s", err.text);
            is_that_market(m, &t);
            assert_int_equal(t.control_count, 1);
            const keel_diff_place *after = &t.controls[0].after, *want = &feed.place[at];
            if (keel_diff_place_before(after, want) || keel_diff_place_before(want, after))
                fail_msg("by %lld, order behind input %d: at %lld, not at %lld", (long long)BY_MS[n], (int)at,
                         (long long)after->ts_ms, (long long)want->ts_ms);
            keel_diff_tape_done(&t);
            free(o);
            world_free(w);
            market_free(m);
        }
    keel_input_done(&feed.last);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_order_stands_where_it_was_given)};
    return cmocka_run_group_tests_name("diff_tape", tests, NULL, NULL);
}
