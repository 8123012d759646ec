/* lane/lane.c: see lane.h. */
#include "lane/lane.h"

#include "num/int.h"

#define KEEL_LANE_JITTER_MS 60000 /* venues stamp settlements some ms after the hour */

/* One traded range. */
typedef struct keel_piece {
    int64_t open_ms, close_ms;
    int64_t open_e8, high_e8, low_e8, close_e8;
    double volume;
} keel_piece;

/* Everything one run needs, so that the stages below read like the list in lane.h. */
typedef struct keel_run {
    keel_lane *lane;
    keel_state *st;
    const keel_params *p;
    const keel_tape *tape;
    keel_signal_set *sets;
    keel_snapshot *snaps;
    keel_lane_out *out;
    keel_decision decision;
    keel_diag diag;
} keel_run;

KEEL_FN int64_t keel_lane_trade_room(const keel_tape *tape) {
    return (int64_t)tape->symbol_count * ((int64_t)tape->ratio * 2 + 2);
}

KEEL_LOCAL int32_t keel_lane_feed(keel_run *r, keel_event *ev, const keel_snapshot *snap) {
    ev->seq = ++r->lane->seq;
    /* Diagnostics are written only for whoever keeps them. */
    return keel_step(r->st, r->p, ev, snap, &r->decision, r->out->decision_cap > 0 ? &r->diag : (keel_diag *)0);
}

KEEL_LOCAL void keel_lane_stop(keel_run *r, int32_t refused) {
    if (r->lane->fault == 0) r->lane->fault = refused;
}

KEEL_LOCAL void keel_lane_keep_trade(keel_run *r, int64_t bar_open_ms) {
    keel_lane_tally *t = &r->lane->tally;
    keel_trade *trade = &r->decision.trade;
    const keel_lane_symbol *ls = &r->lane->sym[trade->symbol];
    t->trades++;
    trade->trade_id = t->trades;
    trade->regime = ls->entry_regime;
    trade->flags = 0;
    if (ls->exit_trigger != KEEL_TRIGGER_NONE) trade->flags |= KEEL_TRADE_INTRABAR;
    if (ls->exit_ambiguous) trade->flags |= KEEL_TRADE_AMBIGUOUS;
    if (trade->entry_ts_ms >= bar_open_ms && ls->exit_trigger != KEEL_TRIGGER_NONE) trade->flags |= KEEL_TRADE_ONE_BAR;
    if (trade->exit_reason == KEEL_X_END_OF_DATA) trade->flags |= KEEL_TRADE_FORCED;
    if (trade->pnl_e8 > 0) {
        t->wins++;
        t->gross_profit_e8 += trade->pnl_e8;
    } else {
        if (trade->pnl_e8 < 0) t->losses++;
        t->gross_loss_e8 -= trade->pnl_e8;
    }
    if (r->out->trade_count < r->out->trade_cap) {
        r->out->trades[r->out->trade_count] = *trade;
        r->out->trade_count++;
    }
}

/* Free cash does not cover what the fill opens: the venue executes what only closes and refuses the rest. Leaves the
 * last decision of the fill, not of the REJECT, in r->decision. */
KEEL_LOCAL int32_t keel_lane_fill_what_closes(keel_run *r, keel_event *fill) {
    const keel_position *pos = &r->st->sym[fill->symbol].pos;
    int32_t closes = pos->side == -fill->side;
    keel_event reject;
    r->lane->tally.rejected++;
    keel_event_blank(KEEL_EV_REJECT, fill->symbol, fill->ts_ms, &reject);
    reject.order_id = fill->order_id;
    if (closes) {
        fill->qty_e8 = pos->qty_e8;
        fill->last_of_order = 0;
        int32_t refused = keel_lane_feed(r, fill, (const keel_snapshot *)0);
        if (refused != KEEL_REFUSED_OK) return refused;
    }
    keel_decision kept = r->decision;
    int32_t refused = keel_lane_feed(r, &reject, (const keel_snapshot *)0);
    if (refused == KEEL_REFUSED_OK && closes) r->decision = kept;
    return refused;
}

/* Book a fill that the market made. */
KEEL_LOCAL void keel_lane_fill(keel_run *r, keel_event *fill, int64_t bar_open_ms) {
    int32_t regime = r->lane->regime;
    int32_t refused = keel_lane_feed(r, fill, (const keel_snapshot *)0);
    if (refused == KEEL_REFUSED_INSUFFICIENT_CASH) refused = keel_lane_fill_what_closes(r, fill);
    if (refused != KEEL_REFUSED_OK) {
        keel_lane_stop(r, refused);
        return;
    }
    if (r->decision.trade_count) keel_lane_keep_trade(r, bar_open_ms);
    for (int32_t i = 0; i < r->decision.posting_count; i++)
        if (r->decision.posting[i].kind == KEEL_POST_OPEN) r->lane->sym[fill->symbol].entry_regime = regime;
}

