/* The loop itself: who may change an engine, when a strategy is asked, what one input may lead to, and a run in which
 * nobody trades. */
#include <pthread.h>

#include "app/cli/paper_driver.h"
#include "engine_world.h"
#include "lane/run.h"

/* Stands between an engine and whoever watches it. */
typedef struct watcher {
    keel_engine_watch inner;
    world *w;
    int64_t asked[2][4];             /* [sleeve][symbol] closed bars that were decided on */
    int64_t last_ms[4];              /* of the last one */
    int32_t heard_count, told_count; /* reports of the venue, and those that the engine told */
    uint64_t heard[4096], told[4096];
    int orders_inside; /* 1: it gives an order from inside a step, */
    int refused;       /* which was refused so often */
    int changes;       /* 1: it changes the books */
    int leftover;      /* reports that the venue had behind an input */
} watcher;

static watcher *looking;

static uint64_t name_of(const keel_venue_report *r) {
    return r->order_id * 1000003u + (uint64_t)r->ordinal * 31u + (uint64_t)r->kind * 7u + (uint64_t)r->symbol;
}

static void stepped(void *data, const keel_engine_seen *seen) {
    watcher *x = looking;
    (void)data;
    if (x->orders_inside && x->w->engine) {
        keel_err err = {0};
        x->refused += keel_engine_order(x->w->engine, KEEL_ENGINE_ORDER_PAUSE, &err) == KEEL_E_GATE;
        assert_non_null(strstr(err.text, "a watcher may only look"));
    }
    if (x->changes && seen->event->kind == KEEL_EV_FILL) ((keel_state *)(uintptr_t)seen->state)->acct.cash_e8++;
    if (seen->event->kind == KEEL_EV_BAR_CLOSE) {
        int32_t symbol = seen->event->symbol;
        assert_true(seen->event->ts_ms > x->last_ms[symbol]);
        x->last_ms[symbol] = seen->event->ts_ms;
        x->asked[x->w->plan.sleeve[symbol]][symbol]++;
    }
    x->inner.stepped(x->inner.data, seen);
}

static void marked(void *data, const keel_input *in, const keel_state *st) {
    watcher *x = looking;
    const keel_venue *venue = &x->w->venue.port;
    keel_venue_report r;
    keel_err err = {0};
    (void)data;
    for (int32_t i = 0; i < x->w->m->tape.symbol_count && x->w->between; i++)
        x->leftover += venue->poll(venue->ctx, i, &r, &err) != 0;
    x->inner.marked(x->inner.data, in, st);
}

static void told(void *data, const keel_engine_told *t) {
    watcher *x = looking;
    (void)data;
    if (t->kind == KEEL_TOLD_REPORT && x->told_count < (int32_t)COUNT(x->told))
        x->told[x->told_count++] = name_of(t->report);
}

static keel_engine_watch look(world *w, const keel_engine_watch *inner) {
    keel_engine_watch mine = *inner;
    looking->inner = *inner;
    looking->w = w;
    memset(looking->asked, 0, sizeof looking->asked); /* a start from the first record asks anew */
    memset(looking->last_ms, 0, sizeof looking->last_ms);
    mine.stepped = stepped;
    mine.marked = marked;
    mine.told = told;
    return mine;
}

static watcher *watcher_on(world *w) {
    looking = room(1, sizeof *looking);
    w->watch = look;
    return looking;
}

/* ---- who may change it ------------------------------------------------------------------------------------------ */

typedef struct stranger {
    keel_engine *e;
    int rc[4];
    keel_err err;
} stranger;

static void *meddle(void *data) {
    stranger *s = data;
    keel_engine_source none = {0};
    int ended = 0;
    s->rc[0] = keel_engine_order(s->e, KEEL_ENGINE_ORDER_HALT, &s->err);
    s->rc[1] = keel_engine_run(s->e, &none, NULL, &ended, &s->err);
    s->rc[2] = keel_engine_see_clock(s->e, 1000000, 0, &s->err);
    s->rc[3] = keel_engine_close(s->e, &s->err);
    return NULL;
}

