/* app/cli/paper_group.h: several strategies of one paper run side by side, each a process of its own.
 *
 * Nothing is shared between them: not memory, not a journal, not an account. One that faults, crashes or is killed ends
 * alone; the others run on. */
#ifndef KEEL_APP_CLI_PAPER_GROUP_H
#define KEEL_APP_CLI_PAPER_GROUP_H

#include "app/cli/cli.h"

enum { KEEL_PAPER_GROUP_TEXT = 1000 };

/* What became of one of them. */
typedef struct keel_paper_member {
    const char *name; /* borrowed */
    int code;         /* 0: it ended; KEEL_E_* with the line in text */
    int signal;       /* that ended it, 0: none */
    int has_begun;    /* 1: its process was begun */
    int is_over;      /* 1: the rest is filled; of one that has not begun: it never will */
    char text[KEEL_PAPER_GROUP_TEXT];
} keel_paper_member;

typedef struct keel_paper_group {
    keel_cli *cli;
    keel_paper_member *member; /* [count]; name is set */
    int32_t count;
    int32_t at_once; /* processes at a time; 0: as many as there are processors for it */
    /* In the process of member i: 0 or KEEL_E_* with the line in keel_cli_err(cli). What it prints on stdout is lost, a
     * line on stderr comes out behind the member's name. */
    int (*work)(void *data, int32_t i);
    /* In the caller, as soon as member i is over and what became of it is filled; others may still run. */
    void (*over)(void *data, int32_t i);
    /* In the caller, again and again, at least every 100 ms. 1: nobody is begun any more. NULL: nobody looks. */
    int (*look)(void *data);
    void *data;
} keel_paper_group;

/* Run all of them to their end and fill what became of each. When the user interrupts, each is asked to leave in order.
 * Of those that are not begun any more KEEL_E_INTERRUPTED is filled at once, where `look` has not done so itself.
 * A caller that dies takes them with it. The caller has one thread.
 * Returns 0, also when some failed; KEEL_E_IO (no pipe or process could be made: those that run were asked to end),
 * KEEL_E_NOMEM. What became of each is filled in any case. */
KEEL_MUST_USE int keel_paper_group_run(const keel_paper_group *g, keel_err *reterr);

#endif
