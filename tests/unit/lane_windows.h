/* lane_windows.h: a market's run over windows, which passes quiet bars in stretches, against the plain loop that steps
 * every bar: same bits in everything that comes out, and in everything that is remembered. */
#ifndef KEEL_TESTS_LANE_WINDOWS_H
#define KEEL_TESTS_LANE_WINDOWS_H

#include "lane_random.h"

#include "lane/extremes.h"
#include "stats/daily.h"
#include "stats/drawdown.h"

/* Like the common market, without holes and bars without volume: there are long stretches to pass. */
static const nature WHOLE = {"no holes", 1000000000, 10000000000000, 10000000000, 6, 2, 0, 0};
static inline keel_window_room room_new(int32_t cap) {
    keel_window_room r;
    memset(&r, 0, sizeof r);
    r.cap = cap;
    r.ts_ms = room(cap, sizeof(int64_t));
    r.prices = room(5 * (int64_t)cap, sizeof(double));
    r.columns = room(KEEL_SLOT_MAX * (int64_t)cap, sizeof(double));
    r.ready = room(cap, sizeof(uint64_t));
    r.acts = room(cap, sizeof(uint8_t));
    r.scratch = room(1, sizeof *r.scratch);
    return r;
}

static inline void room_free(keel_window_room *r) {
    free(r->ts_ms);
    free(r->prices);
    free(r->columns);
    free(r->ready);
    free(r->acts);
    free(r->scratch);
}

/* Blocks of every symbol, of the first `levels` sizes. */
static inline void make_extremes(market *m, int levels) {
    int64_t pieces = m->tape.bars * m->tape.ratio;
    for (int i = 0; i < m->tape.symbol_count; i++) {
        const int64_t *fine = NULL;
        for (int level = 0; level < levels; level++) {
            int64_t *out = room((pieces / keel_extremes_size(level) + 1) * KEEL_EXTREMES_VALUES, sizeof *out);
            keel_extremes_fill(&m->tape.sym[i], pieces, level, fine, out);
            m->tape.sym[i].extremes[level] = fine = out;
        }
        if (m->tape.ratio > 1) {
            int64_t *early = room(m->tape.bars * KEEL_EXTREMES_VALUES, sizeof *early);
            keel_extremes_early(&m->tape.sym[i], m->tape.bars, m->tape.ratio, early);
            m->tape.sym[i].early = early;
        }
    }
}

static inline void drop_extremes(market *m) {
    for (int i = 0; i < m->tape.symbol_count; i++) {
        for (int level = 0; level < KEEL_TAPE_EXTREMES; level++) {
            free(column(m->tape.sym[i].extremes[level]));
            m->tape.sym[i].extremes[level] = NULL;
        }
        free(column(m->tape.sym[i].early));
        m->tape.sym[i].early = NULL;
    }
}

/* What was written so far is kept; what comes goes behind it. */
static inline void drain(market *m, keel_lane_out *out) {
    m->trade_count += out->trade_count;
    m->equity_count += out->equity_count;
    out->trades += out->trade_count;
    out->equity_ts_ms += out->equity_count;
    out->equity_e8 += out->equity_count;
    out->trade_count = out->equity_count = 0;
}

