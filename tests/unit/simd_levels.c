/* simd: every level that this processor runs gives the bits of the plain build: columns of every kind, lanes of every
 * kind that has them [PRF-03] [IND-01.2]. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "simd/simd.h"

enum { BARS = 2500, STRIDE = BARS + 3, MEANS = 32, LONGEST = 2000 };

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

static void make_market(uint64_t from) {
    double price = 30000.0;
    seed = from;
    for (int i = 0; i < BARS; i++) {
        int still = i % 211 < 25; /* dead stretches longer than the short windows */
        m.ts_ms[i] = 1700006400000 + (int64_t)i * 3600000;
        m.open[i] = price;
        m.close[i] = still ? price : price * (1.0 + ((double)draw(2001) - 1000.0) * 1e-5);
        m.high[i] = (m.close[i] > price ? m.close[i] : price) * (still ? 1.0 : 1.0 + draw(400) * 1e-5);
        m.low[i] = (m.close[i] < price ? m.close[i] : price) * (still ? 1.0 : 1.0 - draw(300) * 1e-5);
        m.volume[i] = still ? 0.0 : draw(500);
        price = m.close[i];
    }
}

static uint64_t digest(const keel_signal_set *set) {
    keel_hash h;
    keel_hash_init(&h);
    keel_signal_set_hash(set, &h);
    return keel_hash_digest(&h);
}

static void the_plainest_level_always_runs(void **state) {
    (void)state;
    int count = 0;
    assert_non_null(keel_simd_level(0));
    assert_string_equal(keel_simd_level(0)->name, "portable");
    for (int i = 0; i < keel_simd_levels(); i++) {
        const keel_simd *level = keel_simd_level(i);
        print_message("level %d: %s\n", i, level ? level->name : "not on this machine");
        count += level != NULL;
        if (level && i == keel_simd_levels() - 1) assert_ptr_equal(level, keel_simd_best());
    }
    assert_true(count >= 1);
    assert_non_null(keel_simd_best());
    assert_null(keel_simd_level(-1));
    assert_null(keel_simd_level(keel_simd_levels()));
}

static void columns_are_equal_at_every_level(void **state) {
    (void)state;
    static keel_signal_set plain, other;
    static double want[KEEL_SIGNAL_OUTPUT_MAX * STRIDE], got[KEEL_SIGNAL_OUTPUT_MAX * STRIDE];
    int32_t from[KEEL_SLOT_MAX], other_from[KEEL_SLOT_MAX];
    for (int32_t kind = 0; kind < KEEL_SIGNAL_KIND_COUNT; kind++) {
        for (int shape = 0; shape < 4; shape++) {
            keel_signal_spec spec = keel_signal_spec_default(kind, 3);
            if (shape == 1 && spec.p[0] > 4) spec.p[0] -= 3;
            if (shape == 2 && spec.p[0] > 0 && kind != KEEL_SIGNAL_ULTOSC && kind != KEEL_SIGNAL_MACD) spec.p[0] *= 7;
            if (shape == 3 && keel_signal_kind_input(kind) == KEEL_SIGNAL_INPUT_SERIES) spec.source = KEEL_SOURCE_HLC3;
            make_market(17u * (uint64_t)kind + (uint64_t)shape);
            assert_int_equal(keel_signal_set_init(&plain, &spec, 1), KEEL_SIGNAL_OK);
            keel_signal_columns(&plain, &bars, 0, BARS, STRIDE, want, from, &scratch);
            for (int i = 0; i < keel_simd_levels(); i++) {
                const keel_simd *level = keel_simd_level(i);
                if (!level) continue;
                assert_int_equal(keel_signal_set_init(&other, &spec, 1), KEEL_SIGNAL_OK);
                memset(got, 0x5a, sizeof got);
                for (int at = 0; at < BARS; at += 1201) {
                    int count = BARS - at < 1201 ? BARS - at : 1201;
                    level->signal_columns(&other, &bars, at, count, STRIDE, got + at, other_from, &scratch);
                    if (at == 0) assert_int_equal(other_from[3], from[3] < count ? from[3] : count);
                }
                for (int k = 0; k < keel_signal_kind_outputs(kind); k++)
                    assert_memory_equal(got + k * STRIDE, want + k * STRIDE, BARS * sizeof *got);
                assert_true(digest(&plain) == digest(&other));
            }
        }
    }
}

