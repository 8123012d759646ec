/* Exits by rule: glitch guard, smart exits, time, filter, funding; their order; excursions (EXT-01, EXT-05 to EXT-07).
 * Exits at price levels are in core_exit_levels.c. */
#include "core_fixture.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static keel_exit evaluate(const keel_params *p, keel_symbol *s, int side, range r, int64_t ts_ms,
                          const keel_snapshot *snap, int may_exit, keel_diag *diag) {
    keel_exit out;
    keel_event ev = range_event(side, r, KEEL_EV_BAR_CLOSE, ts_ms);
    memset(diag, 0, sizeof *diag);
    keel_exit_evaluate(p, s, &ev, snap, may_exit, &out, diag);
    s->last_px_e8 = ev.price_e8;
    return out;
}

static keel_snapshot averages(int side, double fast, double slow) {
    keel_snapshot snap;
    memset(&snap, 0, sizeof snap);
    snap.ready = ((uint64_t)1 << KEEL_SLOT_EMA_FAST) | ((uint64_t)1 << KEEL_SLOT_EMA_SLOW);
    snap.v[KEEL_SLOT_EMA_FAST] = facing(side, fast);
    snap.v[KEEL_SLOT_EMA_SLOW] = facing(side, slow);
    return snap;
}

/* [EXT-05] A move beyond 25 % of the previous price, or beyond 3 ATR (12 dollars), is extreme; at the threshold not. */
static void glitch_guard(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double share, atr_mult, px;
        int extreme;
    } rows[] = {{"at the share", 0.25, 1000, 75, 0},
                {"beyond the share", 0.25, 1000, 74.99999999, 1},
                {"beyond it in favour", 0.25, 1000, 125.00000001, 1},
                {"at the ATR distance", 10, 3, 88, 0},
                {"beyond the ATR distance", 10, 3, 87.99999999, 1},
                {"a normal move", 0.25, 3, 95, 0}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++)
            for (int on = 0; on <= 1; on++) {
                keel_params p = params_without_exits();
                p.sl_pct = 0.01;
                p.tp_pct = 0.01;
                p.glitch_price_dev_pct = rows[i].share;
                p.glitch_atr_mult = rows[i].atr_mult;
                p.block_exits_on_extreme_dev = on;
                keel_symbol s = symbol_holding(&p, side);
                keel_diag d;
                int want = rows[i].px > ENTRY ? KEEL_X_TP : KEEL_X_STOP;
                keel_exit out = evaluate(&p, &s, side, at(rows[i].px), HOUR_MS, NULL, 1, &d);
                assert_reason(rows[i].name, side, out.reason, on && rows[i].extreme ? KEEL_NONE : want);
                assert_int_equal((d.warnings & KEEL_WARN_GLITCH) != 0, on && rows[i].extreme);
                assert_int_equal(d.exit[KEEL_EXIT_ID_GLITCH].triggered, rows[i].extreme);
                out = evaluate(&p, &s, side, at(rows[i].px), 2 * HOUR_MS, NULL, 1, &d);
                assert_reason("a persisting level is acted on", side, out.reason, want);
            }
}

/* [EXT-07.5] What is held back is the exit, not the record: the extreme price was lived through. */
static void a_glitch_counts_as_an_excursion(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        keel_params p = params_without_exits();
        p.block_exits_on_extreme_dev = 1;
        keel_symbol s = symbol_holding(&p, side);
        keel_diag d;
        (void)evaluate(&p, &s, side, (range){100, 101, 40, 99}, HOUR_MS, NULL, 1, &d);
        assert_true(d.warnings & KEEL_WARN_GLITCH);
        assert_true(s.pos.mae_e8 == e8(-60) && s.pos.mfe_e8 == e8(1));
    }
}