/* Hand the step's command to the market: a triggered one executes inside this range, another waits. In a range that
 * nobody traded nothing executes: a level touched there leaves at the next open that has volume. */
KEEL_LOCAL void keel_lane_dispatch(keel_run *r, const keel_piece *piece, int64_t bar_open_ms) {
    if (r->decision.command_count == 0) return;
    keel_command c = r->decision.command[0];
    keel_lane_symbol *ls = &r->lane->sym[c.symbol];
    keel_event fill;
    int32_t inside = c.trigger_kind != KEEL_TRIGGER_NONE && piece->volume > 0.0;
    if (c.kind == KEEL_CMD_CLOSE || c.kind == KEEL_CMD_PARTIAL_CLOSE || c.kind == KEEL_CMD_REVERSE) {
        ls->exit_trigger = inside ? c.trigger_kind : KEEL_TRIGGER_NONE;
        ls->exit_ambiguous = c.ambiguous;
    }
    if (!inside) {
        keel_market_accept(&ls->order, &c);
        return;
    }
    keel_market_clear(&ls->order);
    if (!keel_market_fill(c.id, ++r->lane->fill_id, c.symbol, c.side, c.qty_e8,
                          keel_market_trigger_price(&c, piece->open_e8), piece->close_ms, r->p->slippage_bps,
                          &r->st->sym[c.symbol].rules, &fill)) {
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
        return;
    }
    keel_lane_fill(r, &fill, bar_open_ms);
}

/* Keep what the last step decided, when it said anything. */
KEEL_LOCAL void keel_lane_keep_decision(keel_run *r, const keel_event *ev, const keel_snapshot *snap) {
    keel_lane_out *o = r->out;
    if (o->decision_count >= o->decision_cap) return;
    if (r->decision.command_count == 0 && r->decision.signal == KEEL_NEUTRAL) return;
    KEEL_GLOBAL keel_lane_decision *d = &o->decisions[o->decision_count];
    o->decision_count++;
    d->ts_ms = ev->ts_ms;
    d->price_e8 = ev->price_e8;
    d->symbol = ev->symbol;
    d->regime = r->lane->regime;
    d->has_command = r->decision.command_count;
    d->has_snapshot = snap != (const keel_snapshot *)0;
    if (r->decision.command_count) d->command = r->decision.command[0];
    d->diag = r->diag;
    if (snap) d->snap = *snap;
}

/* ---- one piece of one symbol ------------------------------------------------------------------------------- */

/* Piece j of bar k. A main bar whose detail is missing altogether is one piece, the last. Returns 0 when the symbol
 * did not trade in this piece. */
KEEL_LOCAL int32_t keel_lane_piece(const keel_tape *tape, int32_t symbol, int64_t k, int32_t j, keel_piece *ret) {
    const keel_tape_symbol *s = &tape->sym[symbol];
    int64_t piece_ms = tape->interval_ms / tape->ratio;
    if (s->close_e8[k] == 0) return 0;
    ret->open_ms = tape->start_ms + k * tape->interval_ms + (int64_t)j * piece_ms;
    ret->close_ms = ret->open_ms + piece_ms;
    if (tape->ratio > 1 && s->detail_close_e8) {
        int64_t first = k * tape->ratio, at = first + j;
        int32_t any = 0;
        if (s->detail_close_e8[at] != 0) {
            ret->open_e8 = s->detail_open_e8[at];
            ret->high_e8 = s->detail_high_e8[at];
            ret->low_e8 = s->detail_low_e8[at];
            ret->close_e8 = s->detail_close_e8[at];
            ret->volume = s->detail_volume[at];
            return 1;
        }
        for (int32_t i = 0; i < tape->ratio; i++)
            any |= s->detail_close_e8[first + i] != 0;
        if (any && j < tape->ratio - 1) return 0;
        if (any) { /* the last piece is missing: nothing traded, price stays */
            ret->open_e8 = ret->high_e8 = ret->low_e8 = ret->close_e8 = s->close_e8[k];
            ret->volume = 0.0;
            return 1;
        }
    }
    if (j < tape->ratio - 1) return 0;
    ret->open_ms = tape->start_ms + k * tape->interval_ms;
    ret->open_e8 = s->open_e8[k];
    ret->high_e8 = s->high_e8[k];
    ret->low_e8 = s->low_e8[k];
    ret->close_e8 = s->close_e8[k];
    ret->volume = s->volume[k];
    return 1;
}

