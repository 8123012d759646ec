/* host_contract.c: the expression of contract.h on the host: words of a file in, words of a file out. */
#include "contract.h"

#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        (void)fprintf(stderr, "usage: host_contract IN OUT\n");
        return 2;
    }
    FILE *source = fopen(argv[1], "rb"), *target = fopen(argv[2], "wb");
    if (!source || !target) {
        perror("host_contract");
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
