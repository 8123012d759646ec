/* journal/snapshot.c: see snapshot.h. */
#include "journal/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/crc32c.h"
#include "journal/writer_internal.h"

static const char MAGIC[8] = {'K', 'E', 'E', 'L', 'S', 'N', 'P', '\n'};

enum {
    AT_VERSION = 8,
    AT_SIZE = 12,
    AT_ID = 16,
    AT_NAME = 32,
    AT_SEQ = 64,
    AT_TS = 72,
    AT_STATE = 80,
    AT_FLAGS = 88,
    AT_BYTES = 96,
    AT_KEY_CHECK = 104,
    AT_NONCE = 112, /* what is before is authenticated with the bytes */
    AT_TAG = 124,
    AT_DIGEST = 140,
    AT_ZERO = 172,
    AT_CRC = 252,
    SNAPSHOT_MAX = 1 << 30
};

static void digest_of(const uint8_t *bytes, size_t size, uint8_t ret[KEEL_DIGEST_SIZE]) {
    keel_sha256 *hash = keel_sha256_new();
    keel_sha256_add(hash, bytes, size);
    keel_sha256_finish(hash, ret);
    keel_sha256_free(hash);
}

/* Header and bytes as they lie in the file, [KEEL_SNAPSHOT_HEADER_SIZE + size]. */
static int encode(keel_journal *j, keel_snapshot *s, const void *bytes, uint8_t *out, keel_err *reterr) {
    uint8_t *body = out + KEEL_SNAPSHOT_HEADER_SIZE;
    memset(out, 0, KEEL_SNAPSHOT_HEADER_SIZE);
    memcpy(out, MAGIC, sizeof MAGIC);
    keel_put_u32(out + AT_VERSION, KEEL_JOURNAL_VERSION);
    keel_put_u32(out + AT_SIZE, KEEL_SNAPSHOT_HEADER_SIZE);
    memcpy(out + AT_ID, s->id, sizeof s->id);
    memcpy(out + AT_NAME, j->head.name, strlen(j->head.name));
    keel_put_u64(out + AT_SEQ, s->seq);
    keel_put_u64(out + AT_TS, (uint64_t)s->ts_ms);
    keel_put_u64(out + AT_STATE, s->state_hash);
    keel_put_u64(out + AT_FLAGS, j->o.encrypt_key ? KEEL_JOURNAL_SEGMENT_ENCRYPTED : 0);
    keel_put_u64(out + AT_BYTES, s->size);
    if (s->size) memcpy(body, bytes, (size_t)s->size);
    if (j->o.encrypt_key) {
        keel_journal_key_check(j->encrypt_key, out + AT_KEY_CHECK);
        int rc = j->o.entropy->fill(j->o.entropy->ctx, out + AT_NONCE, KEEL_NONCE_SIZE);
        if (rc != 0) return keel_fs_fail(rc, "no randomness for", j->dir, reterr);
        keel_seal(j->encrypt_key, out + AT_NONCE, out, AT_NONCE, body, (size_t)s->size, body, out + AT_TAG);
    }
    digest_of(body, (size_t)s->size, s->digest);
    memcpy(out + AT_DIGEST, s->digest, sizeof s->digest);
    keel_put_u32(out + AT_CRC, keel_crc32c(0, out, AT_CRC));
    return 0;
}

