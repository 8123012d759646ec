/* host_pure.c: the pure rooms on the host, compiled once for both: the items of items.h, or the known-answer lane;
 * words of a file in, words of a file out. */
#include "items.h"

#include "lane_host.h"

#include <stdio.h>
#include <string.h>

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
