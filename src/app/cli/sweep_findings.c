/* app/cli/sweep_findings.c: what speaks against the best trial of a sweep: too many tries, an edge of the space, a
 * spike among its neighbours. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/sweep_study.h"
#include "base/json_read.h"
#include "base/real.h"

/* A neighbour differs in each parameter by at most one of the values tried, or by this share of them. */
static const double NEAR_SHARE = 0.1;
/* A best whose neighbours' median keeps less than this share of its target stands on a spike. */
static const double PLATEAU_SHARE = 0.5;
enum { NEIGHBOURS_LEAST = 3, LEVELS_LEAST = 3 };

static void find(keel_sweep_study *s, const char *severity, const char *code, const char *format, ...)
    KEEL_PRINTF(4, 5);

static void find(keel_sweep_study *s, const char *severity, const char *code, const char *format, ...) {
    va_list args;
    if (s->finding_count == KEEL_SWEEP_FINDINGS_MAX) return;
    keel_sweep_finding *f = &s->findings[s->finding_count++];
    f->severity = severity;
    f->code = code;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

static void from_summary(keel_sweep_study *s) {
    const keel_tree *labels = keel_tree_find(s->summary, "labels"), *why;
    const char *text = NULL;
    if (!s->summary) {
        find(s, "warning", "INTERRUPTED", "The sweep has %" PRId64 " of %" PRId64 " trials: --resume goes on.",
             s->rows.count, s->rows.header.asked.trials);
        return;
    }
    why = keel_tree_find(keel_tree_find(s->summary, "significance"), "verdict");
    if (labels && labels->count > 0 && keel_json_read_string(why, &text) == 0)
        find(s, "warning", "UNTRUSTWORTHY_MULTIPLE_TRIALS", "The best of many tries: %.180s.", text);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The distinct values tried of a dimension, ascending; `room` holds rows.count. */
static size_t levels(const keel_sweep_study *s, size_t dim, double *room) {
    size_t n = (size_t)s->rows.count, count = 0, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (s->has[dim * n + i]) room[count++] = s->values[dim * n + i];
    qsort(room, count, sizeof *room, ascending);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || room[i] != room[kept - 1]) room[kept++] = room[i];
    return kept;
}

static size_t place(const double *level, size_t count, double value) {
    size_t at = 0;
    while (at < count && level[at] < value)
        at++;
    return at;
}

/* The best trial, as an index of rows; -1: none has a target within the constraints. */
static int64_t best_of(const keel_sweep_study *s) {
    const keel_sweep_line *line = s->rows.lines;
    return s->rows.count > 0 && line->status == KEEL_TRIAL_OK && line->score.target.defined && line->score.feasible
               ? 0
               : -1;
}

static void at_edge(keel_sweep_study *s, size_t dim, const double *level, size_t count) {
    char text[KEEL_REAL_TEXT_MAX];
    double value = s->values[dim * (size_t)s->rows.count];
    if (keel_sweep_study_labels(s, dim) || count < LEVELS_LEAST) return;
    if (value != level[0] && value != level[count - 1]) return;
    find(s, "warning", "BEST_AT_EDGE",
         "The best trial has %.40s = %s, the %s that was tried: the top may lie beyond; widen the space.",
         keel_sweep_study_dim(s, dim), keel_real_format(value, text), value == level[0] ? "lowest" : "highest");
}

/* Take from `near` the trials that are no neighbours of the best in this dimension. */
static void part(const keel_sweep_study *s, size_t dim, const double *level, size_t count, unsigned char *near) {
    size_t n = (size_t)s->rows.count, home = place(level, count, s->values[dim * n]);
    double most = NEAR_SHARE * (double)count > 1.0 ? NEAR_SHARE * (double)count : 1.0;
    int labelled = keel_sweep_study_labels(s, dim) != NULL;
    for (size_t i = 0; i < n; i++) {
        if (!near[i]) continue;
        size_t at = place(level, count, s->values[dim * n + i]), apart = at > home ? at - home : home - at;
        if (s->has[dim * n + i] != s->has[dim * n] || (labelled ? apart > 0 : (double)apart > most)) near[i] = 0;
    }
}

static void spike(keel_sweep_study *s, const unsigned char *near, double *room) {
    size_t n = (size_t)s->rows.count, count = 0;
    for (size_t i = 1; i < n; i++)
        if (near[i]) room[count++] = s->targets[i];
    if (count < NEIGHBOURS_LEAST) return;
    qsort(room, count, sizeof *room, ascending);
    double median = count % 2 ? room[count / 2] : 0.5 * (room[count / 2 - 1] + room[count / 2]), best = s->targets[0];
    /* of what is minimised, or of a best below 0, no share can be taken */
    if (s->rows.header.asked.objective.better < 0 || best <= 0.0) return;
    int lonely = median < PLATEAU_SHARE * best;
    find(s, lonely ? "warning" : "info", lonely ? "BEST_IS_A_SPIKE" : "BEST_ON_A_PLATEAU",
         "%zu neighbours of the best trial have a median %.40s of %.4g against its %.4g: %s.", count,
         s->rows.header.asked.objective.target->name, median, best,
         lonely ? "a spike, likely to be luck" : "a plateau");
}

static void share_above(keel_sweep_study *s) {
    int64_t above = 0, with = 0;
    for (int64_t i = 0; i < s->rows.count; i++) {
        const keel_sweep_line *line = &s->rows.lines[i];
        if (line->status != KEEL_TRIAL_OK || !line->score.target.defined) continue;
        with++;
        above += line->score.target.value > 0.0;
    }
    if (with > 0 && s->rows.header.asked.objective.better > 0)
        find(s, "info", "TARGET_ABOVE_ZERO", "%" PRId64 " of %" PRId64 " trials have a %.40s above 0 (%.3g %%).", above,
             with, s->rows.header.asked.objective.target->name, 100.0 * (double)above / (double)with);
}

static void worst_first(keel_sweep_study *s) {
    keel_sweep_finding sorted[KEEL_SWEEP_FINDINGS_MAX];
    int count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < s->finding_count; i++)
            if ((strcmp(s->findings[i].severity, "warning") == 0) == (pass == 0)) sorted[count++] = s->findings[i];
    memcpy(s->findings, sorted, (size_t)count * sizeof *sorted);
}

