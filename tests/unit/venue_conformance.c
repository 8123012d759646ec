/* One suite for every implementation of port/venue.h: numbered scenarios with what must come of them, run against the
 * model and against the desk in front of a venue that is far away, with and without faults on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/sim/venue.h"
#include "edge/venue/desk.h"
#include "exchange.h"
#include "wire.h"

#define START_MS 1700000000000
#define UNIT 100000000LL
enum { MS = 1000000, MINUTE_MS = 60000, REPORTS_MAX = 32 };

/* ---- the implementations ----------------------------------------------------------------------------------------- */

/* What a scenario wants of the venue behind the port. */
typedef enum manner { PLAIN, IN_PARTS, REFUSES, SLOW } manner;

typedef struct house {
    const struct kind *kind;
    const keel_venue *port;
    keel_err err;
    uint64_t seed;
    manner how;
    /* the model */
    keel_sim_venue model;
    keel_instrument rules[SIM_SYMBOLS];
    int64_t slippage[SIM_SYMBOLS];
    uint64_t ticks;
    int64_t now_ms;
    /* the desk */
    keel_simclock clock;
    keel_simnet *net;
    sim_exchange far;
    keel_desk *desk;
} house;

typedef struct kind {
    const char *name;
    void (*open)(house *h);
    void (*close)(house *h);
    void (*happen)(house *h);  /* time passes, the market moves: whatever may come of an order comes */
    void (*restart)(house *h); /* this side forgets everything it may, and begins anew */
    int faults;                /* 1: the way there loses, doubles and reorders */
} kind;

static void model_open(house *h) {
    for (int i = 0; i < SIM_SYMBOLS; i++)
        h->rules[i] = (keel_instrument){.tick_e8 = 1, .lot_e8 = UNIT / 100, .market = KEEL_PERP};
    keel_sim_venue_init(&h->model, SIM_SYMBOLS, h->rules, h->slippage);
    if (h->how == IN_PARTS) h->model.model.fill_share_e8 = 40000000;
    if (h->how == REFUSES) h->model.model.reject_every = 1;
    if (h->how == SLOW) h->model.model.latency_ms = 5 * MINUTE_MS;
    h->now_ms = START_MS;
    h->port = &h->model.port;
}

static void model_tick(house *h, int32_t kind_of) {
    for (int32_t i = 0; i < SIM_SYMBOLS; i++) {
        keel_venue_tick t = {
            .number = ++h->ticks, .kind = kind_of, .symbol = i, .traded = 1, .px_e8 = 100 * UNIT, .ts_ms = h->now_ms};
        h->port->tick(h->port->ctx, &t);
    }
}

static void model_happen(house *h) {
    for (int i = 0; i < 4; i++) {
        model_tick(h, KEEL_TICK_OPEN);
        h->now_ms += 4 * MINUTE_MS;
        model_tick(h, KEEL_TICK_RANGE);
    }
}

static void nothing(house *h) { (void)h; }

static int64_t far_price(void *data, int32_t symbol, int64_t ts_ms) {
    (void)data, (void)symbol, (void)ts_ms;
    return 100 * UNIT;
}

static void desk_restart(house *h) {
    keel_desk_options o = {.net = keel_simnet_port(h->net),
                           .clock = &h->clock.port,
                           .host = "venue",
                           .port = "1",
                           .codec = &SIM_WIRE,
                           .run = keel_desk_run("run")};
    keel_desk_free(h->desk);
    h->desk = NULL;
    assert_int_equal(keel_desk_new(&o, &h->desk, &h->err), 0);
    h->port = keel_desk_port(h->desk);
}

static void desk_open(house *h) {
    keel_simnet_faults quiet = {.latency_min_ns = MS, .latency_max_ns = 50 * MS};
    keel_simclock_init(&h->clock, START_MS);
    h->net = keel_simnet_new(h->seed, &h->clock);
    sim_exchange_init(&h->far, h->net, &h->clock, START_MS, h->seed);
    keel_simnet_set_faults(h->net, &quiet);
    h->far.price = far_price;
    for (int s = 0; s < SIM_SYMBOLS; s++)
        h->far.lot_e8[s] = UNIT / 100;
    if (h->kind->faults)
        h->far.kinds = 1u << SIM_DROP | 1u << SIM_DOUBLE | 1u << SIM_ORDER | 1u << SIM_BUSY | 1u << SIM_LAG;
    if (h->how == IN_PARTS) h->far.kinds |= 1u << SIM_PARTIAL;
    if (h->how == REFUSES) h->far.kinds |= 1u << SIM_REJECT;
    if (h->how == SLOW) h->far.kinds |= 1u << SIM_LATE;
    desk_restart(h);
}

