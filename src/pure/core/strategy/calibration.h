/* core/strategy/calibration.h: how often entries with so many points have ended in a net profit: a probability that can
 * be read as one. Reported beside each proposal; it decides nothing by itself (STR-03.3). */
#ifndef KEEL_CORE_STRATEGY_CALIBRATION_H
#define KEEL_CORE_STRATEGY_CALIBRATION_H

#include "num/port.h"

#define KEEL_CALIBRATION_BINS 6 /* points 0..5 */
#define KEEL_CALIBRATION_MIN 50 /* outcomes before anything is said */

/* Isotonic regression (pool adjacent violators; Ayer, Brunk, Ewing, Reid, Silverman, 1955) of the share of profits
 * over the bins, weighted by outcomes: never falling with the points.
 *   outcomes, profits  in  [KEEL_CALIBRATION_BINS], 0 <= profits <= outcomes
 *   bin                in  points of the entry; outside 0..5 gives 0.5
 * Returns the fitted share in [0, 1]; 0.5 with fewer than KEEL_CALIBRATION_MIN outcomes in all. A bin without outcomes
 * takes the value of the pool that spans it, else of the nearest below it, else of the first. */
KEEL_FN double keel_calibrate(const int32_t *outcomes, const int32_t *profits, int32_t bin);

#endif
