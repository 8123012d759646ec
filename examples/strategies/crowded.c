/* crowded: when one side pays much to stay, and the price no longer goes its way, takes the other side.
 *
 * Funding is what longs pay to shorts (or the other way) every few hours. FEEDS tells keel that this strategy needs it:
 * where funding is missing or old, no entry is made. */
#define VERSION "1.0.0"
#define SENTENCE "takes the side that is paid when the crowd stops winning"

#define PARAMS(P)                                                                        \
    P(crowd_bps, REAL, 1.0, 0.1, 100, 0.1, "bps", "rate per settlement that is a crowd") \
    P(calm_bps, REAL, 0.2, 0, 100, 0.1, "bps", "rate at which the crowd is gone")        \
    P(lookback, INT, 12, 1, 500, 1, "bars", "bars over which the crowd must not win")

#define SIGNALS(S) S(change, ROC, CLOSE, param(lookback))
#define FEEDS KEEL_FEED_FUNDING
#define PRESETS(C) PLAIN(C) C(sl_atr_mult, 4.0)
#include "strategy.def"

DECIDE {
    double rate_bps = view->has_funding ? view->funding_rate * 10000.0 : 0.0; /* > 0: longs pay */
    if (view->side == 0) {
        if (rate_bps >= param(crowd_bps) && value(change) <= 0.0) sell();
        if (rate_bps <= -param(crowd_bps) && value(change) >= 0.0) buy();
    } else if ((double)-view->side * rate_bps < param(calm_bps)) {
        leave(); /* nobody pays us any more */
    }
}
