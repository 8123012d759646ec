/* core/strategy/momentum.h: hold the sign of the return over some bars. */
#ifndef KEEL_CORE_STRATEGY_MOMENTUM_H
#define KEEL_CORE_STRATEGY_MOMENTUM_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* P(name, type, default, minimum, maximum, step, unit, sentence) */
#define KEEL_MOMENTUM_PARAMS(P) P(lookback, INT, 48, 1, 1000, 1, "bars", "bars of the return")

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_MOMENTUM_PRESETS(S) KEEL_PLAIN_PRESETS(S)

enum {
#define KEEL_MOMENTUM_ENUM(name, type, def, lo, hi, step, unit, doc) KEEL_MOMENTUM_##name,
    KEEL_MOMENTUM_PARAMS(KEEL_MOMENTUM_ENUM)
#undef KEEL_MOMENTUM_ENUM
};

KEEL_FN uint64_t keel_momentum_needs(const keel_params *p);
KEEL_FN void keel_momentum_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_momentum_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
