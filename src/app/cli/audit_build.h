/* app/cli/audit_build.h: the audit database of a paper run, from its journal and its audit trail. */
#ifndef KEEL_APP_CLI_AUDIT_BUILD_H
#define KEEL_APP_CLI_AUDIT_BUILD_H

#include "app/cli/cli.h"
#include "journal/journal.h"
#include "ops/auditdb/auditdb.h"

typedef struct keel_audit_built {
    uint64_t rows[KEEL_AUDITDB_TABLES];
    char run_id[160];
    uint64_t state_hash;
    int ended;
} keel_audit_built;

/* Run the journal again and write what it says to `output`; interventions also from the trail in `trail_dir` (NULL:
 * none). Nothing is replaced unless every order and checkpoint of the journal comes again as recorded, and the trail is
 * what was written: KEEL_E_PARITY. Otherwise errors of keel_paper_journal_*, keel_engine_replay_run and
 * keel_auditdb_begin. where->dir is the journal's own folder. */
KEEL_MUST_USE int keel_audit_build(keel_cli *cli, const keel_journal_where *where, const char *trail_dir,
                                   const char *output, keel_audit_built *ret);

#endif
