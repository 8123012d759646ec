/* journal/cursor.c: see cursor.h. */
#include "journal/cursor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1 << 18 }; /* stays in a core's own cache between reading and judging */

const char *keel_journal_verdict_word(keel_journal_verdict verdict) {
    static const char *const WORDS[] = {
#define WORD(name, word, sentence) word,
        KEEL_JOURNAL_VERDICTS(WORD)
#undef WORD
    };
    return WORDS[verdict];
}

const char *keel_journal_verdict_sentence(keel_journal_verdict verdict) {
    static const char *const SENTENCES[] = {
#define SENTENCE(name, word, sentence) sentence,
        KEEL_JOURNAL_VERDICTS(SENTENCE)
#undef SENTENCE
    };
    return SENTENCES[verdict];
}

KEEL_PRINTF(4, 5)
static int bad(keel_journal_cursor *c, keel_journal_verdict verdict, uint64_t at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
    c->verdict = verdict;
    c->bad_at = at;
    return KEEL_CURSOR_BAD;
}

/* ---- bytes ---- */

/* The chain has seen everything before `to`, which lies in the buffer. */
static void feed(keel_journal_cursor *c, uint64_t to) {
    if (!c->chained || c->chain.to >= to) return;
    keel_journal_chain_add(&c->chain, c->buffer + (c->chain.to - c->base), (size_t)(to - c->chain.to));
}

/* How many of the `want` bytes from `at` on are in the buffer now: fewer only at the end of the file. Or a KEEL_E_*. */
static int64_t have(keel_journal_cursor *c, size_t want, keel_err *reterr) {
    uint64_t end = c->base + c->fill;
    if (c->at + want <= end) return (int64_t)want;
    feed(c, c->at);
    size_t kept = (size_t)(end - c->at);
    memmove(c->buffer, c->buffer + (c->at - c->base), kept);
    c->base = c->at;
    c->fill = kept;
    if (want > c->capacity) {
        uint8_t *grown = realloc(c->buffer, want);
        if (!grown) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", c->path, want);
        c->buffer = grown;
        c->capacity = want;
    }
    int64_t n = keel_fs_read_at(c->fs, c->file, c->buffer + kept, c->capacity - kept, (int64_t)(c->base + kept));
    if (n < 0) return keel_fs_fail((int)n, "cannot read", c->path, reterr);
    c->fill += (size_t)n;
    return c->fill < want ? (int64_t)c->fill : (int64_t)want;
}

static size_t first_nonzero(const uint8_t *bytes, size_t size) {
    size_t i = 0;
    for (uint64_t word[8]; i + sizeof word <= size; i += sizeof word) { /* a segment may be 64 MiB of them */
        memcpy(word, bytes + i, sizeof word);
        if (word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7]) break;
    }
    while (i < size && !bytes[i])
        i++;
    return i;
}

/* From `at` on there must be nothing but zeros. Their first byte lies in the buffer or behind it. */
static int zeros_to_the_end(keel_journal_cursor *c, keel_err *reterr) {
    uint8_t piece[1 << 16];
    for (uint64_t from = c->at; from < c->size;) {
        int64_t n = keel_fs_read_at(c->fs, c->file, piece, sizeof piece, (int64_t)from);
        if (n < 0) return keel_fs_fail((int)n, "cannot read", c->path, reterr);
        if (n == 0) break;
        size_t zeros = first_nonzero(piece, (size_t)n);
        if (zeros < (size_t)n)
            return bad(c, KEEL_JOURNAL_CORRUPT, from + zeros, "bytes behind the end of the journal are not 0");
        from += (uint64_t)n;
    }
    return KEEL_CURSOR_END;
}

/* ---- the header ---- */

static int judge_header(keel_journal_cursor *c, keel_err *reterr) {
    int64_t n = have(c, KEEL_JOURNAL_HEADER_SIZE, reterr);
    if (n < 0) return (int)n;
    if (first_nonzero(c->buffer, (size_t)n) == (size_t)n) {
        int rc = zeros_to_the_end(c, reterr);
        if (rc == KEEL_CURSOR_END) return bad(c, KEEL_JOURNAL_TORN, 0, "the file holds nothing");
        return rc < 0 ? rc : bad(c, KEEL_JOURNAL_CORRUPT, 0, "the header is gone");
    }
    if (n < KEEL_JOURNAL_HEADER_SIZE) return bad(c, KEEL_JOURNAL_CORRUPT, 0, "the header is cut short");
    int newer = 0;
    const char *wrong = keel_journal_head_read(c->buffer, &c->head, &newer);
    if (wrong && memcmp(c->buffer, "KEELWAL\n", 8) != 0) return bad(c, KEEL_JOURNAL_FOREIGN, 0, "%s", wrong);
    if (wrong) return bad(c, KEEL_JOURNAL_CORRUPT, 0, "%s", wrong);
    if (newer)
        return bad(c, KEEL_JOURNAL_NEWER, 8, "version %u, this program knows %d", c->head.version,
                   KEEL_JOURNAL_SEGMENT_VERSION);
    if (c->key && (c->head.flags & KEEL_JOURNAL_SEGMENT_ENCRYPTED)) {
        uint8_t check[8];
        keel_journal_key_check(c->key, check);
        if (memcmp(check, c->head.key_check, sizeof check) != 0)
            return keel_err_set(reterr, KEEL_E_GATE,
                                "the encryption key is wrong: %s: give the key it was written with", c->path);
    }
    return 0;
}

