/* journal/compact.h: remove what no recovery needs any more. */
#ifndef KEEL_JOURNAL_COMPACT_H
#define KEEL_JOURNAL_COMPACT_H

#include "journal/inspect.h"

typedef struct keel_journal_compaction {
    uint64_t snapshot_seq; /* of the oldest snapshot that can be read; 0: there is none at all, and nothing was done */
    uint64_t segments;     /* removed or archived */
    uint64_t bytes;
    uint64_t first_segment, first_seq; /* the journal begins here now */
} keel_journal_compaction;

/* Can what is in a snapshot be read again? 0, or KEEL_E_VERSION or KEEL_E_PARITY with the reason; another code ends the
 * compaction. `name` is the journal's, and state_hash what its header says. */
typedef struct keel_snapshot_judge {
    void *data;
    int (*judge)(void *data, const char *name, const uint8_t *bytes, size_t size, uint64_t state_hash,
                 keel_err *reterr);
} keel_snapshot_judge;

/* Segments whose records all lie before the oldest whole snapshot that `judge` can read (NULL: none is asked) go into
 * the folder `archive` in the journal's, or (discard 1) are deleted. The journal is verified first, from beginning to
 * end; a damaged one is left alone. Takes the writer's lock. Stopped anywhere, the journal is whole: the new beginning
 * is durable before the first file goes.
 * KEEL_E_PARITY (damaged), KEEL_E_GATE (a writer is at work; a snapshot is encrypted, and there is no key to judge it),
 * KEEL_E_VERSION (there are whole snapshots, none can be read: nothing was done), others as keel_journal_inspect. */
KEEL_MUST_USE int keel_journal_compact(const keel_journal_where *where, int discard, const keel_snapshot_judge *judge,
                                       keel_journal_compaction *ret, keel_err *reterr);

#endif
