/* core/strategy/donchian_breakout.h: enter when the close leaves the channel of the bars before, leave through the
 * opposite side of a shorter one. */
#ifndef KEEL_CORE_STRATEGY_DONCHIAN_BREAKOUT_H
#define KEEL_CORE_STRATEGY_DONCHIAN_BREAKOUT_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* P(name, type, default, minimum, maximum, step, unit, sentence) */
#define KEEL_DONCHIAN_BREAKOUT_PARAMS(P)                                    \
    P(entry, INT, 20, 2, 1000, 1, "bars", "channel that a breakout leaves") \
    P(leave, INT, 10, 1, 1000, 1, "bars", "channel that ends the position")

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_DONCHIAN_BREAKOUT_PRESETS(S) KEEL_PLAIN_PRESETS(S)

enum {
#define KEEL_DONCHIAN_BREAKOUT_ENUM(name, type, def, lo, hi, step, unit, doc) KEEL_DONCHIAN_BREAKOUT_##name,
    KEEL_DONCHIAN_BREAKOUT_PARAMS(KEEL_DONCHIAN_BREAKOUT_ENUM)
#undef KEEL_DONCHIAN_BREAKOUT_ENUM
};

KEEL_FN uint64_t keel_donchian_breakout_needs(const keel_params *p);
KEEL_FN void keel_donchian_breakout_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_donchian_breakout_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
