/* app/cli/report.c: keel report RUN [RUN]: what a finished run did, as HTML, Markdown, JSON or on the terminal. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli/cli.h"
#include "base/file.h"
#include "ops/report/report.h"

static const keel_cli_opt OPTIONS[] = {{"html", "FILE", "write one self-contained HTML file", 0},
                                       {"md", "FILE", "write Markdown", 0},
                                       {"all", NULL, "every table on the terminal, not the first page alone", 0},
                                       {0}};

const keel_cli_verb keel_verb_report_info = {
    .noun = "report",
    .run = keel_verb_report,
    .summary = "what a finished run did; with two runs, how they differ",
    .example = "keel report runs/mine --html report.html",
    .positionals = "RUN [RUN]",
    .positional_min = 1,
    .positional_max = 2,
    .options = {OPTIONS},
    .reports = 1,
    .notes =
        "RUN is a folder that `keel backtest run --run-dir DIR` wrote, or the id of a run that the home keeps. Of\n"
        "two runs the first is A, the second is B, and differences are B - A. The folder is described in\n"
        "docs/formats/run_folder.md.\n"};

typedef int (*form_one)(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr);
typedef int (*form_two)(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr);

static int json_one(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    keel_strbuf_add(out, keel_run_folder_summary(run));
    return out->failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}

/* A folder as given, or the id of a run of the home. */
static int open_run(keel_cli *cli, const char *given, keel_run_folder **ret) {
    char path[KEEL_HOME_PATH_MAX + 300];
    const keel_cli_home *home = NULL;
    struct stat st;
    if (stat(given, &st) != 0 && !strchr(given, '/')) {
        KEEL_TRY(keel_cli_home_find(cli, &home));
        (void)snprintf(path, sizeof path, "%s/runs/%.200s", home ? home->folder : ".", given);
        if (stat(path, &st) == 0) return keel_run_folder_open(path, ret, keel_cli_err(cli));
    }
    return keel_run_folder_open(given, ret, keel_cli_err(cli));
}

/* Write one form of the run or of both to path; NULL: standard output. */
static int write_form(keel_cli *cli, keel_run_folder *const runs[2], form_one one, form_two both, const char *path) {
    keel_err *err = keel_cli_err(cli);
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    int rc = runs[1] ? both(runs[0], runs[1], &text, err) : one(runs[0], &text, err);
    if (rc == 0 && path) rc = keel_file_write(path, keel_strbuf_text(&text), text.size, err);
    if (rc == 0 && !path && fwrite(keel_strbuf_text(&text), 1, text.size, stdout) != text.size)
        rc = keel_err_set(err, KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere", strerror(errno));
    keel_strbuf_done(&text);
    return rc;
}

int keel_verb_report(keel_cli *cli) {
    keel_run_folder *runs[2] = {NULL, NULL};
    const char *html = keel_cli_option(cli, "html"), *md = keel_cli_option(cli, "md");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < keel_cli_positional_count(cli); i++)
        rc = open_run(cli, keel_cli_positional(cli, i), &runs[i]);
    if (rc == 0 && html) rc = write_form(cli, runs, keel_report_html, keel_compare_html, html);
    if (rc == 0 && md) rc = write_form(cli, runs, keel_report_markdown, keel_compare_markdown, md);
    if (rc == 0 && keel_cli_json(cli)) rc = write_form(cli, runs, json_one, keel_compare_json, NULL);
    if (rc == 0 && !keel_cli_json(cli) && !html && !md)
        rc = write_form(cli, runs, keel_cli_flag(cli, "all") ? keel_report_text_all : keel_report_text,
                        keel_compare_text, NULL);
    keel_run_folder_close(runs[0]);
    keel_run_folder_close(runs[1]);
    return rc;
}
