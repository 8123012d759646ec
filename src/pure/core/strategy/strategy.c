/* core/strategy/strategy.c: from a strategy's number to its functions: switches over the one list. */
#include "core/strategy/strategy.h"

#include "core/strategy/canon.h"
#include "core/strategy/gates.h"

/* The list of this unit: the built-in ones, and the user's where it was compiled with one, which is then
 * called as KEEL_USER_CALL. */
#ifdef KEEL_USER_STRATEGY
#define KEEL_STRATEGIES_HERE(X) KEEL_STRATEGIES(X) X(USER, user)
#else
#define KEEL_STRATEGIES_HERE(X) KEEL_STRATEGIES(X)
#endif

KEEL_FN int32_t keel_strategy_select(keel_params *p, int32_t id) {
    switch (id) {
#define KEEL_STRATEGY_CASE(id, name) case KEEL_STRATEGY_##id:
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        break;
        default: return 0;
    }
    p->strategy = id;
    p->strategy_param_count = 0;
    for (int32_t i = 0; i < KEEL_STRATEGY_PARAM_MAX; i++)
        p->own[i] = 0.0;
    switch (id) {
#define KEEL_STRATEGY_CASE(id, name) \
    case KEEL_STRATEGY_##id: keel_##name##_choose(p); break;
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: break;
    }
    return 1;
}

KEEL_FN int32_t keel_strategy_set(keel_params *p, int32_t index, double value) {
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name) \
    case KEEL_STRATEGY_##id: return keel_##name##_set(p, index, value);
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: return 0;
    }
}

KEEL_HOT uint32_t keel_strategy_feeds(const keel_params *p) {
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name) \
    case KEEL_STRATEGY_##id: return keel_##name##_feeds();
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: return 0;
    }
}

KEEL_HOT uint64_t keel_strategy_needs(const keel_params *p) {
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name) \
    case KEEL_STRATEGY_##id: return keel_##name##_needs(p);
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: return 0;
    }
}

KEEL_FN int32_t keel_strategy_unmet(const keel_params *p, int32_t from) {
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name) \
    case KEEL_STRATEGY_##id: return keel_##name##_unmet(p, from);
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: return -1;
    }
}

KEEL_HOT uint32_t keel_strategy_regimes(const keel_params *p) {
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name) \
    case KEEL_STRATEGY_##id: return keel_##name##_regimes();
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: return 0;
    }
}

KEEL_FN void keel_strategy_signals(const keel_params *p, keel_signal_list *list) {
    list->n = 0;
    list->overflow = 0;
    switch (p->strategy) {
#define KEEL_STRATEGY_CASE(id, name) \
    case KEEL_STRATEGY_##id: keel_##name##_signals(p, list); break;
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: break;
    }
    keel_canon_add(p, keel_strategy_needs(p) | keel_gates_needs(p) | keel_canon_exit_needs(p), list);
}

KEEL_FN void keel_strategy_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    ret->signal = KEEL_NEUTRAL;
    ret->reason = KEEL_E_STRATEGY;
    ret->confidence = KEEL_CONF_HIGH;
    ret->points = 0;
    ret->fraction = 1.0;
    ret->stop_scale = 1.0;
    switch (p->strategy) {
/* A strategy acts only when all it reads is ready, unless it judges that itself. */
#define KEEL_STRATEGY_CASE(id, name)                                                   \
    case KEEL_STRATEGY_##id: {                                                         \
        uint64_t needs = keel_##name##_partial ? (uint64_t)0 : keel_##name##_needs(p); \
        if ((view->snap->ready & needs) == needs) keel_##name##_decide(p, view, ret);  \
        break;                                                                         \
    }
        KEEL_STRATEGIES(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
#ifdef KEEL_USER_STRATEGY
        case KEEL_STRATEGY_USER: {
            uint64_t needs = keel_user_partial ? (uint64_t)0 : keel_user_needs(p);
            if ((view->snap->ready & needs) == needs) KEEL_USER_CALL(p, view, ret);
            break;
        }
#endif
        default: break;
    }
}

#if KEEL_ON_HOST
KEEL_FN keel_strategy_text keel_strategy_describe(int32_t id) {
    keel_strategy_text text = {0};
    switch (id) {
#define KEEL_STRATEGY_CASE(id, name_)                                                     \
    case KEEL_STRATEGY_##id:                                                              \
        text.family = keel_##name_##_family;                                              \
        text.name = #name_;                                                               \
        text.version = keel_##name_##_version;                                            \
        text.sentence = keel_##name_##_sentence;                                          \
        text.row = keel_##name_##_rows;                                                   \
        text.row_count = (int32_t)keel_##name_##_own_count;                               \
        text.rule = keel_##name_##_rules;                                                 \
        text.rule_count = (int32_t)(sizeof keel_##name_##_rules / sizeof *text.rule) - 1; \
        text.universe = keel_##name_##_universe;                                          \
        text.schema = keel_##name_##_numbers[0];                                          \
        text.depth_bars = keel_##name_##_numbers[1];                                      \
        text.risk_budget = keel_##name_##_numbers[2];                                     \
        text.regimes = keel_##name_##_regimes();                                          \
        text.feeds = keel_##name_##_feeds();                                              \
        break;
        KEEL_STRATEGIES_HERE(KEEL_STRATEGY_CASE)
#undef KEEL_STRATEGY_CASE
        default: break;
    }
    return text;
}
#endif
