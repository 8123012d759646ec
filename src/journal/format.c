/* journal/format.c: see format.h. */
#include "journal/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "journal/crc32c.h"

static const char MAGIC[8] = {'K', 'E', 'E', 'L', 'W', 'A', 'L', '\n'};

/* Offsets in the header. */
enum {
    AT_VERSION = 8,
    AT_SIZE = 12,
    AT_ID = 16,
    AT_NAME = 32,
    AT_SEGMENT = 64,
    AT_FIRST_SEQ = 72,
    AT_CREATED = 80,
    AT_FLAGS = 88,
    AT_PREVIOUS = 96,
    AT_STATE = 104,
    AT_CHAIN = 112,
    AT_PUBLIC = 144,
    AT_CONFIG = 176,
    AT_KEY_CHECK = 208,
    AT_ZERO = 216,
    AT_CRC = KEEL_JOURNAL_HEADER_SIZE - 4
};

void keel_put_u16(uint8_t *at, uint16_t v) {
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
}

void keel_put_u32(uint8_t *at, uint32_t v) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

void keel_put_u64(uint8_t *at, uint64_t v) {
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

uint16_t keel_get_u16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }

uint32_t keel_get_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t keel_get_u64(const uint8_t *at) { return keel_get_u32(at) | (uint64_t)keel_get_u32(at + 4) << 32; }

void keel_journal_head_write(const keel_journal_head *h, uint8_t ret[KEEL_JOURNAL_HEADER_SIZE]) {
    memset(ret, 0, KEEL_JOURNAL_HEADER_SIZE);
    memcpy(ret, MAGIC, sizeof MAGIC);
    keel_put_u32(ret + AT_VERSION, h->version);
    keel_put_u32(ret + AT_SIZE, KEEL_JOURNAL_HEADER_SIZE);
    memcpy(ret + AT_ID, h->id, sizeof h->id);
    memcpy(ret + AT_NAME, h->name, strlen(h->name));
    keel_put_u64(ret + AT_SEGMENT, h->segment);
    keel_put_u64(ret + AT_FIRST_SEQ, h->first_seq);
    keel_put_u64(ret + AT_CREATED, (uint64_t)h->created_ms);
    keel_put_u64(ret + AT_FLAGS, h->flags);
    keel_put_u64(ret + AT_PREVIOUS, h->previous_size);
    keel_put_u64(ret + AT_STATE, h->state_hash);
    memcpy(ret + AT_CHAIN, h->chain, sizeof h->chain);
    memcpy(ret + AT_PUBLIC, h->public_key, sizeof h->public_key);
    memcpy(ret + AT_CONFIG, h->config_id, sizeof h->config_id);
    memcpy(ret + AT_KEY_CHECK, h->key_check, sizeof h->key_check);
    keel_put_u32(ret + AT_CRC, keel_crc32c(0, ret, AT_CRC));
}

static int all_zero(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i]) return 0;
    return 1;
}

static const char *fields_wrong(const uint8_t *bytes, const keel_journal_head *h) {
    if (keel_get_u32(bytes + AT_SIZE) != KEEL_JOURNAL_HEADER_SIZE) return "header size is not 4096";
    if (bytes[AT_NAME + KEEL_JOURNAL_NAME_MAX] || !keel_journal_name_valid(h->name) ||
        !all_zero(bytes + AT_NAME + strlen(h->name), KEEL_JOURNAL_NAME_MAX + 1 - strlen(h->name)))
        return "name is not one";
    if (h->segment == 0 || h->first_seq == 0) return "segment or sequence number is 0";
    if (h->flags & ~(uint64_t)(KEEL_JOURNAL_SEGMENT_ENCRYPTED | KEEL_JOURNAL_SEGMENT_SIGNED)) return "unknown flags";
    if (!all_zero(bytes + AT_ZERO, AT_CRC - AT_ZERO)) return "reserved bytes are not 0";
    return NULL;
}

