/* What an order gets on bars: entries at the next open, exits at levels, gaps, both levels in one bar, bars without
 * volume, bars that are missing, detail bars. Every scene is written for a long of ten coins entered at 100 at the
 * open of bar WARM; where the model is symmetric it also runs as its mirror image for a short. */
#include "lane_fixture.h"

#include <stdio.h>

enum { ONE_BAR = KEEL_TRADE_ONE_BAR, INTRABAR = KEEL_TRADE_INTRABAR, AMBIGUOUS = KEEL_TRADE_AMBIGUOUS };
enum { FORCED = KEEL_TRADE_FORCED, SCENE_BARS = 5 };

typedef struct scene {
    const char *name;
    candle bars[SCENE_BARS]; /* from bar WARM on; close 0 ends the list */
    int reason;
    double exit_px;
    int flags;
    int exit_bar; /* of bars[]; its close for an exit inside it, its open for one at the open */
} scene;

static double facing(int side, double px) { return side > 0 || px <= 0 ? px : 200.0 - px; }

static candle turned(int side, candle c) {
    if (side > 0 || c.close <= 0) return c;
    return (candle){200 - c.open, 200 - c.low, 200 - c.high, 200 - c.close, c.volume};
}

static int scene_length(const scene *s) {
    int n = 0;
    while (n < SCENE_BARS && s->bars[n].close > 0)
        n++;
    return n;
}

static market *stage(const scene *s, int side, int ratio) {
    int n = scene_length(s);
    market *m = market_new(1, WARM + n, ratio);
    use_one_entry(m, side);
    for (int i = 0; i < n; i++) {
        candle c = turned(side, s->bars[i]);
        put(m, 0, WARM + i, c);
    }
    return m;
}

static void judge(const market *m, const scene *s, int side) {
    char what[120];
    (void)snprintf(what, sizeof what, "%s, %s", s->name, side > 0 ? "long" : "short");
    assert_trades(what, m, 1);
    const keel_trade *t = &m->trades[0];
    assert_int_equal(t->side, side);
    assert_e8(what, t->entry_px_e8, 100);
    assert_e8(what, t->qty_e8, 10);
    assert_int_equal(t->entry_ts_ms, bar_ms(WARM));
    assert_exit(what, t, s->reason, facing(side, s->exit_px));
    if (t->flags != s->flags) fail_msg("%s: flags %d, want %d", what, t->flags, s->flags);
    if (t->exit_ts_ms != bar_ms(WARM + s->exit_bar + 1))
        fail_msg("%s: left at %lld ms after entry", what, (long long)(t->exit_ts_ms - t->entry_ts_ms));
    assert_e8(what, t->pnl_e8, 10 * (s->exit_px - 100));
}

static void play(const scene scenes[], size_t n, void (*set)(keel_params *)) {
    for (size_t i = 0; i < n; i++)
        for (int side = -1; side <= 1; side += 2) {
            market *m = stage(&scenes[i], side, 1);
            set(&m->p);
            run_well(m);
            judge(m, &scenes[i], side);
            market_free(m);
        }
}

static void stop_95_target_110(keel_params *p) {
    p->sl_pct = 0.05;
    p->tp_pct = 0.10;
}

#define FLAT \
    { 100, 101, 99, 100, 10 }

/* [BKT-01.4] [EXT-01] [T-025] [T-208] Levels fill where they lie, gaps at the open, the adverse level first, and the
 * last bar closes what is left. */
