/* app/cli/sweep_show.c: keel sweep show: the best trials of a sweep, and which parameters mattered. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_format.h"
#include "app/cli/sweep_rows.h"
#include "app/cli/text_table.h"
#include "base/real.h"
#include "research/sweep/importance.h"

static const keel_cli_opt OPTIONS[] = {{"top", "N", "how many trials to show, default 20", 0}, {0}};

const keel_cli_verb keel_verb_sweep_show_info = {
    .noun = "sweep",
    .verb = "show",
    .run = keel_verb_sweep_show,
    .summary = "the best trials of a sweep, and which parameters mattered",
    .example = "keel sweep show 043f9db0048e9934 --top 10",
    .positionals = "ID",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_sweep_folder_options, OPTIONS},
    .reports = 1,
    .notes =
        "ID may be its first digits. Importance is the share of the target's variance that a parameter alone\n"
        "explains among the trials that ran: docs/sweep.md.\n"};

enum { COLUMNS = 4, SHOWN_PARAMS = KEEL_TABLE_COLUMNS_MAX - COLUMNS };

typedef struct job {
    keel_cli *cli;
    keel_err *err;
    keel_sweep_rows rows; /* by how good */
    const keel_tree *space;
    size_t dims;
    double *values, *targets, *chosen; /* [dims * count], [count], [count] */
    unsigned char *has;                /* [dims * count] */
    keel_stat importance[KEEL_SPACE_DIMS_MAX];
    int64_t top, ok, failed, pruned, infeasible;
} job;

static const char *dim_name(const job *b, size_t dim) {
    const keel_tree *name = keel_tree_find(b->space->items[dim], "name");
    return name && name->text ? name->text : "?";
}

/* A number for a value: itself, or the place among the dimension's listed values. */
static double number_of(const job *b, size_t dim, const keel_tree *value) {
    const keel_tree *listed = keel_tree_find(b->space->items[dim], "values");
    double number = 0.0;
    if (keel_real_parse(value->text, &number) == 0) return number;
    for (size_t i = 0; listed && i < listed->count; i++)
        if (listed->items[i]->text && strcmp(listed->items[i]->text, value->text) == 0) return (double)i;
    return -1.0;
}

static int read_values(job *b) {
    size_t n = (size_t)b->rows.count;
    b->values = calloc(b->dims * n + 1, sizeof *b->values);
    b->has = calloc(b->dims * n + 1, 1);
    b->targets = calloc(n + 1, sizeof *b->targets);
    b->chosen = calloc(n + 1, sizeof *b->chosen);
    if (!b->values || !b->has || !b->targets || !b->chosen)
        return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: rows: close other programs");
    for (size_t i = 0; i < n; i++) {
        const keel_sweep_line *line = &b->rows.lines[i];
        keel_row row;
        b->ok += line->status == KEEL_TRIAL_OK;
        b->failed += line->status == KEEL_TRIAL_FAILED;
        b->pruned += line->status == KEEL_TRIAL_PRUNED;
        b->infeasible += line->status == KEEL_TRIAL_OK && !line->score.feasible;
        if (line->status != KEEL_TRIAL_OK || !line->score.target.defined) continue;
        b->targets[i] = line->score.target.value;
        int rc = keel_sweep_row_load(&b->rows, line, &row, b->err);
        for (size_t k = 0; rc == 0 && k < b->dims; k++) {
            const keel_tree *value = keel_tree_find(row.params, dim_name(b, k));
            if (!value || !value->text) continue;
            b->values[k * n + i] = number_of(b, k, value);
            b->has[k * n + i] = 1;
        }
        keel_row_done(&row);
        if (rc != 0) return rc;
    }
    return 0;
}

static int weigh(job *b) {
    size_t n = (size_t)b->rows.count;
    for (size_t k = 0; k < b->dims; k++) {
        int64_t used = 0;
        double *value = b->values + k * n, *target = b->chosen;
        for (size_t i = 0; i < n; i++) {
            if (!b->has[k * n + i]) continue;
            value[used] = value[i]; /* in place: read ahead of what is written */
            target[used++] = b->targets[i];
        }
        KEEL_TRY(keel_importance(value, target, used, &b->importance[k], b->err));
    }
    return 0;
}

