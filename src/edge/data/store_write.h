/* edge/data/store_write.h: rows into the store. One writer at a time; a transaction is all or nothing.
 *
 * Merging rule. A row whose time the series does not have is added. A row equal in every column to the stored one is
 * dropped and counted. A row that differs becomes current and the former values move to the revision table, with the
 * import that replaced them. Nothing is ever deleted. */
#ifndef KEEL_EDGE_DATA_STORE_WRITE_H
#define KEEL_EDGE_DATA_STORE_WRITE_H

#include <stddef.h>

#include "edge/data/columns.h"
#include "edge/data/store.h"

typedef struct keel_merge_counts {
    int64_t added;
    int64_t same;
    int64_t restated;
} keel_merge_counts;

/* BEGIN IMMEDIATE; fails with KEEL_E_TIMEOUT when other processes write for longer than a minute. */
KEEL_MUST_USE int keel_store_begin(keel_store *s, keel_err *err);
KEEL_MUST_USE int keel_store_commit(keel_store *s, keel_err *err);

/* Commit, let a writer that waits go first, begin again: what a long work does between two batches. */
KEEL_MUST_USE int keel_store_turn(keel_store *s, keel_err *err);
void keel_store_rollback(keel_store *s);

/* Find a series or make it, inside a transaction. market is "perp" or "spot".
 * Returns 0, or KEEL_E_USAGE (the series exists with another market; a name is empty, too long or has a character
 * other than letters, digits, '.', '_', '-', ':', '/', '+'). */
KEEL_MUST_USE int keel_store_series_make(keel_store *s, int kind, const char *venue, const char *market,
                                         const char *symbol, int64_t interval_ms, keel_series_info *ret, keel_err *err);

/* Merge rows (times strictly ascending) into a series, inside a transaction; counts are added to.
 *   import_id  the import that brings them, for revisions.
 * The series' rows, first, last and generation in the catalogue follow. */
KEEL_MUST_USE int keel_store_merge(keel_store *s, const keel_series_info *series, int64_t import_id,
                                   const keel_columns *rows, keel_merge_counts *counts, keel_err *err);

/* One import as the store remembers it: what makes it resumable and a second run a no-op. */
typedef struct keel_import_record {
    int64_t id;
    int done;           /* 0 = was interrupted after lines_done */
    int64_t lines_done; /* lines of the file whose rows are merged */
    keel_merge_counts counts;
} keel_import_record;

/* Find or make the record of (file content, series), inside a transaction. file_name is the last part of the path. */
KEEL_MUST_USE int keel_store_import_open(keel_store *s, const keel_series_info *series, const char *file_name,
                                         const char *file_sha256_hex, keel_import_record *ret, keel_err *err);

/* Keep a refused row of a lenient import: its line, the key of the reason and the text as it stood. Inside a
 * transaction; a line that is kept already stays as it is. */
KEEL_MUST_USE int keel_store_quarantine(keel_store *s, int64_t import_id, int64_t line, const char *reason,
                                        const char *row, size_t row_size, keel_err *err);

/* Rows we made ourselves (synth, resample), in one transaction. origin says how ("resample 5m"): a series that holds
 * rows of any other origin is refused, so that derived rows never replace recorded ones.
 *   ret_counts  out  what changed; all zero when these rows were stored before.
 * Returns 0, KEEL_E_USAGE (other origin, other market, bad name), or what the store returns. */
KEEL_MUST_USE int keel_store_put_candles(keel_store *s, const char *venue, const char *market, const char *symbol,
                                         const char *origin, const keel_candles *c, keel_merge_counts *ret_counts,
                                         keel_err *err);
KEEL_MUST_USE int keel_store_put_fundings(keel_store *s, const char *venue, const char *symbol, const char *origin,
                                          const keel_fundings *f, keel_merge_counts *ret_counts, keel_err *err);

/* Write progress (done = 0) or the end (done = 1, report = JSON). Inside a transaction. */
KEEL_MUST_USE int keel_store_import_save(keel_store *s, const keel_import_record *record, const char *report_json,
                                         keel_err *err);

#endif