static int meddled;

static void let_in(world *w) {
    pthread_t thread;
    stranger s = {.e = w->engine};
    uint64_t before = keel_state_hash(keel_engine_state(w->engine));
    keel_engine_phase phase = keel_engine_phase_of(w->engine);
    if (keel_engine_last_input(w->engine) % 40 != 17) return;
    meddled++;
    assert_int_equal(pthread_create(&thread, NULL, meddle, &s), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (size_t i = 0; i < COUNT(s.rc); i++)
        assert_int_equal(s.rc[i], KEEL_E_GATE);
    assert_non_null(strstr(s.err.text, "not this thread's engine"));
    assert_true(keel_state_hash(keel_engine_state(w->engine)) == before);
    assert_int_equal(keel_engine_phase_of(w->engine), phase);
}

/* [T-001] [ENG-01.1] Every call that changes an engine is refused from another thread, and from inside a watcher's
 * call; the run ends as if nobody had tried. */
static void only_its_own_loop_changes_an_engine(void **state) {
    (void)state;
    market *m = small_market();
    world *w = world_new(m, 1, 1, 3);
    w->act = let_in;
    meddled = 0;
    live_well(w, keel_state_hash(m->st), "others tried from other threads");
    assert_true(meddled > 5);
    world_free(w);
    w = world_new(m, 1, 8, 4);
    watcher *x = watcher_on(w);
    x->orders_inside = 1;
    live_well(w, keel_state_hash(m->st), "a watcher tried from inside a step");
    assert_true(x->refused > 100);
    free(x);
    world_free(w);
    market_free(m);
}

/* Somebody who gives orders, and says what was seen, from inside a source. */
typedef struct meddler {
    keel_engine_source port;
    const keel_engine_source *inner;
    world *w;
    int refused;
} meddler;

static meddler inside;

static void meddle_from_inside(void) {
    keel_engine *e = inside.w->engine;
    int64_t held[KEEL_SYMBOLS_MAX] = {INT64_MAX};
    keel_err err = {0};
    int32_t level = -1;
    assert_int_equal(keel_engine_order(e, KEEL_ENGINE_ORDER_HALT, &err), KEEL_E_GATE);
    assert_int_equal(keel_engine_see_clock(e, 1000000, 0, &err), KEEL_E_GATE);
    assert_int_equal(keel_engine_see_breaker(e, KEEL_BREAKER_OPEN, 9, &err), KEEL_E_GATE);
    assert_int_equal(keel_engine_see_held(e, held, &level, &err), KEEL_E_GATE);
    assert_non_null(strstr(err.text, "a source only give inputs"));
    inside.refused++;
}

static int meddling_next(void *ctx, keel_input *ret, keel_err *reterr) {
    (void)ctx;
    meddle_from_inside();
    return inside.inner->next(inside.inner->ctx, ret, reterr);
}

static int meddling_ready(void *ctx) {
    (void)ctx;
    meddle_from_inside();
    return !inside.inner->ready || inside.inner->ready(inside.inner->ctx);
}

static const keel_engine_source *meddles(world *w, const keel_engine_source *inner) {
    inside = (meddler){.port = {.next = meddling_next, .ready = meddling_ready}, .inner = inner, .w = w};
    return &inside.port;
}

/* [T-001] While inputs are gathered an order would be journaled behind them and obeyed before them: it is refused, and
 * the run, and the next start, end as if nobody had tried. */
static void no_order_comes_in_while_inputs_are_gathered(void **state) {
    (void)state;
    market *m = small_market();
    world *w = world_new(m, 1, 8, 6);
    w->source = meddles;
    live_well(w, keel_state_hash(m->st), "a source tried");
    assert_true(inside.refused > 100);
    w->source = NULL;
    live_well(w, keel_state_hash(m->st), "started again");
    world_free(w);
    market_free(m);
}

/* [T-001] [ENG-01.1] A watcher that writes into the books is found out at the same input; a start from the record leads
 * to the right state. */
static void a_watcher_that_writes_is_found_out(void **state) {
    (void)state;
    market *m = small_market();
    world *w = world_new(m, 1, 1, 5);
    keel_err err = {0};
    uint64_t hash = 0;
    watcher *x = watcher_on(w);
    x->changes = 1;
    assert_int_equal(live(w, &hash, &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "a watcher changed the books"));
    x->changes = 0;
    live_well(w, keel_state_hash(m->st), "after a watcher wrote");
    free(x);
    world_free(w);
    market_free(m);
}

/* ---- when a strategy is asked ------------------------------------------------------------------------------------ */

/* Two strategies, each with the symbols of its own. */
static void in_two(market *m, world *w) {
    w->plan.plan.sleeve_count = 2;
    w->plan.params[1] = w->plan.params[0];
    w->plan.signals[1] = w->plan.signals[0];
    w->plan.btc[1] = -1;
    for (int32_t i = 0; i < m->tape.symbol_count; i++)
        w->plan.sleeve[i] = i % 2;
}

/* [ENG-07.2] Each strategy is asked exactly once about each closed bar of its symbols, and about no other, in a run
 * without a stop and in one that was stopped and begun again. */
static void each_is_asked_once_about_each_closed_bar(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        market *m = market_random(40 + seed / 2, 3, 165, 1 + (int)(seed / 2 % 2), &NATURES[0]);
        use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
        world *w = world_new(m, 1, 1, seed);
        watcher *x = watcher_on(w);
        int64_t wanted = 0;
        uint64_t hash = 0;
        keel_err err = {0};
        in_two(m, w);
        w->snapshot_records = 1000000;
        for (w->stop_at = 130; seed % 2 && w->stop_at < 200; w->stop_at += 23) {
            w->stops = 1;
            w->refuse_snapshots = 1; /* each start begins with the first record */
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        }
        w->stops = 0;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        for (int32_t i = 0; i < m->tape.symbol_count; i++) {
            int64_t bars = 0;
            for (int64_t k = m->tape.trade_from; k < m->tape.bars; k++) {
                keel_piece piece;
                bars += keel_lane_piece(&m->tape, i, k, m->tape.ratio - 1, &piece);
            }
            assert_int_equal(x->asked[i % 2][i], bars);
            assert_int_equal(x->asked[1 - i % 2][i], 0);
            wanted += bars;
        }
        assert_true(wanted > 100);
        free(x);
        world_free(w);
        market_free(m);
    }
}

