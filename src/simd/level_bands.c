/* simd/level_bands.c: the formula of Bollinger bands with the divider left to the square root. Part of level_turns.c,
 * for block_rolling.c, which asks for it by KEEL_WIDE_BANDS.
 *
 * A vector's division keeps the divider for as long as many multiplications take, and there is one divider: beside a
 * square root, a quotient made by multiplication waits for nobody.
 *
 * y < 1/b < z, and z / y is about 1 + 2^-24. q is near a / b, and r is what is left of a, to a relative 2^-53 even
 * where it is not exact; so a / b lies between q + r y and q + r z. Where both round to the same double, that is a / b
 * rounded. Where they do not, which is rare, the caller has to divide. */
#include <immintrin.h>

#define KEEL_WIDE_BANDS 8

/* Not 0 in the lanes whose quotient is not known. */
typedef __m512i quotient_doubt;

TURNS_INLINE quotient_doubt quotient_no_doubt(void) { return _mm512_setzero_si512(); }
TURNS_INLINE int32_t quotient_doubted(quotient_doubt doubt) { return _mm512_test_epi64_mask(doubt, doubt) != 0; }

/* a / b, both of sizes from 2^-300 to 2^300, at which nothing here leaves the range of normal doubles. */
TURNS_INLINE lane_doubles quotient_of(lane_doubles a, lane_doubles b, quotient_doubt *doubt) {
    const __m512d over = _mm512_set1_pd(1.0 + 0x1p-24), under = _mm512_set1_pd(1.0 - 0x1p-26);
    __m512d y = _mm512_rcp14_pd(b);                           /* within 2^-14 */
    y = _mm512_fmadd_pd(y, _mm512_fnmadd_pd(b, y, under), y); /* 2^-26 to 1.3 2^-26 too small */
    __m512d q = _mm512_mul_pd(a, y);
    q = _mm512_fmadd_pd(_mm512_fnmadd_pd(b, q, a), y, q);
    __m512d r = _mm512_fnmadd_pd(b, q, a);
    __m512d low = _mm512_fmadd_pd(r, y, q), high = _mm512_fmadd_pd(r, _mm512_mul_pd(y, over), q);
    *doubt = _mm512_ternarylogic_epi64(*doubt, _mm512_castpd_si512(low), _mm512_castpd_si512(high), 0xf6);
    return low;
}

/* A number from 2^-127 up to 2^129 is one whose bits less these have none of the highest four. */
#define BANDS_LEAST ((int64_t)(1023 - 127) << 52)
#define BANDS_HIGHEST ((int64_t)((uint64_t)15 << 60))

/* Bands of n windows by their moments, the same bits as keel_rolling_bands. Returns 0 where a quotient is not known or
 * a size is not plain, and what is written then has to be written again: a mean and a quotient in range say that what
 * was divided is in a range of quotient_of. */
static int32_t keel_wide_bands(double mult, double reciprocal, int32_t n, const double *mean, const double *m2,
                               double *upper, double *lower, double *width) {
    const __m512i least = _mm512_set1_epi64(BANDS_LEAST);
    __m512i sizes = _mm512_setzero_si512();
    quotient_doubt doubt = quotient_no_doubt();
    if (n % LANES != 0) return 0;
    for (ptrdiff_t i = 0; i < n; i += LANES) {
        lane_doubles middle = turns_load(mean + i);
        lane_doubles reach = mult * (lane_doubles)_mm512_sqrt_pd(turns_load(m2 + i) * reciprocal);
        lane_doubles relative = quotient_of(2.0 * reach, middle, &doubt);
        __m512i a = _mm512_sub_epi64(_mm512_castpd_si512(middle), least);
        __m512i b = _mm512_sub_epi64(_mm512_castpd_si512(relative), least);
        sizes = _mm512_ternarylogic_epi64(sizes, a, b, 0xfe); /* each of the three */
        turns_store(upper + i, middle + reach);
        turns_store(lower + i, middle - reach);
        turns_store(width + i, relative);
    }
    return !quotient_doubted(doubt) && _mm512_test_epi64_mask(sizes, _mm512_set1_epi64(BANDS_HIGHEST)) == 0;
}
