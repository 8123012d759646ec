/* core/signal/block_recursion.c: the chain from bar to bar alone in its loop, all else in loops without one. */
#include "core/signal/block_recursion.h"

/* The two chains of an EMA over bars at .. count - 1: values that lie two bars apart. v[0] is the value of bar at - 2,
 * v[1] that of at - 1; receives the last two. */
KEEL_LOCAL void keel_block_ema_chain(double *v, double alpha, double alpha2, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                     double last, int32_t at, int32_t count, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    double even = v[0];
    double odd = v[1];
    double x0 = last; /* the input before */
    int32_t i = at;
    for (; i + 2 <= count; i += 2) {
        double x1 = x[i];
        double x2 = x[i + 1];
        even = (even + alpha * (x1 - x0)) + alpha2 * (x0 - even);
        odd = (odd + alpha * (x2 - x1)) + alpha2 * (x1 - odd);
        x0 = x2;
        out[i] = even;
        out[i + 1] = odd;
    }
    v[0] = even;
    v[1] = odd;
    if (i < count) {
        v[0] = odd;
        v[1] = (even + alpha * (x[i] - x0)) + alpha2 * (x0 - even);
        out[i] = v[1];
    }
}

/* Bars of a chain between two looks ahead; even. */
#define KEEL_BLOCK_CHAIN 64

/* Where the stretch of a chain that begins at `at` ends. */
KEEL_LOCAL int32_t keel_block_stretch(int32_t at, int32_t count) {
    return count - at < KEEL_BLOCK_CHAIN ? count : at + KEEL_BLOCK_CHAIN;
}

/* x into out by an EMA that has at least one value; x is not out. */
KEEL_LOCAL void keel_block_ema_any(keel_ema *st, keel_block_ahead *ahead, KEEL_GLOBAL const double *x, int32_t at,
                                   int32_t count, KEEL_GLOBAL double *out) {
    double second = 0.0;
    if (st->count <= st->n && at < count) {
        (void)keel_ema_step(st, x[at], &second);
        out[at] = second;
        at++;
    }
    if (at >= count) return;
    double v[2] = {st->before, st->value};
    for (int32_t i = at; i < count; i += KEEL_BLOCK_CHAIN) {
        double last = i == at ? st->last : x[i - 1];
        keel_block_ema_chain(v, st->alpha, st->alpha2, x, last, i, keel_block_stretch(i, count), out);
        keel_block_look(ahead, KEEL_BLOCK_CHAIN);
    }
    st->before = v[0];
    st->value = v[1];
    st->last = x[count - 1];
}

KEEL_FN void keel_block_ema(keel_ema *st, const keel_signal_block *b, int32_t at) {
    keel_block_ema_any(st, b->ahead, b->x, at, b->count, b->out[0]);
}

/* What the inputs add to Wilder's mean: x[i-1] k/n + x[i] 1/n, with `last` before the first. */
KEEL_LOCAL void keel_block_wilder_terms(double share, double last, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                        int32_t at, int32_t count, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    double lag = (1.0 - share) * share;
    out[at] = last * lag + x[at] * share;
    for (int32_t i = at + 1; i < count; i++)
        out[i] = x[i - 1] * lag + x[i] * share;
}

/* The two chains over terms in place; v as in keel_block_ema_chain. */
KEEL_LOCAL void keel_block_wilder_chain(double *v, double share, int32_t at, int32_t count,
                                        KEEL_GLOBAL double *KEEL_RESTRICT term) {
    double keep = 1.0 - share;
    double keep2 = keep * keep;
    double even = v[0];
    double odd = v[1];
    int32_t i = at;
    for (; i + 2 <= count; i += 2) {
        even = even * keep2 + term[i];
        odd = odd * keep2 + term[i + 1];
        term[i] = even;
        term[i + 1] = odd;
    }
    v[0] = even;
    v[1] = odd;
    if (i < count) {
        v[0] = odd;
        v[1] = even * keep2 + term[i];
        term[i] = v[1];
    }
}

/* x into out by Wilder's mean that has at least one value; x is not out. */
KEEL_LOCAL void keel_block_wilder_any(keel_wilder *st, keel_block_ahead *ahead, KEEL_GLOBAL const double *x, int32_t at,
                                      int32_t count, KEEL_GLOBAL double *out) {
    double second = 0.0;
    if (st->count <= st->n && at < count) {
        (void)keel_wilder_step(st, x[at], &second);
        out[at] = second;
        at++;
    }
    if (at >= count) return;
    double v[2] = {st->before, st->value};
    keel_block_wilder_terms(st->share, st->last, x, at, count, out);
    for (int32_t i = at; i < count; i += KEEL_BLOCK_CHAIN) {
        keel_block_wilder_chain(v, st->share, i, keel_block_stretch(i, count), out);
        keel_block_look(ahead, KEEL_BLOCK_CHAIN);
    }
    st->before = v[0];
    st->value = v[1];
    st->last = x[count - 1];
}

