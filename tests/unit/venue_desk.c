/* The desk between an engine and a venue: whose order it is, how old one may be, and what a venue hides for a while.
 * The whole of it, under faults, is in sim.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "edge/venue/desk.h"
#include "engine/health.h"
#include "exchange.h"
#include "wire.h"

#define START_MS 1700000000000
enum { UNIT = 100000000, MS = 1000000 };

typedef struct place {
    keel_simclock clock;
    keel_simnet *net;
    sim_exchange venue;
    keel_desk *desk;
    const keel_venue *port;
    int64_t twice; /* orders of an id that the venue had taken before */
    keel_err err;
} place;

static int64_t price(void *data, int32_t symbol, int64_t ts_ms) {
    (void)data, (void)symbol, (void)ts_ms;
    return 100 * (int64_t)UNIT;
}

static void taken(void *data, const keel_desk_msg *m, const sim_order *before) {
    (void)m;
    ((place *)data)->twice += before != NULL;
}

static void set_up(place *p, uint64_t seed) {
    keel_simnet_faults quiet = {.latency_min_ns = MS, .latency_max_ns = 50 * MS};
    memset(p, 0, sizeof *p);
    keel_simclock_init(&p->clock, START_MS);
    p->net = keel_simnet_new(seed, &p->clock);
    sim_exchange_init(&p->venue, p->net, &p->clock, START_MS, seed);
    keel_simnet_set_faults(p->net, &quiet);
    p->venue.price = price;
    p->venue.watch = (sim_watch){p, taken};
    for (int s = 0; s < SIM_SYMBOLS; s++)
        p->venue.lot_e8[s] = UNIT / 100;
}

static keel_desk_options desk_options(place *p, const char *run) {
    return (keel_desk_options){.net = keel_simnet_port(p->net),
                               .clock = &p->clock.port,
                               .host = "venue",
                               .port = "1",
                               .codec = &SIM_WIRE,
                               .run = keel_desk_run(run)};
}

static void make_desk(place *p, const keel_desk_options *o) {
    keel_desk_free(p->desk);
    p->desk = NULL;
    assert_int_equal(keel_desk_new(o, &p->desk, &p->err), 0);
    p->port = keel_desk_port(p->desk);
}

static void use_desk(place *p, const char *run, int64_t lag_ms) {
    keel_desk_options o = desk_options(p, run);
    o.lag_ms = lag_ms;
    make_desk(p, &o);
}

static void tear_down(place *p) {
    keel_desk_free(p->desk);
    sim_exchange_done(&p->venue);
    keel_simnet_free(p->net);
}

static keel_command order_of(uint64_t id, int32_t kind, int32_t symbol, int32_t side) {
    return (keel_command){.id = id, .kind = kind, .symbol = symbol, .side = side, .qty_e8 = 2 * (int64_t)UNIT};
}

static int send(place *p, const keel_command *c) {
    return p->port->send(p->port->ctx, c, sim_exchange_now_ms(&p->venue), &p->err);
}

static void pass(place *p, int64_t ms) { keel_desk_wait(p->desk, p->clock.now_ns + ms * MS); }

/* The next report, or kind 0. */
static keel_venue_report heard(place *p, int32_t symbol) {
    keel_venue_report r;
    int any = p->port->poll(p->port->ctx, symbol, &r, &p->err);
    if (any < 0) fail_msg("%s", p->err.text);
    if (any == 0) memset(&r, 0, sizeof r);
    return r;
}

