/* engine/field_json.c: see field_json.h. */
#include "engine/field_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json_read.h"
#include "core/state.h"

static size_t size_of(keel_field_kind kind) {
    return kind == KEEL_FIELD_I32 || kind == KEEL_FIELD_SIDE ? sizeof(int32_t) : sizeof(int64_t);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static void write_decimal(keel_json *j, int64_t value, int scale) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)keel_decimal_format(value, scale, 2, text);
    keel_json_string(j, text);
}

static void write_u64(keel_json *j, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    keel_json_string(j, text);
}

static void write_value(keel_json *j, keel_field_kind kind, const char *at) {
    int32_t small = 0;
    int64_t whole = 0;
    double real = 0.0;
    if (size_of(kind) == sizeof small)
        memcpy(&small, at, sizeof small);
    else
        memcpy(&whole, at, sizeof whole);
    switch (kind) {
        case KEEL_FIELD_I32: keel_json_int(j, small); break;
        case KEEL_FIELD_SIDE: keel_json_string(j, small > 0 ? "long" : small < 0 ? "short" : "flat"); break;
        case KEEL_FIELD_I64: keel_json_int(j, whole); break;
        case KEEL_FIELD_MS: whole == KEEL_NEVER ? keel_json_null(j) : keel_json_int(j, whole); break;
        case KEEL_FIELD_E8: write_decimal(j, whole, 8); break;
        case KEEL_FIELD_E16: write_decimal(j, whole, 16); break;
        case KEEL_FIELD_U64: write_u64(j, (uint64_t)whole); break;
        case KEEL_FIELD_F64:
            memcpy(&real, at, sizeof real);
            keel_json_double(j, real);
            break;
    }
}

void keel_field_write(keel_json *j, const void *record, const keel_field fields[], int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        const keel_field *f = &fields[i];
        const char *at = (const char *)record + f->offset;
        keel_json_key(j, f->key);
        if (f->count == 1) {
            write_value(j, f->kind, at);
            continue;
        }
        keel_json_array(j);
        for (int32_t k = 0; k < f->count; k++)
            write_value(j, f->kind, at + (size_t)k * size_of(f->kind));
        keel_json_close(j);
    }
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static int read_side(const keel_tree *node, int32_t *ret) {
    const char *text;
    KEEL_TRY(keel_json_read_string(node, &text));
    if (strcmp(text, "long") == 0)
        *ret = 1;
    else if (strcmp(text, "short") == 0)
        *ret = -1;
    else if (strcmp(text, "flat") == 0)
        *ret = 0;
    else
        return KEEL_E_RANGE;
    return 0;
}

static int read_u64(const keel_tree *node, uint64_t *ret) {
    const char *text;
    uint64_t value = 0;
    KEEL_TRY(keel_json_read_string(node, &text));
    if (!*text) return KEEL_E_PARSE;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return KEEL_E_PARSE;
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (UINT64_MAX - digit) / 10) return KEEL_E_RANGE;
        value = value * 10 + digit;
    }
    *ret = value;
    return 0;
}

/* base/real.h drops the sign of zero, which a record must keep. */
static int read_real(const keel_tree *node, double *ret) {
    KEEL_TRY(keel_json_read_double(node, ret));
    if (*ret == 0.0 && node->text[0] == '-') *ret = -0.0;
    return 0;
}

/* Amounts are strings; a bare number may have been through somebody's double already. */
static int read_amount(const keel_tree *node, int scale, int64_t *ret) {
    if (node->kind != KEEL_TREE_STRING) return KEEL_E_PARSE;
    return keel_json_read_decimal(node, scale, ret);
}

static int read_i32(const keel_tree *node, int32_t *ret) {
    int64_t whole;
    KEEL_TRY(keel_json_read_int(node, &whole));
    if (whole < INT32_MIN || whole > INT32_MAX) return KEEL_E_RANGE;
    *ret = (int32_t)whole;
    return 0;
}

