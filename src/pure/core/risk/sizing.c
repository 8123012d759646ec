/* core/risk/sizing.c: see sizing.h. */
#include "core/risk/sizing.h"

#include "model/command.h"
#include "model/event.h"
#include "model/reason.h"
#include "num/int.h"
#include "num/warm.h"

/* Quantity that the order in flight will open: all of an OPEN or ADD, what a REVERSE leaves after its close. */
KEEL_LOCAL int64_t keel_size_in_flight(const keel_symbol *s) {
    int32_t kind = s->pending.kind;
    if (kind == KEEL_CMD_REVERSE && s->pos.side == -s->pending.side) return s->pending.qty_e8 - s->pos.qty_e8;
    return kind == KEEL_CMD_OPEN || kind == KEEL_CMD_ADD || kind == KEEL_CMD_REVERSE ? s->pending.qty_e8 : 0;
}

KEEL_LOCAL int32_t keel_size_turns(const keel_symbol *s) {
    return s->pending.kind == KEEL_CMD_REVERSE && s->pos.side == -s->pending.side;
}

KEEL_FN double keel_size_gross_usd(const keel_state *st, int32_t except) {
    double gross = 0.0;
    if (st->open_positions == 0 && st->pending_opens == 0) return 0.0;
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        if (i == except || (s->pos.side == 0 && s->pending.kind == 0)) continue;
        double held = keel_e8_to_f64(s->pos.qty_e8), coming = keel_e8_to_f64(keel_size_in_flight(s));
        double qty = keel_size_turns(s) ? (held > coming ? held : coming) : held + coming;
        gross += qty * keel_e8_to_f64(s->last_px_e8);
    }
    return gross;
}

/* What a dollar of new notional takes out of free cash: margin + fee + slippage. */
KEEL_LOCAL double keel_size_cash_per_usd(const keel_params *p) {
    double fee = (double)p->taker_fee_bps / 1e8;
    double slip = (double)p->slippage_bps / 1e8;
    return (1.0 + slip) * (1.0 / p->leverage + (fee > 0.0 ? fee : 0.0));
}

/* Free cash that orders in flight of other symbols will take; a reversal first gives back what its close frees. */
KEEL_LOCAL double keel_size_promised_usd(const keel_params *p, const keel_state *st, int32_t except) {
    double promised = 0.0;
    if (st->open_positions == 0 && st->pending_opens == 0) return 0.0;
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        if (i == except || s->pending.kind == 0) continue;
        double usd = keel_e8_to_f64(keel_size_in_flight(s)) * keel_e8_to_f64(s->last_px_e8) * keel_size_cash_per_usd(p);
        if (keel_size_turns(s)) usd -= keel_e8_to_f64(s->pos.margin_e8 + s->open_pnl_e8 - s->close_cost_e8);
        if (usd > 0.0) promised += usd;
    }
    return promised;
}

KEEL_LOCAL double keel_size_factor(const keel_params *p, int32_t confidence, double atr, double price) {
    double factor = confidence == KEEL_CONF_HIGH     ? p->conf_size_high
                    : confidence == KEEL_CONF_MEDIUM ? p->conf_size_medium
                                                     : p->conf_size_low;
    factor *= p->size_multiplier;
    if (p->vol_size_ref > 0.0 && atr > 0.0) {
        double vol = p->vol_size_ref / (atr / price);
        if (vol < p->vol_size_min) vol = p->vol_size_min;
        if (vol > p->vol_size_max) vol = p->vol_size_max;
        factor *= vol;
    }
    return factor;
}

KEEL_LOCAL double keel_size_least(double a, double b) { return b < a ? b : a; }

/* Notional that free cash can carry, with the reserve and what is promised to other orders kept back. */
KEEL_LOCAL double keel_size_by_cash(const keel_params *p, const keel_state *st, int32_t self, int64_t freed_cash_e8) {
    double cash =
        keel_e8_to_f64(st->acct.cash_e8) + keel_e8_to_f64(freed_cash_e8) - keel_size_promised_usd(p, st, self);
    return cash * (1.0 - p->cash_reserve_pct) / keel_size_cash_per_usd(p);
}

KEEL_WARM void keel_size_entry(const keel_params *p, const keel_state *st, const keel_symbol *s, int64_t price_e8,
                               int64_t hint_e8, int32_t confidence, double atr, int32_t for_add, int64_t freed_cash_e8,
                               keel_size *ret) {
    double price = keel_e8_to_f64(price_e8);
    double equity = keel_e8_to_f64(keel_state_equity(st));
    int32_t self = (int32_t)(s - &st->sym[0]);
    ret->qty_e8 = 0;
    ret->notional_e8 = 0;
    ret->hold = KEEL_H_RISK;
    ret->equity_usd = equity;
    ret->factor = keel_size_factor(p, confidence, atr, price);
    ret->wanted_usd = 0.0;
    ret->cash_usd = ret->room_usd = ret->position_usd = ret->sized_usd = 0.0;
    if (!(equity > 0.0) || !(price > 0.0)) return;

    double held = for_add ? keel_e8_to_f64(s->pos.qty_e8) * price : 0.0;
    if (for_add)
        ret->wanted_usd = p->add_fraction * keel_e8_to_f64(s->pos.first_qty_e8) * price;
    else if (hint_e8 > 0)
        ret->wanted_usd = keel_e8_to_f64(hint_e8);
    else
        ret->wanted_usd = equity * p->allocation_pct * ret->factor * p->leverage;

    ret->cash_usd = keel_size_by_cash(p, st, self, freed_cash_e8);
    double notional = keel_size_least(ret->wanted_usd, ret->cash_usd);
    ret->room_usd = p->max_gross_exposure * equity - keel_size_gross_usd(st, self) - held;
    notional = keel_size_least(notional, ret->room_usd);
    if (p->max_position_exposure > 0.0) {
        ret->position_usd = p->max_position_exposure * equity - held;
        notional = keel_size_least(notional, ret->position_usd);
    }

    ret->hold = KEEL_H_CAP;
    int64_t notional_e8 = 0, qty_e8 = 0;
    if (!(notional > 0.0) || !(notional < 9.0e10)) return;
    notional_e8 = (int64_t)(notional * 1e8); /* rounded down: a clamp is never exceeded */
    if (!keel_mul_div_floor(notional_e8, KEEL_E8, price_e8, &qty_e8)) return;
    qty_e8 = keel_floor_step(qty_e8, s->rules.lot_e8);
    if (qty_e8 <= 0 || !keel_mul_e8(qty_e8, price_e8, &notional_e8)) return;
    ret->sized_usd = keel_e8_to_f64(notional_e8);
    if (notional_e8 < p->min_notional_usd || notional_e8 < s->rules.min_notional_e8) return;
    ret->qty_e8 = qty_e8;
    ret->notional_e8 = notional_e8;
    ret->hold = KEEL_NONE;
}

KEEL_FN int64_t keel_size_close(const keel_symbol *s, double fraction) {
    int64_t qty = s->pos.qty_e8;
    int64_t part;
    if (fraction >= 1.0 || !keel_f64_round_i64((double)qty * fraction, &part)) return qty;
    part = keel_floor_step(part, s->rules.lot_e8);
    int64_t left = qty - part;
    if (left < s->rules.lot_e8 || (double)left <= (double)qty * 1e-12) return qty;
    return part;
}
