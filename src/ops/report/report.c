/* ops/report/report.c: the short forms of a report; html.c has the long one. */
#include "ops/report/report.h"

#include <string.h>

#include "ops/report/document.h"

static int close_doc(keel_doc *doc, const keel_strbuf *out, keel_err *reterr) {
    int failed = doc->failed || out->failed;
    keel_doc_done(doc);
    return failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}

/* "warning  text" for each finding, then what data and run warn of. */
static void text_findings(const keel_run_folder *run, keel_strbuf *out) {
    const keel_tree *list = keel_tree_find(run->summary, "findings"), *w = keel_tree_find(run->summary, "warnings");
    for (size_t i = 0; list && i < list->count; i++)
        keel_doc_text_line(keel_node_text(list->items[i], "severity"), keel_node_text(list->items[i], "text"), out);
    for (size_t i = 0; w && i < w->count; i++)
        keel_doc_text_line("run", w->items[i]->text ? w->items[i]->text : "-", out);
}

int keel_report_text(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    keel_report_document(run, &doc);
    keel_doc_text_title(doc.title, out);
    keel_strbuf_addf(out, "Verdict: %s (%d errors, %d warnings)\n", keel_report_verdict_words(run->summary),
                     (int)keel_report_findings_count(run->summary, "error"),
                     (int)keel_report_findings_count(run->summary, "warning"));
    text_findings(run, out);
    keel_doc_text(&doc, out);
    return close_doc(&doc, out, reterr);
}

int keel_report_markdown(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    const keel_tree *list = keel_tree_find(run->summary, "findings"), *w = keel_tree_find(run->summary, "warnings");
    keel_doc doc;
    keel_report_document(run, &doc);
    keel_strbuf_add(out, "# ");
    keel_markdown_text(out, doc.title);
    keel_strbuf_addf(out, "\n\n**Verdict: %s** (%d errors, %d warnings)\n\n", keel_report_verdict_words(run->summary),
                     (int)keel_report_findings_count(run->summary, "error"),
                     (int)keel_report_findings_count(run->summary, "warning"));
    for (size_t i = 0; list && i < list->count; i++) {
        keel_strbuf_addf(out, "- %s: ", keel_node_text(list->items[i], "severity"));
        keel_markdown_text(out, keel_node_text(list->items[i], "text"));
        keel_strbuf_add_char(out, '\n');
    }
    for (size_t i = 0; w && i < w->count; i++) {
        keel_strbuf_add(out, "- run: ");
        keel_markdown_text(out, w->items[i]->text ? w->items[i]->text : "-");
        keel_strbuf_add_char(out, '\n');
    }
    keel_doc_markdown(&doc, out);
    return close_doc(&doc, out, reterr);
}

int keel_compare_text(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    keel_compare_document(a, b, &doc);
    keel_doc_text_title(doc.title, out);
    keel_doc_text(&doc, out);
    return close_doc(&doc, out, reterr);
}

int keel_compare_markdown(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    keel_compare_document(a, b, &doc);
    keel_strbuf_add(out, "# ");
    keel_markdown_text(out, doc.title);
    keel_strbuf_add(out, "\n\nDifferences are B less A.\n");
    keel_doc_markdown(&doc, out);
    return close_doc(&doc, out, reterr);
}
