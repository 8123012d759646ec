/* core/signal/block_rolling.c: the aggregates of block_window.h, then one loop without a chain for the formula. */
#include "core/signal/block_rolling.h"
#include "core/signal/block_recursion.h"
#include "core/signal/block_sum.h"
#include "core/signal/block_delay.h"
#include "core/signal/block_window.h"

/* A level of simd/ has the formula of bands over joined parts; how many go in a vector of it. */
#ifndef KEEL_WIDE_BANDS
#define KEEL_WIDE_BANDS 0
#endif

/* ---- changes against an older value; out holds the older value and receives the result */

KEEL_LOCAL void keel_rolling_slope(double n, KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t m,
                                   KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < m; i++) {
        double old = out[i];
        double slope = ((x[i] - old) / old) / n;
        out[i] = old == 0.0 ? 0.0 : slope;
    }
}

KEEL_LOCAL void keel_rolling_roc(KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t m,
                                 KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < m; i++) {
        double old = out[i];
        double roc = 100.0 * ((x[i] - old) / old);
        out[i] = old == 0.0 ? 0.0 : roc;
    }
}

KEEL_LOCAL void keel_rolling_mom(KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t m,
                                 KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < m; i++)
        out[i] = x[i] - out[i];
}

KEEL_FN void keel_block_prev(keel_roll *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_block_delay(st, win, b->x + at, b->count - at, b->out[0] + at);
}

KEEL_FN void keel_block_slope(keel_roll *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_block_prev(st, win, b, at);
    keel_rolling_slope((double)st->n, b->x + at, b->count - at, b->out[0] + at);
}

KEEL_FN void keel_block_roc(keel_roll *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_block_prev(st, win, b, at);
    keel_rolling_roc(b->x + at, b->count - at, b->out[0] + at);
}

KEEL_FN void keel_block_mom(keel_roll *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_block_prev(st, win, b, at);
    keel_rolling_mom(b->x + at, b->count - at, b->out[0] + at);
}

/* ---- sums */

KEEL_FN void keel_block_sma(keel_roll *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_block_mean(st, win, b->x + at, b->count - at, b->out[0] + at, b->scratch->sums, b->ahead);
}

/* ---- moments: from the parts of some inputs; a column of new parts receives a result */

/* Parameters of a loop over the parts, and the arguments for those of p. */
#define KEEL_ROLLING_PARTS                                                                                   \
    int32_t n, KEEL_GLOBAL const double *KEEL_RESTRICT share, KEEL_GLOBAL const double *KEEL_RESTRICT cross, \
        KEEL_GLOBAL const double *KEEL_RESTRICT old_mean, KEEL_GLOBAL const double *KEEL_RESTRICT old_m2,    \
        KEEL_GLOBAL double *KEEL_RESTRICT mean, KEEL_GLOBAL double *KEEL_RESTRICT m2
#define KEEL_ROLLING_PARTS_OF(p)                                                                                   \
    (p).at - (p).from, (p).share + (p).slot, (p).cross + (p).slot, (p).old_mean + (p).from, (p).old_m2 + (p).from, \
        (p).mean + (p).from, (p).m2 + (p).from

/* A loop over the parts of p, one for parts that are joined already and one for those that are not. */
#define KEEL_ROLLING_BY(p, loop, ...) \
    if ((p).joined) {                 \
        loop(1, __VA_ARGS__);         \
    } else {                          \
        loop(0, __VA_ARGS__);         \
    }

KEEL_INLINE void keel_rolling_bands(int32_t joined, double mult, double reciprocal, KEEL_ROLLING_PARTS,
                                    KEEL_GLOBAL double *KEEL_RESTRICT upper, KEEL_GLOBAL double *KEEL_RESTRICT lower,
                                    KEEL_GLOBAL double *KEEL_RESTRICT width) {
    for (int32_t j = 0; j < n; j++) {
        KEEL_BLOCK_JOIN(j, joined)
        double reach = mult * keel_sqrt(joined_m2 * reciprocal);
        double relative = (2.0 * reach) / joined_mean;
        mean[j] = joined_mean;
        upper[j] = joined_mean + reach;
        lower[j] = joined_mean - reach;
        width[j] = joined_mean == 0.0 ? 0.0 : relative;
    }
}

