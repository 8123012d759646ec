/* simd/level_lanes.c: the chains of average.h, as many lengths beside each other as a vector holds. Part of
 * level.c; vectors are those of level_turns.c. */
#include <stddef.h>
#include <string.h>

#include "simd/lanes.h"

typedef lane_doubles doubles;
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

/* Each loop takes two bars at a time, of `wide` vectors beside each other: a chain waits for itself, and meanwhile
 * there is time for another one's step. `row` doubles lie from one bar's results to the next. */
enum { WIDEST = 2 };

TURNS_INLINE void lanes_ema(int wide, keel_signal_state *st, const double *restrict x, int32_t count, int32_t row,
                            double *restrict out) {
    doubles even[WIDEST], odd[WIDEST], alpha[WIDEST], alpha2[WIDEST];
    double x0 = st->ema.last;
    for (int v = 0; v < wide; v++) {
        even[v] = lanes_gather(st + v * LANES, offsetof(keel_ema, before));
        odd[v] = lanes_gather(st + v * LANES, offsetof(keel_ema, value));
        alpha[v] = lanes_gather(st + v * LANES, offsetof(keel_ema, alpha));
        alpha2[v] = lanes_gather(st + v * LANES, offsetof(keel_ema, alpha2));
    }
    for (int32_t i = 0; i < count; i += 2) {
        double x1 = x[i], x2 = x[i + 1];
        for (int v = 0; v < wide; v++) {
            even[v] = (even[v] + alpha[v] * (x1 - x0)) + alpha2[v] * (x0 - even[v]);
            odd[v] = (odd[v] + alpha[v] * (x2 - x1)) + alpha2[v] * (x1 - odd[v]);
            lanes_store(out + v * LANES, even[v]);
            lanes_store(out + row + v * LANES, odd[v]);
        }
        x0 = x2;
        out += 2 * (ptrdiff_t)row;
    }
    for (int v = 0; v < wide; v++) {
        lanes_scatter(st + v * LANES, offsetof(keel_ema, before), even[v]);
        lanes_scatter(st + v * LANES, offsetof(keel_ema, value), odd[v]);
        lanes_fill(st + v * LANES, offsetof(keel_ema, last), x0);
    }
}

/* Wilder's mean in a vector of lanes: its two chains and what they are fed with. */
typedef struct means {
    doubles even, odd, share, lag, keep2;
} means;

/* From the machine that lies at `at` in each state. */
TURNS_INLINE means means_of(const keel_signal_state *st, size_t at) {
    means m;
    m.share = lanes_gather(st, at + offsetof(keel_wilder, share));
    doubles keep = 1.0 - m.share;
    m.lag = keep * m.share;
    m.keep2 = keep * keep;
    m.even = lanes_gather(st, at + offsetof(keel_wilder, before));
    m.odd = lanes_gather(st, at + offsetof(keel_wilder, value));
    return m;
}

TURNS_INLINE void means_done(const means *m, keel_signal_state *st, size_t at, double last) {
    lanes_scatter(st, at + offsetof(keel_wilder, before), m->even);
    lanes_scatter(st, at + offsetof(keel_wilder, value), m->odd);
    lanes_fill(st, at + offsetof(keel_wilder, last), last);
}

/* Two bars, x[1] and x[2], after x[0]. */
TURNS_INLINE void means_step(means *m, const double *x) {
    m->even = m->even * m->keep2 + (x[0] * m->lag + x[1] * m->share);
    m->odd = m->odd * m->keep2 + (x[1] * m->lag + x[2] * m->share);
}

TURNS_INLINE void lanes_wilder(int wide, keel_signal_state *st, const double *restrict x, int32_t count, int32_t row,
                               double *restrict out) {
    means m[WIDEST];
    double first[3] = {st->wilder.last, x[0], x[1]};
    for (int v = 0; v < wide; v++)
        m[v] = means_of(st + v * LANES, 0);
    for (int32_t i = 0; i < count; i += 2) {
        for (int v = 0; v < wide; v++) {
            means_step(&m[v], i == 0 ? first : x + i - 1);
            lanes_store(out + v * LANES, m[v].even);
            lanes_store(out + row + v * LANES, m[v].odd);
        }
        out += 2 * (ptrdiff_t)row;
    }
    for (int v = 0; v < wide; v++)
        means_done(&m[v], st + v * LANES, 0, x[count - 1]);
}

/* Bars whose changes or ranges are made ahead of the chains; even, and few enough that a processor sees those of the
 * next bars while it waits for the chains. */
enum { STRETCH = 64 };

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

/* Changes of x[0] .. x[some - 1] to rise[1 ..] and fall[1 ..]. */
static inline void lanes_changes(const double *restrict x, double before, int32_t some, double *restrict rise,
                                 double *restrict fall) {
    double change = x[0] - before;
    rise[1] = rise_of(change);
    fall[1] = fall_of(change);
    for (int32_t i = 1; i < some; i++) {
        change = x[i] - x[i - 1];
        rise[i + 1] = rise_of(change);
        fall[i + 1] = fall_of(change);
    }
}

