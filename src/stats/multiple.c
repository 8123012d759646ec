/* stats/multiple.c: see multiple.h. */
#include "stats/multiple.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double p;
    int64_t at;
} ranked;

static int by_p(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static double at_most_one(double p) { return p < 1.0 ? p : 1.0; }

/* 1 - (1 - p)^n without cancellation */
static double sidak(double p, int64_t n) { return p < 1.0 ? -expm1((double)n * log1p(-p)) : 1.0; }

static void single_step(keel_adjust how, const double p[], int64_t n, double ret[]) {
    for (int64_t i = 0; i < n; i++)
        ret[i] = how == KEEL_ADJUST_SIDAK ? sidak(p[i], n) : at_most_one(p[i] * (double)n);
}

/* Ranks from the smallest: the running maximum of p * (n - rank). */
static void step_down(const ranked r[], int64_t n, double ret[]) {
    double most = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double adjusted = at_most_one(r[i].p * (double)(n - i));
        if (adjusted > most) most = adjusted;
        ret[r[i].at] = most;
    }
}

/* Ranks from the largest: the running minimum of p * n * weight / (rank + 1). */
static void step_up(const ranked r[], int64_t n, double weight, double ret[]) {
    double least = 1.0;
    for (int64_t i = n; i-- > 0;) {
        double adjusted = at_most_one(r[i].p * (double)n * weight / (double)(i + 1));
        if (adjusted < least) least = adjusted;
        ret[r[i].at] = least;
    }
}

/* 1 + 1/2 + ... + 1/n, the small terms first */
static double harmonic(int64_t n) {
    double sum = 0.0;
    for (int64_t i = n; i > 0; i--)
        sum += 1.0 / (double)i;
    return sum;
}

int keel_stats_adjust(keel_adjust how, const double p[], int64_t n, double ret[], keel_err *reterr) {
    for (int64_t i = 0; i < n; i++)
        if (!(p[i] >= 0.0 && p[i] <= 1.0))
            return keel_err_set(reterr, KEEL_E_RANGE, "not a probability: p-value %lld is %g: check its test",
                                (long long)i, p[i]);
    if (how == KEEL_ADJUST_BONFERRONI || how == KEEL_ADJUST_SIDAK || n == 0) {
        single_step(how, p, n, ret);
        return 0;
    }
    ranked *r = malloc((size_t)n * sizeof *r);
    if (!r) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %lld p-values: adjust fewer", (long long)n);
    for (int64_t i = 0; i < n; i++)
        r[i] = (ranked){p[i], i};
    qsort(r, (size_t)n, sizeof *r, by_p);
    if (how == KEEL_ADJUST_HOLM)
        step_down(r, n, ret);
    else
        step_up(r, n, how == KEEL_ADJUST_BENJAMINI_YEKUTIELI ? harmonic(n) : 1.0, ret);
    free(r);
    return 0;
}
