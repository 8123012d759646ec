/* core/state.c: see state.h. */
#include "core/state.h"

#include "num/int.h"

KEEL_LOCAL void keel_state_symbol_clear(keel_symbol *s) {
    s->rules.lot_e8 = 1;
    s->rules.tick_e8 = 1;
    s->rules.min_notional_e8 = 0;
    s->rules.market = KEEL_PERP;
    s->rules.is_btc = 0;
    keel_position_clear(&s->pos);
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
    s->seen.ready = 0;
    s->seen.atr = 0.0;
    s->seen.adx = 0.0;
    s->seen.adx_prev = 0.0;
    s->seen.rsi = 0.0;
    s->seen.bb_width_ratio = 0.0;
    s->seen.ema_slope = 0.0;
    s->seen.stoch_k = 0.0;
    s->before_adx = 0.0;
    s->before_slope = 0.0;
    s->before_stoch_k = 0.0;
    s->before_ready = 0;
    s->last_px_e8 = 0;
    s->last_ts_ms = KEEL_NEVER;
    s->last_entry_ms = KEEL_NEVER;
    s->last_exit_ms = KEEL_NEVER;
    s->last_close_ms = KEEL_NEVER;
    s->last_funding_ms = KEEL_NEVER;
    s->funding_gap_ms = 0;
    s->last_rate_e16 = 0;
    s->open_pnl_e8 = 0;
    s->close_cost_e8 = 0;
    for (int32_t i = 0; i < KEEL_FILL_IDS; i++)
        s->fill_ids[i] = 0;
    s->fill_ids_at = 0;
    s->reserved = 0;
    s->last_close_side = 0;
    s->last_close_reason = 0;
}

KEEL_FN void keel_state_init(keel_state *st, int32_t symbol_count) {
    st->acct.cash_e8 = 0;
    st->acct.margin_e8 = 0;
    st->acct.basis_e8 = 0;
    st->acct.contra_e8 = 0;
    st->acct.fees_e8 = 0;
    st->acct.funding_e8 = 0;
    st->acct.realised_e8 = 0;
    st->acct.capital_e8 = 0;
    st->acct.slippage_e8 = 0;
    st->acct.turnover_e8 = 0;
    keel_hash_init(&st->chain);
    st->last_seq = 0;
    st->step_count = 0;
    st->last_ts_ms = KEEL_NEVER;
    st->open_pnl_e8 = 0;
    st->close_cost_e8 = 0;
    st->loss_pause_until_ms = KEEL_NEVER;
    st->last_loss_ms = KEEL_NEVER;
    st->day = KEEL_NEVER;
    st->entries_today = 0;
    st->consecutive_losses = 0;
    st->open_positions = 0;
    st->pending_opens = 0;
    st->symbol_count = symbol_count;
    for (int32_t i = 0; i < 6; i++) {
        st->outcomes[i] = 0;
        st->profits[i] = 0;
    }
    st->fault = 0;
    for (int32_t i = 0; i < symbol_count; i++)
        keel_state_symbol_clear(&st->sym[i]);
}

KEEL_HOT int64_t keel_state_equity(const keel_state *st) {
    /* A sum that does not fit is found when the position is next revalued; until then it is at least defined. */
    return (int64_t)((uint64_t)st->acct.cash_e8 + (uint64_t)st->acct.margin_e8 + (uint64_t)st->open_pnl_e8 -
                     (uint64_t)st->close_cost_e8);
}

KEEL_FN int32_t keel_state_equity_full(const keel_state *st, int64_t taker_rate_e8, int64_t *ret_usd_e8) {
    int64_t sum = 0;
    if (!keel_add_i64(st->acct.cash_e8, st->acct.margin_e8, &sum)) return 0;
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        int64_t pnl, cost, px = s->last_px_e8;
        if (s->pos.side == 0) continue;
        if (px <= 0 && !keel_f64_to_e8(s->pos.entry_px, &px)) return 0; /* no price yet: the average stands in */
        if (!keel_ledger_open_pnl(&s->pos, px, &pnl) || !keel_ledger_close_cost(&s->pos, px, taker_rate_e8, &cost) ||
            !keel_add_i64(sum, pnl, &sum) || !keel_sub_i64(sum, cost, &sum))
            return 0;
    }
    *ret_usd_e8 = sum;
    return 1;
}

