/* ops/report/page_data.c: the data of charts and of the trades table, as JSON columns. Money is an integer count of the
 * last place shown, rounded here once, half-even; the script never rounds money. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "num/int.h"
#include "ops/report/page.h"

/* Cents for accounts that people think of in dollars, more for smaller ones. */
static int places_of(const keel_run_folder *run) { return run->start_e8 < (int64_t)1000 * 100000000 ? 4 : 2; }

static int64_t rounded(int64_t value_e8, int places) {
    int64_t unit = 1, ret = 0;
    for (int i = places; i < 8; i++)
        unit *= 10;
    KEEL_ASSERT(keel_mul_div(value_e8, 1, unit, &ret));
    return ret;
}

static void comma(keel_strbuf *out, int64_t i) {
    if (i) keel_strbuf_add_char(out, ',');
}

/* At most 8 places, no zeros behind. */
static void add_plain(keel_strbuf *out, int64_t value_e8) {
    char text[KEEL_FIGURE_SIZE];
    size_t n = strlen(keel_figure_e8(value_e8, 8, text));
    while (text[n - 1] == '0')
        text[--n] = 0;
    if (text[n - 1] == '.') text[n - 1] = 0;
    keel_strbuf_add(out, text);
}

static void names(const char *key, const keel_run_names *list, keel_strbuf *out) {
    keel_strbuf_addf(out, ",\"%s\":[", key);
    for (int32_t i = 0; i < list->count; i++) {
        comma(out, i);
        keel_html_json_string(out, list->items[i]);
    }
    keel_strbuf_add_char(out, ']');
}

/* ---- curves ------------------------------------------------------------------------------------------------- */

/* Which samples are kept: all when few; else of each bucket its lowest, its highest and its last, in order of time, so
 * that no peak or trough is lost. */
static int64_t keep(const keel_run_sample *s, int64_t count, int64_t ret[]) {
    int64_t n = 0, step = (count + KEEL_PAGE_CURVE_BUCKETS - 1) / KEEL_PAGE_CURVE_BUCKETS;
    if (count <= 3 * KEEL_PAGE_CURVE_BUCKETS) step = 1;
    for (int64_t from = 0; from < count; from += step) {
        int64_t end = from + step < count ? from + step : count, low = from, high = from;
        for (int64_t i = from; i < end; i++) {
            if (s[i].equity_e8 < s[low].equity_e8) low = i;
            if (s[i].equity_e8 > s[high].equity_e8) high = i;
        }
        int64_t first = low < high ? low : high, second = low < high ? high : low;
        ret[n++] = first;
        if (second != first) ret[n++] = second;
        if (end - 1 != second) ret[n++] = end - 1;
    }
    return n;
}

static void curve(const char *name, const keel_run_sample *s, int64_t count, int below, keel_strbuf *out) {
    int64_t kept[3 * KEEL_PAGE_CURVE_BUCKETS + 3], before = 0;
    char text[KEEL_FIGURE_SIZE];
    int64_t n = keep(s, count, kept);
    keel_strbuf_add(out, "{\"name\":");
    keel_html_json_string(out, name);
    keel_strbuf_addf(out, ",\"thinned\":%s,\"t\":[", n < count ? "true" : "false");
    for (int64_t i = 0; i < n; i++, comma(out, i < n)) {
        int64_t at_s = s[kept[i]].ts_ms / 1000;
        keel_strbuf_addf(out, "%" PRId64, at_s - before);
        before = at_s;
    }
    keel_strbuf_add(out, "],\"v\":[");
    for (int64_t i = 0; i < n; i++, comma(out, i < n))
        keel_strbuf_add(out, keel_figure_e8(s[kept[i]].equity_e8, 2, text));
    keel_strbuf_add_char(out, ']');
    if (below) {
        keel_strbuf_add(out, ",\"d\":[");
        for (int64_t i = 0; i < n; i++, comma(out, i < n))
            keel_strbuf_add(out, keel_figure_e8(s[kept[i]].below_pct_e6 * 100, 3, text));
        keel_strbuf_add_char(out, ']');
    }
    keel_strbuf_add_char(out, '}');
}

static void curves(const keel_run_folder *run, keel_strbuf *out) {
    keel_strbuf_add(out, ",\"curves\":[");
    curve(keel_node_text(run->summary, "strategy"), run->equity, run->equity_count, 1, out);
    if (run->benchmark_count > 0) {
        keel_strbuf_add_char(out, ',');
        curve("buy and hold", run->benchmark, run->benchmark_count, 0, out);
    }
    keel_strbuf_add_char(out, ']');
}

/* ---- trades ------------------------------------------------------------------------------------------------- */

typedef struct ranked {
    int64_t size_e8, at;
} ranked;

static int larger_first(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->size_e8 != y->size_e8) return x->size_e8 < y->size_e8 ? 1 : -1;
    return x->at < y->at ? -1 : 1;
}