/* [T-040] Ids repeat from run to run; the order's name at the venue does not. */
static void two_runs_of_an_account_do_not_meet(void **state) {
    (void)state;
    place p;
    keel_desk_options none = {.run = 0};
    keel_command ours = order_of(450, KEEL_CMD_OPEN, 1, 1), yesterdays = order_of(450, KEEL_CMD_OPEN, 0, -1);
    set_up(&p, 1);
    use_desk(&p, "yesterday", 0);
    assert_int_equal(send(&p, &yesterdays), 0);
    pass(&p, 60000);
    assert_int_equal(p.venue.order_count, 1);
    use_desk(&p, "today", 0);
    assert_int_equal(p.port->query(p.port->ctx, &ours, 0, &p.err), 0);
    assert_int_equal(keel_desk_unresolved(p.desk), 0); /* an order that was only asked about leaves no place behind */
    assert_int_equal(send(&p, &ours), 0);
    pass(&p, 60000);
    assert_int_equal(p.venue.order_count, 2);
    assert_int_equal(heard(&p, 1).kind, KEEL_VENUE_ACK);
    keel_venue_report fill = heard(&p, 1);
    assert_true(fill.kind == KEEL_VENUE_FILL && fill.event.side == 1 && fill.event.last_of_order);
    assert_true(keel_desk_run("yesterday") != keel_desk_run("today"));
    keel_desk *refused = NULL;
    assert_int_equal(keel_desk_new(&none, &refused, &p.err), KEEL_E_USAGE);
    tear_down(&p);
}

/* [T-040] What the venue says about another order of this name is not believed, whichever field shows it. */
static void an_order_of_another_kind_stops_the_run(void **state) {
    (void)state;
    keel_command had = order_of(450, KEEL_CMD_OPEN, 0, -1), wants[3] = {had, had, had};
    wants[0].symbol = 1;
    wants[1].side = 1;
    wants[2].qty_e8++;
    for (int i = 0; i < 3; i++)
        for (int asks = 0; asks <= 1; asks++) {
            place p;
            keel_venue_report r;
            set_up(&p, 2);
            use_desk(&p, "run", 0);
            assert_int_equal(send(&p, &had), 0);
            pass(&p, 60000);
            use_desk(&p, "run", 0);
            if (asks) {
                assert_int_equal(p.port->query(p.port->ctx, &wants[i], 0, &p.err), KEEL_E_PARITY);
            } else {
                assert_int_equal(send(&p, &wants[i]), 0);
                pass(&p, 60000);
                assert_int_equal(p.port->poll(p.port->ctx, wants[i].symbol, &r, &p.err), KEEL_E_PARITY);
                assert_int_equal(send(&p, &had), KEEL_E_PARITY);
            }
            assert_non_null(strstr(p.err.text, "another order of this name"));
            assert_int_equal(p.venue.order_count, 1);
            tear_down(&p);
        }
}

/* An entry waits no longer than it is worth: then it is refused here, and that is told; what closes is never too old.
 */
static void an_entry_goes_stale_and_an_exit_does_not(void **state) {
    (void)state;
    static const int KINDS[] = {KEEL_CMD_OPEN, KEEL_CMD_ADD, KEEL_CMD_REVERSE, KEEL_CMD_CLOSE, KEEL_CMD_PARTIAL_CLOSE};
    for (int k = 0; k < 5; k++)
        for (int64_t down_ms = 20000; down_ms <= 100000; down_ms += 80000) {
            place p;
            keel_simnet_faults down = {.refuse = 1000000}, up = {.latency_max_ns = MS};
            keel_command c = order_of(7, KINDS[k], 0, 1);
            int stale = k < 3 && down_ms > 60000;
            set_up(&p, 3);
            use_desk(&p, "run", 0);
            keel_simnet_set_faults(p.net, &down);
            assert_int_equal(send(&p, &c), 0);
            pass(&p, down_ms);
            keel_simnet_set_faults(p.net, &up);
            pass(&p, 30000);
            assert_int_equal(p.venue.order_count, !stale);
            keel_venue_report r = heard(&p, 0);
            assert_int_equal(r.kind, stale ? KEEL_VENUE_REJECT : KEEL_VENUE_ACK);
            assert_true(r.ordinal == 1 && r.order_id == 7);
            if (stale) {
                assert_true(r.event.ts_ms > START_MS + 60000);
                assert_int_equal(heard(&p, 0).kind, 0);
                assert_int_equal(keel_desk_unresolved(p.desk), 0);
            }
            assert_int_equal(keel_desk_counts_of(p.desk).stale, stale);
            tear_down(&p);
        }
}

