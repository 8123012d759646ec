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
