/* num/int.c: see int.h. */
#include "num/int.h"

KEEL_HOT uint64_t keel_abs_u64(int64_t a) { return a < 0 ? (uint64_t)0 - (uint64_t)a : (uint64_t)a; }

#if KEEL_ON_HOST

KEEL_HOT int32_t keel_add_i64(int64_t a, int64_t b, int64_t *ret) {
    int64_t sum;
    if (!keel_sum_fits(a, b, &sum)) return 0;
    *ret = sum;
    return 1;
}

KEEL_HOT int32_t keel_sub_i64(int64_t a, int64_t b, int64_t *ret) {
    int64_t difference;
    if (!keel_difference_fits(a, b, &difference)) return 0;
    *ret = difference;
    return 1;
}

#else

KEEL_HOT int32_t keel_add_i64(int64_t a, int64_t b, int64_t *ret) {
    if ((b > 0 && a > KEEL_I64_MAX - b) || (b < 0 && a < KEEL_I64_MIN - b)) return 0;
    *ret = a + b;
    return 1;
}

KEEL_HOT int32_t keel_sub_i64(int64_t a, int64_t b, int64_t *ret) {
    if ((b < 0 && a > KEEL_I64_MAX + b) || (b > 0 && a < KEEL_I64_MIN + b)) return 0;
    *ret = a - b;
    return 1;
}

#endif

/* Give a magnitude, plus one where it is rounded up, its sign. INT64_MIN is refused: amounts are symmetric. The
 * quotient is checked first, since one of 2^64 - 1 would round up to zero. */
KEEL_LOCAL int32_t keel_int_signed(uint64_t magnitude, int32_t up, int32_t negative, int64_t *ret) {
    if (magnitude > (uint64_t)KEEL_I64_MAX - (up ? 1u : 0u)) return 0;
    magnitude += up ? 1u : 0u;
    *ret = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return 1;
}

/* (hi:lo) / 1e8 without a 128-bit division: 1e8 = 2^8 * 390625, and 390625 < 2^19, so after the shift
 * every partial remainder fits beside 32 more bits in one word. The quotient must fit 64 bits. */
KEEL_LOCAL int32_t keel_int_div_1e8(uint64_t hi, uint64_t lo, uint64_t *ret_q, uint64_t *ret_rem) {
    uint64_t hi2 = hi >> 8;
    uint64_t lo2 = (hi << 56) | (lo >> 8);
    if (hi2 >= 390625u) return 0;
    uint64_t upper = (hi2 << 32) | (lo2 >> 32);
    uint64_t q1 = upper / 390625u;
    uint64_t lower = ((upper - q1 * 390625u) << 32) | (lo2 & 0xffffffffu);
    uint64_t q0 = lower / 390625u;
    *ret_q = (q1 << 32) | q0;
    *ret_rem = ((lower - q0 * 390625u) << 8) | (lo & 0xffu);
    return 1;
}

/* Not static: inline functions that leave this file call them. */
KEEL_FN int32_t keel_int_mul_e8_any(int64_t a, int64_t b, int64_t *ret);
KEEL_FN int64_t keel_int_nearest(int64_t a, int64_t b, int64_t c, double estimate);
KEEL_FN int64_t keel_int_floor(uint64_t ua, uint64_t ub, int64_t c, double estimate);

KEEL_FN int32_t keel_int_mul_e8_any(int64_t a, int64_t b, int64_t *ret) {
    uint64_t ua = keel_abs_u64(a);
    uint64_t ub = keel_abs_u64(b);
    uint64_t q, rem;
    if (!keel_int_div_1e8(keel_mulhi_u64(ua, ub), ua * ub, &q, &rem)) return 0;
    int32_t up = rem > 50000000u || (rem == 50000000u && (q & 1u));
    return keel_int_signed(q, up, (a < 0) != (b < 0), ret);
}

/* Amounts of a usual account need no 128-bit division: the estimate of a * b / c passes five roundings of at most 2^-53
 * each, so below 8e14 it is within 0.45 of the true quotient, and the remainder beside its integer part, exact in the
 * low word, lies between -0.45 c and 1.45 c. */
#define KEEL_INT_NEAR 8e14

/* Quotient, rounded half to even, from an estimate whose magnitude is below KEEL_INT_NEAR, for 0 < c < 2^61. The
 * remainder has the quotient's sign, but for an estimate that is too far out, so the two corrections never meet. No
 * branch: neither a sign nor which way it rounds can be foreseen. */
KEEL_HOT int64_t keel_int_nearest(int64_t a, int64_t b, int64_t c, double estimate) {
    int64_t q = (int64_t)estimate;
    int64_t rem = (int64_t)((uint64_t)a * (uint64_t)b - (uint64_t)q * (uint64_t)c), odd = q & 1;
    return q + (2 * rem + odd > c) - (odd - 2 * rem > c);
}