/* [T-050] [ENG-07.1] Without any strategy the loop runs: inputs are recorded, marked, read back; nothing trades. */
static void without_a_strategy_the_loop_runs(void **state) {
    (void)state;
    market *m = small_market();
    world *w = world_new(m, 1, 8, 6);
    uint64_t first = 0, again = 0;
    keel_err err = {0};
    for (int32_t i = 0; i < m->tape.symbol_count; i++) {
        m->tape.sym[i].watch_only = 1;
        w->plan.watch_only[i] = 1;
        w->plan.sleeve[i] = -1;
    }
    w->plan.plan.sleeve_count = 0;
    w->plan.plan.params = NULL;
    w->plan.plan.signals = NULL;
    if (live(w, &first, &err) != 0) fail_msg("%s", err.text);
    assert_true(w->counts.inputs > 150 && w->counts.snapshots > 0);
    assert_int_equal(w->counts.events, 1); /* the capital */
    assert_int_equal(w->counts.commands, 0);
    assert_true(w->cash_e8 == m->capital_e8 && w->held == 0);
    if (live(w, &again, &err) != 0) fail_msg("%s", err.text);
    assert_true(again == first);
    world_free(w);
    market_free(m);
}

/* ---- what one input leads to ------------------------------------------------------------------------------------- */

