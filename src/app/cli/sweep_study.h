/* app/cli/sweep_study.h: a finished or interrupted sweep, read for showing: its rows by how good, the values tried,
 * what the parameters weigh, and what speaks against its best trial. */
#ifndef KEEL_APP_CLI_SWEEP_STUDY_H
#define KEEL_APP_CLI_SWEEP_STUDY_H

#include "app/cli/sweep_rows.h"

enum { KEEL_SWEEP_FINDINGS_MAX = 12 };

typedef struct keel_sweep_finding {
    const char *severity, *code; /* "warning" or "info"; stable, UPPER_CASE; static */
    char text[240];              /* one sentence */
} keel_sweep_finding;

typedef struct keel_sweep_study {
    keel_sweep_rows rows;   /* by how good */
    keel_tree *summary;     /* of summary.json, owned; NULL: the sweep did not come to its end */
    const keel_tree *space; /* in rows.header.tree */
    size_t dims;
    double *values;     /* [dims * rows.count], owned: the number, or its place among the dimension's listed values */
    double *targets;    /* [rows.count], owned */
    unsigned char *has; /* [dims * rows.count], owned: the trial ran, has a target and this parameter */
    keel_stat importance[KEEL_SPACE_DIMS_MAX];
    int64_t ok, failed, pruned, infeasible;
    keel_sweep_finding findings[KEEL_SWEEP_FINDINGS_MAX];
    int finding_count;
} keel_sweep_study;

/* Read the sweep whose id begins with `prefix`. Errors as keel_sweep_rows_load. keel_sweep_study_done in every case. */
KEEL_MUST_USE int keel_sweep_study_load(const char *folder, const char *prefix, keel_sweep_study *ret, keel_err *err);
void keel_sweep_study_done(keel_sweep_study *s);

const char *keel_sweep_study_dim(const keel_sweep_study *s, size_t dim); /* its name */
/* The listed values of a dimension whose values are not all numbers; NULL: they are numbers. */
const keel_tree *keel_sweep_study_labels(const keel_sweep_study *s, size_t dim);

/* What speaks against the best trial, worst first; called by keel_sweep_study_load. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sweep_findings_make(keel_sweep_study *s, keel_err *err);

#endif
