/* ops/forensic/audit.c: see audit.h. */
#include "ops/forensic/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/sha256.h"
#include "base/timerange.h"
#include "ops/forensic/line.h"

#define FILE_NAME "audit.jsonl"
#define HEAD_NAME "audit.head"
#define HASH_MEMBER ",\"hash\":\""

enum {
    FILE_MAX = 1 << 28,
    HEAD_MAX = 4096,
    LOCK_TRIES = 200,
    LOCK_WAIT_NS = 10000000,
    HASH_TAIL = sizeof HASH_MEMBER - 1 + 64 + 2,
    ESCAPED = 6 * KEEL_LINE_STRING_MAX + 8
};

static const char ZEROS[] = "0000000000000000000000000000000000000000000000000000000000000000";

const char *keel_audit_verdict_word(keel_audit_verdict verdict) {
    static const char *const WORDS[] = {
#define WORD(name, word, sentence) word,
        KEEL_AUDIT_VERDICTS(WORD)};
#undef WORD
    return WORDS[verdict];
}

const char *keel_audit_verdict_sentence(keel_audit_verdict verdict) {
    static const char *const SENTENCES[] = {
#define SENTENCE(name, word, sentence) sentence,
        KEEL_AUDIT_VERDICTS(SENTENCE)};
#undef SENTENCE
    return SENTENCES[verdict];
}

/* ---- the head --------------------------------------------------------------------------------------------------- */

typedef struct head {
    int there, is_signed;
    uint64_t seq;
    char hash[KEEL_AUDIT_HASH_TEXT];
    uint8_t public_key[KEEL_KEY_SIZE], signature[KEEL_SIGNATURE_SIZE];
} head;

/* What a signature stands for: the chain up to a record. */
static size_t signed_text(uint64_t seq, const char *hash, char ret[128]) {
    return (size_t)snprintf(ret, 128, "keel audit %" PRIu64 " %.64s", seq, hash);
}

static int hex_member(const keel_tree *t, const char *key, uint8_t *ret, size_t size) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 && strlen(text) == 2 * size &&
           keel_unhex(text, ret, size);
}

static int parse_head(const char *text, size_t size, head *ret) {
    keel_tree *t = NULL;
    keel_err ignored = {0};
    const char *hash = NULL;
    int64_t seq = 0;
    if (keel_json_parse(text, size, HEAD_NAME, &t, &ignored) != 0) return 0;
    int good = keel_json_read_int(keel_tree_find(t, "seq"), &seq) == 0 && seq > 0 &&
               keel_json_read_string(keel_tree_find(t, "hash"), &hash) == 0 && strlen(hash) == 64;
    if (good) {
        ret->seq = (uint64_t)seq;
        memcpy(ret->hash, hash, 65);
        ret->is_signed = hex_member(t, "public_key", ret->public_key, KEEL_KEY_SIZE) &&
                         hex_member(t, "signature", ret->signature, KEEL_SIGNATURE_SIZE);
        ret->there = 1;
    }
    keel_tree_free(t);
    return good;
}

/* there 0: no such file, or nothing that can be read. */
static int read_head(const keel_audit *a, head *ret, keel_err *err) {
    char path[KEEL_FS_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_fs_path(a->dir, HEAD_NAME, path, err));
    int rc = keel_fs_read_whole(a->fs, path, HEAD_MAX, &bytes, &size, err);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc == 0) (void)parse_head((const char *)bytes, size, ret);
    free(bytes);
    return rc;
}

