/* research/sweep/tpe.c: see tpe.h. */
#include "research/sweep/tpe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "research/sweep/draw.h"

/* Purposes of draws, so that no two coincide. */
enum { DRAW_START = 0, DRAW_KERNEL = 100, DRAW_PLACE = 200 };

typedef struct seen {
    double loss;
    int64_t order;
} seen;

/* A mixture of normals cut to [low, high]. */
typedef struct mixture {
    double *mean, *sigma; /* [count], by mean */
    int64_t count;
    double low, high;
} mixture;

struct keel_tpe {
    const keel_space *space;
    uint64_t seed;
    keel_space_value *points; /* [asked * dims], of which the first [count] were told */
    seen *trials;             /* [count], sorted by loss, then order */
    int64_t count, asked, capacity, batch;
    double *room;    /* [4 * (count + pending + 1)]: the two mixtures */
    double *weights; /* [2 * levels_max] */
};

static int grow(keel_tpe *t, keel_err *err) {
    int64_t capacity = 2 * (t->capacity + t->batch + 16);
    keel_space_value *points = realloc(t->points, (size_t)capacity * t->space->count * sizeof *points);
    if (points) t->points = points;
    seen *trials = realloc(t->trials, (size_t)capacity * sizeof *trials);
    if (trials) t->trials = trials;
    double *room = realloc(t->room, 4 * (size_t)(capacity + 1) * sizeof *room);
    if (room) t->room = room;
    if (!points || !trials || !room)
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory: tpe: run fewer trials or another sampler");
    t->capacity = capacity;
    return 0;
}

keel_tpe *keel_tpe_new(const keel_space *space, uint64_t seed, int64_t batch) {
    keel_tpe *t = calloc(1, sizeof *t);
    int64_t levels = 1;
    if (!t) return NULL;
    t->space = space;
    t->seed = seed;
    t->batch = batch;
    for (size_t i = 0; i < space->count; i++)
        if (!space->dims[i].is_ordered && space->dims[i].count > levels) levels = space->dims[i].count;
    t->weights = calloc((size_t)levels * 2, sizeof *t->weights);
    if (t->weights && grow(t, NULL) == 0) return t;
    keel_tpe_free(t);
    return NULL;
}

void keel_tpe_free(keel_tpe *t) {
    if (!t) return;
    free(t->points);
    free(t->trials);
    free(t->room);
    free(t->weights);
    free(t);
}

int keel_tpe_tell(keel_tpe *t, double loss, keel_err *reterr) {
    KEEL_ASSERT(!isnan(loss) && t->count < t->asked);
    if (t->count + t->batch + 1 >= t->capacity) KEEL_TRY(grow(t, reterr));
    int64_t at = t->count;
    for (; at > 0 && t->trials[at - 1].loss > loss; at--)
        t->trials[at] = t->trials[at - 1];
    t->trials[at] = (seen){.loss = loss, .order = t->count};
    t->count++;
    return 0;
}

/* ---- numbers ----------------------------------------------------------------------------------------------- */

/* Where the densities live: logarithms, levels, or the number itself. */
static double inner(const keel_dim *d, const keel_space_value *v) {
    if (d->is_log) return log(keel_space_number(d, v));
    return d->kind == KEEL_DIM_RANGE ? v->real : (double)v->level;
}

