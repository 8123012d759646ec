/* patient: a channel breakout that takes half of a good profit, and gives a bad trade only so much time.
 *
 * Shows the state of the position: its side, the bars it is held, its open profit in ATR, and closing a part of it.
 * Nothing is stored: whether the half was taken is told by the target that keel keeps (tp_partial_atr_mult). */
#define VERSION "1.0.0"
#define SENTENCE "breakout with a partial target and a limit of patience"

#define PARAMS(P)                                                                       \
    P(channel, INT, 48, 5, 1000, 1, "bars", "highest and lowest of so many bars")       \
    P(patience, INT, 24, 1, 1000, 1, "bars", "a trade without profit ends after these") \
    P(enough, REAL, 0.5, 0, 20, 0.1, "ATR", "profit by then that earns more time")

#define SIGNALS(S)                            \
    S(range, DONCHIAN, CLOSE, param(channel)) \
    S(top, PREV, OUTPUT(range, 0), 1)         \
    S(bottom, PREV, OUTPUT(range, 1), 1)
#define READS(R) R(CLOSE, 1) R(ATR, 1)

#define PRESETS(C) \
    PLAIN(C) C(sl_atr_mult, 3.0) C(enable_partial_tp, 1) C(tp_partial_atr_mult, 2.0) C(enable_trailing, 0)
#include "strategy.def"

DECIDE {
    double close = market(CLOSE);
    if (view->side == 0) {
        if (close > value(top)) buy();
        if (close < value(bottom)) sell();
        ret->reason = KEEL_E_RULE_BREAKOUT;
        return;
    }
    if (view->bars_held >= (int32_t)param(patience) && view->profit_atr < param(enough)) leave();
}
