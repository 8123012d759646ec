/* core/bookkeeping.c: see bookkeeping.h. */
#include "core/bookkeeping.h"

#include "core/exit/levels.h"
#include "core/risk/cooldown.h"
#include "num/int.h"
#include "num/warm.h"

/* The next posting of the decision, which was booked, counts. */
KEEL_LOCAL const keel_posting *keel_book_keep(keel_state *st, keel_decision *ret) {
    const keel_posting *posting = &ret->posting[ret->posting_count];
    ret->posting_count++;
    keel_ledger_hash_posting(&st->chain, posting);
    return posting;
}

KEEL_FN int32_t keel_book_deposit(keel_state *st, const keel_event *ev, keel_decision *ret) {
    int32_t refused = keel_ledger_deposit(&st->acct, ev->ts_ms, ev->price_e8, ret->posting);
    if (refused == KEEL_REFUSED_OK) (void)keel_book_keep(st, ret);
    return refused;
}

KEEL_HOT int32_t keel_book_revalue(keel_state *st, const keel_params *p, keel_symbol *s) {
    int64_t pnl = 0, cost = 0, sum_pnl, sum_cost, equity;
    if (s->pos.side != 0 && !keel_ledger_worth(&s->pos, s->last_px_e8, p->taker_fee_bps, &pnl, &cost)) return 0;
    if (!keel_sub_i64(st->open_pnl_e8, s->open_pnl_e8, &sum_pnl) || !keel_add_i64(sum_pnl, pnl, &sum_pnl)) return 0;
    if (!keel_sub_i64(st->close_cost_e8, s->close_cost_e8, &sum_cost) || !keel_add_i64(sum_cost, cost, &sum_cost))
        return 0;
    if (!keel_add_i64(st->acct.cash_e8, st->acct.margin_e8, &equity) || !keel_add_i64(equity, sum_pnl, &equity) ||
        !keel_sub_i64(equity, sum_cost, &equity))
        return 0;
    st->open_pnl_e8 = sum_pnl;
    st->close_cost_e8 = sum_cost;
    s->open_pnl_e8 = pnl;
    s->close_cost_e8 = cost;
    return 1;
}

KEEL_FN int32_t keel_book_funding(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret,
                                  keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    (void)p;
    if (ev->price_e8 <= 0) return KEEL_REFUSED_PRICE;
    if (ev->rate_e16 > KEEL_E16 || ev->rate_e16 < -KEEL_E16) return KEEL_REFUSED_RATE;
    if (s->last_funding_ms != KEEL_NEVER && ev->ts_ms <= s->last_funding_ms) return KEEL_REFUSED_DUPLICATE;
    if (s->pos.side != 0) {
        int32_t refused =
            keel_ledger_settle(&st->acct, &s->pos, ev->ts_ms, ev->symbol, ev->price_e8, ev->rate_e16, ret->posting);
        if (refused != KEEL_REFUSED_OK) return refused;
        (void)keel_book_keep(st, ret);
        if (diag && st->acct.cash_e8 < 0) diag->warnings |= KEEL_WARN_CASH_NEGATIVE;
    } else if (diag) {
        diag->warnings |= KEEL_WARN_NO_POSITION;
    }
    if (s->last_funding_ms != KEEL_NEVER) s->funding_gap_ms = ev->ts_ms - s->last_funding_ms;
    s->last_funding_ms = ev->ts_ms;
    s->last_rate_e16 = ev->rate_e16;
    return KEEL_REFUSED_OK;
}

/* Nothing borrowed is nothing to book: accepted without effect. */
KEEL_FN int32_t keel_book_borrow(keel_state *st, const keel_event *ev, keel_decision *ret, keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    int32_t refused =
        keel_ledger_accrue(&st->acct, &s->pos, ev->ts_ms, ev->symbol, ev->price_e8, ev->rate_e16, ret->posting);
    if (refused == KEEL_REFUSED_NO_POSITION) {
        if (diag) diag->warnings |= KEEL_WARN_NO_POSITION;
        return KEEL_REFUSED_OK;
    }
    if (refused == KEEL_REFUSED_OK) (void)keel_book_keep(st, ret);
    return refused;
}

