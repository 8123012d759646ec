/* core/strategy/points.c: see points.h. */
#include "core/strategy/points.h"

#include "core/strategy/gates.h"

KEEL_LOCAL int32_t keel_points_has(const keel_view *v, uint64_t mask) { return (v->snap->ready & mask) == mask; }

KEEL_FN int32_t keel_trend_points(const keel_params *p, const keel_view *v, int32_t side, double min_adx) {
    const double *x = v->snap->v;
    int32_t points = 0;
    double rsi = side > 0 ? x[KEEL_SLOT_RSI] : 100.0 - x[KEEL_SLOT_RSI];
    if (keel_points_has(v, KEEL_SLOT_BIT(KEEL_SLOT_ADX)) && x[KEEL_SLOT_ADX] >= min_adx + p->conf_adx_margin) points++;
    if (keel_points_has(v, KEEL_SLOT_BIT(KEEL_SLOT_VOLUME) | KEEL_SLOT_BIT(KEEL_SLOT_VOL_SMA)) &&
        x[KEEL_SLOT_VOLUME] >= p->conf_volume_mult * x[KEEL_SLOT_VOL_SMA])
        points++;
    if (keel_points_has(v, KEEL_SLOT_BIT(KEEL_SLOT_BB_WIDTH_RATIO)) && x[KEEL_SLOT_BB_WIDTH_RATIO] >= p->conf_bbw_min)
        points++;
    if (keel_gates_btc_agrees(v, side)) points++;
    if (keel_points_has(v, KEEL_SLOT_BIT(KEEL_SLOT_RSI)) && rsi >= p->conf_rsi) points++;
    return points;
}

KEEL_FN int32_t keel_trend_tier(const keel_params *p, int32_t points, int32_t reason) {
    int32_t tier = points >= p->conf_points_high ? KEEL_CONF_HIGH
                                                 : (points >= p->conf_points_medium ? KEEL_CONF_MEDIUM : KEEL_CONF_LOW);
    if (reason == KEEL_E_PULLBACK && tier > KEEL_CONF_MEDIUM) tier = KEEL_CONF_MEDIUM;
    if (reason == KEEL_E_SLOW_DRIFT) tier = KEEL_CONF_LOW;
    return tier;
}
