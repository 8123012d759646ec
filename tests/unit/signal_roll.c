/* core/signal/roll against the whole window summed afresh: no drift, whatever came before [IND-01]. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/signal/roll.h"

enum { WINDOW_MAX = 64 };

/* The last n values, oldest first. */
typedef struct window {
    int n, count;
    double x[WINDOW_MAX];
} window;

static void window_push(window *w, double x) {
    if (w->count == w->n) {
        for (int i = 1; i < w->n; i++)
            w->x[i - 1] = w->x[i];
        w->count--;
    }
    w->x[w->count++] = x;
}

static double next_unit(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* Prices around 60000 with an occasional volume-like spike ten orders larger, and stretches of equal values. */
static double next_value(uint64_t *seed, int i) {
    if (i % 1000 < 80) return 12345.67;
    double u = next_unit(seed);
    return i % 997 == 0 ? u * 1e14 : 60000.0 + 500.0 * u;
}

static long double direct_sum(const window *w) {
    long double sum = 0.0L;
    for (int i = 0; i < w->n; i++)
        sum += (long double)w->x[i];
    return sum;
}

static void sum_never_drifts(void **state) {
    (void)state;
    static const int lengths[] = {1, 2, 3, 20, 50};
    double worst = 0.0;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        uint64_t seed = 1234567u + k;
        window w = {.n = lengths[k]};
        keel_roll roll;
        double win[WINDOW_MAX] = {0.0};
        keel_roll_init(&roll, w.n);
        for (int i = 0; i < 1000000; i++) {
            double x = next_value(&seed, i);
            double sum = 0.0;
            window_push(&w, x);
            int ready = keel_roll_sum(&roll, win, x, &sum);
            assert_int_equal(ready, i + 1 >= w.n);
            if (!ready || i % 7 != 0) continue;
            double error = (double)fabsl(((long double)sum - direct_sum(&w)) / direct_sum(&w));
            if (error > worst) worst = error;
        }
    }
    printf("worst relative error of a sum after a million values: %.3g\n", worst);
    assert_true(worst < 7 * 0x1p-53); /* log2(50) + popcount(50) - 1 roundings of positive values */
}

/* S_k of roll.h as it is written there, of the values up to x[0]. */
static double block_of(const double *x, int k) {
    return k == 0 ? x[0] : block_of(x, k - 1) + block_of(x - (1 << (k - 1)), k - 1);
}

static double sum_as_defined(const double *newest, int n) {
    double sum = 0.0;
    for (int k = 0, newer = 0; n >> k != 0; k++) {
        if ((n >> k & 1) == 0) continue;
        sum = newer == 0 ? block_of(newest, k) : sum + block_of(newest - newer, k);
        newer += 1 << k;
    }
    return sum;
}

enum { VALUES = 1500 };

static void a_sum_is_that_of_its_values_alone(void **state) {
    (void)state;
    static double x[VALUES], win[2][VALUES];
    uint64_t seed = 31;
    for (int n = 1; n <= 520; n += n < 70 ? 1 : 45) {
        keel_roll roll[2]; /* the second begins later */
        int late = 1 + n % 37;
        memset(win, 0, sizeof win);
        keel_roll_init(&roll[0], n);
        keel_roll_init(&roll[1], n);
        for (int i = 0; i < VALUES; i++) {
            double sum[2] = {0.0, 0.0};
            x[i] = (next_unit(&seed) - 0.3) * (i % 97 == 5 ? 1e12 : 1.0);
            assert_int_equal(keel_roll_sum(&roll[0], win[0], x[i], &sum[0]), i + 1 >= n);
            if (i < late) continue;
            assert_int_equal(keel_roll_sum(&roll[1], win[1], x[i], &sum[1]), i + 1 - late >= n);
            if (i + 1 - late < n) continue;
            double want = sum_as_defined(&x[i], n);
            assert_memory_equal(&sum[0], &want, sizeof want);
            assert_memory_equal(&sum[1], &want, sizeof want);
        }
    }
}

