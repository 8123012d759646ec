/* core/strategy/mean_reversion.c: see mean_reversion.h. */
#include "core/strategy/mean_reversion.h"

KEEL_FN uint64_t keel_mean_reversion_needs(const keel_params *p) {
    (void)p;
    return KEEL_SLOT_BIT(KEEL_SLOT_X0);
}

KEEL_FN void keel_mean_reversion_signals(const keel_params *p, keel_signal_list *list) {
    keel_signal_list_add(list, KEEL_SIGNAL_ZSCORE, KEEL_SLOT_X0, KEEL_SOURCE_CLOSE,
                         (int32_t)p->own[KEEL_MEAN_REVERSION_period]);
}

KEEL_FN void keel_mean_reversion_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    double z = view->snap->v[KEEL_SLOT_X0];
    double enter = p->own[KEEL_MEAN_REVERSION_entry_z], leave = p->own[KEEL_MEAN_REVERSION_leave_z];
    ret->reason = KEEL_E_RULE_REVERSAL;
    if (view->side == 0) {
        if (z <= -enter)
            ret->signal = KEEL_BUY;
        else if (z >= enter)
            ret->signal = KEEL_SELL;
    } else if ((double)view->side * z >= -leave) {
        ret->signal = KEEL_CLOSE; /* a long was opened at negative z and ends when z has risen to -leave_z */
    }
}
