/* core/risk/sizing.c: see sizing.h. */
#include "core/risk/sizing.h"

#include "model/event.h"
#include "model/reason.h"
#include "num/int.h"

KEEL_FN double keel_size_gross_usd(const keel_state *st, int32_t except) {
    double gross = 0.0;
    if (st->open_positions == 0) return 0.0;
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        if (i == except || s->pos.side == 0) continue;
        gross += keel_e8_to_f64(s->pos.qty_e8) * keel_e8_to_f64(s->last_px_e8);
    }
    return gross;
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

/* Notional that free cash can carry: margin + fee + slippage, with the reserve kept back. */
KEEL_LOCAL double keel_size_by_cash(const keel_params *p, const keel_state *st, int64_t freed_cash_e8) {
    double cash = keel_e8_to_f64(st->acct.cash_e8) + keel_e8_to_f64(freed_cash_e8);
    double fee = (double)p->taker_fee_bps / 1e8;
    double slip = (double)p->slippage_bps / 1e8;
    double per_usd = (1.0 + slip) * (1.0 / p->leverage + (fee > 0.0 ? fee : 0.0));
    return cash * (1.0 - p->cash_reserve_pct) / per_usd;
}

KEEL_FN void keel_size_entry(const keel_params *p, const keel_state *st, const keel_symbol *s, int64_t price_e8,
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
    if (!(equity > 0.0) || !(price > 0.0)) return;

    double held = for_add ? keel_e8_to_f64(s->pos.qty_e8) * price : 0.0;
    if (for_add) ret->wanted_usd = p->add_fraction * keel_e8_to_f64(s->pos.first_qty_e8) * price;
    else if (hint_e8 > 0) ret->wanted_usd = keel_e8_to_f64(hint_e8);
    else ret->wanted_usd = equity * p->allocation_pct * ret->factor * p->leverage;

    double notional = keel_size_least(ret->wanted_usd, keel_size_by_cash(p, st, freed_cash_e8));
    double room = p->max_gross_exposure * equity - keel_size_gross_usd(st, self) - held;
    notional = keel_size_least(notional, room);
    if (p->max_position_exposure > 0.0) notional = keel_size_least(notional, p->max_position_exposure * equity - held);

    ret->hold = KEEL_H_CAP;
    int64_t notional_e8 = 0, qty_e8 = 0;
    if (!(notional > 0.0) || !(notional < 9.0e10)) return;
    notional_e8 = (int64_t)(notional * 1e8); /* rounded down: a clamp is never exceeded */
    if (!keel_mul_div_floor(notional_e8, KEEL_E8, price_e8, &qty_e8)) return;
    qty_e8 = keel_floor_step(qty_e8, s->rules.lot_e8);
    if (qty_e8 <= 0 || !keel_mul_e8(qty_e8, price_e8, &notional_e8)) return;
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
