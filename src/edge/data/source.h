/* edge/data/source.h: the rows of a file as lines of CSV, whichever of two forms the file has.
 *
 * CSV (docs/formats/csv.md) is passed through. A JSON list of lists of numbers, as Freqtrade stores candles and
 * funding, becomes the same lines: a header for the kind its name tells (candles when it does not), then one line per
 * inner list with the text of its numbers as written, so that no price passes through a double. null becomes an empty
 * field. Plain, gzip or Zstandard; bounded memory. */
#ifndef KEEL_EDGE_DATA_SOURCE_H
#define KEEL_EDGE_DATA_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef struct keel_source keel_source;

/* Open a regular file. Returns 0, KEEL_E_DATA (an Arrow or Parquet file: the line names the command that makes CSV of
 * it), or as keel_lines_open. */
KEEL_MUST_USE int keel_source_open(const char *path, keel_source **ret, keel_err *err);
/* The same over bytes in memory, borrowed until close; name stands for the path, borrowed too. */
KEEL_MUST_USE int keel_source_open_memory(const void *bytes, size_t size, const char *name, keel_source **ret,
                                          keel_err *err);
void keel_source_close(keel_source *s); /* NULL allowed */

/* Next line without its end, the header first. Returns 1 (ret_text is borrowed until the next call; not
 * zero-terminated), 0 at the end, KEEL_E_DATA (not such JSON, or as keel_lines_next), KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_source_next(keel_source *s, const char **ret_text, size_t *ret_size, keel_err *err);

int64_t keel_source_number(const keel_source *s);     /* CSV: the line last returned, from 1; JSON: the row, from 1 */
int64_t keel_source_bytes_read(const keel_source *s); /* of the stored (compressed) file */
int64_t keel_source_bytes_total(const keel_source *s);

/* SHA-256 of the stored bytes; once, after keel_source_next has returned 0. */
void keel_source_sha256(keel_source *s, uint8_t ret_sha256[32]);

#endif
