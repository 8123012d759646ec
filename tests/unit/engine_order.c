/* What comes to an engine from several sources at once: the order in which it is taken, and the ring between threads.
 */
#include <pthread.h>

#include "engine/merge.h"
#include "engine/ring.h"
#include "port/clock.h"
#include "lane_random.h"

/* ---- the order of sources that meet ------------------------------------------------------------------------------ */

/* A source of drawn inputs, in order of time. */
typedef struct drawn {
    keel_engine_source port;
    dice d;
    int64_t ts_ms;
    uint64_t given, most;
    int32_t source;
    int shy; /* chance that it says it has none, per mille */
} drawn;

static const int32_t KINDS[] = {KEEL_INPUT_CONTROL, KEEL_INPUT_OPENS, KEEL_INPUT_RANGES, KEEL_INPUT_CLOSE,
                                KEEL_INPUT_BARS};

static int draw(void *ctx, keel_input *ret, keel_err *err) {
    drawn *x = ctx;
    (void)err;
    if (x->given == x->most) return 0;
    keel_input_clear(ret);
    x->ts_ms += between(&x->d, 0, 2);
    ret->ts_ms = x->ts_ms;
    ret->kind = x->given + 1 == x->most && x->source == 0 ? KEEL_INPUT_END : KINDS[between(&x->d, 0, COUNT(KINDS) - 1)];
    ret->control = x->source;
    ret->bar_open_ms = (int64_t)++x->given; /* which one it is */
    if (ret->kind == KEEL_INPUT_CONTROL || ret->kind == KEEL_INPUT_END) return 1;
    if (ret->kind == KEEL_INPUT_OPENS && chance(&x->d, 300)) {
        keel_input_add_funding(ret)->symbol = (int32_t)between(&x->d, 0, 3);
        return 1;
    }
    for (int32_t i = (int32_t)between(&x->d, 0, 3); i < 4; i += 2)
        keel_input_add_piece(ret)->symbol = i;
    return 1;
}

static int has_one(void *ctx) {
    drawn *x = ctx;
    return x->given < x->most && !chance(&x->d, x->shy);
}

static void drawn_init(drawn *x, int32_t source, uint64_t seed, int shy) {
    *x = (drawn){.port = {.ctx = x, .next = draw, .ready = has_one},
                 .d = {seed * 10 + (uint64_t)source},
                 .most = 60 + 10 * (uint64_t)source,
                 .source = source,
                 .shy = shy};
    if (source == 0) x->most = 300; /* the market outlasts the others */
    x->ts_ms = 1000;
}

/* [ENG-02.2] [T-029] Any number of sources, here all at once, there as they like: nothing is lost, no source is put in
 * another order, and of two that are there together the lesser goes first. */
static void sources_are_taken_in_the_total_order(void **state) {
    (void)state;
    uint64_t given = 0, ties = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        int32_t count = 1 + (int32_t)(seed % KEEL_MERGE_SOURCES);
        drawn x[KEEL_MERGE_SOURCES];
        const keel_engine_source *sources[KEEL_MERGE_SOURCES];
        uint64_t seen[KEEL_MERGE_SOURCES] = {0}, number = 100;
        keel_engine_merge m;
        keel_input in;
        keel_err err = {0};
        memset(&in, 0, sizeof in);
        for (int32_t i = 0; i < count; i++) {
            drawn_init(&x[i], i, seed, seed % 3 ? 0 : 400);
            sources[i] = &x[i].port;
        }
        keel_engine_merge_init(&m, sources, count, number);
        while (m.port.next(m.port.ctx, &in, &err) > 0) {
            int32_t from = in.control;
            keel_input_key mine = keel_input_key_of(&in, from, seen[from] + 1);
            assert_int_equal(in.bar_open_ms, ++seen[from]);
            for (int32_t i = 0; i < count; i++) {
                const keel_merge_lane *l = &m.lane[i];
                if (!l->has_head) continue;
                keel_input_key other = keel_input_key_of(&l->head, i, l->seq);
                assert_true(keel_input_key_compare(&mine, &other) < 0);
                ties += mine.ts_ms == other.ts_ms;
            }
            if (in.kind != KEEL_INPUT_CONTROL) assert_true(in.number == ++number);
            given++;
        }
        for (int32_t i = 0; i < count; i++)
            assert_int_equal(seen[i], x[i].most);
        keel_engine_merge_done(&m);
        keel_input_done(&in);
    }
    assert_true(given > 15000 && ties > 2000);
}

