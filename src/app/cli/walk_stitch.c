/* app/cli/walk_stitch.c: see walk_stitch.h. */
#include "app/cli/walk_stitch.h"

#include <math.h>

enum { STRETCHES = 1200 };

/* The samples of [from, end) that are kept, ascending. */
static int chosen(const keel_backtest_span *s, int64_t from, int64_t end, int64_t ret[3]) {
    int64_t low = from, high = from, last = end - 1;
    int n = 0;
    for (int64_t i = from; i < end; i++) {
        if (s->equity_e8[i] < s->equity_e8[low]) low = i;
        if (s->equity_e8[i] > s->equity_e8[high]) high = i;
    }
    ret[n++] = low < high ? low : high;
    if (low != high) ret[n++] = low < high ? high : low;
    if (ret[n - 1] != last) ret[n++] = last;
    return n;
}

/* One column: the times, or the money at them. */
static void column(const keel_backtest_span test[], int32_t count, int64_t start_e8, int64_t step, int times,
                   keel_json *j) {
    double carried = (double)start_e8 / 1e8;
    keel_json_array(j);
    for (int32_t w = 0; w < count; w++) {
        const keel_backtest_span *s = &test[w];
        for (int64_t from = 0; from < s->equity_count; from += step) {
            int64_t end = from + step < s->equity_count ? from + step : s->equity_count, kept[3];
            int n = chosen(s, from, end, kept);
            for (int i = 0; i < n; i++) {
                double value = carried * ((double)s->equity_e8[kept[i]] / (double)start_e8);
                if (times)
                    keel_json_int(j, s->equity_ts_ms[kept[i]]);
                else
                    keel_json_double(j, round(value * 100.0) / 100.0);
            }
        }
        carried *= 1.0 + (double)s->summary.net_e8 / (double)start_e8;
    }
    keel_json_close(j);
}

void keel_walk_stitch_json(const keel_backtest_span test[], int32_t count, int64_t start_e8, keel_json *j) {
    int64_t samples = 0;
    keel_json_key(j, "stitched");
    for (int32_t w = 0; w < count; w++) {
        samples += test[w].equity_count;
        if (w == 0 || test[w].start_ms >= test[w - 1].end_ms) continue;
        keel_json_null(j);
        return;
    }
    int64_t step = samples > 3 * STRETCHES ? (samples + STRETCHES - 1) / STRETCHES : 1;
    keel_json_object(j);
    keel_json_kint(j, "samples", samples);
    keel_json_key(j, "ts_ms");
    column(test, count, start_e8, step, 1, j);
    keel_json_key(j, "equity_usd");
    column(test, count, start_e8, step, 0, j);
    keel_json_close(j);
}
