/* core/signal/roll.c: the rings of roll.h. */
#include "core/signal/roll.h"

KEEL_FN void keel_roll_init(keel_roll *st, int32_t n) {
    st->n = n;
    st->pos = 0;
    st->full = 0;
    st->top = 0;
    st->head[0] = 0.0;
    st->head[1] = 0.0;
}

/* One value further. Returns 1 when the raw values fill the ring and must become suffixes. */
KEEL_LOCAL int32_t keel_roll_advance(keel_roll *st) {
    st->pos += 1;
    if (st->pos < st->n) return 0;
    st->pos = 0;
    st->full = 1;
    return 1;
}

/* 1 when the value about to be stored completes a window. */
KEEL_LOCAL int32_t keel_roll_ready(const keel_roll *st) { return st->full != 0 || st->pos + 1 == st->n; }

KEEL_HOT int32_t keel_roll_sum(keel_roll *st, double *win, double x, double *ret_sum) {
    int32_t ready = keel_roll_ready(st);
    int32_t n = st->n;
    int32_t at = st->pos;
    int32_t size = 1;
    double block = x; /* S of the newest `size` values */
    double sum = 0.0; /* of the newest n % size values */
    for (; 2 * size <= n; size = 2 * size) {
        double *ring = win + (size - 1);
        double before = ring[at & (size - 1)];
        int32_t newer = n & (size - 1);
        if ((n & size) != 0) sum = newer == 0 ? block : sum + ring[(at - newer) & (size - 1)];
        ring[at & (size - 1)] = block;
        block = block + before;
    }
    if (n > size) {
        double *ring = win + (size - 1);
        double before = ring[st->top];
        ring[st->top] = block;
        block = sum + before;
        st->top = st->top + 1 < n - size ? st->top + 1 : 0;
    }
    st->full = ready;
    st->pos = ready ? (at + 1) & (size - 1) : at + 1;
    if (ready) *ret_sum = block;
    return ready;
}

KEEL_FN void keel_roll_sum_follow(keel_roll *st, double *win, int64_t count, const keel_roll *longer,
                                  const double *longer_win) {
    int32_t size = 1;
    int32_t top = 1;
    while (2 * top <= st->n)
        top = 2 * top;
    st->pos = (int32_t)((st->pos + count) & (top - 1));
    for (; size < top; size = 2 * size) {
        for (int32_t age = 1; age <= size; age++)
            win[size - 1 + ((st->pos - age) & (size - 1))] = longer_win[size - 1 + ((longer->pos - age) & (size - 1))];
    }
    int32_t rest = st->n - top;
    if (rest == 0) return;
    st->top = (int32_t)((st->top + count) % rest);
    int32_t ring = 2 * top <= longer->n ? top : longer->n - top; /* of the longer one at this level */
    int32_t from = 2 * top <= longer->n ? longer->pos & (top - 1) : longer->top;
    for (int32_t age = 1; age <= rest; age++)
        win[top - 1 + (st->top - age + rest) % rest] = longer_win[top - 1 + (from - age + ring) % ring];
}

KEEL_FN int32_t keel_roll_max(keel_roll *st, double *win, double x, double *ret_max) {
    int32_t ready = keel_roll_ready(st);
    if (st->pos == 0 || x > st->head[0]) st->head[0] = x;
    win[st->pos] = x;
    if (ready) {
        double best = st->head[0];
        if (st->pos + 1 < st->n && win[st->pos + 1] > best) best = win[st->pos + 1];
        *ret_max = best;
    }
    if (keel_roll_advance(st)) {
        for (int32_t i = st->n - 2; i >= 0; i--)
            win[i] = win[i + 1] > win[i] ? win[i + 1] : win[i];
    }
    return ready;
}

KEEL_FN int32_t keel_roll_min(keel_roll *st, double *win, double x, double *ret_min) {
    int32_t ready = keel_roll_ready(st);
    if (st->pos == 0 || x < st->head[0]) st->head[0] = x;
    win[st->pos] = x;
    if (ready) {
        double best = st->head[0];
        if (st->pos + 1 < st->n && win[st->pos + 1] < best) best = win[st->pos + 1];
        *ret_min = best;
    }
    if (keel_roll_advance(st)) {
        for (int32_t i = st->n - 2; i >= 0; i--)
            win[i] = win[i + 1] < win[i] ? win[i + 1] : win[i];
    }
    return ready;
}

