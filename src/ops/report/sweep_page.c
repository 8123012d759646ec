/* ops/report/sweep_page.c: a sweep as a page: verdict, heat map of any two parameters, importance, every trial. */
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/report/page.h"

int keel_sweep_page_check(const keel_tree *sheet, keel_err *err) {
    const char *schema = NULL;
    const keel_tree *dims = keel_tree_find(sheet, "dims"), *values = keel_tree_find(sheet, "values");
    int64_t shown = 0;
    int good = keel_json_read_string(keel_tree_find(sheet, "schema"), &schema) == 0 &&
               strcmp(schema, "keel.sweep_surface") == 0 &&
               keel_json_read_int(keel_tree_find(sheet, "shown"), &shown) == 0 && dims && values &&
               dims->kind == KEEL_TREE_LIST && values->kind == KEEL_TREE_LIST && dims->count == values->count;
    for (size_t i = 0; good && i < 3; i++) {
        const keel_tree *column = keel_tree_find(sheet, (const char *const[]){"trial", "hash", "targets"}[i]);
        good = column && column->kind == KEEL_TREE_LIST && (int64_t)column->count == shown;
    }
    for (size_t i = 0; good && i < values->count; i++)
        good = values->items[i]->kind == KEEL_TREE_LIST && (int64_t)values->items[i]->count == shown;
    if (good) return 0;
    return keel_err_set(err, KEEL_E_PARSE,
                        "not a sweep's document: expected schema keel.sweep_surface: make it with "
                        "keel report SWEEP --json");
}

/* ---- data --------------------------------------------------------------------------------------------------- */

/* Any node as JSON that is safe inside <script>. */
static void node(const keel_tree *n, keel_strbuf *out) {
    if (!n || n->kind == KEEL_TREE_NULL) {
        keel_strbuf_add(out, "null");
    } else if (n->kind == KEEL_TREE_LIST) {
        keel_strbuf_add_char(out, '[');
        for (size_t i = 0; i < n->count; i++) {
            if (i) keel_strbuf_add_char(out, ',');
            node(n->items[i], out);
        }
        keel_strbuf_add_char(out, ']');
    } else if (n->kind == KEEL_TREE_NUMBER || n->kind == KEEL_TREE_BOOL) {
        keel_strbuf_add(out, n->text);
    } else {
        keel_html_json_string(out, n->text ? n->text : "");
    }
}

static void member(const char *key, const keel_tree *n, keel_strbuf *out) {
    keel_strbuf_addf(out, ",\"%s\":", key);
    node(n, out);
}

void keel_page_sweep_data(const keel_tree *sheet, keel_strbuf *out) {
    static const char *const COLUMNS[][2] = {{"trial", "trial"}, {"hash", "hash"}, {"v", "targets"}, {"p", "values"}};
    const keel_tree *dims = keel_tree_find(sheet, "dims");
    keel_strbuf_addf(out, ",\"sweep\":{\"better\":%d",
                     strcmp(keel_node_text(sheet, "direction"), "minimise") == 0 ? -1 : 1);
    member("target", keel_tree_find(sheet, "target"), out);
    keel_strbuf_add(out, ",\"dims\":[");
    for (size_t i = 0; i < dims->count; i++) {
        keel_strbuf_add(out, i ? ",{\"name\":" : "{\"name\":");
        node(keel_tree_find(dims->items[i], "name"), out);
        member("share", keel_tree_find(dims->items[i], "importance"), out);
        member("labels", keel_tree_find(dims->items[i], "labels"), out);
        keel_strbuf_add_char(out, '}');
    }
    keel_strbuf_add_char(out, ']');
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        member(COLUMNS[i][0], keel_tree_find(sheet, COLUMNS[i][1]), out);
    keel_strbuf_add_char(out, '}');
}

/* ---- parts -------------------------------------------------------------------------------------------------- */

static void figures(const keel_tree *sheet, keel_strbuf *out) {
    const keel_tree *rows = keel_tree_find(sheet, "top"), *s = keel_tree_find(sheet, "significance");
    const keel_tree *best = rows && rows->count > 0 ? rows->items[0] : NULL, *totals = keel_tree_find(best, "totals");
    const keel_page_fact FIGURES[] = {{"Best target", "target", best, KEEL_CELL_SIGNED, 4},
                                      {"Its net profit, %", "net_profit_pct", totals, KEEL_CELL_SIGNED, 2},
                                      {"Its max drawdown, %", "max_drawdown_pct", totals, KEEL_CELL_NUMBER, 2},
                                      {"Its trades", "trades", totals, KEEL_CELL_NUMBER, 0},
                                      {"Trials", "done", sheet, KEEL_CELL_NUMBER, 0},
                                      {"Spent on the data", "trials_spent_on_dataset", sheet, KEEL_CELL_NUMBER, 0},
                                      {"p, corrected", "p_holm", s, KEEL_CELL_NUMBER, 3},
                                      {"Deflated Sharpe", "deflated_sharpe", s, KEEL_CELL_NUMBER, 3}};
    keel_page_figures_begin(out);
    keel_page_facts(FIGURES, sizeof FIGURES / sizeof *FIGURES, out);
    keel_page_figures_end(out);
}

