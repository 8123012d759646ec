/* edge/data/cache.h: the rows of one series as plain columns in a file that can always be thrown away.
 *
 * File cache/<series id>.cols, little-endian:
 *   header     64 bytes: magic "keelcols", u32 version, u32 columns, i64 series id, i64 generation, i64 rows,
 *              i64 months, u64 checksum of the directory, u64 zero
 *   directory  per month 48 bytes: i64 month, i64 rows, i64 first ts, i64 last ts, i64 first row, u64 checksum
 *   data       the columns one after another, each of all rows, 8 bytes a value
 * Valid when everything in the header equals the catalogue (series, generation, rows) and the checksums of the
 * directory and of the months that are read hold. Anything else is rebuilt from store.db.
 * Written to a temporary name, then renamed: a reader sees a whole file or none, and one that has it mapped keeps it.
 * Inside edge/data only. */
#ifndef KEEL_EDGE_DATA_CACHE_H
#define KEEL_EDGE_DATA_CACHE_H

#include "edge/data/store_impl.h"

/* The months of `series` that overlap [from_ms, to_ms), in a mapping of the file.
 *   ret  out  empty before
 * Returns 1 when read, 0 when there is no valid cache (ret unchanged). */
KEEL_MUST_USE int keel_cache_read(keel_store *s, const keel_series_info *series, int64_t from_ms, int64_t to_ms,
                                  keel_columns *ret);

/* Write the cache file of a series from its partitions, one month in memory at a time.
 * Returns 0, or what reading the partitions returns, or KEEL_E_IO when the file cannot be written (no file is left). */
KEEL_MUST_USE int keel_cache_build(keel_store *s, const keel_series_info *series, keel_err *err);

#endif
