/* Entry modes of the trend strategy, adaptive strength, confidence (SIG-02, SIG-03). Written for a long; the mirror
 * image for a short has prices and averages reflected at 100, RSI at 50, slope and histogram negated. */
#include "core_fixture.h"

#include "core/strategy/points.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BIT(slot) ((uint64_t)1 << (slot))
#define ABSENT (-1e9)

/* What a scenario sets; the order is that of the tables below. */
typedef struct market {
    double close, before, fast, slow, adx, rsi, slope, ratio;
} market;

static void put(keel_snapshot *s, int slot, double value) {
    s->ready |= BIT(slot);
    s->v[slot] = value;
}

static keel_snapshot snapshot_of(const market *m, int side) {
    keel_snapshot s;
    memset(&s, 0, sizeof s);
    put(&s, KEEL_SLOT_CLOSE, facing(side, m->close));
    if (m->before != ABSENT) put(&s, KEEL_SLOT_PREV_CLOSE, facing(side, m->before));
    if (m->fast != ABSENT) put(&s, KEEL_SLOT_EMA_FAST, facing(side, m->fast));
    if (m->slow != ABSENT) put(&s, KEEL_SLOT_EMA_SLOW, facing(side, m->slow));
    if (m->adx != ABSENT) put(&s, KEEL_SLOT_ADX, m->adx);
    if (m->rsi != ABSENT) put(&s, KEEL_SLOT_RSI, facing_100(side, m->rsi));
    if (m->slope != ABSENT) put(&s, KEEL_SLOT_EMA_SLOPE, side * m->slope);
    if (m->ratio != ABSENT) put(&s, KEEL_SLOT_ATR, 4.0 * m->ratio), put(&s, KEEL_SLOT_ATR_SMA, 4.0);
    return s;
}

static keel_opinion opinion_of(const keel_params *p, const keel_snapshot *s) {
    keel_view v;
    keel_opinion op;
    memset(&v, 0, sizeof v);
    memset(&op, 0, sizeof op);
    v.snap = s;
    keel_params trend = *p;
    trend.strategy = KEEL_STRATEGY_TREND;
    keel_strategy_decide(&trend, &v, &op);
    if (op.signal == KEEL_NEUTRAL) op.reason = KEEL_NONE;
    return op;
}

typedef struct scene {
    const char *name;
    market m;
    int reason; /* KEEL_NONE: no entry */
} scene;

static void play(const keel_params *p, const scene scenes[], size_t n) {
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < n; i++) {
            keel_snapshot s = snapshot_of(&scenes[i].m, side);
            keel_opinion op = opinion_of(p, &s);
            assert_reason(scenes[i].name, side, op.reason, scenes[i].reason);
            int want = scenes[i].reason == KEEL_NONE ? KEEL_NEUTRAL : (side > 0 ? KEEL_BUY : KEEL_SELL);
            if (op.signal != want) fail_msg("%s, side %d: signal %d, want %d", scenes[i].name, side, op.signal, want);
        }
}

