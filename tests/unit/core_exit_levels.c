/* Exits at price levels: stop, breakeven, targets, trailing stop, liquidation guard (EXT-01 to EXT-04, KRN-08.5). */
#include "core_fixture.h"

#include "num/int.h"

/* One event after another against one position: the range, and what must come of it. */
typedef struct scene {
    const char *name;
    range r;
    int reason;
    double level; /* of the exit, 0 = none */
} scene;

/* Where a level moves while nothing leaves. 0 = not set. */
typedef struct ratchet {
    const char *name;
    range r;
    double stop, trail;
} ratchet;

static keel_exit leave(const keel_params *p, keel_symbol *s, int side, range r) {
    keel_exit out;
    keel_event ev = range_event(side, r, KEEL_EV_PRICE, HOUR_MS);
    keel_exit_evaluate(p, s, &ev, NULL, 1, &out, NULL);
    s->last_px_e8 = ev.price_e8;
    return out;
}

/* Each scene on a fresh position. */
static void play(const keel_params *p, const scene scenes[], size_t n) {
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < n; i++) {
            keel_symbol s = symbol_holding(p, side);
            keel_exit out = leave(p, &s, side, scenes[i].r);
            assert_reason(scenes[i].name, side, out.reason, scenes[i].reason);
            assert_px(scenes[i].name, side, out.trigger_e8, scenes[i].level);
        }
}

/* All rows on one position, in order. */
static void follow(const keel_params *p, const ratchet rows[], size_t n) {
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(p, side);
        for (size_t i = 0; i < n; i++) {
            keel_exit out = leave(p, &s, side, rows[i].r);
            assert_reason(rows[i].name, side, out.reason, KEEL_NONE);
            assert_px(rows[i].name, side, s.pos.stop_e8, rows[i].stop);
            assert_px(rows[i].name, side, s.pos.trail_e8, rows[i].trail);
        }
    }
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* [EXT-02.1] [T-368] Two ATR below entry: 92. */
static void stop_loss(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.sl_atr_mult = 2.0;
    static const scene scenes[] = {
        {"one unit above the stop", {100, 101, 92.00000001, 93}, KEEL_NONE, 0},
        {"exactly at the stop", {100, 101, 92, 93}, KEEL_X_STOP, 92},
        {"through the stop", {100, 101, 91, 91}, KEEL_X_STOP, 92},
        {"opens beyond it", {90, 91, 89, 90}, KEEL_X_STOP, 92},
        {"a tick at the stop", {92, 92, 92, 92}, KEEL_X_STOP, 92},
        {"profit is no reason", {100, 140, 99, 139}, KEEL_NONE, 0},
    };
    play(&p, scenes, COUNT(scenes));
    p.sl_atr_mult = 0;
    static const scene off[] = {{"switched off", {100, 100, 1, 1}, KEEL_NONE, 0}};
    play(&p, off, COUNT(off));
}

/* [EXT-02.1] As a share of the entry price; with both, the tighter one. */
static void stop_loss_in_percent(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double atr_mult, pct, entry_atr, scale, want;
    } rows[] = {{"percent alone", 0, 0.05, ATR, 1, 95},     {"percent is tighter", 2, 0.05, ATR, 1, 95},
                {"ATR is tighter", 1, 0.05, ATR, 1, 96},    {"without an ATR only percent", 2, 0.05, 0, 1, 95},
                {"without both none", 2, 0, 0, 1, 0},       {"expanded volatility widens ATR", 2, 0, ATR, 1.5, 88},
                {"but not percent", 2, 0.05, ATR, 1.5, 95}, {"a level below zero is none", 30, 0, ATR, 1, 0}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_params p = params_without_exits();
            p.sl_atr_mult = rows[i].atr_mult;
            p.sl_pct = rows[i].pct;
            keel_symbol s = symbol_holding(&p, side);
            s.pos.entry_atr = rows[i].entry_atr;
            s.pos.stop_scale = rows[i].scale;
            keel_exit_set_levels(&p, &s.pos);
            if (side < 0 && rows[i].atr_mult > 25) continue; /* a short's stop is above entry and exists */
            assert_px(rows[i].name, side, s.pos.stop_e8, rows[i].want);
        }
}

