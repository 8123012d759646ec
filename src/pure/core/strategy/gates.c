/* core/strategy/gates.c: see gates.h. */
#include "core/strategy/gates.h"

KEEL_LOCAL int32_t keel_gate_has(const keel_view *v, uint64_t mask) { return (v->snap->ready & mask) == mask; }

KEEL_LOCAL void keel_gate_put(keel_gate_result *g, int32_t status, double value, double threshold) {
    g->status = status;
    g->votes = 0;
    g->value = value;
    g->threshold = threshold;
}

KEEL_LOCAL int32_t keel_gate_verdict(int32_t known, int32_t fails) {
    return !known ? KEEL_GATE_UNKNOWN : (fails ? KEEL_GATE_FAIL : KEEL_GATE_PASS);
}

KEEL_LOCAL void keel_gate_ranging(const keel_params *p, const keel_view *v, int32_t reason, keel_gate_result *g) {
    uint64_t need =
        KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_BB_WIDTH_RATIO) | KEEL_SLOT_BIT(KEEL_SLOT_RSI);
    int32_t known = keel_gate_has(v, need);
    int32_t votes = 0;
    if (known) {
        votes += v->snap->v[KEEL_SLOT_ADX] < p->ranging_adx_lt;
        votes += v->snap->v[KEEL_SLOT_BB_WIDTH_RATIO] < p->ranging_bbw_lt;
        votes += p->ranging_rsi_low < v->snap->v[KEEL_SLOT_RSI] && v->snap->v[KEEL_SLOT_RSI] < p->ranging_rsi_high;
    }
    keel_gate_put(g, keel_gate_verdict(known, votes >= p->ranging_min_votes), (double)votes,
                  (double)p->ranging_min_votes);
    g->votes = votes;
    if (reason == KEEL_E_SLOW_DRIFT && keel_gate_has(v, KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOPE)) &&
        keel_fabs(v->snap->v[KEEL_SLOT_EMA_SLOPE]) > p->slow_drift_range_override)
        g->status = KEEL_GATE_WAIVED;
}

/* The larger of the two measures relative to its own limit is reported. */
KEEL_LOCAL void keel_gate_anomaly(const keel_params *p, const keel_view *v, keel_gate_result *g) {
    uint64_t need =
        KEEL_SLOT_BIT(KEEL_SLOT_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_PREV_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST);
    if (!keel_gate_has(v, need)) {
        keel_gate_put(g, KEEL_GATE_UNKNOWN, 0.0, p->anomaly_bar_move_pct);
        return;
    }
    double close = v->snap->v[KEEL_SLOT_CLOSE];
    double ema = v->snap->v[KEEL_SLOT_EMA_FAST];
    double move = keel_fabs(close / v->snap->v[KEEL_SLOT_PREV_CLOSE] - 1.0);
    double deviation = keel_fabs(close - ema) / ema;
    int32_t by_ema = deviation > p->anomaly_ema_dev_pct;
    int32_t fails = move > p->anomaly_bar_move_pct || by_ema;
    if (by_ema && !(move > p->anomaly_bar_move_pct))
        keel_gate_put(g, keel_gate_verdict(1, fails), deviation, p->anomaly_ema_dev_pct);
    else
        keel_gate_put(g, keel_gate_verdict(1, fails), move, p->anomaly_bar_move_pct);
}

KEEL_LOCAL void keel_gate_extension(const keel_params *p, const keel_view *v, keel_gate_result *g) {
    int32_t known = keel_gate_has(v, KEEL_SLOT_BIT(KEEL_SLOT_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST));
    double d = 0.0;
    if (known)
        d = keel_fabs(v->snap->v[KEEL_SLOT_CLOSE] - v->snap->v[KEEL_SLOT_EMA_FAST]) / v->snap->v[KEEL_SLOT_EMA_FAST];
    keel_gate_put(g, keel_gate_verdict(known, d > p->max_dist_ema_fast), d, p->max_dist_ema_fast);
}

