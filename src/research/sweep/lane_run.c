/* research/sweep/lane_run.c: see lane_run.h. */
#include "research/sweep/lane_run.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/refusal.h"
#include "kernel/windows.h"

/* A lane with a full equity buffer does not go on, not even to its end: room beyond the last bar. */
enum { DECISIONS = 1024, TRADES_FIRST = 1024, SLICES = 64, EQUITY_SPARE = 2 };

struct keel_lane_run {
    keel_lane *lane;
    keel_state *state;
    keel_signal_set *sets;
    keel_windows *windows; /* of the last task; NULL at first */
    keel_snapshot *snaps;
    keel_trade *trades;
    keel_lane_decision *decisions; /* of a watched slice; NULL: nobody ever watched */
    int64_t *equity_ts_ms, *equity_e8;
    int64_t trade_cap, decision_cap, bars;
    int32_t symbols;
};

keel_lane_run *keel_lane_run_new(int64_t bars, int32_t symbols) {
    keel_lane_run *r = calloc(1, sizeof *r);
    size_t n = (size_t)symbols, samples = (size_t)bars + EQUITY_SPARE;
    if (!r) return NULL;
    r->bars = bars;
    r->symbols = symbols;
    r->lane = calloc(1, sizeof *r->lane);
    r->state = calloc(1, sizeof *r->state);
    r->sets = calloc(n, sizeof *r->sets);
    r->snaps = calloc(n, sizeof *r->snaps);
    r->equity_ts_ms = calloc(samples, sizeof *r->equity_ts_ms);
    r->equity_e8 = calloc(samples, sizeof *r->equity_e8);
    if (r->lane && r->state && r->sets && r->snaps && r->equity_ts_ms && r->equity_e8) return r;
    keel_lane_run_free(r);
    return NULL;
}

void keel_lane_run_free(keel_lane_run *r) {
    if (!r) return;
    free(r->lane);
    free(r->state);
    free(r->sets);
    keel_windows_free(r->windows);
    free(r->snaps);
    free(r->trades);
    free(r->decisions);
    free(r->equity_ts_ms);
    free(r->equity_e8);
    free(r);
}

int64_t keel_lane_run_bytes_for(int64_t bars, int32_t symbols) {
    size_t n = (size_t)symbols;
    return (int64_t)(sizeof(keel_lane) + sizeof(keel_state) + n * (sizeof(keel_signal_set) + sizeof(keel_snapshot)) +
                     ((size_t)bars + EQUITY_SPARE) * 2 * sizeof(int64_t));
}

int64_t keel_lane_run_bytes(const keel_lane_run *r) {
    return keel_lane_run_bytes_for(r->bars, r->symbols) + r->trade_cap * (int64_t)sizeof *r->trades;
}

static int set_up_signals(keel_lane_run *r, const keel_lane_task *t, keel_err *err) {
    size_t symbols = (size_t)t->tape->symbol_count;
    memset(r->sets, 0, symbols * sizeof *r->sets);
    memset(r->snaps, 0, symbols * sizeof *r->snaps);
    for (size_t i = 0; i < symbols; i++)
        KEEL_TRY(keel_windows_signals(t->kernel, t->params, &r->sets[i], err));
    return 0;
}

/* Room for the trades of one more bar and some; what is there stays. */
static int reserve_trades(keel_lane_run *r, int64_t count, int64_t room) {
    if (r->trade_cap - count >= room) return 1;
    int64_t cap = 2 * r->trade_cap > count + room ? 2 * r->trade_cap : count + room + TRADES_FIRST;
    keel_trade *trades = realloc(r->trades, (size_t)cap * sizeof *trades);
    if (!trades) return 0;
    r->trades = trades;
    r->trade_cap = cap;
    return 1;
}

/* Room for decisions where somebody wants to see them. */
static int reserve_decisions(keel_lane_run *r, const keel_lane_task *t, keel_lane_out *out, keel_err *err) {
    int64_t cap = keel_lane_trade_room(t->tape) + DECISIONS;
    if (!t->decided) return 0;
    if (r->decision_cap < cap) {
        free(r->decisions);
        r->decision_cap = 0;
        r->decisions = malloc((size_t)cap * sizeof *r->decisions);
        if (!r->decisions) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: decisions: close other programs");
        r->decision_cap = cap;
    }
    out->decisions = r->decisions;
    out->decision_cap = r->decision_cap;
    return 0;
}

static void hand_over(const keel_lane_task *t, keel_lane_out *out) {
    for (int64_t i = 0; i < out->decision_count; i++)
        t->decided(t->decided_data, &out->decisions[i]);
    out->decision_count = 0;
}

