/* Indicators against printed examples, and the corner cases that their headers define [IND-01]. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/signal/set.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

static void assert_close(double got, double want, double tolerance) {
    if (fabs(got - want) <= tolerance) return;
    print_error("got %a (%.10g), want %a (%.10g)\n", got, got, want, want);
    fail();
}

/* One machine on its own. */
typedef struct bench {
    keel_signal_set set;
    keel_snapshot snap;
    int64_t ts_ms;
} bench;

static void bench_open(bench *b, keel_signal_spec spec) {
    assert_int_equal(keel_signal_set_init(&b->set, &spec, 1), KEEL_SIGNAL_OK);
    b->snap = (keel_snapshot){0};
    b->ts_ms = 0;
}

/* Returns the mask of ready outputs; the outputs are in b->snap.v[0 ..]. */
static uint64_t bench_bar(bench *b, double open, double high, double low, double close, double volume) {
    keel_ohlcv bar = {.open = open, .high = high, .low = low, .close = close, .volume = volume};
    keel_signal_set_step(&b->set, &bar, b->ts_ms, &b->snap);
    b->ts_ms += 3600000;
    return b->snap.ready;
}

static uint64_t bench_close(bench *b, double close) { return bench_bar(b, close, close, close, close, 1.0); }

static keel_signal_spec spec_of(int32_t kind, int32_t p0) {
    keel_signal_spec spec = keel_signal_spec_default(kind, 0);
    if (p0 > 0) spec.p[0] = p0;
    return spec;
}

/* StockCharts ChartSchool, "Relative Strength Index (RSI)", the worked table: 14 periods, closes as printed with four
 * decimals, RSI as printed with two. */
static void rsi_of_the_printed_table(void **state) {
    (void)state;
    static const double closes[] = {44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955,
                                    45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140, 46.2820,
                                    46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439};
    static const double printed[] = {70.53, 66.32, 66.55, 69.41, 66.36, 57.97};
    bench b;
    bench_open(&b, spec_of(KEEL_SIGNAL_RSI, 14));
    for (int i = 0; i < COUNT(closes); i++) {
        uint64_t ready = bench_close(&b, closes[i]);
        assert_int_equal(ready, i >= 14);
        if (ready) assert_close(b.snap.v[0], printed[i - 14], 0.006);
    }
}

/* StockCharts ChartSchool, "Moving Averages - Simple and Exponential": the ten-day table for INTC. */
static void sma_and_ema_of_the_printed_table(void **state) {
    (void)state;
    static const double closes[] = {22.2734, 22.1940, 22.0847, 22.1741, 22.1840, 22.1344, 22.2337, 22.4323,
                                    22.2436, 22.2933, 22.1542, 22.3926, 22.3816, 22.6109, 23.3558};
    static const double printed_sma[] = {22.22, 22.21, 22.23, 22.26, 22.31, 22.42};
    static const double printed_ema[] = {22.22, 22.21, 22.24, 22.27, 22.33, 22.52};
    bench sma, ema;
    bench_open(&sma, spec_of(KEEL_SIGNAL_SMA, 10));
    bench_open(&ema, spec_of(KEEL_SIGNAL_EMA, 10));
    for (int i = 0; i < COUNT(closes); i++) {
        assert_int_equal(bench_close(&sma, closes[i]), i >= 9);
        assert_int_equal(bench_close(&ema, closes[i]), i >= 9);
        if (i < 9) continue;
        assert_close(sma.snap.v[0], printed_sma[i - 9], 0.006);
        assert_close(ema.snap.v[0], printed_ema[i - 9], 0.006);
    }
}

/* Small enough to do by hand: true ranges 3, 2, 4 give ATR(2) = 2.5, then (2.5 + 4) / 2 = 3.25. */
static void atr_by_hand(void **state) {
    (void)state;
    bench b;
    bench_open(&b, spec_of(KEEL_SIGNAL_ATR, 2));
    assert_int_equal(bench_bar(&b, 10, 11, 9, 10, 1), 0);
    assert_int_equal(bench_bar(&b, 12, 13, 12, 12, 1), 0); /* 13 - 10 = 3 */
    assert_int_equal(bench_bar(&b, 12, 13, 11, 12, 1), 1); /* 13 - 11 = 2 */
    assert_close(b.snap.v[0], 2.5, 0.0);
    assert_int_equal(bench_bar(&b, 9, 9, 8, 8, 1), 1); /* 12 - 8 = 4 */
    assert_close(b.snap.v[0], 3.25, 0.0);
}

