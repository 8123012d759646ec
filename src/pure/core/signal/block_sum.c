/* core/signal/block_sum.c */
#include "core/signal/block_sum.h"

/* A level of simd/ that multiplies and adds in one rounding. */
#ifndef KEEL_WIDE_FMA
#define KEEL_WIDE_FMA 0
#endif

/* And has loops for lines of the cache, with KEEL_WIDE_FMA. */
#ifndef KEEL_WIDE_SUMS
#define KEEL_WIDE_SUMS 0
#endif

/* And the next place that begins a line of the cache, which the loads of wide vectors had better not straddle. */
#ifndef KEEL_WIDE_LINE
#define KEEL_WIDE_LINE(p) (p)
#endif

/* at[k][i]: the sum of the 2^k inputs up to input i. */
typedef struct keel_sum_levels {
    KEEL_GLOBAL const double *at[KEEL_SUM_LEVELS];
    int32_t plain; /* 1: quotients may be had by way of reciprocals */
} keel_sum_levels;

/* What a sum becomes. */
enum { KEEL_SUM_ITSELF = 0, KEEL_SUM_DIVIDED = 1, KEEL_SUM_BY_RECIPROCAL = 2 };

/* A ring whose oldest value is in `slot`, to the values that end before `end`, and back. */
KEEL_LOCAL void keel_sum_from_ring(const double *ring, int32_t size, int32_t slot, KEEL_GLOBAL double *end) {
    for (int32_t i = slot; i < size; i++)
        end[i - slot - size] = ring[i];
    for (int32_t i = 0; i < slot; i++)
        end[i - slot] = ring[i];
}

KEEL_LOCAL void keel_sum_to_ring(double *ring, int32_t size, int32_t slot, KEEL_GLOBAL const double *end) {
    for (int32_t i = slot; i < size; i++)
        ring[i] = end[i - slot - size];
    for (int32_t i = 0; i < slot; i++)
        ring[i] = end[i - slot];
}

KEEL_LOCAL void keel_sum_double(KEEL_GLOBAL const double *KEEL_RESTRICT level, int32_t size, int32_t m,
                                KEEL_GLOBAL double *KEEL_RESTRICT next) {
    KEEL_GLOBAL const double *KEEL_RESTRICT before = level - size;
    for (int32_t i = 0; i < m; i++)
        next[i] = level[i] + before[i];
}

#if KEEL_WIDE_FMA
/* Plain sizes: see keel_sum_plain. */
#define KEEL_SUM_LEAST ((uint64_t)(1023 - 900) << 52)
#define KEEL_SUM_MOST ((uint64_t)(1023 + 900) << 52)

/* 1 when each value is above 0 and plain, as most are. */
KEEL_LOCAL int32_t keel_sum_plain_above_zero(KEEL_GLOBAL const double *x, int32_t count) {
    uint64_t low = KEEL_SUM_LEAST, high = KEEL_SUM_MOST;
    for (int32_t i = 0; i < count; i++) {
        uint64_t bits = keel_f64_bits(x[i]);
        low = bits < low ? bits : low;
        high = bits > high ? bits : high;
    }
    return low == KEEL_SUM_LEAST && high == KEEL_SUM_MOST;
}

/* 1 when each value is +0 or of a size at which neither sums nor quotients nor their remainders leave the range of
 * normal doubles: 2^-900 .. 2^900. */
KEEL_LOCAL int32_t keel_sum_plain(KEEL_GLOBAL const double *x, int32_t count) {
    uint64_t odd = 0;
    if (keel_sum_plain_above_zero(x, count)) return 1;
    for (int32_t i = 0; i < count; i++) {
        uint64_t bits = keel_f64_bits(x[i]);
        uint64_t size = bits & 0x7fffffffffffffffu;
        odd |= (uint64_t)(size - KEEL_SUM_LEAST > KEEL_SUM_MOST - KEEL_SUM_LEAST) & (uint64_t)(bits != 0);
    }
    return odd == 0;
}
#endif

/* The levels of m more inputs; st and win as stepping leaves them. Level 0 is x itself, of which the first ring holds
 * the value before. */
