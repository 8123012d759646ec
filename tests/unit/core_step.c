/* One event in, one decision out: what a signal means, orders and fills, funding, holds (KRN-01, KRN-03 to
 * KRN-05). [T-208] */
#include "core_world.h"

#include <math.h>

#include "num/int.h"

/* [KRN-02.1] */
static void close_fractions(void **state) {
    (void)state;
    static const struct {
        int32_t signal;
        double fraction;
        int32_t refusal;
        double closes;
    } rows[] = {{KEEL_CLOSE, 0, KEEL_REFUSED_OK, 12.5},
                {KEEL_CLOSE, 1, KEEL_REFUSED_OK, 12.5},
                {KEEL_CLOSE, 0.5, KEEL_REFUSED_OK, 6.25},
                {KEEL_PARTIAL_CLOSE, 0.25, KEEL_REFUSED_OK, 3.125},
                {KEEL_PARTIAL_CLOSE, 1, KEEL_REFUSED_OK, 12.5},
                {KEEL_PARTIAL_CLOSE, 0, KEEL_REFUSED_INVALID_FRACTION, 0},
                {KEEL_CLOSE, -0.5, KEEL_REFUSED_INVALID_FRACTION, 0},
                {KEEL_CLOSE, 1.0000001, KEEL_REFUSED_INVALID_FRACTION, 0},
                {KEEL_CLOSE, NAN, KEEL_REFUSED_INVALID_FRACTION, 0},
                {KEEL_PARTIAL_CLOSE, NAN, KEEL_REFUSED_INVALID_FRACTION, 0},
                {KEEL_PARTIAL_CLOSE, INFINITY, KEEL_REFUSED_INVALID_FRACTION, 0}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            world *w = holding(side);
            keel_event ev = priced(KEEL_EV_SIGNAL, 100);
            ev.signal = rows[i].signal;
            ev.close_fraction = rows[i].fraction;
            assert_int_equal(step(w, ev, NULL), rows[i].refusal);
            if (rows[i].refusal != KEEL_REFUSED_OK) continue;
            assert_true(w->d.command[0].qty_e8 == e8(rows[i].closes));
            assert_int_equal(w->d.command[0].side, -side);
        }
}

#define NOTHING KEEL_CMD_HOLD

