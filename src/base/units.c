/* base/units.c: see units.h. */
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

/* Ascending, so that the format can take the largest that divides. */
static const unit DURATIONS[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                 {"h", 3600000}, {"d", 86400000}, {"w", 604800000}};
static const unit SIZES[] = {{"", 1},
                             {"B", 1},
                             {"kB", 1000},
                             {"KB", 1000},
                             {"MB", 1000000},
                             {"GB", 1000000000},
                             {"KiB", 1024},
                             {"MiB", (int64_t)1 << 20},
                             {"GiB", (int64_t)1 << 30},
                             {"TiB", (int64_t)1 << 40}};
enum { DURATION_COUNT = sizeof DURATIONS / sizeof *DURATIONS, SIZE_COUNT = sizeof SIZES / sizeof *SIZES };

static int parse_with_unit(const char *text, const unit *units, size_t count, int64_t *ret) {
    int64_t value = 0;
    const char *at = text;
    int overflow = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (value > (INT64_MAX - digit) / 10)
            overflow = 1;
        else
            value = value * 10 + digit;
    }
    if (at == text) return KEEL_E_PARSE;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(at, units[i].name) != 0) continue;
        if (overflow || value > INT64_MAX / units[i].factor) return KEEL_E_RANGE;
        *ret = value * units[i].factor;
        return 0;
    }
    return KEEL_E_PARSE;
}

int keel_duration_parse(const char *text, int64_t *ret_ms) {
    return parse_with_unit(text, DURATIONS, DURATION_COUNT, ret_ms);
}

void keel_duration_format(int64_t ms, char *text) {
    size_t best = 0;
    KEEL_ASSERT(ms >= 0);
    for (size_t i = 1; ms && i < DURATION_COUNT; i++)
        if (ms % DURATIONS[i].factor == 0) best = i;
    (void)snprintf(text, KEEL_DURATION_TEXT_MAX, "%" PRId64 "%s", ms / DURATIONS[best].factor, DURATIONS[best].name);
}

int keel_size_parse(const char *text, int64_t *ret_bytes) {
    return parse_with_unit(text, SIZES, SIZE_COUNT, ret_bytes);
}

void keel_size_format(int64_t bytes, char *text) {
    static const char *const NAMES[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t at = 0;
    KEEL_ASSERT(bytes >= 0);
    while (bytes && bytes % 1024 == 0 && at + 1 < sizeof NAMES / sizeof *NAMES) {
        bytes /= 1024;
        at++;
    }
    (void)snprintf(text, KEEL_DURATION_TEXT_MAX, "%" PRId64 "%s", bytes, NAMES[at]);
}

static int is_blank(char c) { return c == ' ' || c == '\t'; }

static int list_add(keel_list *list, const char *from, const char *to) {
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    if (from == to) return KEEL_E_PARSE;
    char *item = strndup(from, (size_t)(to - from));
    if (!item) return KEEL_E_NOMEM;
    list->items[list->count++] = item;
    return 0;
}

int keel_list_parse(const char *text, keel_list *ret_list) {
    keel_list list = {NULL, 0};
    size_t count = 1;
    for (const char *c = text; *c; c++)
        count += *c == ',';
    if (count > KEEL_LIST_ITEMS_MAX) return KEEL_E_RANGE;
    list.items = calloc(count, sizeof *list.items);
    if (!list.items) return KEEL_E_NOMEM;
    for (const char *from = text;;) {
        const char *to = strchr(from, ',');
        int rc = list_add(&list, from, to ? to : from + strlen(from));
        if (rc) {
            keel_list_done(&list);
            return rc;
        }
        if (!to) break;
        from = to + 1;
    }
    *ret_list = list;
    return 0;
}

void keel_list_done(keel_list *list) {
    if (!list) return;
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

static int is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '@';
}

int keel_assignment_parse(const char *text, char **ret_name, const char **ret_value) {
    const char *at = text;
    while (is_name_char(*at))
        at++;
    if (at == text || *at != '=') return KEEL_E_PARSE;
    char *name = strndup(text, (size_t)(at - text));
    if (!name) return KEEL_E_NOMEM;
    *ret_name = name;
    *ret_value = at + 1;
    return 0;
}
