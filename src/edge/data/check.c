/* edge/data/check.c: options, findings, candles. Funding: check_funding.c; the gate: gate.c. See check.h. */
#include "edge/data/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timerange.h"
#include "edge/data/check_impl.h"
#include "edge/data/robust.h"
#include "num/elementary.h"

void keel_check_options_init(keel_check_options *o) {
    *o = (keel_check_options){.max_gap_bars = 3,
                              .max_missing_share = 0.005,
                              .max_move = 0.5,
                              .outlier_sigma = 10.0,
                              .max_age_intervals = 2,
                              .max_funding_rate = 0.01,
                              .min_funding_spike = 0.0005,
                              .max_flip_share = 0.6,
                              .findings_max = 1000};
}

void keel_check_done(keel_check *c) {
    free(c->findings);
    memset(c, 0, sizeof *c);
}

typedef struct finding_text {
    const char *key, *what;
} finding_text;

static const finding_text TEXTS[] = {
#define KEEL_FINDING_TEXT(name, key, what) {key, what},
    KEEL_FINDINGS(KEEL_FINDING_TEXT)
#undef KEEL_FINDING_TEXT
};

const char *keel_finding_key(keel_finding_kind kind) {
    KEEL_ASSERT((int)kind >= 0 && kind < KEEL_FINDING_COUNT);
    return TEXTS[kind].key;
}

const char *keel_finding_what(keel_finding_kind kind) {
    KEEL_ASSERT((int)kind >= 0 && kind < KEEL_FINDING_COUNT);
    return TEXTS[kind].what;
}

const char *keel_check_status_name(int status) {
    return status == KEEL_CHECK_FAIL ? "FAIL" : status == KEEL_CHECK_WARN ? "WARN" : "OK";
}

void keel_finding_text(const keel_finding *f, char *ret_text, size_t size) {
    char time[KEEL_TIME_TEXT_MAX];
    const char *what = keel_finding_what(f->kind);
    (void)keel_time_format(f->from_ms, time);
    switch (f->kind) {
        case KEEL_FINDING_NO_ROWS: (void)snprintf(ret_text, size, "%s", what); break;
        case KEEL_FINDING_GAP:
        case KEEL_FINDING_FUNDING_MISSING:
            (void)snprintf(ret_text, size, "%s: %" PRId64 " from %s", what, f->count, time);
            break;
        case KEEL_FINDING_MISSING_SHARE:
        case KEEL_FINDING_FUNDING_FLIPS:
            (void)snprintf(ret_text, size, "%s: %" PRId64 " (%.2f %%)", what, f->count, f->value * 100.0);
            break;
        case KEEL_FINDING_STALE:
            (void)snprintf(ret_text, size, "%s: %.1f intervals after %s", what, f->value, time);
            break;
        case KEEL_FINDING_BAD_BAR:
        case KEEL_FINDING_LARGE_MOVE:
        case KEEL_FINDING_OUTLIER:
        case KEEL_FINDING_FUNDING_SPIKE:
        case KEEL_FINDING_COUNT:
        default: (void)snprintf(ret_text, size, "%s: %.6g at %s", what, f->value, time); break;
    }
}

int keel_check_add(keel_check *c, const keel_check_options *o, keel_finding finding, keel_err *err) {
    if (finding.status > c->worst.status || (finding.status == c->worst.status && finding.count > c->worst.count))
        c->worst = finding;
    if (finding.status > c->status) c->status = finding.status;
    c->counted[finding.kind]++;
    if (c->finding_count >= o->findings_max) return 0;
    if ((c->finding_count & (c->finding_count - 1)) == 0) { /* 0 and powers of two: time to grow */
        size_t capacity = c->finding_count ? (size_t)c->finding_count * 2 : 1;
        keel_finding *grown = realloc(c->findings, capacity * sizeof *grown);
        if (!grown) return keel_err_set(err, KEEL_E_NOMEM, "out of memory for the findings of a check");
        c->findings = grown;
    }
    c->findings[c->finding_count++] = finding;
    return 0;
}

/* The store keeps these rules; a gate that trusts them would not see a store that broke. */
static int bar_is_good(const keel_candles *c, int64_t i) {
    if (i && c->ts_ms[i] <= c->ts_ms[i - 1]) return 0;
    if (c->ts_ms[i] % 1000 || c->low_e8[i] <= 0 || !(c->volume[i] >= 0.0)) return 0;
    int64_t open = c->open_e8[i], close = c->close_e8[i];
    return c->high_e8[i] >= open && c->high_e8[i] >= close && c->low_e8[i] <= open && c->low_e8[i] <= close;
}

static int note_gap(keel_check *ret, const keel_check_options *o, int64_t from_ms, int64_t to_ms, keel_err *err) {
    if (to_ms - from_ms < ret->interval_ms) return 0; /* asked for every bar: no division */
    int64_t missing = (to_ms - from_ms) / ret->interval_ms;
    ret->gap_count++;
    ret->rows_missing += missing;
    if (missing > ret->largest_gap) ret->largest_gap = missing;
    int status = missing > o->max_gap_bars ? KEEL_CHECK_FAIL : KEEL_CHECK_WARN;
    return keel_check_add(ret, o, (keel_finding){KEEL_FINDING_GAP, status, from_ms, to_ms, missing, 0.0}, err);
}

/* First bar open at or after from_ms on the series' own grid. */
static int64_t grid_ceil(const keel_candles *c, int64_t from_ms) {
    int64_t behind = (c->ts_ms[0] - from_ms) % c->interval_ms;
    return from_ms + (behind < 0 ? behind + c->interval_ms : behind);
}

