/* app/cli/backtest_accounts.h: the accounts of a run: which strategies trade on which, each account's lane, and what
 * they come to together.
 *
 * With accounts of their own, each strategy runs as it would alone: its own symbols, history, balance and books, so
 * that its trades, equity and state hash are those of that run. On a shared account all strategies are one lane. */
#ifndef KEEL_APP_CLI_BACKTEST_ACCOUNTS_H
#define KEEL_APP_CLI_BACKTEST_ACCOUNTS_H

#include <stdint.h>

#include "app/cli/backtest_data.h"
#include "app/cli/backtest_exec.h"
#include "app/cli/backtest_report.h"
#include "app/cli/run_config.h"

typedef struct keel_backtest_account {
    int32_t first, count;             /* strategies on it: parts [first, first + count) of the run */
    int64_t start_e8;                 /* starting balance */
    keel_tape *tape;                  /* owned; its columns are the data's */
    keel_instrument *rules;           /* [tape->symbol_count], owned */
    int32_t series[KEEL_SYMBOLS_MAX]; /* [tape->symbol_count] of the data */
    keel_exec_result result;          /* after the run: keel_backtest_accounts_result; trades name series of the data */
} keel_backtest_account;

typedef struct keel_backtest_accounts {
    keel_backtest_account *items; /* [count], owned */
    int32_t count;
    int64_t bars;         /* of all tapes */
    keel_exec_result all; /* of all accounts; `account` only when there is one */
    int32_t *trade_part;  /* [all.trade_count] whose trade it is: a part of the run; owned */
} keel_backtest_accounts;

/* Lay out the accounts of a run whose data is loaded; part is what the load filled. Data and run must outlive *ret.
 * Returns 0, KEEL_E_NOMEM or KEEL_E_USAGE (more lines than a tape has). keel_backtest_accounts_done also then. */
KEEL_MUST_USE int keel_backtest_accounts_plan(const keel_run_config *run, const keel_backtest_part *part,
                                              const keel_backtest_data *d, keel_backtest_accounts *ret, keel_err *err);

/* Run each account and join them. Kernel and capital of options are set here; the names in a log of decisions as well.
 *   all.trades   in order of closing, equal times in order of accounts; numbered anew when there are several
 *   all.equity   the sum; falls inside bars are not known of a sum (tally.drawdown is 0 when there are several)
 *   all.state_hash  of one account its own; of several the hash (num/hash.h) over theirs, in order
 * Errors as keel_exec_run, and KEEL_E_RANGE (a sum beyond int64). */
KEEL_MUST_USE int keel_backtest_accounts_run(const keel_run_config *run, const keel_backtest_data *d,
                                             const keel_exec_options *options, keel_backtest_accounts *accounts,
                                             keel_err *err);
/* What account i came to: the joined result when there is one account only. */
const keel_exec_result *keel_backtest_accounts_result(const keel_backtest_accounts *accounts, int32_t i);
void keel_backtest_accounts_done(keel_backtest_accounts *accounts);

/* A result as the report wants it; everything in it is borrowed from r. */
keel_backtest_run keel_backtest_run_of(const keel_exec_result *r, const char *name);

#endif
