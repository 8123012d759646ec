/* core/strategy/carry.c: see carry.h. */
#include "core/strategy/carry.h"

KEEL_FN uint64_t keel_carry_needs(const keel_params *p) {
    (void)p;
    return 0;
}

KEEL_FN void keel_carry_signals(const keel_params *p, keel_signal_list *list) {
    (void)p;
    (void)list;
}

KEEL_FN void keel_carry_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    if (!view->has_funding) return;
    double rate_bps = view->funding_rate * 10000.0;
    if (rate_bps >= p->own[KEEL_CARRY_min_rate_bps] && view->side >= 0)
        ret->signal = KEEL_SELL;
    else if (rate_bps <= -p->own[KEEL_CARRY_min_rate_bps] && view->side <= 0)
        ret->signal = KEEL_BUY;
}
