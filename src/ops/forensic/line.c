/* ops/forensic/line.c: see line.h. */
#include "ops/forensic/line.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/err.h"
#include "base/real.h"
#include "base/timerange.h"
#include "base/utf8.h"
#include "ops/forensic/failure.h"
#include "ops/forensic/redact.h"

enum { ESCAPED_MAX = 6 * KEEL_LINE_STRING_MAX + 8, CLOSING = 3 };

/* ---- text ------------------------------------------------------------------------------------------------------- */

static void raw(keel_line *l, const char *bytes, size_t size) {
    if (l->skipping || l->overflow) return;
    if (size + CLOSING > sizeof l->text - l->size) {
        l->overflow = 1;
        return;
    }
    memcpy(l->text + l->size, bytes, size);
    l->size += size;
}

static void word(keel_line *l, const char *text) { raw(l, text, strlen(text)); }

static uint32_t code_point(const unsigned char *t, size_t size) {
    switch (size) {
        case 1: return t[0];
        case 2: return ((uint32_t)t[0] & 31) << 6 | (t[1] & 63u);
        case 3: return ((uint32_t)t[0] & 15) << 12 | (t[1] & 63u) << 6 | (t[2] & 63u);
        default: return ((uint32_t)t[0] & 7) << 18 | (t[1] & 63u) << 12 | (t[2] & 63u) << 6 | (t[3] & 63u);
    }
}

/* What ends lines, turns the direction of text, cannot be seen, or is for terminals. */
static int is_unsafe(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

/* One character as JSON. Returns its bytes. */
static size_t escape(const char *text, size_t left, char out[16], size_t *ret_done) {
    size_t size = keel_utf8_length(text, left);
    *ret_done = size ? size : 1;
    if (size == 0) return (size_t)snprintf(out, 16, "\\ufffd");
    uint32_t c = code_point((const unsigned char *)text, size);
    if (c == '"' || c == '\\') return (size_t)snprintf(out, 16, "\\%c", (char)c);
    if (!is_unsafe(c)) {
        memcpy(out, text, size);
        return size;
    }
    if (c < 0x10000) return (size_t)snprintf(out, 16, "\\u%04x", (unsigned)c);
    c -= 0x10000;
    return (size_t)snprintf(out, 16, "\\u%04x\\u%04x", (unsigned)(0xd800 + (c >> 10)),
                            (unsigned)(0xdc00 + (c & 0x3ff)));
}

size_t keel_line_text(const char *text, size_t size, char *ret, size_t cap) {
    char plain[KEEL_LINE_STRING_MAX + 1], one[16];
    size_t n = keel_redact_text(text, size, plain, sizeof plain), at = 0, used = 0;
    /* what was cut inside a character is no character */
    while (n == KEEL_LINE_STRING_MAX && at < n) {
        size_t step = keel_utf8_length(plain + at, n - at);
        if (step == 0 && n - at < 4) n = at;
        at += step ? step : 1;
    }
    at = 0;
    while (at < n) {
        size_t done, bytes = escape(plain + at, n - at, one, &done);
        if (used + bytes + 1 > cap) break;
        memcpy(ret + used, one, bytes);
        used += bytes;
        at += done;
    }
    ret[used] = 0;
    return used;
}

static void quoted(keel_line *l, const char *text) {
    char escaped[ESCAPED_MAX];
    size_t size = strlen(text);
    size = keel_line_text(text, size < 4 * KEEL_LINE_STRING_MAX ? size : 4 * KEEL_LINE_STRING_MAX, escaped,
                          sizeof escaped);
    raw(l, "\"", 1);
    raw(l, escaped, size);
    raw(l, "\"", 1);
}

static int is_id(const char *text) {
    size_t n = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._:/-");
    return n > 0 && text[n] == 0 && n <= KEEL_LINE_ID_MAX;
}

static void id_text(keel_line *l, const char *id) {
    if (!is_id(id)) {
        quoted(l, id);
        return;
    }
    raw(l, "\"", 1);
    word(l, id);
    raw(l, "\"", 1);
}

/* ---- the head ---------------------------------------------------------------------------------------------------- */

static void member(keel_line *l, const char *key) {
    raw(l, ",\"", 2);
    word(l, key);
    raw(l, "\":", 2);
}

static void head_id(keel_line *l, const char *key, const char *id) {
    if (!id || !*id) return;
    member(l, key);
    id_text(l, id);
}

void keel_line_begin(keel_line *l, const keel_line_run *run, const keel_line_head *h) {
    char time[KEEL_TIME_TEXT_MAX], text[160];
    const keel_event_info *info = keel_event_info_of(h->code);
    keel_event_severity severity = h->severity != KEEL_SEVERITY_NONE ? h->severity : info->severity;
    l->size = 0;
    l->code = h->code;
    l->overflow = l->fields = l->depth = l->skipping = 0;
    l->omitted = 0;
    l->first = 1;
    (void)snprintf(text, sizeof text,
                   "{\"schema_version\":%d,\"ts\":\"%s\",\"seq\":%" PRIu64 ",\"run_id\":", KEEL_LINE_SCHEMA,
                   keel_time_format(h->ts_ms, time), h->seq);
    word(l, text);
    id_text(l, run->run_id);
    head_id(l, "mode", run->mode);
    (void)snprintf(text, sizeof text, ",\"level\":\"%s\",\"severity\":\"%s\",\"code\":\"%s\",\"code_number\":%d",
                   keel_event_level_word(info->level), keel_event_severity_word(severity), info->name, info->number);
    word(l, text);
    keel_failure_class failed = keel_failure_class_of(h->code);
    if (failed != KEEL_FAILURE_NONE) head_id(l, "class", keel_failure_class_word(failed));
    head_id(l, "component", info->component);
    head_id(l, "corr_id", h->corr_id && *h->corr_id ? h->corr_id : "run");
    if (h->cycle) {
        (void)snprintf(text, sizeof text, ",\"cycle_id\":%" PRIu64, h->cycle);
        word(l, text);
    }
    head_id(l, "strategy_id", run->strategy_id);
    head_id(l, "symbol", h->symbol);
    head_id(l, "order_id", h->order_id);
    head_id(l, "intent_id", h->intent_id);
    head_id(l, "config_id", run->config_id);
    member(l, "message");
    quoted(l, h->message ? h->message : info->sentence);
    word(l, ",\"data\":{");
}

/* ---- data -------------------------------------------------------------------------------------------------------- */

/* Key, and the comma before it. 0: the field is not to be written. */
static int field(keel_line *l, const char *key) {
    if (l->skipping) return 0;
    if (l->depth == 0 && !keel_event_has_field(l->code, key)) {
        l->omitted++;
        return 0;
    }
    if (!l->first) raw(l, ",", 1);
    l->first = 0;
    if (key) {
        quoted(l, key);
        raw(l, ":", 1);
    }
    return 1;
}

void keel_line_string(keel_line *l, const char *key, const char *text) {
    if (!field(l, key)) return;
    if (!text)
        word(l, "null");
    else if (key && keel_redact_is_secret_name(key, strlen(key)))
        word(l, "\"" KEEL_REDACTED "\"");
    else
        quoted(l, text);
}

void keel_line_int(keel_line *l, const char *key, int64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    if (field(l, key)) word(l, text);
}

void keel_line_real(keel_line *l, const char *key, double value) {
    char text[KEEL_REAL_TEXT_MAX];
    if (field(l, key)) word(l, isfinite(value) ? keel_real_format(value, text) : "null");
}

void keel_line_bool(keel_line *l, const char *key, int value) {
    if (field(l, key)) word(l, value ? "true" : "false");
}

void keel_line_e8(keel_line *l, const char *key, int64_t value_e8) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    if (!field(l, key)) return;
    (void)keel_decimal_format(value_e8, 8, 2, text);
    raw(l, "\"", 1);
    word(l, text);
    raw(l, "\"", 1);
}

