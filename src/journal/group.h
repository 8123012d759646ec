/* journal/group.h: several producers, one committer.
 *
 * Producers hand records in and get their numbers; one thread of its own takes whatever has come in since the last
 * commit and makes it durable with one write and one sync, at most 4 MiB of records at a time. Under load the commits
 * grow, so the sync is shared; without load a record waits for nobody. Nobody spins. Thread: any, save start and stop.
 */
#ifndef KEEL_JOURNAL_GROUP_H
#define KEEL_JOURNAL_GROUP_H

#include "journal/journal.h"

typedef struct keel_journal_group keel_journal_group;

/* Take over the writer `j` (until stop). queue_bytes bounds what waits to be committed, at most 31 MiB; 0: 8 MiB.
 * KEEL_E_NOMEM, KEEL_E_ERROR (no thread): j stays the caller's. */
KEEL_MUST_USE int keel_journal_group_start(keel_journal *j, size_t queue_bytes, keel_journal_group **ret,
                                           keel_err *reterr);

/* Hand in one record; the payload is copied. Waits while the queue is full: that is the backpressure.
 *   ret_seq  out  its number; it is durable once keel_journal_group_wait says so
 * KEEL_E_USAGE (type), KEEL_E_RANGE (larger than the queue), KEEL_E_IO once a commit has failed. */
KEEL_MUST_USE int keel_journal_group_submit(keel_journal_group *g, uint16_t type, int64_t ts_ms, const void *payload,
                                            uint32_t size, uint64_t *ret_seq, keel_err *reterr);

/* Wait until this record is durable. KEEL_E_IO when it never will be, with the line of the failure. */
KEEL_MUST_USE int keel_journal_group_wait(keel_journal_group *g, uint64_t seq, keel_err *reterr);

uint64_t keel_journal_group_durable(keel_journal_group *g); /* highest durable number */

typedef struct keel_journal_group_counts {
    uint64_t records, commits;
} keel_journal_group_counts;

/* Commit what is there, end the thread, give the writer back in ret_j (may have failed). No producer may be in a call.
 * KEEL_E_IO as the last commit. */
KEEL_MUST_USE int keel_journal_group_stop(keel_journal_group *g, keel_journal **ret_j,
                                          keel_journal_group_counts *ret_counts, keel_err *reterr);

/* Called by the committer after each commit, with the highest durable number; for whoever measures. Set before the
 * first submit. */
void keel_journal_group_on_commit(keel_journal_group *g, void (*call)(void *data, uint64_t durable_seq), void *data);

#endif
