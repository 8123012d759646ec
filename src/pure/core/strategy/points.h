/* core/strategy/points.h: how sure an entry is: five points of evidence and the tier they make (SIG-02). */
#ifndef KEEL_CORE_STRATEGY_POINTS_H
#define KEEL_CORE_STRATEGY_POINTS_H

#include "core/strategy/strategy.h"

/* Confidence points 0..5 of an entry on `side` with the effective minimum ADX; and the tier they give, with the caps
 * of pullback (medium) and slow drift (low) entries. */
KEEL_FN int32_t keel_trend_points(const keel_params *p, const keel_view *view, int32_t side, double min_adx);
KEEL_FN int32_t keel_trend_tier(const keel_params *p, int32_t points, int32_t reason);

#endif