/* [EXT-05.1] Without an ATR only the share counts; without a previous price nothing is extreme. */
static void glitch_guard_without_inputs(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.sl_pct = 0.01;
    p.glitch_price_dev_pct = 0.25;
    p.glitch_atr_mult = 1;
    p.block_exits_on_extreme_dev = 1;
    keel_diag d;
    keel_symbol s = symbol_holding(&p, 1);
    s.pos.entry_atr = 0;
    assert_reason("no ATR", 1, evaluate(&p, &s, 1, at(80), HOUR_MS, NULL, 1, &d).reason, KEEL_X_STOP);
    assert_true(d.warnings & KEEL_WARN_NO_ATR);
    s = symbol_holding(&p, 1);
    s.last_px_e8 = 0;
    assert_reason("no reference", 1, evaluate(&p, &s, 1, at(10), HOUR_MS, NULL, 1, &d).reason, KEEL_X_STOP);
}

#define UNSEEN (-1.0)

typedef struct smart {
    const char *name;
    double px, adx, adx_before, slope, slope_before, k, k_before;
    int leaves;
} smart;

static void put_before(keel_symbol *s, int side, const smart *row) {
    s->before_ready = ((uint64_t)1 << KEEL_SLOT_EMA_SLOPE);
    if (row->adx_before >= 0) s->before_ready |= (uint64_t)1 << KEEL_SLOT_ADX;
    if (row->k_before >= 0) s->before_ready |= (uint64_t)1 << KEEL_SLOT_STOCH_K;
    s->before_adx = row->adx_before;
    s->before_slope = side * row->slope_before;
    s->before_stoch_k = facing_100(side, row->k_before);
    if (row->adx >= 0) see(s, KEEL_SLOT_ADX, row->adx);
    see(s, KEEL_SLOT_EMA_SLOPE, side * row->slope);
    if (row->k >= 0) see(s, KEEL_SLOT_STOCH_K, facing_100(side, row->k));
}

static void play_tsme(const keel_params *p, const smart rows[], size_t n) {
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < n; i++) {
            keel_symbol s = symbol_holding(p, side);
            keel_snapshot snap = averages(side, 101, 100);
            keel_diag d;
            put_before(&s, side, &rows[i]);
            keel_exit out = evaluate(p, &s, side, at(rows[i].px), HOUR_MS, &snap, 1, &d);
            assert_reason(rows[i].name, side, out.reason, rows[i].leaves ? KEEL_X_TSME : KEEL_NONE);
            assert_int_equal(out.trigger_e8, 0); /* leaves at the next tradable instant */
        }
}

/* [EXT-06.1] More than 1.5 ATR of profit (106), ADX 45 or more but falling, slope turning against. */
static void trend_saturation(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.enable_tsme = 1;
    static const smart rows[] = {
        {"all hold", 107, 45, 46, 1, 2, UNSEEN, UNSEEN, 1},
        {"profit at the threshold", 106, 45, 46, 1, 2, UNSEEN, UNSEEN, 0},
        {"profit just above it", 106.00000001, 45, 46, 1, 2, UNSEEN, UNSEEN, 1},
        {"ADX just below saturation", 107, 44.9999, 46, 1, 2, UNSEEN, UNSEEN, 0},
        {"ADX unchanged", 107, 45, 45, 1, 2, UNSEEN, UNSEEN, 0},
        {"ADX rising", 107, 46, 45, 1, 2, UNSEEN, UNSEEN, 0},
        {"slope unchanged", 107, 45, 46, 2, 2, UNSEEN, UNSEEN, 0},
        {"slope in favour", 107, 45, 46, 3, 2, UNSEEN, UNSEEN, 0},
        {"ADX missing", 107, UNSEEN, 46, 1, 2, UNSEEN, UNSEEN, 0},
        {"ADX of the bar before missing", 107, 45, UNSEEN, 1, 2, UNSEEN, UNSEEN, 0},
    };
    play_tsme(&p, rows, COUNT(rows));
    p.tsme_require_stoch = 1;
    static const smart confirmed[] = {
        {"%K leaves the extreme", 107, 45, 46, 1, 2, 79.9, 80, 1},
        {"%K stays at it", 107, 45, 46, 1, 2, 80, 85, 0},
        {"%K was never there", 107, 45, 46, 1, 2, 70, 79.9, 0},
        {"%K missing", 107, 45, 46, 1, 2, UNSEEN, 80, 0},
        {"%K of the bar before missing", 107, 45, 46, 1, 2, 79.9, UNSEEN, 0},
    };
    play_tsme(&p, confirmed, COUNT(confirmed));
    p.enable_tsme = 0;
    smart off = rows[0];
    off.name = "switched off";
    off.leaves = 0;
    play_tsme(&p, &off, 1);
}

