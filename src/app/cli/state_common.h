/* app/cli/state_common.h: what the verbs of noun `state` share. */
#ifndef KEEL_APP_CLI_STATE_COMMON_H
#define KEEL_APP_CLI_STATE_COMMON_H

#include "app/cli/cli.h"
#include "base/json.h"
#include "ops/state/store.h"

/* The store of the run folder that is the verb's first argument. Errors of keel_statestore_open, the line set. */
KEEL_MUST_USE int keel_state_cli_open(keel_cli *cli, keel_statestore **ret);

void keel_state_cli_reset_json(const keel_reset *reset, keel_json *j);

/* What the audit trail says of reset N begins with this and N. */
#define KEEL_STATE_CLI_RESET "reset "

/* Is every reset that the run's audit trail has among the `count` that are kept? KEEL_E_PARITY: one is not. A run
 * without a trail passes: keel audit verify speaks of that. */
KEEL_MUST_USE int keel_state_cli_check_resets(keel_cli *cli, int64_t count);

#endif
