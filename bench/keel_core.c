/* bench/keel_core.c: the core's step by itself: how long one decision takes, with every gate and exit of `trend` asked.
 *
 * usage: keel_core CANDLES STEPS BATCH [ALLOCATE]      prints one JSON line
 *
 * CANDLES as for bench/keel_bar.c. One symbol, which is its own bitcoin and its own market. Events are closed bars with
 * their snapshots, and the fills that the market model makes of the commands. Rounds of BATCH events:
 *   1 each event is made, then stepped with a timestamp before and after: the time of a single step, from which the
 *     time of two timestamps with nothing between is taken;
 *   2 the same events from memory, one timestamp before the first and one after the last: the mean over a batch;
 *   3 as 2, and every gate, exit rule and sizing input written out for a reader (diag).
 * All three must leave the same state. The signals of the bars are timed by themselves, as a batch. ALLOCATE, a number,
 * makes that many allocations inside the steps: it shows that those which bench/alloc_count.c counts are counted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "core/signal/regime.h"
#include "core/signal/set.h"
#include "core/step.h"
#include "core/strategy/strategy.h"
#include "market/bar_market.h"
#include "num/int.h"

#define CAPITAL_E8 ((int64_t)1000000 * 100000000)

/* Answers how many allocations the program has made; only there when bench/alloc_count.c is linked. */
extern uint64_t alloc_count(void) __attribute__((weak));

typedef struct candle {
    int64_t ts_ms, open_e8, high_e8, low_e8, close_e8;
    double volume;
} candle;

typedef struct fed {
    keel_event event;
    keel_snapshot snap;
    int32_t has_snap;
} fed;

/* What makes the events: everything a lane would know besides the core. */
typedef struct feeder {
    FILE *file;
    candle bar;
    int64_t interval_ms;
    keel_signal_set set;
    keel_snapshot snap;
    keel_trend_gate gate;
    keel_regime_detector detector;
    keel_market_order order;
    keel_event waiting; /* a fill inside the bar that just closed */
    int32_t has_waiting, has_bar;
    uint64_t seq, fill_id;
    int64_t signal_ns, bars;
} feeder;

typedef struct counts {
    int64_t closes, fills, trades, signals, held, in_market, refused;
} counts;

static keel_params params;
static keel_state state, before;
static feeder feed;
static keel_decision decision;
static keel_diag diag;
static counts seen;
static uint64_t sink; /* what the compiler may not leave out */

static int fail(const char *what) {
    (void)fprintf(stderr, "keel_core: %s\n", what);
    return 1;
}

static int64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- timestamps ------------------------------------------------------------------------------------------------ */

#if defined(__x86_64__)
static const char TIMER[] = "rdtscp";
static uint64_t ticks(void) {
    unsigned core;
    return __rdtscp(&core);
}
#else
static const char TIMER[] = "clock_gettime";
static uint64_t ticks(void) { return (uint64_t)now_ns(); }
#endif

static double tick_ns;    /* nanoseconds of one tick */
static uint64_t overhead; /* ticks between two timestamps with nothing between: the median */

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void calibrate(void) {
    static uint32_t pairs[100001];
    int64_t start_ns = now_ns();
    uint64_t start = ticks();
    while (now_ns() - start_ns < 50000000)
        continue;
    tick_ns = (double)(now_ns() - start_ns) / (double)(ticks() - start);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint64_t first = ticks();
        pairs[i] = (uint32_t)(ticks() - first);
    }
    qsort(pairs, sizeof pairs / sizeof *pairs, sizeof *pairs, by_value);
    overhead = pairs[sizeof pairs / sizeof *pairs / 2];
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static int next_bar(void) {
    if (fread(&feed.bar, sizeof feed.bar, 1, feed.file) != 1) return 0;
    feed.bars++;
    return 1;
}