int keel_journal_cursor_open(keel_journal_cursor *c, const keel_fs *fs, const char *path,
                             const uint8_t key[KEEL_KEY_SIZE], int chained, keel_err *reterr) {
    memset(c, 0, sizeof *c);
    c->fs = fs;
    c->key = key;
    (void)snprintf(c->path, sizeof c->path, "%s", path);
    c->file = fs->open(fs->ctx, path, 0);
    if (c->file < 0) return keel_fs_fail(c->file, "cannot open", path, reterr);
    keel_fs_stat st;
    int rc = fs->stat_file(fs->ctx, c->file, &st);
    if (rc != 0) return keel_fs_fail(rc, "cannot read", path, reterr);
    c->size = (uint64_t)st.size;
    /* A small file gets a small buffer: folders of short segments are opened often. */
    c->capacity = c->size >= WINDOW                    ? WINDOW
                  : c->size > KEEL_JOURNAL_HEADER_SIZE ? (size_t)c->size
                                                       : KEEL_JOURNAL_HEADER_SIZE;
    c->buffer = malloc(c->capacity);
    if (!c->buffer) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", path, c->capacity);
    KEEL_TRY(judge_header(c, reterr));
    c->salt = keel_journal_salt(c->head.id, c->head.segment);
    c->last_seq = c->head.first_seq - 1;
    c->chained = chained;
    if (chained && keel_journal_chain_reserve(&c->chain, c->head.version) != 0)
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: its chain: close other programs", path);
    if (chained) keel_journal_chain_begin(&c->chain, c->head.version, c->head.chain, 0);
    c->at = KEEL_JOURNAL_HEADER_SIZE;
    return 0;
}

void keel_journal_cursor_close(keel_journal_cursor *c) {
    if (c->file >= 0 && c->fs) c->fs->close(c->fs->ctx, c->file);
    if (c->plain) keel_wipe(c->plain, c->plain_capacity);
    free(c->buffer);
    free(c->plain);
    keel_journal_chain_done(&c->chain);
    memset(c, 0, sizeof *c);
    c->file = -1;
}

/* ---- one record ---- */

static int judge_checkpoint(keel_journal_cursor *c, const keel_journal_record *r) {
    uint8_t expected[KEEL_DIGEST_SIZE], text[KEEL_JOURNAL_SIGNED_SIZE];
    keel_journal_checkpoint point;
    if (r->size != KEEL_JOURNAL_CHECKPOINT_SIZE)
        return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "checkpoint of a wrong size");
    if (first_nonzero(r->payload + 16, 16) != 16)
        return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "reserved bytes of a checkpoint are not 0");
    keel_journal_checkpoint_read(r->payload, &point);
    if (c->chained) {
        uint64_t from = c->chain.from;
        feed(c, c->at);
        keel_journal_chain_close(&c->chain, expected);
        if (point.from != from || point.to != c->at || memcmp(expected, point.chain, sizeof expected) != 0)
            return bad(c, KEEL_JOURNAL_TAMPERED, from,
                       "bytes %" PRIu64 " to %" PRIu64 " are not those that the checkpoint closed", from, c->at);
        if (c->head.flags & KEEL_JOURNAL_SEGMENT_SIGNED) {
            keel_journal_signed_bytes(&c->head, r->seq, &point, text);
            if (!keel_sign_check(c->head.public_key, text, sizeof text, point.signature))
                return bad(c, KEEL_JOURNAL_TAMPERED, c->at, "the signature of the checkpoint does not fit");
        }
    }
    c->checkpoints++;
    c->checked = c->at + KEEL_JOURNAL_RECORD_EXTRA + r->size;
    return 0;
}

