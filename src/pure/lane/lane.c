/* lane/lane.c: see lane.h. */
#include "lane/lane.h"

#include "lane/run.h"
#include "num/int.h"

KEEL_FN int64_t keel_lane_trade_room(const keel_tape *tape) {
    return (int64_t)tape->symbol_count * ((int64_t)tape->ratio * 2 + 2);
}

/* ---- equity ------------------------------------------------------------------------------------------------ */

KEEL_HOT void keel_lane_mark_at(keel_lane *lane, int64_t equity_e8) {
    keel_lane_tally *t = &lane->tally;
    lane->equity_e8 = equity_e8;
    if (equity_e8 > t->peak_e8) t->peak_e8 = equity_e8;
    int64_t below;
    if (!keel_sub_i64(t->peak_e8, equity_e8, &below)) below = KEEL_I64_MAX; /* more than an amount holds was lost */
    if (below > t->drawdown_e8) t->drawdown_e8 = below;
    /* A share that is clearly smaller needs no division. */
    if (t->peak_e8 <= 0 || (double)below < t->drawdown * (double)t->peak_e8 * (1.0 - 1e-12)) return;
    double share = (double)below / (double)t->peak_e8;
    if (share > t->drawdown) t->drawdown = share;
}

KEEL_FN void keel_lane_mark(keel_run *r) { keel_lane_mark_at(r->lane, keel_state_equity(r->st)); }

KEEL_FN void keel_lane_sample(keel_run *r, int64_t ts_ms) {
    keel_lane_out *o = r->out;
    if (o->equity_count >= o->equity_cap) return;
    if (o->lean && !r->lane->ended &&
        !keel_lane_curve_tells(&r->lane->curve, ts_ms, r->tape->interval_ms, r->lane->equity_e8))
        return;
    o->equity_ts_ms[o->equity_count] = ts_ms;
    o->equity_e8[o->equity_count] = r->lane->equity_e8;
    o->equity_count++;
}

/* ---- one main bar ------------------------------------------------------------------------------------------ */

KEEL_LOCAL void keel_lane_early_pieces(keel_run *r, int64_t k, int64_t bar_open_ms) {
    for (int32_t j = 0; j < r->tape->ratio - 1; j++) {
        keel_lane_open_pieces(r, k, j, bar_open_ms);
        for (int32_t i = 0; i < r->tape->symbol_count && r->lane->fault == 0; i++) {
            keel_piece piece;
            keel_event ev;
            if (r->tape->sym[i].watch_only || !keel_lane_piece(r->tape, i, k, j, &piece)) continue;
            keel_lane_range_event(KEEL_EV_PRICE, i, &piece, &ev);
            int32_t refused = keel_lane_feed(r, &ev, (const keel_snapshot *)0);
            if (refused != KEEL_REFUSED_OK) {
                keel_lane_stop(r, refused);
                return;
            }
            keel_lane_keep_decision(r, &ev, (const keel_snapshot *)0);
            keel_lane_dispatch(r, &piece, bar_open_ms);
        }
        keel_lane_mark(r);
    }
}

/* Moves lane->bar to the next bar, or on past the quiet ones. */
KEEL_LOCAL void keel_lane_bar(keel_run *r) {
    const keel_tape *tape = r->tape;
    const int64_t k = r->lane->bar;
    int64_t bar_open_ms = tape->start_ms + k * tape->interval_ms;
    int32_t last = tape->ratio - 1;
    int32_t trades = k >= tape->trade_from;
    if (!trades && keel_lane_stretch_history(r)) return;
    if (trades) {
        /* Orders fill at the open of a bar; what is left of it may be quiet. With detail a whole bar is or is not. */
        if (last > 0) keel_lane_pass_quiet(r);
        if (r->lane->bar != k) return;
        keel_lane_early_pieces(r, k, bar_open_ms);
        keel_lane_open_pieces(r, k, last, bar_open_ms);
        if (last == 0) keel_lane_pass_quiet(r);
        if (r->lane->bar != k) return;
    }
    for (int32_t i = 0; i < tape->symbol_count; i++)
        keel_lane_update_signals(r, i, k);
    keel_lane_contexts(r, k);
    if (trades) {
        keel_lane_close_bars(r, k, bar_open_ms);
        keel_lane_mark(r);
        if (k < tape->bars - 1) keel_lane_sample(r, bar_open_ms + tape->interval_ms);
    }
    if (r->lane->fault == 0) r->lane->bar = k + 1;
}