static int mark_trades(const keel_run_folder *run, char *marks, int64_t *ret_count, keel_err *err) {
    int64_t n = run->trade_count, left = KEEL_PAGE_TRADES_MAX - KEEL_PAGE_TRADES_BIG, count = 0;
    if (n <= KEEL_PAGE_TRADES_MAX) {
        memset(marks, 1, (size_t)n);
        *ret_count = n;
        return 0;
    }
    ranked *order = malloc((size_t)n * sizeof *order);
    if (!order) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    for (int64_t i = 0; i < n; i++)
        order[i] = (ranked){.size_e8 = llabs(run->trades[i].pnl_e8), .at = i};
    qsort(order, (size_t)n, sizeof *order, larger_first);
    for (int64_t i = 0; i < KEEL_PAGE_TRADES_BIG; i++)
        marks[order[i].at] = 1;
    free(order);
    for (int64_t i = 0; i < left; i++)
        marks[i * n / left] = 1;
    for (int64_t i = 0; i < n; i++)
        count += marks[i];
    *ret_count = count;
    return 0;
}

/* The level that an adverse price would have met first when the trade ended. */
static int64_t stop_in_force(const keel_run_trade *t) {
    if (t->stop_e8 == 0 || t->trail_e8 == 0) return t->stop_e8 + t->trail_e8;
    return (t->side > 0) == (t->stop_e8 > t->trail_e8) ? t->stop_e8 : t->trail_e8;
}

enum column {
    COL_ID,
    COL_SYMBOL,
    COL_SIDE,
    COL_ENTRY_S,
    COL_HELD_S,
    COL_ENTRY_PX,
    COL_EXIT_PX,
    COL_QTY,
    COL_PNL,
    COL_FEES,
    COL_FUNDING,
    COL_SLIPPAGE,
    COL_MAE,
    COL_MFE,
    COL_BARS,
    COL_ENTRY,
    COL_EXIT,
    COL_STOP,
    COL_TARGET,
    COLUMNS
};

static void trade_value(const keel_run_trade *t, int column, int places, int64_t entry_before_s, keel_strbuf *out) {
    int64_t n = 0;
    switch (column) {
        case COL_ID: n = t->id; break;
        case COL_SYMBOL: n = t->symbol; break;
        case COL_SIDE: n = t->side; break;
        case COL_ENTRY_S: n = t->entry_ts_ms / 1000 - entry_before_s; break;
        case COL_HELD_S: n = (t->exit_ts_ms - t->entry_ts_ms) / 1000; break;
        case COL_ENTRY_PX: add_plain(out, t->entry_px_e8); return;
        case COL_EXIT_PX: add_plain(out, t->exit_px_e8); return;
        case COL_QTY: add_plain(out, t->qty_e8); return;
        case COL_PNL: n = rounded(t->pnl_e8, places); break;
        case COL_FEES: n = rounded(t->fees_e8, places); break;
        case COL_FUNDING: n = rounded(t->funding_e8, places); break;
        case COL_SLIPPAGE: n = rounded(t->slippage_bps_e4 * 10000, 2); break;
        case COL_MAE: n = rounded(t->mae_e8, places); break;
        case COL_MFE: n = rounded(t->mfe_e8, places); break;
        case COL_BARS: n = t->bars_held; break;
        case COL_ENTRY: n = t->entry_reason; break;
        case COL_EXIT: n = t->exit_reason; break;
        case COL_STOP: add_plain(out, stop_in_force(t)); return;
        default: add_plain(out, t->target_e8); return;
    }
    keel_strbuf_addf(out, "%" PRId64, n);
}

static void trades(const keel_run_folder *run, const char *marks, int64_t count, keel_strbuf *out) {
    static const char *const KEYS[COLUMNS] = {"id",   "sym",  "side", "et",  "held", "ep", "xp", "q",  "pnl", "fee",
                                              "fund", "slip", "mae",  "mfe", "bars", "er", "xr", "sl", "tp"};
    int places = places_of(run);
    keel_strbuf_addf(out, ",\"trades\":{\"n\":%" PRId64 ",\"all\":%" PRId64, count, run->trade_count);
    for (int column = 0; column < COLUMNS; column++) {
        int64_t before_s = 0, n = 0;
        keel_strbuf_addf(out, ",\"%s\":[", KEYS[column]);
        for (int64_t i = 0; i < run->trade_count; i++) {
            if (!marks[i]) continue;
            comma(out, n++);
            trade_value(&run->trades[i], column, places, before_s, out);
            before_s = run->trades[i].entry_ts_ms / 1000;
        }
        keel_strbuf_add_char(out, ']');
    }
    keel_strbuf_add_char(out, '}');
}

/* ---- stops -------------------------------------------------------------------------------------------------- */

/* Of each trade in the page every step-th point and the last, so that all together fit. */
static int64_t stop_step(const keel_run_folder *run, const char *marks) {
    int64_t points = 0;
    for (int64_t i = 0; i < run->trade_count; i++)
        if (marks[i]) points += run->trades[i].stop_count;
    return points > KEEL_PAGE_STOPS_MAX ? (points + KEEL_PAGE_STOPS_MAX - 1) / KEEL_PAGE_STOPS_MAX : 1;
}

