/* core_stream.h: a seeded stream of events of every kind for one account, right and wrong ones, that answers the orders
 * in flight. Equal seeds give equal events for equal states: integers and exact double operations only, no libm. */
#ifndef KEEL_TESTS_CORE_STREAM_H
#define KEEL_TESTS_CORE_STREAM_H

#include <stdint.h>
#include <string.h>

#include "core/step.h"

#define STREAM_SYMBOLS 3
#define STREAM_CAPITAL_E8 ((int64_t)10000000000000) /* 100 000 */

typedef struct stream {
    uint64_t rng, seq, next_fill;
    int64_t ts_ms;
    double px[STREAM_SYMBOLS];
} stream;

typedef struct stream_step {
    keel_event ev;
    keel_snapshot snap;
    int32_t has_snap;
} stream_step;

static inline uint64_t stream_draw(stream *r) { /* xorshift64*, Vigna 2016 */
    r->rng ^= r->rng >> 12;
    r->rng ^= r->rng << 25;
    r->rng ^= r->rng >> 27;
    return r->rng * 0x2545f4914f6cdd1dULL;
}

static inline int32_t stream_below(stream *r, int32_t n) { return (int32_t)((stream_draw(r) >> 33) % (uint64_t)n); }
static inline double stream_uniform(stream *r) { return (double)(stream_draw(r) >> 11) / 9007199254740992.0; }
static inline int32_t stream_chance(stream *r, double p) { return stream_uniform(r) < p; }
static inline int64_t stream_e8(double x) { return (int64_t)(x * 1e8 + (x < 0.0 ? -0.5 : 0.5)); }

static inline void stream_snapshot(stream *r, double px, keel_snapshot *s) {
    memset(s, 0, sizeof *s);
    for (int i = 0; i < KEEL_SLOT_MAX; i++) {
        double u = stream_uniform(r);
        if (stream_chance(r, 0.02)) continue;
        s->ready |= (uint64_t)1 << i;
        s->v[i] = 100.0 * u;
        if (i <= KEEL_SLOT_OPEN || (i >= KEEL_SLOT_EMA_FAST && i <= KEEL_SLOT_PREV_CLOSE))
            s->v[i] = px * (0.98 + 0.04 * u);
        if (i >= KEEL_SLOT_X0 && stream_chance(r, 0.5)) s->v[i] = px * (0.98 + 0.04 * u); /* prices or oscillators */
        if (i == KEEL_SLOT_EMA_SLOPE) s->v[i] = 0.002 * (u - 0.5);
        if (i == KEEL_SLOT_ATR || i == KEEL_SLOT_ATR_SMA) s->v[i] = px * 0.02 * (0.5 + u);
        if (i == KEEL_SLOT_BB_WIDTH_RATIO) s->v[i] = 0.5 + u;
    }
}

static inline void stream_range(stream *r, keel_event *ev) {
    double *px = &r->px[ev->symbol];
    double open = *px * (1.0 + 0.01 * (stream_uniform(r) - 0.5));
    double last = open * (1.0 + 0.03 * (stream_uniform(r) - 0.5));
    if (last < 1.0) last = 50.0;
    double high = (open > last ? open : last) * (1.0 + 0.01 * stream_uniform(r));
    double low = (open < last ? open : last) * (1.0 - 0.01 * stream_uniform(r));
    *px = last;
    ev->open_e8 = stream_e8(open);
    ev->high_e8 = stream_e8(high);
    ev->low_e8 = stream_e8(low);
    ev->price_e8 = stream_e8(last);
    ev->btc_bullish = stream_below(r, 3);
    ev->regime_gate = stream_below(r, 3);
    ev->breadth = stream_uniform(r) * 1.2 - 0.1;
}

/* The venue answers the order in flight: all or a part of it, or it refuses. */
static inline void stream_answer(stream *r, const keel_pending *order, keel_event *ev) {
    double px = r->px[ev->symbol];
    ev->order_id = order->id;
    ev->kind = stream_chance(r, 0.05) ? KEEL_EV_REJECT : KEEL_EV_FILL;
    if (ev->kind == KEEL_EV_REJECT) return;
    ev->side = order->side;
    ev->qty_e8 = stream_chance(r, 0.7) ? order->qty_e8 : order->qty_e8 / 2 + 1;
    if (ev->qty_e8 > order->qty_e8) ev->qty_e8 = order->qty_e8;
    ev->last_of_order = ev->qty_e8 == order->qty_e8;
    ev->price_e8 = stream_e8(px * (1.0 + 0.002 * (stream_uniform(r) - 0.5)));
    ev->ref_px_e8 = stream_chance(r, 0.5) ? stream_e8(px) : 0;
    ev->fee_role = stream_below(r, 2);
    ev->fill_id = stream_chance(r, 0.1) && r->next_fill > 1 ? r->next_fill - 1 : r->next_fill++;
}

