/* simd/level_sums.c: loops of block_sum.c whose loads would straddle the lines of the cache. Part of level.c, before
 * the pure text, which asks for them by KEEL_WIDE_SUMS.
 *
 * A value of a level some inputs ago lies anywhere in a line, and a load of a whole line from there costs two. Here the
 * lines of a level are loaded one after the other, and what is wanted is taken out of two neighbours. */
#if KEEL_SIMD_LANES == 8
#define KEEL_WIDE_SUMS 1

#include <immintrin.h>

#include "core/signal/block_sum.h"

/* Most values of levels in one sum: all lengths below 128. */
enum { SUMS_MOST = 7 };

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

/* Levels 0, which is a copy of x, to 3 of m inputs, whole lines, in the room of keel_block_means. Returns 1 when each
 * input is above 0 and of a size that keel_sum_plain allows. */
TURNS_INLINE int32_t sums_lowest(const double *x, int32_t m, double *room) {
    const __m512i small = _mm512_set1_epi64((int64_t)(1023 - 900) << 52);
    const __m512i large = _mm512_set1_epi64((int64_t)(1023 + 900) << 52);
    double *level[4] = {room + KEEL_MEANS_LEVEL_AT(0), room + KEEL_MEANS_LEVEL_AT(1), room + KEEL_MEANS_LEVEL_AT(2),
                        room + KEEL_MEANS_LEVEL_AT(3)};
    __m512i before0 = _mm512_loadu_si512(level[0] - 8);
    __m512i before1 = _mm512_loadu_si512(level[1] - 8), before2 = _mm512_loadu_si512(level[2] - 8);
    __mmask8 odd = 0;
    for (ptrdiff_t i = 0; i < m; i += 8) {
        __m512i bits = _mm512_loadu_si512(x + i);
        __m512d ones = _mm512_castsi512_pd(bits);
        __m512d twos = _mm512_add_pd(ones, _mm512_castsi512_pd(_mm512_alignr_epi64(bits, before0, 7)));
        before0 = bits;
        bits = _mm512_castpd_si512(twos);
        __m512d fours = _mm512_add_pd(twos, _mm512_castsi512_pd(_mm512_alignr_epi64(bits, before1, 6)));
        before1 = bits;
        bits = _mm512_castpd_si512(fours);
        __m512d eights = _mm512_add_pd(fours, _mm512_castsi512_pd(_mm512_alignr_epi64(bits, before2, 4)));
        before2 = bits;
        odd |= _mm512_cmplt_epu64_mask(before0, small) | _mm512_cmpgt_epu64_mask(before0, large);
        _mm512_storeu_pd(level[0] + i, ones);
        _mm512_storeu_pd(level[1] + i, twos);
        _mm512_storeu_pd(level[2] + i, fours);
        _mm512_storeu_pd(level[3] + i, eights);
    }
    return odd == 0;
}

/* All levels that there are, and the lowest four; the same. */
static inline int32_t keel_wide_levels(const double *x, int32_t m, int32_t levels, double *room) {
    const int32_t plain = sums_lowest(x, m, room);
    for (int32_t k = 4; k < levels; k++) {
        const double *level = room + KEEL_MEANS_LEVEL_AT(k - 1), *before = level - (1 << (k - 1));
        double *next = room + KEEL_MEANS_LEVEL_AT(k);
        for (ptrdiff_t i = 0; i < m; i += 8)
            _mm512_storeu_pd(next + i, _mm512_add_pd(_mm512_loadu_pd(level + i), _mm512_loadu_pd(before + i)));
    }
    return plain;
}

/* The last `kept` values of a level that ends at `end`, whole lines, to where it began. */
static inline void keel_wide_keep(double *begin, const double *end, int32_t kept) {
    for (ptrdiff_t i = -kept; i < 0; i += 8)
        _mm512_storeu_pd(begin + i, _mm512_loadu_pd(end + i));
}

/* Means of one length by way of its reciprocal high + low; m whole lines. at[v][i] is the line that holds the last of
 * what is wanted of the v-th level for a line of results, and rest[v] < 8 how many of its values are newer; rest[0] is
 * 0. Two lines at a time: then what was the line is the one before without being moved. */
