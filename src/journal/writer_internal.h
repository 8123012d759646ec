/* journal/writer_internal.h: what the files of the writer share. */
#ifndef KEEL_JOURNAL_WRITER_INTERNAL_H
#define KEEL_JOURNAL_WRITER_INTERNAL_H

#include "journal/journal.h"

struct keel_journal {
    keel_journal_options o; /* pointers to keys redirected to the copies below */
    char dir[KEEL_FS_PATH_MAX];
    uint8_t sign_seed[KEEL_KEY_SIZE], encrypt_key[KEEL_KEY_SIZE];
    int lock;   /* handle */
    int failed; /* for good */

    keel_journal_head head; /* of the segment being written */
    uint32_t salt;
    int file;
    uint64_t at, capacity; /* where the next commit goes; length of the file */
    uint64_t checked;      /* end of the last checkpoint */
    keel_journal_chain chain;
    int64_t period; /* of rotate_ms, of the first record; INT64_MIN while there is none */

    uint64_t next_seq, durable_seq;
    uint8_t *pending; /* [pending_capacity], records as in the file, the first with its flag */
    size_t pending_size, pending_capacity;
    int64_t pending_first_ts_ms;
    uint8_t *out; /* [out_capacity], the bytes of one commit when they are not `pending` itself */
    size_t out_capacity;
};

/* The lock file, held. A handle >= 0, or KEEL_E_GATE (held by another), KEEL_E_IO. */
int keel_journal_lock(const keel_fs *fs, const char *dir, keel_err *reterr);

/* Set aside what is behind the last good record. */
int keel_journal_set_aside(const keel_journal_where *where, const keel_journal_report *found,
                           keel_journal_recovery *ret, keel_err *reterr);

/* Begin the segment after `previous_size` bytes of the one before: j->head.segment is its number. On failure nothing
 * of it counts, and the writer is as it was. */
int keel_journal_begin_segment(keel_journal *j, uint64_t at_least, keel_err *reterr);

/* A segment with room for a record of the journal's own of this size, before the next commit's. */
int keel_journal_room_for_own(keel_journal *j, uint32_t size, keel_err *reterr);

/* Write these bytes at j->at and sync; feeds the chain. Failing is final. */
int keel_journal_write_out(keel_journal *j, const uint8_t *bytes, size_t size, int chain_done, keel_err *reterr);

/* Append a record of the journal's own, then (if asked) a checkpoint, as one commit. */
int keel_journal_write_own(keel_journal *j, uint16_t type, const uint8_t *payload, uint32_t size, int checkpoint,
                           keel_err *reterr);

#endif
