/* research/sweep/prune.c: see prune.h. */
#include "research/sweep/prune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = KEEL_PRUNE_STEPS - 1 };

struct keel_prune {
    double *loss[STEPS]; /* [count], each in ascending order */
    int64_t count, capacity;
};

keel_prune *keel_prune_new(void) { return calloc(1, sizeof(keel_prune)); }

void keel_prune_free(keel_prune *p) {
    if (!p) return;
    for (int i = 0; i < STEPS; i++)
        free(p->loss[i]);
    free(p);
}

static int grow(keel_prune *p, keel_err *err) {
    int64_t capacity = p->capacity ? 2 * p->capacity : 64;
    for (int i = 0; i < STEPS; i++) {
        double *loss = realloc(p->loss[i], (size_t)capacity * sizeof *loss);
        if (!loss) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: pruner: run fewer trials");
        p->loss[i] = loss;
    }
    p->capacity = capacity;
    return 0;
}

int keel_prune_tell(keel_prune *p, const double loss[KEEL_PRUNE_STEPS - 1], keel_err *reterr) {
    if (p->count == p->capacity) KEEL_TRY(grow(p, reterr));
    for (int i = 0; i < STEPS; i++) {
        int64_t at = p->count;
        for (; at > 0 && p->loss[i][at - 1] > loss[i]; at--)
            p->loss[i][at] = p->loss[i][at - 1];
        p->loss[i][at] = loss[i];
    }
    p->count++;
    return 0;
}

keel_prune_bar keel_prune_ask(const keel_prune *p) {
    keel_prune_bar bar;
    for (int i = 0; i < STEPS; i++) {
        bar.loss[i] = HUGE_VAL;
        if (p->count < KEEL_PRUNE_STARTUP || i + 1 <= KEEL_PRUNE_WARMUP) continue;
        double low = p->loss[i][(p->count - 1) / 2], high = p->loss[i][p->count / 2];
        bar.loss[i] = low == high ? low : 0.5 * (low + high);
    }
    return bar;
}
