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

#define KEEL_KAT_CAPITAL_E8 ((int64_t)1000000000000)

typedef struct keel_kat_answer {
    uint64_t state_hash; /* 0 = the run faulted */
    int64_t trades;
    int64_t final_e8;
    int64_t reserved;
} keel_kat_answer;

/* The parts of a run, for who runs it another way. The bars of `seed` as a tape over scratch memory (sizes as below);
 * the configuration of a strategy, 1, or 0 for an unknown one; a symbol's instrument. */
KEEL_FN void keel_kat_tape(uint64_t seed, KEEL_GLOBAL int64_t *ints, KEEL_GLOBAL double *doubles, keel_tape *tape);
KEEL_FN int32_t keel_kat_params(int32_t strategy, keel_params *p);
KEEL_FN void keel_kat_rules(int32_t symbol, keel_instrument *rules);

/* Run one strategy over the bars of `seed`.
 *   ints     scratch [KEEL_KAT_INTS], overwritten
 *   doubles  scratch [KEEL_KAT_DOUBLES], overwritten
 *   sets     scratch [KEEL_KAT_SYMBOLS], snaps scratch [KEEL_KAT_SYMBOLS], lane, st scratch: the caller's, because they
 *            are large */
KEEL_FN void keel_kat_run(int32_t strategy, uint64_t seed, KEEL_GLOBAL int64_t *ints, KEEL_GLOBAL double *doubles,
                          keel_signal_set *sets, keel_snapshot *snaps, keel_lane *lane, keel_state *st,
                          keel_kat_answer *ret);

#endif
