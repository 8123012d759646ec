/* app/cli/paper_after.h: what is left to do when a paper run has ended well. */
#ifndef KEEL_APP_CLI_PAPER_AFTER_H
#define KEEL_APP_CLI_PAPER_AFTER_H

#include "app/cli/cli.h"
#include "ops/forensic/alert.h"
#include "ops/forensic/retain.h"

/* Logs that are old or many go, by the rules. sign_seed: of the trail, NULL: not signed. What cannot be removed is told
 * on stderr and stays. */
void keel_paper_after_keep(keel_cli *cli, const char *folder, const uint8_t *sign_seed, const keel_retain_rules *rules);

/* The audit database of the run, FOLDER/audit.db. key: of its journal, NULL: in the clear. A run that ended well is not
 * failed by it: what went wrong is told, and keel audit db makes it by hand. Returns 0 or KEEL_E_INTERRUPTED. */
KEEL_MUST_USE int keel_paper_after_db(keel_cli *cli, const char *folder, const uint8_t *key);

enum { KEEL_PAPER_AFTER_TEXT = 500 };

/* Let go of (NULL allowed), after what still waits was told. 1: some did not arrive, and
 * ret_text says how many and why. */
int keel_paper_after_alerts(keel_alerts *alerts, char ret_text[KEEL_PAPER_AFTER_TEXT]);

#endif
