/* engine/state_fields.h: the records of a state as tables of fields. Keys are part of the format: append only. */
#ifndef KEEL_ENGINE_STATE_FIELDS_H
#define KEEL_ENGINE_STATE_FIELDS_H

#include "core/state.h"
#include "engine/field_json.h"

/* Every member but entry_px, which is basis / qty. */
static const keel_field POSITION_FIELDS[] = {
    KEEL_FIELD_NEEDED(SIDE, "side", keel_position, side),
    KEEL_FIELD_NEEDED(E8, "qty", keel_position, qty_e8),
    KEEL_FIELD_NEEDED(E8, "basis_usd", keel_position, basis_e8),
    KEEL_FIELD_NEEDED(E8, "margin_usd", keel_position, margin_e8),
    KEEL_FIELD(I32, "confidence", keel_position, confidence),
    KEEL_FIELD(I32, "points", keel_position, points),
    KEEL_FIELD(I32, "entry_reason", keel_position, entry_reason),
    KEEL_FIELD(I64, "opened_ms", keel_position, opened_ms),
    KEEL_FIELD(I64, "updated_ms", keel_position, updated_ms),
    KEEL_FIELD(I32, "bars_held", keel_position, bars_held),
    KEEL_FIELD(I32, "adds_count", keel_position, adds_count),
    KEEL_FIELD(I32, "tp1_taken", keel_position, tp1_taken),
    KEEL_FIELD(I32, "be_armed", keel_position, be_armed),
    KEEL_FIELD(I32, "checks_done", keel_position, checks_done),
    KEEL_FIELD(E8, "first_qty", keel_position, first_qty_e8),
    KEEL_FIELD(E8, "stop_px", keel_position, stop_e8),
    KEEL_FIELD(E8, "trail_px", keel_position, trail_e8),
    KEEL_FIELD(E8, "target_px", keel_position, target_e8),
    KEEL_FIELD(E8, "partial_px", keel_position, partial_e8),
    KEEL_FIELD(E8, "liquidation_px", keel_position, liq_e8),
    KEEL_FIELD(E8, "mae_usd", keel_position, mae_e8),
    KEEL_FIELD(E8, "mfe_usd", keel_position, mfe_e8),
    KEEL_FIELD(E8, "mae_px", keel_position, mae_px_e8),
    KEEL_FIELD(E8, "mfe_px", keel_position, mfe_px_e8),
    KEEL_FIELD(E8, "fees_usd", keel_position, fees_e8),
    KEEL_FIELD(E8, "funding_usd", keel_position, funding_e8),
    KEEL_FIELD(E8, "realised_usd", keel_position, realised_e8),
    KEEL_FIELD(E8, "slippage_usd", keel_position, slippage_e8),
    KEEL_FIELD(E8, "opened_qty", keel_position, opened_qty_e8),
    KEEL_FIELD(E8, "opened_usd", keel_position, opened_usd_e8),
    KEEL_FIELD(E8, "closed_usd", keel_position, closed_usd_e8),
    KEEL_FIELD(E8, "opened_px", keel_position, opened_px_e8),
    KEEL_FIELD(E8, "closed_px", keel_position, closed_px_e8),
    KEEL_FIELD(F64, "entry_atr", keel_position, entry_atr),
    KEEL_FIELD(F64, "stop_scale", keel_position, stop_scale),
};

static const keel_field ACCOUNT_FIELDS[] = {
    KEEL_FIELD_NEEDED(E8, "cash_usd", keel_account, cash_e8),
    KEEL_FIELD_NEEDED(E8, "margin_usd", keel_account, margin_e8),
    KEEL_FIELD_NEEDED(E8, "basis_usd", keel_account, basis_e8),
    KEEL_FIELD_NEEDED(E8, "contra_usd", keel_account, contra_e8),
    KEEL_FIELD_NEEDED(E8, "fees_usd", keel_account, fees_e8),
    KEEL_FIELD_NEEDED(E8, "funding_usd", keel_account, funding_e8),
    KEEL_FIELD_NEEDED(E8, "realised_usd", keel_account, realised_e8),
    KEEL_FIELD_NEEDED(E8, "capital_usd", keel_account, capital_e8),
    KEEL_FIELD(E8, "slippage_usd", keel_account, slippage_e8),
    KEEL_FIELD(E8, "turnover_usd", keel_account, turnover_e8),
};

static const keel_field CHAIN_FIELDS[] = {
    KEEL_FIELD_NEEDED(U64, "v0", keel_hash, v0),       KEEL_FIELD_NEEDED(U64, "v1", keel_hash, v1),
    KEEL_FIELD_NEEDED(U64, "v2", keel_hash, v2),       KEEL_FIELD_NEEDED(U64, "v3", keel_hash, v3),
    KEEL_FIELD_NEEDED(U64, "words", keel_hash, words),
};

