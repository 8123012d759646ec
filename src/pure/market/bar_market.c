/* market/bar_market.c: see bar_market.h. */
#include "market/bar_market.h"

#include "num/int.h"

KEEL_HOT void keel_event_blank(int32_t kind, int32_t symbol, int64_t ts_ms, keel_event *ret) {
    ret->seq = 0;
    ret->ts_ms = ts_ms;
    ret->schema = KEEL_EVENT_SCHEMA;
    ret->kind = kind;
    ret->symbol = symbol;
    ret->signal = KEEL_NEUTRAL;
    ret->fee_role = KEEL_TAKER;
    ret->side = 0;
    ret->price_e8 = 0;
    ret->open_e8 = 0;
    ret->high_e8 = 0;
    ret->low_e8 = 0;
    ret->qty_e8 = 0;
    ret->notional_e8 = 0;
    ret->ref_px_e8 = 0;
    ret->rate_e16 = 0;
    ret->order_id = 0;
    ret->fill_id = 0;
    ret->close_fraction = 0.0;
    ret->breadth = -1.0;
    ret->btc_bullish = KEEL_UNKNOWN;
    ret->regime_gate = KEEL_UNKNOWN;
    ret->regime = 0;
    ret->last_of_order = 0;
    ret->reason = 0;
    ret->reserved = 0;
}

KEEL_FN void keel_market_clear(keel_market_order *o) {
    o->id = 0;
    o->qty_e8 = 0;
    o->side = 0;
    o->fee_role = KEEL_TAKER;
}

KEEL_FN void keel_market_accept(keel_market_order *o, const keel_command *c) {
    o->id = c->id;
    o->qty_e8 = c->qty_e8;
    o->side = c->side;
    o->fee_role = c->fee_role;
}

KEEL_FN int32_t keel_market_slip(int64_t ref_e8, int32_t side, int64_t slippage_e8, int64_t tick_e8, int64_t *ret_e8) {
    int64_t move = 0, px;
    if (slippage_e8 != 0 && !keel_mul_e8(ref_e8, slippage_e8, &move)) return 0;
    if (side > 0) {
        if (!keel_add_i64(ref_e8, move, &px)) return 0;
        int64_t floor_px = keel_floor_step(px, tick_e8);
        if (floor_px < px && !keel_add_i64(floor_px, tick_e8, &floor_px)) return 0;
        px = floor_px;
    } else {
        px = keel_floor_step(ref_e8 - move, tick_e8);
        if (px < tick_e8) px = tick_e8;
    }
    *ret_e8 = px;
    return 1;
}

KEEL_FN int64_t keel_market_trigger_price(const keel_command *c, int64_t open_e8) {
    int32_t sells = c->side < 0;
    /* A sell stop and a buy target are passed by an open below them, the other two by an open above. */
    int32_t passed_below = (c->trigger_kind == KEEL_TRIGGER_STOP) == sells;
    int32_t beyond = passed_below ? open_e8 < c->trigger_e8 : open_e8 > c->trigger_e8;
    return beyond ? open_e8 : c->trigger_e8;
}

KEEL_FN int32_t keel_market_fill(uint64_t order_id, uint64_t fill_id, int32_t symbol, int32_t side, int64_t qty_e8,
                                 int64_t ref_e8, int64_t ts_ms, int64_t slippage_e8, const keel_instrument *rules,
                                 keel_event *ret) {
    keel_event_blank(KEEL_EV_FILL, symbol, ts_ms, ret);
    if (!keel_market_slip(ref_e8, side, slippage_e8, rules->tick_e8, &ret->price_e8)) return 0;
    ret->side = side;
    ret->qty_e8 = qty_e8;
    ret->ref_px_e8 = ref_e8;
    ret->order_id = order_id;
    ret->fill_id = fill_id;
    ret->last_of_order = 1;
    return 1;
}
