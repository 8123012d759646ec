/* base/utf8.h: well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#ifndef KEEL_BASE_UTF8_H
#define KEEL_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character at text[0..size), 0 when there is none. */
size_t keel_utf8_length(const char *text, size_t size);

/* 1 when all of it is well formed. */
int keel_utf8_is_valid(const char *text, size_t size);

#endif
