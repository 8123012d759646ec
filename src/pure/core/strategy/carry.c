/* carry: hold the side that receives funding while the last settled rate pays for it. */
#define VERSION "1.0.0"
#define FAMILY "carry"
#define SENTENCE "holds the side that receives funding"

#define PARAMS(P) \
    P(min_rate_bps, REAL, 0.5, 0, 1000, 0.1, "bps", "least rate per settlement, in size, to enter or turn")

#define FEEDS KEEL_FEED_FUNDING
#include "strategy.def"

DECIDE {
    if (!view->has_funding) return;
    double rate_bps = view->funding_rate * 10000.0;
    if (rate_bps >= param(min_rate_bps) && view->side >= 0)
        sell();
    else if (rate_bps <= -param(min_rate_bps) && view->side <= 0)
        buy();
}