KEEL_LOCAL void keel_state_hash_position(keel_hash *h, const keel_position *p) {
    keel_hash_i64(h, p->side);
    if (p->side == 0) return;
    keel_hash_i64(h, p->confidence);
    keel_hash_i64(h, p->entry_reason);
    keel_hash_i64(h, p->adds_count);
    keel_hash_i64(h, p->tp1_taken);
    keel_hash_i64(h, p->be_armed);
    keel_hash_i64(h, p->bars_held);
    keel_hash_i64(h, p->checks_done);
    keel_hash_i64(h, p->qty_e8);
    keel_hash_i64(h, p->basis_e8);
    keel_hash_i64(h, p->margin_e8);
    keel_hash_i64(h, p->first_qty_e8);
    keel_hash_i64(h, p->opened_ms);
    keel_hash_i64(h, p->stop_e8);
    keel_hash_i64(h, p->trail_e8);
    keel_hash_i64(h, p->target_e8);
    keel_hash_i64(h, p->partial_e8);
    keel_hash_i64(h, p->liq_e8);
    keel_hash_i64(h, p->mae_e8);
    keel_hash_i64(h, p->mfe_e8);
    keel_hash_i64(h, p->fees_e8);
    keel_hash_i64(h, p->funding_e8);
    keel_hash_i64(h, p->realised_e8);
    keel_hash_i64(h, p->slippage_e8);
    keel_hash_i64(h, p->opened_qty_e8);
    keel_hash_i64(h, p->opened_usd_e8);
    keel_hash_i64(h, p->closed_usd_e8);
    keel_hash_i64(h, p->opened_px_e8);
    keel_hash_f64(h, p->entry_atr);
    keel_hash_f64(h, p->stop_scale);
}

/* A value that is not ready is absorbed as 0, so what lies in an unused slot never matters. */
KEEL_LOCAL void keel_state_hash_ready(keel_hash *h, uint64_t ready, int32_t slot, double value) {
    keel_hash_f64(h, (ready >> slot) & 1u ? value : 0.0);
}

KEEL_LOCAL void keel_state_hash_symbol(keel_hash *h, const keel_symbol *s) {
    keel_state_hash_position(h, &s->pos);
    keel_hash_u64(h, s->pending.id);
    keel_hash_i64(h, s->pending.kind);
    keel_hash_i64(h, s->pending.qty_e8);
    if (s->pending.kind != 0) {
        keel_hash_i64(h, s->pending.side);
        keel_hash_i64(h, s->pending.reason);
        keel_hash_i64(h, s->pending.confidence);
        keel_hash_i64(h, s->pending.points);
        keel_hash_i64(h, s->pending.part_filled);
        keel_hash_f64(h, s->pending.entry_atr);
        keel_hash_f64(h, s->pending.stop_scale);
    }
    keel_hash_u64(h, s->seen.ready);
    keel_state_hash_ready(h, s->seen.ready, KEEL_SLOT_ATR, s->seen.atr);
    keel_state_hash_ready(h, s->seen.ready, KEEL_SLOT_ADX, s->seen.adx);
    keel_state_hash_ready(h, s->seen.ready, KEEL_SLOT_ADX_PREV, s->seen.adx_prev);
    keel_state_hash_ready(h, s->seen.ready, KEEL_SLOT_RSI, s->seen.rsi);
    keel_state_hash_ready(h, s->seen.ready, KEEL_SLOT_BB_WIDTH_RATIO, s->seen.bb_width_ratio);
    keel_state_hash_ready(h, s->seen.ready, KEEL_SLOT_EMA_SLOPE, s->seen.ema_slope);
    keel_state_hash_ready(h, s->seen.ready, KEEL_SLOT_STOCH_K, s->seen.stoch_k);
    keel_hash_i64(h, s->last_px_e8);
    keel_hash_i64(h, s->last_ts_ms);
    keel_hash_i64(h, s->last_entry_ms);
    keel_hash_i64(h, s->last_exit_ms);
    keel_hash_i64(h, s->last_close_ms);
    keel_hash_i64(h, s->last_funding_ms);
    keel_hash_i64(h, s->funding_gap_ms);
    keel_hash_i64(h, s->last_rate_e16);
    for (int32_t i = 0; i < KEEL_FILL_IDS; i++)
        keel_hash_u64(h, s->fill_ids[i]);
    keel_hash_i64(h, s->last_close_side);
    keel_hash_i64(h, s->last_close_reason);
}

KEEL_FN uint64_t keel_state_hash(const keel_state *st) {
    keel_hash h = st->chain;
    keel_hash_i64(&h, st->acct.cash_e8);
    keel_hash_i64(&h, st->acct.margin_e8);
    keel_hash_i64(&h, st->acct.basis_e8);
    keel_hash_i64(&h, st->acct.contra_e8);
    keel_hash_i64(&h, st->acct.fees_e8);
    keel_hash_i64(&h, st->acct.funding_e8);
    keel_hash_i64(&h, st->acct.realised_e8);
    keel_hash_i64(&h, st->acct.capital_e8);
    keel_hash_i64(&h, st->acct.slippage_e8);
    keel_hash_i64(&h, st->acct.turnover_e8);
    keel_hash_i64(&h, st->last_ts_ms);
    keel_hash_i64(&h, st->loss_pause_until_ms);
    keel_hash_i64(&h, st->last_loss_ms);
    keel_hash_i64(&h, st->day);
    keel_hash_i64(&h, st->entries_today);
    keel_hash_i64(&h, st->consecutive_losses);
    keel_hash_i64(&h, st->symbol_count);
    keel_hash_i64(&h, st->fault);
    for (int32_t i = 0; i < st->symbol_count; i++)
        keel_state_hash_symbol(&h, &st->sym[i]);
    return keel_hash_digest(&h);
}
