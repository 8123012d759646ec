/* ops/report/report.h: what a finished run did, for people: one self-contained HTML file, Markdown, or a terminal page.
 *
 * Everything is read from the run's folder (docs/formats/run_folder.md), so a report can be made again at any time, and
 * the same folder gives the same bytes. Figures are those of summary.json, rounded half-even to the places shown. */
#ifndef KEEL_OPS_REPORT_REPORT_H
#define KEEL_OPS_REPORT_REPORT_H

#include "base/err.h"
#include "base/strbuf.h"
#include "base/tree.h"

#define KEEL_RUN_SCHEMA "keel.run"
#define KEEL_RUN_RUNNING "running" /* state of a manifest: the run has not come to its end */
#define KEEL_RUN_ENDED "ended"
#define KEEL_RUN_SCHEMA_VERSION 1

typedef struct keel_run_folder keel_run_folder;

/* Read a run folder. Every file that its manifest names is checked against its SHA-256.
 * Handed to the caller on success: keel_run_folder_close (NULL allowed).
 * Returns 0, or KEEL_E_NOT_FOUND (no folder, not a run's: no manifest.json, or a run that has not ended),
 * KEEL_E_VERSION (written by a later keel), KEEL_E_PARITY (a file is not what the manifest says), KEEL_E_PARSE,
 * KEEL_E_IO, KEEL_E_NOMEM; line set. */
KEEL_MUST_USE int keel_run_folder_open(const char *path, keel_run_folder **ret_run, keel_err *reterr);
void keel_run_folder_close(keel_run_folder *run);

/* The files of a run folder; NULL: not there. */
typedef struct keel_run_texts {
    const char *path; /* where they lie; NULL: nowhere */
    const char *manifest, *summary, *config;
    char *trades, *levels, *stops, *equity, *benchmark, *candles;
} keel_run_texts;

/* What keel_run_folder_open gives of a folder with these files: a run that is told before it is kept, or without.
 * manifest and summary must be there; a table that is not has no rows, which is all that the short terminal page needs.
 * Texts are borrowed for the call, and those of tables are changed. Errors as of a folder, but for KEEL_E_PARITY. */
KEEL_MUST_USE int keel_run_folder_of(const keel_run_texts *texts, keel_run_folder **ret_run, keel_err *reterr);

/* Have the HTML report of the run show the parameter surface of a sweep: `sheet` as below, taken on success. Returns 0
 * or KEEL_E_PARSE. */
KEEL_MUST_USE int keel_run_folder_add_surface(keel_run_folder *run, keel_tree *sheet, keel_err *reterr);

/* The same for a walk-forward. */
KEEL_MUST_USE int keel_run_folder_add_walk(keel_run_folder *run, keel_tree *walk, keel_err *reterr);

/* summary.json as it lies in the folder, which is the document that --json printed. Borrowed. */
const char *keel_run_folder_summary(const keel_run_folder *run);

/* Append the report. Returns 0 or KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_report_html(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr);
KEEL_MUST_USE int keel_report_markdown(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr);
/* On a terminal, tables of at most 100 columns: what matters on about 50 lines, verdict and findings first, or all of
 * it. `keel backtest run` prints the same page as `keel report`. */
KEEL_MUST_USE int keel_report_text(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr);
KEEL_MUST_USE int keel_report_text_all(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr);

/* A sweep. `sheet` is its document keel.sweep_surface (docs/formats/sweep.md). Errors as above, and KEEL_E_PARSE when
 * it is not one. */
KEEL_MUST_USE int keel_sweep_page_html(const keel_tree *sheet, keel_strbuf *out, keel_err *reterr);
KEEL_MUST_USE int keel_sweep_page_markdown(const keel_tree *sheet, keel_strbuf *out, keel_err *reterr);
KEEL_MUST_USE int keel_sweep_page_text(const keel_tree *sheet, keel_strbuf *out, keel_err *reterr);

/* A walk-forward. `walk` is the document keel.walk_forward that `keel validate walk-forward --json` prints. Errors as
 * of a sweep. */
KEEL_MUST_USE int keel_walk_page_html(const keel_tree *walk, keel_strbuf *out, keel_err *reterr);
KEEL_MUST_USE int keel_walk_page_markdown(const keel_tree *walk, keel_strbuf *out, keel_err *reterr);
KEEL_MUST_USE int keel_walk_page_text(const keel_tree *walk, keel_strbuf *out, keel_err *reterr);

/* Two runs side by side: A is the first, B the second, differences are B - A. Errors as above. */
KEEL_MUST_USE int keel_compare_html(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out,
                                    keel_err *reterr);
KEEL_MUST_USE int keel_compare_markdown(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out,
                                        keel_err *reterr);
KEEL_MUST_USE int keel_compare_text(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out,
                                    keel_err *reterr);
/* schema keel.comparison: a{}, b{}, configuration[], totals[{name, a, b, difference}] */
KEEL_MUST_USE int keel_compare_json(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out,
                                    keel_err *reterr);

#endif
