/* app/cli/strategy_proof.c: see strategy_proof.h.
 *
 * The markets are made here, so that a strategy can be judged without data: two walks in integers whose drift and swing
 * change, four detail bars in each bar, funding each eight hours. The first symbol is taken for bitcoin. Bars are
 * hours, and four hours for a strategy that asks for the regime of the market, which is known after 200 days. The
 * future is replaced by other walks. */
#include "app/cli/strategy_proof.h"

#include <stdlib.h>
#include <string.h>

#include "core/signal/regime.h"
#include "kernel/guard.h"
#include "kernel/windows.h"

enum { BARS = 3000, SYMBOLS = 2, PIECES = 4, KEPT_MAX = 80000, CUTS = 8, PLACES = 6, STRETCH = 250 };
enum { HOUR_MS = 3600000, REGIME_HOURS = 4, REGIME_BARS = KEEL_REGIME_DAYS * 24 / REGIME_HOURS };
enum { FUNDINGS = BARS * REGIME_HOURS / 8 + 1 };
static const int64_t START_MS = 1672531200000; /* 2023-01-01 */

/* ---- a market ---- */

typedef struct columns {
    int64_t open[BARS * PIECES], high[BARS * PIECES], low[BARS * PIECES], close[BARS * PIECES];
    double volume[BARS * PIECES];
} columns;

typedef struct walker {
    columns main, detail; /* the first BARS of main; each the PIECES of its place in detail */
    int64_t funding_ts_ms[FUNDINGS], funding_rate_e16[FUNDINGS];
} walker;

typedef struct market {
    walker of[SYMBOLS];
    int64_t bar_ms;
    keel_tape tape;
} market;