KEEL_FN void keel_block_rma(keel_wilder *st, const keel_signal_block *b, int32_t at) {
    keel_block_wilder_any(st, b->ahead, b->x, at, b->count, b->out[0]);
}

KEEL_LOCAL void keel_block_difference(KEEL_GLOBAL const double *KEEL_RESTRICT p,
                                      KEEL_GLOBAL const double *KEEL_RESTRICT q, int32_t at, int32_t count,
                                      KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = at; i < count; i++)
        out[i] = p[i] - q[i];
}

/* One step of a chain of keel_block_ema_chain from input x1 to x2. */
#define KEEL_BLOCK_EMA(v, e, x1, x2) (((v) + (e).alpha * ((x2) - (x1))) + (e).alpha2 * ((x1) - (v)))

/* Line and signal over an even number of bars, all six chains side by side. Every EMA has two values. */
KEEL_LOCAL void keel_block_macd_chain(keel_macd *st, KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t at,
                                      int32_t count, KEEL_GLOBAL double *KEEL_RESTRICT line,
                                      KEEL_GLOBAL double *KEEL_RESTRICT signal) {
    keel_ema f = st->fast, s = st->slow, g = st->signal;
    double x0 = f.last, l0 = g.last;
    for (int32_t i = at; i < count; i += 2) {
        double x1 = x[i], x2 = x[i + 1];
        f.before = KEEL_BLOCK_EMA(f.before, f, x0, x1);
        s.before = KEEL_BLOCK_EMA(s.before, s, x0, x1);
        f.value = KEEL_BLOCK_EMA(f.value, f, x1, x2);
        s.value = KEEL_BLOCK_EMA(s.value, s, x1, x2);
        double l1 = f.before - s.before, l2 = f.value - s.value;
        g.before = KEEL_BLOCK_EMA(g.before, g, l0, l1);
        g.value = KEEL_BLOCK_EMA(g.value, g, l1, l2);
        line[i] = l1, line[i + 1] = l2;
        signal[i] = g.before, signal[i + 1] = g.value;
        x0 = x2;
        l0 = l2;
    }
    f.last = s.last = x0;
    g.last = l0;
    st->fast = f, st->slow = s, st->signal = g;
}

KEEL_FN void keel_block_macd(keel_macd *st, const keel_signal_block *b, int32_t at) {
    double out[3] = {0.0, 0.0, 0.0};
    int32_t first = at;
    int32_t starting = st->fast.count <= st->fast.n || st->slow.count <= st->slow.n || st->signal.count <= st->signal.n;
    for (; at < b->count && (starting || (b->count - at) % 2 != 0); at++) {
        (void)keel_macd_step(st, b->x[at], out);
        b->out[0][at] = out[0];
        b->out[1][at] = out[1];
        starting = st->signal.count <= st->signal.n; /* the last to start */
    }
    for (; at < b->count; at += KEEL_BLOCK_CHAIN) {
        keel_block_macd_chain(st, b->x, at, keel_block_stretch(at, b->count), b->out[0], b->out[1]);
        keel_block_look(b->ahead, KEEL_BLOCK_CHAIN);
    }
    keel_block_difference(b->out[0], b->out[1], first, b->count, b->out[2]);
}

/* What gains and losses from bar to bar add to their means, as keel_block_wilder_terms. change_last is the change of
 * the bar before. */
KEEL_LOCAL void keel_block_change_terms(double share, double change_last, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                        int32_t at, int32_t count, KEEL_GLOBAL double *KEEL_RESTRICT change,
                                        KEEL_GLOBAL double *KEEL_RESTRICT gain,
                                        KEEL_GLOBAL double *KEEL_RESTRICT loss) {
    double lag = (1.0 - share) * share;
    double before = change_last;
    for (int32_t i = at; i < count; i++)
        change[i] = x[i] - x[i - 1];
    gain[at] = (before > 0.0 ? before : 0.0) * lag + (change[at] > 0.0 ? change[at] : 0.0) * share;
    loss[at] = (before < 0.0 ? -before : 0.0) * lag + (change[at] < 0.0 ? -change[at] : 0.0) * share;
    for (int32_t i = at + 1; i < count; i++) {
        double old = change[i - 1];
        double now = change[i];
        gain[i] = (old > 0.0 ? old : 0.0) * lag + (now > 0.0 ? now : 0.0) * share;
        loss[i] = (old < 0.0 ? -old : 0.0) * lag + (now < 0.0 ? -now : 0.0) * share;
    }
}