/* Settle everything due before `until_ms` at mark price; 0 = the last seen price. */
KEEL_LOCAL void keel_lane_settle(keel_run *r, int32_t symbol, int64_t until_ms, int64_t mark_e8) {
    const keel_tape_symbol *s = &r->tape->sym[symbol];
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    if (mark_e8 == 0) mark_e8 = r->st->sym[symbol].last_px_e8;
    while (ls->funding_at < s->funding_count && s->funding_ts_ms[ls->funding_at] < until_ms && r->lane->fault == 0) {
        keel_event ev;
        keel_event_blank(KEEL_EV_FUNDING, symbol, s->funding_ts_ms[ls->funding_at], &ev);
        ev.price_e8 = mark_e8;
        ev.rate_e16 = s->funding_rate_e16[ls->funding_at];
        ls->funding_at++;
        if (mark_e8 <= 0) continue; /* before the first price of the symbol: nothing can be held */
        int32_t refused = keel_lane_feed(r, &ev, (const keel_snapshot *)0);
        if (refused == KEEL_REFUSED_OK)
            r->lane->tally.funding_events += r->decision.posting_count;
        else if (refused != KEEL_REFUSED_DUPLICATE)
            keel_lane_stop(r, refused);
    }
}

/* Interest on spot loans at px: one event per full hour that ends in (from, until]. */
KEEL_LOCAL void keel_lane_accrue(keel_run *r, int32_t symbol, int64_t from_ms, int64_t until_ms, int64_t px_e8) {
    const keel_symbol *s = &r->st->sym[symbol];
    if (s->rules.market != KEEL_SPOT || s->pos.side == 0) return;
    for (int64_t hour = (from_ms / 3600000 + 1) * 3600000; hour <= until_ms && r->lane->fault == 0; hour += 3600000) {
        keel_event ev;
        keel_event_blank(KEEL_EV_BORROW, symbol, hour, &ev);
        ev.price_e8 = px_e8;
        if (!keel_f64_round_i64(r->p->borrow_rate_annual / (365.0 * 24.0) * 1e16, &ev.rate_e16)) return;
        int32_t refused = keel_lane_feed(r, &ev, (const keel_snapshot *)0);
        if (refused != KEEL_REFUSED_OK) keel_lane_stop(r, refused);
    }
}

/* Hours since the symbol's last range, when bars are missing between: nothing at the next piece's open otherwise. */
KEEL_LOCAL void keel_lane_accrue_hole(keel_run *r, int32_t symbol, int64_t until_ms, int64_t px_e8) {
    const keel_symbol *s = &r->st->sym[symbol];
    if (s->pos.side == 0) return;
    keel_lane_accrue(r, symbol, s->last_ts_ms > s->pos.opened_ms ? s->last_ts_ms : s->pos.opened_ms, until_ms, px_e8);
}

/* Stages 1 to 3. */
KEEL_LOCAL void keel_lane_open_piece(keel_run *r, int32_t symbol, const keel_piece *piece, int64_t bar_open_ms) {
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    keel_lane_settle(r, symbol, piece->open_ms + KEEL_LANE_JITTER_MS, piece->open_e8);
    keel_lane_accrue_hole(r, symbol, piece->open_ms, piece->open_e8);
    if (ls->order.id != 0 && piece->volume > 0.0 && r->lane->fault == 0) {
        keel_event fill;
        keel_market_order o = ls->order;
        keel_market_clear(&ls->order);
        if (!keel_market_fill(o.id, ++r->lane->fill_id, symbol, o.side, o.qty_e8, piece->open_e8, piece->open_ms,
                              r->p->slippage_bps, &r->st->sym[symbol].rules, &fill)) {
            keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
            return;
        }
        keel_lane_fill(r, &fill, bar_open_ms);
    }
    keel_lane_settle(r, symbol, piece->close_ms, piece->open_e8);
    keel_lane_accrue(r, symbol, piece->open_ms, piece->close_ms, piece->open_e8);
}

KEEL_LOCAL void keel_lane_range_event(int32_t kind, int32_t symbol, const keel_piece *piece, keel_event *ev) {
    keel_event_blank(kind, symbol, piece->close_ms, ev);
    ev->price_e8 = piece->close_e8;
    ev->open_e8 = piece->open_e8;
    ev->high_e8 = piece->high_e8;
    ev->low_e8 = piece->low_e8;
}

