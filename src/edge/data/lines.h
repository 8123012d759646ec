/* edge/data/lines.h: the lines of a text file, plain, gzip or Zstandard, in bounded memory.
 *
 * The form is told from the first bytes, not from the name. A line ends with LF or CR LF; the last one need not.
 * Lines are at most KEEL_LINE_MAX bytes. A compressed stream that ends early or fails its checksum is an error. */
#ifndef KEEL_EDGE_DATA_LINES_H
#define KEEL_EDGE_DATA_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_LINE_MAX = 4096 };

typedef struct keel_lines keel_lines;

/* Open a regular file. Returns 0, KEEL_E_NOT_FOUND, KEEL_E_USAGE (a folder or a pipe: imports read a file twice),
 * KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_lines_open(const char *path, keel_lines **ret, keel_err *err);

/* The same over bytes in memory, borrowed until close; name is for messages, borrowed too. */
KEEL_MUST_USE int keel_lines_open_memory(const void *bytes, size_t size, const char *name, keel_lines **ret,
                                         keel_err *err);
void keel_lines_close(keel_lines *l); /* NULL allowed */

/* Next line without its end. Returns 1 (ret_text is borrowed until the next call; not zero-terminated), 0 at the end,
 * KEEL_E_DATA (line too long, damaged compression), KEEL_E_IO. */
KEEL_MUST_USE int keel_lines_next(keel_lines *l, const char **ret_text, size_t *ret_size, keel_err *err);

/* The text not yet returned, as far as it is at hand, without taking it: enough to tell what kind of text it is.
 * Returns 1, 0 at the end, or as keel_lines_next. Only between whole lines. */
KEEL_MUST_USE int keel_lines_peek(keel_lines *l, const char **ret_text, size_t *ret_size, keel_err *err);

/* The same, taken: for text that has no lines. Borrowed until the next call. */
KEEL_MUST_USE int keel_lines_take(keel_lines *l, const char **ret_text, size_t *ret_size, keel_err *err);

int64_t keel_lines_number(const keel_lines *l);     /* of the line last returned, from 1 */
int64_t keel_lines_bytes_read(const keel_lines *l); /* of the stored (compressed) file */
int64_t keel_lines_bytes_total(const keel_lines *l);

/* SHA-256 of the stored bytes; once, after keel_lines_next has returned 0. */
void keel_lines_sha256(keel_lines *l, uint8_t ret_sha256[32]);

#endif