/* [EXT-02.2] Armed by the best price of 0.75 ATR (103), the stop becomes entry + 0.125 ATR (100.5) for good. */
static void breakeven(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.sl_atr_mult = 2.0;
    p.enable_breakeven_stop = 1;
    p.breakeven_start_atr = 0.75;
    p.breakeven_buffer_atr = 0.125;
    static const ratchet rows[] = {
        {"one unit short of it", {100, 102.99999999, 99, 101}, 92, 0},
        {"reached inside the range", {101, 103, 100, 101}, 100.5, 0},
        {"more profit does not move it", {101, 109, 101, 105}, 100.5, 0},
        {"nor does less", {105, 105, 100.50000001, 101}, 100.5, 0},
    };
    follow(&p, rows, COUNT(rows));
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        range both = {100, 103, 99, 100};
        assert_reason("arming and crossing in one range", side, leave(&p, &s, side, both).reason, KEEL_NONE);
        keel_exit out = leave(&p, &s, side, at(100.5));
        assert_reason("at the armed level", side, out.reason, KEEL_X_BREAKEVEN);
        assert_px("at the armed level", side, out.trigger_e8, 100.5);
    }
    p.enable_breakeven_stop = 0;
    static const ratchet off[] = {{"switched off", {100, 120, 100, 101}, 92, 0}};
    follow(&p, off, COUNT(off));
}

/* [EXT-02.2] [EXT-02.3] After an add the stop follows the new average; an armed breakeven never moves back. */
static void breakeven_after_the_average_moved(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.sl_atr_mult = 2.0;
    p.enable_breakeven_stop = 1;
    p.breakeven_start_atr = 0.75;
    p.breakeven_buffer_atr = 0.125;
    static const struct {
        const char *name;
        double average, want_plain, want_armed;
    } rows[] = {{"average in favour", 104, 96, 104.5}, {"average against", 96, 88, 100.5}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_symbol plain = symbol_holding(&p, side), armed = plain;
            (void)leave(&p, &armed, side, at(103));
            plain.pos.entry_px = armed.pos.entry_px = facing(side, rows[i].average);
            keel_exit_set_levels(&p, &plain.pos);
            keel_exit_set_levels(&p, &armed.pos);
            assert_px(rows[i].name, side, plain.pos.stop_e8, rows[i].want_plain);
            assert_px(rows[i].name, side, armed.pos.stop_e8, rows[i].want_armed);
        }
}

/* [EXT-03.1] [EXT-03.3] Arms at one ATR of open profit (104), follows at 0.75 ATR (3), never loosens. */
static void trailing_stop(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.enable_trailing = 1;
    p.trailing_start_atr = 1.0;
    p.trailing_distance_atr = 0.75;
    static const ratchet rows[] = {
        {"one unit short of arming", {100, 104, 100, 103.99999999}, 0, 0},
        {"armed by the last price", {104, 104, 103, 104}, 0, 101},
        {"follows", {104, 112, 104, 110}, 0, 107},
        {"the high alone does not pull it", {110, 118, 108, 109}, 0, 107},
        {"never loosens", {109, 109, 107.00000001, 107.5}, 0, 107},
        {"stays armed below the start", {107.5, 111, 107.5, 111}, 0, 108},
    };
    follow(&p, rows, COUNT(rows));
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        (void)leave(&p, &s, side, at(110));
        range spike = {110, 130, 107, 128};
        keel_exit out = leave(&p, &s, side, spike);
        assert_reason("the level before the range counts", side, out.reason, KEEL_X_TRAIL);
        assert_px("the level before the range counts", side, out.trigger_e8, 107);
        s = symbol_holding(&p, side);
        see(&s, KEEL_SLOT_ATR, 8.0); /* the present ATR, not the one at entry: 104 is half an ATR now */
        assert_reason("present ATR", side, leave(&p, &s, side, at(107.99999999)).reason, KEEL_NONE);
        assert_px("present ATR, short of arming", side, s.pos.trail_e8, 0);
        (void)leave(&p, &s, side, at(108));
        assert_px("present ATR, armed", side, s.pos.trail_e8, 102);
        s.pos.qty_e8 /= 2; /* [EXT-03.4] a partial close does not freeze it */
        (void)leave(&p, &s, side, at(112));
        assert_px("after a partial close", side, s.pos.trail_e8, 106);
    }
}

