/* app/cli/text_table.c: see text_table.h. */
#include "app/cli/text_table.h"

#include <stdlib.h>
#include <string.h>

typedef struct layout {
    int widths[KEEL_TABLE_COLUMNS_MAX];
    int gap;
} layout;

/* Room for one more row; its cells are NULL. */
static char **next_row(keel_table *t) {
    if (t->rows == t->capacity) {
        int capacity = t->capacity ? 2 * t->capacity : 16;
        char **cells = realloc(t->cells, (size_t)capacity * (size_t)t->columns * sizeof *cells);
        if (!cells) {
            t->failed = 1;
            return NULL;
        }
        t->cells = cells;
        t->capacity = capacity;
    }
    char **row = t->cells + (size_t)t->rows * (size_t)t->columns;
    for (int c = 0; c < t->columns; c++)
        row[c] = NULL;
    t->rows++;
    return row;
}

void keel_table_init(keel_table *t, const char *const headers[], int columns, int left_columns) {
    KEEL_ASSERT(columns >= 1 && columns <= KEEL_TABLE_COLUMNS_MAX);
    memset(t, 0, sizeof *t);
    t->columns = columns;
    t->left_columns = left_columns;
    keel_table_row(t, headers);
    keel_table_rule(t);
}

void keel_table_done(keel_table *t) {
    for (int i = 0; i < t->rows * t->columns; i++)
        free(t->cells[i]);
    free(t->cells);
    memset(t, 0, sizeof *t);
}

void keel_table_row(keel_table *t, const char *const cells[]) {
    char **row = next_row(t);
    for (int c = 0; row && c < t->columns; c++) {
        row[c] = strdup(cells[c]);
        if (!row[c]) t->failed = 1;
    }
}

void keel_table_rule(keel_table *t) { (void)next_row(t); }

static layout lay_out(const keel_table *t, int width_max) {
    layout l = {{0}, 2};
    int sum = 0;
    for (int i = 0; i < t->rows * t->columns; i++) {
        int width = t->cells[i] ? (int)strlen(t->cells[i]) : 0;
        if (width > l.widths[i % t->columns]) l.widths[i % t->columns] = width;
    }
    for (int c = 0; c < t->columns; c++)
        sum += l.widths[c];
    if (sum + l.gap * (t->columns - 1) > width_max) l.gap = 1;
    int excess = sum + l.gap * (t->columns - 1) - width_max;
    if (excess > 0) l.widths[0] = l.widths[0] - excess > 1 ? l.widths[0] - excess : 1;
    return l;
}

static void pad(keel_strbuf *out, int count, char with) {
    for (int i = 0; i < count; i++)
        keel_strbuf_add_char(out, with);
}

static void print_cell(const char *text, int width, int left, int last, keel_strbuf *out) {
    int size = (int)strlen(text);
    if (!left && size < width) pad(out, width - size, ' ');
    if (size > width) {
        keel_strbuf_add_bytes(out, text, (size_t)(width - 1));
        keel_strbuf_add_char(out, '~');
    } else {
        keel_strbuf_add(out, text);
    }
    if (left && size < width && !last) pad(out, width - size, ' ');
}

static void print_row(const keel_table *t, int row, const layout *l, keel_strbuf *out) {
    char *const *cells = t->cells + (size_t)row * (size_t)t->columns;
    int empty = cells[0] != NULL; /* all cells "": a blank line, without blanks at its end */
    for (int c = 0; empty && c < t->columns; c++)
        empty = cells[c] && !cells[c][0];
    for (int c = 0; !empty && c < t->columns; c++) {
        if (c) pad(out, l->gap, ' ');
        if (cells[0])
            print_cell(cells[c] ? cells[c] : "", l->widths[c], c < t->left_columns, c == t->columns - 1, out);
        else
            pad(out, l->widths[c], '-');
    }
    keel_strbuf_add_char(out, '\n');
}

void keel_table_print(const keel_table *t, const char *title, int width_max, keel_strbuf *out) {
    layout l = lay_out(t, width_max);
    if (title) keel_strbuf_addf(out, "\n%s\n", title);
    for (int row = 0; row < t->rows; row++)
        print_row(t, row, &l, out);
    if (t->failed) out->failed = 1;
}

void keel_table_wrap(keel_strbuf *out, const char *text, int used, int indent, int width_max) {
    int column = used;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > indent && column + 1 + (int)word > width_max) {
            keel_strbuf_add_char(out, '\n');
            pad(out, indent, ' ');
            column = indent;
        } else if (column > used) {
            keel_strbuf_add_char(out, ' ');
            column++;
        }
        keel_strbuf_add_bytes(out, text, word);
        column += (int)word;
        text += word;
        while (*text == ' ')
            text++;
    }
    keel_strbuf_add_char(out, '\n');
}