/* [ENG-02.2] By time, then class, symbol, source, place in its source. */
static void the_order_is_that_of_its_fields(void **state) {
    (void)state;
    static const keel_input_key ASCENDING[] = {
        {5, KEEL_CLASS_TIMER, 9, 9, 9},   {6, KEEL_CLASS_CONTROL, 9, 9, 9}, {6, KEEL_CLASS_ORDER, 0, 9, 9},
        {6, KEEL_CLASS_FUNDING, 0, 9, 9}, {6, KEEL_CLASS_MARKET, 0, 9, 9},  {6, KEEL_CLASS_MARKET, 1, 0, 9},
        {6, KEEL_CLASS_MARKET, 1, 1, 1},  {6, KEEL_CLASS_MARKET, 1, 1, 2},  {6, KEEL_CLASS_BAR, 0, 0, 0},
        {6, KEEL_CLASS_TIMER, 0, 0, 0},   {7, KEEL_CLASS_CONTROL, 0, 0, 0}};
    for (size_t i = 0; i < COUNT(ASCENDING); i++)
        for (size_t k = 0; k < COUNT(ASCENDING); k++)
            assert_int_equal(keel_input_key_compare(&ASCENDING[i], &ASCENDING[k]), (i > k) - (i < k));
}

/* ---- the ring ---------------------------------------------------------------------------------------------------- */

static void fill_in(keel_input *in, uint64_t number, int32_t key) {
    keel_input_clear(in);
    in->kind = key < 0 ? KEEL_INPUT_CLOSE : KEEL_INPUT_RANGES;
    in->number = number;
    in->control = key;
    for (int32_t i = 0; i < 1 + (int32_t)(number % 5); i++) {
        keel_input_piece *p = keel_input_add_piece(in);
        p->symbol = i;
        p->close_e8 = (int64_t)number * 1000 + i;
    }
}

static void check_in(const keel_input *in) {
    assert_int_equal(in->piece_count, 1 + (int32_t)(in->number % 5));
    for (int32_t i = 0; i < in->piece_count; i++)
        assert_int_equal(in->piece[i].close_e8, (int64_t)in->number * 1000 + i);
}

static keel_engine_ring *new_ring(uint32_t slots) {
    keel_engine_ring *r = NULL;
    keel_err err = {0};
    if (keel_engine_ring_new(slots, &r, &err) != 0) fail_msg("%s", err.text);
    return r;
}

static void takes(keel_engine_ring *r, uint64_t number) {
    keel_input in;
    memset(&in, 0, sizeof in);
    assert_int_equal(keel_engine_ring_take(r, &in), number != 0);
    if (number) assert_int_equal(in.number, number);
    if (number) check_in(&in);
    keel_input_done(&in);
}

static int puts_in(keel_engine_ring *r, uint64_t number, int32_t key) {
    keel_input in;
    memset(&in, 0, sizeof in);
    fill_in(&in, number, key);
    int taken = keel_engine_ring_put(r, &in, key);
    keel_input_done(&in);
    return taken;
}

/* The newest of a symbol takes the place of one that nobody read, not across a bar; a full ring takes nothing. */
static void the_newest_wins_and_a_bar_is_never_lost(void **state) {
    (void)state;
    keel_engine_ring *r = new_ring(4);
    takes(r, 0);
    assert_int_equal(puts_in(r, 1, 0), 1);
    assert_int_equal(puts_in(r, 2, 1), 1);
    assert_int_equal(puts_in(r, 3, 0), 1); /* for 1 */
    assert_int_equal(puts_in(r, 4, KEEL_RING_NO_KEY), 1);
    assert_int_equal(puts_in(r, 5, 0), 1); /* behind the bar, so not for 3 */
    assert_int_equal(puts_in(r, 6, KEEL_RING_NO_KEY), 0);
    assert_int_equal(puts_in(r, 7, 1), 0);
    assert_int_equal(puts_in(r, 8, 0), 1); /* for 5 */
    takes(r, 3);
    takes(r, 2);
    assert_int_equal(puts_in(r, 9, 0), 1); /* for 8 */
    takes(r, 4);
    takes(r, 9);
    takes(r, 0);
    assert_int_equal(puts_in(r, 10, 0), 1); /* 9 is gone */
    takes(r, 10);
    keel_ring_counts n = keel_engine_ring_counts(r);
    assert_int_equal(n.conflated, 3);
    assert_int_equal(n.put, n.taken + n.conflated);
    keel_engine_ring_free(r);
}

typedef struct traffic {
    keel_engine_ring *r;
    uint64_t count, seed;
    int keyed; /* per mille of what is put */
} traffic;

