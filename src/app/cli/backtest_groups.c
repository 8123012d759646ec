/* app/cli/backtest_groups.c: trades by symbol, reason, regime, market state, hour, weekday and month; see
 * backtest_report.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_internal.h"
#include "research/trade_figures.h"
#include "stats/calendar.h"

enum { REASON_LIMIT = 128, KEEP_EMPTY = 1, DROP_EMPTY = 0 };

/* One way to group: which group a trade belongs to, and what the group is called. */
typedef struct grouping {
    int32_t (*index_of)(const keel_backtest_report *r, const keel_trade *t);
    void (*label)(const keel_backtest_report *r, int32_t index, char *text, size_t size);
    int32_t count;
    int keep_empty;
} grouping;

static int32_t symbol_of(const keel_backtest_report *r, const keel_trade *t) {
    KEEL_ASSERT(t->symbol >= 0 && t->symbol < r->in->symbol_count);
    return t->symbol;
}

static void symbol_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    (void)snprintf(text, size, "%s", r->in->symbols[i].name);
}

static int32_t strategy_of(const keel_backtest_report *r, const keel_trade *t) {
    return keel_backtest_strategy_of(r->in, t - r->in->run.trades);
}

static void strategy_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    (void)snprintf(text, size, "%s", r->in->strategies[i].name);
}

static int32_t reason_index(int32_t reason) { return reason >= 0 && reason < REASON_LIMIT ? reason : REASON_LIMIT; }

static int32_t exit_reason_of(const keel_backtest_report *r, const keel_trade *t) {
    (void)r;
    return reason_index(t->exit_reason);
}

static int32_t entry_reason_of(const keel_backtest_report *r, const keel_trade *t) {
    (void)r;
    return reason_index(t->entry_reason);
}

static void reason_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    (void)r;
    (void)snprintf(text, size, "%s", keel_backtest_reason_name(i));
}

static int32_t regime_of(const keel_backtest_report *r, const keel_trade *t) {
    return t->regime >= 0 && t->regime < r->in->regime_count ? t->regime : r->in->regime_count;
}

static void regime_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    (void)snprintf(text, size, "%s", i < r->in->regime_count ? r->in->regime_names[i] : "UNKNOWN");
}

static int32_t state_of(const keel_backtest_report *r, const keel_trade *t) {
    int32_t state = r->in->trade_state ? r->in->trade_state[t - r->in->run.trades] : KEEL_MARKET_UNKNOWN;
    KEEL_ASSERT(state >= 0 && state < KEEL_MARKET_STATES);
    return state;
}

static void state_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    (void)r;
    (void)snprintf(text, size, "%s", keel_market_state_names[i]);
}

static int32_t hour_of(const keel_backtest_report *r, const keel_trade *t) {
    (void)r;
    return keel_calendar_hour(t->entry_ts_ms);
}

static void hour_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    (void)r;
    (void)snprintf(text, size, "%02d", (int)i);
}

static int32_t weekday_of(const keel_backtest_report *r, const keel_trade *t) {
    (void)r;
    return keel_calendar_weekday(t->entry_ts_ms);
}

static void weekday_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    static const char *const NAMES[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    (void)r;
    (void)snprintf(text, size, "%s", NAMES[i]);
}

/* Months are numbered from the one in which the first trade closed; trades are in order of closing. */
static int64_t first_month(const keel_backtest_report *r) {
    return keel_calendar_month_number(r->in->run.trades[0].exit_ts_ms);
}

static int32_t month_count(const keel_backtest_report *r) {
    const keel_backtest_run *run = &r->in->run;
    if (!run->trade_count) return 0;
    return (int32_t)(keel_calendar_month_number(run->trades[run->trade_count - 1].exit_ts_ms) - first_month(r) + 1);
}

static int32_t month_of(const keel_backtest_report *r, const keel_trade *t) {
    return (int32_t)(keel_calendar_month_number(t->exit_ts_ms) - first_month(r));
}

static void month_label(const keel_backtest_report *r, int32_t i, char *text, size_t size) {
    int64_t month = first_month(r) + i;
    (void)snprintf(text, size, "%04" PRId64 "-%02" PRId64, month / 12, month % 12 + 1);
}

static void drop_empty(keel_backtest_groups *groups) {
    int32_t kept = 0;
    for (int32_t i = 0; i < groups->count; i++)
        if (groups->items[i].tally.trades) groups->items[kept++] = groups->items[i];
    groups->count = kept;
}

static int make(const keel_backtest_report *r, grouping by, keel_backtest_groups *groups, keel_err *reterr) {
    const keel_backtest_run *run = &r->in->run;
    groups->items = calloc((size_t)(by.count > 0 ? by.count : 1), sizeof *groups->items);
    if (!groups->items) return keel_err_set(reterr, KEEL_E_NOMEM, "report: no memory for groups: free some");
    groups->count = by.count;
    for (int32_t i = 0; i < by.count; i++) {
        by.label(r, i, groups->items[i].label, sizeof groups->items[i].label);
        keel_stats_tally_init(&groups->items[i].tally);
    }
    for (int64_t i = 0; i < run->trade_count; i++) {
        keel_stats_trade trade = keel_trade_figures(&run->trades[i]);
        int32_t index = by.index_of(r, &run->trades[i]);
        KEEL_ASSERT(index >= 0 && index < by.count);
        keel_stats_tally_add(&groups->items[index].tally, &trade);
    }
    if (!by.keep_empty) drop_empty(groups);
    return 0;
}

int keel_backtest_groups_make(keel_backtest_report *r, keel_err *reterr) {
    const struct {
        grouping by;
        keel_backtest_groups *groups;
    } all[] = {
        {{symbol_of, symbol_label, r->in->symbol_count, KEEP_EMPTY}, &r->by_symbol},
        {{strategy_of, strategy_label, r->in->strategy_count, KEEP_EMPTY}, &r->by_strategy},
        {{exit_reason_of, reason_label, REASON_LIMIT + 1, DROP_EMPTY}, &r->by_exit_reason},
        {{entry_reason_of, reason_label, REASON_LIMIT + 1, DROP_EMPTY}, &r->by_entry_reason},
        {{regime_of, regime_label, r->in->regime_count + 1, DROP_EMPTY}, &r->by_regime},
        {{state_of, state_label, KEEL_MARKET_STATES, DROP_EMPTY}, &r->by_state},
        {{hour_of, hour_label, 24, KEEP_EMPTY}, &r->by_hour},
        {{weekday_of, weekday_label, 7, KEEP_EMPTY}, &r->by_weekday},
        {{month_of, month_label, month_count(r), KEEP_EMPTY}, &r->by_month},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        KEEL_TRY(make(r, all[i].by, all[i].groups, reterr));
    return 0;
}

void keel_backtest_groups_free(keel_backtest_report *r) {
    free(r->by_symbol.items);
    free(r->by_strategy.items);
    free(r->by_exit_reason.items);
    free(r->by_entry_reason.items);
    free(r->by_regime.items);
    free(r->by_state.items);
    free(r->by_hour.items);
    free(r->by_weekday.items);
    free(r->by_month.items);
}