static void close_bar(fed *to) {
    const candle *c = &feed.bar;
    keel_ohlcv bar = {keel_e8_to_f64(c->open_e8), keel_e8_to_f64(c->high_e8), keel_e8_to_f64(c->low_e8),
                      keel_e8_to_f64(c->close_e8), c->volume};
    int64_t close_ms = c->ts_ms + feed.interval_ms;
    keel_breadth sum;
    int64_t started = now_ns();
    keel_signal_set_step(&feed.set, &bar, c->ts_ms, &feed.snap);
    feed.signal_ns += now_ns() - started;
    keel_breadth_init(&sum);
    (void)keel_breadth_add(&sum, &feed.snap);
    keel_universe_view view = keel_breadth_done(&sum);
    int32_t on = keel_trend_gate_step(&feed.gate, &view, close_ms);
    keel_event *ev = &to->event;
    keel_event_blank(KEEL_EV_BAR_CLOSE, 0, close_ms, ev);
    ev->price_e8 = c->close_e8, ev->open_e8 = c->open_e8, ev->high_e8 = c->high_e8, ev->low_e8 = c->low_e8;
    ev->breadth = view.has_breadth ? view.breadth : -1.0;
    ev->regime_gate = view.has_breadth || view.has_adx ? (on ? KEEL_TRUE : KEEL_FALSE) : KEEL_UNKNOWN;
    ev->regime = keel_regime_step(&feed.detector, close_ms, bar.close);
    if (KEEL_SNAPSHOT_HAS(&feed.snap, KEEL_SLOT_EMA_FAST) && KEEL_SNAPSHOT_HAS(&feed.snap, KEEL_SLOT_EMA_SLOW))
        ev->btc_bullish = feed.snap.v[KEEL_SLOT_EMA_FAST] > feed.snap.v[KEEL_SLOT_EMA_SLOW] ? KEEL_TRUE : KEEL_FALSE;
    to->snap = feed.snap;
    to->has_snap = 1;
    feed.has_bar = 0;
}

static int fill(uint64_t id, int32_t side, int64_t qty_e8, int64_t ref_e8, int64_t ts_ms, keel_event *ret) {
    return keel_market_fill(id, ++feed.fill_id, 0, side, qty_e8, ref_e8, ts_ms, params.slippage_bps,
                            &state.sym[0].rules, ret);
}

/* The next event: a fill inside the last bar, the fill of a waiting order at this bar's open, or this bar's close.
 * Returns 0 when the candles end. */
static int make(fed *to) {
    memset(to, 0, sizeof *to);
    if (feed.has_waiting) {
        to->event = feed.waiting;
        feed.has_waiting = 0;
        return 1;
    }
    if (!feed.has_bar) {
        if (!next_bar()) return 0;
        feed.has_bar = 1;
    }
    if (feed.order.id != 0) {
        keel_market_order order = feed.order;
        keel_market_clear(&feed.order);
        return fill(order.id, order.side, order.qty_e8, feed.bar.open_e8, feed.bar.ts_ms, &to->event);
    }
    close_bar(to);
    return 1;
}

/* What the market makes of the step that was just taken. */
static int answer(const keel_event *ev) {
    if (decision.command_count == 0) return 1;
    const keel_command *c = &decision.command[0];
    if (c->trigger_kind == KEEL_TRIGGER_NONE) {
        keel_market_accept(&feed.order, c);
        return 1;
    }
    keel_market_clear(&feed.order);
    feed.has_waiting =
        fill(c->id, c->side, c->qty_e8, keel_market_trigger_price(c, ev->open_e8), ev->ts_ms, &feed.waiting);
    return feed.has_waiting;
}

static void tally(const keel_event *ev) {
    seen.closes += ev->kind == KEEL_EV_BAR_CLOSE;
    seen.fills += ev->kind == KEEL_EV_FILL;
    seen.trades += decision.trade_count;
    seen.signals += decision.signal == KEEL_BUY || decision.signal == KEEL_SELL;
    seen.held += decision.hold_reason != KEEL_NONE;
    seen.in_market += ev->kind == KEEL_EV_BAR_CLOSE && state.sym[0].pos.side != 0;
    seen.refused += decision.refusal != KEEL_REFUSED_OK;
}

/* ---- rounds ---------------------------------------------------------------------------------------------------- */

static int64_t allocate_left;

static void allocate_if_asked(void) {
    if (allocate_left <= 0) return;
    allocate_left--;
    void *volatile unused = malloc(16);
    free(unused);
}

