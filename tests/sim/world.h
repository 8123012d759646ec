/* world.h: one seed of the simulator: a market, an engine with everything real but the seams, a venue, a disk, a
 * network and the faults of all of them, in virtual time, until the run is at its end.
 *
 * First, faults: lives of the engine that end when the machine or the process stops, the disk fails or fills. Then,
 * from three quarters of the market on, none, and everything must come to its end. Same options: the same run. */
#ifndef KEEL_TESTS_SIM_WORLD_H
#define KEEL_TESTS_SIM_WORLD_H

#include "kinds.h"

typedef enum sim_canary {
    SIM_NO_CANARY,
    SIM_RESENDS /* planted: an order in doubt is handed in again without asking */
} sim_canary;

typedef struct sim_options {
    uint64_t seed;
    sim_mask kinds; /* that may be drawn */
    sim_canary canary;
    int verbose; /* 1: each life on standard output */
} sim_options;

typedef struct sim_result {
    char wrong[600]; /* what a check found; "" nothing */
    sim_mask drawn;
    uint64_t lives;       /* starts of the engine */
    uint64_t episodes;    /* of those that were ended by a fault, and recovered from or found out */
    int found;            /* 1: a lying disk was found out, and the run refused to go on */
    int64_t hours;        /* of trading, each counted once */
    uint64_t called_back; /* orders that the venue ended because they were */
    uint64_t inputs, commands, fills, in_doubt, checks;
    uint64_t counts[SIM_KIND_COUNT]; /* how often each fault happened */
    uint64_t state_hash;             /* at the end */
} sim_result;

void sim_run(const sim_options *options, sim_result *ret);

#endif
