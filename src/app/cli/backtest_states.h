/* app/cli/backtest_states.h: what the markets of a run were like when its trades began. */
#ifndef KEEL_APP_CLI_BACKTEST_STATES_H
#define KEEL_APP_CLI_BACKTEST_STATES_H

#include "app/cli/backtest_accounts.h"
#include "app/cli/backtest_data.h"

/* Of each trade the state (stats/market_state.h) of its own symbol at the last close before its entry; thirds of
 * volatility are those of the effective range.
 *   ret  out  [trade_count], owned; written only with 0
 * Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_backtest_states_of(const keel_backtest_data *d, const keel_trade trades[], int64_t trade_count,
                                          uint8_t **ret, keel_err *err);

enum { KEEL_REGIME_NOTE_SIZE = 320 };

/* Why trades have no regime, as a sentence or two in room; NULL: each has one. */
const char *keel_backtest_regime_note(const keel_backtest_data *d, const keel_backtest_accounts *accounts,
                                      char room[KEEL_REGIME_NOTE_SIZE]);

#endif
