/* bench/keel_bar.c: keel's inner loop as a process that repeats on command, beside bench/peer.py.
 *
 * usage: keel_bar CANDLES FAST SLOW SHORTS FEE_BPS STOP TARGET [STRATEGY]
 *   STOP, TARGET  shares of the entry price, 0 for none; STRATEGY: ema_cross, or trend, which reads neither them nor
 *                 FAST and SLOW
 * commands on stdin: run TIMES | run-given TIMES | trades FILE | quit; one JSON line each, times of one run
 *
 * CANDLES holds keel_bar records in host order. A run is timed from candles in memory to trades in memory: columns and
 * room for trades are made before it, and windows lie where those of the run before did, as a sweep's do; signals,
 * decisions, exact books, tallies and trade records are inside. `run-given` finds the signals of every bar made ahead,
 * and at which bars the strategy speaks; its end must be the state of `run`, by hash. One symbol, no slippage, every
 * other rule as the strategy's presets leave it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/strategy/strategy.h"
#include "kernel/kernel.h"
#include "kernel/windows.h"
#include "lane/lane.h"

#define CAPITAL_E8 ((int64_t)20000000 * 100000000)

typedef struct columns {
    int64_t count;
    int64_t *ts_ms, *open, *high, *low, *close;
    double *volume;
} columns;

static keel_lane lane;
static keel_state state;
static keel_signal_set set;
static keel_snapshot snap;
static keel_windows *windows; /* their memory stays from run to run */

/* Windows that were made before the time begins, in columns over the whole tape. */
typedef struct given {
    int64_t bars;                 /* of each window but the last; 0: none were made */
    keel_window_symbol *window;   /* one after the other */
    double *columns;              /* [slots][bars of the tape] */
    uint64_t *ready;              /* [bars of the tape] */
    uint8_t *acts;                /* [bars of the tape] */
} given;

static int fail(const char *what) {
    (void)fprintf(stderr, "keel_bar: %s\n", what);
    return 1;
}

static int read_columns(const char *path, columns *ret) {
    FILE *file = fopen(path, "rb");
    keel_bar bar;
    long size;
    if (!file) return 0;
    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0 || fseek(file, 0, SEEK_SET) != 0) {
        (void)fclose(file);
        return 0;
    }
    size_t n = (size_t)size / sizeof bar;
    int64_t *all = malloc(5 * n * sizeof *all);
    ret->volume = malloc(n * sizeof *ret->volume);
    if (!all || !ret->volume) {
        (void)fclose(file);
        return 0;
    }
    ret->count = (int64_t)n;
    ret->ts_ms = all, ret->open = all + n, ret->high = all + 2 * n, ret->low = all + 3 * n, ret->close = all + 4 * n;
    for (size_t i = 0; i < n; i++) {
        if (fread(&bar, sizeof bar, 1, file) != 1) {
            (void)fclose(file);
            return 0;
        }
        ret->ts_ms[i] = bar.ts_ms, ret->open[i] = bar.open_e8, ret->high[i] = bar.high_e8;
        ret->low[i] = bar.low_e8, ret->close[i] = bar.close_e8, ret->volume[i] = bar.volume;
    }
    (void)fclose(file);
    return n >= 2;
}

/* Places in ema_cross's own parameters. */
enum { FAST = 0, SLOW = 1 };

/* words: FAST SLOW SHORTS FEE_BPS STOP TARGET. */
static int configure(keel_params *p, char *const words[6], int trend) {
    double fee_bps = strtod(words[3], NULL);
    keel_params_default(p);
    if (trend) return keel_strategy_select(p, KEEL_STRATEGY_TREND) && keel_params_set(p, KEEL_PARAM_gate_btc, 0.0);
    return keel_strategy_select(p, KEEL_STRATEGY_EMA_CROSS) && keel_strategy_set(p, FAST, strtod(words[0], NULL)) &&
           keel_strategy_set(p, SLOW, strtod(words[1], NULL)) &&
           keel_params_set(p, KEEL_PARAM_allow_short, strtod(words[2], NULL)) &&
           keel_params_set(p, KEEL_PARAM_taker_fee_bps, fee_bps) &&
           keel_params_set(p, KEEL_PARAM_maker_fee_bps, fee_bps) && keel_params_set(p, KEEL_PARAM_slippage_bps, 0.0) &&
           keel_params_set(p, KEEL_PARAM_sl_pct, strtod(words[4], NULL)) &&
           keel_params_set(p, KEEL_PARAM_tp_pct, strtod(words[5], NULL)) &&
           keel_params_set(p, KEEL_PARAM_allocation_pct, 0.01) &&
           keel_params_set(p, KEEL_PARAM_maintenance_margin_pct, 0.0);
}

