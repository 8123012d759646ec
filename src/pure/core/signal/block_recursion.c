/* core/signal/block_recursion.c: the chain from bar to bar alone in its loop, all else in loops without one.
 *
 * An average is two chains whose values lie two bars apart (average.h), so two bars are one step of a pair: `lo` runs
 * over the bars at, at + 2 .., `hi` over those between. What a pair is fed does not wait for it, and is computed a
 * stretch ahead of the chains, beside them. */
#include "core/signal/block_recursion.h"

/* Bars of a stretch; even. Few enough that a processor sees the next one while it waits for this one's chains. */
#define KEEL_BLOCK_CHAIN 32

/* Do `call` for every stretch of bars at .. count - 1: n of them from bar i on. Whole stretches have a constant n. */
#define KEEL_BLOCK_STRETCHES(ahead, count, call)                         \
    {                                                                    \
        int32_t i = at;                                                  \
        for (; i + KEEL_BLOCK_CHAIN <= (count); i += KEEL_BLOCK_CHAIN) { \
            const int32_t n = KEEL_BLOCK_CHAIN;                          \
            call;                                                        \
            keel_block_look(ahead, KEEL_BLOCK_CHAIN);                    \
        }                                                                \
        if (i < (count)) {                                               \
            const int32_t n = (count)-i;                                 \
            call;                                                        \
        }                                                                \
    }

/* Whether bar `at` goes through the machine's own step: the first one, so that there are two bars before those that go
 * in pairs; all until the average has two values; one if an odd number is left. */
#define KEEL_BLOCK_STEPS(first, mean) \
    (at < b->count && (at == (first) || (mean).count <= (mean).n || (b->count - at) % 2 != 0))

/* ---- EMA */

/* Two bars of an average with factors e: inputs x1 to inputs x2. */
#define KEEL_BLOCK_EMA(v, e, x1, x2) (((v) + (e).alpha * ((x2) - (x1))) + (e).alpha2 * ((x1) - (v)))

KEEL_LOCAL keel_pair keel_block_ema_pair(const keel_ema *st) { return keel_pair_of(st->before, st->value); }

KEEL_LOCAL void keel_block_ema_done(keel_ema *st, keel_pair v, double last) {
    st->before = keel_pair_lo(v);
    st->value = keel_pair_hi(v);
    st->last = last;
}

KEEL_INLINE keel_pair keel_block_ema_chain(keel_pair v, const keel_ema *e, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                           int32_t n, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < n; i += 2) {
        v = KEEL_BLOCK_EMA(v, *e, keel_pair_load(x + i - 1), keel_pair_load(x + i));
        keel_pair_store(out + i, v);
    }
    return v;
}

/* x into out by an EMA that has a value; x is not out. */
KEEL_LOCAL void keel_block_ema_any(keel_ema *st, const keel_signal_block *b, KEEL_GLOBAL const double *x, int32_t at,
                                   KEEL_GLOBAL double *out) {
    double value = 0.0;
    for (int32_t first = at; KEEL_BLOCK_STEPS(first, *st); at++) {
        (void)keel_ema_step(st, x[at], &value);
        out[at] = value;
    }
    if (at >= b->count) return;
    const keel_ema e = *st;
    keel_pair v = keel_block_ema_pair(st);
    KEEL_BLOCK_STRETCHES(b->ahead, b->count, v = keel_block_ema_chain(v, &e, x + i, n, out + i))
    keel_block_ema_done(st, v, x[b->count - 1]);
}

KEEL_FN void keel_block_ema(keel_ema *st, const keel_signal_block *b, int32_t at) {
    keel_block_ema_any(st, b, b->x, at, b->out[0]);
}

