/* app/cli/backtest_exec.c: see backtest_exec.h. */
#include "app/cli/backtest_exec.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/guard.h"
#include "kernel/refusal.h"
#include "kernel/windows.h"
#include "num/int.h"

/* A lane with a full buffer of samples does not go on, not even to its end: room beyond the last bar. */
enum { TRADES_STEP = 4096, EQUITY_STEP = 65536, EQUITY_SPARE = 2 };

typedef struct arena {
    keel_lane *lane;
    keel_state *state;
    keel_signal_set *sets;
    keel_snapshot *snaps;
    keel_windows *windows;
    keel_trade *trades;
    keel_lane_decision *decisions; /* NULL: not kept */
    keel_stop_log *stops;          /* NULL: not kept */
    size_t symbols;
    int guarded; /* the books lie between pages that nothing may touch */
} arena;

static void *books_alloc(const arena *a, size_t count, size_t size) {
    return a->guarded ? keel_guard_alloc(count * size) : calloc(count, size);
}

static void books_free(const arena *a, void *books, size_t size) {
    if (a->guarded)
        keel_guard_free(books, size);
    else
        free(books);
}

static void arena_done(arena *a) {
    books_free(a, a->lane, sizeof *a->lane);
    books_free(a, a->state, sizeof *a->state);
    books_free(a, a->sets, a->symbols * sizeof *a->sets);
    books_free(a, a->snaps, a->symbols * sizeof *a->snaps);
    keel_windows_free(a->windows);
    free(a->trades);
    free(a->decisions);
    if (a->stops) free(a->stops->items);
    free(a->stops);
}

static int arena_init(arena *a, const keel_tape *tape, int64_t trade_cap, int decisions, int guarded) {
    size_t n = (size_t)tape->symbol_count;
    memset(a, 0, sizeof *a);
    a->symbols = n;
    a->guarded = guarded;
    a->lane = books_alloc(a, 1, sizeof *a->lane);
    a->state = books_alloc(a, 1, sizeof *a->state);
    a->sets = books_alloc(a, n, sizeof *a->sets);
    a->snaps = books_alloc(a, n, sizeof *a->snaps);
    a->trades = calloc((size_t)trade_cap, sizeof *a->trades);
    if (decisions) a->decisions = calloc((size_t)trade_cap, sizeof *a->decisions);
    if (decisions && !a->decisions) {
        arena_done(a);
        return 0;
    }
    if (a->lane && a->state && a->sets && a->snaps && a->trades) return 1;
    arena_done(a);
    return 0;
}

/* Room for every sample of the run, written where it stays: pages that no sample reaches cost nothing. */
static int equity_room(const keel_tape *tape, keel_exec_result *r) {
    size_t samples = (size_t)(tape->bars - tape->trade_from) + EQUITY_SPARE;
    r->equity_ts_ms = malloc(samples * sizeof *r->equity_ts_ms);
    r->equity_e8 = malloc(samples * sizeof *r->equity_e8);
    return r->equity_ts_ms && r->equity_e8;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* The next slice of samples goes behind those there are. */
static void point_at_room(const keel_tape *tape, const keel_exec_result *r, keel_lane_out *out) {
    out->equity_ts_ms = r->equity_ts_ms + r->equity_count;
    out->equity_e8 = r->equity_e8 + r->equity_count;
    out->equity_cap = smaller(EQUITY_STEP, tape->bars - tape->trade_from + EQUITY_SPARE - r->equity_count);
    out->equity_count = 0;
}

/* Keep what a slice yielded. *cap: trades that there is room for in r. */
static int drain(const keel_tape *tape, keel_lane_out *out, int64_t *cap, keel_exec_result *r) {
    r->equity_count += out->equity_count;
    point_at_room(tape, r, out);
    if (out->trade_count == 0) return 1;
    if (r->trade_count + out->trade_count > *cap) {
        int64_t wanted = 2 * *cap > r->trade_count + out->trade_count ? 2 * *cap : r->trade_count + out->trade_count;
        keel_trade *grown = realloc(r->trades, (size_t)wanted * sizeof *grown);
        if (!grown) return 0;
        r->trades = grown;
        *cap = wanted;
    }
    memcpy(r->trades + r->trade_count, out->trades, (size_t)out->trade_count * sizeof *r->trades);
    r->trade_count += out->trade_count;
    out->trade_count = 0;
    return 1;
}

int32_t keel_exec_warmup(const keel_kernel *kernel, const keel_params *p) {
    keel_signal_list list;
    int32_t most = 0;
    kernel->strategy_signals(p, &list);
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        int32_t bars = keel_signal_warmup(list.spec, list.n, slot);
        if (bars == KEEL_SIGNAL_WARMUP_BY_TIME) return -1;
        if (bars > most) most = bars;
    }
    return most;
}

