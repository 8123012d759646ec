/* ema_cross: long while the fast average is above the slow one, short below; acts on the crossing only. */
#define VERSION "1.0.0"
#define FAMILY "trend"
#define SENTENCE "follows the crossing of two exponential averages"

#define PARAMS(P)                                                      \
    P(fast, INT, 12, 1, 1000, 1, "bars", "period of the fast average") \
    P(slow, INT, 26, 2, 2000, 1, "bars", "period of the slow average")

#define REQUIRES(Q) Q(param(fast) < param(slow), "the fast average must be faster than the slow one")

#define SIGNALS(S)                    \
    S(fast, EMA, CLOSE, param(fast))  \
    S(slow, EMA, CLOSE, param(slow))  \
    S(fast_before, PREV, OF(fast), 1) \
    S(slow_before, PREV, OF(slow), 1)
#define ALONE 1
#include "strategy.def"

DECIDE {
    if (value(fast) > value(slow) && value(fast_before) <= value(slow_before)) buy();
    if (value(fast) < value(slow) && value(fast_before) >= value(slow_before)) sell();
}
