/* donchian_breakout: enter when the close leaves the channel of the bars before, leave through the opposite side of a
 * shorter one. */
#define VERSION "1.0.0"
#define FAMILY "breakout"
#define SENTENCE "enters on channel breakouts, leaves on a shorter channel"

#define PARAMS(P)                                                           \
    P(entry, INT, 20, 2, 1000, 1, "bars", "channel that a breakout leaves") \
    P(leave, INT, 10, 1, 1000, 1, "bars", "channel that ends the position")

#define REQUIRES(Q) Q(param(leave) <= param(entry), "the channel that ends a position may not be the longer one")

/* A Donchian channel has three outputs: upper, lower, middle. Decided on are those of the bar before, because a close
 * can never lie outside a channel that contains it. */
#define SIGNALS(S)                            \
    S(entry, DONCHIAN, CLOSE, param(entry))   \
    S(leave, DONCHIAN, CLOSE, param(leave))   \
    S(entry_upper, PREV, OUTPUT(entry, 0), 1) \
    S(entry_lower, PREV, OUTPUT(entry, 1), 1) \
    S(leave_upper, PREV, OUTPUT(leave, 0), 1) \
    S(leave_lower, PREV, OUTPUT(leave, 1), 1)
#define READS(R) R(CLOSE, 1)
#include "strategy.def"

DECIDE {
    double close = market(CLOSE);
    if (close > value(entry_upper)) {
        buy();
        ret->reason = KEEL_E_RULE_BREAKOUT;
    } else if (close < value(entry_lower)) {
        sell();
        ret->reason = KEEL_E_RULE_BREAKOUT;
    } else if ((view->side > 0 && close < value(leave_lower)) || (view->side < 0 && close > value(leave_upper))) {
        leave();
    }
}
