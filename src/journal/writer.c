/* journal/writer.c: append, commit, rotate, close. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/writer_internal.h"

enum {
    CHECKPOINT_BYTES = KEEL_JOURNAL_CHECKPOINT_BYTES,
    RESERVE = KEEL_JOURNAL_RESERVE,
    COMMIT_MAX = 32 << 20,
    CHECKPOINT_REST_NS = 200 * 1000 * 1000,
    SUM_BYTES = 1 << 14, /* records side by side are summed faster, and still lie near the processor */
    SEALING = KEEL_JOURNAL_RECORD_EXTRA + KEEL_NONCE_SIZE + KEEL_TAG_SIZE
};

/* A checkpoint record for everything the chain has seen, into ret[CHECKPOINT_BYTES]. */
static void put_checkpoint(keel_journal *j, uint16_t flags, uint64_t seq, int64_t ts_ms, uint8_t *ret) {
    uint8_t text[KEEL_JOURNAL_SIGNED_SIZE], payload[KEEL_JOURNAL_CHECKPOINT_SIZE];
    keel_journal_checkpoint c = {.from = j->chain.from, .to = j->chain.to};
    keel_journal_chain_close(&j->chain, c.chain);
    if (j->signer) {
        keel_journal_signed_bytes(&j->head, seq, &c, text);
        keel_signer_sign(j->signer, text, sizeof text, c.signature);
    }
    keel_journal_checkpoint_write(&c, payload);
    keel_journal_record r = {KEEL_JOURNAL_TYPE_CHECKPOINT, flags, seq, ts_ms, payload, sizeof payload};
    keel_journal_record_write(&r, j->salt, ret);
    keel_journal_chain_add(&j->chain, ret, CHECKPOINT_BYTES);
}

/* A record of the journal's own in its room, with a checkpoint if asked; *ret_size: bytes of both. */
static int put_own(keel_journal *j, uint16_t type, const uint8_t *payload, uint32_t size, int checkpoint,
                   size_t *ret_size, keel_err *reterr) {
    int64_t ts_ms = j->o.clock->wall_ms(j->o.clock->ctx);
    keel_journal_record r = {type, KEEL_JOURNAL_FLAG_FIRST, j->durable_seq, ts_ms, payload, size};
    size_t length = KEEL_JOURNAL_RECORD_EXTRA + (size_t)size;
    KEEL_ASSERT(size <= KEEL_JOURNAL_SNAPREF_SIZE);
    if (keel_journal_make_room(&j->own, j, 0, length + CHECKPOINT_BYTES) != 0)
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: a record", j->dir);
    keel_journal_record_write(&r, j->salt, j->own.bytes);
    keel_journal_chain_add(&j->chain, j->own.bytes, length);
    if (checkpoint) {
        put_checkpoint(j, 0, j->durable_seq, ts_ms, j->own.bytes + length);
        length += CHECKPOINT_BYTES;
    }
    *ret_size = length;
    return 0;
}

static int64_t now_ns(const keel_journal *j) { return j->o.clock->mono_ns(j->o.clock->ctx); }

static void note_checkpoint(keel_journal *j) {
    j->checked = j->at;
    j->checked_ns = now_ns(j);
}

/* With `size` bytes more? A signature takes longer than some commits: at a hundred mebibytes a second, one for each
 * mebibyte would hold back one record in forty. */
static int is_checkpoint_due(const keel_journal *j, size_t size) {
    uint64_t since = j->at + size - j->checked;
    if (since < j->o.checkpoint_bytes) return 0;
    return since >= j->checkpoint_bytes_max || now_ns(j) - j->checked_ns >= CHECKPOINT_REST_NS;
}

int keel_journal_write_own(keel_journal *j, uint16_t type, const uint8_t *payload, uint32_t size, int checkpoint,
                           keel_err *reterr) {
    size_t length = 0;
    KEEL_TRY(put_own(j, type, payload, size, checkpoint, &length, reterr));
    KEEL_TRY(keel_journal_write_out(j, &j->own, length, 1, reterr));
    if (checkpoint) note_checkpoint(j);
    return 0;
}

/* The pending records no longer fit, or a new period began: seal this segment, begin the next. A next one that cannot
 * be made is not final: the seal stands, and a later commit tries again. */
static int rotate(keel_journal *j, uint64_t at_least, keel_err *reterr) {
    if (j->file >= 0) {
        size_t size = 0;
        KEEL_TRY(put_own(j, KEEL_JOURNAL_TYPE_SEAL, NULL, 0, 1, &size, reterr));
        KEEL_TRY(keel_journal_write_begin(j, &j->own, size, 1, reterr));
        keel_journal_end_segment(j, size);
        j->head.segment++;
        j->head.first_seq = j->durable_seq + 1;
        j->head.previous_size = j->at;
        keel_journal_chain_close(&j->chain, j->head.chain);
        keel_journal_chain_done(&j->chain);
    }
    j->summed = 0; /* checksums hold the number of the segment */
    return keel_journal_begin_segment(j, at_least, 1, reterr);
}

