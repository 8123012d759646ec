/* Checks, gate, resampling, robust statistics, synthetic market. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "edge/data/check.h"
#include "edge/data/resample.h"
#include "edge/data/robust.h"
#include "edge/data/synth.h"
#include "edge/data/window.h"

enum { BARS = 2000 };
static const int64_t START_MS = 1704067200000, MINUTE_MS = 60000, HOUR_MS = 3600000;

static keel_candles market(int64_t interval_ms, int64_t bars, uint64_t seed) {
    keel_synth_options o = {.seed = seed, .start_ms = START_MS, .interval_ms = interval_ms, .bars = bars};
    keel_candles c;
    keel_fundings f;
    assert_int_equal(keel_synth_make(&o, "AAA", &c, &f, NULL), 0);
    keel_fundings_done(&f);
    return c;
}

static void drop(keel_candles *c, int64_t from, int64_t count) {
    size_t tail = (size_t)(c->count - from - count) * sizeof(int64_t);
    memmove(c->ts_ms + from, c->ts_ms + from + count, tail);
    memmove(c->open_e8 + from, c->open_e8 + from + count, tail);
    memmove(c->high_e8 + from, c->high_e8 + from + count, tail);
    memmove(c->low_e8 + from, c->low_e8 + from + count, tail);
    memmove(c->close_e8 + from, c->close_e8 + from + count, tail);
    memmove(c->volume + from, c->volume + from + count, tail);
    c->count -= count;
}

static keel_check check(const keel_candles *c, int64_t from_ms, int64_t to_ms, const keel_check_options *o) {
    keel_check ret;
    assert_int_equal(keel_check_candles(c, from_ms, to_ms, o, &ret, NULL), 0);
    return ret;
}

/* [DAT-02] [BKT-08.2] [T-322] Holes are found at their place, and the limits decide between WARN and FAIL. */
static void test_gaps(void **state) {
    (void)state;
    keel_check_options o;
    keel_check_options_init(&o);
    o.outlier_sigma = 1e9;
    for (int64_t hole = 0; hole <= 6; hole++) {
        keel_candles c = market(MINUTE_MS, BARS, 1);
        if (hole) drop(&c, 700, hole);
        keel_check k = check(&c, INT64_MIN, INT64_MAX, &o);
        assert_int_equal(k.rows_missing, hole);
        assert_int_equal(k.rows_expected, BARS);
        assert_int_equal(k.status, hole == 0 ? KEEL_CHECK_OK : hole <= 3 ? KEEL_CHECK_WARN : KEEL_CHECK_FAIL);
        if (hole) {
            assert_int_equal(k.finding_count, 1);
            assert_int_equal(k.findings[0].kind, KEEL_FINDING_GAP);
            assert_int_equal(k.findings[0].from_ms, START_MS + 700 * MINUTE_MS);
            assert_int_equal(k.findings[0].to_ms, START_MS + (700 + hole) * MINUTE_MS);
        }
        keel_check_done(&k);
        keel_candles_done(&c);
    }
}

/* What a wanted range lacks at its ends is missing too. */
static void test_range_ends(void **state) {
    (void)state;
    keel_check_options o;
    keel_check_options_init(&o);
    o.outlier_sigma = 1e9;
    o.max_missing_share = 1.0;
    keel_candles c = market(MINUTE_MS, BARS, 1);
    keel_check k = check(&c, START_MS - 2 * MINUTE_MS - 1, START_MS + (BARS + 3) * MINUTE_MS, &o);
    assert_int_equal(k.rows_missing, 5);
    assert_int_equal(k.gap_count, 2);
    assert_int_equal(k.rows_expected, BARS + 5);
    keel_check_done(&k);
    k = check(&c, START_MS, START_MS + BARS * MINUTE_MS, &o);
    assert_int_equal(k.status, KEEL_CHECK_OK);
    keel_check_done(&k);
    keel_candles_done(&c);
}

