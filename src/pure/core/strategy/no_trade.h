/* core/strategy/no_trade.h: the zero line every other result is compared with. */
#ifndef KEEL_CORE_STRATEGY_NO_TRADE_H
#define KEEL_CORE_STRATEGY_NO_TRADE_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* No parameters of its own. */
#define KEEL_NO_TRADE_PARAMS(P)

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_NO_TRADE_PRESETS(S) KEEL_PLAIN_PRESETS(S)

KEEL_FN uint64_t keel_no_trade_needs(const keel_params *p);
KEEL_FN void keel_no_trade_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_no_trade_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
