/* engine/snapfile.h: snapshots of the journal, for files that also know the core: there a snapshot is what the signals
 * show at a closed bar, and both are called keel_snapshot. */
#ifndef KEEL_ENGINE_SNAPFILE_H
#define KEEL_ENGINE_SNAPFILE_H

#include "journal/journal.h"

typedef struct keel_engine_snapfile {
    uint64_t seq, state_hash;
    uint8_t *bytes; /* handed to the caller: free() */
    size_t size;
    uint32_t rejected; /* newer ones that were passed over, */
    char why[200];     /* the first of them for this reason */
} keel_engine_snapfile;

/* As keel_snapshot_load and keel_journal_snapshot of journal/snapshot.h. */
KEEL_MUST_USE int keel_engine_snapfile_load(const keel_journal_where *where, const keel_journal_report *report,
                                            uint64_t below, keel_engine_snapfile *ret, keel_err *reterr);
KEEL_MUST_USE int keel_engine_snapfile_save(keel_journal *j, uint64_t state_hash, const void *bytes, size_t size,
                                            keel_err *reterr);

/* The START record's text as the newest snapshot that can be read keeps it, handed to the caller (free()): of a journal
 * that was compacted. KEEL_E_NOT_FOUND: there is none; others as keel_journal_inspect. */
KEEL_MUST_USE int keel_engine_snapfile_start(const keel_journal_where *where, char **ret_text, size_t *ret_size,
                                             keel_err *reterr);

#endif
