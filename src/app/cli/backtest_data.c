/* app/cli/backtest_data.c: see backtest_data.h. */
#include "app/cli/backtest_data.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_exec.h"
#include "app/cli/backtest_memory.h"
#include "app/cli/backtest_scope.h"
#include "edge/data/check.h"
#include "edge/data/resample.h"

void keel_backtest_warn(keel_backtest_data *d, const char *format, ...) {
    va_list args;
    if (d->warning_count >= KEEL_BACKTEST_WARNINGS) return;
    va_start(args, format);
    (void)vsnprintf(d->warnings[d->warning_count], KEEL_BACKTEST_WARNING_SIZE, format, args);
    va_end(args);
    d->warning_count++;
}

/* ---- loading ----------------------------------------------------------------------------------------------- */

/* Candles of one interval; when the store has none of it, made from the finest stored interval that divides it. */
static int load_candles(keel_store *store, keel_backtest_data *d, const char *symbol, int64_t interval_ms,
                        int64_t from_ms, int64_t to_ms, keel_candles *ret, keel_err *err) {
    int64_t finer_ms = keel_scope_source_interval(store, d->venue, symbol, interval_ms);
    if (finer_ms == interval_ms || finer_ms == 0)
        return keel_store_load_candles(store, d->venue, symbol, interval_ms, from_ms, to_ms, ret, err);
    keel_candles fine;
    keel_resampled made;
    memset(&fine, 0, sizeof fine);
    KEEL_TRY(keel_store_load_candles(store, d->venue, symbol, finer_ms, from_ms, to_ms, &fine, err));
    int rc = keel_candles_resample(&fine, interval_ms, 0, &made, err);
    keel_candles_done(&fine);
    if (rc != 0) return rc;
    *ret = made.candles;
    char from_text[KEEL_DURATION_TEXT_MAX], to_text[KEEL_DURATION_TEXT_MAX];
    keel_duration_format(interval_ms, to_text);
    keel_duration_format(finer_ms, from_text);
    keel_backtest_warn(d, "%s %s bars were made from stored %s bars", symbol, to_text, from_text);
    return 0;
}

static int load_series(const keel_backtest_needs *needs, keel_store *store, keel_backtest_data *d,
                       keel_backtest_series *s, int64_t preroll_ms, keel_err *err) {
    const keel_run_config *run = needs->run;
    KEEL_TRY(load_candles(store, d, s->name, run->timeframe_ms, preroll_ms, d->end_ms, &s->main, err));
    if (run->detail_ms > 0 && !s->watch_only)
        KEEL_TRY(load_candles(store, d, s->name, run->detail_ms, d->start_ms, d->end_ms, &s->detail, err));
    if (strcmp(d->market, "perp") == 0 && !needs->no_funding && !s->watch_only)
        KEEL_TRY(keel_store_load_funding(store, d->venue, s->name, preroll_ms, d->end_ms, &s->funding, err));
    return 0;
}

/* ---- the gate ---------------------------------------------------------------------------------------------- */

keel_candles keel_backtest_candles_view(const keel_candles *c, int64_t from_ms, int64_t to_ms) {
    keel_candles v = *c;
    int64_t first = 0, last = c->count;
    if (c->count == 0) return v;
    while (first < last && c->ts_ms[first] < from_ms)
        first++;
    while (last > first && c->ts_ms[last - 1] >= to_ms)
        last--;
    v.count = last - first;
    v.ts_ms += first;
    v.open_e8 += first;
    v.high_e8 += first;
    v.low_e8 += first;
    v.close_e8 += first;
    v.volume += first;
    return v;
}

keel_fundings keel_backtest_fundings_view(const keel_fundings *f, int64_t from_ms, int64_t to_ms) {
    const int64_t longest_ms = 8 * 3600000; /* between settlements of any venue */
    keel_fundings v = *f;
    int64_t first = 0, last = f->count;
    while (first < last && f->ts_ms[first] < from_ms &&
           (from_ms - f->ts_ms[first] > longest_ms || (first + 1 < last && f->ts_ms[first + 1] <= from_ms)))
        first++;
    while (last > first && f->ts_ms[last - 1] >= to_ms)
        last--;
    v.count = last - first;
    if (v.count == 0) return v;
    v.ts_ms += first;
    v.rate_e16 += first;
    return v;
}