static void levels_inside_bars(void **state) {
    (void)state;
    static const scene scenes[] = {
        {"stop inside the bar", {FLAT, {100, 101, 94, 96, 10}, FLAT}, KEEL_X_STOP, 95, INTRABAR, 1},
        {"stop touched exactly", {FLAT, {100, 101, 95, 99, 10}, FLAT}, KEEL_X_STOP, 95, INTRABAR, 1},
        {"one unit above the stop", {FLAT, {100, 101, 95.00000001, 99, 10}, FLAT}, KEEL_X_END_OF_DATA, 100, FORCED, 2},
        {"gap beyond the stop", {FLAT, {93, 94, 92, 93, 10}, FLAT}, KEEL_X_STOP, 93, INTRABAR, 1},
        {"opens at the stop", {FLAT, {95, 96, 94, 95, 10}, FLAT}, KEEL_X_STOP, 95, INTRABAR, 1},
        {"target inside the bar", {FLAT, {100, 111, 99, 100, 10}, FLAT}, KEEL_X_TP, 110, INTRABAR, 1},
        {"one unit below the target",
         {FLAT, {100, 109.99999999, 99, 100, 10}, FLAT},
         KEEL_X_END_OF_DATA,
         100,
         FORCED,
         2},
        {"gap beyond the target", {FLAT, {112, 113, 111, 112, 10}, FLAT}, KEEL_X_TP, 112, INTRABAR, 1},
        {"stop and target in one bar", {FLAT, {100, 111, 94, 108, 10}, FLAT}, KEEL_X_STOP, 95, INTRABAR | AMBIGUOUS, 1},
        {"opens beyond the target, falls to the stop",
         {FLAT, {112, 113, 94, 108, 10}, FLAT},
         KEEL_X_STOP,
         95,
         INTRABAR | AMBIGUOUS,
         1},
        {"entry and stop in one bar", {{100, 101, 94, 96, 10}, FLAT}, KEEL_X_STOP, 95, INTRABAR | ONE_BAR, 0},
        {"entry and target in one bar", {{100, 111, 99, 110, 10}, FLAT}, KEEL_X_TP, 110, INTRABAR | ONE_BAR, 0},
        {"all three in one bar", {{100, 111, 94, 110, 10}, FLAT}, KEEL_X_STOP, 95, INTRABAR | ONE_BAR | AMBIGUOUS, 0},
        {"nothing happens", {FLAT, FLAT}, KEEL_X_END_OF_DATA, 100, FORCED, 1},
        {"the last bar falls", {FLAT, {100, 100, 97, 97, 10}}, KEEL_X_END_OF_DATA, 97, FORCED, 1},
        {"the last bar reaches the stop", {FLAT, {100, 100, 90, 97, 10}}, KEEL_X_STOP, 95, INTRABAR, 1},
    };
    play(scenes, COUNT(scenes), stop_95_target_110);
}

/* A true range of 4 in every bar before the scene: ATR 4 at entry. */
static void breakeven_102_to_101(keel_params *p) {
    p->sl_pct = 0.05;
    p->enable_breakeven_stop = 1;
    p->breakeven_start_atr = 0.5;
    p->breakeven_buffer_atr = 0.25;
}

/* [EXT-02.2] A range that arms the breakeven stop never fires it, whatever its path may have been. */
static void breakeven_arms_for_later_ranges(void **state) {
    (void)state;
    static const scene scenes[] = {
        {"armed and left below in one bar",
         {{100, 103, 99, 100, 10}, {100, 100.5, 99, 100, 10}},
         KEEL_X_BREAKEVEN,
         100,
         INTRABAR,
         1},
        {"armed, comes back in the next bar",
         {{100, 103, 99, 102, 10}, {102, 103, 100, 102, 10}},
         KEEL_X_BREAKEVEN,
         101,
         INTRABAR,
         1},
        {"not armed, the old stop holds",
         {{100, 101.5, 99, 101, 10}, {101, 101.5, 94, 95, 10}},
         KEEL_X_STOP,
         95,
         INTRABAR,
         1},
        {"armed and the old stop reached in one bar: the stop",
         {{100, 103, 94, 100, 10}, FLAT},
         KEEL_X_STOP,
         95,
         INTRABAR | ONE_BAR,
         0},
    };
    play(scenes, COUNT(scenes), breakeven_102_to_101);
}

static void half_at_108_trail_after(keel_params *p) {
    p->enable_partial_tp = 1;
    p->tp_partial_atr_mult = 2;
    p->tp_partial_pct = 0.5;
    p->enable_trailing = 1;
    p->trailing_start_atr = 2;
    p->trailing_distance_atr = 0.4;
    p->trail_floor_default = p->trail_floor_trending = 0;
    p->trail_bbw_threshold = 100;
    p->trail_high_profit_atr = 100;
    p->trail_weak_adx = 0;
}

