/* num/int.h against the compiler's 128-bit integers: at random over all magnitudes, and at the edges by hand.
 * [KRN-08.4] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "num/int.h"

#define ROUNDS 10000000

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

/* xorshift64*, Vigna 2016: the draws are the same everywhere. */
static uint64_t random_u64(uint64_t *state) {
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dULL;
}

/* Any magnitude from 0 to 2^63 equally likely, either sign. */
static int64_t random_i64(uint64_t *state) {
    uint64_t v = random_u64(state) >> (random_u64(state) % 64);
    return (int64_t)v;
}

static uwide magnitude(wide x) { return x < 0 ? (uwide)0 - (uwide)x : (uwide)x; }

/* round_half_even(a * b / c), in the plainest way. Returns 0 when it does not fit. */
static int reference_round(int64_t a, int64_t b, int64_t c, int64_t *ret) {
    if (c <= 0) return 0;
    wide product = (wide)a * b;
    uwide divisor = (uint64_t)c;
    uwide whole = magnitude(product) / divisor;
    uwide twice = 2 * (magnitude(product) % divisor);
    if (twice > divisor || (twice == divisor && whole % 2 == 1)) whole++;
    if (whole > (uwide)INT64_MAX) return 0;
    *ret = product < 0 ? -(int64_t)whole : (int64_t)whole;
    return 1;
}

static int reference_floor(int64_t a, int64_t b, int64_t c, int64_t *ret) {
    if (a < 0 || b < 0 || c <= 0) return 0;
    uwide divisor = (uint64_t)c;
    uwide whole = (uwide)(uint64_t)a * (uint64_t)b / divisor;
    if (whole > (uwide)INT64_MAX) return 0;
    *ret = (int64_t)whole;
    return 1;
}

/* What a call gave: whether it fitted, and the value, which must stay POISON on refusal. */
#define POISON 0x5a5a5a5a5a5a5a5aLL

static void check_all(int64_t a, int64_t b, int64_t c) {
    int64_t want = POISON, got = POISON;
    int fits = reference_round(a, b, c, &want);
    if (keel_mul_div(a, b, c, &got) != fits || got != want)
        fail_msg("mul_div(%lld, %lld, %lld): %lld, want %lld", (long long)a, (long long)b, (long long)c, (long long)got,
                 (long long)want);
    want = got = POISON;
    fits = reference_round(a, b, KEEL_E8, &want);
    if (keel_mul_e8(a, b, &got) != fits || got != want)
        fail_msg("mul_e8(%lld, %lld): %lld, want %lld", (long long)a, (long long)b, (long long)got, (long long)want);
    want = got = POISON;
    fits = reference_floor(a, b, c, &want);
    if (keel_mul_div_floor(a, b, c, &got) != fits || got != want)
        fail_msg("mul_div_floor(%lld, %lld, %lld): %lld, want %lld", (long long)a, (long long)b, (long long)c,
                 (long long)got, (long long)want);
}

static void products_at_random(void **state) {
    (void)state;
    uint64_t seed = 20;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t a = random_i64(&seed), b = random_i64(&seed), c = random_i64(&seed);
        check_all(a, b, c);
    }
}

/* a * b / c within a few units of a whole or half quotient, on both sides of where doubles are no longer enough. */
static void quotients_near_whole_numbers(void **state) {
    (void)state;
    uint64_t seed = 23;
    for (int i = 0; i < 4000000; i++) {
        int64_t b = (int64_t)(random_u64(&seed) >> (2 + random_u64(&seed) % 60)) | 1;
        int64_t c = i % 2 ? KEEL_E8 : (int64_t)(random_u64(&seed) >> (1 + random_u64(&seed) % 60)) | 1;
        int64_t q = (int64_t)(random_u64(&seed) % 1600000000000000u) >> (random_u64(&seed) % 50);
        wide a = ((wide)q * c + (wide)(random_u64(&seed) % 5) * c / 4) / b + (int64_t)(random_u64(&seed) % 5) - 2;
        if (a < -INT64_MAX || a > INT64_MAX) continue;
        check_all((int64_t)a, b, c);
        check_all((int64_t)-a, b, c);
    }
}

