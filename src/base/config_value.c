/* base/config_value.c: from text to a typed value and back; the rules stand in config.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/config_internal.h"
#include "base/decimal.h"
#include "base/real.h"
#include "base/utf8.h"

/* What a coercion found, before it is put into words. */
typedef struct verdict {
    int code;         /* 0 or KEEL_E_* */
    const char *what; /* "is not a number" */
    char mend[300];
} verdict;

static void refuse(verdict *v, int code, const char *what, const char *mend) {
    v->code = code;
    v->what = what;
    (void)snprintf(v->mend, sizeof v->mend, "%s", mend);
}

int keel_config_scale(keel_config_type type) { return type == KEEL_CONFIG_USD ? 8 : type == KEEL_CONFIG_BPS ? 4 : 0; }

static void parse_bool(const char *text, int64_t *ret, verdict *v) {
    static const char *const YES[] = {"true", "yes", "on", "1"};
    static const char *const NO[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof YES / sizeof *YES; i++) {
        if (strcasecmp(text, YES[i]) == 0 || strcasecmp(text, NO[i]) == 0) {
            *ret = strcasecmp(text, YES[i]) == 0;
            return;
        }
    }
    refuse(v, KEEL_E_PARSE, "is not a truth value", "write true or false");
}

static void parse_whole(const keel_config_entry *entry, const char *text, int64_t *ret, verdict *v) {
    size_t size = strlen(text);
    keel_decimal_result result = entry->flags & KEEL_CONFIG_ROUND ? keel_decimal_parse_rounded(text, size, ret)
                                                                  : keel_decimal_parse(text, size, 0, ret);
    if (result == KEEL_DECIMAL_OUT_OF_RANGE)
        refuse(v, KEEL_E_RANGE, "is too large", "write a smaller whole number");
    else if (result != KEEL_DECIMAL_OK)
        refuse(v, KEEL_E_PARSE, "is not a whole number", "write digits only");
}

static void parse_money(const keel_config_entry *entry, const char *text, int64_t *ret, verdict *v) {
    int scale = keel_config_scale(entry->type);
    int64_t value;
    keel_decimal_result result = keel_decimal_parse(text, strlen(text), scale, &value);
    if (result == KEEL_DECIMAL_OK) {
        *ret = value;
    } else if (result == KEEL_DECIMAL_NOT_A_NUMBER) {
        refuse(v, KEEL_E_PARSE, "is not a number", "write a decimal number");
    } else if (result == KEEL_DECIMAL_OUT_OF_RANGE) {
        refuse(v, KEEL_E_RANGE, "is too large", "write a smaller number");
    } else {
        refuse(v, KEEL_E_PARSE, keel_decimal_sentence(result), "");
        char mended[KEEL_DECIMAL_TEXT_MAX];
        (void)snprintf(v->mend, sizeof v->mend, "give at most %d decimals", scale);
        if (result == KEEL_DECIMAL_RESIDUE) {
            (void)keel_decimal_format(value, scale, 0, mended);
            (void)snprintf(v->mend, sizeof v->mend, "write %s", mended);
        }
    }
}

static void parse_real(const char *text, double *ret, verdict *v) {
    int rc = keel_real_parse(text, ret);
    if (rc) refuse(v, rc, rc == KEEL_E_RANGE ? "is too large" : "is not a number", "write a finite decimal number");
}

static void parse_with_unit(const keel_config_entry *entry, const char *text, int64_t *ret, verdict *v) {
    int is_duration = entry->type == KEEL_CONFIG_DURATION;
    int rc = is_duration ? keel_duration_parse(text, ret) : keel_size_parse(text, ret);
    if (rc == KEEL_E_RANGE)
        refuse(v, rc, "is too large", "write a smaller value");
    else if (rc)
        refuse(v, rc, is_duration ? "is not a duration" : "is not a size",
               is_duration ? "write 500ms, 3s, 5m, 1h or 2d" : "write 512, 64KiB, 10MiB or 2GiB");
}

/* Find text among "a|b|c", without case. */
static void parse_choice(const keel_config_entry *entry, const char *text, keel_config_value *ret, verdict *v) {
    size_t size = strlen(text);
    int64_t index = 0;
    for (const char *from = entry->choices;; from += 1, index++) {
        size_t length = strcspn(from, "|");
        if (length == size && strncasecmp(from, text, size) == 0) {
            ret->integer = index;
            ret->text = strndup(from, length);
            if (!ret->text) refuse(v, KEEL_E_NOMEM, "needs memory", "close other programs");
            return;
        }
        from += length;
        if (!*from) break;
    }
    refuse(v, KEEL_E_PARSE, "is not one of the choices", "");
    (void)snprintf(v->mend, sizeof v->mend, "write one of %s", entry->choices);
}

