/* app/cli/backtest_folder_csv.c: what charts need beside trades and equity, bounded in size; see backtest_folder.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_folder.h"
#include "app/cli/backtest_internal.h"
#include "base/decimal.h"
#include "base/timerange.h"

static void add_price(keel_strbuf *out, int64_t px_e8) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)keel_decimal_format(px_e8, 8, 0, text);
    keel_strbuf_add(out, text);
}

static void add_level(keel_strbuf *out, int64_t px_e8) {
    keel_strbuf_add_char(out, ',');
    if (px_e8 > 0) add_price(out, px_e8);
}

void keel_backtest_levels_csv(const keel_backtest_result *in, keel_strbuf *out) {
    keel_strbuf_add(out, "trade_id,stop_px,trail_px,target_px\n");
    for (int64_t i = 0; i < in->run.trade_count; i++) {
        const keel_trade *t = &in->run.trades[i];
        keel_strbuf_addf(out, "%" PRId64, t->trade_id);
        add_level(out, t->stop_e8);
        add_level(out, t->trail_e8);
        add_level(out, t->target_e8);
        keel_strbuf_add_char(out, '\n');
    }
}

/* Mark the lowest, the highest and the last sample of each stretch of `stretch_ms`. A sample closes a bar, so one at
 * the end of a stretch belongs to it. */
static void mark_samples(const keel_backtest_run *run, int64_t stretch_ms, unsigned char *kept) {
    for (int64_t from = 0, end; from < run->equity_count; from = end) {
        int64_t stretch = (run->equity_ts_ms[from] - 1) / stretch_ms, low = from, high = from;
        for (end = from; end < run->equity_count && (run->equity_ts_ms[end] - 1) / stretch_ms == stretch; end++) {
            if (run->equity_e8[end] < run->equity_e8[low]) low = end;
            if (run->equity_e8[end] > run->equity_e8[high]) high = end;
        }
        kept[low] = kept[high] = kept[end - 1] = 1;
    }
}

int keel_backtest_folder_equity_csv(const keel_backtest_result *in, int *ret_thinned, keel_strbuf *out,
                                    keel_err *reterr) {
    static const int64_t HOUR_MS = 3600000, DAY_MS = 86400000;
    *ret_thinned = in->run.equity_count > KEEL_FOLDER_EQUITY;
    if (!*ret_thinned) {
        keel_backtest_equity_csv(in, out);
        return 0;
    }
    unsigned char *kept = calloc((size_t)in->run.equity_count, 1);
    if (!kept) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: equity.csv: shorten the time range");
    mark_samples(&in->run, (in->end_ms - in->start_ms) / HOUR_MS > KEEL_FOLDER_EQUITY ? DAY_MS : HOUR_MS, kept);
    keel_backtest_equity_csv_kept(in, kept, out);
    free(kept);
    return 0;
}

void keel_backtest_benchmark_csv(const keel_backtest_result *in, keel_strbuf *out) {
    const keel_backtest_run *hold = NULL;
    char text[KEEL_TIME_TEXT_MAX], money[KEEL_DECIMAL_TEXT_MAX];
    for (int32_t i = 0; i < in->baseline_count; i++)
        if (strcmp(in->baselines[i].name, "buy_hold") == 0) hold = &in->baselines[i];
    if (!hold) return;
    keel_strbuf_add(out, "ts,equity_usd\n");
    int64_t step = (hold->equity_count + KEEL_FOLDER_CURVE - 1) / KEEL_FOLDER_CURVE;
    for (int64_t i = 0; i < hold->equity_count; i++) {
        if ((hold->equity_count - 1 - i) % step != 0) continue;
        (void)keel_decimal_format(hold->equity_e8[i], 8, 2, money);
        keel_strbuf_addf(out, "%s,%s\n", keel_time_format(hold->equity_ts_ms[i], text), money);
    }
}

/* How many bars become one candle: a count that people know intervals by, else the least that fits. */
static int64_t merge_of(int64_t bars, int64_t room) {
    static const int64_t KNOWN[] = {1,   2,   3,    4,    5,    6,    8,     10,    12,    15,   16,  20,
                                    24,  30,  48,   60,   96,   120,  144,   180,   240,   288,  360, 480,
                                    720, 960, 1440, 2880, 4320, 5760, 10080, 14400, 20160, 43200};
    int64_t least = (bars + room - 1) / room;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (KNOWN[i] >= least) return KNOWN[i];
    return least;
}

typedef struct candle {
    int64_t ts_ms, open_e8, high_e8, low_e8, close_e8;
} candle;

/* CSV quoting of RFC 4180, when the name needs it. */
static void add_name(keel_strbuf *out, const char *name) {
    if (!strpbrk(name, ",\"\r\n")) {
        keel_strbuf_add(out, name);
        return;
    }
    keel_strbuf_add_char(out, '"');
    for (const char *c = name; *c; c++) {
        if (*c == '"') keel_strbuf_add_char(out, '"');
        keel_strbuf_add_char(out, *c);
    }
    keel_strbuf_add_char(out, '"');
}

static void add_candle(keel_strbuf *out, const char *name, const candle *c) {
    add_name(out, name);
    keel_strbuf_addf(out, ",%" PRId64, c->ts_ms);
    add_level(out, c->open_e8);
    add_level(out, c->high_e8);
    add_level(out, c->low_e8);
    add_level(out, c->close_e8);
    keel_strbuf_add_char(out, '\n');
}

static void add_symbol(const keel_backtest_result *in, const char *name, const keel_candles *bars, int64_t candle_ms,
                       keel_strbuf *out) {
    candle c = {0};
    int any = 0;
    for (int64_t i = 0; i < bars->count; i++) {
        int64_t ts_ms = bars->ts_ms[i];
        if (ts_ms < in->start_ms || ts_ms >= in->end_ms || bars->close_e8[i] <= 0) continue;
        int64_t from_ms = ts_ms - ts_ms % candle_ms;
        if (any && from_ms == c.ts_ms) {
            if (bars->high_e8[i] > c.high_e8) c.high_e8 = bars->high_e8[i];
            if (bars->low_e8[i] < c.low_e8) c.low_e8 = bars->low_e8[i];
            c.close_e8 = bars->close_e8[i];
            continue;
        }
        if (any) add_candle(out, name, &c);
        any = 1;
        c = (candle){.ts_ms = from_ms,
                     .open_e8 = bars->open_e8[i],
                     .high_e8 = bars->high_e8[i],
                     .low_e8 = bars->low_e8[i],
                     .close_e8 = bars->close_e8[i]};
    }
    if (any) add_candle(out, name, &c);
}

void keel_backtest_candles_csv(const keel_backtest_folder *in, int64_t *ret_interval_ms, keel_strbuf *out) {
    const keel_backtest_result *r = in->report->in;
    int64_t room = KEEL_FOLDER_CANDLES / (r->symbol_count > 0 ? r->symbol_count : 1);
    if (room > KEEL_FOLDER_CANDLES_SYMBOL) room = KEEL_FOLDER_CANDLES_SYMBOL;
    int64_t bars = (r->end_ms - r->start_ms + in->interval_ms - 1) / in->interval_ms;
    *ret_interval_ms = in->interval_ms * merge_of(bars > 0 ? bars : 1, room);
    keel_strbuf_add(out, "symbol,ts_ms,open,high,low,close\n");
    for (int32_t i = 0; i < r->symbol_count; i++)
        add_symbol(r, r->symbols[i].name, in->candles[i], *ret_interval_ms, out);
}
