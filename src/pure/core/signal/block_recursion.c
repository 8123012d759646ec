/* core/signal/block_recursion.c: the chain from bar to bar alone in its loop, all else in loops without one. */
#include "core/signal/block_recursion.h"

/* v += alpha (x - v) from `at` on; returns the last v. */
KEEL_LOCAL double keel_block_ema_chain(double v, double alpha, KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t at,
                                       int32_t count, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = at; i < count; i++) {
        v = v + alpha * (x[i] - v);
        out[i] = v;
    }
    return v;
}

KEEL_FN void keel_block_ema(keel_ema *st, const keel_signal_block *b, int32_t at) {
    st->value = keel_block_ema_chain(st->value, st->alpha, b->x, at, b->count, b->out[0]);
}

KEEL_LOCAL double keel_block_wilder_chain(double v, double keep, double share,
                                          KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t at, int32_t count,
                                          KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = at; i < count; i++) {
        v = v * keep + x[i] * share;
        out[i] = v;
    }
    return v;
}

KEEL_FN void keel_block_rma(keel_wilder *st, const keel_signal_block *b, int32_t at) {
    st->value = keel_block_wilder_chain(st->value, st->keep, st->share, b->x, at, b->count, b->out[0]);
}

KEEL_LOCAL void keel_block_macd_chain(keel_macd *st, KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t at,
                                      int32_t count, KEEL_GLOBAL double *KEEL_RESTRICT line,
                                      KEEL_GLOBAL double *KEEL_RESTRICT signal,
                                      KEEL_GLOBAL double *KEEL_RESTRICT hist) {
    double f = st->fast.value;
    double s = st->slow.value;
    double g = st->signal.value;
    for (int32_t i = at; i < count; i++) {
        f = f + st->fast.alpha * (x[i] - f);
        s = s + st->slow.alpha * (x[i] - s);
        double l = f - s;
        g = g + st->signal.alpha * (l - g);
        line[i] = l;
        signal[i] = g;
        hist[i] = l - g;
    }
    st->fast.value = f;
    st->slow.value = s;
    st->signal.value = g;
}

KEEL_FN void keel_block_macd(keel_macd *st, const keel_signal_block *b, int32_t at) {
    keel_macd s = *st;
    keel_block_macd_chain(&s, b->x, at, b->count, b->out[0], b->out[1], b->out[2]);
    *st = s;
}

/* The means of gains and of losses, the two chains side by side. */
KEEL_LOCAL void keel_block_rsi_chain(keel_rsi *st, KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t at, int32_t count,
                                     KEEL_GLOBAL double *KEEL_RESTRICT gain, KEEL_GLOBAL double *KEEL_RESTRICT loss) {
    double g = st->gain.value;
    double l = st->loss.value;
    double keep = st->gain.keep;
    double share = st->gain.share;
    for (int32_t i = at; i < count; i++) {
        double change = x[i] - x[i - 1];
        g = g * keep + (change > 0.0 ? change : 0.0) * share;
        l = l * keep + (change < 0.0 ? -change : 0.0) * share;
        gain[i] = g;
        loss[i] = l;
    }
    st->gain.value = g;
    st->loss.value = l;
    st->last = x[count - 1];
}

KEEL_LOCAL void keel_block_rsi_share(KEEL_GLOBAL const double *KEEL_RESTRICT gain,
                                     KEEL_GLOBAL const double *KEEL_RESTRICT loss, int32_t at, int32_t count,
                                     KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = at; i < count; i++) {
        double both = gain[i] + loss[i];
        double rsi = 100.0 * (gain[i] / both);
        out[i] = both > 0.0 ? rsi : 50.0;
    }
}

KEEL_FN void keel_block_rsi(keel_rsi *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out) {
    keel_rsi s = *st;
    keel_block_rsi_chain(&s, b->x, at, b->count, b->scratch->a, b->scratch->b);
    *st = s;
    keel_block_rsi_share(b->scratch->a, b->scratch->b, at, b->count, out);
}

KEEL_LOCAL double keel_block_atr_chain(double v, double keep, double share,
                                       KEEL_GLOBAL const double *KEEL_RESTRICT high,
                                       KEEL_GLOBAL const double *KEEL_RESTRICT low,
                                       KEEL_GLOBAL const double *KEEL_RESTRICT close, int32_t at, int32_t count,
                                       KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = at; i < count; i++) {
        v = v * keep + keel_true_range(high[i], low[i], close[i - 1]) * share;
        out[i] = v;
    }
    return v;
}

KEEL_FN void keel_block_atr(keel_atr *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out) {
    st->mean.value = keel_block_atr_chain(st->mean.value, st->mean.keep, st->mean.share, b->high, b->low, b->close, at,
                                          b->count, out);
    st->last_close = b->close[b->count - 1];
}