/* Windows whose turns go side by side, of every length that does and some that do not, in calls that end anywhere. */
static void turns_side_by_side_are_equal(void **state) {
    (void)state;
    static const int32_t kinds[] = {KEEL_SIGNAL_SMA, KEEL_SIGNAL_BB,  KEEL_SIGNAL_ZSCORE, KEEL_SIGNAL_BB_WIDTH_RATIO,
                                    KEEL_SIGNAL_MFI, KEEL_SIGNAL_CMF, KEEL_SIGNAL_STOCH};
    static keel_signal_set plain, other;
    static double want[KEEL_SIGNAL_OUTPUT_MAX * STRIDE], got[KEEL_SIGNAL_OUTPUT_MAX * STRIDE];
    int32_t from[KEEL_SLOT_MAX];
    for (int32_t n = 2; n <= 132; n += n < 70 ? 1 : 7) {
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            keel_signal_spec spec = keel_signal_spec_default(kinds[k], 0);
            spec.p[0] = n;
            if (n % 11 == 2) make_market(400u + (uint64_t)n);
            assert_int_equal(keel_signal_set_init(&plain, &spec, 1), KEEL_SIGNAL_OK);
            keel_signal_columns(&plain, &bars, 0, BARS, STRIDE, want, from, &scratch);
            for (int i = 0; i < keel_simd_levels(); i++) {
                const keel_simd *level = keel_simd_level(i);
                if (!level) continue;
                assert_int_equal(keel_signal_set_init(&other, &spec, 1), KEEL_SIGNAL_OK);
                memset(got, 0x5a, sizeof got);
                for (int at = 0; at < BARS;) {
                    int count = draw(2) == 0 ? 512 : 1 + (int)draw(700);
                    if (count > BARS - at) count = BARS - at;
                    level->signal_columns(&other, &bars, at, count, STRIDE, got + at, from, &scratch);
                    at += count;
                }
                for (int c = 0; c < keel_signal_kind_outputs(kinds[k]); c++)
                    assert_memory_equal(got + c * STRIDE, want + c * STRIDE, BARS * sizeof *got);
                assert_true(digest(&plain) == digest(&other));
            }
        }
    }
}

