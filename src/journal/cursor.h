/* journal/cursor.h: the records of one segment, in order, each judged before it is given out.
 *
 * Reading ends at the end of what was written, or at the first place that cannot be right; nothing behind such a place
 * is ever given out. Memory is bounded by the largest record, and by what is written behind a bad place while that is
 * judged. */
#ifndef KEEL_JOURNAL_CURSOR_H
#define KEEL_JOURNAL_CURSOR_H

#include "journal/chain.h"
#include "journal/format.h"

/* What a segment or a journal turned out to be, worse ones later. X(NAME, word, sentence) */
#define KEEL_JOURNAL_VERDICTS(X)                                                     \
    X(GOOD, "good", "every record is intact")                                        \
    X(TORN, "torn", "the end was being written when the program or machine stopped") \
    X(CORRUPT, "corrupt", "bytes that were durable have changed")                    \
    X(TAMPERED, "tampered", "records are intact, but not those that were written")   \
    X(MISSING, "missing", "segments or records are not there")                       \
    X(FOREIGN, "foreign", "a file does not belong to this journal")                  \
    X(NEWER, "newer version", "written by a newer version of keel")

typedef enum keel_journal_verdict {
#define KEEL_JOURNAL_VERDICT_ENUM(name, word, sentence) KEEL_JOURNAL_##name,
    KEEL_JOURNAL_VERDICTS(KEEL_JOURNAL_VERDICT_ENUM)
#undef KEEL_JOURNAL_VERDICT_ENUM
} keel_journal_verdict;

const char *keel_journal_verdict_word(keel_journal_verdict verdict);
const char *keel_journal_verdict_sentence(keel_journal_verdict verdict);

enum { KEEL_CURSOR_END = 0, KEEL_CURSOR_RECORD = 1, KEEL_CURSOR_BAD = 2 };

typedef struct keel_journal_cursor {
    const keel_fs *fs;
    int file;
    uint64_t size; /* of the file */
    char path[KEEL_FS_PATH_MAX];
    const uint8_t *key; /* NULL: blocks are passed over */
    int chained;        /* the chain and the checkpoints are judged */

    keel_journal_head head;
    uint32_t salt;
    uint64_t at;                   /* where the next record begins: everything before it is good */
    uint64_t last_seq;             /* of the last good record; head.first_seq - 1 at the start */
    uint64_t checkpoints, checked; /* checkpoints passed, and where the last of them ends */
    int ended;                     /* 1: seal or shutdown was met, 2: and the checkpoint behind it */
    int shut_down;                 /* it was a shutdown */
    keel_journal_chain chain;

    /* Of KEEL_CURSOR_BAD */
    keel_journal_verdict verdict;
    uint64_t bad_at; /* the first byte that is known to be wrong, or the record it lies in */
    char why[160];

    uint8_t *buffer; /* [capacity], the bytes of the file from `base`, `fill` of them */
    size_t capacity, fill;
    uint64_t base;
    uint8_t *plain; /* [plain_capacity], records of the block just opened */
    size_t plain_capacity, plain_size, plain_at;
} keel_journal_cursor;

/* Open a segment and judge its header. keel_journal_cursor_close afterwards, whatever was returned.
 * 0; KEEL_CURSOR_BAD (see verdict: FOREIGN, CORRUPT, TORN when the file holds nothing but zeros, NEWER); or
 * KEEL_E_NOT_FOUND, KEEL_E_IO, KEEL_E_GATE (the key is not the journal's), KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_journal_cursor_open(keel_journal_cursor *c, const keel_fs *fs, const char *path,
                                           const uint8_t key[KEEL_KEY_SIZE], int chained, keel_err *reterr);
void keel_journal_cursor_close(keel_journal_cursor *c);

/* The next record, the journal's own included; its payload is borrowed until the next call. A block that cannot be
 * opened for want of a key comes as one record of type KEEL_JOURNAL_TYPE_BLOCK. KEEL_CURSOR_*, or a KEEL_E_*. */
KEEL_MUST_USE int keel_journal_cursor_next(keel_journal_cursor *c, keel_journal_record *ret, keel_err *reterr);

/* After KEEL_CURSOR_BAD: is there an intact record behind that began a later commit? Then what is bad had been
 * durable: it is damage, not a torn end. 1, 0 or a KEEL_E_*. */
KEEL_MUST_USE int keel_journal_cursor_damaged(keel_journal_cursor *c, keel_err *reterr);

/* How many of a file's bytes from `from` to `to` are left without the zeros at their end, of which a segment may have
 * 64 MiB; or -errno. */
int64_t keel_journal_without_zeros(const keel_fs *fs, int file, uint64_t from, uint64_t to);

/* The chain value of everything up to `at`. Only of a chained cursor, and the last thing asked of it. */
void keel_journal_cursor_chain(keel_journal_cursor *c, uint8_t ret[KEEL_DIGEST_SIZE]);

#endif