/* SplitMix64 (Steele, Lea, Flood, 2014). */
static uint64_t next(uint64_t *s) {
    *s += 0x9e3779b97f4a7c15u;
    uint64_t z = *s;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A whole number in [-most, most]. */
static int64_t around(uint64_t *s, int64_t most) { return (int64_t)(next(s) % (uint64_t)(2 * most + 1)) - most; }

/* One detail bar from px on: swing and drift in 1e-4 of the price. Prices in cents, so that they look real. */
static int64_t step(columns *b, int64_t at, int64_t px, int64_t swing, int64_t drift, uint64_t *s) {
    int64_t unit = px / 10000, close = px + unit * (around(s, swing) + drift);
    if (close < 100000000000) close = px + unit * swing; /* above 1,000 */
    if (close > 20000000000000) close = px - unit * swing;
    close = close / 1000000 * 1000000;
    int64_t high = (px > close ? px : close) + unit * (int64_t)(next(s) % (uint64_t)swing);
    int64_t low = (px < close ? px : close) - unit * (int64_t)(next(s) % (uint64_t)swing);
    b->open[at] = px;
    b->high[at] = high / 1000000 * 1000000;
    b->low[at] = low / 1000000 * 1000000;
    if (b->low[at] < 1000000) b->low[at] = 1000000;
    b->close[at] = close;
    b->volume[at] = (double)(100 + next(s) % 900);
    return close;
}

/* Bar k from its pieces. */
static void join(walker *w, int64_t k) {
    const columns *d = &w->detail;
    int64_t first = k * PIECES, last = first + PIECES - 1;
    columns *m = &w->main;
    m->open[k] = d->open[first];
    m->close[k] = d->close[last];
    m->high[k] = d->high[first];
    m->low[k] = d->low[first];
    m->volume[k] = 0.0;
    for (int64_t at = first; at <= last; at++) {
        if (d->high[at] > m->high[k]) m->high[k] = d->high[at];
        if (d->low[at] < m->low[k]) m->low[k] = d->low[at];
        m->volume[k] += d->volume[at];
    }
}

/* Bars [from, BARS) of the walk `seed`, going on from the close before. */
static void walk(market *m, int symbol, int64_t from, uint64_t seed) {
    walker *w = &m->of[symbol];
    uint64_t s = seed + 7919 * (uint64_t)symbol;
    int64_t px = from > 0 ? w->main.close[from - 1] : 2000000000000;
    for (int64_t k = from; k < BARS; k++) {
        int64_t swing = 10 + 30 * (int64_t)((k / 173 + symbol) % 3), drift = (k / 97) % 2 == 0 ? 2 : -2;
        for (int64_t i = 0; i < PIECES; i++)
            px = step(&w->detail, k * PIECES + i, px, swing, drift, &s);
        join(w, k);
    }
    for (int64_t i = from * m->bar_ms / (8 * HOUR_MS) + 1; i < FUNDINGS; i++)
        w->funding_rate_e16[i] = around(&s, 30) * 100000000000; /* 0.03 % */
}

static keel_tape_symbol line_of(const walker *w) {
    return (keel_tape_symbol){.open_e8 = w->main.open,
                              .high_e8 = w->main.high,
                              .low_e8 = w->main.low,
                              .close_e8 = w->main.close,
                              .volume = w->main.volume,
                              .detail_open_e8 = w->detail.open,
                              .detail_high_e8 = w->detail.high,
                              .detail_low_e8 = w->detail.low,
                              .detail_close_e8 = w->detail.close,
                              .detail_volume = w->detail.volume,
                              .funding_ts_ms = w->funding_ts_ms,
                              .funding_rate_e16 = w->funding_rate_e16,
                              .funding_count = FUNDINGS};
}

static void make_market(market *m, int64_t bar_ms) {
    memset(m, 0, sizeof *m);
    m->bar_ms = bar_ms;
    m->tape.start_ms = START_MS;
    m->tape.interval_ms = bar_ms;
    m->tape.bars = BARS;
    m->tape.ratio = PIECES;
    m->tape.symbol_count = SYMBOLS;
    m->tape.sleeve_count = 1;
    m->tape.btc[0] = 0;
    for (int s = 0; s < SYMBOLS; s++) {
        for (int64_t i = 0; i < FUNDINGS; i++)
            m->of[s].funding_ts_ms[i] = START_MS + i * 8 * HOUR_MS;
        m->of[s].funding_rate_e16[0] = 1000000000000;
        walk(m, s, 0, 11);
        m->tape.sym[s] = line_of(&m->of[s]);
    }
}

/* Everything after the close of bar `cut` becomes another walk; settlements at that close are known already. */
static void replace_future(market *m, int64_t cut, uint64_t seed) {
    for (int s = 0; s < SYMBOLS; s++)
        walk(m, s, cut + 1, seed);
}

/* The same market from bar `from` on, `bars` long; funding keeps its place in time. */
static keel_tape part_of(const market *m, int64_t from, int64_t count) {
    keel_tape t = m->tape;
    t.start_ms += from * m->bar_ms;
    t.bars = count;
    for (int s = 0; s < SYMBOLS; s++) {
        keel_tape_symbol *y = &t.sym[s];
        y->open_e8 += from;
        y->high_e8 += from;
        y->low_e8 += from;
        y->close_e8 += from;
        y->volume += from;
        y->detail_open_e8 += from * PIECES;
        y->detail_high_e8 += from * PIECES;
        y->detail_low_e8 += from * PIECES;
        y->detail_close_e8 += from * PIECES;
        y->detail_volume += from * PIECES;
    }
    return t;
}

/* ---- a run ---- */

/* What was decided at one bar. */
typedef struct decided {
    int64_t ts_ms;
    int32_t symbol, signal, reason, command, side;
    uint64_t all; /* the rest: sizes, levels, what was seen */
} decided;

typedef struct runner {
    const keel_kernel *kernel;
    const keel_params *p;
    keel_lane lane;
    keel_state state;
    keel_signal_set set[SYMBOLS];
    keel_snapshot snap[SYMBOLS];
    keel_lane_decision buffer[64];
    keel_trade trades[64];
} runner;

typedef struct record {
    decided row[KEPT_MAX];
    int64_t count, trades;
    uint64_t state_hash;
} record;

static void keep(const keel_lane_decision *d, record *r) {
    keel_hash h;
    if (r->count == KEPT_MAX) return;
    int said = d->has_snapshot && d->diag.signal != KEEL_NEUTRAL; /* else the rest of diag is not written */
    keel_hash_init(&h);
    keel_hash_i64(&h, d->price_e8);
    if (said) keel_hash_u64(&h, d->diag.feature_digest);
    if (d->has_command) {
        keel_hash_i64(&h, d->command.qty_e8);
        keel_hash_i64(&h, d->command.trigger_e8);
        keel_hash_i64(&h, d->command.stop_e8);
        keel_hash_i64(&h, d->command.target_e8);
    }
    r->row[r->count++] = (decided){.ts_ms = d->ts_ms,
                                   .symbol = d->symbol,
                                   .signal = said ? d->diag.signal : KEEL_NEUTRAL,
                                   .reason = said ? d->diag.signal_reason : KEEL_NONE,
                                   .command = d->has_command ? d->command.kind : 0,
                                   .side = d->has_command ? d->command.side : 0,
                                   .all = keel_hash_digest(&h)};
}

static int run(runner *a, const keel_tape *tape, record *ret, keel_err *err) {
    keel_signal_list list;
    keel_windows *windows = NULL;
    keel_lane_out out = {.trades = a->trades, .trade_cap = 64, .decisions = a->buffer, .decision_cap = 64};
    memset(&a->lane, 0, sizeof a->lane);
    memset(&a->state, 0, sizeof a->state);
    memset(a->snap, 0, sizeof a->snap);
    ret->count = ret->trades = 0;
    a->kernel->strategy_signals(a->p, &list);
    int fits = !list.overflow;
    for (int i = 0; fits && i < SYMBOLS; i++)
        fits = keel_signal_set_init(&a->set[i], list.spec, list.n) == KEEL_SIGNAL_OK;
    if (!fits)
        return keel_err_set(err, KEEL_E_RANGE,
                            "the signals cannot be computed: parameters at their defaults: mend "
                            "SIGNALS or the defaults");
    KEEL_TRY(keel_windows_new(a->kernel, tape, a->p, a->set, &windows, err));
    int32_t refused = a->kernel->lane_init(&a->lane, &a->state, a->p, tape, 10000 * (int64_t)100000000, 0);
    KEEL_ASSERT(refused == KEEL_REFUSED_OK);
    const keel_window *window = keel_windows_next(windows, 0);
    int rc = 0;
    for (;;) {
        int32_t status = a->kernel->lane_advance(&a->lane, &a->state, a->p, tape, a->set, a->snap, window, &out);
        if (status == KEEL_LANE_FAULT) {
            rc = keel_err_set(err, KEEL_E_PARITY, "the books refused an event: bar %lld: please report this strategy",
                              (long long)a->lane.bar);
            break;
        }
        for (int64_t i = 0; i < out.decision_count; i++)
            keep(&a->buffer[i], ret);
        ret->trades += out.trade_count;
        out.decision_count = out.trade_count = 0;
        if (status == KEEL_LANE_DONE) break;
        if (status == KEEL_LANE_WINDOW) window = keel_windows_next(windows, a->lane.bar);
    }
    keel_windows_free(windows);
    ret->state_hash = keel_state_hash(&a->state);
    return rc;
}

/* ---- the proofs ---- */

typedef struct proving {
    runner runner;
    market market;
    record before, after;
    int64_t bar_ms;
    keel_strategy_proof *ret;
} proving;

static int same_up_to(const record *a, const record *b, int64_t ts_ms, int exactly, int64_t *ret_ts_ms) {
    for (int64_t i = 0;; i++) {
        int has_a = i < a->count && a->row[i].ts_ms <= ts_ms, has_b = i < b->count && b->row[i].ts_ms <= ts_ms;
        const decided *x = &a->row[i], *y = &b->row[i];
        if (!has_a && !has_b) return 1;
        int equal = has_a && has_b && x->ts_ms == y->ts_ms && x->symbol == y->symbol && x->signal == y->signal &&
                    x->reason == y->reason && x->command == y->command && x->side == y->side &&
                    (!exactly || x->all == y->all);
        if (equal) continue;
        *ret_ts_ms = has_a ? x->ts_ms : y->ts_ms;
        return 0;
    }
}

/* Replace the future at several instants: what was decided up to each must stay. */
static int prove_future(proving *v, keel_err *err) {
    for (int64_t i = 0; i < CUTS; i++) {
        int64_t cut = BARS * (i + 2) / (CUTS + 3) + 7 * i; /* last bar that is kept */
        make_market(&v->market, v->bar_ms);
        replace_future(&v->market, cut, 1000 + (uint64_t)i);
        KEEL_TRY(run(&v->runner, &v->market.tape, &v->after, err));
        v->ret->future_checks++;
        for (int64_t k = 0; k < v->before.count && v->before.row[k].ts_ms <= START_MS + (cut + 1) * v->bar_ms; k++)
            v->ret->future_decisions++;
        if (!same_up_to(&v->before, &v->after, START_MS + (cut + 1) * v->bar_ms, 1, &v->ret->future_ts_ms)) return 0;
    }
    return 0;
}

/* 1 when, at each place, decisions from there on are the same with `bars` of history and with all there is. Both begin
 * flat, so that only what the signals say can differ. */
static int prove_history(proving *v, int64_t bars, int *ret_same, keel_err *err) {
    *ret_same = 1;
    for (int64_t i = 0; i < PLACES && *ret_same; i++) {
        int64_t place = BARS - (PLACES - i) * STRETCH, ts_ms = 0;
        keel_tape all = part_of(&v->market, 0, place + STRETCH);
        all.trade_from = place;
        keel_tape little = part_of(&v->market, place - bars, bars + STRETCH);
        little.trade_from = bars;
        KEEL_TRY(run(&v->runner, &all, &v->before, err));
        KEEL_TRY(run(&v->runner, &little, &v->after, err));
        *ret_same = same_up_to(&v->before, &v->after, INT64_MAX, 0, &ts_ms);
        v->ret->history_decisions += v->before.count;
    }
    return 0;
}

static int32_t warmup_of(const runner *a) {
    keel_signal_list list;
    int32_t most = 0;
    a->kernel->strategy_signals(a->p, &list);
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        int32_t bars = keel_signal_warmup(list.spec, list.n, slot);
        if (bars == KEEL_SIGNAL_WARMUP_BY_TIME) return -1;
        if (bars > most) most = bars;
    }
    return most;
}

