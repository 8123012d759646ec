/* num/elementary against libm: a million arguments over the whole range, and every defined corner [KRN-01]. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "num/elementary.h"

static const double INF = (double)INFINITY;

static uint64_t next_u64(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double next_unit(uint64_t *state) { return (double)(next_u64(state) >> 11) / 9007199254740992.0; }

static double relative_error(double got, long double want) {
    if (want == 0.0L) return got == 0.0 ? 0.0 : (double)INFINITY;
    return (double)fabsl(((long double)got - want) / want);
}

/* Every exponent and a fine look around 1, where ln is small. */
static void log_is_within_1e15(void **state) {
    (void)state;
    uint64_t seed = 88172645463325252u;
    double worst = 0.0;
    for (int i = 0; i < 1000000; i++) {
        double u = next_unit(&seed);
        double x = 1.0 + (u - 0.5) * (i % 3 == 1 ? 1.0 : 1e-4);
        if (i % 3 == 0) {
            x = keel_f64_from_bits(next_u64(&seed) & 0x7fffffffffffffffu);
            if (!isfinite(x) || x == 0.0) continue;
        }
        double error = relative_error(keel_log(x), logl((long double)x));
        if (error > worst) worst = error;
    }
    printf("worst relative error of keel_log: %.3g\n", worst);
    assert_true(worst < 1e-15);
}

static void exp_is_within_1e15(void **state) {
    (void)state;
    uint64_t seed = 4101842887655102017u;
    double worst = 0.0;
    for (int i = 0; i < 1000000; i++) {
        double x = (next_unit(&seed) - 0.5) * (i % 2 == 0 ? 1416.0 : 2.0);
        double error = relative_error(keel_exp(x), expl((long double)x));
        if (error > worst) worst = error;
    }
    printf("worst relative error of keel_exp: %.3g\n", worst);
    assert_true(worst < 1e-15);
}

/* Where the result itself is subnormal the spacing of doubles is the limit. */
static void exp_of_subnormal_results_is_within_one_step(void **state) {
    (void)state;
    uint64_t seed = 2685821657736338717u;
    for (int i = 0; i < 100000; i++) {
        double x = -708.4 - next_unit(&seed) * 36.7;
        long double error = fabsl((long double)keel_exp(x) - expl((long double)x));
        assert_true(error <= 1.001L * 0x1p-1074L);
    }
}

static void corners_of_log(void **state) {
    (void)state;
    assert_true(keel_log(1.0) == 0.0);
    assert_true(keel_log(0.0) == -INF);
    assert_true(keel_log(-0.0) == -INF);
    assert_true(isnan(keel_log(-1.0)));
    assert_true(isnan(keel_log(-INF)));
    assert_true(keel_log(INF) == INF);
    assert_true(isnan(keel_log((double)NAN)));
    assert_true(relative_error(keel_log(0x1p-1074), logl(0x1p-1074L)) < 1e-15);
    assert_true(relative_error(keel_log(0x1.fffffffffffffp1023), logl(0x1.fffffffffffffp1023L)) < 1e-15);
    assert_true(relative_error(keel_log(0x1.fffffffffffffp-1), logl(0x1.fffffffffffffp-1L)) < 1e-15);
    assert_true(relative_error(keel_log(0x1.0000000000001p0), logl(0x1.0000000000001p0L)) < 1e-15);
}

static void corners_of_exp(void **state) {
    (void)state;
    assert_true(keel_exp(0.0) == 1.0);
    assert_true(keel_exp(-0.0) == 1.0);
    assert_true(keel_exp(709.782712893384) < INF);
    assert_true(keel_exp(709.7827128933841) == INF);
    assert_true(keel_exp(-745.1332191019411) == 0x1p-1074);
    assert_true(keel_exp(-745.1332191019413) == 0.0);
    assert_true(keel_exp(-INF) == 0.0);
    assert_true(keel_exp(INF) == INF);
    assert_true(isnan(keel_exp((double)NAN)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_is_within_1e15),
        cmocka_unit_test(exp_is_within_1e15),
        cmocka_unit_test(exp_of_subnormal_results_is_within_one_step),
        cmocka_unit_test(corners_of_log),
        cmocka_unit_test(corners_of_exp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