/* ---- the end ----------------------------------------------------------------------------------------------- */

KEEL_LOCAL void keel_lane_expire(keel_run *r, int32_t symbol, int64_t ts_ms) {
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    keel_event reject;
    if (ls->order.id == 0) return;
    keel_event_blank(KEEL_EV_REJECT, symbol, ts_ms, &reject);
    reject.order_id = ls->order.id;
    keel_market_clear(&ls->order);
    r->lane->tally.unfilled++;
    int32_t refused = keel_lane_feed(r, &reject, (const keel_snapshot *)0);
    if (refused != KEEL_REFUSED_OK) keel_lane_stop(r, refused);
}

KEEL_LOCAL void keel_lane_close_out(keel_run *r, int32_t symbol, int64_t ts_ms, int64_t bar_open_ms) {
    const keel_symbol *s = &r->st->sym[symbol];
    keel_event ev, fill;
    if (s->pos.side == 0) return;
    keel_event_blank(KEEL_EV_SIGNAL, symbol, ts_ms, &ev);
    ev.price_e8 = s->last_px_e8;
    ev.signal = KEEL_CLOSE;
    ev.reason = KEEL_X_END_OF_DATA;
    int32_t refused = keel_lane_feed(r, &ev, (const keel_snapshot *)0);
    if (refused != KEEL_REFUSED_OK || r->decision.command_count == 0) {
        keel_lane_stop(r, refused != KEEL_REFUSED_OK ? refused : KEEL_REFUSED_NO_POSITION);
        return;
    }
    keel_lane_keep_decision(r, &ev, (const keel_snapshot *)0);
    keel_command c = r->decision.command[0];
    r->lane->sym[symbol].exit_trigger = KEEL_TRIGGER_NONE;
    r->lane->sym[symbol].exit_ambiguous = 0;
    if (!keel_market_fill(c.id, ++r->lane->fill_id, symbol, c.side, c.qty_e8, ev.price_e8, ts_ms,
                          keel_run_params(r, symbol)->slippage_bps, &s->rules, &fill)) {
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
        return;
    }
    keel_lane_fill(r, &fill, bar_open_ms);
}

KEEL_LOCAL void keel_lane_end(keel_run *r) {
    const keel_tape *tape = r->tape;
    int64_t end_ms = tape->start_ms + tape->bars * tape->interval_ms;
    for (int32_t i = 0; i < tape->symbol_count && r->lane->fault == 0; i++) {
        if (tape->sym[i].watch_only) continue;
        keel_lane_settle(r, i, end_ms, 0); /* what fell due in a hole that reaches the end */
        keel_lane_accrue_hole(r, i, end_ms, r->st->sym[i].last_px_e8);
        keel_lane_expire(r, i, end_ms);
        if (r->lane->close_at_end) keel_lane_close_out(r, i, end_ms, end_ms - tape->interval_ms);
    }
    keel_lane_mark(r);
    r->lane->ended = 1;
    keel_lane_sample(r, end_ms);
}

/* ---- contract ---------------------------------------------------------------------------------------------- */

KEEL_LOCAL void keel_lane_clear_tally(keel_lane_tally *t) {
    t->trades = 0;
    t->wins = 0;
    t->losses = 0;
    t->gross_profit_e8 = 0;
    t->gross_loss_e8 = 0;
    t->peak_e8 = 0;
    t->drawdown_e8 = 0;
    t->drawdown = 0.0;
    t->bars = 0;
    t->bars_in_market = 0;
    t->signals = 0;
    t->rejected = 0;
    t->unfilled = 0;
    t->funding_events = 0;
    for (int32_t i = 0; i < KEEL_LANE_HOLDS; i++)
        t->holds[i] = 0;
    for (int32_t i = 0; i < KEEL_GATE_COUNT; i++)
        t->gate_fails[i] = 0;
}

