/* ops/report/form_text.c: a document on a terminal: ASCII tables of at most 100 columns. */
#include <string.h>

#include "ops/report/document.h"

enum { WIDTH = 100 };

/* One character per code point that is not ASCII, and no control characters: widths can be counted. */
static void plain(const char *text, char *ret, size_t size) {
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c && n + 1 < size; c++) {
        if (*c >= 0x80 && *c < 0xc0) continue;
        ret[n++] = (char)(*c < 0x20 || *c >= 0x7f ? '?' : *c);
    }
    ret[n] = 0;
}

static size_t width_of(const keel_doc_table *t, int32_t column) {
    char text[600];
    size_t widest = 0;
    for (int32_t row = 0; row < t->rows; row++) {
        plain(t->cells[row * t->columns + column].text, text, sizeof text);
        if (strlen(text) > widest) widest = strlen(text);
    }
    return widest;
}

static void pad(keel_strbuf *out, size_t count, char c) {
    while (count--)
        keel_strbuf_add_char(out, c);
}

static int is_sentence(const keel_doc_table *t) {
    return t->kind == KEEL_TABLE_GRID && t->rows > 1 && t->cells[2 * t->columns - 1].kind == KEEL_CELL_TEXT;
}

/* Widths of the columns and the gap between them. When they do not fit, the widest gives way first; a last column of
 * sentences is wrapped then, other cells are cut. */
static size_t measure(const keel_doc_table *t, size_t widths[]) {
    size_t sum = 0, gap = 2;
    for (int32_t c = 0; c < t->columns; c++)
        sum += widths[c] = width_of(t, c);
    size_t gaps = (size_t)(t->columns - 1);
    if (sum + gap * gaps > WIDTH) gap = 1;
    for (; sum + gap * gaps > WIDTH; sum--) {
        int32_t widest = t->columns - 1;
        for (int32_t c = t->columns - 1; c >= 0; c--)
            if (widths[c] > widths[widest]) widest = c;
        widths[widest]--;
    }
    return gap;
}

/* Words of text in lines of at most `width`, further lines indented. */
static void wrap(const char *text, size_t width, size_t indent, keel_strbuf *out) {
    size_t column = 0;
    for (const char *word = text; *word;) {
        size_t size = strcspn(word, " ");
        if (column > 0 && column + 1 + size > width) {
            keel_strbuf_add_char(out, '\n');
            pad(out, indent, ' ');
            column = 0;
        } else if (column > 0) {
            keel_strbuf_add_char(out, ' ');
            column++;
        }
        size_t taken = size < width ? size : width; /* a word wider than the column goes on in the next line */
        keel_strbuf_add_bytes(out, word, taken);
        column += taken;
        word += taken;
        word += strspn(word, " ");
    }
}

static void cell(keel_strbuf *out, const keel_doc_cell *cell, size_t width, int left, int last) {
    char text[600];
    plain(cell->text, text, sizeof text);
    size_t size = strlen(text);
    if (size > width) {
        text[width - 1] = '~';
        text[width] = 0;
        size = width;
    }
    if (!left) pad(out, width - size, ' ');
    keel_strbuf_add(out, text);
    if (left && !last) pad(out, width - size, ' ');
}

static void rule(keel_strbuf *out, const size_t widths[], int32_t columns, size_t gap) {
    for (int32_t c = 0; c < columns; c++) {
        if (c) pad(out, gap, ' ');
        pad(out, widths[c], '-');
    }
    keel_strbuf_add_char(out, '\n');
}

static void table(const keel_doc_table *t, keel_strbuf *out) {
    size_t widths[KEEL_DOC_COLUMNS_MAX], gap = measure(t, widths);
    int pairs = t->kind == KEEL_TABLE_PAIRS, sentences = is_sentence(t);
    size_t before_last = gap * (size_t)(t->columns - 1);
    for (int32_t c = 0; c + 1 < t->columns; c++)
        before_last += widths[c];
    keel_strbuf_addf(out, "\n%s\n", t->title);
    for (int32_t row = 0; row < t->rows; row++) {
        if ((row == 1 && !pairs) || (t->last_is_total && row == t->rows - 1)) rule(out, widths, t->columns, gap);
        for (int32_t c = 0; c < t->columns; c++) {
            const keel_doc_cell *at = &t->cells[row * t->columns + c];
            char text[600];
            if (c) pad(out, gap, ' ');
            if (sentences && row > 0 && c == t->columns - 1) {
                plain(at->text, text, sizeof text);
                wrap(text, widths[c], before_last, out);
                continue;
            }
            cell(out, at, widths[c], pairs || c == 0 || at->kind == KEEL_CELL_TEXT || at->kind == KEEL_CELL_CODE,
                 c == t->columns - 1);
        }
        keel_strbuf_add_char(out, '\n');
    }
}

void keel_doc_text_title(const char *title, keel_strbuf *out) {
    char text[600];
    plain(title, text, sizeof text);
    keel_strbuf_addf(out, "%.100s\n", text);
}

void keel_doc_text_line(const char *label, const char *sentence, keel_strbuf *out) {
    enum { INDENT = 11 };
    char text[600];
    plain(sentence, text, sizeof text);
    keel_strbuf_addf(out, "  %-8s ", label);
    wrap(text, WIDTH - INDENT, INDENT, out);
    keel_strbuf_add_char(out, '\n');
}

void keel_doc_text(const keel_doc *doc, keel_strbuf *out) {
    for (int32_t i = 0; i < doc->count; i++) {
        const keel_doc_table *t = &doc->tables[i];
        if (t->brief && t->rows > (t->kind == KEEL_TABLE_PAIRS ? 0 : 1)) table(t, out);
    }
}
