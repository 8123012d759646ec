/* Behaviours of the core that belong to no one rule: numbers and times of events, ids of orders, fills that come twice,
 * limits that only shrink, days, and decisions without the data that they need. */
#include "core_fixture.h"

#include "core/risk/sizing.h"
#include "core/strategy/strategy.h"
#include "core_stream.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define DAY_MS ((int64_t)86400000)
#define MIDNIGHT_MS ((int64_t)1700006400000)

typedef struct world {
    keel_state st, before;
    keel_params p;
    keel_decision d;
    keel_diag diag;
    int64_t ts_ms;
} world;

static world the_world;

/* The event as it stands but for schema, and the next number and the current time where it has none. */
static int32_t step(world *w, keel_event ev, const keel_snapshot *snap) {
    ev.schema = KEEL_EVENT_SCHEMA;
    if (ev.seq == 0) ev.seq = w->st.last_seq + 1;
    if (ev.ts_ms == 0) ev.ts_ms = w->ts_ms;
    w->before = w->st;
    int32_t refused = keel_step(&w->st, &w->p, &ev, snap, &w->d, &w->diag);
    if (refused != KEEL_REFUSED_OK) assert_memory_equal(&w->st, &w->before, sizeof w->st);
    return refused;
}

/* Ten thousand dollars, two symbols, no exits, no cooldowns, an eighth of equity an entry, no costs. */
static world *fresh(int32_t strategy) {
    world *w = &the_world;
    memset(w, 0, sizeof *w);
    w->p = params_without_exits();
    if (strategy >= 0) {
        assert_int_equal(keel_strategy_select(&w->p, strategy), 1);
        w->p.tp_atr_mult = w->p.sl_atr_mult = w->p.maintenance_margin_pct = 0;
    }
    w->p.entry_cooldown_s = w->p.exit_cooldown_s = w->p.reentry_minutes = w->p.loss_streak = 0;
    w->p.allocation_pct = 0.125;
    w->p.cash_reserve_pct = 0;
    w->p.taker_fee_bps = w->p.maker_fee_bps = 0;
    w->ts_ms = MIDNIGHT_MS;
    keel_state_init(&w->st, 2);
    assert_int_equal(step(w, (keel_event){.kind = KEEL_EV_DEPOSIT, .price_e8 = e8(10000)}, NULL), KEEL_REFUSED_OK);
    return w;
}

static int32_t say(world *w, int32_t signal) {
    keel_event ev = priced(KEEL_EV_SIGNAL, 100);
    ev.signal = signal;
    return step(w, ev, NULL);
}

/* The venue's answer to the order in flight: everything, in one fill. */
static keel_event answer(const world *w, uint64_t fill_id) {
    const keel_pending *order = &w->st.sym[0].pending;
    return (keel_event){.kind = KEEL_EV_FILL,
                        .side = order->side,
                        .qty_e8 = order->qty_e8,
                        .price_e8 = e8(100),
                        .order_id = order->id,
                        .fill_id = fill_id,
                        .last_of_order = 1};
}

/* [T-004] A number that repeats or falls back is refused for every kind of event, and nothing changes. */
static void numbers_only_rise(void **state) {
    (void)state;
    for (int32_t kind = KEEL_EV_PRICE; kind <= KEEL_EV_BORROW; kind++)
        for (uint64_t back = 0; back < 3; back++) {
            world *w = fresh(-1);
            for (int i = 0; i < 3; i++)
                assert_int_equal(step(w, priced(KEEL_EV_PRICE, 100), NULL), KEEL_REFUSED_OK);
            assert_true(w->st.last_seq == 4);
            keel_event ev = priced(kind, 100);
            ev.seq = 4 - back;
            assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_SEQ);
        }
}

/* [T-015] A market time before the symbol's last is refused and nothing changes; the other symbol has its own time. */
static void time_does_not_go_back(void **state) {
    (void)state;
    for (int32_t kind = KEEL_EV_PRICE; kind <= KEEL_EV_SIGNAL; kind++) {
        world *w = fresh(-1);
        assert_int_equal(step(w, priced(KEEL_EV_PRICE, 100), NULL), KEEL_REFUSED_OK);
        keel_event ev = priced(kind, 100);
        ev.ts_ms = w->ts_ms - 1;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_CLOCK_ROLLBACK);
        ev.symbol = 1;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_OK);
        ev.symbol = 0;
        ev.ts_ms = w->ts_ms;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_OK);
    }
}

