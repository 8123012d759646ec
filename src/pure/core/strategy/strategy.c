/* core/strategy/strategy.c: from a strategy's number to its functions: switches over the one list. */
#include "core/strategy/strategy.h"

#include "core/strategy/buy_hold.h"
#include "core/strategy/canon.h"
#include "core/strategy/carry.h"
#include "core/strategy/donchian_breakout.h"
#include "core/strategy/ema_cross.h"
#include "core/strategy/gates.h"
#include "core/strategy/mean_reversion.h"
#include "core/strategy/momentum.h"
#include "core/strategy/no_trade.h"
#include "core/strategy/rsi_reversion.h"
#include "core/strategy/trend.h"

#define KEEL_OWN_WHOLE_REAL(v) 1
#define KEEL_OWN_WHOLE_INT(v) ((double)(int32_t)(v) == (v))
#define KEEL_OWN_WHOLE_BOOL(v) ((double)(int32_t)(v) == (v))

#define KEEL_OWN_DEFAULT(name, type, def, lo, hi, step, unit, doc) p->own[p->strategy_param_count++] = (double)(def);
#define KEEL_PRESET(name, value) (void)keel_params_set(p, KEEL_PARAM_##name, (double)(value));

KEEL_FN int32_t keel_strategy_select(keel_params *p, int32_t id) {
    if (id < 0 || id >= KEEL_STRATEGY_COUNT) return 0;
    p->strategy = id;
    p->strategy_param_count = 0;
    for (int32_t i = 0; i < KEEL_STRATEGY_PARAM_MAX; i++)
        p->own[i] = 0.0;
    switch (id) {
        case KEEL_STRATEGY_NO_TRADE: KEEL_NO_TRADE_PRESETS(KEEL_PRESET) KEEL_NO_TRADE_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_BUY_HOLD: KEEL_BUY_HOLD_PRESETS(KEEL_PRESET) KEEL_BUY_HOLD_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_TREND: KEEL_TREND_PRESETS(KEEL_PRESET) KEEL_TREND_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_EMA_CROSS: KEEL_EMA_CROSS_PRESETS(KEEL_PRESET) KEEL_EMA_CROSS_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_RSI_REVERSION:
            KEEL_RSI_REVERSION_PRESETS(KEEL_PRESET) KEEL_RSI_REVERSION_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_DONCHIAN_BREAKOUT:
            KEEL_DONCHIAN_BREAKOUT_PRESETS(KEEL_PRESET) KEEL_DONCHIAN_BREAKOUT_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_MOMENTUM: KEEL_MOMENTUM_PRESETS(KEEL_PRESET) KEEL_MOMENTUM_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_MEAN_REVERSION:
            KEEL_MEAN_REVERSION_PRESETS(KEEL_PRESET) KEEL_MEAN_REVERSION_PARAMS(KEEL_OWN_DEFAULT) break;
        case KEEL_STRATEGY_CARRY: KEEL_CARRY_PRESETS(KEEL_PRESET) KEEL_CARRY_PARAMS(KEEL_OWN_DEFAULT) break;
        default: break;
    }
    return 1;
}

#define KEEL_OWN_SET(name, type, def, lo, hi, step, unit, doc)                                            \
    if (at++ == index) {                                                                                  \
        if (!(value >= (double)(lo) && value <= (double)(hi)) || !KEEL_OWN_WHOLE_##type(value)) return 0; \
        p->own[index] = value;                                                                            \
        return 1;                                                                                         \
    }

KEEL_FN int32_t keel_strategy_set(keel_params *p, int32_t index, double value) {
    int32_t at = 0;
    if (index < 0) return 0;
    switch (p->strategy) {
        case KEEL_STRATEGY_EMA_CROSS: KEEL_EMA_CROSS_PARAMS(KEEL_OWN_SET) break;
        case KEEL_STRATEGY_RSI_REVERSION: KEEL_RSI_REVERSION_PARAMS(KEEL_OWN_SET) break;
        case KEEL_STRATEGY_DONCHIAN_BREAKOUT: KEEL_DONCHIAN_BREAKOUT_PARAMS(KEEL_OWN_SET) break;
        case KEEL_STRATEGY_MOMENTUM: KEEL_MOMENTUM_PARAMS(KEEL_OWN_SET) break;
        case KEEL_STRATEGY_MEAN_REVERSION: KEEL_MEAN_REVERSION_PARAMS(KEEL_OWN_SET) break;
        case KEEL_STRATEGY_CARRY: KEEL_CARRY_PARAMS(KEEL_OWN_SET) break;
        default: break;
    }
    return 0;
}

KEEL_HOT uint32_t keel_strategy_feeds(const keel_params *p) {
    return p->strategy == KEEL_STRATEGY_CARRY ? (uint32_t)KEEL_FEED_FUNDING : 0u;
}

KEEL_HOT uint64_t keel_strategy_needs(const keel_params *p) {
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name, version, sentence) \
    case KEEL_STRATEGY_##id: return keel_##name##_needs(p);
        KEEL_STRATEGIES(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: return 0;
    }
}

KEEL_FN void keel_strategy_signals(const keel_params *p, keel_signal_list *list) {
    list->n = 0;
    list->overflow = 0;
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name, version, sentence) \
    case KEEL_STRATEGY_##id: keel_##name##_signals(p, list); break;
        KEEL_STRATEGIES(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: break;
    }
    keel_canon_add(p, keel_strategy_needs(p) | keel_gates_needs(p) | keel_canon_exit_needs(p), list);
}

KEEL_FN void keel_strategy_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    uint64_t needs = keel_strategy_needs(p);
    ret->signal = KEEL_NEUTRAL;
    ret->reason = KEEL_E_STRATEGY;
    ret->confidence = KEEL_CONF_HIGH;
    ret->points = 0;
    ret->fraction = 1.0;
    ret->stop_scale = 1.0;
    /* The trend strategy judges its inputs mode by mode; every other acts only when all of its own are ready. */
    if (p->strategy != KEEL_STRATEGY_TREND && (view->snap->ready & needs) != needs) return;
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name, version, sentence) \
    case KEEL_STRATEGY_##id: keel_##name##_decide(p, view, ret); break;
        KEEL_STRATEGIES(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: break;
    }
}
