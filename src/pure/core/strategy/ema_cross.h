/* core/strategy/ema_cross.h: long while the fast average is above the slow one, short below; acts on the crossing only.
 */
#ifndef KEEL_CORE_STRATEGY_EMA_CROSS_H
#define KEEL_CORE_STRATEGY_EMA_CROSS_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* P(name, type, default, minimum, maximum, step, unit, sentence) */
#define KEEL_EMA_CROSS_PARAMS(P)                                       \
    P(fast, INT, 12, 1, 1000, 1, "bars", "period of the fast average") \
    P(slow, INT, 26, 2, 2000, 1, "bars", "period of the slow average")

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_EMA_CROSS_PRESETS(S) KEEL_PLAIN_PRESETS(S)

enum {
#define KEEL_EMA_CROSS_ENUM(name, type, def, lo, hi, step, unit, doc) KEEL_EMA_CROSS_##name,
    KEEL_EMA_CROSS_PARAMS(KEEL_EMA_CROSS_ENUM)
#undef KEEL_EMA_CROSS_ENUM
};

KEEL_FN uint64_t keel_ema_cross_needs(const keel_params *p);
KEEL_FN void keel_ema_cross_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_ema_cross_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
