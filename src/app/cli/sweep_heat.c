/* app/cli/sweep_heat.c: see sweep_heat.h. */
#include "app/cli/sweep_heat.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/text_table.h"
#include "base/nearest.h"
#include "base/real.h"

/* From the worst cell to the best. */
static const char SHADES[] = ".:oO#@";
enum { SHADE_COUNT = sizeof SHADES - 1, STEP_TEXT_MAX = 64 };

/* ---- axes -------------------------------------------------------------------------------------------------- */

static int find_dim(const keel_sweep_study *s, const char *name, size_t size, int32_t *ret, keel_err *err) {
    keel_nearest near;
    char given[100], say[KEEL_NEAREST_SAY_MAX];
    (void)snprintf(given, sizeof given, "%.*s", (int)size, name);
    keel_nearest_init(&near, given);
    for (size_t k = 0; k < s->dims; k++) {
        keel_nearest_offer(&near, keel_sweep_study_dim(s, k));
        if (strcmp(keel_sweep_study_dim(s, k), given) != 0) continue;
        *ret = (int32_t)k;
        return 0;
    }
    return keel_err_set(err, KEEL_E_UNKNOWN_KEY, "'%s' was not swept: --heat%s: keel sweep show lists what was", given,
                        keel_nearest_say(&near, say));
}

static int read_axes(const keel_sweep_study *s, const char *axes, keel_sweep_heat *h, keel_err *err) {
    const char *comma = strchr(axes, ',');
    if (!comma || strchr(comma + 1, ','))
        return keel_err_set(err, KEEL_E_USAGE, "'%.100s' is not two parameters: --heat: write ROWS,COLUMNS", axes);
    KEEL_TRY(find_dim(s, axes, (size_t)(comma - axes), &h->row_dim, err));
    KEEL_TRY(find_dim(s, comma + 1, strlen(comma + 1), &h->column_dim, err));
    if (h->row_dim != h->column_dim) return 0;
    return keel_err_set(err, KEEL_E_USAGE, "one parameter twice: --heat: name two");
}

static double weight(const keel_sweep_study *s, size_t dim) {
    return s->importance[dim].defined ? s->importance[dim].value : -1.0;
}

