/* core/strategy/trend.h: entries with the trend behind gates: trend, pullback and slow drift modes, adaptive minimum
 * strength, confidence from five points (SIG-02, SIG-03). Its parameters are core parameters, sections entries,
 * confidence, gates and signals, because exits and gates share them. */
#ifndef KEEL_CORE_STRATEGY_TREND_H
#define KEEL_CORE_STRATEGY_TREND_H

#include "core/strategy/strategy.h"

/* No parameters of its own. */
#define KEEL_TREND_PARAMS(P)

/* Every core parameter at its own default. */
#define KEEL_TREND_PRESETS(S)

KEEL_FN uint64_t keel_trend_needs(const keel_params *p);
KEEL_FN void keel_trend_signals(const keel_params *p, keel_signal_list *list);
KEEL_FN void keel_trend_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

/* Confidence points 0..5 of an entry on `side` with the effective minimum ADX; and the tier they give, with the caps
 * of pullback (medium) and slow drift (low) entries. */
KEEL_FN int32_t keel_trend_points(const keel_params *p, const keel_view *view, int32_t side, double min_adx);
KEEL_FN int32_t keel_trend_tier(const keel_params *p, int32_t points, int32_t reason);

#endif
