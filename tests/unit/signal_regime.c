/* The universe's figures, the trend gate and the regime detector on scripted series [SIG-04] [SIG-05]. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/signal/regime.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))
#define HOUR_MS ((int64_t)3600000)
#define DAY_MS (24 * HOUR_MS)

static keel_snapshot symbol(double fast, double slow, double adx, double atr, double atr_sma) {
    keel_snapshot s = {0};
    s.v[KEEL_SLOT_EMA_FAST] = fast;
    s.v[KEEL_SLOT_EMA_SLOW] = slow;
    s.v[KEEL_SLOT_ADX] = adx;
    s.v[KEEL_SLOT_ATR] = atr;
    s.v[KEEL_SLOT_ATR_SMA] = atr_sma;
    s.ready = ((uint64_t)1 << KEEL_SLOT_EMA_FAST) | ((uint64_t)1 << KEEL_SLOT_EMA_SLOW) |
              ((uint64_t)1 << KEEL_SLOT_ADX) | ((uint64_t)1 << KEEL_SLOT_ATR) | ((uint64_t)1 << KEEL_SLOT_ATR_SMA);
    return s;
}

static void breadth_and_medians(void **state) {
    (void)state;
    keel_breadth b;
    keel_snapshot s[] = {symbol(2, 1, 30, 3, 2), symbol(1, 2, 10, 1, 2), symbol(3, 1, 20, 2, 2),
                         symbol(1, 1, 25, 4, 0)};
    keel_breadth_init(&b);
    keel_universe_view v = keel_breadth_done(&b);
    assert_int_equal(v.has_breadth + v.has_adx + v.has_atr_ratio, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(keel_breadth_add(&b, &s[i]), 1);
    v = keel_breadth_done(&b);
    assert_true(v.breadth == 2.0 / 3.0 && v.median_adx == 20.0 && v.median_atr_ratio == 1.0);
    assert_int_equal(keel_breadth_add(&b, &s[3]), 1); /* equal averages are not above; no ratio over 0 */
    v = keel_breadth_done(&b);
    assert_true(v.breadth == 0.5 && v.median_adx == 22.5 && v.median_atr_ratio == 1.0);
    s[0].ready = 0; /* a symbol that is still warming up counts nowhere */
    assert_int_equal(keel_breadth_add(&b, &s[0]), 1);
    assert_int_equal(b.judged, 4);
}

static void breadth_refuses_one_symbol_too_many(void **state) {
    (void)state;
    keel_breadth b;
    keel_snapshot s = symbol(2, 1, 30, 3, 2);
    keel_breadth_init(&b);
    for (int i = 0; i < KEEL_UNIVERSE_MAX; i++)
        assert_int_equal(keel_breadth_add(&b, &s), 1);
    assert_int_equal(keel_breadth_add(&b, &s), 0);
    assert_int_equal(b.judged, KEEL_UNIVERSE_MAX);
}

static keel_universe_view view(double breadth, double adx, double ratio) {
    return (keel_universe_view){.breadth = breadth,
                                .median_adx = adx,
                                .median_atr_ratio = ratio,
                                .has_breadth = 1,
                                .has_adx = 1,
                                .has_atr_ratio = 1,
                                .reserved = 0};
}

/* What one bar alone decides: each threshold below, at and above. Two bars in a row turn the gate on. */
static void gate_thresholds(void **state) {
    (void)state;
    static const struct {
        double breadth, adx, ratio;
        int on;
    } rows[] = {
        {0.50, 21.9, 1.0, 0},  {0.50, 22.0, 1.0, 1}, {0.50, 22.1, 1.0, 1},                        /* ADX */
        {0.29, 10.0, 1.0, 1},  {0.30, 10.0, 1.0, 0}, {0.31, 10.0, 1.0, 0},                        /* low breadth */
        {0.69, 10.0, 1.0, 0},  {0.70, 10.0, 1.0, 0}, {0.71, 10.0, 1.0, 1},                        /* high breadth */
        {0.90, 30.0, 0.49, 0}, {0.90, 30.0, 0.5, 1}, {0.90, 30.0, 3.0, 1}, {0.90, 30.0, 3.01, 0}, /* ATR ratio */
    };
    for (int r = 0; r < COUNT(rows); r++) {
        keel_trend_gate g;
        keel_trend_gate_params p = keel_trend_gate_defaults();
        keel_universe_view v = view(rows[r].breadth, rows[r].adx, rows[r].ratio);
        keel_trend_gate_init(&g, &p);
        assert_int_equal(keel_trend_gate_step(&g, &v, HOUR_MS), 0);
        assert_int_equal(keel_trend_gate_step(&g, &v, 2 * HOUR_MS), rows[r].on);
    }
}