static int judge_order(keel_journal_cursor *c, const keel_journal_record *r) {
    int own = r->type >= KEEL_JOURNAL_TYPE_OWN, block = r->type == KEEL_JOURNAL_TYPE_BLOCK;
    int encrypted = (c->head.flags & KEEL_JOURNAL_SEGMENT_ENCRYPTED) != 0;
    if (own && (r->type == KEEL_JOURNAL_TYPE_OWN || r->type > KEEL_JOURNAL_TYPE_SNAPREF))
        return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "record type %u is unknown", r->type);
    if (c->ended == 2 || (c->ended == 1 && r->type != KEEL_JOURNAL_TYPE_CHECKPOINT))
        return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "a record behind the end of the segment");
    if (!own && encrypted) return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "a record in the clear in an encrypted segment");
    if (block && !encrypted) return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "an encrypted block in a segment in the clear");
    if (block ? r->seq <= c->last_seq : r->seq != c->last_seq + !own)
        return bad(c, KEEL_JOURNAL_MISSING, c->at, "sequence number %" PRIu64 " where %" PRIu64 " was due", r->seq,
                   c->last_seq + !own);
    return 0;
}

/* Fill `plain` with the records of a block. */
static int open_block(keel_journal_cursor *c, const uint8_t *record, const keel_journal_record *r, keel_err *reterr) {
    uint8_t also[KEEL_JOURNAL_RECORD_HEAD + KEEL_JOURNAL_ID_SIZE + 8];
    if (r->size < KEEL_NONCE_SIZE + KEEL_TAG_SIZE) return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "a block cut short");
    size_t size = r->size - KEEL_NONCE_SIZE - KEEL_TAG_SIZE;
    if (size > c->plain_capacity) {
        uint8_t *grown = realloc(c->plain, size);
        if (!grown) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", c->path, size);
        c->plain = grown;
        c->plain_capacity = size;
    }
    memcpy(also, record, KEEL_JOURNAL_RECORD_HEAD);
    memcpy(also + KEEL_JOURNAL_RECORD_HEAD, c->head.id, KEEL_JOURNAL_ID_SIZE);
    keel_put_u64(also + KEEL_JOURNAL_RECORD_HEAD + KEEL_JOURNAL_ID_SIZE, c->head.segment);
    if (!keel_unseal(c->key, r->payload, also, sizeof also, r->payload + KEEL_NONCE_SIZE, size,
                     r->payload + KEEL_NONCE_SIZE + size, c->plain))
        return bad(c, KEEL_JOURNAL_TAMPERED, c->at, "the block is not what was encrypted");
    c->plain_size = size;
    c->plain_at = 0;
    return 0;
}

/* The next record of the block that is open; the block's own bytes were judged as one. */
static int next_plain(keel_journal_cursor *c, keel_journal_record *ret) {
    size_t room = c->plain_size - c->plain_at;
    const uint8_t *record = c->plain + c->plain_at;
    if (room < KEEL_JOURNAL_RECORD_EXTRA)
        return bad(c, KEEL_JOURNAL_TAMPERED, c->at, "a block with a part of a record");
    keel_journal_record_peek(record, ret);
    if (ret->type >= KEEL_JOURNAL_TYPE_OWN || !keel_journal_record_plausible(ret, room) ||
        !keel_journal_record_intact(record, ret->size, c->salt) || ret->seq != c->last_seq + 1)
        return bad(c, KEEL_JOURNAL_TAMPERED, c->at, "a record in the block is not right");
    ret->payload = record + KEEL_JOURNAL_RECORD_HEAD;
    c->plain_at += KEEL_JOURNAL_RECORD_EXTRA + (size_t)ret->size;
    c->last_seq = ret->seq;
    return KEEL_CURSOR_RECORD;
}

static int judge_kind(keel_journal_cursor *c, const keel_journal_record *r) {
    if (r->type == KEEL_JOURNAL_TYPE_CHECKPOINT) {
        KEEL_TRY(judge_checkpoint(c, r));
        if (c->ended) c->ended = 2;
    }
    if (r->type == KEEL_JOURNAL_TYPE_SEAL || r->type == KEEL_JOURNAL_TYPE_SHUTDOWN) {
        if (r->size != 0) return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "an end record with a payload");
        c->ended = 1;
        c->shut_down = r->type == KEEL_JOURNAL_TYPE_SHUTDOWN;
    }
    return 0;
}

/* The record at `at` by itself: whole, plausible, its checksum right. It lies in the buffer then. */
static int fetch(keel_journal_cursor *c, keel_journal_record *ret, keel_err *reterr) {
    int64_t n = have(c, KEEL_JOURNAL_RECORD_HEAD, reterr);
    if (n < 0) return (int)n;
    const uint8_t *record = c->buffer + (c->at - c->base);
    if (first_nonzero(record, (size_t)n) == (size_t)n) return zeros_to_the_end(c, reterr);
    if (n < KEEL_JOURNAL_RECORD_HEAD) return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "a record cut short");
    keel_journal_record_peek(record, ret);
    if (!keel_journal_record_plausible(ret, c->size - c->at))
        return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "this is no record, or one cut short");
    size_t whole = KEEL_JOURNAL_RECORD_EXTRA + (size_t)ret->size;
    n = have(c, whole, reterr);
    if (n < 0) return (int)n;
    if ((size_t)n < whole) return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "a record cut short");
    record = c->buffer + (c->at - c->base);
    if (!keel_journal_record_intact(record, ret->size, c->salt))
        return bad(c, KEEL_JOURNAL_CORRUPT, c->at, "the checksum of a record does not fit");
    ret->payload = record + KEEL_JOURNAL_RECORD_HEAD;
    return KEEL_CURSOR_RECORD;
}

