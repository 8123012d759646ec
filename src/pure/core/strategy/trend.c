/* trend: entries with the trend behind gates: trend, pullback and slow drift modes, adaptive minimum strength,
 * confidence from five points (SIG-02, SIG-03). Its parameters are core parameters, sections entries, confidence, gates
 * and signals, because exits and gates share them. */
#define VERSION "1.0.0"
#define FAMILY "trend"
#define SENTENCE "trend, pullback and slow drift entries behind gates, with managed exits"

/* Every core parameter at its own default. */
#define PRESETS(C)

/* Signals of the host's own choice of periods; each mode looks whether its own are ready. */
#define READS(R)                                         \
    R(CLOSE, 1)                                          \
    R(EMA_FAST, 1)                                       \
    R(EMA_SLOW, 1)                                       \
    R(ADX, 1)                                            \
    R(RSI, 1)                                            \
    R(VOLUME, 1)                                         \
    R(VOL_SMA, 1)                                        \
    R(BB_WIDTH_RATIO, 1)                                 \
    R(EMA_MACRO, p->macro_filter)                        \
    R(PREV_CLOSE, p->enable_pullback)                    \
    R(MACD_HIST, p->enable_pullback && p->pullback_macd) \
    R(EMA_SLOPE, p->enable_slow_drift)                   \
    R(ATR, p->enable_ave)                                \
    R(ATR_SMA, p->enable_ave)
#define PARTIAL 1
#define FEEDS KEEL_FEED_BTC
#define ALONE 1
#include "strategy.def"

/* One side's view of the snapshot: distances multiplied by the side, so that long and short read alike. */
typedef struct keel_trend_sight {
    double adx;
    double rsi;       /* longs: RSI; shorts: 100 - RSI */
    double min_adx;   /* effective */
    double ratio;     /* ATR / its average; 0 = adaptive entries are off */
    int32_t expanded; /* ratio above the limit */
} keel_trend_sight;

KEEL_LOCAL int32_t keel_trend_has(const keel_view *v, uint64_t mask) { return (v->snap->ready & mask) == mask; }

/* What a long sees. */
KEEL_LOCAL int32_t keel_trend_look(const keel_params *p, const keel_view *v, keel_trend_sight *s) {
    uint64_t ave = KEEL_SLOT_BIT(KEEL_SLOT_ATR) | KEEL_SLOT_BIT(KEEL_SLOT_ATR_SMA);
    s->adx = v->snap->v[KEEL_SLOT_ADX];
    s->rsi = v->snap->v[KEEL_SLOT_RSI];
    s->min_adx = p->entry_min_adx;
    s->ratio = 0.0;
    s->expanded = 0;
    if (!p->enable_ave) return 1;
    if (!keel_trend_has(v, ave) || !(v->snap->v[KEEL_SLOT_ATR_SMA] > 0.0)) return 0;
    s->ratio = v->snap->v[KEEL_SLOT_ATR] / v->snap->v[KEEL_SLOT_ATR_SMA];
    s->expanded = s->ratio > p->ave_ratio_gt;
    if (s->expanded) s->min_adx = p->entry_min_adx * p->ave_adx_mult;
    return 1;
}

/* side * (a - b) > 0 without the rounding of a subtraction. */
KEEL_LOCAL int32_t keel_trend_beyond(int32_t side, double a, double b) { return side > 0 ? a > b : a < b; }

KEEL_LOCAL int32_t keel_trend_is_trend(const keel_params *p, const keel_view *v, int32_t side,
                                       const keel_trend_sight *s) {
    const double *x = v->snap->v;
    if (!p->enable_trend) return 0;
    if (!keel_trend_beyond(side, x[KEEL_SLOT_EMA_FAST], x[KEEL_SLOT_EMA_SLOW])) return 0;
    if (!keel_trend_beyond(side, x[KEEL_SLOT_CLOSE], x[KEEL_SLOT_EMA_FAST])) return 0;
    if (!(s->adx >= s->min_adx) || !(s->rsi >= p->trend_rsi_mid)) return 0;
    if (!(s->rsi <= p->trend_rsi_max) && !(s->adx >= p->trend_strong_adx)) return 0;
    if (!p->macro_filter) return 1;
    return keel_trend_has(v, KEEL_SLOT_BIT(KEEL_SLOT_EMA_MACRO)) &&
           keel_trend_beyond(side, x[KEEL_SLOT_CLOSE], x[KEEL_SLOT_EMA_MACRO]);
}