static int listen_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *err) {
    watcher *x = looking;
    const keel_venue *venue = &((world *)ctx)->venue.port;
    int any = venue->poll(venue->ctx, symbol, ret, err);
    if (any > 0 && x->heard_count < (int32_t)COUNT(x->heard)) x->heard[x->heard_count++] = name_of(ret);
    return any;
}

static int listen_send(void *ctx, const keel_command *c, int64_t given_ms, keel_err *err) {
    const keel_venue *venue = &((world *)ctx)->venue.port;
    return venue->send(venue->ctx, c, given_ms, err);
}

static int listen_query(void *ctx, const keel_command *c, int32_t heard, keel_err *err) {
    const keel_venue *venue = &((world *)ctx)->venue.port;
    return venue->query(venue->ctx, c, heard, err);
}

static int listen_cancel(void *ctx, const keel_command *c, keel_err *err) {
    const keel_venue *venue = &((world *)ctx)->venue.port;
    return venue->cancel(venue->ctx, c, err);
}

static void listen_uncovered(void *ctx, const keel_event *fill, int64_t closes) {
    const keel_venue *venue = &((world *)ctx)->venue.port;
    venue->uncovered(venue->ctx, fill, closes);
}

static void listen_tick(void *ctx, const keel_venue_tick *tick) {
    const keel_venue *venue = &((world *)ctx)->venue.port;
    venue->tick(venue->ctx, tick);
}

/* [T-029] [ENG-02.3] Over markets and venues from seeds: behind each input the venue has nothing left to say, and what
 * it said was stepped whole, once, in its order. */
static void the_bus_is_empty_behind_each_input(void **state) {
    (void)state;
    int32_t reports = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        market *m = market_random(70 + seed, 2, 190, 2, &NATURES[seed % COUNT(NATURES)]);
        use_manner(m, KEEL_STRATEGY_MOMENTUM, (int)(seed % 2));
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
        world *w = world_new(m, 0, 1, seed);
        watcher *x = watcher_on(w);
        const keel_venue port = {w,          listen_send, listen_poll, listen_query, listen_cancel, listen_uncovered,
                                 listen_tick};
        keel_err err = {0};
        uint64_t hash = 0;
        w->between = &port;
        w->venue.model = (keel_sim_model){.latency_ms = seed % 3 ? 0 : 60000,
                                          .fill_share_e8 = seed % 2 ? 40000000 : 0,
                                          .queue_every = (int64_t)(seed % 4),
                                          .reject_every = seed % 5 ? 0 : 7};
        if (live(w, &hash, &err) != 0) fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        assert_int_equal(x->leftover, 0);
        assert_true(x->heard_count < (int32_t)COUNT(x->heard));
        assert_int_equal(x->told_count, x->heard_count);
        assert_memory_equal(x->told, x->heard, (size_t)x->heard_count * sizeof *x->heard);
        reports += x->heard_count;
        free(x);
        world_free(w);
        market_free(m);
    }
    assert_true(reports > 1000);
}

static uint64_t endless_order;
static int32_t endless_ordinal;

static int endless_send(void *ctx, const keel_command *c, int64_t given_ms, keel_err *err) {
    endless_order = c->id;
    return listen_send(ctx, c, given_ms, err);
}

static int endless_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *err) {
    (void)ctx;
    (void)err;
    memset(ret, 0, sizeof *ret);
    ret->kind = KEEL_VENUE_ACK;
    ret->symbol = symbol;
    ret->order_id = endless_order;
    ret->ordinal = ++endless_ordinal;
    return endless_order != 0;
}