static void desk_happen(house *h) { keel_desk_wait(h->desk, h->clock.now_ns + 6LL * 60 * MINUTE_MS * MS); }

static void desk_close(house *h) {
    keel_desk_free(h->desk);
    sim_exchange_done(&h->far);
    keel_simnet_free(h->net);
}

static const kind KINDS[] = {
    {"the model", model_open, nothing, model_happen, nothing, 0},
    {"the desk", desk_open, desk_close, desk_happen, desk_restart, 0},
    {"the desk, faults on the way", desk_open, desk_close, desk_happen, desk_restart, 1},
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS, SEEDS = 12 };

/* ---- what is told of one order ----------------------------------------------------------------------------------- */

typedef struct course {
    keel_command c;
    keel_venue_report told[REPORTS_MAX];
    int count;
    int64_t filled_e8;
    int fills, ended, refused;
} course;

static course course_of(uint64_t id, int32_t symbol, int32_t side) {
    course x = {.c = {.id = id, .kind = KEEL_CMD_OPEN, .symbol = symbol, .side = side, .qty_e8 = 2 * UNIT}};
    return x;
}

/* [1] A report is of the order asked for; ordinals ascend by one; ACK is the first or not there; what is executed is
 * positive, of the order's side, named, and never beyond its quantity; behind the end nothing comes. */
static void take(const house *h, course *x, const keel_venue_report *r) {
    const char *name = h->kind->name;
    if (r->ordinal <= x->count) { /* told again: the same */
        assert_int_equal(r->kind, x->told[r->ordinal - 1].kind);
        assert_int_equal(r->event.fill_id, x->told[r->ordinal - 1].event.fill_id);
        assert_int_equal(r->event.qty_e8, x->told[r->ordinal - 1].event.qty_e8);
        return;
    }
    if (x->ended) fail_msg("%s, seed %d: a report behind the end", name, (int)h->seed);
    assert_true(x->count < REPORTS_MAX && r->ordinal == x->count + 1);
    assert_true(r->symbol == x->c.symbol && r->order_id == x->c.id);
    x->told[x->count++] = *r;
    if (r->kind == KEEL_VENUE_ACK) {
        assert_int_equal(r->ordinal, 1);
        return;
    }
    assert_int_equal(r->event.order_id, x->c.id);
    assert_int_equal(r->event.symbol, x->c.symbol);
    if (r->kind == KEEL_VENUE_FILL) {
        assert_int_equal(r->event.kind, KEEL_EV_FILL);
        assert_true(r->event.qty_e8 > 0 && r->event.price_e8 > 0 && r->event.side == x->c.side &&
                    r->event.fill_id != 0);
        for (int i = 0; i + 1 < x->count; i++)
            assert_true(x->told[i].kind != KEEL_VENUE_FILL || x->told[i].event.fill_id != r->event.fill_id);
        x->fills++;
        x->filled_e8 += r->event.qty_e8;
        assert_true(x->filled_e8 <= x->c.qty_e8);
        assert_int_equal(r->event.last_of_order, x->filled_e8 == x->c.qty_e8);
        x->ended = r->event.last_of_order;
        return;
    }
    assert_int_equal(r->kind, KEEL_VENUE_REJECT);
    assert_int_equal(r->event.kind, KEEL_EV_REJECT);
    assert_true(x->filled_e8 < x->c.qty_e8);
    x->ended = x->refused = 1;
}

static void hear(house *h, course *xs, int count) {
    for (int32_t symbol = 0; symbol < SIM_SYMBOLS; symbol++) {
        keel_venue_report r;
        for (;;) {
            int any = h->port->poll(h->port->ctx, symbol, &r, &h->err), known = 0;
            if (any < 0) fail_msg("%s, seed %d: %s", h->kind->name, (int)h->seed, h->err.text);
            if (any == 0) break;
            for (int i = 0; i < count; i++)
                if (xs[i].c.id == r.order_id) known = 1, take(h, &xs[i], &r);
            if (!known) fail_msg("%s, seed %d: a report of no order", h->kind->name, (int)h->seed);
        }
    }
}