KEEL_LOCAL void keel_book_clear_pending(keel_state *st, keel_symbol *s) {
    if (s->pending.kind == KEEL_CMD_OPEN) st->pending_opens--;
    s->pending.id = 0;
    s->pending.kind = 0;
    s->pending.side = 0;
    s->pending.reason = 0;
    s->pending.confidence = 0;
    s->pending.points = 0;
    s->pending.part_filled = 0;
    s->pending.qty_e8 = 0;
    s->pending.entry_atr = 0.0;
    s->pending.stop_scale = 0.0;
}

KEEL_FN int32_t keel_book_reject(keel_state *st, const keel_event *ev) {
    keel_symbol *s = &st->sym[ev->symbol];
    if (ev->order_id == 0 || s->pending.id != ev->order_id) return KEEL_REFUSED_UNKNOWN_ORDER;
    if (s->pending.kind == KEEL_CMD_ADD && s->pending.part_filled) s->pos.adds_count++; /* a part of an add is one */
    keel_book_clear_pending(st, s);
    return KEEL_REFUSED_OK;
}

/* The trade that a posting ended: the position as it was before, plus the posting. */
KEEL_LOCAL void keel_book_trade(const keel_position *was, const keel_posting *end, int32_t exit_reason, keel_trade *t) {
    int64_t realised = was->realised_e8 - end->d_realised;
    t->trade_id = 0;
    t->entry_ts_ms = was->opened_ms;
    t->exit_ts_ms = end->ts_ms;
    t->symbol = end->symbol;
    t->side = was->side;
    t->confidence = was->confidence;
    t->entry_reason = was->entry_reason;
    t->exit_reason = exit_reason;
    t->flags = 0;
    t->bars_held = was->bars_held;
    t->regime = 0;
    t->qty_e8 = was->opened_qty_e8;
    t->notional_e8 = was->opened_usd_e8;
    /* One price: that price. Several: money / quantity, whose last digits depend on how money was rounded. */
    t->entry_px_e8 = was->opened_px_e8;
    t->exit_px_e8 = was->closed_usd_e8 == 0 || was->closed_px_e8 == end->px_e8 ? end->px_e8 : 0;
    if (t->entry_px_e8 == 0) (void)keel_mul_div(was->opened_usd_e8, KEEL_E8, was->opened_qty_e8, &t->entry_px_e8);
    if (t->exit_px_e8 == 0) {
        int64_t exit_usd = 0;
        (void)keel_mul_e8(end->qty_e8, end->px_e8, &exit_usd); /* fitted when it was booked */
        (void)keel_mul_div(exit_usd + was->closed_usd_e8, KEEL_E8, was->opened_qty_e8, &t->exit_px_e8);
    }
    t->fees_e8 = was->fees_e8 + end->d_fees;
    t->funding_e8 = was->funding_e8;
    t->slippage_e8 = was->slippage_e8 + end->slippage;
    t->price_pnl_e8 = realised + t->slippage_e8;
    t->pnl_e8 = realised - t->fees_e8 - t->funding_e8;
    t->mae_e8 = was->mae_e8;
    t->mfe_e8 = was->mfe_e8;
    t->stop_e8 = was->stop_e8;
    t->trail_e8 = was->trail_e8;
    t->target_e8 = was->target_e8;
    t->entry_atr = was->entry_atr;
}

KEEL_LOCAL void keel_book_ended(keel_state *st, const keel_params *p, keel_symbol *s, const keel_trade *t,
                                int32_t points) {
    if (points >= 0 && points < 6) {
        st->outcomes[points]++;
        st->profits[points] += t->pnl_e8 > 0;
    }
    st->open_positions--;
    s->last_close_ms = t->exit_ts_ms;
    s->last_close_side = t->side;
    s->last_close_reason = t->exit_reason;
    keel_cooldown_after_close(p, st, t->exit_ts_ms, t->pnl_e8);
}

/* What a new or grown position learns from the order that made it. */
KEEL_LOCAL void keel_book_grown(keel_state *st, const keel_params *p, keel_symbol *s, const keel_posting *posting,
                                int32_t known, int32_t last_of_order) {
    keel_position *pos = &s->pos;
    if (posting->kind == KEEL_POST_OPEN) {
        st->open_positions++;
        pos->confidence = known ? s->pending.confidence : KEEL_CONF_LOW;
        pos->points = known ? s->pending.points : 0;
        pos->entry_reason = known ? (s->pending.kind == KEEL_CMD_ADD ? KEEL_E_ADD : s->pending.reason) : KEEL_E_MANUAL;
        pos->entry_atr = known ? s->pending.entry_atr : 0.0;
        pos->stop_scale = known ? s->pending.stop_scale : 1.0;
        pos->first_qty_e8 = posting->qty_e8;
    } else if (known && s->pending.kind != KEEL_CMD_ADD) {
        pos->first_qty_e8 += posting->qty_e8; /* a later part of the entry order itself */
    } else if (last_of_order || !known) {
        pos->adds_count++;
    }
    keel_exit_set_levels(p, pos);
}

