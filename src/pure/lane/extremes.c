/* lane/extremes.c: see extremes.h. */
#include "lane/extremes.h"

/* The finest columns. */
KEEL_INLINE KEEL_GLOBAL const int64_t *keel_extremes_low(const keel_tape_symbol *t) {
    return t->detail_low_e8 ? t->detail_low_e8 : t->low_e8;
}

KEEL_INLINE KEEL_GLOBAL const int64_t *keel_extremes_high(const keel_tape_symbol *t) {
    return t->detail_high_e8 ? t->detail_high_e8 : t->high_e8;
}

KEEL_INLINE KEEL_GLOBAL const int64_t *keel_extremes_closes(const keel_tape_symbol *t) {
    return t->detail_close_e8 ? t->detail_close_e8 : t->close_e8;
}

KEEL_LOCAL void keel_extremes_of(const keel_tape_symbol *t, int64_t from, int64_t to, KEEL_GLOBAL int64_t *ret) {
    keel_exit_ranges x;
    keel_extremes_scan(keel_extremes_low(t), keel_extremes_high(t), keel_extremes_closes(t), from, to, &x);
    ret[KEEL_EXTREMES_LOW] = x.low_e8;
    ret[KEEL_EXTREMES_HIGH] = x.high_e8;
    ret[KEEL_EXTREMES_LEAST] = x.least_e8;
    ret[KEEL_EXTREMES_MOST] = x.most_e8;
}

KEEL_FN void keel_extremes_early(const keel_tape_symbol *t, int64_t bars, int32_t ratio, KEEL_GLOBAL int64_t *out) {
    for (int64_t k = 0; k < bars; k++)
        keel_extremes_of(t, k * ratio, (k + 1) * ratio - 1, out + k * KEEL_EXTREMES_VALUES);
}

/* The blocks of a level from the finer ones that they are made of. */
KEEL_LOCAL void keel_extremes_join(KEEL_GLOBAL const int64_t *fine, int64_t blocks, KEEL_GLOBAL int64_t *out) {
    for (int64_t b = 0; b < blocks; b++) {
        KEEL_GLOBAL int64_t *v = out + b * KEEL_EXTREMES_VALUES;
        KEEL_GLOBAL const int64_t *from = fine + b * KEEL_EXTREMES_BLOCK * KEEL_EXTREMES_VALUES;
        for (int32_t j = 0; j < KEEL_EXTREMES_VALUES; j++) {
            v[j] = from[j];
            for (int32_t i = 1; i < KEEL_EXTREMES_BLOCK; i++) {
                int64_t x = from[i * KEEL_EXTREMES_VALUES + j];
                int32_t takes = j == KEEL_EXTREMES_LOW || j == KEEL_EXTREMES_LEAST ? x < v[j] : x > v[j];
                if (takes) v[j] = x;
            }
        }
    }
}

KEEL_FN void keel_extremes_fill(const keel_tape_symbol *t, int64_t pieces, int32_t level,
                                KEEL_GLOBAL const int64_t *fine, KEEL_GLOBAL int64_t *out) {
    if (level > 0) {
        keel_extremes_join(fine, pieces / keel_extremes_size(level), out);
        return;
    }
    for (int64_t b = 0; b < pieces / KEEL_EXTREMES_BLOCK; b++)
        keel_extremes_of(t, b * KEEL_EXTREMES_BLOCK, (b + 1) * KEEL_EXTREMES_BLOCK, out + b * KEEL_EXTREMES_VALUES);
}

/* The largest kept block that begins at `at` and ends before `end`: its level, -1 = none. */
KEEL_INLINE int32_t keel_extremes_level(const keel_tape_symbol *t, int64_t at, int64_t end) {
    int32_t ret = -1;
    for (int32_t level = 0; level < KEEL_TAPE_EXTREMES; level++) {
        const int64_t size = keel_extremes_size(level);
        if ((at & (size - 1)) != 0 || at + size > end) break;
        if (t->extremes[level]) ret = level;
    }
    return ret;
}

KEEL_INLINE KEEL_GLOBAL const int64_t *keel_extremes_at(const keel_tape_symbol *t, int32_t level, int64_t at) {
    return t->extremes[level] + at / keel_extremes_size(level) * KEEL_EXTREMES_VALUES;
}

/* Where the next block may begin. */
KEEL_INLINE int64_t keel_extremes_stop(int64_t at, int64_t end) {
    int64_t stop = (at | (KEEL_EXTREMES_BLOCK - 1)) + 1;
    return stop < end ? stop : end;
}