/* One line per kind of finding: how many, and the gravest of all. */
static void take_warnings(keel_backtest_data *d, const char *who, const keel_check *check) {
    for (int kind = 0; kind < KEEL_FINDING_COUNT; kind++) {
        char worst[160];
        if (check->counted[kind] == 0) continue;
        if ((int)check->worst.kind != kind) {
            keel_backtest_warn(d, "%s: %" PRId64 " x %s", who, check->counted[kind],
                               keel_finding_what((keel_finding_kind)kind));
            continue;
        }
        keel_finding_text(&check->worst, worst, sizeof worst);
        keel_backtest_warn(d, "%s: %" PRId64 " x %s", who, check->counted[kind], worst);
    }
}

/* The flag that accepts by name what refused the run; candles are judged before funding. */
static const char *way_past(const keel_check *on_candles) {
    if (on_candles->status != KEEL_CHECK_FAIL) return ", or pass --no-funding";
    if (on_candles->worst.kind == KEEL_FINDING_LARGE_MOVE) return ", or pass --accept-moves";
    if (on_candles->worst.kind == KEEL_FINDING_GAP || on_candles->worst.kind == KEEL_FINDING_MISSING_SHARE)
        return ", or pass --accept-gaps";
    return "";
}

static int gate_one(const keel_backtest_needs *needs, keel_backtest_data *d, const keel_backtest_series *s,
                    const keel_candles *candles, int with_funding, keel_err *err) {
    keel_check_options o;
    keel_check on_candles, on_funding;
    char who[3 * KEEL_SERIES_NAME_MAX], interval[KEEL_DURATION_TEXT_MAX];
    keel_candles in_range = keel_backtest_candles_view(candles, d->start_ms, d->end_ms);
    keel_check_options_init(&o);
    if (needs->accept_gaps) {
        o.max_gap_bars = INT64_MAX;
        o.max_missing_share = 1.0;
    }
    o.allow_moves = needs->accept_moves;
    keel_duration_format(candles->interval_ms, interval);
    (void)snprintf(who, sizeof who, "%s %s %s", d->venue, s->name, interval);
    keel_fundings settled = keel_backtest_fundings_view(&s->funding, d->start_ms, d->end_ms);
    int rc = keel_data_gate(who, &in_range, with_funding ? &settled : NULL, d->start_ms, d->end_ms, &o, &on_candles,
                            &on_funding, err);
    if (rc == 0) {
        take_warnings(d, who, &on_candles);
        take_warnings(d, who, &on_funding);
    } else if (rc == KEEL_E_GATE && err) {
        size_t used = strlen(err->text);
        if (used < sizeof err->text)
            (void)snprintf(err->text + used, sizeof err->text - used, "%s", way_past(&on_candles));
    }
    keel_check_done(&on_candles);
    keel_check_done(&on_funding);
    return rc;
}

/* History only warms signals up. Holes in it do no harm, since signals begin anew after them; a move that cannot be
 * bends averages far into the range. */
static int gate_history(const keel_backtest_needs *needs, const keel_backtest_data *d, const keel_backtest_series *s,
                        keel_err *err) {
    keel_check_options o;
    keel_check on_candles, on_funding;
    char who[3 * KEEL_SERIES_NAME_MAX], interval[KEEL_DURATION_TEXT_MAX];
    keel_candles history = keel_backtest_candles_view(&s->main, INT64_MIN, d->start_ms);
    if (history.count == 0 || needs->accept_moves) return 0;
    keel_check_options_init(&o);
    o.max_gap_bars = INT64_MAX;
    o.max_missing_share = 1.0;
    keel_duration_format(history.interval_ms, interval);
    (void)snprintf(who, sizeof who, "%s %s %s before the range", d->venue, s->name, interval);
    int rc = keel_data_gate(who, &history, NULL, history.ts_ms[0], d->start_ms, &o, &on_candles, &on_funding, err);
    if (rc == KEEL_E_GATE && err) {
        size_t used = strlen(err->text);
        if (used < sizeof err->text)
            (void)snprintf(err->text + used, sizeof err->text - used, "%s", way_past(&on_candles));
    }
    keel_check_done(&on_candles);
    keel_check_done(&on_funding);
    return rc;
}

