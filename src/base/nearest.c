/* base/nearest.c: see nearest.h. */
#include "base/nearest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = KEEL_NEAREST_WORD_MAX + 1 };

static char fold(char c) {
    if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

static size_t word_length(const char *word) {
    size_t length = strlen(word);
    return length < KEEL_NEAREST_WORD_MAX ? length : KEEL_NEAREST_WORD_MAX;
}

unsigned keel_nearest_distance(const char *a, const char *b) {
    size_t a_length = word_length(a);
    size_t b_length = word_length(b);
    unsigned row[3][WIDTH]; /* the row being filled and the two above it, by row number modulo 3 */
    for (size_t j = 0; j <= b_length; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *now = row[i % 3];
        const unsigned *above = row[(i - 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            int same = fold(a[i - 1]) == fold(b[j - 1]);
            unsigned cost = least(least(above[j] + 1, now[j - 1] + 1), above[j - 1] + (same ? 0U : 1U));
            int swapped = i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]);
            now[j] = swapped ? least(cost, row[(i - 2) % 3][j - 2] + 1) : cost;
        }
    }
    return row[a_length % 3][b_length];
}

void keel_nearest_init(keel_nearest *n, const char *word) {
    n->word = word;
    n->best = NULL;
    n->distance = UINT_MAX;
}

void keel_nearest_offer(keel_nearest *n, const char *name) {
    unsigned distance = keel_nearest_distance(n->word, name);
    if (distance >= n->distance) return;
    n->best = name;
    n->distance = distance;
}

static int begins_with(const char *name, const char *word, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (fold(name[i]) != fold(word[i])) return 0; /* a name that ends sooner differs there */
    return length > 0;
}

const char *keel_nearest_say(const keel_nearest *n, char ret[KEEL_NEAREST_SAY_MAX]) {
    size_t length = word_length(n->word);
    int is_close = n->best && (n->distance <= (length + 2) / 3 || begins_with(n->best, n->word, length));
    ret[0] = 0;
    if (is_close) (void)snprintf(ret, KEEL_NEAREST_SAY_MAX, ": nearest is '%.70s'", n->best);
    return ret;
}
