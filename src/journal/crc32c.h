/* journal/crc32c.h: CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), as in RFC 3720 appendix B.4. */
#ifndef KEEL_JOURNAL_CRC32C_H
#define KEEL_JOURNAL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of earlier bytes followed by these; `before` is 0 at the start. The processor's instruction where there
 * is one, a table otherwise: the same number. */
uint32_t keel_crc32c(uint32_t before, const void *bytes, size_t size);

enum { KEEL_CRC32C_ABREAST = 3 }; /* the instruction begins one each cycle and ends it three cycles later */

/* Of each of the first `count` (at most KEEL_CRC32C_ABREAST) its own, as keel_crc32c(before, bytes[i], size[i]). */
void keel_crc32c_each(uint32_t before, const uint8_t *const bytes[KEEL_CRC32C_ABREAST],
                      const size_t size[KEEL_CRC32C_ABREAST], int count, uint32_t ret[KEEL_CRC32C_ABREAST]);

/* The table alone, for the test that compares the two. */
uint32_t keel_crc32c_table(uint32_t before, const void *bytes, size_t size);

#endif
