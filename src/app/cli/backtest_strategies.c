/* app/cli/backtest_strategies.c: what is said of each strategy of a run: its trades, and its account where it has one
 * of its own. */
#include <inttypes.h>
#include <stdio.h>

#include "app/cli/backtest_internal.h"
#include "app/cli/strategy_text.h"

static void kstat(keel_json *j, const char *key, keel_stat s) {
    keel_json_key(j, key);
    if (s.defined)
        keel_json_double(j, s.value);
    else
        keel_json_null(j);
}

static void symbols(const keel_backtest_result *in, const keel_backtest_strategy *s, keel_json *j) {
    keel_json_key(j, "symbols");
    keel_json_array(j);
    for (size_t i = 0; s->symbols && i < s->symbols->count; i++)
        keel_json_string(j, s->symbols->items[i]);
    for (int32_t i = 0; !s->symbols && i < in->symbol_count; i++)
        keel_json_string(j, in->symbols[i].name);
    keel_json_close(j);
}

/* The account's figures, all against its own starting balance; null where the account is shared. */
static void account(const keel_backtest_strategy *s, const keel_stats_summary *sum, keel_json *j) {
    keel_json_key(j, "account");
    if (!s->own_account) {
        keel_json_null(j);
        return;
    }
    keel_json_object(j);
    keel_json_ke8(j, "starting_balance_usd", s->start_e8);
    keel_json_ke8(j, "final_balance_usd", s->run.final_e8);
    keel_json_ke8(j, "net_profit_usd", sum->net_e8);
    kstat(j, "net_profit_pct", sum->net_profit_pct);
    kstat(j, "cagr_pct", sum->cagr_pct);
    kstat(j, "sharpe", sum->sharpe);
    kstat(j, "sortino", sum->sortino);
    kstat(j, "calmar", sum->calmar);
    kstat(j, "max_drawdown_pct", sum->max_drawdown_pct);
    keel_json_ke8(j, "max_drawdown_usd", sum->max_drawdown_e8);
    kstat(j, "exposure_pct", sum->exposure_pct);
    keel_json_kint(j, "open_positions", s->run.open_positions);
    keel_json_close(j);
}

static void one(const keel_backtest_report *r, int32_t i, keel_json *j) {
    const keel_backtest_strategy *s = &r->in->strategies[i];
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, s->run.state_hash);
    keel_json_object(j);
    keel_json_kstring(j, "strategy", s->strategy);
    keel_json_kstring(j, "name", s->name);
    keel_json_kstring(j, "strategy_version", s->version);
    symbols(r->in, s, j);
    keel_json_kstring(j, "config_id", s->config_id);
    keel_json_kstring(j, "state_hash", s->own_account ? hash : NULL);
    keel_backtest_group_json(r, &r->by_strategy.items[i].tally, j);
    account(s, &r->strategies[i], j);
    keel_json_close(j);
}

void keel_backtest_strategies_json(const keel_backtest_report *r, keel_json *j) {
    keel_json_key(j, "per_strategy");
    keel_json_array(j);
    for (int32_t i = 0; i < r->in->strategy_count; i++)
        one(r, i, j);
    keel_json_close(j);
}

void keel_backtest_declared_json(const keel_backtest_result *in, keel_json *j) {
    keel_json_key(j, "strategies");
    keel_json_array(j);
    for (int32_t i = 0; i < in->strategy_count; i++) {
        const keel_backtest_strategy *s = &in->strategies[i];
        keel_json_object(j);
        keel_json_kstring(j, "name", s->name);
        keel_json_kstring(j, "sha256", s->sha256);
        if (s->text) keel_strategy_text_json(s->text, j);
        keel_json_close(j);
    }
    keel_json_close(j);
}