/* One list per trade of the page: seconds after the entry, or prices. */
static void stop_lists(const keel_run_folder *run, const char *marks, int64_t step, int prices, keel_strbuf *out) {
    int64_t lists = 0;
    for (int64_t i = 0; i < run->trade_count; i++) {
        const keel_run_trade *t = &run->trades[i];
        int64_t n = 0;
        if (!marks[i]) continue;
        comma(out, lists++);
        keel_strbuf_add_char(out, '[');
        for (int64_t k = 0; k < t->stop_count; k++) {
            const keel_run_stop *s = &run->stops[t->stop_from + k];
            if (k % step != 0 && k != t->stop_count - 1) continue;
            comma(out, n++);
            if (prices)
                add_plain(out, s->px_e8);
            else
                keel_strbuf_addf(out, "%" PRId64, (s->ts_ms - t->entry_ts_ms) / 1000);
        }
        keel_strbuf_add_char(out, ']');
    }
}

static void stops(const keel_run_folder *run, const char *marks, keel_strbuf *out) {
    int64_t step = stop_step(run, marks);
    keel_strbuf_addf(
        out, ",\"stops\":{\"thinned\":%s,\"t\":[",
        step > 1 || strcmp(keel_node_text(run->manifest, "stops_thinned"), "true") == 0 ? "true" : "false");
    stop_lists(run, marks, step, 0, out);
    keel_strbuf_add(out, "],\"p\":[");
    stop_lists(run, marks, step, 1, out);
    keel_strbuf_add(out, "]}");
}

/* ---- candles ------------------------------------------------------------------------------------------------ */

static void candle_column(const keel_run_candle *c, int64_t n, int column, keel_strbuf *out) {
    int64_t before_s = 0;
    keel_strbuf_addf(out, ",\"%c\":[", "tohlc"[column]);
    for (int64_t i = 0; i < n; i++) {
        int64_t s = c[i].ts_ms / 1000;
        comma(out, i);
        switch (column) {
            case 0: keel_strbuf_addf(out, "%" PRId64, s - before_s); break;
            case 1: add_plain(out, c[i].open_e8); break;
            case 2: add_plain(out, c[i].high_e8); break;
            case 3: add_plain(out, c[i].low_e8); break;
            default: add_plain(out, c[i].close_e8);
        }
        before_s = s;
    }
    keel_strbuf_add_char(out, ']');
}

static void candles(const keel_run_folder *run, keel_strbuf *out) {
    keel_strbuf_add(out, ",\"candles\":[");
    for (int64_t i = 0, end = 0; i < run->candle_count; i = end) {
        while (end < run->candle_count && run->candles[end].symbol == run->candles[i].symbol)
            end++;
        comma(out, i);
        keel_strbuf_addf(out, "{\"s\":%d", (int)run->candles[i].symbol);
        for (int column = 0; column < 5; column++)
            candle_column(&run->candles[i], end - i, column, out);
        keel_strbuf_add_char(out, '}');
    }
    keel_strbuf_add_char(out, ']');
}

static int64_t manifest_ms(const keel_run_folder *run, const char *key) {
    const char *text = keel_node_text(run->manifest, key);
    return strtoll(text, NULL, 10);
}

int keel_page_run_data(const keel_run_folder *run, keel_strbuf *out, int64_t *ret_trades, keel_err *reterr) {
    char *marks = calloc((size_t)run->trade_count + 1, 1);
    if (!marks) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs");
    int rc = mark_trades(run, marks, ret_trades, reterr);
    if (rc == 0) {
        keel_strbuf_addf(out,
                         "<script type=\"application/json\" id=\"keel-data\">{\"kind\":\"run\",\"places\":%d,"
                         "\"barMs\":%" PRId64 ",\"candleMs\":%" PRId64,
                         places_of(run), manifest_ms(run, "bar_interval_ms"), manifest_ms(run, "candle_interval_ms"));
        names("symbols", &run->symbols, out);
        names("entryReasons", &run->entry_reasons, out);
        names("exitReasons", &run->exit_reasons, out);
        curves(run, out);
        trades(run, marks, *ret_trades, out);
        stops(run, marks, out);
        candles(run, out);
        if (run->surface) keel_page_sweep_data(run->surface, out);
        if (run->walk) keel_page_walk_data(run->walk, out);
        keel_strbuf_add(out, "}</script>\n");
    }
    free(marks);
    return rc;
}

void keel_page_compare_data(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out) {
    keel_strbuf_add(out, "<script type=\"application/json\" id=\"keel-data\">{\"kind\":\"compare\",\"curves\":[");
    curve("A", a->equity, a->equity_count, 1, out);
    keel_strbuf_add_char(out, ',');
    curve("B", b->equity, b->equity_count, 1, out);
    keel_strbuf_add(out, "]}</script>\n");
}
