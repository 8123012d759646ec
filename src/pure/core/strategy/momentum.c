/* momentum: hold the sign of the return over some bars. */
#define VERSION "1.0.0"
#define FAMILY "trend"
#define SENTENCE "holds the sign of the N-bar return"

#define PARAMS(P) P(lookback, INT, 48, 1, 1000, 1, "bars", "bars of the return")

#define SIGNALS(S) S(change, ROC, CLOSE, param(lookback))
#include "strategy.def"

DECIDE {
    if (value(change) > 0.0 && view->side <= 0) buy();
    if (value(change) < 0.0 && view->side >= 0) sell();
    ret->reason = KEEL_E_RULE_MOMENTUM;
}
