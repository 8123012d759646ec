/* edge/data/store_impl.h: what the files of the store share. Inside edge/data only. */
#ifndef KEEL_EDGE_DATA_STORE_IMPL_H
#define KEEL_EDGE_DATA_STORE_IMPL_H

#include <sqlite3.h>

#include "edge/data/columns.h"
#include "edge/data/store.h"

struct keel_store {
    sqlite3 *db;
    char *folder;
    int writable;       /* opened for WRITE */
    int cache_writable; /* the folder takes files, so a load may build the cache */
};

/* Columns of a kind. */
int keel_kind_columns(int kind);

/* Append the partitions of a series that overlap [from_ms, to_ms) to ret, whole months, straight from store.db. */
KEEL_MUST_USE int keel_store_read_partitions(keel_store *s, const keel_series_info *series, int64_t from_ms,
                                             int64_t to_ms, keel_columns *ret, keel_err *err);

/* Rows [from_ms, to_ms) of a series, through the cache where there is one. ret must be empty. */
KEEL_MUST_USE int keel_store_read(keel_store *s, const keel_series_info *series, int64_t from_ms, int64_t to_ms,
                                  keel_columns *ret, keel_err *err);

/* One month; *ret_found 0 when absent. */
KEEL_MUST_USE int keel_store_read_month(keel_store *s, int64_t series_id, int32_t month, keel_columns *ret,
                                        int *ret_found, keel_err *err);

#endif
