/* base/packed.h: records as bytes that any build of the program reads: parts of rows of fields, each named.
 *
 * A table says which members of a record are kept, under which name, and what lies beside them (padding, reserve), so
 * that a member nobody thought of is found by the first write. Values are written one by one, little-endian, in the
 * order of the table; the bytes carry names and types with them. docs/formats/engine_journal.md has the layout.
 *
 * Whoever reads knows its own table and matches names: a field it knows and the bytes lack takes the starting value
 * that the table states for it (without one: refused), a field or part it does not know is of a newer program and
 * refused. Nothing is guessed. Reading is in two steps, first what may refuse, then what may not, so that several can
 * agree before any of them changes. */
#ifndef KEEL_BASE_PACKED_H
#define KEEL_BASE_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum {
    KEEL_PACKED_VERSION = 4,
    KEEL_PACKED_PARTS_MAX = 128,
    KEEL_PACKED_FIELDS_MAX = 64,
    KEEL_PACKED_NAME_MAX = 63,
    KEEL_PACKED_COUNT_MAX = 4096 /* values of one field */
};
#define KEEL_PACKED_ANY UINT64_MAX

typedef enum keel_packed_type {
    KEEL_PACKED_I32 = 1,
    KEEL_PACKED_I64 = 2,
    KEEL_PACKED_U64 = 3,
    KEEL_PACKED_F64 = 4,
    KEEL_PACKED_U32 = 5,
    KEEL_PACKED_U8 = 6
} keel_packed_type;

/* One member of a record. Whole numbers are refused outside of [least, most], where most > least. */
typedef struct keel_packed_field {
    const char *name;
    keel_packed_type type;
    uint32_t count;
    size_t offset;
    int64_t least, most;
    int32_t added; /* 1: older bytes lack it, and it begins as `start`, which is a whole number for other types */
    double start;
} keel_packed_field;

#define KEEL_PACKED(type_, name_, record, member) \
    { name_, KEEL_PACKED_##type_, 1, offsetof(record, member), 0, 0, 0, 0.0 }
#define KEEL_PACKED_LIST(type_, name_, record, member, n) \
    { name_, KEEL_PACKED_##type_, n, offsetof(record, member), 0, 0, 0, 0.0 }
#define KEEL_PACKED_IN(type_, name_, record, member, least_, most_) \
    { name_, KEEL_PACKED_##type_, 1, offsetof(record, member), least_, most_, 0, 0.0 }
/* Older bytes lack it, and it begins as `least_`. */
#define KEEL_PACKED_ADDED(type_, name_, record, member, least_, most_) \
    { name_, KEEL_PACKED_##type_, 1, offsetof(record, member), least_, most_, 1, (double)(least_) }

typedef struct keel_packed_table {
    const char *name;
    const keel_packed_field *field; /* [count] */
    uint32_t count;
    size_t size;   /* of a record in memory, */
    size_t unsaid; /* of which so many bytes are no field's: padding, reserve, and what is made again */
} keel_packed_table;

#define KEEL_PACKED_TABLE(name_, fields, record, unsaid_) \
    { name_, fields, (uint32_t)(sizeof(fields) / sizeof *(fields)), sizeof(record), unsaid_ }

/* ---- writing: begin, parts, end ---- */

typedef struct keel_packed_writer {
    keel_strbuf *out; /* where it runs out, out->failed */
    size_t at;        /* of the head in it */
    uint32_t parts;
} keel_packed_writer;

/* Appends to out, which is the caller's until keel_packed_end. */
void keel_packed_begin(keel_packed_writer *w, keel_strbuf *out);
/* One part: its description. `rows` records follow, by one or more calls of keel_packed_run. */
void keel_packed_part(keel_packed_writer *w, const keel_packed_table *t, uint64_t rows);
/* Records that lie `stride` bytes apart. */
void keel_packed_run(keel_packed_writer *w, const keel_packed_table *t, const void *records, uint64_t rows,
                     size_t stride);
/* Both. */
void keel_packed_rows(keel_packed_writer *w, const keel_packed_table *t, const void *records, uint64_t rows,
                      size_t stride);
/* A part of bytes. */
void keel_packed_bytes(keel_packed_writer *w, const char *name, const void *bytes, size_t size);
void keel_packed_end(keel_packed_writer *w);

/* ---- reading ---- */

typedef struct keel_packed_found {
    char name[KEEL_PACKED_NAME_MAX + 1];
    uint64_t rows;
    uint32_t fields;
    const uint8_t *field, *value; /* descriptions, rows */
    size_t row_size;
    int known;
} keel_packed_found;

/* Bytes that were taken apart; they stay the caller's. */
typedef struct keel_packed_reader {
    uint32_t version, count;
    char build[KEEL_PACKED_NAME_MAX + 1]; /* of keel that wrote them */
    keel_packed_found part[KEEL_PACKED_PARTS_MAX];
} keel_packed_reader;

/* A part as the reader's table has it. */
typedef struct keel_packed_view {
    const keel_packed_table *table;
    const keel_packed_found *part;
    uint64_t rows;
    struct {
        size_t at;     /* in a row */
        int32_t there; /* 0: starting value */
    } field[KEEL_PACKED_FIELDS_MAX];
} keel_packed_view;

/* Nothing is read beyond `size`, whatever the bytes say. 0, KEEL_E_VERSION (another version than this program's; what
 * wrote them is named), KEEL_E_PARITY: no such bytes, or not whole. */
KEEL_MUST_USE int keel_packed_open(keel_packed_reader *r, const uint8_t *bytes, size_t size, keel_err *reterr);

/* 1: there is such a part. */
int keel_packed_has(const keel_packed_reader *r, const char *name);

/* The part of this table. rows: as many as there must be, or KEEL_PACKED_ANY. It is known from then on.
 * KEEL_E_VERSION: a field of a newer program, or of an older one without a starting value, or another count of rows;
 * KEEL_E_PARITY: a value is outside of what the table allows. */
KEEL_MUST_USE int keel_packed_look(keel_packed_reader *r, const keel_packed_table *t, uint64_t rows,
                                   keel_packed_view *ret, keel_err *reterr);

/* Row `row` into the record; what is no field's stays as it is. */
void keel_packed_get(const keel_packed_view *v, uint64_t row, void *record);

/* Look, and where takes is not 0, get every row. */
KEEL_MUST_USE int keel_packed_take(keel_packed_reader *r, const keel_packed_table *t, void *records, uint64_t rows,
                                   size_t stride, int takes, keel_err *reterr);

/* A part of bytes: borrowed from what was opened. */
KEEL_MUST_USE int keel_packed_look_bytes(keel_packed_reader *r, const char *name, const uint8_t **ret, size_t *ret_size,
                                         keel_err *reterr);

/* KEEL_E_VERSION when there is a part that nobody looked at: a newer program's. */
KEEL_MUST_USE int keel_packed_all_known(const keel_packed_reader *r, keel_err *reterr);

#endif
