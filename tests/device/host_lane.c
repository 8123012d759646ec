/* host_lane.c: the known-answer lane on the host: words of a file in, words of a file out. */
#include "all.c"

#include "lane_entry.h"

#include <stdio.h>

static int64_t ints[KEEL_KAT_INTS];
static double doubles[KEEL_KAT_DOUBLES];
static keel_signal_set sets[KEEL_KAT_SYMBOLS];
static keel_snapshot snaps[KEEL_KAT_SYMBOLS];
static keel_lane lane;
static keel_state state;

int main(int argc, char **argv) {
    if (argc != 3) {
        (void)fprintf(stderr, "usage: host_lane IN OUT\n");
        return 2;
    }
    FILE *source = fopen(argv[1], "rb"), *target = fopen(argv[2], "wb");
    if (!source || !target) {
        perror("host_lane");
        return 1;
    }
    uint64_t in[2], out[3];
    while (fread(in, sizeof in, 1, source) == 1) {
        keel_lane_entry(in, out, ints, doubles, sets, snaps, &lane, &state);
        if (fwrite(out, sizeof out, 1, target) != 1) return 1;
    }
    (void)fclose(source); /* read-only, nothing to lose */
    return fclose(target) == 0 ? 0 : 1;
}