/* ---- showing ----------------------------------------------------------------------------------------------- */

static void kstat(keel_json *j, const char *key, keel_stat s) {
    keel_json_key(j, key);
    if (s.defined)
        keel_json_double(j, s.value);
    else
        keel_json_null(j);
}

static void params_json(const job *b, const keel_row *row, keel_json *j) {
    keel_json_key(j, "params");
    keel_json_object(j);
    for (size_t k = 0; k < row->params->count; k++) {
        const keel_tree *value = row->params->items[k];
        keel_json_key(j, value->key);
        if (value->kind == KEEL_TREE_STRING)
            keel_json_string(j, value->text);
        else
            keel_json_raw(j, value->text ? value->text : "null");
    }
    keel_json_close(j);
    (void)b;
}

static int trials_json(job *b, keel_json *j) {
    keel_json_key(j, "rows");
    keel_json_array(j);
    for (int64_t i = 0; i < b->top; i++) {
        const keel_sweep_line *line = &b->rows.lines[i];
        keel_row row;
        int rc = keel_sweep_row_load(&b->rows, line, &row, b->err);
        if (rc == 0) {
            char hash[17];
            keel_json_object(j);
            keel_json_kint(j, "trial", line->index);
            keel_json_kstring(j, "trial_hash", line->trial_hash);
            keel_json_kstring(j, "status", keel_trial_status_names[line->status]);
            (void)snprintf(hash, sizeof hash, "%016" PRIx64, row.trial.state_hash);
            keel_json_kstring(j, "state_hash", line->status == KEEL_TRIAL_OK ? hash : NULL);
            kstat(j, "target", line->score.target);
            keel_json_kbool(j, "feasible", line->score.feasible);
            if (row.trial.error[0]) keel_json_kstring(j, "error", row.trial.error);
            params_json(b, &row, j);
            keel_json_key(j, "totals");
            keel_json_raw(j, row.trial.totals.size > 0 ? keel_strbuf_text(&row.trial.totals) : "null");
            keel_json_close(j);
        }
        keel_row_done(&row);
        if (rc != 0) return rc;
    }
    keel_json_close(j);
    return 0;
}

static int show_json(job *b) {
    const keel_sweep_asked *a = &b->rows.header.asked;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.sweep_show");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "sweep_id", b->rows.header.sweep_id);
    keel_json_kstring(j, "strategy", b->rows.header.strategy);
    keel_json_kstring(j, "target", a->objective.target->name);
    keel_json_kint(j, "trials", a->trials);
    keel_json_kint(j, "done", b->rows.count);
    keel_json_kint(j, "failed", b->failed);
    keel_json_kint(j, "pruned", b->pruned);
    keel_json_kint(j, "infeasible", b->infeasible);
    keel_json_kint(j, "damaged", b->rows.damaged);
    keel_json_key(j, "importance");
    keel_json_array(j);
    for (size_t k = 0; k < b->dims; k++) {
        keel_json_object(j);
        keel_json_kstring(j, "param", dim_name(b, k));
        kstat(j, "share", b->importance[k]);
        keel_json_close(j);
    }
    keel_json_close(j);
    int rc = trials_json(b, j);
    if (rc == 0) {
        keel_json_close(j);
        rc = keel_cli_print_json(b->cli, j);
    }
    keel_json_free(j);
    return rc;
}

static const char *param_text(const keel_row *row, const char *name) {
    const keel_tree *value = keel_tree_find(row->params, name);
    return value && value->text ? value->text : "-";
}

