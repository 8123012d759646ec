/* app/cli/strategy_proof.c: see strategy_proof.h.
 *
 * The markets are made here, so that a strategy can be judged without data: a walk in integers whose drift and swing
 * change, one symbol, funding each eight hours. The future is replaced by another walk. */
#include "app/cli/strategy_proof.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/guard.h"
#include "kernel/windows.h"

enum { BARS = 3000, KEPT_MAX = 40000, CUTS = 8, PLACES = 6, STRETCH = 250, FUNDINGS = BARS / 8 + 1, HOUR_MS = 3600000 };
static const int64_t START_MS = 1672531200000; /* 2023-01-01 */

/* ---- a market ---- */

typedef struct market {
    int64_t open[BARS], high[BARS], low[BARS], close[BARS];
    double volume[BARS];
    int64_t funding_ts_ms[FUNDINGS], funding_rate_e16[FUNDINGS];
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

/* Bars [from, BARS) of the walk `seed`, going on from the close before. Prices in cents, so that they look real. */
static void walk(market *m, int64_t from, uint64_t seed) {
    uint64_t s = seed;
    int64_t px = from > 0 ? m->close[from - 1] : 2000000000000;
    for (int64_t k = from; k < BARS; k++) {
        int64_t swing = 20 + 60 * (int64_t)((k / 173) % 3), drift = (k / 97) % 2 == 0 ? 9 : -8; /* 1e-4 of the price */
        int64_t unit = px / 10000, close = px + unit * (around(&s, swing) + drift);
        if (close < 100000000000) close = px + unit * swing; /* above 1,000 */
        if (close > 20000000000000) close = px - unit * swing;
        close = close / 1000000 * 1000000;
        int64_t high = (px > close ? px : close) + unit * (int64_t)(next(&s) % (uint64_t)swing);
        int64_t low = (px < close ? px : close) - unit * (int64_t)(next(&s) % (uint64_t)swing);
        m->open[k] = px;
        m->high[k] = high / 1000000 * 1000000;
        m->low[k] = low / 1000000 * 1000000;
        if (m->low[k] < 1000000) m->low[k] = 1000000;
        m->close[k] = close;
        m->volume[k] = (double)(100 + next(&s) % 900);
        px = close;
        if (k % 8 == 0) m->funding_rate_e16[k / 8] = around(&s, 30) * 100000000000; /* 0.03 % */
    }
}

static void make_market(market *m) {
    memset(m, 0, sizeof *m);
    for (int64_t i = 0; i < FUNDINGS; i++)
        m->funding_ts_ms[i] = START_MS + i * 8 * HOUR_MS;
    walk(m, 0, 11);
    m->tape.start_ms = START_MS;
    m->tape.interval_ms = HOUR_MS;
    m->tape.bars = BARS;
    m->tape.ratio = 1;
    m->tape.symbol_count = 1;
    m->tape.sleeve_count = 1;
    m->tape.btc[0] = 0;
    m->tape.sym[0] = (keel_tape_symbol){.open_e8 = m->open,
                                        .high_e8 = m->high,
                                        .low_e8 = m->low,
                                        .close_e8 = m->close,
                                        .volume = m->volume,
                                        .funding_ts_ms = m->funding_ts_ms,
                                        .funding_rate_e16 = m->funding_rate_e16,
                                        .funding_count = FUNDINGS};
}

/* The same market from bar `from` on, `bars` long; funding keeps its place in time. */
static keel_tape part_of(const market *m, int64_t from, int64_t bars) {
    keel_tape t = m->tape;
    t.start_ms += from * HOUR_MS;
    t.bars = bars;
    t.sym[0].open_e8 += from;
    t.sym[0].high_e8 += from;
    t.sym[0].low_e8 += from;
    t.sym[0].close_e8 += from;
    t.sym[0].volume += from;
    return t;
}

/* ---- a run ---- */

/* What was decided at one bar. */
typedef struct decided {
    int64_t ts_ms;
    int32_t signal, reason, command, side;
    uint64_t all; /* the rest: sizes, levels, what was seen */
} decided;

typedef struct runner {
    const keel_kernel *kernel;
    const keel_params *p;
    keel_lane lane;
    keel_state state;
    keel_signal_set set;
    keel_snapshot snap;
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
    memset(&a->snap, 0, sizeof a->snap);
    ret->count = ret->trades = 0;
    a->kernel->strategy_signals(a->p, &list);
    if (list.overflow || keel_signal_set_init(&a->set, list.spec, list.n) != KEEL_SIGNAL_OK)
        return keel_err_set(err, KEEL_E_RANGE,
                            "the signals cannot be computed: parameters at their defaults: mend "
                            "SIGNALS or the defaults");
    KEEL_TRY(keel_windows_new(a->kernel, tape, a->p, &a->set, &windows, err));
    int32_t refused = a->kernel->lane_init(&a->lane, &a->state, a->p, tape, 10000 * (int64_t)100000000, 0);
    KEEL_ASSERT(refused == KEEL_REFUSED_OK);
    const keel_window *window = keel_windows_next(windows, 0);
    int rc = 0;
    for (;;) {
        int32_t status = a->kernel->lane_advance(&a->lane, &a->state, a->p, tape, &a->set, &a->snap, window, &out);
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
    keel_strategy_proof *ret;
} proving;

static int same_up_to(const record *a, const record *b, int64_t ts_ms, int exactly, int64_t *ret_ts_ms) {
    for (int64_t i = 0;; i++) {
        int has_a = i < a->count && a->row[i].ts_ms <= ts_ms, has_b = i < b->count && b->row[i].ts_ms <= ts_ms;
        const decided *x = &a->row[i], *y = &b->row[i];
        if (!has_a && !has_b) return 1;
        int equal = has_a && has_b && x->ts_ms == y->ts_ms && x->signal == y->signal && x->reason == y->reason &&
                    x->command == y->command && x->side == y->side && (!exactly || x->all == y->all);
        if (equal) continue;
        *ret_ts_ms = has_a ? x->ts_ms : y->ts_ms;
        return 0;
    }
}

/* Replace the future at several instants: what was decided up to each must stay. */
static int prove_future(proving *v, keel_err *err) {
    for (int64_t i = 0; i < CUTS; i++) {
        int64_t cut = BARS * (i + 2) / (CUTS + 3) + 7 * i; /* last bar that is kept */
        make_market(&v->market);
        walk(&v->market, cut + 1, 1000 + (uint64_t)i);
        KEEL_TRY(run(&v->runner, &v->market.tape, &v->after, err));
        v->ret->future_checks++;
        if (!same_up_to(&v->before, &v->after, START_MS + (cut + 1) * HOUR_MS, 1, &v->ret->future_ts_ms)) return 0;
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
    v->ret->settled_bars = -1;
    make_market(&v->market);
    int64_t unit = v->ret->warmup_bars < 0 ? 48 : (v->ret->warmup_bars > 0 ? v->ret->warmup_bars : 1);
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        int64_t bars = unit * TIMES[i] < most ? unit * TIMES[i] : most;
        int same = 0;
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
} job;

static int prove_all(void *data, keel_strbuf *out, keel_err *err) {
    const job *j = data;
    keel_strategy_proof proof;
    proving *v = calloc(1, sizeof *v);
    memset(&proof, 0, sizeof proof);
    if (!v) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: proofs: close other programs");
    v->ret = &proof;
    /* First asked at every bar, so that nothing it computes goes unseen; then as runs ask it. */
    keel_kernel asked = *j->kernel;
    asked.window_judge = NULL;
    v->runner.kernel = &asked;
    v->runner.p = j->p;
    make_market(&v->market);
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
    job j = {.kernel = source->kernel, .p = p, .numbers = source->user ? &numbers : NULL};
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
