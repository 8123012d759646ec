/* core/strategy/buy_hold.h: buy at the first closed bar, hold to the end. */
#ifndef KEEL_CORE_STRATEGY_BUY_HOLD_H
#define KEEL_CORE_STRATEGY_BUY_HOLD_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* No parameters of its own. */
#define KEEL_BUY_HOLD_PARAMS(P)

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_BUY_HOLD_PRESETS(S) \
    KEEL_PLAIN_PRESETS(S)        \
    S(allocation_pct, 1.0)

KEEL_FN uint64_t keel_buy_hold_needs(const keel_params *p);
KEEL_FN void keel_buy_hold_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_buy_hold_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