/* [T-006] The same fill again, at once and after others of the symbol: refused, nothing changes. */
static void a_fill_counts_once(void **state) {
    (void)state;
    world *w = fresh(-1);
    keel_event fills[4];
    for (int i = 0; i < (int)COUNT(fills); i++) {
        assert_int_equal(say(w, i % 2 == 0 ? KEEL_BUY : KEEL_CLOSE), KEEL_REFUSED_OK);
        assert_int_equal(w->d.command_count, 1);
        fills[i] = answer(w, 70 + (uint64_t)i);
        assert_int_equal(step(w, fills[i], NULL), KEEL_REFUSED_OK);
        for (int again = i; again >= 0; again--)
            assert_int_equal(step(w, fills[again], NULL), KEEL_REFUSED_DUPLICATE);
    }
}

/* [T-009] Whatever the limits are, none makes a size larger than the rule alone, and no signal means no order. */
static void limits_only_shrink(void **state) {
    (void)state;
    static const double limits[] = {0.01, 0.125, 0.5, 1, 4};
    world *w = fresh(-1);
    int shrunk = 0, refused = 0;
    for (size_t gross = 0; gross < COUNT(limits); gross++)
        for (size_t one = 0; one < COUNT(limits); one++)
            for (size_t least = 0; least < COUNT(limits); least++) {
                keel_params p = w->p;
                p.leverage = 2;
                p.max_gross_exposure = limits[gross];
                p.max_position_exposure = limits[one];
                p.min_notional_usd = e8(1000 * limits[least]);
                keel_size size;
                keel_size_entry(&p, &w->st, &w->st.sym[0], e8(100), 0, KEEL_CONF_HIGH, 0, 0, 0, &size);
                double notional = (double)size.notional_e8 / 1e8;
                assert_true(size.qty_e8 >= 0 && size.wanted_usd == 2500 && notional <= size.wanted_usd);
                assert_true(notional <= 10000 * limits[gross] && notional <= 10000 * limits[one]);
                shrunk += size.qty_e8 > 0 && notional < size.wanted_usd;
                refused += size.qty_e8 == 0;
            }
    assert_true(shrunk > 10 && refused > 10);
    assert_int_equal(say(w, KEEL_NEUTRAL), KEEL_REFUSED_OK);
    assert_int_equal(w->d.command_count, 0);
}

/* [T-018] The entries of a day are counted until midnight UTC: a day's last millisecond still refuses, its first does
 * not. */
static void entries_are_counted_by_the_day(void **state) {
    (void)state;
    world *w = fresh(-1);
    w->p.max_trades_per_day = 2;
    for (int day = 0; day < 3; day++)
        for (int entry = 0; entry < 3; entry++) {
            w->ts_ms = MIDNIGHT_MS + day * DAY_MS + (entry < 2 ? entry : DAY_MS - 1);
            assert_int_equal(say(w, KEEL_BUY), KEEL_REFUSED_OK);
            assert_int_equal(w->d.command_count, entry < 2);
            assert_int_equal(w->st.entries_today, entry < 2 ? entry + 1 : 2);
            if (entry == 2) {
                assert_reason("a third entry of one day", 1, w->diag.hold_reason, KEEL_H_CAP);
                continue;
            }
            assert_int_equal(step(w, answer(w, 0), NULL), KEEL_REFUSED_OK);
            assert_int_equal(say(w, KEEL_CLOSE), KEEL_REFUSED_OK);
            assert_int_equal(step(w, answer(w, 0), NULL), KEEL_REFUSED_OK);
        }
}

