/* research/sweep/group.c: see group.h. */
#include "research/sweep/group.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/refusal.h"
#include "num/int.h"
#include "research/sweep/columns.h"
#include "research/trade_figures.h"

enum { TRADES_MIN = 1024, SAMPLES = 8192 };

/* What one configuration remembers, cut off behind the symbols there are. */
typedef struct member {
    keel_lane *lane;
    keel_state *state;
    keel_snapshot *snaps; /* [symbols] */
    keel_columns_use use;
    int status; /* of the lane */
} member;

struct keel_group {
    const keel_group_task *task;
    keel_group_run *runs;
    int32_t count;
    int32_t *order; /* [count] in which they take a window */
    member *members;
    char *memory;
    keel_columns *columns;
    keel_trade *trades; /* of one run in one window, as buffers */
    int64_t trade_cap;
    int64_t *equity_ts_ms, *equity_e8;
    int64_t bytes;
};

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trials: use fewer --threads");
}

static size_t rounded(size_t size) { return (size + 63) / 64 * 64; }

static int set_up(keel_group *g) {
    size_t n = (size_t)g->task->tape->symbol_count, count = (size_t)g->count;
    size_t lane = rounded(offsetof(keel_lane, sym) + n * sizeof(keel_lane_symbol));
    size_t state = rounded(offsetof(keel_state, sym) + n * sizeof(keel_symbol));
    size_t snaps = rounded(n * sizeof(keel_snapshot)), all = lane + state + snaps;
    g->trade_cap = TRADES_MIN + keel_lane_trade_room(g->task->tape);
    g->members = calloc(count, sizeof *g->members);
    g->order = calloc(count, sizeof *g->order);
    g->memory = calloc(count, all);
    g->trades = malloc((size_t)g->trade_cap * sizeof *g->trades);
    g->equity_ts_ms = malloc(SAMPLES * sizeof *g->equity_ts_ms);
    g->equity_e8 = malloc(SAMPLES * sizeof *g->equity_e8);
    g->columns = keel_columns_new(g->task->kernel, g->task->tape);
    if (!g->members || !g->order || !g->memory || !g->trades || !g->equity_ts_ms || !g->equity_e8 || !g->columns)
        return 0;
    for (size_t i = 0; i < count; i++) {
        g->members[i].lane = (keel_lane *)(void *)(g->memory + i * all);
        g->members[i].state = (keel_state *)(void *)(g->memory + i * all + lane);
        g->members[i].snaps = (keel_snapshot *)(void *)(g->memory + i * all + lane + state);
    }
    g->bytes = (int64_t)(sizeof *g + count * (sizeof *g->members + sizeof *g->order + all) +
                         (size_t)g->trade_cap * sizeof *g->trades + 2 * SAMPLES * sizeof(int64_t));
    return 1;
}

void keel_group_free(keel_group *g) {
    if (!g) return;
    keel_columns_free(g->columns);
    free(g->members);
    free(g->order);
    free(g->memory);
    free(g->trades);
    free(g->equity_ts_ms);
    free(g->equity_e8);
    free(g);
}

int64_t keel_group_bytes(const keel_group *g) { return g->bytes + keel_columns_bytes(g->columns); }

/* ---- order ------------------------------------------------------------------------------------------------- */

/* The column that place `place` of a run's list of parts reads; 0 where there is none. */
static int32_t entry_at(const member *m, int32_t place) {
    return place < m->use.entry_count ? m->use.entries[place] : 0;
}

/* The place at which the runs differ most; `marks` holds [entries] zeros. */
static int32_t place_of_most(const keel_group *g, int32_t marks[]) {
    int32_t most = 0, ret = 0;
    for (int32_t place = 0; place < KEEL_SIGNAL_SPEC_MAX; place++) {
        int32_t distinct = 0;
        for (int32_t i = 0; i < g->count; i++) {
            int32_t *mark = &marks[entry_at(&g->members[i], place)];
            distinct += *mark <= place;
            *mark = place + 1;
        }
        if (distinct <= most) continue;
        most = distinct;
        ret = place;
    }
    return ret;
}

/* Runs that read the same column of those that are read least often follow each other: it comes from afar once in a
 * window, and the few others stay in the second cache. No run knows of another, so their order changes nothing. */
static int set_order(keel_group *g) {
    int32_t entries = 1;
    for (int32_t i = 0; i < g->count; i++)
        for (int32_t k = 0; k < g->members[i].use.entry_count; k++)
            if (g->members[i].use.entries[k] >= entries) entries = g->members[i].use.entries[k] + 1;
    int32_t *marks = calloc((size_t)entries + 1, sizeof *marks);
    if (!marks) return 0;
    int32_t place = place_of_most(g, marks);
    memset(marks, 0, ((size_t)entries + 1) * sizeof *marks);
    for (int32_t i = 0; i < g->count; i++)
        marks[entry_at(&g->members[i], place) + 1]++;
    for (int32_t e = 0; e < entries; e++)
        marks[e + 1] += marks[e];
    for (int32_t i = 0; i < g->count; i++)
        g->order[marks[entry_at(&g->members[i], place)]++] = i;
    free(marks);
    return 1;
}