/* A value that is no number, or that swamps all others, leaves nothing behind once it is out of the window. */
static void nothing_is_left_of_an_old_value(void **state) {
    (void)state;
    static const double bad[] = {NAN, INFINITY, 1e300};
    for (int n = 1; n <= 70; n++) {
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
            double win[2][WINDOW_MAX + 8] = {{0.0}};
            keel_roll roll[2];
            uint64_t seed = 5;
            keel_roll_init(&roll[0], n);
            keel_roll_init(&roll[1], n);
            for (int i = 0; i < 300; i++) {
                double sum[2] = {0.0, 0.0}, value = next_unit(&seed);
                (void)keel_roll_sum(&roll[0], win[0], value, &sum[0]);
                (void)keel_roll_sum(&roll[1], win[1], i == 150 ? bad[k] : value, &sum[1]);
                int inside = i >= 150 && i < 150 + n;
                if (inside) assert_true(!(sum[0] == sum[1]));
                if (!inside) assert_memory_equal(&sum[0], &sum[1], sizeof sum[0]);
            }
            assert_memory_equal(win[0], win[1], sizeof win[0]);
            assert_memory_equal(&roll[0], &roll[1], sizeof roll[0]);
        }
    }
}

/* A quotient of a rounded sum need not be the value itself; it is the same on each step, and no more than the
 * roundings of the sum and of the quotient away. Lengths of two bits and values of few digits are exact. */
static void means_of_equal_values_stand_still(void **state) {
    (void)state;
    uint64_t seed = 77;
    int equal = 0, count = 0;
    for (int n = 1; n <= 64; n++) {
        for (int shape = 0; shape < 8; shape++) {
            double win[WINDOW_MAX] = {0.0}, first = 0.0, sum = 0.0;
            double value = shape < 4 ? floor(next_unit(&seed) * 1e9) / 16.0 : 1000.0 * next_unit(&seed);
            keel_roll roll;
            keel_roll_init(&roll, n);
            for (int i = 0; i < 3 * n; i++) {
                if (!keel_roll_sum(&roll, win, value, &sum)) continue;
                double mean = sum / (double)n;
                if (i == n - 1) first = mean;
                assert_true(mean == first);
            }
            assert_true(fabs(first - value) <= 7 * 0x1p-53 * value);
            if (shape < 4 || (n & (n - 1)) == 0) assert_true(first == value);
            equal += first == value;
            count++;
        }
    }
    printf("mean of equal values equal to the value: %d of %d\n", equal, count);
}

/* A shorter sum brought on by a longer one's ring is what its own steps leave. */
static void a_sum_follows_a_longer_one(void **state) {
    (void)state;
    static double win[3][VALUES];
    uint64_t seed = 3;
    for (int n = 1; n <= 67; n++) {
        for (int more = 0; more <= 70; more += 1 + more / 9 * 3) {
            keel_roll stepped, followed, longer;
            int extra = 1 + (n * 7 + more) % 200;
            double sum = 0.0;
            memset(win, 0, sizeof win);
            keel_roll_init(&stepped, n);
            keel_roll_init(&longer, n + more);
            for (int i = 0; i < 150 + extra; i++) {
                double x = next_unit(&seed);
                if (i == 150) {
                    followed = stepped;
                    memcpy(win[1], win[0], sizeof win[0]);
                }
                (void)keel_roll_sum(&stepped, win[0], x, &sum);
                (void)keel_roll_sum(&longer, win[2], x, &sum);
            }
            keel_roll_sum_follow(&followed, win[1], extra, &longer, win[2]);
            assert_memory_equal(win[0], win[1], (size_t)n * sizeof win[0][0]);
            assert_memory_equal(&stepped, &followed, sizeof stepped);
        }
    }
}

