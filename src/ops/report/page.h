/* ops/report/page.h: the parts of the HTML page that are not tables; inside ops/report only. */
#ifndef KEEL_OPS_REPORT_PAGE_H
#define KEEL_OPS_REPORT_PAGE_H

#include "ops/report/document.h"

/* What a page holds at most, so that it stays below 5 MB; beyond it things are thinned, and the page says so. */
enum {
    KEEL_PAGE_TRADES_MAX = 20000, /* rows in the page */
    KEEL_PAGE_TRADES_BIG = 5000,  /* of those, so many with the largest gain or loss; the rest evenly spaced */
    KEEL_PAGE_CURVE_BUCKETS = 1200
};

/* The page from its doctype to the open <main>, and its end with data and scripts. */
void keel_page_begin(const char *title, keel_strbuf *out);
void keel_page_end(keel_strbuf *out);

/* Verdict, findings worst first, warnings of the run. */
void keel_page_verdict(const keel_run_folder *run, keel_strbuf *out);
/* The row of figures that people look for first. */
void keel_page_figures(const keel_run_folder *run, keel_strbuf *out);
/* Bars of the cost decomposition, as SVG. */
void keel_page_costs(const keel_run_folder *run, keel_strbuf *out);

/* What charts and the trades table draw, as <script type="application/json" id="keel-data">. Returns 0 or
 * KEEL_E_NOMEM with the line set. ret_trades: rows in the page. */
KEEL_MUST_USE int keel_page_run_data(const keel_run_folder *run, keel_strbuf *out, int64_t *ret_trades,
                                     keel_err *reterr);
/* The same of two runs: their curves only. */
void keel_page_compare_data(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out);

#endif