/* ---- one run ----------------------------------------------------------------------------------------------- */

static int begin(keel_group *g, int32_t i, keel_err *err) {
    const keel_group_task *t = g->task;
    member *m = &g->members[i];
    keel_group_run *r = &g->runs[i];
    memset(&r->result, 0, sizeof r->result);
    r->code = keel_columns_ask(g->columns, r->params, &m->use, &r->err);
    if (r->code == KEEL_E_NOMEM) return keel_err_set(err, r->code, "%s", r->err.text);
    if (r->code != 0) return 0;
    int32_t refused = t->kernel->lane_init(m->lane, m->state, r->params, t->tape, r->capital_e8, t->close_at_end);
    if (refused != KEEL_REFUSED_OK) r->code = keel_refusal_of_capital(refused, &r->err);
    m->lane->by_regime = r->by_regime;
    for (int32_t s = 0; s < t->tape->symbol_count; s++)
        m->state->sym[s].rules = t->rules[s];
    m->status = KEEL_LANE_WINDOW;
    return 0;
}

int keel_group_keep(keel_group_run *r, const keel_lane_result *part, keel_err *err) {
    for (int64_t i = 0; i < part->trade_count; i++) {
        keel_stats_trade trade = keel_trade_figures(&part->trades[i]);
        KEEL_TRY(keel_stats_book_trade(r->book, &trade, err));
        if (!keel_trade_adds_up(&part->trades[i]) && r->code == 0)
            r->code = keel_err_set(&r->err, KEEL_E_PARITY,
                                   "trade %lld: price - fees - funding - slippage is not its profit: the books are "
                                   "broken, please report this run",
                                   (long long)part->trades[i].trade_id);
    }
    for (int64_t i = 0; i < part->equity_count; i++)
        keel_stats_book_sample(r->book, part->equity_ts_ms[i], part->equity_e8[i]);
    return 0;
}

static int drain(keel_group_run *r, keel_lane_out *out, keel_err *err) {
    keel_lane_result part = {.trades = out->trades,
                             .trade_count = out->trade_count,
                             .equity_ts_ms = out->equity_ts_ms,
                             .equity_e8 = out->equity_e8,
                             .equity_count = out->equity_count};
    KEEL_TRY(keel_group_keep(r, &part, err));
    r->result.trade_count += out->trade_count;
    r->result.equity_count += out->equity_count;
    out->trade_count = 0;
    out->equity_count = 0;
    return 0;
}

/* One window of one run. */
static int advance(keel_group *g, int32_t i, keel_err *err) {
    const keel_group_task *t = g->task;
    member *m = &g->members[i];
    keel_group_run *r = &g->runs[i];
    const keel_window *window = keel_columns_window(g->columns, r->params, &m->use);
    keel_lane_out out = {.trades = g->trades,
                         .trade_cap = g->trade_cap,
                         .equity_ts_ms = g->equity_ts_ms,
                         .equity_e8 = g->equity_e8,
                         .equity_cap = SAMPLES,
                         .lean = 1};
    do {
        m->status = t->kernel->lane_advance(m->lane, m->state, r->params, t->tape, NULL, m->snaps, window, &out);
        KEEL_TRY(drain(r, &out, err));
    } while (m->status == KEEL_LANE_DRAIN);
    if (m->status == KEEL_LANE_FAULT) r->code = keel_refusal_of_event(m->lane, &r->err);
    return 0;
}

static void finish(keel_group *g, int32_t i) {
    member *m = &g->members[i];
    keel_group_run *r = &g->runs[i];
    keel_lane_ending end;
    r->result.tally = &m->lane->tally;
    r->result.bars = m->lane->bar;
    if (r->code != 0) return;
    keel_lane_end_of(m->state, r->params, &end);
    keel_lane_result_end(&r->result, &end);
}

int keel_group_go(const keel_group_task *task, keel_group_run runs[], int32_t count, keel_group **ret,
                  keel_err *reterr) {
    keel_group *g = calloc(1, sizeof *g);
    if (!g) return no_memory(reterr);
    g->task = task;
    g->runs = runs;
    g->count = count;
    int rc = set_up(g) ? 0 : no_memory(reterr);
    for (int32_t i = 0; rc == 0 && i < count; i++)
        rc = begin(g, i, reterr);
    if (rc == 0) rc = keel_columns_begin(g->columns, reterr);
    if (rc == 0 && !set_order(g)) rc = no_memory(reterr);
    while (rc == 0 && keel_columns_next(g->columns) > 0) {
        for (int32_t i = 0; rc == 0 && i < count; i++)
            if (runs[g->order[i]].code == 0) rc = advance(g, g->order[i], reterr);
        if (rc == 0 && task->interrupted && task->interrupted())
            rc = keel_err_set(reterr, KEEL_E_INTERRUPTED, "interrupted: trial: run the command again");
    }
    for (int32_t i = 0; rc == 0 && i < count; i++)
        finish(g, i);
    if (rc == 0)
        *ret = g;
    else
        keel_group_free(g);
    return rc;
}
