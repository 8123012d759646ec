/* app/cli/backtest_memory.c: see backtest_memory.h. */
#include "app/cli/backtest_memory.h"

#include <inttypes.h>

#include "app/cli/backtest_scope.h"
#include "base/machine.h"

/* Bytes, measured as peak resident memory over runs of 50,000 to 800,000 bars; tests/py/test_limits.py measures again.
 */
enum {
    ROW = 48,          /* one loaded row: time, four prices, volume */
    GRID = 40,         /* its copy on the grid of the run where bars are missing */
    EQUITY = 16,       /* one point of one run's equity curve */
    REPORT = 24,       /* per main bar: the gate's returns, later the report's drawdown */
    EQUITY_TEXT = 64,  /* per main bar, while --export-equity builds its file */
    PROGRAM = 8 << 20, /* program, libraries, state, buffers */
    MIB = 1 << 20
};

/* Rows between the two times if none is missing. */
static int64_t rows_of(int64_t from_ms, int64_t to_ms, int64_t interval_ms) {
    return to_ms > from_ms && interval_ms > 0 ? (to_ms - from_ms) / interval_ms : 0;
}

static int has_holes(keel_store *store, const keel_backtest_data *d, const char *symbol, int64_t interval_ms) {
    keel_series_info info;
    keel_err ignored = {0, {0}};
    if (keel_store_series_find(store, KEEL_KIND_CANDLE, d->venue, symbol, interval_ms, &info, &ignored) != 0) return 1;
    return info.rows > 0 && (info.last_ts_ms - info.first_ts_ms) / interval_ms + 1 != info.rows;
}

/* One series from load to grid. Bars made from finer ones hold both for a moment. */
static int64_t series_bytes(keel_store *store, const keel_backtest_data *d, const char *symbol, int64_t interval_ms,
                            int64_t from_ms, int64_t to_ms) {
    int64_t rows = rows_of(from_ms, to_ms, interval_ms);
    int64_t source_ms = keel_scope_source_interval(store, d->venue, symbol, interval_ms);
    int64_t grid = source_ms != interval_ms || has_holes(store, d, symbol, interval_ms) ? GRID : 0;
    return rows * (ROW + grid);
}

/* The finer rows of the one series that is being made at the time. */
static int64_t fine_bytes(keel_store *store, const keel_backtest_data *d, const char *symbol, int64_t interval_ms,
                          int64_t from_ms, int64_t to_ms) {
    int64_t source_ms = keel_scope_source_interval(store, d->venue, symbol, interval_ms);
    return source_ms == interval_ms ? 0 : rows_of(from_ms, to_ms, source_ms) * ROW;
}

int64_t keel_backtest_memory_estimate(const keel_backtest_needs *needs, keel_store *store, const keel_backtest_data *d,
                                      int64_t preroll_ms) {
    const keel_run_config *run = needs->run;
    int64_t loaded = 0, fine_max = 0, bars = rows_of(d->start_ms, d->end_ms, run->timeframe_ms);
    for (int32_t i = 0; i < d->count; i++) {
        const char *name = d->series[i].name;
        int64_t fine = fine_bytes(store, d, name, run->timeframe_ms, preroll_ms, d->end_ms);
        loaded += series_bytes(store, d, name, run->timeframe_ms, preroll_ms, d->end_ms);
        if (fine > fine_max) fine_max = fine;
        if (run->detail_ms > 0 && !d->series[i].watch_only)
            loaded += rows_of(d->start_ms, d->end_ms, run->detail_ms) * (ROW + GRID);
    }
    int64_t results = bars * (EQUITY * (int64_t)needs->runs + REPORT + (needs->writes_equity ? EQUITY_TEXT : 0));
    return PROGRAM + loaded + (fine_max > results ? fine_max : results);
}

int keel_backtest_memory_check(const keel_backtest_needs *needs, keel_store *store, const keel_backtest_data *d,
                               int64_t preroll_ms, keel_err *err) {
    int64_t need = keel_backtest_memory_estimate(needs, store, d, preroll_ms);
    const char *what = "--max-memory-mb";
    int64_t left = needs->memory_max > 0 ? needs->memory_max : INT64_MAX;
    const char *machine_what;
    int64_t machine_left = keel_machine_memory_left(&machine_what);
    if (machine_left < left) {
        left = machine_left;
        what = machine_what;
    }
    if (need <= left) return 0;
    return keel_err_set(err, KEEL_E_GATE,
                        "too much memory: %" PRId32 " symbols, %" PRId64 " main bars: about %" PRId64
                        " MiB are needed and %s leaves %" PRId64
                        ": shorten --timerange, run fewer symbols, pass --no-baselines, or raise the limit",
                        d->count, rows_of(d->start_ms, d->end_ms, needs->run->timeframe_ms), need / MIB + 1, what,
                        left / MIB);
}
