/* journal/chain.c: see chain.h. */
#include "journal/chain.h"

#include <stdlib.h>
#include <string.h>

#include "journal/format.h"

enum { HELD = KEEL_SHA256_PIECE * KEEL_SHA256_ABREAST };

static void begin_link(keel_journal_chain *c) {
    static const uint8_t PURPOSE[32] = "keel journal link 2";
    uint8_t text[8];
    c->from = c->to;
    c->hash = keel_sha256_new();
    keel_put_u64(text, c->from);
    if (c->memory) keel_sha256_add(c->hash, PURPOSE, sizeof PURPOSE);
    keel_sha256_add(c->hash, c->before, KEEL_DIGEST_SIZE);
    keel_sha256_add(c->hash, text, sizeof text);
}

int keel_journal_chain_reserve(keel_journal_chain *c, uint32_t version) {
    if (version < 2 || c->memory) return 0;
    c->memory = malloc((size_t)2 * HELD);
    c->level = keel_sha256_level_best();
    return c->memory ? 0 : KEEL_E_NOMEM;
}

void keel_journal_chain_begin(keel_journal_chain *c, uint32_t version, const uint8_t before[KEEL_DIGEST_SIZE],
                              uint64_t from) {
    memcpy(c->before, before, KEEL_DIGEST_SIZE);
    c->to = from;
    c->held = c->memory;
    c->full = c->memory ? c->memory + HELD : NULL;
    c->held_size = 0;
    c->is_hashing = 0;
    KEEL_ASSERT((version > 1) == (c->memory != NULL));
    begin_link(c);
}

/* Of the sixteen that are being hashed, so many steps; once all are done the link has them. */
static void go_on(keel_journal_chain *c, int steps) {
    if (!c->is_hashing || !keel_sha256_abreast_go_on(&c->abreast, steps)) return;
    keel_sha256_add(c->hash, c->abreast.digests, sizeof c->abreast.digests);
    c->is_hashing = 0;
}

static void begin_sixteen(keel_journal_chain *c, const uint8_t *bytes) {
    go_on(c, KEEL_SHA256_STEPS); /* those before */
    keel_sha256_abreast_begin(&c->abreast, c->level, bytes);
    c->is_hashing = 1;
}

/* Sixteen pieces at once, where they are; what comes in smaller parts is held until there are as many. Those are done
 * by the time that half as much is held again. */
static void add_pieces(keel_journal_chain *c, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        size_t more = size < HELD - c->held_size ? size : HELD - c->held_size;
        if (more == HELD) {
            begin_sixteen(c, bytes);
            go_on(c, KEEL_SHA256_STEPS); /* the bytes are the caller's */
        } else {
            memcpy(c->held + c->held_size, bytes, more);
            c->held_size += more;
        }
        bytes += more;
        size -= more;
        if (c->held_size < HELD) continue;
        uint8_t *empty = c->full;
        begin_sixteen(c, c->held);
        c->full = c->held;
        c->held = empty;
        c->held_size = 0;
    }
    size_t steps = (c->held_size * 2 * KEEL_SHA256_STEPS + HELD - 1) / HELD;
    go_on(c, steps < KEEL_SHA256_STEPS ? (int)steps : KEEL_SHA256_STEPS);
}

void keel_journal_chain_add(keel_journal_chain *c, const void *bytes, size_t size) {
    if (c->memory)
        add_pieces(c, bytes, size);
    else
        keel_sha256_add(c->hash, bytes, size);
    c->to += size;
}

/* Pieces that are held, the last of which may be shorter. */
static void end_pieces(keel_journal_chain *c) {
    uint8_t digests[KEEL_SHA256_ABREAST * KEEL_SHA256_SIZE];
    size_t whole = c->held_size / KEEL_SHA256_PIECE, rest = c->held_size % KEEL_SHA256_PIECE;
    go_on(c, KEEL_SHA256_STEPS);
    keel_sha256_pieces_at(c->level, c->held, whole, digests);
    keel_sha256_add(c->hash, digests, whole * KEEL_SHA256_SIZE);
    if (rest > 0) {
        keel_sha256 *last = keel_sha256_new();
        keel_sha256_add(last, c->held + whole * KEEL_SHA256_PIECE, rest);
        keel_sha256_finish(last, digests);
        keel_sha256_free(last);
        keel_sha256_add(c->hash, digests, KEEL_SHA256_SIZE);
    }
    c->held_size = 0;
}

void keel_journal_chain_close(keel_journal_chain *c, uint8_t ret[KEEL_DIGEST_SIZE]) {
    uint8_t text[8];
    if (c->memory) end_pieces(c);
    keel_put_u64(text, c->to);
    keel_sha256_add(c->hash, text, sizeof text);
    keel_sha256_finish(c->hash, c->before);
    keel_sha256_free(c->hash);
    if (ret) memcpy(ret, c->before, KEEL_DIGEST_SIZE);
    begin_link(c);
}

void keel_journal_chain_done(keel_journal_chain *c) {
    keel_sha256_free(c->hash);
    free(c->memory);
    c->hash = NULL;
    c->memory = NULL;
}