static int read_value(const keel_tree *node, keel_field_kind kind, char *at) {
    int32_t small = 0;
    int64_t whole = 0;
    uint64_t count = 0;
    double real = 0.0;
    int rc = 0;
    switch (kind) {
        case KEEL_FIELD_I32: rc = read_i32(node, &small); break;
        case KEEL_FIELD_SIDE: rc = read_side(node, &small); break;
        case KEEL_FIELD_I64: rc = keel_json_read_int(node, &whole); break;
        case KEEL_FIELD_MS:
            whole = KEEL_NEVER;
            if (node->kind != KEEL_TREE_NULL) rc = keel_json_read_int(node, &whole);
            break;
        case KEEL_FIELD_E8: rc = read_amount(node, 8, &whole); break;
        case KEEL_FIELD_E16: rc = read_amount(node, 16, &whole); break;
        case KEEL_FIELD_U64:
            rc = read_u64(node, &count);
            whole = (int64_t)count;
            break;
        case KEEL_FIELD_F64:
            if (node->kind == KEEL_TREE_NULL) return 0;
            rc = read_real(node, &real);
            memcpy(&whole, &real, sizeof whole);
            break;
    }
    if (rc) return rc;
    if (size_of(kind) == sizeof small)
        memcpy(at, &small, sizeof small);
    else
        memcpy(at, &whole, sizeof whole);
    return 0;
}

static const char *wanted(keel_field_kind kind) {
    switch (kind) {
        case KEEL_FIELD_I32: return "a whole number of 32 bits";
        case KEEL_FIELD_SIDE: return "\"long\", \"short\" or \"flat\"";
        case KEEL_FIELD_I64: return "a whole number of 64 bits";
        case KEEL_FIELD_MS: return "milliseconds since 1970, or null";
        case KEEL_FIELD_E8: return "a decimal in quotes with at most 8 places, such as \"1.50\"";
        case KEEL_FIELD_E16: return "a decimal in quotes with at most 16 places, such as \"0.0001\"";
        case KEEL_FIELD_U64: return "digits in quotes, such as \"42\"";
        case KEEL_FIELD_F64: return "a number or null";
    }
    return "another value";
}

static int read_field(const keel_field_reader *r, const keel_tree *node, const keel_field *f, char *at) {
    int rc = 0;
    if (f->count == 1) {
        rc = read_value(node, f->kind, at);
    } else if (node->kind != KEEL_TREE_LIST || node->count != (size_t)f->count) {
        return keel_err_set(r->reterr, KEEL_E_PARSE, "%s is not a list of %d: %s:%u: write exactly so many values",
                            f->key, (int)f->count, r->name, node->line);
    } else {
        for (int32_t k = 0; k < f->count && rc == 0; k++)
            rc = read_value(node->items[k], f->kind, at + (size_t)k * size_of(f->kind));
    }
    if (rc == 0) return 0;
    return keel_err_set(r->reterr, rc, "%s cannot be read: %s:%u: write %s", f->key, r->name, node->line,
                        wanted(f->kind));
}

static void warn(const keel_field_reader *r, const keel_tree *node) {
    keel_field_warnings *w = r->warnings;
    if (!w) return;
    if (w->count == KEEL_FIELD_WARNINGS_MAX) {
        w->dropped++;
        return;
    }
    (void)snprintf(w->line[w->count++], KEEL_FIELD_WARNING_SIZE, "unknown field ignored: %.60s: %.80s:%u", node->key,
                   r->name, node->line);
}

static int known(const char *key, const keel_field fields[], int32_t count, const char *const others[],
                 int32_t other_count) {
    for (int32_t i = 0; i < count; i++)
        if (strcmp(key, fields[i].key) == 0) return 1;
    for (int32_t i = 0; i < other_count; i++)
        if (strcmp(key, others[i]) == 0) return 1;
    return 0;
}

int keel_field_read(const keel_field_reader *r, const keel_tree *map, void *record, const keel_field fields[],
                    int32_t count, const char *const others[], int32_t other_count) {
    if (!map || map->kind != KEEL_TREE_MAP)
        return keel_err_set(r->reterr, KEEL_E_PARSE, "not an object: %s:%u: write {...} here", r->name,
                            map ? map->line : 1);
    for (int32_t i = 0; i < count; i++) {
        const keel_tree *node = keel_tree_find(map, fields[i].key);
        if (node)
            KEEL_TRY(read_field(r, node, &fields[i], (char *)record + fields[i].offset));
        else if (fields[i].required)
            return keel_err_set(r->reterr, KEEL_E_PARSE, "%s is missing: %s:%u: add it, it has no default",
                                fields[i].key, r->name, map->line);
    }
    for (size_t i = 0; i < map->count; i++)
        if (!known(map->items[i]->key, fields, count, others, other_count)) warn(r, map->items[i]);
    return 0;
}
