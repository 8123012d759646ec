/* journal/format.h: the bytes of the journal, versions 1 and 2. docs/formats/journal.md is the page to implement from;
 * this header and format.c are the only C that knows offsets. All numbers are little-endian. */
#ifndef KEEL_JOURNAL_FORMAT_H
#define KEEL_JOURNAL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "journal/crypto.h"

enum {
    KEEL_JOURNAL_VERSION = 1, /* of the files beside the segments */
    KEEL_JOURNAL_SEGMENT_VERSION = 2,
    KEEL_JOURNAL_HEADER_SIZE = 4096, /* a block of its own: no later write touches the block the header lies in */
    KEEL_JOURNAL_ID_SIZE = 16,
    KEEL_JOURNAL_NAME_MAX = 31,
    KEEL_JOURNAL_RECORD_HEAD = 24,
    KEEL_JOURNAL_RECORD_EXTRA = 28,           /* head and checksum */
    KEEL_JOURNAL_PAYLOAD_MAX = 16 << 20,      /* of a record that the caller hands in */
    KEEL_JOURNAL_BLOCK_MAX = (32 << 20) + 64, /* of an encrypted block */
    KEEL_JOURNAL_CHECKPOINT_SIZE = 128,
    KEEL_JOURNAL_SNAPREF_SIZE = 48
};

/* Record types from here on are the journal's own; below, they are the caller's. */
enum {
    KEEL_JOURNAL_TYPE_OWN = 0xff00,
    KEEL_JOURNAL_TYPE_CHECKPOINT = 0xff01,
    KEEL_JOURNAL_TYPE_SEAL = 0xff02,     /* the segment ends here, another follows */
    KEEL_JOURNAL_TYPE_SHUTDOWN = 0xff03, /* the writer ended in order */
    KEEL_JOURNAL_TYPE_BLOCK = 0xff04,    /* encrypted records */
    KEEL_JOURNAL_TYPE_SNAPREF = 0xff05   /* a snapshot was kept */
};

/* First record of a commit: when it was written, everything before it was durable. */
enum { KEEL_JOURNAL_FLAG_FIRST = 1 };

/* Flags of a segment. */
enum { KEEL_JOURNAL_SEGMENT_ENCRYPTED = 1, KEEL_JOURNAL_SEGMENT_SIGNED = 2 };

typedef struct keel_journal_head {
    uint32_t version;
    uint8_t id[KEEL_JOURNAL_ID_SIZE];     /* of the journal, drawn when it was made */
    char name[KEEL_JOURNAL_NAME_MAX + 1]; /* [a-z0-9_]+ */
    uint64_t segment;                     /* from 1 */
    uint64_t first_seq;                   /* of the first record that is the caller's */
    int64_t created_ms;
    uint64_t flags;
    uint64_t previous_size;              /* where the segment before ends, 0 for the first; its file may be longer */
    uint8_t chain[KEEL_DIGEST_SIZE];     /* of everything before this segment */
    uint8_t public_key[KEEL_KEY_SIZE];   /* zeros: not signed */
    uint8_t config_id[KEEL_DIGEST_SIZE]; /* of the run, the caller's */
    uint64_t state_hash;                 /* of the state before first_seq, the caller's; 0: not said */
    uint8_t key_check[8];                /* tells a wrong encryption key from damage */
} keel_journal_head;

typedef struct keel_journal_record {
    uint16_t type, flags;
    uint64_t seq;
    int64_t ts_ms;
    const uint8_t *payload; /* [size] */
    uint32_t size;
} keel_journal_record;

typedef struct keel_journal_checkpoint {
    uint64_t from, to; /* the bytes of this segment that it closes; `to` is where its record begins */
    uint8_t chain[KEEL_DIGEST_SIZE];
    uint8_t signature[KEEL_SIGNATURE_SIZE];
} keel_journal_checkpoint;

void keel_put_u16(uint8_t *at, uint16_t v);
void keel_put_u32(uint8_t *at, uint32_t v);
void keel_put_u64(uint8_t *at, uint64_t v);
uint16_t keel_get_u16(const uint8_t *at);
uint32_t keel_get_u32(const uint8_t *at);
uint64_t keel_get_u64(const uint8_t *at);

void keel_journal_head_write(const keel_journal_head *h, uint8_t ret[KEEL_JOURNAL_HEADER_SIZE]);

/* What is wrong with a header, NULL: nothing. *ret_newer is 1 when the version is above this program's: then nothing
 * else was judged but the checksum. ret is written whenever NULL is returned. */
const char *keel_journal_head_read(const uint8_t bytes[KEEL_JOURNAL_HEADER_SIZE], keel_journal_head *ret,
                                   int *ret_newer);

/* The checksum state that every record of this segment starts from: journal and segment are part of each checksum. */
uint32_t keel_journal_salt(const uint8_t id[KEEL_JOURNAL_ID_SIZE], uint64_t segment);

/* One record into ret[size + KEEL_JOURNAL_RECORD_EXTRA]; r->payload may already lie at its place there. */
void keel_journal_record_write(const keel_journal_record *r, uint32_t salt, uint8_t *ret);
/* The same without its checksum, with these flags; and the checksums of all records that fill so many bytes. */
void keel_journal_record_put(const keel_journal_record *r, uint16_t flags, uint8_t *ret);
void keel_journal_records_sum(uint8_t *records, size_t size, uint32_t salt);

/* The fields of a record head; payload is left NULL. */
void keel_journal_record_peek(const uint8_t head[KEEL_JOURNAL_RECORD_HEAD], keel_journal_record *ret);

/* Could this head begin a record of this format? Its payload must not be longer than room - 28. */
int keel_journal_record_plausible(const keel_journal_record *r, uint64_t room);

/* 1 when the checksum of the whole record fits. */
int keel_journal_record_intact(const uint8_t *record, uint32_t size, uint32_t salt);

void keel_journal_checkpoint_write(const keel_journal_checkpoint *c, uint8_t ret[KEEL_JOURNAL_CHECKPOINT_SIZE]);
void keel_journal_checkpoint_read(const uint8_t bytes[KEEL_JOURNAL_CHECKPOINT_SIZE], keel_journal_checkpoint *ret);

/* What is signed. */
enum { KEEL_JOURNAL_SIGNED_SIZE = 128 };
void keel_journal_signed_bytes(const keel_journal_head *h, uint64_t seq, const keel_journal_checkpoint *c,
                               uint8_t ret[KEEL_JOURNAL_SIGNED_SIZE]);

/* First bytes of SHA-256 over a fixed text and the key. */
void keel_journal_key_check(const uint8_t key[KEEL_KEY_SIZE], uint8_t ret[8]);

/* "wal-NAME-00000012.klw" in ret[96]; and back: 1 when the text is exactly such a name. */
enum { KEEL_JOURNAL_FILE_MAX = 96 };
void keel_journal_file_name(const char *name, uint64_t segment, char ret[KEEL_JOURNAL_FILE_MAX]);
int keel_journal_file_parse(const char *text, char ret_name[KEEL_JOURNAL_NAME_MAX + 1], uint64_t *ret_segment);

/* [a-z0-9_], 1 to 31. */
int keel_journal_name_valid(const char *name);

#endif
