/* ops/diff/match.c: which trade of one run is which of another: see diff.h. */
#include <stdlib.h>
#include <string.h>

#include "ops/diff/diff.h"

/* A trade in the order of matching. */
typedef struct item {
    int64_t entry_ms, exit_ms;
    int64_t at;   /* index in its list */
    int64_t mate; /* index in the other list, -1 */
    int32_t symbol, side;
} item;

static int compare_group(const item *a, const item *b) {
    if (a->symbol != b->symbol) return a->symbol < b->symbol ? -1 : 1;
    return (a->side > b->side) - (a->side < b->side);
}

static int compare(const void *x, const void *y) {
    const item *a = x, *b = y;
    int group = compare_group(a, b);
    if (group) return group;
    if (a->entry_ms != b->entry_ms) return a->entry_ms < b->entry_ms ? -1 : 1;
    if (a->exit_ms != b->exit_ms) return a->exit_ms < b->exit_ms ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static item *sorted(const keel_trade *trades, int64_t count) {
    item *list = calloc((size_t)count + 1, sizeof *list);
    if (!list) return NULL;
    for (int64_t i = 0; i < count; i++)
        list[i] = (item){trades[i].entry_ts_ms, trades[i].exit_ts_ms, i, -1, trades[i].symbol, trades[i].side};
    qsort(list, (size_t)count, sizeof *list, compare);
    return list;
}

static void pair(item *a, item *b) {
    a->mate = b->at;
    b->mate = a->at;
}

/* Those entered at the same time. */
static void match_equal(item *x, int64_t x_count, item *y, int64_t y_count) {
    int64_t k = 0;
    for (int64_t i = 0; i < x_count; i++) {
        while (k < y_count &&
               (compare_group(&y[k], &x[i]) < 0 || (compare_group(&y[k], &x[i]) == 0 && y[k].entry_ms < x[i].entry_ms)))
            k++;
        if (k < y_count && compare_group(&y[k], &x[i]) == 0 && y[k].entry_ms == x[i].entry_ms) pair(&x[i], &y[k++]);
    }
}

static int64_t distance(const item *a, const item *b) {
    return a->entry_ms < b->entry_ms ? b->entry_ms - a->entry_ms : a->entry_ms - b->entry_ms;
}

/* The nearest of those that are left; `from` is the first that can be near enough. */
static void match_near(item *x, int64_t x_count, item *y, int64_t y_count, int64_t within_ms) {
    int64_t from = 0;
    for (int64_t i = 0; i < x_count; i++) {
        int64_t best = -1;
        while (from < y_count && (compare_group(&y[from], &x[i]) < 0 || (compare_group(&y[from], &x[i]) == 0 &&
                                                                         y[from].entry_ms < x[i].entry_ms - within_ms)))
            from++;
        if (x[i].mate >= 0) continue;
        for (int64_t k = from; k < y_count && compare_group(&y[k], &x[i]) == 0; k++) {
            if (y[k].entry_ms > x[i].entry_ms + within_ms) break;
            if (y[k].mate < 0 && (best < 0 || distance(&y[k], &x[i]) < distance(&y[best], &x[i]))) best = k;
        }
        if (best >= 0) pair(&x[i], &y[best]);
    }
}

int keel_diff_match(const keel_trade *x, int64_t x_count, const keel_trade *y, int64_t y_count, int64_t within_ms,
                    int64_t *ret_of_x, keel_err *reterr) {
    item *a = sorted(x, x_count), *b = sorted(y, y_count);
    if (a && b) {
        match_equal(a, x_count, b, y_count);
        match_near(a, x_count, b, y_count, within_ms);
        for (int64_t i = 0; i < x_count; i++)
            ret_of_x[a[i].at] = a[i].mate;
    }
    int rc = a && b ? 0 : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: trades: shorten the time range");
    free(a);
    free(b);
    return rc;
}