/* [SIG-02.1] Fast above slow, close above fast, ADX >= 22, RSI from 50 to 75 (open above from ADX 40 on). */
static void trend(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.enable_pullback = p.enable_slow_drift = 0;
    static const scene scenes[] = {
        /* close, before, fast, slow, adx, rsi, slope, ATR ratio */
        {"all hold", {110, 109, 105, 100, 22, 50, 0, 1}, KEEL_E_TREND},
        {"averages equal", {110, 109, 105, 105, 22, 50, 0, 1}, KEEL_NONE},
        {"averages crossed", {110, 109, 105, 106, 22, 50, 0, 1}, KEEL_NONE},
        {"close at the fast average", {105, 104, 105, 100, 22, 50, 0, 1}, KEEL_NONE},
        {"close below it", {104, 103, 105, 100, 22, 50, 0, 1}, KEEL_NONE},
        {"ADX just too weak", {110, 109, 105, 100, 21.9999, 50, 0, 1}, KEEL_NONE},
        {"RSI just too low", {110, 109, 105, 100, 22, 49.9999, 0, 1}, KEEL_NONE},
        {"RSI at the upper bound", {110, 109, 105, 100, 22, 75, 0, 1}, KEEL_E_TREND},
        {"RSI above it", {110, 109, 105, 100, 39.9999, 75.0001, 0, 1}, KEEL_NONE},
        {"RSI above it, trend strong", {110, 109, 105, 100, 40, 75.0001, 0, 1}, KEEL_E_TREND},
        {"RSI far too low, trend strong", {110, 109, 105, 100, 40, 40, 0, 1}, KEEL_NONE},
        {"fast average missing", {110, 109, ABSENT, 100, 22, 50, 0, 1}, KEEL_NONE},
        {"slow average missing", {110, 109, 105, ABSENT, 22, 50, 0, 1}, KEEL_NONE},
        {"ADX missing", {110, 109, 105, 100, ABSENT, 50, 0, 1}, KEEL_NONE},
        {"RSI missing", {110, 109, 105, 100, 22, ABSENT, 0, 1}, KEEL_NONE},
        {"ATR missing", {110, 109, 105, 100, 22, 50, 0, ABSENT}, KEEL_NONE},
        {"slope and close before do not matter", {110, ABSENT, 105, 100, 22, 50, ABSENT, 1}, KEEL_E_TREND},
    };
    play(&p, scenes, COUNT(scenes));
    p.enable_trend = 0;
    static const scene off[] = {{"switched off", {110, 109, 105, 100, 30, 60, 0, 1}, KEEL_NONE}};
    play(&p, off, COUNT(off));
}

static void trend_with_macro_filter(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.enable_pullback = p.enable_slow_drift = 0;
    p.macro_filter = 1;
    static const struct {
        const char *name;
        double macro;
        int reason;
    } rows[] = {{"above", 109.9999, KEEL_E_TREND},
                {"at", 110, KEEL_NONE},
                {"below", 111, KEEL_NONE},
                {"missing", ABSENT, KEEL_NONE}};
    static const market m = {110, 109, 105, 100, 30, 60, 0, 1};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_snapshot s = snapshot_of(&m, side);
            if (rows[i].macro != ABSENT) put(&s, KEEL_SLOT_EMA_MACRO, facing(side, rows[i].macro));
            assert_reason(rows[i].name, side, opinion_of(&p, &s).reason, rows[i].reason);
        }
}

/* [SIG-02.2] The close before was at or below the fast average and this one is above it again. */
static void pullback(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.enable_trend = p.enable_slow_drift = 0;
    static const scene scenes[] = {
        {"reclaimed", {106, 104, 105, 100, 22, 50, 0, 1}, KEEL_E_PULLBACK},
        {"from the average itself", {106, 105, 105, 100, 22, 50, 0, 1}, KEEL_E_PULLBACK},
        {"was above already", {106, 105.0001, 105, 100, 22, 50, 0, 1}, KEEL_NONE},
        {"not above yet", {105, 104, 105, 100, 22, 50, 0, 1}, KEEL_NONE},
        {"trend gone", {106, 104, 105, 105, 22, 50, 0, 1}, KEEL_NONE},
        {"ADX just too weak", {106, 104, 105, 100, 21.9999, 50, 0, 1}, KEEL_NONE},
        {"RSI just too low", {106, 104, 105, 100, 22, 49.9999, 0, 1}, KEEL_NONE},
        {"no upper bound of RSI", {106, 104, 105, 100, 22, 90, 0, 1}, KEEL_E_PULLBACK},
        {"close before missing", {106, ABSENT, 105, 100, 22, 50, 0, 1}, KEEL_NONE},
    };
    play(&p, scenes, COUNT(scenes));
    p.pullback_macd = 1;
    static const struct {
        const char *name;
        double histogram;
        int reason;
    } rows[] = {{"histogram agrees", 0.0001, KEEL_E_PULLBACK},
                {"at zero", 0, KEEL_NONE},
                {"disagrees", -1, KEEL_NONE},
                {"missing", ABSENT, KEEL_NONE}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_snapshot s = snapshot_of(&scenes[0].m, side);
            if (rows[i].histogram != ABSENT) put(&s, KEEL_SLOT_MACD_HIST, side * rows[i].histogram);
            assert_reason(rows[i].name, side, opinion_of(&p, &s).reason, rows[i].reason);
        }
}

