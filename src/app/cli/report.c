/* app/cli/report.c: keel report RUN [RUN] | SWEEP: what a finished run or sweep did, as HTML, Markdown, JSON or on the
 * terminal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/report_subject.h"
#include "app/cli/sweep_sheet.h"
#include "base/file.h"
#include "base/json_tree.h"

static const keel_cli_opt OPTIONS[] = {
    {"html", "FILE", "write one self-contained HTML file; -: standard output", 0},
    {"md", "FILE", "write Markdown; -: standard output", 0},
    {"all", NULL, "every table on the terminal, not the first page alone", 0},
    {"sweep", "ID", "show the parameter surface of this sweep in the HTML of a run", 0},
    {"walk-forward", "FILE", "show this keel validate walk-forward --json in the HTML of a run", 0},
    {0}};

const keel_cli_verb keel_verb_report_info = {
    .noun = "report",
    .run = keel_verb_report,
    .summary = "what a finished run or sweep did; with two runs, how they differ",
    .example = "keel report runs/mine --html report.html",
    .positionals = "RUN|SWEEP|FILE [RUN]",
    .positional_min = 1,
    .positional_max = 2,
    .options = {keel_sweep_folder_options, OPTIONS},
    .reports = 1,
    .notes =
        "RUN is a folder that `keel backtest run --run-dir DIR` wrote, or the id of a run that the home keeps. Of\n"
        "two runs the first is A, the second is B, and differences are B - A. SWEEP is the id of a sweep, or its\n"
        "folder; FILE is what `keel validate walk-forward --json` printed. docs/report.md describes them.\n"};

typedef int (*form_one)(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr);
typedef int (*form_two)(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr);
typedef int (*form_tree)(const keel_tree *document, keel_strbuf *out, keel_err *reterr);

/* One form of whatever the report is about. */
typedef struct form {
    form_one run;
    form_two runs;
    form_tree sweep, walk;
} form;

static int json_run(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    keel_strbuf_add(out, keel_run_folder_summary(run));
    return out->failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}

static int json_tree(const keel_tree *document, keel_strbuf *out, keel_err *reterr) {
    size_t size = 0;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_tree(j, document);
    keel_strbuf_add(out, keel_json_text(j, &size));
    keel_strbuf_add_char(out, '\n');
    keel_json_free(j);
    return out->failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}

static const form HTML = {keel_report_html, keel_compare_html, keel_sweep_page_html, keel_walk_page_html};
static const form MARKDOWN = {keel_report_markdown, keel_compare_markdown, keel_sweep_page_markdown,
                              keel_walk_page_markdown};
static const form JSON = {json_run, keel_compare_json, json_tree, json_tree};
static const form TEXT = {keel_report_text, keel_compare_text, keel_sweep_page_text, keel_walk_page_text};
static const form TEXT_ALL = {keel_report_text_all, keel_compare_text, keel_sweep_page_text, keel_walk_page_text};

/* Write one form to path; NULL: standard output. */
static int write_form(keel_cli *cli, const keel_report_subject *s, const form *f, const char *path) {
    keel_err *err = keel_cli_err(cli);
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    int rc = s->walk      ? f->walk(s->walk, &text, err)
             : s->sheet   ? f->sweep(s->sheet, &text, err)
             : s->runs[1] ? f->runs(s->runs[0], s->runs[1], &text, err)
                          : f->run(s->runs[0], &text, err);
    if (rc == 0 && path) rc = keel_file_write(path, keel_strbuf_text(&text), text.size, err);
    if (rc == 0 && !path && fwrite(keel_strbuf_text(&text), 1, text.size, stdout) != text.size)
        rc = keel_err_set(err, KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere", strerror(errno));
    keel_strbuf_done(&text);
    return rc;
}

static int is_stdout(const char *path) { return path && strcmp(path, "-") == 0; }

int keel_verb_report(keel_cli *cli) {
    keel_report_subject s;
    const char *html = keel_cli_option(cli, "html"), *md = keel_cli_option(cli, "md");
    if (is_stdout(html) + is_stdout(md) + keel_cli_json(cli) > 1)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "two forms for standard output: keel report: write all but one into files");
    int rc = keel_report_subject_open(cli, &s);
    if (rc == 0 && html) rc = write_form(cli, &s, &HTML, is_stdout(html) ? NULL : html);
    if (rc == 0 && md) rc = write_form(cli, &s, &MARKDOWN, is_stdout(md) ? NULL : md);
    if (rc == 0 && keel_cli_json(cli)) rc = write_form(cli, &s, &JSON, NULL);
    if (rc == 0 && !keel_cli_json(cli) && !html && !md)
        rc = write_form(cli, &s, keel_cli_flag(cli, "all") ? &TEXT_ALL : &TEXT, NULL);
    keel_report_subject_done(&s);
    return rc;
}
