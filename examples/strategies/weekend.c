/* weekend: holds from Friday evening to Monday morning, UTC. No indicator at all: only the calendar.
 *
 * 1 January 1970 was a Thursday, so day 0 is a Thursday, 1 a Friday, 3 a Sunday, 4 a Monday. */
#define VERSION "1.0.0"
#define SENTENCE "holds over the weekend"

#define PARAMS(P)                                                       \
    P(enter_hour, INT, 20, 0, 23, 1, "h", "hour of Friday to buy, UTC") \
    P(leave_hour, INT, 8, 0, 23, 1, "h", "hour of Monday to sell, UTC")
#include "strategy.def"

DECIDE {
    int64_t hours = view->ts_ms / 3600000; /* since 1970 */
    int32_t weekday = (int32_t)(hours / 24 % 7), hour = (int32_t)(hours % 24);
    if (view->side == 0 && weekday == 1 && hour == (int32_t)param(enter_hour)) buy();
    if (view->side > 0 && weekday == 4 && hour == (int32_t)param(leave_hour)) leave();
}