/* [KRN-01.7] What a signal means for a position. */
static void signal_resolution(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int held; /* +1, -1, 0 */
        int32_t signal;
        int adds, reverse, shorts;
        int32_t kind, side, reason;
        double qty;
    } rows[] = {
        {"flat, buy", 0, KEEL_BUY, 0, 0, 1, KEEL_CMD_OPEN, 1, KEEL_E_STRATEGY, 12.5},
        {"flat, sell", 0, KEEL_SELL, 0, 0, 1, KEEL_CMD_OPEN, -1, KEEL_E_STRATEGY, 12.5},
        {"flat, sell on spot", 0, KEEL_SELL, 0, 0, 0, NOTHING, 0, KEEL_H_NOT_ALLOWED, 0},
        {"flat, close", 0, KEEL_CLOSE, 0, 0, 1, NOTHING, 0, KEEL_NONE, 0},
        {"flat, partial close", 0, KEEL_PARTIAL_CLOSE, 0, 0, 1, NOTHING, 0, KEEL_NONE, 0},
        {"flat, neutral", 0, KEEL_NEUTRAL, 0, 0, 1, NOTHING, 0, KEEL_NONE, 0},
        {"long, buy", 1, KEEL_BUY, 0, 0, 1, NOTHING, 0, KEEL_H_NOT_ALLOWED, 0},
        {"long, buy, adds", 1, KEEL_BUY, 1, 0, 1, KEEL_CMD_ADD, 1, KEEL_E_ADD, 6.25},
        {"long, sell", 1, KEEL_SELL, 0, 0, 1, KEEL_CMD_CLOSE, -1, KEEL_X_SIGNAL_FLIP, 12.5},
        {"long, sell, reverse", 1, KEEL_SELL, 0, 1, 1, KEEL_CMD_REVERSE, -1, KEEL_E_STRATEGY, 25},
        {"long, sell, reverse on spot", 1, KEEL_SELL, 0, 1, 0, KEEL_CMD_CLOSE, -1, KEEL_X_SIGNAL_FLIP, 12.5},
        {"long, close", 1, KEEL_CLOSE, 0, 0, 1, KEEL_CMD_CLOSE, -1, KEEL_X_STRATEGY, 12.5},
        {"long, a quarter", 1, KEEL_PARTIAL_CLOSE, 0, 0, 1, KEEL_CMD_PARTIAL_CLOSE, -1, KEEL_X_STRATEGY, 3.125},
        {"long, neutral", 1, KEEL_NEUTRAL, 0, 0, 1, NOTHING, 0, KEEL_NONE, 0},
        {"short, sell", -1, KEEL_SELL, 0, 0, 1, NOTHING, 0, KEEL_H_NOT_ALLOWED, 0},
        {"short, sell, adds", -1, KEEL_SELL, 1, 0, 1, KEEL_CMD_ADD, -1, KEEL_E_ADD, 6.25},
        {"short, buy", -1, KEEL_BUY, 0, 0, 1, KEEL_CMD_CLOSE, 1, KEEL_X_SIGNAL_FLIP, 12.5},
        {"short, buy, reverse", -1, KEEL_BUY, 0, 1, 1, KEEL_CMD_REVERSE, 1, KEEL_E_STRATEGY, 25},
        {"short, close", -1, KEEL_CLOSE, 0, 0, 1, KEEL_CMD_CLOSE, 1, KEEL_X_STRATEGY, 12.5},
        {"short, a quarter", -1, KEEL_PARTIAL_CLOSE, 0, 0, 1, KEEL_CMD_PARTIAL_CLOSE, 1, KEEL_X_STRATEGY, 3.125},
        {"short, neutral", -1, KEEL_NEUTRAL, 0, 0, 1, NOTHING, 0, KEEL_NONE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        world *w = rows[i].held ? holding(rows[i].held) : fresh();
        w->p.max_adds_per_position = rows[i].adds;
        w->p.add_min_profit_atr = 0;
        w->p.enable_reverse = rows[i].reverse;
        w->p.allow_short = rows[i].shorts;
        assert_int_equal(signal_at(w, rows[i].signal, 100), KEEL_REFUSED_OK);
        if (rows[i].kind == NOTHING) {
            if (w->d.command_count) fail_msg("%s: a command", rows[i].name);
            assert_reason(rows[i].name, 1, w->diag.hold_reason, rows[i].reason);
            continue;
        }
        if (w->d.command_count != 1) fail_msg("%s: no command", rows[i].name);
        const keel_command *c = &w->d.command[0];
        if (c->kind != rows[i].kind || c->side != rows[i].side || c->qty_e8 != e8(rows[i].qty))
            fail_msg("%s: kind %d side %d quantity %lld", rows[i].name, c->kind, c->side, (long long)c->qty_e8);
        assert_reason(rows[i].name, 1, c->reason, rows[i].reason);
    }
}

/* [KRN-03.1] Profit and time that an add needs, how many there may be. */
static void adds(void **state) {
    (void)state;
    world *w = holding(1);
    w->p.max_adds_per_position = 1;
    w->p.add_min_profit_atr = 1.0;
    w->st.sym[0].pos.entry_atr = ATR;
    w->ts_ms = T0 + HOUR_MS - 1;
    (void)signal_at(w, KEEL_BUY, 104);
    assert_reason("a millisecond early", 1, w->diag.hold_reason, KEEL_H_COOLDOWN);
    w->ts_ms = T0 + HOUR_MS;
    (void)signal_at(w, KEEL_BUY, 103.99999999);
    assert_reason("not enough profit", 1, w->diag.hold_reason, KEEL_H_NOT_ALLOWED);
    (void)signal_at(w, KEEL_BUY, 104);
    assert_int_equal(w->d.command_count, 1);
    assert_true(w->d.command[0].qty_e8 == e8(6.25));
    assert_int_equal(fill(w, 3, 104, 0), KEEL_REFUSED_OK);
    assert_int_equal(w->st.sym[0].pos.adds_count, 0);
    assert_int_equal(fill(w, 3.25, 104, 1), KEEL_REFUSED_OK);
    assert_int_equal(w->st.sym[0].pos.adds_count, 1);
    w->ts_ms += HOUR_MS;
    (void)signal_at(w, KEEL_BUY, 120);
    assert_reason("only one", 1, w->diag.hold_reason, KEEL_H_NOT_ALLOWED);
}