/* Two means side by side over their terms in place, four chains; v and w as v in keel_block_ema_chain. */
KEEL_LOCAL void keel_block_wilder_pair(double *v, double *w, double share, int32_t at, int32_t count,
                                       KEEL_GLOBAL double *KEEL_RESTRICT p, KEEL_GLOBAL double *KEEL_RESTRICT q) {
    double keep = 1.0 - share;
    double keep2 = keep * keep;
    double p0 = v[0], p1 = v[1], q0 = w[0], q1 = w[1];
    int32_t i = at;
    for (; i + 2 <= count; i += 2) {
        p0 = p0 * keep2 + p[i];
        q0 = q0 * keep2 + q[i];
        p1 = p1 * keep2 + p[i + 1];
        q1 = q1 * keep2 + q[i + 1];
        p[i] = p0;
        q[i] = q0;
        p[i + 1] = p1;
        q[i + 1] = q1;
    }
    v[0] = p0, v[1] = p1, w[0] = q0, w[1] = q1;
    if (i < count) {
        p[i] = p0 * keep2 + p[i];
        q[i] = q0 * keep2 + q[i];
        v[0] = p1, v[1] = p[i], w[0] = q1, w[1] = q[i];
    }
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

/* Means of gains and losses into columns c and d of the scratch, for a machine that has two values of each. */
KEEL_LOCAL void keel_block_rsi_means(keel_rsi *st, const keel_signal_block *b, int32_t at) {
    KEEL_GLOBAL keel_signal_scratch *t = b->scratch;
    double v[2] = {st->gain.before, st->gain.value};
    double w[2] = {st->loss.before, st->loss.value};
    int32_t last = b->count - 1;
    keel_block_change_terms(st->gain.share, st->gain.last - st->loss.last, b->x, at, b->count, t->a, t->c, t->d);
    for (int32_t i = at; i < b->count; i += KEEL_BLOCK_CHAIN) {
        keel_block_wilder_pair(v, w, st->gain.share, i, keel_block_stretch(i, b->count), t->c, t->d);
        keel_block_look(b->ahead, KEEL_BLOCK_CHAIN);
    }
    st->gain.before = v[0];
    st->gain.value = v[1];
    st->gain.last = t->a[last] > 0.0 ? t->a[last] : 0.0;
    st->loss.before = w[0];
    st->loss.value = w[1];
    st->loss.last = t->a[last] < 0.0 ? -t->a[last] : 0.0;
    st->last = b->x[last];
}

KEEL_FN void keel_block_rsi(keel_rsi *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out) {
    double second = 0.0;
    if (st->gain.count <= st->gain.n && at < b->count) {
        (void)keel_rsi_step(st, b->x[at], &second);
        out[at] = second;
        at++;
    }
    if (at >= b->count) return;
    keel_block_rsi_means(st, b, at);
    keel_block_rsi_share(b->scratch->c, b->scratch->d, at, b->count, out);
}

KEEL_LOCAL void keel_block_ranges(KEEL_GLOBAL const double *KEEL_RESTRICT high,
                                  KEEL_GLOBAL const double *KEEL_RESTRICT low,
                                  KEEL_GLOBAL const double *KEEL_RESTRICT close, int32_t at, int32_t count,
                                  KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = at; i < count; i++)
        out[i] = keel_true_range(high[i], low[i], close[i - 1]);
}

KEEL_FN void keel_block_atr(keel_atr *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out) {
    keel_block_ranges(b->high, b->low, b->close, at, b->count, b->scratch->e);
    keel_block_wilder_any(&st->mean, b->ahead, b->scratch->e, at, b->count, out);
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
    for (int32_t i = at; i < b->count; i += KEEL_BLOCK_CHAIN) {
        s.adx = keel_block_adx_chain(s.adx, t->b, t->c, i, keel_block_stretch(i, b->count), b->out[0], b->out[1]);
        keel_block_look(b->ahead, KEEL_BLOCK_CHAIN);
    }
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
    keel_block_ema_any(&st->middle, b->ahead, b->close, at, b->count, b->out[0]);
    keel_block_atr(&st->atr, b, at, b->scratch->a);
    keel_block_keltner_bands(st->mult, b->out[0], b->scratch->a, at, b->count, b->out[1], b->out[2]);
}