/* 2, 4, 4, 4, 5, 5, 7, 9 has mean 5 and population deviation 2 exactly. */
static void bollinger_by_hand(void **state) {
    (void)state;
    static const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    bench b;
    bench_open(&b, spec_of(KEEL_SIGNAL_BB, 8));
    for (int i = 0; i < COUNT(x); i++)
        bench_close(&b, x[i]);
    assert_int_equal(b.snap.ready, 15);
    assert_close(b.snap.v[0], 5.0, 1e-15);
    assert_close(b.snap.v[1], 9.0, 1e-15);
    assert_close(b.snap.v[2], 1.0, 1e-15);
    assert_close(b.snap.v[3], 1.6, 1e-15);
}

static void obv_by_hand(void **state) {
    (void)state;
    static const double close[] = {10, 11, 11, 9, 12}, volume[] = {5, 7, 100, 3, 2}, want[] = {5, 12, 12, 9, 11};
    bench b;
    bench_open(&b, spec_of(KEEL_SIGNAL_OBV, 0));
    for (int i = 0; i < COUNT(close); i++) {
        bench_bar(&b, close[i], close[i], close[i], close[i], volume[i]);
        assert_close(b.snap.v[0], want[i], 0.0);
    }
}

static void donchian_includes_the_bar_itself(void **state) {
    (void)state;
    bench b;
    bench_open(&b, spec_of(KEEL_SIGNAL_DONCHIAN, 2));
    bench_bar(&b, 10, 12, 9, 11, 1);
    assert_int_equal(bench_bar(&b, 11, 20, 10, 15, 1), 7);
    assert_close(b.snap.v[0], 20.0, 0.0);
    assert_close(b.snap.v[1], 9.0, 0.0);
    assert_close(b.snap.v[2], 14.5, 0.0);
    bench_bar(&b, 15, 16, 14, 15, 1);
    bench_bar(&b, 15, 17, 13, 15, 1);
    assert_close(b.snap.v[0], 17.0, 0.0);
    assert_close(b.snap.v[1], 13.0, 0.0);
}

/* The day's VWAP starts afresh at 00:00 UTC and is the typical price while the day has no volume. */
static void day_vwap_restarts_at_midnight(void **state) {
    (void)state;
    bench b;
    bench_open(&b, spec_of(KEEL_SIGNAL_VWAP_DAY, 0));
    b.ts_ms = 1700000000000 / 86400000 * 86400000 + 23 * 3600000;
    bench_bar(&b, 10, 10, 10, 10, 100);
    assert_close(b.snap.v[0], 10.0, 0.0);
    bench_bar(&b, 20, 20, 20, 20, 0);
    assert_close(b.snap.v[0], 20.0, 0.0);
    bench_bar(&b, 30, 30, 30, 30, 1);
    assert_close(b.snap.v[0], 30.0, 0.0);
    bench_bar(&b, 40, 40, 40, 40, 1);
    assert_close(b.snap.v[0], 35.0, 0.0);
}

static void pivots_need_a_whole_day(void **state) {
    (void)state;
    bench b;
    bench_open(&b, spec_of(KEEL_SIGNAL_PIVOT, 0));
    b.ts_ms = 12 * 3600000; /* the first day begins at noon */
    for (int hour = 12; hour < 48; hour++)
        assert_int_equal(bench_bar(&b, 10, 12, 8, 10, 1), 0);
    assert_int_equal(bench_bar(&b, 10, 30, 1, 10, 1), 31);
    static const double want[] = {10, 12, 8, 14, 6};
    for (int i = 0; i < 5; i++)
        assert_close(b.snap.v[i], want[i], 0.0);
}

