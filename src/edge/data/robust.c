/* edge/data/robust.c: see robust.h. */
#include "edge/data/robust.h"

#include <math.h>

#include "base/err.h"
#include "num/elementary.h"

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

enum { PROBES = 8192, MARGIN = 256 };

/* The values themselves, or how far they are from a point, as a difference or as a ratio. */
typedef struct sample {
    const double *values;
    int64_t count;
    enum { PLAIN, DIFFERENCE, RATIO } form;
    double from;
} sample;

/* form is a constant where this is used, so that no loop asks for it. */
static inline double value_as(const sample *s, int form, int64_t i) {
    double x = s->values[i];
    if (form == DIFFERENCE) return fabs(x - s->from);
    if (form == RATIO) return x > s->from ? x / s->from : s->from / x;
    return x;
}

/* Keep the values within [low, high] and count those below. */
static inline int64_t gather_as(const sample *s, int form, double low, double high, double *ret, int64_t *ret_below) {
    int64_t kept = 0, below = 0;
    for (int64_t i = 0; i < s->count; i++) {
        double x = value_as(s, form, i);
        ret[kept] = x; /* never beyond the sample: kept <= i */
        kept += x >= low && x <= high;
        below += x < low;
    }
    *ret_below = below;
    return kept;
}

static int64_t gather(const sample *s, double low, double high, double *ret, int64_t *ret_below) {
    switch (s->form) {
        case DIFFERENCE: return gather_as(s, DIFFERENCE, low, high, ret, ret_below);
        case RATIO: return gather_as(s, RATIO, low, high, ret, ret_below);
        case PLAIN:
        default: return gather_as(s, PLAIN, low, high, ret, ret_below);
    }
}

/* Two values between which the one of this rank almost surely lies: from a thinned sample, with a margin of more than
 * five standard deviations of its rank. */
static void bracket(const sample *s, int64_t rank, double *ret_low, double *ret_high) {
    double probe[PROBES];
    int64_t step = s->count / PROBES, middle = rank / step;
    for (int64_t i = 0; i < PROBES; i++)
        probe[i] = value_as(s, (int)s->form, i * step);
    *ret_low = middle < MARGIN ? -HUGE_VAL : select_rank(probe, PROBES, middle - MARGIN);
    *ret_high = middle + MARGIN >= PROBES ? HUGE_VAL : select_rank(probe, PROBES, middle + MARGIN);
}

/* The value of this rank: only those of a bracket are looked at closely. A bracket that missed, as when an order in the
 * sample meets the thinning, costs time and nothing else. */
static double value_of_rank(const sample *s, int64_t rank, double *scratch) {
    double low = -HUGE_VAL, high = HUGE_VAL;
    int64_t below;
    if (s->count >= 4 * PROBES) bracket(s, rank, &low, &high);
    int64_t kept = gather(s, low, high, scratch, &below);
    if (rank >= below && rank < below + kept) return select_rank(scratch, kept, rank - below);
    kept = gather(s, -HUGE_VAL, HUGE_VAL, scratch, &below);
    return select_rank(scratch, kept, rank);
}

double keel_median(const double *values, int64_t count, double *scratch) {
    KEEL_ASSERT(count >= 1);
    return value_of_rank(&(sample){.values = values, .count = count}, (count - 1) / 2, scratch);
}

double keel_robust_sigma(const double *values, int64_t count, double *scratch) {
    if (count < 1) return 0.0;
    double median = keel_median(values, count, scratch);
    return 1.4826 * value_of_rank(&(sample){values, count, DIFFERENCE, median}, (count - 1) / 2, scratch);
}

double keel_robust_log_sigma(const double *ratios, int64_t count, double *scratch) {
    if (count < 1) return 0.0;
    double median = keel_median(ratios, count, scratch);
    return 1.4826 * keel_log(value_of_rank(&(sample){ratios, count, RATIO, median}, (count - 1) / 2, scratch));
}
