/* simd/level_sums.c: the SMA of roll.h, as many lengths beside each other as a vector holds. Part of level.c, after
 * level_lanes.c.
 *
 * A window's sum is the suffix of the turn before, from the slot after this one on, plus the running sum of this turn.
 * Two passes over a stretch of bars: backwards, each bar's suffixes into the results; forwards, running sums added to
 * them in place. Lane l of bar i takes x[i - n + 1] into its suffixes, so that lanes of different lengths meet in one
 * row: blocks of x that lie apart by the lengths are turned over into rows. Where a turn ends a lane starts from -0,
 * which is neutral, and where a window is one whole turn its suffix is -0. What came before a stretch is read again
 * from x: no window is kept. The two halves of a stretch go side by side, since each waits for its own chain. */
#include "simd/lanes.h"

/* Bars of a call that go together, so that their results stay in the second cache. */
enum { SUMS_BARS = 512 };

/* Bars of a block, and bars in which no lane's turns end twice, unless it is shorter. */
enum { SUMS_BLOCK = 4, SUMS_STEP = 4 };

/* A vector of lanes over the two halves of a stretch. */
typedef struct sums {
    const double *x;          /* of the first bar; before it values as far back as two turns */
    const double *old[LANES]; /* what the first bar takes into each lane's suffix */
    double *out;
    ptrdiff_t row;        /* doubles from a bar's results to those of the next */
    int32_t half;         /* bars of a half: whole blocks */
    masks turn;           /* the lengths */
    masks end[2];         /* bars from the one behind each half to the last of a turn */
    masks first[2];       /* bars from the first of each half to the first of a turn */
    doubles n, high, low; /* 1/n is high + low, to twice the precision of a double */
    doubles suffix[2];    /* before the last bar of each half is taken */
    doubles head[2];      /* before the first */
} sums;

static inline doubles sums_load(const double *p) {
    doubles v;
    memcpy(&v, p, sizeof v);
    return v;
}

#define SUMS_INLINE static inline __attribute__((always_inline))

#if KEEL_SIMD_LANES == 8
#include <immintrin.h>

typedef __mmask8 sums_lanes;

SUMS_INLINE sums_lanes sums_not(masks v, int64_t j) {
    return _mm512_cmpneq_epi64_mask((__m512i)v, _mm512_set1_epi64(j));
}

/* a + b in these lanes, `otherwise` in others. */
SUMS_INLINE doubles sums_add(sums_lanes these, doubles otherwise, doubles a, doubles b) {
    return (doubles)_mm512_mask_add_pd((__m512d)otherwise, these, (__m512d)a, (__m512d)b);
}

/* v less its length where it is one or more; v plus its length where it is negative. */
SUMS_INLINE masks sums_less(masks v, masks turn) {
    return (masks)_mm512_mask_sub_epi64((__m512i)v, _mm512_cmpge_epi64_mask((__m512i)v, (__m512i)turn), (__m512i)v,
                                        (__m512i)turn);
}
SUMS_INLINE masks sums_more(masks v, masks turn) {
    return (masks)_mm512_mask_add_epi64((__m512i)v, _mm512_movepi64_mask((__m512i)v), (__m512i)v, (__m512i)turn);
}

SUMS_INLINE doubles sums_both(const double *a, const double *b) {
    __m512d low = _mm512_castpd256_pd512(_mm256_loadu_pd(a));
    return (doubles)_mm512_insertf64x4(low, _mm256_loadu_pd(b), 1);
}

