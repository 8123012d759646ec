/* app/cli/backtest_json.c: the backtest document. Keys are a published contract: add, never rename. */
#include <inttypes.h>
#include <stdio.h>

#include "app/cli/backtest_internal.h"
#include "base/build.h"
#include "base/timerange.h"
#include "num/int.h"

static const double MS_PER_HOUR = 3600000.0;

static void kstat(keel_json *j, const char *key, keel_stat s) {
    keel_json_key(j, key);
    if (s.defined)
        keel_json_double(j, s.value);
    else
        keel_json_null(j);
}

static void ktime(keel_json *j, const char *key, int64_t ts_ms) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_kstring(j, key, keel_time_format(ts_ms, text));
}

static void khash(keel_json *j, const char *key, uint64_t hash) {
    char text[17];
    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    keel_json_kstring(j, key, text);
}

/* Money, or null where there is none to speak of. */
static void kmoney_if(keel_json *j, const char *key, int defined, int64_t value_e8) {
    keel_json_key(j, key);
    if (defined)
        keel_json_e8(j, value_e8);
    else
        keel_json_null(j);
}

/* funding is paid + in the books, received + in documents */
static int64_t received(int64_t paid_e8) { return -paid_e8; }

/* What holding a position brought: funding of perpetuals, interest on what spot positions borrow. Never both. */
static void carried(const keel_backtest_report *r, int64_t received_e8, keel_json *j) {
    keel_json_ke8(j, "funding_usd", r->in->is_spot ? 0 : received_e8);
    keel_json_ke8(j, "borrow_usd", r->in->is_spot ? received_e8 : 0);
}

/* Whether the run was compared with another execution of the same configuration, and how that went. */
static void parity(const keel_backtest_result *in, keel_json *j) {
    keel_json_key(j, "parity");
    keel_json_object(j);
    keel_json_kstring(j, "status", !in->trial_hash ? "not_compared" : in->trial_equal ? "equal" : "different");
    keel_json_kstring(j, "trial_hash", in->trial_hash);
    keel_json_kstring(j, "sweep_id", in->trial_sweep);
    keel_json_close(j);
}

static void trials_spent(const keel_backtest_result *in, keel_json *j) {
    keel_json_key(j, "trials_spent_on_dataset");
    if (in->trial_count >= 0)
        keel_json_int(j, in->trial_count);
    else
        keel_json_null(j);
    keel_json_key(j, "sweeps_on_dataset");
    if (in->trial_count >= 0)
        keel_json_int(j, in->trial_sweeps);
    else
        keel_json_null(j);
}

static void identity(const keel_backtest_result *in, keel_json *j) {
    keel_json_kstring(j, "schema", KEEL_BACKTEST_SCHEMA);
    keel_json_kint(j, "schema_version", KEEL_BACKTEST_SCHEMA_VERSION);
    keel_json_kstring(j, "run_id", in->run_id);
    khash(j, "state_hash", in->run.state_hash);
    keel_json_kstring(j, "config_id", in->config_id);
    keel_json_kstring(j, "dataset_hash", in->dataset_hash);
    keel_json_kstring(j, "build", in->build);
    keel_json_kstring(j, "strategy", in->strategy);
    keel_json_kstring(j, "accounts", in->accounts);
    keel_json_kstring(j, "trading_mode", in->trading_mode);
    keel_json_kstring(j, "timeframe", in->timeframe);
    keel_json_kstring(j, "detail", in->detail);
    keel_json_key(j, "effective_range");
    keel_json_object(j);
    ktime(j, "start", in->start_ms);
    ktime(j, "end", in->end_ms);
    keel_json_close(j);
    parity(in, j);
    trials_spent(in, j);
    keel_json_kint(j, "bars_processed", in->bars_processed);
    keel_json_kdouble(j, "wall_seconds", in->wall_seconds);
    keel_json_key(j, "manifest"); /* what a rerun needs: the same of each gives the same state_hash */
    keel_json_object(j);
    keel_json_kstring(j, "run_id", in->run_id);
    keel_json_kstring(j, "config_id", in->config_id);
    keel_json_kstring(j, "dataset_hash", in->dataset_hash);
    keel_json_kstring(j, "git_revision", keel_build_revision());
    keel_json_kstring(j, "version", keel_build_version());
    keel_json_kstring(j, "compiler", keel_build_compiler());
    keel_json_kstring(j, "build_flags", keel_build_flags());
    keel_json_kstring(j, "strategy", in->strategy);
    keel_json_kstring(j, "strategy_version", in->strategy_version);
    keel_backtest_declared_json(in, j);
    keel_json_kstring(j, "fill_model", "bars_next_open");
    keel_json_key(j, "seed"); /* nothing in a run on bars is drawn */
    keel_json_null(j);
    keel_json_close(j);
}

