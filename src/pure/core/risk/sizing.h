/* core/risk/sizing.h: how much to open. Rules may only make a size smaller or refuse it.
 *
 *   margin   = equity * allocation_pct * conf_size[tier] * size_multiplier * vol_factor
 *   notional = margin * leverage           (a caller's own notional replaces it)
 *   then clamped to: cash (margin + fee + slippage must fit free cash less the reserve and less what orders in flight
 *   of other symbols will take), gross exposure cap (orders in flight count), position exposure cap; quantity =
 *   notional / price, rounded down to the lot. Below the minimum notional: refused. */
#ifndef KEEL_CORE_RISK_SIZING_H
#define KEEL_CORE_RISK_SIZING_H

#include "core/state.h"
#include "model/params.h"

typedef struct keel_size {
    int64_t qty_e8;      /* 0 = refused */
    int64_t notional_e8; /* rnd(qty * price) */
    int32_t hold;        /* KEEL_H_CAP / KEEL_H_RISK when refused, else KEEL_NONE */
    double equity_usd;
    double factor;     /* product of the multipliers */
    double wanted_usd; /* notional before clamps */
    double cash_usd;   /* what free cash carries, */
    double room_usd;   /* the gross exposure cap leaves, */
    double
        position_usd; /* and the position exposure cap, where there is one; all 0 when equity or price is not above 0 */
    double sized_usd; /* notional after clamps, rounded to lots; 0: none */
} keel_size;

/* Size an entry (extra = 0) or the opening half of a reversal (freed_cash_e8 = what closing gives back).
 *   price_e8      in  decision price
 *   hint_e8       in  caller's notional, 0 = the rule
 *   confidence    in  KEEL_CONF_*
 *   atr           in  ATR of the closed bar, 0 = unknown (volatility factor 1)
 *   for_add       in  1: size relative to the first entry of s->pos instead of the rule */
KEEL_FN void keel_size_entry(const keel_params *p, const keel_state *st, const keel_symbol *s, int64_t price_e8,
                             int64_t hint_e8, int32_t confidence, double atr, int32_t for_add, int64_t freed_cash_e8,
                             keel_size *ret);

/* Sum of |quantity| * last price over open positions and orders in flight that open, except symbol `except` (-1 =
 * none), in dollars. A reversal counts as the larger of what it closes and what it opens. */
KEEL_FN double keel_size_gross_usd(const keel_state *st, int32_t except);

/* Quantity to close for `fraction` of a position, rounded down to the lot; all of it when what would remain is below
 * one lot or 1e-12 of the quantity. 0 when the part is below one lot. */
KEEL_FN int64_t keel_size_close(const keel_symbol *s, double fraction);

#endif
