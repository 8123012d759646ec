/* app/cli/paper_recovery.h: what a start of a paper run met, for people and as recovery.json. */
#ifndef KEEL_APP_CLI_PAPER_RECOVERY_H
#define KEEL_APP_CLI_PAPER_RECOVERY_H

#include "app/cli/paper_keeper.h"
#include "engine/engine.h"

typedef struct keel_paper_recovery {
    const char *folder, *run_id;
    const char *const *symbols;
    const keel_engine *engine; /* open, not yet run */
    const keel_engine_recovery *met;
    const keel_paper_keeper *keeper;
} keel_paper_recovery;

/* Nothing of a new run. Everything is borrowed. 0, KEEL_E_IO or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_paper_recovery_tell(const keel_paper_recovery *r, keel_err *reterr);

#endif