static void make_tape(const columns *c, keel_tape *tape) {
    memset(tape, 0, sizeof *tape);
    tape->start_ms = c->ts_ms[0];
    tape->interval_ms = c->ts_ms[1] - c->ts_ms[0];
    tape->bars = c->count;
    tape->ratio = 1;
    tape->symbol_count = 1;
    tape->sleeve_count = 1;
    tape->btc[0] = -1;
    tape->sym[0].open_e8 = c->open;
    tape->sym[0].high_e8 = c->high;
    tape->sym[0].low_e8 = c->low;
    tape->sym[0].close_e8 = c->close;
    tape->sym[0].volume = c->volume;
}

static int make_set(const keel_params *p) {
    keel_signal_list list;
    keel_strategy_signals(p, &list);
    return !list.overflow && keel_signal_set_init(&set, list.spec, list.n) == KEEL_SIGNAL_OK;
}

static int begin(const keel_params *p, const keel_tape *tape, keel_lane_out *out) {
    memset(&snap, 0, sizeof snap);
    if (keel_lane_init(&lane, &state, p, tape, CAPITAL_E8, 1) != KEEL_REFUSED_OK) return 0;
    state.sym[0].rules.lot_e8 = 1;
    state.sym[0].rules.tick_e8 = 1;
    out->trade_count = 0;
    return 1;
}

/* One whole run. Returns KEEL_LANE_DONE or what went wrong. */
static int run_once(const keel_params *p, const keel_tape *tape, keel_lane_out *out) {
    keel_err err;
    int32_t status = KEEL_LANE_WINDOW;
    if (!make_set(p) || !begin(p, tape, out)) return KEEL_LANE_FAULT;
    if (keel_windows_again(&windows, &keel_kernel_builtin, tape, p, &set, &err) != 0) return KEEL_LANE_FAULT;
    while (status == KEEL_LANE_WINDOW)
        status = keel_kernel_builtin.lane_advance(&lane, &state, p, tape, &set, &snap,
                                                  keel_windows_next(windows, lane.bar), out);
    return status;
}

/* ---- signals given ------------------------------------------------------------------------------------------- */

static void free_given(given *g) {
    free(g->window);
    free(g->columns);
    free(g->ready);
    free(g->acts);
}

static void keep(const keel_window *w, size_t bars, given *g) {
    const keel_window_symbol *from = &w->sym[0];
    keel_window_symbol *to = &g->window[w->from / g->bars];
    const size_t at = (size_t)w->from, count = (size_t)w->count;
    *to = *from;
    for (int32_t i = 0; i < from->slot_count; i++) {
        double *column = g->columns + (size_t)i * bars + at;
        memcpy(column, from->v[from->slot[i]], count * sizeof *column);
        to->v[from->slot[i]] = column;
    }
    memcpy(g->ready + at, from->ready, count * sizeof *g->ready);
    to->ready = g->ready + at;
    if (from->acts) memcpy(g->acts + at, from->acts, count);
    to->acts = from->acts ? g->acts + at : NULL;
    to->acts_any = NULL;
}

/* The windows that a run makes for itself, kept. Returns 0 when there is no memory for them. */
static int make_given(const keel_params *p, const keel_tape *tape, given *g) {
    const size_t bars = (size_t)tape->bars;
    keel_err err;
    if (!make_set(p) || keel_windows_again(&windows, &keel_kernel_builtin, tape, p, &set, &err) != 0) return 0;
    g->columns = malloc((size_t)keel_signal_column_count(&set) * bars * sizeof *g->columns);
    g->ready = malloc(bars * sizeof *g->ready);
    g->acts = malloc(bars);
    if (!g->columns || !g->ready || !g->acts) return 0;
    for (int64_t from = 0; from < tape->bars; from += g->bars) {
        const keel_window *w = keel_windows_next(windows, from);
        if (from == 0) {
            g->bars = w->count;
            g->window = calloc(bars / (size_t)g->bars + 1, sizeof *g->window);
            if (!g->window) return 0;
        }
        keep(w, bars, g);
    }
    return 1;
}

