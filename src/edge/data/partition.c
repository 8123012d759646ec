/* edge/data/partition.c: see partition.h. */
#include "edge/data/partition.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/sha256.h"

enum { WORD_SIZE = 8, LEVEL = 3 };

static uint64_t zigzag(int64_t v) { return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0); }

static int64_t unzigzag(uint64_t u) { return (int64_t)((u >> 1) ^ (0 - (u & 1))); }

static int is_difference(int column) { return column != KEEL_VOLUME_COLUMN; }

static void spread(const int64_t *words, int64_t count, int difference, uint8_t *planes) {
    uint64_t previous = 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t word = (uint64_t)words[i];
        uint64_t out = difference ? zigzag((int64_t)(word - previous)) : word;
        previous = word;
        for (int plane = 0; plane < WORD_SIZE; plane++)
            planes[plane * count + i] = (uint8_t)(out >> (8 * plane));
    }
}

static void gather(const uint8_t *planes, int64_t count, int difference, int64_t *words) {
    uint64_t previous = 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t in = 0;
        for (int plane = 0; plane < WORD_SIZE; plane++)
            in |= (uint64_t)planes[plane * count + i] << (8 * plane);
        previous = difference ? previous + (uint64_t)unzigzag(in) : in;
        words[i] = (int64_t)previous;
    }
}

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory for one month of bars: free some memory");
}

int keel_partition_encode(const keel_columns *c, void **ret_bytes, size_t *ret_size, keel_err *err) {
    size_t column_size = (size_t)c->count * WORD_SIZE, plain_size = column_size * (size_t)c->column_count;
    size_t bound = ZSTD_compressBound(plain_size), size = 0;
    uint8_t *plain = malloc(plain_size ? plain_size : 1);
    void *bytes = malloc(bound);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    int rc = plain && bytes && context ? 0 : no_memory(err);
    if (!rc) {
        for (int i = 0; i < c->column_count; i++)
            spread(c->column[i], c->count, is_difference(i), plain + column_size * (size_t)i);
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
        size = ZSTD_compress2(context, bytes, bound, plain, plain_size);
        if (ZSTD_isError(size)) rc = no_memory(err); /* the bound is enough, so only memory can fail */
    }
    (void)ZSTD_freeCCtx(context);
    free(plain);
    if (rc) {
        free(bytes);
        return rc;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}

int keel_partition_decode(const void *bytes, size_t size, int64_t rows, keel_columns *c, keel_err *err) {
    KEEL_ASSERT(rows >= 0);
    size_t column_size = (size_t)rows * WORD_SIZE, plain_size = column_size * (size_t)c->column_count;
    KEEL_TRY(keel_columns_reserve(c, c->count + rows, err));
    uint8_t *plain = malloc(plain_size ? plain_size : 1);
    if (!plain) return no_memory(err);
    size_t got = ZSTD_decompress(plain, plain_size, bytes, size);
    int damaged = ZSTD_isError(got) || got != plain_size;
    if (!damaged) {
        for (int i = 0; i < c->column_count; i++)
            gather(plain + column_size * (size_t)i, rows, is_difference(i), c->column[i] + c->count);
        int64_t before = c->count;
        c->count += rows;
        for (int64_t i = before ? before : 1; i < c->count && !damaged; i++)
            damaged = c->column[0][i] <= c->column[0][i - 1];
        if (damaged) c->count = before;
    }
    free(plain);
    if (damaged)
        return keel_err_set(err, KEEL_E_PARITY,
                            "a monthly partition is damaged: restore store.db from a copy or import the files again");
    return 0;
}

void keel_partition_hash(const keel_columns *c, uint8_t ret_sha256[32]) {
    keel_sha256 *hash = keel_sha256_new();
    for (int i = 0; i < c->column_count; i++)
        keel_sha256_add(hash, c->column[i], (size_t)c->count * WORD_SIZE);
    keel_sha256_finish(hash, ret_sha256);
    keel_sha256_free(hash);
}

static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

uint64_t keel_words_checksum(uint64_t seed, const int64_t *words, int64_t count) {
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15), finish = UINT64_C(0xd6e8feb86659fd93);
    uint64_t lane[4] = {seed ^ 1, seed ^ 2, seed ^ 3, seed ^ 4};
    int64_t i = 0;
    for (; i + 4 <= count; i += 4)
        for (int k = 0; k < 4; k++)
            lane[k] = rotate((lane[k] ^ (uint64_t)words[i + k]) * odd, 29);
    for (; i < count; i++)
        lane[0] = rotate((lane[0] ^ (uint64_t)words[i]) * odd, 29);
    uint64_t sum = (uint64_t)count;
    for (int k = 0; k < 4; k++) {
        sum = (sum ^ lane[k]) * finish;
        sum ^= sum >> 32;
    }
    return sum;
}