/* c = 2 * d, a * b an odd multiple of d: every quotient lies half-way. */
static void ties_go_to_the_even_neighbour(void **state) {
    (void)state;
    uint64_t seed = 21;
    for (int i = 0; i < 1000000; i++) {
        int64_t d = (int64_t)(random_u64(&seed) >> 34) + 1;
        int64_t odd = (int64_t)(random_u64(&seed) >> 33) | 1;
        int64_t got;
        assert_int_equal(keel_mul_div(d, odd, 2 * d, &got), 1);
        assert_true(got == (odd + 1) / 2 || got == (odd - 1) / 2);
        assert_int_equal(got % 2, 0);
        assert_int_equal(keel_mul_div(d, -odd, 2 * d, &got), 1);
        assert_int_equal(got % 2, 0);
        assert_int_equal(keel_mul_e8(odd, 50000000, &got), 1);
        assert_int_equal(got % 2, 0);
        assert_true(got == (odd + 1) / 2 || got == (odd - 1) / 2);
        check_all(d, odd, 2 * d);
    }
}

/* Every triple of the values at which something changes. */
static void every_triple_of_edges(void **state) {
    (void)state;
    static const int64_t at[] = {0,
                                 1,
                                 2,
                                 3,
                                 49999999,
                                 50000000,
                                 50000001,
                                 99999999,
                                 100000000,
                                 100000001,
                                 150000000,
                                 0x7fffffffLL,
                                 0x80000000LL,
                                 0xffffffffLL,
                                 0x100000000LL,
                                 0x100000001LL,
                                 625LL * (1LL << 36) - 1,
                                 625LL * (1LL << 36),
                                 625LL * (1LL << 36) + 1,
                                 0x3fffffffffffffffLL,
                                 0x4000000000000000LL,
                                 0x7fffffff00000000LL,
                                 0x7fffffff7fffffffLL,
                                 0x7fffffff80000000LL,
                                 INT64_MAX - 1,
                                 INT64_MAX,
                                 INT64_MIN + 1,
                                 INT64_MIN};
    const int n = (int)(sizeof at / sizeof at[0]);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int k = 0; k < n; k++) {
                check_all(at[i], at[j], at[k]);
                check_all(-at[i + (at[i] == INT64_MIN ? -1 : 0)], at[j], at[k]);
            }
}

/* Quotients just around 2^63 and 2^64, where a wrapped sum would look like a small amount. */
static void quotients_at_the_border_of_the_words(void **state) {
    (void)state;
    int64_t got = POISON;
    int64_t root = 625LL * (1LL << 36); /* root^2 = 2^64 * 1e8 */
    assert_int_equal(keel_mul_e8(root - 1, root + 1, &got), 0);
    assert_int_equal(keel_mul_e8(root, root, &got), 0);
    assert_int_equal(got, POISON);
    assert_int_equal(keel_mul_e8(INT64_MAX, KEEL_E8, &got), 1);
    assert_int_equal(got, INT64_MAX);
    assert_int_equal(keel_mul_e8(-INT64_MAX, KEEL_E8, &got), 1);
    assert_int_equal(got, -INT64_MAX);
    got = POISON;
    assert_int_equal(keel_mul_e8(INT64_MIN, KEEL_E8, &got), 0); /* amounts are symmetric */
    assert_int_equal(keel_mul_div(INT64_MIN, 1, 1, &got), 0);
    assert_int_equal(got, POISON);

    uint64_t seed = 22;
    for (int i = 0; i < 1000000; i++) { /* a * b / c close to 2^63 or 2^64 */
        int64_t c = (int64_t)(random_u64(&seed) >> (random_u64(&seed) % 62 + 1)) + 1;
        int64_t a = (int64_t)(random_u64(&seed) >> 1) | 0x4000000000000000LL;
        uwide target = ((uwide)1 << (63 + i % 2)) * (uint64_t)c, divisor = (uint64_t)a;
        wide b = (wide)(target / divisor) + (wide)(random_u64(&seed) % 3) - 1;
        if (b >= 0 && b <= INT64_MAX) check_all(a, (int64_t)b, c);
    }
}

