/* app/cli/paper_group_control.h: what people may ask of a paper run of several strategies as a whole: the process that
 * begins them listens, and keeps what was ordered for those that have not begun. docs/formats/control.md.
 *
 * Nothing of it is on disk: what was ordered holds as long as this process does. A strategy that begins has it in its
 * own memory, and records and obeys it before anything may open. Whoever has begun listens itself. */
#ifndef KEEL_APP_CLI_PAPER_GROUP_CONTROL_H
#define KEEL_APP_CLI_PAPER_GROUP_CONTROL_H

#include "app/cli/audit_common.h"
#include "app/cli/paper_group.h"
#include "ops/control/desk.h"

/* Somebody's order to those that have not begun. */
typedef struct keel_paper_asked {
    int is_given; /* 1: the rest is filled */
    char actor[KEEL_AUDIT_ACTOR_MAX], reason[KEEL_CONTROL_REASON_MAX];
} keel_paper_asked;

/* What a strategy begins with, in this order; of each the first that gave it. */
typedef struct keel_paper_asked_all {
    keel_paper_asked pause, flat;
} keel_paper_asked_all;

/* The run, and the seams it is reached through; everything is borrowed. */
typedef struct keel_paper_group_control_run {
    const char *folder, *run_id;
    const keel_clock *clock;
    const keel_local *local;
    const keel_fs *fs;
    keel_paper_member *member; /* [count]; a kill fills what becomes of those that have not begun */
    int32_t count;
    /* What became of the members so far, onto the disk. 0 or KEEL_E_* with the line. */
    int (*record)(void *data, keel_err *err);
    void *data;
} keel_paper_group_control_run;

typedef struct keel_paper_group_control {
    keel_paper_group_control_run run;
    keel_control *desk; /* NULL: nobody can reach the run */
    int64_t begun_ns;
    keel_paper_asked_all asked;
    keel_paper_asked kill; /* given: nobody begins any more */
} keel_paper_group_control;

/* Listen; the run's lock is this process's own. Errors of keel_control_open: nobody can reach it, and everything else
 * here may be called all the same. */
KEEL_MUST_USE int keel_paper_group_control_open(keel_paper_group_control *c, const keel_paper_group_control_run *run,
                                                keel_err *reterr);
/* The name is given back while the lock is held; those who asked see the end with close. A zeroed one is closed. */
void keel_paper_group_control_leave(keel_paper_group_control *c);
void keel_paper_group_control_close(keel_paper_group_control *c);
/* In the process of a strategy: its copies of the listener and of the streams are closed. */
void keel_paper_group_control_forget(keel_paper_group_control *c);

/* As keel_paper_group's `look`: 1: the run was killed. */
int keel_paper_group_control_look(void *control);

#endif
