/* app/cli/paper_control.h: what people may ask of a paper run while it runs: looked at between two turns of its engine,
 * recorded, obeyed, answered. docs/formats/control.md. */
#ifndef KEEL_APP_CLI_PAPER_CONTROL_H
#define KEEL_APP_CLI_PAPER_CONTROL_H

#include "app/cli/audit_common.h"
#include "app/cli/cli.h"
#include "app/cli/paper_disk.h"
#include "app/cli/paper_log.h"
#include "engine/engine.h"
#include "ops/control/desk.h"
#include "ops/forensic/audit.h"

/* The run, and the seams it is reached through; everything is borrowed. */
typedef struct keel_paper_control_run {
    keel_engine *engine;
    const char *folder, *run_id, *strategy;
    const char *const *symbols; /* [engine's symbols] */
    const keel_clock *clock;
    const keel_local *local;
    const keel_fs *fs;
    keel_paper_log *log; /* whose files are brought up to date at each look; NULL: when much has come together */
    keel_paper_disk *disk; /* while it blocks entries, nobody resumes; NULL: nobody looks */
    /* Into the run's audit trail, durable when it returns. */
    int (*record)(void *data, keel_audit_entry *entry, keel_err *err);
    void *data;
} keel_paper_control_run;

typedef struct keel_paper_control {
    keel_paper_control_run run;
    keel_control *desk; /* NULL: nobody can reach the run */
    int64_t begun_ns, heard_ns;
    uint64_t last_input; /* that came, */
    int heard;           /* 1: at heard_ns, 0: before this process began */
    int ends;            /* 1: somebody killed the run */
    char ended_by[160];
    keel_err failed; /* of an order that could not be kept or obeyed: the run cannot go on */
} keel_paper_control;

/* Listen; the run's journal is open, so the run is this process's own. Errors of keel_control_open: nobody can reach
 * it. keel_paper_control_close also then. */
KEEL_MUST_USE int keel_paper_control_open(keel_paper_control *c, const keel_paper_control_run *run, keel_err *reterr);
/* Before the journal is let go, and at last, when the run has ended; a zeroed one is closed. */
void keel_paper_control_leave(keel_paper_control *c);
void keel_paper_control_close(keel_paper_control *c);

/* Between two turns: 0, 1: it is asked to end, or KEEL_E_*: an order failed, and so does the run. */
int keel_paper_control_look(void *control, keel_err *reterr);

/* Who asked, as the audit trail names people: "name (uid 1000)". Returns ret. */
char *keel_paper_control_actor(const keel_local_peer *who, char ret[KEEL_AUDIT_ACTOR_MAX]);

#endif
