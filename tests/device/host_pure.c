/* host_pure.c: the pure rooms on the host, compiled once for both: the items of items.h, or the known-answer lane;
 * words of a file in, words of a file out. */
#include "items.h"

#include "lane_entry.h"

#include <stdio.h>
#include <string.h>

enum { LANE_IN = 2, LANE_OUT = 3 };

static void lane_run(const uint64_t *in, uint64_t *out) {
    static int64_t ints[KEEL_KAT_INTS];
    static double doubles[KEEL_KAT_DOUBLES];
    static keel_signal_set sets[KEEL_KAT_SYMBOLS];
    static keel_snapshot snaps[KEEL_KAT_SYMBOLS];
    static keel_lane lane;
    static keel_state state;
    keel_lane_entry(in, out, ints, doubles, sets, snaps, &lane, &state);
}

int main(int argc, char **argv) {
    int is_lane = argc == 4 && strcmp(argv[1], "lane") == 0;
    if (!is_lane && (argc != 4 || strcmp(argv[1], "items") != 0)) {
        (void)fprintf(stderr, "usage: host_pure items|lane IN OUT\n");
        return 2;
    }
    FILE *source = fopen(argv[2], "rb"), *target = fopen(argv[3], "wb");
    if (!source || !target) {
        perror("host_pure");
        return 1;
    }
    uint64_t in[ITEM_IN], out[ITEM_OUT];
    size_t words_in = is_lane ? LANE_IN : ITEM_IN, words_out = is_lane ? LANE_OUT : ITEM_OUT;
    while (fread(in, sizeof in[0], words_in, source) == words_in) {
        (is_lane ? lane_run : keel_item)(in, out);
        if (fwrite(out, sizeof out[0], words_out, target) != words_out) return 1;
    }
    (void)fclose(source); /* read-only, nothing to lose */
    return fclose(target) == 0 ? 0 : 1;
}
