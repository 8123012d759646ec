/* app/cli/paper_shadow.h: what the shadow ledger of a paper run found, as the file shadow.json. */
#ifndef KEEL_APP_CLI_PAPER_SHADOW_H
#define KEEL_APP_CLI_PAPER_SHADOW_H

#include "base/err.h"
#include "ops/shadow/shadow.h"

/* 0; KEEL_E_PARITY: it has other books; KEEL_E_IO, KEEL_E_NOMEM. symbols: names of the run's. */
KEEL_MUST_USE int keel_paper_shadow_tell(const keel_shadow *w, const char *folder, const char *run_id,
                                         const char *const *symbols, keel_err *err);

#endif
