/* kernel/chains.h: averages of many lengths side by side leave the columns and the state that each set alone has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/chains.h"

enum { BARS = 1500, WARM = 700, SETS = 45 };

static uint64_t seed;

static uint32_t draw(uint32_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static struct {
    int64_t ts_ms[BARS];
    double open[BARS], high[BARS], low[BARS], close[BARS], volume[BARS];
} m;
static const keel_signal_bars bars = {m.ts_ms, m.open, m.high, m.low, m.close, m.volume};
static keel_signal_scratch scratch;
static keel_signal_set one[SETS], other[SETS];
static double want[SETS][4][BARS], got[SETS][4][BARS];

static void make_market(void) {
    double price = 30000.0;
    for (int i = 0; i < BARS; i++) {
        m.ts_ms[i] = 1700006400000 + (int64_t)i * 3600000;
        m.open[i] = price;
        price *= 1.0 + ((double)draw(2001) - 1000.0) * 1e-5;
        m.close[i] = price;
        m.high[i] = (m.open[i] > price ? m.open[i] : price) * 1.001;
        m.low[i] = (m.open[i] < price ? m.open[i] : price) * 0.999;
        m.volume[i] = draw(500);
    }
}

/* A chain with values of it some bars ago, out of order and more than one. */
static void make_set(int32_t kind, int32_t source, int32_t length, int32_t before, keel_signal_set *ret) {
    keel_signal_spec specs[4];
    specs[0] = keel_signal_spec_default(kind, 0);
    specs[0].p[0] = length;
    specs[0].source = source;
    for (int32_t i = 1; i <= before; i++) {
        specs[i] = keel_signal_spec_default(KEEL_SIGNAL_PREV, i);
        specs[i].source = KEEL_SOURCE_SLOT(0);
        specs[i].p[0] = 1 + (i * 5) % 7;
    }
    assert_int_equal(keel_signal_set_init(ret, specs, 1 + before), KEEL_SIGNAL_OK);
}

static uint64_t digest(const keel_signal_set *set) {
    keel_hash h;
    keel_hash_init(&h);
    keel_signal_set_hash(set, &h);
    return keel_hash_digest(&h);
}

/* n sets in calls of several sizes after a warm-up that each has alone. */
static void compare(int32_t kind, int32_t source, int32_t n) {
    static const int sizes[] = {128, 1, 255, 2, 129, 64, 7};
    keel_chain chains[SETS];
    int32_t from[KEEL_SLOT_MAX];
    for (int32_t i = 0; i < n; i++) {
        make_set(kind, source, 2 + (int32_t)draw(200), i % 4, &one[i]);
        other[i] = one[i];
        keel_signal_columns(&other[i], &bars, 0, WARM, BARS, got[i][0], from, &scratch);
        keel_signal_columns(&one[i], &bars, 0, BARS, BARS, want[i][0], from, &scratch);
        assert_int_equal(keel_chain_of(&other[i]), keel_chain_of(&other[0]));
        assert_true(keel_chain_of(&other[i]) != 0);
    }
    for (int at = WARM, k = 0; at < BARS; at += sizes[k], k = (k + 1) % 7) {
        int count = BARS - at < sizes[k] ? BARS - at : sizes[k];
        const keel_signal_bars rest = {m.ts_ms + at, m.open + at, m.high + at, m.low + at, m.close + at, m.volume + at};
        for (int32_t i = 0; i < n; i++)
            chains[i] = (keel_chain){&other[i], got[i][0] + at};
        keel_chains_run(chains, n, &rest, count);
        if (at + count == BARS) break;
    }
    for (int32_t i = 0; i < n; i++) {
        assert_memory_equal(got[i][0], want[i][0], BARS * sizeof(double));
        assert_true(digest(&one[i]) == digest(&other[i]));
    }
}

/* [PRF-03] [SWP-02.1] */
static void each_has_what_it_has_alone(void **state) {
    static const int32_t kinds[] = {KEEL_SIGNAL_EMA, KEEL_SIGNAL_RMA, KEEL_SIGNAL_RSI, KEEL_SIGNAL_ATR,
                                    KEEL_SIGNAL_SMA};
    static const int32_t sources[] = {KEEL_SOURCE_CLOSE, KEEL_SOURCE_OPEN, KEEL_SOURCE_HIGH, KEEL_SOURCE_LOW};
    static const int32_t counts[] = {1, 8, 32, 33, SETS};
    (void)state;
    seed = 11;
    make_market();
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            compare(kinds[k], kinds[k] == KEEL_SIGNAL_ATR ? KEEL_SOURCE_CLOSE : sources[(k + c) % 4], counts[c]);
}

static void others_go_alone(void **state) {
    keel_signal_spec specs[2];
    (void)state;
    make_set(KEEL_SIGNAL_WMA, KEEL_SOURCE_CLOSE, 9, 1, &one[0]);
    assert_int_equal(keel_chain_of(&one[0]), 0);
    make_set(KEEL_SIGNAL_EMA, KEEL_SOURCE_HL2, 9, 1, &one[0]);
    assert_int_equal(keel_chain_of(&one[0]), 0);
    make_set(KEEL_SIGNAL_EMA, KEEL_SOURCE_OPEN, 9, 1, &one[0]);
    make_set(KEEL_SIGNAL_EMA, KEEL_SOURCE_CLOSE, 9, 1, &one[1]);
    assert_true(keel_chain_of(&one[0]) != keel_chain_of(&one[1]));
    specs[0] = keel_signal_spec_default(KEEL_SIGNAL_EMA, 0);
    specs[1] = keel_signal_spec_default(KEEL_SIGNAL_EMA, 1);
    assert_int_equal(keel_signal_set_init(&one[0], specs, 2), KEEL_SIGNAL_OK);
    assert_int_equal(keel_chain_of(&one[0]), 0);
    assert_int_equal(keel_signal_set_init(&one[0], specs, 0), KEEL_SIGNAL_OK);
    assert_int_equal(keel_chain_of(&one[0]), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_has_what_it_has_alone), cmocka_unit_test(others_go_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