int keel_journal_room_for_own(keel_journal *j, uint32_t size, keel_err *reterr) {
    if (j->file >= 0 && j->at + KEEL_JOURNAL_RECORD_EXTRA + size + RESERVE <= j->capacity) return 0;
    return rotate(j, 0, reterr);
}

/* ---- append ---- */

static int check_records(const keel_journal *j, const keel_journal_record *records, uint32_t count, size_t *ret_size,
                         keel_err *reterr) {
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        const keel_journal_record *r = &records[i];
        if (r->seq != j->next_seq + i)
            return keel_err_set(reterr, KEEL_E_USAGE,
                                "sequence number %" PRIu64 " where %" PRIu64 " is due: %s: append in order", r->seq,
                                j->next_seq + i, j->dir);
        if (r->type == 0 || r->type >= KEEL_JOURNAL_TYPE_OWN || r->flags != 0)
            return keel_err_set(reterr, KEEL_E_USAGE, "record type %u, flags %u: %s: types are 1 to 65279, flags 0",
                                r->type, r->flags, j->dir);
        if (r->size > KEEL_JOURNAL_PAYLOAD_MAX)
            return keel_err_set(reterr, KEEL_E_RANGE, "record of %u bytes: %s: at most %d", r->size, j->dir,
                                KEEL_JOURNAL_PAYLOAD_MAX);
        size += KEEL_JOURNAL_RECORD_EXTRA + (size_t)r->size;
    }
    if (j->pending_size + size > COMMIT_MAX)
        return keel_err_set(reterr, KEEL_E_RANGE, "%zu bytes in one commit: %s: at most %d", j->pending_size + size,
                            j->dir, COMMIT_MAX);
    *ret_size = size;
    return 0;
}

static int refuse_failed(const keel_journal *j, keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_IO, "journal is closed after a failed write: %s: restart, which recovers",
                        j->dir);
}

static void sum(keel_journal *j) {
    keel_journal_records_sum(j->pending.bytes + j->summed, j->pending_size - j->summed, j->salt);
    j->summed = j->pending_size;
}

int keel_journal_append(keel_journal *j, const keel_journal_record *records, uint32_t count, keel_err *reterr) {
    size_t size = 0;
    if (j->failed) return refuse_failed(j, reterr);
    KEEL_TRY(check_records(j, records, count, &size, reterr));
    if (keel_journal_make_room(&j->pending, j, j->pending_size, j->pending_size + size + CHECKPOINT_BYTES) != 0)
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", j->dir, size);
    for (uint32_t i = 0; i < count; i++) {
        const keel_journal_record *r = &records[i];
        int is_first = j->pending_size == 0;
        if (is_first) j->pending_first_ts_ms = r->ts_ms;
        keel_journal_record_put(r, is_first ? KEEL_JOURNAL_FLAG_FIRST : 0, j->pending.bytes + j->pending_size);
        j->pending_size += KEEL_JOURNAL_RECORD_EXTRA + (size_t)r->size;
    }
    if (j->pending_size - j->summed >= SUM_BYTES) sum(j);
    j->next_seq += count;
    return 0;
}

/* ---- commit ---- */

static int encrypt(keel_journal *j, size_t *ret_size, keel_err *reterr) {
    size_t payload = KEEL_NONCE_SIZE + j->pending_size + KEEL_TAG_SIZE;
    if (keel_journal_make_room(&j->out, j, 0, payload + KEEL_JOURNAL_RECORD_EXTRA + CHECKPOINT_BYTES) != 0)
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", j->dir, payload);
    uint8_t *at = j->out.bytes + KEEL_JOURNAL_RECORD_HEAD, also[KEEL_JOURNAL_RECORD_HEAD + KEEL_JOURNAL_ID_SIZE + 8];
    int rc = j->o.entropy->fill(j->o.entropy->ctx, at, KEEL_NONCE_SIZE);
    if (rc != 0) return keel_fs_fail(rc, "no randomness for", j->dir, reterr);
    keel_journal_record r = {
        KEEL_JOURNAL_TYPE_BLOCK, KEEL_JOURNAL_FLAG_FIRST, j->next_seq - 1, j->pending_first_ts_ms, at,
        (uint32_t)payload};
    keel_journal_record_put(&r, r.flags, j->out.bytes); /* the head, which is authenticated with the block */
    memcpy(also, j->out.bytes, KEEL_JOURNAL_RECORD_HEAD);
    memcpy(also + KEEL_JOURNAL_RECORD_HEAD, j->head.id, KEEL_JOURNAL_ID_SIZE);
    keel_put_u64(also + KEEL_JOURNAL_RECORD_HEAD + KEEL_JOURNAL_ID_SIZE, j->head.segment);
    keel_seal(j->encrypt_key, at, also, sizeof also, j->pending.bytes, j->pending_size, at + KEEL_NONCE_SIZE,
              at + KEEL_NONCE_SIZE + j->pending_size);
    keel_journal_record_write(&r, j->salt, j->out.bytes);
    *ret_size = payload + KEEL_JOURNAL_RECORD_EXTRA;
    return 0;
}