const char *keel_journal_head_read(const uint8_t bytes[KEEL_JOURNAL_HEADER_SIZE], keel_journal_head *ret,
                                   int *ret_newer) {
    *ret_newer = 0;
    if (memcmp(bytes, MAGIC, sizeof MAGIC) != 0) return "not a journal segment";
    if (keel_get_u32(bytes + AT_CRC) != keel_crc32c(0, bytes, AT_CRC)) return "header checksum does not fit";
    memset(ret, 0, sizeof *ret);
    ret->version = keel_get_u32(bytes + AT_VERSION);
    if (ret->version == 0) return "version is 0";
    if (ret->version > KEEL_JOURNAL_SEGMENT_VERSION) {
        *ret_newer = 1;
        return NULL;
    }
    memcpy(ret->id, bytes + AT_ID, sizeof ret->id);
    memcpy(ret->name, bytes + AT_NAME, KEEL_JOURNAL_NAME_MAX);
    ret->segment = keel_get_u64(bytes + AT_SEGMENT);
    ret->first_seq = keel_get_u64(bytes + AT_FIRST_SEQ);
    ret->created_ms = (int64_t)keel_get_u64(bytes + AT_CREATED);
    ret->flags = keel_get_u64(bytes + AT_FLAGS);
    ret->previous_size = keel_get_u64(bytes + AT_PREVIOUS);
    ret->state_hash = keel_get_u64(bytes + AT_STATE);
    memcpy(ret->chain, bytes + AT_CHAIN, sizeof ret->chain);
    memcpy(ret->public_key, bytes + AT_PUBLIC, sizeof ret->public_key);
    memcpy(ret->config_id, bytes + AT_CONFIG, sizeof ret->config_id);
    memcpy(ret->key_check, bytes + AT_KEY_CHECK, sizeof ret->key_check);
    return fields_wrong(bytes, ret);
}

uint32_t keel_journal_salt(const uint8_t id[KEEL_JOURNAL_ID_SIZE], uint64_t segment) {
    uint8_t text[KEEL_JOURNAL_ID_SIZE + 8];
    memcpy(text, id, KEEL_JOURNAL_ID_SIZE);
    keel_put_u64(text + KEEL_JOURNAL_ID_SIZE, segment);
    return keel_crc32c(0, text, sizeof text);
}

void keel_journal_record_put(const keel_journal_record *r, uint16_t flags, uint8_t *ret) {
    keel_put_u32(ret, r->size);
    keel_put_u16(ret + 4, r->type);
    keel_put_u16(ret + 6, flags);
    keel_put_u64(ret + 8, r->seq);
    keel_put_u64(ret + 16, (uint64_t)r->ts_ms);
    if (r->size && r->payload != ret + KEEL_JOURNAL_RECORD_HEAD)
        memcpy(ret + KEEL_JOURNAL_RECORD_HEAD, r->payload, r->size);
}

void keel_journal_record_write(const keel_journal_record *r, uint32_t salt, uint8_t *ret) {
    size_t body = KEEL_JOURNAL_RECORD_HEAD + (size_t)r->size;
    keel_journal_record_put(r, r->flags, ret);
    keel_put_u32(ret + body, keel_crc32c(salt, ret, body));
}

void keel_journal_records_sum(uint8_t *records, size_t size, uint32_t salt) {
    for (size_t at = 0; at < size;) {
        const uint8_t *record[KEEL_CRC32C_ABREAST];
        size_t body[KEEL_CRC32C_ABREAST], end[KEEL_CRC32C_ABREAST];
        uint32_t sum[KEEL_CRC32C_ABREAST];
        int count = 0;
        for (; count < KEEL_CRC32C_ABREAST && at < size; count++) {
            record[count] = records + at;
            body[count] = KEEL_JOURNAL_RECORD_HEAD + (size_t)keel_get_u32(records + at);
            end[count] = at + body[count];
            at += KEEL_JOURNAL_RECORD_EXTRA - KEEL_JOURNAL_RECORD_HEAD + body[count];
        }
        keel_crc32c_each(salt, record, body, count, sum);
        for (int i = 0; i < count; i++)
            keel_put_u32(records + end[i], sum[i]);
    }
}

void keel_journal_record_peek(const uint8_t head[KEEL_JOURNAL_RECORD_HEAD], keel_journal_record *ret) {
    ret->size = keel_get_u32(head);
    ret->type = keel_get_u16(head + 4);
    ret->flags = keel_get_u16(head + 6);
    ret->seq = keel_get_u64(head + 8);
    ret->ts_ms = (int64_t)keel_get_u64(head + 16);
    ret->payload = NULL;
}

