/* base/units.h: durations, sizes, comma lists and NAME=VALUE as people write them. */
#ifndef KEEL_BASE_UNITS_H
#define KEEL_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_DURATION_TEXT_MAX = 32, KEEL_LIST_ITEMS_MAX = 4096 };

/* "500ms" "3s" "5m" "1h" "2d" "1w" -> ms. Digits then a unit, nothing else; the unit is required, also for 0.
 * Returns 0, or KEEL_E_PARSE (not this form), KEEL_E_RANGE (beyond int64). No message is set. */
KEEL_MUST_USE int keel_duration_parse(const char *text, int64_t *ret_ms);

/* The same with the largest unit that divides: 3600000 -> "1h", 0 -> "0ms". text: KEEL_DURATION_TEXT_MAX bytes.
 * Negative values are refused by assertion. */
void keel_duration_format(int64_t ms, char *text);

/* "64KiB" "10MiB" "2GiB" "1TiB" "512B" "512" -> bytes; also kB, MB, GB (powers of ten).
 * Returns 0, KEEL_E_PARSE or KEEL_E_RANGE. No message is set. */
KEEL_MUST_USE int keel_size_parse(const char *text, int64_t *ret_bytes);

/* The shortest exact form in powers of 1024: 104857600 -> "100MiB", 0 -> "0B". bytes >= 0; text:
 * KEEL_DURATION_TEXT_MAX bytes. */
void keel_size_format(int64_t bytes, char *text);

/* A list cut at commas. */
typedef struct keel_list {
    char **items; /* [count], each a trimmed, non-empty copy, owned by the list */
    size_t count;
} keel_list;

/* Cut text at commas, trim blanks around items. Handed to the caller on success: keel_list_done.
 * Returns 0, KEEL_E_PARSE (an empty item, or none), KEEL_E_RANGE (more than KEEL_LIST_ITEMS_MAX), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_list_parse(const char *text, keel_list *ret_list);
void keel_list_done(keel_list *list);

/* Split "NAME=VALUE" at the first '='. NAME is [A-Za-z0-9_.@-]+; VALUE may be empty.
 * ret_name gets a copy (free()), ret_value points into text.
 * Returns 0, KEEL_E_PARSE, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_assignment_parse(const char *text, char **ret_name, const char **ret_value);

#endif
