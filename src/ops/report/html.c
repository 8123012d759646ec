/* ops/report/html.c: the page as a whole. One file: style and script are inside, a policy forbids everything else, and
 * names both by their SHA-256, so that nothing a name or a finding contains could run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "base/units.h"
#include "ops/report/page.h"
#include "report_assets.h"

/* RFC 4648, with padding: a digest of 32 bytes is 44 characters. */
static void base64_digest(const void *bytes, size_t size, char ret[48]) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t d[KEEL_SHA256_SIZE + 1] = {0};
    keel_sha256 *hash = keel_sha256_new();
    size_t n = 0;
    keel_sha256_add(hash, bytes, size);
    keel_sha256_finish(hash, d);
    keel_sha256_free(hash);
    for (size_t i = 0; i < KEEL_SHA256_SIZE + 1; i += 3) {
        uint32_t word = (uint32_t)d[i] << 16 | (uint32_t)d[i + 1] << 8 | (i + 2 < sizeof d ? d[i + 2] : 0u);
        for (int shift = 18; shift >= 0; shift -= 6)
            ret[n++] = DIGITS[word >> shift & 63];
    }
    ret[n - 1] = '='; /* 33 bytes were encoded, 32 exist */
    ret[n] = 0;
}

void keel_page_begin(const char *title, keel_strbuf *out) {
    char style[48], script[48];
    base64_digest(KEEL_REPORT_CSS, sizeof KEEL_REPORT_CSS, style);
    base64_digest(KEEL_REPORT_JS, sizeof KEEL_REPORT_JS, script);
    keel_strbuf_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    keel_strbuf_addf(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-%s'; "
        "style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n",
        script, style);
    keel_strbuf_add(out,
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"referrer\" content=\"no-referrer\">\n"
                    "<link rel=\"icon\" href=\"data:,\">\n<title>");
    keel_html_text(out, title);
    keel_strbuf_add(out, "</title>\n<style>");
    keel_strbuf_add_bytes(out, KEEL_REPORT_CSS, sizeof KEEL_REPORT_CSS);
    keel_strbuf_add(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n");
}

void keel_page_end(keel_strbuf *out) {
    keel_strbuf_add(out, "<script>");
    keel_strbuf_add_bytes(out, KEEL_REPORT_JS, sizeof KEEL_REPORT_JS);
    keel_strbuf_add(out, "</script>\n</body>\n</html>\n");
}

void keel_page_header(const char *kind, const char *title, const char *under, keel_strbuf *out) {
    keel_strbuf_addf(out,
                     "<header class=\"top\"><div class=\"brand\"><span class=\"keel\">keel</span><span class=\"kind\">"
                     "%s</span></div><button type=\"button\" id=\"theme\" class=\"ghost\" aria-label=\"Switch "
                     "between light and dark\">Dark</button></header>\n<div class=\"title\"><h1>",
                     kind);
    keel_html_text(out, title);
    keel_strbuf_add(out, "</h1><p>");
    keel_html_text(out, under);
    keel_strbuf_add(out, "</p></div>\n");
}

void keel_page_navigation(const keel_page_entry entries[], size_t count, keel_strbuf *out) {
    keel_strbuf_add(out, "<nav class=\"toc\" aria-label=\"Sections\">");
    for (size_t i = 0; i < count; i++)
        keel_strbuf_addf(out, "<a href=\"#%s\">%s</a>", entries[i].id, entries[i].text);
    keel_strbuf_add(out, "</nav>\n<main>\n");
}

void keel_page_chart(const char *id, const char *title, const char *note, const char *controls, keel_strbuf *out) {
    keel_strbuf_addf(out,
                     "<section class=\"card chart\" id=\"%s\"><div class=\"bar\"><h2>%s</h2><div class=\"controls\">"
                     "%s</div></div>\n<p class=\"note\">%s</p><p class=\"readout\" id=\"%s-readout\"></p>"
                     "<div class=\"canvas\" id=\"%s-canvas\"></div></section>\n",
                     id, title, controls, note, id, id);
}

const char KEEL_PAGE_ZOOM[] =
    "<button type=\"button\" data-do=\"in\" aria-label=\"Zoom in\">+</button>"
    "<button type=\"button\" data-do=\"out\" aria-label=\"Zoom out\">\xe2\x88\x92</button>"
    "<button type=\"button\" data-do=\"all\">All</button>";

static void trades_card(const keel_run_folder *run, int64_t shown, keel_strbuf *out) {
    keel_strbuf_add(out, "<section class=\"card\" id=\"trades\"><h2>Trades</h2>");
    if (run->trade_count == 0) {
        keel_strbuf_add(out, "<p class=\"empty\">There was no trade.</p></section>\n");
        return;
    }
    keel_strbuf_add(
        out,
        "<p class=\"note\">Every trade with all its decimals is in trades.csv of the run's folder. Choose a "
        "row to see it on the price chart.</p>");
    if (shown < run->trade_count)
        keel_strbuf_addf(
            out,
            "<p class=\"thinned\" id=\"trades-thinned\">This page holds %lld of %lld trades: the %d with the "
            "largest gain or loss, and the others evenly spaced. Totals above count all of them.</p>",
            (long long)shown, (long long)run->trade_count, (int)KEEL_PAGE_TRADES_BIG);
    keel_strbuf_add(
        out,
        "<div class=\"filters\" id=\"trade-filters\"></div><p class=\"count\" id=\"trade-count\" "
        "aria-live=\"polite\"></p><div class=\"scroll rows\" id=\"trade-rows\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Trades\"></div></section>\n");
}

static void folded(const char *title, const keel_doc *doc, const char *const ids[], size_t count, keel_strbuf *out) {
    keel_strbuf_addf(out, "<details class=\"more\"><summary>%s</summary>\n", title);
    for (size_t i = 0; i < count; i++)
        keel_doc_table_html(keel_doc_find(doc, ids[i]), out);
    keel_strbuf_add(out, "</details>\n");
}

static void costs(const keel_run_folder *run, const keel_doc *doc, keel_strbuf *out) {
    keel_strbuf_add(out, "<div class=\"two\"><div>");
    keel_doc_table_html(keel_doc_find(doc, "costs"), out);
    keel_strbuf_add(out, "</div><section class=\"card\" id=\"cost-bars\"><h2>From price profit to net</h2>");
    keel_page_costs(run, out);
    keel_strbuf_add(out, "</section></div>\n");
}

static void metrics(const keel_doc *doc, keel_strbuf *out) {
    static const char *const IDS[] = {"metrics-profit", "metrics-ratios", "metrics-drawdown", "metrics-range",
                                      "metrics-outcomes"};
    keel_strbuf_add(out, "<div class=\"cards\" id=\"metrics\">");
    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++)
        keel_doc_table_html(keel_doc_find(doc, IDS[i]), out);
    keel_strbuf_add(out, "</div>\n");
}