static void totals_money(const keel_backtest_report *r, keel_json *j) {
    const keel_stats_summary *s = &r->summary;
    keel_json_ke8(j, "starting_balance_usd", r->in->start_e8);
    keel_json_ke8(j, "final_balance_usd", r->in->run.final_e8);
    keel_json_ke8(j, "net_profit_usd", s->net_e8);
    kstat(j, "net_profit_pct", s->net_profit_pct);
    keel_json_ke8(j, "gross_profit_usd", s->tally.gross_profit_e8);
    keel_json_ke8(j, "gross_loss_usd", s->tally.gross_loss_e8);
    keel_json_ke8(j, "price_profit_usd", r->price_e8);
    keel_json_ke8(j, "fees_usd", r->fees_e8);
    carried(r, r->funding_e8, j);
    keel_json_ke8(j, "slippage_usd", r->slippage_e8);
    keel_json_ke8(j, "turnover_usd", s->tally.turnover_e8);
}

static void totals_trades(const keel_backtest_report *r, keel_json *j) {
    const keel_stats_summary *s = &r->summary;
    const keel_stats_tally *t = &s->tally;
    keel_json_kint(j, "trades", t->trades);
    keel_json_kint(j, "wins", t->wins);
    keel_json_kint(j, "losses", t->losses);
    keel_json_kint(j, "draws", t->draws);
    keel_json_kint(j, "long_trades", t->long_trades);
    keel_json_kint(j, "short_trades", t->short_trades);
    keel_json_ke8(j, "long_profit_usd", t->long_pnl_e8);
    keel_json_ke8(j, "short_profit_usd", t->short_pnl_e8);
    kstat(j, "win_rate", s->win_rate);
    kstat(j, "profit_factor", s->profit_factor);
    kmoney_if(j, "expectancy_usd", t->trades > 0, s->expectancy_e8);
    kstat(j, "expectancy_ratio", s->expectancy_ratio);
    kstat(j, "trade_return_mean_pct", s->trade_return_pct);
    kmoney_if(j, "best_trade_usd", t->trades > 0, t->best_pnl_e8);
    kmoney_if(j, "worst_trade_usd", t->trades > 0, t->worst_pnl_e8);
    keel_json_kint(j, "win_streak_max", t->win_streak_max);
    keel_json_kint(j, "loss_streak_max", t->loss_streak_max);
    keel_json_kint(j, "open_positions", r->in->run.open_positions);
    keel_json_kint(j, "entries_held", keel_backtest_held_count(r->in));
}

static void totals_risk(const keel_backtest_report *r, keel_json *j) {
    const keel_stats_summary *s = &r->summary;
    const keel_stats_drawdown *d = &s->drawdown;
    kstat(j, "sharpe", s->sharpe);
    kstat(j, "sortino", s->sortino);
    kstat(j, "calmar", s->calmar);
    kstat(j, "cagr_pct", s->cagr_pct);
    kstat(j, "volatility_pct", s->volatility_pct);
    kstat(j, "sqn", s->sqn);
    kstat(j, "psr", s->psr);
    kstat(j, "kelly", s->kelly);
    kstat(j, "skew", s->skew);
    kstat(j, "kurtosis", s->kurtosis);
    kstat(j, "max_drawdown_pct", s->max_drawdown_pct);
    keel_json_ke8(j, "max_drawdown_usd", s->max_drawdown_e8);
    keel_json_kdouble(j, "drawdown_duration_h", (double)keel_stats_drawdown_ms(d) / MS_PER_HOUR);
    keel_json_kdouble(j, "longest_drawdown_h", (double)d->longest_ms / MS_PER_HOUR);
    kstat(j, "exposure_pct", s->exposure_pct);
    kstat(j, "market_change_pct", keel_backtest_market_change_pct(r->in));
    keel_json_ke8(j, "min_balance_usd", d->equity_min_e8);
    keel_json_ke8(j, "max_balance_usd", d->equity_max_e8);
    keel_json_kint(j, "days", s->days);
    keel_json_kint(j, "days_won", s->days_won);
    keel_json_kint(j, "days_drawn", s->days_drawn);
    keel_json_kint(j, "days_lost", s->days_lost);
}

/* How deep at all, and what saw it. Of several accounts together nothing is known inside bars. */
static void finest_drawdown(const keel_backtest_report *r, keel_json *j) {
    const keel_stats_summary *s = &r->summary;
    int inside = r->in->run.event_drawdown > 0.0 || r->in->run.event_drawdown_e8 > 0;
    keel_json_key(j, "finest");
    keel_json_object(j);
    keel_json_kstring(j, "resolution", !inside ? "bar_close" : r->in->detail ? r->in->detail : r->in->timeframe);
    kstat(j, "depth_pct", s->max_drawdown_pct);
    keel_json_ke8(j, "depth_usd", s->max_drawdown_e8);
    keel_json_close(j);
}