/* ---- closed bars ------------------------------------------------------------------------------------------- */

KEEL_LOCAL void keel_lane_update_signals(keel_run *r, int32_t symbol, int64_t k) {
    const keel_tape_symbol *s = &r->tape->sym[symbol];
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    if (s->close_e8[k] == 0) {
        if (ls->first_bar >= 0) ls->missing++;
        return;
    }
    if (ls->missing > (int64_t)r->p->max_gap_bars) {
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

/* What the market as a whole says at this close: direction of bitcoin, breadth, trend gate, regime. A symbol whose bar
 * is missing now does not count. */
KEEL_LOCAL void keel_lane_context(keel_run *r, int64_t k) {
    keel_lane *lane = r->lane;
    int64_t close_ms = r->tape->start_ms + (k + 1) * r->tape->interval_ms;
    int32_t btc = r->tape->btc;
    lane->btc_bullish = KEEL_UNKNOWN;
    if (btc >= 0 && r->tape->sym[btc].close_e8[k] != 0) {
        const keel_snapshot *b = &r->snaps[btc];
        if (KEEL_SNAPSHOT_HAS(b, KEEL_SLOT_EMA_FAST) && KEEL_SNAPSHOT_HAS(b, KEEL_SLOT_EMA_SLOW))
            lane->btc_bullish = b->v[KEEL_SLOT_EMA_FAST] > b->v[KEEL_SLOT_EMA_SLOW] ? KEEL_TRUE : KEEL_FALSE;
        lane->regime = keel_regime_step(&lane->detector, close_ms, keel_e8_to_f64(r->tape->sym[btc].close_e8[k]));
    }
    lane->breadth = -1.0;
    lane->regime_gate = KEEL_UNKNOWN;
    if (!r->p->gate_breadth && !r->p->gate_regime) return;
    keel_breadth sum;
    keel_breadth_init(&sum);
    for (int32_t i = 0; i < r->tape->symbol_count; i++)
        if (r->tape->sym[i].close_e8[k] != 0) (void)keel_breadth_add(&sum, &r->snaps[i]);
    keel_universe_view view = keel_breadth_done(&sum);
    if (view.has_breadth) lane->breadth = view.breadth;
    int32_t on = keel_trend_gate_step(&lane->gate, &view, close_ms);
    if (view.has_breadth || view.has_adx) lane->regime_gate = on ? KEEL_TRUE : KEEL_FALSE;
}

KEEL_LOCAL void keel_lane_count(keel_run *r, int32_t had_position) {
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
    ev.btc_bullish = r->lane->btc_bullish;
    ev.breadth = r->lane->breadth;
    ev.regime_gate = r->lane->regime_gate;
    ev.regime = r->lane->regime;
    int32_t refused = keel_lane_feed(r, &ev, &r->snaps[symbol]);
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
KEEL_LOCAL void keel_lane_close_bars(keel_run *r, int64_t k, int64_t bar_open_ms) {
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

/* ---- equity ------------------------------------------------------------------------------------------------ */

KEEL_LOCAL void keel_lane_mark(keel_run *r) {
    keel_lane_tally *t = &r->lane->tally;
    int64_t equity = keel_state_equity(r->st);
    r->lane->equity_e8 = equity;
    if (equity > t->peak_e8) t->peak_e8 = equity;
    int64_t below = t->peak_e8 - equity;
    if (below > t->drawdown_e8) t->drawdown_e8 = below;
    double share = t->peak_e8 > 0 ? (double)below / (double)t->peak_e8 : 0.0;
    if (share > t->drawdown) t->drawdown = share;
}

KEEL_LOCAL void keel_lane_sample(keel_run *r, int64_t ts_ms) {
    keel_lane_out *o = r->out;
    if (o->equity_count >= o->equity_cap) return;
    o->equity_ts_ms[o->equity_count] = ts_ms;
    o->equity_e8[o->equity_count] = r->lane->equity_e8;
    o->equity_count++;
}

/* ---- one main bar ------------------------------------------------------------------------------------------ */

/* Stages 1 to 3 of piece j, for every symbol before any range is looked at: money that a level frees inside this piece
 * was not there at its open. A bar without detail opens as a whole, with the first piece of the others. */
KEEL_LOCAL void keel_lane_open_pieces(keel_run *r, int64_t k, int32_t j, int64_t bar_open_ms) {
    const keel_tape *tape = r->tape;
    int32_t last = tape->ratio - 1;
    for (int32_t i = 0; i < tape->symbol_count && r->lane->fault == 0; i++) {
        keel_piece piece;
        if (tape->sym[i].watch_only) continue;
        int32_t opens = keel_lane_piece(tape, i, k, j, &piece);
        if (last > 0 && j == 0 && !opens)
            opens = keel_lane_piece(tape, i, k, last, &piece) && piece.open_ms == bar_open_ms;
        else if (last > 0 && j == last && opens)
            opens = piece.open_ms != bar_open_ms;
        if (opens) keel_lane_open_piece(r, i, &piece, bar_open_ms);
    }
}

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

KEEL_LOCAL void keel_lane_bar(keel_run *r, int64_t k) {
    const keel_tape *tape = r->tape;
    int64_t bar_open_ms = tape->start_ms + k * tape->interval_ms;
    int32_t last = tape->ratio - 1;
    int32_t trades = k >= tape->trade_from;
    if (trades) {
        keel_lane_early_pieces(r, k, bar_open_ms);
        keel_lane_open_pieces(r, k, last, bar_open_ms);
    }
    for (int32_t i = 0; i < tape->symbol_count; i++)
        keel_lane_update_signals(r, i, k);
    keel_lane_context(r, k);
    if (!trades) return;
    keel_lane_close_bars(r, k, bar_open_ms);
    keel_lane_mark(r);
    if (k < tape->bars - 1) keel_lane_sample(r, bar_open_ms + tape->interval_ms);
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
    if (!keel_market_fill(c.id, ++r->lane->fill_id, symbol, c.side, c.qty_e8, ev.price_e8, ts_ms, r->p->slippage_bps,
                          &s->rules, &fill)) {
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
    keel_lane_sample(r, end_ms);
    r->lane->ended = 1;
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
    lane->seq = 1;
    lane->fill_id = 0;
    lane->equity_e8 = capital_e8;
    lane->fault = 0;
    lane->close_at_end = close_at_end;
    lane->ended = 0;
    lane->btc_bullish = KEEL_UNKNOWN;
    lane->regime = KEEL_REGIME_UNKNOWN;
    lane->regime_gate = KEEL_UNKNOWN;
    lane->breadth = -1.0;
    keel_trend_gate_init(&lane->gate, &gate);
    keel_regime_init(&lane->detector);
    keel_lane_clear_tally(&lane->tally);
    lane->tally.peak_e8 = capital_e8;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        keel_market_clear(&lane->sym[i].order);
        lane->sym[i].funding_at = 0;
        lane->sym[i].missing = 0;
        lane->sym[i].first_bar = -1;
        lane->sym[i].entry_regime = KEEL_REGIME_UNKNOWN;
        lane->sym[i].exit_trigger = KEEL_TRIGGER_NONE;
        lane->sym[i].exit_ambiguous = 0;
        lane->sym[i].reserved = 0;
    }
    keel_state_init(st, tape->symbol_count);
    keel_event_blank(KEEL_EV_DEPOSIT, 0, tape->start_ms, &deposit);
    deposit.seq = 1;
    deposit.price_e8 = capital_e8;
    return keel_step(st, p, &deposit, (const keel_snapshot *)0, &decision, (keel_diag *)0);
}

KEEL_LOCAL int32_t keel_lane_full(const keel_tape *tape, const keel_lane_out *out) {
    int64_t room = keel_lane_trade_room(tape);
    return (out->trade_cap > 0 && out->trade_cap - out->trade_count < room) ||
           (out->decision_cap > 0 && out->decision_cap - out->decision_count < room) ||
           (out->equity_cap > 0 && out->equity_count >= out->equity_cap);
}

KEEL_FN int32_t keel_lane_advance(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                                  keel_signal_set *sets, keel_snapshot *snaps, keel_lane_out *out) {
    keel_run run;
    run.lane = lane;
    run.st = st;
    run.p = p;
    run.tape = tape;
    run.sets = sets;
    run.snaps = snaps;
    run.out = out;
    while (lane->bar < tape->bars) {
        if (keel_lane_full(tape, out)) return KEEL_LANE_DRAIN;
        keel_lane_bar(&run, lane->bar);
        if (lane->fault != 0) return KEEL_LANE_FAULT;
        lane->bar++;
    }
    if (!lane->ended) {
        if (keel_lane_full(tape, out)) return KEEL_LANE_DRAIN;
        keel_lane_end(&run);
    }
    return lane->fault != 0 ? KEEL_LANE_FAULT : KEEL_LANE_DONE;
}
