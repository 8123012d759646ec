/* What a venue does to an engine: parts of fills, refusals, everything told twice; the record alone leads to the same
 * state, and so does a snapshot. */
#include "engine_world.h"
#include "engine/record.h"

/* Stands before the venue and tells everything twice. */
typedef struct echo {
    keel_venue port;
    const keel_venue *behind;
    keel_venue_report last;
    int again; /* 1: `last` is to be told once more */
    int64_t told_again, parts, refusals, sent;
    int beyond;      /* 1: the next execution is of more than was ordered, 2: of the other side */
    int64_t more_e8; /* that much more */
} echo;

static int echo_send(void *ctx, const keel_command *order, int64_t given_ms, keel_err *reterr) {
    echo *c = ctx;
    c->sent++;
    return c->behind->send(c->behind->ctx, order, given_ms, reterr);
}

static int echo_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr) {
    echo *c = ctx;
    if (c->again && c->last.symbol == symbol) {
        c->again = 0;
        c->told_again++;
        *ret = c->last;
        return 1;
    }
    if (!c->behind->poll(c->behind->ctx, symbol, ret, reterr)) return 0;
    c->parts += ret->kind == KEEL_VENUE_FILL && !ret->event.last_of_order;
    c->refusals += ret->kind == KEEL_VENUE_REJECT;
    if (c->beyond && ret->kind == KEEL_VENUE_FILL) {
        if (c->beyond == 1) ret->event.qty_e8 += c->more_e8;
        if (c->beyond == 2) ret->event.side = -ret->event.side;
        c->beyond = 0;
    }
    c->last = *ret;
    c->again = 1;
    return 1;
}

static int echo_query(void *ctx, const keel_command *order, int32_t heard, keel_err *reterr) {
    echo *c = ctx;
    return c->behind->query(c->behind->ctx, order, heard, reterr);
}

static int echo_cancel(void *ctx, const keel_command *order, keel_err *err) {
    echo *c = ctx;
    return c->behind->cancel(c->behind->ctx, order, err);
}

static void echo_uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    echo *c = ctx;
    c->behind->uncovered(c->behind->ctx, fill, closes_qty_e8);
}

static void echo_tick(void *ctx, const keel_venue_tick *tick) {
    echo *c = ctx;
    c->behind->tick(c->behind->ctx, tick);
}

static void echo_init(echo *c, const keel_venue *behind) {
    memset(c, 0, sizeof *c);
    c->behind = behind;
    c->port = (keel_venue){c, echo_send, echo_poll, echo_query, echo_cancel, echo_uncovered, echo_tick};
}

static world *hard_world(const market *m, uint64_t seed) {
    world *w = world_new(m, 0, 1, seed);
    w->venue.model = (keel_sim_model){.fill_share_e8 = 40000000, .reject_every = 4};
    return w;
}

/* The state that the journal alone leads to. */
static uint64_t replayed(const world *w) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_journal_report found;
    keel_engine *e = NULL;
    keel_err err = {0};
    assert_int_equal(keel_journal_inspect(&where, 0, NULL, NULL, &found, &err), 0);
    keel_engine_replay r = {.plan = &w->plan.plan, .where = &where, .until_ms = INT64_MAX, .last_seq = found.last_seq};
    if (keel_engine_replay_run(&r, &e, &err) != 0) fail_msg("%s", err.text);
    keel_engine_counts counts = keel_engine_counts_of(e);
    assert_true(counts.commands > 0 && counts.commands == counts.commands_equal);
    assert_true(counts.marks > 0 && counts.marks == counts.marks_equal);
    uint64_t hash = keel_state_hash(keel_engine_state(e));
    keel_engine_abandon(e);
    return hash;
}

/* [ENG-04.3] [T-003] [T-006] [T-105] [T-108] [T-109] Orders that fill in parts or are refused, and everything told
 * twice: one order per intent, each fill booked once, and the journal alone leads to the same state, as often as one
 * likes. */
