/* Entry gates: below, at and above each threshold, missing input, switched off, both sides (SIG-01). */
#include "core_fixture.h"

#include "core/strategy/gates.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(slot) ((uint64_t)1 << (slot))

/* A market in which every gate passes for a long: rising strength, price near its average, volume, bitcoin with it. */
static keel_snapshot calm_uptrend(void) {
    keel_snapshot s;
    memset(&s, 0, sizeof s);
    s.v[KEEL_SLOT_CLOSE] = 102;
    s.v[KEEL_SLOT_PREV_CLOSE] = 101;
    s.v[KEEL_SLOT_EMA_FAST] = 100;
    s.v[KEEL_SLOT_ADX] = 30;
    s.v[KEEL_SLOT_ADX_PREV] = 29;
    s.v[KEEL_SLOT_RSI] = 60;
    s.v[KEEL_SLOT_BB_WIDTH_RATIO] = 1.0;
    s.v[KEEL_SLOT_VOLUME] = 2000;
    s.v[KEEL_SLOT_VOL_SMA] = 1000;
    s.v[KEEL_SLOT_EMA_SLOPE] = 0.001;
    s.ready = BIT(KEEL_SLOT_CLOSE) | BIT(KEEL_SLOT_PREV_CLOSE) | BIT(KEEL_SLOT_EMA_FAST) | BIT(KEEL_SLOT_ADX) |
              BIT(KEEL_SLOT_ADX_PREV) | BIT(KEEL_SLOT_RSI) | BIT(KEEL_SLOT_BB_WIDTH_RATIO) | BIT(KEEL_SLOT_VOLUME) |
              BIT(KEEL_SLOT_VOL_SMA) | BIT(KEEL_SLOT_EMA_SLOPE);
    return s;
}

static keel_view view_of(const keel_snapshot *snap, int side) {
    keel_view v;
    memset(&v, 0, sizeof v);
    v.snap = snap;
    v.btc_bullish = side > 0 ? KEEL_TRUE : KEEL_FALSE;
    v.regime_gate = KEEL_TRUE;
    v.breadth = 0.5;
    return v;
}

static keel_params params_with_every_gate(void) {
    keel_params p;
    keel_params_default(&p);
    p.gate_breadth = p.gate_regime = 1;
    return p;
}

static const char *const status_names[] = {"off", "pass", "fail", "unknown", "waived"};

/* Gate `id` has `want`, and it alone decides whether an entry may go. */
static void expect(const char *name, const keel_params *p, const keel_view *v, int side, int reason, int id, int want) {
    keel_gate_result g[KEEL_GATE_COUNT];
    memset(g, 0x5a, sizeof g);
    int open = keel_gates_evaluate(p, v, side, reason, g);
    if (g[id].status != want)
        fail_msg("%s, side %d: %s, want %s", name, side, status_names[g[id].status], status_names[want]);
    int lets_pass = want != KEEL_GATE_FAIL && want != KEEL_GATE_UNKNOWN;
    for (int i = 0; i < KEEL_GATE_COUNT; i++)
        if (i != id && (g[i].status == KEEL_GATE_FAIL || g[i].status == KEEL_GATE_UNKNOWN)) lets_pass = 0;
    if (open != lets_pass) fail_msg("%s, side %d: open %d, want %d", name, side, open, lets_pass);
}

typedef struct row {
    const char *name;
    int slot_a;
    double a;
    int slot_b;
    double b;
    int want;
} row;

static void play(int id, const row rows[], size_t n) {
    keel_params p = params_with_every_gate();
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < n; i++) {
            keel_snapshot s = calm_uptrend();
            s.v[rows[i].slot_a] = rows[i].a;
            s.v[rows[i].slot_b] = rows[i].b;
            keel_view v = view_of(&s, side);
            expect(rows[i].name, &p, &v, side, KEEL_E_TREND, id, rows[i].want);
        }
}

/* Each of the slots taken away: the gate is unknown, and unknown holds back. */
static void without(int id, const int slots[], size_t n) {
    keel_params p = params_with_every_gate();
    for (size_t i = 0; i < n; i++) {
        keel_snapshot s = calm_uptrend();
        s.ready &= ~BIT(slots[i]);
        keel_view v = view_of(&s, 1);
        expect("missing", &p, &v, 1, KEEL_E_TREND, id, KEEL_GATE_UNKNOWN);
        int asked = slots[i] == KEEL_SLOT_ADX_PREV ? KEEL_SLOT_ADX : slots[i]; /* outputs of one machine */
        if (!(keel_gates_needs(&p) & BIT(asked))) fail_msg("slot %d is read but not asked for", slots[i]);
    }
}