KEEL_LOCAL int32_t keel_book_is_repeat(const keel_symbol *s, uint64_t fill_id) {
    for (int32_t i = 0; i < KEEL_FILL_IDS; i++)
        if (s->fill_ids[i] == fill_id) return fill_id != 0;
    return 0;
}

KEEL_LOCAL void keel_book_remember_fill(keel_symbol *s, uint64_t fill_id) {
    if (fill_id == 0) return;
    s->fill_ids[s->fill_ids_at] = fill_id;
    s->fill_ids_at = (s->fill_ids_at + 1) % KEEL_FILL_IDS;
}

KEEL_WARM int32_t keel_book_fill(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret,
                                 keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    if (keel_book_is_repeat(s, ev->fill_id)) return KEEL_REFUSED_DUPLICATE;
    keel_ledger_fill fill;
    fill.ts_ms = ev->ts_ms;
    fill.qty_e8 = ev->qty_e8;
    fill.px_e8 = ev->price_e8;
    fill.ref_px_e8 = ev->ref_px_e8 > 0 ? ev->ref_px_e8 : ev->price_e8;
    fill.fee_rate_e8 = ev->fee_role == KEEL_MAKER ? p->maker_fee_bps : p->taker_fee_bps;
    fill.leverage_e8 = 0;
    (void)keel_f64_to_e8(p->leverage, &fill.leverage_e8);
    fill.side = ev->side;
    fill.symbol = ev->symbol;
    fill.fee_role = ev->fee_role;

    const keel_position was = s->pos;
    int32_t count = 0;
    int32_t refused = keel_ledger_book(&st->acct, &s->pos, &fill, ret->posting, &count);
    if (refused != KEEL_REFUSED_OK) return refused;

    int32_t known = ev->order_id != 0 && s->pending.id == ev->order_id;
    /* An order that was to close may meet a position that somebody made smaller: the rest opens, and nobody meant it.
     */
    int32_t meant = known && s->pending.kind != KEEL_CMD_CLOSE && s->pending.kind != KEEL_CMD_PARTIAL_CLOSE;
    int32_t reason = known ? s->pending.reason : KEEL_X_MANUAL;
    if (known && s->pending.kind == KEEL_CMD_REVERSE) reason = KEEL_X_SIGNAL_FLIP;
    if (!known && diag) diag->warnings |= KEEL_WARN_FILL_UNKNOWN;
    for (int32_t i = 0; i < count; i++) {
        const keel_posting *posting = keel_book_keep(st, ret);
        if (posting->kind != KEEL_POST_CLOSE) {
            keel_book_grown(st, p, s, posting, meant, ev->last_of_order);
            if (!meant && diag) diag->warnings |= KEEL_WARN_FILL_UNKNOWN;
        } else if (count == 2 || s->pos.side == 0) {
            keel_book_trade(&was, posting, reason, &ret->trade);
            ret->trade_count = 1;
            keel_book_ended(st, p, s, &ret->trade, was.points);
        } else {
            if (reason == KEEL_X_TP_PARTIAL) s->pos.tp1_taken = 1;
            keel_exit_set_liquidation(p, &s->pos);
        }
    }
    if (known) {
        s->pending.qty_e8 -= ev->qty_e8;
        s->pending.part_filled = 1;
        if (ev->last_of_order || s->pending.qty_e8 <= 0) keel_book_clear_pending(st, s);
    }
    keel_book_remember_fill(s, ev->fill_id);
    if (s->last_px_e8 == 0) s->last_px_e8 = ev->price_e8;
    if (!keel_book_revalue(st, p, s)) st->fault = KEEL_REFUSED_OVERFLOW;
    if (diag && st->acct.cash_e8 < 0) diag->warnings |= KEEL_WARN_CASH_NEGATIVE;
    return KEEL_REFUSED_OK;
}