void keel_line_time(keel_line *l, const char *key, int64_t ts_ms) {
    char text[KEEL_TIME_TEXT_MAX];
    if (!field(l, key)) return;
    raw(l, "\"", 1);
    word(l, keel_time_format(ts_ms, text));
    raw(l, "\"", 1);
}

void keel_line_id(keel_line *l, const char *key, const char *id) {
    if (field(l, key)) id_text(l, id ? id : "");
}

void keel_line_hash(keel_line *l, const char *key, uint64_t hash) {
    char text[20];
    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    keel_line_id(l, key, text);
}

void keel_line_open(keel_line *l, const char *key, char bracket) {
    if (!field(l, key)) {
        l->skipping++;
        return;
    }
    raw(l, &bracket, 1);
    l->depth++;
    l->first = 1;
}

void keel_line_close(keel_line *l, char bracket) {
    if (l->skipping) {
        l->skipping--;
        return;
    }
    KEEL_ASSERT(l->depth > 0);
    raw(l, &bracket, 1);
    l->depth--;
    l->first = 0;
}

const char *keel_line_end(keel_line *l, const keel_line_run *run, const keel_line_head *head, size_t *ret_size) {
    KEEL_ASSERT(l->depth == 0 && !l->skipping);
    if (l->overflow) {
        keel_line_head h = *head;
        const keel_event_info *info = keel_event_info_of(l->code);
        h.code = KEEL_LOG_LOG_INVALID;
        h.severity = KEEL_SEVERITY_NONE;
        h.message = NULL;
        keel_line_begin(l, run, &h);
        keel_line_string(l, "of_code", info->name);
        keel_line_int(l, "of_number", info->number);
        keel_line_string(l, "why", "the record is longer than a record may be");
        KEEL_ASSERT(!l->overflow);
    }
    memcpy(l->text + l->size, "}}\n", 3);
    l->size += 3;
    if (ret_size) *ret_size = l->size;
    return l->text;
}
