/* app/cli/paper_source.h: --feed: a market from files or from a seed, as a store inside the run's folder. */
#ifndef KEEL_APP_CLI_PAPER_SOURCE_H
#define KEEL_APP_CLI_PAPER_SOURCE_H

#include "app/cli/cli.h"
#include "app/cli/paper_feed_lock.h"

enum { KEEL_PAPER_SOURCE_PATH = 4096 };

/* Make or complete the store that --feed asks for, in the folder `feed` of the run; the same feed again changes
 * nothing, another one is refused. The folder stands. room gets its path, empty when there is no --feed. *ret_lock is
 * held until keel_paper_source_close, which a zeroed one allows.
 * Returns 0, KEEL_E_USAGE (flags that are missing or contradict it, another feed), KEEL_E_GATE (another process uses
 * it), errors of an import and of a store. */
KEEL_MUST_USE int keel_paper_source_open(keel_cli *cli, const char *run_folder, char room[KEEL_PAPER_SOURCE_PATH],
                                         keel_paper_feed_lock *ret_lock);
void keel_paper_source_close(keel_paper_feed_lock *lock);

#endif
