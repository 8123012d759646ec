/* app/cli/sweep_trial.c: see sweep_trial.h. */
#include "app/cli/sweep_trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_scope.h"
#include "app/cli/sweep_thread.h"
#include "lane/extremes.h"

int keel_sweep_thread_new(keel_cli *cli, const keel_sweep_shared *shared, keel_sweep_thread **ret) {
    keel_err *reterr = keel_cli_err(cli);
    const keel_tape *tape = shared->data->tape;
    keel_sweep_thread *t = calloc(1, sizeof *t);
    if (!t) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: thread: use fewer --threads");
    t->shared = shared;
    keel_strbuf_init(&t->partial, 0);
    int rc = keel_run_config_open(cli, shared->recorded, &t->run);
    if (rc == 0) rc = keel_sweep_settle_market(&t->run, shared->data->market, reterr);
    if (rc == 0) t->lane = keel_lane_run_new(tape->bars - tape->trade_from, tape->symbol_count);
    if (rc == 0 && !t->lane) rc = keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: thread: use fewer --threads");
    if (rc == 0)
        *ret = t;
    else
        keel_sweep_thread_free(t);
    return rc;
}

void keel_sweep_thread_free(keel_sweep_thread *t) {
    if (!t) return;
    keel_lane_run_free(t->lane);
    keel_exec_done(&t->guarded);
    keel_run_config_done(&t->run);
    keel_strbuf_done(&t->partial);
    free(t->items);
    free(t->runs);
    free(t->members);
    free(t->report);
    keel_lane_batch_room_done(&t->room);
    free(t);
}

int64_t keel_sweep_thread_bytes(const keel_sweep_thread *t) {
    return (int64_t)sizeof *t + keel_lane_run_bytes(t->lane) + t->group_bytes;
}

int64_t keel_sweep_thread_group_bytes(const keel_sweep_thread *t) { return t->group_bytes; }

const keel_run_config *keel_sweep_thread_config(const keel_sweep_thread *t) { return &t->run; }

const keel_lane_result *keel_sweep_thread_result(const keel_sweep_thread *t) { return &t->result; }

/* ---- configuration ----------------------------------------------------------------------------------------- */

int keel_sweep_vary(keel_run_config *run, const keel_space *space, const keel_space_value point[], keel_err *reterr) {
    char text[KEEL_SPACE_DIMS_MAX][KEEL_SPACE_TEXT_MAX];
    const char *names[KEEL_SPACE_DIMS_MAX], *values[KEEL_SPACE_DIMS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < space->count; i++) {
        if (!point[i].active) continue;
        names[count] = space->dims[i].path;
        values[count] = keel_space_text(&space->dims[i], &point[i], text[count]);
        count++;
    }
    return keel_run_config_vary(run, names, values, count, reterr);
}

keel_backtest_needs keel_sweep_needs(const keel_run_config *run, const keel_sweep_asked *asked,
                                     keel_backtest_part *part) {
    return (keel_backtest_needs){.run = run,
                                 .part = part,
                                 .part_count = 1,
                                 .accept_gaps = asked->accept_gaps,
                                 .accept_moves = asked->accept_moves,
                                 .no_funding = asked->no_funding,
                                 .runs = 1};
}

int keel_sweep_settle_market(keel_run_config *run, const char *market, keel_err *err) {
    if (strcmp(market, "spot") != 0) return 0;
    return keel_run_config_open_preset(run, "account.allow_short", "false", "spot account", err);
}

/* ---- tape -------------------------------------------------------------------------------------------------- */

static void cut_symbol(keel_tape_symbol *s, int64_t offset, int32_t ratio, int64_t from_ms) {
    s->open_e8 += offset;
    s->high_e8 += offset;
    s->low_e8 += offset;
    s->close_e8 += offset;
    s->volume += offset;
    if (s->detail_open_e8) {
        s->detail_open_e8 += offset * ratio;
        s->detail_high_e8 += offset * ratio;
        s->detail_low_e8 += offset * ratio;
        s->detail_close_e8 += offset * ratio;
        s->detail_volume += offset * ratio;
    }
    for (int32_t level = 0; level < KEEL_TAPE_EXTREMES; level++) {
        int64_t size = keel_extremes_size(level), pieces = offset * ratio;
        if (!s->extremes[level]) continue;
        s->extremes[level] = pieces % size == 0 ? s->extremes[level] + pieces / size * KEEL_EXTREMES_VALUES : NULL;
    }
    if (s->early) s->early += offset * KEEL_EXTREMES_VALUES;
    while (s->funding_count > 0 && s->funding_ts_ms[0] < from_ms) {
        s->funding_ts_ms++;
        s->funding_rate_e16++;
        s->funding_count--;
    }
}