/* The market's run once more, over windows of `cap` bars. */
static inline void run_over_windows(market *m, int32_t cap, int lean) {
    int32_t n = m->tape.symbol_count;
    uint8_t *any = room(n * ((int64_t)cap / KEEL_ACTS_BLOCK + 1), sizeof *any);
    keel_window *w = room(1, sizeof *w);
    keel_window_room *rooms = room(n, sizeof *rooms);
    keel_lane_out out;
    begin(m);
    for (int32_t i = 0; i < n; i++)
        rooms[i] = room_new(cap);
    memset(&out, 0, sizeof out);
    out.trades = m->trades;
    out.trade_cap = m->trade_cap > 0 ? m->trade_cap : 20000;
    out.equity_ts_ms = m->equity_ts_ms;
    out.equity_e8 = m->equity_e8;
    out.equity_cap = m->equity_cap > 0 ? m->equity_cap : (m->equity_cap == 0 ? m->tape.bars + 1 : 0);
    m->trade_count = m->equity_count = 0;
    out.lean = lean;
    do {
        w->from = m->lane->bar;
        w->count = m->tape.bars - w->from < cap ? m->tape.bars - w->from : cap;
        for (int32_t i = 0; i < n; i++)
            keel_window_fill(&m->tape, i, &m->p, w->from, w->count, &m->sets[i], &rooms[i], &w->sym[i]);
        for (int32_t i = 0; i < n && lean && w->sym[0].acts; i++) {
            keel_window_blocks(w->sym[i].acts, w->count, any + i * (cap / KEEL_ACTS_BLOCK + 1));
            w->sym[i].acts_any = any + i * (cap / KEEL_ACTS_BLOCK + 1);
        }
        do {
            m->status = keel_lane_advance(m->lane, m->st, given(m), &m->tape, m->sets, m->snaps, w, &out);
            drain(m, &out);
        } while (m->status == KEEL_LANE_DRAIN);
    } while (m->status == KEEL_LANE_WINDOW);
    for (int32_t i = 0; i < n; i++)
        room_free(&rooms[i]);
    free(rooms);
    free(any);
    free(w);
}

typedef struct result {
    keel_state *st;
    keel_lane_tally tally;
    keel_trade *trades;
    int64_t *equity_ts_ms, *equity_e8;
    int64_t trade_count, equity_count, passed;
    uint64_t seq;
    int32_t regime, status;
} result;

static inline result keep(const market *m) {
    result r = {.st = room(1, sizeof *r.st),
                .tally = m->lane->tally,
                .trade_count = m->trade_count,
                .equity_count = m->equity_count,
                .passed = m->lane->passed,
                .seq = m->lane->seq,
                .regime = m->lane->regime,
                .status = m->status};
    memcpy(r.st, m->st, sizeof *r.st);
    r.trades = room(m->trade_count, sizeof *r.trades);
    r.equity_e8 = room(m->equity_count, sizeof *r.equity_e8);
    r.equity_ts_ms = room(m->equity_count, sizeof *r.equity_ts_ms);
    memcpy(r.equity_ts_ms, m->equity_ts_ms, (size_t)m->equity_count * sizeof *r.equity_ts_ms);
    memcpy(r.trades, m->trades, (size_t)m->trade_count * sizeof *r.trades);
    memcpy(r.equity_e8, m->equity_e8, (size_t)m->equity_count * sizeof *r.equity_e8);
    return r;
}

static inline void result_free(result *r) {
    free(r->st);
    free(r->trades);
    free(r->equity_e8);
    free(r->equity_ts_ms);
}

/* A value that was never ready may hold anything. */
static inline void forget_unready(keel_state *st) {
    for (int32_t i = 0; i < st->symbol_count; i++) {
        keel_symbol *s = &st->sym[i];
        double *const seen[] = {
            &s->seen.atr,       &s->seen.adx,    &s->seen.adx_prev, &s->seen.rsi, &s->seen.bb_width_ratio,
            &s->seen.ema_slope, &s->seen.stoch_k};
        static const int slots[] = {
            KEEL_SLOT_ATR,       KEEL_SLOT_ADX,    KEEL_SLOT_ADX_PREV, KEEL_SLOT_RSI, KEEL_SLOT_BB_WIDTH_RATIO,
            KEEL_SLOT_EMA_SLOPE, KEEL_SLOT_STOCH_K};
        for (size_t j = 0; j < COUNT(slots); j++)
            if (!((s->seen.ready >> slots[j]) & 1u)) *seen[j] = 0.0;
        if (!((s->before_ready >> KEEL_SLOT_ADX) & 1u)) s->before_adx = 0.0;
        if (!((s->before_ready >> KEEL_SLOT_EMA_SLOPE) & 1u)) s->before_slope = 0.0;
        if (!((s->before_ready >> KEEL_SLOT_STOCH_K) & 1u)) s->before_stoch_k = 0.0;
    }
}

