/* host_item.c: the pure rooms and one item (ITEM_FILE) on the host: words of a file in, words of a file out. */
#include "all.c"

#include ITEM_FILE

#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        (void)fprintf(stderr, "usage: host_item IN OUT\n");
        return 2;
    }
    FILE *source = fopen(argv[1], "rb"), *target = fopen(argv[2], "wb");
    if (!source || !target) {
        perror("host_item");
        return 1;
    }
    uint64_t in[ITEM_IN], out[ITEM_OUT];
    while (fread(in, sizeof in, 1, source) == 1) {
        keel_item(in, out);
        if (fwrite(out, sizeof out, 1, target) != 1) return 1;
    }
    (void)fclose(source); /* read-only, nothing to lose */
    return fclose(target) == 0 ? 0 : 1;
}