int keel_journal_record_plausible(const keel_journal_record *r, uint64_t room) {
    uint32_t size_max =
        r->type == KEEL_JOURNAL_TYPE_BLOCK ? (uint32_t)KEEL_JOURNAL_BLOCK_MAX : (uint32_t)KEEL_JOURNAL_PAYLOAD_MAX;
    return r->type != 0 && (r->flags & ~KEEL_JOURNAL_FLAG_FIRST) == 0 && r->size <= size_max &&
           (uint64_t)r->size + KEEL_JOURNAL_RECORD_EXTRA <= room;
}

int keel_journal_record_intact(const uint8_t *record, uint32_t size, uint32_t salt) {
    size_t body = KEEL_JOURNAL_RECORD_HEAD + (size_t)size;
    return keel_get_u32(record + body) == keel_crc32c(salt, record, body);
}

void keel_journal_checkpoint_write(const keel_journal_checkpoint *c, uint8_t ret[KEEL_JOURNAL_CHECKPOINT_SIZE]) {
    memset(ret, 0, KEEL_JOURNAL_CHECKPOINT_SIZE);
    keel_put_u64(ret, c->from);
    keel_put_u64(ret + 8, c->to);
    memcpy(ret + 32, c->chain, sizeof c->chain);
    memcpy(ret + 64, c->signature, sizeof c->signature);
}

void keel_journal_checkpoint_read(const uint8_t bytes[KEEL_JOURNAL_CHECKPOINT_SIZE], keel_journal_checkpoint *ret) {
    ret->from = keel_get_u64(bytes);
    ret->to = keel_get_u64(bytes + 8);
    memcpy(ret->chain, bytes + 32, sizeof ret->chain);
    memcpy(ret->signature, bytes + 64, sizeof ret->signature);
}

void keel_journal_signed_bytes(const keel_journal_head *h, uint64_t seq, const keel_journal_checkpoint *c,
                               uint8_t ret[KEEL_JOURNAL_SIGNED_SIZE]) {
    static const char PURPOSE[32] = "keel journal checkpoint 1";
    memset(ret, 0, KEEL_JOURNAL_SIGNED_SIZE);
    memcpy(ret, PURPOSE, sizeof PURPOSE);
    memcpy(ret + 32, h->id, sizeof h->id);
    keel_put_u64(ret + 48, h->segment);
    keel_put_u64(ret + 56, c->from);
    keel_put_u64(ret + 64, c->to);
    keel_put_u64(ret + 72, seq);
    memcpy(ret + 96, c->chain, sizeof c->chain);
}

void keel_journal_key_check(const uint8_t key[KEEL_KEY_SIZE], uint8_t ret[8]) {
    static const char PURPOSE[32] = "keel journal key check 1";
    uint8_t digest[KEEL_DIGEST_SIZE];
    keel_sha256 *hash = keel_sha256_new();
    keel_sha256_add(hash, PURPOSE, sizeof PURPOSE);
    keel_sha256_add(hash, key, KEEL_KEY_SIZE);
    keel_sha256_finish(hash, digest);
    keel_sha256_free(hash);
    memcpy(ret, digest, 8);
}

int keel_journal_name_valid(const char *name) {
    size_t size = strlen(name);
    return size > 0 && size <= KEEL_JOURNAL_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

void keel_journal_file_name(const char *name, uint64_t segment, char ret[KEEL_JOURNAL_FILE_MAX]) {
    (void)snprintf(ret, KEEL_JOURNAL_FILE_MAX, "wal-%s-%08" PRIu64 ".klw", name, segment);
}

int keel_journal_file_parse(const char *text, char ret_name[KEEL_JOURNAL_NAME_MAX + 1], uint64_t *ret_segment) {
    char name[KEEL_JOURNAL_NAME_MAX + 1] = {0}, again[KEEL_JOURNAL_FILE_MAX];
    if (strncmp(text, "wal-", 4) != 0) return 0;
    const char *dash = strchr(text + 4, '-');
    if (!dash || dash - (text + 4) > KEEL_JOURNAL_NAME_MAX) return 0;
    memcpy(name, text + 4, (size_t)(dash - (text + 4)));
    uint64_t segment = strtoull(dash + 1, NULL, 10);
    keel_journal_file_name(name, segment, again);
    if (!keel_journal_name_valid(name) || segment == 0 || strcmp(again, text) != 0) return 0;
    memcpy(ret_name, name, sizeof name);
    *ret_segment = segment;
    return 1;
}
