/* stats/splits.h: edges, by hand and for random rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stats/splits.h"

static keel_split *made(const keel_split_rule *r, int64_t start, int64_t end, int32_t *count) {
    keel_split *all = NULL;
    keel_err err = {0};
    assert_int_equal(keel_splits_make(r, start, end, &all, count, &err), 0);
    return all;
}

/* [BKT-06.1] [T-193] [T-234] Rolling: [0,10) 2 [12,16), then on by 4; the range ends exactly with a test. */
static void rolling_edges(void **state) {
    (void)state;
    keel_split_rule r = {.train_ms = 10, .gap_ms = 2, .test_ms = 4};
    int32_t n = 0;
    keel_split *s = made(&r, 100, 124, &n);
    static const keel_split want[] = {{100, 110, 112, 116}, {104, 114, 116, 120}, {108, 118, 120, 124}};
    assert_int_equal(n, 3);
    assert_memory_equal(s, want, sizeof want);
    free(s);
    s = made(&r, 100, 123, &n); /* one instant less: the last window is not whole */
    assert_int_equal(n, 2);
    free(s);
}

/* [BKT-06.1] Anchored: training grows from the start. */
static void anchored_edges(void **state) {
    (void)state;
    keel_split_rule r = {.train_ms = 10, .test_ms = 4, .step_ms = 6, .anchored = 1};
    int32_t n = 0;
    keel_split *s = made(&r, 0, 26, &n);
    static const keel_split want[] = {{0, 10, 10, 14}, {0, 16, 16, 20}, {0, 22, 22, 26}};
    assert_int_equal(n, 3);
    assert_memory_equal(s, want, sizeof want);
    free(s);
}

static void refused(const keel_split_rule *r, int64_t start, int64_t end, int code) {
    keel_split *s = NULL;
    int32_t n = 0;
    keel_err err = {0};
    assert_int_equal(keel_splits_make(r, start, end, &s, &n, &err), code);
    assert_null(s);
}

static void refusals(void **state) {
    (void)state;
    refused(&(keel_split_rule){.train_ms = 0, .test_ms = 4}, 0, 100, KEEL_E_USAGE);
    refused(&(keel_split_rule){.train_ms = 5, .test_ms = 0}, 0, 100, KEEL_E_USAGE);
    refused(&(keel_split_rule){.train_ms = 5, .test_ms = 4, .gap_ms = -1}, 0, 100, KEEL_E_USAGE);
    refused(&(keel_split_rule){.train_ms = 5, .test_ms = 4, .step_ms = -1}, 0, 100, KEEL_E_USAGE);
    refused(&(keel_split_rule){.train_ms = 5, .test_ms = 4, .step_ms = 3}, 0, 100, KEEL_E_USAGE);
    refused(&(keel_split_rule){.train_ms = 5, .test_ms = 4}, 0, 8, KEEL_E_RANGE);
    refused(&(keel_split_rule){.train_ms = 5, .test_ms = 4}, 8, 0, KEEL_E_RANGE);
    refused(&(keel_split_rule){.train_ms = 1, .test_ms = 1}, 0, 1 << 20, KEEL_E_RANGE);
    refused(&(keel_split_rule){.train_ms = INT64_MAX, .test_ms = 1}, 0, 1 << 20, KEEL_E_USAGE);
}

/* [BKT-06.1] [T-234] Whatever the rule: windows lie inside, keep their lengths and gap, step on evenly, another would
 * not fit; tests share time only when asked. */
static void any_rule(void **state) {
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        int64_t draw[6];
        for (int j = 0; j < 6; j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            draw[j] = (int64_t)((seed >> 33) % 50);
        }
        keel_split_rule r = {.train_ms = draw[0] + 1,
                             .gap_ms = draw[1],
                             .test_ms = draw[2] + 1,
                             .step_ms = draw[3] + 1,
                             .anchored = (int32_t)(draw[4] & 1),
                             .overlap = 1};
        int64_t start = draw[5] * 1000, end = start + r.train_ms + r.gap_ms + r.test_ms + draw[4] * 7;
        int32_t n = 0;
        keel_split *s = made(&r, start, end, &n);
        for (int32_t k = 0; k < n; k++) {
            assert_int_equal(s[k].train_start_ms, r.anchored ? start : start + k * r.step_ms);
            assert_int_equal(s[k].train_end_ms, start + k * r.step_ms + r.train_ms);
            assert_int_equal(s[k].test_start_ms - s[k].train_end_ms, r.gap_ms);
            assert_int_equal(s[k].test_end_ms - s[k].test_start_ms, r.test_ms);
            assert_true(s[k].test_end_ms <= end);
        }
        assert_true(s[n - 1].test_end_ms + r.step_ms > end);
        free(s);
        r.overlap = 0;
        if (r.step_ms < r.test_ms) refused(&r, start, end, KEEL_E_USAGE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rolling_edges),
        cmocka_unit_test(anchored_edges),
        cmocka_unit_test(refusals),
        cmocka_unit_test(any_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