typedef struct gauge {
    const char *name;
    double px, value;
    int confidence, reason;
} gauge;

static void play_gauge(const keel_params *p, int slot, const gauge rows[], size_t n) {
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < n; i++) {
            keel_symbol s = symbol_holding(p, side);
            keel_snapshot snap = averages(side, 101, 100);
            keel_diag d;
            s.pos.confidence = rows[i].confidence;
            if (rows[i].value >= 0)
                see(&s, slot, slot == KEEL_SLOT_RSI ? facing_100(side, rows[i].value) : rows[i].value);
            assert_reason(rows[i].name, side, evaluate(p, &s, side, at(rows[i].px), HOUR_MS, &snap, 1, &d).reason,
                          rows[i].reason);
        }
}

/* [EXT-06.2] In profit and ADX below 18. */
static void adx_exhaustion(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.adx_exhaustion_lt = 18;
    static const gauge rows[] = {{"below", 101, 17.9999, KEEL_CONF_HIGH, KEEL_X_ADX_EXHAUST},
                                 {"at", 101, 18, KEEL_CONF_HIGH, KEEL_NONE},
                                 {"smallest profit", 100.00000001, 10, KEEL_CONF_HIGH, KEEL_X_ADX_EXHAUST},
                                 {"no profit", 100, 10, KEEL_CONF_HIGH, KEEL_NONE},
                                 {"loss", 99, 10, KEEL_CONF_HIGH, KEEL_NONE},
                                 {"missing", 101, UNSEEN, KEEL_CONF_HIGH, KEEL_NONE}};
    play_gauge(&p, KEEL_SLOT_ADX, rows, COUNT(rows));
    p.adx_exhaustion_lt = 0;
    static const gauge off[] = {{"switched off", 101, 0, KEEL_CONF_HIGH, KEEL_NONE}};
    play_gauge(&p, KEEL_SLOT_ADX, off, COUNT(off));
}

/* [EXT-06.3] More than half an ATR of profit (102): RSI beyond 80, from 1.5 ATR (106) on beyond 70. */
static void rsi_overextension(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.enable_rsi_ext = 1;
    p.rsi_ext_upper_low_conf = 77;
    p.rsi_ext_upper_profit_low_conf = 66;
    static const gauge rows[] = {{"profit at the minimum", 102, 99, KEEL_CONF_HIGH, KEEL_NONE},
                                 {"profit just above it", 102.00000001, 99, KEEL_CONF_HIGH, KEEL_X_RSI_EXT},
                                 {"below the switch, at 80", 105, 80, KEEL_CONF_HIGH, KEEL_NONE},
                                 {"below the switch, beyond 80", 105, 80.0001, KEEL_CONF_HIGH, KEEL_X_RSI_EXT},
                                 {"just below the switch, at 75", 105.99999999, 75, KEEL_CONF_HIGH, KEEL_NONE},
                                 {"at the switch, at 75", 106, 75, KEEL_CONF_HIGH, KEEL_X_RSI_EXT},
                                 {"at the switch, at 70", 106, 70, KEEL_CONF_HIGH, KEEL_NONE},
                                 {"low confidence, at 77", 105, 77, KEEL_CONF_LOW, KEEL_NONE},
                                 {"low confidence, beyond 77", 105, 77.0001, KEEL_CONF_LOW, KEEL_X_RSI_EXT},
                                 {"low confidence, at 66", 106, 66, KEEL_CONF_LOW, KEEL_NONE},
                                 {"low confidence, beyond 66", 106, 66.0001, KEEL_CONF_LOW, KEEL_X_RSI_EXT},
                                 {"missing", 107, UNSEEN, KEEL_CONF_HIGH, KEEL_NONE}};
    play_gauge(&p, KEEL_SLOT_RSI, rows, COUNT(rows));
    p.rsi_ext_upper_low_conf = p.rsi_ext_upper_profit_low_conf = 0;
    static const gauge base[] = {{"low confidence without its own", 105, 80, KEEL_CONF_LOW, KEEL_NONE},
                                 {"base thresholds then", 105, 80.0001, KEEL_CONF_LOW, KEEL_X_RSI_EXT}};
    play_gauge(&p, KEEL_SLOT_RSI, base, COUNT(base));
    p.enable_rsi_ext = 0;
    static const gauge off[] = {{"switched off", 107, 100, KEEL_CONF_HIGH, KEEL_NONE}};
    play_gauge(&p, KEEL_SLOT_RSI, off, COUNT(off));
}

