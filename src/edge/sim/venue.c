/* edge/sim/venue.c: see venue.h. */
#include "edge/sim/venue.h"

#include <string.h>

#include "num/int.h"

static void tell(keel_sim_order *o, int32_t kind, int32_t symbol, const keel_event *event) {
    KEEL_ASSERT(o->count < KEEL_SIM_VENUE_REPORTS);
    keel_venue_report *r = &o->report[o->count++];
    memset(r, 0, sizeof *r);
    r->kind = kind;
    r->ordinal = ++o->said;
    r->symbol = symbol;
    r->order_id = o->order_id;
    if (event) r->event = *event;
}

/* An execution at `ref` before slippage; last: nothing of the order remains. */
static void execute(keel_sim_venue *v, const keel_market_order *w, int32_t symbol, int64_t ref_e8, int last) {
    keel_sim_order *o = &v->book.sym[symbol];
    keel_event fill;
    if (!keel_market_fill(o->order_id, ++v->book.fill_id, symbol, w->side, w->qty_e8, ref_e8, o->ts_ms,
                          v->slippage_bps[symbol], &v->rules[symbol], &fill)) {
        v->overflow = 1;
        return;
    }
    fill.last_of_order = last;
    tell(o, KEEL_VENUE_FILL, symbol, &fill);
}

/* What the first execution gives, in lots; 0: all of it. */
static int64_t first_part(const keel_sim_venue *v, int32_t symbol, int64_t qty_e8) {
    int64_t part;
    if (v->model.fill_share_e8 == 0 || !keel_mul_e8(qty_e8, v->model.fill_share_e8, &part)) return 0;
    part = keel_floor_step(part, v->rules[symbol].lot_e8);
    return part < qty_e8 ? part : 0;
}

/* The order executes: whole, or its first part, and the rest waits. */
static void execute_or_part(keel_sim_venue *v, const keel_market_order *w, int32_t symbol, int64_t ref_e8) {
    keel_sim_order *o = &v->book.sym[symbol];
    int64_t part = o->parted ? 0 : first_part(v, symbol, w->qty_e8);
    keel_market_order now = *w, rest = *w;
    if (part > 0) {
        now.qty_e8 = part;
        rest.qty_e8 = w->qty_e8 - part;
        o->parted = 1;
        o->waiting = rest;
    } else {
        keel_market_clear(&o->waiting);
    }
    execute(v, &now, symbol, ref_e8, part == 0);
}

/* Counted over the whole run, so that the same orders meet the same fate. */
static int is_nth(uint64_t count, int64_t every) { return every > 0 && count % (uint64_t)every == 0; }

static void refuse_rest(keel_sim_order *o, int32_t symbol, int64_t ts_ms) {
    keel_event reject;
    keel_event_blank(KEEL_EV_REJECT, symbol, ts_ms, &reject);
    reject.order_id = o->order_id;
    keel_market_clear(&o->waiting);
    tell(o, KEEL_VENUE_REJECT, symbol, &reject);
}

/* What becomes of an order at the moment it is sent; it waits unless something else does. */
static void take_effect(keel_sim_venue *v, keel_sim_order *o, const keel_command *c) {
    const keel_sim_model *m = &v->model;
    keel_market_order all = o->waiting;
    int late = m->latency_ms > 0, inside = c->trigger_kind != KEEL_TRIGGER_NONE && o->tick_kind == KEEL_TICK_RANGE;
    o->due_ms = late ? o->ts_ms + m->latency_ms : INT64_MIN;
    if (c->trigger_kind == KEEL_TRIGGER_TARGET && is_nth(++v->book.targets, m->queue_every)) late = 1;
    if (o->tick_kind == KEEL_TICK_LAST) {
        keel_market_clear(&o->waiting);
        execute(v, &all, c->symbol, o->px_e8, 1);
    } else if (is_nth(v->book.orders, m->reject_every)) {
        refuse_rest(o, c->symbol, o->ts_ms);
    } else if (inside && o->traded && !late) {
        execute_or_part(v, &all, c->symbol, keel_market_trigger_price(c, o->px_e8));
    }
}

/* An order gives way to a newer one: what is left of it will not be executed, which is told first. */
static void begin_order(keel_sim_order *o, const keel_command *c) {
    int replaces = o->waiting.id != 0;
    o->count = o->told = o->parted = 0;
    if (replaces) refuse_rest(o, c->symbol, o->ts_ms);
    o->order_id = c->id;
    o->cancel_ms = INT64_MAX;
    o->said = 0;
}

