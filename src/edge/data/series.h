/* edge/data/series.h: what a caller gets from the store: whole columns of one series, ascending in time. */
#ifndef KEEL_EDGE_DATA_SERIES_H
#define KEEL_EDGE_DATA_SERIES_H

#include <stddef.h>
#include <stdint.h>

/* Candles of one (venue, symbol, interval). All columns have `count` elements; missing bars are absent. Prices at
 * 1e-8, volume in base units. Owned by the struct; freed by keel_candles_done, which leaves it empty and reusable.
 * Columns out of a store may lie in a file that is mapped for reading: nobody writes to them. */
typedef struct keel_candles {
    int64_t count;
    int64_t interval_ms;
    int64_t *ts_ms; /* open time, UTC */
    int64_t *open_e8, *high_e8, *low_e8, *close_e8;
    double *volume;
    void *map; /* NULL: each column is a block of its own */
    size_t map_size;
} keel_candles;

/* Funding of one (venue, symbol): rate per settlement at 1e-16, positive = longs pay. */
typedef struct keel_fundings {
    int64_t count;
    int64_t *ts_ms;
    int64_t *rate_e16;
    void *map; /* as above */
    size_t map_size;
} keel_fundings;

void keel_candles_done(keel_candles *c);
void keel_fundings_done(keel_fundings *f);

#endif