/* n lanes of one kind at one level, in two calls, against the machines one by one. */
static void compare_lanes(const keel_simd *level, int32_t kind, int32_t n, int32_t source, int cut) {
    static keel_simd_lanes lanes;
    static keel_signal_set set;
    static double out[BARS * KEEL_LANES_MAX], x[BARS], want[STRIDE], apart[KEEL_LANES_MAX][BARS];
    double *column[KEEL_LANES_MAX];
    keel_signal_spec specs[KEEL_LANES_MAX];
    int32_t from[2][KEEL_LANES_MAX], want_from[KEEL_SLOT_MAX];
    for (int32_t l = 0; l < n; l++) {
        specs[l] = keel_signal_spec_default(kind, l);
        specs[l].p[0] = 2 + (int32_t)draw(l == 1 ? 400 : 60);
        specs[l].source = source;
    }
    for (int i = 0; i < BARS; i++) {
        keel_ohlcv bar = {m.open[i], m.high[i], m.low[i], m.close[i], m.volume[i]};
        x[i] = keel_signal_bar_value(&bar, source);
    }
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, n), KEEL_SIGNAL_OK);
    memset(out, 0x5a, sizeof out);
    level->lanes_run(&lanes, &bars, x, 0, cut, out, from[0]);
    level->lanes_run(&lanes, &bars, x, cut, BARS - cut, out + (int64_t)cut * lanes.width, from[1]);
    for (int32_t l = 0; l < n; l++)
        column[l] = apart[l];
    memset(apart, 0x5a, sizeof apart);
    level->lanes_apart(out, lanes.width, cut, n, column);
    for (int32_t l = 0; l < n; l++) {
        for (int i = 0; i < cut; i++)
            assert_memory_equal(&apart[l][i], &out[i * lanes.width + l], sizeof(double));
        assert_true(cut == BARS || memcmp(&apart[l][cut], "ZZZZZZZZ", sizeof(double)) == 0);
    }
    for (int32_t l = 0; l < lanes.width; l++) {
        if (l < n) {
            specs[l].slot = 0;
            assert_int_equal(keel_signal_set_init(&set, &specs[l], 1), KEEL_SIGNAL_OK);
            keel_signal_columns(&set, &bars, 0, BARS, STRIDE, want, want_from, &scratch);
            assert_int_equal(from[0][l] < cut ? from[0][l] : cut + from[1][l], want_from[0]);
            assert_memory_equal(&lanes.state[l], &set.state[0], sizeof set.state[0]);
        }
        for (int i = 0; i < BARS; i++) {
            double expected = l < n ? want[i] : 0.0;
            if (memcmp(&out[i * lanes.width + l], &expected, sizeof expected) == 0) continue;
            fail_msg("%s kind %d lane %d of %d period %d bar %d: %a, stepping %a", level->name, kind, l, n,
                     l < n ? specs[l].p[0] : 0, i, out[i * lanes.width + l], expected);
        }
    }
}

static void lanes_are_equal_at_every_level(void **state) {
    (void)state;
    static const int32_t kinds[] = {KEEL_SIGNAL_EMA, KEEL_SIGNAL_RMA, KEEL_SIGNAL_RSI, KEEL_SIGNAL_ATR};
    static const int32_t counts[] = {1, 8, 11, 16, 24, 32};
    make_market(5);
    for (int i = 0; i < keel_simd_levels(); i++) {
        if (!keel_simd_level(i)) continue;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                int32_t source = kinds[k] == KEEL_SIGNAL_ATR ? KEEL_SOURCE_CLOSE : (int32_t)draw(7);
                compare_lanes(keel_simd_level(i), kinds[k], counts[c], source, (int)draw(BARS));
            }
        }
    }
}

/* Means of n lengths at one level, in blocks of several sizes from the first bar on, against the machines one by one.
 */
static void compare_means(const keel_simd *level, int32_t n) {
    static double got[MEANS][BARS], win[LONGEST], alone_win[LONGEST], room[KEEL_MEANS_ROOM];
    double *out[MEANS];
    static keel_means means;
    int32_t lengths[MEANS], longest = 1;
    keel_roll roll, alone;
    for (int32_t l = 0; l < n; l++) {
        lengths[l] = 1 + (int32_t)draw(l == 1 ? LONGEST : 130);
        if (lengths[l] > longest) longest = lengths[l];
    }
    memset(win, 0, sizeof win);
    memset(got, 0x5a, sizeof got);
    keel_roll_init(&roll, longest);
    level->block_means_begin(&means, &roll, win, lengths, n, room);
    for (int at = 0; at < BARS;) {
        int count = draw(2) == 0 ? KEEL_BLOCK_BARS : 1 + (int)draw(KEEL_BLOCK_BARS);
        if (count > BARS - at) count = BARS - at;
        for (int32_t l = 0; l < n; l++)
            out[l] = got[l] + at;
        level->block_means(&means, m.close + at, count, out, room);
        at += count;
        if (draw(3) != 0) continue;
        level->block_means_end(&means, &roll, win, room); /* and begin again where the ring stands */
        memset(room, 0x5a, sizeof room);
        level->block_means_begin(&means, &roll, win, lengths, n, room);
    }
    level->block_means_end(&means, &roll, win, room);
    for (int32_t l = 0; l < n; l++) {
        memset(alone_win, 0, sizeof alone_win);
        keel_roll_init(&alone, lengths[l]);
        for (int i = 0; i < BARS; i++) {
            double want = 0.0;
            (void)keel_sma_step(&alone, alone_win, m.close[i], &want);
            if (memcmp(&got[l][i], &want, sizeof want) == 0) continue;
            fail_msg("%s length %d beside %d, bar %d: %a, stepping %a", level->name, lengths[l], longest, i, got[l][i],
                     want);
        }
        if (lengths[l] != longest) continue;
        assert_memory_equal(&alone, &roll, sizeof roll);
        assert_memory_equal(alone_win, win, sizeof win);
    }
}

