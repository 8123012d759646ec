/* lane/kat.h: the known-answer lane: a small whole run on bars it makes itself, so that a compiler or a device can be
 * asked one question with one right answer. Two symbols, detail bars, funding, gaps, every parameter at its default
 * but costs, one strategy. The answer (docs and tests quote it) is the state hash of the end. */
#ifndef KEEL_LANE_KAT_H
#define KEEL_LANE_KAT_H

#include "lane/lane.h"

#define KEEL_KAT_BARS 1500
#define KEEL_KAT_RATIO 4
#define KEEL_KAT_SYMBOLS 2
#define KEEL_KAT_FUNDINGS (KEEL_KAT_BARS / 8)

/* Elements of the scratch memory: int64 columns (4 main, 4 detail, 2 funding per symbol), double columns (volumes). */
#define KEEL_KAT_INTS (KEEL_KAT_SYMBOLS * (4 * KEEL_KAT_BARS * (1 + KEEL_KAT_RATIO) + 2 * KEEL_KAT_FUNDINGS))
#define KEEL_KAT_DOUBLES (KEEL_KAT_SYMBOLS * KEEL_KAT_BARS * (1 + KEEL_KAT_RATIO))

typedef struct keel_kat_answer {
    uint64_t state_hash; /* 0 = the run faulted */
    int64_t trades;
    int64_t final_e8;
    int64_t reserved;
} keel_kat_answer;

/* Run one strategy over the bars of `seed`.
 *   ints     scratch [KEEL_KAT_INTS], overwritten
 *   doubles  scratch [KEEL_KAT_DOUBLES], overwritten
 *   sets     scratch [KEEL_KAT_SYMBOLS], snaps scratch [KEEL_KAT_SYMBOLS], lane, st scratch: the caller's, because they
 *            are large */
KEEL_FN void keel_kat_run(int32_t strategy, uint64_t seed, KEEL_GLOBAL int64_t *ints, KEEL_GLOBAL double *doubles,
                          keel_signal_set *sets, keel_snapshot *snaps, keel_lane *lane, keel_state *st,
                          keel_kat_answer *ret);

#endif