/* [KRN-03.1] An add of which the venue executed a part and refused the rest is an add; one that it refused is none. */
static void an_add_cut_short_counts(void **state) {
    (void)state;
    for (int part = 0; part <= 1; part++) {
        world *w = holding(1);
        w->p.max_adds_per_position = 1;
        w->p.add_min_profit_atr = 0;
        (void)signal_at(w, KEEL_BUY, 104);
        uint64_t order = w->d.command[0].id;
        if (part) assert_int_equal(fill(w, 3, 104, 0), KEEL_REFUSED_OK);
        assert_int_equal(step(w, (keel_event){.kind = KEEL_EV_REJECT, .order_id = order}, NULL), KEEL_REFUSED_OK);
        assert_int_equal(w->st.sym[0].pos.adds_count, part);
        w->ts_ms += HOUR_MS;
        (void)signal_at(w, KEEL_BUY, 104);
        assert_int_equal(w->d.command_count, 1 - part);
    }
}

/* A life told with numbers: two fills in, half out at the first target, the rest at the stop; every figure by hand. */
static void the_life_of_a_trade(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        world *w = fresh();
        w->p.taker_fee_bps = 100000; /* 10 bps */
        w->p.sl_pct = 0.125;
        w->p.enable_partial_tp = 1;
        w->p.tp_pct = 0.25;
        w->p.tp_partial_atr_mult = 0;
        w->p.exit_cooldown_s = 60;
        assert_int_equal(signal_at(w, side > 0 ? KEEL_BUY : KEEL_SELL, 100), KEEL_REFUSED_OK);
        assert_int_equal(fill(w, 4.5, facing(side, 98), 0), KEEL_REFUSED_OK);
        assert_int_equal(fill(w, 8, facing(side, 98), 1), KEEL_REFUSED_OK);
        const keel_position *pos = &w->st.sym[0].pos;
        assert_true(pos->entry_px == facing(side, 98));
        assert_int_equal(w->st.sym[0].pending.kind, 0);
        double entry = facing(side, 98);
        w->ts_ms += HOUR_MS;
        assert_int_equal(step(w, priced(KEEL_EV_BAR_CLOSE, entry), NULL), KEEL_REFUSED_OK);
        assert_int_equal(pos->bars_held, 1);

        double target = entry * (1 + side * 0.25), stop = entry * (1 - side * 0.125);
        w->ts_ms += HOUR_MS;
        assert_int_equal(step(w, priced(KEEL_EV_PRICE, target), NULL), KEEL_REFUSED_OK);
        assert_int_equal(w->d.command[0].kind, KEEL_CMD_PARTIAL_CLOSE);
        assert_reason("target", side, w->d.command[0].reason, KEEL_X_TP_PARTIAL);
        assert_true(w->d.command[0].trigger_e8 == e8(target) && w->d.command[0].qty_e8 == e8(6.25));
        assert_int_equal(fill(w, 6.25, target, 1), KEEL_REFUSED_OK);
        assert_int_equal(pos->tp1_taken, 1);
        assert_int_equal(w->d.trade_count, 0);

        assert_int_equal(step(w, priced(KEEL_EV_PRICE, stop), NULL), KEEL_REFUSED_OK); /* inside the cooldown */
        assert_reason("stop", side, w->d.command[0].reason, KEEL_X_STOP);
        w->ts_ms += HOUR_MS;
        assert_int_equal(fill(w, 6.25, stop, 1), KEEL_REFUSED_OK);
        assert_int_equal(w->d.trade_count, 1);
        const keel_trade *t = &w->d.trade;
        int64_t gross = e8(6.25 * entry * 0.25) - e8(6.25 * entry * 0.125);
        int64_t fees = e8(0.001 * entry * (12.5 + 6.25 * (1 + side * 0.25) + 6.25 * (1 - side * 0.125)));
        assert_true(t->fees_e8 == fees && t->price_pnl_e8 == gross && t->pnl_e8 == gross - fees);
        assert_true(t->entry_px_e8 == e8(entry) && t->qty_e8 == e8(12.5) && t->notional_e8 == e8(12.5 * entry));
        assert_true(t->exit_px_e8 == (e8(target) + e8(stop)) / 2);
        assert_true(t->mfe_e8 == e8(12.5 * entry * 0.25) && t->mae_e8 == -e8(6.25 * entry * 0.125));
        assert_true(t->entry_ts_ms == T0 && t->exit_ts_ms == w->ts_ms && t->bars_held == 1 && t->side == side);
        assert_reason("trade", side, t->exit_reason, KEEL_X_STOP);
        assert_true(w->st.acct.cash_e8 == e8(10000) + gross - fees && w->st.open_positions == 0);
        assert_int_equal(w->st.sym[0].last_close_reason, KEEL_X_STOP);
    }
}