KEEL_LOCAL void keel_sum_open(keel_sum_levels *s, keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                              KEEL_GLOBAL double *room, keel_block_ahead *ahead) {
    int32_t n = st->n, size = 1, k = 0;
    KEEL_GLOBAL double *first = KEEL_WIDE_LINE(room);
    KEEL_GLOBAL double *level = first; /* once k > 0, what at[k] points to */
    s->at[0] = x;
    s->plain = 0;
#if KEEL_WIDE_FMA
    s->plain = keel_sum_plain(x, m) && keel_sum_plain(win, n - 1);
#endif
    for (; 2 * size <= n; size = 2 * size, k++) {
        double *ring = win + (size - 1);
        KEEL_GLOBAL double *next = first + KEEL_SUM_LEVEL_AT(k + 1);
        keel_block_look(ahead, 64);
        if (k == 0) {
            next[0] = x[0] + ring[0];
            keel_sum_double(x + 1, 1, m - 1, next + 1);
            ring[0] = x[m - 1];
        } else {
            keel_sum_from_ring(ring, size, st->pos & (size - 1), level);
#if KEEL_WIDE_SUMS
            int32_t lines = size < 8 ? m / 8 * 8 : 0;
            keel_wide_double(level, size, lines, next);
            keel_sum_double(level + lines, size, m - lines, next + lines);
#else
            keel_sum_double(level, size, m, next);
#endif
            keel_sum_to_ring(ring, size, (st->pos + m) & (size - 1), level + m);
        }
        level = next;
        s->at[k + 1] = next;
    }
    if (n > size) {
        double *ring = win + (size - 1);
        int32_t top = (st->top + m) % (n - size);
        keel_sum_from_ring(ring, n - size, st->top, level);
        keel_sum_to_ring(ring, n - size, top, level + m);
        st->top = top;
    }
    st->pos = st->pos + m;
    st->full = st->full != 0 || st->pos >= n;
    if (st->full) st->pos = st->pos & (size - 1);
    keel_block_look(ahead, m);
}

/* One loop per number of values and per thing that a sum becomes; 0 values: one more, b, for the sums in out. */
KEEL_INLINE void keel_sum_loop(int32_t values, int32_t what, double n, KEEL_GLOBAL const double *KEEL_RESTRICT a,
                               KEEL_GLOBAL const double *KEEL_RESTRICT b, KEEL_GLOBAL const double *KEEL_RESTRICT c,
                               KEEL_GLOBAL const double *KEEL_RESTRICT d, int32_t m,
                               KEEL_GLOBAL double *KEEL_RESTRICT out) {
#if KEEL_WIDE_FMA
    /* Of 1/n to twice the precision of a double. sum high + RN(sum low) is less than 2^-50 of a unit in the last place
     * away from the quotient, and a quotient by a whole number n is no nearer than 1/2n of such a unit to the middle
     * between two doubles, so both round to the same. */
    const double high = 1.0 / n, low = __builtin_fma(-high, n, 1.0) * high;
#endif
    for (int32_t i = 0; i < m; i++) {
        double sum = values == 0 ? out[i] + b[i] : a[i];
        if (values > 1) sum = sum + b[i];
        if (values > 2) sum = sum + c[i];
        if (values > 3) sum = sum + d[i];
        if (what == KEEL_SUM_DIVIDED) sum = sum / n;
#if KEEL_WIDE_FMA
        if (what == KEEL_SUM_BY_RECIPROCAL) sum = __builtin_fma(sum, high, sum * low);
#endif
        out[i] = sum;
    }
}

KEEL_INLINE void keel_sum_loops(int32_t values, int32_t what, double n, KEEL_GLOBAL const double *const *part,
                                int32_t m, KEEL_GLOBAL double *out) {
    switch (values) {
        case 0: keel_sum_loop(0, what, n, part[0], part[0], part[0], part[0], m, out); break;
        case 1: keel_sum_loop(1, what, n, part[0], part[0], part[0], part[0], m, out); break;
        case 2: keel_sum_loop(2, what, n, part[0], part[1], part[0], part[0], m, out); break;
        case 3: keel_sum_loop(3, what, n, part[0], part[1], part[2], part[0], m, out); break;
        default: keel_sum_loop(4, what, n, part[0], part[1], part[2], part[3], m, out); break;
    }
}

/* `values` 0: one more value for the sums in out. */
KEEL_LOCAL void keel_sum_some(int32_t values, int32_t what, double n, KEEL_GLOBAL const double *const *part, int32_t m,
                              KEEL_GLOBAL double *out) {
    switch (what) {
        case KEEL_SUM_ITSELF: keel_sum_loops(values, KEEL_SUM_ITSELF, n, part, m, out); break;
        case KEEL_SUM_DIVIDED: keel_sum_loops(values, KEEL_SUM_DIVIDED, n, part, m, out); break;
        default: keel_sum_loops(values, KEEL_SUM_BY_RECIPROCAL, n, part, m, out); break;
    }
}

