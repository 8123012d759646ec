/* lane_host.h: the known-answer lane on the host, with memory of its own. */
#ifndef KEEL_TESTS_LANE_HOST_H
#define KEEL_TESTS_LANE_HOST_H

#include "lane_entry.h"

enum { LANE_IN = 2, LANE_OUT = 3 }; /* words */

static void lane_run(const uint64_t *in, uint64_t *out) {
    static int64_t ints[KEEL_KAT_INTS];
    static double doubles[KEEL_KAT_DOUBLES];
    static keel_signal_set sets[KEEL_KAT_SYMBOLS];
    static keel_snapshot snaps[KEEL_KAT_SYMBOLS];
    static keel_lane lane;
    static keel_state state;
    keel_lane_entry(in, out, ints, doubles, sets, snaps, &lane, &state);
}

#endif