static void means_are_equal_at_every_level(void **state) {
    (void)state;
    static const int32_t counts[] = {1, 2, 7, 8, MEANS};
    make_market(9);
    for (int i = 0; i < keel_simd_levels(); i++) {
        if (!keel_simd_level(i)) continue;
        for (size_t c = 0; c < 3 * sizeof counts / sizeof *counts; c++)
            compare_means(keel_simd_level(i), counts[c / 3]);
    }
}

/* Means of values of every size, of zeros of both signs, and of values too small or too large for a quotient by way of
 * the reciprocal, in stretches from the start, late, or not at all. */
static void means_of_any_size_are_divided_right(void **state) {
    (void)state;
    static const double sizes[] = {0x1p-899, 0x1p-500, 1e-3, 1.0, 1e8, 0x1p500, 0x1p899};
    static const double odd[] = {-0.0, 0x1p-1060, 0x1p-1022, 0x1p1023, -0x1p-901};
    for (int i = 0; i < keel_simd_levels(); i++) {
        if (!keel_simd_level(i)) continue;
        for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
            for (int from = 0; from <= BARS; from += BARS / 2) {
                make_market(3 * size + 1);
                for (int k = 0; k < BARS; k++) {
                    m.close[k] *= draw(3) == 0 ? -sizes[size] : draw(9) == 0 ? 0.0 : sizes[size];
                    if (m.close[k] == 0.0) m.close[k] = 0.0;
                    if (k >= from && k / 150 % 2) m.close[k] = odd[k / 300 % 5] * (1.0 + draw(1000) * 1e-3);
                }
                compare_means(keel_simd_level(i), 16);
            }
        }
    }
}

/* Prices of many sizes in stretches, some that only rise and some that stand still: what a level divides by
 * multiplication and what it does not, one after the other. */
static void make_sizes(uint64_t from, const double *sizes, int count) {
    make_market(from);
    for (int k = 0; k < BARS; k++) {
        if (k / 70 % 5 == 1) m.close[k] = 30000.0 + k; /* no losses, and in time no trace of any */
        m.close[k] *= sizes[(k / 350 + (int)from) % count];
    }
}

static void quotients_of_any_size_are_rounded_right(void **state) {
    (void)state;
    static const double rsi[] = {1.0, 0x1p-299, 0x1p-1030, 1e-3, 0x1p280, 0x1p900, 0x1p-320, 1e8};
    static const double bands[] = {1.0, 0x1p-120, 0x1p-400, 1e-3, 0x1p110, 0x1p390, -1.0, 1e8};
    static keel_signal_set plain, other;
    static double want[4 * STRIDE], got[4 * STRIDE];
    int32_t at[KEEL_SLOT_MAX];
    for (int i = 1; i < keel_simd_levels(); i++) {
        const keel_simd *level = keel_simd_level(i);
        if (!level) continue;
        for (uint64_t from = 1; from <= 16; from++) {
            make_sizes(from, rsi, 8);
            compare_lanes(level, KEEL_SIGNAL_RSI, from % 2 ? 8 : 24, KEEL_SOURCE_CLOSE, (int)draw(BARS));
            keel_signal_spec spec = keel_signal_spec_default(KEEL_SIGNAL_BB, 0);
            spec.p[0] = 5 + (int32_t)draw(50);
            make_sizes(from, from % 4 ? bands : rsi + 7, from % 4 ? 8 : 1);
            assert_int_equal(keel_signal_set_init(&plain, &spec, 1), KEEL_SIGNAL_OK);
            assert_int_equal(keel_signal_set_init(&other, &spec, 1), KEEL_SIGNAL_OK);
            keel_signal_columns(&plain, &bars, 0, BARS, STRIDE, want, at, &scratch);
            level->signal_columns(&other, &bars, 0, BARS, STRIDE, got, at, &scratch);
            for (int c = 0; c < 4; c++)
                assert_memory_equal(got + c * STRIDE, want + c * STRIDE, BARS * sizeof *got);
        }
    }
}

