/* stats/book.c: see book.h. */
#include "stats/book.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "num/int.h"
#include "stats/bounds.h"
#include "stats/daily.h"
#include "stats/moments.h"
#include "stats/ratio.h"

enum { TRADES_FIRST = 64 };

static int too_large(keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_RANGE,
                        "metrics: a sum of money is beyond 92 billion: start with a smaller balance");
}

/* The last moment of the day that is open: asked for every bar, so it is kept. */
static void note_day_end(keel_stats_book *b) {
    b->day_end_ms = (keel_stats_day(b->start_ms + 1) + b->day + 1) * KEEL_STATS_DAY_MS;
}

int keel_stats_book_init(keel_stats_book *b, int64_t start_ms, int64_t end_ms, int64_t start_e8, keel_err *reterr) {
    memset(b, 0, sizeof *b);
    if (start_e8 <= 0)
        return keel_err_set(reterr, KEEL_E_RANGE, "metrics: starting balance is not positive: start with capital");
    if (end_ms <= start_ms)
        return keel_err_set(reterr, KEEL_E_RANGE, "metrics: range %" PRId64 "..%" PRId64 " ms is empty: widen it",
                            start_ms, end_ms);
    b->start_ms = start_ms;
    b->end_ms = end_ms;
    b->start_e8 = b->last_e8 = start_e8;
    b->days = keel_stats_day_count(start_ms, end_ms);
    note_day_end(b);
    keel_stats_tally_init(&b->tally);
    keel_stats_drawdown_init(&b->drawdown, start_ms, start_e8);
    b->day_e8 = malloc((size_t)b->days * sizeof *b->day_e8);
    if (b->day_e8) return 0;
    return keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for %" PRId64 " days: free some", b->days);
}

void keel_stats_book_done(keel_stats_book *b) {
    free(b->trades);
    free(b->day_e8);
    memset(b, 0, sizeof *b);
}

int64_t keel_stats_book_bytes(const keel_stats_book *b) {
    return b->trade_cap * (int64_t)sizeof *b->trades + b->days * (int64_t)sizeof *b->day_e8;
}

int keel_stats_book_trade(keel_stats_book *b, const keel_stats_trade *trade, keel_err *reterr) {
    if (b->trade_count == b->trade_cap) {
        int64_t cap = b->trade_cap > 0 ? 2 * b->trade_cap : TRADES_FIRST;
        keel_stats_held *grown = realloc(b->trades, (size_t)cap * sizeof *grown);
        if (!grown)
            return keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for %" PRId64 " trades: free some", cap);
        b->trades = grown;
        b->trade_cap = cap;
    }
    b->trades[b->trade_count++] = (keel_stats_held){trade->entry_ts_ms, trade->exit_ts_ms, trade->pnl_e8};
    keel_stats_tally_add(&b->tally, trade);
    return 0;
}

/* Close the days before number `day`, counted from the first. */
static void close_days(keel_stats_book *b, int64_t day) {
    for (; b->day < day && b->day < b->days; b->day++)
        b->day_e8[b->day] = b->last_e8;
}

void keel_stats_book_sample(keel_stats_book *b, int64_t ts_ms, int64_t equity_e8) {
    keel_stats_drawdown_step(&b->drawdown, ts_ms, equity_e8);
    if (ts_ms <= b->start_ms || ts_ms > b->end_ms) return;
    if (ts_ms > b->day_end_ms) {
        close_days(b, keel_stats_day(ts_ms) - keel_stats_day(b->start_ms + 1));
        note_day_end(b);
    }
    b->last_e8 = equity_e8;
}

static int add_pnl_figures(const keel_stats_book *b, keel_stats_summary *s, keel_err *reterr) {
    const keel_stats_tally *t = &s->tally;
    double profit = (double)t->gross_profit_e8, loss = (double)t->gross_loss_e8;
    s->win_rate = keel_stats_tally_win_rate(t);
    s->profit_factor = keel_stats_tally_profit_factor(t);
    s->trade_return_pct = keel_stat_scale(keel_stats_tally_return_mean(t), 100.0);
    s->expectancy_ratio = keel_stats_expectancy_ratio(t->trades, t->wins, t->losses, profit, loss);
    s->kelly = keel_stats_kelly(t->wins, t->losses, profit, loss);
    (void)keel_stats_tally_expectancy(t, &s->expectancy_e8);
    if (t->trades < 2) return 0;
    double *pnl = malloc((size_t)t->trades * sizeof *pnl);
    if (!pnl) return keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for the profits of trades: free some");
    for (int64_t i = 0; i < t->trades; i++)
        pnl[i] = (double)b->trades[i].pnl_e8 / 1e8;
    s->sqn = keel_stats_sqn(pnl, t->trades);
    free(pnl);
    return 0;
}

