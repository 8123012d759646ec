/* edge/data/partition.h: one calendar month of one series as compressed, checksummed bytes.
 *
 * Encoding, per column in order: differences of neighbouring words (the volume column: the words themselves), zigzag
 * for differences, then the eight byte planes one after another, lowest byte first. All columns joined are one
 * Zstandard frame with its content checksum. Rows and columns are known from the catalogue. Inside edge/data only. */
#ifndef KEEL_EDGE_DATA_PARTITION_H
#define KEEL_EDGE_DATA_PARTITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "edge/data/columns.h"

/* Encode all rows of c. *ret_bytes is handed to the caller (free). Deterministic for one zstd version; what is hashed
 * is the content, never these bytes. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_partition_encode(const keel_columns *c, void **ret_bytes, size_t *ret_size, keel_err *err);

/* Append `rows` rows decoded from bytes to c. Returns 0, KEEL_E_PARITY (the bytes are damaged or hold another number
 * of rows, or times do not ascend) or KEEL_E_NOMEM; on failure c keeps what it had. */
KEEL_MUST_USE int keel_partition_decode(const void *bytes, size_t size, int64_t rows, keel_columns *c, keel_err *err);

/* SHA-256 over the column words, little-endian, column after column. */
void keel_partition_hash(const keel_columns *c, uint8_t ret_sha256[32]);

/* A fast 64-bit checksum against bit rot (not against an adversary): four lanes of multiply and rotate over 64-bit
 * little-endian words. Same value on every machine. */
uint64_t keel_words_checksum(uint64_t seed, const int64_t *words, int64_t count);

#endif