/* [EXT-07.1] [EXT-07.6] [T-370] */
static void maximum_holding_time(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double hours;
        int max_bars, bars;
        int64_t age_ms;
        int reason;
    } rows[] = {{"a millisecond early", 48, 0, 0, 48 * HOUR_MS - 1, KEEL_NONE},
                {"on time", 48, 0, 0, 48 * HOUR_MS, KEEL_X_TIME_MAX},
                {"a bar early", 0, 10, 9, HOUR_MS, KEEL_NONE},
                {"on the bar", 0, 10, 10, HOUR_MS, KEEL_X_TIME_MAX},
                {"whichever comes first", 48, 10, 10, HOUR_MS, KEEL_X_TIME_MAX},
                {"switched off", 0, 0, 1000000, 1000000 * HOUR_MS, KEEL_NONE}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_params p = params_without_exits();
        p.max_hold_h = rows[i].hours;
        p.max_hold_bars = rows[i].max_bars;
        keel_symbol s = symbol_holding(&p, 1);
        keel_diag d;
        s.pos.bars_held = rows[i].bars;
        assert_reason(rows[i].name, 1, evaluate(&p, &s, 1, at(99), rows[i].age_ms, NULL, 1, &d).reason, rows[i].reason);
    }
}

/* [EXT-07.2] Stop 8 and target 16 away: at 12 h at least -4, at 24 h at least 0, at 36 h at least 4 dollars. */
static void progress_checks(void **state) {
    (void)state;
    typedef struct check {
        const char *name;
        int64_t age_h;
        double px;
        int reason;
    } check;
    static const check rows[] = {
        {"before the first", 11, 93, KEEL_NONE},         {"first, just enough", 12, 96, KEEL_NONE},
        {"first is judged once", 13, 93, KEEL_NONE},     {"second, just enough", 24, 100, KEEL_NONE},
        {"second is judged once", 25, 93, KEEL_NONE},    {"third, just enough", 36, 104, KEEL_NONE},
        {"nothing after the third", 100, 93, KEEL_NONE},
    };
    static const check fails[] = {{"first", 12, 95.99999999, KEEL_X_TIME_CHECK},
                                  {"second", 24, 99.99999999, KEEL_X_TIME_CHECK},
                                  {"third", 36, 103.99999999, KEEL_X_TIME_CHECK},
                                  {"all at once after a gap", 40, 103.99999999, KEEL_X_TIME_CHECK}};
    keel_params p = params_without_exits();
    p.sl_atr_mult = 2;
    p.tp_atr_mult = 4;
    p.enable_progress_checks = 1;
    keel_diag d;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        for (size_t i = 0; i < COUNT(rows); i++)
            assert_reason(rows[i].name, side,
                          evaluate(&p, &s, side, at(rows[i].px), rows[i].age_h * HOUR_MS, NULL, 1, &d).reason,
                          rows[i].reason);
        for (size_t i = 0; i < COUNT(fails); i++) {
            s = symbol_holding(&p, side);
            assert_reason(fails[i].name, side,
                          evaluate(&p, &s, side, at(fails[i].px), fails[i].age_h * HOUR_MS, NULL, 1, &d).reason,
                          fails[i].reason);
        }
    }
    p.enable_progress_checks = 0;
    keel_symbol s = symbol_holding(&p, 1);
    assert_reason("switched off", 1, evaluate(&p, &s, 1, at(93), 40 * HOUR_MS, NULL, 1, &d).reason, KEEL_NONE);
}

