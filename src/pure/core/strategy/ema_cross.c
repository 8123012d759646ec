/* core/strategy/ema_cross.c: see ema_cross.h. */
#include "core/strategy/ema_cross.h"

KEEL_FN uint64_t keel_ema_cross_needs(const keel_params *p) {
    (void)p;
    return KEEL_SLOT_BIT(KEEL_SLOT_X0) | KEEL_SLOT_BIT(KEEL_SLOT_X1) | KEEL_SLOT_BIT(KEEL_SLOT_X2) |
           KEEL_SLOT_BIT(KEEL_SLOT_X3);
}

KEEL_FN void keel_ema_cross_signals(const keel_params *p, keel_signal_list *list) {
    keel_signal_list_add(list, KEEL_SIGNAL_EMA, KEEL_SLOT_X0, KEEL_SOURCE_CLOSE, (int32_t)p->own[KEEL_EMA_CROSS_fast]);
    keel_signal_list_add(list, KEEL_SIGNAL_EMA, KEEL_SLOT_X1, KEEL_SOURCE_CLOSE, (int32_t)p->own[KEEL_EMA_CROSS_slow]);
    keel_signal_list_add(list, KEEL_SIGNAL_PREV, KEEL_SLOT_X2, KEEL_SOURCE_SLOT(KEEL_SLOT_X0), 1);
    keel_signal_list_add(list, KEEL_SIGNAL_PREV, KEEL_SLOT_X3, KEEL_SOURCE_SLOT(KEEL_SLOT_X1), 1);
}

KEEL_FN void keel_ema_cross_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    double fast = view->snap->v[KEEL_SLOT_X0], slow = view->snap->v[KEEL_SLOT_X1];
    double fast_before = view->snap->v[KEEL_SLOT_X2], slow_before = view->snap->v[KEEL_SLOT_X3];
    (void)p;
    if (fast > slow && fast_before <= slow_before) ret->signal = KEEL_BUY;
    if (fast < slow && fast_before >= slow_before) ret->signal = KEEL_SELL;
}
