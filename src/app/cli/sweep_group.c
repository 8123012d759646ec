/* app/cli/sweep_group.c: many trials of a thread side by side; see sweep_trial.h. */
#include <stdlib.h>
#include <string.h>

#include "app/cli/sweep_device.h"
#include "app/cli/sweep_thread.h"

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trials: use fewer --threads");
}

static int make_room(keel_sweep_thread *t, int32_t count, keel_err *err) {
    if (count <= t->item_cap) return 0;
    keel_sweep_item *items = realloc(t->items, (size_t)count * sizeof *items);
    if (items) t->items = items;
    keel_group_run *runs = realloc(t->runs, (size_t)count * sizeof *runs);
    if (runs) t->runs = runs;
    int32_t *members = realloc(t->members, (size_t)count * sizeof *members);
    if (members) t->members = members;
    if (!items || !runs || !members) return no_memory(err);
    t->item_cap = count;
    return 0;
}

static keel_group_run run_of(keel_sweep_item *item) {
    return (keel_group_run){.params = item->rows ? item->rows : &item->params,
                            .by_regime = item->rows != NULL,
                            .capital_e8 = item->scale.start_e8,
                            .book = &item->book};
}

/* Take over the configuration of one point. */
static int prepare(keel_sweep_thread *t, const keel_space_value point[], keel_sweep_item *item, keel_trial *ret,
                   keel_err *reterr) {
    const keel_backtest_data *d = t->shared->data;
    keel_err err = {0};
    item->waits = 0;
    int rc = keel_sweep_thread_set(t, point, ret, reterr);
    if (rc != 0) return rc > 0 ? 0 : rc;
    item->params = t->run.params;
    if (t->run.by_regime) {
        item->rows = malloc(sizeof t->run.rows);
        if (!item->rows) return no_memory(reterr);
        memcpy(item->rows, t->run.rows, sizeof t->run.rows);
    }
    item->scale = (keel_backtest_scale){.start_ms = d->start_ms,
                                        .end_ms = d->end_ms,
                                        .start_e8 = t->run.starting_balance_usd_e8,
                                        .can_owe = keel_run_config_can_owe(&t->run)};
    if (!keel_sweep_thread_scope(t, &item->from_ms, &item->symbols)) {
        (void)keel_err_set(&err, KEEL_E_RANGE,
                           "more is needed than the sweep loaded: history or bitcoin: please report");
        return keel_sweep_thread_fail(ret, &err);
    }
    rc = keel_stats_book_init(&item->book, d->start_ms, d->end_ms, item->scale.start_e8, &err);
    if (rc == KEEL_E_NOMEM) return keel_err_set(reterr, rc, "%s", err.text);
    if (rc != 0) return keel_sweep_thread_fail(ret, &err);
    item->waits = 1;
    return 0;
}

/* The totals of a trial that ran. */
static int tell(keel_sweep_thread *t, keel_sweep_item *item, const keel_lane_result *r, keel_trial *ret,
                keel_err *reterr) {
    const keel_backtest_data *d = t->shared->data;
    keel_backtest_symbol symbols[KEEL_SYMBOLS_MAX];
    keel_backtest_count holds[KEEL_LANE_HOLDS];
    keel_err err = {0};
    keel_backtest_result result = {.strategy = t->run.strategy,
                                   .start_ms = d->start_ms,
                                   .end_ms = d->end_ms,
                                   .start_e8 = item->scale.start_e8,
                                   .can_owe = item->scale.can_owe,
                                   .is_spot = strcmp(d->market, "spot") == 0,
                                   .run = {.name = t->run.strategy,
                                           .state_hash = r->state_hash,
                                           .final_e8 = r->final_e8,
                                           .trade_count = r->trade_count,
                                           .event_drawdown = r->tally->drawdown,
                                           .event_drawdown_e8 = r->tally->drawdown_e8,
                                           .open_positions = r->open_positions,
                                           .open_price_e8 = r->open_price_e8,
                                           .open_fees_e8 = r->open_fees_e8,
                                           .open_funding_e8 = r->open_funding_e8,
                                           .open_slippage_e8 = r->open_slippage_e8},
                                   .holds = holds,
                                   .hold_count = keel_sweep_thread_holds(r->tally, holds)};
    keel_sweep_thread_symbols(d, &result, symbols);
    ret->bars = r->bars;
    ret->state_hash = r->state_hash;
    int rc = keel_backtest_report_brief(&result, &item->book, t->report, &err);
    if (rc == 0) rc = keel_sweep_totals_write(t->report, &ret->totals, &err);
    if (rc == KEEL_E_NOMEM) return keel_err_set(reterr, rc, "%s", err.text);
    return rc != 0 ? keel_sweep_thread_fail(ret, &err) : 0;
}

