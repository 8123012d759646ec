/* app/cli/audit_rows.h: an engine's run told to the audit database: decisions, trades, the account after each input,
 * and what people ordered. It stands between the engine and the run's books, which it reads the trades from. */
#ifndef KEEL_APP_CLI_AUDIT_ROWS_H
#define KEEL_APP_CLI_AUDIT_ROWS_H

#include "app/cli/paper_books.h"
#include "app/cli/paper_start.h"
#include "ops/auditdb/auditdb.h"

typedef struct keel_audit_rows {
    keel_engine_watch inner; /* of books */
    const keel_paper_books *books;
    const keel_paper_opened *run;
    keel_auditdb *db;
    uint64_t last_input;              /* number of the last one of the market */
    int64_t decisions, interventions; /* so far */
    int no_memory;
} keel_audit_rows;

void keel_audit_rows_init(keel_audit_rows *r, keel_paper_books *books, const keel_paper_opened *run, keel_auditdb *db);

/* For a replay's options. */
keel_engine_watch keel_audit_rows_watch(keel_audit_rows *r);

/* The row of config_versions. */
void keel_audit_rows_config(keel_audit_rows *r);

#endif