static void parse_string(const keel_config_entry *entry, const char *text, keel_config_value *ret, verdict *v) {
    if ((entry->flags & KEEL_CONFIG_SECRET) && strncmp(text, "file:", 5) != 0 && strncmp(text, "env:", 4) != 0) {
        refuse(v, KEEL_E_PARSE, "is a secret in plain text", "write file:PATH or env:NAME instead");
        return;
    }
    ret->text = strdup(text);
    if (!ret->text) refuse(v, KEEL_E_NOMEM, "needs memory", "close other programs");
}

static int copy_list(const keel_list *from, keel_list *ret) {
    keel_list copy = {calloc(from->count + 1, sizeof *copy.items), 0};
    if (!copy.items) return KEEL_E_NOMEM;
    for (; copy.count < from->count; copy.count++) {
        copy.items[copy.count] = strdup(from->items[copy.count]);
        if (!copy.items[copy.count]) {
            keel_list_done(&copy);
            return KEEL_E_NOMEM;
        }
    }
    *ret = copy;
    return 0;
}

static int by_bytes(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static void make_set(keel_list *list) {
    size_t kept = 0;
    qsort(list->items, list->count, sizeof *list->items, by_bytes);
    for (size_t i = 0; i < list->count; i++) {
        if (kept && strcmp(list->items[kept - 1], list->items[i]) == 0)
            free(list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

static void parse_list(const keel_config_entry *entry, const keel_config_setting *setting, keel_list *ret, verdict *v) {
    int rc = setting->kind == KEEL_TREE_LIST ? copy_list(&setting->items, ret) : keel_list_parse(setting->text, ret);
    if (rc == KEEL_E_NOMEM)
        refuse(v, rc, "needs memory", "close other programs");
    else if (rc)
        refuse(v, rc, "is not a list", "write [a, b] or \"a,b\", no item empty");
    else if (entry->flags & KEEL_CONFIG_SET)
        make_set(ret);
}

/* Kinds that cannot mean the type, whatever their text. */
static int kind_fits(keel_config_type type, keel_tree_kind kind) {
    int is_text_type = type == KEEL_CONFIG_STRING || type == KEEL_CONFIG_ENUM || type == KEEL_CONFIG_DURATION;
    switch (kind) {
        case KEEL_TREE_PLAIN:
        case KEEL_TREE_STRING: return 1;
        case KEEL_TREE_NUMBER: return !is_text_type && type != KEEL_CONFIG_LIST;
        case KEEL_TREE_BOOL: return type == KEEL_CONFIG_BOOL;
        case KEEL_TREE_LIST: return type == KEEL_CONFIG_LIST;
        case KEEL_TREE_NULL:
        case KEEL_TREE_MAP:
        default: return 0;
    }
}

static void parse_value(const keel_config_entry *entry, const keel_config_setting *setting, keel_config_value *ret,
                        verdict *v) {
    if (!kind_fits(entry->type, setting->kind)) {
        int is_null = setting->kind == KEEL_TREE_NULL;
        refuse(v, KEEL_E_PARSE, is_null ? "has no value" : "has the wrong type",
               is_null ? "give one, or delete the line for the default" : "see 'keel config schema'");
        return;
    }
    switch (entry->type) {
        case KEEL_CONFIG_BOOL: parse_bool(setting->text, &ret->integer, v); break;
        case KEEL_CONFIG_INT: parse_whole(entry, setting->text, &ret->integer, v); break;
        case KEEL_CONFIG_USD:
        case KEEL_CONFIG_BPS: parse_money(entry, setting->text, &ret->integer, v); break;
        case KEEL_CONFIG_REAL: parse_real(setting->text, &ret->real, v); break;
        case KEEL_CONFIG_DURATION:
        case KEEL_CONFIG_SIZE: parse_with_unit(entry, setting->text, &ret->integer, v); break;
        case KEEL_CONFIG_ENUM: parse_choice(entry, setting->text, ret, v); break;
        case KEEL_CONFIG_STRING: parse_string(entry, setting->text, ret, v); break;
        case KEEL_CONFIG_LIST: parse_list(entry, setting, &ret->list, v); break;
        default: KEEL_ASSERT(0);
    }
}

static int is_number(keel_config_type type) {
    return type == KEEL_CONFIG_INT || type == KEEL_CONFIG_REAL || type == KEEL_CONFIG_USD || type == KEEL_CONFIG_BPS ||
           type == KEEL_CONFIG_DURATION || type == KEEL_CONFIG_SIZE;
}

/* -1, 0, 1 of value against a bound written as the table writes it. A bound that is not readable is our own mistake. */
static int compare_bound(const keel_config_entry *entry, const keel_config_value *value, const char *bound) {
    keel_config_setting text = {.kind = KEEL_TREE_PLAIN, .text = (char *)(uintptr_t)bound};
    keel_config_value limit = {0};
    verdict v = {0};
    parse_value(entry, &text, &limit, &v);
    KEEL_ASSERT(v.code == 0);
    if (entry->type == KEEL_CONFIG_REAL) return (value->real > limit.real) - (value->real < limit.real);
    return (value->integer > limit.integer) - (value->integer < limit.integer);
}

static void check_bounds(const keel_config_entry *entry, const keel_config_value *value, verdict *v) {
    if (!is_number(entry->type)) return;
    int below = entry->min && compare_bound(entry, value, entry->min) < 0;
    int above = entry->max && compare_bound(entry, value, entry->max) > 0;
    if (!below && !above) return;
    refuse(v, KEEL_E_RANGE, "is out of bounds", "");
    (void)snprintf(v->mend, sizeof v->mend, "give %s%s%s%s%s", entry->min ? entry->min : "at most",
                   entry->min ? (entry->max ? " to " : " or more") : " ", entry->max ? entry->max : "",
                   entry->unit && entry->unit[0] ? " " : "", entry->unit ? entry->unit : "");
}

int keel_config_coerce(const keel_config_entry *entry, const keel_config_setting *setting, keel_config_value *ret_value,
                       keel_err *reterr) {
    keel_config_value value = {0};
    verdict v = {0};
    parse_value(entry, setting, &value, &v);
    if (!v.code) check_bounds(entry, &value, &v);
    if (!v.code) {
        value.set = 1;
        *ret_value = value;
        return 0;
    }
    keel_config_value_done(&value);
    if (!setting->text || (entry->flags & KEEL_CONFIG_SECRET))
        return keel_err_set(reterr, v.code, "%s %s: %s: %s", entry->path, v.what, setting->origin, v.mend);
    return keel_err_set(reterr, v.code, "%s = '%.60s' %s: %s: %s", entry->path, setting->text, v.what, setting->origin,
                        v.mend);
}

void keel_config_value_done(keel_config_value *value) {
    free(value->text);
    keel_list_done(&value->list);
    memset(value, 0, sizeof *value);
}

/* The number of a character that JSON takes as it is and YAML does not, 0 for any other: YAML refuses C1 controls, byte
 * order marks and non-characters; U+0085, U+2028 and U+2029 are line breaks there and fold into a space. */
static unsigned yaml_forbids(const char *text, size_t length) {
    const unsigned char *s = (const unsigned char *)text;
    if (length == 2 && s[0] == 0xc2 && s[1] < 0xa0) return s[1];
    if (length != 3) return 0;
    unsigned code = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
    return code == 0x2028 || code == 0x2029 || code == 0xfeff || code >= 0xfffe ? code : 0;
}

/* JSON text that is YAML too: of the characters of its strings, those that YAML does not take are escaped. */
static void add_for_yaml(const char *json, size_t size, keel_strbuf *out) {
    while (size) {
        size_t length = keel_utf8_length(json, size);
        KEEL_ASSERT(length > 0); /* the writer of JSON leaves nothing but UTF-8 */
        unsigned code = yaml_forbids(json, length);
        if (code)
            keel_strbuf_addf(out, "\\u%04x", code);
        else
            keel_strbuf_add_bytes(out, json, length);
        json += length;
        size -= length;
    }
}

static void write_json(const keel_config_entry *entry, const keel_config_value *value, keel_strbuf *out) {
    keel_json *j = keel_json_new(0);
    KEEL_ASSERT(j != NULL);
    if (entry->type == KEEL_CONFIG_LIST) {
        keel_json_array(j);
        for (size_t i = 0; i < value->list.count; i++)
            keel_json_string(j, value->list.items[i]);
        keel_json_close(j);
    } else {
        keel_json_string(j, value->text);
    }
    size_t size = 0;
    const char *text = keel_json_text(j, &size);
    add_for_yaml(text, size, out);
    keel_json_free(j);
}

void keel_config_value_write(const keel_config_entry *entry, const keel_config_value *value, keel_strbuf *out) {
    char text[64];
    switch (entry->type) {
        case KEEL_CONFIG_BOOL: keel_strbuf_add(out, value->integer ? "true" : "false"); break;
        case KEEL_CONFIG_INT:
        case KEEL_CONFIG_SIZE:
        case KEEL_CONFIG_USD:
        case KEEL_CONFIG_BPS:
            (void)keel_decimal_format(value->integer, keel_config_scale(entry->type), 0, text);
            keel_strbuf_add(out, text);
            break;
        case KEEL_CONFIG_DURATION:
            keel_duration_format(value->integer, text);
            keel_strbuf_add(out, text);
            break;
        case KEEL_CONFIG_REAL: keel_strbuf_add(out, keel_real_format(value->real, text)); break;
        case KEEL_CONFIG_ENUM: keel_strbuf_add(out, value->text); break;
        case KEEL_CONFIG_STRING:
        case KEEL_CONFIG_LIST: write_json(entry, value, out); break;
        default: KEEL_ASSERT(0);
    }
}

void keel_config_value_show(const keel_config_entry *entry, const keel_config_value *value, keel_strbuf *out) {
    char text[KEEL_DURATION_TEXT_MAX];
    if (entry->type != KEEL_CONFIG_SIZE) {
        keel_config_value_write(entry, value, out);
        return;
    }
    keel_size_format(value->integer, text);
    keel_strbuf_add(out, text);
}
