/* app/cli/sweep_study.c: see sweep_study.h. */
#include "app/cli/sweep_study.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_read.h"
#include "base/real.h"
#include "research/sweep/importance.h"

enum { SUMMARY_BYTES_MAX = 1 << 26 };

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: rows: close other programs");
}

const char *keel_sweep_study_dim(const keel_sweep_study *s, size_t dim) {
    const keel_tree *name = keel_tree_find(s->space->items[dim], "name");
    return name && name->text ? name->text : "?";
}

const keel_tree *keel_sweep_study_labels(const keel_sweep_study *s, size_t dim) {
    const keel_tree *listed = keel_tree_find(s->space->items[dim], "values");
    double number = 0.0;
    for (size_t i = 0; listed && i < listed->count; i++)
        if (!listed->items[i]->text || keel_real_parse(listed->items[i]->text, &number) != 0) return listed;
    return NULL;
}

/* A number for a value: its place among labels, or itself. */
static double number_of(const keel_tree *labels, const keel_tree *value) {
    double number = -1.0;
    for (size_t i = 0; labels && i < labels->count; i++)
        if (labels->items[i]->text && strcmp(labels->items[i]->text, value->text) == 0) return (double)i;
    return !labels && keel_real_parse(value->text, &number) == 0 ? number : -1.0;
}

static int read_row(keel_sweep_study *s, size_t i, keel_err *err) {
    size_t n = (size_t)s->rows.count;
    keel_row row;
    int rc = keel_sweep_row_load(&s->rows, &s->rows.lines[i], &row, err);
    for (size_t k = 0; rc == 0 && k < s->dims; k++) {
        const keel_tree *value = keel_tree_find(row.params, keel_sweep_study_dim(s, k));
        if (!value || !value->text) continue;
        s->values[k * n + i] = number_of(keel_sweep_study_labels(s, k), value);
        s->has[k * n + i] = 1;
    }
    keel_row_done(&row);
    return rc;
}

static int read_values(keel_sweep_study *s, keel_err *err) {
    size_t n = (size_t)s->rows.count;
    s->values = calloc(s->dims * n + 1, sizeof *s->values);
    s->has = calloc(s->dims * n + 1, 1);
    s->targets = calloc(n + 1, sizeof *s->targets);
    if (!s->values || !s->has || !s->targets) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const keel_sweep_line *line = &s->rows.lines[i];
        s->ok += line->status == KEEL_TRIAL_OK;
        s->failed += line->status == KEEL_TRIAL_FAILED;
        s->pruned += line->status == KEEL_TRIAL_PRUNED;
        s->infeasible += line->status == KEEL_TRIAL_OK && !line->score.feasible;
        if (line->status != KEEL_TRIAL_OK || !line->score.target.defined) continue;
        s->targets[i] = line->score.target.value;
        KEEL_TRY(read_row(s, i, err));
    }
    return 0;
}

static int weigh(keel_sweep_study *s, keel_err *err) {
    size_t n = (size_t)s->rows.count;
    double *value = calloc(2 * n + 1, sizeof *value), *target = value ? value + n : NULL;
    int rc = value ? 0 : no_memory(err);
    for (size_t k = 0; rc == 0 && k < s->dims; k++) {
        int64_t used = 0;
        for (size_t i = 0; i < n; i++) {
            if (!s->has[k * n + i]) continue;
            value[used] = s->values[k * n + i];
            target[used++] = s->targets[i];
        }
        rc = keel_importance(value, target, used, &s->importance[k], err);
    }
    free(value);
    return rc;
}

/* An interrupted sweep has none. */
static int read_summary(keel_sweep_study *s, const char *folder, keel_err *err) {
    char path[KEEL_SWEEP_PATH_MAX], *text = NULL;
    size_t size = 0;
    KEEL_TRY(keel_sweep_path(folder, s->rows.header.sweep_id, "summary.json", path, err));
    int rc = keel_file_read(path, SUMMARY_BYTES_MAX, &text, &size, err);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc == 0) rc = keel_json_parse(text, size, path, &s->summary, err);
    free(text);
    return rc;
}

int keel_sweep_study_load(const char *folder, const char *prefix, keel_sweep_study *ret, keel_err *err) {
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_sweep_rows_load(folder, prefix, &ret->rows, err));
    keel_sweep_rows_rank(&ret->rows);
    ret->space = keel_tree_find(ret->rows.header.tree, "space");
    ret->dims = ret->space && ret->space->kind == KEEL_TREE_LIST ? ret->space->count : 0;
    if (ret->dims == 0 || ret->dims > KEEL_SPACE_DIMS_MAX)
        return keel_err_set(err, KEEL_E_PARITY, "the header has no space: %s: the file is damaged", ret->rows.path);
    KEEL_TRY(read_summary(ret, folder, err));
    KEEL_TRY(read_values(ret, err));
    KEEL_TRY(weigh(ret, err));
    return keel_sweep_findings_make(ret, err);
}

void keel_sweep_study_done(keel_sweep_study *s) {
    free(s->values);
    free(s->has);
    free(s->targets);
    keel_tree_free(s->summary);
    keel_sweep_rows_done(&s->rows);
    memset(s, 0, sizeof *s);
}