/* [KRN-03.2] One order, two postings: the old trade ends, the new position starts afresh. */
static void reversal(void **state) {
    (void)state;
    world *w = holding(1);
    w->p.enable_reverse = 1;
    w->st.sym[0].pos.bars_held = 7;
    assert_int_equal(signal_at(w, KEEL_SELL, 120), KEEL_REFUSED_OK);
    int64_t qty = w->d.command[0].qty_e8;
    assert_int_equal(fill(w, keel_e8_to_f64(qty), 120, 1), KEEL_REFUSED_OK);
    assert_int_equal(w->d.posting_count, 2);
    assert_int_equal(w->d.trade_count, 1);
    assert_reason("old", 1, w->d.trade.exit_reason, KEEL_X_SIGNAL_FLIP);
    assert_true(w->d.trade.pnl_e8 == e8(250) && w->d.trade.bars_held == 7);
    const keel_position *pos = &w->st.sym[0].pos;
    assert_true(pos->side == -1 && pos->entry_px == 120 && pos->bars_held == 0 && pos->qty_e8 == qty - e8(12.5));
    assert_int_equal(w->st.open_positions, 1);
}

/* [CDN-01.1] The closing half of a reversal is an exit that does not protect: it waits like one. */
static void a_reversal_waits_for_the_exit_cooldown(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        world *w = holding(side);
        w->p.enable_reverse = 1;
        w->p.exit_cooldown_s = 60;
        w->st.sym[0].last_exit_ms = w->ts_ms - 59999;
        assert_int_equal(signal_at(w, side > 0 ? KEEL_SELL : KEEL_BUY, 100), KEEL_REFUSED_OK);
        assert_reason("a millisecond early", side, w->diag.hold_reason, KEEL_H_COOLDOWN);
        assert_int_equal(w->d.command_count, 0);
        w->ts_ms++;
        assert_int_equal(signal_at(w, side > 0 ? KEEL_SELL : KEEL_BUY, 100), KEEL_REFUSED_OK);
        assert_int_equal(w->d.command_count, 1);
        assert_int_equal(w->d.command[0].kind, KEEL_CMD_REVERSE);
    }
}

/* [KRN-03.2] An order that was meant to close meets a position that somebody made smaller: what it opens by accident
 * has no entry reason of the strategy, and no exit reason either. */
static void a_close_too_large_opens_by_accident(void **state) {
    (void)state;
    world *w = holding(1);
    (void)signal_at(w, KEEL_CLOSE, 100);
    assert_reason("the order", 1, w->st.sym[0].pending.reason, KEEL_X_STRATEGY);
    keel_event stranger = {.kind = KEEL_EV_FILL, .side = -1, .qty_e8 = e8(2.5), .price_e8 = e8(100)};
    assert_int_equal(step(w, stranger, NULL), KEEL_REFUSED_OK);
    assert_int_equal(fill(w, 12.5, 100, 1), KEEL_REFUSED_OK);
    assert_reason("closed", 1, w->d.trade.exit_reason, KEEL_X_STRATEGY);
    assert_true(w->st.sym[0].pos.side == -1 && w->st.sym[0].pos.qty_e8 == e8(2.5));
    assert_reason("opened", -1, w->st.sym[0].pos.entry_reason, KEEL_E_MANUAL);
    assert_true(w->diag.warnings & KEEL_WARN_FILL_UNKNOWN);
}

/* [KRN-04.2] [KRN-04.3] */
static void funding_events(void **state) {
    (void)state;
    keel_event ev = {.kind = KEEL_EV_FUNDING, .price_e8 = e8(100), .rate_e16 = KEEL_E16 / 1000};
    world *w = fresh();
    assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_OK);
    assert_true(w->diag.warnings & KEEL_WARN_NO_POSITION);
    assert_true(w->st.acct.cash_e8 == e8(10000) && w->d.posting_count == 0);
    for (int side = -1; side <= 1; side += 2) {
        w = holding(side);
        keel_position before = w->st.sym[0].pos;
        int64_t cash = w->st.acct.cash_e8;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_OK);
        assert_true(w->st.acct.cash_e8 == cash - side * e8(1.25));
        before.funding_e8 = side * e8(1.25);
        assert_memory_equal(&w->st.sym[0].pos, &before, sizeof before);
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_DUPLICATE);
        w->ts_ms--;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_DUPLICATE);
        assert_true(w->st.acct.cash_e8 == cash - side * e8(1.25));
        w->ts_ms += 8 * HOUR_MS + 1;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_OK);
        assert_true(w->st.sym[0].funding_gap_ms == 8 * HOUR_MS);
    }
    ev.schema = 1; /* [KRN-04.4] */
    assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_KIND);
}