/* Two of three: ADX < 21, band width ratio < 0.8, 47 < RSI < 53. All eight combinations, then the thresholds. */
static void ranging(void **state) {
    (void)state;
    keel_params p = params_with_every_gate();
    for (int mask = 0; mask < 8; mask++)
        for (int need = 1; need <= 3; need++) {
            keel_snapshot s = calm_uptrend();
            keel_view v = view_of(&s, 1);
            keel_gate_result g[KEEL_GATE_COUNT];
            int votes = (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1);
            s.v[KEEL_SLOT_ADX] = mask & 1 ? 20.9 : 21;
            s.v[KEEL_SLOT_ADX_PREV] = 10;
            s.v[KEEL_SLOT_BB_WIDTH_RATIO] = mask & 2 ? 0.79 : 0.8;
            s.v[KEEL_SLOT_RSI] = mask & 4 ? 50 : 53;
            p.ranging_min_votes = need;
            (void)keel_gates_evaluate(&p, &v, 1, KEEL_E_TREND, g);
            assert_int_equal(g[KEEL_GATE_ID_RANGING].votes, votes);
            assert_int_equal(g[KEEL_GATE_ID_RANGING].status, votes >= need ? KEEL_GATE_FAIL : KEEL_GATE_PASS);
            assert_true(g[KEEL_GATE_ID_RANGING].value == votes && g[KEEL_GATE_ID_RANGING].threshold == need);
        }
    static const row rows[] = {
        {"RSI at the lower bound", KEEL_SLOT_BB_WIDTH_RATIO, 0.5, KEEL_SLOT_RSI, 47, KEEL_GATE_PASS},
        {"RSI just above it", KEEL_SLOT_BB_WIDTH_RATIO, 0.5, KEEL_SLOT_RSI, 47.0001, KEEL_GATE_FAIL},
        {"RSI just below the upper bound", KEEL_SLOT_BB_WIDTH_RATIO, 0.5, KEEL_SLOT_RSI, 52.9999, KEEL_GATE_FAIL},
        {"RSI at the upper bound", KEEL_SLOT_BB_WIDTH_RATIO, 0.5, KEEL_SLOT_RSI, 53, KEEL_GATE_PASS},
    };
    play(KEEL_GATE_ID_RANGING, rows, COUNT(rows));
    static const int slots[] = {KEEL_SLOT_ADX, KEEL_SLOT_BB_WIDTH_RATIO, KEEL_SLOT_RSI};
    without(KEEL_GATE_ID_RANGING, slots, COUNT(slots));
}

/* [SIG-02.3] A slow drift entry with a slope steeper than 0.0006 either way does not mind a range. */
static void ranging_is_waived_for_a_drift(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double slope;
        int reason, want;
    } rows[] = {{"at the slope", 0.0006, KEEL_E_SLOW_DRIFT, KEEL_GATE_FAIL},
                {"steeper", 0.00060001, KEEL_E_SLOW_DRIFT, KEEL_GATE_WAIVED},
                {"steeper down", -0.00060001, KEEL_E_SLOW_DRIFT, KEEL_GATE_WAIVED},
                {"only for a drift", 0.01, KEEL_E_TREND, KEEL_GATE_FAIL}};
    keel_params p = params_with_every_gate();
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_snapshot s = calm_uptrend();
        s.v[KEEL_SLOT_ADX] = 15;
        s.v[KEEL_SLOT_ADX_PREV] = 14;
        s.v[KEEL_SLOT_RSI] = 50;
        s.v[KEEL_SLOT_EMA_SLOPE] = rows[i].slope;
        keel_view v = view_of(&s, 1);
        expect(rows[i].name, &p, &v, 1, rows[i].reason, KEEL_GATE_ID_RANGING, rows[i].want);
        s.ready &= ~BIT(KEEL_SLOT_EMA_SLOPE);
        expect("slope missing", &p, &v, 1, rows[i].reason, KEEL_GATE_ID_RANGING, KEEL_GATE_FAIL);
    }
}