static void inner_bounds(const keel_dim *d, mixture *m) {
    if (d->is_log) {
        m->low = log(d->min);
        m->high = log(d->max);
    } else if (d->kind == KEEL_DIM_RANGE) {
        m->low = d->min;
        m->high = d->max;
    } else { /* every level has the same room, the outer ones too */
        m->low = -0.5;
        m->high = (double)d->count - 0.5;
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const keel_space_value *point_of(const keel_tpe *t, int64_t trial, size_t dim) {
    return &t->points[(size_t)trial * t->space->count + dim];
}

static void take(const keel_dim *d, const keel_space_value *v, mixture *m) {
    if (v->active) m->mean[m->count++] = inner(d, v);
}

/* Values of the trials [from, to) in order of loss in which the dimension was active, of those under way when they are
 * wanted, and the middle of the range. */
static void gather(const keel_tpe *t, size_t dim, int64_t from, int64_t to, int under_way, mixture *m) {
    const keel_dim *d = &t->space->dims[dim];
    m->count = 0;
    for (int64_t i = from; i < to; i++)
        take(d, point_of(t, t->trials[i].order, dim), m);
    for (int64_t i = t->count; under_way && i < t->asked; i++)
        take(d, point_of(t, i, dim), m);
    m->mean[m->count++] = 0.5 * (m->low + m->high);
    qsort(m->mean, (size_t)m->count, sizeof *m->mean, by_value);
    double range = m->high - m->low, least = range / (m->count < 99 ? (double)(1 + m->count) : 100.0);
    int wide = 0;
    for (int64_t i = 0; i < m->count; i++) {
        double before = m->mean[i] - (i > 0 ? m->mean[i - 1] : m->low);
        double after = (i + 1 < m->count ? m->mean[i + 1] : m->high) - m->mean[i];
        double sigma = before > after ? before : after;
        m->sigma[i] = sigma < least ? least : sigma > range ? range : sigma;
        if (!wide && m->mean[i] == 0.5 * (m->low + m->high)) { /* the kernel that keeps every place possible */
            m->sigma[i] = range;
            wide = 1;
        }
    }
}

static double cdf(double z) { return 0.5 * erfc(-z / sqrt(2.0)); }

static double density(const mixture *m, double x) {
    double sum = 0.0;
    for (int64_t i = 0; i < m->count; i++) {
        double s = m->sigma[i], z = (x - m->mean[i]) / s;
        double inside = cdf((m->high - m->mean[i]) / s) - cdf((m->low - m->mean[i]) / s);
        sum += exp(-0.5 * z * z) / (s * inside);
    }
    return sum / (double)m->count;
}

/* A draw of one kernel cut to the bounds, by bisection of its distribution function. */
static double draw_cut(double mean, double sigma, double low, double high, double u) {
    double from = cdf((low - mean) / sigma), to = cdf((high - mean) / sigma), goal = from + u * (to - from);
    double a = low, b = high;
    for (int i = 0; i < 40; i++) {
        double middle = 0.5 * (a + b);
        if (cdf((middle - mean) / sigma) < goal)
            a = middle;
        else
            b = middle;
    }
    return 0.5 * (a + b);
}

static keel_space_value ask_number(keel_tpe *t, int64_t index, size_t dim, int64_t best) {
    const keel_dim *d = &t->space->dims[dim];
    size_t room = (size_t)t->capacity + 1;
    mixture good = {.mean = t->room, .sigma = t->room + room}, bad = {.mean = good.sigma + room};
    bad.sigma = bad.mean + room;
    keel_space_value chosen = keel_space_at(d, 0.5);
    double most = -1.0;
    inner_bounds(d, &good);
    inner_bounds(d, &bad);
    double low = good.low, high = good.high;
    if (!(high > low)) return chosen;
    gather(t, dim, 0, best, 0, &good);
    gather(t, dim, best, t->count, 1, &bad);
    for (uint64_t k = 0; k < KEEL_TPE_CANDIDATES; k++) {
        double pick = keel_draw_unit(t->seed, (uint64_t)index, dim, DRAW_KERNEL + k);
        int64_t i = (int64_t)(pick * (double)good.count);
        double place = keel_draw_unit(t->seed, (uint64_t)index, dim, DRAW_PLACE + k);
        double x = draw_cut(good.mean[i], good.sigma[i], low, high, place);
        double ratio = density(&good, x) / density(&bad, x);
        if (!(ratio > most)) continue;
        most = ratio;
        if (d->kind == KEEL_DIM_RANGE) {
            chosen.real = keel_space_settle(d, d->is_log ? exp(x) : x);
        } else {
            double share = (x - low) / (high - low);
            chosen = keel_space_at(d, share < 0.0 ? 0.0 : share);
        }
    }
    return chosen;
}

/* ---- other values ------------------------------------------------------------------------------------------ */

static void count_levels(const keel_tpe *t, size_t dim, int64_t from, int64_t to, int under_way, double *weight) {
    int64_t levels = t->space->dims[dim].count, more = under_way ? t->asked - t->count : 0;
    double sum = (double)levels;
    for (int64_t i = 0; i < levels; i++)
        weight[i] = 1.0;
    for (int64_t i = from; i < to + more; i++) {
        const keel_space_value *v = point_of(t, i < to ? t->trials[i].order : t->count + i - to, dim);
        if (!v->active) continue;
        weight[v->level] += 1.0;
        sum += 1.0;
    }
    for (int64_t i = 0; i < levels; i++)
        weight[i] /= sum;
}

static keel_space_value ask_level(keel_tpe *t, int64_t index, size_t dim, int64_t best) {
    const keel_dim *d = &t->space->dims[dim];
    double *good = t->weights, *bad = t->weights + d->count, most = -1.0;
    keel_space_value chosen = {.active = 1};
    count_levels(t, dim, 0, best, 0, good);
    count_levels(t, dim, best, t->count, 1, bad);
    for (uint64_t k = 0; k < KEEL_TPE_CANDIDATES; k++) {
        double u = keel_draw_unit(t->seed, (uint64_t)index, dim, DRAW_KERNEL + k);
        int64_t level = 0;
        for (double sum = good[0]; level + 1 < d->count && sum <= u; sum += good[level])
            level++;
        if (!(good[level] / bad[level] > most)) continue;
        most = good[level] / bad[level];
        chosen.level = level;
    }
    return chosen;
}

void keel_tpe_ask(keel_tpe *t, int64_t index, keel_space_value ret_point[]) {
    int64_t best = (t->count + 3) / 4; /* gamma = 0.25, rounded up */
    for (size_t i = 0; i < t->space->count; i++) {
        const keel_dim *d = &t->space->dims[i];
        if (t->count < KEEL_TPE_STARTUP)
            ret_point[i] = keel_space_at(d, keel_draw_unit(t->seed, (uint64_t)index, i, DRAW_START));
        else
            ret_point[i] =
                d->count > 0 && !d->is_ordered ? ask_level(t, index, i, best) : ask_number(t, index, i, best);
    }
    keel_space_activate(t->space, ret_point);
    KEEL_ASSERT(t->asked < t->capacity);
    memcpy(t->points + (size_t)t->asked * t->space->count, ret_point, t->space->count * sizeof *ret_point);
    t->asked++;
}
