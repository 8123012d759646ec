/* app/cli/paper_log.h: an engine's run told to its forensic record: what the engine knows, in the terms of
 * ops/forensic/forensic.h. It stands between the engine and whoever else watches it, and hands on what is theirs. */
#ifndef KEEL_APP_CLI_PAPER_LOG_H
#define KEEL_APP_CLI_PAPER_LOG_H

#include "app/cli/cli.h"
#include "engine/engine.h"
#include "ops/forensic/alert.h"
#include "ops/forensic/forensic.h"

typedef struct keel_paper_log {
    keel_engine_watch inner; /* with every member */
    keel_forensic *forensic; /* NULL: only the inner one is told */
    const keel_engine_plan *plan;
    const keel_state *state; /* the engine's, NULL: there is none */
    int is_live;
    int32_t came[KEEL_SYMBOLS_MAX];
} keel_paper_log;

/* What the run is; borrowed while the log is open. */
typedef struct keel_paper_log_run {
    const char *run_id, *strategy, *config_id, *dataset_hash, *build, *venue;
    const char *mode; /* of the records; NULL: "paper" */
    const char *const *symbols;
    uint64_t trace_every; /* 0: no trace */
    const keel_fs *fs;    /* NULL: the machine's */
    uint64_t part_bytes;  /* of a file before it is closed; 0: 100 MiB */
    keel_alerts *alerts;  /* NULL: nobody is told */
} keel_paper_log_run;

/* Files go into dir, which is there; what is in them stays as it is until keel_paper_log_go_live. Errors of
 * keel_forensic_open. */
KEEL_MUST_USE int keel_paper_log_open(keel_paper_log *l, const char *dir, const keel_paper_log_run *run,
                                      const keel_engine_plan *plan, const keel_engine_watch *inner, keel_err *reterr);

/* The word of a regime's label. Static storage. */
const char *keel_paper_log_regime(int32_t regime);

/* For the engine's options. */
keel_engine_watch keel_paper_log_watch(keel_paper_log *l);

/* The run is what its journal says: from here on its files are written. */
void keel_paper_log_go_live(keel_paper_log *l);

/* What was told so far is in the files. */
void keel_paper_log_flush(keel_paper_log *l);

/* The start failed, and this was found of the journal: damage is an incident. */
void keel_paper_log_refused(keel_paper_log *l, const keel_journal_report *found);

/* The run is over: ended 1: the market ended; error not 0: it failed with this line, in this state (NULL: it is gone).
 * A run that never went live leaves its files as they were. What could not be written is an error, KEEL_E_IO; reterr
 * NULL: it is said on stderr, and 0. */
int keel_paper_log_close(keel_cli *cli, keel_paper_log *l, int ended, const keel_err *error, const keel_state *state,
                         keel_err *reterr);

#endif
