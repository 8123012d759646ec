/* ops/report/verdict.c: what the findings amount to. The words are those of the backtest's own tables. */
#include <string.h>

#include "ops/report/document.h"

int32_t keel_report_findings_count(const keel_tree *summary, const char *severity) {
    const keel_tree *list = keel_tree_find(summary, "findings");
    int32_t count = 0;
    for (size_t i = 0; list && i < list->count; i++)
        count += strcmp(keel_node_text(list->items[i], "severity"), severity) == 0;
    return count;
}

const char *keel_report_verdict_class(const keel_tree *summary) {
    if (keel_report_findings_count(summary, "error")) return "not_usable";
    return keel_report_findings_count(summary, "warning") ? "doubtful" : "clean";
}

const char *keel_report_verdict_words(const keel_tree *summary) {
    if (keel_report_findings_count(summary, "error")) return "NOT USABLE";
    return keel_report_findings_count(summary, "warning") ? "doubtful" : "no finding against it";
}

void keel_doc_verdict_text(const keel_doc *doc, const keel_tree *summary, keel_strbuf *out) {
    const keel_tree *list = keel_tree_find(summary, "findings");
    keel_doc_text_title(doc->title, out);
    keel_strbuf_addf(out, "Verdict: %s (%d errors, %d warnings)\n", keel_report_verdict_words(summary),
                     (int)keel_report_findings_count(summary, "error"),
                     (int)keel_report_findings_count(summary, "warning"));
    for (size_t i = 0; list && i < list->count; i++)
        keel_doc_text_line(keel_node_text(list->items[i], "severity"), keel_node_text(list->items[i], "text"), out);
}

void keel_doc_verdict_markdown(const keel_doc *doc, const keel_tree *summary, keel_strbuf *out) {
    const keel_tree *list = keel_tree_find(summary, "findings");
    keel_strbuf_add(out, "# ");
    keel_markdown_text(out, doc->title);
    keel_strbuf_addf(out, "\n\n**Verdict: %s** (%d errors, %d warnings)\n\n", keel_report_verdict_words(summary),
                     (int)keel_report_findings_count(summary, "error"),
                     (int)keel_report_findings_count(summary, "warning"));
    for (size_t i = 0; list && i < list->count; i++) {
        keel_strbuf_addf(out, "- %s: ", keel_node_text(list->items[i], "severity"));
        keel_markdown_text(out, keel_node_text(list->items[i], "text"));
        keel_strbuf_add_char(out, '\n');
    }
}

int keel_doc_close(keel_doc *doc, const keel_strbuf *out, keel_err *reterr) {
    int failed = doc->failed || out->failed;
    keel_doc_done(doc);
    return failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}
