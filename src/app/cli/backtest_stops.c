/* app/cli/backtest_stops.c: see backtest_stops.h. */
#include "app/cli/backtest_stops.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/decimal.h"

/* As core/exit/levels.h has it: the level that an adverse price meets first; 0 = none. */
static int64_t tighter(int32_t side, int64_t a_e8, int64_t b_e8) {
    if (a_e8 == 0 || b_e8 == 0) return a_e8 + b_e8;
    return (side > 0) == (a_e8 > b_e8) ? a_e8 : b_e8;
}

static int add(keel_stop_log *log, keel_exec_stop stop) {
    if (log->count == log->capacity) {
        int64_t capacity = log->capacity ? 2 * log->capacity : 1024;
        keel_exec_stop *items = realloc(log->items, (size_t)capacity * sizeof *items);
        if (!items) return 0;
        log->items = items;
        log->capacity = capacity;
    }
    log->items[log->count++] = stop;
    return 1;
}

int keel_stop_log_note(keel_stop_log *log, const keel_state *st, int64_t ts_ms) {
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_position *pos = &st->sym[i].pos;
        int64_t px_e8 = pos->side ? tighter(pos->side, pos->stop_e8, pos->trail_e8) : 0;
        int fresh = pos->side != log->last[i].side || pos->opened_ms != log->last[i].opened_ms;
        if (pos->side && (fresh ? px_e8 != 0 : px_e8 != log->last[i].px_e8) &&
            !add(log, (keel_exec_stop){.ts_ms = ts_ms, .px_e8 = px_e8, .symbol = i, .part = 0}))
            return 0;
        log->last[i].side = pos->side;
        log->last[i].opened_ms = pos->opened_ms;
        log->last[i].px_e8 = px_e8;
    }
    return 1;
}

/* ---- by trade ---------------------------------------------------------------------------------------------- */

static int by_line(const void *a, const void *b) {
    const keel_exec_stop *x = a, *y = b;
    if (x->symbol != y->symbol) return x->symbol < y->symbol ? -1 : 1;
    if (x->part != y->part) return x->part < y->part ? -1 : 1;
    return (x->ts_ms > y->ts_ms) - (x->ts_ms < y->ts_ms);
}

/* The first stop of a symbol and strategy that is not before ts_ms. */
static int64_t first_at(const keel_exec_stop stops[], int64_t count, int32_t symbol, int32_t part, int64_t ts_ms) {
    const keel_exec_stop key = {.ts_ms = ts_ms, .px_e8 = 0, .symbol = symbol, .part = part};
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (by_line(&stops[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef struct range {
    int64_t from, end;
} range;

/* Samples after the entry, up to the exit: a position that is left at the open of a bar still stood at that time. */
static range range_of(const keel_exec_stop stops[], int64_t count, const keel_trade *t, int32_t part) {
    return (range){first_at(stops, count, t->symbol, part, t->entry_ts_ms + 1),
                   first_at(stops, count, t->symbol, part, t->exit_ts_ms + 1)};
}

int keel_stops_csv(keel_exec_stop stops[], int64_t stop_count, const keel_trade trades[], const int32_t part[],
                   int64_t trade_count, int64_t rows_max, int *ret_thinned, keel_strbuf *out) {
    char price[KEEL_DECIMAL_TEXT_MAX];
    int64_t rows = 0;
    if (stop_count > 0) qsort(stops, (size_t)stop_count, sizeof *stops, by_line);
    for (int64_t i = 0; i < trade_count; i++) {
        range r = range_of(stops, stop_count, &trades[i], part ? part[i] : 0);
        rows += r.end - r.from;
    }
    int64_t step = (rows + rows_max - 1) / rows_max;
    *ret_thinned = step > 1;
    keel_strbuf_add(out, "trade_id,ts_ms,stop_px\n");
    for (int64_t i = 0; i < trade_count; i++) {
        range r = range_of(stops, stop_count, &trades[i], part ? part[i] : 0);
        for (int64_t at = r.from; at < r.end; at++) {
            if (step > 1 && (at - r.from) % step != 0 && at != r.end - 1) continue;
            (void)keel_decimal_format(stops[at].px_e8, 8, 0, price);
            keel_strbuf_addf(out, "%" PRId64 ",%" PRId64 ",%s\n", trades[i].trade_id, stops[at].ts_ms, price);
        }
    }
    return !out->failed;
}
