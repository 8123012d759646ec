/* simd/level_lanes.c: the chains of average.h, as many lengths beside each other as a vector holds. Part of
 * level.c, which defines KEEL_SIMD_LANES. */
#include <stddef.h>
#include <string.h>

#include "simd/lanes.h"

/* A vector of the level. */
enum { LANES = KEEL_SIMD_LANES };
typedef double doubles __attribute__((vector_size(8 * KEEL_SIMD_LANES)));
typedef int64_t masks __attribute__((vector_size(8 * KEEL_SIMD_LANES)));
_Static_assert(KEEL_LANES_GROUP % KEEL_SIMD_LANES == 0, "a group is a whole number of vectors");

/* One bar by the machines' own step. */
static void lanes_step(keel_simd_lanes *lanes, const keel_signal_bars *bars, double x, int64_t bar_at, int32_t i,
                       int32_t count, double *out, int32_t *ret_from) {
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
static int32_t lanes_under_way(const keel_simd_lanes *lanes) {
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

/* The member at `offset` of the first machine and of those after it. */
static inline doubles lanes_gather(const keel_signal_state *st, size_t offset) {
    doubles v;
    for (int l = 0; l < LANES; l++) {
        double one = 0.0;
        memcpy(&one, (const char *)&st[l] + offset, sizeof one);
        v[l] = one;
    }
    return v;
}

static inline void lanes_scatter(keel_signal_state *st, size_t offset, doubles v) {
    for (int l = 0; l < LANES; l++) {
        double one = v[l];
        memcpy((char *)&st[l] + offset, &one, sizeof one);
    }
}

/* One double into the member at `offset` of a vector's machines. */
static inline void lanes_fill(keel_signal_state *st, size_t offset, double one) {
    for (int l = 0; l < LANES; l++)
        memcpy((char *)&st[l] + offset, &one, sizeof one);
}

static inline void lanes_store(double *out, doubles v) { memcpy(out, &v, sizeof v); }

/* Each loop takes two bars at a time; `row` doubles lie from one bar's results to the next. */

static void lanes_ema(keel_signal_state *st, const double *restrict x, int32_t count, int32_t row,
                      double *restrict out) {
    doubles even = lanes_gather(st, offsetof(keel_ema, before)), odd = lanes_gather(st, offsetof(keel_ema, value));
    const doubles alpha = lanes_gather(st, offsetof(keel_ema, alpha));
    const doubles alpha2 = lanes_gather(st, offsetof(keel_ema, alpha2));
    double x0 = st->ema.last;
    for (int32_t i = 0; i < count; i += 2) {
        double x1 = x[i], x2 = x[i + 1];
        even = (even + alpha * (x1 - x0)) + alpha2 * (x0 - even);
        odd = (odd + alpha * (x2 - x1)) + alpha2 * (x1 - odd);
        lanes_store(out, even);
        lanes_store(out + row, odd);
        x0 = x2;
        out += 2 * (ptrdiff_t)row;
    }
    lanes_scatter(st, offsetof(keel_ema, before), even);
    lanes_scatter(st, offsetof(keel_ema, value), odd);
    lanes_fill(st, offsetof(keel_ema, last), x0);
}

/* Wilder's mean of x, whose machine lies at `at` in the state. */
static void lanes_wilder(keel_signal_state *st, size_t at, const double *restrict x, int32_t count, int32_t row,
                         double *restrict out) {
    const doubles share = lanes_gather(st, at + offsetof(keel_wilder, share));
    const doubles keep = 1.0 - share;
    const doubles lag = keep * share, keep2 = keep * keep;
    doubles even = lanes_gather(st, at + offsetof(keel_wilder, before));
    doubles odd = lanes_gather(st, at + offsetof(keel_wilder, value));
    double x0 = 0.0;
    memcpy(&x0, (const char *)st + at + offsetof(keel_wilder, last), sizeof x0);
    for (int32_t i = 0; i < count; i += 2) {
        double x1 = x[i], x2 = x[i + 1];
        even = even * keep2 + (x0 * lag + x1 * share);
        odd = odd * keep2 + (x1 * lag + x2 * share);
        lanes_store(out, even);
        lanes_store(out + row, odd);
        x0 = x2;
        out += 2 * (ptrdiff_t)row;
    }
    lanes_scatter(st, at + offsetof(keel_wilder, before), even);
    lanes_scatter(st, at + offsetof(keel_wilder, value), odd);
    lanes_fill(st, at + offsetof(keel_wilder, last), x0);
}

/* 100 gain / (gain + loss), 50 where both are 0. */
static inline doubles lanes_rsi_of(doubles gain, doubles loss) {
    const doubles middle = 50.0 - (doubles){0.0};
    doubles both = gain + loss;
    masks moved = both > 0.0;
    masks rsi = (masks)(100.0 * (gain / both));
    return (doubles)((rsi & moved) | ((masks)middle & ~moved));
}

static inline double rise_of(double change) { return change > 0.0 ? change : 0.0; }
static inline double fall_of(double change) { return change < 0.0 ? -change : 0.0; }

static void lanes_rsi(keel_signal_state *st, const double *restrict x, int32_t count, int32_t row,
                      double *restrict out) {
    const size_t gain = offsetof(keel_rsi, gain), loss = offsetof(keel_rsi, loss);
    const doubles share = lanes_gather(st, gain + offsetof(keel_wilder, share));
    const doubles keep = 1.0 - share;
    const doubles lag = keep * share, keep2 = keep * keep;
    doubles g0 = lanes_gather(st, gain + offsetof(keel_wilder, before));
    doubles g1 = lanes_gather(st, gain + offsetof(keel_wilder, value));
    doubles f0 = lanes_gather(st, loss + offsetof(keel_wilder, before));
    doubles f1 = lanes_gather(st, loss + offsetof(keel_wilder, value));
    double last = st->rsi.last, gain0 = st->rsi.gain.last, fall0 = st->rsi.loss.last;
    for (int32_t i = 0; i < count; i += 2) {
        double c1 = x[i] - last, c2 = x[i + 1] - x[i];
        double gain1 = rise_of(c1), gain2 = rise_of(c2), fall1 = fall_of(c1), fall2 = fall_of(c2);
        g0 = g0 * keep2 + (gain0 * lag + gain1 * share);
        f0 = f0 * keep2 + (fall0 * lag + fall1 * share);
        g1 = g1 * keep2 + (gain1 * lag + gain2 * share);
        f1 = f1 * keep2 + (fall1 * lag + fall2 * share);
        lanes_store(out, lanes_rsi_of(g0, f0));
        lanes_store(out + row, lanes_rsi_of(g1, f1));
        last = x[i + 1];
        gain0 = gain2;
        fall0 = fall2;
        out += 2 * (ptrdiff_t)row;
    }
    lanes_scatter(st, gain + offsetof(keel_wilder, before), g0);
    lanes_scatter(st, gain + offsetof(keel_wilder, value), g1);
    lanes_scatter(st, loss + offsetof(keel_wilder, before), f0);
    lanes_scatter(st, loss + offsetof(keel_wilder, value), f1);
    lanes_fill(st, gain + offsetof(keel_wilder, last), gain0);
    lanes_fill(st, loss + offsetof(keel_wilder, last), fall0);
    lanes_fill(st, offsetof(keel_rsi, last), last);
}

/* Bars of the true range made at a time, for all groups of lanes. */
enum { RANGES = 256 };

static void lanes_atr(keel_simd_lanes *lanes, const keel_signal_bars *bars, int64_t first, int32_t count, double *out) {
    double ranges[RANGES];
    for (int32_t done = 0; done < count; done += RANGES) {
        int32_t some = count - done < RANGES ? count - done : RANGES;
        int64_t at = first + done;
        ranges[0] = keel_true_range(bars->high[at], bars->low[at], lanes->state[0].atr.last_close);
        for (int32_t i = 1; i < some; i++)
            ranges[i] = keel_true_range(bars->high[at + i], bars->low[at + i], bars->close[at + i - 1]);
        for (int32_t l = 0; l < lanes->width; l += LANES) {
            keel_signal_state *st = lanes->state + l;
            lanes_wilder(st, offsetof(keel_atr, mean), ranges, some, lanes->width,
                         out + (int64_t)done * lanes->width + l);
            lanes_fill(st, offsetof(keel_atr, last_close), bars->close[at + some - 1]);
        }
    }
}

/* An even number of bars, all lanes under way. */
static void lanes_pairs(keel_simd_lanes *lanes, const keel_signal_bars *bars, const double *x, int64_t first,
                        int32_t count, double *out) {
    if (lanes->kind == KEEL_SIGNAL_ATR) {
        lanes_atr(lanes, bars, first, count, out);
        return;
    }
    for (int32_t l = 0; l < lanes->width; l += LANES) {
        keel_signal_state *st = lanes->state + l;
        switch (lanes->kind) {
            case KEEL_SIGNAL_EMA: lanes_ema(st, x + first, count, lanes->width, out + l); break;
            case KEEL_SIGNAL_RMA: lanes_wilder(st, 0, x + first, count, lanes->width, out + l); break;
            default: lanes_rsi(st, x + first, count, lanes->width, out + l); break;
        }
    }
}

static void lanes_run(keel_simd_lanes *lanes, const keel_signal_bars *bars, const double *x, int64_t first,
                      int32_t count, double *out, int32_t *ret_from) {
    int32_t i = 0;
    int32_t under_way = lanes_under_way(lanes);
    for (int32_t l = 0; l < lanes->n; l++)
        ret_from[l] = under_way ? 0 : count;
    while (i < count && (!under_way || (count - i) % 2 != 0)) {
        double one = lanes->kind == KEEL_SIGNAL_ATR ? 0.0 : x[first + i];
        lanes_step(lanes, bars, one, first + i, i, count, out, ret_from);
        i++;
        under_way = under_way || lanes_under_way(lanes);
    }
    if (i < count) lanes_pairs(lanes, bars, x, first + i, count - i, out + (int64_t)i * lanes->width);
    for (; i < count && lanes->n < lanes->width; i++) {
        for (int32_t l = lanes->n; l < lanes->width; l++)
            out[(int64_t)i * lanes->width + l] = 0.0;
    }
}