static int write_head(const keel_audit *a, uint64_t seq, const char *hash, keel_err *err) {
    char text[512], subject[128], public_key[2 * KEEL_KEY_SIZE + 1] = "", signature[2 * KEEL_SIGNATURE_SIZE + 1] = "";
    uint8_t key[KEEL_KEY_SIZE], made[KEEL_SIGNATURE_SIZE];
    if (a->sign_seed) {
        keel_sign_public(a->sign_seed, key);
        keel_sign(a->sign_seed, subject, signed_text(seq, hash, subject), made);
        keel_hex(key, sizeof key, public_key);
        keel_hex(made, sizeof made, signature);
    }
    int size = snprintf(text, sizeof text,
                        "{\"schema\":\"keel.audit_head\",\"schema_version\":1,\"seq\":%" PRIu64
                        ",\"hash\":\"%.64s\"%s%s%s%s%s}\n",
                        seq, hash, a->sign_seed ? ",\"public_key\":\"" : "", public_key,
                        a->sign_seed ? "\",\"signature\":\"" : "", signature, a->sign_seed ? "\"" : "");
    return keel_fs_replace(a->fs, a->dir, HEAD_NAME, text, (size_t)size, err);
}

/* ---- one record ------------------------------------------------------------------------------------------------- */

typedef struct record {
    uint64_t seq;
    char prev[KEEL_AUDIT_HASH_TEXT], hash[KEEL_AUDIT_HASH_TEXT], run_id[KEEL_LINE_ID_MAX + 1];
    int anchor; /* it signs the record before it */
    uint8_t public_key[KEEL_KEY_SIZE], signature[KEEL_SIGNATURE_SIZE];
} record;

/* 1: the line's own hash is right and its members are there. */
static int parse_record(const char *line, size_t size, record *ret) {
    char made[KEEL_AUDIT_HASH_TEXT];
    const char *prev = NULL, *hash = NULL, *run = NULL, *action = NULL;
    keel_tree *t = NULL;
    keel_err ignored = {0};
    int64_t seq = 0;
    memset(ret, 0, sizeof *ret);
    if (size <= HASH_TAIL || memcmp(line + size - HASH_TAIL, HASH_MEMBER, sizeof HASH_MEMBER - 1) != 0) return 0;
    keel_sha256_text(line, size - HASH_TAIL, made);
    if (keel_json_parse(line, size, FILE_NAME, &t, &ignored) != 0) return 0;
    int good = keel_json_read_int(keel_tree_find(t, "seq"), &seq) == 0 && seq > 0 &&
               keel_json_read_string(keel_tree_find(t, "prev"), &prev) == 0 && strlen(prev) == 64 &&
               keel_json_read_string(keel_tree_find(t, "hash"), &hash) == 0 && strcmp(hash, made) == 0 &&
               keel_json_read_string(keel_tree_find(t, "run_id"), &run) == 0 && strlen(run) <= KEEL_LINE_ID_MAX &&
               keel_json_read_string(keel_tree_find(t, "action"), &action) == 0;
    if (good) {
        ret->seq = (uint64_t)seq;
        memcpy(ret->prev, prev, 65);
        memcpy(ret->hash, hash, 65);
        memcpy(ret->run_id, run, strlen(run) + 1);
        ret->anchor = strcmp(action, "anchor") == 0 && hex_member(t, "public_key", ret->public_key, KEEL_KEY_SIZE) &&
                      hex_member(t, "signature", ret->signature, KEEL_SIGNATURE_SIZE);
        if (strcmp(action, "anchor") == 0 && !ret->anchor) good = 0;
    }
    keel_tree_free(t);
    return good;
}

static void text_member(keel_strbuf *out, const char *key, const char *text) {
    char escaped[ESCAPED];
    if (!text) return;
    (void)keel_line_text(text, strlen(text), escaped, sizeof escaped);
    keel_strbuf_addf(out, ",\"%s\":\"%s\"", key, escaped);
}

static void begin_record(const keel_audit *a, uint64_t seq, const char *run_id, keel_strbuf *out) {
    char time[KEEL_TIME_TEXT_MAX];
    keel_strbuf_addf(out, "{\"schema_version\":1,\"seq\":%" PRIu64 ",\"ts\":\"%s\"", seq,
                     keel_time_format(a->clock->wall_ms(a->clock->ctx), time));
    text_member(out, "run_id", run_id);
}

