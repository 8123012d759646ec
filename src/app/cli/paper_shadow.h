/* app/cli/paper_shadow.h: shadow.json, what a paper run's second bookkeeping found, while it goes on and at its end. */
#ifndef KEEL_APP_CLI_PAPER_SHADOW_H
#define KEEL_APP_CLI_PAPER_SHADOW_H

#include "app/cli/cli.h"
#include "engine/engine.h"
#include "ops/shadow/shadow.h"

typedef struct keel_paper_shadow {
    keel_cli *cli;
    const char *folder, *run_id;
    const char *const *symbols;
    const keel_shadow *ledger;
    const keel_engine *engine;
    int failed; /* it could not be written, which was said */
} keel_paper_shadow;

/* Replace the file by what is known now; a keel_paper_shadow. What cannot be written is said once, and tried again. */
void keel_paper_shadow_keep(void *data);

/* At the end. Errors of keel_file_write; KEEL_E_PARITY: a breach was found. */
KEEL_MUST_USE int keel_paper_shadow_tell(const keel_paper_shadow *s, keel_err *reterr);

#endif