KEEL_LOCAL void keel_gate_adx_rising(const keel_params *p, const keel_view *v, keel_gate_result *g) {
    int32_t known = keel_gate_has(v, KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_ADX_PREV));
    double adx = known ? v->snap->v[KEEL_SLOT_ADX] : 0.0;
    double before = known ? v->snap->v[KEEL_SLOT_ADX_PREV] : 0.0;
    int32_t rises = adx > before || adx >= p->adx_rising_saturation;
    keel_gate_put(g, keel_gate_verdict(known, !rises), adx, before);
}

KEEL_LOCAL void keel_gate_volume(const keel_params *p, const keel_view *v, keel_gate_result *g) {
    int32_t known = keel_gate_has(v, KEEL_SLOT_BIT(KEEL_SLOT_VOLUME) | KEEL_SLOT_BIT(KEEL_SLOT_VOL_SMA));
    double volume = known ? v->snap->v[KEEL_SLOT_VOLUME] : 0.0;
    double least = known ? v->snap->v[KEEL_SLOT_VOL_SMA] * p->vol_confirm_mult : 0.0;
    keel_gate_put(g, keel_gate_verdict(known, volume <= least), volume, least);
}

KEEL_FN int32_t keel_gates_btc_agrees(const keel_view *v, int32_t side) {
    return v->btc_bullish == (side > 0 ? KEEL_TRUE : KEEL_FALSE);
}

KEEL_LOCAL void keel_gate_btc(const keel_params *p, const keel_view *v, int32_t side, keel_gate_result *g) {
    int32_t strong = keel_gate_has(v, KEEL_SLOT_BIT(KEEL_SLOT_ADX)) && v->snap->v[KEEL_SLOT_ADX] >= p->btc_adx_override;
    int32_t status = keel_gate_verdict(v->btc_bullish != KEEL_UNKNOWN, !keel_gates_btc_agrees(v, side));
    if (v->is_btc || strong) status = KEEL_GATE_WAIVED;
    keel_gate_put(g, status, (double)v->btc_bullish, side > 0 ? (double)KEEL_TRUE : (double)KEEL_FALSE);
}

KEEL_LOCAL void keel_gate_breadth(const keel_params *p, const keel_view *v, int32_t side, keel_gate_result *g) {
    double limit = side > 0 ? p->breadth_long_min : p->breadth_short_max;
    int32_t fails = side > 0 ? v->breadth < limit : v->breadth > limit;
    keel_gate_put(g, keel_gate_verdict(v->breadth >= 0.0, fails), v->breadth, limit);
}

KEEL_LOCAL void keel_gate_regime(const keel_view *v, keel_gate_result *g) {
    keel_gate_put(g, keel_gate_verdict(v->regime_gate != KEEL_UNKNOWN, v->regime_gate != KEEL_TRUE),
                  (double)v->regime_gate, (double)KEEL_TRUE);
}

KEEL_HOT int32_t keel_gates_shut(const keel_gate_result *gates) {
    int32_t shut = 0;
    for (int32_t i = 0; i < KEEL_GATE_COUNT; i++)
        if (gates[i].status == KEEL_GATE_FAIL || gates[i].status == KEEL_GATE_UNKNOWN) shut |= (int32_t)1 << i;
    return shut;
}