static void add_drawdown(const keel_stats_book *b, const keel_stats_end *end, keel_stats_summary *s) {
    s->drawdown = b->drawdown;
    keel_stats_drawdown_step(&s->drawdown, b->end_ms, end->final_e8);
    double depth = end->event_drawdown > s->drawdown.depth ? end->event_drawdown : s->drawdown.depth;
    s->max_drawdown_pct = keel_stat_of(100.0 * depth);
    s->max_drawdown_e8 =
        end->event_drawdown_e8 > s->drawdown.depth_max_e8 ? end->event_drawdown_e8 : s->drawdown.depth_max_e8;
}

static int count_days(const keel_stats_book *b, keel_stats_summary *s, keel_err *reterr) {
    int64_t before_e8 = b->start_e8;
    for (int64_t i = 0; i < b->days; i++) {
        int64_t gained_e8 = 0;
        if (!keel_sub_i64(b->day_e8[i], before_e8, &gained_e8)) return too_large(reterr);
        if (i == 0 || gained_e8 > s->day_best_e8) s->day_best_e8 = gained_e8;
        if (i == 0 || gained_e8 < s->day_worst_e8) s->day_worst_e8 = gained_e8;
        s->days_won += gained_e8 > 0;
        s->days_lost += gained_e8 < 0;
        s->days_drawn += gained_e8 == 0;
        before_e8 = b->day_e8[i];
    }
    return 0;
}

static int add_daily_figures(keel_stats_book *b, int64_t final_e8, keel_stats_summary *s, keel_err *reterr) {
    close_days(b, b->days);
    b->day_e8[b->days - 1] = final_e8;
    KEEL_TRY(count_days(b, s, reterr));
    double *returns = malloc((size_t)b->days * sizeof *returns);
    if (!returns)
        return keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for %" PRId64 " days: free some", b->days);
    int64_t n = keel_stats_daily_returns(b->day_e8, b->days, b->start_e8, returns);
    s->sharpe = keel_stats_sharpe(returns, n);
    s->sortino = keel_stats_sortino(returns, n);
    s->volatility_pct = keel_stat_scale(keel_stats_volatility(returns, n), 100.0);
    s->skew = keel_stats_skew(returns, n);
    s->kurtosis = keel_stats_kurtosis(returns, n);
    s->psr = keel_stats_psr(returns, n, 0.0);
    free(returns);
    return 0;
}

int keel_stats_book_summarise(keel_stats_book *b, const keel_stats_end *end, keel_stats_summary *ret_summary,
                              keel_err *reterr) {
    keel_stats_summary s;
    memset(&s, 0, sizeof s);
    s.span_ms = b->end_ms - b->start_ms;
    s.days = b->days;
    s.tally = b->tally;
    if (s.tally.overflow || !keel_sub_i64(end->final_e8, b->start_e8, &s.net_e8)) return too_large(reterr);
    add_drawdown(b, end, &s);
    KEEL_TRY(add_pnl_figures(b, &s, reterr));
    if (keel_stats_exposed_ms(b->trades, b->trade_count, b->start_ms, b->end_ms, &s.exposed_ms) != 0)
        return keel_err_set(reterr, KEEL_E_NOMEM, "metrics: no memory for %" PRId64 " trades: free some",
                            b->trade_count);
    KEEL_TRY(add_daily_figures(b, end->final_e8, &s, reterr));
    s.net_profit_pct = keel_stat_of(100.0 * ((double)s.net_e8 / (double)b->start_e8));
    s.exposure_pct = keel_stat_of(100.0 * ((double)s.exposed_ms / (double)s.span_ms));
    keel_stat cagr = keel_stats_cagr(b->start_e8, end->final_e8, s.span_ms);
    s.cagr_pct = keel_stat_scale(cagr, 100.0);
    s.calmar = keel_stats_calmar(cagr, keel_stat_scale(s.max_drawdown_pct, 0.01));
    keel_stats_bounds_apply(&s, end->can_owe);
    *ret_summary = s;
    return 0;
}