/* [EXT-02.4] [EXT-03] Bar WARM + 1 has a true range of 18, so ATR goes from 4 to 5: half leaves at 108, the trailing
 * stop rises to 112 - 0.4 * 5 = 110 on that close and takes the rest in the next bar; (5 * 108 + 5 * 110) / 10 = 109.
 */
static void partial_then_trailing(void **state) {
    (void)state;
    static const scene scenes[] = {
        {"half at the target, rest at the trailing stop",
         {{100, 102, 98, 100, 10}, {100, 116, 98, 112, 10}, {112, 113, 109, 111, 10}, FLAT},
         KEEL_X_TRAIL,
         109,
         INTRABAR,
         2},
        {"the trailing stop does not fire in the bar that raised it",
         {{100, 102, 98, 100, 10}, {100, 116, 98, 112, 10}, {112, 113, 110.00000001, 112, 10}},
         KEEL_X_END_OF_DATA,
         110,
         FORCED,
         2},
        {"gap below the trailing stop", /* (108 + 104) / 2 */
         {{100, 102, 98, 100, 10}, {100, 116, 98, 112, 10}, {104, 105, 103, 104, 10}, FLAT},
         KEEL_X_TRAIL,
         106,
         INTRABAR,
         2},
    };
    play(scenes, COUNT(scenes), half_at_108_trail_after);
}

/* [BKT-01.4] [BKT-02.2] A market order fills at the next open, adverse by slippage and tick; so does every exit. */
static void market_orders_fill_at_the_next_open(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int side;
        double open, slippage_bps, tick, entry, exit;
    } rows[] = {
        {"long, no slippage", 1, 101, 0, 0.00000001, 101, 103},
        {"short, no slippage", -1, 101, 0, 0.00000001, 101, 103},
        {"long, 100 bps", 1, 101, 100, 0.00000001, 102.01, 101.97},
        {"short, 100 bps", -1, 101, 100, 0.00000001, 99.99, 104.03},
        {"long, 100 bps and a tick of a half", 1, 101, 100, 0.5, 102.5, 101.5},
        {"short, 100 bps and a tick of a half", -1, 101, 100, 0.5, 99.5, 104.5},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        market *m = market_new(1, WARM + 1, 1);
        use_one_entry(m, rows[i].side);
        m->p.slippage_bps = (int64_t)(rows[i].slippage_bps * 10000);
        m->rules[0].tick_e8 = e8(rows[i].tick);
        put(m, 0, WARM, (candle){rows[i].open, 104, 96, 103, 10});
        run_well(m);
        assert_trades(rows[i].name, m, 1);
        const keel_trade *t = &m->trades[0];
        assert_e8(rows[i].name, t->entry_px_e8, rows[i].entry);
        assert_exit(rows[i].name, t, KEEL_X_END_OF_DATA, rows[i].exit);
        double slipped = (rows[i].side > 0 ? rows[i].entry - rows[i].open : rows[i].open - rows[i].entry) +
                         (rows[i].side > 0 ? 103 - rows[i].exit : rows[i].exit - 103);
        assert_e8(rows[i].name, t->slippage_e8, slipped * (double)t->qty_e8 / 1e8);
        assert_true(t->slippage_e8 >= 0);
        market_free(m);
    }
}

