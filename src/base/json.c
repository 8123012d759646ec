/* base/json.c: see json.h. */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/err.h"
#include "base/real.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum { DEPTH_MAX = 64 };

struct keel_json {
    keel_strbuf out;
    int indent;
    int depth;
    int key_pending;           /* a key was written, its value is next */
    int complete;              /* the top value is finished */
    char scope[DEPTH_MAX];     /* '{' or '[' */
    int scope_used[DEPTH_MAX]; /* something was written in it */
};

keel_json *keel_json_new(int indent) {
    keel_json *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    keel_strbuf_init(&j->out, 0);
    j->indent = indent;
    return j;
}

void keel_json_free(keel_json *j) {
    if (!j) return;
    keel_strbuf_done(&j->out);
    free(j);
}

static void new_line(keel_json *j) {
    if (!j->indent) return;
    keel_strbuf_add_char(&j->out, '\n');
    for (int i = 0; i < j->depth * j->indent; i++)
        keel_strbuf_add_char(&j->out, ' ');
}

/* Comma and line before the next item of the innermost scope. */
static void next_item(keel_json *j) {
    if (j->scope_used[j->depth - 1]) keel_strbuf_add_char(&j->out, ',');
    j->scope_used[j->depth - 1] = 1;
    new_line(j);
}

static void before_value(keel_json *j) {
    KEEL_ASSERT(!j->complete);
    if (!j->depth) {
        j->complete = 1;
    } else if (j->scope[j->depth - 1] == '[') {
        next_item(j);
    } else {
        KEEL_ASSERT(j->key_pending);
        j->key_pending = 0;
    }
}

static void open_scope(keel_json *j, char kind) {
    before_value(j);
    KEEL_ASSERT(j->depth < DEPTH_MAX);
    j->complete = 0;
    j->scope[j->depth] = kind;
    j->scope_used[j->depth] = 0;
    j->depth++;
    keel_strbuf_add_char(&j->out, kind);
}

void keel_json_object(keel_json *j) { open_scope(j, '{'); }

void keel_json_array(keel_json *j) { open_scope(j, '['); }

void keel_json_close(keel_json *j) {
    KEEL_ASSERT(j->depth > 0 && !j->key_pending);
    j->depth--;
    if (j->scope_used[j->depth]) new_line(j);
    keel_strbuf_add_char(&j->out, j->scope[j->depth] == '{' ? '}' : ']');
    if (!j->depth) j->complete = 1;
}

static void put_char(keel_json *j, unsigned char c) {
    switch (c) {
        case '"': keel_strbuf_add(&j->out, "\\\""); break;
        case '\\': keel_strbuf_add(&j->out, "\\\\"); break;
        case '\n': keel_strbuf_add(&j->out, "\\n"); break;
        case '\r': keel_strbuf_add(&j->out, "\\r"); break;
        case '\t': keel_strbuf_add(&j->out, "\\t"); break;
        default:
            if (c < 0x20 || c == 0x7f)
                keel_strbuf_addf(&j->out, "\\u%04x", c);
            else
                keel_strbuf_add_char(&j->out, (char)c);
    }
}

/* Bytes that are not UTF-8 become U+FFFD, so that the document stays readable by every parser. */
static void put_string(keel_json *j, const char *text) {
    size_t left = strlen(text);
    keel_strbuf_add_char(&j->out, '"');
    while (left) {
        size_t length = keel_utf8_length(text, left);
        if (length == 1)
            put_char(j, (unsigned char)*text);
        else if (length)
            keel_strbuf_add_bytes(&j->out, text, length);
        else
            keel_strbuf_add(&j->out, "\\ufffd");
        text += length ? length : 1;
        left -= length ? length : 1;
    }
    keel_strbuf_add_char(&j->out, '"');
}

void keel_json_key(keel_json *j, const char *key) {
    KEEL_ASSERT(j->depth > 0 && j->scope[j->depth - 1] == '{' && !j->key_pending);
    next_item(j);
    put_string(j, key);
    keel_strbuf_add(&j->out, j->indent ? ": " : ":");
    j->key_pending = 1;
}

void keel_json_string(keel_json *j, const char *utf8) {
    before_value(j);
    if (utf8)
        put_string(j, utf8);
    else
        keel_strbuf_add(&j->out, "null");
}

void keel_json_int(keel_json *j, int64_t value) {
    before_value(j);
    keel_strbuf_addf(&j->out, "%" PRId64, value);
}

void keel_json_double(keel_json *j, double value) {
    char text[KEEL_REAL_TEXT_MAX];
    before_value(j);
    keel_strbuf_add(&j->out, isfinite(value) ? keel_real_format(value, text) : "null");
}

void keel_json_bool(keel_json *j, int value) {
    before_value(j);
    keel_strbuf_add(&j->out, value ? "true" : "false");
}

void keel_json_null(keel_json *j) {
    before_value(j);
    keel_strbuf_add(&j->out, "null");
}

void keel_json_raw(keel_json *j, const char *json_text) {
    before_value(j);
    keel_strbuf_add(&j->out, json_text);
}

void keel_json_e8(keel_json *j, int64_t value_e8) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)keel_decimal_format(value_e8, 8, 2, text);
    keel_json_string(j, text);
}

void keel_json_kstring(keel_json *j, const char *key, const char *utf8) {
    keel_json_key(j, key);
    keel_json_string(j, utf8);
}

void keel_json_kint(keel_json *j, const char *key, int64_t value) {
    keel_json_key(j, key);
    keel_json_int(j, value);
}

void keel_json_kdouble(keel_json *j, const char *key, double value) {
    keel_json_key(j, key);
    keel_json_double(j, value);
}

void keel_json_kbool(keel_json *j, const char *key, int value) {
    keel_json_key(j, key);
    keel_json_bool(j, value);
}

void keel_json_ke8(keel_json *j, const char *key, int64_t value_e8) {
    keel_json_key(j, key);
    keel_json_e8(j, value_e8);
}

const char *keel_json_text(const keel_json *j, size_t *ret_size) {
    KEEL_ASSERT(j->complete && !j->depth);
    KEEL_ASSERT(!j->out.failed);
    if (ret_size) *ret_size = j->out.size;
    return keel_strbuf_text(&j->out);
}
