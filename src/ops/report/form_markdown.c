/* ops/report/form_markdown.c: a document as Markdown (GitHub's tables). */
#include <string.h>

#include "ops/report/document.h"

/* Characters that could begin markup are escaped, so that a name shows as it is. */
void keel_markdown_text(keel_strbuf *out, const char *text) {
    for (const char *c = text; *c; c++) {
        if (*c == '<')
            keel_strbuf_add(out, "&lt;");
        else if (*c == '>')
            keel_strbuf_add(out, "&gt;");
        else if (*c == '&')
            keel_strbuf_add(out, "&amp;");
        else if ((unsigned char)*c < 0x20)
            keel_strbuf_add_char(out, ' ');
        else {
            if (strchr("\\`*_[]|~#", *c)) keel_strbuf_add_char(out, '\\');
            keel_strbuf_add_char(out, *c);
        }
    }
}

static void row(const keel_doc_table *t, int32_t row, keel_strbuf *out) {
    keel_strbuf_add_char(out, '|');
    for (int32_t c = 0; c < t->columns; c++) {
        const keel_doc_cell *cell = &t->cells[row * t->columns + c];
        keel_strbuf_add_char(out, ' ');
        if (cell->kind == KEEL_CELL_CODE)
            keel_strbuf_addf(out, "`%s`", cell->text);
        else
            keel_markdown_text(out, cell->text);
        keel_strbuf_add(out, " |");
    }
    keel_strbuf_add_char(out, '\n');
}

static void table(const keel_doc_table *t, keel_strbuf *out) {
    int pairs = t->kind == KEEL_TABLE_PAIRS;
    keel_strbuf_addf(out, "\n## %s\n\n", t->title);
    if (t->note[0]) {
        keel_markdown_text(out, t->note);
        keel_strbuf_add(out, "\n\n");
    }
    if (pairs)
        keel_strbuf_add(out, "| | |\n");
    else
        row(t, 0, out);
    keel_strbuf_add_char(out, '|');
    for (int32_t c = 0; c < t->columns; c++)
        keel_strbuf_add(out, c == 0 || pairs ? "---|" : "---:|");
    keel_strbuf_add_char(out, '\n');
    for (int32_t r = pairs ? 0 : 1; r < t->rows; r++)
        row(t, r, out);
}

void keel_doc_markdown(const keel_doc *doc, keel_strbuf *out) {
    for (int32_t i = 0; i < doc->count; i++) {
        const keel_doc_table *t = &doc->tables[i];
        if (t->brief && t->rows > (t->kind == KEEL_TABLE_PAIRS ? 0 : 1)) table(t, out);
    }
}