/* A writer at work may have put bytes there since the buffer was filled: what looks wrong is read again. */
static int fetch_again(keel_journal_cursor *c, keel_journal_record *ret, keel_err *reterr) {
    int rc = fetch(c, ret, reterr);
    for (int i = 0; i < 2 && rc == KEEL_CURSOR_BAD; i++) {
        keel_fs_stat st;
        feed(c, c->at);
        c->fill = (size_t)(c->at - c->base);
        if (c->fs->stat_file(c->fs->ctx, c->file, &st) == 0) c->size = (uint64_t)st.size;
        rc = fetch(c, ret, reterr);
    }
    return rc;
}

int keel_journal_cursor_next(keel_journal_cursor *c, keel_journal_record *ret, keel_err *reterr) {
    if (c->plain_at < c->plain_size) return next_plain(c, ret);
    int rc = fetch_again(c, ret, reterr);
    if (rc != KEEL_CURSOR_RECORD) return rc;
    size_t whole = KEEL_JOURNAL_RECORD_EXTRA + (size_t)ret->size;
    KEEL_TRY(judge_order(c, ret));
    KEEL_TRY(judge_kind(c, ret));
    if (ret->type == KEEL_JOURNAL_TYPE_BLOCK && c->key) {
        uint64_t last = ret->seq;
        KEEL_TRY(open_block(c, ret->payload - KEEL_JOURNAL_RECORD_HEAD, ret, reterr));
        rc = next_plain(c, ret);
        c->at += whole;
        if (rc == KEEL_CURSOR_RECORD && c->last_seq > last)
            return bad(c, KEEL_JOURNAL_TAMPERED, c->at - whole, "a block with other records than it says");
        return rc;
    }
    c->at += whole;
    c->last_seq = ret->seq;
    return KEEL_CURSOR_RECORD;
}

/* ---- torn or damaged ---- */

int64_t keel_journal_without_zeros(const keel_fs *fs, int file, uint64_t from, uint64_t to) {
    uint8_t piece[1 << 14];
    while (to > from) {
        size_t want = to - from < sizeof piece ? (size_t)(to - from) : sizeof piece;
        int64_t n = keel_fs_read_at(fs, file, piece, want, (int64_t)(to - want));
        if (n < 0) return n;
        if (first_nonzero(piece, (size_t)n) < (size_t)n) {
            while (piece[n - 1] == 0)
                n--;
            return (int64_t)(to - want - from) + n;
        }
        to -= want;
    }
    return 0;
}

int keel_journal_cursor_damaged(keel_journal_cursor *c, keel_err *reterr) {
    uint64_t from = c->at + 1;
    if (from + KEEL_JOURNAL_RECORD_EXTRA > c->size) return 0;
    int64_t left = keel_journal_without_zeros(c->fs, c->file, from, c->size);
    if (left < 0) return keel_fs_fail((int)left, "cannot read", c->path, reterr);
    if (left == 0) return 0;
    size_t size = (size_t)(c->size - from);
    uint8_t *rest = calloc(1, size); /* the zeros at its end, which a record may end in, are not read: they are these */
    if (!rest) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", c->path, size);
    int64_t n = keel_fs_read_at(c->fs, c->file, rest, (size_t)left, (int64_t)from);
    int found = n < 0 ? keel_fs_fail((int)n, "cannot read", c->path, reterr) : 0;
    for (size_t i = 0; !found && i < (size_t)left && i + KEEL_JOURNAL_RECORD_EXTRA <= size; i++) {
        keel_journal_record r;
        keel_journal_record_peek(rest + i, &r);
        found = r.type != 0 && (r.flags & KEEL_JOURNAL_FLAG_FIRST) &&
                keel_journal_record_plausible(&r, (uint64_t)size - i) && r.seq >= c->last_seq &&
                r.seq - c->last_seq < (uint64_t)1 << 40 && keel_journal_record_intact(rest + i, r.size, c->salt);
    }
    free(rest);
    return found;
}

void keel_journal_cursor_chain(keel_journal_cursor *c, uint8_t ret[KEEL_DIGEST_SIZE]) {
    KEEL_ASSERT(c->chained);
    feed(c, c->at);
    keel_journal_chain_close(&c->chain, ret);
}