/* [T-039] Ids of commands over a long senseless stream: each is new, and none is zero. */
static void ids_never_collide(void **state) {
    (void)state;
    static uint64_t ids[20000];
    int count = 0;
    world *w = fresh(-1);
    keel_params_default(&w->p);
    assert_int_equal(keel_strategy_select(&w->p, KEEL_STRATEGY_TREND), 1);
    w->p.entry_cooldown_s = w->p.exit_cooldown_s = w->p.reentry_minutes = w->p.loss_streak = 0;
    stream r;
    stream_step s;
    stream_start(&r, 7, &w->p, &w->st);
    for (int i = 0; i < (int)COUNT(ids); i++) {
        stream_next(&r, &w->st, &s);
        if (keel_step(&w->st, &w->p, &s.ev, s.has_snap ? &s.snap : NULL, &w->d, NULL) != KEEL_REFUSED_OK) continue;
        if (w->d.command_count == 0) continue;
        ids[count] = w->d.command[0].id;
        assert_true(ids[count] != 0);
        for (int k = 0; k < count; k++)
            if (ids[k] == ids[count]) fail_msg("commands %d and %d share an id", k, count);
        count++;
    }
    assert_true(count > 500);
}

static int32_t close_bar(world *w, const keel_snapshot *snap) {
    keel_event ev = priced(KEEL_EV_BAR_CLOSE, 102);
    ev.btc_bullish = KEEL_TRUE;
    return step(w, ev, snap);
}

/* [T-027] [ENG-06.3] A value that the strategy needs and does not have: no order, whichever it is; nor without any
 * snapshot. */
static void no_trade_without_market_data(void **state) {
    (void)state;
    int needed = 0;
    for (int slot = -1; slot < KEEL_SLOT_MAX; slot++) {
        world *w = fresh(KEEL_STRATEGY_TREND);
        w->p.enable_pullback = w->p.enable_slow_drift = w->p.enable_ave = 0; /* these need values of their own */
        keel_snapshot snap = uptrend();
        if (slot >= 0 && !((keel_strategy_needs(&w->p) >> slot) & 1u)) continue;
        if (slot >= 0) snap.ready &= ~((uint64_t)1 << slot);
        assert_int_equal(close_bar(w, &snap), KEEL_REFUSED_OK);
        if (w->d.command_count != (slot < 0)) fail_msg("slot %d missing: %d orders", slot, w->d.command_count);
        needed += slot >= 0;
    }
    assert_int_equal(needed, 8);
    world *w = fresh(KEEL_STRATEGY_TREND);
    assert_int_equal(close_bar(w, NULL), KEEL_REFUSED_OK);
    assert_int_equal(w->d.command_count, 0);
}

/* [T-013] [T-014] [T-028] [ENG-06.2] A strategy of funding opens while the last settlement is fresh, to the
 * millisecond; when it is stale or was never there the step is accepted, says which, and opens nothing. */
static void no_entry_without_a_fresh_feed(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t age_ms;
        int aux, commands;
    } rows[] = {{"fresh", 0, KEEL_AUX_FRESH, 1},
                {"as old as allowed", 9 * HOUR_MS, KEEL_AUX_FRESH, 1},
                {"stale", 9 * HOUR_MS + 1, KEEL_AUX_STALE, 0},
                {"missing", -1, KEEL_AUX_MISSING, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_snapshot snap = uptrend();
        world *w = fresh(KEEL_STRATEGY_CARRY);
        w->p.funding_max_age_h = 9;
        keel_event settled = priced(KEEL_EV_FUNDING, 100);
        settled.rate_e16 = -KEEL_E16 / 1000;
        if (rows[i].age_ms >= 0) assert_int_equal(step(w, settled, NULL), KEEL_REFUSED_OK);
        if (rows[i].age_ms > 0) w->ts_ms += rows[i].age_ms;
        assert_int_equal(close_bar(w, &snap), KEEL_REFUSED_OK);
        if (w->diag.aux_status != rows[i].aux || w->d.command_count != rows[i].commands)
            fail_msg("%s: aux %d, %d orders", rows[i].name, w->diag.aux_status, w->d.command_count);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_only_rise),
        cmocka_unit_test(time_does_not_go_back),
        cmocka_unit_test(a_fill_counts_once),
        cmocka_unit_test(limits_only_shrink),
        cmocka_unit_test(entries_are_counted_by_the_day),
        cmocka_unit_test(ids_never_collide),
        cmocka_unit_test(no_trade_without_market_data),
        cmocka_unit_test(no_entry_without_a_fresh_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