static inline void stream_market(stream *r, keel_event *ev) {
    static const int32_t KINDS[] = {KEEL_EV_PRICE,     KEEL_EV_BAR_CLOSE, KEEL_EV_BAR_CLOSE, KEEL_EV_BAR_CLOSE,
                                    KEEL_EV_BAR_CLOSE, KEEL_EV_SIGNAL,    KEEL_EV_FUNDING,   KEEL_EV_BORROW};
    ev->kind = KINDS[stream_below(r, 8)];
    stream_range(r, ev);
    ev->signal = stream_below(r, 5);
    if (ev->signal >= KEEL_CLOSE) ev->close_fraction = 0.25 * (1 + stream_below(r, 4));
    if (ev->kind == KEEL_EV_FUNDING) ev->rate_e16 = (int64_t)(1e13 * (stream_uniform(r) - 0.4));
    if (ev->kind == KEEL_EV_BORROW) ev->rate_e16 = (int64_t)(1e11 * stream_uniform(r));
}

/* One thing wrong, of those that validation can see. */
static inline void stream_spoil(stream *r, keel_event *ev) {
    switch (stream_below(r, 7)) {
        case 0: ev->symbol = STREAM_SYMBOLS; break;
        case 1: ev->price_e8 = 0; break;
        case 2: /* what comes from the market may not go back; a venue's own times may lag behind it */
            if (ev->kind <= KEEL_EV_SIGNAL) ev->ts_ms -= 100000000;
            break;
        case 3: ev->kind = 99; break;
        case 4: ev->schema = KEEL_EVENT_SCHEMA + 1; break;
        case 5: ev->low_e8 = ev->high_e8 + 1; break;
        default: ev->seq -= 1 + (uint64_t)stream_below(r, 3); break;
    }
}

static inline void stream_next(stream *r, const keel_state *st, stream_step *ret) {
    memset(ret, 0, sizeof *ret);
    keel_event *ev = &ret->ev;
    r->seq = st->last_seq;
    ev->seq = ++r->seq;
    ev->schema = KEEL_EVENT_SCHEMA;
    ev->symbol = stream_below(r, STREAM_SYMBOLS);
    r->ts_ms += 60000 * (int64_t)stream_below(r, 120);
    ev->ts_ms = r->ts_ms;
    if (st->sym[ev->symbol].pending.kind != 0 && stream_chance(r, 0.7))
        stream_answer(r, &st->sym[ev->symbol].pending, ev);
    else
        stream_market(r, ev);
    stream_snapshot(r, r->px[ev->symbol], &ret->snap);
    ret->has_snap = ev->kind == KEEL_EV_BAR_CLOSE && stream_chance(r, 0.9);
    if (stream_chance(r, 0.03)) stream_spoil(r, ev);
}

/* Books with capital, an empty market. */
static inline void stream_start(stream *r, uint64_t seed, const keel_params *p, keel_state *st) {
    keel_decision d;
    keel_event deposit;
    memset(r, 0, sizeof *r);
    r->rng = 0x9e3779b97f4a7c15ULL * (seed + 1);
    r->next_fill = 1;
    r->ts_ms = 1700000000000;
    memset(st, 0, sizeof *st);
    keel_state_init(st, STREAM_SYMBOLS);
    memset(&deposit, 0, sizeof deposit);
    deposit.seq = 1;
    deposit.ts_ms = r->ts_ms;
    deposit.schema = KEEL_EVENT_SCHEMA;
    deposit.kind = KEEL_EV_DEPOSIT;
    deposit.price_e8 = STREAM_CAPITAL_E8;
    (void)keel_step(st, p, &deposit, (const keel_snapshot *)0, &d, (keel_diag *)0);
    for (int i = 0; i < STREAM_SYMBOLS; i++) {
        r->px[i] = 20.0 + 1000.0 * stream_uniform(r);
        st->sym[i].rules.lot_e8 = i % 2 ? 100000 : 1;
        st->sym[i].rules.is_btc = i == 0;
    }
}

#endif
