/* app/cli/backtest_scope.c: see backtest_scope.h. */
#include "app/cli/backtest_scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timerange.h"

/* Days of history where bars are coarse, bars where they are fine: the longest signal of nearly every configuration is
 * shorter, so the configurations of a sweep read the same data. */
enum { DAY_MS = 86400000, REGIME_DAYS = KEEL_SCOPE_REGIME_DAYS, FINE_MS = 900000, FINE_BARS = 4096 };

/* What the store holds. */
typedef struct catalogue {
    keel_series_info *items;
    int64_t count;
} catalogue;

typedef struct span {
    int64_t from_ms, to_ms;         /* [from, to) */
    const char *first_by, *last_by; /* series that sets each end */
} span;

int keel_scope_is_btc(const char *symbol) {
    static const char *const against[] = {"USD", "BUSD_", "TUSD", "FDUSD", "DAI", "EUR", "GBP", "PERP"};
    if (strncmp(symbol, "BTC", 3) != 0 && strncmp(symbol, "XBT", 3) != 0) return 0;
    const char *rest = symbol + 3;
    int separated = *rest != 0 && strchr("-_/:", *rest) != NULL;
    rest += separated;
    if (*rest == 0 || (separated && *rest >= '0' && *rest <= '9') || strcmp(rest, "BUSD") == 0) return 1;
    for (size_t i = 0; i < sizeof against / sizeof *against; i++)
        if (strncmp(rest, against[i], strlen(against[i])) == 0) return 1;
    return 0;
}

int64_t keel_scope_source_interval(keel_store *store, const char *venue, const char *symbol, int64_t interval_ms) {
    keel_series_info *items = NULL;
    int64_t count = 0, best = 0;
    if (keel_store_series_list(store, &items, &count, NULL) != 0) return 0;
    for (int64_t i = 0; i < count; i++) {
        const keel_series_info *s = &items[i];
        if (s->kind != KEEL_KIND_CANDLE || strcmp(s->venue, venue) != 0 || strcmp(s->symbol, symbol) != 0) continue;
        if (s->interval_ms <= interval_ms && interval_ms % s->interval_ms == 0 && s->interval_ms > best)
            best = s->interval_ms;
    }
    free(items);
    return best;
}

static const keel_series_info *find(const catalogue *c, int kind, const char *venue, const char *symbol,
                                    int64_t interval_ms) {
    for (int64_t i = 0; i < c->count; i++) {
        const keel_series_info *s = &c->items[i];
        if (s->kind != kind || strcmp(s->symbol, symbol) != 0) continue;
        if (venue && strcmp(s->venue, venue) != 0) continue;
        if (kind == KEEL_KIND_FUNDING || s->interval_ms == interval_ms) return s;
    }
    return NULL;
}

static int is_candle_of(const keel_series_info *s, const char *venue) {
    return s->kind == KEEL_KIND_CANDLE && strcmp(s->venue, venue) == 0;
}

static int has_symbols(const catalogue *c, const char *venue, const keel_run_config *run) {
    for (size_t k = 0; k < run->symbols->count; k++) {
        int has = 0;
        for (int64_t i = 0; i < c->count; i++)
            has |= is_candle_of(&c->items[i], venue) && strcmp(c->items[i].symbol, run->symbols->items[k]) == 0;
        if (!has) return 0;
    }
    return 1;
}

/* BTC/USDT and BTC/USDT:USDT, as others write pairs, are BTCUSDT here, unless the store knows that very name. */
static int refuse_pairs(const keel_run_config *run, const catalogue *c, keel_err *err) {
    for (size_t k = 0; k < run->symbols->count; k++) {
        const char *name = run->symbols->items[k], *mark = strchr(name, '/');
        int known = 0;
        for (int64_t i = 0; mark && i < c->count; i++)
            known |= strcmp(c->items[i].symbol, name) == 0;
        if (mark && !known)
            return keel_err_set(err, KEEL_E_USAGE, "'%.40s' has marks: symbols: write it %.*s%.*s", name,
                                (int)(mark - name), name, (int)strcspn(mark + 1, ":"), mark + 1);
    }
    return 0;
}

