/* journal/crc32c.c: see crc32c.h. */
#include "journal/crc32c.h"

#include <string.h>

/* Four bits at a time: sixteen numbers that can be checked by hand; only processors without the instruction use it. */
static const uint32_t NIBBLE[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                    0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                    0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

uint32_t keel_crc32c_table(uint32_t before, const void *bytes, size_t size) {
    const uint8_t *p = bytes;
    uint32_t crc = ~before;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        crc = (crc >> 4) ^ NIBBLE[crc & 15];
        crc = (crc >> 4) ^ NIBBLE[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t before, const void *bytes, size_t size) {
    const uint8_t *p = bytes;
    uint64_t crc = ~before;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    uint32_t low = (uint32_t)crc;
    for (; size > 0; size--, p++)
        low = __builtin_ia32_crc32qi(low, *p);
    return ~low;
}

__attribute__((target("sse4.2"))) static void three_by_instruction(uint32_t before, const uint8_t *const bytes[3],
                                                                   const size_t size[3], uint32_t ret[3]) {
    size_t least = size[0] < size[1] ? size[0] : size[1], at = 0;
    uint64_t a = ~before, b = a, c = a;
    if (size[2] < least) least = size[2];
    for (; at + 8 <= least; at += 8) {
        uint64_t x, y, z;
        memcpy(&x, bytes[0] + at, 8), memcpy(&y, bytes[1] + at, 8), memcpy(&z, bytes[2] + at, 8);
        a = __builtin_ia32_crc32di(a, x), b = __builtin_ia32_crc32di(b, y), c = __builtin_ia32_crc32di(c, z);
    }
    ret[0] = by_instruction(~(uint32_t)a, bytes[0] + at, size[0] - at);
    ret[1] = by_instruction(~(uint32_t)b, bytes[1] + at, size[1] - at);
    ret[2] = by_instruction(~(uint32_t)c, bytes[2] + at, size[2] - at);
}

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }

uint32_t keel_crc32c(uint32_t before, const void *bytes, size_t size) {
    return has_instruction() ? by_instruction(before, bytes, size) : keel_crc32c_table(before, bytes, size);
}
#else
static int has_instruction(void) { return 0; }
static void three_by_instruction(uint32_t before, const uint8_t *const bytes[3], const size_t size[3],
                                 uint32_t ret[3]) {
    (void)before, (void)bytes, (void)size, (void)ret;
}

uint32_t keel_crc32c(uint32_t before, const void *bytes, size_t size) { return keel_crc32c_table(before, bytes, size); }
#endif

void keel_crc32c_each(uint32_t before, const uint8_t *const bytes[KEEL_CRC32C_ABREAST],
                      const size_t size[KEEL_CRC32C_ABREAST], int count, uint32_t ret[KEEL_CRC32C_ABREAST]) {
    if (count == KEEL_CRC32C_ABREAST && has_instruction()) {
        three_by_instruction(before, bytes, size, ret);
        return;
    }
    for (int i = 0; i < count; i++)
        ret[i] = keel_crc32c(before, bytes[i], size[i]);
}
