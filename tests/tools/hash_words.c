/* hash_words: reads 64-bit words (native, little-endian) from standard input and prints the digest before the first
 * and after each of them, one per line in hexadecimal. Exit 0, or 3 for a word that is cut short. */
#include <inttypes.h>
#include <stdio.h>

#include "num/hash.h"

int main(void) {
    keel_hash h;
    uint64_t word;
    size_t got;
    keel_hash_init(&h);
    printf("%016" PRIx64 "\n", keel_hash_digest(&h));
    while ((got = fread(&word, 1, sizeof word, stdin)) == sizeof word) {
        keel_hash_u64(&h, word);
        printf("%016" PRIx64 "\n", keel_hash_digest(&h));
    }
    if (got != 0) {
        fprintf(stderr, "hash_words: last word has %zu bytes: send whole words\n", got);
        return 3;
    }
    return fflush(stdout) == 0 ? 0 : 3;
}