static void list_name(char *list, size_t size, const char *name) {
    size_t used = strlen(list);
    (void)snprintf(list + used, size - used, "%s%s", used ? ", " : "", name);
}

/* The venue named, or the only one that has every symbol. */
static int choose_venue(const keel_run_config *run, const catalogue *c, keel_backtest_data *d, keel_err *err) {
    const char *chosen = run->venue, *any = NULL;
    char all[300] = "", fit[300] = "";
    int venues = 0, fitting = 0;
    KEEL_TRY(refuse_pairs(run, c, err));
    for (int64_t i = 0; !run->venue && i < c->count; i++) {
        const char *venue = c->items[i].venue;
        int64_t first = 0;
        while (first < i && !is_candle_of(&c->items[first], venue))
            first++;
        if (first < i || c->items[i].kind != KEEL_KIND_CANDLE) continue;
        venues++;
        any = venue;
        list_name(all, sizeof all, venue);
        if (!has_symbols(c, venue, run)) continue;
        fitting++;
        chosen = venue;
        list_name(fit, sizeof fit, venue);
    }
    if (fitting > 1)
        return keel_err_set(err, KEEL_E_USAGE, "several venues have these symbols: %s: name one with --venue", fit);
    if (!chosen && venues == 1) chosen = any; /* its series say which symbol is missing */
    if (!chosen)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "no venue of the store has all of these symbols: %s (venues: %s): see keel data list",
                            run->store, all[0] ? all : "none");
    (void)snprintf(d->venue, sizeof d->venue, "%s", chosen);
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const keel_backtest_series *)a)->name, ((const keel_backtest_series *)b)->name);
}

/* Symbols in order of name, each once: the result must not depend on the order they were typed in. */
static int take_symbols(const keel_run_config *run, keel_backtest_data *d, keel_err *err) {
    size_t n = run->symbols->count;
    if (n + 1 > KEEL_SYMBOLS_MAX)
        return keel_err_set(err, KEEL_E_USAGE, "too many symbols: %zu: at most %d in one run", n, KEEL_SYMBOLS_MAX - 1);
    d->series = calloc(n + 1, sizeof *d->series); /* one more may be watched: the same for every part */
    if (!d->series) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: symbols: run fewer");
    for (size_t i = 0; i < n; i++) {
        if (strlen(run->symbols->items[i]) >= KEEL_SERIES_NAME_MAX)
            return keel_err_set(err, KEEL_E_NOT_FOUND, "symbol name too long: %.40s...: see keel data list",
                                run->symbols->items[i]);
        (void)snprintf(d->series[i].name, sizeof d->series[i].name, "%s", run->symbols->items[i]);
    }
    qsort(d->series, n, sizeof *d->series, by_name);
    for (size_t i = 0; i < n; i++)
        if (d->count == 0 || strcmp(d->series[d->count - 1].name, d->series[i].name) != 0)
            d->series[d->count++] = d->series[i];
    return 0;
}

static void narrow(span *s, int64_t from_ms, int64_t to_ms, const char *who) {
    if (from_ms > s->from_ms) {
        s->from_ms = from_ms;
        s->first_by = who;
    }
    if (to_ms < s->to_ms) {
        s->to_ms = to_ms;
        s->last_by = who;
    }
}

/* Coverage of one interval of every traded symbol. */
static int cover_candles(keel_store *store, const catalogue *c, const keel_backtest_data *d, int64_t interval_ms,
                         span *scope, keel_err *err) {
    for (int32_t i = 0; i < d->count; i++) {
        const char *name = d->series[i].name;
        int64_t source = keel_scope_source_interval(store, d->venue, name, interval_ms);
        keel_series_info info;
        if (source == 0) /* the store's own line names what it does hold */
            return keel_store_series_find(store, KEEL_KIND_CANDLE, d->venue, name, interval_ms, &info, err);
        const keel_series_info *s = find(c, KEEL_KIND_CANDLE, d->venue, name, source);
        narrow(scope, s->first_ts_ms, s->last_ts_ms + source, name);
    }
    return 0;
}