/* A stop slips too: from the level, or from the open it gapped to. */
static void triggered_exits_slip(void **state) {
    (void)state;
    static const struct {
        const char *name;
        candle bar;
        double want;
    } rows[] = {{"stop at 95 less 1 %", {100, 101, 94, 96, 10}, 94.05},
                {"gap to 90 less 1 %", {90, 91, 89, 90, 10}, 89.1},
                {"target at 110 less 1 %", {100, 111, 99, 100, 10}, 108.9}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        market *m = market_new(1, WARM + 3, 1);
        use_one_entry(m, 1);
        m->p.sl_atr_mult = 1.25; /* 5 below entry whatever it slipped to: measured from the fill */
        m->p.tp_atr_mult = 2.5;
        put(m, 0, WARM + 1, rows[i].bar);
        run_well(m); /* without slippage first, for the levels */
        assert_trades(rows[i].name, m, 1);
        keel_trade plain = m->trades[0];
        m->p.slippage_bps = 1000000;
        m->p.sl_atr_mult = 1.5; /* entry slips to 101: 101 - 6 = 95 */
        m->p.tp_atr_mult = 2.25;
        run_well(m);
        assert_trades(rows[i].name, m, 1);
        assert_int_equal(m->trades[0].exit_reason, plain.exit_reason);
        assert_e8(rows[i].name, m->trades[0].entry_px_e8, 101);
        assert_e8(rows[i].name, m->trades[0].exit_px_e8, rows[i].want);
        market_free(m);
    }
}

/* [BKT-08.2] [T-237] A bar without volume fills nothing: an entry waits for the first open with volume. */
static void entry_waits_for_volume(void **state) {
    (void)state;
    market *m = market_new(1, WARM + 4, 1);
    use_one_entry(m, 1);
    put(m, 0, WARM, (candle){100, 100, 100, 100, 0});
    put(m, 0, WARM + 1, (candle){100, 100, 100, 100, 0});
    put(m, 0, WARM + 2, (candle){101, 103, 100, 102, 5});
    run_well(m);
    assert_trades("waited", m, 1);
    assert_int_equal(m->trades[0].entry_ts_ms, bar_ms(WARM + 2));
    assert_e8("waited", m->trades[0].entry_px_e8, 101);
    market_free(m);
}

/* [T-237] Neither does a stop or a target fill in a range that nobody traded: the exit leaves at the next open that
 * has volume, however far away that is. */
static void exits_wait_for_volume(void **state) {
    (void)state;
    static const struct {
        const char *name;
        candle quiet, next;
        int reason;
        double want;
    } rows[] = {
        {"stop touched without volume, worse later", {100, 100, 94, 95, 0}, {90, 92, 89, 91, 10}, KEEL_X_STOP, 90},
        {"stop touched without volume, better later", {100, 100, 94, 95, 0}, {99, 99, 98, 98, 10}, KEEL_X_STOP, 99},
        {"target touched without volume", {100, 111, 100, 110, 0}, {104, 105, 103, 104, 10}, KEEL_X_TP, 104},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int side = -1; side <= 1; side += 2) {
            market *m = market_new(1, WARM + 5, 1);
            use_one_entry(m, side);
            stop_95_target_110(&m->p);
            put(m, 0, WARM + 1, turned(side, rows[i].quiet));
            put(m, 0, WARM + 2, turned(side, (candle){95, 95, 95, 95, 0}));
            put(m, 0, WARM + 3, turned(side, rows[i].next));
            run_well(m);
            assert_trades(rows[i].name, m, 1);
            const keel_trade *t = &m->trades[0];
            assert_exit(rows[i].name, t, rows[i].reason, facing(side, rows[i].want));
            assert_int_equal(t->exit_ts_ms, bar_ms(WARM + 3));
            assert_int_equal(t->flags & INTRABAR, 0);
            market_free(m);
        }
}

/* [ENG-06.1] [T-012] Missing bars are skipped: the order fills at the first open there is. */
static void missing_bars_are_skipped(void **state) {
    (void)state;
    market *m = market_new(1, WARM + 6, 1);
    use_one_entry(m, 1);
    for (int i = 0; i < 3; i++)
        put(m, 0, WARM + i, MISSING);
    put(m, 0, WARM + 3, (candle){103, 104, 102, 103, 10});
    put(m, 0, WARM + 5, MISSING); /* the data ends with a hole */
    run_well(m);
    assert_trades("hole", m, 1);
    assert_int_equal(m->trades[0].entry_ts_ms, bar_ms(WARM + 3));
    assert_e8("hole", m->trades[0].entry_px_e8, 103);
    assert_exit("hole", &m->trades[0], KEEL_X_END_OF_DATA, 100); /* the last price there was */
    assert_int_equal(m->lane->tally.bars, 1 + 2);
    market_free(m);
}