static int set_up_signals(const keel_kernel *kernel, const keel_params *p, const keel_tape *tape, arena *a,
                          keel_err *err) {
    for (int32_t i = 0; i < tape->symbol_count; i++)
        KEEL_TRY(keel_windows_signals(kernel, &p[tape->sym[i].sleeve], &a->sets[i], err));
    return 0;
}

void keel_exec_take_ending(const keel_state *st, const keel_params *p, keel_exec_result *r) {
    keel_lane_ending end;
    keel_lane_end_of(st, p, &end);
    KEEL_ASSERT(end.sound);
    r->final_e8 = end.final_e8;
    r->state_hash = end.state_hash;
    r->open_positions = end.open_positions;
    r->open_price_e8 = end.open_price_e8;
    r->open_fees_e8 = end.open_fees_e8;
    r->open_funding_e8 = end.open_funding_e8;
    r->open_slippage_e8 = end.open_slippage_e8;
}

static int run(const keel_params *p, const keel_tape *tape, const keel_instrument *rules, const keel_exec_options *o,
               arena *a, int64_t trade_cap, keel_exec_result *r, keel_err *err) {
    int64_t kept_cap = 0; /* trades that r has room for */
    keel_lane_out out = {.trades = a->trades,
                         .trade_cap = trade_cap,
                         .decisions = a->decisions,
                         .decision_cap = a->decisions ? trade_cap : 0};
    if (!equity_room(tape, r)) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: equity: shorten the time range");
    point_at_room(tape, r, &out);
    int32_t refused = o->kernel->lane_init(a->lane, a->state, p, tape, o->capital_e8, o->close_at_end);
    if (refused != KEEL_REFUSED_OK) return keel_refusal_of_capital(refused, err);
    a->lane->by_regime = o->by_regime;
    for (int32_t i = 0; i < tape->symbol_count; i++)
        a->state->sym[i].rules = rules[i];
    keel_stop_log *stops = o->keep_stops ? a->stops : NULL;
    int64_t room = keel_lane_trade_room(tape);
    if (stops) out.equity_cap = 1;
    const keel_window *window = keel_windows_next(a->windows, 0);
    /* Long runs go in slices, so that they can be watched and interrupted; slices do not change the result. */
    for (;;) {
        int32_t status = o->kernel->lane_advance(a->lane, a->state, p, tape, a->sets, a->snaps, window, &out);
        if (status == KEEL_LANE_FAULT) return keel_refusal_of_event(a->lane, err);
        if (stops && out.equity_count == out.equity_cap) {
            if (!keel_stop_log_note(stops, a->state, out.equity_ts_ms[out.equity_count - 1]))
                return keel_err_set(err, KEEL_E_NOMEM, "out of memory: stops: shorten the time range");
            /* a pause at each bar, without emptying the buffers while there is room */
            out.equity_cap++;
            if (status == KEEL_LANE_DRAIN && out.equity_cap <= EQUITY_STEP && out.trade_count + room <= trade_cap &&
                (!a->decisions || out.decision_count + room <= trade_cap))
                continue;
        }
        if (!drain(tape, &out, &kept_cap, r))
            return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trades: shorten the time range");
        if (stops) out.equity_cap = 1;
        for (int64_t i = 0; i < out.decision_count; i++)
            KEEL_TRY(keel_decision_log_write(o->decisions, &a->decisions[i], err));
        out.decision_count = 0;
        if (o->progress) o->progress(o->progress_data, a->lane->bar);
        if (status == KEEL_LANE_DONE) break;
        if (status == KEEL_LANE_WINDOW) window = keel_windows_next(a->windows, a->lane->bar);
        if (o->interrupted && o->interrupted())
            return keel_err_set(err, KEEL_E_INTERRUPTED, "interrupted: nothing was written; run the command again");
    }
    keel_exec_take_ending(a->state, p, r);
    r->tally = a->lane->tally;
    r->account = a->state->acct;
    return 0;
}

