/* core/signal/range.c */
#include "core/signal/range.h"

KEEL_FN double keel_true_range(double high, double low, double previous_close) {
    double range = high - low;
    double up = keel_fabs(high - previous_close);
    double down = keel_fabs(low - previous_close);
    if (up > range) range = up;
    if (down > range) range = down;
    return range;
}

KEEL_FN void keel_atr_init(keel_atr *st, int32_t n) {
    keel_wilder_init(&st->mean, n);
    st->last_close = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_atr_step(keel_atr *st, double high, double low, double close, double *ret_atr) {
    double previous = st->last_close;
    int32_t had = st->has_last;
    st->last_close = close;
    st->has_last = 1;
    if (!had) return 0;
    return keel_wilder_step(&st->mean, keel_true_range(high, low, previous), ret_atr);
}

KEEL_FN void keel_adx_init(keel_adx *st, int32_t n) {
    st->n = n;
    st->count = 0;
    st->dx_count = 0;
    st->reserved = 0;
    st->keep = (double)(n - 1) / (double)n;
    st->share = 1.0 / (double)n;
    st->last_high = 0.0;
    st->last_low = 0.0;
    st->last_close = 0.0;
    st->plus_sum = 0.0;
    st->minus_sum = 0.0;
    st->range_sum = 0.0;
    st->adx = 0.0;
}

/* One bar's movements into the three sums: plain while the first n - 1 are gathered, Wilder's decay afterwards. */
KEEL_LOCAL void keel_adx_gather(keel_adx *st, double high, double low) {
    double up = high - st->last_high;
    double down = st->last_low - low;
    double plus = up > 0.0 && up > down ? up : 0.0;
    double minus = down > 0.0 && down > up ? down : 0.0;
    double keep = st->count >= st->n ? st->keep : 1.0;
    st->plus_sum = st->plus_sum * keep + plus;
    st->minus_sum = st->minus_sum * keep + minus;
    st->range_sum = st->range_sum * keep + keel_true_range(high, low, st->last_close);
}

/* One pair of DI values into the ADX. Returns bit 0 for ADX, bit 1 for the ADX before. */
KEEL_LOCAL int32_t keel_adx_average(keel_adx *st, double plus_di, double minus_di, double *ret) {
    double both = plus_di + minus_di;
    double dx = both > 0.0 ? 100.0 * (keel_fabs(plus_di - minus_di) / both) : 0.0;
    if (st->dx_count < st->n) {
        st->adx = st->adx + dx;
        st->dx_count += 1;
        if (st->dx_count < st->n) return 0;
        st->adx = st->adx / (double)st->n;
        ret[0] = st->adx;
        return 1;
    }
    ret[1] = st->adx;
    if (both > 0.0) st->adx = st->adx * st->keep + dx * st->share;
    ret[0] = st->adx;
    return 3;
}

KEEL_FN int32_t keel_adx_step(keel_adx *st, double high, double low, double close, double *ret) {
    int32_t mask = 0;
    if (st->count > 0) keel_adx_gather(st, high, low);
    if (st->count >= st->n) {
        int32_t moved = st->range_sum > 0.0;
        ret[2] = moved ? 100.0 * (st->plus_sum / st->range_sum) : 0.0;
        ret[3] = moved ? 100.0 * (st->minus_sum / st->range_sum) : 0.0;
        mask = 12 | keel_adx_average(st, ret[2], ret[3], ret);
    }
    st->last_high = high;
    st->last_low = low;
    st->last_close = close;
    if (st->count <= st->n) st->count += 1;
    return mask;
}

KEEL_FN void keel_keltner_init(keel_keltner *st, int32_t n, int32_t atr_n, double mult) {
    keel_ema_init(&st->middle, n);
    keel_atr_init(&st->atr, atr_n);
    st->mult = mult;
}

KEEL_FN int32_t keel_keltner_step(keel_keltner *st, double high, double low, double close, double *ret) {
    double atr = 0.0;
    int32_t has_middle = keel_ema_step(&st->middle, close, &ret[0]);
    int32_t has_atr = keel_atr_step(&st->atr, high, low, close, &atr);
    if (!has_middle) return 0;
    if (!has_atr) return 1;
    ret[1] = ret[0] + st->mult * atr;
    ret[2] = ret[0] - st->mult * atr;
    return 7;
}

KEEL_FN void keel_supertrend_init(keel_supertrend *st, int32_t n, double mult) {
    keel_atr_init(&st->atr, n);
    st->mult = mult;
    st->upper = 0.0;
    st->lower = 0.0;
    st->last_close = 0.0;
    st->direction = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_supertrend_step(keel_supertrend *st, double high, double low, double close, double *ret) {
    double atr = 0.0;
    if (!keel_atr_step(&st->atr, high, low, close, &atr)) return 0;
    double middle = (high + low) / 2.0;
    double upper = middle + st->mult * atr;
    double lower = middle - st->mult * atr;
    if (st->direction == 0) {
        st->direction = -1;
    } else {
        if (upper > st->upper && st->last_close <= st->upper) upper = st->upper;
        if (lower < st->lower && st->last_close >= st->lower) lower = st->lower;
        if (st->direction < 0) {
            if (close > upper) st->direction = 1;
        } else if (close < lower) {
            st->direction = -1;
        }
    }
    st->upper = upper;
    st->lower = lower;
    st->last_close = close;
    ret[0] = st->direction > 0 ? lower : upper;
    ret[1] = (double)st->direction;
    return 3;
}

KEEL_FN void keel_sar_init(keel_sar *st, double step, double max) {
    st->step = step;
    st->max = max;
    st->acceleration = step < max ? step : max;
    st->extreme = 0.0;
    st->sar = 0.0;
    st->last_high = 0.0;
    st->last_low = 0.0;
    st->direction = 0;
    st->has_last = 0;
}

/* Direction, extreme and stop at the second bar. */
KEEL_LOCAL void keel_sar_start(keel_sar *st, double high, double low) {
    double up = high - st->last_high;
    double down = st->last_low - low;
    st->direction = down > 0.0 && down > up ? -1 : 1;
    st->extreme = st->direction > 0 ? high : low;
    st->sar = st->direction > 0 ? st->last_low : st->last_high;
    /* The start compares the second bar with itself, so the first bar does not hold the stop back. */
    st->last_high = high;
    st->last_low = low;
}

/* Keep the stop beyond the last two bars: under both lows in an up trend, over both highs in a down trend. */
KEEL_LOCAL double keel_sar_hold(const keel_sar *st, double sar, double high, double low) {
    double edge = 0.0;
    if (st->direction > 0) {
        edge = low < st->last_low ? low : st->last_low;
        return sar > edge ? edge : sar;
    }
    edge = high > st->last_high ? high : st->last_high;
    return sar < edge ? edge : sar;
}

/* The stop was hit: the old extreme becomes the stop of the opposite trend. */
KEEL_LOCAL void keel_sar_turn(keel_sar *st, double high, double low, double *ret_sar) {
    st->direction = -st->direction;
    *ret_sar = keel_sar_hold(st, st->extreme, high, low);
    st->acceleration = st->step < st->max ? st->step : st->max;
    st->extreme = st->direction > 0 ? high : low;
}

KEEL_FN int32_t keel_sar_step(keel_sar *st, double high, double low, double *ret_sar) {
    if (!st->has_last) {
        st->has_last = 1;
        st->last_high = high;
        st->last_low = low;
        return 0;
    }
    if (st->direction == 0) keel_sar_start(st, high, low);
    if (st->direction > 0 ? low <= st->sar : high >= st->sar) {
        keel_sar_turn(st, high, low, ret_sar);
    } else {
        *ret_sar = st->sar;
        double reach = st->direction > 0 ? high : low;
        if (st->direction > 0 ? reach > st->extreme : reach < st->extreme) {
            st->extreme = reach;
            st->acceleration = st->acceleration + st->step;
            if (st->acceleration > st->max) st->acceleration = st->max;
        }
    }
    st->sar = *ret_sar + st->acceleration * (st->extreme - *ret_sar);
    st->sar = keel_sar_hold(st, st->sar, high, low);
    st->last_high = high;
    st->last_low = low;
    return 1;
}