#if KEEL_WIDE_BANDS
/* Moments of windows from their parts, in place. */
KEEL_LOCAL void keel_rolling_join(KEEL_ROLLING_PARTS) {
    for (int32_t j = 0; j < n; j++) {
        KEEL_BLOCK_JOIN(j, 0)
        mean[j] = joined_mean;
        m2[j] = joined_m2;
    }
}

/* Bands of windows from .. to - 1, whose moments stand in out[0] and c of the scratch. */
KEEL_LOCAL void keel_rolling_bands_at(double mult, double reciprocal, const keel_signal_block *b, int32_t at,
                                      int32_t from, int32_t to) {
    KEEL_GLOBAL keel_signal_scratch *t = b->scratch; /* its parts are not read again */
    KEEL_GLOBAL double *m2 = t->c + from;
    int32_t i = at + from, n = to - from;
    if (keel_wide_bands(mult, reciprocal, n, b->out[0] + i, m2, b->out[1] + i, b->out[2] + i, b->out[3] + i)) return;
    keel_rolling_bands(1, mult, reciprocal, n, t->t[1], t->t[2], t->a, t->b, b->out[0] + i, m2, b->out[1] + i,
                       b->out[2] + i, b->out[3] + i);
}

/* All parts are joined first, and a vector of bands may be of windows of two of them. */
KEEL_FN void keel_block_bollinger(keel_roll *st, double *win, double mult, const keel_signal_block *b, int32_t at) {
    keel_block_parts p;
    const double reciprocal = 1.0 / (double)st->n;
    const int32_t m = b->count - at;
    int32_t done = 0;
    keel_block_parts_begin(&p, st, win, b->x + at, m, b->out[0] + at, b->scratch->c, b->scratch);
    while (keel_block_parts_next(&p, st, win, b->ahead)) {
        int32_t whole = done + (p.at - done) / KEEL_WIDE_BANDS * KEEL_WIDE_BANDS;
        if (!p.joined) keel_rolling_join(KEEL_ROLLING_PARTS_OF(p));
        if (whole > done) keel_rolling_bands_at(mult, reciprocal, b, at, done, whole);
        done = whole;
    }
    if (done == m) return;
    if (m > KEEL_WIDE_BANDS) done = m - KEEL_WIDE_BANDS; /* some once more */
    keel_rolling_bands_at(mult, reciprocal, b, at, done, m);
}
#else
KEEL_FN void keel_block_bollinger(keel_roll *st, double *win, double mult, const keel_signal_block *b, int32_t at) {
    keel_block_parts p;
    double reciprocal = 1.0 / (double)st->n;
    keel_block_parts_begin(&p, st, win, b->x + at, b->count - at, b->out[0] + at, b->scratch->c, b->scratch);
    while (keel_block_parts_next(&p, st, win, b->ahead)) {
        int32_t i = at + p.from;
        KEEL_ROLLING_BY(p, keel_rolling_bands, mult, reciprocal, KEEL_ROLLING_PARTS_OF(p), b->out[1] + i, b->out[2] + i,
                        b->out[3] + i);
    }
}
#endif

/* The width alone, with multiplier 1, in place of m2. */
KEEL_INLINE void keel_rolling_width(int32_t joined, double reciprocal, KEEL_ROLLING_PARTS) {
    for (int32_t j = 0; j < n; j++) {
        KEEL_BLOCK_JOIN(j, joined)
        double relative = (2.0 * keel_sqrt(joined_m2 * reciprocal)) / joined_mean;
        m2[j] = joined_mean == 0.0 ? 0.0 : relative;
    }
}

KEEL_LOCAL void keel_rolling_ratio(KEEL_GLOBAL const double *KEEL_RESTRICT width, int32_t m,
                                   KEEL_GLOBAL double *KEEL_RESTRICT average) {
    for (int32_t i = 0; i < m; i++) {
        double ratio = width[i] / average[i];
        average[i] = average[i] == 0.0 ? 1.0 : ratio;
    }
}

