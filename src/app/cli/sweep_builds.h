/* app/cli/sweep_builds.h: the same sweep, begun by another build of keel: it has an id of its own. */
#ifndef KEEL_APP_CLI_SWEEP_BUILDS_H
#define KEEL_APP_CLI_SWEEP_BUILDS_H

#include "app/cli/sweep_header.h"

/* What a sweep's id is made of, but the build. Borrowed. */
typedef struct keel_sweep_question {
    const keel_sweep_asked *asked;
    const keel_run_config *run;
    const keel_space *space;
    const keel_backtest_data *data;
    const char *range_hash;
} keel_sweep_question;

/* Looks through the sweeps in folder; files that cannot be read are passed over.
 * Returns 0, KEEL_E_USAGE when one is this sweep, interrupted, of another build (line says where, how far and which),
 * and errors of keel_sweep_ids. */
KEEL_MUST_USE int keel_sweep_builds_refuse(const char *folder, const keel_sweep_question *q, keel_err *reterr);

#endif
