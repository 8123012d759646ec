/* edge/data/robust.c: see robust.h. */
#include "edge/data/robust.h"

#include "base/err.h"

static void swap(double *a, double *b) {
    double t = *a;
    *a = *b;
    *b = t;
}

static double middle_of_three(double a, double b, double c) {
    if (a > b) swap(&a, &b);
    if (b > c) swap(&b, &c);
    return a > b ? a : b;
}

/* The value of rank `rank` by partitioning in three (less, equal, greater), so that many equal values cost nothing. */
static double select_rank(double *v, int64_t count, int64_t rank) {
    int64_t low = 0, high = count;
    while (high - low > 1) {
        double pivot = middle_of_three(v[low], v[low + (high - low) / 2], v[high - 1]);
        int64_t less = low, at = low, greater = high;
        while (at < greater) {
            if (v[at] < pivot)
                swap(&v[at++], &v[less++]);
            else if (v[at] > pivot)
                swap(&v[at], &v[--greater]);
            else
                at++;
        }
        if (rank < less)
            high = less;
        else if (rank >= greater)
            low = greater;
        else
            return pivot;
    }
    return v[low];
}

double keel_median(double *values, int64_t count) {
    KEEL_ASSERT(count >= 1);
    return select_rank(values, count, (count - 1) / 2);
}

double keel_robust_sigma(double *values, int64_t count) {
    if (count < 1) return 0.0;
    double median = keel_median(values, count);
    for (int64_t i = 0; i < count; i++)
        values[i] = values[i] > median ? values[i] - median : median - values[i];
    return 1.4826 * keel_median(values, count);
}