KEEL_FN void keel_block_ema_two(keel_ema *one, keel_ema *two, const keel_signal_block *b, int32_t before,
                                KEEL_GLOBAL double *out_one, KEEL_GLOBAL double *out_two) {
    KEEL_GLOBAL const double *KEEL_RESTRICT x = b->x;
    KEEL_GLOBAL double *KEEL_RESTRICT o1 = out_one;
    KEEL_GLOBAL double *KEEL_RESTRICT o2 = out_two;
    int32_t at = 0;
    double v1 = 0.0, v2 = 0.0;
    for (; at < b->count && ((at == 0 && !before) || (b->count - at) % 2 != 0); at++) {
        (void)keel_ema_step(one, x[at], &v1);
        (void)keel_ema_step(two, x[at], &v2);
        o1[at] = v1;
        o2[at] = v2;
    }
    if (at >= b->count) return;
    const keel_ema e1 = *one, e2 = *two;
    keel_pair p1 = keel_block_ema_pair(one), p2 = keel_block_ema_pair(two);
    for (; at < b->count; at += 2) {
        keel_pair x1 = keel_pair_load(x + at - 1), x2 = keel_pair_load(x + at);
        p1 = KEEL_BLOCK_EMA(p1, e1, x1, x2);
        p2 = KEEL_BLOCK_EMA(p2, e2, x1, x2);
        keel_pair_store(o1 + at, p1);
        keel_pair_store(o2 + at, p2);
    }
    keel_block_ema_done(one, p1, x[b->count - 1]);
    keel_block_ema_done(two, p2, x[b->count - 1]);
}

/* ---- MACD */

typedef struct keel_block_macd_pairs {
    keel_pair fast, slow, signal;
    double line; /* of the bar before */
} keel_block_macd_pairs;

KEEL_INLINE void keel_block_macd_chain(const keel_macd *st, keel_block_macd_pairs *v,
                                       KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t n,
                                       KEEL_GLOBAL double *KEEL_RESTRICT line, KEEL_GLOBAL double *KEEL_RESTRICT signal,
                                       KEEL_GLOBAL double *KEEL_RESTRICT difference) {
    for (int32_t i = 0; i < n; i += 2) {
        keel_pair x1 = keel_pair_load(x + i - 1);
        keel_pair x2 = keel_pair_load(x + i);
        v->fast = KEEL_BLOCK_EMA(v->fast, st->fast, x1, x2);
        v->slow = KEEL_BLOCK_EMA(v->slow, st->slow, x1, x2);
        keel_pair l2 = v->fast - v->slow;
        keel_pair l1 = keel_pair_of(v->line, keel_pair_lo(l2));
        v->signal = KEEL_BLOCK_EMA(v->signal, st->signal, l1, l2);
        v->line = keel_pair_hi(l2);
        keel_pair_store(line + i, l2);
        keel_pair_store(signal + i, v->signal);
        keel_pair_store(difference + i, l2 - v->signal);
    }
}

KEEL_FN void keel_block_macd(keel_macd *st, const keel_signal_block *b, int32_t at) {
    double o[3] = {0.0, 0.0, 0.0};
    for (int32_t first = at; KEEL_BLOCK_STEPS(first, st->signal); at++) { /* the signal is the last to start */
        (void)keel_macd_step(st, b->x[at], o);
        for (int32_t k = 0; k < 3; k++)
            b->out[k][at] = o[k];
    }
    if (at >= b->count) return;
    const keel_macd s = *st;
    keel_block_macd_pairs v;
    v.fast = keel_block_ema_pair(&s.fast);
    v.slow = keel_block_ema_pair(&s.slow);
    v.signal = keel_block_ema_pair(&s.signal);
    v.line = s.signal.last;
    KEEL_BLOCK_STRETCHES(b->ahead, b->count,
                         keel_block_macd_chain(&s, &v, b->x + i, n, b->out[0] + i, b->out[1] + i, b->out[2] + i))
    keel_block_ema_done(&st->fast, v.fast, b->x[b->count - 1]);
    keel_block_ema_done(&st->slow, v.slow, b->x[b->count - 1]);
    keel_block_ema_done(&st->signal, v.signal, v.line);
}

/* ---- Wilder's mean */

/* What an input adds to the mean, with the input before it: `before` k/n + `x` 1/n. */
KEEL_LOCAL double keel_block_wilder_term(double share, double before, double x) {
    return before * ((1.0 - share) * share) + x * share;
}

