/* ops/report/walk_page.c: a walk-forward as a page: verdict, the tests as one account, training against test. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/timerange.h"
#include "ops/report/page.h"

static const int64_t TIME_MS_MAX = 253402300799999; /* the last instant of the year 9999 */

int keel_walk_page_check(const keel_tree *walk, keel_err *reterr) {
    const char *schema = NULL;
    const keel_tree *windows = keel_tree_find(walk, "windows"), *s = keel_tree_find(walk, "stitched");
    const keel_tree *t = keel_tree_find(s, "ts_ms"), *v = keel_tree_find(s, "equity_usd");
    int good = keel_json_read_string(keel_tree_find(walk, "schema"), &schema) == 0 &&
               strcmp(schema, "keel.walk_forward") == 0 && windows && windows->kind == KEEL_TREE_LIST;
    if (good && t && (!v || v->kind != KEEL_TREE_LIST || t->kind != KEEL_TREE_LIST || t->count != v->count)) good = 0;
    if (good) return 0;
    return keel_err_set(
        reterr, KEEL_E_PARSE,
        "not a walk-forward: expected schema keel.walk_forward: make it with keel validate walk-forward "
        "--json");
}

/* ---- data --------------------------------------------------------------------------------------------------- */

static int64_t second_of(const keel_tree *span, const char *key) {
    int64_t ms = 0;
    return keel_time_parse(keel_node_text(span, key), &ms, NULL) == 0 ? ms / 1000 : 0;
}

/* Profit of a span as per cent per 30 days, so that trainings and tests of different lengths compare. */
static void pace(const keel_tree *span, keel_strbuf *out) {
    double pct = 0.0, days = (double)(second_of(span, "end") - second_of(span, "start")) / 86400.0;
    char text[KEEL_FIGURE_SIZE];
    if (keel_json_read_double(keel_tree_find(span, "net_profit_pct"), &pct) != 0 || !(days > 0.0))
        pct = HUGE_VAL; /* shown as nothing */
    (void)keel_figure_real(pct / days * 30.0, 6, text);
    keel_strbuf_add(out, strcmp(text, "-") == 0 ? "null" : text);
}

static void stitched(const keel_tree *walk, keel_strbuf *out) {
    const keel_tree *s = keel_tree_find(walk, "stitched"), *t = keel_tree_find(s, "ts_ms");
    const keel_tree *v = keel_tree_find(s, "equity_usd");
    int64_t before = 0, ms = 0;
    keel_strbuf_add(out, "\"t\":[");
    for (size_t i = 0; t && i < t->count; i++) {
        if (keel_json_read_int(t->items[i], &ms) != 0 || ms < 0 || ms > TIME_MS_MAX) ms = 0;
        keel_strbuf_addf(out, "%s%" PRId64, i ? "," : "", ms / 1000 - before);
        before = ms / 1000;
    }
    keel_strbuf_add(out, "],\"v\":[");
    for (size_t i = 0; v && i < v->count; i++) {
        double value = 0.0;
        if (keel_json_read_double(v->items[i], &value) != 0) value = 0.0;
        keel_strbuf_addf(out, "%s%.2f", i ? "," : "", value);
    }
    keel_strbuf_add(out, "]");
}

void keel_page_walk_data(const keel_tree *walk, keel_strbuf *out) {
    const keel_tree *list = keel_tree_find(walk, "windows");
    double start = 0.0;
    int64_t start_e8 = 0;
    if (keel_json_read_decimal(keel_tree_find(walk, "starting_balance_usd"), 8, &start_e8) == 0)
        start = (double)start_e8 / 1e8;
    keel_strbuf_addf(out, ",\"walk\":{\"start\":%.2f,", start);
    stitched(walk, out);
    keel_strbuf_add(out, ",\"windows\":[");
    for (size_t i = 0; i < list->count; i++) {
        const keel_tree *train = keel_tree_find(list->items[i], "train"),
                        *test = keel_tree_find(list->items[i], "test");
        keel_strbuf_addf(out, "%s[%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",", i ? "," : "",
                         second_of(train, "start"), second_of(train, "end"), second_of(test, "start"),
                         second_of(test, "end"));
        pace(train, out);
        keel_strbuf_add_char(out, ',');
        pace(test, out);
        keel_strbuf_add_char(out, ']');
    }
    keel_strbuf_add(out, "]}");
}

/* ---- parts -------------------------------------------------------------------------------------------------- */

