/* core/signal/oscillator.c */
#include "core/signal/oscillator.h"
#include "core/signal/day.h"
#include "core/signal/range.h"

KEEL_FN void keel_cci_init(keel_cci *st, int32_t n) {
    keel_roll_init(&st->sum, n);
    st->at = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_cci_step(keel_cci *st, double *win, double high, double low, double close, double *ret_cci) {
    double typical = ((high + low) + close) / 3.0;
    double sum = 0.0;
    double spread = 0.0;
    int32_t flat = 1;
    int32_t n = st->sum.n;
    double *raw = win + n;
    raw[st->at] = typical;
    st->at = st->at + 1 < n ? st->at + 1 : 0;
    if (!keel_roll_sum(&st->sum, win, typical, &sum)) return 0;
    double mean = sum / (double)n;
    for (int32_t i = 0, slot = st->at; i < n; i++) { /* from the oldest */
        spread = spread + keel_fabs(raw[slot] - mean);
        if (raw[slot] < typical || raw[slot] > typical) flat = 0;
        slot = slot + 1 < n ? slot + 1 : 0;
    }
    *ret_cci = flat ? 0.0 : (typical - mean) / (0.015 * (spread / (double)n));
    return 1;
}

KEEL_FN void keel_willr_init(keel_willr *st, int32_t n) {
    keel_roll_init(&st->high, n);
    keel_roll_init(&st->low, n);
}

KEEL_FN int32_t keel_willr_step(keel_willr *st, double *win, double high, double low, double close, double *ret_willr) {
    double top = 0.0;
    double bottom = 0.0;
    int32_t ready = keel_roll_max(&st->high, win, high, &top);
    (void)keel_roll_min(&st->low, win + st->high.n, low, &bottom);
    if (!ready) return 0;
    *ret_willr = top > bottom ? -100.0 * ((top - close) / (top - bottom)) : -50.0;
    return 1;
}

KEEL_FN void keel_aroon_init(keel_aroon *st, int32_t n) {
    keel_roll_init(&st->high, n + 1);
    keel_roll_init(&st->low, n + 1);
}

KEEL_FN int32_t keel_aroon_step(keel_aroon *st, double *win, double high, double low, double *ret) {
    double extreme = 0.0;
    double up_age = 0.0;
    double down_age = 0.0;
    double n = (double)(st->high.n - 1);
    int32_t ready = keel_roll_max_age(&st->high, win, high, &extreme, &up_age);
    (void)keel_roll_max_age(&st->low, win + 2 * st->high.n, -low, &extreme, &down_age);
    if (!ready) return 0;
    ret[0] = (100.0 * (n - up_age)) / n;
    ret[1] = (100.0 * (n - down_age)) / n;
    return 3;
}

KEEL_FN void keel_ultosc_init(keel_ultosc *st, int32_t n_short, int32_t n_medium, int32_t n_long) {
    keel_roll_init(&st->pressure[0], n_short);
    keel_roll_init(&st->pressure[1], n_medium);
    keel_roll_init(&st->pressure[2], n_long);
    keel_roll_init(&st->range[0], n_short);
    keel_roll_init(&st->range[1], n_medium);
    keel_roll_init(&st->range[2], n_long);
    st->last_close = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

/* One length's ratio; 1 when its window is full. */
KEEL_LOCAL int32_t keel_ultosc_ratio(keel_ultosc *st, int32_t i, double *win, double pressure, double range,
                                     double *ret_ratio) {
    double pressure_sum = 0.0;
    double range_sum = 0.0;
    int32_t ready = keel_roll_sum(&st->pressure[i], win, pressure, &pressure_sum);
    (void)keel_roll_sum(&st->range[i], win + st->pressure[i].n, range, &range_sum);
    if (ready) *ret_ratio = range_sum > 0.0 ? pressure_sum / range_sum : 0.0;
    return ready;
}

KEEL_FN int32_t keel_ultosc_step(keel_ultosc *st, double *win, double high, double low, double close,
                                 double *ret_ultosc) {
    double r[3] = {0.0, 0.0, 0.0};
    double previous = st->last_close;
    int32_t had = st->has_last;
    int32_t ready = 0;
    double *at = win;
    st->last_close = close;
    st->has_last = 1;
    if (!had) return 0;
    double pressure = close - (low < previous ? low : previous);
    double range = keel_true_range(high, low, previous);
    for (int32_t i = 0; i < 3; i++) {
        ready = keel_ultosc_ratio(st, i, at, pressure, range, &r[i]);
        at = at + 2 * st->pressure[i].n;
    }
    if (!ready) return 0; /* the longest is last */
    *ret_ultosc = 100.0 * (((4.0 * r[0] + 2.0 * r[1]) + r[2]) / 7.0);
    return 1;
}

KEEL_FN void keel_pivot_init(keel_pivot *st) {
    st->day = -1;
    st->high = 0.0;
    st->low = 0.0;
    st->close = 0.0;
    for (int32_t i = 0; i < 5; i++)
        st->level[i] = 0.0;
    st->whole = 0;
    st->ready = 0;
}

/* The day that was gathered is over. */
KEEL_LOCAL void keel_pivot_close_day(keel_pivot *st) {
    double p = ((st->high + st->low) + st->close) / 3.0;
    st->level[0] = p;
    st->level[1] = 2.0 * p - st->low;
    st->level[2] = 2.0 * p - st->high;
    st->level[3] = p + (st->high - st->low);
    st->level[4] = p - (st->high - st->low);
    st->ready = 1;
}

KEEL_FN int32_t keel_pivot_step(keel_pivot *st, double high, double low, double close, int64_t ts_ms, double *ret) {
    int64_t day = keel_day_of(ts_ms);
    if (day != st->day) {
        if (st->day >= 0 && st->whole) keel_pivot_close_day(st);
        st->whole = ts_ms == day * KEEL_DAY_MS;
        st->day = day;
        st->high = high;
        st->low = low;
    }
    if (high > st->high) st->high = high;
    if (low < st->low) st->low = low;
    st->close = close;
    if (!st->ready) return 0;
    for (int32_t i = 0; i < 5; i++)
        ret[i] = st->level[i];
    return 31;
}
