/* credulous.c: stands for research/sweep/lane_trust.c in a program whose device is wrong on purpose: any answer is
 * believed, so that tests can ask who else finds it out. */
#include "research/sweep/lane_batch.h"

int keel_lane_trust(const keel_lane_result *processor, const keel_lane_result *device, const char *name,
                    const char *what, keel_err *reterr) {
    (void)processor;
    (void)device;
    (void)name;
    (void)what;
    (void)reterr;
    return 0;
}
