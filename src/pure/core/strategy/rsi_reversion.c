/* core/strategy/rsi_reversion.c: see rsi_reversion.h. */
#include "core/strategy/rsi_reversion.h"

KEEL_FN uint64_t keel_rsi_reversion_needs(const keel_params *p) {
    (void)p;
    return KEEL_SLOT_BIT(KEEL_SLOT_X0) | KEEL_SLOT_BIT(KEEL_SLOT_X1);
}

KEEL_FN void keel_rsi_reversion_signals(const keel_params *p, keel_signal_list *list) {
    keel_signal_list_add(list, KEEL_SIGNAL_RSI, KEEL_SLOT_X0, KEEL_SOURCE_CLOSE,
                         (int32_t)p->own[KEEL_RSI_REVERSION_period]);
    keel_signal_list_add(list, KEEL_SIGNAL_PREV, KEEL_SLOT_X1, KEEL_SOURCE_SLOT(KEEL_SLOT_X0), 1);
}

KEEL_FN void keel_rsi_reversion_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    double rsi = view->snap->v[KEEL_SLOT_X0], before = view->snap->v[KEEL_SLOT_X1];
    double lower = p->own[KEEL_RSI_REVERSION_lower], upper = p->own[KEEL_RSI_REVERSION_upper];
    double leave = p->own[KEEL_RSI_REVERSION_leave];
    if ((view->side > 0 && rsi >= leave) || (view->side < 0 && rsi <= 100.0 - leave)) {
        ret->signal = KEEL_CLOSE;
        return;
    }
    if (rsi < lower && before >= lower) ret->signal = KEEL_BUY;
    if (rsi > upper && before <= upper) ret->signal = KEEL_SELL;
}
