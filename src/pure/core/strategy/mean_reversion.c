/* mean_reversion: fade a close that is far from its average, leave when it is back. */
#define VERSION "1.0.0"
#define FAMILY "reversion"
#define SENTENCE "fades the Z-score of the close"

#define PARAMS(P)                                                          \
    P(period, INT, 48, 2, 1000, 1, "bars", "window of mean and deviation") \
    P(entry_z, REAL, 2.0, 0, 100, 0.1, "sd", "distance that is faded")     \
    P(leave_z, REAL, 0.5, 0, 100, 0.1, "sd", "distance at which the position ends")

#define REQUIRES(Q) Q(param(leave_z) < param(entry_z), "a position must end nearer to the average than it began")

#define SIGNALS(S) S(z, ZSCORE, CLOSE, param(period))
#include "strategy.def"

DECIDE {
    ret->reason = KEEL_E_RULE_REVERSAL;
    if (view->side == 0) {
        if (value(z) <= -param(entry_z))
            buy();
        else if (value(z) >= param(entry_z))
            sell();
    } else if ((double)view->side * value(z) >= -param(leave_z)) {
        leave(); /* a long was opened at negative z and ends when z has risen to -leave_z */
    }
}
