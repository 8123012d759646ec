/* core/strategy/no_trade.c: see no_trade.h. */
#include "core/strategy/no_trade.h"

KEEL_FN uint64_t keel_no_trade_needs(const keel_params *p) {
    (void)p;
    return 0;
}

KEEL_FN void keel_no_trade_signals(const keel_params *p, keel_signal_list *list) {
    (void)p;
    (void)list;
}

KEEL_FN void keel_no_trade_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    (void)p;
    (void)view;
    (void)ret;
}
