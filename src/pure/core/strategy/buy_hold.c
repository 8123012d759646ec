/* core/strategy/buy_hold.c: see buy_hold.h. */
#include "core/strategy/buy_hold.h"

KEEL_FN uint64_t keel_buy_hold_needs(const keel_params *p) {
    (void)p;
    return 0;
}

KEEL_FN void keel_buy_hold_signals(const keel_params *p, keel_signal_list *list) {
    (void)p;
    (void)list;
}

KEEL_FN void keel_buy_hold_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    (void)p;
    if (view->side == 0) ret->signal = KEEL_BUY;
}
