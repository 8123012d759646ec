/* core/signal/momentum.c */
#include "core/signal/momentum.h"

KEEL_FN int32_t keel_slope_step(keel_roll *st, double *win, double x, double *ret_slope) {
    double old = 0.0;
    if (!keel_roll_delay(st, win, x, &old)) return 0;
    *ret_slope = old == 0.0 ? 0.0 : ((x - old) / old) / (double)st->n;
    return 1;
}

KEEL_FN int32_t keel_roc_step(keel_roll *st, double *win, double x, double *ret_roc) {
    double old = 0.0;
    if (!keel_roll_delay(st, win, x, &old)) return 0;
    *ret_roc = old == 0.0 ? 0.0 : 100.0 * ((x - old) / old);
    return 1;
}

KEEL_FN int32_t keel_mom_step(keel_roll *st, double *win, double x, double *ret_mom) {
    double old = 0.0;
    if (!keel_roll_delay(st, win, x, &old)) return 0;
    *ret_mom = x - old;
    return 1;
}

KEEL_FN void keel_linreg_init(keel_linreg *st, int32_t n) {
    keel_roll_init(&st->roll, n);
    st->origin = 0.0;
    st->has_origin = 0;
    st->reserved = 0;
}

/* With t = 1..n: slope = sum((t - (n+1)/2) x) / sum((t - (n+1)/2)^2), the denominator n (n^2 - 1) / 12. */
KEEL_FN int32_t keel_linreg_step(keel_linreg *st, double *win, double x, double *ret_slope) {
    double sum = 0.0;
    double weighted = 0.0;
    if (!st->has_origin) {
        st->origin = x;
        st->has_origin = 1;
    }
    if (!keel_roll_weighted(&st->roll, win, x - st->origin, &sum, &weighted)) return 0;
    double n = (double)st->roll.n;
    *ret_slope = (weighted - ((n + 1.0) / 2.0) * sum) / ((n * (n * n - 1.0)) / 12.0);
    return 1;
}

KEEL_FN int32_t keel_zscore_step(keel_roll *st, double *win, double x, double *ret_z) {
    double mean = 0.0;
    double m2 = 0.0;
    if (!keel_roll_moments(st, win, x, &mean, &m2)) return 0;
    double deviation = keel_sqrt(m2 * (1.0 / (double)st->n));
    *ret_z = deviation > 0.0 ? (x - mean) / deviation : 0.0;
    return 1;
}

KEEL_FN void keel_rsi_init(keel_rsi *st, int32_t n) {
    keel_wilder_init(&st->gain, n);
    keel_wilder_init(&st->loss, n);
    st->last = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_rsi_step(keel_rsi *st, double x, double *ret_rsi) {
    double change = x - st->last;
    double gain = 0.0;
    double loss = 0.0;
    st->last = x;
    if (!st->has_last) {
        st->has_last = 1;
        return 0;
    }
    int32_t ready = keel_wilder_step(&st->gain, change > 0.0 ? change : 0.0, &gain);
    (void)keel_wilder_step(&st->loss, change < 0.0 ? -change : 0.0, &loss);
    if (!ready) return 0;
    double both = gain + loss;
    *ret_rsi = both > 0.0 ? 100.0 * (gain / both) : 50.0;
    return 1;
}

KEEL_FN void keel_stochastic_init(keel_stochastic *st, int32_t n, int32_t k, int32_t d) {
    keel_roll_init(&st->high, n);
    keel_roll_init(&st->low, n);
    keel_roll_init(&st->k, k);
    keel_roll_init(&st->d, d);
}

KEEL_FN int32_t keel_stochastic_step(keel_stochastic *st, double *win, double high, double low, double close,
                                     double *ret) {
    double top = 0.0;
    double bottom = 0.0;
    int32_t n = st->high.n;
    double *win_k = win + 2 * n;
    int32_t ready = keel_roll_max(&st->high, win, high, &top);
    (void)keel_roll_min(&st->low, win + n, low, &bottom);
    if (!ready) return 0;
    double raw = top > bottom ? 100.0 * ((close - bottom) / (top - bottom)) : 50.0;
    if (!keel_sma_step(&st->k, win_k, raw, &ret[0])) return 0;
    if (!keel_sma_step(&st->d, win_k + st->k.n, ret[0], &ret[1])) return 1;
    return 3;
}

KEEL_FN void keel_stoch_rsi_init(keel_stoch_rsi *st, int32_t n, int32_t stoch, int32_t k, int32_t d) {
    keel_rsi_init(&st->rsi, n);
    keel_stochastic_init(&st->stoch, stoch, k, d);
}

KEEL_FN int32_t keel_stoch_rsi_step(keel_stoch_rsi *st, double *win, double x, double *ret) {
    double rsi = 0.0;
    if (!keel_rsi_step(&st->rsi, x, &rsi)) return 0;
    return keel_stochastic_step(&st->stoch, win, rsi, rsi, rsi, ret);
}

KEEL_FN void keel_macd_init(keel_macd *st, int32_t fast, int32_t slow, int32_t signal) {
    keel_ema_init(&st->fast, fast);
    keel_ema_init(&st->slow, slow);
    keel_ema_init(&st->signal, signal);
    st->skip = slow - fast;
    st->reserved = 0;
}

KEEL_FN int32_t keel_macd_step(keel_macd *st, double x, double *ret) {
    double fast = 0.0;
    double slow = 0.0;
    if (st->skip > 0) {
        st->skip -= 1;
    } else {
        (void)keel_ema_step(&st->fast, x, &fast);
    }
    if (!keel_ema_step(&st->slow, x, &slow)) return 0;
    ret[0] = fast - slow;
    if (!keel_ema_step(&st->signal, ret[0], &ret[1])) return 1;
    ret[2] = ret[0] - ret[1];
    return 7;
}