static int64_t period_of(const keel_journal *j, int64_t ts_ms) {
    int64_t p = ts_ms / j->o.rotate_ms;
    return ts_ms % j->o.rotate_ms < 0 ? p - 1 : p;
}

/* A segment that the pending records fit into. On failure they are dropped. */
static int prepare(keel_journal *j, keel_err *reterr) {
    size_t size = j->pending_size + (j->o.encrypt_key ? SEALING : 0);
    int64_t period = j->o.rotate_ms > 0 ? period_of(j, j->pending_first_ts_ms) : 0;
    int full = j->file < 0 || j->at + size + RESERVE > j->capacity;
    int late = j->o.rotate_ms > 0 && j->period != INT64_MIN && period > j->period && !j->no_room;
    int rc = 0;
    if (full || (late && keel_journal_has_next(j, size))) rc = rotate(j, size, reterr);
    if (rc == 0 && j->period == INT64_MIN) j->period = period;
    if (rc == 0 && keel_journal_make_room(&j->pending, j, j->pending_size, j->pending_size + CHECKPOINT_BYTES) != 0)
        rc = keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", j->dir, j->pending_size);
    return rc;
}

static void drop_pending(keel_journal *j) {
    j->pending_size = j->summed = 0;
    j->next_seq = j->durable_seq + 1;
}

/* A commit with a checkpoint behind its records, for which there is room. */
static int write_checked(keel_journal *j, const keel_journal_room *from, size_t size, keel_err *reterr) {
    size_t front = keel_journal_front_size(j, size);
    if (front) KEEL_TRY(keel_journal_front_begin(j, from, front, reterr));
    keel_journal_chain_add(&j->chain, from->bytes, size);
    put_checkpoint(j, 0, j->next_seq - 1, j->pending_first_ts_ms, from->bytes + size);
    size += CHECKPOINT_BYTES;
    if (front) return keel_journal_front_end(j, from, front, size, reterr);
    return keel_journal_write_out(j, from, size, 1, reterr);
}

int keel_journal_commit(keel_journal *j, keel_err *reterr) {
    if (j->failed) return refuse_failed(j, reterr);
    if (j->pending_size == 0) return 0;
    const keel_journal_room *from = j->o.encrypt_key ? &j->out : &j->pending;
    size_t size = j->pending_size;
    int rc = prepare(j, reterr);
    if (rc == 0) sum(j);
    if (rc == 0 && j->o.encrypt_key) rc = encrypt(j, &size, reterr);
    if (rc != 0) {
        drop_pending(j);
        return rc;
    }
    int due = is_checkpoint_due(j, size);
    rc = due ? write_checked(j, from, size, reterr) : keel_journal_write_out(j, from, size, 0, reterr);
    if (rc != 0) {
        drop_pending(j);
        return rc;
    }
    if (due) note_checkpoint(j);
    j->pending_size = j->summed = 0;
    j->durable_seq = j->next_seq - 1;
    return 0;
}

/* ---- the end ---- */

int keel_journal_close(keel_journal *j, keel_err *reterr) {
    int rc = keel_journal_commit(j, reterr);
    if (rc == 0 && j->file >= 0) rc = keel_journal_write_own(j, KEEL_JOURNAL_TYPE_SHUTDOWN, NULL, 0, 1, reterr);
    if (rc == 0 && j->file >= 0) rc = keel_journal_cut_segment(j, reterr);
    if (rc == 0) keel_journal_leave_files(j, 1);
    keel_journal_abandon(j);
    return rc;
}

void keel_journal_abandon(keel_journal *j) {
    if (!j) return;
    const keel_fs *fs = j->o.fs;
    keel_journal_leave_files(j, 0);
    if (j->lock >= 0) fs->close(fs->ctx, j->lock);
    keel_journal_chain_done(&j->chain);
    keel_signer_free(j->signer);
    keel_journal_drop_room(&j->pending);
    keel_journal_drop_room(&j->out);
    keel_journal_drop_room(&j->own);
    keel_journal_drop_room(&j->header);
    keel_wipe(j, sizeof *j);
    free(j);
}

uint64_t keel_journal_next_seq(const keel_journal *j) { return j->next_seq; }
uint64_t keel_journal_durable_seq(const keel_journal *j) { return j->durable_seq; }
int keel_journal_failed(const keel_journal *j) { return j->failed; }

void keel_journal_public_key(const keel_journal *j, uint8_t ret[KEEL_KEY_SIZE]) {
    memcpy(ret, j->head.public_key, KEEL_KEY_SIZE);
}
