/* core/signal/lanes.c: the chains of average.h, a lane beside the other. */
#include "core/signal/lanes.h"

KEEL_LOCAL int32_t keel_lanes_takes(int32_t kind) {
    return kind == KEEL_SIGNAL_EMA || kind == KEEL_SIGNAL_RMA || kind == KEEL_SIGNAL_RSI || kind == KEEL_SIGNAL_ATR;
}

KEEL_FN int32_t keel_signal_lanes_init(keel_signal_lanes *lanes, const keel_signal_spec *specs, int32_t n) {
    if (n < 1 || n > KEEL_LANES_MAX) return KEEL_SIGNAL_E_COUNT;
    for (int32_t i = 0; i < n; i++) {
        if (!keel_lanes_takes(specs[i].kind) || specs[i].kind != specs[0].kind) return KEEL_SIGNAL_E_KIND;
        int32_t rc = keel_signal_spec_check(&specs[i]);
        if (rc != KEEL_SIGNAL_OK) return rc;
        if (specs[i].source != specs[0].source) return KEEL_SIGNAL_E_SOURCE;
    }
    lanes->kind = specs[0].kind;
    lanes->n = n;
    lanes->width = (n + KEEL_LANES_GROUP - 1) / KEEL_LANES_GROUP * KEEL_LANES_GROUP;
    lanes->reserved = 0;
    for (int32_t i = 0; i < KEEL_LANES_MAX; i++) {
        lanes->spec[i] = specs[i < n ? i : 0]; /* a lane not in use runs beside the others and is not shown */
        keel_signal_machine_init(&lanes->spec[i], &lanes->state[i]);
    }
    return KEEL_SIGNAL_OK;
}

/* One bar by the machines' own step. */
KEEL_LOCAL void keel_lanes_step(keel_signal_lanes *lanes, const keel_signal_bars *bars, double x, int64_t bar_at,
                                int32_t i, int32_t count, KEEL_GLOBAL double *out, int32_t *ret_from) {
    double o[KEEL_SIGNAL_OUTPUT_MAX] = {0.0, 0.0, 0.0, 0.0, 0.0};
    keel_ohlcv bar = {0.0, 0.0, 0.0, 0.0, 0.0};
    if (lanes->kind == KEEL_SIGNAL_ATR) {
        bar.high = bars->high[bar_at];
        bar.low = bars->low[bar_at];
        bar.close = bars->close[bar_at];
    }
    for (int32_t l = 0; l < lanes->width; l++) {
        uint32_t has = keel_signal_machine_step(&lanes->spec[l], &lanes->state[l], (double *)0, x, &bar, 0, o);
        out[(int64_t)i * lanes->width + l] = has && l < lanes->n ? o[0] : 0.0;
        if (has && l < lanes->n && ret_from[l] == count) ret_from[l] = i;
    }
}

/* 1 when each lane has two values, from where on both chains of each are under way. */
KEEL_LOCAL int32_t keel_lanes_under_way(const keel_signal_lanes *lanes) {
    for (int32_t l = 0; l < lanes->width; l++) {
        const keel_signal_state *st = &lanes->state[l];
        switch (lanes->kind) {
            case KEEL_SIGNAL_EMA:
                if (st->ema.count <= st->ema.n) return 0;
                break;
            case KEEL_SIGNAL_RMA:
                if (st->wilder.count <= st->wilder.n) return 0;
                break;
            case KEEL_SIGNAL_RSI:
                if (st->rsi.gain.count <= st->rsi.gain.n) return 0;
                break;
            default:
                if (st->atr.mean.count <= st->atr.mean.n) return 0;
                break;
        }
    }
    return 1;
}

/* ---- pairs of bars; w lanes, a constant where these are called, `row` doubles from bar to bar */

KEEL_INLINE void keel_lanes_ema(keel_signal_state *st, const int32_t w, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                int32_t count, int32_t row, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    double even[KEEL_LANES_MAX], odd[KEEL_LANES_MAX], alpha[KEEL_LANES_MAX], alpha2[KEEL_LANES_MAX];
    double x0 = st[0].ema.last;
    for (int32_t l = 0; l < w; l++) {
        even[l] = st[l].ema.before;
        odd[l] = st[l].ema.value;
        alpha[l] = st[l].ema.alpha;
        alpha2[l] = st[l].ema.alpha2;
    }
    for (int32_t i = 0; i < count; i += 2) {
        double x1 = x[i], x2 = x[i + 1];
        double d1 = x1 - x0, d2 = x2 - x1;
        for (int32_t l = 0; l < w; l++) {
            even[l] = (even[l] + alpha[l] * d1) + alpha2[l] * (x0 - even[l]);
            out[l] = even[l];
        }
        for (int32_t l = 0; l < w; l++) {
            odd[l] = (odd[l] + alpha[l] * d2) + alpha2[l] * (x1 - odd[l]);
            out[row + l] = odd[l];
        }
        x0 = x2;
        out += 2 * row;
    }
    for (int32_t l = 0; l < w; l++) {
        st[l].ema.before = even[l];
        st[l].ema.value = odd[l];
        st[l].ema.last = x0;
    }
}

