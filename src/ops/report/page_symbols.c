/* ops/report/page_symbols.c: profit of each symbol as bars. */
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/report/page.h"

typedef struct bar {
    const keel_tree *group;
    size_t index;
    double net, part[2]; /* longs, shorts */
} bar;

static double money(const keel_tree *group, const char *key) {
    int64_t value_e8 = 0;
    return keel_json_read_decimal(keel_tree_find(group, key), 8, &value_e8) == 0 ? (double)value_e8 / 1e8 : 0.0;
}

/* Equal ones keep the order of the run. */
static int by(double a, double b, const bar *left, const bar *right) {
    if (a > b || a < b) return a > b ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static double size_of(double x) { return x < 0.0 ? -x : x; }

static int larger_first(const void *a, const void *b) {
    const bar *left = a, *right = b;
    return by(size_of(left->net), size_of(right->net), left, right);
}

static int better_first(const void *a, const void *b) {
    const bar *left = a, *right = b;
    return by(left->net, right->net, left, right);
}

static void rect(double value, const double ends[2], const char *more, int y, int height, keel_strbuf *out) {
    double scale = 100.0 / (ends[1] - ends[0]), x0 = -ends[0] * scale, x1 = (value - ends[0]) * scale;
    if (size_of(value) <= 0.0) return;
    keel_strbuf_addf(out, "<rect class=\"%s%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\"/>",
                     value < 0.0 ? "down" : "up", more, x0 < x1 ? x0 : x1, y, size_of(x1 - x0), height);
}

static void row(const bar *b, const double ends[2], keel_strbuf *out) {
    static const char *const PARTS[] = {"long_pnl_usd", "short_pnl_usd"}, *const NAMES[] = {"long ", "short "};
    char text[KEEL_FIGURE_SIZE];
    keel_strbuf_add(out, "<div><dt>");
    keel_html_text(out, keel_node_text(b->group, "symbol"));
    keel_strbuf_add(out, "<span class=\"parts\">");
    for (int i = 0; i < 2; i++) {
        keel_strbuf_add(out, NAMES[i]);
        keel_html_figure(out, keel_figure_node(keel_tree_find(b->group, PARTS[i]), 2, text));
        if (i == 0) keel_strbuf_add(out, ", ");
    }
    keel_strbuf_addf(out,
                     "</span></dt><dd><svg viewBox=\"0 0 100 18\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                     "<line class=\"axis\" x1=\"%.2f\" x2=\"%.2f\" y1=\"0\" y2=\"18\"/>",
                     -ends[0] * 100.0 / (ends[1] - ends[0]), -ends[0] * 100.0 / (ends[1] - ends[0]));
    rect(b->net, ends, "", 1, 9, out);
    rect(b->part[0], ends, " part", 11, 3, out);
    rect(b->part[1], ends, " part", 15, 3, out);
    keel_strbuf_addf(out, "</svg><span class=\"n%s\">", b->net < 0.0 ? " down" : b->net > 0.0 ? " up" : "");
    keel_html_figure(out, keel_figure_node(keel_tree_find(b->group, "pnl_usd"), 2, text));
    keel_strbuf_add(out, "</span></dd></div>");
}

void keel_page_symbols(const keel_run_folder *run, keel_strbuf *out) {
    const keel_tree *list = keel_tree_find(run->summary, "per_symbol");
    double ends[2] = {0.0, 0.0};
    size_t count = list ? list->count : 0, shown = count < KEEL_PAGE_SYMBOLS_MAX ? count : KEEL_PAGE_SYMBOLS_MAX;
    if (count < 2) return;
    bar *bars = calloc(count, sizeof *bars);
    if (!bars) {
        out->failed = 1;
        return;
    }
    for (size_t i = 0; i < count; i++)
        bars[i] = (bar){list->items[i],
                        i,
                        money(list->items[i], "pnl_usd"),
                        {money(list->items[i], "long_pnl_usd"), money(list->items[i], "short_pnl_usd")}};
    qsort(bars, count, sizeof *bars, larger_first);
    qsort(bars, shown, sizeof *bars, better_first);
    for (size_t i = 0; i < shown; i++) {
        const double ways[3] = {bars[i].net, bars[i].part[0], bars[i].part[1]};
        for (int k = 0; k < 3; k++) {
            if (ways[k] < ends[0]) ends[0] = ways[k];
            if (ways[k] > ends[1]) ends[1] = ways[k];
        }
    }
    if (!(ends[1] > ends[0])) ends[1] = ends[0] + 1.0;
    keel_strbuf_add(out,
                    "<section class=\"card\" id=\"symbol-bars\"><h2>Profit per pair</h2><p class=\"note\">Net of all "
                    "costs, USD; the thin bars below are its longs and its shorts.</p><dl class=\"pnl\">");
    for (size_t i = 0; i < shown; i++)
        row(&bars[i], ends, out);
    keel_strbuf_add(out, "</dl>");
    if (shown < count)
        keel_strbuf_addf(out,
                         "<p class=\"thinned\">Drawn are the %zu of %zu pairs with the largest gain or loss; the table "
                         "has all.</p>",
                         shown, count);
    keel_strbuf_add(out, "</section>\n");
    free(bars);
}