int keel_journal_snapshot(keel_journal *j, uint64_t state_hash, const void *bytes, size_t size, keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX];
    uint8_t note[KEEL_JOURNAL_SNAPREF_SIZE];
    if (size > SNAPSHOT_MAX)
        return keel_err_set(reterr, KEEL_E_RANGE, "snapshot of %zu bytes: %s: at most %d", size, j->dir, SNAPSHOT_MAX);
    KEEL_TRY(keel_journal_commit(j, reterr));
    keel_snapshot s = {
        .seq = j->durable_seq, .ts_ms = j->o.clock->wall_ms(j->o.clock->ctx), .state_hash = state_hash, .size = size};
    memcpy(s.id, j->head.id, sizeof s.id);
    uint8_t *out = malloc(KEEL_SNAPSHOT_HEADER_SIZE + size);
    if (!out) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu bytes", j->dir, size);
    keel_snapshot_file_name(j->head.name, s.seq, file);
    int rc = encode(j, &s, bytes, out, reterr);
    if (rc == 0) rc = keel_fs_replace(j->o.fs, j->dir, file, out, KEEL_SNAPSHOT_HEADER_SIZE + size, reterr);
    free(out);
    keel_put_u64(note, state_hash);
    keel_put_u64(note + 8, s.size);
    memcpy(note + 16, s.digest, sizeof s.digest);
    if (rc == 0) rc = keel_journal_room_for_own(j, sizeof note, reterr);
    if (rc == 0) rc = keel_journal_write_own(j, KEEL_JOURNAL_TYPE_SNAPREF, note, sizeof note, 0, reterr);
    keel_journal_where where = {j->o.fs, j->dir, j->head.name, NULL, NULL};
    if (rc == 0) rc = keel_snapshot_prune(&where, j->head.name, j->o.snapshots_kept, reterr);
    return rc;
}

/* ---- reading ---- */

static int decode(const uint8_t *in, size_t size, const char *name, keel_snapshot *ret, const char *path,
                  keel_err *reterr) {
    if (size < KEEL_SNAPSHOT_HEADER_SIZE || memcmp(in, MAGIC, sizeof MAGIC) != 0 ||
        keel_get_u32(in + AT_CRC) != keel_crc32c(0, in, AT_CRC))
        return keel_err_set(reterr, KEEL_E_PARITY, "damaged snapshot: %s: its header is not right; remove it", path);
    if (keel_get_u32(in + AT_VERSION) > KEEL_JOURNAL_VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION,
                            "snapshot of version %u: %s: this program knows %d; use a newer keel",
                            keel_get_u32(in + AT_VERSION), path, KEEL_JOURNAL_VERSION);
    char said[KEEL_JOURNAL_NAME_MAX + 1] = {0};
    memcpy(said, in + AT_NAME, KEEL_JOURNAL_NAME_MAX);
    memcpy(ret->id, in + AT_ID, sizeof ret->id);
    ret->seq = keel_get_u64(in + AT_SEQ);
    ret->ts_ms = (int64_t)keel_get_u64(in + AT_TS);
    ret->state_hash = keel_get_u64(in + AT_STATE);
    ret->encrypted = (keel_get_u64(in + AT_FLAGS) & KEEL_JOURNAL_SEGMENT_ENCRYPTED) != 0;
    ret->size = keel_get_u64(in + AT_BYTES);
    uint8_t digest[KEEL_DIGEST_SIZE];
    digest_of(in + KEEL_SNAPSHOT_HEADER_SIZE, size - KEEL_SNAPSHOT_HEADER_SIZE, digest);
    memcpy(ret->digest, digest, sizeof digest);
    if (strcmp(said, name) != 0 || ret->size != size - KEEL_SNAPSHOT_HEADER_SIZE ||
        memcmp(digest, in + AT_DIGEST, sizeof digest) != 0)
        return keel_err_set(reterr, KEEL_E_PARITY,
                            "damaged snapshot: %s: its bytes are not those it was made of; "
                            "remove it",
                            path);
    return 0;
}

