/* ops/report/form_html.c: tables of a document as HTML. No style attributes: the page's policy forbids them. */
#include <stdlib.h>
#include <string.h>

#include "ops/report/document.h"

void keel_html_text(keel_strbuf *out, const char *text) {
    for (const char *c = text; *c; c++) {
        switch (*c) {
            case '&': keel_strbuf_add(out, "&amp;"); break;
            case '<': keel_strbuf_add(out, "&lt;"); break;
            case '>': keel_strbuf_add(out, "&gt;"); break;
            case '"': keel_strbuf_add(out, "&quot;"); break;
            case '\'': keel_strbuf_add(out, "&#39;"); break;
            default: keel_strbuf_add_char(out, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
        }
    }
}

void keel_html_json_string(keel_strbuf *out, const char *text) {
    keel_strbuf_add_char(out, '"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        /* U+2028 and U+2029 end lines in old script engines, but this text is read by JSON.parse only */
        if (*c < 0x20 || *c == '<' || *c == '>' || *c == '&' || *c == '"' || *c == '\\' || *c == 0x7f)
            keel_strbuf_addf(out, "\\u%04x", *c);
        else
            keel_strbuf_add_char(out, (char)*c);
    }
    keel_strbuf_add_char(out, '"');
}

void keel_html_figure(keel_strbuf *out, const char *text) {
    if (strcmp(text, "-") == 0) {
        keel_strbuf_add(out, "\xe2\x80\x93");
        return;
    }
    int fraction = 0;
    for (const char *c = text; *c;) {
        size_t digits = strspn(c, "0123456789");
        if (digits == 0) {
            fraction = *c == '.';
            if (*c == '-') /* a minus sign is as wide as a plus */
                keel_strbuf_add(out, "\xe2\x88\x92");
            else
                keel_html_text(out, (const char[]){*c, 0});
            c++;
            continue;
        }
        for (size_t i = 0; i < digits; i++, c++) {
            if (!fraction && i > 0 && (digits - i) % 3 == 0) keel_strbuf_add_char(out, ',');
            keel_strbuf_add_char(out, *c);
        }
        fraction = 0;
    }
}

/* -1, 0 or 1 of a figure's text */
static int sign_of(const char *text) {
    double value = strtod(text, NULL);
    return value > 0.0 ? 1 : value < 0.0 ? -1 : 0;
}

static void value(const keel_doc_cell *cell, keel_strbuf *out) {
    if (strcmp(cell->text, "-") == 0)
        keel_strbuf_add(out, "\xe2\x80\x93");
    else if (cell->kind == KEEL_CELL_NUMBER || cell->kind == KEEL_CELL_SIGNED)
        keel_html_figure(out, cell->text);
    else
        keel_html_text(out, cell->text);
}

static const char *class_of(const keel_doc_cell *cell) {
    switch (cell->kind) {
        case KEEL_CELL_SIGNED: return sign_of(cell->text) > 0 ? "n up" : sign_of(cell->text) < 0 ? "n down" : "n";
        case KEEL_CELL_NUMBER: return "n";
        case KEEL_CELL_CODE: return "code";
        default: return "t";
    }
}

/* Colour of a return in a heat map: steps at 0, 1, 3 and 8 per cent. */
static const char *heat_of(const char *text) {
    static const char *const UP[] = {"n h1", "n h2", "n h3", "n h4"}, *const DOWN[] = {"n l1", "n l2", "n l3", "n l4"};
    double value = strtod(text, NULL), size = value < 0.0 ? -value : value;
    int step = size < 1.0 ? 0 : size < 3.0 ? 1 : size < 8.0 ? 2 : 3;
    if (size == 0.0) return "n";
    return value > 0.0 ? UP[step] : DOWN[step];
}

static void pairs(const keel_doc_table *t, keel_strbuf *out) {
    keel_strbuf_add(out, "<dl class=\"pairs\">");
    for (int32_t r = 0; r < t->rows; r++) {
        const keel_doc_cell *cell = &t->cells[r * 2];
        keel_strbuf_add(out, "<div><dt>");
        keel_html_text(out, cell[0].text);
        keel_strbuf_addf(out, "</dt><dd class=\"%s\">", class_of(&cell[1]));
        value(&cell[1], out);
        keel_strbuf_add(out, "</dd></div>");
    }
    keel_strbuf_add(out, "</dl>");
}

static void head(const keel_doc_table *t, keel_strbuf *out) {
    keel_strbuf_add(out, "<thead><tr>");
    for (int32_t c = 0; c < t->columns; c++) {
        keel_strbuf_addf(
            out, "<th scope=\"col\" class=\"%s\">",
            c == 0 || t->cells[c].kind == KEEL_CELL_TEXT || t->cells[c].kind == KEEL_CELL_CODE ? "t" : "n");
        keel_html_text(out, t->cells[c].text);
        keel_strbuf_add(out, "</th>");
    }
    keel_strbuf_add(out, "</tr></thead><tbody>");
}

static void grid(const keel_doc_table *t, keel_strbuf *out) {
    int heat = t->kind == KEEL_TABLE_HEAT;
    keel_strbuf_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    keel_html_text(out, t->title);
    keel_strbuf_addf(out, "\"><table class=\"%s\">", heat ? "heat" : "grid");
    head(t, out);
    for (int32_t r = 1; r < t->rows; r++) {
        keel_strbuf_add(out, t->last_is_total && r == t->rows - 1 ? "<tr class=\"total\">" : "<tr>");
        for (int32_t c = 0; c < t->columns; c++) {
            const keel_doc_cell *cell = &t->cells[r * t->columns + c];
            if (c == 0)
                keel_strbuf_add(out, "<th scope=\"row\" class=\"t\">");
            else
                keel_strbuf_addf(out, "<td class=\"%s\">", heat ? heat_of(cell->text) : class_of(cell));
            value(cell, out);
            keel_strbuf_add(out, c == 0 ? "</th>" : "</td>");
        }
        keel_strbuf_add(out, "</tr>\n");
    }
    keel_strbuf_add(out, "</tbody></table></div>");
}

void keel_doc_table_html(const keel_doc_table *t, keel_strbuf *out) {
    if (!t) return;
    keel_strbuf_addf(out, "<section class=\"card\" id=\"%s\"><h2>", t->id);
    keel_html_text(out, t->title);
    keel_strbuf_add(out, "</h2>");
    if (t->note[0]) {
        keel_strbuf_add(out, "<p class=\"note\">");
        keel_html_text(out, t->note);
        keel_strbuf_add(out, "</p>");
    }
    if (t->kind == KEEL_TABLE_PAIRS)
        pairs(t, out);
    else if (t->rows <= 1)
        keel_strbuf_add(out, "<p class=\"empty\">Nothing to show.</p>");
    else
        grid(t, out);
    keel_strbuf_add(out, "</section>\n");
}
