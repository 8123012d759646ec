/* core/strategy/rsi_reversion.h: buy when RSI falls through the lower level, sell when it rises through the upper one,
 * leave at the middle. */
#ifndef KEEL_CORE_STRATEGY_RSI_REVERSION_H
#define KEEL_CORE_STRATEGY_RSI_REVERSION_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* P(name, type, default, minimum, maximum, step, unit, sentence) */
#define KEEL_RSI_REVERSION_PARAMS(P)                                          \
    P(period, INT, 14, 2, 1000, 1, "bars", "period of the RSI")               \
    P(lower, REAL, 30, 0, 100, 1, "RSI", "buy when RSI crosses below")        \
    P(upper, REAL, 70, 0, 100, 1, "RSI", "sell short when RSI crosses above") \
    P(leave, REAL, 50, 0, 100, 1, "RSI", "longs leave at or above; shorts at or below 100 - it")

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_RSI_REVERSION_PRESETS(S) KEEL_PLAIN_PRESETS(S)

enum {
#define KEEL_RSI_REVERSION_ENUM(name, type, def, lo, hi, step, unit, doc) KEEL_RSI_REVERSION_##name,
    KEEL_RSI_REVERSION_PARAMS(KEEL_RSI_REVERSION_ENUM)
#undef KEEL_RSI_REVERSION_ENUM
};

KEEL_FN uint64_t keel_rsi_reversion_needs(const keel_params *p);
KEEL_FN void keel_rsi_reversion_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_rsi_reversion_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