static int gate(const keel_backtest_needs *needs, keel_backtest_data *d, keel_err *err) {
    for (int32_t i = 0; i < d->count; i++) {
        keel_backtest_series *s = &d->series[i];
        int with_funding = strcmp(d->market, "perp") == 0 && !needs->no_funding && !s->watch_only;
        KEEL_TRY(gate_history(needs, d, s, err));
        KEEL_TRY(gate_one(needs, d, s, &s->main, with_funding, err));
        if (s->detail.count > 0) KEEL_TRY(gate_one(needs, d, s, &s->detail, 0, err));
    }
    if (needs->accept_gaps) keel_backtest_warn(d, "gate override: gaps were accepted (--accept-gaps)");
    if (needs->accept_moves) keel_backtest_warn(d, "gate override: extreme moves were accepted (--accept-moves)");
    if (needs->no_funding)
        keel_backtest_warn(
            d, "gate override: funding was left out (--no-funding); results of perpetuals are not believable");
    return 0;
}

/* Bars of history that the most demanding strategy on a series wants. */
static int32_t warmup_of(const keel_backtest_needs *needs, int32_t series) {
    int32_t most = INT32_MIN;
    for (int32_t i = 0; i < needs->part_count; i++)
        for (int32_t k = 0; k < needs->part[i].traded; k++)
            if (needs->part[i].series[k] == series && needs->part[i].warmup_bars > most)
                most = needs->part[i].warmup_bars;
    return most;
}

/* Signals that lack history warm up on bars of the range itself. */
static void say_warmup(const keel_backtest_needs *needs, keel_backtest_data *d) {
    for (int32_t i = 0; i < d->count; i++) {
        const keel_backtest_series *s = &d->series[i];
        if (s->watch_only || s->main.count == 0) continue;
        int64_t history = s->main.ts_ms[0] < d->start_ms ? (d->start_ms - s->main.ts_ms[0]) / s->main.interval_ms : 0;
        char has[40] = "no history";
        int64_t wanted = warmup_of(needs, i);
        if (history >= wanted) continue;
        if (history > 0) (void)snprintf(has, sizeof has, "only %" PRId64 " bars of history", history);
        keel_backtest_warn(d, "%s has %s before the range: in its first %" PRId64 " bars not every signal is ready",
                           s->name, has, wanted - history);
    }
}

/* ---- the grid ---------------------------------------------------------------------------------------------- */

static int dense(const keel_candles *c, int64_t start_ms, int64_t bars, int64_t *grid[4], double **ret_volume) {
    int64_t *const from[4] = {c->open_e8, c->high_e8, c->low_e8, c->close_e8};
    *ret_volume = calloc((size_t)bars, sizeof **ret_volume);
    if (!*ret_volume) return 0;
    for (int i = 0; i < 4; i++) {
        grid[i] = calloc((size_t)bars, sizeof *grid[i]);
        if (!grid[i]) return 0;
    }
    for (int64_t r = 0; r < c->count; r++) {
        int64_t k = (c->ts_ms[r] - start_ms) / c->interval_ms;
        if (c->ts_ms[r] < start_ms || k >= bars) continue;
        for (int i = 0; i < 4; i++)
            grid[i][k] = from[i][r];
        (*ret_volume)[k] = c->volume[r];
    }
    return 1;
}

/* Main columns on the grid: the loaded ones themselves when nothing is missing. */
static int lay_main(keel_backtest_series *s, int64_t start_ms, int64_t bars, keel_tape_symbol *t) {
    if (s->main.count == bars && s->main.ts_ms[0] == start_ms) {
        t->open_e8 = s->main.open_e8;
        t->high_e8 = s->main.high_e8;
        t->low_e8 = s->main.low_e8;
        t->close_e8 = s->main.close_e8;
        t->volume = s->main.volume;
        return 1;
    }
    if (!dense(&s->main, start_ms, bars, s->grid, &s->grid_volume)) return 0;
    t->open_e8 = s->grid[0];
    t->high_e8 = s->grid[1];
    t->low_e8 = s->grid[2];
    t->close_e8 = s->grid[3];
    t->volume = s->grid_volume;
    return 1;
}

static int lay_detail(keel_backtest_series *s, int64_t start_ms, int64_t pieces, keel_tape_symbol *t) {
    if (!dense(&s->detail, start_ms, pieces, s->detail_grid, &s->detail_volume)) return 0;
    t->detail_open_e8 = s->detail_grid[0];
    t->detail_high_e8 = s->detail_grid[1];
    t->detail_low_e8 = s->detail_grid[2];
    t->detail_close_e8 = s->detail_grid[3];
    t->detail_volume = s->detail_volume;
    return 1;
}

static void ends_of(keel_backtest_series *s, const keel_tape *tape, const keel_tape_symbol *t) {
    for (int64_t k = tape->trade_from; k < tape->bars; k++) {
        if (t->close_e8[k] == 0) continue;
        if (s->first_px_e8 == 0) s->first_px_e8 = t->close_e8[k];
        s->last_px_e8 = t->close_e8[k];
        s->bars++;
    }
}

