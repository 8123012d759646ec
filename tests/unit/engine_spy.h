/* engine_spy.h: somebody between an engine and its simulated venue who counts, loses, and makes dear. */
#ifndef KEEL_TESTS_ENGINE_SPY_H
#define KEEL_TESTS_ENGINE_SPY_H

#include "engine_world.h"

/* Between the engine and its venue: what is sent once entries are held back. */
typedef struct spy {
    keel_venue port;
    world *w;
    int64_t sent, closing;
    int64_t opening; /* entries that were sent during a start */
    int swallows;    /* 1: orders are taken and never arrive */
    int64_t dear;    /* what the first order executes costs so many times its price; 0: nothing does */
    uint64_t dear_order;
    uint64_t from, until; /* inputs behind which entries are counted: */
    int64_t entered;
} spy;

static inline int spy_send(void *ctx, const keel_command *c, int64_t given_ms, keel_err *reterr) {
    spy *s = ctx;
    const keel_venue *venue = &s->w->venue.port;
    if (s->w->engine && !s->w->order) {
        const keel_position *pos = &keel_engine_state(s->w->engine)->sym[c->symbol].pos;
        s->sent++;
        s->closing += pos->side == -c->side && c->qty_e8 <= pos->qty_e8;
    }
    if (s->w->engine && keel_engine_last_input(s->w->engine) >= s->from &&
        keel_engine_last_input(s->w->engine) < s->until)
        s->entered += c->kind == KEEL_CMD_OPEN || c->kind == KEEL_CMD_ADD || c->kind == KEEL_CMD_REVERSE;
    if (!s->w->engine) s->opening += c->kind == KEEL_CMD_OPEN || c->kind == KEEL_CMD_ADD || c->kind == KEEL_CMD_REVERSE;
    if (s->swallows) return 0;
    return venue->send(venue->ctx, c, given_ms, reterr);
}

static inline int spy_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr) {
    spy *s = ctx;
    const keel_venue *venue = &s->w->venue.port;
    int any = venue->poll(venue->ctx, symbol, ret, reterr);
    if (any <= 0 || ret->kind != KEEL_VENUE_FILL || s->dear == 0) return any;
    if (s->dear_order == 0) s->dear_order = ret->order_id;
    if (s->dear_order == ret->order_id) ret->event.price_e8 *= s->dear;
    return any;
}

static inline int spy_query(void *ctx, const keel_command *c, int32_t heard, keel_err *reterr) {
    const keel_venue *venue = &((spy *)ctx)->w->venue.port;
    return venue->query(venue->ctx, c, heard, reterr);
}

static inline int spy_cancel(void *ctx, const keel_command *c, keel_err *err) {
    const keel_venue *venue = &((spy *)ctx)->w->venue.port;
    return venue->cancel(venue->ctx, c, err);
}

static inline void spy_uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    const keel_venue *venue = &((spy *)ctx)->w->venue.port;
    venue->uncovered(venue->ctx, fill, closes_qty_e8);
}

static inline void spy_tick(void *ctx, const keel_venue_tick *tick) {
    const keel_venue *venue = &((spy *)ctx)->w->venue.port;
    venue->tick(venue->ctx, tick);
}

static inline void spy_on(spy *s, world *w) {
    memset(s, 0, sizeof *s);
    s->w = w;
    s->port = (keel_venue){s, spy_send, spy_poll, spy_query, spy_cancel, spy_uncovered, spy_tick};
    w->between = &s->port;
}

/* A market in which positions are turned over, not only closed. */
static inline market *turning_market(uint64_t seed) {
    market *m = market_random(seed, 2, 220, 1, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, (int)(seed % 2));
    m->p.enable_reverse = 1;
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    run_well(m);
    return m;
}

#endif
