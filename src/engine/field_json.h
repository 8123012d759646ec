/* engine/field_json.h: records of the core as JSON objects and back, by tables of fields.
 *
 * Every value survives the way there and back: amounts are decimal strings, 64-bit counters decimal strings, doubles
 * the shortest text that reads back to the same bits. Reading is patient with what it does not know (a warning) and
 * with what may be missing (the record keeps what it held), and strict with everything else. */
#ifndef KEEL_ENGINE_FIELD_JSON_H
#define KEEL_ENGINE_FIELD_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/tree.h"

typedef enum keel_field_kind {
    KEEL_FIELD_I32,  /* number */
    KEEL_FIELD_SIDE, /* int32_t: "long" +1, "short" -1, "flat" 0 */
    KEEL_FIELD_I64,  /* number */
    KEEL_FIELD_MS,   /* int64_t, number; null = KEEL_NEVER */
    KEEL_FIELD_E8,   /* int64_t, decimal string at 1e-8 */
    KEEL_FIELD_E16,  /* int64_t, decimal string at 1e-16 */
    KEEL_FIELD_U64,  /* digits in a string: readers that keep numbers as doubles lose nothing */
    KEEL_FIELD_F64   /* number; null = no value, and the record keeps what it held */
} keel_field_kind;

/* One member of a record. */
typedef struct keel_field {
    const char *key;
    keel_field_kind kind;
    size_t offset;
    int32_t count;    /* 1 = one value, more = a list of exactly so many */
    int32_t required; /* 1: its absence is an error */
} keel_field;

#define KEEL_FIELD(kind_, key_, record, member) \
    { key_, KEEL_FIELD_##kind_, offsetof(record, member), 1, 0 }
#define KEEL_FIELD_NEEDED(kind_, key_, record, member) \
    { key_, KEEL_FIELD_##kind_, offsetof(record, member), 1, 1 }
#define KEEL_FIELD_LIST(kind_, key_, record, member, n) \
    { key_, KEEL_FIELD_##kind_, offsetof(record, member), n, 0 }

enum { KEEL_FIELD_WARNINGS_MAX = 16, KEEL_FIELD_WARNING_SIZE = 200 };

/* What was ignored, one line each; `dropped` counts those beyond the room. */
typedef struct keel_field_warnings {
    int32_t count;
    int32_t dropped;
    char line[KEEL_FIELD_WARNINGS_MAX][KEEL_FIELD_WARNING_SIZE];
} keel_field_warnings;

/* A document being read: its name for messages, and where warnings go (NULL = nowhere). */
typedef struct keel_field_reader {
    const char *name;
    keel_field_warnings *warnings;
    keel_err *reterr;
} keel_field_reader;

/* Write the members of record as keys of the object that is open in j. A double that is not finite becomes null. */
void keel_field_write(keel_json *j, const void *record, const keel_field fields[], int32_t count);

/* Read the members from a map.
 *   others  in  [other_count] keys that the caller reads itself; any further key is a warning.
 * Returns 0, or KEEL_E_PARSE (map is none, a member missing or of another kind), KEEL_E_RANGE (does not fit). The
 * record may then be half written: callers read into a scratch record. */
KEEL_MUST_USE int keel_field_read(const keel_field_reader *r, const keel_tree *map, void *record,
                                  const keel_field fields[], int32_t count, const char *const others[],
                                  int32_t other_count);

#endif
