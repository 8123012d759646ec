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

/* Where a header is best broken into two lines: the place of a blank, or its size when it has none. */
static size_t break_of(const char *text) {
    size_t size = strlen(text), best = size, widest = size;
    for (size_t i = 0; i < size; i++) {
        size_t wide = i > size - i - 1 ? i : size - i - 1;
        if (text[i] != ' ' || wide >= widest) continue;
        best = i;
        widest = wide;
    }
    return best;
}

/* Of the column's cells from `row` on. */
static size_t width_from(const keel_doc_table *t, int32_t column, int32_t row) {
    char text[600];
    size_t widest = 0;
    for (; row < t->rows; row++) {
        plain(t->cells[row * t->columns + column].text, text, sizeof text);
        if (strlen(text) > widest) widest = strlen(text);
    }
    return widest;
}

static size_t width_of(const keel_doc_table *t, int32_t column) { return width_from(t, column, 0); }

static size_t width_broken(const keel_doc_table *t, int32_t column) {
    char text[600];
    plain(t->cells[column].text, text, sizeof text);
    size_t size = strlen(text), at = break_of(text), rest = at < size ? size - at - 1 : 0;
    size_t head = at > rest ? at : rest, cells = width_from(t, column, 1);
    return head > cells ? head : cells;
}

static void pad(keel_strbuf *out, size_t count, char c) {
    while (count--)
        keel_strbuf_add_char(out, c);
}

static int is_sentence(const keel_doc_table *t) {
    return t->kind == KEEL_TABLE_GRID && t->rows > 1 && t->cells[2 * t->columns - 1].kind == KEEL_CELL_TEXT;
}

/* Widths of the columns and the gap between them. When they do not fit, headers are broken into two lines; then the
 * widest column gives way first: a last column of sentences is wrapped, other cells are cut. */
static size_t measure(const keel_doc_table *t, size_t widths[]) {
    size_t sum = 0, gap = 2, gaps = (size_t)(t->columns - 1);
    for (int32_t c = 0; c < t->columns; c++)
        sum += widths[c] = width_of(t, c);
    if (sum + gap * gaps > WIDTH && t->kind != KEEL_TABLE_PAIRS) {
        sum = 0;
        for (int32_t c = 0; c < t->columns; c++)
            sum += widths[c] = width_broken(t, c);
    }
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

static void cell(keel_strbuf *out, const char *value, size_t width, int left, int last) {
    char text[600];
    plain(value, text, sizeof text);
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

/* The upper line of headers that are broken, if one is; their last lines stand in the row. */
static void upper_heads(const keel_doc_table *t, const size_t widths[], size_t gap, keel_strbuf *out) {
    char text[600];
    int32_t last = -1;
    for (int32_t c = 0; c < t->columns; c++)
        if (strlen(t->cells[c].text) > widths[c]) last = c;
    for (int32_t c = 0; c <= last; c++) {
        plain(t->cells[c].text, text, sizeof text);
        size_t at = break_of(text), size = strlen(text) > widths[c] ? at : 0;
        if (size > widths[c]) size = 0;
        if (c) pad(out, gap, ' ');
        if (c) pad(out, widths[c] - size, ' ');
        keel_strbuf_add_bytes(out, text, size);
        if (!c) pad(out, widths[c] - size, ' ');
    }
    if (last >= 0) keel_strbuf_add_char(out, '\n');
}

static const char *lower_head(const char *text, size_t width) {
    size_t size = strlen(text), at = size > width ? break_of(text) : size;
    return at < size && at <= width ? text + at + 1 : text;
}

/* The first `rows` rows. */
static void table(const keel_doc_table *t, int32_t rows, keel_strbuf *out) {
    size_t widths[KEEL_DOC_COLUMNS_MAX], gap = measure(t, widths);
    int pairs = t->kind == KEEL_TABLE_PAIRS, sentences = is_sentence(t);
    size_t before_last = gap * (size_t)(t->columns - 1);
    for (int32_t c = 0; c + 1 < t->columns; c++)
        before_last += widths[c];
    keel_strbuf_addf(out, "\n%s\n", t->title);
    if (!pairs) upper_heads(t, widths, gap, out);
    for (int32_t row = 0; row < rows; row++) {
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
            cell(out, row == 0 && !pairs ? lower_head(at->text, widths[c]) : at->text, widths[c],
                 pairs || c == 0 || at->kind == KEEL_CELL_TEXT || at->kind == KEEL_CELL_CODE, c == t->columns - 1);
        }
        keel_strbuf_add_char(out, '\n');
    }
}

static void half(const keel_doc_table *t, int32_t row, const size_t widths[2], size_t gap, int last, keel_strbuf *out) {
    if (row >= t->rows) {
        if (!last) pad(out, widths[0] + gap + widths[1], ' ');
        return;
    }
    cell(out, t->cells[row * 2].text, widths[0], 1, 0);
    pad(out, gap, ' ');
    cell(out, t->cells[row * 2 + 1].text, widths[1], 1, last);
}

void keel_doc_text_beside(const keel_doc_table *left, const keel_doc_table *right, keel_strbuf *out) {
    enum { GAP = 2, BETWEEN = 4, HALF = (WIDTH - BETWEEN) / 2 };
    size_t widths[2][2];
    const keel_doc_table *const tables[2] = {left, right};
    if (!left || !right) return;
    for (int i = 0; i < 2; i++) {
        widths[i][0] = width_of(tables[i], 0);
        widths[i][1] = width_of(tables[i], 1);
        if (widths[i][0] > HALF / 2 + 4) widths[i][0] = HALF / 2 + 4;
        if (widths[i][0] + GAP + widths[i][1] > HALF || i == 0) widths[i][1] = HALF - GAP - widths[i][0];
    }
    keel_strbuf_addf(out, "\n%s", left->title);
    pad(out, HALF + BETWEEN - strlen(left->title), ' ');
    keel_strbuf_addf(out, "%s\n", right->title);
    for (int32_t row = 0; row < left->rows || row < right->rows; row++) {
        half(left, row, widths[0], GAP, row >= right->rows, out);
        if (row < right->rows) pad(out, BETWEEN, ' ');
        half(right, row, widths[1], GAP, 1, out);
        keel_strbuf_add_char(out, '\n');
    }
}

void keel_doc_text_first(const keel_doc_table *t, int32_t rows_max, keel_strbuf *out) {
    if (!t || t->rows < 2) return;
    int32_t left = t->rows - 1 - rows_max;
    table(t, left > 0 ? rows_max + 1 : t->rows, out);
    if (left > 0) keel_strbuf_addf(out, "(%d more)\n", (int)left);
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

static void note(const keel_doc_table *t, keel_strbuf *out) {
    char text[600];
    if (!t->note[0]) return;
    plain(t->note, text, sizeof text);
    keel_strbuf_add(out, "  ");
    wrap(text, WIDTH - 2, 2, out);
    keel_strbuf_add_char(out, '\n');
}

void keel_doc_text(const keel_doc *doc, int all, keel_strbuf *out) {
    for (int32_t i = 0; i < doc->count; i++) {
        const keel_doc_table *t = &doc->tables[i];
        if (!(all || t->brief) || t->rows <= (t->kind == KEEL_TABLE_PAIRS ? 0 : 1)) continue;
        table(t, t->rows, out);
        if (all) note(t, out);
    }
}
