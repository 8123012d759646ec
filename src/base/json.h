/* base/json.h: write one JSON document, checked as it is written.
 *
 * A writer appends to its own growing buffer. Nesting, commas and escaping are its job; misuse (a value
 * without a key inside an object, an unclosed scope) is an assertion. Doubles are written as the shortest
 * decimal that reads back to the same bits; NaN and infinity are written as null. */
#ifndef KEEL_BASE_JSON_H
#define KEEL_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct keel_json keel_json;

/* A new empty writer; indent 0 = compact, else spaces per level. Freed by keel_json_free (NULL allowed). */
keel_json *keel_json_new(int indent);
void keel_json_free(keel_json *j);

void keel_json_object(keel_json *j); /* open { */
void keel_json_array(keel_json *j);  /* open [ */
void keel_json_close(keel_json *j);  /* close the innermost scope */
void keel_json_key(keel_json *j, const char *key);

void keel_json_string(keel_json *j, const char *utf8); /* NULL writes null */
void keel_json_int(keel_json *j, int64_t value);
void keel_json_double(keel_json *j, double value);
void keel_json_bool(keel_json *j, int value);
void keel_json_null(keel_json *j);
void keel_json_raw(keel_json *j, const char *json_text); /* one value already in JSON */

/* Money, price, quantity at 1e-8 as a decimal string with no trailing zeros beyond two places:
 * 1234500000000 -> "12345.00", 1 -> "0.00000001". */
void keel_json_e8(keel_json *j, int64_t value_e8);

/* key + value in one call */
void keel_json_kstring(keel_json *j, const char *key, const char *utf8);
void keel_json_kint(keel_json *j, const char *key, int64_t value);
void keel_json_kdouble(keel_json *j, const char *key, double value);
void keel_json_kbool(keel_json *j, const char *key, int value);
void keel_json_ke8(keel_json *j, const char *key, int64_t value_e8);

/* The finished text, borrowed until the writer changes; ret_size may be NULL. All scopes must be closed. */
const char *keel_json_text(const keel_json *j, size_t *ret_size);

#endif