/* The chains over their terms in place. */
KEEL_INLINE keel_pair keel_block_wilder_chain(keel_pair v, double share, int32_t n,
                                              KEEL_GLOBAL double *KEEL_RESTRICT term) {
    double keep = 1.0 - share;
    double keep2 = keep * keep;
    for (int32_t i = 0; i < n; i += 2) {
        v = keep2 * v + keel_pair_load(term + i);
        keel_pair_store(term + i, v);
    }
    return v;
}

KEEL_LOCAL keel_pair keel_block_wilder_pair(const keel_wilder *st) { return keel_pair_of(st->before, st->value); }

KEEL_LOCAL void keel_block_wilder_done(keel_wilder *st, keel_pair v, double last) {
    st->before = keel_pair_lo(v);
    st->value = keel_pair_hi(v);
    st->last = last;
}

KEEL_INLINE keel_pair keel_block_rma_stretch(keel_pair v, double share, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                             int32_t n, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < n; i++)
        out[i] = keel_block_wilder_term(share, x[i - 1], x[i]);
    return keel_block_wilder_chain(v, share, n, out);
}

KEEL_FN void keel_block_rma(keel_wilder *st, const keel_signal_block *b, int32_t at) {
    KEEL_GLOBAL const double *x = b->x;
    KEEL_GLOBAL double *out = b->out[0];
    double value = 0.0;
    for (int32_t first = at; KEEL_BLOCK_STEPS(first, *st); at++) {
        (void)keel_wilder_step(st, x[at], &value);
        out[at] = value;
    }
    if (at >= b->count) return;
    keel_pair v = keel_block_wilder_pair(st);
    double share = st->share;
    KEEL_BLOCK_STRETCHES(b->ahead, b->count, v = keel_block_rma_stretch(v, share, x + i, n, out + i))
    keel_block_wilder_done(st, v, x[b->count - 1]);
}

/* ---- RSI */

KEEL_LOCAL double keel_block_rise(double change) { return change > 0.0 ? change : 0.0; }
KEEL_LOCAL double keel_block_fall(double change) { return change < 0.0 ? -change : 0.0; }

/* Means of gains and of losses into their columns. A change is computed for its own bar and again for the next: read
 * back from a column that was just written, it would wait for the writes. */
KEEL_INLINE void keel_block_rsi_stretch(keel_pair *gains, keel_pair *losses, double share,
                                        KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t n,
                                        KEEL_GLOBAL double *KEEL_RESTRICT gain,
                                        KEEL_GLOBAL double *KEEL_RESTRICT loss) {
    for (int32_t i = 0; i < n; i++) {
        double before = x[i - 1] - x[i - 2];
        double now = x[i] - x[i - 1];
        gain[i] = keel_block_wilder_term(share, keel_block_rise(before), keel_block_rise(now));
        loss[i] = keel_block_wilder_term(share, keel_block_fall(before), keel_block_fall(now));
    }
    *gains = keel_block_wilder_chain(*gains, share, n, gain);
    *losses = keel_block_wilder_chain(*losses, share, n, loss);
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
    KEEL_GLOBAL const double *x = b->x;
    KEEL_GLOBAL double *gain = b->scratch->c;
    KEEL_GLOBAL double *loss = b->scratch->d;
    double value = 0.0;
    for (int32_t first = at; KEEL_BLOCK_STEPS(first, st->gain); at++) {
        (void)keel_rsi_step(st, x[at], &value);
        out[at] = value;
    }
    if (at >= b->count) return;
    keel_pair gains = keel_block_wilder_pair(&st->gain);
    keel_pair losses = keel_block_wilder_pair(&st->loss);
    double share = st->gain.share;
    KEEL_BLOCK_STRETCHES(b->ahead, b->count,
                         keel_block_rsi_stretch(&gains, &losses, share, x + i, n, gain + i, loss + i))
    double change = x[b->count - 1] - x[b->count - 2];
    keel_block_wilder_done(&st->gain, gains, keel_block_rise(change));
    keel_block_wilder_done(&st->loss, losses, keel_block_fall(change));
    st->last = x[b->count - 1];
    keel_block_rsi_share(gain, loss, at, b->count, out);
}

/* ---- true range */