/* Round 1. Returns 0 when the candles ended or a step was refused. */
static int single(fed *events, int64_t n, uint32_t *times, uint64_t *allocations) {
    for (int64_t i = 0; i < n; i++) {
        if (!make(&events[i])) return 0;
        events[i].event.seq = ++feed.seq;
        uint64_t made = alloc_count ? alloc_count() : 0, start = ticks();
        (void)keel_step(&state, &params, &events[i].event, events[i].has_snap ? &events[i].snap : NULL, &decision,
                        NULL);
        uint64_t taken = ticks() - start;
        allocate_if_asked();
        if (alloc_count) *allocations += alloc_count() - made;
        times[i] = (uint32_t)(taken > overhead ? taken - overhead : 0);
        tally(&events[i].event);
        if (decision.refusal != KEEL_REFUSED_OK || !answer(&events[i].event)) return 0;
    }
    return 1;
}

/* Rounds 2 and 3: nanoseconds per event. */
static double together(const fed *events, int64_t n, keel_diag *to) {
    int64_t start = now_ns();
    for (int64_t i = 0; i < n; i++) {
        (void)keel_step(&state, &params, &events[i].event, events[i].has_snap ? &events[i].snap : NULL, &decision, to);
        sink += (uint64_t)decision.signal;
    }
    return (double)(now_ns() - start) / (double)n;
}

/* ---- set up and say -------------------------------------------------------------------------------------------- */

static int configure(void) {
    static const int32_t ON[] = {KEEL_PARAM_gate_ranging,          KEEL_PARAM_gate_anomaly,
                                 KEEL_PARAM_gate_extension,        KEEL_PARAM_gate_adx_rising,
                                 KEEL_PARAM_gate_volume,           KEEL_PARAM_gate_btc,
                                 KEEL_PARAM_gate_breadth,          KEEL_PARAM_gate_regime,
                                 KEEL_PARAM_enable_partial_tp,     KEEL_PARAM_enable_trailing,
                                 KEEL_PARAM_enable_breakeven_stop, KEEL_PARAM_enable_tsme,
                                 KEEL_PARAM_enable_rsi_ext,        KEEL_PARAM_enable_progress_checks,
                                 KEEL_PARAM_enable_filter_exit,    KEEL_PARAM_enable_funding_exit,
                                 KEEL_PARAM_enable_trend,          KEEL_PARAM_enable_pullback,
                                 KEEL_PARAM_enable_slow_drift,     KEEL_PARAM_enable_ave};
    keel_signal_list list;
    keel_params_default(&params);
    if (!keel_strategy_select(&params, KEEL_STRATEGY_TREND)) return 0;
    for (size_t i = 0; i < sizeof ON / sizeof *ON; i++)
        if (!keel_params_set(&params, ON[i], 1.0)) return 0;
    keel_strategy_signals(&params, &list);
    return !list.overflow && keel_signal_set_init(&feed.set, list.spec, list.n) == KEEL_SIGNAL_OK;
}

static int open_candles(const char *path) {
    keel_trend_gate_params gate = keel_trend_gate_defaults();
    keel_event deposit;
    int64_t first_ms;
    feed.file = fopen(path, "rb");
    if (!feed.file || !next_bar()) return 0;
    first_ms = feed.bar.ts_ms;
    if (!next_bar()) return 0;
    feed.interval_ms = feed.bar.ts_ms - first_ms;
    feed.has_bar = 1;
    keel_trend_gate_init(&feed.gate, &gate);
    keel_regime_init(&feed.detector);
    keel_state_init(&state, 1);
    state.sym[0].rules.lot_e8 = state.sym[0].rules.tick_e8 = 1;
    keel_event_blank(KEEL_EV_DEPOSIT, 0, first_ms, &deposit);
    deposit.seq = feed.seq = 1;
    deposit.price_e8 = CAPITAL_E8;
    return keel_step(&state, &params, &deposit, NULL, &decision, NULL) == KEEL_REFUSED_OK;
}

static double at(const uint32_t *sorted, int64_t n, double share) {
    int64_t index = (int64_t)(share * (double)n);
    return (double)sorted[index < n ? index : n - 1] * tick_ns;
}