/* Sums of n values each, from input `from` on, and what is to become of them. */
KEEL_LOCAL void keel_sum_close(const keel_sum_levels *s, int32_t n, int32_t what, int32_t from, int32_t m,
                               KEEL_GLOBAL double *out) {
    KEEL_GLOBAL const double *part[KEEL_SUM_LEVELS];
    int32_t back[KEEL_SUM_LEVELS];
    int32_t values = 0;
    part[0] = s->at[0];
    for (int32_t k = 0; (n >> k) != 0; k++) {
        if (((n >> k) & 1) == 0) continue;
        part[values] = s->at[k];
        back[values++] = n & ((1 << k) - 1);
    }
#if KEEL_WIDE_SUMS
    if (what == KEEL_SUM_BY_RECIPROCAL && from == 0) {
        int32_t lines = m / 8 * 8;
        const double high = 1.0 / (double)n, low = __builtin_fma(-high, (double)n, 1.0) * high;
        if (keel_wide_mean(values, high, low, part, back, lines, out)) from = lines;
        if (from == m) return;
    }
#endif
    for (int32_t v = 0; v < values; v++)
        part[v] = part[v] - back[v] + from;
    if (values <= 4) {
        keel_sum_some(values, what, (double)n, part, m - from, out + from);
        return;
    }
    keel_sum_some(4, KEEL_SUM_ITSELF, (double)n, part, m - from, out + from);
    for (int32_t v = 4; v < values; v++)
        keel_sum_some(0, v + 1 < values ? KEEL_SUM_ITSELF : what, (double)n, part + v, m - from, out + from);
}

KEEL_FN void keel_block_sum(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m, KEEL_GLOBAL double *out,
                            KEEL_GLOBAL double *room, keel_block_ahead *ahead) {
    keel_sum_levels s;
    keel_sum_open(&s, st, win, x, m, room, ahead);
    keel_sum_close(&s, st->n, KEEL_SUM_ITSELF, 0, m, out);
}

KEEL_FN void keel_block_mean(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                             KEEL_GLOBAL double *out, KEEL_GLOBAL double *room, keel_block_ahead *ahead) {
    keel_sum_levels s;
    keel_sum_open(&s, st, win, x, m, room, ahead);
    keel_sum_close(&s, st->n, s.plain ? KEEL_SUM_BY_RECIPROCAL : KEEL_SUM_DIVIDED, 0, m, out);
}

/* ---- several lengths ------------------------------------------------------------------------------------------ */

/* Values of level k that blocks to come ask for; whole lines of the cache. */
KEEL_LOCAL int32_t keel_means_kept(int32_t k) { return k < 3 ? 8 : 1 << k; }

/* Levels that are kept, whether or not a length asks for them: the lowest are made in one go. */
KEEL_LOCAL int32_t keel_means_levels(const keel_means *s) { return s->levels < 4 ? 4 : s->levels; }

KEEL_LOCAL void keel_means_of(int32_t n, int32_t place, keel_mean *ret) {
    ret->n = n;
    ret->place = place;
    ret->values = 0;
    ret->reserved = 0;
    for (int32_t k = 0; (n >> k) != 0; k++)
        if (((n >> k) & 1) != 0) ret->at[ret->values++] = KEEL_MEANS_LEVEL_AT(k) - (n & ((1 << k) - 1));
    ret->high = 1.0 / (double)n;
    ret->low = 0.0;
#if KEEL_WIDE_FMA
    ret->low = __builtin_fma(-ret->high, (double)n, 1.0) * ret->high;
#endif
}

KEEL_FN void keel_block_means_begin(keel_means *s, const keel_roll *st, const double *win, const int32_t *lengths,
                                    int32_t n, KEEL_GLOBAL double *room) {
    int32_t size = 1, k = 0, done = 0;
    s->roll = *st;
    s->count = n;
    s->plain = 0;
#if KEEL_WIDE_FMA
    if (keel_sum_plain(win, st->n - 1)) s->plain = st->n;
#endif
    for (int32_t level = 0; level < KEEL_SUM_LEVELS; level++)
        for (int32_t i = 1; i <= keel_means_kept(level); i++)
            room[KEEL_MEANS_LEVEL_AT(level) - i] = 0.0;
    for (; 2 * size <= st->n; size = 2 * size, k++)
        keel_sum_from_ring(win + (size - 1), size, st->pos & (size - 1), room + KEEL_MEANS_LEVEL_AT(k));
    keel_sum_from_ring(win + (size - 1), st->n - size, st->top, room + KEEL_MEANS_LEVEL_AT(k));
    s->levels = k + 1;
    for (int32_t values = 1; values <= KEEL_SUM_LEVELS; values++)
        for (int32_t j = 0; j < n; j++) {
            keel_mean one;
            keel_means_of(lengths[j], j, &one);
            if (one.values == values) s->mean[done++] = one;
        }
}