/* Settlements before the first bar that trades are history: they only tell the strategy the last rate. */
KEEL_FN int32_t keel_lane_init(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                               int64_t capital_e8, int32_t close_at_end) {
    keel_event deposit;
    keel_decision decision;
    keel_trend_gate_params gate = keel_trend_gate_defaults();
    lane->bar = 0;
    lane->passed = 0;
    lane->seq = 1;
    lane->fill_id = 0;
    lane->equity_e8 = capital_e8;
    lane->fault = 0;
    lane->close_at_end = close_at_end;
    lane->ended = 0;
    lane->regime = KEEL_REGIME_UNKNOWN;
    lane->by_regime = 0;
    lane->reserved = 0;
    for (int32_t i = 0; i < tape->sleeve_count; i++) {
        lane->context[i].btc_bullish = KEEL_UNKNOWN;
        lane->context[i].regime_gate = KEEL_UNKNOWN;
        lane->context[i].breadth = -1.0;
        keel_trend_gate_init(&lane->context[i].gate, &gate);
    }
    keel_regime_init(&lane->detector);
    keel_lane_clear_tally(&lane->tally);
    lane->tally.peak_e8 = capital_e8;
    lane->curve.peak_e8 = capital_e8;
    lane->curve.least_e8 = capital_e8;
    lane->curve.fall_e8 = 0;
    lane->curve.share = 0.0;
    lane->curve.below = 0;
    lane->curve.reserved = 0;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        keel_market_clear(&lane->sym[i].order);
        lane->sym[i].funding_at = 0;
        lane->sym[i].missing = 0;
        lane->sym[i].first_bar = -1;
        lane->sym[i].entry_regime = KEEL_REGIME_UNKNOWN;
        lane->sym[i].exit_trigger = KEEL_TRIGGER_NONE;
        lane->sym[i].exit_ambiguous = 0;
        lane->sym[i].set = tape->sym[i].sleeve;
    }
    keel_state_init(st, tape->symbol_count);
    keel_event_blank(KEEL_EV_DEPOSIT, 0, tape->start_ms, &deposit);
    deposit.seq = 1;
    deposit.price_e8 = capital_e8;
    return keel_step(st, p, &deposit, (const keel_snapshot *)0, &decision, (keel_diag *)0);
}

KEEL_FN int32_t keel_lane_full(const keel_tape *tape, const keel_lane_out *out) {
    int64_t room = keel_lane_trade_room(tape);
    return (out->trade_cap > 0 && out->trade_cap - out->trade_count < room) ||
           (out->decision_cap > 0 && out->decision_cap - out->decision_count < room) ||
           (out->equity_cap > 0 && out->equity_count >= out->equity_cap);
}

KEEL_FN int32_t keel_lane_advance(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                                  keel_signal_set *sets, keel_snapshot *snaps, const keel_window *window,
                                  keel_lane_out *out) {
    keel_run run;
    run.lane = lane;
    run.st = st;
    run.p = p;
    run.tape = tape;
    run.sets = sets;
    run.snaps = snaps;
    run.window = window;
    run.out = out;
    run.may_pass = keel_lane_may_pass(&run);
    run.silent_to = 0;
    run.alone = keel_lane_may_alone(&run);
    run.crowd = !run.alone && keel_lane_may_crowd(&run);
    while (lane->bar < tape->bars) {
        if (keel_lane_full(tape, out)) return KEEL_LANE_DRAIN;
        if (window && lane->bar >= window->from + window->count) return KEEL_LANE_WINDOW;
        if (run.alone && lane->bar >= tape->trade_from)
            keel_lane_alone(&run);
        else if (run.crowd && lane->bar >= tape->trade_from)
            keel_lane_crowd(&run);
        else
            keel_lane_bar(&run);
        if (lane->fault != 0) return KEEL_LANE_FAULT;
    }
    if (!lane->ended) {
        if (keel_lane_full(tape, out)) return KEEL_LANE_DRAIN;
        keel_lane_end(&run);
    }
    return lane->fault != 0 ? KEEL_LANE_FAULT : KEEL_LANE_DONE;
}

KEEL_FN void keel_lane_end_of(const keel_state *st, const keel_params *p, keel_lane_ending *ret) {
    int64_t equity_e8 = 0;
    ret->open_positions = 0;
    ret->open_price_e8 = 0;
    ret->open_fees_e8 = 0;
    ret->open_funding_e8 = 0;
    ret->open_slippage_e8 = 0;
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        if (s->pos.side == 0) continue;
        ret->open_positions++;
        ret->open_price_e8 += s->pos.realised_e8 + s->open_pnl_e8 + s->pos.slippage_e8;
        ret->open_fees_e8 += s->pos.fees_e8 + s->close_cost_e8;
        ret->open_funding_e8 += s->pos.funding_e8;
        ret->open_slippage_e8 += s->pos.slippage_e8;
    }
    ret->sound = keel_ledger_balanced(&st->acct) && keel_state_equity_full(st, p->taker_fee_bps, &equity_e8) &&
                 equity_e8 == keel_state_equity(st);
    ret->reserved = 0;
    ret->final_e8 = equity_e8;
    ret->state_hash = keel_state_hash(st);
}
