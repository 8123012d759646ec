/* simd/level_turns.c: aggregates of rolling windows, a turn of the ring per lane. Part of level.c, before the pure
 * text, whose block_window.c asks for it by KEEL_WIDE_TURNS.
 *
 * The turns of one ring do not wait for each other, and each is one chain forwards and one backwards: as many go side
 * by side as a vector holds, every chain in its own order. What a turn finds old is what the turn before it left, which
 * is the lane before, so both parts of a window are joined where they lie, and only joined windows go back into the
 * order of bars. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/signal/block.h"

/* A vector of the level. */
enum { LANES = KEEL_SIMD_LANES };
typedef double lane_doubles __attribute__((vector_size(8 * KEEL_SIMD_LANES)));

#define TURNS_INLINE static inline __attribute__((always_inline))

TURNS_INLINE lane_doubles turns_load(const double *p) {
    lane_doubles v;
    memcpy(&v, p, sizeof v);
    return v;
}

TURNS_INLINE void turns_store(double *p, lane_doubles v) { memcpy(p, &v, sizeof v); }

/* Rows to columns. */
#if KEEL_SIMD_LANES == 8
TURNS_INLINE void turns_about(lane_doubles a[8]) {
    lane_doubles t[8], s[8];
    for (int i = 0; i < 4; i++) {
        t[i] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        t[i + 4] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (int i = 0; i < 4; i++) {
        s[i] = __builtin_shufflevector(t[2 * i], t[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13);
        s[i + 4] = __builtin_shufflevector(t[2 * i], t[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15);
    }
    for (int i = 0; i < 2; i++) {
        a[i] = __builtin_shufflevector(s[2 * i], s[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13);
        a[i + 4] = __builtin_shufflevector(s[2 * i], s[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15);
        a[i + 2] = __builtin_shufflevector(s[2 * i + 4], s[2 * i + 5], 0, 1, 4, 5, 8, 9, 12, 13);
        a[i + 6] = __builtin_shufflevector(s[2 * i + 4], s[2 * i + 5], 2, 3, 6, 7, 10, 11, 14, 15);
    }
}
#elif KEEL_SIMD_LANES == 4
TURNS_INLINE void turns_about(lane_doubles a[4]) {
    lane_doubles t0 = __builtin_shufflevector(a[0], a[1], 0, 4, 2, 6),
                 t1 = __builtin_shufflevector(a[0], a[1], 1, 5, 3, 7);
    lane_doubles t2 = __builtin_shufflevector(a[2], a[3], 0, 4, 2, 6),
                 t3 = __builtin_shufflevector(a[2], a[3], 1, 5, 3, 7);
    a[0] = __builtin_shufflevector(t0, t2, 0, 1, 4, 5);
    a[1] = __builtin_shufflevector(t1, t3, 0, 1, 4, 5);
    a[2] = __builtin_shufflevector(t0, t2, 2, 3, 6, 7);
    a[3] = __builtin_shufflevector(t1, t3, 2, 3, 6, 7);
}
#else
TURNS_INLINE void turns_about(lane_doubles a[2]) {
    lane_doubles low = __builtin_shufflevector(a[0], a[1], 0, 2);
    a[1] = __builtin_shufflevector(a[0], a[1], 1, 3);
    a[0] = low;
}
#endif

#if KEEL_SIMD_LANES > 2
#define KEEL_WIDE_TURNS KEEL_SIMD_LANES

/* Rows of all lanes are at most a block of bars. */
enum { TURNS_ROWS = 512 / LANES };

/* The last lane of `before` and all but the last of v. */
TURNS_INLINE lane_doubles turns_behind(lane_doubles before, lane_doubles v) {
#if KEEL_SIMD_LANES == 8
    return __builtin_shufflevector(before, v, 7, 8, 9, 10, 11, 12, 13, 14);
#else
    return __builtin_shufflevector(before, v, 3, 4, 5, 6);
#endif
}

/* Turns of n bars in a row, n >= LANES, to a row per slot of the ring, and back; `vectors` of lanes. The last slots may
 * be turned twice. */
TURNS_INLINE void turns_in(const double *x, ptrdiff_t n, int vectors, lane_doubles *row) {
    for (ptrdiff_t at = 0; at < n; at += LANES) {
        ptrdiff_t slot = at < n - LANES ? at : n - LANES;
        for (int v = 0; v < vectors; v++) {
            lane_doubles a[LANES];
            for (int l = 0; l < LANES; l++)
                a[l] = turns_load(x + (v * LANES + l) * n + slot);
            turns_about(a);
            for (int j = 0; j < LANES; j++)
                row[(slot + j) * vectors + v] = a[j];
        }
    }
}

TURNS_INLINE void turns_out(const lane_doubles *row, ptrdiff_t n, int vectors, double *out) {
    for (ptrdiff_t at = 0; at < n; at += LANES) {
        ptrdiff_t slot = at < n - LANES ? at : n - LANES;
        for (int v = 0; v < vectors; v++) {
            lane_doubles a[LANES];
            for (int j = 0; j < LANES; j++)
                a[j] = row[(slot + j) * vectors + v];
            turns_about(a);
            for (int l = 0; l < LANES; l++)
                turns_store(out + (v * LANES + l) * n + slot, a[l]);
        }
    }
}

/* What lane by lane is found old where `suffix` are the vectors of the slot and `first` is what the first turn finds.
 */
TURNS_INLINE lane_doubles turns_old(const lane_doubles *suffix, int v, double first) {
    const lane_doubles before = v == 0 ? first - (lane_doubles){0.0} : suffix[v - 1];
    return turns_behind(before, suffix[v]);
}

/* Memory of the next block beside slot j of a loop, in all for half the bars. */
TURNS_INLINE void turns_look(keel_block_ahead *ahead, int vectors, ptrdiff_t j) {
    const ptrdiff_t bars = (ptrdiff_t)vectors * LANES;
    keel_block_look(ahead, (int32_t)(8 * ((j + 1) * bars / 16 - j * bars / 16)));
}

/* Welford's step of roll.c. */
TURNS_INLINE void turns_welford(lane_doubles *mean, lane_doubles *m2, lane_doubles x, double reciprocal) {
    lane_doubles d = x - *mean;
    *mean = *mean + reciprocal * d;
    *m2 = *m2 + d * (x - *mean);
}

/* What it needs of the tables of a window's length, and its columns. */
typedef struct keel_wide_moments {
    keel_block_ahead *ahead; /* looked at for half the bars */
    int32_t n;
    const double *reciprocal, *share, *cross;
    double *mean, *m2, *old_mean, *old_m2;
} keel_wide_moments;

TURNS_INLINE void turns_moments(const keel_wide_moments *w, ptrdiff_t first, const double *x, int vectors) {
    const lane_doubles zero = {0.0};
    lane_doubles row[TURNS_ROWS], part[TURNS_ROWS], suffix[TURNS_ROWS], suffix2[TURNS_ROWS];
    lane_doubles a[3] = {zero, zero, zero}, a2[3] = {zero, zero, zero};
    lane_doubles z[3] = {zero, zero, zero}, z2[3] = {zero, zero, zero};
    const ptrdiff_t n = w->n, last = first + vectors * LANES * n - 1;
    const double *old_mean = w->old_mean + first, *old_m2 = w->old_m2 + first;
    lane_doubles part2[TURNS_ROWS];
    turns_in(x + first, n, vectors, row);
    for (ptrdiff_t j = 0; j < n; j++) {
        ptrdiff_t k = n - 1 - j;
        turns_look(w->ahead, vectors, j);
        for (int v = 0; v < vectors; v++) {
            turns_welford(&a[v], &a2[v], row[j * vectors + v], w->reciprocal[j]);
            turns_welford(&z[v], &z2[v], row[k * vectors + v], w->reciprocal[j]);
            part[j * vectors + v] = a[v];
            part2[j * vectors + v] = a2[v];
            suffix[k * vectors + v] = z[v];
            suffix2[k * vectors + v] = z2[v];
        }
    }
    for (ptrdiff_t j = 0; j < n - 1; j++) {
        for (int v = 0; v < vectors; v++) {
            lane_doubles *mean = &part[j * vectors + v], *m2 = &part2[j * vectors + v];
            lane_doubles old = turns_old(suffix + (j + 1) * vectors, v, old_mean[j]);
            lane_doubles old2 = turns_old(suffix2 + (j + 1) * vectors, v, old_m2[j]);
            lane_doubles d = *mean - old;
            *mean = old + d * w->share[j];
            *m2 = (old2 + *m2) + (d * d) * w->cross[j];
        }
    }
    turns_out(part, n, vectors, w->mean + first);
    turns_out(part2, n, vectors, w->m2 + first);
    for (ptrdiff_t k = 0; k < n; k++) {
        w->old_mean[last + k] = suffix[k * vectors + vectors - 1][LANES - 1];
        w->old_m2[last + k] = suffix2[k * vectors + vectors - 1][LANES - 1];
    }
}

/* Moments of windows over as many of these whole turns as go side by side: returns how many.
 *   mean, m2          out  those of the windows
 *   old_mean, old_m2  io   in: [n - 1] what the first turn finds old; out: from the last input on [n] the suffixes of
 * the last turn, that of the whole turn first */
static inline int32_t keel_wide_moments_run(const keel_wide_moments *w, const double *x, int32_t turns) {
    int32_t done = 0, n = w->n;
    if (n < LANES || n > TURNS_ROWS) return 0;
    for (; done + 3 * LANES <= turns && 3 * n <= TURNS_ROWS; done += 3 * LANES)
        turns_moments(w, (ptrdiff_t)done * n, x, 3);
    for (; done + 2 * LANES <= turns && 2 * n <= TURNS_ROWS; done += 2 * LANES)
        turns_moments(w, (ptrdiff_t)done * n, x, 2);
    for (; done + LANES <= turns; done += LANES)
        turns_moments(w, (ptrdiff_t)done * n, x, 1);
    return done;
}

#if KEEL_SIMD_LANES == 8
#include "simd/level_bands.c"
#endif

#else
#define KEEL_WIDE_TURNS 0
#endif
