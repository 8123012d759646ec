/* app/cli/backtest_events.h: what a backtest did, told as the events of a paper run: the same accounts once more in an
 * engine without a journal, on the simulated venue, through the producer that paper runs have. */
#ifndef KEEL_APP_CLI_BACKTEST_EVENTS_H
#define KEEL_APP_CLI_BACKTEST_EVENTS_H

#include "app/cli/backtest_job.h"

/* --events and --trace. */
extern const keel_cli_opt keel_backtest_events_options[];

/* Before the run, so that nothing is run in vain: 0, also when no events are asked for; KEEL_E_USAGE (--trace alone;
 * several strategies on one account), KEEL_E_GATE (something is at that place), KEEL_E_IO. */
KEEL_MUST_USE int keel_backtest_events_check(const keel_backtest_job *b);

/* Write the folder. b has run, and o are its options. The engine must end at the state of the run, else KEEL_E_PARITY;
 * errors of keel_backtest_accounts_run, KEEL_E_IO. Nothing when no events are asked for. */
KEEL_MUST_USE int keel_backtest_events_write(keel_backtest_job *b, const keel_exec_options *o);

#endif