/* [ENG-02.3] A venue that never stops talking is fatal after ten thousand reports, in the input that led to them. */
static void what_does_not_end_is_fatal(void **state) {
    (void)state;
    market *m = small_market();
    world *w = world_new(m, 0, 1, 8);
    const keel_venue port = {w, endless_send, endless_poll, listen_query, listen_cancel, listen_uncovered, listen_tick};
    keel_err err = {0};
    uint64_t hash = 0;
    w->between = &port;
    endless_order = 0;
    endless_ordinal = 0;
    assert_int_equal(live(w, &hash, &err), KEEL_E_RANGE);
    assert_non_null(strstr(err.text, "one input leads to more than 10000"));
    assert_true(endless_ordinal >= KEEL_ENGINE_DRAIN_MAX && endless_ordinal <= KEEL_ENGINE_DRAIN_MAX + 10);
    world_free(w);
    market_free(m);
}

/* ---- the market in a thread of its own ----------------------------------------------------------------------------
 */

static keel_engine *driven;
static int leave_early(void) { return keel_engine_last_input(driven) >= 40; }

/* A paced market comes through the ring whole and in order; an engine that leaves early is not waited for. */
static void a_market_of_its_own_thread_is_the_same_market(void **state) {
    (void)state;
    market *m = small_market();
    for (int early = 0; early < 2; early++) {
        world *w = world_new(m, 1, 1, 9);
        keel_paper_feed *feed = room(1, sizeof *feed);
        keel_paper_driver *d = room(1, sizeof *d);
        keel_engine_watch nobody = {0};
        keel_ring_counts n;
        keel_err err = {0};
        int ended = 0;
        keel_paper_feed_init(feed, &m->tape, !m->keep_open);
        keel_paper_feed_pace(feed, &w->clock.port, NULL);
        assert_int_equal(keel_engine_open_dry(&w->plan.plan, &nobody, &w->venue.port, &driven, &err), 0);
        assert_int_equal(keel_paper_driver_start(d, feed, NULL, NULL, 1, 0, 0, &err), 0);
        if (keel_engine_run(driven, &d->merge.port, early ? leave_early : NULL, &ended, &err) != 0)
            fail_msg("%s", err.text);
        keel_paper_driver_stop(d, &n);
        assert_int_equal(ended, !early);
        assert_true(n.conflated == 0 && n.put >= n.taken);
        if (!early) assert_true(keel_state_hash(keel_engine_state(driven)) == keel_state_hash(m->st));
        if (!early) assert_true(n.taken == keel_engine_last_input(driven) && n.put == n.taken);
        if (early) assert_true(n.taken >= 40 && n.taken < 40 + KEEL_ENGINE_BATCH_MAX + 8);
        keel_engine_abandon(driven);
        free(d);
        free(feed);
        world_free(w);
    }
    market_free(m);
}

/* ---- a source that waits ----------------------------------------------------------------------------------------- */

/* Every other time there is nothing yet; between two turns somebody looks, orders once, ends the run, or fails. */
static struct {
    keel_engine_source port;
    const keel_engine_source *inner;
    world *w;
    int waits, waited, looked, ordered;
    int ends; /* what the look says from the 200th on */
} slow;

static int slow_next(void *ctx, keel_input *ret, keel_err *err) {
    (void)ctx;
    slow.waits = !slow.waits;
    slow.waited += slow.waits;
    return slow.waits ? KEEL_SOURCE_WAITS : slow.inner->next(slow.inner->ctx, ret, err);
}

static int slow_ready(void *ctx) {
    (void)ctx;
    return 1;
}

static int slow_between(void *ctx, keel_err *err) {
    (void)ctx;
    if (keel_engine_last_input(slow.w->engine) == 100 && !slow.ordered++)
        KEEL_TRY(keel_engine_order(slow.w->engine, KEEL_ENGINE_ORDER_PAUSE, err));
    slow.looked++;
    if (slow.looked < 200 || slow.ends >= 0) return slow.looked < 200 ? 0 : slow.ends;
    return keel_err_set(err, slow.ends, "an order failed: test: mend it");
}

