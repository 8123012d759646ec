/* edge/data/check_funding.c: settlements. See check.h. */
#include <stdlib.h>
#include <string.h>

#include "edge/data/check_impl.h"
#include "edge/data/robust.h"

static const int64_t HOUR_MS = 3600000;
enum { FLIP_SETTLEMENTS_MIN = 30, INTERVALS = 4, HOURS_MAX = 8 };
static const int64_t INTERVAL_H[INTERVALS] = {1, 2, 4, 8};

/* Whole hours nearest to a step; jitter of some ms disappears. */
static int64_t hours_of(int64_t step_ms) { return (step_ms + HOUR_MS / 2) / HOUR_MS; }

static int interval_index(int64_t hours) {
    for (int i = 0; i < INTERVALS; i++)
        if (INTERVAL_H[i] == hours) return i;
    return -1;
}

static int64_t step_at(const keel_fundings *f, int64_t i) {
    return i + 1 < f->count ? hours_of(f->ts_ms[i + 1] - f->ts_ms[i]) : 0;
}

static int64_t most_frequent(const keel_fundings *f) {
    int64_t counts[INTERVALS] = {0};
    int best = INTERVALS - 1;
    for (int64_t i = 0; i + 1 < f->count; i++) {
        int index = interval_index(step_at(f, i));
        if (index >= 0) counts[index]++;
    }
    for (int i = INTERVALS - 1; i >= 0; i--)
        if (counts[i] > counts[best]) best = i;
    return INTERVAL_H[best];
}

static int note_missing(const keel_check_options *o, keel_check *ret, int64_t from_ms, int64_t to_ms, int64_t count,
                        keel_err *err) {
    if (count <= 0) return 0;
    ret->gap_count++;
    ret->rows_missing += count;
    if (count > ret->largest_gap) ret->largest_gap = count;
    return keel_check_add(
        ret, o, (keel_finding){KEEL_FINDING_FUNDING_MISSING, KEEL_CHECK_FAIL, from_ms, to_ms, count, 0.0}, err);
}

/* Walk the steps with the interval in force. */
static int check_steps(const keel_fundings *f, const keel_check_options *o, keel_check *ret, keel_err *err) {
    int64_t current = step_at(f, 0), usual = ret->interval_ms / HOUR_MS;
    if (interval_index(current) < 0 || (current > usual && step_at(f, 1) != current)) current = usual;
    for (int64_t i = 0; i + 1 < f->count; i++) {
        int64_t step = step_at(f, i);
        if (step == current) continue;
        int known = interval_index(step) >= 0;
        if (known && (step < current || step_at(f, i + 1) == step)) {
            current = step;
            ret->interval_changes++;
            continue;
        }
        int64_t due = f->ts_ms[i] + current * HOUR_MS;
        KEEL_TRY(note_missing(o, ret, due, f->ts_ms[i + 1], step > current ? (step - 1) / current : 1, err));
    }
    return 0;
}

/* Nothing settles unseen before the first or after the last row of a wanted range. */
static int check_ends(const keel_fundings *f, int64_t from_ms, int64_t to_ms, const keel_check_options *o,
                      keel_check *ret, keel_err *err) {
    int64_t interval_ms = ret->interval_ms, slack_ms = HOUR_MS / 2;
    if (from_ms != INT64_MIN) {
        int64_t before = (f->ts_ms[0] - from_ms + slack_ms) / interval_ms;
        if (f->ts_ms[0] - from_ms > interval_ms + slack_ms)
            KEEL_TRY(note_missing(o, ret, from_ms, f->ts_ms[0], before, err));
    }
    if (to_ms != INT64_MAX) {
        int64_t last_ms = f->ts_ms[f->count - 1], after = (to_ms - last_ms - slack_ms) / interval_ms;
        if (to_ms - last_ms > interval_ms + slack_ms)
            KEEL_TRY(note_missing(o, ret, last_ms + interval_ms, to_ms, after, err));
    }
    return 0;
}

static int check_rates(const keel_fundings *f, const keel_check_options *o, keel_check *ret, keel_err *err) {
    double *sample = malloc((size_t)f->count * 2 * sizeof *sample);
    int64_t flips = 0;
    if (!sample) return keel_err_set(err, KEEL_E_NOMEM, "out of memory checking funding");
    for (int64_t i = 0; i < f->count; i++)
        sample[i] = (double)f->rate_e16[i] / 1e16;
    ret->sigma = keel_robust_sigma(sample, f->count, sample + f->count);
    free(sample);
    double limit = ret->sigma > 0.0 && o->outlier_sigma > 0.0 ? o->outlier_sigma * ret->sigma : 1e300;
    for (int64_t i = 0; i < f->count; i++) {
        double rate = (double)f->rate_e16[i] / 1e16, size = rate < 0.0 ? -rate : rate;
        if (i && (f->rate_e16[i] < 0) != (f->rate_e16[i - 1] < 0)) flips++;
        if (size <= o->max_funding_rate && (size <= limit || size <= o->min_funding_spike)) continue;
        ret->outliers++;
        KEEL_TRY(keel_check_add(
            ret, o, (keel_finding){KEEL_FINDING_FUNDING_SPIKE, KEEL_CHECK_WARN, f->ts_ms[i], f->ts_ms[i] + 1, 1, rate},
            err));
    }
    double share = (double)flips / (double)f->count;
    if (f->count < FLIP_SETTLEMENTS_MIN || share <= o->max_flip_share) return 0;
    return keel_check_add(
        ret, o,
        (keel_finding){KEEL_FINDING_FUNDING_FLIPS, KEEL_CHECK_WARN, f->ts_ms[0], f->ts_ms[f->count - 1], flips, share},
        err);
}

int keel_check_fundings(const keel_fundings *f, int64_t from_ms, int64_t to_ms, const keel_check_options *o,
                        keel_check *ret, keel_err *err) {
    memset(ret, 0, sizeof *ret);
    ret->rows = f->count;
    if (!f->count)
        return keel_check_add(ret, o, (keel_finding){KEEL_FINDING_NO_ROWS, KEEL_CHECK_FAIL, 0, 0, 0, 0.0}, err);
    ret->first_ts_ms = f->ts_ms[0];
    ret->last_ts_ms = f->ts_ms[f->count - 1];
    ret->interval_ms = most_frequent(f) * HOUR_MS;
    int rc = check_steps(f, o, ret, err);
    if (!rc) rc = check_ends(f, from_ms, to_ms, o, ret, err);
    ret->rows_expected = ret->rows + ret->rows_missing;
    if (!rc) rc = check_rates(f, o, ret, err);
    if (!rc) rc = keel_check_age(ret, o, err);
    if (rc) keel_check_done(ret);
    return rc;
}
