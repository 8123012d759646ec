/* simd/level_sums.c: loops of block_sum.c whose loads would straddle the lines of the cache. Part of level.c, before
 * the pure text, which asks for them by KEEL_WIDE_SUMS.
 *
 * A value of a level some inputs ago lies anywhere in a line, and a load of a whole line from there costs two. Here the
 * lines of a level are loaded one after the other, and what is wanted is taken out of two neighbours. */
#if KEEL_SIMD_LANES == 8
#define KEEL_WIDE_SUMS 1

#include <immintrin.h>

/* Most values of levels in one sum. */
enum { SUMS_MOST = 5 };

/* Where in two lines of a level the values `back` inputs ago stand, back < 8. */
TURNS_INLINE __m512i sums_places(int32_t back) {
    return _mm512_add_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi64(8 - back));
}

/* next[i] = level[i] + level[i - size], size < 8, m whole lines; level begins one. */
static inline void keel_wide_double(const double *level, int32_t size, int32_t m, double *next) {
    const __m512i places = sums_places(size);
    __m512d before = _mm512_loadu_pd(level - 8);
    for (ptrdiff_t i = 0; i < m; i += 8) {
        __m512d line = _mm512_loadu_pd(level + i);
        _mm512_storeu_pd(next + i, _mm512_add_pd(line, _mm512_permutex2var_pd(before, places, line)));
        before = line;
    }
}

TURNS_INLINE void sums_mean(int values, double high, double low, const double *const *level, const int32_t *back,
                            int32_t m, double *out) {
    const __m512d highs = _mm512_set1_pd(high), lows = _mm512_set1_pd(low);
    const double *at[SUMS_MOST];
    __m512d before[SUMS_MOST];
    __m512i places[SUMS_MOST];
    for (int v = 1; v < values; v++) {
        at[v] = level[v] - back[v] / 8 * 8;
        before[v] = _mm512_loadu_pd(at[v] - 8);
        places[v] = sums_places(back[v] % 8);
    }
    for (ptrdiff_t i = 0; i < m; i += 8) {
        __m512d sum = _mm512_loadu_pd(level[0] + i);
        for (int v = 1; v < values; v++) {
            __m512d line = _mm512_loadu_pd(at[v] + i);
            sum = _mm512_add_pd(sum, _mm512_permutex2var_pd(before[v], places[v], line));
            before[v] = line;
        }
        _mm512_storeu_pd(out + i, _mm512_fmadd_pd(sum, highs, _mm512_mul_pd(sum, lows)));
    }
}

/* Means by way of the reciprocal high + low of sums of `values` levels, the first one `back` 0; m whole lines.
 * Returns 0 when there are too many. */
static inline int32_t keel_wide_mean(int32_t values, double high, double low, const double *const *level,
                                     const int32_t *back, int32_t m, double *out) {
    switch (values) {
        case 1: sums_mean(1, high, low, level, back, m, out); return 1;
        case 2: sums_mean(2, high, low, level, back, m, out); return 1;
        case 3: sums_mean(3, high, low, level, back, m, out); return 1;
        case 4: sums_mean(4, high, low, level, back, m, out); return 1;
        case SUMS_MOST: sums_mean(SUMS_MOST, high, low, level, back, m, out); return 1;
        default: return 0;
    }
}
#endif
