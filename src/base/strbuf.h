/* base/strbuf.h: text that grows, with a hard maximum.
 *
 * Always ends with a zero byte once something was appended. A buffer that ran out (of memory or of its
 * maximum) drops what does not fit whole, remembers it, and stays usable: check `failed` once at the end. */
#ifndef KEEL_BASE_STRBUF_H
#define KEEL_BASE_STRBUF_H

#include <stddef.h>

#include "base/err.h"

typedef struct keel_strbuf {
    char *text;      /* NULL while empty; use keel_strbuf_text to read */
    size_t size;     /* bytes, without the zero */
    size_t capacity; /* bytes allocated */
    size_t max;      /* bytes, without the zero */
    int failed;      /* an append was dropped */
} keel_strbuf;

/* Empty, at most max bytes (0 = 1 GiB). Nothing is allocated. keel_strbuf_done frees. */
void keel_strbuf_init(keel_strbuf *b, size_t max);
void keel_strbuf_done(keel_strbuf *b);
void keel_strbuf_clear(keel_strbuf *b);

void keel_strbuf_add(keel_strbuf *b, const char *text);
void keel_strbuf_add_bytes(keel_strbuf *b, const void *bytes, size_t size);
void keel_strbuf_add_char(keel_strbuf *b, char c);
void keel_strbuf_addf(keel_strbuf *b, const char *format, ...) KEEL_PRINTF(2, 3);

/* The text, "" while empty; borrowed until the next change. */
const char *keel_strbuf_text(const keel_strbuf *b);

/* Hand the text to the caller (free()); the buffer is empty afterwards. NULL if an append was dropped. */
char *keel_strbuf_take(keel_strbuf *b);

#endif
