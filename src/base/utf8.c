/* base/utf8.c: see utf8.h. */
#include "base/utf8.h"

size_t keel_utf8_length(const char *text, size_t size) {
    const unsigned char *s = (const unsigned char *)text;
    if (!size) return 0;
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (length > size) return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (s[0] == 0xe0 && s[1] < 0xa0) return 0; /* overlong */
    if (s[0] == 0xed && s[1] > 0x9f) return 0; /* surrogate */
    if (s[0] == 0xf0 && s[1] < 0x90) return 0; /* overlong */
    if (s[0] == 0xf4 && s[1] > 0x8f) return 0; /* beyond U+10FFFF */
    return length;
}

int keel_utf8_is_valid(const char *text, size_t size) {
    while (size) {
        size_t length = keel_utf8_length(text, size);
        if (!length) return 0;
        text += length;
        size -= length;
    }
    return 1;
}