/* Mean of the true ranges; each is computed twice, as the changes of an RSI are. */
KEEL_INLINE keel_pair keel_block_atr_stretch(keel_pair v, double share, KEEL_GLOBAL const double *KEEL_RESTRICT high,
                                             KEEL_GLOBAL const double *KEEL_RESTRICT low,
                                             KEEL_GLOBAL const double *KEEL_RESTRICT close, int32_t n,
                                             KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < n; i++) {
        double before = keel_true_range(high[i - 1], low[i - 1], close[i - 2]);
        out[i] = keel_block_wilder_term(share, before, keel_true_range(high[i], low[i], close[i - 1]));
    }
    return keel_block_wilder_chain(v, share, n, out);
}

KEEL_FN void keel_block_atr(keel_atr *st, const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *out) {
    KEEL_GLOBAL const double *h = b->high;
    KEEL_GLOBAL const double *l = b->low;
    KEEL_GLOBAL const double *c = b->close;
    int32_t last = b->count - 1;
    double value = 0.0;
    for (int32_t first = at; KEEL_BLOCK_STEPS(first, st->mean); at++) {
        (void)keel_atr_step(st, h[at], l[at], c[at], &value);
        out[at] = value;
    }
    if (at >= b->count) return;
    keel_pair v = keel_block_wilder_pair(&st->mean);
    double share = st->mean.share;
    KEEL_BLOCK_STRETCHES(b->ahead, b->count, v = keel_block_atr_stretch(v, share, h + i, l + i, c + i, n, out + i))
    keel_block_wilder_done(&st->mean, v, keel_true_range(h[last], l[last], c[last - 1]));
    st->last_close = c[last];
}

/* ---- ADX
 *
 * Four chains: three sums, and the average of what the sums' quotients give. They go through the bars side by side, the
 * average two stretches behind the sums; the stretch between is divided meanwhile, since no chain waits for it. */

/* Bars of a stretch: a processor sees all of it while it waits for the chains. */
#define KEEL_ADX_STRETCH 16

/* Movements of a stretch, or the sums that they become. */
typedef struct keel_adx_sums {
    double plus[KEEL_ADX_STRETCH];
    double minus[KEEL_ADX_STRETCH];
    double range[KEEL_ADX_STRETCH];
} keel_adx_sums;

/* What the DX of a stretch do to the ADX: adx keep[i] + add[i]. */
typedef struct keel_adx_terms {
    double keep[KEEL_ADX_STRETCH];
    double add[KEEL_ADX_STRETCH];
} keel_adx_terms;

KEEL_INLINE void keel_block_adx_moves(KEEL_GLOBAL const double *KEEL_RESTRICT high,
                                      KEEL_GLOBAL const double *KEEL_RESTRICT low,
                                      KEEL_GLOBAL const double *KEEL_RESTRICT close, int32_t n,
                                      keel_adx_sums *KEEL_RESTRICT ret) {
    for (int32_t i = 0; i < n; i++) {
        double up = high[i] - high[i - 1];
        double down = low[i - 1] - low[i];
        double rise = up > 0.0 ? up : 0.0;
        double fall = down > 0.0 ? down : 0.0;
        ret->plus[i] = up > down ? rise : 0.0;
        ret->minus[i] = down > up ? fall : 0.0;
        ret->range[i] = keel_true_range(high[i], low[i], close[i - 1]);
    }
}

/* The chains of n bars: the three of the sums, the one of the average, or all four. */
KEEL_INLINE void keel_block_adx_chains(int32_t sums, int32_t average, keel_adx *s, int32_t n,
                                       const keel_adx_sums *KEEL_RESTRICT moves, keel_adx_sums *KEEL_RESTRICT ret,
                                       const keel_adx_terms *KEEL_RESTRICT terms,
                                       KEEL_GLOBAL double *KEEL_RESTRICT now,
                                       KEEL_GLOBAL double *KEEL_RESTRICT before) {
    for (int32_t i = 0; i < n; i++) {
        if (sums) {
            ret->plus[i] = s->plus_sum = s->plus_sum * s->keep + moves->plus[i];
            ret->minus[i] = s->minus_sum = s->minus_sum * s->keep + moves->minus[i];
            ret->range[i] = s->range_sum = s->range_sum * s->keep + moves->range[i];
        }
        if (average) {
            before[i] = s->adx;
            now[i] = s->adx = s->adx * terms->keep[i] + terms->add[i];
        }
    }
}

