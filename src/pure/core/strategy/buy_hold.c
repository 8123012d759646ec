/* buy_hold: buy at the first closed bar, hold to the end. */
#define VERSION "1.0.0"
#define FAMILY "baseline"
#define SENTENCE "buys at the first chance and holds to the end"

#define PRESETS(C) PLAIN(C) C(allocation_pct, 1.0)
#include "strategy.def"

DECIDE {
    if (view->side == 0) buy();
}