/* The three sums: plus, minus, range. */
KEEL_LOCAL void keel_block_adx_sums(keel_adx *st, const keel_signal_block *b, int32_t at,
                                    KEEL_GLOBAL double *KEEL_RESTRICT plus, KEEL_GLOBAL double *KEEL_RESTRICT minus,
                                    KEEL_GLOBAL double *KEEL_RESTRICT range) {
    KEEL_GLOBAL const double *high = b->high;
    KEEL_GLOBAL const double *low = b->low;
    KEEL_GLOBAL const double *close = b->close;
    double p = st->plus_sum;
    double m = st->minus_sum;
    double r = st->range_sum;
    double keep = st->keep;
    for (int32_t i = at; i < b->count; i++) {
        double up = high[i] - high[i - 1];
        double down = low[i - 1] - low[i];
        double rise = up > 0.0 ? up : 0.0;
        double fall = down > 0.0 ? down : 0.0;
        p = p * keep + (up > down ? rise : 0.0);
        m = m * keep + (down > up ? fall : 0.0);
        r = r * keep + keel_true_range(high[i], low[i], close[i - 1]);
        plus[i] = p;
        minus[i] = m;
        range[i] = r;
    }
    st->plus_sum = p;
    st->minus_sum = m;
    st->range_sum = r;
}

/* DI of both sides in place of their sums, and what DX adds to the ADX: adx keep[i] + add[i]. A bar without DI leaves
 * the ADX as it is, which the factors 1 and 0 say exactly, since an ADX is never negative. */
KEEL_LOCAL void keel_block_adx_shares(double keep_n, double share_n, int32_t at, int32_t count,
                                      KEEL_GLOBAL double *KEEL_RESTRICT plus, KEEL_GLOBAL double *KEEL_RESTRICT minus,
                                      KEEL_GLOBAL double *KEEL_RESTRICT range, KEEL_GLOBAL double *KEEL_RESTRICT keep,
                                      KEEL_GLOBAL double *KEEL_RESTRICT add) {
    for (int32_t i = at; i < count; i++) {
        double p = 100.0 * (plus[i] / range[i]);
        double m = 100.0 * (minus[i] / range[i]);
        p = range[i] > 0.0 ? p : 0.0;
        m = range[i] > 0.0 ? m : 0.0;
        double both = p + m;
        double dx = 100.0 * (keel_fabs(p - m) / both);
        plus[i] = p;
        minus[i] = m;
        keep[i] = both > 0.0 ? keep_n : 1.0;
        add[i] = both > 0.0 ? dx * share_n : 0.0;
    }
}

KEEL_LOCAL double keel_block_adx_chain(double adx, KEEL_GLOBAL const double *KEEL_RESTRICT keep,
                                       KEEL_GLOBAL const double *KEEL_RESTRICT add, int32_t at, int32_t count,
                                       KEEL_GLOBAL double *KEEL_RESTRICT now,
                                       KEEL_GLOBAL double *KEEL_RESTRICT before) {
    for (int32_t i = at; i < count; i++) {
        before[i] = adx;
        adx = adx * keep[i] + add[i];
        now[i] = adx;
    }
    return adx;
}

KEEL_FN void keel_block_adx(keel_adx *st, const keel_signal_block *b, int32_t at) {
    KEEL_GLOBAL keel_signal_scratch *t = b->scratch;
    keel_adx s = *st;
    keel_block_adx_sums(&s, b, at, b->out[2], b->out[3], t->a);
    keel_block_adx_shares(s.keep, s.share, at, b->count, b->out[2], b->out[3], t->a, t->b, t->c);
    s.adx = keel_block_adx_chain(s.adx, t->b, t->c, at, b->count, b->out[0], b->out[1]);
    s.last_high = b->high[b->count - 1];
    s.last_low = b->low[b->count - 1];
    s.last_close = b->close[b->count - 1];
    *st = s;
}

KEEL_LOCAL void keel_block_keltner_bands(double mult, KEEL_GLOBAL const double *KEEL_RESTRICT middle,
                                         KEEL_GLOBAL const double *KEEL_RESTRICT atr, int32_t at, int32_t count,
                                         KEEL_GLOBAL double *KEEL_RESTRICT upper,
                                         KEEL_GLOBAL double *KEEL_RESTRICT lower) {
    for (int32_t i = at; i < count; i++) {
        double reach = mult * atr[i];
        upper[i] = middle[i] + reach;
        lower[i] = middle[i] - reach;
    }
}

KEEL_FN void keel_block_keltner(keel_keltner *st, const keel_signal_block *b, int32_t at) {
    st->middle.value = keel_block_ema_chain(st->middle.value, st->middle.alpha, b->close, at, b->count, b->out[0]);
    keel_block_atr(&st->atr, b, at, b->scratch->a);
    keel_block_keltner_bands(st->mult, b->out[0], b->scratch->a, at, b->count, b->out[1], b->out[2]);
}
