/* ops/report/document.h: a report before it has a form: a verdict, findings, and tables of text; inside ops/report
 * only.
 *
 * The three forms (HTML, Markdown, terminal) are three ways to write one document, so they cannot differ in a figure.
 */
#ifndef KEEL_OPS_REPORT_DOCUMENT_H
#define KEEL_OPS_REPORT_DOCUMENT_H

#include <stdint.h>

#include "base/strbuf.h"
#include "base/tree.h"
#include "ops/report/folder.h"

enum { KEEL_DOC_COLUMNS_MAX = 14, KEEL_DOC_TABLES_MAX = 40, KEEL_DOC_TITLE_SIZE = 100, KEEL_DOC_NOTE_SIZE = 400 };

/* How a cell is to be read. */
enum {
    KEEL_CELL_TEXT = 0,
    KEEL_CELL_NUMBER = 1,
    KEEL_CELL_SIGNED = 2, /* a number whose sign matters: gains and losses look different */
    KEEL_CELL_CODE = 3    /* hashes, codes: not to be broken or grouped */
};

typedef struct keel_doc_cell {
    char *text; /* owned */
    int32_t kind;
    int32_t reserved;
} keel_doc_cell;

/* Kinds of table. */
enum {
    KEEL_TABLE_GRID = 0,  /* header and rows */
    KEEL_TABLE_PAIRS = 1, /* two columns: a name and its value */
    KEEL_TABLE_HEAT = 2   /* a grid of signed per cents, coloured by size */
};

typedef struct keel_doc_table {
    const char *id; /* static, a word */
    char title[KEEL_DOC_TITLE_SIZE];
    char note[KEEL_DOC_NOTE_SIZE]; /* one or two sentences under the title; may be empty */
    int32_t kind;
    int32_t columns;
    int32_t brief; /* also in the short forms */
    int32_t rows;  /* with the header, except PAIRS, which has none */
    int32_t last_is_total;
    int32_t capacity;
    keel_doc_cell *cells; /* [rows * columns] */
} keel_doc_table;

typedef struct keel_doc {
    char title[KEEL_DOC_TITLE_SIZE * 2];
    keel_doc_table *tables; /* [count], in order of reading */
    int32_t count;
    int32_t failed; /* out of memory: something is missing, so it must not be shown */
} keel_doc;

void keel_doc_init(keel_doc *doc);
void keel_doc_done(keel_doc *doc);

/* A new table at the end; NULL after a failure, and the functions below accept NULL. */
keel_doc_table *keel_doc_add(keel_doc *doc, const char *id, int32_t kind, int32_t columns, const char *title);
const keel_doc_table *keel_doc_find(const keel_doc *doc, const char *id);

/* Cells are added from left to right, row by row. */
void keel_doc_cell_add(keel_doc *doc, keel_doc_table *t, int32_t kind, const char *text);
void keel_doc_cellf(keel_doc *doc, keel_doc_table *t, int32_t kind, const char *format, ...) KEEL_PRINTF(4, 5);
/* Name and value of a PAIRS table. */
void keel_doc_pair(keel_doc *doc, keel_doc_table *t, const char *name, int32_t kind, const char *format, ...)
    KEEL_PRINTF(5, 6);

/* ---- figures as text; "-" where there is none. Each returns ret. ---- */

enum { KEEL_FIGURE_SIZE = 64 };

char *keel_figure_e8(int64_t value_e8, int places, char ret[KEEL_FIGURE_SIZE]); /* half-even */
/* A money string or a number of a document, rounded to places. */
char *keel_figure_node(const keel_tree *node, int places, char ret[KEEL_FIGURE_SIZE]);
char *keel_figure_node_times(const keel_tree *node, double factor, int places, char ret[KEEL_FIGURE_SIZE]);
char *keel_figure_real(double value, int places, char ret[KEEL_FIGURE_SIZE]);
char *keel_figure_duration(int64_t ms, char ret[KEEL_FIGURE_SIZE]);         /* "3d 04:30", "04:30:00" */
char *keel_figure_hours(const keel_tree *node, char ret[KEEL_FIGURE_SIZE]); /* the same of a count of hours */
/* "2024-01-01 00:00" from ISO-8601 */
char *keel_figure_time(const keel_tree *node, char ret[KEEL_FIGURE_SIZE]);
char *keel_figure_time_ms(int64_t ts_ms, char ret[KEEL_FIGURE_SIZE]);

/* The text of a scalar, "-" for null or absent. Borrowed. */
const char *keel_node_text(const keel_tree *map, const char *key);

/* ---- what is said ---- */

/* "not_usable", "doubtful" or "clean", and its words for people; static. */
const char *keel_report_verdict_class(const keel_tree *summary);
const char *keel_report_verdict_words(const keel_tree *summary);

/* How the short forms begin: title, verdict, a line for each finding. */
void keel_doc_verdict_text(const keel_doc *doc, const keel_tree *summary, keel_strbuf *out);
void keel_doc_verdict_markdown(const keel_doc *doc, const keel_tree *summary, keel_strbuf *out);

/* keel_doc_done, and what became of it and of out: 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_doc_close(keel_doc *doc, const keel_strbuf *out, keel_err *reterr);
int32_t keel_report_findings_count(const keel_tree *summary, const char *severity);

/* All tables of one run. */
void keel_report_document(const keel_run_folder *run, keel_doc *ret_doc);
/* 1: holding a position costs interest (spot), and the documents tell it apart from funding. */
int keel_report_borrows(const keel_run_folder *run);
void keel_report_metrics(const keel_run_folder *run, keel_doc *doc);
void keel_report_months(const keel_run_folder *run, keel_doc *doc);
/* All tables of a sweep (keel.sweep_surface). */
void keel_sweep_document(const keel_tree *sheet, keel_doc *ret_doc);
/* All tables of a walk-forward (keel.walk_forward). */
void keel_walk_document(const keel_tree *walk, keel_doc *ret_doc);
/* All tables of two runs. */
void keel_compare_document(const keel_run_folder *a, const keel_run_folder *b, keel_doc *ret_doc);

/* ---- the forms ---- */

void keel_doc_text(const keel_doc *doc, int all, keel_strbuf *out); /* brief tables or all, 100 columns */
void keel_doc_text_title(const char *title, keel_strbuf *out);
/* Two PAIRS tables in one block, side by side. */
void keel_doc_text_beside(const keel_doc_table *left, const keel_doc_table *right, keel_strbuf *out);
/* The header and the first rows of a GRID; how many more there are is said. */
void keel_doc_text_first(const keel_doc_table *t, int32_t rows_max, keel_strbuf *out);
/* A label and a sentence under each other's columns, wrapped. */
void keel_doc_text_line(const char *label, const char *sentence, keel_strbuf *out);
void keel_doc_markdown(const keel_doc *doc, keel_strbuf *out); /* brief tables */
void keel_doc_table_html(const keel_doc_table *t, keel_strbuf *out);

/* Text between tags or in an attribute: & < > " ' and control characters made harmless. */
void keel_html_text(keel_strbuf *out, const char *text);
/* A figure: digits before the point in threes, 1234567.89 -> 1,234,567.89; a true minus sign; "-" alone is a dash. */
void keel_html_figure(keel_strbuf *out, const char *text);
/* Text inside a Markdown table cell or line. */
void keel_markdown_text(keel_strbuf *out, const char *text);
/* A JSON string inside <script>: no '<', '>' or '&' leaves it. */
void keel_html_json_string(keel_strbuf *out, const char *text);

#endif