/* How often a venue that reads behind what it took, and frees an id with its order, ends up with an order twice. */
static int64_t doubled(int64_t lag_ms) {
    int64_t twice = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        place p;
        keel_simnet_faults slow = {.latency_max_ns = 100 * MS, .slow = 300000, .slow_ns = 5000 * (int64_t)MS};
        set_up(&p, seed);
        use_desk(&p, "run", lag_ms);
        p.venue.kinds = 1u << SIM_LAG | 1u << SIM_DROP;
        p.venue.forgets = 1;
        p.venue.remembered_ms = 0;
        keel_simnet_set_faults(p.net, &slow);
        for (uint64_t id = 1; id <= 5; id++) {
            keel_command c = order_of(id, KEEL_CMD_OPEN, 0, 1);
            assert_int_equal(send(&p, &c), 0);
            pass(&p, 40000);
        }
        twice += p.twice;
        tear_down(&p);
    }
    return twice;
}

static void what_the_venue_hides_for_a_while_is_not_sent_again(void **state) {
    (void)state;
    assert_true(doubled(1) > 0); /* the case happens */
    assert_int_equal(doubled(0), 0);
}

/* ---- tried again ------------------------------------------------------------------------------------------------ */

enum { TRIES_MAX = 400 };
typedef struct tries {
    const place *p;
    int64_t at_ns[TRIES_MAX]; /* of each request, or of each connection that came to nothing */
    int count;
    int swallows; /* 1: orders that are placed do not leave */
} tries;

static void tried(tries *t) {
    assert_true(t->count < TRIES_MAX);
    t->at_ns[t->count++] = t->p->clock.now_ns;
}

static void write_or_swallow(void *ctx, const keel_desk_msg *msgs, int32_t count, keel_strbuf *out) {
    tries *t = ctx;
    if (msgs[0].kind == KEEL_DESK_PLACE) tried(t);
    if (msgs[0].kind == KEEL_DESK_PLACE && t->swallows) return;
    SIM_WIRE.write(SIM_WIRE.ctx, msgs, count, out);
}

static int read_as_ever(void *ctx, const char *bytes, size_t size, keel_desk_msg *ret, size_t *ret_used) {
    (void)ctx;
    return SIM_WIRE.read(SIM_WIRE.ctx, bytes, size, ret, ret_used);
}

/* [T-030] An entry that never arrives is placed as often as was said, and then refused here; what closes is tried on,
 * and arrives once it can. */
static void an_entry_is_placed_so_often_and_no_more(void **state) {
    (void)state;
    static const int KINDS[] = {KEEL_CMD_OPEN, KEEL_CMD_ADD, KEEL_CMD_REVERSE, KEEL_CMD_CLOSE, KEEL_CMD_PARTIAL_CLOSE};
    for (int32_t places_max = 0; places_max <= 4; places_max += 2)
        for (int k = 0; k < 5; k++) {
            place p;
            tries t = {.p = &p, .swallows = 1};
            keel_desk_codec lossy = {&t, write_or_swallow, read_as_ever};
            keel_command c = order_of(7, KINDS[k], 0, 1);
            int most = places_max ? places_max : 10;
            set_up(&p, 5);
            keel_desk_options o = desk_options(&p, "run");
            o.codec = &lossy;
            o.places_max = places_max;
            o.entry_age_ms = INT64_C(86400000);
            make_desk(&p, &o);
            assert_int_equal(send(&p, &c), 0);
            pass(&p, 900000);
            if (k < 3) {
                assert_int_equal(t.count, most);
                assert_int_equal(keel_desk_counts_of(p.desk).exhausted, 1);
                keel_venue_report r = heard(&p, 0);
                assert_true(r.kind == KEEL_VENUE_REJECT && r.ordinal == 1);
                assert_int_equal(keel_desk_unresolved(p.desk), 0);
            } else {
                assert_true(t.count > most);
                t.swallows = 0;
                pass(&p, 60000);
            }
            assert_int_equal(p.venue.order_count, k >= 3);
            tear_down(&p);
        }
}

static void count_failure(void *data, int ok) {
    tries *t = data;
    if (!ok && t->count < TRIES_MAX) tried(t);
}

/* [T-031] While nothing answers, each attempt to connect waits at least as long as the one before, up to the most that
 * was said, and no longer. */
