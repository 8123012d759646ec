/* edge/data/columns.c: see columns.h. */
#include "edge/data/columns.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/timerange.h"

void keel_columns_init(keel_columns *c, int column_count) {
    KEEL_ASSERT(column_count > 0 && column_count <= KEEL_COLUMNS_MAX);
    memset(c, 0, sizeof *c);
    c->column_count = column_count;
}

void keel_columns_done(keel_columns *c) {
    if (c->map)
        (void)munmap(c->map, c->map_size);
    else
        for (int i = 0; i < KEEL_COLUMNS_MAX; i++)
            free(c->column[i]);
    memset(c, 0, sizeof *c);
}

int keel_columns_reserve(keel_columns *c, int64_t capacity, keel_err *err) {
    KEEL_ASSERT(!c->map);
    if (capacity <= c->capacity) return 0;
    if ((uint64_t)capacity > SIZE_MAX / 8 / 2)
        return keel_err_set(err, KEEL_E_NOMEM, "%lld rows do not fit in memory: load a shorter range",
                            (long long)capacity);
    for (int i = 0; i < c->column_count; i++) {
        int64_t *grown = realloc(c->column[i], (size_t)capacity * sizeof *grown);
        if (!grown)
            return keel_err_set(err, KEEL_E_NOMEM, "out of memory for %lld rows: load a shorter range",
                                (long long)capacity);
        c->column[i] = grown;
    }
    c->capacity = capacity;
    return 0;
}

int keel_columns_push(keel_columns *c, const int64_t *row, keel_err *err) {
    if (c->count == c->capacity) KEEL_TRY(keel_columns_reserve(c, c->capacity ? c->capacity * 2 : 1024, err));
    for (int i = 0; i < c->column_count; i++)
        c->column[i][c->count] = row[i];
    c->count++;
    return 0;
}

void keel_columns_row(const keel_columns *c, int64_t index, int64_t *ret_row) {
    for (int i = 0; i < c->column_count; i++)
        ret_row[i] = c->column[i][index];
}

int64_t keel_columns_lower_bound(const keel_columns *c, int64_t ts_ms) {
    int64_t low = 0, high = c->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (c->column[0][middle] < ts_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void keel_columns_trim(keel_columns *c, int64_t from, int64_t to) {
    KEEL_ASSERT(from >= 0 && from <= to && to <= c->count);
    c->count = to - from;
    if (from == 0 || c->count == 0) return;
    for (int i = 0; i < c->column_count; i++)
        if (c->map)
            c->column[i] += from;
        else
            memmove(c->column[i], c->column[i] + from, (size_t)c->count * sizeof(int64_t));
}

int keel_columns_ascend(const keel_columns *c) {
    for (int64_t i = 1; i < c->count; i++)
        if (c->column[0][i] <= c->column[0][i - 1]) return 0;
    return 1;
}

static const int64_t DAY_MS = 86400000;

int32_t keel_month_of(int64_t ts_ms) {
    int64_t year;
    int month, day;
    keel_time_civil_from_days(ts_ms / DAY_MS - (ts_ms % DAY_MS < 0), &year, &month, &day);
    return (int32_t)(year * 100 + month);
}

int64_t keel_month_start_ms(int32_t month) { return keel_time_days_from_civil(month / 100, month % 100, 1) * DAY_MS; }

uint64_t keel_bits_of_double(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

double keel_double_of_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
