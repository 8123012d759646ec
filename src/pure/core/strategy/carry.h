/* core/strategy/carry.h: hold the side that receives funding while the last settled rate pays for it. */
#ifndef KEEL_CORE_STRATEGY_CARRY_H
#define KEEL_CORE_STRATEGY_CARRY_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* P(name, type, default, minimum, maximum, step, unit, sentence) */
#define KEEL_CARRY_PARAMS(P) \
    P(min_rate_bps, REAL, 0.5, 0, 1000, 0.1, "bps", "least rate per settlement, in size, to enter or turn")

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_CARRY_PRESETS(S) KEEL_PLAIN_PRESETS(S)

enum {
#define KEEL_CARRY_ENUM(name, type, def, lo, hi, step, unit, doc) KEEL_CARRY_##name,
    KEEL_CARRY_PARAMS(KEEL_CARRY_ENUM)
#undef KEEL_CARRY_ENUM
};

KEEL_FN uint64_t keel_carry_needs(const keel_params *p);
KEEL_FN void keel_carry_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_carry_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