/* Every kind over bars that never move and never trade: the values that the headers define. */
static void a_dead_market_has_defined_values(void **state) {
    (void)state;
    static const struct {
        int32_t kind;
        double want[KEEL_SIGNAL_OUTPUT_MAX];
    } rows[] = {
        {KEEL_SIGNAL_COPY, {100}},
        {KEEL_SIGNAL_PREV, {100}},
        {KEEL_SIGNAL_SMA, {100}},
        {KEEL_SIGNAL_EMA, {100}},
        {KEEL_SIGNAL_WMA, {100}},
        {KEEL_SIGNAL_RMA, {100}},
        {KEEL_SIGNAL_DEMA, {100}},
        {KEEL_SIGNAL_TEMA, {100}},
        {KEEL_SIGNAL_KAMA, {100}},
        {KEEL_SIGNAL_SLOPE, {0}},
        {KEEL_SIGNAL_ROC, {0}},
        {KEEL_SIGNAL_MOM, {0}},
        {KEEL_SIGNAL_LINREG, {0}},
        {KEEL_SIGNAL_ZSCORE, {0}},
        {KEEL_SIGNAL_RSI, {50}},
        {KEEL_SIGNAL_STOCH_RSI, {50, 50}},
        {KEEL_SIGNAL_MACD, {0, 0, 0}},
        {KEEL_SIGNAL_TRIX, {0}},
        {KEEL_SIGNAL_BB, {100, 100, 100, 0}},
        {KEEL_SIGNAL_BB_WIDTH_RATIO, {1}},
        {KEEL_SIGNAL_CC_VOL, {0}},
        {KEEL_SIGNAL_ATR, {0}},
        {KEEL_SIGNAL_ADX, {0, 0, 0, 0}},
        {KEEL_SIGNAL_DONCHIAN, {100, 100, 100}},
        {KEEL_SIGNAL_KELTNER, {100, 100, 100}},
        {KEEL_SIGNAL_CCI, {0}},
        {KEEL_SIGNAL_WILLR, {-50}},
        {KEEL_SIGNAL_STOCH, {50, 50}},
        {KEEL_SIGNAL_AROON, {100, 100}},
        {KEEL_SIGNAL_SUPERTREND, {100, -1}},
        {KEEL_SIGNAL_SAR, {100}},
        {KEEL_SIGNAL_ULTOSC, {0}},
        {KEEL_SIGNAL_VWAP_DAY, {100}},
        {KEEL_SIGNAL_VWAP, {100}},
        {KEEL_SIGNAL_OBV, {0}},
        {KEEL_SIGNAL_MFI, {50}},
        {KEEL_SIGNAL_CMF, {0}},
        {KEEL_SIGNAL_PARKINSON, {0}},
        {KEEL_SIGNAL_GARMAN_KLASS, {0}},
        {KEEL_SIGNAL_ROGERS_SATCHELL, {0}},
        {KEEL_SIGNAL_YANG_ZHANG, {0}},
        {KEEL_SIGNAL_PIVOT, {100, 100, 100, 100, 100}},
    };
    assert_int_equal(COUNT(rows), KEEL_SIGNAL_KIND_COUNT);
    for (int r = 0; r < COUNT(rows); r++) {
        bench b;
        bench_open(&b, keel_signal_spec_default(rows[r].kind, 0));
        for (int i = 0; i < 200; i++)
            bench_bar(&b, 100, 100, 100, 100, 0);
        int outputs = keel_signal_kind_outputs(rows[r].kind);
        assert_int_equal(b.snap.ready, (1u << outputs) - 1);
        for (int k = 0; k < outputs; k++) {
            if (b.snap.v[k] < rows[r].want[k] || b.snap.v[k] > rows[r].want[k] || isnan(b.snap.v[k])) {
                fail_msg("kind %d output %d: %a, want %a", rows[r].kind, k, b.snap.v[k], rows[r].want[k]);
            }
        }
    }
}