/* All levels of m more inputs. Returns 1 when quotients may be had by way of reciprocals. */
KEEL_LOCAL int32_t keel_means_open(keel_means *s, KEEL_GLOBAL const double *x, int32_t m, KEEL_GLOBAL double *room) {
    int32_t k = 1, plain = 0, known = s->plain >= s->roll.n - 1;
#if KEEL_WIDE_SUMS
    if (m % 8 == 0) {
        plain = keel_wide_levels(x, m, s->levels, room);
        k = KEEL_SUM_LEVELS;
    }
#endif
    for (int32_t i = 0; i < m && k == 1; i++)
        room[KEEL_MEANS_LEVEL_AT(0) + i] = x[i];
    for (; k < s->levels; k++)
        keel_sum_double(room + KEEL_MEANS_LEVEL_AT(k - 1), 1 << (k - 1), m, room + KEEL_MEANS_LEVEL_AT(k));
#if KEEL_WIDE_FMA
    plain = plain || keel_sum_plain(x, m);
    s->plain = plain ? s->plain + m : 0;
    if (s->plain > s->roll.n) s->plain = s->roll.n;
#endif
    return plain && known;
}

/* m inputs are the past. */
KEEL_LOCAL void keel_means_pass(keel_means *s, int32_t m, KEEL_GLOBAL double *room) {
    keel_roll *st = &s->roll;
    const int32_t size = 1 << (s->levels - 1), n = st->n;
    for (int32_t k = 0; k < keel_means_levels(s); k++) {
        const int32_t kept = keel_means_kept(k);
        KEEL_GLOBAL double *level = room + KEEL_MEANS_LEVEL_AT(k);
#if KEEL_WIDE_SUMS
        keel_wide_keep(level, level + m, kept);
#else
        for (int32_t i = -kept; i < 0; i++)
            level[i] = level[m + i];
#endif
    }
    if (n > size) st->top = (st->top + m) % (n - size);
    st->pos = st->pos + m;
    st->full = st->full != 0 || st->pos >= n;
    if (st->full) st->pos = st->pos & (size - 1);
}

KEEL_FN void keel_block_means(keel_means *s, KEEL_GLOBAL const double *x, int32_t m, KEEL_GLOBAL double *const *out,
                              KEEL_GLOBAL double *room) {
    keel_sum_levels levels;
    const int32_t before = s->roll.full ? s->roll.n : s->roll.pos; /* inputs so far, as far as it matters */
    int32_t made = 0;
    levels.plain = keel_means_open(s, x, m, room);
#if KEEL_WIDE_SUMS
    if (levels.plain && m % 8 == 0 && before >= s->roll.n - 1) made = keel_wide_means(s->mean, s->count, room, m, out);
#endif
    for (int32_t k = 0; k < s->levels; k++)
        levels.at[k] = room + KEEL_MEANS_LEVEL_AT(k);
    for (int32_t j = made; j < s->count; j++) {
        const keel_mean *mean = &s->mean[j];
        KEEL_GLOBAL double *to = out[mean->place];
        int32_t from = mean->n - 1 > before ? mean->n - 1 - before : 0;
        if (from > m) from = m;
        for (int32_t i = 0; i < from; i++)
            to[i] = 0.0;
        keel_sum_close(&levels, mean->n, levels.plain ? KEEL_SUM_BY_RECIPROCAL : KEEL_SUM_DIVIDED, from, m, to);
    }
    keel_means_pass(s, m, room);
}

KEEL_FN void keel_block_means_end(const keel_means *s, keel_roll *st, double *win, KEEL_GLOBAL const double *room) {
    int32_t size = 1, k = 0;
    *st = s->roll;
    for (; 2 * size <= st->n; size = 2 * size, k++)
        keel_sum_to_ring(win + (size - 1), size, st->pos & (size - 1), room + KEEL_MEANS_LEVEL_AT(k));
    keel_sum_to_ring(win + (size - 1), st->n - size, st->top, room + KEEL_MEANS_LEVEL_AT(k));
}