/* Empty books for the same trials again. */
static int renew_books(keel_sweep_thread *t, int32_t n, keel_err *err) {
    for (int32_t k = 0; k < n; k++) {
        keel_sweep_item *item = &t->items[t->members[k]];
        keel_stats_book_done(&item->book);
        KEEL_TRY(
            keel_stats_book_init(&item->book, item->scale.start_ms, item->scale.end_ms, item->scale.start_e8, err));
        t->runs[k] = run_of(item);
    }
    return 0;
}

/* Make n runs, on the device where there is one. */
static int make_runs(keel_sweep_thread *t, const keel_group_task *task, int32_t n, keel_group **ret, keel_err *err) {
    int lost = 1;
    *ret = NULL;
    if (t->shared->device) {
        KEEL_TRY(keel_sweep_device_go(t->shared->device, task, t->runs, n, &t->room, &lost, err));
        if (lost) KEEL_TRY(renew_books(t, n, err));
    }
    return lost ? keel_group_go(task, t->runs, n, ret, err) : 0;
}

/* Run all that wait and have the tape of item `first`. */
static int run_alike(keel_sweep_thread *t, int32_t first, int32_t count, keel_trial *const ret[], keel_err *reterr) {
    const keel_sweep_shared *s = t->shared;
    const keel_sweep_item *like = &t->items[first];
    keel_group *group = NULL;
    int32_t n = 0;
    for (int32_t i = first; i < count; i++) {
        keel_sweep_item *item = &t->items[i];
        if (!item->waits || item->from_ms != like->from_ms || item->symbols != like->symbols) continue;
        t->runs[n] = run_of(item);
        t->members[n++] = i;
    }
    keel_sweep_thread_cut(t, like->from_ms, like->symbols);
    keel_group_task task = {.kernel = t->run.kernel,
                            .tape = &t->tape,
                            .rules = s->data->rules,
                            .close_at_end = !s->asked->keep_open,
                            .interrupted = s->interrupted};
    KEEL_TRY(make_runs(t, &task, n, &group, reterr));
    int64_t bytes = group ? keel_group_bytes(group) : 0;
    int rc = 0;
    for (int32_t k = 0; rc == 0 && k < n; k++) {
        keel_sweep_item *item = &t->items[t->members[k]];
        keel_trial *trial = ret[t->members[k]];
        bytes += (int64_t)sizeof *item + keel_stats_book_bytes(&item->book);
        item->waits = 0;
        rc = t->runs[k].code != 0 ? keel_sweep_thread_fail(trial, &t->runs[k].err)
                                  : tell(t, item, &t->runs[k].result, trial, reterr);
    }
    if (bytes > t->group_bytes) t->group_bytes = bytes;
    keel_group_free(group);
    return rc;
}

int keel_sweep_group_run(keel_sweep_thread *t, int32_t count, keel_space_value *const point[], keel_trial *const ret[],
                         keel_err *reterr) {
    int32_t made = 0;
    int rc = make_room(t, count, reterr);
    if (rc == 0 && !t->report) t->report = calloc(1, sizeof *t->report);
    if (rc == 0 && !t->report) rc = no_memory(reterr);
    for (; rc == 0 && made < count; made++) {
        memset(&t->items[made], 0, sizeof t->items[made]);
        rc = prepare(t, point[made], &t->items[made], ret[made], reterr);
    }
    for (int32_t i = 0; rc == 0 && i < count; i++)
        if (t->items[i].waits) rc = run_alike(t, i, count, ret, reterr);
    for (int32_t i = 0; i < made; i++) {
        keel_stats_book_done(&t->items[i].book);
        free(t->items[i].rows);
    }
    return rc;
}