static int take_order(void *ctx, const keel_command *c, int64_t given_ms, keel_err *reterr) {
    (void)given_ms;
    keel_sim_venue *v = ctx;
    if (c->symbol < 0 || c->symbol >= v->symbol_count || c->qty_e8 <= 0 || (c->side != 1 && c->side != -1))
        return keel_err_set(reterr, KEEL_E_RANGE, "order refused: simulated venue: symbol, side or quantity is wrong");
    keel_sim_order *o = &v->book.sym[c->symbol];
    if (c->id == o->order_id) {
        v->book.repeats++;
        return 0;
    }
    v->book.orders++;
    begin_order(o, c);
    keel_market_accept(&o->waiting, c);
    tell(o, KEEL_VENUE_ACK, c->symbol, NULL);
    take_effect(v, o, c);
    return 0;
}

static int poll_report(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr) {
    (void)reterr;
    keel_sim_venue *v = ctx;
    keel_sim_order *o = &v->book.sym[symbol];
    if (o->told >= o->count) return 0;
    *ret = o->report[o->told++];
    return 1;
}

static int query_order(void *ctx, const keel_command *c, int32_t heard, keel_err *reterr) {
    (void)reterr;
    keel_sim_venue *v = ctx;
    keel_sim_order *o = &v->book.sym[c->symbol];
    int replaced = o->count > 0 && o->report[0].order_id == c->id;
    (void)heard;
    if (o->order_id != c->id && !replaced) return 0;
    o->told = 0; /* what was heard already is told again, and known by its number */
    return 1;
}

/* It takes as long to get there as the order did. */
static int cancel_order(void *ctx, const keel_command *c, keel_err *reterr) {
    (void)reterr;
    keel_sim_venue *v = ctx;
    keel_sim_order *o = &v->book.sym[c->symbol];
    if (o->order_id != c->id || o->waiting.id == 0 || o->cancel_ms != INT64_MAX) return 0;
    o->cancel_ms = o->ts_ms + v->model.latency_ms;
    if (v->model.latency_ms == 0) refuse_rest(o, c->symbol, o->ts_ms);
    return 0;
}

static void not_covered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    keel_sim_venue *v = ctx;
    keel_sim_order *o = &v->book.sym[fill->symbol];
    if (o->order_id != fill->order_id || (o->count > 0 && o->report[o->count - 1].kind == KEEL_VENUE_REJECT)) return;
    if (closes_qty_e8 > 0) {
        keel_event part = *fill;
        part.seq = 0;
        part.qty_e8 = closes_qty_e8;
        part.last_of_order = 0;
        tell(o, KEEL_VENUE_FILL, fill->symbol, &part);
    }
    refuse_rest(o, fill->symbol, fill->ts_ms);
}

static void see_tick(void *ctx, const keel_venue_tick *t) {
    keel_sim_venue *v = ctx;
    keel_sim_order *o = &v->book.sym[t->symbol];
    if (t->number <= o->tick) return;
    o->tick = t->number;
    o->tick_kind = t->kind;
    o->traded = t->traded;
    o->px_e8 = t->px_e8;
    o->ts_ms = t->ts_ms;
    if (o->waiting.id == 0) return;
    if (t->ts_ms >= o->cancel_ms) {
        refuse_rest(o, t->symbol, t->ts_ms);
    } else if (t->kind == KEEL_TICK_OPEN && t->traded && t->ts_ms >= o->due_ms) {
        keel_market_order w = o->waiting;
        execute_or_part(v, &w, t->symbol, t->px_e8);
    } else if (t->kind == KEEL_TICK_EXPIRE) {
        refuse_rest(o, t->symbol, t->ts_ms);
    }
}

void keel_sim_venue_init(keel_sim_venue *v, int32_t symbol_count, const keel_instrument *rules,
                         const int64_t *slippage_bps) {
    KEEL_ASSERT(symbol_count >= 0 && symbol_count <= KEEL_SIM_VENUE_SYMBOLS);
    memset(v, 0, sizeof *v);
    v->port = (keel_venue){.ctx = v,
                           .send = take_order,
                           .poll = poll_report,
                           .query = query_order,
                           .cancel = cancel_order,
                           .uncovered = not_covered,
                           .tick = see_tick};
    v->symbol_count = symbol_count;
    v->rules = rules;
    v->slippage_bps = slippage_bps;
    for (int32_t i = 0; i < symbol_count; i++)
        keel_market_clear(&v->book.sym[i].waiting);
}