/* [EXT-03.1] Low confidence has a start and a distance of its own, when they are set. */
static void trailing_stop_of_low_confidence(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.enable_trailing = 1;
    p.trailing_start_atr = 1.0;
    p.trailing_distance_atr = 0.75;
    p.trailing_start_atr_low_conf = 0.5;
    p.trailing_distance_atr_low_conf = 0.625;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        (void)leave(&p, &s, side, at(102));
        assert_px("high confidence: base start", side, s.pos.trail_e8, 0);
        s.pos.confidence = KEEL_CONF_LOW;
        (void)leave(&p, &s, side, at(102));
        assert_px("low confidence: own start and distance", side, s.pos.trail_e8, 99.5);
        p.trailing_start_atr_low_conf = p.trailing_distance_atr_low_conf = 0;
        s = symbol_holding(&p, side);
        s.pos.confidence = KEEL_CONF_LOW;
        (void)leave(&p, &s, side, at(102));
        assert_px("not set: base start", side, s.pos.trail_e8, 0);
        (void)leave(&p, &s, side, at(104));
        assert_px("not set: base distance", side, s.pos.trail_e8, 101);
        p.trailing_start_atr_low_conf = 0.5;
        p.trailing_distance_atr_low_conf = 0.625;
    }
}

#define UNSEEN -1.0

/* [EXT-03.2] Distance 1 ATR; wide bands x 1.25 above 1.2; at 2 ATR profit x 0.75 (ADX >= 35 and rising) or x 0.5, below
 * it x 0.7 while ADX < 25; floor 0.5, or 0.7 while RSI favours the trade (above 60). */
static void trailing_distance(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double profit, bbw, adx, adx_prev, rsi, want;
    } rows[] = {
        {"nothing known", 1.5, UNSEEN, UNSEEN, UNSEEN, UNSEEN, 1.0},
        {"bands at the threshold", 1.5, 1.2, 30, 30, 50, 1.0},
        {"bands above it", 1.5, 1.2000001, 30, 30, 50, 1.25},
        {"weak trend", 1.5, 1, 24.9, 20, 50, 0.7},
        {"not weak at the threshold", 1.5, 1, 25, 20, 50, 1.0},
        {"weak trend does not matter at high profit", 2, 1, 24.9, 20, 50, 0.5},
        {"just below high profit", 1.9999999, 1, 40, 30, 50, 1.0},
        {"high profit, strong and rising", 2, 1, 35, 34, 50, 0.75},
        {"high profit, strong, not rising", 2, 1, 35, 35, 50, 0.5},
        {"high profit, strong, before unknown", 2, 1, 35, UNSEEN, 50, 0.5},
        {"high profit, just not strong", 2, 1, 34.9, 30, 50, 0.5},
        {"wide and strong", 2, 1.5, 40, 30, 50, 1.25 * 0.75},
        {"RSI favours: higher floor", 2, 1, 30, 30, 60.1, 0.7},
        {"RSI at the threshold does not", 2, 1, 30, 30, 60, 0.5},
        {"RSI against does not", 2, 1, 30, 30, 10, 0.5},
    };
    keel_params p = params_without_exits();
    p.trailing_distance_atr = 1.0;
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_symbol s = symbol_holding(&p, side);
            if (rows[i].bbw >= 0) see(&s, KEEL_SLOT_BB_WIDTH_RATIO, rows[i].bbw);
            if (rows[i].adx >= 0) see(&s, KEEL_SLOT_ADX, rows[i].adx);
            if (rows[i].adx_prev >= 0) see(&s, KEEL_SLOT_ADX_PREV, rows[i].adx_prev);
            if (rows[i].rsi >= 0) see(&s, KEEL_SLOT_RSI, facing_100(side, rows[i].rsi));
            double got = keel_exit_trail_distance(&p, &s.pos, &s.seen, rows[i].profit);
            if (got != rows[i].want) fail_msg("%s, side %d: %a, want %a", rows[i].name, side, got, rows[i].want);
        }
    p.trailing_distance_atr = 0.25;
    keel_symbol s = symbol_holding(&p, 1);
    assert_true(keel_exit_trail_distance(&p, &s.pos, &s.seen, 1.0) == 0.5); /* the floor holds without a snapshot too */
}