static void charts(const keel_run_folder *run, keel_strbuf *out) {
    int64_t candle_ms = strtoll(keel_node_text(run->manifest, "candle_interval_ms"), NULL, 10);
    int64_t bar_ms = strtoll(keel_node_text(run->manifest, "bar_interval_ms"), NULL, 10);
    char note[300] = "Entries, exits, the path of the stop from close to close, and the target at the exit.",
         span[KEEL_DURATION_TEXT_MAX];
    keel_page_chart("equity", "Equity and drawdown",
                    run->benchmark_count
                        ? "Account value at each bar's close against buy and hold with the same costs; below it, how "
                          "far under its peak the account was."
                        : "Account value at each bar's close; below it, how far under its peak the account was. This "
                          "run has no baselines to compare with.",
                    KEEL_PAGE_ZOOM, out);
    if (bar_ms > 0 && candle_ms > bar_ms) {
        keel_duration_format(candle_ms, span);
        (void)snprintf(note, sizeof note,
                       "Entries, exits, the path of the stop from close to close, and the target at the exit. Candles "
                       "are merged to %s so that the page stays "
                       "small.",
                       span);
    }
    keel_page_chart("price", "Trades on price", note, KEEL_PAGE_ZOOM, out);
}

static void subtitle(const keel_run_folder *run, char *ret, size_t size) {
    const keel_tree *r = keel_tree_find(run->summary, "effective_range");
    char start[KEEL_FIGURE_SIZE], end[KEEL_FIGURE_SIZE];
    (void)snprintf(ret, size, "%s to %s UTC, %.40s, %.20s, run %.20s",
                   keel_figure_time(keel_tree_find(r, "start"), start), keel_figure_time(keel_tree_find(r, "end"), end),
                   keel_node_text(run->manifest, "venue"), keel_node_text(run->summary, "trading_mode"),
                   keel_node_text(run->summary, "run_id"));
}