static int text_span(int64_t from_ms, int64_t to_ms, char *text, size_t size) {
    char a[KEEL_TIME_TEXT_MAX], b[KEEL_TIME_TEXT_MAX];
    return snprintf(text, size, "%.16sZ..%.16sZ", keel_time_format(from_ms, a), keel_time_format(to_ms, b));
}

/* Funding of perpetuals: absent is a refusal; short of the range that was asked for as well. */
static int cover_funding(const keel_backtest_needs *needs, const catalogue *c, const keel_backtest_data *d, span *scope,
                         keel_err *err) {
    int asked = needs->run->range.start_ms != INT64_MIN || needs->run->range.end_ms != INT64_MAX;
    if (strcmp(d->market, "perp") != 0 || needs->no_funding) return 0;
    for (int32_t i = 0; i < d->count; i++) {
        const char *name = d->series[i].name;
        const keel_series_info *f = find(c, KEEL_KIND_FUNDING, d->venue, name, 0);
        if (!f || f->rows == 0)
            return keel_err_set(
                err, KEEL_E_GATE,
                "funding is missing: %s %s is a perpetual and the store has no funding of it: import "
                "it (keel data import FUNDING.csv ...), or pass --no-funding and say so; candles of a spot "
                "market are imported with --market spot",
                d->venue, name);
        /* A settlement covers the time up to the next one; 8 h is the longest interval venues use. */
        int64_t from = f->first_ts_ms / 3600000 * 3600000, to = f->last_ts_ms + 8 * 3600000;
        if (asked && (from > scope->from_ms || to < scope->to_ms)) {
            char has[100], wants[100];
            (void)text_span(from, to, has, sizeof has);
            (void)text_span(scope->from_ms, scope->to_ms, wants, sizeof wants);
            return keel_err_set(err, KEEL_E_GATE,
                                "funding is missing: %s %s covers %s, the run needs %s: import the rest, narrow "
                                "--timerange, or pass --no-funding",
                                d->venue, name, has, wants);
        }
        narrow(scope, from, to / needs->run->timeframe_ms * needs->run->timeframe_ms, "its funding");
    }
    return 0;
}

/* Main bars that must lie before the range, for the most demanding strategy. */
static int64_t depth_of(const keel_backtest_needs *needs) {
    int64_t most = 0;
    for (int32_t i = 0; i < needs->part_count; i++)
        if (needs->part[i].depth_bars > most) most = needs->part[i].depth_bars;
    return most;
}

static int effective_range(const keel_backtest_needs *needs, keel_store *store, const catalogue *c,
                           keel_backtest_data *d, keel_err *err) {
    const keel_run_config *run = needs->run;
    int64_t step = run->timeframe_ms;
    span scope = {.from_ms = INT64_MIN, .to_ms = INT64_MAX};
    KEEL_TRY(cover_candles(store, c, d, step, &scope, err));
    if (run->detail_ms > 0) KEEL_TRY(cover_candles(store, c, d, run->detail_ms, &scope, err));
    span covered = scope;
    narrow(&scope, scope.from_ms + depth_of(needs) * step, INT64_MAX, "the history that the strategy wants (DEPTH)");
    narrow(&scope, run->range.start_ms, run->range.end_ms, "--timerange");
    scope.from_ms = (scope.from_ms + step - 1) / step * step; /* whole main bars only */
    scope.to_ms = scope.to_ms / step * step;
    span wanted = scope;
    if (scope.from_ms < scope.to_ms) KEEL_TRY(cover_funding(needs, c, d, &scope, err));
    scope.from_ms = (scope.from_ms + step - 1) / step * step;
    scope.to_ms = scope.to_ms / step * step;
    if (scope.from_ms >= scope.to_ms) {
        char has[100];
        if (covered.from_ms >= covered.to_ms)
            return keel_err_set(err, KEEL_E_RANGE,
                                "no common time: %s begins after %s ends: leave one of them out (see keel data list)",
                                covered.first_by, covered.last_by);
        (void)text_span(covered.from_ms, covered.to_ms, has, sizeof has);
        if (depth_of(needs) > 0)
            return keel_err_set(err, KEEL_E_RANGE,
                                "nothing left of the time range: data covers %s, and the strategy wants %" PRId64
                                " bars of it as history (DEPTH): import more, or choose a later --timerange",
                                has, depth_of(needs));
        return keel_err_set(err, KEEL_E_RANGE,
                            "nothing left of the time range: data covers %s: choose --timerange inside it", has);
    }
    d->start_ms = scope.from_ms;
    d->end_ms = scope.to_ms;
    if (scope.from_ms != wanted.from_ms || scope.to_ms != wanted.to_ms) {
        char has[100], narrowed[100];
        (void)text_span(wanted.from_ms, wanted.to_ms, has, sizeof has);
        (void)text_span(scope.from_ms, scope.to_ms, narrowed, sizeof narrowed);
        keel_backtest_warn(d, "candles cover %s, funding only %s: the run keeps to the latter", has, narrowed);
    }
    return 0;
}

