/* edge/data/shape.h: CSV of another shape than docs/formats/csv.md: its columns, what stands between them and what its
 * times are, as told by whoever imports it. Nothing is guessed; a suggestion for the mend of a refusal is. */
#ifndef KEEL_EDGE_DATA_SHAPE_H
#define KEEL_EDGE_DATA_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "edge/data/columns.h"
#include "edge/data/lines.h"

enum { KEEL_SHAPE_FIELDS_MAX = 64, KEEL_SHAPE_TEXT_MAX = 640, KEEL_SHAPE_LINE_MAX = KEEL_LINE_MAX + 64 };

typedef enum keel_shape_time {
    KEEL_SHAPE_MS = 0, /* as in csv.md: epoch ms, or ISO-8601 with a zone */
    KEEL_SHAPE_S,
    KEEL_SHAPE_US,
    KEEL_SHAPE_NS,
    KEEL_SHAPE_UTC /* dates, with or without a time of day, without a zone: UTC */
} keel_shape_time;

typedef struct keel_shape {
    int kind;   /* KEEL_KIND_*; 0: the columns are not told, the file's header must be one of csv.md */
    int fields; /* of each line */
    int field_of[KEEL_COLUMNS_MAX]; /* of the kind's columns: which field */
    char apart;
    keel_shape_time time;
    char text[KEEL_SHAPE_TEXT_MAX]; /* the whole of it as text, for the identity of an import */
} keel_shape;

/* Read what was said; each may be NULL. columns: "ts_ms,open,high,low,close,volume" in the file's order, "-" for one
 * that is not used. apart: one character, or "tab". time: ms, s, us, ns or utc. Returns 1 when anything was said, 0
 * when nothing was (*ret unwritten), KEEL_E_USAGE with the line set. */
KEEL_MUST_USE int keel_shape_read(const char *columns, const char *apart, const char *time, keel_shape *ret,
                                  keel_err *reterr);

/* The first line of a file, without a byte order mark: completes a shape whose columns are not told. Returns 1 when the
 * line is a header, 0 when it is a row, 2 when it should be a header of csv.md and is none, or KEEL_E_DATA when the
 * file has another number of columns than the shape, or its header calls one price what the shape calls another. */
KEEL_MUST_USE int keel_shape_begin(keel_shape *io, const char *text, size_t size, const char *path, keel_err *reterr);

/* One line as a row of csv.md; of another number of fields: an empty line. Returns its size. */
size_t keel_shape_row(const keel_shape *shape, const char *text, size_t size, char ret[KEEL_SHAPE_LINE_MAX]);

/* Options that would import a file with this first line, such as "--columns ts_ms,open,high,low,close,volume", made of
 * the names in it, without a byte order mark. 1, or 0 when they do not tell. */
int keel_shape_suggest(const char *text, size_t size, char ret[KEEL_SHAPE_TEXT_MAX]);

#endif
