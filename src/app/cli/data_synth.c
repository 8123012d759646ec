/* app/cli/data_synth.c: keel data synth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "base/timerange.h"
#include "edge/data/import.h"
#include "edge/data/resample.h"
#include "edge/data/store_write.h"
#include "edge/data/synth.h"

static const keel_cli_opt OPTIONS[] = {
    {"store", "DIR", "folder of the store, made when absent; default: the home's data", 0},
    {"symbols", "A,B", "symbols to make; default BTCUSDT,ETHUSDT,SOLUSDT", 0},
    {"venue", "NAME", "venue name to store under; default synth-perp", 0},
    {"interval", "5m", "interval of the bars, 1m to 1d; default 5m", 0},
    {"bars", "N", "number of bars per symbol", 0},
    {"days", "N", "length in days instead of --bars; default 365", 0},
    {"start", "TIME", "open of the first bar; default 2023-01-01", 0},
    {"seed", "N", "same seed, same bytes, on every machine; default 1", 0},
    {"also", "1h,4h", "further intervals, resampled from the first", 0},
    {0}};

const keel_cli_verb keel_verb_data_synth_info = {
    .noun = "data",
    .verb = "synth",
    .run = keel_verb_data_synth,
    .summary = "a synthetic market from a seed: regimes, jumps, clustering, funding",
    .example = "keel data synth --store data --symbols BTCUSDT,ETHUSDT --interval 5m --days 90 --also 1h --seed 7",
    .options = {OPTIONS},
    .notes =
        "Regime-switching drift and volatility, GARCH clustering, jumps, correlated symbols, volume that grows\n"
        "with movement, funding every 8 h tied to the premium. Nothing in it predicts a real market.",
    .reports = 1};

enum { ALSO_MAX = 8, ORIGIN_MAX = 160 };

typedef struct run {
    keel_cli *cli;
    keel_store *store;
    keel_synth_options options;
    const char *venue, *market;
    keel_list symbols;
    int64_t also_ms[ALSO_MAX];
    size_t also_count;
    char origin[ORIGIN_MAX];
    keel_json *report;
} run;

static int read_also(run *r) {
    keel_list also;
    KEEL_TRY(keel_cli_option_list(r->cli, "also", &also));
    int rc = 0;
    for (size_t i = 0; i < also.count && !rc; i++) {
        int64_t ms = 0;
        if (i == ALSO_MAX || keel_duration_parse(also.items[i], &ms) != 0 || ms <= r->options.interval_ms ||
            ms % r->options.interval_ms)
            rc =
                keel_cli_refuse_option(r->cli, "also", "must be multiples of --interval, such as 1h,4h, at most eight");
        else
            r->also_ms[r->also_count++] = ms;
    }
    keel_list_done(&also);
    return rc;
}

static int read_length(run *r) {
    const int64_t day_ms = 86400000;
    int64_t days = 365;
    if (keel_cli_flag(r->cli, "days") && keel_cli_flag(r->cli, "bars"))
        return keel_cli_refuse_option(r->cli, "days", "contradicts --bars; give one of them");
    KEEL_TRY(keel_cli_option_int(r->cli, "days", 1, 20000, &days));
    r->options.bars = days * (day_ms / r->options.interval_ms);
    return keel_cli_option_int(r->cli, "bars", 1, 100000000, &r->options.bars);
}

static int read_options(run *r) {
    keel_cli *cli = r->cli;
    int64_t seed = 1;
    const char *start = keel_cli_option(cli, "start"), *told;
    char interval[KEEL_DURATION_TEXT_MAX], time[KEEL_TIME_TEXT_MAX];
    r->options.interval_ms = 300000;
    r->options.start_ms = INT64_C(1672531200000);
    r->venue = keel_cli_option(cli, "venue") ? keel_cli_option(cli, "venue") : "synth-perp";
    told = keel_market_of_venue(r->venue);
    r->market = told ? told : "perp";
    KEEL_TRY(keel_cli_option_interval(cli, "interval", &r->options.interval_ms));
    KEEL_TRY(keel_cli_option_int(cli, "seed", 0, INT64_MAX, &seed));
    r->options.seed = (uint64_t)seed;
    if (start) KEEL_TRY(keel_time_parse(start, &r->options.start_ms, keel_cli_err(cli)));
    KEEL_TRY(read_length(r));
    KEEL_TRY(read_also(r));
    KEEL_TRY(keel_cli_option_list(cli, "symbols", &r->symbols));
    if (!r->symbols.count && keel_list_parse("BTCUSDT,ETHUSDT,SOLUSDT", &r->symbols) != 0)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: synth: close other programs");
    keel_duration_format(r->options.interval_ms, interval);
    /* Without the length: a longer market from the same seed continues the same path. */
    (void)snprintf(r->origin, sizeof r->origin, "synth seed %lld start %s interval %s", (long long)seed,
                   keel_time_format(r->options.start_ms, time), interval);
    return 0;
}