static void run_navigation(const keel_run_folder *run, keel_strbuf *out) {
    static const keel_page_entry ENTRIES[] = {{"verdict", "Verdict"},  {"equity", "Equity"},     {"price", "Price"},
                                              {"months", "Months"},    {"costs", "Costs"},       {"metrics", "Metrics"},
                                              {"surface", "Surface"},  {"walk", "Walk-forward"}, {"symbols", "Pairs"},
                                              {"exits", "Exits"},      {"scatter", "MAE / MFE"}, {"trades", "Trades"},
                                              {"identity", "Identity"}};
    keel_page_entry shown[sizeof ENTRIES / sizeof *ENTRIES];
    size_t count = 0;
    for (size_t i = 0; i < sizeof ENTRIES / sizeof *ENTRIES; i++) {
        if (strcmp(ENTRIES[i].id, "surface") == 0 && !run->surface) continue;
        if (strcmp(ENTRIES[i].id, "walk") == 0 && !run->walk) continue;
        shown[count++] = ENTRIES[i];
    }
    keel_page_navigation(shown, count, out);
}

int keel_report_html(const keel_run_folder *run, keel_strbuf *out, keel_err *reterr) {
    static const char *const MORE[] = {"entries", "regimes", "states", "per-month", "per-weekday", "per-hour", "held"};
    keel_doc doc;
    keel_strbuf data;
    char under[300];
    int64_t shown = 0;
    keel_report_document(run, &doc);
    keel_strbuf_init(&data, 0);
    int rc = keel_page_run_data(run, &data, &shown, reterr);
    subtitle(run, under, sizeof under);
    keel_page_begin(doc.title, out);
    keel_page_header("backtest report", doc.title, under, out);
    run_navigation(run, out);
    keel_page_verdict(run->summary, out);
    keel_page_figures(run, out);
    charts(run, out);
    keel_doc_table_html(keel_doc_find(&doc, "months"), out);
    costs(run, &doc, out);
    metrics(&doc, out);
    if (run->surface) keel_page_sweep(run->surface, out);
    if (run->walk) keel_page_walk(run->walk, out);
    keel_doc_table_html(keel_doc_find(&doc, "baselines"), out);
    keel_page_symbols(run, out);
    keel_doc_table_html(keel_doc_find(&doc, "symbols"), out);
    keel_doc_table_html(keel_doc_find(&doc, "exits"), out);
    folded("More breakdowns: entry reason, regime, month, weekday, hour, held signals", &doc, MORE,
           sizeof MORE / sizeof *MORE, out);
    keel_page_chart(
        "scatter", "How far trades went: MAE and MFE",
        "Each mark is a trade: across, the worst open loss it went through (MAE); up, the best open profit it had "
        "(MFE).",
        "", out);
    trades_card(run, shown, out);
    keel_strbuf_add(out, "<div class=\"two\">");
    keel_doc_table_html(keel_doc_find(&doc, "identity"), out);
    keel_doc_table_html(keel_doc_find(&doc, "assumptions"), out);
    keel_strbuf_add(
        out,
        "</div>\n</main>\n<footer>A backtest shows what rules would have done under the stated model. It is no "
        "promise.</footer>\n");
    keel_strbuf_add_bytes(out, keel_strbuf_text(&data), data.size);
    keel_page_end(out);
    if (rc == 0 && (doc.failed || data.failed || out->failed))
        rc = keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_strbuf_done(&data);
    keel_doc_done(&doc);
    return rc;
}

int keel_compare_html(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr) {
    static const keel_page_entry ENTRIES[] = {{"verdict", "Runs"},    {"configuration", "Configuration"},
                                              {"equity", "Equity"},   {"totals", "Figures"},
                                              {"by-symbol", "Pairs"}, {"findings", "Findings"}};
    keel_doc doc;
    keel_compare_document(a, b, &doc);
    keel_page_begin(doc.title, out);
    keel_page_header("two runs", doc.title, "Differences are B less A.", out);
    keel_page_navigation(ENTRIES, sizeof ENTRIES / sizeof *ENTRIES, out);
    keel_doc_table_html(keel_doc_find(&doc, "verdict"), out);
    keel_doc_table_html(keel_doc_find(&doc, "configuration"), out);
    keel_page_chart("equity", "Equity and drawdown",
                    "Account value of both runs at each bar's close, and how far each was under its "
                    "peak.",
                    KEEL_PAGE_ZOOM, out);
    keel_doc_table_html(keel_doc_find(&doc, "totals"), out);
    keel_doc_table_html(keel_doc_find(&doc, "by-symbol"), out);
    keel_doc_table_html(keel_doc_find(&doc, "findings"), out);
    keel_strbuf_add(out,
                    "</main>\n<footer>A backtest shows what rules would have done under the stated model. It is no "
                    "promise.</footer>\n");
    keel_page_compare_data(a, b, out);
    keel_page_end(out);
    int failed = doc.failed || out->failed;
    keel_doc_done(&doc);
    return failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}