/* The factors of Wilder's mean per lane, as keel_wilder_step makes them. */
#define KEEL_LANES_FACTORS(mean)              \
    for (int32_t l = 0; l < w; l++) {         \
        double keep = 1.0 - st[l].mean.share; \
        share[l] = st[l].mean.share;          \
        lag[l] = keep * share[l];             \
        keep2[l] = keep * keep;               \
    }

KEEL_INLINE void keel_lanes_rma(keel_signal_state *st, const int32_t w, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                int32_t count, int32_t row, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    double even[KEEL_LANES_MAX], odd[KEEL_LANES_MAX];
    double share[KEEL_LANES_MAX], lag[KEEL_LANES_MAX], keep2[KEEL_LANES_MAX];
    double x0 = st[0].wilder.last;
    KEEL_LANES_FACTORS(wilder)
    for (int32_t l = 0; l < w; l++) {
        even[l] = st[l].wilder.before;
        odd[l] = st[l].wilder.value;
    }
    for (int32_t i = 0; i < count; i += 2) {
        double x1 = x[i], x2 = x[i + 1];
        for (int32_t l = 0; l < w; l++) {
            even[l] = even[l] * keep2[l] + (x0 * lag[l] + x1 * share[l]);
            out[l] = even[l];
        }
        for (int32_t l = 0; l < w; l++) {
            odd[l] = odd[l] * keep2[l] + (x1 * lag[l] + x2 * share[l]);
            out[row + l] = odd[l];
        }
        x0 = x2;
        out += 2 * row;
    }
    for (int32_t l = 0; l < w; l++) {
        st[l].wilder.before = even[l];
        st[l].wilder.value = odd[l];
        st[l].wilder.last = x0;
    }
}

KEEL_INLINE void keel_lanes_atr(keel_signal_state *st, const int32_t w, KEEL_GLOBAL const double *KEEL_RESTRICT high,
                                KEEL_GLOBAL const double *KEEL_RESTRICT low,
                                KEEL_GLOBAL const double *KEEL_RESTRICT close, int32_t count, int32_t row,
                                KEEL_GLOBAL double *KEEL_RESTRICT out) {
    double even[KEEL_LANES_MAX], odd[KEEL_LANES_MAX];
    double share[KEEL_LANES_MAX], lag[KEEL_LANES_MAX], keep2[KEEL_LANES_MAX];
    double x0 = st[0].atr.mean.last;
    double last_close = st[0].atr.last_close;
    KEEL_LANES_FACTORS(atr.mean)
    for (int32_t l = 0; l < w; l++) {
        even[l] = st[l].atr.mean.before;
        odd[l] = st[l].atr.mean.value;
    }
    for (int32_t i = 0; i < count; i += 2) {
        double x1 = keel_true_range(high[i], low[i], last_close);
        double x2 = keel_true_range(high[i + 1], low[i + 1], close[i]);
        for (int32_t l = 0; l < w; l++) {
            even[l] = even[l] * keep2[l] + (x0 * lag[l] + x1 * share[l]);
            out[l] = even[l];
        }
        for (int32_t l = 0; l < w; l++) {
            odd[l] = odd[l] * keep2[l] + (x1 * lag[l] + x2 * share[l]);
            out[row + l] = odd[l];
        }
        x0 = x2;
        last_close = close[i + 1];
        out += 2 * row;
    }
    for (int32_t l = 0; l < w; l++) {
        st[l].atr.mean.before = even[l];
        st[l].atr.mean.value = odd[l];
        st[l].atr.mean.last = x0;
        st[l].atr.last_close = last_close;
    }
}

