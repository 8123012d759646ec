/* core/strategy/mean_reversion.h: fade a close that is far from its average, leave when it is back. */
#ifndef KEEL_CORE_STRATEGY_MEAN_REVERSION_H
#define KEEL_CORE_STRATEGY_MEAN_REVERSION_H

#include "core/strategy/plain.h"
#include "core/strategy/strategy.h"

/* P(name, type, default, minimum, maximum, step, unit, sentence) */
#define KEEL_MEAN_REVERSION_PARAMS(P)                                      \
    P(period, INT, 48, 2, 1000, 1, "bars", "window of mean and deviation") \
    P(entry_z, REAL, 2.0, 0, 100, 0.1, "sd", "distance that is faded")     \
    P(leave_z, REAL, 0.5, 0, 100, 0.1, "sd", "distance at which the position ends")

/* Core parameters whose default differs for this strategy: S(name, value) */
#define KEEL_MEAN_REVERSION_PRESETS(S) KEEL_PLAIN_PRESETS(S)

enum {
#define KEEL_MEAN_REVERSION_ENUM(name, type, def, lo, hi, step, unit, doc) KEEL_MEAN_REVERSION_##name,
    KEEL_MEAN_REVERSION_PARAMS(KEEL_MEAN_REVERSION_ENUM)
#undef KEEL_MEAN_REVERSION_ENUM
};

KEEL_FN uint64_t keel_mean_reversion_needs(const keel_params *p);
KEEL_FN void keel_mean_reversion_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_mean_reversion_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#endif