static void look(const keel_lane_run *r, const keel_lane_out *out, keel_lane_result *ret) {
    ret->trades = r->trades;
    ret->trade_count = out->trade_count;
    ret->equity_ts_ms = r->equity_ts_ms;
    ret->equity_e8 = r->equity_e8;
    ret->equity_count = out->equity_count;
    ret->tally = &r->lane->tally;
    ret->final_e8 = r->lane->equity_e8;
    ret->bars = r->lane->bar;
}

void keel_lane_result_end(keel_lane_result *r, const keel_lane_ending *end) {
    KEEL_ASSERT(end->sound);
    r->final_e8 = end->final_e8;
    r->state_hash = end->state_hash;
    r->open_positions = end->open_positions;
    r->open_price_e8 = end->open_price_e8;
    r->open_fees_e8 = end->open_fees_e8;
    r->open_funding_e8 = end->open_funding_e8;
    r->open_slippage_e8 = end->open_slippage_e8;
}

static void finish(keel_lane_run *r, const keel_params *p, const keel_lane_out *out, keel_lane_result *ret) {
    keel_lane_ending end;
    look(r, out, ret);
    keel_lane_end_of(r->state, p, &end);
    keel_lane_result_end(ret, &end);
}

/* Slices end at whole steps of watching and often enough to be interrupted; they do not change the result. */
static int advance(keel_lane_run *r, const keel_lane_task *t, keel_windows *windows, keel_lane_out *out,
                   keel_lane_result *ret, keel_err *err) {
    const keel_window *window = windows ? keel_windows_next(windows, 0) : NULL;
    int64_t bars = t->tape->bars - t->tape->trade_from, room = keel_lane_trade_room(t->tape);
    int32_t slices = t->steps > SLICES ? t->steps : SLICES / t->steps * t->steps, slice = 1;
    for (;;) {
        int64_t until = bars * slice / slices;
        out->equity_cap = until > out->equity_count ? until : out->equity_count + 1;
        if (!reserve_trades(r, out->trade_count, room))
            return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trades: shorten the time range");
        out->trades = r->trades;
        out->trade_cap = r->trade_cap;
        int32_t status = t->kernel->lane_advance(r->lane, r->state, t->params, t->tape, r->sets, r->snaps, window, out);
        if (status == KEEL_LANE_FAULT) return keel_refusal_of_event(r->lane, err);
        hand_over(t, out);
        if (status == KEEL_LANE_DONE) return 0;
        if (status == KEEL_LANE_WINDOW) window = keel_windows_next(windows, r->lane->bar);
        if (t->interrupted && t->interrupted())
            return keel_err_set(err, KEEL_E_INTERRUPTED, "interrupted: trial: run the command again");
        while (slice <= slices && bars * slice / slices <= out->equity_count) {
            int at_step = slice % (slices / t->steps) == 0 && slice < slices;
            if (at_step && t->watch) {
                look(r, out, ret);
                ret->stopped = t->watch(t->watch_data, ret, slice / (slices / t->steps), t->steps) != 0;
                if (ret->stopped) return 0;
            }
            slice++;
        }
        if (slice > slices) slice = slices;
    }
}

int keel_lane_run_go(keel_lane_run *r, const keel_lane_task *task, keel_lane_result *ret, keel_err *reterr) {
    const keel_tape *tape = task->tape;
    keel_lane_out out;
    KEEL_ASSERT(tape->bars - tape->trade_from <= r->bars && tape->symbol_count <= r->symbols && task->steps >= 1);
    memset(&out, 0, sizeof out);
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(set_up_signals(r, task, reterr));
    KEEL_TRY(reserve_decisions(r, task, &out, reterr));
    int32_t refused =
        task->kernel->lane_init(r->lane, r->state, task->params, tape, task->capital_e8, task->close_at_end);
    if (refused != KEEL_REFUSED_OK) return keel_refusal_of_capital(refused, reterr);
    r->lane->by_regime = task->by_regime;
    for (int32_t i = 0; i < tape->symbol_count; i++)
        r->state->sym[i].rules = task->rules[i];
    out.equity_ts_ms = r->equity_ts_ms;
    out.equity_e8 = r->equity_e8;
    if (!task->stepped) KEEL_TRY(keel_windows_again(&r->windows, task->kernel, tape, task->params, r->sets, reterr));
    KEEL_TRY(advance(r, task, task->stepped ? NULL : r->windows, &out, ret, reterr));
    finish(r, task->params, &out, ret);
    return 0;
}
