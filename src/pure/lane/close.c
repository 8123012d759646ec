/* lane/close.c: see run.h. The close of a main bar: signals, context, decisions. */
#include "lane/run.h"

#include "num/int.h"
#include "num/warm.h"

KEEL_FN void keel_lane_range_event(int32_t kind, int32_t symbol, const keel_piece *piece, keel_event *ev) {
    keel_event_blank(kind, symbol, piece->close_ms, ev);
    ev->price_e8 = piece->close_e8;
    ev->open_e8 = piece->open_e8;
    ev->high_e8 = piece->high_e8;
    ev->low_e8 = piece->low_e8;
}

KEEL_FN void keel_lane_update_signals(keel_run *r, int32_t symbol, int64_t k) {
    const keel_tape_symbol *s = &r->tape->sym[symbol];
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    if (r->window) {
        if (s->close_e8[k] != 0) keel_window_snapshot(&r->window->sym[symbol], k - r->window->from, &r->snaps[symbol]);
        return;
    }
    if (s->close_e8[k] == 0) {
        if (ls->first_bar >= 0) ls->missing++;
        return;
    }
    if (ls->missing > (int64_t)keel_run_params(r, symbol)->max_gap_bars) {
        keel_signal_set_reset_gap(&r->sets[symbol]);
        r->snaps[symbol].ready = 0;
    }
    ls->missing = 0;
    if (ls->first_bar < 0) ls->first_bar = k;
    keel_ohlcv bar;
    bar.open = keel_e8_to_f64(s->open_e8[k]);
    bar.high = keel_e8_to_f64(s->high_e8[k]);
    bar.low = keel_e8_to_f64(s->low_e8[k]);
    bar.close = keel_e8_to_f64(s->close_e8[k]);
    bar.volume = s->volume[k];
    keel_signal_set_step(&r->sets[symbol], &bar, r->tape->start_ms + k * r->tape->interval_ms, &r->snaps[symbol]);
}

/* A symbol whose bar is missing now does not count. */
KEEL_LOCAL void keel_lane_breadth(keel_run *r, int32_t sleeve, int64_t k) {
    keel_lane_context *c = &r->lane->context[sleeve];
    keel_breadth sum;
    keel_breadth_init(&sum);
    for (int32_t i = 0; i < r->tape->symbol_count; i++)
        if (r->tape->sym[i].sleeve == sleeve && r->tape->sym[i].close_e8[k] != 0)
            (void)keel_breadth_add(&sum, &r->snaps[i]);
    keel_universe_view view = keel_breadth_done(&sum);
    if (view.has_breadth) c->breadth = view.breadth;
    int32_t on = keel_trend_gate_step(&c->gate, &view, r->tape->start_ms + (k + 1) * r->tape->interval_ms);
    if (view.has_breadth || view.has_adx) c->regime_gate = on ? KEEL_TRUE : KEEL_FALSE;
}

KEEL_FN void keel_lane_regime(keel_run *r, int64_t k) {
    const keel_tape *tape = r->tape;
    if (r->out->lean && !keel_run_minds_regime(r)) return; /* nobody is told */
    for (int32_t s = 0; s < tape->sleeve_count; s++) {
        int32_t btc = tape->btc[s];
        if (btc < 0) continue;
        int64_t close_e8 = tape->sym[btc].close_e8[k];
        if (close_e8 != 0)
            r->lane->regime = keel_regime_step(&r->lane->detector, tape->start_ms + (k + 1) * tape->interval_ms,
                                               keel_e8_to_f64(close_e8));
        return;
    }
}

#define KEEL_LANE_HOUR_MS ((int64_t)3600000)

/* Of the bars that close within an hour the detector keeps only the last; one that closes with the hour stands for it.
 */
KEEL_FN void keel_lane_regimes(keel_run *r, int64_t from, int64_t to) {
    const keel_tape *tape = r->tape;
    KEEL_GLOBAL const int64_t *close_e8 = (KEEL_GLOBAL const int64_t *)0;
    for (int32_t s = 0; s < tape->sleeve_count && !close_e8; s++)
        if (tape->btc[s] >= 0) close_e8 = tape->sym[tape->btc[s]].close_e8;
    while (close_e8 && from < to) {
        int64_t ts_ms = tape->start_ms + (from + 1) * tape->interval_ms;
        int64_t left_ms = KEEL_LANE_HOUR_MS - 1 - (ts_ms + KEEL_LANE_HOUR_MS - 1) % KEEL_LANE_HOUR_MS;
        int64_t last = from;
        if (left_ms > 0 && r->lane->detector.hours > 0) last = from + (left_ms - 1) / tape->interval_ms;
        if (last > to - 1) last = to - 1;
        int64_t seen = last;
        while (seen > from && close_e8[seen] == 0)
            seen--;
        keel_lane_regime(r, seen);
        from = last + 1;
    }
}

