/* A world of one core for the tests of keel_step: its state, parameters, last decision, and what happens to it. */
#ifndef KEEL_TESTS_UNIT_CORE_WORLD_H
#define KEEL_TESTS_UNIT_CORE_WORLD_H

#include "core_fixture.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define T0 ((int64_t)1700000000000)

typedef struct world {
    keel_state st;
    keel_params p;
    keel_decision d;
    keel_diag diag;
    uint64_t seq;
    int64_t ts_ms;
} world;

static world the_world;

static inline int32_t step(world *w, keel_event ev, const keel_snapshot *snap) {
    ev.seq = ++w->seq;
    if (ev.ts_ms == 0) ev.ts_ms = w->ts_ms;
    if (ev.schema == 0) ev.schema = KEEL_EVENT_SCHEMA;
    int32_t refused = keel_step(&w->st, &w->p, &ev, snap, &w->d, &w->diag);
    assert_int_equal(w->d.refusal, refused);
    assert_int_equal(w->diag.refusal, refused);
    if (refused != KEEL_REFUSED_OK) {
        w->seq--;
        assert_int_equal(w->d.command_count + w->d.posting_count + w->d.trade_count, 0);
    }
    return refused;
}

/* Ten thousand dollars, two symbols, no exits, no cooldowns, every entry a tenth of the equity, no reserve, no costs.
 */
static inline world *fresh(void) {
    world *w = &the_world;
    memset(w, 0, sizeof *w);
    w->p = params_without_exits();
    w->p.entry_cooldown_s = w->p.exit_cooldown_s = w->p.reentry_minutes = w->p.loss_streak = 0;
    w->p.allocation_pct = 0.125;
    w->p.cash_reserve_pct = 0;
    w->p.taker_fee_bps = w->p.maker_fee_bps = 0;
    w->ts_ms = T0;
    keel_state_init(&w->st, 2);
    assert_int_equal(step(w, (keel_event){.kind = KEEL_EV_DEPOSIT, .price_e8 = e8(10000)}, NULL), KEEL_REFUSED_OK);
    return w;
}

static inline int32_t signal_at(world *w, int32_t signal, double px) {
    keel_event ev = priced(KEEL_EV_SIGNAL, px);
    ev.signal = signal;
    if (signal == KEEL_PARTIAL_CLOSE) ev.close_fraction = 0.25;
    return step(w, ev, NULL);
}

/* The venue executes qty of the order in flight. */
static inline int32_t fill(world *w, double qty, double px, int last) {
    const keel_pending *order = &w->st.sym[0].pending;
    return step(w,
                (keel_event){.kind = KEEL_EV_FILL,
                             .side = order->side,
                             .qty_e8 = e8(qty),
                             .price_e8 = e8(px),
                             .order_id = order->id,
                             .last_of_order = last},
                NULL);
}

/* A position of 12.5 coins from 100 on `side`. */
static inline world *holding(int side) {
    world *w = fresh();
    assert_int_equal(signal_at(w, side > 0 ? KEEL_BUY : KEEL_SELL, 100), KEEL_REFUSED_OK);
    assert_int_equal(w->d.command_count, 1);
    assert_int_equal(fill(w, 12.5, 100, 1), KEEL_REFUSED_OK);
    assert_int_equal(w->st.sym[0].pos.side, side);
    w->ts_ms += HOUR_MS;
    return w;
}

#endif
