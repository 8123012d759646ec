/* num/elementary.c: argument reduction through the exponent bits, then a power series long enough for a double. */
#include "num/elementary.h"

/* ln 2 in two parts: the first has 32 significant bits, so that k * ELEMENTARY_LN2_HI is exact for |k| < 2^21. */
#define ELEMENTARY_LN2_HI 0x1.62e42fee00000p-1
#define ELEMENTARY_LN2_LO 0x1.a39ef35793c76p-33
#define ELEMENTARY_LN2_INVERSE 1.4426950408889634
#define ELEMENTARY_SQRT2 1.4142135623730951
#define ELEMENTARY_INF_BITS ((uint64_t)0x7ff0000000000000ULL)
#define ELEMENTARY_NAN_BITS ((uint64_t)0x7ff8000000000000ULL)

/* ln(1 + f) = 2 artanh(s) with s = f / (2 + f). Written as f - s (f - r), r = 2 (s^2/3 + s^4/5 + ...), because
 * 2 s = f - s f: the leading term f carries no rounding error. |f| < 0.4143 bounds s^2 by 0.0295, and the first
 * term left out, s^24 * 2/25, by 4e-20. */
KEEL_LOCAL double keel_elementary_log_rest(double f) {
    double s = f / (2.0 + f);
    double z = s * s;
    double r = 2.0 / 23.0;
    r = r * z + 2.0 / 21.0;
    r = r * z + 2.0 / 19.0;
    r = r * z + 2.0 / 17.0;
    r = r * z + 2.0 / 15.0;
    r = r * z + 2.0 / 13.0;
    r = r * z + 2.0 / 11.0;
    r = r * z + 2.0 / 9.0;
    r = r * z + 2.0 / 7.0;
    r = r * z + 2.0 / 5.0;
    r = r * z + 2.0 / 3.0;
    r = r * z;
    return s * (f - r);
}

KEEL_FN double keel_log(double x) {
    uint64_t bits = keel_f64_bits(x);
    int32_t k = 0;
    if (x != x) return x;
    if (x == 0.0) return keel_f64_from_bits(ELEMENTARY_INF_BITS | ((uint64_t)1 << 63));
    if (x < 0.0) return keel_f64_from_bits(ELEMENTARY_NAN_BITS);
    if (bits == ELEMENTARY_INF_BITS) return x;
    if (bits < ((uint64_t)1 << 52)) { /* subnormal: scale by 2^54, exactly */
        bits = keel_f64_bits(x * 18014398509481984.0);
        k = -54;
    }
    k += (int32_t)(bits >> 52) - 1023;
    double m = keel_f64_from_bits((bits & (uint64_t)0x000fffffffffffffULL) | ((uint64_t)1023 << 52));
    if (m > ELEMENTARY_SQRT2) {
        m = m * 0.5;
        k += 1;
    }
    double f = m - 1.0; /* exact: m is within a factor 2 of 1 */
    double rest = keel_elementary_log_rest(f);
    if (k == 0) return f - rest;
    return (double)k * ELEMENTARY_LN2_HI + (f - (rest - (double)k * ELEMENTARY_LN2_LO));
}

/* 2^k for -1022 <= k <= 1023. */
KEEL_LOCAL double keel_elementary_power2(int32_t k) { return keel_f64_from_bits((uint64_t)(k + 1023) << 52); }

/* (e^r - 1 - r) / r^2 for |r| <= 0.3466; the first term left out, r^13/15!, is below 1e-18. */
KEEL_LOCAL double keel_elementary_exp_rest(double r) {
    double q = 1.0 / 87178291200.0;
    q = q * r + 1.0 / 6227020800.0;
    q = q * r + 1.0 / 479001600.0;
    q = q * r + 1.0 / 39916800.0;
    q = q * r + 1.0 / 3628800.0;
    q = q * r + 1.0 / 362880.0;
    q = q * r + 1.0 / 40320.0;
    q = q * r + 1.0 / 5040.0;
    q = q * r + 1.0 / 720.0;
    q = q * r + 1.0 / 120.0;
    q = q * r + 1.0 / 24.0;
    q = q * r + 1.0 / 6.0;
    q = q * r + 0.5;
    return q;
}

KEEL_FN double keel_exp(double x) {
    if (x != x) return x;
    if (x > 709.782712893384) return keel_f64_from_bits(ELEMENTARY_INF_BITS);
    if (x < -745.1332191019412) return 0.0;
    int32_t k = (int32_t)(x * ELEMENTARY_LN2_INVERSE + (x < 0.0 ? -0.5 : 0.5));
    double hi = x - (double)k * ELEMENTARY_LN2_HI;
    double lo = (double)k * ELEMENTARY_LN2_LO;
    double r = hi - lo;
    double lost = (hi - r) - lo; /* what rounding r dropped */
    double y = 1.0 + (r + (lost + (r * r) * keel_elementary_exp_rest(r)));
    /* Two factors keep each within the normal range: 2^1024 and subnormal results need it. */
    int32_t first = k / 2;
    return (y * keel_elementary_power2(first)) * keel_elementary_power2(k - first);
}