static void drawdown(const keel_backtest_report *r, keel_json *j) {
    const keel_stats_drawdown *d = &r->summary.drawdown;
    keel_json_key(j, "max_drawdown");
    if (!(d->depth > 0.0)) {
        keel_json_null(j);
        return;
    }
    keel_json_object(j);
    keel_json_kstring(j, "resolution", "bar_close"); /* all of one fall; the finest depth is maybe of another */
    keel_json_kdouble(j, "depth_pct", 100.0 * d->depth);
    keel_json_ke8(j, "depth_usd", d->peak_e8 - d->trough_e8);
    ktime(j, "peak", d->peak_ts_ms);
    ktime(j, "trough", d->trough_ts_ms);
    ktime(j, "end", d->end_ts_ms);
    keel_json_kbool(j, "recovered", d->recovered);
    keel_json_ke8(j, "peak_usd", d->peak_e8);
    keel_json_ke8(j, "trough_usd", d->trough_e8);
    finest_drawdown(r, j);
    keel_json_close(j);
}

static void costs(const keel_backtest_report *r, keel_json *j) {
    keel_json_key(j, "cost_decomposition");
    keel_json_object(j);
    keel_json_ke8(j, "price_usd", r->price_e8);
    carried(r, r->funding_e8, j);
    keel_json_ke8(j, "fees_usd", r->fees_e8);
    keel_json_ke8(j, "slippage_usd", r->slippage_e8);
    keel_json_ke8(j, "net_usd", r->summary.net_e8);
    keel_json_close(j);
}

void keel_backtest_group_json(const keel_backtest_report *r, const keel_stats_tally *t, keel_json *j) {
    int64_t expectancy_e8 = 0;
    int any = keel_stats_tally_expectancy(t, &expectancy_e8);
    keel_json_kint(j, "trades", t->trades);
    keel_json_kint(j, "wins", t->wins);
    keel_json_kint(j, "losses", t->losses);
    keel_json_kint(j, "draws", t->draws);
    kstat(j, "win_rate", keel_stats_tally_win_rate(t));
    keel_json_ke8(j, "pnl_usd", t->pnl_e8);
    keel_json_kdouble(j, "pnl_pct", keel_backtest_pct_of_start(r->in, t->pnl_e8));
    keel_json_ke8(j, "price_usd", t->price_e8);
    carried(r, received(t->funding_e8), j);
    keel_json_ke8(j, "fees_usd", t->fees_e8);
    keel_json_ke8(j, "slippage_usd", t->slippage_e8);
    keel_json_ke8(j, "long_pnl_usd", t->long_pnl_e8);
    keel_json_ke8(j, "short_pnl_usd", t->short_pnl_e8);
    keel_json_ke8(j, "turnover_usd", t->turnover_e8);
    kstat(j, "profit_factor", keel_stats_tally_profit_factor(t));
    kmoney_if(j, "expectancy_usd", any, expectancy_e8);
    kstat(j, "trade_return_mean_pct", keel_stat_scale(keel_stats_tally_return_mean(t), 100.0));
    /* fall of the closed profit from its peak, trade by trade, against the starting balance */
    keel_json_ke8(j, "max_drawdown_usd", t->pnl_fall_max_e8);
    keel_json_kdouble(j, "max_drawdown_pct", keel_backtest_pct_of_start(r->in, t->pnl_fall_max_e8));
    keel_json_key(j, "holding_mean_h");
    if (t->held.count)
        keel_json_double(j, (double)t->held.sum_ms / (double)t->held.count / MS_PER_HOUR);
    else
        keel_json_null(j);
}