/* win[2i] is a value, win[2i+1] the ring slot it came in; equal values keep the newer slot. */
KEEL_FN int32_t keel_roll_max_age(keel_roll *st, double *win, double x, double *ret_max, double *ret_age) {
    int32_t ready = keel_roll_ready(st);
    int32_t at = st->pos;
    if (at == 0 || x >= st->head[0]) {
        st->head[0] = x;
        st->head[1] = (double)at;
    }
    win[2 * at] = x;
    win[2 * at + 1] = (double)at;
    if (ready) {
        *ret_max = st->head[0];
        *ret_age = (double)at - st->head[1];
        if (at + 1 < st->n && win[2 * at + 2] > st->head[0]) {
            *ret_max = win[2 * at + 2];
            *ret_age = (double)at + ((double)st->n - win[2 * at + 3]);
        }
    }
    if (keel_roll_advance(st)) {
        for (int32_t i = st->n - 2; i >= 0; i--) {
            if (win[2 * i + 2] < win[2 * i]) continue;
            win[2 * i] = win[2 * i + 2];
            win[2 * i + 1] = win[2 * i + 3];
        }
    }
    return ready;
}

/* Welford's step: x is the count-th value of the part described by m[0] (mean) and m[1] (squared deviations). */
KEEL_LOCAL void keel_roll_welford(double *m, double x, int32_t count) {
    double d = x - m[0];
    m[0] = m[0] + d * (1.0 / (double)count); /* the division does not wait for the mean */
    m[1] = m[1] + d * (x - m[0]);
}

KEEL_FN int32_t keel_roll_moments(keel_roll *st, double *win, double x, double *ret_mean, double *ret_m2) {
    int32_t ready = keel_roll_ready(st);
    int32_t at = st->pos;
    if (at == 0) {
        st->head[0] = 0.0;
        st->head[1] = 0.0;
    }
    keel_roll_welford(st->head, x, at + 1);
    win[2 * at] = x;
    if (ready) {
        double new_count = (double)(at + 1);
        double old_count = (double)(st->n - at - 1);
        *ret_mean = st->head[0];
        *ret_m2 = st->head[1];
        if (at + 1 < st->n) {
            double d = st->head[0] - win[2 * at + 2];
            *ret_mean = win[2 * at + 2] + d * (new_count / (double)st->n);
            *ret_m2 = (win[2 * at + 3] + st->head[1]) + (d * d) * ((old_count * new_count) / (double)st->n);
        }
    }
    if (keel_roll_advance(st)) {
        double m[2] = {0.0, 0.0};
        for (int32_t i = st->n - 1; i >= 0; i--) {
            keel_roll_welford(m, win[2 * i], st->n - i);
            win[2 * i] = m[0];
            win[2 * i + 1] = m[1];
        }
    }
    return ready;
}

/* win[2i] the sum, win[2i+1] the weighted sum of a suffix whose oldest value has weight 1. */
KEEL_FN int32_t keel_roll_weighted(keel_roll *st, double *win, double x, double *ret_sum, double *ret_weighted) {
    int32_t ready = keel_roll_ready(st);
    int32_t at = st->pos;
    st->head[0] = at == 0 ? x : st->head[0] + x;
    st->head[1] = at == 0 ? x : st->head[1] + (double)(at + 1) * x;
    win[2 * at] = x;
    if (ready) {
        *ret_sum = st->head[0];
        *ret_weighted = st->head[1];
        if (at + 1 < st->n) {
            double old_count = (double)(st->n - at - 1);
            *ret_sum = win[2 * at + 2] + st->head[0];
            *ret_weighted = win[2 * at + 3] + (st->head[1] + old_count * st->head[0]);
        }
    }
    if (keel_roll_advance(st)) {
        double sum = 0.0;
        double weighted = 0.0;
        for (int32_t i = st->n - 1; i >= 0; i--) {
            sum = sum + win[2 * i];
            weighted = weighted + sum; /* one older value in front moves all weights up by one */
            win[2 * i] = sum;
            win[2 * i + 1] = weighted;
        }
    }
    return ready;
}

KEEL_FN int32_t keel_roll_delay(keel_roll *st, double *win, double x, double *ret_old) {
    int32_t ready = st->full;
    if (ready) *ret_old = win[st->pos];
    win[st->pos] = x;
    (void)keel_roll_advance(st);
    return ready;
}
