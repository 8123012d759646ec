/* app/cli/sweep_space.h: what a sweep varies, from --space and --param. */
#ifndef KEEL_APP_CLI_SWEEP_SPACE_H
#define KEEL_APP_CLI_SWEEP_SPACE_H

#include "app/cli/run_config.h"
#include "research/sweep/space.h"

/* Read both into an empty space; run gets a row for every NAME@REGIME in it. Returns 0, KEEL_E_USAGE (nothing to vary)
 * or an error of research/sweep/space.h, base/file.h. */
KEEL_MUST_USE int keel_sweep_space_read(keel_cli *cli, keel_run_config *run, keel_space *space);

/* 1 when some trial may have values for single regimes. */
int keel_sweep_space_has_regimes(const keel_run_config *run, const keel_space *space);

#endif