/* A large move fails unless a person allowed it; many small gaps fail by share; old data fails only with a clock. */
static void test_moves_share_age(void **state) {
    (void)state;
    keel_check_options o;
    keel_check_options_init(&o);
    o.outlier_sigma = 1e9;
    keel_candles c = market(MINUTE_MS, BARS, 1);
    for (int64_t i = 1000; i < BARS; i++) {
        c.open_e8[i] *= 2;
        c.high_e8[i] *= 2;
        c.low_e8[i] *= 2;
        c.close_e8[i] *= 2;
    }
    keel_check k = check(&c, INT64_MIN, INT64_MAX, &o);
    assert_int_equal(k.status, KEEL_CHECK_FAIL);
    assert_int_equal(k.large_moves, 1);
    assert_int_equal(k.worst.from_ms, START_MS + 1000 * MINUTE_MS);
    keel_check_done(&k);
    o.allow_moves = 1;
    k = check(&c, INT64_MIN, INT64_MAX, &o);
    assert_int_equal(k.status, KEEL_CHECK_WARN);
    keel_check_done(&k);
    keel_candles_done(&c);

    c = market(MINUTE_MS, BARS, 1);
    for (int64_t i = 0; i < 12; i++)
        drop(&c, 100 * i + 50, 1);
    k = check(&c, INT64_MIN, INT64_MAX, &o);
    assert_int_equal(k.status, KEEL_CHECK_FAIL);
    assert_int_equal(k.worst.kind, KEEL_FINDING_MISSING_SHARE);
    keel_check_done(&k);
    o.max_missing_share = 0.01;
    k = check(&c, INT64_MIN, INT64_MAX, &o);
    assert_int_equal(k.status, KEEL_CHECK_WARN);
    keel_check_done(&k);
    o.now_ms = c.ts_ms[c.count - 1] + 3 * MINUTE_MS;
    k = check(&c, INT64_MIN, INT64_MAX, &o);
    assert_int_equal(k.status, KEEL_CHECK_WARN);
    keel_check_done(&k);
    o.now_ms++;
    k = check(&c, INT64_MIN, INT64_MAX, &o);
    assert_int_equal(k.status, KEEL_CHECK_FAIL);
    keel_check_done(&k);
    keel_candles_done(&c);
}

/* The gate does not trust the store: broken bars refuse a run, in one line, even when findings are not kept. */
static void test_gate(void **state) {
    (void)state;
    keel_check_options o;
    keel_check a, b;
    keel_err err = {0, {0}};
    keel_check_options_init(&o);
    o.outlier_sigma = 1e9;
    keel_candles c = market(MINUTE_MS, BARS, 1);
    assert_int_equal(keel_data_gate("v AAA 1m", &c, NULL, INT64_MIN, INT64_MAX, &o, &a, &b, &err), 0);
    keel_check_done(&a);
    keel_check_done(&b);
    o.findings_max = 0;
    c.high_e8[10] = c.low_e8[10] - 1;
    assert_int_equal(keel_data_gate("v AAA 1m", &c, NULL, INT64_MIN, INT64_MAX, &o, &a, &b, &err), KEEL_E_GATE);
    assert_non_null(strstr(err.text, "v AAA 1m"));
    keel_check_done(&a);
    keel_check_done(&b);
    keel_candles_done(&c);
    keel_candles none = {.interval_ms = MINUTE_MS};
    assert_int_equal(keel_data_gate("v AAA 1m", &none, NULL, INT64_MIN, INT64_MAX, &o, &a, &b, &err), KEEL_E_GATE);
    keel_check_done(&a);
    keel_check_done(&b);
}

typedef struct funding_case {
    int64_t hours[12]; /* settlement times; ends with -1 after the first */
    int64_t missing, changes, interval_h;
} funding_case;