int keel_sweep_thread_scope(const keel_sweep_thread *t, int64_t *ret_from_ms, int32_t *ret_symbols) {
    const keel_backtest_data *d = t->shared->data;
    const keel_backtest_part *has = t->shared->part;
    keel_backtest_part wanted = keel_backtest_part_of(&t->run);
    int64_t earliest = wanted.wants_btc ? has->earliest_ms : has->earliest_traded_ms;
    *ret_from_ms = keel_scope_history(d->tape->interval_ms, d->start_ms, earliest, wanted.warmup_bars);
    *ret_symbols = wanted.wants_btc ? d->tape->symbol_count : has->traded; /* traded ones come first */
    return *ret_from_ms >= d->tape->start_ms && (has->wants_btc || !wanted.wants_btc);
}

/* Its own history, bitcoin watched only when it is looked at. */
void keel_sweep_thread_cut(keel_sweep_thread *t, int64_t from_ms, int32_t symbols) {
    const keel_tape *all = t->shared->data->tape;
    int64_t offset = (from_ms - all->start_ms) / all->interval_ms;
    t->tape = *all;
    t->tape.start_ms = from_ms;
    t->tape.bars -= offset;
    t->tape.trade_from -= offset;
    t->tape.symbol_count = symbols;
    if (t->tape.btc[0] >= symbols) t->tape.btc[0] = -1;
    for (int32_t i = 0; i < symbols; i++)
        cut_symbol(&t->tape.sym[i], offset, all->ratio, from_ms);
}

/* ---- totals ------------------------------------------------------------------------------------------------ */

int32_t keel_sweep_thread_holds(const keel_lane_tally *tally, keel_backtest_count ret[KEEL_LANE_HOLDS]) {
    int32_t n = 0;
    for (int32_t i = 0; i < KEEL_LANE_HOLDS; i++)
        if (tally->holds[i] > 0)
            ret[n++] = (keel_backtest_count){keel_backtest_reason_name(KEEL_H_GATE + i), tally->holds[i]};
    return n;
}

void keel_sweep_thread_symbols(const keel_backtest_data *data, keel_backtest_result *ret,
                               keel_backtest_symbol symbols[]) {
    ret->symbols = symbols;
    for (int32_t i = 0; i < data->count; i++) {
        const keel_backtest_series *s = &data->series[i];
        if (!s->watch_only)
            symbols[ret->symbol_count++] = (keel_backtest_symbol){
                .name = s->name, .bars = s->bars, .first_px_e8 = s->first_px_e8, .last_px_e8 = s->last_px_e8};
    }
}

int keel_sweep_totals_write(const keel_backtest_report *report, keel_strbuf *out, keel_err *reterr) {
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: totals: close other programs");
    keel_backtest_totals_json(report, j);
    keel_strbuf_add(out, keel_json_text(j, NULL));
    keel_json_free(j);
    return keel_backtest_report_verdict(report, reterr);
}

int keel_sweep_totals(const keel_backtest_run *run, const keel_lane_tally *tally, const keel_run_config *config,
                      const keel_backtest_data *data, keel_strbuf *out, keel_err *reterr) {
    keel_backtest_symbol symbols[KEEL_SYMBOLS_MAX];
    keel_backtest_count holds[KEEL_LANE_HOLDS];
    /* its own account is the run itself: no second summary of the same */
    keel_backtest_strategy only = {
        .name = config->strategy, .strategy = config->strategy, .version = config->strategy_version};
    keel_backtest_result result = {.strategy = config->strategy,
                                   .start_ms = data->start_ms,
                                   .end_ms = data->end_ms,
                                   .start_e8 = config->starting_balance_usd_e8,
                                   .can_owe = keel_run_config_can_owe(config),
                                   .is_spot = strcmp(data->market, "spot") == 0,
                                   .run = *run,
                                   .strategies = &only,
                                   .strategy_count = 1,
                                   .holds = holds,
                                   .hold_count = keel_sweep_thread_holds(tally, holds)};
    keel_backtest_report *report = NULL;
    keel_sweep_thread_symbols(data, &result, symbols);
    KEEL_TRY(keel_backtest_report_new(&result, &report, reterr));
    int rc = keel_sweep_totals_write(report, out, reterr);
    keel_backtest_report_free(report);
    return rc;
}

