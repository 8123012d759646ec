/* research/sweep/tape_index.c: see tape_index.h. */
#include "research/sweep/tape_index.h"

#include <stdlib.h>
#include <string.h>

#include "lane/extremes.h"

int keel_tape_index_make(keel_tape *tape, keel_tape_index *ret, keel_err *reterr) {
    int64_t pieces = tape->bars * tape->ratio;
    int64_t small = pieces / KEEL_EXTREMES_BLOCK * KEEL_EXTREMES_VALUES;
    int64_t large = pieces / KEEL_EXTREMES_LARGE * KEEL_EXTREMES_VALUES, at = 0;
    int64_t early = tape->ratio > 1 ? tape->bars * KEEL_EXTREMES_VALUES : 0, each = small + large + early;
    for (int32_t i = 0; i < tape->symbol_count; i++)
        at += tape->sym[i].watch_only ? 0 : each;
    ret->bytes = at * (int64_t)sizeof *ret->values;
    ret->values = malloc((size_t)ret->bytes + 1);
    if (!ret->values) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: bars: shorten the time range");
    at = 0;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        keel_tape_symbol *s = &tape->sym[i];
        if (s->watch_only) continue;
        keel_extremes_fill(s, pieces, ret->values + at, ret->values + at + small);
        s->extremes[0] = ret->values + at;
        s->extremes[1] = ret->values + at + small;
        if (early > 0) {
            keel_extremes_early(s, tape->bars, tape->ratio, ret->values + at + small + large);
            s->early = ret->values + at + small + large;
        }
        at += each;
    }
    return 0;
}

void keel_tape_index_done(keel_tape_index *x) {
    free(x->values);
    memset(x, 0, sizeof *x);
}