/* [SIG-02.3] Slope 0.0006 or more a bar, 10 <= ADX < 22, close above the slow average, RSI >= 50. */
static void slow_drift(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    static const scene scenes[] = {
        {"all hold", {101, 101, 99, 100, 10, 50, 0.0006, 1}, KEEL_E_SLOW_DRIFT},
        {"too flat", {101, 101, 99, 100, 10, 50, 0.00059999, 1}, KEEL_NONE},
        {"against", {101, 101, 99, 100, 10, 50, -0.01, 1}, KEEL_NONE},
        {"ADX just too weak", {101, 101, 99, 100, 9.9999, 50, 0.001, 1}, KEEL_NONE},
        {"ADX just weak enough", {101, 101, 99, 100, 21.9999, 50, 0.001, 1}, KEEL_E_SLOW_DRIFT},
        {"ADX too strong for a drift", {101, 101, 99, 100, 22, 50, 0.001, 1}, KEEL_NONE},
        {"close at the slow average", {100, 101, 99, 100, 15, 50, 0.001, 1}, KEEL_NONE},
        {"RSI just too low", {101, 101, 99, 100, 15, 49.9999, 0.001, 1}, KEEL_NONE},
        {"slope missing", {101, 101, 99, 100, 15, 50, ABSENT, 1}, KEEL_NONE},
    };
    play(&p, scenes, COUNT(scenes));
    p.enable_slow_drift = 0;
    static const scene off[] = {{"switched off", {101, 101, 99, 100, 15, 60, 0.001, 1}, KEEL_NONE}};
    play(&p, off, COUNT(off));
}

/* [SIG-02.4] ATR more than 1.5 times its average: the trend needs ADX 27.5, and the stop is that much wider, at most 2.
 */
static void adaptive_volatility(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.enable_pullback = p.enable_slow_drift = 0;
    static const struct {
        scene s;
        double stop_scale;
    } rows[] = {{{"at the ratio", {110, 109, 105, 100, 22, 60, 0, 1.5}, KEEL_E_TREND}, 1.0},
                {{"expanded, too weak", {110, 109, 105, 100, 27.4999, 60, 0, 1.75}, KEEL_NONE}, 1.0},
                {{"expanded, strong enough", {110, 109, 105, 100, 27.5, 60, 0, 1.75}, KEEL_E_AVE}, 1.75},
                {{"at the cap", {110, 109, 105, 100, 30, 60, 0, 2}, KEEL_E_AVE}, 2.0},
                {{"beyond the cap", {110, 109, 105, 100, 30, 60, 0, 5}, KEEL_E_AVE}, 2.0}};
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            play(&p, &rows[i].s, 1);
            keel_snapshot s = snapshot_of(&rows[i].s.m, side);
            assert_true(opinion_of(&p, &s).stop_scale == rows[i].stop_scale);
        }
    p.enable_ave = 0;
    static const scene off[] = {{"switched off", {110, 109, 105, 100, 22, 60, 0, 5}, KEEL_E_TREND},
                                {"and ATR is not needed", {110, 109, 105, 100, 22, 60, 0, ABSENT}, KEEL_E_TREND}};
    play(&p, off, COUNT(off));
}

