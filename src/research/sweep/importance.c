/* research/sweep/importance.c: see importance.h. */
#include "research/sweep/importance.h"

#include <stdlib.h>

typedef struct pair {
    double value, target;
    int64_t at;
} pair;

static int by_value(const void *a, const void *b) {
    const pair *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int64_t distinct(const pair *p, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += i == 0 || p[i].value != p[i - 1].value;
    return count;
}

/* Where the group that begins at `from` ends: with its value, or, where values are many, once it holds its share; equal
 * values are never parted. */
static int64_t group_end(const pair *p, int64_t n, int64_t from, int64_t least) {
    int64_t end = from + 1;
    while (end < n && (end - from < least || p[end].value == p[end - 1].value))
        end++;
    return end;
}

static keel_stat ratio(const pair *p, int64_t n) {
    double sum = 0.0, total = 0.0, between = 0.0;
    int64_t groups = 0, least = distinct(p, n) > KEEL_IMPORTANCE_GROUPS
                                    ? (n + KEEL_IMPORTANCE_GROUPS - 1) / KEEL_IMPORTANCE_GROUPS
                                    : 1;
    for (int64_t i = 0; i < n; i++)
        sum += p[i].target;
    double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        total += (p[i].target - mean) * (p[i].target - mean);
    for (int64_t from = 0; from < n; groups++) {
        int64_t end = group_end(p, n, from, least);
        double inside = 0.0;
        for (int64_t i = from; i < end; i++)
            inside += p[i].target;
        double apart = inside / (double)(end - from) - mean;
        between += apart * apart * (double)(end - from);
        from = end;
    }
    if (groups < 2 || groups >= n || !(total > 0.0)) return keel_stat_none();
    double raw = between / total;
    double adjusted = 1.0 - (1.0 - raw) * (double)(n - 1) / (double)(n - groups);
    return keel_stat_of(adjusted > 0.0 ? adjusted : 0.0);
}

int keel_importance(const double value[], const double target[], int64_t n, keel_stat *ret, keel_err *reterr) {
    *ret = keel_stat_none();
    if (n < 3) return 0;
    pair *p = malloc((size_t)n * sizeof *p);
    if (!p) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %lld trials: show a smaller sweep", (long long)n);
    for (int64_t i = 0; i < n; i++)
        p[i] = (pair){value[i], target[i], i};
    qsort(p, (size_t)n, sizeof *p, by_value);
    *ret = ratio(p, n);
    free(p);
    return 0;
}