/* A quarter in one bar, half away from the average. Numbers exact in binary. */
static void anomaly(void **state) {
    (void)state;
    keel_params p = params_with_every_gate();
    p.anomaly_bar_move_pct = 0.25;
    p.anomaly_ema_dev_pct = 0.5;
    p.gate_extension = 0;
    static const struct {
        const char *name;
        double close, before, fast;
        int want;
    } rows[] = {
        {"at the bar move", 125, 100, 125, KEEL_GATE_PASS}, {"beyond it", 125.0001, 100, 125, KEEL_GATE_FAIL},
        {"down at it", 75, 100, 75, KEEL_GATE_PASS},        {"down beyond it", 74.9999, 100, 75, KEEL_GATE_FAIL},
        {"at the distance", 150, 150, 100, KEEL_GATE_PASS}, {"beyond the distance", 150.0001, 150, 100, KEEL_GATE_FAIL},
        {"below at it", 50, 50, 100, KEEL_GATE_PASS},       {"below beyond it", 49.9999, 50, 100, KEEL_GATE_FAIL}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_snapshot s = calm_uptrend();
            s.v[KEEL_SLOT_CLOSE] = rows[i].close;
            s.v[KEEL_SLOT_PREV_CLOSE] = rows[i].before;
            s.v[KEEL_SLOT_EMA_FAST] = rows[i].fast;
            keel_view v = view_of(&s, side);
            expect(rows[i].name, &p, &v, side, KEEL_E_TREND, KEEL_GATE_ID_ANOMALY, rows[i].want);
        }
    static const int slots[] = {KEEL_SLOT_CLOSE, KEEL_SLOT_PREV_CLOSE, KEEL_SLOT_EMA_FAST};
    without(KEEL_GATE_ID_ANOMALY, slots, COUNT(slots));
}

static void extension(void **state) {
    (void)state;
    keel_params p = params_with_every_gate();
    p.max_dist_ema_fast = 0.0625;
    static const struct {
        const char *name;
        double close;
        int want;
    } rows[] = {{"at the distance above", 106.25, KEEL_GATE_PASS},
                {"beyond it", 106.2501, KEEL_GATE_FAIL},
                {"at the distance below", 93.75, KEEL_GATE_PASS},
                {"beyond it below", 93.7499, KEEL_GATE_FAIL}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_snapshot s = calm_uptrend();
            s.v[KEEL_SLOT_CLOSE] = s.v[KEEL_SLOT_PREV_CLOSE] = rows[i].close;
            keel_view v = view_of(&s, side);
            expect(rows[i].name, &p, &v, side, KEEL_E_TREND, KEEL_GATE_ID_EXTENSION, rows[i].want);
        }
    static const int slots[] = {KEEL_SLOT_CLOSE, KEEL_SLOT_EMA_FAST};
    without(KEEL_GATE_ID_EXTENSION, slots, COUNT(slots));
}

static void adx_rising(void **state) {
    (void)state;
    static const row rows[] = {
        {"rises", KEEL_SLOT_ADX, 30, KEEL_SLOT_ADX_PREV, 29.9999, KEEL_GATE_PASS},
        {"stands still", KEEL_SLOT_ADX, 30, KEEL_SLOT_ADX_PREV, 30, KEEL_GATE_FAIL},
        {"falls", KEEL_SLOT_ADX, 39.9999, KEEL_SLOT_ADX_PREV, 50, KEEL_GATE_FAIL},
        {"falls, saturated", KEEL_SLOT_ADX, 40, KEEL_SLOT_ADX_PREV, 50, KEEL_GATE_PASS},
    };
    play(KEEL_GATE_ID_ADX_RISING, rows, COUNT(rows));
    static const int slots[] = {KEEL_SLOT_ADX, KEEL_SLOT_ADX_PREV};
    without(KEEL_GATE_ID_ADX_RISING, slots, COUNT(slots));
}

static void volume(void **state) {
    (void)state;
    static const row rows[] = {
        {"above", KEEL_SLOT_VOLUME, 1000.0001, KEEL_SLOT_VOL_SMA, 1000, KEEL_GATE_PASS},
        {"at", KEEL_SLOT_VOLUME, 1000, KEEL_SLOT_VOL_SMA, 1000, KEEL_GATE_FAIL},
        {"below", KEEL_SLOT_VOLUME, 999, KEEL_SLOT_VOL_SMA, 1000, KEEL_GATE_FAIL},
        {"no volume at all", KEEL_SLOT_VOLUME, 0, KEEL_SLOT_VOL_SMA, 0, KEEL_GATE_FAIL},
    };
    play(KEEL_GATE_ID_VOLUME, rows, COUNT(rows));
    static const int slots[] = {KEEL_SLOT_VOLUME, KEEL_SLOT_VOL_SMA};
    without(KEEL_GATE_ID_VOLUME, slots, COUNT(slots));
}

/* Every direction x side x asset x strength. */
static void bitcoin(void **state) {
    (void)state;
    keel_params p = params_with_every_gate();
    for (int side = -1; side <= 1; side += 2)
        for (int direction = KEEL_UNKNOWN; direction <= KEEL_TRUE; direction++)
            for (int is_btc = 0; is_btc <= 1; is_btc++)
                for (int strong = 0; strong <= 1; strong++) {
                    keel_snapshot s = calm_uptrend();
                    s.v[KEEL_SLOT_ADX] = strong ? 40 : 39.9999;
                    keel_view v = view_of(&s, side);
                    v.btc_bullish = direction;
                    v.is_btc = is_btc;
                    int agrees = direction == (side > 0 ? KEEL_TRUE : KEEL_FALSE);
                    int want = is_btc || strong            ? KEEL_GATE_WAIVED
                               : direction == KEEL_UNKNOWN ? KEEL_GATE_UNKNOWN
                                                           : (agrees ? KEEL_GATE_PASS : KEEL_GATE_FAIL);
                    expect("bitcoin", &p, &v, side, KEEL_E_TREND, KEEL_GATE_ID_BTC, want);
                    assert_int_equal(keel_gates_btc_agrees(&v, side), agrees);
                }
}

