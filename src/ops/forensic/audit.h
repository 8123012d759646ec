/* ops/forensic/audit.h: what people did to a run, as a chain of records that nobody can change unseen.
 *
 * Each record holds the SHA-256 of the one before it and ends with its own; audit.head says which record is the last.
 * With a key, the head is signed (Ed25519), and so is every 64th record by an anchor behind it: whoever changes the
 * chain and makes it again cannot sign it. Durable before it returns: what cannot be recorded is not to be done.
 *
 * Format: docs/formats/audit.md. Seams: port/fs.h, port/clock.h. */
#ifndef KEEL_OPS_FORENSIC_AUDIT_H
#define KEEL_OPS_FORENSIC_AUDIT_H

#include "base/strbuf.h"
#include "journal/crypto.h"
#include "port/clock.h"
#include "port/fs.h"

enum { KEEL_AUDIT_LINE_MAX = 8192, KEEL_AUDIT_HASH_TEXT = 65, KEEL_AUDIT_ANCHOR_EVERY = 64 };

typedef struct keel_audit {
    const keel_fs *fs;
    const keel_clock *clock;
    const char *dir;          /* of the run */
    const char *run_id;       /* of the records; NULL: that of the record before, also one whose head never came */
    const uint8_t *sign_seed; /* [KEEL_KEY_SIZE], NULL: not signed */
    int has_begun;            /* the run is not new: where no trail is, the first record is `trail_missing` */
    /* Each record but anchors, with its newline, once it is kept: somebody is to know at once. NULL: nobody. */
    void (*told)(void *data, const char *line, size_t size);
    void *told_data;
} keel_audit;

/* Texts are redacted and escaped like any other; NULL: absent. */
typedef struct keel_audit_entry {
    const char *actor, *action, *reason, *before, *after;
} keel_audit_entry;

/* Append one record; by lock, one at a time. What is behind the record that the head names is cut off: nobody was told
 * that it is kept. The first signed record of a trail that was not signed stands behind one that says so. Returns 0;
 * KEEL_E_GATE (others may read it; somebody else appends; it is signed, and not with this key), KEEL_E_PARITY (the
 * chain's end is not what its head says: keel audit verify), KEEL_E_USAGE (no actor, action or run), KEEL_E_IO. */
KEEL_MUST_USE int keel_audit_append(const keel_audit *a, const keel_audit_entry *entry, keel_err *reterr);

/* X(NAME, word, sentence) */
#define KEEL_AUDIT_VERDICTS(X)                                                  \
    X(GOOD, "good", "every record is what was written")                         \
    X(EDITED, "edited", "a record is not what was written")                     \
    X(BROKEN, "broken", "records are missing, moved or put in")                 \
    X(SHORT, "short", "records at the end are missing")                         \
    X(UNNAMED, "unnamed", "the last record was being written, or was put in")   \
    X(HEADLESS, "headless", "the file that names the last record is not there") \
    X(FORGED, "forged", "a signature is not that of the key")                   \
    X(UNSIGNED, "unsigned", "a key was given, and nothing is signed with it")

typedef enum keel_audit_verdict {
#define KEEL_AUDIT_VERDICT_ENUM(name, word, sentence) KEEL_AUDIT_##name,
    KEEL_AUDIT_VERDICTS(KEEL_AUDIT_VERDICT_ENUM)
#undef KEEL_AUDIT_VERDICT_ENUM
} keel_audit_verdict;

const char *keel_audit_verdict_word(keel_audit_verdict verdict);
const char *keel_audit_verdict_sentence(keel_audit_verdict verdict);

typedef struct keel_audit_report {
    keel_audit_verdict verdict;
    uint64_t records;    /* good ones, from the first */
    uint64_t bad_record; /* number of the line, 0: none */
    int64_t bad_offset;  /* of the first byte of that line, -1: none */
    int64_t bad_size;    /* of that line */
    uint64_t signatures; /* that were checked */
    char head[KEEL_AUDIT_HASH_TEXT];
    char why[160];
} keel_audit_report;

/* Judge the whole trail. public_key NULL: signatures are held against the key that they name. 0 whatever the verdict;
 * KEEL_E_NOT_FOUND, KEEL_E_GATE, KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_audit_verify(const keel_audit *a, const uint8_t *public_key, keel_audit_report *ret,
                                    keel_err *reterr);

#endif