static void *produce(void *data) {
    const traffic *t = data;
    dice d = {t->seed};
    keel_input in;
    memset(&in, 0, sizeof in);
    for (uint64_t n = 1; n <= t->count; n++) {
        int32_t key = chance(&d, t->keyed) ? (int32_t)between(&d, 0, 2) : KEEL_RING_NO_KEY;
        fill_in(&in, n, key);
        if (!keel_engine_ring_put_wait(t->r, &in, key)) break;
    }
    keel_engine_ring_close(t->r);
    keel_input_done(&in);
    return NULL;
}

/* [ENG-08.5] Two threads: everything without a key comes through once and in order, of each key the numbers only grow
 * and the last is the last that was put; what was put together is counted to the last one. */
static void two_threads_lose_nothing(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        traffic t = {.r = new_ring(1u << (seed * 2 % 7)), .count = 20000, .seed = seed, .keyed = seed % 2 ? 700 : 0};
        pthread_t thread;
        dice d = {seed}; /* the producer's draws again */
        uint64_t bars = 0, last[3] = {0}, newest[3] = {0}, before = 0, count = 0;
        keel_input in;
        memset(&in, 0, sizeof in);
        assert_int_equal(pthread_create(&thread, NULL, produce, &t), 0);
        uint64_t next_bar = 0;
        while (keel_engine_ring_wait(t.r, &in)) {
            check_in(&in);
            count++;
            if (in.control >= 0) { /* it belongs between the bars that it comes between */
                assert_true(in.number > last[in.control] && in.number > before);
                last[in.control] = in.number;
                continue;
            }
            for (int32_t k = 0; k < 3; k++)
                assert_true(last[k] < in.number);
            before = in.number;
            do { /* bars between this one and the last: none */
                int32_t key = chance(&d, t.keyed) ? (int32_t)between(&d, 0, 2) : KEEL_RING_NO_KEY;
                next_bar++;
                if (key >= 0) newest[key] = next_bar;
                bars += key < 0;
                if (key < 0) assert_int_equal(next_bar, in.number);
            } while (next_bar < in.number);
        }
        while (next_bar < t.count) {
            int32_t key = chance(&d, t.keyed) ? (int32_t)between(&d, 0, 2) : KEEL_RING_NO_KEY;
            next_bar++;
            assert_true(key >= 0);
            newest[key] = next_bar;
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
        for (int32_t k = 0; k < 3; k++)
            assert_int_equal(last[k], newest[k]);
        keel_ring_counts n = keel_engine_ring_counts(t.r);
        assert_int_equal(n.put, t.count);
        assert_int_equal(n.taken, count);
        assert_int_equal(n.taken + n.conflated, t.count);
        if (!t.keyed) assert_int_equal(bars, t.count);
        keel_input_done(&in);
        keel_engine_ring_free(t.r);
    }
}

/* A consumer that leaves sets a producer free that waits for room. */
static void who_leaves_is_not_waited_for(void **state) {
    (void)state;
    traffic t = {.r = new_ring(2), .count = 1000000, .seed = 1};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, &t), 0);
    keel_input in;
    memset(&in, 0, sizeof in);
    assert_int_equal(keel_engine_ring_wait(t.r, &in), 1);
    assert_int_equal(in.number, 1);
    keel_engine_ring_leave(t.r);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(keel_engine_ring_counts(t.r).put < 10);
    keel_input_done(&in);
    keel_engine_ring_free(t.r);
}

/* Nothing came by the instant: whoever waits has its turn; what came is given, and the end is no wait. */
static void a_wait_has_an_end(void **state) {
    (void)state;
    keel_engine_ring *r = new_ring(4);
    const keel_clock *clock = keel_clock_real();
    keel_input in;
    memset(&in, 0, sizeof in);
    int64_t from = clock->mono_ns(clock->ctx);
    assert_int_equal(keel_engine_ring_wait_until(r, &in, from + 30000000), KEEL_SOURCE_WAITS);
    assert_true(clock->mono_ns(clock->ctx) >= from + 30000000);
    assert_int_equal(keel_engine_ring_wait_until(r, &in, from), KEEL_SOURCE_WAITS);
    assert_int_equal(puts_in(r, 1, KEEL_RING_NO_KEY), 1);
    assert_int_equal(keel_engine_ring_wait_until(r, &in, from), 1);
    assert_int_equal(in.number, 1);
    keel_engine_ring_close(r);
    assert_int_equal(keel_engine_ring_wait_until(r, &in, INT64_MAX), 0);
    keel_input_done(&in);
    keel_engine_ring_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_taken_in_the_total_order),
        cmocka_unit_test(the_order_is_that_of_its_fields),
        cmocka_unit_test(the_newest_wins_and_a_bar_is_never_lost),
        cmocka_unit_test(two_threads_lose_nothing),
        cmocka_unit_test(who_leaves_is_not_waited_for),
        cmocka_unit_test(a_wait_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