KEEL_FN int32_t keel_gates_evaluate(const keel_params *p, const keel_view *view, int32_t side, int32_t reason,
                                    keel_gate_result *gates) {
    keel_gate_ranging(p, view, reason, &gates[KEEL_GATE_ID_RANGING]);
    keel_gate_anomaly(p, view, &gates[KEEL_GATE_ID_ANOMALY]);
    keel_gate_extension(p, view, &gates[KEEL_GATE_ID_EXTENSION]);
    keel_gate_adx_rising(p, view, &gates[KEEL_GATE_ID_ADX_RISING]);
    keel_gate_volume(p, view, &gates[KEEL_GATE_ID_VOLUME]);
    keel_gate_btc(p, view, side, &gates[KEEL_GATE_ID_BTC]);
    keel_gate_breadth(p, view, side, &gates[KEEL_GATE_ID_BREADTH]);
    keel_gate_regime(view, &gates[KEEL_GATE_ID_REGIME]);
    if (!p->gate_ranging) gates[KEEL_GATE_ID_RANGING].status = KEEL_GATE_OFF;
    if (!p->gate_anomaly) gates[KEEL_GATE_ID_ANOMALY].status = KEEL_GATE_OFF;
    if (!p->gate_extension) gates[KEEL_GATE_ID_EXTENSION].status = KEEL_GATE_OFF;
    if (!p->gate_adx_rising) gates[KEEL_GATE_ID_ADX_RISING].status = KEEL_GATE_OFF;
    if (!p->gate_volume) gates[KEEL_GATE_ID_VOLUME].status = KEEL_GATE_OFF;
    if (!p->gate_btc) gates[KEEL_GATE_ID_BTC].status = KEEL_GATE_OFF;
    if (!p->gate_breadth) gates[KEEL_GATE_ID_BREADTH].status = KEEL_GATE_OFF;
    if (!p->gate_regime) gates[KEEL_GATE_ID_REGIME].status = KEEL_GATE_OFF;
    return keel_gates_shut(gates) == 0;
}

KEEL_INLINE int32_t keel_gate_holds(const keel_gate_result *g, int32_t id) {
    return (int32_t)(g->status == KEEL_GATE_FAIL || g->status == KEEL_GATE_UNKNOWN) << id;
}

KEEL_FN int32_t keel_gates_held(const keel_params *p, const keel_view *view, int32_t side, int32_t reason) {
    keel_gate_result g;
    int32_t shut = 0;
    if (p->gate_ranging) {
        keel_gate_ranging(p, view, reason, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_RANGING);
    }
    if (p->gate_anomaly) {
        keel_gate_anomaly(p, view, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_ANOMALY);
    }
    if (p->gate_extension) {
        keel_gate_extension(p, view, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_EXTENSION);
    }
    if (p->gate_adx_rising) {
        keel_gate_adx_rising(p, view, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_ADX_RISING);
    }
    if (p->gate_volume) {
        keel_gate_volume(p, view, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_VOLUME);
    }
    if (p->gate_btc) {
        keel_gate_btc(p, view, side, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_BTC);
    }
    if (p->gate_breadth) {
        keel_gate_breadth(p, view, side, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_BREADTH);
    }
    if (p->gate_regime) {
        keel_gate_regime(view, &g);
        shut |= keel_gate_holds(&g, KEEL_GATE_ID_REGIME);
    }
    return shut;
}
KEEL_FN uint64_t keel_gates_needs(const keel_params *p) {
    uint64_t need = 0;
    if (p->gate_ranging)
        need |= KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_BB_WIDTH_RATIO) | KEEL_SLOT_BIT(KEEL_SLOT_RSI);
    if (p->gate_anomaly)
        need |=
            KEEL_SLOT_BIT(KEEL_SLOT_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_PREV_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST);
    if (p->gate_extension) need |= KEEL_SLOT_BIT(KEEL_SLOT_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST);
    if (p->gate_adx_rising) need |= KEEL_SLOT_BIT(KEEL_SLOT_ADX);
    if (p->gate_volume) need |= KEEL_SLOT_BIT(KEEL_SLOT_VOLUME) | KEEL_SLOT_BIT(KEEL_SLOT_VOL_SMA);
    if (p->gate_btc)
        need |= KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOW);
    if (p->gate_breadth) need |= KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOW);
    if (p->gate_regime)
        need |= KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOW) | KEEL_SLOT_BIT(KEEL_SLOT_ADX) |
                KEEL_SLOT_BIT(KEEL_SLOT_ATR) | KEEL_SLOT_BIT(KEEL_SLOT_ATR_SMA);
    return need;
}
