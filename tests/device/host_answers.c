/* host_answers.c: the known-answer lane on the host, printed as lane_answers.txt has it.
 *   host_answers STRATEGY_NAMES(comma) SEEDS(comma) */
#include "all.c"

#include "lane_entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t ints[KEEL_KAT_INTS];
static double doubles[KEEL_KAT_DOUBLES];
static keel_signal_set sets[KEEL_KAT_SYMBOLS];
static keel_snapshot snaps[KEEL_KAT_SYMBOLS];
static keel_lane lane;
static keel_state state;

/* Length of the first item of a comma list. */
static size_t item(const char *list) { return strcspn(list, ","); }

int main(int argc, char **argv) {
    if (argc != 3) {
        (void)fprintf(stderr, "usage: host_answers STRATEGY,... SEED,...\n");
        return 2;
    }
    uint64_t strategy = 0;
    for (const char *name = argv[1]; *name; name += item(name) + (name[item(name)] == ',')) {
        for (const char *seed = argv[2]; *seed; seed += item(seed) + (seed[item(seed)] == ',')) {
            uint64_t in[2] = {strategy, strtoull(seed, NULL, 10)}, out[3];
            keel_lane_entry(in, out, ints, doubles, sets, snaps, &lane, &state);
            (void)printf("%.*s %" PRIu64 " %016" PRIx64 " %" PRId64 " %" PRId64 "\n", (int)item(name), name, in[1],
                         out[0], (int64_t)out[1], (int64_t)out[2]);
        }
        strategy++;
    }
    return 0;
}
