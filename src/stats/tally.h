/* stats/tally.h: sums over trades, exact.
 *
 * Amounts are int64 at 1e-8; an overflow sticks in `overflow` and the sums are then meaningless. Trades are added in
 * order of closing (streaks depend on it). Identity, per trade and per tally:
 *   pnl = price - fees - funding - slippage        (funding: paid +, received -). */
#ifndef KEEL_STATS_TALLY_H
#define KEEL_STATS_TALLY_H

#include <stdint.h>

#include "stats/stat.h"

typedef struct keel_stats_trade {
    int64_t entry_ts_ms;
    int64_t exit_ts_ms;
    int64_t notional_e8; /* entry notional, > 0 */
    int64_t pnl_e8;      /* net of everything */
    int64_t price_e8;    /* price profit before costs */
    int64_t fees_e8;     /* paid +, rebate - */
    int64_t funding_e8;  /* paid + */
    int64_t slippage_e8; /* cost + */
    int32_t side;        /* +1 long, -1 short */
    int32_t reserved;
} keel_stats_trade;

/* Holding times in ms. */
typedef struct keel_stats_span {
    int64_t count;
    int64_t sum_ms;
    int64_t min_ms; /* valid when count > 0 */
    int64_t max_ms;
} keel_stats_span;

typedef struct keel_stats_tally {
    int64_t trades;
    int64_t wins;   /* pnl > 0 */
    int64_t losses; /* pnl < 0 */
    int64_t draws;
    int64_t long_trades;
    int64_t short_trades;
    int64_t pnl_e8;
    int64_t long_pnl_e8;
    int64_t short_pnl_e8;
    int64_t gross_profit_e8; /* sum of winning pnl */
    int64_t gross_loss_e8;   /* -sum of losing pnl, >= 0 */
    int64_t price_e8;
    int64_t fees_e8;
    int64_t funding_e8;
    int64_t slippage_e8;
    int64_t notional_e8; /* entries */
    int64_t turnover_e8; /* entries and exits */
    int64_t best_pnl_e8; /* valid when trades > 0 */
    int64_t worst_pnl_e8;
    int64_t win_streak_max;
    int64_t loss_streak_max;
    int64_t streak;          /* current: + wins, - losses; a draw ends it */
    int64_t pnl_peak_e8;     /* highest pnl_e8 so far, at least 0 */
    int64_t pnl_fall_max_e8; /* largest fall of pnl_e8 from its peak, trade by trade */
    double return_sum;       /* sum of pnl / notional */
    keel_stats_span held;    /* all trades */
    keel_stats_span held_wins;
    keel_stats_span held_losses;
    int32_t overflow; /* 1: a sum does not fit */
    int32_t reserved;
} keel_stats_tally;

/* Value at the exit prices as filled: notional + side * (pnl + fees + funding); exact. ret written when 1 is returned,
 * 0: does not fit. */
int keel_stats_exit_value(const keel_stats_trade *t, int64_t *ret_e8);

void keel_stats_tally_init(keel_stats_tally *t);
void keel_stats_tally_add(keel_stats_tally *t, const keel_stats_trade *trade);

/* Fractions and money per trade; undefined without trades (profit factor: without a losing trade). */
keel_stat keel_stats_tally_win_rate(const keel_stats_tally *t);      /* wins / trades */
keel_stat keel_stats_tally_profit_factor(const keel_stats_tally *t); /* gross profit / gross loss */
keel_stat keel_stats_tally_return_mean(const keel_stats_tally *t);   /* mean of pnl / notional */
/* pnl / trades rounded half-even to 1e-8. Returns 1 and writes ret, or 0 without trades. */
int keel_stats_tally_expectancy(const keel_stats_tally *t, int64_t *ret_e8);

/* What some figures need of each trade. */
typedef struct keel_stats_held {
    int64_t entry_ts_ms, exit_ts_ms, pnl_e8;
} keel_stats_held;

/* Milliseconds of [start_ms, end_ms) in which at least one trade was open (union of [entry, exit]).
 *   trades  in  [n], any order, borrowed
 * Returns 0 and writes ret_ms, or KEEL_E_NOMEM. Cost: one sort where trades did not open in this order. */
int keel_stats_exposed_ms(const keel_stats_held trades[], int64_t n, int64_t start_ms, int64_t end_ms, int64_t *ret_ms);

#endif