/* [EXT-07.3] */
static void filter_exit(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.enable_filter_exit = 1;
    keel_diag d;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        keel_snapshot with = averages(side, 101, 100), same = averages(side, 100, 100),
                      against = averages(side, 99, 100);
        assert_reason("premise holds", side, evaluate(&p, &s, side, at(100), HOUR_MS, &with, 1, &d).reason, KEEL_NONE);
        assert_reason("averages touch", side, evaluate(&p, &s, side, at(100), HOUR_MS, &same, 1, &d).reason, KEEL_NONE);
        assert_reason("crossed", side, evaluate(&p, &s, side, at(100), HOUR_MS, &against, 1, &d).reason, KEEL_X_FILTER);
        assert_reason("between closes", side, evaluate(&p, &s, side, at(100), HOUR_MS, NULL, 1, &d).reason, KEEL_NONE);
        against.ready = 0;
        assert_reason("missing", side, evaluate(&p, &s, side, at(100), HOUR_MS, &against, 1, &d).reason, KEEL_NONE);
        p.enable_filter_exit = 0;
        against = averages(side, 99, 100);
        assert_reason("off", side, evaluate(&p, &s, side, at(100), HOUR_MS, &against, 1, &d).reason, KEEL_NONE);
        p.enable_filter_exit = 1;
    }
}

/* [EXT-07.4] Over 8 h more than 8 bps, below one ATR of profit (104). Rates at 1e-16: 1 bp = 1e12. */
static void funding_exit(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t gap_h, rate_e16;
        double px;
        int reason;
    } rows[] = {{"at the limit", 8, 8000000000000, 100, KEEL_NONE},
                {"above it", 8, 8000000000001, 100, KEEL_X_FUNDING},
                {"two settlements of half", 4, 4000000000000, 100, KEEL_NONE},
                {"two settlements of more", 4, 4000000000001, 100, KEEL_X_FUNDING},
                {"received", 8, -90000000000000, 100, KEEL_NONE},
                {"profit just below", 8, 90000000000000, 103.99999999, KEEL_X_FUNDING},
                {"enough profit", 8, 90000000000000, 104, KEEL_NONE},
                {"distance unknown", 0, 90000000000000, 100, KEEL_NONE}};
    keel_params p = params_without_exits();
    p.enable_funding_exit = 1;
    p.funding_exit_max_bps = 8;
    keel_diag d;
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_symbol s = symbol_holding(&p, side);
            s.funding_gap_ms = rows[i].gap_h * HOUR_MS;
            s.last_rate_e16 = side * rows[i].rate_e16;
            assert_reason(rows[i].name, side, evaluate(&p, &s, side, at(rows[i].px), HOUR_MS, NULL, 1, &d).reason,
                          rows[i].reason);
        }
}

/* [EXT-01.2] Everything fires at once; what wins is switched off, and the next in order wins. */
static void order_of_the_rules(void **state) {
    (void)state;
    static const int order[] = {KEEL_X_STOP,       KEEL_X_TRAIL,       KEEL_X_TP,      KEEL_X_TP_PARTIAL,
                                KEEL_X_TSME,       KEEL_X_ADX_EXHAUST, KEEL_X_RSI_EXT, KEEL_X_TIME_MAX,
                                KEEL_X_TIME_CHECK, KEEL_X_FILTER,      KEEL_X_FUNDING, KEEL_NONE};
    static const smart saturated = {"", 0, 45, 46, 1, 2, UNSEEN, UNSEEN, 0};
    for (int side = -1; side <= 1; side += 2) {
        keel_params p = params_without_exits();
        p.enable_tsme = p.enable_rsi_ext = p.enable_partial_tp = 1;
        p.adx_exhaustion_lt = 50;
        p.tsme_min_profit_atr = p.rsi_ext_min_profit_atr = 0.25;
        p.max_hold_h = 1;
        p.enable_progress_checks = p.enable_filter_exit = p.enable_funding_exit = 1;
        p.tp_atr_mult = 4;
        p.check3_target_share = 1;
        p.funding_exit_profit_atr = 100;
        for (size_t i = 0; i < COUNT(order); i++) {
            keel_symbol s = symbol_holding(&p, side);
            keel_snapshot snap = averages(side, 99, 100);
            keel_diag d;
            put_before(&s, side, &saturated);
            see(&s, KEEL_SLOT_RSI, facing_100(side, 95));
            s.funding_gap_ms = HOUR_MS;
            s.last_rate_e16 = side * 90000000000000;
            s.pos.stop_e8 = i < 1 ? e8(facing(side, 102)) : 0;
            s.pos.trail_e8 = i < 2 ? e8(facing(side, 101)) : 0;
            s.pos.target_e8 = i < 3 ? e8(facing(side, 103)) : 0;
            s.pos.partial_e8 = i < 4 ? e8(facing(side, 102)) : 0;
            range r = {102, 106, i < 2 ? 100.5 : 102, 104};
            keel_exit out = evaluate(&p, &s, side, r, 40 * HOUR_MS, &snap, 1, &d);
            assert_reason("next in order", side, out.reason, order[i]);
            if (order[i] == KEEL_X_TSME) p.enable_tsme = 0;
            if (order[i] == KEEL_X_ADX_EXHAUST) p.adx_exhaustion_lt = 0;
            if (order[i] == KEEL_X_RSI_EXT) p.enable_rsi_ext = 0;
            if (order[i] == KEEL_X_TIME_MAX) p.max_hold_h = 0;
            if (order[i] == KEEL_X_TIME_CHECK) p.enable_progress_checks = 0;
            if (order[i] == KEEL_X_FILTER) p.enable_filter_exit = 0;
            if (order[i] == KEEL_X_FUNDING) p.enable_funding_exit = 0;
        }
    }
}