static void sums(void **state) {
    (void)state;
    uint64_t seed = 23;
    for (int i = 0; i < 1000000; i++) {
        int64_t a = i % 2 ? random_i64(&seed) : (int64_t)random_u64(&seed), b = (int64_t)random_u64(&seed),
                got = POISON;
        wide sum = (wide)a + b, difference = (wide)a - b;
        int fits = sum >= INT64_MIN && sum <= INT64_MAX;
        assert_int_equal(keel_add_i64(a, b, &got), fits);
        assert_true(got == (fits ? (int64_t)sum : POISON));
        got = POISON;
        fits = difference >= INT64_MIN && difference <= INT64_MAX;
        assert_int_equal(keel_sub_i64(a, b, &got), fits);
        assert_true(got == (fits ? (int64_t)difference : POISON));
    }
    int64_t got = POISON;
    assert_int_equal(keel_add_i64(INT64_MIN, -1, &got), 0);
    assert_int_equal(keel_add_i64(INT64_MAX, 1, &got), 0);
    assert_int_equal(keel_sub_i64(0, INT64_MIN, &got), 0);
    assert_int_equal(got, POISON);
    assert_int_equal(keel_sub_i64(-1, INT64_MIN, &got), 1);
    assert_int_equal(got, INT64_MAX);
    assert_true(keel_abs_u64(INT64_MIN) == 0x8000000000000000ULL);
    assert_true(keel_abs_u64(-5) == 5 && keel_abs_u64(5) == 5 && keel_abs_u64(0) == 0);
}

static void floor_step(void **state) {
    (void)state;
    assert_int_equal(keel_floor_step(0, 10), 0);
    assert_int_equal(keel_floor_step(9, 10), 0);
    assert_int_equal(keel_floor_step(10, 10), 10);
    assert_int_equal(keel_floor_step(19, 10), 10);
    assert_int_equal(keel_floor_step(19, 1), 19);
    assert_int_equal(keel_floor_step(INT64_MAX, INT64_MAX), INT64_MAX);
    assert_int_equal(keel_floor_step(INT64_MAX - 1, INT64_MAX), 0);
}

static void doubles_to_integers(void **state) {
    (void)state;
    static const struct {
        double x;
        int fits;
        int64_t want;
    } rows[] = {{0.0, 1, 0},
                {-0.0, 1, 0},
                {0.49999999999999994, 1, 0},
                {0.5, 1, 1}, /* half away from zero */
                {1.5, 1, 2},
                {2.5, 1, 3},
                {-0.5, 1, -1},
                {-2.5, 1, -3},
                {4503599627370495.5, 1, 4503599627370496},
                {9007199254740993.0, 1, 9007199254740992}, /* the literal itself is a double */
                {9223372036854774784.0, 1, 9223372036854774784},
                {-9223372036854774784.0, 1, -9223372036854774784},
                {9223372036854775808.0, 0, 0},
                {-9223372036854775808.0, 0, 0},
                {1e300, 0, 0},
                {__builtin_inf(), 0, 0},
                {-__builtin_inf(), 0, 0},
                {__builtin_nan(""), 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = POISON;
        assert_int_equal(keel_f64_round_i64(rows[i].x, &got), rows[i].fits);
        assert_true(got == (rows[i].fits ? rows[i].want : POISON));
    }
}

/* Every price a venue quotes, with up to 15 significant digits, survives the way to a double and back. */
static void amounts_through_doubles(void **state) {
    (void)state;
    uint64_t seed = 24;
    int64_t got = POISON;
    for (int i = 0; i < 1000000; i++) {
        int64_t v = (int64_t)(random_u64(&seed) % 1000000000000000ULL);
        if (i % 2) v = -v;
        assert_int_equal(keel_f64_to_e8(keel_e8_to_f64(v), &got), 1);
        assert_true(got == v);
    }
    assert_true(keel_e8_to_f64(150000000) == 1.5);
    got = POISON;
    assert_int_equal(keel_f64_to_e8(92233720368.6, &got), 0);
    assert_int_equal(keel_f64_to_e8(__builtin_nan(""), &got), 0);
    assert_int_equal(got, POISON);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_at_random),
        cmocka_unit_test(quotients_near_whole_numbers),
        cmocka_unit_test(ties_go_to_the_even_neighbour),
        cmocka_unit_test(every_triple_of_edges),
        cmocka_unit_test(quotients_at_the_border_of_the_words),
        cmocka_unit_test(sums),
        cmocka_unit_test(floor_step),
        cmocka_unit_test(doubles_to_integers),
        cmocka_unit_test(amounts_through_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