/* DI of both sides from their sums, and what DX adds to the ADX. A bar without DI leaves the ADX as it is, which the
 * factors 1 and 0 say exactly, since an ADX is never negative. */
KEEL_INLINE void keel_block_adx_shares(double keep_n, double share_n, int32_t n,
                                       const keel_adx_sums *KEEL_RESTRICT sums, KEEL_GLOBAL double *KEEL_RESTRICT plus,
                                       KEEL_GLOBAL double *KEEL_RESTRICT minus, keel_adx_terms *KEEL_RESTRICT ret) {
    for (int32_t i = 0; i < n; i++) {
        double p = 100.0 * (sums->plus[i] / sums->range[i]);
        double m = 100.0 * (sums->minus[i] / sums->range[i]);
        p = sums->range[i] > 0.0 ? p : 0.0;
        m = sums->range[i] > 0.0 ? m : 0.0;
        double both = p + m;
        double dx = 100.0 * (keel_fabs(p - m) / both);
        plus[i] = p;
        minus[i] = m;
        ret->keep[i] = both > 0.0 ? keep_n : 1.0;
        ret->add[i] = both > 0.0 ? dx * share_n : 0.0;
    }
}

KEEL_FN void keel_block_adx(keel_adx *st, const keel_signal_block *b, int32_t at) {
    const int32_t n = KEEL_ADX_STRETCH, last = b->count - 1;
    KEEL_GLOBAL double *now = b->out[0], *before = b->out[1], *plus = b->out[2], *minus = b->out[3];
    keel_adx_sums moves, sums[2];
    keel_adx_terms terms[2];
    keel_adx s = *st;
    int32_t i = at, k = 0; /* the first bar of a stretch, and its number */
    for (; i + n <= b->count; i += n, k++) {
        keel_block_adx_moves(b->high + i, b->low + i, b->close + i, n, &moves);
        if (k < 2) {
            keel_block_adx_chains(1, 0, &s, n, &moves, &sums[k & 1], &terms[0], now, before);
        } else {
            keel_block_adx_chains(1, 1, &s, n, &moves, &sums[k & 1], &terms[k & 1], now + i - 2 * n,
                                  before + i - 2 * n);
        }
        if (k > 0) {
            keel_block_adx_shares(s.keep, s.share, n, &sums[~k & 1], plus + i - n, minus + i - n, &terms[~k & 1]);
        }
        if ((k & 1) != 0) keel_block_look(b->ahead, 2 * n);
    }
    if (k > 0) keel_block_adx_shares(s.keep, s.share, n, &sums[~k & 1], plus + i - n, minus + i - n, &terms[~k & 1]);
    for (int32_t behind = k < 2 ? k : 2; behind > 0; behind--) {
        int32_t from = i - behind * n;
        keel_block_adx_chains(0, 1, &s, n, &moves, &sums[0], &terms[(k - behind) & 1], now + from, before + from);
    }
    if (i <= last) { /* less than a stretch */
        int32_t rest = last + 1 - i;
        keel_block_adx_moves(b->high + i, b->low + i, b->close + i, rest, &moves);
        keel_block_adx_chains(1, 0, &s, rest, &moves, &sums[0], &terms[0], now, before);
        keel_block_adx_shares(s.keep, s.share, rest, &sums[0], plus + i, minus + i, &terms[0]);
        keel_block_adx_chains(0, 1, &s, rest, &moves, &sums[0], &terms[0], now + i, before + i);
    }
    s.last_high = b->high[last];
    s.last_low = b->low[last];
    s.last_close = b->close[last];
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
    keel_block_ema_any(&st->middle, b, b->close, at, b->out[0]);
    keel_block_atr(&st->atr, b, at, b->scratch->a);
    keel_block_keltner_bands(st->mult, b->out[0], b->scratch->a, at, b->count, b->out[1], b->out[2]);
}
