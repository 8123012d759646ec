/* rsi_reversion: buy when RSI falls through the lower level, sell when it rises through the upper one, leave at the
 * middle. */
#define VERSION "1.0.0"
#define FAMILY "reversion"
#define SENTENCE "fades RSI extremes and leaves at the middle"

#define PARAMS(P)                                                             \
    P(period, INT, 14, 2, 1000, 1, "bars", "period of the RSI")               \
    P(lower, REAL, 30, 0, 100, 1, "RSI", "buy when RSI crosses below")        \
    P(upper, REAL, 70, 0, 100, 1, "RSI", "sell short when RSI crosses above") \
    P(leave, REAL, 50, 0, 100, 1, "RSI", "longs leave at or above; shorts at or below 100 - it")

#define REQUIRES(Q) Q(param(lower) < param(upper), "the lower level must lie below the upper one")

#define SIGNALS(S)                    \
    S(rsi, RSI, CLOSE, param(period)) \
    S(before, PREV, OF(rsi), 1)
#include "strategy.def"

DECIDE {
    double rsi = value(rsi), before = value(before);
    if ((view->side > 0 && rsi >= param(leave)) || (view->side < 0 && rsi <= 100.0 - param(leave))) {
        leave();
        return;
    }
    if (rsi < param(lower) && before >= param(lower)) buy();
    if (rsi > param(upper) && before <= param(upper)) sell();
}