KEEL_LOCAL int32_t keel_trend_is_pullback(const keel_params *p, const keel_view *v, int32_t side,
                                          const keel_trend_sight *s) {
    const double *x = v->snap->v;
    if (!p->enable_pullback || !keel_trend_has(v, KEEL_SLOT_BIT(KEEL_SLOT_PREV_CLOSE))) return 0;
    if (!keel_trend_beyond(side, x[KEEL_SLOT_EMA_FAST], x[KEEL_SLOT_EMA_SLOW])) return 0;
    if (keel_trend_beyond(side, x[KEEL_SLOT_PREV_CLOSE], x[KEEL_SLOT_EMA_FAST])) return 0;
    if (!keel_trend_beyond(side, x[KEEL_SLOT_CLOSE], x[KEEL_SLOT_EMA_FAST])) return 0;
    if (!(s->adx >= p->pullback_adx_min) || !(s->rsi >= p->pullback_rsi_min)) return 0;
    if (!p->pullback_macd) return 1;
    return keel_trend_has(v, KEEL_SLOT_BIT(KEEL_SLOT_MACD_HIST)) &&
           keel_trend_beyond(side, x[KEEL_SLOT_MACD_HIST], 0.0);
}

KEEL_LOCAL int32_t keel_trend_is_drift(const keel_params *p, const keel_view *v, int32_t side,
                                       const keel_trend_sight *s) {
    const double *x = v->snap->v;
    if (!p->enable_slow_drift || !keel_trend_has(v, KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOPE))) return 0;
    if (!((double)side * x[KEEL_SLOT_EMA_SLOPE] >= p->slow_drift_min_slope)) return 0;
    if (!(s->adx >= p->slow_drift_adx_min && s->adx < p->entry_min_adx)) return 0;
    return keel_trend_beyond(side, x[KEEL_SLOT_CLOSE], x[KEEL_SLOT_EMA_SLOW]) && s->rsi >= p->slow_drift_rsi_min;
}

KEEL_LOCAL void keel_trend_accept(const keel_params *p, const keel_view *v, int32_t side, int32_t reason,
                                  const keel_trend_sight *s, keel_opinion *ret) {
    ret->signal = side > 0 ? KEEL_BUY : KEEL_SELL;
    ret->reason = reason;
    if (reason == KEEL_E_TREND && s->expanded) {
        ret->reason = KEEL_E_AVE;
        ret->stop_scale = s->ratio < p->ave_stop_scale_max ? s->ratio : p->ave_stop_scale_max;
    }
    ret->points = keel_trend_points(p, v, side, s->min_adx);
    ret->confidence = keel_trend_tier(p, ret->points, ret->reason);
}

DECIDE {
    uint64_t base = KEEL_SLOT_BIT(KEEL_SLOT_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST) |
                    KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOW) | KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_RSI);
    keel_trend_sight sight[2]; /* long, short */
    if (!keel_trend_has(view, base)) return;
    if (!keel_trend_look(p, view, &sight[0])) return;
    sight[1] = sight[0];
    sight[1].rsi = 100.0 - view->snap->v[KEEL_SLOT_RSI];
    for (int32_t mode = 0; mode < 3; mode++) {
        for (int32_t i = 0; i < 2; i++) {
            int32_t side = i == 0 ? 1 : -1;
            int32_t match = mode == 0   ? keel_trend_is_trend(p, view, side, &sight[i])
                            : mode == 1 ? keel_trend_is_pullback(p, view, side, &sight[i])
                                        : keel_trend_is_drift(p, view, side, &sight[i]);
            if (!match) continue;
            keel_trend_accept(p, view, side,
                              mode == 0   ? KEEL_E_TREND
                              : mode == 1 ? KEEL_E_PULLBACK
                                          : KEEL_E_SLOW_DRIFT,
                              &sight[i], ret);
            return;
        }
    }
}
