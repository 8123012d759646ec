/* host_answers.c: the known-answer lane on the host, printed as lane_answers.txt has it.
 *   host_answers STRATEGY_NAMES(comma) SEEDS(comma) */
#include "all.c"

#include "lane_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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
            uint64_t in[LANE_IN] = {strategy, strtoull(seed, NULL, 10)}, out[LANE_OUT];
            lane_run(in, out);
            (void)printf("%.*s %" PRIu64 " %016" PRIx64 " %" PRId64 " %" PRId64 "\n", (int)item(name), name, in[1],
                         out[0], (int64_t)out[1], (int64_t)out[2]);
        }
        strategy++;
    }
    return 0;
}