static void delays_never_become_shorter(void **state) {
    (void)state;
    place p;
    tries t = {.p = &p};
    keel_simnet_faults down = {.refuse = 1000000};
    int64_t last_ns = 0;
    set_up(&p, 6);
    keel_simnet_set_faults(p.net, &down);
    keel_desk_options o = desk_options(&p, "run");
    o.retry_ms = 100;
    o.retry_max_ms = 5000;
    o.called = count_failure;
    o.called_data = &t;
    make_desk(&p, &o);
    pass(&p, 120000);
    assert_true(t.count > 20);
    for (int i = 1; i < t.count; i++) {
        int64_t waited_ns = t.at_ns[i] - t.at_ns[i - 1];
        if (waited_ns < last_ns) fail_msg("%d: %lld ns after %lld ns", i, (long long)waited_ns, (long long)last_ns);
        assert_true(waited_ns <= 5001 * (int64_t)MS);
        last_ns = waited_ns;
    }
    assert_true(last_ns >= 5000 * (int64_t)MS && t.at_ns[1] - t.at_ns[0] < 200 * (int64_t)MS);
    tear_down(&p);
}

/* ---- called back ------------------------------------------------------------------------------------------------ */

/* [T-032] [T-033] Whatever becomes of the messages, each order that is called back comes to its end, is over at the
 * venue with what was told of it, and is not there when it never was before. */
static void what_is_called_back_comes_to_its_end(void **state) {
    (void)state;
    enum { ORDERS = 6 };
    int64_t executed = 0, whole = 0, refused = 0, said = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        place p;
        keel_simnet_faults down = {.refuse = 1000000};
        int64_t told_e8[ORDERS] = {0};
        int ended[ORDERS] = {0};
        set_up(&p, seed);
        use_desk(&p, "run", 0);
        p.venue.kinds = 1u << SIM_LATE | 1u << SIM_PARTIAL | 1u << SIM_DROP | 1u << SIM_DOUBLE | 1u << SIM_ORDER |
                        1u << SIM_BUSY | 1u << SIM_LAG;
        int is_down = seed % 8 == 0;
        if (is_down) keel_simnet_set_faults(p.net, &down);
        for (int32_t i = 0; i < ORDERS; i++) {
            keel_command c = order_of(10 + (uint64_t)i, i % 2 ? KEEL_CMD_OPEN : KEEL_CMD_CLOSE, i % 3, 1);
            assert_int_equal(send(&p, &c), 0);
            pass(&p, (int64_t)(seed * 37 % 900));
            assert_int_equal(p.port->cancel(p.port->ctx, &c, &p.err), 0);
            assert_int_equal(p.port->cancel(p.port->ctx, &c, &p.err), 0); /* again: nothing */
        }
        pass(&p, 60000);
        p.venue.kinds = 0;
        keel_simnet_faults quiet = {.latency_min_ns = MS, .latency_max_ns = 50 * MS};
        keel_simnet_set_faults(p.net, &quiet);
        pass(&p, 600000);
        for (int32_t s = 0; s < 3; s++)
            for (keel_venue_report r = heard(&p, s); r.kind != 0; r = heard(&p, s)) {
                int i = (int)r.order_id - 10;
                assert_int_equal(ended[i], 0);
                if (r.kind == KEEL_VENUE_FILL) told_e8[i] += r.event.qty_e8;
                ended[i] = r.kind == KEEL_VENUE_REJECT || r.event.last_of_order;
            }
        for (int i = 0; i < ORDERS; i++) {
            const sim_order *o = sim_exchange_find(&p.venue, keel_desk_run("run"), 10 + (uint64_t)i);
            if (!ended[i]) fail_msg("seed %d: order %d has no end", (int)seed, i);
            assert_true(o ? o->state == KEEL_DESK_OVER && o->cum_e8 == told_e8[i] : told_e8[i] == 0);
            assert_true(!is_down || !o);
            refused += !o;
            executed += o && o->cum_e8 > 0;
            whole += o && o->cum_e8 == o->qty_e8;
        }
        assert_int_equal(keel_desk_unresolved(p.desk), 0);
        assert_int_equal(p.twice, 0);
        said += (int64_t)keel_desk_counts_of(p.desk).cancels;
        tear_down(&p);
    }
    if (executed < 10 || whole < 5 || refused < 30 || said < 100)
        fail_msg("%lld executed, %lld whole, %lld never there, %lld said", (long long)executed, (long long)whole,
                 (long long)refused, (long long)said);
}

