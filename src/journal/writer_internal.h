/* journal/writer_internal.h: what the files of the writer share. */
#ifndef KEEL_JOURNAL_WRITER_INTERNAL_H
#define KEEL_JOURNAL_WRITER_INTERNAL_H

#include "journal/chain.h"
#include "journal/journal.h"

/* Bytes to be written: `bytes` begins as far behind `base`, which is aligned, as the file's end lies behind a block of
 * the disk, so that whole blocks can be written from where they are. */
typedef struct keel_journal_room {
    uint8_t *base, *bytes;
    size_t capacity; /* from base */
} keel_journal_room;

struct keel_journal {
    keel_journal_options o; /* pointers to keys redirected to the copies below */
    char dir[KEEL_FS_PATH_MAX];
    uint8_t sign_seed[KEEL_KEY_SIZE], encrypt_key[KEEL_KEY_SIZE];
    keel_signer *signer; /* NULL: checkpoints are not signed */
    int lock;            /* handle */
    int failed;          /* for good */

    keel_journal_head head; /* of the segment being written */
    uint32_t salt;
    int file;
    int direct;            /* the segment takes whole blocks, past the memory of the system */
    uint64_t at, capacity; /* where the next commit goes; length of the file */
    uint64_t filled;       /* zeros were written up to here: no block before it has yet to get its place on the disk */
    keel_fs_job writing, filling;
    int ended; /* the segment before, sealed and not yet waited for; -1: none */
    uint64_t ended_size;
    int nameless; /* the segment has its name, but the name is not durable yet */
    int spare;    /* the next segment's file, -1: none; under its .new name, filled up to spare_filled */
    int spare_tried;
    int no_room; /* 1: the disk had no room for it */
    uint64_t spare_filled;
    uint8_t tail[KEEL_FS_BLOCK]; /* of a direct segment: the block that `at` lies in, up to there */
    uint64_t checked;            /* end of the last checkpoint */
    int64_t checked_ns;          /* monotonic time of that */
    uint64_t checkpoint_bytes_max; /* so many are too many, however soon they came */
    keel_journal_chain chain;
    int64_t period; /* of rotate_ms, of the first record; INT64_MIN while there is none */

    uint64_t next_seq, durable_seq;
    keel_journal_room pending; /* records as in the file, the first with its flag */
    size_t pending_size, summed; /* bytes of them; those at the front whose checksums are written */
    int64_t pending_first_ts_ms;
    keel_journal_room out;    /* the bytes of one commit when they are not the pending ones */
    keel_journal_room own;    /* records of the journal's own */
    keel_journal_room header; /* of a new segment */
};

/* Room for `size` bytes that are to be written at `at`; the first `used` of those that are there stay. KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_journal_make_room(keel_journal_room *r, const keel_journal *j, size_t used, size_t size);
void keel_journal_drop_room(keel_journal_room *r);

/* The lock file, held. A handle >= 0, or KEEL_E_GATE (held by another), KEEL_E_IO. */
int keel_journal_lock(const keel_fs *fs, const char *dir, keel_err *reterr);

/* Note, durably, that damage is about to be cut off. */
int keel_journal_damage_note(const keel_fs *fs, const char *dir, const char *name, keel_err *reterr);

/* Set aside what is behind the last good record. */
int keel_journal_set_aside(const keel_journal_where *where, const keel_journal_report *found,
                           keel_journal_recovery *ret, keel_err *reterr);

/* Kept free at the end of a segment: a checkpoint inside the last commit, the end record and its checkpoint. */
enum {
    KEEL_JOURNAL_CHECKPOINT_BYTES = KEEL_JOURNAL_RECORD_EXTRA + KEEL_JOURNAL_CHECKPOINT_SIZE,
    KEEL_JOURNAL_RESERVE = 2 * KEEL_JOURNAL_CHECKPOINT_BYTES + KEEL_JOURNAL_RECORD_EXTRA
};

/* Begin the segment after `previous_size` bytes of the one before: j->head.segment is its number. What still runs of
 * the one before is waited for. On failure nothing of it counts, and the writer is as it was. later: its name is made
 * durable by the first write_out. */
int keel_journal_begin_segment(keel_journal *j, uint64_t at_least, int later, keel_err *reterr);

/* Has the next segment its space, for a commit of this size? It is asked for where it was not yet. 0: the disk has
 * none, or a segment of the usual length would not do: this one is not to be left before it is full, for a sealed one
 * takes nothing any more. */
int keel_journal_has_next(keel_journal *j, uint64_t at_least);

/* A segment with room for a record of the journal's own of this size, before the next commit's. */
int keel_journal_room_for_own(keel_journal *j, uint32_t size, keel_err *reterr);

/* Write what a room holds at j->at and sync; feeds the chain. Failing is final. */
int keel_journal_write_out(keel_journal *j, const keel_journal_room *r, size_t size, int chain_done, keel_err *reterr);

/* The same in two parts, of which the first does not wait where the write is long; between them r's bytes stay where
 * they are. */
int keel_journal_write_begin(keel_journal *j, const keel_journal_room *r, size_t size, int chain_done,
                             keel_err *reterr);
int keel_journal_write_end(keel_journal *j, const keel_journal_room *r, size_t size, keel_err *reterr);

/* A large commit that ends in a checkpoint, which needs the hash of what stands before it: its front, whole blocks, is
 * written while that is made; the rest and the sync come after it. front_size: of a commit of `size` bytes without its
 * checkpoint, 0: not worth it. size of front_end: with it. The chain has been fed by the caller. Failing is final. */
size_t keel_journal_front_size(const keel_journal *j, size_t size);
int keel_journal_front_begin(keel_journal *j, const keel_journal_room *r, size_t front, keel_err *reterr);
int keel_journal_front_end(keel_journal *j, const keel_journal_room *r, size_t front, size_t size, keel_err *reterr);

/* After write_begin of its last record: the segment is over, and waits for begin_segment. */
void keel_journal_end_segment(keel_journal *j, size_t size);

void keel_journal_leave_segment(keel_journal *j); /* close its file */

/* Close all files, after what still runs; tidy: the one that was made for the next segment goes. */
void keel_journal_leave_files(keel_journal *j, int tidy);

/* Cut the segment to what was written, durably. Failing is final. */
int keel_journal_cut_segment(keel_journal *j, keel_err *reterr);

/* Append a record of the journal's own, then (if asked) a checkpoint, as one commit. */
int keel_journal_write_own(keel_journal *j, uint16_t type, const uint8_t *payload, uint32_t size, int checkpoint,
                           keel_err *reterr);

#endif