/* [EXT-04.1] [EXT-04.2] [T-369] Full target 4 ATR (116), first target 2 ATR (108), half. */
static void targets(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.tp_atr_mult = 4.0;
    p.enable_partial_tp = 1;
    p.tp_partial_atr_mult = 2.0;
    p.tp_partial_pct = 0.5;
    static const scene scenes[] = {
        {"one unit short of the first", {100, 107.99999999, 99, 105}, KEEL_NONE, 0},
        {"at the first", {100, 108, 99, 105}, KEEL_X_TP_PARTIAL, 108},
        {"between the two", {100, 115.99999999, 99, 105}, KEEL_X_TP_PARTIAL, 108},
        {"at the full target the full close wins", {100, 116, 99, 105}, KEEL_X_TP, 116},
        {"opens beyond both", {120, 121, 119, 120}, KEEL_X_TP, 116},
    };
    play(&p, scenes, COUNT(scenes));
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        keel_exit out = leave(&p, &s, side, at(108));
        assert_true(out.partial && out.fraction == 0.5 && out.trigger_kind == KEEL_TRIGGER_TARGET);
        s.pos.tp1_taken = 1;
        assert_reason("the first target counts once", side, leave(&p, &s, side, at(110)).reason, KEEL_NONE);
        assert_reason("then the full one", side, leave(&p, &s, side, at(116)).reason, KEEL_X_TP);
    }
    p.enable_partial_tp = 0;
    static const scene whole[] = {{"no first target", {100, 115.99999999, 99, 105}, KEEL_NONE, 0},
                                  {"the full one alone", {100, 116, 99, 105}, KEEL_X_TP, 116}};
    play(&p, whole, COUNT(whole));
    p.tp_pct = 0.10;
    static const scene nearer[] = {{"ten percent is nearer than four ATR", {100, 110, 99, 105}, KEEL_X_TP, 110},
                                   {"and no nearer than it is", {100, 109.99999999, 99, 105}, KEEL_NONE, 0}};
    play(&p, nearer, COUNT(nearer));
}

/* [EXT-04.2] A first target of 0 stands at the full one: half leaves there, and the full target is gone. */
static void partial_at_the_full_target(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.tp_atr_mult = 4.0;
    p.enable_partial_tp = 1;
    p.tp_partial_atr_mult = 0;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        assert_reason("short of it", side, leave(&p, &s, side, at(115)).reason, KEEL_NONE);
        keel_exit out = leave(&p, &s, side, at(116));
        assert_reason("first touch", side, out.reason, KEEL_X_TP_PARTIAL);
        assert_px("first touch", side, out.trigger_e8, 116);
        s.pos.tp1_taken = 1;
        assert_reason("afterwards", side, leave(&p, &s, side, at(140)).reason, KEEL_NONE);
    }
}

/* [EXT-04.2] A remainder below the minimum leaves with the rest: half of one coin at 108 (92 for a short) is 54 (46).
 */
static void partial_too_small_to_keep(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        keel_params p = params_without_exits();
        p.enable_partial_tp = 1;
        p.tp_partial_atr_mult = 2.0;
        p.tp_partial_min_notional_usd = e8(side > 0 ? 54 : 46);
        keel_symbol s = symbol_holding(&p, side);
        keel_exit out = leave(&p, &s, side, at(108));
        assert_true(out.partial && out.reason == KEEL_X_TP_PARTIAL);
        p.tp_partial_min_notional_usd++;
        s = symbol_holding(&p, side);
        out = leave(&p, &s, side, at(108));
        assert_true(!out.partial && out.fraction == 1.0);
        assert_reason("all of it", side, out.reason, KEEL_X_TP);
    }
}

