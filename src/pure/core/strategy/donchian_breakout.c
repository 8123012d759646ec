/* core/strategy/donchian_breakout.c: see donchian_breakout.h. */
#include "core/strategy/donchian_breakout.h"

KEEL_FN uint64_t keel_donchian_breakout_needs(const keel_params *p) {
    (void)p;
    return KEEL_SLOT_BIT(KEEL_SLOT_CLOSE) | KEEL_SLOT_BIT(KEEL_SLOT_X6) | KEEL_SLOT_BIT(KEEL_SLOT_X7) |
           KEEL_SLOT_BIT(KEEL_SLOT_X8) | KEEL_SLOT_BIT(KEEL_SLOT_X9);
}

KEEL_FN void keel_donchian_breakout_signals(const keel_params *p, keel_signal_list *list) {
    /* X0 upper, X1 lower, X2 middle of the entry channel; X3..X5 of the exit channel; X6..X9 those of the bar before,
     * because a close can never lie outside a channel that contains it. */
    keel_signal_list_add(list, KEEL_SIGNAL_DONCHIAN, KEEL_SLOT_X0, KEEL_SOURCE_CLOSE,
                         (int32_t)p->own[KEEL_DONCHIAN_BREAKOUT_entry]);
    keel_signal_list_add(list, KEEL_SIGNAL_DONCHIAN, KEEL_SLOT_X3, KEEL_SOURCE_CLOSE,
                         (int32_t)p->own[KEEL_DONCHIAN_BREAKOUT_leave]);
    keel_signal_list_add(list, KEEL_SIGNAL_PREV, KEEL_SLOT_X6, KEEL_SOURCE_SLOT(KEEL_SLOT_X0), 1);
    keel_signal_list_add(list, KEEL_SIGNAL_PREV, KEEL_SLOT_X7, KEEL_SOURCE_SLOT(KEEL_SLOT_X1), 1);
    keel_signal_list_add(list, KEEL_SIGNAL_PREV, KEEL_SLOT_X8, KEEL_SOURCE_SLOT(KEEL_SLOT_X3), 1);
    keel_signal_list_add(list, KEEL_SIGNAL_PREV, KEEL_SLOT_X9, KEEL_SOURCE_SLOT(KEEL_SLOT_X4), 1);
}

KEEL_FN void keel_donchian_breakout_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    double close = view->snap->v[KEEL_SLOT_CLOSE];
    (void)p;
    if (close > view->snap->v[KEEL_SLOT_X6]) {
        ret->signal = KEEL_BUY;
        ret->reason = KEEL_E_RULE_BREAKOUT;
    } else if (close < view->snap->v[KEEL_SLOT_X7]) {
        ret->signal = KEEL_SELL;
        ret->reason = KEEL_E_RULE_BREAKOUT;
    } else if ((view->side > 0 && close < view->snap->v[KEEL_SLOT_X9]) ||
               (view->side < 0 && close > view->snap->v[KEEL_SLOT_X8])) {
        ret->signal = KEEL_CLOSE;
    }
}