static int run_here(const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                    const keel_exec_options *options, keel_exec_result *ret, keel_err *err) {
    keel_exec_result r;
    arena a;
    if (options->body) return options->body(options->body_data, p, tape, rules, options, ret, err);
    int64_t trade_cap = TRADES_STEP + keel_lane_trade_room(tape);
    memset(&r, 0, sizeof r);
    if (!arena_init(&a, tape, trade_cap, options->decisions != NULL, options->kernel->user))
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %d symbols: run fewer at a time", tape->symbol_count);
    int rc = set_up_signals(options->kernel, p, tape, &a, err);
    if (rc == 0) rc = keel_windows_new(options->kernel, tape, p, a.sets, &a.windows, err);
    if (rc == 0 && options->keep_stops && !(a.stops = calloc(1, sizeof *a.stops)))
        rc = keel_err_set(err, KEEL_E_NOMEM, "out of memory: stops: shorten the time range");
    if (rc == 0) rc = run(p, tape, rules, options, &a, trade_cap, &r, err);
    if (rc == 0 && a.stops) {
        r.stops = a.stops->items; /* they move */
        r.stop_count = a.stops->count;
        a.stops->items = NULL;
    }
    arena_done(&a);
    if (rc == 0)
        *ret = r;
    else
        keel_exec_done(&r);
    return rc;
}

/* ---- guarded: the same in a child, and its result through a pipe ---- */

typedef struct guarded {
    const keel_params *p;
    const keel_tape *tape;
    const keel_instrument *rules;
    const keel_exec_options *options;
} guarded;

static int run_in_child(void *data, keel_strbuf *out, keel_err *err) {
    const guarded *g = data;
    keel_exec_result r;
    memset(&r, 0, sizeof r);
    int rc = run_here(g->p, g->tape, g->rules, g->options, &r, err);
    if (g->options->decisions && fflush(g->options->decisions->file) != 0 && rc == 0)
        rc = keel_err_set(err, KEEL_E_IO, "cannot write: %s: free some space", g->options->decisions->path);
    if (rc == 0) {
        keel_strbuf_add_bytes(out, &r, sizeof r);
        keel_strbuf_add_bytes(out, r.trades, (size_t)r.trade_count * sizeof *r.trades);
        keel_strbuf_add_bytes(out, r.equity_ts_ms, (size_t)r.equity_count * sizeof *r.equity_ts_ms);
        keel_strbuf_add_bytes(out, r.equity_e8, (size_t)r.equity_count * sizeof *r.equity_e8);
        keel_strbuf_add_bytes(out, r.stops, (size_t)r.stop_count * sizeof *r.stops);
    }
    keel_exec_done(&r);
    return rc;
}

/* Copy size bytes at *from, which moves on. NULL with *failed set when there is no memory. */
static void *take(const char **from, size_t size, int *failed) {
    void *copy = size ? malloc(size) : NULL;
    if (copy) memcpy(copy, *from, size);
    if (size && !copy) *failed = 1;
    *from += size;
    return copy;
}

static int take_result(const keel_strbuf *bytes, keel_exec_result *ret, keel_err *err) {
    keel_exec_result r;
    const char *from = bytes->text;
    int failed = 0;
    KEEL_ASSERT(bytes->size >= sizeof r);
    memcpy(&r, from, sizeof r);
    from += sizeof r;
    size_t trades = (size_t)r.trade_count * sizeof *r.trades, samples = (size_t)r.equity_count * sizeof(int64_t);
    size_t stops = (size_t)r.stop_count * sizeof *r.stops;
    KEEL_ASSERT(bytes->size == sizeof r + trades + 2 * samples + stops);
    r.trades = take(&from, trades, &failed);
    r.equity_ts_ms = take(&from, samples, &failed);
    r.equity_e8 = take(&from, samples, &failed);
    r.stops = take(&from, stops, &failed);
    if (!failed) {
        *ret = r;
        return 0;
    }
    keel_exec_done(&r);
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trades: shorten the time range");
}

static int run_guarded(const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                       const keel_exec_options *options, keel_exec_result *ret, keel_err *err) {
    guarded g = {.p = p, .tape = tape, .rules = rules, .options = options};
    keel_guard_options o = {.kernel = options->kernel,
                            .name = options->strategy,
                            .stall_s = options->stall_s,
                            .opens_files = options->body && options->body_opens_files,
                            .interrupted = options->interrupted};
    keel_strbuf bytes;
    keel_strbuf_init(&bytes, (size_t)1 << 33);
    if (options->decisions) (void)fflush(options->decisions->file); /* or the child would write it again */
    int rc = keel_guard_run(&o, run_in_child, &g, &bytes, err);
    if (rc == 0) rc = take_result(&bytes, ret, err);
    keel_strbuf_done(&bytes);
    return rc;
}

int keel_exec_run(const keel_params *p, const keel_tape *tape, const keel_instrument *rules,
                  const keel_exec_options *options, keel_exec_result *ret, keel_err *err) {
    return (options->kernel->user ? run_guarded : run_here)(p, tape, rules, options, ret, err);
}

void keel_exec_done(keel_exec_result *r) {
    free(r->trades);
    free(r->equity_ts_ms);
    free(r->equity_e8);
    free(r->stops);
    memset(r, 0, sizeof *r);
}
