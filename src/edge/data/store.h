/* edge/data/store.h: the store: series of candles, mark prices and funding rates at rest.
 *
 * A store is a folder. store.db (SQLite, WAL) is the truth: catalogue, compressed monthly partitions, imports,
 * revisions. cache/ holds the same rows as plain columns; it can be deleted at any time and comes back at the next
 * load. Format, and why it is not one row per bar: docs/formats/store.md.
 * Thread: a handle belongs to one thread; several processes may read while one writes. */
#ifndef KEEL_EDGE_DATA_STORE_H
#define KEEL_EDGE_DATA_STORE_H

#include <stdint.h>

#include "base/err.h"
#include "edge/data/series.h"

typedef struct keel_store keel_store;

enum { KEEL_STORE_READ = 0, KEEL_STORE_WRITE = 1 }; /* WRITE creates the folder and the database when absent */

enum { KEEL_KIND_CANDLE = 1, KEEL_KIND_FUNDING = 2, KEEL_KIND_MARK = 3 };

enum { KEEL_SERIES_NAME_MAX = 64 }; /* bytes of a venue or symbol, with the zero */

typedef struct keel_series_info {
    int64_t id;
    int kind;                         /* KEEL_KIND_* */
    char venue[KEEL_SERIES_NAME_MAX]; /* as imported: "binance-perp" */
    char market[8];                   /* "perp" or "spot" */
    char symbol[KEEL_SERIES_NAME_MAX];
    int64_t interval_ms; /* 0 for funding */
    int64_t rows;
    int64_t first_ts_ms, last_ts_ms; /* open times; 0 when rows is 0 */
    int64_t generation;              /* grows by one with each change of the series */
} keel_series_info;

/* Open the store in `folder`.
 *   ret   out  handle, closed by keel_store_close.
 * Returns 0, or KEEL_E_NOT_FOUND (no store there, READ only), KEEL_E_VERSION (made by a newer keel; or an older one
 * opened READ), KEEL_E_PARITY (not a keel store, or damaged), KEEL_E_IO. */
KEEL_MUST_USE int keel_store_open(const char *folder, int mode, keel_store **ret, keel_err *err);
void keel_store_close(keel_store *s); /* NULL allowed */

/* Every series, ordered by kind, venue, symbol, interval. *ret is handed to the caller (free), NULL when empty. */
KEEL_MUST_USE int keel_store_series_list(keel_store *s, keel_series_info **ret, int64_t *ret_count, keel_err *err);

/* One series; this is also the coverage query (rows, first, last). interval_ms is ignored for funding.
 * Returns 0, or KEEL_E_NOT_FOUND with a line that names what the store does hold. */
KEEL_MUST_USE int keel_store_series_find(keel_store *s, int kind, const char *venue, const char *symbol,
                                         int64_t interval_ms, keel_series_info *ret, keel_err *err);

/* Where a series' rows came from, in order of import. */
typedef struct keel_source_info {
    char file_name[128]; /* last part of the path, or how the rows were made ("resample 5m") */
    char sha256[65];     /* of the file's bytes, or of the made rows */
    int done;            /* 0: interrupted, to be repeated */
    int64_t rows_added, rows_same, rows_restated;
} keel_source_info;

/* *ret is handed to the caller (free), NULL when empty. */
KEEL_MUST_USE int keel_store_source_list(keel_store *s, int64_t series_id, keel_source_info **ret, int64_t *ret_count,
                                         keel_err *err);

/* Candles with from_ms <= ts_ms < to_ms, ascending. INT64_MIN and INT64_MAX leave an end open.
 *   ret   out  handed to the caller, freed by keel_candles_done; count may be 0. Written only on success.
 * Returns 0, or KEEL_E_NOT_FOUND (no such series), KEEL_E_PARITY (a partition fails its checksum), KEEL_E_IO,
 * KEEL_E_NOMEM. Deterministic: equal stores give equal columns, with or without cache.
 * Cost: one read of the months touched from the cache. Without a cache the months are decompressed; a read of a quarter
 * of the series or more first decompresses all of it into a cache. */
KEEL_MUST_USE int keel_store_load_candles(keel_store *s, const char *venue, const char *symbol, int64_t interval_ms,
                                          int64_t from_ms, int64_t to_ms, keel_candles *ret, keel_err *err);

/* The same for mark-price candles (volume is 0) and for funding. */
KEEL_MUST_USE int keel_store_load_marks(keel_store *s, const char *venue, const char *symbol, int64_t interval_ms,
                                        int64_t from_ms, int64_t to_ms, keel_candles *ret, keel_err *err);
KEEL_MUST_USE int keel_store_load_funding(keel_store *s, const char *venue, const char *symbol, int64_t from_ms,
                                          int64_t to_ms, keel_fundings *ret, keel_err *err);

/* SHA-256 of the whole store's contents: over the sorted list of partitions (kind, venue, market, symbol, interval,
 * month, rows, content hash). The order of imports, the cache and SQLite's page layout do not enter. */
KEEL_MUST_USE int keel_store_hash(keel_store *s, uint8_t ret_sha256[32], keel_err *err);

/* Is the store whole? The database's own check; with deep also every month decoded and compared with the hash of its
 * rows. ret_months  out  months compared; 0 without deep Returns 0, KEEL_E_PARITY (what is damaged), KEEL_E_IO,
 * KEEL_E_NOMEM. Reads all of store.db with deep. */
KEEL_MUST_USE int keel_store_verify(keel_store *s, int deep, int64_t *ret_months, keel_err *err);

/* SHA-256 of what was loaded: interval and count, then each column's words in little-endian order. */
void keel_candles_hash(const keel_candles *c, uint8_t ret_sha256[32]);
void keel_fundings_hash(const keel_fundings *f, uint8_t ret_sha256[32]);

const char *keel_kind_name(int kind); /* "candle", "funding", "mark" */

#endif