static void breadth(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int side;
        double breadth;
        int want;
    } rows[] = {
        {"long at the least", 1, 0.10, KEEL_GATE_PASS},  {"long below it", 1, 0.0999, KEEL_GATE_FAIL},
        {"long at one", 1, 1, KEEL_GATE_PASS},           {"long at zero", 1, 0, KEEL_GATE_FAIL},
        {"short at the most", -1, 0.90, KEEL_GATE_PASS}, {"short above it", -1, 0.9001, KEEL_GATE_FAIL},
        {"short at zero", -1, 0, KEEL_GATE_PASS},        {"long unknown", 1, -1, KEEL_GATE_UNKNOWN},
        {"short unknown", -1, -1, KEEL_GATE_UNKNOWN},    {"not a number", 1, __builtin_nan(""), KEEL_GATE_UNKNOWN}};
    keel_params p = params_with_every_gate();
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_snapshot s = calm_uptrend();
        keel_view v = view_of(&s, rows[i].side);
        v.breadth = rows[i].breadth;
        expect(rows[i].name, &p, &v, rows[i].side, KEEL_E_TREND, KEEL_GATE_ID_BREADTH, rows[i].want);
    }
}

/* [SIG-04.2] */
static void regime(void **state) {
    (void)state;
    static const int want[] = {KEEL_GATE_UNKNOWN, KEEL_GATE_FAIL, KEEL_GATE_PASS};
    keel_params p = params_with_every_gate();
    for (int side = -1; side <= 1; side += 2)
        for (int on = KEEL_UNKNOWN; on <= KEEL_TRUE; on++) {
            keel_snapshot s = calm_uptrend();
            keel_view v = view_of(&s, side);
            v.regime_gate = on;
            expect("regime", &p, &v, side, KEEL_E_TREND, KEEL_GATE_ID_REGIME, want[on]);
        }
}

/* [SIG-01.1] Nothing is known: every gate is unknown; switched off one by one, the last one off opens. The values are
 * there even when the first gate fails, and a gate that is off still tells its value. */
static void all_are_evaluated_and_each_can_be_switched_off(void **state) {
    (void)state;
    keel_params p = params_with_every_gate();
    keel_snapshot nothing, known = calm_uptrend();
    memset(&nothing, 0, sizeof nothing);
    keel_view v = view_of(&nothing, 1);
    v.btc_bullish = v.regime_gate = KEEL_UNKNOWN;
    v.breadth = -1;
    keel_gate_result g[KEEL_GATE_COUNT];
    int32_t *const switches[KEEL_GATE_COUNT] = {&p.gate_ranging, &p.gate_anomaly, &p.gate_extension, &p.gate_adx_rising,
                                                &p.gate_volume,  &p.gate_btc,     &p.gate_breadth,   &p.gate_regime};
    for (int off = 0; off <= KEEL_GATE_COUNT; off++) {
        assert_int_equal(keel_gates_evaluate(&p, &v, 1, KEEL_E_TREND, g), off == KEEL_GATE_COUNT);
        for (int i = 0; i < KEEL_GATE_COUNT; i++)
            assert_int_equal(g[i].status, i < off ? KEEL_GATE_OFF : KEEL_GATE_UNKNOWN);
        if (off < KEEL_GATE_COUNT) *switches[off] = 0;
    }
    assert_true(keel_gates_needs(&p) == 0);
    v = view_of(&known, 1);
    assert_int_equal(keel_gates_evaluate(&p, &v, 1, KEEL_E_TREND, g), 1);
    assert_true(g[KEEL_GATE_ID_ADX_RISING].value == 30 && g[KEEL_GATE_ID_VOLUME].value == 2000);
    assert_true(g[KEEL_GATE_ID_EXTENSION].value == 0.02 && g[KEEL_GATE_ID_EXTENSION].threshold == p.max_dist_ema_fast);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranging),    cmocka_unit_test(ranging_is_waived_for_a_drift),
        cmocka_unit_test(anomaly),    cmocka_unit_test(extension),
        cmocka_unit_test(adx_rising), cmocka_unit_test(volume),
        cmocka_unit_test(bitcoin),    cmocka_unit_test(breadth),
        cmocka_unit_test(regime),     cmocka_unit_test(all_are_evaluated_and_each_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