/* [ENG-06.1] [T-230] Short holes keep the history of the signals, long ones make them warm up again: momentum over
 * three bars turns at the first falling close, or only when it has seen three closes after the hole. */
static void long_gaps_warm_signals_up_again(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int hole, turn_after; /* bars; closes after the hole until the turn is decided */
    } rows[] = {{"no hole", 0, 1}, {"as long as allowed", 3, 1}, {"one bar longer", 4, 4}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        market *m = market_new(1, WARM + 16, 1);
        use(m, KEEL_STRATEGY_MOMENTUM);
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 3), 1);
        m->p.max_gap_bars = 3;
        int64_t k = 0, first_fall = WARM + 2 + rows[i].hole;
        for (; k < WARM + 2; k++)
            put(m, 0, k, (candle){100, 102 + (double)k, 98, 101 + (double)k, 10});
        for (; k < first_fall; k++)
            put(m, 0, k, MISSING);
        for (; k < m->tape.bars; k++)
            put(m, 0, k, (candle){90, 91, 60, 90 - (double)(k - first_fall), 10});
        run_well(m);
        assert_trades(rows[i].name, m, 2);
        assert_int_equal(m->trades[0].side, 1);
        assert_exit(rows[i].name, &m->trades[0], KEEL_X_SIGNAL_FLIP, 90);
        if (m->trades[0].exit_ts_ms != bar_ms(first_fall + rows[i].turn_after))
            fail_msg("%s: turned %d bars after the hole", rows[i].name,
                     (int)((m->trades[0].exit_ts_ms - bar_ms(first_fall)) / HOUR_MS));
        market_free(m);
    }
}

/* [BKT-01.1] Detail bars tell the order of prices that the main bar hides, and give entries the first finer open. */
static void detail_bars_decide_inside_the_main_bar(void **state) {
    (void)state;
    static const candle calm = {100, 101, 99, 100, 10};
    static const struct {
        const char *name;
        candle piece[4];
        int reason;
        double want;
        int exit_piece; /* of four, of bar WARM + 1 */
        int flags;
    } rows[] = {
        {"target first",
         {{100, 111, 100, 105, 10}, {105, 106, 94, 95, 10}, {100, 101, 99, 100, 10}, {100, 101, 99, 100, 10}},
         KEEL_X_TP,
         110,
         0,
         INTRABAR},
        {"stop first",
         {{100, 101, 94, 95, 10}, {95, 111, 95, 110, 10}, {110, 110, 100, 100, 10}, {100, 101, 99, 100, 10}},
         KEEL_X_STOP,
         95,
         0,
         INTRABAR},
        {"both in one piece",
         {{100, 101, 99, 100, 10}, {100, 111, 94, 100, 10}, {100, 101, 99, 100, 10}, {100, 101, 99, 100, 10}},
         KEEL_X_STOP,
         95,
         1,
         INTRABAR | AMBIGUOUS},
        {"gap between pieces",
         {{100, 101, 99, 100, 10}, {92, 111, 91, 100, 10}, {100, 101, 99, 100, 10}, {100, 101, 99, 100, 10}},
         KEEL_X_STOP,
         92,
         1,
         INTRABAR | AMBIGUOUS},
        {"in the last piece",
         {{100, 101, 99, 100, 10}, {100, 101, 99, 100, 10}, {100, 101, 99, 100, 10}, {100, 101, 94, 100, 10}},
         KEEL_X_STOP,
         95,
         3,
         INTRABAR},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int side = -1; side <= 1; side += 2) {
            market *m = market_new(1, WARM + 3, 4);
            use_one_entry(m, side);
            stop_95_target_110(&m->p);
            put(m, 0, WARM + 1, turned(side, (candle){100, 111, 91, 100, 40}));
            for (int j = 0; j < 4; j++) {
                put_detail(m, 0, WARM, j, turned(side, calm));
                put_detail(m, 0, WARM + 1, j, turned(side, rows[i].piece[j]));
            }
            run_well(m);
            assert_trades(rows[i].name, m, 1);
            assert_exit(rows[i].name, &m->trades[0], rows[i].reason, facing(side, rows[i].want));
            assert_int_equal(m->trades[0].exit_ts_ms, bar_ms(WARM + 1) + (rows[i].exit_piece + 1) * HOUR_MS / 4);
            assert_int_equal(m->trades[0].flags, rows[i].flags);
            market_free(m);
        }
}