KEEL_FN int64_t keel_extremes_range(const keel_tape_symbol *t, int64_t at, int64_t end, int64_t lowest_e8,
                                    int64_t highest_e8, int64_t *ret_low_e8, int64_t *ret_high_e8) {
    KEEL_GLOBAL const int64_t *low = keel_extremes_low(t), *high = keel_extremes_high(t);
    int64_t least = KEEL_I64_MAX, most = 0;
    while (at < end) {
        int32_t level = keel_extremes_level(t, at, end);
        for (; level >= 0; level--) {
            KEEL_GLOBAL const int64_t *b = keel_extremes_at(t, level, at);
            if (b[KEEL_EXTREMES_LOW] <= lowest_e8 || b[KEEL_EXTREMES_HIGH] >= highest_e8) continue;
            if (b[KEEL_EXTREMES_LOW] < least) least = b[KEEL_EXTREMES_LOW];
            if (b[KEEL_EXTREMES_HIGH] > most) most = b[KEEL_EXTREMES_HIGH];
            at += keel_extremes_size(level);
            break;
        }
        if (level >= 0) continue;
        for (int64_t stop = keel_extremes_stop(at, end); at < stop; at++) {
            if (low[at] <= lowest_e8 || high[at] >= highest_e8) {
                end = at;
                break;
            }
            if (low[at] < least) least = low[at];
            if (high[at] > most) most = high[at];
        }
    }
    *ret_low_e8 = least;
    *ret_high_e8 = most;
    return end;
}

KEEL_FN int64_t keel_extremes_close(const keel_tape_symbol *t, int64_t at, int64_t end, int64_t low_e8,
                                    int64_t high_e8) {
    KEEL_GLOBAL const int64_t *close = keel_extremes_closes(t);
    while (at < end) {
        int32_t level = keel_extremes_level(t, at, end);
        for (; level >= 0; level--) {
            KEEL_GLOBAL const int64_t *b = keel_extremes_at(t, level, at);
            if (b[KEEL_EXTREMES_LEAST] < low_e8 || b[KEEL_EXTREMES_MOST] > high_e8) continue;
            at += keel_extremes_size(level);
            break;
        }
        if (level >= 0) continue;
        for (int64_t stop = keel_extremes_stop(at, end); at < stop; at++)
            if (close[at] < low_e8 || close[at] > high_e8) return at;
    }
    return end;
}

/* For a side that is better above; the other side is its mirror image. */
KEEL_INLINE int64_t keel_extremes_fall(const keel_tape_symbol *t, int64_t at, int64_t end, int64_t bound_e8,
                                       int64_t *ret_worst_e8) {
    KEEL_GLOBAL const int64_t *close = keel_extremes_closes(t);
    int64_t worst = KEEL_I64_MAX;
    while (at < end) {
        int32_t level = keel_extremes_level(t, at, end);
        for (; level >= 0; level--) {
            KEEL_GLOBAL const int64_t *b = keel_extremes_at(t, level, at);
            if (b[KEEL_EXTREMES_MOST] > bound_e8) continue;
            if (b[KEEL_EXTREMES_LEAST] < worst) worst = b[KEEL_EXTREMES_LEAST];
            at += keel_extremes_size(level);
            break;
        }
        if (level >= 0) continue;
        for (int64_t stop = keel_extremes_stop(at, end); at < stop; at++) {
            if (close[at] > bound_e8) {
                end = at;
                break;
            }
            if (close[at] < worst) worst = close[at];
        }
    }
    *ret_worst_e8 = worst;
    return end;
}

KEEL_INLINE int64_t keel_extremes_rise(const keel_tape_symbol *t, int64_t at, int64_t end, int64_t bound_e8,
                                       int64_t *ret_worst_e8) {
    KEEL_GLOBAL const int64_t *close = keel_extremes_closes(t);
    int64_t worst = 0;
    while (at < end) {
        int32_t level = keel_extremes_level(t, at, end);
        for (; level >= 0; level--) {
            KEEL_GLOBAL const int64_t *b = keel_extremes_at(t, level, at);
            if (b[KEEL_EXTREMES_LEAST] < bound_e8) continue;
            if (b[KEEL_EXTREMES_MOST] > worst) worst = b[KEEL_EXTREMES_MOST];
            at += keel_extremes_size(level);
            break;
        }
        if (level >= 0) continue;
        for (int64_t stop = keel_extremes_stop(at, end); at < stop; at++) {
            if (close[at] < bound_e8) {
                end = at;
                break;
            }
            if (close[at] > worst) worst = close[at];
        }
    }
    *ret_worst_e8 = worst;
    return end;
}

KEEL_FN int64_t keel_extremes_worst(const keel_tape_symbol *t, int64_t at, int64_t end, int32_t side, int64_t bound_e8,
                                    int64_t *ret_worst_e8) {
    return side > 0 ? keel_extremes_fall(t, at, end, bound_e8, ret_worst_e8)
                    : keel_extremes_rise(t, at, end, bound_e8, ret_worst_e8);
}