/* A script of bars, '+' ok and '-' not, and the state after each. */
static void gate_hysteresis(void **state) {
    (void)state;
    static const char bars[] = "+-+-++++-+++--++";
    static const char want[] = "0000011100110001";
    keel_trend_gate g;
    keel_trend_gate_params p = keel_trend_gate_defaults();
    int64_t changed = 0;
    int before = 0;
    keel_trend_gate_init(&g, &p);
    for (int i = 0; i < COUNT(bars) - 1; i++) {
        keel_universe_view v = view(0.5, bars[i] == '+' ? 30.0 : 5.0, 1.0);
        int on = keel_trend_gate_step(&g, &v, (i + 1) * HOUR_MS);
        assert_int_equal(on, want[i] - '0');
        if (on != before) changed = (i + 1) * HOUR_MS;
        before = on;
        assert_int_equal(g.changed_ms, changed);
    }
}

static void gate_takes_unknown_as_unfavourable(void **state) {
    (void)state;
    keel_trend_gate_params p = keel_trend_gate_defaults();
    for (int missing = 0; missing < 3; missing++) {
        keel_trend_gate g;
        keel_universe_view v = view(missing == 0 ? 0.9 : 0.5, missing == 1 ? 40.0 : 5.0, 1.0);
        if (missing == 2) v = view(0.9, 40.0, 1.0);
        if (missing == 0) v.has_breadth = 0;
        if (missing == 1) v.has_adx = 0;
        if (missing == 2) v.has_atr_ratio = 0;
        keel_trend_gate_init(&g, &p);
        for (int i = 1; i <= 3; i++)
            assert_int_equal(keel_trend_gate_step(&g, &v, i * HOUR_MS), 0);
    }
}

/* A whole-day path: the price after each day, moved evenly through its bars. */
static int32_t walk(keel_regime_detector *d, int days, double daily, int64_t bar_ms) {
    int32_t label = d->label;
    int bars = (int)(DAY_MS / bar_ms);
    double price = d->bar_ts_ms == 0 ? 100.0 : d->bar_close;
    int64_t ts_ms = d->bar_ts_ms == 0 ? 20000 * DAY_MS : d->bar_ts_ms;
    for (int i = 0; i < days; i++) {
        double start = price;
        for (int k = 1; k <= bars; k++) {
            price = start * (1.0 + daily * (double)k / (double)bars);
            ts_ms += bar_ms;
            label = keel_regime_step(d, ts_ms, price);
        }
    }
    return label;
}

static void detector_is_unknown_until_200_days(void **state) {
    (void)state;
    keel_regime_detector d;
    keel_regime_init(&d);
    assert_int_equal(walk(&d, 199, 0.004, HOUR_MS), KEEL_REGIME_UNKNOWN);
    assert_true(d.confidence == 0.0 && d.changed_ms == 0);
    for (int hour = 1; hour <= 23; hour++) {
        assert_int_equal(keel_regime_step(&d, d.bar_ts_ms + HOUR_MS, d.bar_close), KEEL_REGIME_UNKNOWN);
    }
    int64_t end = d.bar_ts_ms + HOUR_MS;
    assert_int_equal(keel_regime_step(&d, end, d.bar_close), KEEL_REGIME_BULL);
    assert_int_equal(d.changed_ms, end);
}

/* A steady climb, a standstill and a steady fall give three labels, whatever the bar length. */
static void detector_labels_known_paths(void **state) {
    (void)state;
    static const int64_t bar_ms[] = {HOUR_MS / 4, HOUR_MS, 4 * HOUR_MS, DAY_MS};
    for (int b = 0; b < COUNT(bar_ms); b++) {
        keel_regime_detector d;
        keel_regime_init(&d);
        assert_int_equal(walk(&d, 260, 0.004, bar_ms[b]), KEEL_REGIME_BULL);
        assert_true(d.score > 0.8 && d.score <= 1.0 && d.confidence == d.score);
        keel_regime_init(&d);
        assert_int_equal(walk(&d, 260, 0.0, bar_ms[b]), KEEL_REGIME_CHOP);
        assert_true(d.score == 0.0 && d.confidence == 1.0);
        keel_regime_init(&d);
        assert_int_equal(walk(&d, 260, -0.004, bar_ms[b]), KEEL_REGIME_BEAR);
        assert_true(d.score < -0.8 && d.confidence == -d.score);
    }
}

