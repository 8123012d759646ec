/* ops/diff/diff.c: see diff.h. */
#include "ops/diff/diff.h"

#include <stdlib.h>
#include <string.h>

#include "num/int.h"

const char *keel_diff_cause_word(keel_diff_cause cause) {
    switch (cause) {
#define CASE(name, number, word, sentence) \
    case KEEL_DIFF_##name: return word;
        KEEL_DIFF_CAUSES(CASE)
#undef CASE
        case KEEL_DIFF_CAUSE_COUNT: break;
    }
    return "unknown";
}

const char *keel_diff_cause_sentence(keel_diff_cause cause) {
    switch (cause) {
#define CASE(name, number, word, sentence) \
    case KEEL_DIFF_##name: return sentence;
        KEEL_DIFF_CAUSES(CASE)
#undef CASE
        case KEEL_DIFF_CAUSE_COUNT: break;
    }
    return "";
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

typedef struct work {
    const keel_diff_stage *stages;
    int32_t count;
    int64_t within_ms;
    keel_diff *d;
    int64_t *row_of_a, *row_of_b; /* of each trade of the first and the last stage */
    int64_t *now, *before;        /* [rows] index of the stage's trade, -1 none */
    int failed;                   /* a sum beyond int64 */
    keel_err *err;
} work;

static void add(work *w, int64_t *to, int64_t value) {
    if (!keel_add_i64(*to, value, to)) w->failed = 1;
}

static int64_t less(work *w, int64_t a, int64_t b) {
    int64_t value = 0;
    if (!keel_sub_i64(a, b, &value)) w->failed = 1;
    return value;
}

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trades: shorten the time range");
}

/* What a row is ordered by. */
static const keel_trade *shown(const keel_diff *d, const keel_diff_row *r) {
    return r->a >= 0 ? &d->first->trades[r->a] : &d->last->trades[r->b];
}

typedef struct ordered {
    int64_t entry_ms, exit_ms;
    int64_t at;
    int32_t symbol, reserved;
} ordered;

