/* no_trade: the zero line every other result is compared with. */
#define VERSION "1.0.0"
#define FAMILY "baseline"
#define SENTENCE "never trades: the zero line"
#include "strategy.def"

DECIDE {}
