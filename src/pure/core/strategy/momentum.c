/* core/strategy/momentum.c: see momentum.h. */
#include "core/strategy/momentum.h"

KEEL_FN uint64_t keel_momentum_needs(const keel_params *p) {
    (void)p;
    return KEEL_SLOT_BIT(KEEL_SLOT_X0);
}

KEEL_FN void keel_momentum_signals(const keel_params *p, keel_signal_list *list) {
    keel_signal_list_add(list, KEEL_SIGNAL_ROC, KEEL_SLOT_X0, KEEL_SOURCE_CLOSE,
                         (int32_t)p->own[KEEL_MOMENTUM_lookback]);
}

KEEL_FN void keel_momentum_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    double change = view->snap->v[KEEL_SLOT_X0];
    (void)p;
    if (change > 0.0 && view->side <= 0) ret->signal = KEEL_BUY;
    if (change < 0.0 && view->side >= 0) ret->signal = KEEL_SELL;
    ret->reason = KEEL_E_RULE_MOMENTUM;
}