/* ---- what a desk tells of its venue ------------------------------------------------------------------------------ */

typedef struct watched {
    const place *p;
    keel_breaker breaker;
    int opened, closed;
} watched;

static void saw_call(void *data, int ok) {
    watched *w = data;
    int64_t now_ms = w->p->clock.now_ns / MS;
    (void)keel_breaker_pass(&w->breaker, now_ms);
    if (!keel_breaker_saw(&w->breaker, now_ms, ok)) return;
    w->opened += w->breaker.state == KEEL_BREAKER_OPEN;
    w->closed += w->breaker.state == KEEL_BREAKER_CLOSED;
}

/* [T-043] [T-044] A venue that goes down and comes back, as its calls tell it to a breaker; a quiet one opens none. */
static void calls_open_a_breaker_and_close_it(void **state) {
    (void)state;
    place p;
    watched w = {.p = &p};
    keel_simnet_faults down = {.refuse = 1000000, .broken = 1000000}, up = {.latency_max_ns = MS};
    set_up(&p, 8);
    keel_breaker_init(&w.breaker, NULL, KEEL_BREAKER_CLOSED, 0);
    keel_desk_options o = desk_options(&p, "run");
    o.called = saw_call;
    o.called_data = &w;
    o.cadence_ms = 1000;
    make_desk(&p, &o);
    keel_command c = order_of(1, KEEL_CMD_OPEN, 0, 1);
    assert_int_equal(send(&p, &c), 0);
    pass(&p, 300000);
    assert_int_equal(w.opened, 0);
    keel_simnet_set_faults(p.net, &down);
    keel_command exit = order_of(2, KEEL_CMD_CLOSE, 0, -1);
    assert_int_equal(send(&p, &exit), 0);
    pass(&p, 120000);
    assert_true(w.opened > 0 && w.closed == 0);
    keel_simnet_set_faults(p.net, &up);
    for (uint64_t id = 3; id < 12; id++) {
        keel_command more = order_of(id, KEEL_CMD_CLOSE, 0, -1);
        assert_int_equal(send(&p, &more), 0);
        pass(&p, 30000);
    }
    assert_int_equal(w.closed, 1);
    assert_int_equal(w.breaker.state, KEEL_BREAKER_CLOSED);
    tear_down(&p);
}

/* [T-016] The venue's messages say what time it is there: how far our own clock is from it, also after somebody set it.
 */
static void the_venues_clock_is_known(void **state) {
    (void)state;
    place p;
    int64_t venue_ms = 0;
    const keel_clock *clock = &p.clock.port;
    set_up(&p, 9);
    use_desk(&p, "run", 0);
    assert_int_equal(keel_desk_venue_clock(p.desk, &venue_ms), 0);
    static const int64_t JUMPS_MS[] = {0, 700, -1400, 4000};
    static const int32_t LEVELS[] = {KEEL_CLOCK_GOOD, KEEL_CLOCK_OFF, KEEL_CLOCK_OFF, KEEL_CLOCK_FAR};
    for (int i = 0; i < 4; i++) {
        keel_simclock_jump(&p.clock, JUMPS_MS[i]);
        pass(&p, 5000);
        assert_int_equal(keel_desk_venue_clock(p.desk, &venue_ms), 1);
        int64_t apart_ms = venue_ms - clock->wall_ms(clock->ctx);
        if (keel_clock_judge(apart_ms, 0) != LEVELS[i]) fail_msg("%d: %lld ms apart", i, (long long)apart_ms);
    }
    tear_down(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_runs_of_an_account_do_not_meet),
        cmocka_unit_test(an_order_of_another_kind_stops_the_run),
        cmocka_unit_test(an_entry_goes_stale_and_an_exit_does_not),
        cmocka_unit_test(what_the_venue_hides_for_a_while_is_not_sent_again),
        cmocka_unit_test(an_entry_is_placed_so_often_and_no_more),
        cmocka_unit_test(delays_never_become_shorter),
        cmocka_unit_test(what_is_called_back_comes_to_its_end),
        cmocka_unit_test(calls_open_a_breaker_and_close_it),
        cmocka_unit_test(the_venues_clock_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
