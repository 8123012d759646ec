/* app/cli/sweep_show.c: keel sweep show: the best trials of a sweep, which parameters mattered, and a heat map. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_format.h"
#include "app/cli/sweep_heat.h"
#include "app/cli/sweep_sheet.h"
#include "app/cli/text_table.h"
#include "base/file.h"
#include "ops/report/report.h"

static const keel_cli_opt OPTIONS[] = {
    {"top", "N", "how many trials to show, default 20", 0},
    {"heat", "ROWS,COLUMNS", "parameters of the heat map; default: the two that matter most", 0},
    {"html", "FILE", "write the report of the sweep as one HTML file", 0},
    {0}};

const keel_cli_verb keel_verb_sweep_show_info = {
    .noun = "sweep",
    .verb = "show",
    .run = keel_verb_sweep_show,
    .summary = "the best trials of a sweep, which parameters mattered, and a heat map of two",
    .example = "keel sweep show 043f9db0048e9934 --top 10",
    .positionals = "ID",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_sweep_folder_options, OPTIONS},
    .reports = 1,
    .notes =
        "ID may be its first digits. Importance is the share of the target's variance that a parameter alone\n"
        "explains among the trials that ran: docs/sweep.md. The HTML has the heat map of any two parameters.\n"};

enum { COLUMNS = 4, SHOWN_PARAMS = KEEL_TABLE_COLUMNS_MAX - COLUMNS };

typedef struct job {
    keel_cli *cli;
    keel_err *err;
    keel_sweep_study study;
    keel_sweep_heat heat;
    int64_t top;
} job;

/* ---- showing ----------------------------------------------------------------------------------------------- */

