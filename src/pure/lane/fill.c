/* lane/fill.c: see run.h. From a step to the market and back: events in, commands out, fills booked, results kept. */
#include "lane/run.h"

#include "num/int.h"
#include "num/warm.h"

KEEL_FN int32_t keel_lane_feed(keel_run *r, keel_event *ev, const keel_snapshot *snap) {
    ev->seq = ++r->lane->seq;
    /* Diagnostics are written only for whoever keeps them. */
    return keel_step(r->st, keel_run_params(r, ev->symbol), ev, snap, &r->decision,
                     r->out->decision_cap > 0 ? &r->diag : (keel_diag *)0);
}

KEEL_FN void keel_lane_stop(keel_run *r, int32_t refused) {
    if (r->lane->fault == 0) r->lane->fault = refused;
}

/* Sums of a tally end where 64 bits do: a number about a run must not be what breaks it. more >= 0. */
KEEL_LOCAL int64_t keel_lane_sum(int64_t sum, int64_t more) {
    return keel_add_i64(sum, more, &sum) ? sum : KEEL_I64_MAX;
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
        t->gross_profit_e8 = keel_lane_sum(t->gross_profit_e8, trade->pnl_e8);
    } else {
        if (trade->pnl_e8 < 0) t->losses++;
        t->gross_loss_e8 = keel_lane_sum(t->gross_loss_e8, -trade->pnl_e8);
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

KEEL_LOCAL int32_t keel_lane_feed_fill(keel_run *r, keel_event *fill) {
#if KEEL_ON_HOST
    if (r->alone) {
        fill->seq = ++r->lane->seq;
        return keel_step_filled(r->st, r->p, fill, &r->decision);
    }
#endif
    return keel_lane_feed(r, fill, (const keel_snapshot *)0);
}

KEEL_WARM void keel_lane_filled(keel_run *r, keel_event *fill, int32_t refused, int64_t bar_open_ms) {
    if (refused == KEEL_REFUSED_INSUFFICIENT_CASH) refused = keel_lane_fill_what_closes(r, fill);
    if (refused != KEEL_REFUSED_OK) {
        keel_lane_stop(r, refused);
        return;
    }
    if (r->decision.trade_count) keel_lane_keep_trade(r, bar_open_ms);
    for (int32_t i = 0; i < r->decision.posting_count; i++)
        if (r->decision.posting[i].kind == KEEL_POST_OPEN) r->lane->sym[fill->symbol].entry_regime = r->lane->regime;
}

KEEL_FN void keel_lane_fill(keel_run *r, keel_event *fill, int64_t bar_open_ms) {
    keel_lane_filled(r, fill, keel_lane_feed_fill(r, fill), bar_open_ms);
}

KEEL_FN void keel_lane_accept(keel_run *r) {
    const keel_command *c = &r->decision.command[0];
    keel_lane_symbol *ls = &r->lane->sym[c->symbol];
    if (c->kind == KEEL_CMD_CLOSE || c->kind == KEEL_CMD_PARTIAL_CLOSE || c->kind == KEEL_CMD_REVERSE) {
        ls->exit_trigger = KEEL_TRIGGER_NONE;
        ls->exit_ambiguous = c->ambiguous;
    }
    keel_market_accept(&ls->order, c);
}

/* Hand the step's command to the market: a triggered one executes inside this range, another waits. In a range that
 * nobody traded nothing executes: a level touched there leaves at the next open that has volume. */
KEEL_FN void keel_lane_dispatch(keel_run *r, const keel_piece *piece, int64_t bar_open_ms) {
    if (r->decision.command_count == 0) return;
    const keel_command *c = &r->decision.command[0];
    keel_lane_symbol *ls = &r->lane->sym[c->symbol];
    keel_event fill;
    int32_t inside = c->trigger_kind != KEEL_TRIGGER_NONE && piece->volume > 0.0;
    if (!inside) {
        keel_lane_accept(r);
        return;
    }
    if (c->kind == KEEL_CMD_CLOSE || c->kind == KEEL_CMD_PARTIAL_CLOSE || c->kind == KEEL_CMD_REVERSE) {
        ls->exit_trigger = c->trigger_kind;
        ls->exit_ambiguous = c->ambiguous;
    }
    keel_market_clear(&ls->order);
    if (!keel_market_fill(c->id, ++r->lane->fill_id, c->symbol, c->side, c->qty_e8,
                          keel_market_trigger_price(c, piece->open_e8), piece->close_ms,
                          keel_run_params(r, c->symbol)->slippage_bps, &r->st->sym[c->symbol].rules, &fill)) {
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
        return;
    }
    keel_lane_fill(r, &fill, bar_open_ms);
}

/* Keep what the last step decided, when it said anything. */
KEEL_FN void keel_lane_keep_decision(keel_run *r, const keel_event *ev, const keel_snapshot *snap) {
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