/* Entries fill at the first piece with volume; a hole in the detail is skipped, a main bar without any detail is judged
 * as a whole. */
static void detail_with_holes(void **state) {
    (void)state;
    market *m = market_new(1, WARM + 3, 4);
    use_one_entry(m, 1);
    stop_95_target_110(&m->p);
    put_detail(m, 0, WARM, 0, (candle){100, 100, 100, 100, 0}); /* no volume */
    put_detail(m, 0, WARM, 1, MISSING);
    put_detail(m, 0, WARM, 2, (candle){101, 102, 100, 101, 10});
    for (int j = 0; j < 4; j++)
        put_detail(m, 0, WARM + 1, j, MISSING);
    put(m, 0, WARM + 1, (candle){101, 102, 95, 100, 10}); /* stop at 101 * 0.95 = 95.95 */
    run_well(m);
    assert_trades("holes", m, 1);
    assert_int_equal(m->trades[0].entry_ts_ms, bar_ms(WARM) + 2 * HOUR_MS / 4);
    assert_e8("holes", m->trades[0].entry_px_e8, 101);
    assert_exit("holes", &m->trades[0], KEEL_X_STOP, 95.95);
    assert_int_equal(m->trades[0].exit_ts_ms, bar_ms(WARM + 2));
    market_free(m);
}

/* [BKT-01.5] [T-025] [T-208] The forced close pays slippage and fee like any other; switched off, the position stays
 * and equity still counts what closing would cost. */
static void end_of_data(void **state) {
    (void)state;
    scene s = {"end", {FLAT, {100, 105, 99, 104, 10}}, KEEL_X_END_OF_DATA, 104, FORCED, 1};
    market *m = stage(&s, 1, 1);
    m->p.taker_fee_bps = 10 * 10000;
    run_well(m);
    assert_trades("closed", m, 1);
    assert_exit("closed", &m->trades[0], KEEL_X_END_OF_DATA, 104);
    assert_int_equal(m->trades[0].flags, FORCED);
    assert_e8("fees of both sides", m->trades[0].fees_e8, 1.0 + 1.04);
    assert_e8("closed", m->lane->equity_e8, 10000 + 40 - 2.04);
    m->keep_open = 1;
    run_well(m);
    assert_trades("kept", m, 0);
    assert_int_equal(m->st->sym[0].pos.side, 1);
    assert_e8("kept", m->lane->equity_e8, 10000 + 40 - 2.04);
    market_free(m);
}

/* [BKT-01.4] An order decided at the last close has no next open: it expires, and nothing changes. */
static void order_of_the_last_bar_expires(void **state) {
    (void)state;
    market *m = market_new(1, WARM, 1);
    use_one_entry(m, 1);
    run_well(m);
    assert_trades("expired", m, 0);
    assert_int_equal(m->lane->tally.unfilled, 1);
    assert_int_equal(m->st->sym[0].pending.kind, 0);
    assert_int_equal(m->st->pending_opens, 0);
    assert_e8("expired", m->lane->equity_e8, 10000);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_inside_bars),
        cmocka_unit_test(breakeven_arms_for_later_ranges),
        cmocka_unit_test(partial_then_trailing),
        cmocka_unit_test(market_orders_fill_at_the_next_open),
        cmocka_unit_test(triggered_exits_slip),
        cmocka_unit_test(entry_waits_for_volume),
        cmocka_unit_test(exits_wait_for_volume),
        cmocka_unit_test(missing_bars_are_skipped),
        cmocka_unit_test(long_gaps_warm_signals_up_again),
        cmocka_unit_test(detail_bars_decide_inside_the_main_bar),
        cmocka_unit_test(detail_with_holes),
        cmocka_unit_test(end_of_data),
        cmocka_unit_test(order_of_the_last_bar_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