TURNS_INLINE void lanes_rsi(int wide, keel_signal_state *st, const double *restrict x, int32_t count, int32_t row,
                            double *restrict out) {
    means gain[WIDEST], loss[WIDEST];
    double rise[STRETCH + 1], fall[STRETCH + 1];
    rise[0] = st->rsi.gain.last;
    fall[0] = st->rsi.loss.last;
    for (int v = 0; v < wide; v++) {
        gain[v] = means_of(st + v * LANES, offsetof(keel_rsi, gain));
        loss[v] = means_of(st + v * LANES, offsetof(keel_rsi, loss));
    }
    for (int32_t done = 0; done < count; done += STRETCH) {
        int32_t some = count - done < STRETCH ? count - done : STRETCH;
        lanes_changes(x + done, done ? x[done - 1] : st->rsi.last, some, rise, fall);
        for (int32_t i = 0; i < some; i += 2) {
            for (int v = 0; v < wide; v++) {
                means_step(&gain[v], rise + i);
                means_step(&loss[v], fall + i);
                lanes_store(out + v * LANES, lanes_rsi_of(gain[v].even, loss[v].even));
                lanes_store(out + row + v * LANES, lanes_rsi_of(gain[v].odd, loss[v].odd));
            }
            out += 2 * (ptrdiff_t)row;
        }
        rise[0] = rise[some];
        fall[0] = fall[some];
    }
    for (int v = 0; v < wide; v++) {
        means_done(&gain[v], st + v * LANES, offsetof(keel_rsi, gain), rise[0]);
        means_done(&loss[v], st + v * LANES, offsetof(keel_rsi, loss), fall[0]);
        lanes_fill(st + v * LANES, offsetof(keel_rsi, last), x[count - 1]);
    }
}

TURNS_INLINE void lanes_atr(int wide, keel_signal_state *st, const keel_signal_bars *bars, int64_t first, int32_t count,
                            int32_t row, double *restrict out) {
    means m[WIDEST];
    double range[STRETCH + 1];
    range[0] = st->atr.mean.last;
    for (int v = 0; v < wide; v++)
        m[v] = means_of(st + v * LANES, offsetof(keel_atr, mean));
    for (int32_t done = 0; done < count; done += STRETCH) {
        int32_t some = count - done < STRETCH ? count - done : STRETCH;
        const double *h = bars->high + first + done, *l = bars->low + first + done, *c = bars->close + first + done;
        range[1] = keel_true_range(h[0], l[0], done ? c[-1] : st->atr.last_close);
        for (int32_t i = 1; i < some; i++)
            range[i + 1] = keel_true_range(h[i], l[i], c[i - 1]);
        for (int32_t i = 0; i < some; i += 2) {
            for (int v = 0; v < wide; v++) {
                means_step(&m[v], range + i);
                lanes_store(out + v * LANES, m[v].even);
                lanes_store(out + row + v * LANES, m[v].odd);
            }
            out += 2 * (ptrdiff_t)row;
        }
        range[0] = range[some];
    }
    for (int v = 0; v < wide; v++) {
        means_done(&m[v], st + v * LANES, offsetof(keel_atr, mean), range[0]);
        lanes_fill(st + v * LANES, offsetof(keel_atr, last_close), bars->close[first + count - 1]);
    }
}

/* An even number of bars of `wide` vectors from lane l on. */
TURNS_INLINE void lanes_some(int wide, keel_simd_lanes *lanes, int32_t l, const keel_signal_bars *bars, const double *x,
                             int64_t first, int32_t count, double *out) {
    keel_signal_state *st = lanes->state + l;
    switch (lanes->kind) {
        case KEEL_SIGNAL_EMA: lanes_ema(wide, st, x + first, count, lanes->width, out + l); break;
        case KEEL_SIGNAL_RMA: lanes_wilder(wide, st, x + first, count, lanes->width, out + l); break;
        case KEEL_SIGNAL_RSI: lanes_rsi(wide, st, x + first, count, lanes->width, out + l); break;
        default: lanes_atr(wide, st, bars, first, count, lanes->width, out + l); break;
    }
}

/* An even number of bars, all lanes under way. */
static void lanes_pairs(keel_simd_lanes *lanes, const keel_signal_bars *bars, const double *x, int64_t first,
                        int32_t count, double *out) {
    int32_t l = 0;
    for (; l + WIDEST * LANES <= lanes->width; l += WIDEST * LANES)
        lanes_some(WIDEST, lanes, l, bars, x, first, count, out);
    for (; l < lanes->width; l += LANES)
        lanes_some(1, lanes, l, bars, x, first, count, out);
}

/* Kinds that are chains. */
static void lanes_chains(keel_simd_lanes *lanes, const keel_signal_bars *bars, const double *x, int64_t first,
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
}

/* 0 in all but the first `used` lanes of a column of vectors; whole vectors, since they are read so again soon. */
static void lanes_hide(int32_t used, int32_t row, int32_t count, double *out) {
    masks keep;
    for (int k = 0; k < LANES; k++)
        keep[k] = k < used ? -1 : 0;
    for (int32_t i = 0; i < count; i++, out += row)
        lanes_store(out, (doubles)((masks)turns_load(out) & keep));
}

static void lanes_run(keel_simd_lanes *lanes, const keel_signal_bars *bars, const double *x, int64_t first,
                      int32_t count, double *out, int32_t *ret_from) {
    lanes_chains(lanes, bars, x, first, count, out, ret_from);
    for (int32_t l = lanes->n / LANES * LANES; l < lanes->width; l += LANES)
        lanes_hide(lanes->n - l, lanes->width, count, out + l);
}

static void lanes_apart(const double *rows, int32_t width, int32_t count, int32_t n, double *const column[]) {
    for (int32_t l = 0; l < n; l += LANES) {
        int32_t lanes = n - l < LANES ? n - l : LANES, i = 0;
        for (; i + LANES <= count; i += LANES) {
            doubles a[LANES];
            for (int j = 0; j < LANES; j++)
                a[j] = turns_load(rows + (int64_t)(i + j) * width + l);
            turns_about(a);
            for (int k = 0; k < LANES; k++)
                if (k < lanes) turns_store(column[l + k] + i, a[k]);
        }
        for (; i < count; i++) {
            for (int32_t k = 0; k < lanes; k++)
                column[l + k][i] = rows[(int64_t)i * width + l + k];
        }
    }
}
