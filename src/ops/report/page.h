/* ops/report/page.h: the parts of the HTML page that are not tables; inside ops/report only. */
#ifndef KEEL_OPS_REPORT_PAGE_H
#define KEEL_OPS_REPORT_PAGE_H

#include "ops/report/document.h"

/* What a page holds at most, so that it stays below 5 MB; beyond it things are thinned, and the page says so. */
enum {
    KEEL_PAGE_TRADES_MAX = 20000, /* rows in the page */
    KEEL_PAGE_TRADES_BIG = 5000,  /* of those, so many with the largest gain or loss; the rest evenly spaced */
    KEEL_PAGE_CURVE_BUCKETS = 1200,
    KEEL_PAGE_SYMBOLS_MAX = 30, /* bars of symbols */
    KEEL_PAGE_STOPS_MAX = 60000 /* points of all paths together */
};

/* The page from its doctype to the open <main>, and its end with data and scripts. */
void keel_page_begin(const char *title, keel_strbuf *out);
void keel_page_end(keel_strbuf *out);

void keel_page_header(const char *kind, const char *title, const char *under, keel_strbuf *out);
typedef struct keel_page_entry {
    const char *id, *text;
} keel_page_entry;
void keel_page_navigation(const keel_page_entry entries[], size_t count, keel_strbuf *out);
/* A chart is empty until the script draws it; what it is stands in text for those who run no script. */
void keel_page_chart(const char *id, const char *title, const char *note, const char *controls, keel_strbuf *out);
extern const char KEEL_PAGE_ZOOM[]; /* controls of a chart over time */

/* Verdict, findings worst first, warnings, of a document that has "findings" and "warnings". */
void keel_page_verdict(const keel_tree *document, keel_strbuf *out);
/* One of the leading figures; `key` names where it stands in the document. */
void keel_page_figure(const char *name, const char *key, const char *value, int32_t kind, keel_strbuf *out);
void keel_page_figures_begin(keel_strbuf *out);
void keel_page_figures_end(keel_strbuf *out);
/* The row of figures that people look for first. */
void keel_page_figures(const keel_run_folder *run, keel_strbuf *out);
/* Figures of documents: `key` names the value under `map`, what stands before its last point only where it is from. */
typedef struct keel_page_fact {
    const char *name, *key;
    const keel_tree *map;
    int32_t kind, places;
} keel_page_fact;
void keel_page_facts(const keel_page_fact facts[], size_t count, keel_strbuf *out);
/* Profit of each of several symbols as bars, longs and shorts apart; of many, those with the largest gain or loss.
 * Nothing for one symbol. */
void keel_page_symbols(const keel_run_folder *run, keel_strbuf *out);
/* Bars of the cost decomposition, as SVG. */
void keel_page_costs(const keel_run_folder *run, keel_strbuf *out);

/* What charts and the trades table draw, as <script type="application/json" id="keel-data">. Returns 0 or
 * KEEL_E_NOMEM with the line set. ret_trades: rows in the page. */
KEEL_MUST_USE int keel_page_run_data(const keel_run_folder *run, keel_strbuf *out, int64_t *ret_trades,
                                     keel_err *reterr);
/* 0, or KEEL_E_PARSE when it is no document keel.sweep_surface. */
KEEL_MUST_USE int keel_sweep_page_check(const keel_tree *sheet, keel_err *reterr);
/* The panels of a sweep, and their data as members of that JSON object: ,"sweep":{...} */
void keel_page_sweep(const keel_tree *sheet, keel_strbuf *out);
void keel_page_sweep_data(const keel_tree *sheet, keel_strbuf *out);
/* The same of a walk-forward: ,"walk":{...} */
KEEL_MUST_USE int keel_walk_page_check(const keel_tree *walk, keel_err *reterr);
void keel_page_walk(const keel_tree *walk, keel_strbuf *out);
void keel_page_walk_data(const keel_tree *walk, keel_strbuf *out);
/* The same of two runs: their curves only. */
void keel_page_compare_data(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out);

#endif