/* Against what the journal says. */
static int agree(const keel_snapshot *s, const keel_journal_report *r, uint64_t seq, const char *path,
                 keel_err *reterr) {
    if (s->seq != seq || memcmp(s->id, r->id, sizeof s->id) != 0)
        return keel_err_set(reterr, KEEL_E_PARITY, "snapshot of another journal: %s: remove it", path);
    if (s->seq > r->last_seq)
        return keel_err_set(reterr, KEEL_E_PARITY,
                            "snapshot ahead of the journal, which ends with %" PRIu64
                            ": %s: "
                            "remove it",
                            r->last_seq, path);
    for (uint32_t i = 0; i < r->snapref_count; i++) {
        const keel_journal_snapref *ref = &r->snapref[i];
        if (ref->seq != s->seq) continue;
        /* The same number can be noted twice; the later note counts. */
        int later = 0;
        for (uint32_t k = i + 1; k < r->snapref_count; k++)
            later |= r->snapref[k].seq == s->seq;
        if (!later && (memcmp(ref->digest, s->digest, sizeof s->digest) != 0 || ref->state_hash != s->state_hash))
            return keel_err_set(reterr, KEEL_E_PARITY, "snapshot is not the one the journal speaks of: %s: remove it",
                                path);
    }
    return 0;
}

int keel_snapshot_read(const keel_journal_where *where, const keel_journal_report *report, uint64_t seq,
                       keel_snapshot *ret, uint8_t **ret_bytes, keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    uint8_t *in = NULL, check[8];
    size_t size = 0;
    keel_snapshot_file_name(report->name, seq, file);
    KEEL_TRY(keel_fs_path(where->dir, file, path, reterr));
    KEEL_TRY(keel_fs_private(where->fs, path, reterr));
    KEEL_TRY(keel_fs_read_whole(where->fs, path, (size_t)SNAPSHOT_MAX + KEEL_SNAPSHOT_HEADER_SIZE, &in, &size, reterr));
    int rc = decode(in, size, report->name, ret, path, reterr);
    if (rc == 0) rc = agree(ret, report, seq, path, reterr);
    if (rc == 0 && ret_bytes) {
        uint8_t *body = in + KEEL_SNAPSHOT_HEADER_SIZE;
        if (ret->encrypted) {
            if (where->key) keel_journal_key_check(where->key, check);
            if (!where->key || memcmp(check, in + AT_KEY_CHECK, sizeof check) != 0)
                rc = keel_err_set(reterr, KEEL_E_GATE, "encrypted: %s: give its key", path);
            else if (!keel_unseal(where->key, in + AT_NONCE, in, AT_NONCE, body, (size_t)ret->size, in + AT_TAG, body))
                rc = keel_err_set(reterr, KEEL_E_PARITY, "snapshot is not what was encrypted: %s: remove it", path);
        }
        if (rc == 0) {
            memmove(in, body, (size_t)ret->size);
            *ret_bytes = in;
            return 0;
        }
    }
    free(in);
    return rc;
}

int keel_snapshot_load(const keel_journal_where *where, const keel_journal_report *report, uint64_t below,
                       keel_snapshot *ret, uint8_t **ret_bytes, uint32_t *ret_rejected, char *ret_why,
                       keel_err *reterr) {
    uint64_t *seqs = NULL;
    size_t count = 0;
    uint32_t rejected = 0;
    KEEL_TRY(keel_snapshot_list(where, report->name, &seqs, &count, reterr));
    int rc = KEEL_E_NOT_FOUND;
    for (size_t i = 0; i < count; i++) {
        keel_err err = {0};
        if (seqs[i] >= below) continue;
        rc = keel_snapshot_read(where, report, seqs[i], ret, ret_bytes, &err);
        if (rc != KEEL_E_PARITY) {
            if (rc != 0) (void)keel_err_set(reterr, rc, "%s", err.text);
            break;
        }
        if (rejected++ == 0 && ret_why) (void)snprintf(ret_why, 200, "%.199s", err.text);
        rc = KEEL_E_NOT_FOUND;
    }
    free(seqs);
    if (ret_rejected) *ret_rejected = rejected;
    if (rc == KEEL_E_NOT_FOUND)
        return keel_err_set(reterr, rc, "no snapshot: %s: replay the journal from its first record", where->dir);
    return rc;
}