/* Rows of which there are copies on the grid. */
static void drop_rows(keel_backtest_series *s) {
    if (s->grid[0]) keel_candles_done(&s->main);
    if (s->detail_grid[0]) keel_candles_done(&s->detail);
}

static int lay_out(const keel_backtest_needs *needs, keel_backtest_data *d, int64_t preroll_ms, keel_err *err) {
    const keel_run_config *run = needs->run;
    keel_tape *t = calloc(1, sizeof *t);
    d->tape = t;
    d->rules = calloc((size_t)d->count, sizeof *d->rules);
    if (!t || !d->rules) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: tape: run fewer symbols");
    t->start_ms = preroll_ms;
    t->interval_ms = run->timeframe_ms;
    t->bars = (d->end_ms - preroll_ms) / run->timeframe_ms;
    t->trade_from = (d->start_ms - preroll_ms) / run->timeframe_ms;
    t->ratio = run->detail_ms > 0 ? (int32_t)(run->timeframe_ms / run->detail_ms) : 1;
    t->symbol_count = d->count;
    t->sleeve_count = 1;
    for (int i = 0; i < KEEL_SLEEVES_MAX; i++)
        t->btc[i] = -1;
    for (int32_t i = 0; i < d->count; i++) {
        keel_backtest_series *s = &d->series[i];
        keel_tape_symbol *ts = &t->sym[i];
        int fits = lay_main(s, t->start_ms, t->bars, ts);
        if (fits && t->ratio > 1 && !s->watch_only) fits = lay_detail(s, t->start_ms, t->bars * t->ratio, ts);
        if (!fits) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: bars of %s: shorten the time range", s->name);
        ts->funding_ts_ms = s->funding.ts_ms;
        ts->funding_rate_e16 = s->funding.rate_e16;
        ts->funding_count = s->funding.count;
        ts->watch_only = s->watch_only;
        if (needs->rows) drop_rows(s);
        ends_of(s, t, ts);
        d->rules[i] = (keel_instrument){.lot_e8 = 1, .tick_e8 = 1};
        d->rules[i].market = strcmp(d->market, "spot") == 0 ? KEEL_SPOT : KEEL_PERP;
        d->rules[i].is_btc = keel_scope_is_btc(s->name);
        if (d->rules[i].is_btc && t->btc[0] < 0) t->btc[0] = i;
    }
    return 0;
}

/* Identity of the data: every column that was loaded, in order of symbols. */
static void hash_data(keel_backtest_data *d) {
    keel_sha256 *h = keel_sha256_new();
    uint8_t part[KEEL_SHA256_SIZE];
    for (int32_t i = 0; i < d->count; i++) {
        keel_sha256_add(h, d->series[i].name, strlen(d->series[i].name) + 1);
        keel_candles_hash(&d->series[i].main, part);
        keel_sha256_add(h, part, sizeof part);
        keel_candles_hash(&d->series[i].detail, part);
        keel_sha256_add(h, part, sizeof part);
        keel_fundings_hash(&d->series[i].funding, part);
        keel_sha256_add(h, part, sizeof part);
    }
    keel_sha256_finish_text(h, d->dataset_hash);
    keel_sha256_free(h);
}

/* 1 when a strategy reads the direction of bitcoin and there is no series of it. */
static int lacks_btc(const keel_backtest_needs *needs, const keel_backtest_data *d) {
    int lacks = 0;
    for (int32_t i = 0; i < needs->part_count; i++) {
        const keel_backtest_part *part = &needs->part[i];
        int found = 0;
        for (int32_t k = 0; k < part->count; k++)
            found |= keel_scope_is_btc(d->series[part->series[k]].name);
        lacks |= part->wants_btc && !found;
    }
    return lacks;
}

