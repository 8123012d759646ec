/* ops/report/page_parts.c: verdict, leading figures, bars of the costs. */
#include <inttypes.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/report/page.h"

static const char *mark_of(const char *severity) {
    if (strcmp(severity, "error") == 0) return "\xe2\x9c\x95"; /* x */
    if (strcmp(severity, "warning") == 0) return "!";
    return "i";
}

static void finding(const char *severity, const char *label, const char *code, const char *text, keel_strbuf *out) {
    keel_strbuf_addf(out, "<li class=\"finding %s\"><span class=\"mark\" aria-hidden=\"true\">%s</span>", severity,
                     mark_of(severity));
    keel_strbuf_addf(out, "<span class=\"sev\">%s</span><span class=\"what\">", label);
    keel_html_text(out, text);
    keel_strbuf_add(out, "</span>");
    if (code) {
        keel_strbuf_add(out, "<code>");
        keel_html_text(out, code);
        keel_strbuf_add(out, "</code>");
    }
    keel_strbuf_add(out, "</li>\n");
}

/* Only the three severities reach a class name. */
static const char *known_severity(const char *severity) {
    if (strcmp(severity, "error") == 0) return "error";
    return strcmp(severity, "warning") == 0 ? "warning" : "info";
}

/* What data and run warn of: open when short, folded when long, so that the charts stay near. */
static void notes(const keel_tree *list, keel_strbuf *out) {
    if (!list || list->count == 0) return;
    keel_strbuf_addf(out, "<details class=\"notes\"%s><summary>%d %s of data and run</summary><ul class=\"findings\">",
                     list->count <= 3 ? " open" : "", (int)list->count, list->count == 1 ? "note" : "notes");
    for (size_t i = 0; i < list->count; i++)
        finding("info", "run", NULL, list->items[i]->text ? list->items[i]->text : "-", out);
    keel_strbuf_add(out, "</ul></details>");
}

void keel_page_verdict(const keel_tree *s, keel_strbuf *out) {
    const keel_tree *list = keel_tree_find(s, "findings");
    int errors = keel_report_findings_count(s, "error"), doubts = keel_report_findings_count(s, "warning");
    keel_strbuf_addf(out, "<section class=\"card verdict %s\" id=\"verdict\"><h2><span class=\"label\">Verdict</span> ",
                     keel_report_verdict_class(s));
    keel_strbuf_addf(out, "<strong>%s</strong><span class=\"counts\">%d %s, %d %s</span></h2>\n",
                     keel_report_verdict_words(s), errors, errors == 1 ? "error" : "errors", doubts,
                     doubts == 1 ? "warning" : "warnings");
    keel_strbuf_add(out, "<ul class=\"findings\">");
    for (size_t i = 0; list && i < list->count; i++) {
        const char *severity = known_severity(keel_node_text(list->items[i], "severity"));
        finding(severity, severity, keel_node_text(list->items[i], "code"), keel_node_text(list->items[i], "text"),
                out);
    }
    keel_strbuf_add(out, "</ul>");
    notes(keel_tree_find(s, "warnings"), out);
    keel_strbuf_add(out, "</section>\n");
}

/* ---- leading figures ---------------------------------------------------------------------------------------- */

void keel_page_figure(const char *name, const char *key, const char *value, int32_t kind, keel_strbuf *out) {
    const char *sign = "";
    if (kind == KEEL_CELL_SIGNED && strspn(value, "-0.") < strlen(value)) sign = value[0] == '-' ? " down" : " up";
    keel_strbuf_addf(out, "<div class=\"figure\"><dt>%s</dt><dd class=\"n%s\" data-key=\"%s\">", name, sign, key);
    keel_html_figure(out, value);
    keel_strbuf_add(out, "</dd></div>\n");
}

void keel_page_figures_begin(keel_strbuf *out) {
    keel_strbuf_add(out, "<dl class=\"figures\" id=\"figures\" aria-label=\"Leading figures\">");
}

void keel_page_figures_end(keel_strbuf *out) { keel_strbuf_add(out, "</dl>\n"); }

void keel_page_facts(const keel_page_fact facts[], size_t count, keel_strbuf *out) {
    char text[KEEL_FIGURE_SIZE];
    for (size_t i = 0; i < count; i++) {
        const char *point = strrchr(facts[i].key, '.');
        const keel_tree *node = keel_tree_find(facts[i].map, point ? point + 1 : facts[i].key);
        keel_page_figure(facts[i].name, facts[i].key, keel_figure_node(node, facts[i].places, text), facts[i].kind,
                         out);
    }
}