/* [KRN-01.4] One order in flight a symbol; a protective exit replaces it; a repeated fill counts once. */
static void orders_in_flight(void **state) {
    (void)state;
    world *w = fresh();
    w->p.sl_pct = 0.125;
    (void)signal_at(w, KEEL_BUY, 100);
    (void)signal_at(w, KEEL_BUY, 100);
    assert_reason("a second signal", 1, w->diag.hold_reason, KEEL_H_PENDING);
    keel_event emergency = priced(KEEL_EV_SIGNAL, 100);
    emergency.signal = KEEL_CLOSE;
    emergency.reason = KEEL_X_EMERGENCY;
    assert_int_equal(step(w, emergency, NULL), KEEL_REFUSED_OK); /* nothing to close yet, and that is said */
    assert_reason("an emergency before the fill", 1, w->diag.hold_reason, KEEL_H_PENDING);
    uint64_t order = w->st.sym[0].pending.id;
    keel_event part = {
        .kind = KEEL_EV_FILL, .side = 1, .qty_e8 = e8(5), .price_e8 = e8(100), .order_id = order, .fill_id = 77};
    assert_int_equal(step(w, part, NULL), KEEL_REFUSED_OK);
    int64_t cash = w->st.acct.cash_e8;
    assert_int_equal(step(w, part, NULL), KEEL_REFUSED_DUPLICATE);
    assert_true(w->st.acct.cash_e8 == cash && w->st.sym[0].pos.qty_e8 == e8(5));
    w->ts_ms += HOUR_MS;
    assert_int_equal(step(w, priced(KEEL_EV_PRICE, 80), NULL), KEEL_REFUSED_OK);
    assert_reason("a stop does not wait", 1, w->d.command[0].reason, KEEL_X_STOP);
    assert_true(w->st.sym[0].pending.id != order && w->st.pending_opens == 0);
    assert_int_equal(step(w, priced(KEEL_EV_PRICE, 79), NULL), KEEL_REFUSED_OK);
    assert_int_equal(w->d.command_count, 0); /* it is on its way already */
    keel_event reject = {.kind = KEEL_EV_REJECT, .order_id = order};
    assert_int_equal(step(w, reject, NULL), KEEL_REFUSED_UNKNOWN_ORDER);
    reject.order_id = w->st.sym[0].pending.id;
    assert_int_equal(step(w, reject, NULL), KEEL_REFUSED_OK);
    assert_int_equal(step(w, priced(KEEL_EV_PRICE, 79), NULL), KEEL_REFUSED_OK);
    assert_int_equal(w->d.command_count, 1); /* sent again */
    keel_event stranger = {.kind = KEEL_EV_FILL, .symbol = 1, .side = 1, .qty_e8 = e8(1), .price_e8 = e8(10)};
    assert_int_equal(step(w, stranger, NULL), KEEL_REFUSED_OK);
    assert_true((w->diag.warnings & KEEL_WARN_FILL_UNKNOWN) && w->st.sym[1].pos.entry_reason == KEEL_E_MANUAL);
}

static int32_t close_bar(world *w, const keel_snapshot *snap) {
    keel_event ev = priced(KEEL_EV_BAR_CLOSE, 102);
    ev.btc_bullish = KEEL_TRUE;
    return step(w, ev, snap);
}

/* [KRN-01.3] [SIG-02.6] With a snapshot the strategy speaks; without one nothing is opened. */
static void full_and_intent_only_mode(void **state) {
    (void)state;
    keel_snapshot snap = uptrend();
    world *w = fresh();
    assert_int_equal(keel_strategy_select(&w->p, KEEL_STRATEGY_TREND), 1);
    w->p.sl_atr_mult = 2;
    assert_int_equal(close_bar(w, NULL), KEEL_REFUSED_OK);
    assert_int_equal(w->d.command_count, 0);
    assert_int_equal(close_bar(w, &snap), KEEL_REFUSED_OK);
    assert_int_equal(w->d.command_count, 1);
    assert_reason("entry", 1, w->d.command[0].reason, KEEL_E_TREND);
    assert_int_equal(w->d.command[0].confidence, KEEL_CONF_HIGH);
    assert_true(w->d.command[0].entry_atr == 2.0 && w->d.command[0].stop_e8 == e8(98));
    for (int i = 0; i < KEEL_GATE_COUNT; i++)
        assert_int_not_equal(w->diag.gate[i].status, KEEL_GATE_FAIL);
}

