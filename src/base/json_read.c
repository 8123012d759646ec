/* base/json_read.c: see json_read.h. yajl gives the events. */
#include "base/json_read.h"

#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/decimal.h"
#include "base/real.h"
#include "base/tree_build.h"
#include "base/utf8.h"

typedef struct reading {
    keel_tree_build build;
    const char *text;
    size_t size;
    yajl_handle parser;
    size_t counted; /* bytes whose lines are counted */
    uint32_t line;
    int rc;
} reading;

static uint32_t line_at(reading *r, size_t offset) {
    for (; r->counted < offset && r->counted < r->size; r->counted++)
        r->line += r->text[r->counted] == '\n';
    return r->line;
}

/* yajl keeps its place up to date while it calls us; the token just read ends there. */
static uint32_t line_now(reading *r) { return line_at(r, yajl_get_bytes_consumed(r->parser)); }

static int go_on(reading *r, int rc) {
    r->rc = rc;
    return rc == 0;
}

static int on_null(void *data) {
    reading *r = data;
    return go_on(r, keel_tree_build_scalar(&r->build, KEEL_TREE_NULL, line_now(r), NULL, 0));
}

static int on_boolean(void *data, int value) {
    reading *r = data;
    const char *text = value ? "true" : "false";
    return go_on(r, keel_tree_build_scalar(&r->build, KEEL_TREE_BOOL, line_now(r), text, strlen(text)));
}

static int on_number(void *data, const char *text, size_t size) {
    reading *r = data;
    return go_on(r, keel_tree_build_scalar(&r->build, KEEL_TREE_NUMBER, line_now(r), text, size));
}

/* yajl lets overlong forms, surrogates and code points beyond Unicode pass. */
static int check_text(reading *r, const unsigned char *text, size_t size) {
    if (keel_utf8_is_valid((const char *)text, size)) return 0;
    return keel_err_set(r->build.reterr, KEEL_E_PARSE, "a text is not UTF-8: %s:%u: save the file as UTF-8",
                        r->build.name, line_now(r));
}

static int on_string(void *data, const unsigned char *text, size_t size) {
    reading *r = data;
    int rc = check_text(r, text, size);
    if (rc) return go_on(r, rc);
    return go_on(r, keel_tree_build_scalar(&r->build, KEEL_TREE_STRING, line_now(r), (const char *)text, size));
}

static int on_key(void *data, const unsigned char *text, size_t size) {
    reading *r = data;
    int rc = check_text(r, text, size);
    if (rc) return go_on(r, rc);
    return go_on(r, keel_tree_build_key(&r->build, line_now(r), (const char *)text, size));
}

static int on_map(void *data) {
    reading *r = data;
    return go_on(r, keel_tree_build_open(&r->build, KEEL_TREE_MAP, line_now(r)));
}

static int on_list(void *data) {
    reading *r = data;
    return go_on(r, keel_tree_build_open(&r->build, KEEL_TREE_LIST, line_now(r)));
}

static int on_close(void *data) {
    reading *r = data;
    return go_on(r, keel_tree_build_close(&r->build));
}

static const yajl_callbacks CALLBACKS = {.yajl_null = on_null,
                                         .yajl_boolean = on_boolean,
                                         .yajl_number = on_number,
                                         .yajl_string = on_string,
                                         .yajl_start_map = on_map,
                                         .yajl_map_key = on_key,
                                         .yajl_end_map = on_close,
                                         .yajl_start_array = on_list,
                                         .yajl_end_array = on_close};

/* yajl's sentence has several lines; the first says it. */
static int syntax_error(reading *r, keel_err *reterr) {
    uint32_t line = line_at(r, yajl_get_bytes_consumed(r->parser));
    unsigned char *message = yajl_get_error(r->parser, 0, (const unsigned char *)r->text, r->size);
    int length = message ? (int)strcspn((const char *)message, "\n") : 0;
    int rc = keel_err_set(reterr, KEEL_E_PARSE, "not JSON (%.*s): %s:%u: check commas, quotes and brackets", length,
                          message ? (const char *)message : "", r->build.name, line);
    if (message) yajl_free_error(r->parser, message);
    return rc;
}