/* Values at .. of each lane's column, by bars. */
SUMS_INLINE void sums_turn(const double *const old[LANES], ptrdiff_t at, doubles row[SUMS_BLOCK]) {
    doubles a0 = sums_both(old[0] + at, old[4] + at), a1 = sums_both(old[1] + at, old[5] + at);
    doubles a2 = sums_both(old[2] + at, old[6] + at), a3 = sums_both(old[3] + at, old[7] + at);
    doubles u0 = __builtin_shufflevector(a0, a1, 0, 8, 2, 10, 4, 12, 6, 14);
    doubles u1 = __builtin_shufflevector(a0, a1, 1, 9, 3, 11, 5, 13, 7, 15);
    doubles v0 = __builtin_shufflevector(a2, a3, 0, 8, 2, 10, 4, 12, 6, 14);
    doubles v1 = __builtin_shufflevector(a2, a3, 1, 9, 3, 11, 5, 13, 7, 15);
    row[0] = __builtin_shufflevector(u0, v0, 0, 1, 8, 9, 4, 5, 12, 13);
    row[1] = __builtin_shufflevector(u1, v1, 0, 1, 8, 9, 4, 5, 12, 13);
    row[2] = __builtin_shufflevector(u0, v0, 2, 3, 10, 11, 6, 7, 14, 15);
    row[3] = __builtin_shufflevector(u1, v1, 2, 3, 10, 11, 6, 7, 14, 15);
}

/* sum / n, correctly rounded, for sums whose parts are plain: sum high + RN(sum low) is less than 2^-50 of a unit in
 * the last place away from the quotient, and a quotient by a whole number n is no nearer than 1/2n of such a unit to
 * the middle between two doubles, so both round to the same. */
SUMS_INLINE doubles sums_mean(const sums *s, doubles sum, int plain) {
    if (!plain) return sum / s->n;
    return (doubles)_mm512_fmadd_pd((__m512d)sum, (__m512d)s->high, (__m512d)(sum * s->low));
}

static inline void sums_reciprocal(sums *s) {
    const doubles one = 1.0 - (doubles){0.0};
    s->high = one / s->n;
    s->low = (doubles)_mm512_fnmadd_pd((__m512d)s->high, (__m512d)s->n, (__m512d)one) / s->n;
}

#else

typedef masks sums_lanes;

SUMS_INLINE sums_lanes sums_not(masks v, int64_t j) { return v != j; }

SUMS_INLINE doubles sums_add(sums_lanes these, doubles otherwise, doubles a, doubles b) {
    return (doubles)(((masks)(a + b) & these) | ((masks)otherwise & ~these));
}

SUMS_INLINE masks sums_less(masks v, masks turn) { return v - (turn & (v >= turn)); }
SUMS_INLINE masks sums_more(masks v, masks turn) { return v + (turn & (v < 0)); }

SUMS_INLINE void sums_turn(const double *const old[LANES], ptrdiff_t at, doubles row[SUMS_BLOCK]) {
#if KEEL_SIMD_LANES == 4
    doubles a0 = sums_load(old[0] + at), a1 = sums_load(old[1] + at);
    doubles a2 = sums_load(old[2] + at), a3 = sums_load(old[3] + at);
    doubles u0 = __builtin_shufflevector(a0, a1, 0, 4, 2, 6), u1 = __builtin_shufflevector(a0, a1, 1, 5, 3, 7);
    doubles v0 = __builtin_shufflevector(a2, a3, 0, 4, 2, 6), v1 = __builtin_shufflevector(a2, a3, 1, 5, 3, 7);
    row[0] = __builtin_shufflevector(u0, v0, 0, 1, 4, 5);
    row[1] = __builtin_shufflevector(u1, v1, 0, 1, 4, 5);
    row[2] = __builtin_shufflevector(u0, v0, 2, 3, 6, 7);
    row[3] = __builtin_shufflevector(u1, v1, 2, 3, 6, 7);
#else
    row[0] = (doubles){old[0][at], old[1][at]};
    row[1] = (doubles){old[0][at + 1], old[1][at + 1]};
    row[2] = (doubles){old[0][at + 2], old[1][at + 2]};
    row[3] = (doubles){old[0][at + 3], old[1][at + 3]};
#endif
}

SUMS_INLINE doubles sums_mean(const sums *s, doubles sum, int plain) {
    (void)plain;
    return sum / s->n;
}

static inline void sums_reciprocal(sums *s) { s->high = s->low = s->n; }

#endif