/* The two that matter most; the earlier one where they are equal. */
static void choose_axes(const keel_sweep_study *s, keel_sweep_heat *h) {
    h->row_dim = 0;
    for (size_t k = 1; k < s->dims; k++)
        if (weight(s, k) > weight(s, (size_t)h->row_dim)) h->row_dim = (int32_t)k;
    h->column_dim = h->row_dim == 0 ? 1 : 0;
    for (size_t k = 0; k < s->dims; k++)
        if ((int32_t)k != h->row_dim && weight(s, k) > weight(s, (size_t)h->column_dim)) h->column_dim = (int32_t)k;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The steps of one axis: each value, or neighbouring values put together where there are more than fit. */
static int make_steps(const keel_sweep_study *s, int32_t dim, int32_t most, keel_heat_step *ret, int32_t *ret_count,
                      keel_err *err) {
    size_t n = (size_t)s->rows.count, used = 0, distinct = 0;
    const double *values = s->values + (size_t)dim * n;
    double *sorted = calloc(n + 1, sizeof *sorted);
    if (!sorted) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: heat map: close other programs");
    for (size_t i = 0; i < n; i++)
        if (s->has[(size_t)dim * n + i]) sorted[used++] = values[i];
    if (used > 1) qsort(sorted, used, sizeof *sorted, by_value);
    for (size_t i = 0; i < used; i++)
        if (i == 0 || sorted[i] > sorted[i - 1]) sorted[distinct++] = sorted[i];
    size_t count = distinct < (size_t)most ? distinct : (size_t)most;
    for (size_t i = 0; i < count; i++)
        ret[i] = (keel_heat_step){sorted[i * distinct / count], sorted[(i + 1) * distinct / count - 1]};
    *ret_count = (int32_t)count;
    free(sorted);
    return 0;
}

static int32_t step_of(const keel_heat_step *steps, int32_t count, double value) {
    int32_t i = 0;
    while (i + 1 < count && value > steps[i].high)
        i++;
    return i;
}

/* ---- cells ------------------------------------------------------------------------------------------------- */

typedef struct found {
    int32_t row, column;
    double target;
} found;

static int by_cell(const void *a, const void *b) {
    const found *x = a, *y = b;
    if (x->row != y->row) return x->row - y->row;
    if (x->column != y->column) return x->column - y->column;
    return (x->target > y->target) - (x->target < y->target);
}

static void take_medians(keel_sweep_heat *h, const found *all, size_t count) {
    for (size_t from = 0, to = 0; from < count; from = to) {
        const found *f = &all[from];
        while (to < count && all[to].row == f->row && all[to].column == f->column)
            to++;
        size_t n = to - from;
        h->trials[f->row][f->column] = (int64_t)n;
        h->median[f->row][f->column] = n % 2 ? f[n / 2].target : (f[n / 2 - 1].target + f[n / 2].target) / 2.0;
    }
}

static int fill(const keel_sweep_study *s, keel_sweep_heat *h, keel_err *err) {
    size_t n = (size_t)s->rows.count, used = 0;
    const size_t r = (size_t)h->row_dim * n, c = (size_t)h->column_dim * n;
    found *all = calloc(n + 1, sizeof *all);
    if (!all) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: heat map: close other programs");
    for (size_t i = 0; i < n; i++) {
        if (!s->has[r + i] || !s->has[c + i]) continue;
        all[used++] = (found){step_of(h->row, h->rows, s->values[r + i]),
                              step_of(h->column, h->columns, s->values[c + i]), s->targets[i]};
    }
    if (used > 1) qsort(all, used, sizeof *all, by_cell);
    take_medians(h, all, used);
    free(all);
    return 0;
}

int keel_sweep_heat_make(const keel_sweep_study *s, const char *axes, keel_sweep_heat *ret, keel_err *err) {
    memset(ret, 0, sizeof *ret);
    if (axes)
        KEEL_TRY(read_axes(s, axes, ret, err));
    else if (s->dims >= 2)
        choose_axes(s, ret);
    else
        return 0;
    KEEL_TRY(make_steps(s, ret->row_dim, KEEL_HEAT_ROWS, ret->row, &ret->rows, err));
    KEEL_TRY(make_steps(s, ret->column_dim, KEEL_HEAT_COLUMNS, ret->column, &ret->columns, err));
    if (ret->rows < 2 || ret->columns < 2) ret->rows = ret->columns = 0;
    return ret->rows > 0 ? fill(s, ret, err) : 0;
}

/* ---- showing ----------------------------------------------------------------------------------------------- */

static void value_text(const keel_tree *labels, double value, char ret[KEEL_REAL_TEXT_MAX]) {
    size_t at = value >= 0.0 ? (size_t)value : 0;
    if (labels && at < labels->count && labels->items[at]->text)
        (void)snprintf(ret, KEEL_REAL_TEXT_MAX, "%.20s", labels->items[at]->text);
    else
        (void)snprintf(ret, KEEL_REAL_TEXT_MAX, "%.6g", value);
}

static void step_text(const keel_tree *labels, const keel_heat_step *step, char ret[STEP_TEXT_MAX]) {
    char low[KEEL_REAL_TEXT_MAX], high[KEEL_REAL_TEXT_MAX];
    value_text(labels, step->low, low);
    value_text(labels, step->high, high);
    if (step->low < step->high && !labels) /* shorter: a range need not be exact */
        (void)snprintf(ret, STEP_TEXT_MAX, "%.3g-%.3g", step->low, step->high);
    else
        (void)snprintf(ret, STEP_TEXT_MAX, "%.20s%s%.20s", low, step->low < step->high ? "-" : "",
                       step->low < step->high ? high : "");
}

static void find_range(const keel_sweep_heat *h, double *ret_low, double *ret_high, double *ret_size) {
    *ret_low = HUGE_VAL;
    *ret_high = -HUGE_VAL;
    for (int32_t y = 0; y < h->rows; y++)
        for (int32_t x = 0; x < h->columns; x++) {
            if (h->trials[y][x] == 0) continue;
            if (h->median[y][x] < *ret_low) *ret_low = h->median[y][x];
            if (h->median[y][x] > *ret_high) *ret_high = h->median[y][x];
        }
    *ret_size = fmax(fabs(*ret_low), fabs(*ret_high));
}

static char shade(double value, double low, double high, int better) {
    double share = high > low ? (value - low) / (high - low) : 1.0;
    int at = (int)((better > 0 ? share : 1.0 - share) * (SHADE_COUNT - 1) + 0.5);
    return SHADES[at < 0 ? 0 : at >= SHADE_COUNT ? SHADE_COUNT - 1 : at];
}

static void table(const keel_sweep_study *s, const keel_sweep_heat *h, keel_strbuf *out) {
    const keel_tree *row_labels = keel_sweep_study_labels(s, (size_t)h->row_dim);
    const keel_tree *column_labels = keel_sweep_study_labels(s, (size_t)h->column_dim);
    char corner[140], heads[KEEL_HEAT_COLUMNS][STEP_TEXT_MAX], side[STEP_TEXT_MAX], texts[KEEL_HEAT_COLUMNS][40];
    const char *cells[1 + KEEL_HEAT_COLUMNS];
    double low, high, size;
    keel_table t;
    find_range(h, &low, &high, &size);
    int digits = size < 10.0 ? 2 : size < 100.0 ? 1 : 0;
    (void)snprintf(corner, sizeof corner, "%.60s \\ %.60s", keel_sweep_study_dim(s, (size_t)h->row_dim),
                   keel_sweep_study_dim(s, (size_t)h->column_dim));
    cells[0] = corner;
    for (int32_t x = 0; x < h->columns; x++) {
        step_text(column_labels, &h->column[x], heads[x]);
        cells[1 + x] = heads[x];
    }
    keel_table_init(&t, cells, 1 + h->columns, 1);
    for (int32_t y = 0; y < h->rows; y++) {
        step_text(row_labels, &h->row[y], side);
        cells[0] = side;
        for (int32_t x = 0; x < h->columns; x++) {
            double median = h->median[y][x];
            texts[x][0] = 0;
            if (h->trials[y][x] > 0)
                (void)snprintf(texts[x], sizeof texts[x], "%.*f %c", digits, median,
                               shade(median, low, high, s->rows.header.asked.objective.better));
            cells[1 + x] = texts[x];
        }
        keel_table_row(&t, cells);
    }
    keel_table_print(&t, NULL, KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
}

void keel_sweep_heat_text(const keel_sweep_study *s, const keel_sweep_heat *h, keel_strbuf *out) {
    int64_t most = 0;
    if (h->rows == 0) return;
    for (int32_t y = 0; y < h->rows; y++)
        for (int32_t x = 0; x < h->columns; x++)
            if (h->trials[y][x] > most) most = h->trials[y][x];
    keel_strbuf_addf(out, "\nHEAT MAP of %s%s, worst %c to best %c\n", most > 1 ? "median " : "",
                     s->rows.header.asked.objective.target->name, SHADES[0], SHADES[SHADE_COUNT - 1]);
    table(s, h, out);
}

static void axis_json(const keel_sweep_study *s, int32_t dim, const keel_heat_step *steps, int32_t count,
                      keel_json *j) {
    const keel_tree *labels = keel_sweep_study_labels(s, (size_t)dim);
    char text[STEP_TEXT_MAX];
    keel_json_object(j);
    keel_json_kstring(j, "param", keel_sweep_study_dim(s, (size_t)dim));
    keel_json_key(j, "steps");
    keel_json_array(j);
    for (int32_t i = 0; i < count; i++) {
        keel_json_object(j);
        step_text(labels, &steps[i], text);
        keel_json_kstring(j, "label", text);
        keel_json_kdouble(j, "low", steps[i].low);
        keel_json_kdouble(j, "high", steps[i].high);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
}

void keel_sweep_heat_json(const keel_sweep_study *s, const keel_sweep_heat *h, keel_json *j) {
    keel_json_key(j, "heat_map");
    if (h->rows == 0) {
        keel_json_null(j);
        return;
    }
    keel_json_object(j);
    keel_json_key(j, "rows");
    axis_json(s, h->row_dim, h->row, h->rows, j);
    keel_json_key(j, "columns");
    axis_json(s, h->column_dim, h->column, h->columns, j);
    keel_json_key(j, "median");
    keel_json_array(j);
    for (int32_t y = 0; y < h->rows; y++) {
        keel_json_array(j);
        for (int32_t x = 0; x < h->columns; x++) {
            if (h->trials[y][x] > 0)
                keel_json_double(j, h->median[y][x]);
            else
                keel_json_null(j);
        }
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "trials");
    keel_json_array(j);
    for (int32_t y = 0; y < h->rows; y++) {
        keel_json_array(j);
        for (int32_t x = 0; x < h->columns; x++)
            keel_json_int(j, h->trials[y][x]);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
}