/* [SIG-02] Trend comes before pullback, pullback before drift; with the first switched off the next one speaks. */
static void order_of_the_modes(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.slow_drift_adx_min = 0;
    p.entry_min_adx = 30;
    p.ave_adx_mult = 0.5; /* so that a trend may be weaker than a drift's upper bound */
    static const scene trend_first = {"trend first", {106, 104, 105, 100, 25, 60, 0.01, 2}, KEEL_E_AVE};
    scene next = trend_first;
    play(&p, &next, 1);
    p.enable_trend = 0;
    next.name = "then pullback";
    next.reason = KEEL_E_PULLBACK;
    play(&p, &next, 1);
    p.enable_pullback = 0;
    next.name = "then drift";
    next.reason = KEEL_E_SLOW_DRIFT;
    play(&p, &next, 1);
    p.enable_slow_drift = 0;
    next.name = "then nothing";
    next.reason = KEEL_NONE;
    play(&p, &next, 1);
}

/* [SIG-03.1] All 32 combinations of the five points, each point exactly at its threshold or just short of it. */
static void confidence_of_every_combination(void **state) {
    (void)state;
    static const int tier_of[6] = {KEEL_CONF_LOW,    KEEL_CONF_LOW,  KEEL_CONF_MEDIUM,
                                   KEEL_CONF_MEDIUM, KEEL_CONF_HIGH, KEEL_CONF_HIGH};
    keel_params p;
    keel_params_default(&p);
    for (int side = -1; side <= 1; side += 2)
        for (int mask = 0; mask < 32; mask++) {
            keel_snapshot s;
            keel_view v;
            memset(&s, 0, sizeof s);
            memset(&v, 0, sizeof v);
            v.snap = &s;
            put(&s, KEEL_SLOT_ADX, mask & 1 ? 32 : 31.9999);
            put(&s, KEEL_SLOT_VOL_SMA, 1000);
            put(&s, KEEL_SLOT_VOLUME, mask & 2 ? 1500 : 1499.9999);
            put(&s, KEEL_SLOT_BB_WIDTH_RATIO, mask & 4 ? 1.0 : 0.9999);
            v.btc_bullish = (mask & 8 ? side > 0 : side < 0) ? KEEL_TRUE : KEEL_FALSE;
            put(&s, KEEL_SLOT_RSI, facing_100(side, mask & 16 ? 55 : 54.9999));
            int points = 0;
            for (int bit = 0; bit < 5; bit++)
                points += mask >> bit & 1;
            assert_int_equal(keel_trend_points(&p, &v, side, 22), points);
            int tier = tier_of[points];
            assert_int_equal(keel_trend_tier(&p, points, KEEL_E_TREND), tier);
            assert_int_equal(keel_trend_tier(&p, points, KEEL_E_AVE), tier);
            assert_int_equal(keel_trend_tier(&p, points, KEEL_E_PULLBACK),
                             tier == KEEL_CONF_HIGH ? KEEL_CONF_MEDIUM : tier);
            assert_int_equal(keel_trend_tier(&p, points, KEEL_E_SLOW_DRIFT), KEEL_CONF_LOW);
        }
}

/* A point whose input is missing or unknown is not given. */
static void confidence_without_inputs(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    keel_snapshot s;
    keel_view v;
    memset(&s, 0, sizeof s);
    memset(&v, 0, sizeof v);
    v.snap = &s;
    for (int i = 0; i < KEEL_SLOT_MAX; i++)
        s.v[i] = 1e6; /* what lies in a slot that is not ready must not count */
    for (int side = -1; side <= 1; side += 2)
        assert_int_equal(keel_trend_points(&p, &v, side, 22), 0);
    s.v[KEEL_SLOT_VOLUME] = 2e6;
    s.ready = ~(uint64_t)0 >> (64 - KEEL_SLOT_MAX);
    assert_int_equal(keel_trend_points(&p, &v, 1, 22), 4); /* bitcoin is still unknown */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trend),
        cmocka_unit_test(trend_with_macro_filter),
        cmocka_unit_test(pullback),
        cmocka_unit_test(slow_drift),
        cmocka_unit_test(adaptive_volatility),
        cmocka_unit_test(order_of_the_modes),
        cmocka_unit_test(confidence_of_every_combination),
        cmocka_unit_test(confidence_without_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
