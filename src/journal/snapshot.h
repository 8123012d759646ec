/* journal/snapshot.h: the state at one sequence number, as opaque bytes in a file of its own, so that recovery need not
 * begin at the first record. docs/formats/journal.md has the layout. */
#ifndef KEEL_JOURNAL_SNAPSHOT_H
#define KEEL_JOURNAL_SNAPSHOT_H

#include "journal/journal.h"

enum { KEEL_SNAPSHOT_HEADER_SIZE = 256 };

typedef struct keel_snapshot {
    uint8_t id[KEEL_JOURNAL_ID_SIZE]; /* of the journal */
    uint64_t seq;                     /* the state after this record */
    int64_t ts_ms;                    /* wall time when it was taken */
    uint64_t state_hash;              /* the caller's */
    uint64_t size;                    /* of the bytes */
    uint8_t digest[KEEL_DIGEST_SIZE]; /* SHA-256 of the bytes as they lie in the file */
    int encrypted;
} keel_snapshot;

/* Commit what is pending, keep these bytes as the state after it, note that in the journal, and remove all snapshots
 * but the newest options.snapshots_kept. KEEL_E_IO: the journal failed (keel_journal_failed), or only the snapshot did
 * and the journal goes on. */
KEEL_MUST_USE int keel_journal_snapshot(keel_journal *j, uint64_t state_hash, const void *bytes, size_t size,
                                        keel_err *reterr);

/* The newest snapshot that is whole, belongs to this journal and is not ahead of it. `report` is of the inspection:
 * its id, its last_seq, and what it says of snapshots, are what a file must agree with.
 *   below         in   of those with a smaller number; UINT64_MAX: of all
 *   ret_bytes     out  handed to the caller (free())
 *   ret_rejected  out  newer ones that were passed over; ret_why[200] says why for the first; both may be NULL
 * Returns 0; KEEL_E_NOT_FOUND: there is none; KEEL_E_VERSION: the newest was written by a newer keel, and nothing
 * older is taken instead; KEEL_E_GATE: it is encrypted and the key is wrong or missing; KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_snapshot_load(const keel_journal_where *where, const keel_journal_report *report,
                                     uint64_t below, keel_snapshot *ret, uint8_t **ret_bytes,
                                     uint32_t *ret_rejected, char *ret_why, keel_err *reterr);

/* ---- for the other files of this room, and for tools ---- */

/* Sequence numbers of the snapshots of this journal, newest first; handed to the caller (free()). */
KEEL_MUST_USE int keel_snapshot_list(const keel_journal_where *where, const char *name, uint64_t **ret_seqs,
                                     size_t *ret_count, keel_err *reterr);

/* Read one and judge it. 0; KEEL_E_PARITY (damaged, or not what the journal says), KEEL_E_VERSION, KEEL_E_GATE,
 * KEEL_E_NOT_FOUND, KEEL_E_IO, KEEL_E_NOMEM with the line set. ret_bytes may be NULL: then nothing is decrypted. */
KEEL_MUST_USE int keel_snapshot_read(const keel_journal_where *where, const keel_journal_report *report, uint64_t seq,
                                     keel_snapshot *ret, uint8_t **ret_bytes, keel_err *reterr);

/* Remove all but the newest `kept`. KEEL_E_IO. */
KEEL_MUST_USE int keel_snapshot_prune(const keel_journal_where *where, const char *name, uint32_t kept,
                                      keel_err *reterr);

void keel_snapshot_file_name(const char *name, uint64_t seq, char ret[KEEL_JOURNAL_FILE_MAX]);

#endif