static int32_t series_named(const keel_backtest_data *d, const char *name) {
    for (int32_t i = 0; i < d->count; i++)
        if (strcmp(d->series[i].name, name) == 0) return i;
    return -1;
}

/* Bitcoin of the same venue, when the part trades none of it and its configuration looks at it. */
static void watch_btc(keel_store *store, const catalogue *c, keel_backtest_data *d, int64_t interval_ms,
                      keel_backtest_part *part) {
    for (int32_t i = 0; i < part->traded; i++)
        if (keel_scope_is_btc(d->series[part->series[i]].name)) return;
    for (int64_t i = 0; i < c->count; i++) {
        const keel_series_info *s = &c->items[i];
        if (s->kind != KEEL_KIND_CANDLE || strcmp(s->venue, d->venue) != 0 || !keel_scope_is_btc(s->symbol)) continue;
        if (keel_scope_source_interval(store, d->venue, s->symbol, interval_ms) != s->interval_ms) continue;
        if (s->first_ts_ms > d->start_ms || s->last_ts_ms + s->interval_ms < d->end_ms) continue;
        int32_t at = series_named(d, s->symbol);
        if (at < 0) {
            at = d->count++;
            (void)snprintf(d->series[at].name, sizeof d->series[at].name, "%s", s->symbol);
            d->series[at].watch_only = 1;
        }
        part->series[part->count++] = at;
        return;
    }
}

/* The part's own symbols among the series, which are in order of name. */
static void trade_own(const keel_backtest_data *d, keel_backtest_part *part) {
    part->count = 0;
    for (int32_t i = 0; i < d->count; i++)
        for (size_t k = 0; k < part->symbols->count; k++)
            if (strcmp(part->symbols->items[k], d->series[i].name) == 0 && !d->series[i].watch_only) {
                part->series[part->count++] = i;
                break;
            }
    part->traded = part->count;
}

int64_t keel_scope_history(int64_t step_ms, int64_t start_ms, int64_t earliest_ms, int32_t warmup_bars) {
    int64_t bars = warmup_bars >= 0 ? warmup_bars : DAY_MS / step_ms + 1;
    int64_t unit = step_ms >= FINE_MS ? (int64_t)REGIME_DAYS * DAY_MS / step_ms : FINE_BARS;
    if (unit < 1) unit = 1;
    bars = bars > unit ? (bars + unit - 1) / unit * unit : unit;
    int64_t wanted = start_ms - bars * step_ms;
    return wanted > earliest_ms ? wanted : earliest_ms;
}

