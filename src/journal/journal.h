/* journal/journal.h: make records durable, in order, before anyone acts on them.
 *
 * The journal keeps records of opaque bytes and does not know what they mean. It is a folder of segments, described in
 * docs/formats/journal.md, that only grows at its end. One writer at a time, by lock. A writer never appends to a
 * segment of an earlier one: it judges what is there, keeps a torn end aside, and begins a new segment.
 *
 * Thread: one at a time; journal/group.h lets several hand records in. Seam: port/fs.h, port/clock.h, port/entropy.h.
 */
#ifndef KEEL_JOURNAL_JOURNAL_H
#define KEEL_JOURNAL_JOURNAL_H

#include "journal/inspect.h"
#include "port/clock.h"
#include "port/entropy.h"

typedef struct keel_journal keel_journal;

/* What to do about damage that is more than a torn end. */
typedef enum keel_journal_on_damage {
    KEEL_JOURNAL_REFUSE,    /* do not open */
    KEEL_JOURNAL_QUARANTINE /* keep what is behind the last good record aside, open, and say so in the report */
} keel_journal_on_damage;

typedef struct keel_journal_options {
    const keel_fs *fs;
    const keel_clock *clock;
    const keel_entropy *entropy;
    const char *dir;            /* made when it is not there; its parent must be */
    const char *name;           /* [a-z0-9_], 1 to 31: the strategy */
    const uint8_t *sign_seed;   /* [KEEL_KEY_SIZE] Ed25519 private key; NULL: checkpoints are not signed */
    const uint8_t *encrypt_key; /* [KEEL_KEY_SIZE]; NULL: in the clear */
    keel_journal_on_damage on_damage;
    uint64_t segment_bytes;    /* a segment is this long, unless one commit needs more; 0: 64 MiB, else >= 8192 */
    uint64_t checkpoint_bytes; /* a checkpoint after so many bytes; 0: 1 MiB, within 200 ms of the last 16 MiB */
    uint64_t front_bytes;      /* a commit so long that ends in a checkpoint is written in two parts; 0: 256 KiB */
    int64_t rotate_ms;         /* a new segment when record times pass a multiple of this; 0: a day; < 0: never */
    uint32_t snapshots_kept;   /* 0: 3 */
    uint8_t config_id[KEEL_DIGEST_SIZE]; /* into the header of each new segment */
    uint64_t state_hash;
} keel_journal_options;

/* What opening met and did. */
typedef struct keel_journal_recovery {
    keel_journal_report found;    /* before anything was done */
    uint64_t dropped_bytes;       /* behind the last good record, set aside */
    char aside[KEEL_FS_PATH_MAX]; /* folder they lie in; "" when there was nothing */
    uint64_t next_seq;
    int safe_mode;    /* more than a torn end, now or at a start or repair that nobody has settled: reconcile first */
    uint64_t damages; /* how often more than a torn end was cut off, this time included */
} keel_journal_recovery;

/* Open for writing, after recovery. ret_recovery may be NULL; it is written on damage that is refused, too.
 * Returns 0, or KEEL_E_USAGE (options), KEEL_E_GATE (permissions, lock held, wrong key), KEEL_E_VERSION (newer),
 * KEEL_E_PARITY (damage, refused), KEEL_E_IO, KEEL_E_NOMEM with the line set; then nothing is locked. */
KEEL_MUST_USE int keel_journal_open(const keel_journal_options *options, keel_journal **ret,
                                    keel_journal_recovery *ret_recovery, keel_err *reterr);

/* Take records into the next commit. Nothing is written yet.
 *   records in  [count], copied; seq ascending without gaps from keel_journal_next_seq; type 1 to 0xfeff; flags 0;
 *               at most KEEL_JOURNAL_PAYLOAD_MAX bytes each, and 32 MiB in one commit.
 * All of them or none: KEEL_E_USAGE (seq, type, flags), KEEL_E_RANGE (size), KEEL_E_NOMEM; KEEL_E_IO once the writer
 * has failed. */
KEEL_MUST_USE int keel_journal_append(keel_journal *j, const keel_journal_record *records, uint32_t count,
                                      keel_err *reterr);

/* Make everything appended durable: one write, one sync; a new segment now and then.
 * Returns 0: it is durable, act on it. KEEL_E_IO: nobody may act on it, and whether it replays is unknown until
 * recovery. After a write or sync that failed the writer is closed for good (keel_journal_failed): a sync is never
 * tried again, for the system may have dropped the pages and forgotten. When there was no room for a new segment the
 * batch is dropped whole and the writer stays usable. */
KEEL_MUST_USE int keel_journal_commit(keel_journal *j, keel_err *reterr);

/* End in order: commit, a shutdown record, a checkpoint, lock released, j freed whatever happens. KEEL_E_IO. */
KEEL_MUST_USE int keel_journal_close(keel_journal *j, keel_err *reterr);

/* The consequences of damage are durable: later starts need not know of it. KEEL_E_*; then they will be told again. */
KEEL_MUST_USE int keel_journal_settle(keel_journal *j, keel_err *reterr);

/* Let go without writing anything, as a crash would. NULL allowed. */
void keel_journal_abandon(keel_journal *j);

uint64_t keel_journal_next_seq(const keel_journal *j);    /* of the next record to append */
uint64_t keel_journal_durable_seq(const keel_journal *j); /* highest durable one; first - 1 while there is none */
int keel_journal_failed(const keel_journal *j);

/* The next segment's space is taken once an eighth of this one is full, and before a new period seals it. 1: the disk
 * had no room for it: what is left of this segment, which has its space, is all that can still be written; a later
 * period begins none. Where the file system gives no space ahead, a full disk shows at a new period, or when a segment
 * is full. */
int keel_journal_is_short(const keel_journal *j);
uint64_t keel_journal_room_left(const keel_journal *j); /* bytes of this segment */
/* Somebody made room: 0: it is no longer short. KEEL_E_IO with the line set. */
KEEL_MUST_USE int keel_journal_look_for_room(keel_journal *j, keel_err *reterr);
void keel_journal_public_key(const keel_journal *j, uint8_t ret[KEEL_KEY_SIZE]); /* zeros when not signed */

/* ---- repair: nothing is destroyed, only set aside ---- */

/* Make the journal good up to its last good record: what is behind goes into the folder `aside` in it. A good journal
 * is left alone. Takes the writer's lock. ret->found is what was met; KEEL_E_PARITY when the beginning is missing:
 * that cannot be mended from what is there. Other KEEL_E_* as open. */
KEEL_MUST_USE int keel_journal_repair(const keel_journal_where *where, keel_journal_recovery *ret, keel_err *reterr);

#endif