/* [EXT-01.3] Several levels inside one range: the adverse one is taken, and the row is marked. */
static void adverse_first(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.sl_atr_mult = 2.0;
    p.tp_atr_mult = 4.0;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        range wide = {100, 117, 91, 117}, low = {100, 115, 91, 115};
        keel_exit out = leave(&p, &s, side, wide);
        assert_reason("stop and target", side, out.reason, KEEL_X_STOP);
        assert_int_equal(out.ambiguous, 1);
        s = symbol_holding(&p, side);
        out = leave(&p, &s, side, low);
        assert_reason("stop alone", side, out.reason, KEEL_X_STOP);
        assert_int_equal(out.ambiguous, 0);
    }
}

/* [EXT-01.2] Of stop, trailing stop and liquidation the one that price meets first; at the same level the stop. */
static void the_nearest_guard_wins(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double stop, trail, liq;
        int reason;
        double level;
    } rows[] = {{"stop nearest", 95, 94, 93, KEEL_X_STOP, 95},
                {"trail nearest", 93, 95, 94, KEEL_X_TRAIL, 95},
                {"liquidation nearest", 93, 94, 95, KEEL_X_LIQUIDATION, 95},
                {"stop and trail", 95, 95, 90, KEEL_X_STOP, 95},
                {"trail and liquidation", 90, 95, 95, KEEL_X_TRAIL, 95},
                {"only liquidation", 0, 0, 95, KEEL_X_LIQUIDATION, 95}};
    keel_params p = params_without_exits();
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_symbol s = symbol_holding(&p, side);
            s.pos.stop_e8 = rows[i].stop > 0 ? e8(facing(side, rows[i].stop)) : 0;
            s.pos.trail_e8 = rows[i].trail > 0 ? e8(facing(side, rows[i].trail)) : 0;
            s.pos.liq_e8 = e8(facing(side, rows[i].liq));
            keel_exit out = leave(&p, &s, side, at(80));
            assert_reason(rows[i].name, side, out.reason, rows[i].reason);
            assert_px(rows[i].name, side, out.trigger_e8, rows[i].level);
        }
}

/* [KRN-08.5] At the guard what is left of the margin is 1.1 times the maintenance margin, one unit of price on either
 * side of it more and less. */
static void liquidation_guard(void **state) {
    (void)state;
    static const double leverages[] = {1, 2, 5, 20, 100};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(leverages); i++) {
            keel_params p = params_without_exits();
            p.maintenance_margin_pct = 0.004;
            keel_symbol s = symbol_holding(&p, side);
            s.pos.margin_e8 = e8(ENTRY / leverages[i]);
            keel_exit_set_liquidation(&p, &s.pos);
            if (side > 0 && leverages[i] == 1) {
                assert_px("an unlevered long cannot be liquidated", side, s.pos.liq_e8, 0);
                continue;
            }
            double px = keel_e8_to_f64(s.pos.liq_e8);
            double left = ENTRY / leverages[i] + side * (px - ENTRY), need = 1.1 * 0.004 * px;
            assert_true(left - need < 2e-8 && need - left < 2e-8);
        }
    keel_params p = params_without_exits();
    keel_symbol s = symbol_holding(&p, 1);
    s.pos.margin_e8 = e8(10);
    keel_exit_set_liquidation(&p, &s.pos);
    assert_px("switched off", 1, s.pos.liq_e8, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_loss),
        cmocka_unit_test(stop_loss_in_percent),
        cmocka_unit_test(breakeven),
        cmocka_unit_test(breakeven_after_the_average_moved),
        cmocka_unit_test(trailing_stop),
        cmocka_unit_test(trailing_stop_of_low_confidence),
        cmocka_unit_test(trailing_distance),
        cmocka_unit_test(targets),
        cmocka_unit_test(partial_at_the_full_target),
        cmocka_unit_test(partial_too_small_to_keep),
        cmocka_unit_test(adverse_first),
        cmocka_unit_test(the_nearest_guard_wins),
        cmocka_unit_test(liquidation_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
