/* pullback: in an upward trend, buys weakness; the exits are keel's: a stop and a target in ATR.
 *
 * The trend is the side of a slow average on which the price is; weakness is a low RSI. Mirrored for shorts. */
#define VERSION "1.0.0"
#define SENTENCE "buys weakness in an upward trend, sells strength in a downward one"

#define PARAMS(P)                                                          \
    P(trend, INT, 200, 10, 2000, 10, "bars", "period of the slow average") \
    P(rsi_bars, INT, 7, 2, 100, 1, "bars", "period of the RSI")            \
    P(weak, REAL, 30, 1, 49, 1, "RSI", "buy below; sell short above 100 - it")

#define SIGNALS(S)                       \
    S(average, EMA, CLOSE, param(trend)) \
    S(rsi, RSI, CLOSE, param(rsi_bars))

/* The close, as the host has it. */
#define READS(R) R(CLOSE, 1)

/* keel's exits: stop 2 ATR away, target 3 ATR, out after two days whatever happens. */
#define PRESETS(C) PLAIN(C) C(sl_atr_mult, 2.0) C(tp_atr_mult, 3.0) C(max_hold_h, 48)
#include "strategy.def"

DECIDE {
    if (view->side != 0) return;
    if (market(CLOSE) > value(average) && value(rsi) < param(weak)) buy();
    if (market(CLOSE) < value(average) && value(rsi) > 100.0 - param(weak)) sell();
}