KEEL_INLINE void keel_lanes_rsi(keel_signal_state *st, const int32_t w, KEEL_GLOBAL const double *KEEL_RESTRICT x,
                                int32_t count, int32_t row, KEEL_GLOBAL double *KEEL_RESTRICT out) {
    double g0[KEEL_LANES_MAX], g1[KEEL_LANES_MAX], f0[KEEL_LANES_MAX], f1[KEEL_LANES_MAX];
    double share[KEEL_LANES_MAX], lag[KEEL_LANES_MAX], keep2[KEEL_LANES_MAX];
    double last = st[0].rsi.last, gain0 = st[0].rsi.gain.last, fall0 = st[0].rsi.loss.last;
    KEEL_LANES_FACTORS(rsi.gain)
    for (int32_t l = 0; l < w; l++) {
        g0[l] = st[l].rsi.gain.before;
        g1[l] = st[l].rsi.gain.value;
        f0[l] = st[l].rsi.loss.before;
        f1[l] = st[l].rsi.loss.value;
    }
    for (int32_t i = 0; i < count; i += 2) {
        double c1 = x[i] - last, c2 = x[i + 1] - x[i];
        double gain1 = c1 > 0.0 ? c1 : 0.0, gain2 = c2 > 0.0 ? c2 : 0.0;
        double fall1 = c1 < 0.0 ? -c1 : 0.0, fall2 = c2 < 0.0 ? -c2 : 0.0;
        for (int32_t l = 0; l < w; l++) {
            g0[l] = g0[l] * keep2[l] + (gain0 * lag[l] + gain1 * share[l]);
            f0[l] = f0[l] * keep2[l] + (fall0 * lag[l] + fall1 * share[l]);
            double both = g0[l] + f0[l];
            double rsi = 100.0 * (g0[l] / both);
            out[l] = both > 0.0 ? rsi : 50.0;
        }
        for (int32_t l = 0; l < w; l++) {
            g1[l] = g1[l] * keep2[l] + (gain1 * lag[l] + gain2 * share[l]);
            f1[l] = f1[l] * keep2[l] + (fall1 * lag[l] + fall2 * share[l]);
            double both = g1[l] + f1[l];
            double rsi = 100.0 * (g1[l] / both);
            out[row + l] = both > 0.0 ? rsi : 50.0;
        }
        last = x[i + 1];
        gain0 = gain2;
        fall0 = fall2;
        out += 2 * row;
    }
    for (int32_t l = 0; l < w; l++) {
        st[l].rsi.gain.before = g0[l];
        st[l].rsi.gain.value = g1[l];
        st[l].rsi.gain.last = gain0;
        st[l].rsi.loss.before = f0[l];
        st[l].rsi.loss.value = f1[l];
        st[l].rsi.loss.last = fall0;
        st[l].rsi.last = last;
    }
}

/* w lanes from lane `at` on over an even number of bars. */
KEEL_INLINE void keel_lanes_pairs(keel_signal_lanes *lanes, int32_t at, const int32_t w, const keel_signal_bars *bars,
                                  KEEL_GLOBAL const double *x, int64_t first, int32_t count, KEEL_GLOBAL double *out) {
    keel_signal_state *st = lanes->state + at;
    int32_t row = lanes->width;
    switch (lanes->kind) {
        case KEEL_SIGNAL_EMA: keel_lanes_ema(st, w, x + first, count, row, out + at); return;
        case KEEL_SIGNAL_RMA: keel_lanes_rma(st, w, x + first, count, row, out + at); return;
        case KEEL_SIGNAL_RSI: keel_lanes_rsi(st, w, x + first, count, row, out + at); return;
        default:
            keel_lanes_atr(st, w, bars->high + first, bars->low + first, bars->close + first, count, row, out + at);
            return;
    }
}

KEEL_FN void keel_signal_lanes_run(keel_signal_lanes *lanes, const keel_signal_bars *bars, KEEL_GLOBAL const double *x,
                                   int64_t first, int32_t count, KEEL_GLOBAL double *out, int32_t *ret_from) {
    int32_t series = lanes->kind != KEEL_SIGNAL_ATR;
    int32_t i = 0;
    int32_t under_way = keel_lanes_under_way(lanes);
    for (int32_t l = 0; l < lanes->n; l++)
        ret_from[l] = under_way ? 0 : count;
    while (i < count && (!under_way || (count - i) % 2 != 0)) {
        keel_lanes_step(lanes, bars, series ? x[first + i] : 0.0, first + i, i, count, out, ret_from);
        i++;
        under_way = under_way || keel_lanes_under_way(lanes);
    }
    if (i < count) {
        KEEL_GLOBAL double *rows = out + (int64_t)i * lanes->width;
        int32_t at = 0;
        for (; at + 16 <= lanes->width; at += 16)
            keel_lanes_pairs(lanes, at, 16, bars, x, first + i, count - i, rows);
        for (; at < lanes->width; at += 8)
            keel_lanes_pairs(lanes, at, 8, bars, x, first + i, count - i, rows);
    }
    for (; i < count && lanes->n < lanes->width; i++) {
        for (int32_t l = lanes->n; l < lanes->width; l++)
            out[(int64_t)i * lanes->width + l] = 0.0;
    }
}