/* A block of half h backwards, its first bar's results at `out`. `step`: bars in which no lane's turns end twice. */
SUMS_INLINE void sums_back(sums *s, int h, ptrdiff_t at, double *out, int step) {
    const doubles none = -(doubles){0.0};
    doubles row[SUMS_BLOCK];
    sums_turn(s->old, at, row);
    for (int j = SUMS_BLOCK - 1; j >= 0; j--) {
        if (j % step == step - 1) s->end[h] = sums_less(s->end[h] + step, s->turn);
        s->suffix[h] = sums_add(sums_not(s->end[h], j % step), none, s->suffix[h], row[j]);
        lanes_store(out + j * s->row, s->suffix[h]);
    }
}

SUMS_INLINE void sums_on(sums *s, int h, const double *x, double *out, int step, int plain) {
    for (int j = 0; j < SUMS_BLOCK; j++) {
        const doubles one = x[j] - (doubles){0.0};
        s->head[h] = sums_add(sums_not(s->first[h], j % step), one, s->head[h], one);
        lanes_store(out + j * s->row, sums_mean(s, sums_load(out + j * s->row) + s->head[h], plain));
        if (j % step == step - 1) s->first[h] = sums_more(s->first[h] - step, s->turn);
    }
}

SUMS_INLINE void sums_passes(sums *given, int step, int plain) {
    sums s = *given;
    ptrdiff_t half = s.half;
    double *out = s.out + half * s.row, *far = out + half * s.row;
    for (ptrdiff_t at = half - SUMS_BLOCK; at >= 0; at -= SUMS_BLOCK) {
        out -= SUMS_BLOCK * s.row;
        far -= SUMS_BLOCK * s.row;
        sums_back(&s, 0, at, out, step);
        sums_back(&s, 1, at + half, far, step);
    }
    for (ptrdiff_t at = 0; at < half; at += SUMS_BLOCK) {
        sums_on(&s, 0, s.x + at, out, step, plain);
        sums_on(&s, 1, s.x + at + half, far, step, plain);
        out += SUMS_BLOCK * s.row;
        far += SUMS_BLOCK * s.row;
    }
    given->head[1] = s.head[1];
}

/* Kept apart: each is a loop of its own. */
static __attribute__((noinline)) void sums_long(sums *s) { sums_passes(s, SUMS_STEP, 1); }
static __attribute__((noinline)) void sums_short(sums *s) { sums_passes(s, 1, 1); }
static __attribute__((noinline)) void sums_divided(sums *s) { sums_passes(s, 1, 0); }

/* What a lane's suffix chain holds before it takes the value of the bar in front of x, which falls into `slot`. */
static double sums_suffix_before(const double *x, int32_t n, int32_t slot) {
    const double *turn = x - 1 - slot - n;
    double sum = -0.0;
    for (int32_t i = n - 1; i > slot + 1; i--)
        sum = sum + turn[i];
    return sum;
}

/* The running sum of the `pos` bars in front of x. */
static double sums_head_before(const double *x, int32_t pos) {
    double sum = -0.0;
    for (int32_t i = pos; i > 0; i--)
        sum = sum + x[-i];
    return sum;
}

/* Both halves of `count` bars, whole blocks, of the lanes at st, whose rings are then those many bars further. */
static void sums_begin(sums *s, keel_signal_state *st, const double *x, int32_t count) {
    s->x = x;
    s->half = count / 2;
    for (int l = 0; l < LANES; l++) {
        keel_roll *roll = &st[l].roll;
        int32_t n = roll->n, pos[3] = {roll->pos, (roll->pos + s->half) % n, 0};
        pos[2] = (pos[1] + s->half) % n;
        s->old[l] = x - n + 1;
        s->n[l] = (double)n;
        s->turn[l] = n;
        for (int h = 0; h < 2; h++) {
            int32_t behind = pos[h + 1];
            s->first[h][l] = pos[h] ? n - pos[h] : 0;
            s->end[h][l] = n - 1 - behind;
            s->suffix[h][l] = sums_suffix_before(x + (h + 1) * s->half, n, behind ? behind - 1 : n - 1);
        }
        s->head[0][l] = roll->head[0];
        s->head[1][l] = sums_head_before(x + s->half, pos[1]);
        roll->pos = pos[2];
    }
    sums_reciprocal(s);
}