static void report_series(run *r, const char *symbol, const char *kind, int64_t interval_ms, int64_t rows,
                          const keel_merge_counts *counts) {
    char interval[KEEL_DURATION_TEXT_MAX];
    keel_duration_format(interval_ms, interval);
    keel_json_object(r->report);
    keel_json_kstring(r->report, "kind", kind);
    keel_json_kstring(r->report, "venue", r->venue);
    keel_json_kstring(r->report, "symbol", symbol);
    keel_json_kstring(r->report, "interval", interval_ms ? interval : NULL);
    keel_json_kint(r->report, "rows", rows);
    keel_json_kint(r->report, "rows_added", counts->added);
    keel_json_close(r->report);
    if (!keel_cli_json(r->cli))
        (void)printf("%s %s %s: %lld rows, %lld new\n", r->venue, symbol, interval_ms ? interval : kind,
                     (long long)rows, (long long)counts->added);
}

static int store_candles(run *r, const char *symbol, const keel_candles *c) {
    keel_merge_counts counts = {0, 0, 0};
    KEEL_TRY(
        keel_store_put_candles(r->store, r->venue, r->market, symbol, r->origin, c, &counts, keel_cli_err(r->cli)));
    report_series(r, symbol, "candle", c->interval_ms, c->count, &counts);
    return 0;
}

static int store_symbol(run *r, const char *symbol, const keel_candles *c, const keel_fundings *f) {
    keel_merge_counts counts = {0, 0, 0};
    keel_err *err = keel_cli_err(r->cli);
    KEEL_TRY(store_candles(r, symbol, c));
    for (size_t i = 0; i < r->also_count; i++) {
        keel_resampled coarse;
        KEEL_TRY(keel_candles_resample(c, r->also_ms[i], 0, &coarse, err));
        int rc = store_candles(r, symbol, &coarse.candles);
        keel_candles_done(&coarse.candles);
        if (rc) return rc;
    }
    if (strcmp(r->market, "perp") != 0) return 0;
    KEEL_TRY(keel_store_put_fundings(r->store, r->venue, symbol, r->origin, f, &counts, err));
    report_series(r, symbol, "funding", 0, f->count, &counts);
    return 0;
}

static int make_all(run *r) {
    for (size_t i = 0; i < r->symbols.count; i++) {
        keel_candles c;
        keel_fundings f;
        if (keel_cli_interrupted())
            return keel_err_set(keel_cli_err(r->cli), KEEL_E_INTERRUPTED,
                                "interrupted: synth: the same command goes on");
        KEEL_TRY(keel_synth_make(&r->options, r->symbols.items[i], &c, &f, keel_cli_err(r->cli)));
        int rc = store_symbol(r, r->symbols.items[i], &c, &f);
        keel_candles_done(&c);
        keel_fundings_done(&f);
        if (rc) return rc;
    }
    return 0;
}

static int report_end(run *r) {
    uint8_t sha256[32];
    char text[65];
    KEEL_TRY(keel_store_hash(r->store, sha256, keel_cli_err(r->cli)));
    for (int i = 0; i < 32; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", sha256[i]);
    keel_json_close(r->report);
    keel_json_kstring(r->report, "dataset_hash", text);
    keel_json_close(r->report);
    if (keel_cli_json(r->cli)) return keel_cli_print_json(r->cli, r->report);
    (void)printf("dataset hash %s\n", text);
    return 0;
}

static int run_all(run *r) {
    const char *folder;
    KEEL_TRY(read_options(r));
    r->report = keel_json_new(2);
    if (!r->report)
        return keel_err_set(keel_cli_err(r->cli), KEEL_E_NOMEM, "out of memory: synth: close other programs");
    keel_json_object(r->report);
    keel_json_kstring(r->report, "schema", "keel.data_synth");
    keel_json_kint(r->report, "schema_version", 1);
    keel_json_kstring(r->report, "origin", r->origin);
    keel_json_key(r->report, "series");
    keel_json_array(r->report);
    KEEL_TRY(keel_cli_store(r->cli, &folder));
    KEEL_TRY(keel_store_open(folder, KEEL_STORE_WRITE, &r->store, keel_cli_err(r->cli)));
    KEEL_TRY(make_all(r));
    return report_end(r);
}

int keel_verb_data_synth(keel_cli *cli) {
    run r = {.cli = cli};
    int rc = run_all(&r);
    keel_list_done(&r.symbols);
    keel_json_free(r.report);
    keel_store_close(r.store);
    return rc;
}