static const keel_engine_source *slowly(world *w, const keel_engine_source *inner) {
    slow.inner = inner;
    slow.w = w;
    slow.port = (keel_engine_source){.next = slow_next, .ready = slow_ready, .between = slow_between};
    return &slow.port;
}

/* [CTL-03] A source that has nothing yet holds nobody up, and changes nothing: whoever looks in between two turns is
 * asked each time, may order, end the run, and fail it. */
static void somebody_looks_in_while_a_source_waits(void **state) {
    (void)state;
    market *m = small_market();
    static const int ENDS[] = {0, 1, KEEL_E_IO};
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        world *w = world_new(m, 1, 4, 5);
        keel_err err = {0};
        uint64_t hash = 0, whole = 0;
        memset(&slow, 0, sizeof slow);
        slow.ends = ENDS[i];
        w->source = slowly;
        w->stops = ENDS[i] == 1;
        w->stop_at = UINT64_MAX;
        assert_int_equal(live(w, &hash, &err), ENDS[i] < 0 ? ENDS[i] : 0);
        assert_true(slow.waited > 100 && slow.looked >= slow.waited && slow.ordered > 0);
        if (ENDS[i] < 0) assert_non_null(strstr(err.text, "an order failed"));
        w->source = NULL;
        w->stops = 0;
        if (live(w, &whole, &err) != 0) fail_msg("%s", err.text);
        assert_true(whole != keel_state_hash(m->st)); /* paused, which is on record */
        if (ENDS[i] == 0) assert_true(whole == hash);
        world_free(w);
    }
    market_free(m);
}

/* [ENG-07.3] One turn after the other, of as many inputs as are there, ends where the loop does, and each says what it
 * did; behind the end a turn does nothing. */
static void turns_end_where_the_loop_does(void **state) {
    (void)state;
    market *m = small_market();
    for (int rebuilt = 0; rebuilt <= 1; rebuilt++) {
        world *w = world_new(m, rebuilt, rebuilt ? 8 : 1, 3);
        w->turns = UINT64_MAX;
        live_well(w, keel_state_hash(m->st), "by turns");
        assert_int_equal(w->total.inputs, w->counts.inputs);
        assert_int_equal(w->total.events + 1, w->counts.events); /* the capital came in before */
        assert_true(w->total.commands == w->counts.commands && w->counts.commands > 5);
        w->total.inputs = 0;
        live_well(w, keel_state_hash(m->st), "at its end");
        assert_int_equal(w->total.inputs, 0);
        world_free(w);
    }
    market_free(m);
    keel_json *j = keel_json_new(0);
    keel_engine_turn t = {.inputs = 3, .last_input = 7, .phase = KEEL_ENGINE_RUNNING, .state_hash = 255};
    keel_json_object(j);
    keel_engine_turn_json(&t, j);
    keel_json_close(j);
    assert_string_equal(keel_json_text(j, NULL),
                        "{\"inputs\":3,\"ended\":false,\"last_input\":7,\"last_ms\":0,\"events\":0,\"commands\":0,"
                        "\"reports\":0,\"phase\":\"running\",\"state_hash\":\"00000000000000ff\"}");
    keel_json_free(j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_end_where_the_loop_does),
        cmocka_unit_test(somebody_looks_in_while_a_source_waits),
        cmocka_unit_test(only_its_own_loop_changes_an_engine),
        cmocka_unit_test(no_order_comes_in_while_inputs_are_gathered),
        cmocka_unit_test(a_watcher_that_writes_is_found_out),
        cmocka_unit_test(each_is_asked_once_about_each_closed_bar),
        cmocka_unit_test(without_a_strategy_the_loop_runs),
        cmocka_unit_test(the_bus_is_empty_behind_each_input),
        cmocka_unit_test(what_does_not_end_is_fatal),
        cmocka_unit_test(a_market_of_its_own_thread_is_the_same_market),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
