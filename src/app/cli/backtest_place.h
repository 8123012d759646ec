/* app/cli/backtest_place.h: what stands where a run is to be kept, and whether it may give way. */
#ifndef KEEL_APP_CLI_BACKTEST_PLACE_H
#define KEEL_APP_CLI_BACKTEST_PLACE_H

#include <stdint.h>

#include "base/err.h"

/* 1: a name that a file of a run folder has, or "." or "..". Nothing else is ever removed. */
int keel_backtest_place_ours(const char *name);

/* Whether a run may be kept at path: nothing is there, an empty folder, or the folder of the same run; with `force`,
 * any run's. Nothing is written.
 *   run_id      in  configuration, data, core and range in one
 *   state_hash  in  where the run ended; NULL: it has not been run yet
 * Returns 0; KEEL_E_USAGE (a file, something that is not of a run, another run); KEEL_E_PARITY (the same run is there
 * and ended in another state); line set. */
KEEL_MUST_USE int keel_backtest_place_check(const char *path, const char *run_id, const uint64_t *state_hash, int force,
                                            keel_err *reterr);

#endif