static int check_bars_and_gaps(const keel_candles *c, int64_t from_ms, int64_t to_ms, const keel_check_options *o,
                               keel_check *ret, keel_err *err) {
    int64_t expected_ms = from_ms == INT64_MIN ? c->ts_ms[0] : grid_ceil(c, from_ms);
    int64_t first_ms = expected_ms, end_ms = to_ms == INT64_MAX ? c->ts_ms[c->count - 1] + 1 : to_ms;
    for (int64_t i = 0; i < c->count; i++) {
        if (!bar_is_good(c, i))
            KEEL_TRY(keel_check_add(ret, o,
                                    (keel_finding){KEEL_FINDING_BAD_BAR, KEEL_CHECK_FAIL, c->ts_ms[i],
                                                   c->ts_ms[i] + c->interval_ms, 1, 0.0},
                                    err));
        if (!(c->volume[i] > 0.0)) ret->zero_volume++;
        KEEL_TRY(note_gap(ret, o, expected_ms, c->ts_ms[i], err));
        expected_ms = c->ts_ms[i] + c->interval_ms;
    }
    KEEL_TRY(note_gap(ret, o, expected_ms, grid_ceil(c, end_ms), err));
    ret->rows_expected = end_ms > first_ms ? (grid_ceil(c, end_ms) - first_ms) / c->interval_ms : 0;
    double share = ret->rows_expected ? (double)ret->rows_missing / (double)ret->rows_expected : 0.0;
    if (share <= o->max_missing_share) return 0;
    return keel_check_add(
        ret, o, (keel_finding){KEEL_FINDING_MISSING_SHARE, KEEL_CHECK_FAIL, first_ms, end_ms, ret->rows_missing, share},
        err);
}

/* Close of bar i over that of bar i - 1; 1 across a hole: two bars apart say nothing about one bar. */
static double ratio_at(const keel_candles *c, int64_t i) {
    if (c->ts_ms[i] - c->ts_ms[i - 1] != c->interval_ms || c->close_e8[i] <= 0 || c->close_e8[i - 1] <= 0) return 1.0;
    return (double)c->close_e8[i] / (double)c->close_e8[i - 1];
}

static int note_move(const keel_candles *c, int64_t i, double ratio, int large, const keel_check_options *o,
                     keel_check *ret, keel_err *err) {
    keel_finding f = {large ? KEEL_FINDING_LARGE_MOVE : KEEL_FINDING_OUTLIER,
                      large && !o->allow_moves ? KEEL_CHECK_FAIL : KEEL_CHECK_WARN,
                      c->ts_ms[i],
                      c->ts_ms[i] + c->interval_ms,
                      1,
                      large ? ratio - 1.0 : keel_log(ratio)};
    ret->large_moves += large;
    ret->outliers += !large;
    return keel_check_add(ret, o, f, err);
}

static int check_moves(const keel_candles *c, const keel_check_options *o, keel_check *ret, keel_err *err) {
    if (c->count < 2) return 0;
    int64_t count = c->count - 1;
    double *ratios = malloc((size_t)count * 2 * sizeof *ratios);
    if (!ratios) return keel_err_set(err, KEEL_E_NOMEM, "out of memory checking %" PRId64 " bars", c->count);
    for (int64_t i = 0; i < count; i++)
        ratios[i] = ratio_at(c, i + 1);
    ret->sigma = keel_robust_log_sigma(ratios, count, ratios + count);
    /* a log return beyond so many sigmas is a ratio beyond their exponential */
    double most = ret->sigma > 0.0 && o->outlier_sigma > 0.0 ? keel_exp(ret->sigma * o->outlier_sigma) : HUGE_VAL;
    int rc = 0;
    for (int64_t i = 0; i < count && !rc; i++) {
        double ratio = ratios[i];
        int large = ratio - 1.0 > o->max_move || ratio - 1.0 < -o->max_move;
        if (large || ratio > most || ratio * most < 1.0) rc = note_move(c, i + 1, ratio, large, o, ret, err);
    }
    free(ratios);
    return rc;
}

int keel_check_age(keel_check *ret, const keel_check_options *o, keel_err *err) {
    if (!o->now_ms || !ret->interval_ms) return 0;
    /* A bar is complete one interval after it opens; a settlement counts from its time. */
    double age = (double)(o->now_ms - ret->last_ts_ms) / (double)ret->interval_ms;
    if (age <= (double)(o->max_age_intervals + 1)) return 0;
    return keel_check_add(ret, o,
                          (keel_finding){KEEL_FINDING_STALE, KEEL_CHECK_FAIL, ret->last_ts_ms, o->now_ms, 1, age}, err);
}

int keel_check_candles(const keel_candles *c, int64_t from_ms, int64_t to_ms, const keel_check_options *o,
                       keel_check *ret, keel_err *err) {
    memset(ret, 0, sizeof *ret);
    KEEL_ASSERT(c->interval_ms > 0);
    ret->interval_ms = c->interval_ms;
    ret->rows = c->count;
    if (!c->count)
        return keel_check_add(ret, o, (keel_finding){KEEL_FINDING_NO_ROWS, KEEL_CHECK_FAIL, 0, 0, 0, 0.0}, err);
    ret->first_ts_ms = c->ts_ms[0];
    ret->last_ts_ms = c->ts_ms[c->count - 1];
    int rc = check_bars_and_gaps(c, from_ms, to_ms, o, ret, err);
    if (!rc) rc = check_moves(c, o, ret, err);
    if (!rc) rc = keel_check_age(ret, o, err);
    if (rc) keel_check_done(ret);
    return rc;
}