KEEL_FN void keel_block_bb_width_ratio(keel_bb_width_ratio *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_block_parts p;
    int32_t m = b->count - at;
    double reciprocal = 1.0 / (double)st->band.n;
    KEEL_GLOBAL double *width = b->scratch->c;
    keel_block_parts_begin(&p, &st->band, win, b->x + at, m, b->scratch->d, width, b->scratch);
    while (keel_block_parts_next(&p, &st->band, win, b->ahead))
        KEEL_ROLLING_BY(p, keel_rolling_width, reciprocal, KEEL_ROLLING_PARTS_OF(p));
    keel_block_mean(&st->average, win + 2 * st->band.n, width, m, b->out[0] + at, b->scratch->sums, b->ahead);
    keel_rolling_ratio(width, m, b->out[0] + at);
}

KEEL_INLINE void keel_rolling_scores(int32_t joined, double reciprocal, KEEL_ROLLING_PARTS,
                                     KEEL_GLOBAL const double *KEEL_RESTRICT x) {
    for (int32_t j = 0; j < n; j++) {
        KEEL_BLOCK_JOIN(j, joined)
        double deviation = keel_sqrt(joined_m2 * reciprocal);
        double score = (x[j] - joined_mean) / deviation;
        mean[j] = deviation > 0.0 ? score : 0.0;
    }
}

KEEL_FN void keel_block_zscore(keel_roll *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_block_parts p;
    double reciprocal = 1.0 / (double)st->n;
    keel_block_parts_begin(&p, st, win, b->x + at, b->count - at, b->out[0] + at, b->scratch->c, b->scratch);
    while (keel_block_parts_next(&p, st, win, b->ahead))
        KEEL_ROLLING_BY(p, keel_rolling_scores, reciprocal, KEEL_ROLLING_PARTS_OF(p), b->x + at + p.from);
}

/* ---- extremes */

/* Join the parts of extremes: top and bottom hold the new parts and receive the result. */
KEEL_LOCAL void keel_rolling_extremes(int32_t m, KEEL_GLOBAL const double *KEEL_RESTRICT old_top,
                                      KEEL_GLOBAL const double *KEEL_RESTRICT old_bottom,
                                      KEEL_GLOBAL double *KEEL_RESTRICT top, KEEL_GLOBAL double *KEEL_RESTRICT bottom) {
    for (int32_t i = 0; i < m; i++) {
        top[i] = old_top[i] > top[i] ? old_top[i] : top[i];
        bottom[i] = old_bottom[i] < bottom[i] ? old_bottom[i] : bottom[i];
    }
}

KEEL_LOCAL void keel_rolling_middles(int32_t m, KEEL_GLOBAL const double *KEEL_RESTRICT top,
                                     KEEL_GLOBAL const double *KEEL_RESTRICT bottom,
                                     KEEL_GLOBAL double *KEEL_RESTRICT middle) {
    for (int32_t i = 0; i < m; i++)
        middle[i] = (top[i] + bottom[i]) / 2.0;
}

/* Highest of high into top, lowest of low into bottom; uses b and d of the scratch. */
KEEL_LOCAL void keel_rolling_channel(keel_roll *high_st, keel_roll *low_st, double *win, KEEL_GLOBAL const double *high,
                                     KEEL_GLOBAL const double *low, int32_t m, KEEL_GLOBAL double *top,
                                     KEEL_GLOBAL double *bottom, KEEL_GLOBAL keel_signal_scratch *t,
                                     keel_block_ahead *ahead) {
    keel_block_max(high_st, win, high, m, top, t->b, ahead);
    keel_block_min(low_st, win + high_st->n, low, m, bottom, t->d, ahead);
    keel_rolling_extremes(m, t->b, t->d, top, bottom);
}

KEEL_FN void keel_block_donchian(keel_donchian *st, double *win, const keel_signal_block *b, int32_t at) {
    int32_t m = b->count - at;
    keel_rolling_channel(&st->high, &st->low, win, b->high + at, b->low + at, m, b->out[0] + at, b->out[1] + at,
                         b->scratch, b->ahead);
    keel_rolling_middles(m, b->out[0] + at, b->out[1] + at, b->out[2] + at);
}