void keel_page_figures(const keel_run_folder *run, keel_strbuf *out) {
    static const struct {
        const char *name, *key;
        int32_t kind;
        int places;
    } FIGURES[] = {{"Net profit, USD", "net_profit_usd", KEEL_CELL_SIGNED, 2},
                   {"Total profit, %", "net_profit_pct", KEEL_CELL_SIGNED, 2},
                   {"Max drawdown, %", "max_drawdown_pct", KEEL_CELL_NUMBER, 2},
                   {"Sharpe", "sharpe", KEEL_CELL_NUMBER, 2},
                   {"Sortino", "sortino", KEEL_CELL_NUMBER, 2},
                   {"Profit factor", "profit_factor", KEEL_CELL_NUMBER, 2},
                   {"Win rate, %", "win_rate", KEEL_CELL_NUMBER, 1},
                   {"Trades", "trades", KEEL_CELL_NUMBER, 0}};
    const keel_tree *totals = keel_tree_find(run->summary, "totals");
    char text[KEEL_FIGURE_SIZE];
    keel_page_figures_begin(out);
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++) {
        const keel_tree *node = keel_tree_find(totals, FIGURES[i].key);
        /* win_rate is a share */
        if (strcmp(FIGURES[i].key, "win_rate") == 0)
            (void)keel_figure_node_times(node, 100.0, FIGURES[i].places, text);
        else
            (void)keel_figure_node(node, FIGURES[i].places, text);
        keel_page_figure(FIGURES[i].name, FIGURES[i].key, text, FIGURES[i].kind, out);
    }
    keel_page_figures_end(out);
}

/* ---- costs -------------------------------------------------------------------------------------------------- */

/* A waterfall from the price profit down to the net, in a box of 100 by 5 rows; zero is where the axis stands. */
void keel_page_costs(const keel_run_folder *run, keel_strbuf *out) {
    const int borrows = keel_report_borrows(run);
    const char *const KEYS[] = {"price_usd", borrows ? "borrow_usd" : "funding_usd", "fees_usd", "slippage_usd",
                                "net_usd"};
    const char *const NAMES[] = {"Price", borrows ? "Interest" : "Funding", "Fees", "Slippage", "Net"};
    const keel_tree *c = keel_tree_find(run->summary, "cost_decomposition");
    double from[5], to[5], low = 0.0, high = 0.0, sum = 0.0;
    for (int i = 0; i < 5; i++) {
        double value = 0.0;
        int64_t value_e8 = 0;
        if (keel_json_read_decimal(keel_tree_find(c, KEYS[i]), 8, &value_e8) == 0) value = (double)value_e8 / 1e8;
        from[i] = i == 0 || i == 4 ? 0.0 : sum;
        to[i] = i == 4 ? value : from[i] + (i == 2 || i == 3 ? -value : value);
        sum = to[i];
        if (to[i] < low) low = to[i];
        if (to[i] > high) high = to[i];
    }
    double scale = high - low > 0.0 ? 480.0 / (high - low) : 0.0;
    keel_strbuf_add(out,
                    "<svg class=\"waterfall\" viewBox=\"0 0 600 170\" role=\"img\" aria-label=\"Waterfall from price "
                    "profit to net profit; the figures are in the table\">");
    keel_strbuf_addf(out, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"4\" y2=\"166\"/>", 100.0 - low * scale,
                     100.0 - low * scale);
    for (int i = 0; i < 5; i++) {
        double x0 = 100.0 + (from[i] - low) * scale, x1 = 100.0 + (to[i] - low) * scale;
        double left = x0 < x1 ? x0 : x1, width = x0 < x1 ? x1 - x0 : x0 - x1;
        keel_strbuf_addf(out, "<text x=\"88\" y=\"%d\" text-anchor=\"end\">%s</text>", 24 + i * 32, NAMES[i]);
        keel_strbuf_addf(out, "<rect class=\"%s%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"20\" rx=\"2\"/>",
                         to[i] < from[i] ? "down" : "up", i == 4 ? " net" : "", left, 9 + i * 32,
                         width < 1.0 ? 1.0 : width);
    }
    keel_strbuf_add(out, "</svg>\n");
}