static void hand_in(house *h, const course *x) {
    int64_t now_ms = h->desk ? sim_exchange_now_ms(&h->far) : h->now_ms;
    if (h->port->send(h->port->ctx, &x->c, now_ms, &h->err) != 0) fail_msg("%s", h->err.text);
}

static int call_back(house *h, const course *x) { return h->port->cancel(h->port->ctx, &x->c, &h->err); }

/* Two rounds: what comes late comes in the second. */
static void to_the_end(house *h, course *xs, int count) {
    for (int round = 0; round < 8; round++) {
        h->kind->happen(h);
        hear(h, xs, count);
        int open = 0;
        for (int i = 0; i < count; i++)
            open += !xs[i].ended;
        if (!open) break;
    }
    for (int i = 0; i < count; i++)
        if (!xs[i].ended) fail_msg("%s, seed %d: order %d has no end", h->kind->name, (int)h->seed, (int)xs[i].c.id);
    h->kind->happen(h);
    hear(h, xs, count);
}

static house *house_new(const kind *k, uint64_t seed, manner how) {
    house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->kind = k;
    h->seed = seed;
    h->how = how;
    k->open(h);
    return h;
}

static void house_free(house *h) {
    h->kind->close(h);
    free(h);
}

#define EACH(k, seed)                                        \
    for (const kind *k = KINDS; k < KINDS + KIND_COUNT; k++) \
        for (uint64_t seed = 1; seed <= SEEDS; seed++)

/* ---- scenarios --------------------------------------------------------------------------------------------------- */

/* [ENG-08.1] 1: acknowledged, executed whole, each once. 2: in parts, whose sum is the order. 3: refused: the end, and
 * nothing is executed. */
static void an_order_is_acknowledged_and_comes_to_one_end(void **state) {
    (void)state;
    static const manner HOW[] = {PLAIN, IN_PARTS, REFUSES};
    for (int n = 0; n < 3; n++) {
        int seen[KIND_COUNT] = {0};
        EACH(k, seed) {
            house *h = house_new(k, seed, HOW[n]);
            course x[3] = {course_of(11, 0, 1), course_of(12, 1, -1), course_of(13, 2, 1)};
            hear(h, x, 3);
            for (int i = 0; i < 3; i++)
                hand_in(h, &x[i]);
            to_the_end(h, x, 3);
            for (int i = 0; i < 3; i++) {
                if (!x[i].refused) assert_true(x[i].filled_e8 == x[i].c.qty_e8 && x[i].told[0].kind == KEEL_VENUE_ACK);
                if (x[i].refused)
                    assert_true((HOW[n] == REFUSES || k->faults) && x[i].filled_e8 == 0); /* an entry may go stale */
                seen[k - KINDS] += HOW[n] == PLAIN      ? x[i].fills == 1
                                   : HOW[n] == IN_PARTS ? x[i].fills > 1
                                                        : x[i].refused;
            }
            house_free(h);
        }
        for (int i = 0; i < KIND_COUNT; i++)
            if (seen[i] < 2) fail_msg("%s: manner %d was met %d times", KINDS[i].name, n, seen[i]);
    }
}

/* [ENG-08.1] [EXE-04] 4: the same id again is no second order, while it works and when it is over. */
static void the_same_id_again_is_no_second_order(void **state) {
    (void)state;
    EACH(k, seed) {
        house *h = house_new(k, seed, PLAIN);
        course x = course_of(21, 1, 1);
        hand_in(h, &x);
        hand_in(h, &x);
        to_the_end(h, &x, 1);
        hand_in(h, &x);
        to_the_end(h, &x, 1);
        assert_int_equal(x.filled_e8, x.c.qty_e8);
        if (h->desk) assert_int_equal(h->far.order_count, 1);
        house_free(h);
    }
}

/* [ENG-08.1] [T-032] 5: called back in time, it is over and nothing more of it is executed. 6: a cancel that loses
 * takes nothing back: the execution is told, and it is the end. Either way one end; said again, or behind it, nothing.
 */
