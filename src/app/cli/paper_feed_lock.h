/* app/cli/paper_feed_lock.h: whose the feed in a run's folder is: one process's at a time, and of one content for good.
 *
 * RUN/feed.source names the feed that the run was begun with, and is locked as long as a process uses it, before the
 * store in RUN/feed is touched. So a second start beside a running one changes nothing under it, and a start with
 * another feed leaves the run able to go on with its own. */
#ifndef KEEL_APP_CLI_PAPER_FEED_LOCK_H
#define KEEL_APP_CLI_PAPER_FEED_LOCK_H

#include "app/cli/cli.h"
#include "base/strbuf.h"

typedef struct keel_paper_feed_lock {
    int file;     /* -1: none */
    int is_whole; /* 1: the store holds the whole of it */
    char path[4096];
    keel_strbuf said; /* of this start */
} keel_paper_feed_lock;

/* What --feed says, by content: each file's SHA-256, or the seed and the flags that shape its market. A zeroed `said`.
 * Returns 0 or KEEL_E_NOT_FOUND, KEEL_E_IO of a file. */
KEEL_MUST_USE int keel_paper_feed_describe(keel_cli *cli, keel_strbuf *said);

/* Lock it for this process's life. Returns 0; KEEL_E_GATE: another process has it; KEEL_E_USAGE: the folder is of
 * another feed; KEEL_E_IO. */
KEEL_MUST_USE int keel_paper_feed_take(const char *run_folder, keel_paper_feed_lock *l, keel_err *err);

/* The store holds all of it now; or nothing of it, and it may become another. */
KEEL_MUST_USE int keel_paper_feed_whole(keel_paper_feed_lock *l, keel_err *err);
void keel_paper_feed_forget(keel_paper_feed_lock *l);

#endif
