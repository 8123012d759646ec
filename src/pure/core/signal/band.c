/* core/signal/band.c */
#include "core/signal/band.h"

KEEL_FN int32_t keel_bollinger_step(keel_roll *st, double *win, double mult, double x, double *ret) {
    double mean = 0.0;
    double m2 = 0.0;
    if (!keel_roll_moments(st, win, x, &mean, &m2)) return 0;
    double reach = mult * keel_sqrt(m2 * (1.0 / (double)st->n));
    ret[0] = mean;
    ret[1] = mean + reach;
    ret[2] = mean - reach;
    ret[3] = mean == 0.0 ? 0.0 : (2.0 * reach) / mean;
    return 15;
}

KEEL_FN void keel_bb_width_ratio_init(keel_bb_width_ratio *st, int32_t n, int32_t average) {
    keel_roll_init(&st->band, n);
    keel_roll_init(&st->average, average);
}

KEEL_FN int32_t keel_bb_width_ratio_step(keel_bb_width_ratio *st, double *win, double x, double *ret_ratio) {
    double band[4] = {0.0, 0.0, 0.0, 0.0};
    double average = 0.0;
    if (!keel_bollinger_step(&st->band, win, 1.0, x, band)) return 0;
    if (!keel_sma_step(&st->average, win + 2 * st->band.n, band[3], &average)) return 0;
    *ret_ratio = average == 0.0 ? 1.0 : band[3] / average;
    return 1;
}

KEEL_FN void keel_donchian_init(keel_donchian *st, int32_t n) {
    keel_roll_init(&st->high, n);
    keel_roll_init(&st->low, n);
}

KEEL_FN int32_t keel_donchian_step(keel_donchian *st, double *win, double high, double low, double *ret) {
    int32_t ready = keel_roll_max(&st->high, win, high, &ret[0]);
    (void)keel_roll_min(&st->low, win + st->high.n, low, &ret[1]);
    if (!ready) return 0;
    ret[2] = (ret[0] + ret[1]) / 2.0;
    return 7;
}