/* A market that only rises: the ends of the bounded oscillators. */
static void a_market_that_only_rises_reaches_the_ends(void **state) {
    (void)state;
    static const struct {
        int32_t kind;
        double want;
    } rows[] = {{KEEL_SIGNAL_RSI, 100}, {KEEL_SIGNAL_STOCH_RSI, 50}, {KEEL_SIGNAL_WILLR, 0},
                {KEEL_SIGNAL_MFI, 100}, {KEEL_SIGNAL_AROON, 100},    {KEEL_SIGNAL_CMF, 1}};
    for (int r = 0; r < COUNT(rows); r++) {
        bench b;
        bench_open(&b, keel_signal_spec_default(rows[r].kind, 0));
        for (int i = 0; i < 100; i++)
            bench_bar(&b, 100 + i, 101 + i, 100 + i, 101 + i, 10);
        assert_close(b.snap.v[0], rows[r].want, 1e-12);
    }
}

/* Calm, wild, dead and tiny bars in turn: no machine ever gives a NaN or an infinity, ready or not. */
static void nothing_ever_gives_a_nan(void **state) {
    (void)state;
    for (int32_t kind = 0; kind < KEEL_SIGNAL_KIND_COUNT; kind++) {
        uint64_t seed = 42;
        double price = 100.0;
        bench b;
        bench_open(&b, keel_signal_spec_default(kind, 0));
        for (int i = 0; i < 20000; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            double u = (double)(seed >> 11) / 9007199254740992.0;
            int mood = i / 100 % 4;
            double close = mood == 2 ? price : price * (1.0 + (u - 0.5) * (mood == 1 ? 0.5 : 0.002));
            if (mood == 3 && i % 100 == 0) close = price < 1.0 ? price * 1e9 : price * 1e-9;
            double high = mood == 2 ? price : (close > price ? close : price) * (1.0 + u * 0.001);
            double low = mood == 2 ? price : (close < price ? close : price) * (1.0 - u * 0.001);
            bench_bar(&b, price, high, low, close, mood == 2 ? 0.0 : u * 1000.0);
            for (int k = 0; k < keel_signal_kind_outputs(kind); k++)
                assert_true(isfinite(b.snap.v[k]));
            price = close;
        }
    }
}

/* Crossings of averages are decided on this: no rounding of a constant moves any of them. */
static void averages_of_a_constant_are_that_constant(void **state) {
    (void)state;
    static const int32_t periods[] = {1, 2, 3, 12, 26, 200};
    static const double constants[] = {0.1, 1.0 / 3.0, 97.03, 30123.07};
    for (int c = 0; c < COUNT(constants); c++) {
        for (int p = 0; p < COUNT(periods); p++) {
            bench b;
            bench_open(&b, spec_of(KEEL_SIGNAL_EMA, periods[p]));
            for (int i = 0; i < 500; i++) {
                if (!bench_bar(&b, constants[c], constants[c], constants[c], constants[c], 1.0)) continue;
                /* The seed is a mean of n values, which may be off by a rounding; from there on nothing moves. */
                assert_close(b.snap.v[0], constants[c], constants[c] * 1e-13);
                double seed = b.snap.v[0];
                for (int k = 0; k < 5 && seed == constants[c]; k++) {
                    assert_true(bench_bar(&b, constants[c], constants[c], constants[c], constants[c], 1.0) == 1);
                    assert_true(b.snap.v[0] == constants[c]);
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsi_of_the_printed_table),
        cmocka_unit_test(sma_and_ema_of_the_printed_table),
        cmocka_unit_test(atr_by_hand),
        cmocka_unit_test(bollinger_by_hand),
        cmocka_unit_test(obv_by_hand),
        cmocka_unit_test(donchian_includes_the_bar_itself),
        cmocka_unit_test(day_vwap_restarts_at_midnight),
        cmocka_unit_test(pivots_need_a_whole_day),
        cmocka_unit_test(a_dead_market_has_defined_values),
        cmocka_unit_test(a_market_that_only_rises_reaches_the_ends),
        cmocka_unit_test(nothing_ever_gives_a_nan),
        cmocka_unit_test(averages_of_a_constant_are_that_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