static const keel_field STATE_FIELDS[] = {
    KEEL_FIELD_NEEDED(U64, "last_seq", keel_state, last_seq),
    KEEL_FIELD(U64, "step_count", keel_state, step_count),
    KEEL_FIELD(MS, "last_ts_ms", keel_state, last_ts_ms),
    KEEL_FIELD(E8, "open_pnl_usd", keel_state, open_pnl_e8),
    KEEL_FIELD(E8, "close_cost_usd", keel_state, close_cost_e8),
    KEEL_FIELD(MS, "loss_pause_until_ms", keel_state, loss_pause_until_ms),
    KEEL_FIELD(MS, "last_loss_ms", keel_state, last_loss_ms),
    KEEL_FIELD(MS, "day", keel_state, day),
    KEEL_FIELD(I32, "entries_today", keel_state, entries_today),
    KEEL_FIELD(I32, "consecutive_losses", keel_state, consecutive_losses),
    KEEL_FIELD(I32, "open_positions", keel_state, open_positions),
    KEEL_FIELD(I32, "pending_opens", keel_state, pending_opens),
    KEEL_FIELD(I32, "fault", keel_state, fault),
    KEEL_FIELD_LIST(I32, "outcomes", keel_state, outcomes, 6),
    KEEL_FIELD_LIST(I32, "profits", keel_state, profits, 6),
};

static const keel_field RULES_FIELDS[] = {
    KEEL_FIELD_NEEDED(E8, "lot", keel_instrument, lot_e8),
    KEEL_FIELD_NEEDED(E8, "tick", keel_instrument, tick_e8),
    KEEL_FIELD(E8, "min_notional_usd", keel_instrument, min_notional_e8),
    KEEL_FIELD(I32, "market", keel_instrument, market),
    KEEL_FIELD(I32, "is_btc", keel_instrument, is_btc),
};

static const keel_field PENDING_FIELDS[] = {
    KEEL_FIELD_NEEDED(U64, "id", keel_pending, id),
    KEEL_FIELD_NEEDED(I32, "kind", keel_pending, kind),
    KEEL_FIELD_NEEDED(I32, "side", keel_pending, side),
    KEEL_FIELD(I32, "reason", keel_pending, reason),
    KEEL_FIELD(I32, "confidence", keel_pending, confidence),
    KEEL_FIELD(I32, "points", keel_pending, points),
    KEEL_FIELD(I32, "part_filled", keel_pending, part_filled),
    KEEL_FIELD_NEEDED(E8, "qty", keel_pending, qty_e8),
    KEEL_FIELD(F64, "entry_atr", keel_pending, entry_atr),
    KEEL_FIELD(F64, "stop_scale", keel_pending, stop_scale),
};

static const keel_field SEEN_FIELDS[] = {
    KEEL_FIELD_NEEDED(U64, "ready", keel_seen, ready),
    KEEL_FIELD(F64, "atr", keel_seen, atr),
    KEEL_FIELD(F64, "adx", keel_seen, adx),
    KEEL_FIELD(F64, "adx_prev", keel_seen, adx_prev),
    KEEL_FIELD(F64, "rsi", keel_seen, rsi),
    KEEL_FIELD(F64, "bb_width_ratio", keel_seen, bb_width_ratio),
    KEEL_FIELD(F64, "ema_slope", keel_seen, ema_slope),
    KEEL_FIELD(F64, "stoch_k", keel_seen, stoch_k),
};

static const keel_field SYMBOL_FIELDS[] = {
    KEEL_FIELD(F64, "before_adx", keel_symbol, before_adx),
    KEEL_FIELD(F64, "before_slope", keel_symbol, before_slope),
    KEEL_FIELD(F64, "before_stoch_k", keel_symbol, before_stoch_k),
    KEEL_FIELD(U64, "before_ready", keel_symbol, before_ready),
    KEEL_FIELD(E8, "last_px", keel_symbol, last_px_e8),
    KEEL_FIELD(MS, "last_ts_ms", keel_symbol, last_ts_ms),
    KEEL_FIELD(MS, "last_entry_ms", keel_symbol, last_entry_ms),
    KEEL_FIELD(MS, "last_exit_ms", keel_symbol, last_exit_ms),
    KEEL_FIELD(MS, "last_close_ms", keel_symbol, last_close_ms),
    KEEL_FIELD(MS, "last_funding_ms", keel_symbol, last_funding_ms),
    KEEL_FIELD(I64, "funding_gap_ms", keel_symbol, funding_gap_ms),
    KEEL_FIELD(E16, "last_rate", keel_symbol, last_rate_e16),
    KEEL_FIELD(E8, "open_pnl_usd", keel_symbol, open_pnl_e8),
    KEEL_FIELD(E8, "close_cost_usd", keel_symbol, close_cost_e8),
    KEEL_FIELD_LIST(U64, "fill_ids", keel_symbol, fill_ids, KEEL_FILL_IDS),
    KEEL_FIELD(I32, "fill_ids_at", keel_symbol, fill_ids_at),
    KEEL_FIELD(I32, "last_close_side", keel_symbol, last_close_side),
    KEEL_FIELD(I32, "last_close_reason", keel_symbol, last_close_reason),
};

#endif