static int by_double(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void say_single(uint32_t *times, int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)times[i];
    qsort(times, (size_t)n, sizeof *times, by_value);
    (void)printf("\"single_ns\": {\"samples\": %" PRId64
                 ", \"mean\": %.2f, \"p50\": %.2f, \"p95\": %.2f, "
                 "\"p99\": %.2f, \"p99.9\": %.2f, \"max\": %.2f}, ",
                 n, sum * tick_ns / (double)n, at(times, n, 0.5), at(times, n, 0.95), at(times, n, 0.99),
                 at(times, n, 0.999), at(times, n, 1.0));
}

static void say_batches(const char *name, double *means, int64_t n, int64_t batch) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += means[i];
    qsort(means, (size_t)n, sizeof *means, by_double);
    (void)printf("\"%s\": {\"batches\": %" PRId64 ", \"steps_each\": %" PRId64
                 ", \"mean\": %.2f, \"min\": %.2f, \"p50\": %.2f, \"p95\": %.2f, \"p99\": %.2f, "
                 "\"p99.9\": %.2f, \"max\": %.2f}, ",
                 name, n, batch, sum / (double)n, means[0], means[n / 2], means[n * 95 / 100], means[n * 99 / 100],
                 means[n * 999 / 1000], means[n - 1]);
}

typedef struct room {
    fed *events;
    uint32_t *times;
    double *plain, *told;
} room;

static int measure(const room *r, int64_t batches, int64_t batch, uint64_t *allocations) {
    for (int64_t b = 0; b < batches; b++) {
        before = state;
        if (!single(r->events, batch, r->times + b * batch, allocations)) return 0;
        uint64_t hash = keel_state_hash(&state);
        state = before;
        r->plain[b] = together(r->events, batch, NULL);
        if (keel_state_hash(&state) != hash) return 0;
        state = before;
        r->told[b] = together(r->events, batch, &diag);
        if (keel_state_hash(&state) != hash) return 0;
    }
    return 1;
}

int main(int argc, char **argv) {
    int64_t batch = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
    int64_t batches = batch > 0 ? strtoll(argv[2], NULL, 10) / batch : 0;
    uint64_t allocations = 0;
    if (batches < 1) return fail("usage: keel_core CANDLES STEPS BATCH [ALLOCATE]");
    if (argc > 4) allocate_left = strtoll(argv[4], NULL, 10);
    size_t steps = (size_t)(batches * batch);
    room r = {calloc((size_t)batch, sizeof *r.events), calloc(steps, sizeof *r.times),
              calloc((size_t)batches, sizeof *r.plain), calloc((size_t)batches, sizeof *r.told)};
    if (!r.events || !r.times || !r.plain || !r.told) return fail("out of memory");
    if (!configure()) return fail("the configuration is out of bounds");
    if (!open_candles(argv[1])) return fail("the candles could not be read");
    calibrate();
    if (!measure(&r, batches, batch, &allocations)) return fail("too few candles, or a step was refused");
    (void)printf("{\"steps\": %zu, \"timer\": \"%s\", \"tick_ns\": %.6f, \"overhead_ns\": %.2f, ", steps, TIMER,
                 tick_ns, (double)overhead * tick_ns);
    say_single(r.times, (int64_t)steps);
    say_batches("batch_ns", r.plain, batches, batch);
    say_batches("batch_diag_ns", r.told, batches, batch);
    (void)printf("\"signals_ns_mean\": %.2f, \"closes\": %" PRId64 ", \"fills\": %" PRId64 ", \"trades\": %" PRId64
                 ", \"opinions\": %" PRId64 ", \"held\": %" PRId64 ", \"closes_in_market\": %" PRId64,
                 (double)feed.signal_ns / (double)(seen.closes ? seen.closes : 1), seen.closes, seen.fills, seen.trades,
                 seen.signals, seen.held, seen.in_market);
    if (alloc_count) (void)printf(", \"allocations\": %" PRIu64, allocations);
    (void)printf(", \"state_hash\": \"%016" PRIx64 "\"}\n", keel_state_hash(&state) ^ (sink & 0));
    free(r.events);
    free(r.times);
    free(r.plain);
    free(r.told);
    return fclose(feed.file) == 0 ? 0 : 1;
}
