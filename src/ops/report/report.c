/* ops/report/report.c: the short forms of a report; html.c has the long one. */
#include "ops/report/report.h"

#include <stdio.h>
#include <string.h>

#include "ops/report/document.h"

static size_t count_of(const keel_tree *list) { return list ? list->count : 0; }

int keel_report_borrows(const keel_run_folder *run) {
    return strcmp(keel_node_text(run->summary, "trading_mode"), "spot") == 0 &&
           keel_tree_find(keel_tree_find(run->summary, "cost_decomposition"), "borrow_usd") != NULL;
}

/* price + funding - fees - slippage = net, to the last unit, as one sentence; on spot interest instead of funding. */
static void text_costs(const keel_run_folder *run, keel_strbuf *out) {
    const keel_tree *c = keel_tree_find(run->summary, "cost_decomposition");
    char line[400];
    int borrows = keel_report_borrows(run);
    (void)snprintf(line, sizeof line, "price %s + %s %s - fees %s - slippage %s = net %s USD",
                   keel_node_text(c, "price_usd"), borrows ? "interest" : "funding",
                   keel_node_text(c, borrows ? "borrow_usd" : "funding_usd"), keel_node_text(c, "fees_usd"),
                   keel_node_text(c, "slippage_usd"), keel_node_text(c, "net_usd"));
    keel_strbuf_add(out, "\nWhere the result comes from\n");
    keel_doc_text_line("USD", line, out);
}

static void text_identity(const keel_run_folder *run, keel_strbuf *out) {
    const keel_tree *s = run->summary;
    const char *parity = keel_node_text(keel_tree_find(s, "parity"), "status");
    char seconds[KEEL_FIGURE_SIZE];
    keel_strbuf_addf(out, "\nRun %s, state hash %s, build %.40s\n", keel_node_text(s, "run_id"),
                     keel_node_text(s, "state_hash"), keel_node_text(s, "build"));
    keel_strbuf_addf(out, "Parity: %s. Trials spent on this data: %s. %s bars in %s s\n",
                     strcmp(parity, "not_compared") == 0 ? "not compared" : parity,
                     keel_node_text(s, "trials_spent_on_dataset"), keel_node_text(s, "bars_processed"),
                     keel_figure_node(keel_tree_find(s, "wall_seconds"), 3, seconds));
}

/* Where the rest is. A path is not broken into lines: it is there to be copied. */
static void text_further(const keel_run_folder *run, keel_strbuf *out) {
    if (run->path)
        keel_strbuf_addf(out, "All of it: keel report %s --all\nAs a page: %s/report.html\n", run->path, run->path);
    else
        keel_strbuf_add(out, "All of it: the same command with --all\nAs a page: --report FILE.html\n");
}

static int run_is_empty(const keel_run_folder *run) {
    return strcmp(keel_node_text(keel_tree_find(run->summary, "totals"), "trades"), "0") == 0;
}

static void text_notes(const keel_run_folder *run, keel_strbuf *out) {
    const keel_tree *notes = keel_tree_find(run->summary, "warnings");
    for (size_t i = 0; i < count_of(notes); i++)
        keel_doc_text_line("run", notes->items[i]->text ? notes->items[i]->text : "-", out);
}

int keel_report_text(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    enum { SYMBOLS = 3, EXITS = 8 };
    size_t notes = count_of(keel_tree_find(run->summary, "warnings"));
    keel_doc doc;
    keel_report_document(run, &doc);
    keel_doc_verdict_text(&doc, run->summary, out);
    if (run_is_empty(run))
        text_notes(run, out); /* why there was no trade is often among them */
    else if (notes)
        keel_strbuf_addf(out, "  notes    %zu of data and run: --all shows them\n", notes);
    keel_doc_text_beside(keel_doc_find(&doc, "metrics-profit"), keel_doc_find(&doc, "metrics-drawdown"), out);
    keel_doc_text_beside(keel_doc_find(&doc, "metrics-ratios"), keel_doc_find(&doc, "metrics-range"), out);
    text_costs(run, out);
    keel_doc_text_first(keel_doc_find(&doc, "strategies"), SYMBOLS, out);
    keel_doc_text_first(keel_doc_find(&doc, "symbols"), SYMBOLS, out);
    keel_doc_text_first(keel_doc_find(&doc, "exits"), EXITS, out);
    text_identity(run, out);
    text_further(run, out);
    return keel_doc_close(&doc, out, reterr);
}

int keel_report_text_all(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    keel_report_document(run, &doc);
    keel_doc_verdict_text(&doc, run->summary, out);
    text_notes(run, out);
    keel_doc_text(&doc, 1, out);
    return keel_doc_close(&doc, out, reterr);
}

int keel_report_markdown(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    const keel_tree *w = keel_tree_find(run->summary, "warnings");
    keel_doc doc;
    keel_report_document(run, &doc);
    keel_doc_verdict_markdown(&doc, run->summary, out);
    for (size_t i = 0; w && i < w->count; i++) {
        keel_strbuf_add(out, "- run: ");
        keel_markdown_text(out, w->items[i]->text ? w->items[i]->text : "-");
        keel_strbuf_add_char(out, '\n');
    }
    keel_doc_markdown(&doc, out);
    return keel_doc_close(&doc, out, reterr);
}

int keel_compare_text(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    keel_compare_document(a, b, &doc);
    keel_doc_text_title(doc.title, out);
    keel_doc_text(&doc, 0, out);
    return keel_doc_close(&doc, out, reterr);
}

int keel_compare_markdown(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    keel_compare_document(a, b, &doc);
    keel_strbuf_add(out, "# ");
    keel_markdown_text(out, doc.title);
    keel_strbuf_add(out, "\n\nDifferences are B less A.\n");
    keel_doc_markdown(&doc, out);
    return keel_doc_close(&doc, out, reterr);
}
