/* core/signal/volume.c */
#include "core/signal/volume.h"
#include "core/signal/day.h"

KEEL_FN void keel_vwap_day_init(keel_vwap_day *st) {
    st->day = 0;
    st->value_sum = 0.0;
    st->volume_sum = 0.0;
    st->started = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_vwap_day_step(keel_vwap_day *st, double high, double low, double close, double volume,
                                   int64_t ts_ms, double *ret_vwap) {
    double typical = ((high + low) + close) / 3.0;
    int64_t day = keel_day_of(ts_ms);
    if (!st->started || day != st->day) {
        st->started = 1;
        st->day = day;
        st->value_sum = 0.0;
        st->volume_sum = 0.0;
    }
    st->value_sum = st->value_sum + typical * volume;
    st->volume_sum = st->volume_sum + volume;
    *ret_vwap = st->volume_sum > 0.0 ? st->value_sum / st->volume_sum : typical;
    return 1;
}

KEEL_FN void keel_vwap_init(keel_vwap *st, int32_t n) {
    keel_roll_init(&st->value, n);
    keel_roll_init(&st->volume, n);
}

KEEL_FN int32_t keel_vwap_step(keel_vwap *st, double *win, double high, double low, double close, double volume,
                               double *ret_vwap) {
    double typical = ((high + low) + close) / 3.0;
    double value_sum = 0.0;
    double volume_sum = 0.0;
    int32_t ready = keel_roll_sum(&st->value, win, typical * volume, &value_sum);
    (void)keel_roll_sum(&st->volume, win + st->value.n, volume, &volume_sum);
    if (ready) *ret_vwap = volume_sum > 0.0 ? value_sum / volume_sum : typical;
    return ready;
}

KEEL_FN void keel_obv_init(keel_obv *st) {
    st->last_close = 0.0;
    st->total = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_obv_step(keel_obv *st, double close, double volume, double *ret_obv) {
    if (!st->has_last || close > st->last_close) {
        st->total = st->total + volume;
    } else if (close < st->last_close) {
        st->total = st->total - volume;
    }
    st->has_last = 1;
    st->last_close = close;
    *ret_obv = st->total;
    return 1;
}

KEEL_FN void keel_mfi_init(keel_mfi *st, int32_t n) {
    keel_roll_init(&st->up, n);
    keel_roll_init(&st->down, n);
    st->last = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_mfi_step(keel_mfi *st, double *win, double high, double low, double close, double volume,
                              double *ret_mfi) {
    double typical = ((high + low) + close) / 3.0;
    double flow = typical * volume;
    double last = st->last;
    int32_t had = st->has_last;
    double up = 0.0;
    double down = 0.0;
    st->last = typical;
    st->has_last = 1;
    if (!had) return 0;
    int32_t ready = keel_roll_sum(&st->up, win, typical > last ? flow : 0.0, &up);
    (void)keel_roll_sum(&st->down, win + st->up.n, typical < last ? flow : 0.0, &down);
    if (!ready) return 0;
    double both = up + down;
    *ret_mfi = both > 0.0 ? 100.0 * (up / both) : 50.0;
    return 1;
}

KEEL_FN void keel_cmf_init(keel_cmf *st, int32_t n) {
    keel_roll_init(&st->flow, n);
    keel_roll_init(&st->volume, n);
}

KEEL_FN int32_t keel_cmf_step(keel_cmf *st, double *win, double high, double low, double close, double volume,
                              double *ret_cmf) {
    double share = high > low ? ((close - low) - (high - close)) / (high - low) : 0.0;
    double flow_sum = 0.0;
    double volume_sum = 0.0;
    int32_t ready = keel_roll_sum(&st->flow, win, share * volume, &flow_sum);
    (void)keel_roll_sum(&st->volume, win + st->flow.n, volume, &volume_sum);
    if (ready) *ret_cmf = volume_sum > 0.0 ? flow_sum / volume_sum : 0.0;
    return ready;
}