/* Open of the first main bar that any of the part's series has, of the traded ones, and of all. */
static void find_earliest(keel_backtest_part *part, int64_t step, keel_store *store, const keel_backtest_data *d) {
    part->earliest_ms = part->earliest_traded_ms = d->start_ms;
    for (int32_t i = 0; i < part->count; i++) {
        keel_series_info info;
        const char *name = d->series[part->series[i]].name;
        int64_t source = keel_scope_source_interval(store, d->venue, name, step);
        if (keel_store_series_find(store, KEEL_KIND_CANDLE, d->venue, name, source, &info, NULL) != 0) continue;
        int64_t first = (info.first_ts_ms + step - 1) / step * step;
        if (first < part->earliest_ms) part->earliest_ms = first;
        if (i < part->traded && first < part->earliest_traded_ms) part->earliest_traded_ms = first;
    }
}

static void scope_parts(const keel_backtest_needs *needs, keel_store *store, const catalogue *c, keel_backtest_data *d,
                        int64_t *ret_preroll_ms) {
    int64_t step = needs->run->timeframe_ms;
    *ret_preroll_ms = d->start_ms;
    for (int32_t i = 0; i < needs->part_count; i++) {
        keel_backtest_part *part = &needs->part[i];
        trade_own(d, part);
        if (part->wants_btc) watch_btc(store, c, d, step, part);
        find_earliest(part, step, store, d);
        part->preroll_ms = keel_scope_history(step, d->start_ms, part->earliest_ms, part->warmup_bars);
        if (part->preroll_ms < *ret_preroll_ms) *ret_preroll_ms = part->preroll_ms;
    }
}

int keel_scope_coverage(const keel_run_config *run, keel_store *store, char *ret_text, size_t size, keel_err *err) {
    keel_backtest_data d;
    catalogue c = {0};
    span scope = {.from_ms = INT64_MIN, .to_ms = INT64_MAX};
    memset(&d, 0, sizeof d);
    ret_text[0] = 0;
    KEEL_TRY(keel_store_series_list(store, &c.items, &c.count, err));
    int rc = choose_venue(run, &c, &d, err);
    if (rc == 0) rc = take_symbols(run, &d, err);
    if (rc == 0) rc = cover_candles(store, &c, &d, run->timeframe_ms, &scope, err);
    if (rc == 0 && run->detail_ms > 0) rc = cover_candles(store, &c, &d, run->detail_ms, &scope, err);
    if (rc == 0 && scope.from_ms < scope.to_ms) (void)text_span(scope.from_ms, scope.to_ms, ret_text, size);
    free(c.items);
    free(d.series);
    return rc;
}

/* The market of the traded symbols: one for all of them, since funding, interest and shorts hang on it. */
static int choose_market(const catalogue *c, keel_backtest_data *d, keel_err *err) {
    const char *first_by = NULL;
    (void)snprintf(d->market, sizeof d->market, "perp"); /* of nothing stored: the missing series is said elsewhere */
    for (int32_t i = 0; i < d->count; i++)
        for (int64_t k = 0; k < c->count; k++) {
            const keel_series_info *s = &c->items[k];
            if (s->kind != KEEL_KIND_CANDLE || strcmp(s->venue, d->venue) != 0 ||
                strcmp(s->symbol, d->series[i].name) != 0)
                continue;
            if (!first_by)
                (void)snprintf(d->market, sizeof d->market, "%s", s->market);
            else if (strcmp(d->market, s->market) != 0)
                return keel_err_set(err, KEEL_E_USAGE,
                                    "two markets in one run: %s %s is %s, %s is %s: run them one after the other",
                                    d->venue, first_by, d->market, s->symbol, s->market);
            first_by = d->series[i].name;
        }
    return 0;
}

int keel_scope_find(const keel_backtest_needs *needs, keel_store *store, keel_backtest_data *d, int64_t *ret_preroll_ms,
                    keel_err *err) {
    const keel_run_config *run = needs->run;
    catalogue c = {0};
    KEEL_TRY(keel_store_series_list(store, &c.items, &c.count, err));
    int rc = choose_venue(run, &c, d, err);
    if (rc == 0) rc = take_symbols(run, d, err);
    if (rc == 0) rc = choose_market(&c, d, err);
    if (rc == 0) rc = effective_range(needs, store, &c, d, err);
    if (rc == 0) scope_parts(needs, store, &c, d, ret_preroll_ms);
    free(c.items);
    return rc;
}