/* prev and hash; *hash goes on as that of this record. */
static void end_record(keel_strbuf *out, size_t from, char hash[KEEL_AUDIT_HASH_TEXT]) {
    keel_strbuf_addf(out, ",\"prev\":\"%s\"", hash);
    keel_sha256_text(out->text + from, out->size - from, hash);
    keel_strbuf_addf(out, HASH_MEMBER "%s\"}\n", hash);
}

static void add_anchor(const keel_audit *a, uint64_t seq, const char *run_id, char hash[KEEL_AUDIT_HASH_TEXT],
                       keel_strbuf *out) {
    char subject[128], public_key[2 * KEEL_KEY_SIZE + 1], signature[2 * KEEL_SIGNATURE_SIZE + 1];
    uint8_t key[KEEL_KEY_SIZE], made[KEEL_SIGNATURE_SIZE];
    size_t from = out->size;
    keel_sign_public(a->sign_seed, key);
    keel_sign(a->sign_seed, subject, signed_text(seq - 1, hash, subject), made);
    keel_hex(key, sizeof key, public_key);
    keel_hex(made, sizeof made, signature);
    begin_record(a, seq, run_id, out);
    keel_strbuf_addf(out, ",\"actor\":\"keel\",\"action\":\"anchor\",\"public_key\":\"%s\",\"signature\":\"%s\"",
                     public_key, signature);
    end_record(out, from, hash);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int read_trail(const keel_audit *a, char path[KEEL_FS_PATH_MAX], uint8_t **ret, size_t *ret_size,
                      keel_err *err) {
    KEEL_TRY(keel_fs_path(a->dir, FILE_NAME, path, err));
    KEEL_TRY(keel_fs_private(a->fs, path, err));
    return keel_fs_read_whole(a->fs, path, FILE_MAX, ret, ret_size, err);
}

static int bad(keel_audit_report *r, keel_audit_verdict verdict, uint64_t number, size_t offset, size_t size,
               const char *why) {
    r->verdict = verdict;
    r->bad_record = number;
    r->bad_offset = (int64_t)offset;
    r->bad_size = (int64_t)size;
    (void)snprintf(r->why, sizeof r->why, "%.159s", why);
    return 0;
}

static int signature_fits(const uint8_t *key, const uint8_t *named, const uint8_t *signature, uint64_t seq,
                          const char *hash) {
    char subject[128];
    size_t size = signed_text(seq, hash, subject);
    if (key && memcmp(key, named, KEEL_KEY_SIZE) != 0) return 0;
    return keel_sign_check(named, subject, size, signature);
}

/* 1: good so far. */
static int judge_line(const char *line, size_t size, size_t offset, const uint8_t *key, keel_audit_report *r) {
    record c;
    uint64_t number = r->records + 1;
    if (!parse_record(line, size, &c))
        return bad(r, KEEL_AUDIT_EDITED, number, offset, size, "its hash is not that of its bytes");
    if (strcmp(c.prev, r->records ? r->head : ZEROS) != 0 || c.seq != number)
        return bad(r, KEEL_AUDIT_BROKEN, number, offset, size, "it does not follow the record before it");
    if (c.anchor) {
        if (!signature_fits(key, c.public_key, c.signature, c.seq - 1, c.prev))
            return bad(r, KEEL_AUDIT_FORGED, number, offset, size, "its signature is not that of the key");
        r->signatures++;
    }
    memcpy(r->head, c.hash, sizeof r->head);
    r->records = number;
    return 1;
}

/* What is behind the record that the head names: its writer was not told that it is there, or it has none. */
typedef struct behind {
    char named[KEEL_AUDIT_HASH_TEXT]; /* hash of the record that the head names, "": it did not come by */
    size_t offset;                    /* of what is behind it */
} behind;

static void judge_head(const head *h, const behind *b, const uint8_t *key, size_t size, keel_audit_report *r) {
    if (!h->there) {
        (void)bad(r, KEEL_AUDIT_HEADLESS, r->records, size, 0, HEAD_NAME " is missing or cannot be read");
        return;
    }
    if (h->is_signed) {
        if (!signature_fits(key, h->public_key, h->signature, h->seq, h->hash)) {
            (void)bad(r, KEEL_AUDIT_FORGED, r->records, size, 0,
                      HEAD_NAME " has a signature that is not that of the key");
            return;
        }
        r->signatures++;
    } else if (key) {
        (void)bad(r, KEEL_AUDIT_UNSIGNED, r->records, size, 0, HEAD_NAME " is not signed");
        return;
    }
    if (h->seq > r->records) {
        (void)bad(r, KEEL_AUDIT_SHORT, r->records + 1, size, 0,
                  "records that " HEAD_NAME " knows are missing at the end");
        return;
    }
    if (strcmp(h->hash, b->named) != 0) {
        (void)bad(r, KEEL_AUDIT_BROKEN, r->records, size, 0, HEAD_NAME " names another record as the last");
        return;
    }
    if (b->offset == size) return;
    (void)bad(r, KEEL_AUDIT_UNNAMED, h->seq + 1, b->offset, size - b->offset,
              "what is behind the record that " HEAD_NAME " names as the last");
    r->records = h->seq;
    memcpy(r->head, h->hash, sizeof r->head);
}

int keel_audit_verify(const keel_audit *a, const uint8_t *public_key, keel_audit_report *ret, keel_err *reterr) {
    char path[KEEL_FS_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0, at = 0;
    behind b = {0};
    head h;
    memset(ret, 0, sizeof *ret);
    ret->bad_offset = -1;
    KEEL_TRY(read_trail(a, path, &bytes, &size, reterr));
    int rc = read_head(a, &h, reterr), good = 1;
    while (rc == 0 && good && at < size) {
        const char *line = (const char *)bytes + at, *end = memchr(line, '\n', size - at);
        size_t length = end ? (size_t)(end - line) : size - at;
        if (!end) { /* it was being written, or somebody wrote there */
            if (!h.there || h.seq != ret->records)
                good = bad(ret, KEEL_AUDIT_EDITED, ret->records + 1, at, length, "it has no end");
            break;
        }
        good = judge_line(line, length, at, public_key, ret);
        at += length + 1;
        if (good && h.there && h.seq == ret->records) {
            memcpy(b.named, ret->head, sizeof b.named);
            b.offset = at;
        }
    }
    if (rc == 0 && good) judge_head(&h, &b, public_key, size, ret);
    free(bytes);
    return rc;
}

/* ---- appending -------------------------------------------------------------------------------------------------- */

typedef struct tail {
    uint64_t seq;
    char hash[KEEL_AUDIT_HASH_TEXT];
    char run_id[KEEL_LINE_ID_MAX + 1];
    int64_t offset; /* where the next record goes */
    int is_signed;  /* its head is */
} tail;

static int not_the_end(const keel_audit *a, keel_err *err) {
    return keel_err_set(
        err, KEEL_E_PARITY,
        "the audit trail's end is not what was written: %s/" FILE_NAME ": keel audit verify shows where", a->dir);
}

/* A trail that is signed goes on with the same key alone: whoever has no key is not to take its signature off. */
static int may_go_on(const keel_audit *a, const head *h, keel_err *err) {
    uint8_t key[KEEL_KEY_SIZE];
    if (!h->is_signed) return 0;
    if (!a->sign_seed)
        return keel_err_set(err, KEEL_E_GATE, "the audit trail is signed: %s/" FILE_NAME ": add --sign-key FILE",
                            a->dir);
    keel_sign_public(a->sign_seed, key);
    if (memcmp(key, h->public_key, sizeof key) != 0)
        return keel_err_set(err, KEEL_E_GATE,
                            "another key signed the audit trail: %s/" FILE_NAME ": give that one by --sign-key",
                            a->dir);
    return signature_fits(key, h->public_key, h->signature, h->seq, h->hash) ? 0 : not_the_end(a, err);
}

/* Where the line before `end` begins; bytes[end - 1] is a newline. */
static size_t line_before(const char *bytes, size_t end) {
    size_t begin = end - 1;
    while (begin > 0 && bytes[begin - 1] != '\n')
        begin--;
    return begin;
}

/* The record that the head names, in what is read of the file's end. One complete record behind it was being written,
 * and its writer never heard that it is kept: it is cut off like one that is not complete. 1: it is there. */
static int find_named(const char *bytes, size_t size, const head *h, record *ret, size_t *ret_end) {
    size_t end = size;
    while (end > 0 && bytes[end - 1] != '\n')
        end--;
    for (int i = 0; i < 2 && end > 0; i++) {
        size_t begin = line_before(bytes, end);
        if (!parse_record(bytes + begin, end - 1 - begin, ret)) return 0;
        *ret_end = end;
        if (h->seq == ret->seq && strcmp(h->hash, ret->hash) == 0) return 1;
        end = begin;
    }
    return 0;
}

/* Nothing was ever promised: no head, and at most one record that was being written. That is cut off; which run it was
 * of is kept for whoever writes the next one without knowing. */
static int is_unbegun(const char *bytes, size_t size, char ret_run[KEEL_LINE_ID_MAX + 1]) {
    const char *end = memchr(bytes, '\n', size);
    record first;
    if (end && (end != bytes + size - 1 || size > KEEL_AUDIT_LINE_MAX)) return 0;
    if (end && parse_record(bytes, size - 1, &first) && first.seq == 1)
        memcpy(ret_run, first.run_id, sizeof first.run_id);
    return 1;
}

/* The last record, read from the end of the file; nothing else of it is looked at. */
static int read_tail(const keel_audit *a, int file, tail *ret, keel_err *err) {
    char bytes[3 * KEEL_AUDIT_LINE_MAX];
    keel_fs_stat st;
    head h;
    record c;
    size_t end = 0;
    memcpy(ret->hash, ZEROS, sizeof ret->hash);
    int rc = a->fs->stat_file(a->fs->ctx, file, &st);
    if (rc != 0) return keel_fs_fail(rc, "cannot read the audit trail", a->dir, err);
    KEEL_TRY(read_head(a, &h, err));
    KEEL_TRY(may_go_on(a, &h, err));
    int64_t from = st.size > (int64_t)sizeof bytes ? st.size - (int64_t)sizeof bytes : 0;
    int64_t got = keel_fs_read_at(a->fs, file, bytes, (size_t)(st.size - from), from);
    if (got != st.size - from)
        return keel_fs_fail(got < 0 ? (int)got : -EIO, "cannot read the audit trail", a->dir, err);
    if (!h.there) return from == 0 && is_unbegun(bytes, (size_t)got, ret->run_id) ? 0 : not_the_end(a, err);
    if (!find_named(bytes, (size_t)got, &h, &c, &end)) return not_the_end(a, err);
    ret->offset = from + (int64_t)end;
    ret->seq = c.seq;
    ret->is_signed = h.is_signed;
    memcpy(ret->hash, c.hash, sizeof ret->hash);
    memcpy(ret->run_id, c.run_id, sizeof ret->run_id);
    return 0;
}

/* Durable, then named by the head: each record by itself, so that the head is never more than one behind. */
static int write_record(const keel_audit *a, int file, tail *t, const keel_strbuf *out, keel_err *err) {
    if (out->failed || out->size > KEEL_AUDIT_LINE_MAX)
        return keel_err_set(err, KEEL_E_USAGE, "too long for the audit trail: %s: say it shorter", a->dir);
    int rc = a->fs->truncate(a->fs->ctx, file, t->offset);
    if (rc == 0) rc = keel_fs_write_at(a->fs, file, out->text, out->size, t->offset);
    if (rc == 0) rc = a->fs->sync(a->fs->ctx, file);
    if (rc == 0 && t->seq == 0) rc = a->fs->sync_dir(a->fs->ctx, a->dir);
    if (rc != 0) return keel_fs_fail(rc, "cannot write the audit trail", a->dir, err);
    t->offset += (int64_t)out->size;
    t->seq++;
    return write_head(a, t->seq, t->hash, err);
}

static int write_entry(const keel_audit *a, int file, const char *run_id, const keel_audit_entry *e, tail *t,
                       keel_strbuf *out, keel_err *err) {
    keel_strbuf_clear(out);
    begin_record(a, t->seq + 1, run_id, out);
    text_member(out, "actor", e->actor);
    text_member(out, "action", e->action);
    text_member(out, "reason", e->reason);
    text_member(out, "before", e->before);
    text_member(out, "after", e->after);
    end_record(out, 0, t->hash);
    KEEL_TRY(write_record(a, file, t, out, err));
    if (a->told) a->told(a->told_data, out->text, out->size);
    if (!a->sign_seed || t->seq % KEEL_AUDIT_ANCHOR_EVERY != 0) return 0;
    keel_strbuf_clear(out);
    add_anchor(a, t->seq + 1, run_id, t->hash, out);
    return write_record(a, file, t, out, err);
}

/* What nobody did, and who reads the trail has to know. */
static const keel_audit_entry MISSING = {"keel", "trail_missing",
                                         "the run had begun, and its trail was not there: what was done before this "
                                         "is not known",
                                         NULL, NULL};
static const keel_audit_entry SIGNING = {"keel", "signing_began", "no record before this one was signed", NULL, NULL};

static int append(const keel_audit *a, int file, const keel_audit_entry *e, keel_strbuf *out, keel_err *err) {
    tail t = {0};
    KEEL_TRY(read_tail(a, file, &t, err));
    const char *run_id = a->run_id ? a->run_id : t.run_id;
    if (!*run_id)
        return keel_err_set(err, KEEL_E_USAGE, "no run has begun here: %s: its trail begins with the run", a->dir);
    if (t.seq == 0 && a->has_begun)
        KEEL_TRY(write_entry(a, file, run_id, &MISSING, &t, out, err));
    else if (t.seq > 0 && !t.is_signed && a->sign_seed)
        KEEL_TRY(write_entry(a, file, run_id, &SIGNING, &t, out, err));
    return write_entry(a, file, run_id, e, &t, out, err);
}

/* Another writes one record and is done: a run's end is not to fail of somebody's note. 1: it is locked. */
static int lock_soon(const keel_audit *a, int file) {
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (a->fs->lock(a->fs->ctx, file) == 0) return 1;
        a->clock->wait_until(a->clock->ctx, a->clock->mono_ns(a->clock->ctx) + LOCK_WAIT_NS);
    }
    return 0;
}

int keel_audit_append(const keel_audit *a, const keel_audit_entry *entry, keel_err *reterr) {
    char path[KEEL_FS_PATH_MAX];
    keel_strbuf out;
    if (!entry->actor || !entry->action)
        return keel_err_set(reterr, KEEL_E_USAGE, "who did what: audit trail: both are needed");
    KEEL_TRY(keel_fs_private(a->fs, a->dir, reterr));
    KEEL_TRY(keel_fs_path(a->dir, FILE_NAME, path, reterr));
    int file = a->fs->open(a->fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE);
    if (file < 0) return keel_fs_fail(file, "cannot open the audit trail", path, reterr);
    keel_strbuf_init(&out, 0);
    int rc = keel_fs_private(a->fs, path, reterr);
    if (rc == 0 && !lock_soon(a, file))
        rc = keel_err_set(reterr, KEEL_E_GATE, "somebody else writes to the audit trail: %s: try again", path);
    if (rc == 0) rc = append(a, file, entry, &out, reterr);
    a->fs->close(a->fs->ctx, file);
    keel_strbuf_done(&out);
    return rc;
}