static int wants_regime(const keel_backtest_needs *needs) {
    int wants = 0;
    for (int32_t i = 0; i < needs->part_count; i++)
        wants |= needs->part[i].wants_regime;
    return wants;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static int load(const keel_backtest_needs *needs, keel_store *store, keel_backtest_data *d, keel_err *err) {
    int64_t preroll_ms = 0;
    KEEL_TRY(keel_scope_find(needs, store, d, &preroll_ms, err));
    KEEL_TRY(keel_backtest_memory_check(needs, store, d, preroll_ms, err));
    for (int32_t i = 0; i < d->count; i++)
        KEEL_TRY(load_series(needs, store, d, &d->series[i], preroll_ms, err));
    KEEL_TRY(gate(needs, d, err));
    say_warmup(needs, d);
    if (lacks_btc(needs, d))
        keel_backtest_warn(d,
                           "direction of bitcoin is unknown: no BTC series in %s over this range; gates that need it "
                           "hold entries back (import one, or --set gate_btc=false)",
                           d->venue);
    if (lacks_btc(needs, d) && wants_regime(needs))
        keel_backtest_warn(d,
                           "the regime of the market is unknown: no BTC series in %s over this range; values for bull, "
                           "bear, chop and crash are never in force (import one)",
                           d->venue);
    hash_data(d);
    if (needs->rows) needs->rows(d, needs->rows_with);
    return lay_out(needs, d, preroll_ms, err);
}

int32_t keel_backtest_regime_bars(int64_t timeframe_ms) {
    int64_t bars = (int64_t)KEEL_SCOPE_REGIME_DAYS * 86400000 / timeframe_ms;
    return (int32_t)(bars < KEEL_USER_DEPTH_MAX ? bars : KEEL_USER_DEPTH_MAX);
}

/* Bars of history that are loaded: what the signals want, and what the strategy says it wants. */
static int32_t history_of(const keel_run_config *run) {
    int32_t warmup = keel_exec_warmup(run->kernel, &run->params), depth = (int32_t)run->source.text.depth_bars;
    if (warmup < 0 && depth > 0) warmup = (int32_t)(86400000 / run->timeframe_ms + 1); /* by time: a day */
    if (run->source.text.regimes || run->by_regime) { /* the regime needs days of closes, whatever the bars */
        int32_t bars = keel_backtest_regime_bars(run->timeframe_ms);
        if (bars > depth) depth = bars;
    }
    return depth > warmup ? depth : warmup;
}

keel_backtest_part keel_backtest_part_of(const keel_run_config *run) {
    return (keel_backtest_part){.symbols = run->symbols,
                                .warmup_bars = history_of(run),
                                .depth_bars = (int32_t)run->source.text.depth_bars,
                                .wants_btc = run->params.gate_btc ||
                                             (run->kernel->strategy_feeds(&run->params) & KEEL_FEED_BTC) != 0 ||
                                             run->source.text.regimes != 0 || run->by_regime,
                                .wants_regime = run->by_regime};
}

keel_backtest_part *keel_backtest_parts_new(const keel_run_config *run) {
    int32_t count = keel_run_config_count(run);
    keel_backtest_part *parts = calloc((size_t)count, sizeof *parts);
    for (int32_t i = 0; parts && i < count; i++)
        parts[i] = keel_backtest_part_of(keel_run_config_at(run, i));
    return parts;
}

int keel_backtest_data_load(const keel_backtest_needs *needs, keel_backtest_data *ret, keel_err *err) {
    keel_store *store = NULL;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_store_open(needs->run->store, KEEL_STORE_READ, &store, err));
    int rc = load(needs, store, ret, err);
    keel_store_close(store);
    return rc;
}

void keel_backtest_data_say_coverage(const keel_run_config *run, keel_err *err) {
    keel_store *store = NULL;
    char covered[100];
    keel_timerange range;
    if (!run->store || !run->symbols || !run->symbols->count || run->timeframe_ms <= 0) return;
    const char *given = keel_config_get_text(run->config, "run.timerange");
    if (!given || keel_timerange_parse(given, &range, NULL) == 0) return; /* something else was out of its bounds */
    if (keel_store_open(run->store, KEEL_STORE_READ, &store, NULL) != 0) return;
    int rc = keel_scope_coverage(run, store, covered, sizeof covered, NULL);
    keel_store_close(store);
    size_t used = strlen(err->text);
    if (rc == 0 && covered[0] && used < sizeof err->text)
        (void)snprintf(err->text + used, sizeof err->text - used, "; data covers %s", covered);
}

void keel_backtest_data_done(keel_backtest_data *d) {
    for (int32_t i = 0; d->series && i < d->count; i++) {
        keel_backtest_series *s = &d->series[i];
        keel_candles_done(&s->main);
        keel_candles_done(&s->detail);
        keel_fundings_done(&s->funding);
        for (int c = 0; c < 4; c++) {
            free(s->grid[c]);
            free(s->detail_grid[c]);
        }
        free(s->grid_volume);
        free(s->detail_volume);
    }
    free(d->series);
    free(d->rules);
    free(d->tape);
    memset(d, 0, sizeof *d);
}