static void figures(const keel_tree *walk, keel_strbuf *out) {
    const keel_tree *train = keel_tree_find(walk, "train"), *test = keel_tree_find(walk, "test");
    const keel_tree *list = keel_tree_find(walk, "windows");
    const keel_page_fact FIGURES[] = {{"Tests, compounded, %", "test.compounded_pct", test, KEEL_CELL_SIGNED, 2},
                                      {"Tests, USD", "test.net_profit_usd", test, KEEL_CELL_SIGNED, 2},
                                      {"Worst test, %", "test.worst_window_pct", test, KEEL_CELL_SIGNED, 2},
                                      {"Tests won", "test.windows_won", test, KEEL_CELL_NUMBER, 0},
                                      {"Efficiency", "efficiency", walk, KEEL_CELL_NUMBER, 2},
                                      {"Trainings, %", "train.compounded_pct", train, KEEL_CELL_SIGNED, 2},
                                      {"Trades in tests", "test.trades", test, KEEL_CELL_NUMBER, 0}};
    char text[KEEL_FIGURE_SIZE];
    keel_page_figures_begin(out);
    keel_page_facts(FIGURES, sizeof FIGURES / sizeof *FIGURES, out);
    (void)snprintf(text, sizeof text, "%zu", list->count);
    keel_page_figure("Windows", "windows", text, KEEL_CELL_NUMBER, out);
    keel_page_figures_end(out);
}

void keel_page_walk(const keel_tree *walk, keel_strbuf *out) {
    keel_doc doc;
    keel_walk_document(walk, &doc);
    keel_strbuf_add(out, "<div id=\"walk\">\n");
    keel_page_chart("walk-equity", "Walk-forward: the tests as one account",
                    "Each test begins with what the one before left; bands mark the windows, and below is how far the "
                    "account was under its peak.",
                    KEEL_PAGE_ZOOM, out);
    keel_page_chart("walk-bars", "Training against test",
                    "Profit of each window as per cent per 30 days: left what was in sample, right what was not.", "",
                    out);
    keel_doc_table_html(keel_doc_find(&doc, "windows"), out);
    keel_strbuf_add(out, "</div>\n");
    if (doc.failed) out->failed = 1;
    keel_doc_done(&doc);
}

/* ---- the page and the short forms ---------------------------------------------------------------------------- */

int keel_walk_page_html(const keel_tree *walk, keel_strbuf *out, keel_err *reterr) {
    static const keel_page_entry ENTRIES[] = {
        {"verdict", "Verdict"}, {"walk-equity", "Equity"}, {"walk-bars", "In and out"},
        {"windows", "Windows"}, {"sums", "Sums"},          {"walk-identity", "Identity"}};
    const keel_tree *range = keel_tree_find(walk, "effective_range");
    char under[300], start[KEEL_FIGURE_SIZE], end[KEEL_FIGURE_SIZE];
    keel_doc doc;
    KEEL_TRY(keel_walk_page_check(walk, reterr));
    keel_walk_document(walk, &doc);
    (void)snprintf(under, sizeof under, "%s to %s UTC, configuration %.16s",
                   keel_figure_time(keel_tree_find(range, "start"), start),
                   keel_figure_time(keel_tree_find(range, "end"), end), keel_node_text(walk, "config_id"));
    keel_page_begin(doc.title, out);
    keel_page_header("walk-forward report", doc.title, under, out);
    keel_page_navigation(ENTRIES, sizeof ENTRIES / sizeof *ENTRIES, out);
    keel_page_verdict(walk, out);
    figures(walk, out);
    keel_page_walk(walk, out);
    keel_strbuf_add(out, "<div class=\"two\">");
    keel_doc_table_html(keel_doc_find(&doc, "sums"), out);
    keel_doc_table_html(keel_doc_find(&doc, "walk-identity"), out);
    keel_strbuf_add(
        out,
        "</div>\n</main>\n<footer>Windows that were looked at to choose a configuration are no longer out of "
        "sample.</footer>\n<script type=\"application/json\" id=\"keel-data\">{\"kind\":\"walk\"");
    keel_page_walk_data(walk, out);
    keel_strbuf_add(out, "}</script>\n");
    keel_page_end(out);
    return keel_doc_close(&doc, out, reterr);
}

int keel_walk_page_text(const keel_tree *walk, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    KEEL_TRY(keel_walk_page_check(walk, reterr));
    keel_walk_document(walk, &doc);
    keel_doc_verdict_text(&doc, walk, out);
    keel_doc_text(&doc, 0, out);
    return keel_doc_close(&doc, out, reterr);
}

int keel_walk_page_markdown(const keel_tree *walk, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    KEEL_TRY(keel_walk_page_check(walk, reterr));
    keel_walk_document(walk, &doc);
    keel_doc_verdict_markdown(&doc, walk, out);
    keel_doc_markdown(&doc, out);
    return keel_doc_close(&doc, out, reterr);
}
