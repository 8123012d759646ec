/* squeeze: when the bands have been narrow, goes with the close that leaves them; back in the middle it is over.
 *
 * Shows an indicator with several outputs (BB: middle, upper, lower, width), a parameter of its own (the width in
 * deviations), a signal of a signal, and a function. */
#define VERSION "1.0.0"
#define SENTENCE "follows the close out of narrow Bollinger bands"

#define PARAMS(P)                                                          \
    P(period, INT, 24, 5, 500, 1, "bars", "period of the bands")           \
    P(deviations, REAL, 2.0, 0.5, 5, 0.1, "sd", "half width of the bands") \
    P(narrow, REAL, 0.8, 0.1, 2, 0.05, "x", "width against its average: below is narrow")

#define SIGNALS(S)                      \
    S(bands, BB, CLOSE, param(period))  \
    S(usual, SMA, OUTPUT(bands, 3), 96) \
    S(width_1, PREV, OUTPUT(bands, 3), 1)
#define TUNES(T) T(bands, f[0], param(deviations))
#define READS(R) R(CLOSE, 1)
#include "strategy.def"

/* +1 above the bands, -1 below, 0 between. */
KEEL_LOCAL int32_t outside(double close, double upper, double lower) {
    if (close > upper) return 1;
    return close < lower ? -1 : 0;
}

DECIDE {
    double close = market(CLOSE), middle = output(bands, 0);
    int32_t side = outside(close, output(bands, 1), output(bands, 2));
    if (view->side != 0) {
        if ((double)view->side * (close - middle) <= 0.0) leave();
        return;
    }
    if (value(width_1) > param(narrow) * value(usual)) return; /* was not narrow before this bar */
    if (side > 0) buy();
    if (side < 0) sell();
}
