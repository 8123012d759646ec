/* research/sweep/tape_index.c: see tape_index.h. */
#include "research/sweep/tape_index.h"

#include <stdlib.h>
#include <string.h>

#include "lane/extremes.h"

static int64_t values_of(int64_t pieces, int32_t level) {
    return pieces / keel_extremes_size(level) * KEEL_EXTREMES_VALUES;
}

int keel_tape_index_make(keel_tape *tape, keel_tape_index *ret, keel_err *reterr) {
    int64_t pieces = tape->bars * tape->ratio, early = tape->ratio > 1 ? tape->bars * KEEL_EXTREMES_VALUES : 0;
    int64_t each = early, traded = 0;
    for (int32_t level = 0; level < KEEL_TAPE_EXTREMES; level++)
        each += values_of(pieces, level);
    for (int32_t i = 0; i < tape->symbol_count; i++)
        traded += !tape->sym[i].watch_only;
    ret->bytes = traded * each * (int64_t)sizeof *ret->values;
    ret->values = malloc((size_t)ret->bytes + 1);
    if (!ret->values) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: bars: shorten the time range");
    int64_t *at = ret->values;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        keel_tape_symbol *s = &tape->sym[i];
        if (s->watch_only) continue;
        for (int32_t level = 0; level < KEEL_TAPE_EXTREMES; level++) {
            keel_extremes_fill(s, pieces, level, level > 0 ? s->extremes[level - 1] : NULL, at);
            s->extremes[level] = at;
            at += values_of(pieces, level);
        }
        if (early > 0) keel_extremes_early(s, tape->bars, tape->ratio, at);
        s->early = early > 0 ? at : NULL;
        at += early;
    }
    return 0;
}

void keel_tape_index_done(keel_tape_index *x) {
    free(x->values);
    memset(x, 0, sizeof *x);
}
