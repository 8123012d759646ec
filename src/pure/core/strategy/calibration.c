/* core/strategy/calibration.c: see calibration.h. */
#include "core/strategy/calibration.h"

KEEL_FN double keel_calibrate(const int32_t *outcomes, const int32_t *profits, int32_t bin) {
    double n[KEEL_CALIBRATION_BINS], w[KEEL_CALIBRATION_BINS];         /* pools: outcomes and profits, */
    int32_t first[KEEL_CALIBRATION_BINS], last[KEEL_CALIBRATION_BINS]; /* and their first and last bin */
    int32_t pools = 0, all = 0;
    if (bin < 0 || bin >= KEEL_CALIBRATION_BINS) return 0.5;
    for (int32_t i = 0; i < KEEL_CALIBRATION_BINS; i++) {
        all += outcomes[i];
        if (outcomes[i] <= 0) continue;
        n[pools] = (double)outcomes[i];
        w[pools] = (double)profits[i];
        first[pools] = i;
        last[pools] = i;
        pools++;
        while (pools > 1 && w[pools - 2] * n[pools - 1] >= w[pools - 1] * n[pools - 2]) {
            n[pools - 2] += n[pools - 1];
            w[pools - 2] += w[pools - 1];
            last[pools - 2] = last[pools - 1];
            pools--;
        }
    }
    if (all < KEEL_CALIBRATION_MIN) return 0.5;
    int32_t at = 0; /* the last pool that begins at or below the bin, else the first */
    while (at + 1 < pools && first[at + 1] <= bin)
        at++;
    return w[at] / n[at];
}
