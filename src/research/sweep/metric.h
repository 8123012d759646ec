/* research/sweep/metric.h: what a sweep looks for, in words: a figure of the `totals` of a backtest document, and
 * limits on others. */
#ifndef KEEL_RESEARCH_SWEEP_METRIC_H
#define KEEL_RESEARCH_SWEEP_METRIC_H

#include <stdint.h>

#include "base/err.h"
#include "base/tree.h"
#include "stats/stat.h"

/* X(name, better): 1 more is better, -1 less is better. */
#define KEEL_METRICS(X)         \
    X(sharpe, 1)                \
    X(sortino, 1)               \
    X(calmar, 1)                \
    X(net_profit_pct, 1)        \
    X(net_profit_usd, 1)        \
    X(final_balance_usd, 1)     \
    X(cagr_pct, 1)              \
    X(psr, 1)                   \
    X(sqn, 1)                   \
    X(profit_factor, 1)         \
    X(expectancy_usd, 1)        \
    X(expectancy_ratio, 1)      \
    X(win_rate, 1)              \
    X(kelly, 1)                 \
    X(trade_return_mean_pct, 1) \
    X(gross_profit_usd, 1)      \
    X(gross_loss_usd, -1)       \
    X(price_profit_usd, 1)      \
    X(fees_usd, -1)             \
    X(funding_usd, 1)           \
    X(borrow_usd, 1)            \
    X(slippage_usd, -1)         \
    X(turnover_usd, -1)         \
    X(trades, 1)                \
    X(wins, 1)                  \
    X(losses, -1)               \
    X(long_trades, 1)           \
    X(short_trades, 1)          \
    X(long_profit_usd, 1)       \
    X(short_profit_usd, 1)      \
    X(best_trade_usd, 1)        \
    X(worst_trade_usd, 1)       \
    X(win_streak_max, 1)        \
    X(loss_streak_max, -1)      \
    X(volatility_pct, -1)       \
    X(skew, 1)                  \
    X(kurtosis, -1)             \
    X(max_drawdown_pct, -1)     \
    X(max_drawdown_usd, -1)     \
    X(drawdown_duration_h, -1)  \
    X(longest_drawdown_h, -1)   \
    X(exposure_pct, -1)         \
    X(min_balance_usd, 1)       \
    X(max_balance_usd, 1)       \
    X(days, 1)                  \
    X(days_won, 1)              \
    X(days_lost, -1)

typedef struct keel_metric {
    const char *name;
    int better;
} keel_metric;

/* The metric of a name, NULL when there is none. Static. */
const keel_metric *keel_metric_find(const char *name);

/* KEEL_E_UNKNOWN_KEY with the nearest name. origin: "--target". */
int keel_metric_unknown(const char *name, const char *origin, keel_err *reterr);

/* Its value among totals, a JSON object read into a tree; undefined where the document says null. */
keel_stat keel_metric_value(const keel_metric *m, const keel_tree *totals);

enum { KEEL_CONSTRAINTS_MAX = 16 };
typedef enum keel_compare { KEEL_LESS = 0, KEEL_LESS_EQUAL, KEEL_MORE, KEEL_MORE_EQUAL, KEEL_EQUAL } keel_compare;

typedef struct keel_constraint {
    const keel_metric *metric;
    keel_compare compare;
    double bound;
    char text[96]; /* "max_drawdown_pct < 25", one text for one meaning */
} keel_constraint;

/* "max_drawdown_pct < 25", also <= > >= =; blanks are free.
 * Returns 0, KEEL_E_PARSE, KEEL_E_UNKNOWN_KEY (no such metric); line set. */
KEEL_MUST_USE int keel_constraint_parse(const char *text, keel_constraint *ret, keel_err *reterr);

/* Can one figure fulfil all of these? Returns 0, or KEEL_E_USAGE with the two that exclude each other. */
KEEL_MUST_USE int keel_constraints_check(const keel_constraint constraints[], int32_t count, keel_err *reterr);

typedef struct keel_objective {
    const keel_metric *target;
    keel_constraint constraints[KEEL_CONSTRAINTS_MAX];
    int32_t constraint_count;
    int32_t better; /* 1 or -1: of the target */
} keel_objective;

/* How a trial did. */
typedef struct keel_score {
    keel_stat target;
    int32_t feasible; /* every constraint holds; one on an undefined figure does not */
    int32_t broken;   /* how many do not */
} keel_score;

keel_score keel_objective_score(const keel_objective *o, const keel_tree *totals);

/* Smaller is better, one order over all trials: feasible ones by target, then trials with broken constraints by how
 * many, then trials without a target (HUGE_VAL). */
double keel_objective_loss(const keel_objective *o, const keel_score *score);

#endif