/* As run_once, over windows that are there. */
static int run_given(const keel_params *p, const keel_tape *tape, const given *g, keel_lane_out *out) {
    static keel_window window;
    int32_t status = KEEL_LANE_WINDOW;
    if (!begin(p, tape, out)) return KEEL_LANE_FAULT;
    while (status == KEEL_LANE_WINDOW) {
        const int64_t left = tape->bars - lane.bar;
        window.from = lane.bar;
        window.count = left < g->bars ? left : g->bars;
        window.sym[0] = g->window[lane.bar / g->bars];
        status = keel_kernel_builtin.lane_advance(&lane, &state, p, tape, &set, &snap, &window, out);
    }
    return status;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int write_trades(const char *path, const keel_lane_out *out) {
    FILE *file = fopen(path, "w");
    if (!file) return 0;
    for (int64_t i = 0; i < out->trade_count; i++) {
        const keel_trade *t = &out->trades[i];
        (void)fprintf(file, "%" PRId32 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%.17g\n", t->side,
                      t->entry_ts_ms, t->entry_px_e8, t->exit_ts_ms, t->exit_px_e8, (t->flags & KEEL_TRADE_FORCED) != 0,
                      (double)t->qty_e8 / 1e8);
    }
    return fclose(file) == 0;
}

static void say_books(const keel_lane_out *out) {
    (void)printf("{\"listed\": true, \"trades\": %" PRId64
                 ", \"start_equity\": %.17g, \"final_equity\": %.17g, \"at_end\": \"closed\"}\n",
                 out->trade_count, (double)CAPITAL_E8 / 1e8, (double)lane.equity_e8 / 1e8);
    (void)fflush(stdout);
}

/* Of this program alone: getrusage would also count whoever started it. 0 when it cannot be told. */
static long peak_kib(void) {
    char line[256];
    long peak = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (!file) return 0;
    while (peak == 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0) peak = strtol(line + 6, NULL, 10);
    (void)fclose(file);
    return peak;
}

static void answer(double wall_s, double cpu_s) {
    (void)printf("{\"wall_s\": %.9f, \"cpu_s\": %.9f, \"peak_kib\": %ld, \"state_hash\": \"%016" PRIx64 "\"}\n", wall_s,
                 cpu_s, peak_kib(), keel_state_hash(&state));
    (void)fflush(stdout);
}

/* So many runs; the time of one is told. Returns 0 when all went to their end. */
static int repeat(const keel_params *p, const keel_tape *tape, const given *g, long times, keel_lane_out *out) {
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < times; i++)
        if ((g ? run_given(p, tape, g, out) : run_once(p, tape, out)) != KEEL_LANE_DONE) return 1;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    answer(wall / (double)times, cpu / (double)times);
    return 0;
}

static int serve(const keel_params *p, const keel_tape *tape, given *g, keel_lane_out *out) {
    char line[4096];
    uint64_t computed = 0; /* the state that runs of their own signals end in; 0: there was none */
    (void)printf("{\"ready\": \"keel\"}\n");
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        const int is_given = strncmp(line, "run-given ", 10) == 0;
        const long times = strncmp(line, "run", 3) == 0 ? strtol(line + (is_given ? 10 : 4), NULL, 10) : 0;
        if (is_given && times > 0) {
            if (g->bars == 0 && !make_given(p, tape, g)) return fail("signals cannot be made ahead: out of memory");
            if (repeat(p, tape, g, times, out) != 0) return fail("the run stopped before its end");
            if (computed != 0 && computed != keel_state_hash(&state))
                return fail("signals given end in another state than signals computed: report this as a defect");
        } else if (strncmp(line, "run ", 4) == 0 && times > 0) {
            if (repeat(p, tape, NULL, times, out) != 0) return fail("the run stopped before its end");
            computed = keel_state_hash(&state);
        } else if (strncmp(line, "trades ", 7) == 0) {
            if (!write_trades(line + 7, out)) return fail("the trade list could not be written");
            say_books(out);
        } else {
            return strcmp(line, "quit") == 0
                       ? 0
                       : fail("unknown command: use run TIMES, run-given TIMES, trades FILE or quit");
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    static keel_tape tape;
    static given made;
    columns c;
    keel_params p;
    keel_lane_out out;
    if (argc != 8 && argc != 9)
        return fail("usage: keel_bar CANDLES FAST SLOW SHORTS FEE_BPS STOP TARGET [STRATEGY]");
    if (!read_columns(argv[1], &c)) return fail("the candles could not be read");
    if (!configure(&p, argv + 2, argc == 9 && strcmp(argv[8], "trend") == 0))
        return fail("a period, the fee, the stop or the target is out of bounds");
    make_tape(&c, &tape);
    memset(&out, 0, sizeof out);
    out.trade_cap = c.count + 8;
    out.trades = malloc((size_t)out.trade_cap * sizeof *out.trades);
    if (!out.trades) return fail("out of memory");
    int rc = serve(&p, &tape, &made, &out);
    free_given(&made);
    keel_windows_free(windows);
    free(out.trades);
    free(c.ts_ms);
    free(c.volume);
    return rc;
}
