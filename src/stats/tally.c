/* stats/tally.c: see tally.h. */
#include "stats/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "num/int.h"

static void add(keel_stats_tally *t, int64_t *sum, int64_t amount) {
    if (!keel_add_i64(*sum, amount, sum)) t->overflow = 1;
}

static void subtract(keel_stats_tally *t, int64_t *sum, int64_t amount) {
    if (!keel_sub_i64(*sum, amount, sum)) t->overflow = 1;
}

int keel_stats_exit_value(const keel_stats_trade *t, int64_t *ret_e8) {
    int64_t gained = 0, value = 0;
    if (!keel_add_i64(t->pnl_e8, t->fees_e8, &gained) || !keel_add_i64(gained, t->funding_e8, &gained)) return 0;
    int fits =
        t->side >= 0 ? keel_add_i64(t->notional_e8, gained, &value) : keel_sub_i64(t->notional_e8, gained, &value);
    if (fits) *ret_e8 = value;
    return fits;
}

void keel_stats_tally_init(keel_stats_tally *t) { memset(t, 0, sizeof *t); }

static void add_span(keel_stats_span *s, int64_t ms) {
    if (!s->count || ms < s->min_ms) s->min_ms = ms;
    if (!s->count || ms > s->max_ms) s->max_ms = ms;
    s->count++;
    s->sum_ms += ms;
}

static void add_outcome(keel_stats_tally *t, const keel_stats_trade *trade) {
    int64_t held_ms = trade->exit_ts_ms - trade->entry_ts_ms;
    add_span(&t->held, held_ms);
    if (trade->pnl_e8 > 0) {
        t->wins++;
        t->streak = t->streak > 0 ? t->streak + 1 : 1;
        if (t->streak > t->win_streak_max) t->win_streak_max = t->streak;
        add(t, &t->gross_profit_e8, trade->pnl_e8);
        add_span(&t->held_wins, held_ms);
    } else if (trade->pnl_e8 < 0) {
        t->losses++;
        t->streak = t->streak < 0 ? t->streak - 1 : -1;
        if (-t->streak > t->loss_streak_max) t->loss_streak_max = -t->streak;
        subtract(t, &t->gross_loss_e8, trade->pnl_e8);
        add_span(&t->held_losses, held_ms);
    } else {
        t->draws++;
        t->streak = 0;
    }
}

static void add_side(keel_stats_tally *t, const keel_stats_trade *trade) {
    int is_long = trade->side >= 0;
    *(is_long ? &t->long_trades : &t->short_trades) += 1;
    add(t, is_long ? &t->long_pnl_e8 : &t->short_pnl_e8, trade->pnl_e8);
}

static void add_turnover(keel_stats_tally *t, const keel_stats_trade *trade) {
    int64_t exit_e8 = 0;
    add(t, &t->notional_e8, trade->notional_e8);
    add(t, &t->turnover_e8, trade->notional_e8);
    if (keel_stats_exit_value(trade, &exit_e8))
        add(t, &t->turnover_e8, exit_e8);
    else
        t->overflow = 1;
}

static void follow_peak(keel_stats_tally *t) {
    int64_t fall_e8 = 0;
    if (t->pnl_e8 > t->pnl_peak_e8) t->pnl_peak_e8 = t->pnl_e8;
    if (!keel_sub_i64(t->pnl_peak_e8, t->pnl_e8, &fall_e8)) t->overflow = 1;
    if (fall_e8 > t->pnl_fall_max_e8) t->pnl_fall_max_e8 = fall_e8;
}

void keel_stats_tally_add(keel_stats_tally *t, const keel_stats_trade *trade) {
    if (!t->trades || trade->pnl_e8 > t->best_pnl_e8) t->best_pnl_e8 = trade->pnl_e8;
    if (!t->trades || trade->pnl_e8 < t->worst_pnl_e8) t->worst_pnl_e8 = trade->pnl_e8;
    t->trades++;
    add(t, &t->pnl_e8, trade->pnl_e8);
    add(t, &t->price_e8, trade->price_e8);
    add(t, &t->fees_e8, trade->fees_e8);
    add(t, &t->funding_e8, trade->funding_e8);
    add(t, &t->slippage_e8, trade->slippage_e8);
    if (trade->notional_e8 > 0) t->return_sum += (double)trade->pnl_e8 / (double)trade->notional_e8;
    add_outcome(t, trade);
    add_side(t, trade);
    add_turnover(t, trade);
    follow_peak(t);
}

keel_stat keel_stats_tally_win_rate(const keel_stats_tally *t) {
    return t->trades ? keel_stat_of((double)t->wins / (double)t->trades) : keel_stat_none();
}

keel_stat keel_stats_tally_profit_factor(const keel_stats_tally *t) {
    return t->gross_loss_e8 > 0 ? keel_stat_of((double)t->gross_profit_e8 / (double)t->gross_loss_e8)
                                : keel_stat_none();
}

keel_stat keel_stats_tally_return_mean(const keel_stats_tally *t) {
    return t->trades ? keel_stat_of(t->return_sum / (double)t->trades) : keel_stat_none();
}

int keel_stats_tally_expectancy(const keel_stats_tally *t, int64_t *ret_e8) {
    return t->trades > 0 && keel_mul_div(t->pnl_e8, 1, t->trades, ret_e8);
}

static int by_entry(const void *a, const void *b) {
    const keel_stats_held *x = a, *y = b;
    return (x->entry_ts_ms > y->entry_ts_ms) - (x->entry_ts_ms < y->entry_ts_ms);
}

/* Trades in order of entry. */
static int64_t exposed(const keel_stats_held trades[], int64_t n, int64_t start_ms, int64_t end_ms) {
    int64_t sum_ms = 0;
    int64_t covered_ms = start_ms; /* all before this is counted */
    for (int64_t i = 0; i < n; i++) {
        int64_t from_ms = trades[i].entry_ts_ms > covered_ms ? trades[i].entry_ts_ms : covered_ms;
        int64_t to_ms = trades[i].exit_ts_ms < end_ms ? trades[i].exit_ts_ms : end_ms;
        if (to_ms <= from_ms) continue;
        sum_ms += to_ms - from_ms;
        covered_ms = to_ms;
    }
    return sum_ms;
}

int keel_stats_exposed_ms(const keel_stats_held trades[], int64_t n, int64_t start_ms, int64_t end_ms,
                          int64_t *ret_ms) {
    int64_t ordered = 1;
    while (ordered < n && trades[ordered - 1].entry_ts_ms <= trades[ordered].entry_ts_ms)
        ordered++;
    if (ordered >= n) {
        *ret_ms = exposed(trades, n, start_ms, end_ms);
        return 0;
    }
    keel_stats_held *sorted = malloc((size_t)n * sizeof *sorted);
    if (!sorted) return KEEL_E_NOMEM;
    memcpy(sorted, trades, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_entry);
    *ret_ms = exposed(sorted, n, start_ms, end_ms);
    free(sorted);
    return 0;
}