/* One lane, turn after turn as roll.h says, its ring full or not. */
static void sums_lane(keel_roll *st, const double *x, int32_t count, double *out, int32_t row) {
    int32_t n = st->n;
    for (int32_t i = 0; i < count;) {
        int32_t pos = st->pos, some = n - pos < count - i ? n - pos : count - i;
        double *at = out + (ptrdiff_t)i * row;
        double suffix = -0.0;
        if (pos + some == n) at[(ptrdiff_t)(some - 1) * row] = suffix;
        for (int32_t slot = n - 1; st->full && slot > pos; slot--) {
            suffix = suffix + x[i - pos - n + slot];
            if (slot - 1 - pos < some) at[(ptrdiff_t)(slot - 1 - pos) * row] = suffix;
        }
        for (int32_t k = 0; k < some; k++) {
            double one = x[i + k], *mean = at + (ptrdiff_t)k * row;
            st->head[0] = pos + k == 0 ? one : st->head[0] + one;
            int ready = st->full || pos + k == n - 1;
            *mean = ready ? (*mean + st->head[0]) / (double)n : 0.0;
        }
        i += some;
        st->pos = pos + some < n ? pos + some : 0;
        st->full = st->full || pos + some == n;
    }
}

/* 1 when each value is +0 or of a size at which neither sums nor quotients nor their remainders leave the range of
 * normal doubles: 2^-900 .. 2^900. */
static int sums_plain(const double *x, int32_t count) {
    const uint64_t least = (uint64_t)(1023 - 900) << 52, most = (uint64_t)(1023 + 900) << 52;
    uint64_t odd = 0;
    for (int32_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        uint64_t size = bits & 0x7fffffffffffffffu;
        odd |= (uint64_t)(size - least > most - least) & (uint64_t)(bits != 0);
    }
    return odd == 0;
}

/* At most SUMS_BARS bars of full rings. */
static void sums_stretch(keel_simd_lanes *lanes, const double *x, int32_t count, double *out) {
    int32_t blocks = count / (2 * SUMS_BLOCK) * (2 * SUMS_BLOCK);
    for (int32_t l = 0; l < lanes->width && blocks > 0; l += LANES) {
        sums s;
        int32_t shortest = INT32_MAX;
        s.out = out + l;
        s.row = lanes->width;
        sums_begin(&s, lanes->state + l, x, blocks);
        for (int k = 0; k < LANES; k++)
            shortest = s.turn[k] < shortest ? (int32_t)s.turn[k] : shortest;
        if (lanes->odd) {
            sums_divided(&s);
        } else if (shortest >= SUMS_STEP) {
            sums_long(&s);
        } else {
            sums_short(&s);
        }
        for (int k = 0; k < LANES; k++)
            lanes->state[l + k].roll.head[0] = s.head[1][k];
    }
    for (int32_t l = 0; l < lanes->width && blocks < count; l++)
        sums_lane(&lanes->state[l].roll, x + blocks, count - blocks, out + (ptrdiff_t)blocks * lanes->width + l,
                  lanes->width);
}

/* lanes_run for the SMA; x is the first bar's value. */
static void sums_run(keel_simd_lanes *lanes, const double *x, int32_t count, double *out, int32_t *ret_from) {
    int32_t filling = 0; /* bars until every ring is full */
    lanes->odd = lanes->odd || !sums_plain(x, count);
    for (int32_t l = 0; l < lanes->width; l++) {
        const keel_roll *st = &lanes->state[l].roll;
        int32_t left = st->full ? 0 : st->n - st->pos;
        if (left > filling) filling = left;
        if (l < lanes->n) ret_from[l] = left == 0 ? 0 : left - 1 < count ? left - 1 : count;
    }
    if (filling > count) filling = count;
    for (int32_t l = 0; l < lanes->width; l++)
        sums_lane(&lanes->state[l].roll, x, filling, out + l, lanes->width);
    for (int32_t i = filling; i < count; i += SUMS_BARS) {
        int32_t some = count - i < SUMS_BARS ? count - i : SUMS_BARS;
        sums_stretch(lanes, x + i, some, out + (ptrdiff_t)i * lanes->width);
    }
}
