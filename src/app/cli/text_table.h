/* app/cli/text_table.h: tables in plain text that never exceed a width.
 *
 *     keel_table t;
 *     keel_table_init(&t, headers, 3, 1);      first column to the left, the others to the right
 *     keel_table_row(&t, cells);               copied
 *     keel_table_rule(&t);                     a line, before a total
 *     keel_table_print(&t, "TITLE", 100, out);
 *     keel_table_done(&t);
 *
 * Columns are as wide as their widest cell. When the table does not fit, gaps shrink from two blanks to one, then the
 * first column is cut and marked with '~'. Text is ASCII. */
#ifndef KEEL_APP_CLI_TEXT_TABLE_H
#define KEEL_APP_CLI_TEXT_TABLE_H

#include "base/strbuf.h"

enum { KEEL_TABLE_COLUMNS_MAX = 10, KEEL_TABLE_WIDTH = 100 };

typedef struct keel_table {
    int columns;
    int left_columns; /* the first so many are set to the left */
    int rows;         /* header included */
    int capacity;
    char **cells; /* [rows * columns], owned; a rule has NULL cells */
    int failed;   /* out of memory: rows are missing */
} keel_table;

void keel_table_init(keel_table *t, const char *const headers[], int columns, int left_columns);
void keel_table_done(keel_table *t);
void keel_table_row(keel_table *t, const char *const cells[]);
void keel_table_rule(keel_table *t);

/* title NULL: none. A table that ran out of memory marks `out` as failed. */
void keel_table_print(const keel_table *t, const char *title, int width_max, keel_strbuf *out);

/* Add words of text, indented by `indent` columns after the first line, no line beyond width_max; `used` columns of the
 * first line are taken already. Ends with a newline. */
void keel_table_wrap(keel_strbuf *out, const char *text, int used, int indent, int width_max);

#endif