/* [EXT-01.4] While the exit cooldown holds, protective exits leave all the same and nothing else does. */
static void cooldown_spares_protective_exits(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.max_hold_h = 1;
    p.tp_atr_mult = 4;
    keel_diag d;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        assert_reason("target held", side, evaluate(&p, &s, side, at(120), 0, NULL, 0, &d).reason, KEEL_NONE);
        assert_reason("time held", side, evaluate(&p, &s, side, at(100), HOUR_MS, NULL, 0, &d).reason, KEEL_NONE);
        assert_reason("time", side, evaluate(&p, &s, side, at(100), HOUR_MS, NULL, 1, &d).reason, KEEL_X_TIME_MAX);
        s.pos.stop_e8 = e8(facing(side, 95));
        assert_reason("stop", side, evaluate(&p, &s, side, at(95), 0, NULL, 0, &d).reason, KEEL_X_STOP);
        s.pos.trail_e8 = e8(facing(side, 96));
        assert_reason("trail", side, evaluate(&p, &s, side, at(95), 0, NULL, 0, &d).reason, KEEL_X_TRAIL);
        s.pos.liq_e8 = e8(facing(side, 97));
        assert_reason("guard", side, evaluate(&p, &s, side, at(95), 0, NULL, 0, &d).reason, KEEL_X_LIQUIDATION);
    }
    static const int protective[] = {KEEL_X_STOP,  KEEL_X_BREAKEVEN, KEEL_X_TRAIL,      KEEL_X_LIQUIDATION,
                                     KEEL_X_DRIFT, KEEL_X_EMERGENCY, KEEL_X_RISK_REDUCE};
    static const int held[] = {KEEL_X_TP,     KEEL_X_TP_PARTIAL, KEEL_X_TSME,    KEEL_X_ADX_EXHAUST, KEEL_X_RSI_EXT,
                               KEEL_X_FILTER, KEEL_X_TIME_MAX,   KEEL_X_FUNDING, KEEL_X_SIGNAL_FLIP, KEEL_X_STRATEGY};
    for (size_t i = 0; i < COUNT(protective); i++)
        assert_int_equal(keel_exit_is_protective(protective[i]), 1);
    for (size_t i = 0; i < COUNT(held); i++)
        assert_int_equal(keel_exit_is_protective(held[i]), 0);
}

/* A checkpoint that falls into the exit cooldown is judged when it is over. */
static void a_held_checkpoint_is_not_lost(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.enable_progress_checks = 1;
    keel_diag d;
    keel_symbol s = symbol_holding(&p, 1);
    assert_reason("held", 1, evaluate(&p, &s, 1, at(99), 24 * HOUR_MS, NULL, 0, &d).reason, KEEL_NONE);
    assert_reason("over", 1, evaluate(&p, &s, 1, at(99), 25 * HOUR_MS, NULL, 1, &d).reason, KEEL_X_TIME_CHECK);
}

