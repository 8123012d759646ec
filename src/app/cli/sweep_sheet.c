/* app/cli/sweep_sheet.c: see sweep_sheet.h. */
#include "app/cli/sweep_sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/json_tree.h"

void keel_sweep_stat_json(keel_json *j, const char *key, keel_stat s) {
    keel_json_key(j, key);
    if (s.defined)
        keel_json_double(j, s.value);
    else
        keel_json_null(j);
}

void keel_sweep_findings_json(const keel_sweep_study *s, keel_json *j) {
    keel_json_key(j, "findings");
    keel_json_array(j);
    for (int i = 0; i < s->finding_count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "severity", s->findings[i].severity);
        keel_json_kstring(j, "code", s->findings[i].code);
        keel_json_kstring(j, "text", s->findings[i].text);
        keel_json_close(j);
    }
    keel_json_close(j);
}

void keel_sweep_params_json(const keel_row *row, keel_json *j) {
    keel_json_key(j, "params");
    keel_json_object(j);
    for (size_t k = 0; row->params && k < row->params->count; k++) {
        const keel_tree *value = row->params->items[k];
        keel_json_key(j, value->key);
        if (value->kind == KEEL_TREE_STRING)
            keel_json_string(j, value->text);
        else
            keel_json_raw(j, value->text ? value->text : "null");
    }
    keel_json_close(j);
}

static void copy_keys(const keel_tree *from, const char *const keys[], size_t count, keel_json *j) {
    for (size_t i = 0; i < count; i++) {
        keel_json_key(j, keys[i]);
        keel_json_tree(j, keel_tree_find(from, keys[i]));
    }
}

static void head(const keel_sweep_study *s, keel_json *j) {
    static const char *const HEADER[] = {
        "sweep_id",       "strategy", "strategy_version", "target",  "direction", "sampler", "seed",
        "build",          "venue",    "trading_mode",     "symbols", "timeframe", "detail",  "dataset_hash",
        "effective_range"};
    static const char *const SUMMARY[] = {
        "device", "wall_seconds", "trials_spent_on_dataset", "sweeps_on_dataset", "significance", "labels"};
    keel_json_kstring(j, "schema", KEEL_SWEEP_SURFACE_SCHEMA);
    keel_json_kint(j, "schema_version", KEEL_SWEEP_SURFACE_SCHEMA_VERSION);
    copy_keys(s->rows.header.tree, HEADER, sizeof HEADER / sizeof *HEADER, j);
    copy_keys(s->summary, SUMMARY, sizeof SUMMARY / sizeof *SUMMARY, j);
    keel_json_kint(j, "trials", s->rows.header.asked.trials);
    keel_json_kint(j, "done", s->rows.count);
    keel_json_kint(j, "failed", s->failed);
    keel_json_kint(j, "pruned", s->pruned);
    keel_json_kint(j, "infeasible", s->infeasible);
    keel_sweep_findings_json(s, j);
    keel_json_key(j, "warnings");
    keel_json_tree(j, keel_tree_find(s->rows.header.tree, "warnings"));
}

static void dims(const keel_sweep_study *s, keel_json *j) {
    keel_json_key(j, "dims");
    keel_json_array(j);
    for (size_t k = 0; k < s->dims; k++) {
        keel_json_object(j);
        keel_json_kstring(j, "name", keel_sweep_study_dim(s, k));
        keel_sweep_stat_json(j, "importance", s->importance[k]);
        keel_json_key(j, "labels");
        keel_json_tree(j, keel_sweep_study_labels(s, k));
        keel_json_close(j);
    }
    keel_json_close(j);
}