/* [DAT-02] Funding intervals, their changes, and settlements that are missing. */
static void test_funding_steps(void **state) {
    (void)state;
    static const funding_case cases[] = {
        {{0, 8, 16, 24, 32, -1}, 0, 0, 8},         {{0, 8, 24, 32, 40, -1}, 1, 0, 8},
        {{0, 8, 16, 20, 24, 28, -1}, 0, 1, 4},     {{0, 1, 2, 3, 7, 8, 9, -1}, 3, 0, 1},
        {{0, 1, 2, 3, 4, 8, 12, 16, -1}, 0, 1, 1}, {{0, 4, 8, 16, 20, 24, -1}, 1, 0, 4},
        {{0, 8, 16, 112, 120, 128, -1}, 11, 0, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ts_ms[12], rate[12];
        keel_fundings f = {.ts_ms = ts_ms, .rate_e16 = rate};
        for (; cases[i].hours[f.count] >= 0; f.count++) {
            ts_ms[f.count] = START_MS + cases[i].hours[f.count] * HOUR_MS + (f.count * 7) % 29; /* jitter */
            rate[f.count] = 1000000000000;
        }
        keel_check_options o;
        keel_check k;
        keel_check_options_init(&o);
        assert_int_equal(keel_check_fundings(&f, INT64_MIN, INT64_MAX, &o, &k, NULL), 0);
        assert_int_equal(k.rows_missing, cases[i].missing);
        assert_int_equal(k.interval_changes, cases[i].changes);
        assert_int_equal(k.interval_ms, cases[i].interval_h * HOUR_MS);
        assert_int_equal(k.status, cases[i].missing ? KEEL_CHECK_FAIL : KEEL_CHECK_OK);
        keel_check_done(&k);
    }
}

static void test_funding_rates_and_ends(void **state) {
    (void)state;
    int64_t ts_ms[40], rate[40];
    keel_fundings f = {.count = 40, .ts_ms = ts_ms, .rate_e16 = rate};
    keel_check_options o;
    keel_check k;
    keel_check_options_init(&o);
    for (int i = 0; i < 40; i++) {
        ts_ms[i] = START_MS + i * 8 * HOUR_MS;
        rate[i] = 1000000000000 + i * 1000000;
    }
    rate[20] = 200000000000000; /* 2 % */
    assert_int_equal(keel_check_fundings(&f, START_MS, ts_ms[39] + 8 * HOUR_MS, &o, &k, NULL), 0);
    assert_int_equal(k.status, KEEL_CHECK_WARN);
    assert_int_equal(k.counted[KEEL_FINDING_FUNDING_SPIKE], 1);
    assert_int_equal(k.findings[0].from_ms, ts_ms[20]);
    keel_check_done(&k);
    assert_int_equal(keel_check_fundings(&f, START_MS - 24 * HOUR_MS, ts_ms[39] + 25 * HOUR_MS, &o, &k, NULL), 0);
    assert_int_equal(k.status, KEEL_CHECK_FAIL);
    assert_int_equal(k.gap_count, 2);
    keel_check_done(&k);
    for (int i = 0; i < 40; i++)
        rate[i] = i % 2 ? 1000000000000 : -1000000000000;
    assert_int_equal(keel_check_fundings(&f, INT64_MIN, INT64_MAX, &o, &k, NULL), 0);
    assert_int_equal(k.counted[KEEL_FINDING_FUNDING_FLIPS], 1);
    keel_check_done(&k);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Selection against sorting, and the rolling window against both. */
static void test_robust_statistics(void **state) {
    (void)state;
    uint64_t random = 7;
    double ring[3000], copy[3000], scratch[3000];
    keel_window w;
    memset(&w, 0, sizeof w);
    for (int i = 0; i < 3000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        ring[i] = (double)(random >> 40) / 65536.0 - (i % 5 == 0 ? 128.0 : 0.0);
        if (i % 7 == 0) ring[i] = 3.0; /* ties */
        keel_window_push(&w, ring[i]);
        int from = i >= 499 ? i - 499 : 0, count = i - from + 1;
        if (i % 97 && i > 20) continue;
        memcpy(copy, ring + from, (size_t)count * sizeof *copy);
        qsort(copy, (size_t)count, sizeof *copy, by_value);
        double median = copy[(count - 1) / 2];
        assert_true(keel_median(ring + from, count, scratch) == median);
        for (int k = 0; k < count; k++)
            copy[k] = fabs(ring[from + k] - median);
        qsort(copy, (size_t)count, sizeof *copy, by_value);
        double sigma = 1.4826 * copy[(count - 1) / 2];
        assert_true(keel_robust_sigma(ring + from, count, scratch) == sigma);
        double want = count < KEEL_WINDOW_MIN || !(sigma > 0.0) ? 0.0 : fabs(500.0 - median) / sigma;
        assert_true(keel_window_score(&w, 500.0) == want);
    }
}

/* Of long samples only a bracket is looked at closely; sorted, tied, periodic and skewed ones make it miss or swell. */
static void test_robust_statistics_of_long_samples(void **state) {
    (void)state;
    enum { COUNT = 100003 };
    double *sample = malloc(3 * COUNT * sizeof *sample), *sorted = sample + COUNT, *scratch = sorted + COUNT;
    uint64_t random = 11;
    assert_non_null(sample);
    for (int shape = 0; shape < 6; shape++) {
        for (int64_t i = 0; i < COUNT; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            double u = (double)(random >> 11) / 9007199254740992.0;
            sample[i] = shape == 0   ? 0.5 + u
                        : shape == 1 ? 1.0 + (double)i
                        : shape == 2 ? 1.0 + (double)(random >> 62)
                        : shape == 3 ? (i % (COUNT / 8192) ? 1.0 + u : 100.0 + u) /* what the thinning meets */
                        : shape == 4 ? 1.0
                                     : 1.0 / (1e-6 + u);
        }
        memcpy(sorted, sample, COUNT * sizeof *sorted);
        qsort(sorted, COUNT, sizeof *sorted, by_value);
        double median = sorted[(COUNT - 1) / 2];
        assert_true(keel_median(sample, COUNT, scratch) == median);
        for (int64_t i = 0; i < COUNT; i++)
            sorted[i] = fabs(sample[i] - median);
        qsort(sorted, COUNT, sizeof *sorted, by_value);
        assert_true(keel_robust_sigma(sample, COUNT, scratch) == 1.4826 * sorted[(COUNT - 1) / 2]);
        for (int64_t i = 0; i < COUNT; i++)
            sorted[i] = fabs(log(sample[i]) - log(median));
        qsort(sorted, COUNT, sizeof *sorted, by_value);
        double want = 1.4826 * sorted[(COUNT - 1) / 2];
        assert_true(fabs(keel_robust_log_sigma(sample, COUNT, scratch) - want) <= 1e-12 * (1.0 + want));
    }
    free(sample);
}

/* The rule of resampling, bar by bar, with a hole. */
static void test_resample(void **state) {
    (void)state;
    keel_candles c = market(MINUTE_MS, BARS, 2);
    drop(&c, 302, 2); /* inside the bar of minute 300 */
    keel_resampled r;
    assert_int_equal(keel_candles_resample(&c, 5 * MINUTE_MS, 0, &r, NULL), 0);
    assert_int_equal(r.candles.count, BARS / 5 - 1);
    assert_int_equal(r.dropped, 1);
    assert_int_equal(r.candles.ts_ms[60], START_MS + 305 * MINUTE_MS);
    double volume = 0.0;
    int64_t high = 0, low = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        volume += c.volume[i];
        high = c.high_e8[i] > high ? c.high_e8[i] : high;
        low = c.low_e8[i] < low ? c.low_e8[i] : low;
    }
    assert_int_equal(r.candles.open_e8[0], c.open_e8[0]);
    assert_int_equal(r.candles.high_e8[0], high);
    assert_int_equal(r.candles.low_e8[0], low);
    assert_int_equal(r.candles.close_e8[0], c.close_e8[4]);
    assert_true(r.candles.volume[0] == volume);
    keel_candles_done(&r.candles);
    assert_int_equal(keel_candles_resample(&c, 5 * MINUTE_MS, 1, &r, NULL), 0);
    assert_int_equal(r.candles.count, BARS / 5);
    assert_int_equal(r.partial, 1);
    assert_int_equal(r.candles.close_e8[60], c.close_e8[302]); /* minute 304 moved up by the hole */
    keel_candles_done(&r.candles);
    assert_int_equal(keel_candles_resample(&c, MINUTE_MS, 0, &r, NULL), KEEL_E_USAGE);
    assert_int_equal(keel_candles_resample(&c, 90000, 0, &r, NULL), KEEL_E_USAGE);
    assert_int_equal(keel_candles_resample(&c, 0, 0, &r, NULL), KEEL_E_USAGE);
    keel_candles_done(&c);
}

/* The synthetic market keeps the rules of bars and funding, and a longer one continues a shorter one. */
static void test_synth(void **state) {
    (void)state;
    keel_check_options o;
    keel_check_options_init(&o);
    keel_candles a = market(5 * MINUTE_MS, 20000, 9), b = market(5 * MINUTE_MS, 10000, 9);
    keel_check k = check(&a, START_MS, START_MS + 20000 * 5 * MINUTE_MS, &o);
    assert_int_not_equal(k.status, KEEL_CHECK_FAIL);
    assert_int_equal(k.zero_volume, 0);
    keel_check_done(&k);
    assert_memory_equal(a.close_e8, b.close_e8, 10000 * sizeof(int64_t));
    assert_memory_equal(a.volume, b.volume, 10000 * sizeof(double));
    for (int64_t i = 1; i < a.count; i++)
        assert_int_equal(a.open_e8[i], a.close_e8[i - 1]);
    keel_candles_done(&a);
    keel_candles_done(&b);
    keel_synth_options bad = {.seed = 1, .start_ms = START_MS + 1, .interval_ms = MINUTE_MS, .bars = 10};
    keel_fundings f;
    assert_int_equal(keel_synth_make(&bad, "AAA", &a, &f, NULL), KEEL_E_USAGE);
    bad.start_ms = START_MS;
    bad.bars = 0;
    assert_int_equal(keel_synth_make(&bad, "AAA", &a, &f, NULL), KEEL_E_USAGE);
    bad.bars = 10;
    bad.interval_ms = 7 * MINUTE_MS;
    assert_int_equal(keel_synth_make(&bad, "AAA", &a, &f, NULL), KEEL_E_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_range_ends),
        cmocka_unit_test(test_moves_share_age),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_funding_steps),
        cmocka_unit_test(test_funding_rates_and_ends),
        cmocka_unit_test(test_robust_statistics),
        cmocka_unit_test(test_robust_statistics_of_long_samples),
        cmocka_unit_test(test_resample),
        cmocka_unit_test(test_synth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