static void told_twice_it_is_booked_once_and_replays(void **state) {
    (void)state;
    int64_t again = 0, parts = 0, refusals = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        market *m = market_random(seed * 7, 2, 200, 2, &NATURES[seed % COUNT(NATURES)]);
        use_manner(m, KEEL_STRATEGY_MOMENTUM, (int)(seed % MANNERS));
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
        uint64_t once = 0, twice = 0;
        keel_err err = {0};
        world *plain = hard_world(m, seed), *w = hard_world(m, seed);
        echo c;
        if (live(plain, &once, &err) != 0) fail_msg("%s", err.text);
        echo_init(&c, &w->venue.port);
        w->between = &c.port;
        if (live(w, &twice, &err) != 0) fail_msg("%s", err.text);
        assert_true(once == twice);
        assert_int_equal(w->counts.reports, plain->counts.reports);
        assert_int_equal(w->venue.book.repeats, 0);
        assert_int_equal(w->venue.book.orders, c.sent);
        assert_true(replayed(w) == once && replayed(w) == once);
        again += c.told_again;
        parts += c.parts;
        refusals += c.refusals;
        world_free(plain);
        world_free(w);
        market_free(m);
    }
    assert_true(again > 100 && parts > 20 && refusals > 5);
}

/* [T-101] [T-102] [T-115] A start from a snapshot has the positions, the cash and the hash of the run that kept it, and
 * so has one without any snapshot. */
static void a_snapshot_restores_positions_and_cash(void **state) {
    (void)state;
    int held = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        market *m = market_random(seed * 13, 2, 160, 2, &NATURES[0]);
        use_manner(m, KEEL_STRATEGY_BUY_HOLD, 0);
        m->keep_open = 1;
        for (int snapshots = 0; snapshots <= 1; snapshots++) {
            world *w = hard_world(m, seed);
            keel_err err = {0};
            uint64_t hash = 0;
            w->snapshot_records = snapshots ? 100 : 1000000;
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
            int32_t positions = w->held;
            int64_t cash_e8 = w->cash_e8;
            live_well(w, hash, "started again");
            assert_true(!snapshots || w->recovery.snapshot_seq > 0);
            assert_int_equal(w->recovery.positions, positions);
            assert_int_equal(w->recovery.free_usd_e8, cash_e8);
            assert_true(w->recovery.state_hash == hash);
            held += positions > 0;
            world_free(w);
        }
        market_free(m);
    }
    assert_true(held > 4);
}

/* [T-038] More than was ordered, or the other side: it happened and is booked, once; the engine halts, and the record
 * leads to the same. */
static void an_execution_beyond_its_order_is_booked_and_halts(void **state) {
    (void)state;
    for (int how = 1; how <= 2; how++) {
        market *m = small_market();
        world *w = world_new(m, 0, 1, 3);
        keel_err err = {0};
        uint64_t hash = 0;
        echo c;
        echo_init(&c, &w->venue.port);
        c.beyond = how;
        c.more_e8 = w->plan.plan.rules[0].lot_e8;
        w->between = &c.port;
        if (live(w, &hash, &err) != 0) fail_msg("%d: %s", how, err.text);
        assert_true(c.beyond == 0 && c.told_again > 0);
        int halts = noted(w, KEEL_RECORD_PHASE, "\"to\":\"halted\",\"trigger\":\"an execution of no known order\"");
        assert_int_equal(halts, 1);
        assert_true(w->counts.guard_refused > 3 && hash != keel_state_hash(m->st));
        w->between = NULL;
        live_well(w, hash, "started again after a halt");
        assert_true(w->phase == KEEL_ENGINE_HALTED);
        assert_true(replayed(w) == hash);
        world_free(w);
        market_free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_twice_it_is_booked_once_and_replays),
        cmocka_unit_test(a_snapshot_restores_positions_and_cash),
        cmocka_unit_test(an_execution_beyond_its_order_is_booked_and_halts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