static int prove_warmup(proving *v, keel_err *err) {
    static const int64_t TIMES[] = {1, 2, 3, 4, 6, 8, 12, 16, 24};
    int64_t most = BARS - PLACES * STRETCH;
    v->ret->warmup_bars = warmup_of(&v->runner);
    if (v->bar_ms != HOUR_MS && v->ret->warmup_bars >= 0 && v->ret->warmup_bars < REGIME_BARS)
        v->ret->warmup_bars = REGIME_BARS;
    v->ret->settled_bars = -1;
    make_market(&v->market, v->bar_ms);
    int64_t unit = v->ret->warmup_bars < 0 ? 48 : (v->ret->warmup_bars > 0 ? v->ret->warmup_bars : 1);
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        int64_t bars = unit * TIMES[i] < most ? unit * TIMES[i] : most;
        int same = 0;
        v->ret->history_decisions = 0;
        KEEL_TRY(prove_history(v, bars, &same, err));
        if (same) {
            v->ret->settled_bars = v->ret->warmup_bars == 0 && bars == 1 ? 0 : (int32_t)bars;
            return 0;
        }
        if (bars == most) return 0;
    }
    return 0;
}

typedef struct job {
    const keel_kernel *kernel;
    const keel_params *p;
    const keel_kernel_numbers *numbers;
    int regimes; /* 1: it asks for the regime of the market */
} job;

