/* ops/report/document.c: see document.h. */
#include "ops/report/document.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json_read.h"
#include "base/real.h"
#include "base/timerange.h"
#include "num/int.h"

void keel_doc_init(keel_doc *doc) { memset(doc, 0, sizeof *doc); }

void keel_doc_done(keel_doc *doc) {
    for (int32_t i = 0; i < doc->count; i++) {
        keel_doc_table *t = &doc->tables[i];
        for (int32_t c = 0; c < t->capacity && t->cells; c++)
            free(t->cells[c].text);
        free(t->cells);
    }
    free(doc->tables);
    keel_doc_init(doc);
}

/* Tables never move: their room is made once. */
keel_doc_table *keel_doc_add(keel_doc *doc, const char *id, int32_t kind, int32_t columns, const char *title) {
    KEEL_ASSERT(columns <= KEEL_DOC_COLUMNS_MAX);
    if (!doc->tables) doc->tables = calloc(KEEL_DOC_TABLES_MAX, sizeof *doc->tables);
    if (!doc->tables || doc->failed) {
        doc->failed = 1;
        return NULL;
    }
    KEEL_ASSERT(doc->count < KEEL_DOC_TABLES_MAX);
    keel_doc_table *t = &doc->tables[doc->count++];
    t->id = id;
    t->kind = kind;
    t->columns = columns;
    t->brief = 1;
    (void)snprintf(t->title, sizeof t->title, "%s", title);
    return t;
}

const keel_doc_table *keel_doc_find(const keel_doc *doc, const char *id) {
    for (int32_t i = 0; i < doc->count; i++)
        if (strcmp(doc->tables[i].id, id) == 0) return &doc->tables[i];
    return NULL;
}

/* capacity counts cells that were given; rows follow from it. */
void keel_doc_cell_add(keel_doc *doc, keel_doc_table *t, int32_t kind, const char *text) {
    if (!t || doc->failed) return;
    int32_t n = t->capacity;
    if ((n & (n - 1)) == 0) {
        keel_doc_cell *grown = realloc(t->cells, (size_t)(n ? 2 * n : 1) * sizeof *grown);
        if (!grown) {
            doc->failed = 1;
            return;
        }
        t->cells = grown;
    }
    t->cells[n] = (keel_doc_cell){.text = strdup(text), .kind = kind, .reserved = 0};
    t->capacity++;
    if (!t->cells[n].text) doc->failed = 1;
    t->rows = t->capacity / t->columns;
}

static void add_formatted(keel_doc *doc, keel_doc_table *t, int32_t kind, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));
static void add_formatted(keel_doc *doc, keel_doc_table *t, int32_t kind, const char *format, va_list args) {
    char text[600];
    (void)vsnprintf(text, sizeof text, format, args);
    keel_doc_cell_add(doc, t, kind, text);
}

void keel_doc_cellf(keel_doc *doc, keel_doc_table *t, int32_t kind, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_formatted(doc, t, kind, format, args);
    va_end(args);
}

void keel_doc_pair(keel_doc *doc, keel_doc_table *t, const char *name, int32_t kind, const char *format, ...) {
    va_list args;
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, name);
    va_start(args, format);
    add_formatted(doc, t, kind, format, args);
    va_end(args);
}

/* ---- figures ------------------------------------------------------------------------------------------------ */

static char *none(char *ret) {
    ret[0] = '-';
    ret[1] = 0;
    return ret;
}

char *keel_figure_e8(int64_t value_e8, int places, char ret[KEEL_FIGURE_SIZE]) {
    int64_t unit = 1, rounded = 0;
    for (int i = places; i < 8; i++)
        unit *= 10;
    KEEL_ASSERT(keel_mul_div(value_e8, 1, unit, &rounded));
    (void)keel_decimal_format(rounded, places, places, ret);
    return ret;
}

char *keel_figure_real(double value, int places, char ret[KEEL_FIGURE_SIZE]) {
    if (!isfinite(value)) return none(ret);
    (void)snprintf(ret, KEEL_FIGURE_SIZE, fabs(value) < 1e15 ? "%.*f" : "%.*e", places, value);
    if (ret[0] == '-' && !ret[strspn(ret, "-0.")]) memmove(ret, ret + 1, strlen(ret)); /* no "-0.00" */
    return ret;
}

char *keel_figure_node_times(const keel_tree *node, double factor, int places, char ret[KEEL_FIGURE_SIZE]) {
    double value = 0.0;
    if (!node || !node->text || keel_real_parse(node->text, &value) != 0) return none(ret);
    return keel_figure_real(value * factor, places, ret);
}

char *keel_figure_node(const keel_tree *node, int places, char ret[KEEL_FIGURE_SIZE]) {
    int64_t value_e8 = 0;
    if (node && node->kind == KEEL_TREE_STRING && keel_json_read_decimal(node, 8, &value_e8) == 0)
        return keel_figure_e8(value_e8, places, ret);
    return keel_figure_node_times(node, 1.0, places, ret);
}

char *keel_figure_duration(int64_t ms, char ret[KEEL_FIGURE_SIZE]) {
    int64_t s = ms / 1000;
    if (ms < 0) return none(ret);
    if (s >= 86400)
        (void)snprintf(ret, KEEL_FIGURE_SIZE, "%lldd %02d:%02d", (long long)(s / 86400), (int)(s / 3600 % 24),
                       (int)(s / 60 % 60));
    else
        (void)snprintf(ret, KEEL_FIGURE_SIZE, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    return ret;
}

char *keel_figure_hours(const keel_tree *node, char ret[KEEL_FIGURE_SIZE]) {
    double hours = 0.0;
    /* a million years are enough for a holding time, and fit */
    if (keel_json_read_double(node, &hours) != 0 || !(hours >= 0.0 && hours < 1e10)) return none(ret);
    return keel_figure_duration((int64_t)(hours * 3600000.0 + 0.5), ret);
}

char *keel_figure_time_ms(int64_t ts_ms, char ret[KEEL_FIGURE_SIZE]) {
    (void)keel_time_format(ts_ms, ret);
    ret[10] = ' ';
    ret[16] = 0;
    return ret;
}

char *keel_figure_time(const keel_tree *node, char ret[KEEL_FIGURE_SIZE]) {
    int64_t ms = 0;
    if (!node || !node->text || keel_time_parse(node->text, &ms, NULL) != 0) return none(ret);
    return keel_figure_time_ms(ms, ret);
}

const char *keel_node_text(const keel_tree *map, const char *key) {
    const keel_tree *node = keel_tree_find(map, key);
    return node && node->text ? node->text : "-";
}