/* 0.4 min(1, |C/SMA50 - 1| / 0.05) and the rest, for a path whose sums are easy: 199 days at 100, then one at 102. */
static void detector_score_by_hand(void **state) {
    (void)state;
    keel_regime_detector d;
    keel_regime_init(&d);
    walk(&d, 199, 0.0, DAY_MS);
    walk(&d, 1, 0.02, DAY_MS);
    double sma50 = (49.0 * 100.0 + 102.0) / 50.0, sma200 = (199.0 * 100.0 + 102.0) / 200.0;
    double want = 0.4 * (102.0 / sma50 - 1.0) / 0.05 + 0.3 * (sma50 / sma200 - 1.0) / 0.05 + 0.3 * 0.02 / 0.20;
    assert_true(fabs(d.score - want) < 1e-13);
    assert_int_equal(d.label, KEEL_REGIME_CHOP);
    assert_true(fabs(d.confidence - (1.0 - want / 0.3)) < 1e-12);
}

/* -10 % within 24 hours is a crash in the hour in which it happens, and is over a day later. */
static void detector_crash_by_one_days_return(void **state) {
    (void)state;
    keel_regime_detector d;
    keel_regime_init(&d);
    walk(&d, 220, 0.004, HOUR_MS);
    double top = d.bar_close;
    assert_int_equal(keel_regime_step(&d, d.bar_ts_ms + HOUR_MS, top * 0.95), KEEL_REGIME_BULL);
    int32_t label = KEEL_REGIME_BULL;
    int crashed = 0;
    for (int hour = 0; hour < 30; hour++) {
        double ago = d.hour[((d.bar_ts_ms + HOUR_MS) / HOUR_MS - 24) % KEEL_REGIME_HOURS];
        label = keel_regime_step(&d, d.bar_ts_ms + HOUR_MS, top * 0.885);
        if (top * 0.885 / ago - 1.0 <= -0.10) {
            assert_int_equal(label, KEEL_REGIME_CRASH);
            crashed++;
        } else if (!d.storm) {
            assert_int_not_equal(label, KEEL_REGIME_CRASH);
        }
    }
    assert_true(crashed > 10 && crashed < 30);
}

/* [T-239] Seven days of swings much wider than usual crash only when they end lower. */
static void detector_crash_by_volatility(void **state) {
    (void)state;
    for (int down = 0; down < 2; down++) {
        keel_regime_detector d;
        keel_regime_init(&d);
        for (int i = 0; i < 230; i++)
            walk(&d, 1, i % 2 == 0 ? 0.004 : -0.004, DAY_MS);
        assert_int_equal(d.label, KEEL_REGIME_CHOP);
        for (int i = 0; i < 7; i++)
            walk(&d, 1, (i % 2 == 0) == down ? -0.04 : 0.04, DAY_MS);
        assert_true(d.volatility > 3.0 * d.volatility_median);
        assert_int_equal(d.storm, down);
        assert_int_equal(d.label == KEEL_REGIME_CRASH, down);
    }
}

/* A day whose last bars are missing closes with what it has; a day without bars is no day. */
static void detector_days_with_holes(void **state) {
    (void)state;
    keel_regime_detector d;
    keel_regime_init(&d);
    keel_regime_step(&d, 20000 * DAY_MS + 20 * HOUR_MS, 50.0);
    assert_int_equal(d.days, 0);
    keel_regime_step(&d, 20003 * DAY_MS + HOUR_MS, 60.0);
    assert_int_equal(d.days, 1);
    assert_true(d.close[0] == 50.0);
    keel_regime_step(&d, 20004 * DAY_MS, 70.0); /* ends with its day */
    assert_int_equal(d.days, 2);
    assert_true(d.close[1] == 70.0);
    keel_regime_step(&d, 20004 * DAY_MS + HOUR_MS, 80.0);
    assert_int_equal(d.days, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breadth_and_medians),
        cmocka_unit_test(breadth_refuses_one_symbol_too_many),
        cmocka_unit_test(gate_thresholds),
        cmocka_unit_test(gate_hysteresis),
        cmocka_unit_test(gate_takes_unknown_as_unfavourable),
        cmocka_unit_test(detector_is_unknown_until_200_days),
        cmocka_unit_test(detector_labels_known_paths),
        cmocka_unit_test(detector_score_by_hand),
        cmocka_unit_test(detector_crash_by_one_days_return),
        cmocka_unit_test(detector_crash_by_volatility),
        cmocka_unit_test(detector_days_with_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