static int prove_all(void *data, keel_strbuf *out, keel_err *err) {
    const job *j = data;
    keel_strategy_proof proof;
    proving *v = calloc(1, sizeof *v);
    memset(&proof, 0, sizeof proof);
    if (!v) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: proofs: close other programs");
    v->ret = &proof;
    v->bar_ms = j->regimes ? REGIME_HOURS * HOUR_MS : HOUR_MS;
    /* First asked at every bar, so that nothing it computes goes unseen; then as runs ask it. */
    keel_kernel asked = *j->kernel;
    asked.window_judge = NULL;
    v->runner.kernel = &asked;
    v->runner.p = j->p;
    make_market(&v->market, v->bar_ms);
    int rc = run(&v->runner, &v->market.tape, &v->before, err);
    v->runner.kernel = j->kernel;
    if (rc == 0) {
        proof.no_numbers = j->numbers ? j->numbers->bad : 0;
        proof.no_numbers_ts_ms = j->numbers ? j->numbers->ts_ms : 0;
        proof.decisions = v->before.count;
        proof.trades = v->before.trades;
        proof.state_hash = v->before.state_hash;
        rc = run(&v->runner, &v->market.tape, &v->after, err);
    }
    if (rc == 0) {
        int64_t ts_ms = 0;
        proof.deterministic =
            v->after.state_hash == v->before.state_hash && same_up_to(&v->before, &v->after, INT64_MAX, 1, &ts_ms);
    }
    if (rc == 0 && proof.deterministic) rc = prove_future(v, err);
    if (rc == 0 && proof.deterministic) rc = prove_warmup(v, err);
    if (rc == 0) keel_strbuf_add_bytes(out, &proof, sizeof proof);
    free(v);
    return rc;
}

int keel_strategy_prove(const keel_strategy_source *source, const keel_params *p, int (*interrupted)(void),
                        keel_strategy_proof *ret, keel_err *err) {
    keel_kernel_numbers numbers = {0};
    job j = {.kernel = source->kernel,
             .p = p,
             .numbers = source->user ? &numbers : NULL,
             .regimes = source->text.regimes != 0};
    keel_strbuf out;
    keel_strbuf_init(&out, 0);
    int rc;
    if (source->user) {
        keel_guard_options o = {
            .kernel = source->kernel, .name = source->user->file, .interrupted = interrupted, .numbers = &numbers};
        rc = keel_guard_run(&o, prove_all, &j, &out, err);
    } else {
        rc = prove_all(&j, &out, err);
    }
    if (rc == 0) memcpy(ret, out.text, sizeof *ret);
    keel_strbuf_done(&out);
    return rc;
}