KEEL_LOCAL void keel_rolling_from_top(int32_t m, KEEL_GLOBAL const double *KEEL_RESTRICT top,
                                      KEEL_GLOBAL const double *KEEL_RESTRICT bottom,
                                      KEEL_GLOBAL const double *KEEL_RESTRICT close,
                                      KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < m; i++) {
        double place = -100.0 * ((top[i] - close[i]) / (top[i] - bottom[i]));
        out[i] = top[i] > bottom[i] ? place : -50.0;
    }
}

KEEL_FN void keel_block_willr(keel_willr *st, double *win, const keel_signal_block *b, int32_t at) {
    int32_t m = b->count - at;
    KEEL_GLOBAL keel_signal_scratch *t = b->scratch;
    keel_rolling_channel(&st->high, &st->low, win, b->high + at, b->low + at, m, t->a, t->c, t, b->ahead);
    keel_rolling_from_top(m, t->a, t->c, b->close + at, b->out[0] + at);
}

KEEL_LOCAL void keel_rolling_from_bottom(int32_t m, KEEL_GLOBAL const double *KEEL_RESTRICT top,
                                         KEEL_GLOBAL const double *KEEL_RESTRICT bottom,
                                         KEEL_GLOBAL const double *KEEL_RESTRICT close,
                                         KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < m; i++) {
        double place = 100.0 * ((close[i] - bottom[i]) / (top[i] - bottom[i]));
        out[i] = top[i] > bottom[i] ? place : 50.0;
    }
}

/* The stochastic of three columns; `raw` is room that is none of them nor a, b, c, d of the scratch. */
KEEL_LOCAL void keel_rolling_stochastic(keel_stochastic *st, double *win, KEEL_GLOBAL const double *high,
                                        KEEL_GLOBAL const double *low, KEEL_GLOBAL const double *close, int32_t m,
                                        KEEL_GLOBAL double *raw, KEEL_GLOBAL double *k_out, KEEL_GLOBAL double *d_out,
                                        KEEL_GLOBAL keel_signal_scratch *t, keel_block_ahead *ahead) {
    double *win_k = win + 2 * st->high.n;
    keel_rolling_channel(&st->high, &st->low, win, high, low, m, t->a, t->c, t, ahead);
    keel_rolling_from_bottom(m, t->a, t->c, close, raw);
    keel_block_mean(&st->k, win_k, raw, m, k_out, t->sums, ahead);
    keel_block_mean(&st->d, win_k + st->k.n, k_out, m, d_out, t->sums, ahead);
}

KEEL_FN void keel_block_stoch(keel_stochastic *st, double *win, const keel_signal_block *b, int32_t at) {
    keel_rolling_stochastic(st, win, b->high + at, b->low + at, b->close + at, b->count - at, b->scratch->e,
                            b->out[0] + at, b->out[1] + at, b->scratch, b->ahead);
}

KEEL_FN void keel_block_stoch_rsi(keel_stoch_rsi *st, double *win, const keel_signal_block *b, int32_t at) {
    KEEL_GLOBAL double *rsi = b->scratch->e;
    keel_block_rsi(&st->rsi, b, at, rsi);
    keel_rolling_stochastic(&st->stoch, win, rsi + at, rsi + at, rsi + at, b->count - at, b->scratch->f, b->out[0] + at,
                            b->out[1] + at, b->scratch, b->ahead);
}

/* ---- price and volume */

/* Typical price, and its product with the volume. */
KEEL_LOCAL void keel_rolling_typical(const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *KEEL_RESTRICT typical,
                                     KEEL_GLOBAL double *KEEL_RESTRICT value) {
    KEEL_GLOBAL const double *high = b->high + at;
    KEEL_GLOBAL const double *low = b->low + at;
    KEEL_GLOBAL const double *close = b->close + at;
    KEEL_GLOBAL const double *volume = b->volume + at;
    for (int32_t i = 0; i < b->count - at; i++) {
        typical[i] = ((high[i] + low[i]) + close[i]) / 3.0;
        value[i] = typical[i] * volume[i];
    }
}

