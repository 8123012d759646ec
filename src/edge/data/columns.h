/* edge/data/columns.h: rows of one series as 64-bit columns, the form that partitions, cache and merge share.
 *
 * Column 0 is the time in ms, strictly ascending. A candle or mark series has six columns (ts_ms, open_e8, high_e8,
 * low_e8, close_e8, the bits of the volume double), a funding series two (ts_ms, rate_e16). Inside edge/data only.
 *
 * Columns are either blocks of their own, which grow, or lie in one mapped file, which is only read. */
#ifndef KEEL_EDGE_DATA_COLUMNS_H
#define KEEL_EDGE_DATA_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_COLUMNS_MAX = 6, KEEL_CANDLE_COLUMNS = 6, KEEL_FUNDING_COLUMNS = 2, KEEL_VOLUME_COLUMN = 5 };

typedef struct keel_columns {
    int64_t count;    /* rows in use */
    int64_t capacity; /* rows allocated */
    int column_count;
    int64_t *column[KEEL_COLUMNS_MAX]; /* each [capacity], owned; NULL beyond column_count */
    void *map;                         /* the file that the columns lie in, owned; NULL: they are blocks */
    size_t map_size;
} keel_columns;

/* Empty, nothing allocated. keel_columns_done frees and leaves it empty. */
void keel_columns_init(keel_columns *c, int column_count);
void keel_columns_done(keel_columns *c);

/* Make room for `capacity` rows; blocks only. Returns 0 or KEEL_E_NOMEM (nothing lost). */
KEEL_MUST_USE int keel_columns_reserve(keel_columns *c, int64_t capacity, keel_err *err);

/* Append one row of column_count words. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_columns_push(keel_columns *c, const int64_t *row, keel_err *err);

/* Copy row `index` out. */
void keel_columns_row(const keel_columns *c, int64_t index, int64_t *ret_row);

/* First index with ts >= ts_ms; count if none. */
int64_t keel_columns_lower_bound(const keel_columns *c, int64_t ts_ms);

/* Keep rows [from, to) only. */
void keel_columns_trim(keel_columns *c, int64_t from, int64_t to);

/* 1 when the times strictly ascend. */
int keel_columns_ascend(const keel_columns *c);

/* Calendar month (UTC) of a time, as year * 100 + month: 202401. And the time its first millisecond has. */
int32_t keel_month_of(int64_t ts_ms);
int64_t keel_month_start_ms(int32_t month);

uint64_t keel_bits_of_double(double value);
double keel_double_of_bits(uint64_t bits);

#endif