static void a_cancel_wins_or_loses_and_is_the_end_either_way(void **state) {
    (void)state;
    int won[KIND_COUNT] = {0}, lost[KIND_COUNT] = {0};
    EACH(k, seed) {
        house *h = house_new(k, seed, seed % 2 ? SLOW : PLAIN);
        course x[2] = {course_of(31, 0, 1), course_of(32, 1, 1)};
        hand_in(h, &x[0]);
        hand_in(h, &x[1]);
        if (seed % 3 == 0) h->kind->happen(h);
        if (h->desk && seed % 3 != 0) keel_desk_wait(h->desk, h->clock.now_ns + (int64_t)(seed * 150) * MS);
        assert_int_equal(call_back(h, &x[0]), 0);
        assert_int_equal(call_back(h, &x[0]), 0);
        if (seed % 4 == 0) hear(h, x, 2);
        to_the_end(h, x, 2);
        assert_int_equal(call_back(h, &x[0]), 0);
        to_the_end(h, x, 2);
        assert_int_equal(x[1].filled_e8, x[1].c.qty_e8); /* the one beside it is not touched */
        won[k - KINDS] += x[0].refused;
        lost[k - KINDS] += x[0].filled_e8 > 0;
        assert_true(x[0].refused == (x[0].filled_e8 < x[0].c.qty_e8));
        house_free(h);
    }
    for (int i = 0; i < KIND_COUNT; i++)
        if (won[i] < 2 || lost[i] < 2) fail_msg("%s: %d won, %d lost", KINDS[i].name, won[i], lost[i]);
}

/* [ENG-08.1] 7: an order that was never seen: asked about, it is not there; called back, nothing happens; and it can
 * still be handed in. */
static void what_was_never_seen_is_unknown(void **state) {
    (void)state;
    EACH(k, seed) {
        house *h = house_new(k, seed, PLAIN);
        course x = course_of(41, 2, -1);
        assert_int_equal(call_back(h, &x), 0);
        int known = h->port->query(h->port->ctx, &x.c, 0, &h->err);
        if (known != 0) fail_msg("%s, seed %d: %d %s", k->name, (int)seed, known, h->err.text);
        hear(h, NULL, 0);
        hand_in(h, &x);
        to_the_end(h, &x, 1);
        assert_int_equal(x.filled_e8, x.c.qty_e8);
        house_free(h);
    }
}

/* [ENG-08.1] [WAL-05.3] 8: this side begins anew after so many reports, at any place: asked, the venue knows the order,
 * and tells the rest, numbered as before. Once more, and it tells the same. */
static void after_a_new_start_the_rest_is_told(void **state) {
    (void)state;
    EACH(k, seed) {
        house *h = house_new(k, seed, seed % 2 ? IN_PARTS : PLAIN);
        course x = course_of(51, 0, 1);
        hand_in(h, &x);
        if (seed % 4 < 2) to_the_end(h, &x, 1);
        if (seed % 4 == 2) h->kind->happen(h);
        int heard = seed % 3 == 0 ? 0 : x.count - (x.count > 0);
        course again = {.c = x.c};
        for (int i = 0; i < heard; i++)
            take(h, &again, &x.told[i]);
        if (h->desk) keel_desk_wait(h->desk, h->clock.now_ns + MINUTE_MS * (int64_t)MS); /* it left */
        h->kind->restart(h);
        for (int once = 0; once <= 1; once++) {
            int known = h->port->query(h->port->ctx, &again.c, again.count, &h->err);
            if (known != 1) fail_msg("%s, seed %d: %d %s", k->name, (int)seed, known, h->err.text);
            to_the_end(h, &again, 1);
            assert_int_equal(again.filled_e8, again.c.qty_e8);
        }
        for (int i = 0; i < x.count && i < again.count; i++) {
            assert_int_equal(x.told[i].kind, again.told[i].kind);
            assert_int_equal(x.told[i].event.fill_id, again.told[i].event.fill_id);
        }
        house_free(h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_acknowledged_and_comes_to_one_end),
        cmocka_unit_test(the_same_id_again_is_no_second_order),
        cmocka_unit_test(a_cancel_wins_or_loses_and_is_the_end_either_way),
        cmocka_unit_test(what_was_never_seen_is_unknown),
        cmocka_unit_test(after_a_new_start_the_rest_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