static inline void same(const char *what, result *a, result *b) {
    if (a->status != KEEL_LANE_DONE || b->status != a->status)
        fail_msg("%s: status %d, %d", what, a->status, b->status);
    if (keel_state_hash(a->st) != keel_state_hash(b->st)) fail_msg("%s: another state hash", what);
    if (a->trade_count != b->trade_count || a->equity_count != b->equity_count)
        fail_msg("%s: %d trades instead of %d", what, (int)b->trade_count, (int)a->trade_count);
    if (memcmp(a->trades, b->trades, (size_t)a->trade_count * sizeof *a->trades) != 0)
        fail_msg("%s: other trades", what);
    if (memcmp(a->equity_e8, b->equity_e8, (size_t)a->equity_count * sizeof *a->equity_e8) != 0)
        fail_msg("%s: another equity curve", what);
    if (memcmp(&a->tally, &b->tally, sizeof a->tally) != 0) fail_msg("%s: another tally", what);
    if (a->seq != b->seq || a->regime != b->regime) fail_msg("%s: another sequence number or regime", what);
    forget_unready(a->st);
    forget_unready(b->st);
    if (memcmp(a->st, b->st, sizeof *a->st) != 0) fail_msg("%s: another state behind the same hash", what);
}

/* What figures make of a curve: the drawdown machine, and each day's last equity. */
static inline void figures(const market *m, const result *r, keel_stats_drawdown *d, int64_t **days) {
    int64_t end_ms = bar_ms(m->tape.bars), start_ms = bar_ms(m->tape.trade_from);
    keel_stats_drawdown_init(d, start_ms, m->capital_e8);
    for (int64_t i = 0; i < r->equity_count; i++)
        keel_stats_drawdown_step(d, r->equity_ts_ms[i], r->equity_e8[i]);
    *days = room(keel_stats_day_count(start_ms, end_ms), sizeof **days);
    keel_stats_daily_equity(r->equity_ts_ms, r->equity_e8, r->equity_count, start_ms, end_ms, m->capital_e8, *days);
}

/* Lean runs leave out samples that change no figure, and nothing else. */
static inline void compare_lean(market *m, const char *what, result *plain) {
    static const int32_t caps[] = {65, 4096};
    keel_stats_drawdown whole_fall, lean_fall;
    int64_t *whole_days, *lean_days;
    run(m);
    result all = keep(m);
    figures(m, &all, &whole_fall, &whole_days);
    for (size_t i = 0; i < 2 * COUNT(caps); i++) {
        if (i >= COUNT(caps)) make_extremes(m, i % 2 == 0 ? KEEL_TAPE_EXTREMES : 1);
        run_over_windows(m, caps[i % COUNT(caps)], 1);
        if (i >= COUNT(caps)) drop_extremes(m);
        result lean = keep(m);
        figures(m, &lean, &lean_fall, &lean_days);
        assert_true(lean.equity_count <= all.equity_count);
        if (memcmp(&whole_fall, &lean_fall, sizeof whole_fall) != 0) fail_msg("%s: another drawdown", what);
        int64_t days = keel_stats_day_count(bar_ms(m->tape.trade_from), bar_ms(m->tape.bars));
        if (memcmp(whole_days, lean_days, (size_t)days * sizeof *lean_days) != 0) fail_msg("%s: another day", what);
        for (int64_t t = 0; t < lean.trade_count && t < plain->trade_count; t++)
            lean.trades[t].regime = plain->trades[t].regime;
        lean.regime = plain->regime;
        lean.equity_count = plain->equity_count = 0;
        same(what, plain, &lean);
        free(lean_days);
        result_free(&lean);
    }
    free(whole_days);
    result_free(&all);
}

/* Plain loop against windows of several lengths. Returns bars passed. */
static inline int64_t compare(market *m, const char *what) {
    static const int32_t caps[] = {1, 37, 4096};
    int64_t passed = 0;
    run(m);
    result plain = keep(m);
    for (size_t i = 0; i < 2 * COUNT(caps); i++) { /* with an equity curve, and without: then bars may be silent */
        int curve = i < COUNT(caps);
        m->equity_cap = curve ? 0 : -1;
        run_over_windows(m, caps[i % COUNT(caps)], 0);
        m->equity_cap = 0;
        result quick = keep(m);
        if (!curve) {
            assert_int_equal(quick.equity_count, 0);
            plain.equity_count = 0;
        }
        same(what, &plain, &quick);
        passed = quick.passed;
        result_free(&quick);
    }
    assert_int_equal(plain.passed, 0);
    compare_lean(m, what, &plain);
    result_free(&plain);
    return passed;
}

#endif