/* The 16 bits of \\uXXXX at text (behind the u), -1 when it is not four hex digits. */
static int escape_unit(const char *text, size_t size) {
    int unit = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i >= size) return -1;
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* An escaped surrogate without its pair becomes '?' in yajl; here it is an error. Backslashes stand only in strings. */
static int check_escapes(reading *r, keel_err *reterr) {
    const char *text = r->text;
    for (size_t i = 0; i + 1 < r->size; i++) {
        if (text[i] != '\\') continue;
        i++;
        int unit = text[i] == 'u' ? escape_unit(text + i + 1, r->size - i - 1) : 0;
        if (unit < 0xd800 || unit > 0xdfff) continue;
        int pair = i + 6 < r->size && text[i + 5] == '\\' && text[i + 6] == 'u'
                       ? escape_unit(text + i + 7, r->size - i - 7)
                       : -1;
        if (unit > 0xdbff || pair < 0xdc00 || pair > 0xdfff)
            return keel_err_set(reterr, KEEL_E_PARSE, "half a surrogate pair: %s:%u: write both halves", r->build.name,
                                line_at(r, i));
        i += 10;
    }
    r->counted = 0;
    r->line = 1;
    return 0;
}

/* Our own refusals of a syntax error come from yajl cancelling the parse. */
static int run(reading *r, keel_err *reterr) {
    yajl_status status = yajl_parse(r->parser, (const unsigned char *)r->text, r->size);
    if (status == yajl_status_ok) status = yajl_complete_parse(r->parser);
    if (r->rc) return r->rc;
    return status == yajl_status_ok && r->build.root ? 0 : syntax_error(r, reterr);
}

int keel_json_parse(const char *text, size_t size, const char *name, keel_tree **ret_tree, keel_err *reterr) {
    reading r;
    memset(&r, 0, sizeof r);
    r.text = text;
    r.size = size;
    r.line = 1;
    r.parser = yajl_alloc(&CALLBACKS, NULL, &r);
    if (!r.parser) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", name);
    keel_tree_build_init(&r.build, name, reterr);
    int rc = check_escapes(&r, reterr);
    if (!rc) rc = run(&r, reterr);
    if (!rc) *ret_tree = keel_tree_build_take(&r.build);
    keel_tree_build_done(&r.build);
    yajl_free(r.parser);
    return rc;
}

int keel_json_read_decimal(const keel_tree *node, int scale, int64_t *ret) {
    if (!node || (node->kind != KEEL_TREE_NUMBER && node->kind != KEEL_TREE_STRING)) return KEEL_E_PARSE;
    int64_t value;
    keel_decimal_result result = keel_decimal_parse(node->text, strlen(node->text), scale, &value);
    if (result == KEEL_DECIMAL_OK) {
        *ret = value;
        return 0;
    }
    return result == KEEL_DECIMAL_OUT_OF_RANGE ? KEEL_E_RANGE : KEEL_E_PARSE;
}

int keel_json_read_int(const keel_tree *node, int64_t *ret) {
    if (!node || node->kind != KEEL_TREE_NUMBER) return KEEL_E_PARSE;
    return keel_json_read_decimal(node, 0, ret);
}

int keel_json_read_double(const keel_tree *node, double *ret) {
    if (!node || node->kind != KEEL_TREE_NUMBER) return KEEL_E_PARSE;
    return keel_real_parse(node->text, ret);
}

int keel_json_read_bool(const keel_tree *node, int *ret) {
    if (!node || node->kind != KEEL_TREE_BOOL) return KEEL_E_PARSE;
    *ret = node->text[0] == 't';
    return 0;
}

int keel_json_read_string(const keel_tree *node, const char **ret) {
    if (!node || node->kind != KEEL_TREE_STRING) return KEEL_E_PARSE;
    *ret = node->text;
    return 0;
}
