/* edge/data/resample.c: see resample.h. */
#include "edge/data/resample.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"

static const int64_t WEEK_MS = 604800000, MONDAY_MS = 345600000; /* 1970-01-05 */

static int64_t coarse_open(int64_t ts_ms, int64_t to_ms) {
    int64_t origin = to_ms % WEEK_MS == 0 ? MONDAY_MS : 0;
    int64_t behind = (ts_ms - origin) % to_ms;
    return ts_ms - (behind < 0 ? behind + to_ms : behind);
}

static int allocate(keel_candles *c, int64_t capacity) {
    size_t size = (size_t)capacity * sizeof(int64_t);
    c->ts_ms = malloc(size);
    c->open_e8 = malloc(size);
    c->high_e8 = malloc(size);
    c->low_e8 = malloc(size);
    c->close_e8 = malloc(size);
    c->volume = malloc(size);
    return c->ts_ms && c->open_e8 && c->high_e8 && c->low_e8 && c->close_e8 && c->volume;
}

/* Finer bars [from, to) into bar `at` of out. */
static void join(const keel_candles *fine, int64_t from, int64_t to, keel_candles *out, int64_t at) {
    int64_t high = fine->high_e8[from], low = fine->low_e8[from];
    double volume = 0.0;
    for (int64_t i = from; i < to; i++) {
        if (fine->high_e8[i] > high) high = fine->high_e8[i];
        if (fine->low_e8[i] < low) low = fine->low_e8[i];
        volume += fine->volume[i];
    }
    out->open_e8[at] = fine->open_e8[from];
    out->high_e8[at] = high;
    out->low_e8[at] = low;
    out->close_e8[at] = fine->close_e8[to - 1];
    out->volume[at] = volume;
}

static int check_intervals(int64_t from_ms, int64_t to_ms, keel_err *err) {
    char from[KEEL_DURATION_TEXT_MAX], to[KEEL_DURATION_TEXT_MAX];
    if (from_ms > 0 && to_ms > from_ms && to_ms % from_ms == 0) return 0;
    keel_duration_format(from_ms > 0 ? from_ms : 0, from);
    keel_duration_format(to_ms > 0 ? to_ms : 0, to);
    return keel_err_set(err, KEEL_E_USAGE, "cannot resample %s bars to %s: choose a multiple of %s", from, to, from);
}

int keel_candles_resample(const keel_candles *fine, int64_t to_ms, int keep_partial, keel_resampled *ret,
                          keel_err *err) {
    keel_resampled out = {.dropped = 0};
    KEEL_TRY(check_intervals(fine->interval_ms, to_ms, err));
    int64_t whole = to_ms / fine->interval_ms;
    out.candles.interval_ms = to_ms;
    if (!allocate(&out.candles, fine->count + 1)) {
        keel_candles_done(&out.candles);
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory resampling %lld bars", (long long)fine->count);
    }
    for (int64_t from = 0, to; from < fine->count; from = to) {
        int64_t open_ms = coarse_open(fine->ts_ms[from], to_ms);
        for (to = from; to < fine->count && fine->ts_ms[to] < open_ms + to_ms;)
            to++;
        int complete = to - from == whole;
        if (!complete && !keep_partial) {
            out.dropped++;
            continue;
        }
        out.partial += !complete;
        out.candles.ts_ms[out.candles.count] = open_ms;
        join(fine, from, to, &out.candles, out.candles.count++);
    }
    *ret = out;
    return 0;
}
