/* journal/compact.h: remove what no recovery needs any more. */
#ifndef KEEL_JOURNAL_COMPACT_H
#define KEEL_JOURNAL_COMPACT_H

#include "journal/inspect.h"

typedef struct keel_journal_compaction {
    uint64_t snapshot_seq; /* of the oldest snapshot that is kept; 0: there is none, and nothing was done */
    uint64_t segments;     /* removed or archived */
    uint64_t bytes;
    uint64_t first_segment, first_seq; /* the journal begins here now */
} keel_journal_compaction;

/* Segments whose records all lie before the oldest whole snapshot go into the folder `archive` in the journal's, or
 * (discard 1) are deleted. The journal is verified first, from beginning to end; a damaged one is left alone. Takes the
 * writer's lock. Stopped anywhere, the journal is whole: the new beginning is durable before the first file goes.
 * KEEL_E_PARITY (damaged), KEEL_E_GATE (a writer is at work), others as keel_journal_inspect. */
KEEL_MUST_USE int keel_journal_compact(const keel_journal_where *where, int discard, keel_journal_compaction *ret,
                                       keel_err *reterr);

#endif