static void moments_never_drift(void **state) {
    (void)state;
    uint64_t seed = 99;
    window w = {.n = 20};
    keel_roll roll;
    double win[2 * WINDOW_MAX];
    double worst_mean = 0.0, worst_m2 = 0.0;
    keel_roll_init(&roll, w.n);
    for (int i = 0; i < 1000000; i++) {
        double x = next_value(&seed, i);
        double mean = 0.0, m2 = 0.0;
        window_push(&w, x);
        if (!keel_roll_moments(&roll, win, x, &mean, &m2)) continue;
        long double true_mean = direct_sum(&w) / (long double)w.n, true_m2 = 0.0L;
        int equal = 1;
        for (int k = 0; k < w.n; k++) {
            true_m2 += ((long double)w.x[k] - true_mean) * ((long double)w.x[k] - true_mean);
            if (w.x[k] < x || w.x[k] > x) equal = 0;
        }
        if (equal) {
            assert_true(m2 == 0.0 && mean == x);
            continue;
        }
        double error = (double)fabsl(((long double)mean - true_mean) / true_mean);
        if (error > worst_mean) worst_mean = error;
        error = (double)fabsl(((long double)m2 - true_m2) / true_m2);
        if (error > worst_m2) worst_m2 = error;
    }
    printf("worst relative error of mean %.3g, of squared deviations %.3g\n", worst_mean, worst_m2);
    assert_true(worst_mean < 1e-14);
    assert_true(worst_m2 < 1e-9);
}

static void weighted_sum_never_drifts(void **state) {
    (void)state;
    uint64_t seed = 7;
    window w = {.n = 33};
    keel_roll roll;
    double win[2 * WINDOW_MAX];
    keel_roll_init(&roll, w.n);
    for (int i = 0; i < 200000; i++) {
        double x = next_value(&seed, i);
        double sum = 0.0, weighted = 0.0;
        window_push(&w, x);
        if (!keel_roll_weighted(&roll, win, x, &sum, &weighted)) continue;
        long double want = 0.0L;
        for (int k = 0; k < w.n; k++)
            want += (long double)(k + 1) * (long double)w.x[k];
        assert_true(fabsl((long double)weighted - want) <= 1e-13L * want);
        assert_true(fabsl((long double)sum - direct_sum(&w)) <= 1e-13L * direct_sum(&w));
    }
}

/* Few distinct values, so that ties are common. */
static void extremes_and_ages_are_exact(void **state) {
    (void)state;
    for (int n = 1; n <= 9; n++) {
        uint64_t seed = 1000u + (uint64_t)n;
        window w = {.n = n};
        keel_roll top, bottom, aged;
        double win_top[WINDOW_MAX], win_bottom[WINDOW_MAX], win_aged[2 * WINDOW_MAX];
        keel_roll_init(&top, n);
        keel_roll_init(&bottom, n);
        keel_roll_init(&aged, n);
        for (int i = 0; i < 20000; i++) {
            double x = floor(next_unit(&seed) * 6.0) - 3.0;
            double high = 0.0, low = 0.0, high_again = 0.0, age = 0.0;
            window_push(&w, x);
            int ready = keel_roll_max(&top, win_top, x, &high);
            assert_int_equal(keel_roll_min(&bottom, win_bottom, x, &low), ready);
            assert_int_equal(keel_roll_max_age(&aged, win_aged, x, &high_again, &age), ready);
            assert_int_equal(ready, w.count == n);
            if (!ready) continue;
            int newest_high = 0;
            double want_low = w.x[0];
            for (int k = 1; k < n; k++) {
                if (w.x[k] >= w.x[newest_high]) newest_high = k;
                if (w.x[k] < want_low) want_low = w.x[k];
            }
            assert_true(high == w.x[newest_high] && high_again == high && low == want_low);
            assert_true(age == (double)(n - 1 - newest_high));
        }
    }
}

static void delay_gives_the_value_n_inputs_ago(void **state) {
    (void)state;
    keel_roll roll;
    double win[5], old = -1.0;
    keel_roll_init(&roll, 5);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(keel_roll_delay(&roll, win, (double)i, &old), i >= 5);
        assert_true(old == (i >= 5 ? (double)(i - 5) : -1.0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_never_drifts),
        cmocka_unit_test(a_sum_is_that_of_its_values_alone),
        cmocka_unit_test(nothing_is_left_of_an_old_value),
        cmocka_unit_test(means_of_equal_values_stand_still),
        cmocka_unit_test(a_sum_follows_a_longer_one),
        cmocka_unit_test(moments_never_drift),
        cmocka_unit_test(weighted_sum_never_drifts),
        cmocka_unit_test(extremes_and_ages_are_exact),
        cmocka_unit_test(delay_gives_the_value_n_inputs_ago),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