static int trials_json(job *b, keel_json *j) {
    keel_json_key(j, "rows");
    keel_json_array(j);
    for (int64_t i = 0; i < b->top; i++) {
        const keel_sweep_line *line = &b->study.rows.lines[i];
        keel_row row;
        int rc = keel_sweep_row_load(&b->study.rows, line, &row, b->err);
        if (rc == 0) {
            char hash[17];
            keel_json_object(j);
            keel_json_kint(j, "trial", line->index);
            keel_json_kstring(j, "trial_hash", line->trial_hash);
            keel_json_kstring(j, "status", keel_trial_status_names[line->status]);
            (void)snprintf(hash, sizeof hash, "%016" PRIx64, row.trial.state_hash);
            keel_json_kstring(j, "state_hash", line->status == KEEL_TRIAL_OK ? hash : NULL);
            keel_sweep_stat_json(j, "target", line->score.target);
            keel_json_kbool(j, "feasible", line->score.feasible);
            if (row.trial.error[0]) keel_json_kstring(j, "error", row.trial.error);
            keel_sweep_params_json(&row, j);
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
    const keel_sweep_asked *a = &b->study.rows.header.asked;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.sweep_show");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "sweep_id", b->study.rows.header.sweep_id);
    keel_json_kstring(j, "strategy", b->study.rows.header.strategy);
    keel_json_kstring(j, "target", a->objective.target->name);
    keel_json_kint(j, "trials", a->trials);
    keel_json_kint(j, "done", b->study.rows.count);
    keel_json_kint(j, "failed", b->study.failed);
    keel_json_kint(j, "pruned", b->study.pruned);
    keel_json_kint(j, "infeasible", b->study.infeasible);
    keel_json_kint(j, "damaged", b->study.rows.damaged);
    keel_json_key(j, "importance");
    keel_json_array(j);
    for (size_t k = 0; k < b->study.dims; k++) {
        keel_json_object(j);
        keel_json_kstring(j, "param", keel_sweep_study_dim(&b->study, k));
        keel_sweep_stat_json(j, "share", b->study.importance[k]);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_sweep_heat_json(&b->study, &b->heat, j);
    keel_sweep_findings_json(&b->study, j);
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
                                                   b->study.rows.header.asked.objective.target->name};
    size_t shown = b->study.dims < SHOWN_PARAMS ? b->study.dims : SHOWN_PARAMS;
    keel_table t;
    for (size_t k = 0; k < shown; k++)
        headers[COLUMNS + k] = keel_sweep_study_dim(&b->study, k);
    keel_table_init(&t, headers, COLUMNS + (int)shown, 1);
    for (int64_t i = 0; i < b->top; i++) {
        const keel_sweep_line *line = &b->study.rows.lines[i];
        const char *cells[KEEL_TABLE_COLUMNS_MAX];
        keel_row row;
        int rc = keel_sweep_row_load(&b->study.rows, line, &row, b->err);
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
    if (shown < b->study.dims) keel_strbuf_addf(out, "(%zu more parameters: --json)\n", b->study.dims - shown);
    return 0;
}

static void importance_table(const job *b, keel_strbuf *out) {
    static const char *const HEADERS[] = {"Parameter", "Importance"};
    keel_table t;
    keel_table_init(&t, HEADERS, 2, 1);
    for (size_t k = 0; k < b->study.dims; k++) {
        keel_cell share = keel_cell_stat(b->study.importance[k], 3);
        keel_table_row(&t, (const char *const[]){keel_sweep_study_dim(&b->study, k), share.text});
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
                     b->study.rows.header.sweep_id, b->study.rows.header.strategy, b->study.rows.count,
                     b->study.rows.header.asked.trials, b->study.failed, b->study.pruned, b->study.infeasible);
    int rc = trials_table(b, &text);
    if (rc == 0) {
        importance_table(b, &text);
        keel_sweep_heat_text(&b->study, &b->heat, &text);
        for (int i = 0; i < b->study.finding_count; i++) {
            keel_strbuf_addf(&text, "%s%-8s ", i ? "" : "\n", b->study.findings[i].severity);
            keel_table_wrap(&text, b->study.findings[i].text, 9, 9, KEEL_TABLE_WIDTH);
        }
        keel_strbuf_add(&text, "\nOne trial alone: keel backtest run --trial HASH\n");
        if (text.failed || fputs(keel_strbuf_text(&text), stdout) < 0)
            rc = keel_err_set(b->err, KEEL_E_IO, "cannot write: standard output: send it elsewhere");
    }
    keel_strbuf_done(&text);
    return rc;
}

static int write_html(job *b, const char *path) {
    keel_strbuf page;
    keel_tree *sheet = NULL;
    keel_strbuf_init(&page, 0);
    int rc = keel_sweep_sheet(&b->study, &sheet, b->err);
    if (rc == 0) rc = keel_sweep_page_html(sheet, &page, b->err);
    if (rc == 0) rc = keel_file_write(path, keel_strbuf_text(&page), page.size, b->err);
    keel_tree_free(sheet);
    keel_strbuf_done(&page);
    return rc;
}

static int work(job *b) {
    char folder[KEEL_SWEEP_PATH_MAX];
    const char *html = keel_cli_option(b->cli, "html");
    b->top = 20;
    KEEL_TRY(keel_cli_option_int(b->cli, "top", 1, 1000000, &b->top));
    KEEL_TRY(keel_sweep_folder(b->cli, folder));
    KEEL_TRY(keel_sweep_study_load(folder, keel_cli_positional(b->cli, 0), &b->study, b->err));
    if (b->top > b->study.rows.count) b->top = b->study.rows.count;
    if (b->study.rows.damaged > 0)
        keel_cli_warn(b->cli, "%" PRId64 " rows cannot be read, the first is line %" PRId64 ": %s",
                      b->study.rows.damaged, b->study.rows.first_damaged, b->study.rows.path);
    KEEL_TRY(keel_sweep_heat_make(&b->study, keel_cli_option(b->cli, "heat"), &b->heat, b->err));
    if (html) KEEL_TRY(write_html(b, html));
    if (keel_cli_json(b->cli)) return show_json(b);
    return html ? 0 : show_text(b);
}

int keel_verb_sweep_show(keel_cli *cli) {
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: sweep: close other programs");
    b->cli = cli;
    b->err = keel_cli_err(cli);
    int rc = work(b);
    keel_sweep_study_done(&b->study);
    free(b);
    return rc;
}