keel_backtest_run keel_sweep_run_of(const keel_lane_result *r, const char *name) {
    return (keel_backtest_run){.name = name,
                               .state_hash = r->state_hash,
                               .final_e8 = r->final_e8,
                               .trades = r->trades,
                               .trade_count = r->trade_count,
                               .equity_ts_ms = r->equity_ts_ms,
                               .equity_e8 = r->equity_e8,
                               .equity_count = r->equity_count,
                               .event_drawdown = r->tally->drawdown,
                               .event_drawdown_e8 = r->tally->drawdown_e8,
                               .open_positions = r->open_positions,
                               .open_price_e8 = r->open_price_e8,
                               .open_fees_e8 = r->open_fees_e8,
                               .open_funding_e8 = r->open_funding_e8,
                               .open_slippage_e8 = r->open_slippage_e8};
}

/* ---- the run ----------------------------------------------------------------------------------------------- */

/* The loss at a step: the target of the account as if it had ended there, positions at their mark. */
static double loss_so_far(keel_sweep_thread *t, const keel_lane_result *so_far) {
    keel_backtest_run run = keel_sweep_run_of(so_far, t->run.strategy);
    keel_trial partial;
    double loss = HUGE_VAL;
    if (so_far->equity_count == 0) return loss;
    /* what is not yet realised has no parts: it stands as price of one open position */
    int64_t closed_e8 = 0;
    for (int64_t i = 0; i < run.trade_count; i++)
        closed_e8 += run.trades[i].pnl_e8;
    run.open_price_e8 = run.final_e8 - t->run.starting_balance_usd_e8 - closed_e8;
    run.open_positions = run.open_price_e8 != 0;
    keel_backtest_data range = *t->shared->data;
    range.end_ms = so_far->equity_ts_ms[so_far->equity_count - 1];
    keel_trial_init(&partial);
    keel_err ignored = {0};
    int rc = keel_sweep_totals(&run, so_far->tally, &t->run, &range, &partial.totals, &ignored);
    if ((rc == 0 || rc == KEEL_E_PARITY) && partial.totals.size > 0 &&
        keel_trial_judge(&partial, &t->shared->asked->objective, &ignored) == 0)
        loss = keel_trial_loss(&partial, &t->shared->asked->objective);
    keel_strbuf_clear(&t->partial);
    keel_strbuf_add(&t->partial, keel_strbuf_text(&partial.totals));
    keel_trial_done(&partial);
    return loss;
}

static int watch(void *data, const keel_lane_result *so_far, int32_t step, int32_t steps) {
    keel_sweep_thread *t = data;
    (void)steps;
    double loss = loss_so_far(t, so_far);
    t->trial->step_loss[step - 1] = loss;
    t->trial->step_count = step;
    return loss > t->bar->loss[step - 1];
}

int keel_sweep_thread_fail(keel_trial *ret, const keel_err *why) {
    ret->status = KEEL_TRIAL_FAILED;
    (void)snprintf(ret->error, sizeof ret->error, "%.299s", why->text);
    return 0;
}

/* A configuration that was refused has no id of its own; its trial is named by what was asked. */
static int refused(keel_sweep_thread *t, const keel_space_value point[], keel_trial *ret, const keel_err *why) {
    keel_json *j = keel_json_new(0);
    KEEL_ASSERT(j != NULL);
    keel_trial_params_json(t->shared->space, point, j);
    keel_sweep_trial_hash(keel_json_text(j, NULL), t->shared->range_hash, t->shared->asked, ret->trial_hash);
    keel_json_free(j);
    return keel_sweep_thread_fail(ret, why);
}

static int run_lane(keel_sweep_thread *t, keel_err *err) {
    const keel_sweep_shared *s = t->shared;
    keel_lane_task task = {.kernel = t->run.kernel,
                           .params = keel_run_config_rows(&t->run),
                           .by_regime = t->run.by_regime,
                           .tape = &t->tape,
                           .rules = s->data->rules,
                           .capital_e8 = t->run.starting_balance_usd_e8,
                           .close_at_end = !s->asked->keep_open,
                           .steps = t->bar ? KEEL_PRUNE_STEPS : 1,
                           .watch = t->bar ? watch : NULL,
                           .watch_data = t,
                           .interrupted = s->interrupted};
    return keel_lane_run_go(t->lane, &task, &t->result, err);
}