/* Which trials with a target are kept, by rank: *ret is handed to the caller. */
static int choose(const keel_sweep_study *s, int64_t **ret, int64_t *ret_count, int64_t *ret_all, keel_err *err) {
    int64_t all = 0, count = 0, left = KEEL_SHEET_TRIALS - KEEL_SHEET_BEST;
    int64_t *kept = calloc((size_t)s->rows.count + 1, sizeof *kept);
    if (!kept) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: rows: close other programs");
    for (int64_t i = 0; i < s->rows.count; i++)
        if (s->rows.lines[i].status == KEEL_TRIAL_OK && s->rows.lines[i].score.target.defined) kept[all++] = i;
    *ret_all = count = all;
    if (all > KEEL_SHEET_TRIALS) {
        count = KEEL_SHEET_BEST;
        for (int64_t i = 0; i < left; i++)
            kept[count++] = kept[KEEL_SHEET_BEST + i * (all - KEEL_SHEET_BEST) / left];
    }
    *ret = kept;
    *ret_count = count;
    return 0;
}

static void columns(const keel_sweep_study *s, const int64_t kept[], int64_t count, keel_json *j) {
    static const char *const NAMES[] = {"trial", "hash", "targets", "feasible"};
    char hash[17];
    for (int c = 0; c < 4; c++) {
        keel_json_key(j, NAMES[c]);
        keel_json_array(j);
        for (int64_t i = 0; i < count; i++) {
            const keel_sweep_line *line = &s->rows.lines[kept[i]];
            (void)snprintf(hash, sizeof hash, "%.16s", line->trial_hash);
            if (c == 0) keel_json_int(j, line->index);
            if (c == 1) keel_json_string(j, hash);
            if (c == 2) keel_json_double(j, line->score.target.value);
            if (c == 3) keel_json_int(j, line->score.feasible != 0);
        }
        keel_json_close(j);
    }
    keel_json_key(j, "values");
    keel_json_array(j);
    for (size_t k = 0; k < s->dims; k++) {
        keel_json_array(j);
        for (int64_t i = 0; i < count; i++) {
            size_t at = k * (size_t)s->rows.count + (size_t)kept[i];
            if (s->has[at])
                keel_json_double(j, s->values[at]);
            else
                keel_json_null(j);
        }
        keel_json_close(j);
    }
    keel_json_close(j);
}

static int top(const keel_sweep_study *s, const int64_t kept[], int64_t count, keel_json *j, keel_err *err) {
    int rc = 0;
    keel_json_key(j, "top");
    keel_json_array(j);
    for (int64_t i = 0; rc == 0 && i < count && i < KEEL_SHEET_TOP; i++) {
        const keel_sweep_line *line = &s->rows.lines[kept[i]];
        keel_row row;
        rc = keel_sweep_row_load(&s->rows, line, &row, err);
        if (rc == 0) {
            keel_json_object(j);
            keel_json_kint(j, "trial", line->index);
            keel_json_kstring(j, "trial_hash", line->trial_hash);
            keel_sweep_stat_json(j, "target", line->score.target);
            keel_json_kbool(j, "feasible", line->score.feasible);
            keel_sweep_params_json(&row, j);
            keel_json_key(j, "totals");
            keel_json_raw(j, row.trial.totals.size > 0 ? keel_strbuf_text(&row.trial.totals) : "null");
            keel_json_close(j);
        }
        keel_row_done(&row);
    }
    keel_json_close(j);
    return rc;
}

int keel_sweep_sheet_json(const keel_sweep_study *s, keel_json *j, keel_err *err) {
    int64_t *kept = NULL, count = 0, all = 0;
    KEEL_TRY(choose(s, &kept, &count, &all, err));
    keel_json_object(j);
    head(s, j);
    dims(s, j);
    keel_json_kint(j, "with_target", all);
    keel_json_kint(j, "shown", count);
    columns(s, kept, count, j);
    int rc = top(s, kept, count, j, err);
    keel_json_close(j);
    free(kept);
    return rc;
}

int keel_sweep_sheet(const keel_sweep_study *s, keel_tree **ret, keel_err *err) {
    size_t size = 0;
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    int rc = keel_sweep_sheet_json(s, j, err);
    if (rc == 0) {
        const char *text = keel_json_text(j, &size);
        rc = keel_json_parse(text, size, "sweep", ret, err);
    }
    keel_json_free(j);
    return rc;
}
