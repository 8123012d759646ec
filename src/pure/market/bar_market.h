/* market/bar_market.h: the exchange as a model, for runs on bars. What it does, and its limits: docs/models/fills.md.
 *
 *   market order    fills whole at the open of the next range that has volume
 *   level order     fills whole inside the range of the event that touched the level: at the level, or at the open
 *                   when the range opened beyond it
 *   both            taker: price moved against the order by slippage_bps, then to the tick against it
 * One working order per symbol; a later one replaces it. The market never sees the account. */
#ifndef KEEL_MARKET_BAR_MARKET_H
#define KEEL_MARKET_BAR_MARKET_H

#include "model/command.h"
#include "model/event.h"
#include "model/instrument.h"

/* The order waiting for the next range of one symbol; id 0 = none. */
typedef struct keel_market_order {
    uint64_t id;
    int64_t qty_e8;
    int32_t side;
    int32_t fee_role;
} keel_market_order;

KEEL_FN void keel_market_clear(keel_market_order *o);

/* Take a command without a trigger as the working order. */
KEEL_FN void keel_market_accept(keel_market_order *o, const keel_command *c);

/* Adverse price: ref moved by slippage (rate at 1e-8 of the price) against side, then to the tick against side; at
 * least one tick. Returns 1, or 0 when it does not fit. */
KEEL_FN int32_t keel_market_slip(int64_t ref_e8, int32_t side, int64_t slippage_e8, int64_t tick_e8, int64_t *ret_e8);

/* Price at which a triggered command executes inside a range that opened at open_e8. */
KEEL_FN int64_t keel_market_trigger_price(const keel_command *c, int64_t open_e8);

/* A FILL event of qty at ref, slipped; seq is left 0. Returns 1, or 0 when the price does not fit. */
KEEL_FN int32_t keel_market_fill(uint64_t order_id, uint64_t fill_id, int32_t symbol, int32_t side, int64_t qty_e8,
                                 int64_t ref_e8, int64_t ts_ms, int64_t slippage_e8, const keel_instrument *rules,
                                 keel_event *ret);

/* An event with every field zero but schema and kind. */
KEEL_FN void keel_event_blank(int32_t kind, int32_t symbol, int64_t ts_ms, keel_event *ret);

#endif