static int around_best(keel_sweep_study *s, keel_err *err) {
    size_t n = (size_t)s->rows.count;
    double *room = calloc(n + 1, sizeof *room);
    unsigned char *near = calloc(n + 1, 1);
    int rc = room && near ? 0 : keel_err_set(err, KEEL_E_NOMEM, "out of memory: rows: close other programs");
    for (size_t i = 0; rc == 0 && i < n; i++)
        near[i] = s->rows.lines[i].status == KEEL_TRIAL_OK && s->rows.lines[i].score.target.defined;
    for (size_t k = 0; rc == 0 && k < s->dims; k++) {
        size_t count = levels(s, k, room);
        if (s->has[k * n]) at_edge(s, k, room, count);
        part(s, k, room, count, near);
    }
    if (rc == 0) spike(s, near, room);
    free(near);
    free(room);
    return rc;
}

int keel_sweep_findings_make(keel_sweep_study *s, keel_err *err) {
    s->finding_count = 0;
    from_summary(s);
    if (best_of(s) < 0)
        find(s, "warning", "NO_BEST", "No trial has a target within the constraints.");
    else
        KEEL_TRY(around_best(s, err));
    if (s->failed > 0)
        find(s, "warning", "TRIALS_FAILED", "%" PRId64 " of %" PRId64 " trials failed.", s->failed, s->rows.count);
    if (s->rows.damaged > 0)
        find(s, "warning", "ROWS_DAMAGED", "%" PRId64 " rows of the file cannot be read.", s->rows.damaged);
    share_above(s);
    worst_first(s);
    return 0;
}