static int compare_rows(const void *x, const void *y) {
    const ordered *a = x, *b = y;
    if (a->entry_ms != b->entry_ms) return a->entry_ms < b->entry_ms ? -1 : 1;
    if (a->symbol != b->symbol) return a->symbol < b->symbol ? -1 : 1;
    if (a->exit_ms != b->exit_ms) return a->exit_ms < b->exit_ms ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static int sort_rows(keel_diff *d, keel_err *err) {
    ordered *keys = calloc((size_t)d->count + 1, sizeof *keys);
    keel_diff_row *rows = calloc((size_t)d->count + 1, sizeof *rows);
    if (!keys || !rows) {
        free(keys);
        free(rows);
        return no_memory(err);
    }
    for (int64_t i = 0; i < d->count; i++) {
        const keel_trade *t = shown(d, &d->rows[i]);
        keys[i] = (ordered){t->entry_ts_ms, t->exit_ts_ms, i, t->symbol, 0};
    }
    qsort(keys, (size_t)d->count, sizeof *keys, compare_rows);
    for (int64_t i = 0; i < d->count; i++)
        rows[i] = d->rows[keys[i].at];
    free(keys);
    free(d->rows);
    d->rows = rows;
    return 0;
}

/* Every trade of A with its mate, then those that only B has. */
static int make_rows(work *w) {
    keel_diff *d = w->d;
    const keel_diff_stage *a = d->first, *b = d->last;
    KEEL_TRY(keel_diff_match(a->trades, a->count, b->trades, b->count, w->within_ms, w->row_of_a, w->err));
    for (int64_t i = 0; i < b->count; i++)
        w->row_of_b[i] = -1;
    for (int64_t i = 0; i < a->count; i++) {
        d->rows[d->count++] = (keel_diff_row){.a = i, .b = w->row_of_a[i]};
        if (w->row_of_a[i] >= 0) w->row_of_b[w->row_of_a[i]] = 0;
        d->matched += w->row_of_a[i] >= 0;
        d->only_a += w->row_of_a[i] < 0;
    }
    for (int64_t i = 0; i < b->count; i++)
        if (w->row_of_b[i] < 0) {
            d->rows[d->count++] = (keel_diff_row){.a = -1, .b = i};
            d->only_b++;
        }
    KEEL_TRY(sort_rows(d, w->err));
    for (int64_t i = 0; i < d->count; i++) {
        if (d->rows[i].a >= 0) w->row_of_a[d->rows[i].a] = i;
        if (d->rows[i].b >= 0) w->row_of_b[d->rows[i].b] = i;
    }
    return 0;
}

/* ---- stages ---------------------------------------------------------------------------------------------------- */

static int differ(const keel_trade *x, const keel_trade *y) {
    return x->entry_ts_ms != y->entry_ts_ms || x->exit_ts_ms != y->exit_ts_ms || x->entry_px_e8 != y->entry_px_e8 ||
           x->exit_px_e8 != y->exit_px_e8 || x->qty_e8 != y->qty_e8 || x->pnl_e8 != y->pnl_e8;
}

static int same_trades(const keel_diff_stage *x, const keel_diff_stage *y) {
    if (x->count != y->count) return 0;
    for (int64_t i = 0; i < x->count; i++) {
        const keel_trade *a = &x->trades[i], *b = &y->trades[i];
        if (a->symbol != b->symbol || a->side != b->side || differ(a, b)) return 0;
    }
    return 1;
}

/* Trades that are those of A, of B or of the stage before stand where those stand. *ret 1: done. */
static void place_known(work *w, const keel_diff_stage *s, int *ret) {
    const keel_diff *d = w->d;
    const int64_t *row = same_trades(s, d->first) ? w->row_of_a : same_trades(s, d->last) ? w->row_of_b : NULL;
    *ret = 1;
    if (row)
        for (int64_t i = 0; i < s->count; i++)
            w->now[row[i]] = i;
    else if (s > w->stages && same_trades(s, s - 1))
        memcpy(w->now, w->before, (size_t)d->count * sizeof *w->now);
    else
        *ret = 0;
}

/* The trades of a stage into the rows that they belong to: by A's trades first, then, of those left, by B's. */
static int place(work *w, const keel_diff_stage *s) {
    const keel_diff *d = w->d;
    int known;
    for (int64_t i = 0; i < d->count; i++)
        w->now[i] = -1;
    place_known(w, s, &known);
    if (known) return 0;
    int64_t *of_a = calloc((size_t)s->count + 1, sizeof *of_a), *left = calloc((size_t)s->count + 1, sizeof *left);
    int64_t *of_b = calloc((size_t)s->count + 1, sizeof *of_b);
    keel_trade *rest = calloc((size_t)s->count + 1, sizeof *rest);
    int rc = of_a && left && of_b && rest ? 0 : no_memory(w->err);
    int64_t n = 0;
    if (rc == 0)
        rc = keel_diff_match(s->trades, s->count, d->first->trades, d->first->count, w->within_ms, of_a, w->err);
    for (int64_t i = 0; rc == 0 && i < s->count; i++) {
        if (of_a[i] >= 0) {
            w->now[w->row_of_a[of_a[i]]] = i;
        } else {
            rest[n] = s->trades[i];
            left[n++] = i;
        }
    }
    if (rc == 0) rc = keel_diff_match(rest, n, d->last->trades, d->last->count, w->within_ms, of_b, w->err);
    for (int64_t i = 0; rc == 0 && i < n; i++)
        if (of_b[i] >= 0 && w->now[w->row_of_b[of_b[i]]] < 0) w->now[w->row_of_b[of_b[i]]] = left[i];
    free(of_a);
    free(of_b);
    free(left);
    free(rest);
    return rc;
}

static int64_t pnl(const keel_diff_stage *s, int64_t at) { return at < 0 ? 0 : s->trades[at].pnl_e8; }

static void book(work *w, keel_diff_row *r, keel_diff_cause cause, int64_t value_e8, int changed) {
    add(w, &r->part_e8[cause], value_e8);
    if (changed || value_e8 != 0) r->causes |= 1u << cause;
}

/* Profit of what is not a closed trade, and of the trades that have no row. */
static void totals_of(work *w, const keel_diff_stage *s, const int64_t *placed, int64_t *ret_open, int64_t *ret_rest) {
    int64_t all = 0, in_rows = 0;
    for (int64_t i = 0; i < s->count; i++)
        add(w, &all, s->trades[i].pnl_e8);
    for (int64_t i = 0; i < w->d->count; i++)
        add(w, &in_rows, pnl(s, placed[i]));
    *ret_open = less(w, s->net_e8, all);
    *ret_rest = less(w, all, in_rows);
}

/* From one stage to the next: what changed is booked to its cause. */
static void book_step(work *w, const keel_diff_stage *from, const keel_diff_stage *to) {
    int64_t open[2], rest[2];
    for (int64_t i = 0; i < w->d->count; i++) {
        int64_t x = w->before[i], y = w->now[i];
        int changed = (x < 0) != (y < 0) || (x >= 0 && differ(&from->trades[x], &to->trades[y]));
        book(w, &w->d->rows[i], to->cause, less(w, pnl(to, y), pnl(from, x)), changed);
    }
    totals_of(w, from, w->before, &open[0], &rest[0]);
    totals_of(w, to, w->now, &open[1], &rest[1]);
    book(w, &w->d->open, to->cause, less(w, open[1], open[0]), 0);
    book(w, &w->d->passing, to->cause, less(w, rest[1], rest[0]), 0);
}

static void sum_up(work *w) {
    keel_diff *d = w->d;
    for (int64_t i = -2; i < d->count; i++) {
        const keel_diff_row *r = i == -2 ? &d->open : i == -1 ? &d->passing : &d->rows[i];
        d->changed += i >= 0 && r->causes != 0;
        for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++) {
            add(w, &d->cause_e8[c], r->part_e8[c]);
            d->cause_rows[c] += i >= 0 && ((r->causes >> c) & 1);
        }
    }
    d->net_difference_e8 = less(w, d->last->net_e8, d->first->net_e8);
    int64_t sum = 0;
    for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++)
        add(w, &sum, d->cause_e8[c]);
    KEEL_ASSERT(w->failed || sum == d->net_difference_e8); /* the steps telescope */
}

