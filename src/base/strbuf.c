/* base/strbuf.c: see strbuf.h. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void keel_strbuf_init(keel_strbuf *b, size_t max) {
    memset(b, 0, sizeof *b);
    b->max = max ? max : (size_t)1 << 30;
}

void keel_strbuf_done(keel_strbuf *b) {
    if (!b) return;
    free(b->text);
    b->text = NULL;
    b->size = b->capacity = 0;
}

void keel_strbuf_clear(keel_strbuf *b) {
    b->size = 0;
    b->failed = 0;
    if (b->text) b->text[0] = 0;
}

/* Room for `more` bytes and the zero. */
static int reserve(keel_strbuf *b, size_t more) {
    if (more > b->max - b->size) return 0;
    size_t need = b->size + more + 1;
    if (need <= b->capacity) return 1;
    size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    char *text = realloc(b->text, capacity);
    if (!text) return 0;
    b->text = text;
    b->capacity = capacity;
    return 1;
}

void keel_strbuf_add_bytes(keel_strbuf *b, const void *bytes, size_t size) {
    if (!reserve(b, size)) {
        b->failed = 1;
        return;
    }
    if (size) memcpy(b->text + b->size, bytes, size);
    b->size += size;
    b->text[b->size] = 0;
}

void keel_strbuf_add(keel_strbuf *b, const char *text) { keel_strbuf_add_bytes(b, text, strlen(text)); }

void keel_strbuf_add_char(keel_strbuf *b, char c) { keel_strbuf_add_bytes(b, &c, 1); }

void keel_strbuf_addf(keel_strbuf *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !reserve(b, (size_t)length)) {
        b->failed = 1;
    } else {
        (void)vsnprintf(b->text + b->size, (size_t)length + 1, format, again);
        b->size += (size_t)length;
    }
    va_end(again);
}

const char *keel_strbuf_text(const keel_strbuf *b) { return b->text ? b->text : ""; }

char *keel_strbuf_take(keel_strbuf *b) {
    if (b->failed || !reserve(b, 0)) return NULL;
    char *text = b->text;
    text[b->size] = 0;
    b->text = NULL;
    b->size = b->capacity = 0;
    return text;
}