KEEL_FN void keel_lane_contexts(keel_run *r, int64_t k) {
    keel_lane_regime(r, k);
    for (int32_t s = 0; s < r->tape->sleeve_count; s++) {
        keel_lane_context *c = &r->lane->context[s];
        int32_t btc = r->tape->btc[s];
        c->btc_bullish = KEEL_UNKNOWN;
        if (btc >= 0 && r->tape->sym[btc].close_e8[k] != 0) {
            const keel_snapshot *b = &r->snaps[btc];
            if (KEEL_SNAPSHOT_HAS(b, KEEL_SLOT_EMA_FAST) && KEEL_SNAPSHOT_HAS(b, KEEL_SLOT_EMA_SLOW))
                c->btc_bullish = b->v[KEEL_SLOT_EMA_FAST] > b->v[KEEL_SLOT_EMA_SLOW] ? KEEL_TRUE : KEEL_FALSE;
        }
        c->breadth = -1.0;
        c->regime_gate = KEEL_UNKNOWN;
        if (r->p[s].gate_breadth || r->p[s].gate_regime) keel_lane_breadth(r, s, k);
    }
}

KEEL_WARM void keel_lane_count(keel_run *r, int32_t had_position) {
    keel_lane_tally *t = &r->lane->tally;
    t->bars++;
    t->bars_in_market += had_position;
    if (r->decision.signal == KEEL_BUY || r->decision.signal == KEEL_SELL) t->signals++;
    int32_t hold = r->decision.hold_reason - KEEL_H_GATE;
    if (hold < 0 || hold >= KEEL_LANE_HOLDS) return;
    t->holds[hold]++;
    if (r->decision.hold_reason != KEEL_H_GATE) return;
    for (int32_t g = 0; g < KEEL_GATE_COUNT; g++)
        t->gate_fails[g] += (r->decision.gates_shut >> g) & 1;
}

KEEL_LOCAL void keel_lane_close_bar(keel_run *r, int32_t symbol, const keel_piece *piece, int64_t bar_open_ms) {
    keel_event ev;
    int32_t had_position = r->st->sym[symbol].pos.side != 0;
    keel_lane_range_event(KEEL_EV_BAR_CLOSE, symbol, piece, &ev);
    const keel_lane_context *c = &r->lane->context[r->tape->sym[symbol].sleeve];
    ev.btc_bullish = c->btc_bullish;
    ev.breadth = c->breadth;
    ev.regime_gate = c->regime_gate;
    ev.regime = r->lane->regime;
    if (!had_position) keel_run_turn(r, symbol);
    int32_t refused = keel_lane_feed(r, &ev, &r->snaps[symbol]);
    keel_run_turn(r, symbol);
    if (refused != KEEL_REFUSED_OK) {
        keel_lane_stop(r, refused);
        return;
    }
    keel_lane_count(r, had_position);
    keel_lane_keep_decision(r, &ev, &r->snaps[symbol]);
    /* An order from the very last bar is sent all the same: what the strategy decides must not depend on where the
     * data ends. The market lets it expire. */
    keel_lane_dispatch(r, piece, bar_open_ms);
}

/* Stage 5 of every symbol: first those that hold something, since their exits inside this range come before its close;
 * an entry of another symbol must know of them. A symbol that has had its turn is at the close already. */
KEEL_FN void keel_lane_close_bars(keel_run *r, int64_t k, int64_t bar_open_ms) {
    const keel_tape *tape = r->tape;
    for (int32_t holders = 1; holders >= 0; holders--)
        for (int32_t i = 0; i < tape->symbol_count && r->lane->fault == 0; i++) {
            const keel_symbol *s = &r->st->sym[i];
            keel_piece piece;
            if (tape->sym[i].watch_only || (holders && s->pos.side == 0)) continue;
            if (!keel_lane_piece(tape, i, k, tape->ratio - 1, &piece) || s->last_ts_ms >= piece.close_ms) continue;
            keel_lane_close_bar(r, i, &piece, bar_open_ms);
        }
}
