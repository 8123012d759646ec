/* num/hash.h: known answers of SipHash-1-3 with a zero key, and what counts as equal.
 * The answers are CPython 3.11's hash(bytes) under PYTHONHASHSEED=0, the one for no words a plain transcription of
 * the paper; tests/py/test_hash.py asks CPython again for thousands of lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "num/hash.h"

static uint64_t digest_of(const uint64_t words[], int n) {
    keel_hash h;
    keel_hash_init(&h);
    for (int i = 0; i < n; i++)
        keel_hash_u64(&h, words[i]);
    return keel_hash_digest(&h);
}

static uint64_t digest_of_f64(double x) {
    keel_hash h;
    keel_hash_init(&h);
    keel_hash_f64(&h, x);
    return keel_hash_digest(&h);
}

static void known_answers(void **state) {
    (void)state;
    uint64_t ones[3] = {UINT64_MAX, UINT64_MAX, UINT64_MAX}, two[2] = {1, 2}, zero[1] = {0}, count[40];
    for (uint64_t i = 0; i < 40; i++)
        count[i] = i;
    assert_true(digest_of(zero, 0) == 0xd1fba762150c532cULL);
    assert_true(digest_of(zero, 1) == 0xbd60acb658c79e45ULL);
    assert_true(digest_of(two, 2) == 0xfb058313e6201d48ULL);
    assert_true(digest_of(ones, 3) == 0x1b8698f54a7f563bULL);
    assert_true(digest_of(count, 40) == 0xe65c2642c823ee3fULL);
    assert_true(digest_of_f64(1.5) == 0xc347702fec108f62ULL);
}

static void the_digest_leaves_the_hash_usable(void **state) {
    (void)state;
    uint64_t words[2] = {1, 2};
    keel_hash h;
    keel_hash_init(&h);
    keel_hash_u64(&h, 1);
    uint64_t once = keel_hash_digest(&h);
    assert_true(once == keel_hash_digest(&h));
    keel_hash_u64(&h, 2);
    assert_true(keel_hash_digest(&h) == digest_of(words, 2));
}

static void equal_values_hash_equal(void **state) {
    (void)state;
    assert_true(digest_of_f64(0.0) == digest_of_f64(-0.0));
    assert_true(digest_of_f64(__builtin_nan("")) == digest_of_f64(-__builtin_nan("7")));
    assert_true(digest_of_f64(__builtin_nan("")) != digest_of_f64(__builtin_inf()));
    assert_true(digest_of_f64(1.0) != digest_of_f64(-1.0));
    assert_true(digest_of_f64(4.9406564584124654e-324) != digest_of_f64(0.0));
    keel_hash a, b;
    keel_hash_init(&a);
    keel_hash_init(&b);
    keel_hash_i64(&a, -1);
    keel_hash_u64(&b, UINT64_MAX);
    assert_true(keel_hash_digest(&a) == keel_hash_digest(&b));
}

static void order_and_length_count(void **state) {
    (void)state;
    uint64_t ab[2] = {1, 2}, ba[2] = {2, 1}, zeros[3] = {0, 0, 0};
    assert_true(digest_of(ab, 2) != digest_of(ba, 2));
    assert_true(digest_of(zeros, 1) != digest_of(zeros, 2));
    assert_true(digest_of(zeros, 2) != digest_of(zeros, 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(the_digest_leaves_the_hash_usable),
        cmocka_unit_test(equal_values_hash_equal),
        cmocka_unit_test(order_and_length_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