/* A width so near the middle between two doubles that a level which multiplies instead of dividing cannot know by that
 * to which one it rounds: within 2^-28 of their distance, and known is a quotient within about 2^-26. The market is one
 * of some 30000 that were tried. */
static void a_quotient_in_doubt_is_divided(void **state) {
    (void)state;
    enum { NEAR = 124, N = 5 };
    static keel_signal_set set;
    static double got[4 * STRIDE], win[2 * N];
    double mean = 0.0, m2 = 0.0;
    int32_t at[KEEL_SLOT_MAX];
    keel_roll roll;
    keel_signal_spec spec = keel_signal_spec_default(KEEL_SIGNAL_BB, 0);
    spec.p[0] = N;
    make_market(28032);
    keel_roll_init(&roll, N);
    for (int i = 0; i <= NEAR; i++)
        (void)keel_roll_moments(&roll, win, m.close[i], &mean, &m2);
    double twice = 2.0 * (spec.f[0] * sqrt(m2 * (1.0 / N))), width = twice / mean;
    double half = (nextafter(width, 1.0) - width) / 2.0 * mean;
    assert_true(fabs(fabs(fma(-mean, width, twice)) - half) < half * 0x1p-27);
    for (int i = 0; i < keel_simd_levels(); i++) {
        const keel_simd *level = keel_simd_level(i);
        if (!level) continue;
        assert_int_equal(keel_signal_set_init(&set, &spec, 1), KEEL_SIGNAL_OK);
        level->signal_columns(&set, &bars, 0, BARS, STRIDE, got, at, &scratch);
        assert_memory_equal(&got[3 * STRIDE + NEAR], &width, sizeof width);
    }
}

static void lanes_refuse_what_they_cannot_run(void **state) {
    (void)state;
    static keel_simd_lanes lanes;
    keel_signal_spec specs[2] = {keel_signal_spec_default(KEEL_SIGNAL_EMA, 0),
                                 keel_signal_spec_default(KEEL_SIGNAL_EMA, 0)};
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, 0), KEEL_SIGNAL_E_COUNT);
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, KEEL_LANES_MAX + 1), KEEL_SIGNAL_E_COUNT);
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, 2), KEEL_SIGNAL_OK);
    specs[1].source = KEEL_SOURCE_OPEN;
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, 2), KEEL_SIGNAL_E_SOURCE);
    specs[1].p[0] = 0;
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, 2), KEEL_SIGNAL_E_PARAM);
    specs[1].kind = KEEL_SIGNAL_RSI;
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, 2), KEEL_SIGNAL_E_KIND);
    specs[0] = keel_signal_spec_default(KEEL_SIGNAL_WMA, 0);
    assert_int_equal(keel_simd_lanes_init(&lanes, specs, 1), KEEL_SIGNAL_E_KIND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plainest_level_always_runs),    cmocka_unit_test(columns_are_equal_at_every_level),
        cmocka_unit_test(turns_side_by_side_are_equal),      cmocka_unit_test(lanes_are_equal_at_every_level),
        cmocka_unit_test(means_are_equal_at_every_level),    cmocka_unit_test(means_of_any_size_are_divided_right),
        cmocka_unit_test(quotients_of_any_size_are_rounded_right),
        cmocka_unit_test(a_quotient_in_doubt_is_divided),    cmocka_unit_test(lanes_refuse_what_they_cannot_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