static int walk(work *w) {
    KEEL_TRY(make_rows(w));
    KEEL_TRY(place(w, w->d->first));
    for (int32_t s = 1; s < w->count; s++) {
        int64_t *kept = w->before;
        w->before = w->now;
        w->now = kept;
        KEEL_TRY(place(w, &w->stages[s]));
        book_step(w, &w->stages[s - 1], &w->stages[s]);
    }
    sum_up(w);
    return w->failed ? keel_err_set(w->err, KEEL_E_RANGE, "a sum of differences is beyond 92 billion: start with less")
                     : 0;
}

int keel_diff_make(const keel_diff_stage *stages, int32_t count, int64_t within_ms, keel_diff *ret, keel_err *reterr) {
    KEEL_ASSERT(count >= 1);
    memset(ret, 0, sizeof *ret);
    ret->first = &stages[0];
    ret->last = &stages[count - 1];
    ret->open.a = ret->open.b = ret->passing.a = ret->passing.b = -1;
    size_t a = (size_t)ret->first->count, b = (size_t)ret->last->count;
    work w = {.stages = stages, .count = count, .within_ms = within_ms, .d = ret, .err = reterr};
    ret->rows = calloc(a + b + 1, sizeof *ret->rows);
    w.row_of_a = calloc(a + 1, sizeof *w.row_of_a);
    w.row_of_b = calloc(b + 1, sizeof *w.row_of_b);
    w.now = calloc(a + b + 1, sizeof *w.now);
    w.before = calloc(a + b + 1, sizeof *w.before);
    int rc = ret->rows && w.row_of_a && w.row_of_b && w.now && w.before ? walk(&w) : no_memory(reterr);
    free(w.row_of_a);
    free(w.row_of_b);
    free(w.now);
    free(w.before);
    return rc;
}

void keel_diff_done(keel_diff *d) {
    free(d->rows);
    memset(d, 0, sizeof *d);
}
