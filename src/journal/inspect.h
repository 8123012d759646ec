/* journal/inspect.h: a whole journal judged, from its first segment to the end.
 *
 * Inspection changes nothing and needs no lock; it may run beside a writer, and then sees a prefix of what is written.
 */
#ifndef KEEL_JOURNAL_INSPECT_H
#define KEEL_JOURNAL_INSPECT_H

#include "journal/cursor.h"

/* A record of the caller's, in order; payload borrowed for the call. A return other than 0 ends the inspection. */
typedef int (*keel_journal_visit)(void *data, const keel_journal_record *r);

typedef struct keel_journal_where {
    const keel_fs *fs;
    const char *dir;
    const char *name;      /* NULL: the only one there */
    const uint8_t *key;    /* [KEEL_KEY_SIZE] of the encryption; NULL: blocks are judged as wholes */
    const uint8_t *signer; /* [KEEL_KEY_SIZE] public key that must have signed; NULL: whatever the header names */
} keel_journal_where;

/* A snapshot that the journal says was kept. */
typedef struct keel_journal_snapref {
    uint64_t seq, state_hash, size;
    uint8_t digest[KEEL_DIGEST_SIZE];
} keel_journal_snapref;

enum { KEEL_JOURNAL_SNAPREFS_MAX = 32 };

typedef struct keel_journal_report {
    keel_journal_verdict verdict;
    char why[240];                        /* one phrase; empty when good */
    char bad_file[KEEL_JOURNAL_FILE_MAX]; /* "" when good */
    uint64_t bad_segment;
    int64_t bad_offset;    /* in that file; -1 when good */
    uint64_t behind_bytes; /* of the journal's files, behind the last good record */

    char name[KEEL_JOURNAL_NAME_MAX + 1];
    uint8_t id[KEEL_JOURNAL_ID_SIZE];
    uint8_t public_key[KEEL_KEY_SIZE];
    uint8_t config_id[KEEL_DIGEST_SIZE];            /* of the newest segment */
    uint64_t flags;                                 /* KEEL_JOURNAL_SEGMENT_* of the newest segment */
    uint64_t segments, first_segment, last_segment; /* there, damaged ones included */
    uint64_t records, bytes, checkpoints;           /* good ones; records are the caller's */
    uint64_t first_seq, last_seq;                   /* last_seq = first_seq - 1 when there is no record */
    int64_t first_ts_ms, last_ts_ms;
    uint64_t unsigned_bytes; /* good bytes behind the last checkpoint: only their checksums speak for them */
    int shut_down;           /* the writer ended in order */

    keel_journal_snapref snapref[KEEL_JOURNAL_SNAPREFS_MAX]; /* the newest, the oldest of them first */
    uint32_t snapref_count;

    /* Where a writer goes on. */
    uint64_t good_segment; /* the last one that is good so far; 0: none */
    uint64_t good_size;    /* of that segment's file */
    uint64_t file_size;    /* what it has now */
    uint8_t chain[KEEL_DIGEST_SIZE];
} keel_journal_report;

/* Judge the segments that hold records from from_seq on (0 and 1: all), giving each record of the caller's from there
 * to `visit` (may be NULL). The verdict is in the report; a journal without segments is good and has no records.
 * Returns 0; what visit returned; or KEEL_E_NOT_FOUND (no such folder, no journal of that name), KEEL_E_GATE
 * (permissions, wrong key), KEEL_E_USAGE (several journals and no name), KEEL_E_VERSION (newer), KEEL_E_IO,
 * KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_journal_inspect(const keel_journal_where *where, uint64_t from_seq, keel_journal_visit visit,
                                       void *data, keel_journal_report *ret, keel_err *reterr);

/* ---- the base: from which segment on a compacted journal is kept ---- */

typedef struct keel_journal_base {
    uint8_t id[KEEL_JOURNAL_ID_SIZE];
    uint64_t segment;                /* the first that is kept */
    uint64_t first_seq;              /* of that segment */
    uint8_t chain[KEEL_DIGEST_SIZE]; /* in its header */
} keel_journal_base;

/* 0, and ret->segment 1 when there is no base. KEEL_E_PARITY when it is damaged. */
KEEL_MUST_USE int keel_journal_base_read(const keel_fs *fs, const char *dir, const char *name, keel_journal_base *ret,
                                         keel_err *reterr);
KEEL_MUST_USE int keel_journal_base_write(const keel_fs *fs, const char *dir, const char *name,
                                          const keel_journal_base *base, keel_err *reterr);

/* ---- the note of damage: made durable before anything is cut off, settled by whoever drew the consequences ---- */

typedef struct keel_journal_damage {
    uint64_t count; /* how often damage was cut off a record that was built upon */
    int open;       /* 1: nobody has drawn the consequences of the last one */
} keel_journal_damage;

/* Zeros when there was none. KEEL_E_PARITY when the note itself is damaged, KEEL_E_VERSION, KEEL_E_IO. */
KEEL_MUST_USE int keel_journal_damage_read(const keel_fs *fs, const char *dir, const char *name,
                                           keel_journal_damage *ret, keel_err *reterr);

/* ---- what lies in the folder, for the other files of this room ---- */

typedef struct keel_journal_files {
    char name[KEEL_JOURNAL_NAME_MAX + 1];
    uint64_t *segment; /* [count], ascending, none below the base */
    size_t count;
    uint64_t *stale; /* [stale_count], below the base: left over from a compaction that was stopped */
    size_t stale_count;
    keel_journal_base base; /* base.segment must come first: 1 unless the journal was compacted */
} keel_journal_files;

/* KEEL_E_* as inspect. keel_journal_files_done afterwards when 0. */
KEEL_MUST_USE int keel_journal_files_list(const keel_journal_where *where, keel_journal_files *ret, keel_err *reterr);
void keel_journal_files_done(keel_journal_files *f);

#endif
