/* journal/chain.h: the hash chain of a segment.
 *
 * Each link covers every byte of a segment once, in order; the version of the segment says how:
 *   1  chain' = SHA-256(chain | from | bytes [from, to) | to)
 *   2  chain' = SHA-256(text | chain | from | SHA-256 of each piece of [from, to), the last one shorter | to)
 * Pieces are hashed sixteen at a time, and those a little with each call that adds bytes, so that whoever adds a record
 * never waits for all of them. */
#ifndef KEEL_JOURNAL_CHAIN_H
#define KEEL_JOURNAL_CHAIN_H

#include "base/err.h"
#include "base/sha256_pieces.h"
#include "journal/crypto.h"

typedef struct keel_journal_chain {
    keel_sha256 *hash;
    uint8_t *memory;     /* version 2: that of the two below; NULL in version 1 */
    uint8_t *held;       /* bytes behind the last piece that was taken */
    uint8_t *full;       /* sixteen pieces that are being hashed, while is_hashing */
    size_t held_size;
    int is_hashing;
    keel_sha256_level level;
    keel_sha256_abreast abreast; /* of full */
    uint8_t before[KEEL_DIGEST_SIZE];
    uint64_t from, to;
} keel_journal_chain;

/* The memory of a chain of this version, of a zeroed one, or one that is done: 0 or KEEL_E_NOMEM, without a line. Then
 * it may begin. keel_journal_chain_done lets both go. */
KEEL_MUST_USE int keel_journal_chain_reserve(keel_journal_chain *c, uint32_t version);
void keel_journal_chain_begin(keel_journal_chain *c, uint32_t version, const uint8_t before[KEEL_DIGEST_SIZE],
                              uint64_t from);
void keel_journal_chain_add(keel_journal_chain *c, const void *bytes, size_t size);
/* Close the link and begin the next at its end; ret may be NULL. */
void keel_journal_chain_close(keel_journal_chain *c, uint8_t ret[KEEL_DIGEST_SIZE]);
void keel_journal_chain_done(keel_journal_chain *c);

#endif