/* Quotient, rounded down, for the same. */
KEEL_HOT int64_t keel_int_floor(uint64_t ua, uint64_t ub, int64_t c, double estimate) {
    int64_t q = (int64_t)estimate;
    int64_t rem = (int64_t)(ua * ub - (uint64_t)q * (uint64_t)c);
    return q - (rem < 0) + (rem >= c);
}

KEEL_HOT int32_t keel_mul_e8(int64_t a, int64_t b, int64_t *ret) {
    double estimate = (double)a * (double)b * 1e-8;
    if (!(keel_fabs(estimate) < KEEL_INT_NEAR)) return keel_int_mul_e8_any(a, b, ret);
    *ret = keel_int_nearest(a, b, 100000000, estimate);
    return 1;
}

/* (hi:lo) / d for hi < d, schoolbook in base 2^32 after normalising d (Knuth, TAOCP vol. 2, 4.3.1 D). */
KEEL_LOCAL uint64_t keel_int_div_128(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *ret_rem) {
    uint32_t shift = 0;
    while (!(d >> 63)) {
        d <<= 1;
        shift++;
    }
    uint64_t n1 = shift ? (hi << shift) | (lo >> (64u - shift)) : hi;
    uint64_t n0 = lo << shift;
    uint64_t d1 = d >> 32, d0 = d & 0xffffffffu;
    uint64_t q = 0;
    for (int32_t digit = 0; digit < 2; digit++) {
        uint64_t next = digit == 0 ? n0 >> 32 : n0 & 0xffffffffu;
        uint64_t guess = n1 / d1;
        uint64_t r = n1 - guess * d1;
        while (guess >> 32 || guess * d0 > ((r << 32) | next)) {
            guess--;
            r += d1;
            if (r >> 32) break;
        }
        n1 = ((n1 << 32) | next) - guess * d;
        q = (q << 32) | guess;
    }
    *ret_rem = n1 >> shift;
    return q;
}

KEEL_FN int32_t keel_mul_div(int64_t a, int64_t b, int64_t c, int64_t *ret) {
    if (c <= 0) return 0;
    uint64_t ua = keel_abs_u64(a), ub = keel_abs_u64(b), uc = (uint64_t)c;
    double estimate = (double)a * (double)b / (double)c;
    if (keel_fabs(estimate) < KEEL_INT_NEAR && uc < (uint64_t)1 << 61) {
        *ret = keel_int_nearest(a, b, c, estimate);
        return 1;
    }
    uint64_t hi = keel_mulhi_u64(ua, ub);
    uint64_t rem;
    if (hi >= uc) return 0;
    uint64_t q = keel_int_div_128(hi, ua * ub, uc, &rem);
    uint64_t rest = uc - rem; /* rem > c/2  <=>  rem > c - rem, which cannot overflow */
    int32_t up = rem > rest || (rem == rest && (q & 1u));
    return keel_int_signed(q, up, (a < 0) != (b < 0), ret);
}

KEEL_FN int32_t keel_mul_div_floor(int64_t a, int64_t b, int64_t c, int64_t *ret) {
    if (a < 0 || b < 0 || c <= 0) return 0;
    double estimate = (double)a * (double)b / (double)c;
    if (estimate < KEEL_INT_NEAR && c < (int64_t)1 << 61) {
        *ret = keel_int_floor((uint64_t)a, (uint64_t)b, c, estimate);
        return 1;
    }
    uint64_t hi = keel_mulhi_u64((uint64_t)a, (uint64_t)b);
    uint64_t rem;
    if (hi >= (uint64_t)c) return 0;
    return keel_int_signed(keel_int_div_128(hi, (uint64_t)a * (uint64_t)b, (uint64_t)c, &rem), 0, 0, ret);
}

KEEL_FN int64_t keel_floor_step(int64_t x, int64_t step) { return step <= 1 ? x : x - x % step; }

KEEL_FN int32_t keel_f64_round_i64(double x, int64_t *ret) {
    /* 2^63 is exact in double; the comparison also refuses NaN. */
    if (!(x < 9223372036854775808.0 && x > -9223372036854775808.0)) return 0;
    int64_t t = (int64_t)x; /* truncation */
    double fraction = x - (double)t;
    if (fraction >= 0.5)
        t++;
    else if (fraction <= -0.5)
        t--;
    *ret = t;
    return 1;
}

KEEL_HOT double keel_e8_to_f64(int64_t v_e8) { return (double)v_e8 / 1e8; }

KEEL_FN int32_t keel_f64_to_e8(double x, int64_t *ret_e8) { return keel_f64_round_i64(x * 1e8, ret_e8); }