/* [KRN-01.6] [SIG-01.1] [SIG-03.2] Why a signal came to nothing: one obstacle at a time. */
static void reasons_to_hold(void **state) {
    (void)state;
    static const char *const names[] = {"gate",      "confidence",   "cooldown", "positions", "entries of the day",
                                        "too small", "short on spot"};
    static const int want[] = {KEEL_H_GATE, KEEL_H_CONFIDENCE, KEEL_H_COOLDOWN,   KEEL_H_CAP,
                               KEEL_H_CAP,  KEEL_H_CAP,        KEEL_H_NOT_ALLOWED};
    for (int i = 0; i < (int)COUNT(want); i++) {
        keel_snapshot snap = uptrend();
        world *w = fresh();
        assert_int_equal(keel_strategy_select(&w->p, KEEL_STRATEGY_TREND), 1);
        switch (i) {
            case 0: snap.v[KEEL_SLOT_VOLUME] = 1000; break;
            case 1: w->p.conf_points_medium = w->p.conf_points_high = 5, w->p.conf_adx_margin = 50; break;
            case 2: w->st.sym[0].last_entry_ms = T0 - 1, w->p.entry_cooldown_s = 20; break;
            case 3: w->st.open_positions = w->p.max_positions; break;
            case 4: w->p.max_trades_per_day = 1, w->st.day = T0 / 86400000, w->st.entries_today = 1; break;
            case 5: w->p.min_notional_usd = e8(5000); break;
            default:
                w->p.allow_short = 0;
                snap.v[KEEL_SLOT_CLOSE] = 98, snap.v[KEEL_SLOT_PREV_CLOSE] = 99;
                snap.v[KEEL_SLOT_EMA_FAST] = 99, snap.v[KEEL_SLOT_RSI] = 40;
                w->p.gate_btc = 0;
        }
        assert_int_equal(close_bar(w, &snap), KEEL_REFUSED_OK);
        assert_int_equal(w->d.command_count, 0);
        assert_reason(names[i], 1, w->diag.hold_reason, want[i]);
        assert_true(w->diag.signal == (i == 6 ? KEEL_SELL : KEEL_BUY));
    }
}

/* [KRN-01.2] Equal events give equal states; the last digit of one price gives another one. */
static void the_hash_tells_runs_apart(void **state) {
    (void)state;
    uint64_t hash[3];
    for (int run = 0; run < 3; run++) {
        world *w = holding(1);
        assert_int_equal(step(w, priced(KEEL_EV_PRICE, run == 2 ? 101.00000001 : 101), NULL), KEEL_REFUSED_OK);
        hash[run] = keel_state_hash(&w->st);
    }
    assert_true(hash[0] == hash[1] && hash[0] != hash[2]);
}

/* What an order in flight will give its position is part of the state, before it fills. */
static void the_hash_sees_the_order_in_flight(void **state) {
    (void)state;
    for (int i = 0; i < 6; i++) {
        world *w = fresh();
        assert_int_equal(signal_at(w, KEEL_BUY, 100), KEEL_REFUSED_OK);
        uint64_t before = keel_state_hash(&w->st);
        keel_pending *o = &w->st.sym[0].pending;
        switch (i) {
            case 0: o->side = -1; break;
            case 1: o->confidence = KEEL_CONF_LOW; break;
            case 2: o->reason = KEEL_E_TREND; break;
            case 3: o->entry_atr = 3; break;
            case 4: o->part_filled = 1; break;
            default: o->stop_scale = 2; break;
        }
        if (keel_state_hash(&w->st) == before) fail_msg("field %d of the order is not hashed", i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_fractions),
        cmocka_unit_test(signal_resolution),
        cmocka_unit_test(adds),
        cmocka_unit_test(an_add_cut_short_counts),
        cmocka_unit_test(the_life_of_a_trade),
        cmocka_unit_test(reversal),
        cmocka_unit_test(a_reversal_waits_for_the_exit_cooldown),
        cmocka_unit_test(a_close_too_large_opens_by_accident),
        cmocka_unit_test(funding_events),
        cmocka_unit_test(orders_in_flight),
        cmocka_unit_test(full_and_intent_only_mode),
        cmocka_unit_test(reasons_to_hold),
        cmocka_unit_test(the_hash_tells_runs_apart),
        cmocka_unit_test(the_hash_sees_the_order_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