/* A user's file runs as in a backtest, in a child that may crash or hang without harm; nobody watches it on its way. */
static int run_user(keel_sweep_thread *t, keel_err *err) {
    const keel_sweep_shared *s = t->shared;
    keel_exec_result *r = &t->guarded;
    keel_exec_options o = {.kernel = t->run.kernel,
                           .strategy = t->run.source.user->file,
                           .by_regime = t->run.by_regime,
                           .capital_e8 = t->run.starting_balance_usd_e8,
                           .close_at_end = !s->asked->keep_open,
                           .interrupted = s->interrupted};
    keel_exec_done(r);
    KEEL_TRY(keel_exec_run(keel_run_config_rows(&t->run), &t->tape, s->data->rules, &o, r, err));
    t->result = (keel_lane_result){.trades = r->trades,
                                   .trade_count = r->trade_count,
                                   .equity_ts_ms = r->equity_ts_ms,
                                   .equity_e8 = r->equity_e8,
                                   .equity_count = r->equity_count,
                                   .tally = &r->tally,
                                   .state_hash = r->state_hash,
                                   .final_e8 = r->final_e8,
                                   .bars = t->tape.bars,
                                   .open_positions = r->open_positions,
                                   .open_price_e8 = r->open_price_e8,
                                   .open_fees_e8 = r->open_fees_e8,
                                   .open_funding_e8 = r->open_funding_e8,
                                   .open_slippage_e8 = r->open_slippage_e8};
    return 0;
}

static int is_fatal(int rc) { return rc == KEEL_E_NOMEM || rc == KEEL_E_INTERRUPTED; }

int keel_sweep_thread_set(keel_sweep_thread *t, const keel_space_value point[], keel_trial *ret, keel_err *reterr) {
    const keel_sweep_shared *s = t->shared;
    keel_err err = {0};
    int rc = keel_sweep_vary(&t->run, s->space, point, &err);
    if (rc == KEEL_E_NOMEM) return keel_err_set(reterr, rc, "%s", err.text);
    if (rc != 0) {
        (void)refused(t, point, ret, &err);
        return 1;
    }
    memcpy(ret->config_id, t->run.config_id, sizeof ret->config_id);
    keel_sweep_trial_hash(t->run.config_id, s->range_hash, s->asked, ret->trial_hash);
    rc = keel_run_config_probe(&t->run, t->run.symbols, &err);
    if (rc != 0 && is_fatal(rc)) return keel_err_set(reterr, rc, "%s", err.text);
    if (rc != 0) (void)keel_sweep_thread_fail(ret, &err);
    return rc != 0 ? 1 : 0;
}

int keel_sweep_trial_run(keel_sweep_thread *t, const keel_space_value point[], const keel_prune_bar *bar,
                         keel_trial *ret, keel_err *reterr) {
    const keel_sweep_shared *s = t->shared;
    keel_err err = {0};
    int64_t from_ms = 0;
    int32_t symbols = 0;
    memset(&t->result, 0, sizeof t->result);
    int rc = keel_sweep_thread_set(t, point, ret, reterr);
    if (rc != 0) return rc > 0 ? 0 : rc;
    if (!keel_sweep_thread_scope(t, &from_ms, &symbols)) {
        (void)keel_err_set(&err, KEEL_E_RANGE,
                           "more is needed than the sweep loaded: history or bitcoin: please report");
        return keel_sweep_thread_fail(ret, &err);
    }
    keel_sweep_thread_cut(t, from_ms, symbols);
    t->bar = bar;
    t->trial = ret;
    rc = (t->run.kernel->user ? run_user : run_lane)(t, &err);
    if (rc != 0 && is_fatal(rc)) return keel_err_set(reterr, rc, "%s", err.text);
    if (rc != 0) return keel_sweep_thread_fail(ret, &err);
    ret->bars = t->result.bars;
    if (t->result.stopped) {
        ret->status = KEEL_TRIAL_PRUNED;
        keel_strbuf_add(&ret->totals, keel_strbuf_text(&t->partial));
        return 0;
    }
    ret->state_hash = t->result.state_hash;
    keel_backtest_run run = keel_sweep_run_of(&t->result, t->run.strategy);
    rc = keel_sweep_totals(&run, t->result.tally, &t->run, s->data, &ret->totals, &err);
    if (rc == KEEL_E_NOMEM) return keel_err_set(reterr, rc, "%s", err.text);
    return rc != 0 ? keel_sweep_thread_fail(ret, &err) : 0;
}