static void groups(const keel_backtest_report *r, const char *key, const char *label, const keel_backtest_groups *set,
                   keel_json *j) {
    keel_json_key(j, key);
    keel_json_array(j);
    for (int32_t i = 0; i < set->count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, label, set->items[i].label);
        keel_backtest_group_json(r, &set->items[i].tally, j);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void hours(const keel_backtest_report *r, keel_json *j) {
    keel_json_key(j, "per_hour");
    keel_json_array(j);
    for (int32_t i = 0; i < r->by_hour.count; i++) {
        keel_json_object(j);
        keel_json_kint(j, "hour", i);
        keel_backtest_group_json(r, &r->by_hour.items[i].tally, j);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void baseline(const keel_backtest_report *r, int32_t i, keel_json *j) {
    const keel_backtest_run *run = &r->in->baselines[i];
    const keel_stats_summary *s = &r->baselines[i];
    int64_t excess_e8 = 0;
    int fits = keel_sub_i64(r->summary.net_e8, s->net_e8, &excess_e8);
    keel_json_object(j);
    keel_json_kstring(j, "name", run->name);
    khash(j, "state_hash", run->state_hash);
    keel_json_ke8(j, "final_balance_usd", run->final_e8);
    keel_json_ke8(j, "net_profit_usd", s->net_e8);
    kstat(j, "net_profit_pct", s->net_profit_pct);
    kmoney_if(j, "excess_usd", fits, excess_e8);
    keel_json_kdouble(
        j, "excess_pct",
        keel_backtest_pct_of_start(r->in, r->summary.net_e8) - keel_backtest_pct_of_start(r->in, s->net_e8));
    keel_json_kint(j, "trades", s->tally.trades);
    keel_json_ke8(j, "fees_usd", s->tally.fees_e8);
    carried(r, received(s->tally.funding_e8), j);
    keel_json_ke8(j, "slippage_usd", s->tally.slippage_e8);
    kstat(j, "sharpe", s->sharpe);
    kstat(j, "sortino", s->sortino);
    kstat(j, "calmar", s->calmar);
    kstat(j, "cagr_pct", s->cagr_pct);
    kstat(j, "max_drawdown_pct", s->max_drawdown_pct);
    keel_json_ke8(j, "max_drawdown_usd", s->max_drawdown_e8);
    kstat(j, "exposure_pct", s->exposure_pct);
    keel_json_close(j);
}

static void baselines(const keel_backtest_report *r, keel_json *j) {
    keel_json_key(j, "baselines");
    keel_json_array(j);
    for (int32_t i = 0; i < r->in->baseline_count; i++)
        baseline(r, i, j);
    keel_json_close(j);
}

static void findings(const keel_backtest_report *r, keel_json *j) {
    keel_json_key(j, "findings");
    keel_json_array(j);
    for (int32_t i = 0; i < r->finding_count; i++) {
        const keel_backtest_finding *f = &r->findings[i];
        keel_json_object(j);
        keel_json_kstring(j, "severity", keel_backtest_severity_name(f->severity));
        keel_json_kstring(j, "code", f->code);
        keel_json_kstring(j, "text", f->text);
        kstat(j, "value", f->value);
        kstat(j, "limit", f->limit);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void counts(const char *key, const keel_backtest_count *items, int32_t n, keel_json *j) {
    keel_json_key(j, key);
    keel_json_array(j);
    for (int32_t i = 0; i < n; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "name", items[i].name);
        keel_json_kint(j, "count", items[i].count);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void settings(const keel_backtest_result *in, keel_json *j) {
    keel_json_key(j, "realism");
    keel_json_object(j);
    for (int32_t i = 0; i < in->setting_count; i++) {
        keel_json_key(j, in->settings[i].key);
        keel_json_raw(j, in->settings[i].json);
    }
    keel_json_close(j);
}

static void warnings(const keel_backtest_result *in, keel_json *j) {
    keel_json_key(j, "warnings");
    keel_json_array(j);
    for (int32_t i = 0; i < in->warning_count; i++)
        keel_json_string(j, in->warnings[i]);
    keel_json_close(j);
}

void keel_backtest_totals_json(const keel_backtest_report *r, keel_json *j) {
    keel_json_object(j);
    totals_money(r, j);
    totals_trades(r, j);
    totals_risk(r, j);
    keel_json_close(j);
}

void keel_backtest_report_json(const keel_backtest_report *r, keel_json *j) {
    keel_json_object(j);
    identity(r->in, j);
    keel_json_key(j, "totals");
    keel_backtest_totals_json(r, j);
    keel_json_kstring(j, "definitions", KEEL_STATS_DEFINITION);
    drawdown(r, j);
    costs(r, j);
    groups(r, "per_symbol", "symbol", &r->by_symbol, j);
    keel_backtest_strategies_json(r, j);
    groups(r, "per_exit_reason", "reason", &r->by_exit_reason, j);
    groups(r, "per_entry_reason", "reason", &r->by_entry_reason, j);
    groups(r, "per_regime", "regime", &r->by_regime, j);
    keel_json_kstring(j, "regime_note", r->in->regime_note);
    groups(r, "per_market_state", "state", &r->by_state, j);
    hours(r, j);
    groups(r, "per_weekday", "weekday", &r->by_weekday, j);
    groups(r, "per_month", "month", &r->by_month, j);
    baselines(r, j);
    counts("held_by_reason", r->in->holds, r->in->hold_count, j);
    counts("failed_by_gate", r->in->gates, r->in->gate_count, j);
    settings(r->in, j);
    findings(r, j);
    warnings(r->in, j);
    keel_json_close(j);
}