/* Bars of 0 to 1, widest first as the parameters stand; the figures are in the text beside them. */
static void bars(const keel_tree *sheet, keel_strbuf *out) {
    const keel_tree *dims = keel_tree_find(sheet, "dims");
    char text[KEEL_FIGURE_SIZE];
    keel_strbuf_add(out,
                    "<section class=\"card\" id=\"importance\"><h2>Parameter importance</h2><p class=\"note\">Share of "
                    "the target's variance that a parameter alone explains.</p><dl class=\"shares\">");
    for (size_t i = 0; i < dims->count; i++) {
        double share = 0.0;
        if (keel_json_read_double(keel_tree_find(dims->items[i], "importance"), &share) != 0) share = 0.0;
        keel_strbuf_add(out, "<div><dt>");
        keel_html_text(out, keel_node_text(dims->items[i], "name"));
        keel_strbuf_addf(out,
                         "</dt><dd><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect "
                         "class=\"track\" width=\"100\" height=\"10\"/><rect class=\"bar\" width=\"%.1f\" "
                         "height=\"10\"/></svg><span class=\"n\">",
                         100.0 * share);
        keel_html_figure(out, keel_figure_node(keel_tree_find(dims->items[i], "importance"), 3, text));
        keel_strbuf_add(out, "</span></dd></div>");
    }
    keel_strbuf_add(out, "</dl></section>\n");
}

static void thinned(const keel_tree *sheet, keel_strbuf *out) {
    const char *shown = keel_node_text(sheet, "shown"), *all = keel_node_text(sheet, "with_target");
    if (strcmp(shown, all) == 0) return;
    keel_strbuf_addf(
        out,
        "<p class=\"thinned\" id=\"sweep-thinned\">Drawn are %s of %s trials: the best, and of the others as "
        "many, evenly by rank.</p>",
        shown, all);
}

void keel_page_sweep(const keel_tree *sheet, keel_strbuf *out) {
    keel_strbuf_add(
        out,
        "<section class=\"card\" id=\"surface\"><div class=\"bar\"><h2>Parameter surface</h2><div "
        "class=\"controls\" id=\"surface-controls\"></div></div><p class=\"note\">Each cell holds the trials "
        "that share two values, whatever their other parameters. Blue is better, orange is below zero; the "
        "framed cell has the best trial.</p><p class=\"readout\" id=\"surface-readout\"></p><div "
        "class=\"scroll\" id=\"surface-map\" tabindex=\"0\" role=\"region\" aria-label=\"Heat map of two "
        "parameters\"></div>");
    thinned(sheet, out);
    keel_strbuf_add(out, "</section>\n<div class=\"two\">");
    bars(sheet, out);
    keel_page_chart("dots", "Every trial", "", "", out);
    keel_strbuf_add(out, "</div>\n");
}

/* ---- the page and the short forms ---------------------------------------------------------------------------- */

int keel_sweep_page_html(const keel_tree *sheet, keel_strbuf *out, keel_err *reterr) {
    static const keel_page_entry ENTRIES[] = {
        {"verdict", "Verdict"}, {"surface", "Surface"},           {"importance", "Weights"}, {"dots", "Trials"},
        {"top", "Best"},        {"significance", "Significance"}, {"identity", "Identity"}};
    const keel_tree *range = keel_tree_find(sheet, "effective_range");
    char under[300], start[KEEL_FIGURE_SIZE], end[KEEL_FIGURE_SIZE];
    keel_doc doc;
    KEEL_TRY(keel_sweep_page_check(sheet, reterr));
    keel_sweep_document(sheet, &doc);
    (void)snprintf(under, sizeof under, "%s to %s UTC, %.40s, %.20s, sweep %.20s",
                   keel_figure_time(keel_tree_find(range, "start"), start),
                   keel_figure_time(keel_tree_find(range, "end"), end), keel_node_text(sheet, "venue"),
                   keel_node_text(sheet, "trading_mode"), keel_node_text(sheet, "sweep_id"));
    keel_page_begin(doc.title, out);
    keel_page_header("sweep report", doc.title, under, out);
    keel_page_navigation(ENTRIES, sizeof ENTRIES / sizeof *ENTRIES, out);
    keel_page_verdict(sheet, out);
    figures(sheet, out);
    keel_page_sweep(sheet, out);
    keel_doc_table_html(keel_doc_find(&doc, "top"), out);
    keel_strbuf_add(out, "<div class=\"two\">");
    keel_doc_table_html(keel_doc_find(&doc, "significance"), out);
    keel_doc_table_html(keel_doc_find(&doc, "identity"), out);
    keel_strbuf_add(
        out,
        "</div>\n</main>\n<footer>The best of many tries looks better than it is. Confirm it on data that the "
        "sweep has not seen.</footer>\n<script type=\"application/json\" id=\"keel-data\">{\"kind\":\"sweep\"");
    keel_page_sweep_data(sheet, out);
    keel_strbuf_add(out, "}</script>\n");
    keel_page_end(out);
    return keel_doc_close(&doc, out, reterr);
}

int keel_sweep_page_text(const keel_tree *sheet, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    KEEL_TRY(keel_sweep_page_check(sheet, reterr));
    keel_sweep_document(sheet, &doc);
    keel_doc_verdict_text(&doc, sheet, out);
    keel_doc_text_first(keel_doc_find(&doc, "importance"), 10, out);
    keel_doc_text_first(keel_doc_find(&doc, "top"), 10, out);
    keel_doc_text_first(keel_doc_find(&doc, "significance"), 20, out);
    keel_doc_text_first(keel_doc_find(&doc, "identity"), 20, out);
    keel_strbuf_add(out, "The heat map: the same command with --html FILE\n");
    return keel_doc_close(&doc, out, reterr);
}

int keel_sweep_page_markdown(const keel_tree *sheet, keel_strbuf *out, keel_err *reterr) {
    keel_doc doc;
    KEEL_TRY(keel_sweep_page_check(sheet, reterr));
    keel_sweep_document(sheet, &doc);
    keel_doc_verdict_markdown(&doc, sheet, out);
    keel_doc_markdown(&doc, out);
    return keel_doc_close(&doc, out, reterr);
}