static int trials_table(job *b, keel_strbuf *out) {
    const char *headers[KEEL_TABLE_COLUMNS_MAX] = {"Trial", "Hash", "Status",
                                                   b->rows.header.asked.objective.target->name};
    size_t shown = b->dims < SHOWN_PARAMS ? b->dims : SHOWN_PARAMS;
    keel_table t;
    for (size_t k = 0; k < shown; k++)
        headers[COLUMNS + k] = dim_name(b, k);
    keel_table_init(&t, headers, COLUMNS + (int)shown, 1);
    for (int64_t i = 0; i < b->top; i++) {
        const keel_sweep_line *line = &b->rows.lines[i];
        const char *cells[KEEL_TABLE_COLUMNS_MAX];
        keel_row row;
        int rc = keel_sweep_row_load(&b->rows, line, &row, b->err);
        keel_cell index = keel_cell_count(line->index), hash = keel_cell_text("%.12s", line->trial_hash);
        keel_cell target = keel_cell_stat(line->score.target, 4);
        const char *status = keel_trial_status_names[line->status];
        cells[0] = index.text;
        cells[1] = hash.text;
        cells[2] = line->status == KEEL_TRIAL_OK && !line->score.feasible ? "limit" : status;
        cells[3] = target.text;
        for (size_t k = 0; rc == 0 && k < shown; k++)
            cells[COLUMNS + k] = param_text(&row, headers[COLUMNS + k]);
        if (rc == 0) keel_table_row(&t, cells);
        keel_row_done(&row);
        if (rc != 0) {
            keel_table_done(&t);
            return rc;
        }
    }
    keel_table_print(&t, "TRIALS, BEST FIRST", KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
    if (shown < b->dims) keel_strbuf_addf(out, "(%zu more parameters: --json)\n", b->dims - shown);
    return 0;
}

static void importance_table(const job *b, keel_strbuf *out) {
    static const char *const HEADERS[] = {"Parameter", "Importance"};
    keel_table t;
    keel_table_init(&t, HEADERS, 2, 1);
    for (size_t k = 0; k < b->dims; k++) {
        keel_cell share = keel_cell_stat(b->importance[k], 3);
        keel_table_row(&t, (const char *const[]){dim_name(b, k), share.text});
    }
    keel_table_print(&t, "PARAMETER IMPORTANCE", KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
}

static int show_text(job *b) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_strbuf_addf(&text,
                     "Sweep %s: %s, %" PRId64 " of %" PRId64 " trials, %" PRId64 " failed, %" PRId64 " pruned, %" PRId64
                     " outside the constraints\n",
                     b->rows.header.sweep_id, b->rows.header.strategy, b->rows.count, b->rows.header.asked.trials,
                     b->failed, b->pruned, b->infeasible);
    int rc = trials_table(b, &text);
    if (rc == 0) {
        importance_table(b, &text);
        keel_strbuf_add(&text, "\nOne trial alone: keel backtest run --trial HASH\n");
        if (text.failed || fputs(keel_strbuf_text(&text), stdout) < 0)
            rc = keel_err_set(b->err, KEEL_E_IO, "cannot write: standard output: send it elsewhere");
    }
    keel_strbuf_done(&text);
    return rc;
}

static int work(job *b) {
    char folder[KEEL_SWEEP_PATH_MAX];
    b->top = 20;
    KEEL_TRY(keel_cli_option_int(b->cli, "top", 1, 1000000, &b->top));
    KEEL_TRY(keel_sweep_folder(b->cli, folder));
    KEEL_TRY(keel_sweep_rows_load(folder, keel_cli_positional(b->cli, 0), &b->rows, b->err));
    keel_sweep_rows_rank(&b->rows);
    if (b->top > b->rows.count) b->top = b->rows.count;
    if (b->rows.damaged > 0)
        keel_cli_warn(b->cli, "%" PRId64 " rows cannot be read, the first is line %" PRId64 ": %s", b->rows.damaged,
                      b->rows.first_damaged, b->rows.path);
    b->space = keel_tree_find(b->rows.header.tree, "space");
    b->dims = b->space && b->space->kind == KEEL_TREE_LIST ? b->space->count : 0;
    if (b->dims == 0 || b->dims > KEEL_SPACE_DIMS_MAX)
        return keel_err_set(b->err, KEEL_E_PARITY, "the header has no space: %s: the file is damaged", b->rows.path);
    KEEL_TRY(read_values(b));
    KEEL_TRY(weigh(b));
    return keel_cli_json(b->cli) ? show_json(b) : show_text(b);
}

int keel_verb_sweep_show(keel_cli *cli) {
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: sweep: close other programs");
    b->cli = cli;
    b->err = keel_cli_err(cli);
    int rc = work(b);
    free(b->values);
    free(b->has);
    free(b->targets);
    free(b->chosen);
    keel_sweep_rows_done(&b->rows);
    free(b);
    return rc;
}