/* out holds the values' sums and receives the quotient; `otherwise` stands in where the sum of volumes is 0. */
KEEL_LOCAL void keel_rolling_quotient(int32_t m, KEEL_GLOBAL const double *KEEL_RESTRICT volume,
                                      KEEL_GLOBAL const double *KEEL_RESTRICT otherwise,
                                      KEEL_GLOBAL double *KEEL_RESTRICT out) {
    for (int32_t i = 0; i < m; i++) {
        double quotient = out[i] / volume[i];
        out[i] = volume[i] > 0.0 ? quotient : otherwise[i];
    }
}

KEEL_FN void keel_block_vwap(keel_vwap *st, double *win, const keel_signal_block *b, int32_t at) {
    int32_t m = b->count - at;
    KEEL_GLOBAL keel_signal_scratch *t = b->scratch;
    KEEL_GLOBAL double *out = b->out[0] + at;
    keel_rolling_typical(b, at, t->a, t->b);
    keel_block_sum(&st->value, win, t->b, m, out, t->sums, b->ahead);
    keel_block_sum(&st->volume, win + st->value.n, b->volume + at, m, t->d, t->sums, b->ahead);
    keel_rolling_quotient(m, t->d, t->a, out);
}

/* Flows of rising and of falling typical prices, from the typical price of the bar before the first one. */
KEEL_LOCAL double keel_rolling_flows(double last, int32_t m, KEEL_GLOBAL const double *KEEL_RESTRICT typical,
                                     KEEL_GLOBAL double *KEEL_RESTRICT value, KEEL_GLOBAL double *KEEL_RESTRICT fall) {
    for (int32_t i = 0; i < m; i++) {
        double flow = value[i];
        value[i] = typical[i] > last ? flow : 0.0;
        fall[i] = typical[i] < last ? flow : 0.0;
        last = typical[i];
    }
    return last;
}

KEEL_LOCAL void keel_rolling_up_share(int32_t m, KEEL_GLOBAL const double *KEEL_RESTRICT down,
                                      KEEL_GLOBAL double *KEEL_RESTRICT up) {
    for (int32_t i = 0; i < m; i++) {
        double both = up[i] + down[i];
        double share = 100.0 * (up[i] / both);
        up[i] = both > 0.0 ? share : 50.0;
    }
}

KEEL_FN void keel_block_mfi(keel_mfi *st, double *win, const keel_signal_block *b, int32_t at) {
    int32_t m = b->count - at;
    KEEL_GLOBAL keel_signal_scratch *t = b->scratch;
    KEEL_GLOBAL double *out = b->out[0] + at;
    keel_rolling_typical(b, at, t->a, t->b);
    st->last = keel_rolling_flows(st->last, m, t->a, t->b, t->c);
    keel_block_sum(&st->up, win, t->b, m, out, t->sums, b->ahead);
    keel_block_sum(&st->down, win + st->up.n, t->c, m, t->d, t->sums, b->ahead);
    keel_rolling_up_share(m, t->d, out);
}

KEEL_LOCAL void keel_rolling_money(const keel_signal_block *b, int32_t at, KEEL_GLOBAL double *KEEL_RESTRICT flow,
                                   KEEL_GLOBAL double *KEEL_RESTRICT zero) {
    KEEL_GLOBAL const double *high = b->high + at;
    KEEL_GLOBAL const double *low = b->low + at;
    KEEL_GLOBAL const double *close = b->close + at;
    KEEL_GLOBAL const double *volume = b->volume + at;
    for (int32_t i = 0; i < b->count - at; i++) {
        double share = ((close[i] - low[i]) - (high[i] - close[i])) / (high[i] - low[i]);
        flow[i] = (high[i] > low[i] ? share : 0.0) * volume[i];
        zero[i] = 0.0;
    }
}

KEEL_FN void keel_block_cmf(keel_cmf *st, double *win, const keel_signal_block *b, int32_t at) {
    int32_t m = b->count - at;
    KEEL_GLOBAL keel_signal_scratch *t = b->scratch;
    KEEL_GLOBAL double *out = b->out[0] + at;
    keel_rolling_money(b, at, t->b, t->a);
    keel_block_sum(&st->flow, win, t->b, m, out, t->sums, b->ahead);
    keel_block_sum(&st->volume, win + st->flow.n, b->volume + at, m, t->d, t->sums, b->ahead);
    keel_rolling_quotient(m, t->d, t->a, out);
}