/* [EXT-04.2] Half of a single lot cannot be sold: the first target is passed over, and time still counts. */
static void a_single_lot_has_no_half(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.enable_partial_tp = 1;
    p.tp_partial_atr_mult = 2;
    p.max_hold_h = 1;
    keel_diag d;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        s.rules.lot_e8 = s.pos.qty_e8 / 2;
        assert_reason("two lots", side, evaluate(&p, &s, side, at(108), 0, NULL, 1, &d).reason, KEEL_X_TP_PARTIAL);
        s.rules.lot_e8 = s.pos.qty_e8;
        assert_reason("one lot", side, evaluate(&p, &s, side, at(108), 0, NULL, 1, &d).reason, KEEL_NONE);
        assert_reason("time", side, evaluate(&p, &s, side, at(108), HOUR_MS, NULL, 1, &d).reason, KEEL_X_TIME_MAX);
    }
}

/* Without any ATR the ATR rules are disarmed and that is reported; the others still work. */
static void without_an_atr(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.max_hold_h = 1;
    keel_symbol s = symbol_holding(&p, 1);
    s.pos.entry_atr = 0;
    keel_exit_set_levels(&p, &s.pos);
    see(&s, KEEL_SLOT_RSI, 99);
    see(&s, KEEL_SLOT_ADX, 1);
    keel_snapshot snap = averages(1, 101, 100);
    keel_diag d;
    assert_reason("no ATR", 1, evaluate(&p, &s, 1, at(150), 0, &snap, 1, &d).reason, KEEL_NONE);
    assert_true(d.warnings & KEEL_WARN_NO_ATR);
    assert_true(s.pos.trail_e8 == 0 && s.pos.stop_e8 == 0 && !s.pos.be_armed);
    assert_reason("time still counts", 1, evaluate(&p, &s, 1, at(150), HOUR_MS, NULL, 1, &d).reason, KEEL_X_TIME_MAX);
    assert_true(d.warnings & KEEL_WARN_NO_SNAPSHOT);
}

/* [EXT-07.5] [KRN-05.2] Worst and best open profit, in dollars at the quantity held; a stop ends the life at its price.
 */
static void excursions(void **state) {
    (void)state;
    keel_params p = params_without_exits();
    p.sl_atr_mult = 2;
    keel_diag d;
    for (int side = -1; side <= 1; side += 2) {
        keel_symbol s = symbol_holding(&p, side);
        range calm = {100, 103, 98, 101}, crash = {101, 110, 80, 85};
        (void)evaluate(&p, &s, side, calm, 0, NULL, 1, &d);
        assert_true(s.pos.mae_e8 == e8(-2) && s.pos.mfe_e8 == e8(3));
        (void)evaluate(&p, &s, side, at(100), 0, NULL, 1, &d);
        assert_true(s.pos.mae_e8 == e8(-2) && s.pos.mfe_e8 == e8(3));
        assert_reason("stop", side, evaluate(&p, &s, side, crash, 0, NULL, 1, &d).reason, KEEL_X_STOP);
        assert_true(s.pos.mae_e8 == e8(-8) && s.pos.mfe_e8 == e8(3));
        s = symbol_holding(&p, side);
        (void)evaluate(&p, &s, side, at(85), 0, NULL, 1, &d); /* opened beyond the stop: it leaves at the open */
        assert_true(s.pos.mae_e8 == e8(-15));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glitch_guard),
        cmocka_unit_test(a_glitch_counts_as_an_excursion),
        cmocka_unit_test(glitch_guard_without_inputs),
        cmocka_unit_test(trend_saturation),
        cmocka_unit_test(adx_exhaustion),
        cmocka_unit_test(rsi_overextension),
        cmocka_unit_test(maximum_holding_time),
        cmocka_unit_test(progress_checks),
        cmocka_unit_test(filter_exit),
        cmocka_unit_test(funding_exit),
        cmocka_unit_test(order_of_the_rules),
        cmocka_unit_test(cooldown_spares_protective_exits),
        cmocka_unit_test(a_held_checkpoint_is_not_lost),
        cmocka_unit_test(a_single_lot_has_no_half),
        cmocka_unit_test(without_an_atr),
        cmocka_unit_test(excursions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
