/* research/sweep/sampler.c: see sampler.h. */
#include "research/sweep/sampler.h"

#include <stdlib.h>
#include <string.h>

#include "research/sweep/draw.h"
#include "research/sweep/sobol.h"
#include "research/sweep/tpe.h"

const char *const keel_sampler_names[KEEL_SAMPLER_COUNT] = {"grid", "random", "sobol", "tpe"};

struct keel_sampler {
    keel_sampler_kind kind;
    const keel_space *space;
    uint64_t seed;
    int64_t batch;
    int started;
    keel_space_value at[KEEL_SPACE_DIMS_MAX]; /* grid: the point before */
    keel_tpe *tpe;
};

static int check_space(keel_sampler_kind kind, const keel_space *space, keel_err *err) {
    const keel_dim *range = NULL;
    if (kind == KEEL_SAMPLER_SOBOL && space->count > KEEL_SOBOL_DIMS_MAX)
        return keel_err_set(err, KEEL_E_RANGE, "sobol has %d dimensions: the space has %zu: take random or tpe",
                            KEEL_SOBOL_DIMS_MAX, space->count);
    if (kind != KEEL_SAMPLER_GRID || keel_space_size(space, &range) >= 0) return 0;
    if (range)
        return keel_err_set(err, KEEL_E_RANGE,
                            "a grid needs a step: %s has none: write LOW:HIGH:STEP, or take another "
                            "sampler",
                            range->name);
    return keel_err_set(err, KEEL_E_RANGE, "the grid has more than 10^12 points: parameter space: take larger steps");
}

int keel_sampler_new(keel_sampler_kind kind, const keel_space *space, uint64_t seed, int64_t batch, keel_sampler **ret,
                     keel_err *reterr) {
    KEEL_TRY(check_space(kind, space, reterr));
    keel_sampler *s = calloc(1, sizeof *s);
    if (s && kind == KEEL_SAMPLER_TPE) s->tpe = keel_tpe_new(space, seed, batch);
    if (!s || (kind == KEEL_SAMPLER_TPE && !s->tpe)) {
        keel_sampler_free(s);
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: sampler: close other programs");
    }
    s->kind = kind;
    s->space = space;
    s->seed = seed;
    s->batch = batch;
    *ret = s;
    return 0;
}

void keel_sampler_free(keel_sampler *s) {
    if (s) keel_tpe_free(s->tpe);
    free(s);
}

int64_t keel_sampler_needs(const keel_sampler *s, int64_t index) {
    return s->kind == KEEL_SAMPLER_TPE ? index / s->batch * s->batch : 0;
}

/* The next point of the grid; inactive dimensions stay at level 0, so each point comes once. */
static void step_grid(keel_sampler *s) {
    size_t n = s->space->count;
    if (!s->started) {
        s->started = 1;
        keel_space_activate(s->space, s->at);
        return;
    }
    for (size_t i = n; i-- > 0;) {
        if (!s->at[i].active) continue;
        if (++s->at[i].level < s->space->dims[i].count) {
            for (size_t k = i + 1; k < n; k++)
                s->at[k].level = 0;
            break;
        }
        s->at[i].level = 0;
    }
    keel_space_activate(s->space, s->at);
}

void keel_sampler_ask(keel_sampler *s, int64_t index, keel_space_value ret_point[]) {
    const keel_space *space = s->space;
    switch (s->kind) {
        case KEEL_SAMPLER_GRID:
            step_grid(s);
            memcpy(ret_point, s->at, space->count * sizeof *ret_point);
            return;
        case KEEL_SAMPLER_TPE: keel_tpe_ask(s->tpe, index, ret_point); return;
        case KEEL_SAMPLER_SOBOL:
            for (size_t i = 0; i < space->count; i++)
                ret_point[i] = keel_space_at(&space->dims[i], keel_sobol_unit(s->seed, (uint64_t)index, (int32_t)i));
            break;
        case KEEL_SAMPLER_RANDOM:
        case KEEL_SAMPLER_COUNT:
        default:
            for (size_t i = 0; i < space->count; i++)
                ret_point[i] = keel_space_at(&space->dims[i], keel_draw_unit(s->seed, (uint64_t)index, i, 0));
            break;
    }
    keel_space_activate(space, ret_point);
}

int keel_sampler_tell(keel_sampler *s, double loss, keel_err *reterr) {
    return s->kind == KEEL_SAMPLER_TPE ? keel_tpe_tell(s->tpe, loss, reterr) : 0;
}
