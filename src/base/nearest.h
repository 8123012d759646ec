/* base/nearest.h: which known name is closest to a mistyped one.
 *
 * Distance: optimal string alignment (insert, delete, replace, swap of neighbours, each 1), letters compared
 * without case, '-' equal to '_'. Words beyond 64 bytes are compared by their first 64. Ties: the first offered wins.
 */
#ifndef KEEL_BASE_NEAREST_H
#define KEEL_BASE_NEAREST_H

#include <stddef.h>

enum { KEEL_NEAREST_WORD_MAX = 64 };

typedef struct keel_nearest {
    const char *word;  /* the mistyped name, borrowed */
    const char *best;  /* closest name offered so far, borrowed; NULL before the first offer */
    unsigned distance; /* of best */
} keel_nearest;

/* Edit distance of two names, 0 = equal up to case and '-'/'_'. */
unsigned keel_nearest_distance(const char *a, const char *b);

void keel_nearest_init(keel_nearest *n, const char *word);
void keel_nearest_offer(keel_nearest *n, const char *name);

/* Words of a refusal: ": nearest is 'NAME'" in ret, or "" when nothing offered is close: more than a third of the word
 * would have to change, and it is not how the name begins. Returns ret. */
enum { KEEL_NEAREST_SAY_MAX = 96 };
const char *keel_nearest_say(const keel_nearest *n, char ret[KEEL_NEAREST_SAY_MAX]);

#endif