TURNS_INLINE void sums_mean(int values, double high, double low, const double *const *at, const int32_t *rest,
                            int32_t m, double *out) {
    const __m512d highs = _mm512_set1_pd(high), lows = _mm512_set1_pd(low);
    __m512d before[SUMS_MOST];
    __m512i places[SUMS_MOST];
    ptrdiff_t i = 0;
    for (int v = 1; v < values; v++) {
        before[v] = _mm512_loadu_pd(at[v] - 8);
        places[v] = sums_places(rest[v]);
    }
    for (; i + 16 <= m; i += 16) {
        __m512d sum = _mm512_loadu_pd(at[0] + i), next = _mm512_loadu_pd(at[0] + i + 8);
        for (int v = 1; v < values; v++) {
            __m512d line = _mm512_loadu_pd(at[v] + i), after = _mm512_loadu_pd(at[v] + i + 8);
            __asm__("" : "+v"(line), "+v"(after)); /* each loaded once: the loads are what there are most of */
            sum = _mm512_add_pd(sum, _mm512_permutex2var_pd(before[v], places[v], line));
            next = _mm512_add_pd(next, _mm512_permutex2var_pd(line, places[v], after));
            before[v] = after;
        }
        _mm512_storeu_pd(out + i, _mm512_fmadd_pd(sum, highs, _mm512_mul_pd(sum, lows)));
        _mm512_storeu_pd(out + i + 8, _mm512_fmadd_pd(next, highs, _mm512_mul_pd(next, lows)));
    }
    if (i == m) return;
    __m512d sum = _mm512_loadu_pd(at[0] + i);
    for (int v = 1; v < values; v++)
        sum = _mm512_add_pd(sum, _mm512_permutex2var_pd(before[v], places[v], _mm512_loadu_pd(at[v] + i)));
    _mm512_storeu_pd(out + i, _mm512_fmadd_pd(sum, highs, _mm512_mul_pd(sum, lows)));
}

/* Means by way of the reciprocal high + low of sums of `values` levels, the first one `back` 0; m whole lines.
 * Returns 0 when there are too many. */
static inline int32_t keel_wide_mean(int32_t values, double high, double low, const double *const *level,
                                     const int32_t *back, int32_t m, double *out) {
    const double *at[SUMS_MOST];
    int32_t rest[SUMS_MOST];
    if (values > SUMS_MOST) return 0;
    for (int32_t v = 0; v < values; v++) {
        at[v] = level[v] - back[v] / 8 * 8;
        rest[v] = back[v] % 8;
    }
    switch (values) {
        case 1: sums_mean(1, high, low, at, rest, m, out); break;
        case 2: sums_mean(2, high, low, at, rest, m, out); break;
        case 3: sums_mean(3, high, low, at, rest, m, out); break;
        case 4: sums_mean(4, high, low, at, rest, m, out); break;
        case 5: sums_mean(5, high, low, at, rest, m, out); break;
        case 6: sums_mean(6, high, low, at, rest, m, out); break;
        default: sums_mean(7, high, low, at, rest, m, out); break;
    }
    return 1;
}

/* Those of `count` means at `mean` whose sums are of `values` levels, which come first. Returns how many they are. */
TURNS_INLINE int32_t sums_alike(int values, const keel_mean *mean, int32_t count, const double *room, int32_t m,
                                double *const *out) {
    int32_t j = 0;
    for (; j < count && mean[j].values == values; j++) {
        const double *at[SUMS_MOST];
        int32_t rest[SUMS_MOST];
        for (int v = 0; v < values; v++) {
            rest[v] = -mean[j].at[v] & 7;
            at[v] = room + mean[j].at[v] + rest[v];
        }
        sums_mean(values, mean[j].high, mean[j].low, at, rest, m, out[mean[j].place]);
    }
    return j;
}

/* Means of several lengths, ascending by values; m whole lines. Returns how many were made: the rest is of too many
 * levels. */
static inline int32_t keel_wide_means(const keel_mean *mean, int32_t count, const double *room, int32_t m,
                                      double *const *out) {
    int32_t done = sums_alike(1, mean, count, room, m, out);
    done += sums_alike(2, mean + done, count - done, room, m, out);
    done += sums_alike(3, mean + done, count - done, room, m, out);
    done += sums_alike(4, mean + done, count - done, room, m, out);
    done += sums_alike(5, mean + done, count - done, room, m, out);
    done += sums_alike(6, mean + done, count - done, room, m, out);
    return done + sums_alike(7, mean + done, count - done, room, m, out);
}
#endif
