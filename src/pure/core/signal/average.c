/* core/signal/average.c */
#include "core/signal/average.h"

KEEL_FN void keel_ema_init(keel_ema *st, int32_t n) {
    st->n = n;
    st->count = 0;
    st->alpha = 2.0 / ((double)n + 1.0);
    st->alpha2 = st->alpha * (2.0 - st->alpha);
    st->value = 0.0;
    st->before = 0.0;
    st->last = 0.0;
}

/* The inputs up to the second value. Returns 1 when there is one. */
KEEL_LOCAL int32_t keel_ema_start(keel_ema *st, double x) {
    st->last = x;
    st->count += 1;
    if (st->count > st->n) {
        st->before = st->value;
        st->value = st->value + st->alpha * (x - st->value);
        return 1;
    }
    st->value = st->count == 1 ? x : st->value + x;
    if (st->count < st->n) return 0;
    st->value = st->value / (double)st->n;
    return 1;
}

KEEL_HOT int32_t keel_ema_step(keel_ema *st, double x, double *ret_ema) {
    if (st->count <= st->n) {
        if (!keel_ema_start(st, x)) return 0;
    } else {
        double v = (st->before + st->alpha * (x - st->last)) + st->alpha2 * (st->last - st->before);
        st->before = st->value;
        st->value = v;
        st->last = x;
    }
    *ret_ema = st->value;
    return 1;
}

KEEL_FN void keel_wilder_init(keel_wilder *st, int32_t n) {
    st->n = n;
    st->count = 0;
    st->share = 1.0 / (double)n;
    st->value = 0.0;
    st->before = 0.0;
    st->last = 0.0;
}

/* The inputs up to the second value. Returns 1 when there is one. */
KEEL_LOCAL int32_t keel_wilder_start(keel_wilder *st, double x) {
    st->last = x;
    st->count += 1;
    if (st->count > st->n) {
        st->before = st->value;
        st->value = st->value * (1.0 - st->share) + x * st->share;
        return 1;
    }
    st->value = st->count == 1 ? x : st->value + x;
    if (st->count < st->n) return 0;
    st->value = st->value / (double)st->n;
    return 1;
}

KEEL_HOT int32_t keel_wilder_step(keel_wilder *st, double x, double *ret_mean) {
    if (st->count <= st->n) {
        if (!keel_wilder_start(st, x)) return 0;
    } else {
        double keep = 1.0 - st->share;
        double v = st->before * (keep * keep) + (st->last * (keep * st->share) + x * st->share);
        st->before = st->value;
        st->value = v;
        st->last = x;
    }
    *ret_mean = st->value;
    return 1;
}

KEEL_HOT int32_t keel_sma_step(keel_roll *st, double *win, double x, double *ret_sma) {
    double sum = 0.0;
    if (!keel_roll_sum(st, win, x, &sum)) return 0;
    *ret_sma = sum / (double)st->n;
    return 1;
}

KEEL_FN int32_t keel_wma_step(keel_roll *st, double *win, double x, double *ret_wma) {
    double sum = 0.0;
    double weighted = 0.0;
    if (!keel_roll_weighted(st, win, x, &sum, &weighted)) return 0;
    double n = (double)st->n;
    *ret_wma = weighted / ((n * (n + 1.0)) / 2.0);
    return 1;
}

KEEL_FN void keel_ema_chain_init(keel_ema_chain *st, int32_t n) {
    for (int32_t i = 0; i < 3; i++)
        keel_ema_init(&st->e[i], n);
    st->last = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

/* Feed `depth` links; e[] receives their values. 1 when the last of them is ready. */
KEEL_LOCAL int32_t keel_ema_chain_feed(keel_ema_chain *st, int32_t depth, double x, double *e) {
    double carry = x;
    for (int32_t i = 0; i < depth; i++) {
        if (!keel_ema_step(&st->e[i], carry, &e[i])) return 0;
        carry = e[i];
    }
    return 1;
}

KEEL_FN int32_t keel_dema_step(keel_ema_chain *st, double x, double *ret_dema) {
    double e[3] = {0.0, 0.0, 0.0};
    if (!keel_ema_chain_feed(st, 2, x, e)) return 0;
    *ret_dema = 2.0 * e[0] - e[1];
    return 1;
}

KEEL_FN int32_t keel_tema_step(keel_ema_chain *st, double x, double *ret_tema) {
    double e[3] = {0.0, 0.0, 0.0};
    if (!keel_ema_chain_feed(st, 3, x, e)) return 0;
    *ret_tema = (3.0 * e[0] - 3.0 * e[1]) + e[2];
    return 1;
}

KEEL_FN int32_t keel_trix_step(keel_ema_chain *st, double x, double *ret_trix) {
    double e[3] = {0.0, 0.0, 0.0};
    if (!keel_ema_chain_feed(st, 3, x, e)) return 0;
    int32_t ready = st->has_last;
    if (ready) *ret_trix = st->last == 0.0 ? 0.0 : 100.0 * ((e[2] - st->last) / st->last);
    st->last = e[2];
    st->has_last = 1;
    return ready;
}

KEEL_FN void keel_kama_init(keel_kama *st, int32_t n) {
    keel_roll_init(&st->delay, n);
    keel_roll_init(&st->change, n);
    st->last = 0.0;
    st->value = 0.0;
    st->count = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_kama_step(keel_kama *st, double *win, double x, double *ret_kama) {
    double old = 0.0;
    double travel = 0.0;
    int32_t has_old = keel_roll_delay(&st->delay, win, x, &old);
    int32_t has_travel = 0;
    if (st->count > 0) {
        has_travel = keel_roll_sum(&st->change, win + st->delay.n, keel_fabs(x - st->last), &travel);
    } else {
        st->count = 1;
    }
    if (has_old && has_travel) {
        if (st->count == 1) st->value = st->last;
        st->count = 2;
        double net = keel_fabs(x - old);
        double efficiency = net < travel ? net / travel : 1.0;
        double c = efficiency * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0;
        st->value = st->value + (c * c) * (x - st->value);
        *ret_kama = st->value;
    }
    st->last = x;
    return has_old && has_travel;
}
