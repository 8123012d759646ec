/* app/cli/data_resample.c: keel data resample. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "edge/data/resample.h"
#include "edge/data/store_write.h"

static const keel_cli_opt OPTIONS[] = {
    {"store", "DIR", "folder of the store; default: the home's data", 0},
    {"venue", "NAME", "venue of the finer candles", KEEL_CLI_REQUIRED},
    {"symbol", "A,B", "symbols; default: every symbol of the venue with that interval", 0},
    {"from", "5m", "interval of the finer candles", KEEL_CLI_REQUIRED},
    {"to", "1h", "interval of the coarser candles, a multiple", KEEL_CLI_REQUIRED},
    {"as", "NAME", "venue to store the result under; default: the same", 0},
    {"partial", NULL, "also keep coarse bars that lack a finer one", 0},
    {0}};

const keel_cli_verb keel_verb_data_resample_info = {
    .noun = "data",
    .verb = "resample",
    .run = keel_verb_data_resample,
    .summary = "coarser candles from finer ones, stored as their own series",
    .example = "keel data resample --store data --venue synth-perp --symbol BTCUSDT --from 5m --to 4h",
    .options = {OPTIONS},
    .notes =
        "Open of the first, highest high, lowest low, close of the last, volume added in time order. A coarse\n"
        "bar is kept when every finer bar inside it is present; --partial keeps the others too. Recorded candles\n"
        "are never replaced: where the result's series was imported, choose another name with --as.",
    .reports = 1};

typedef struct run {
    keel_cli *cli;
    keel_store *store;
    keel_list symbols;
    int64_t from_ms, to_ms, series;
    keel_json *report;
} run;

static int wanted(const run *r, const keel_series_info *s) {
    int listed = r->symbols.count == 0;
    for (size_t i = 0; i < r->symbols.count; i++)
        listed |= strcmp(r->symbols.items[i], s->symbol) == 0;
    return listed && s->kind == KEEL_KIND_CANDLE && s->interval_ms == r->from_ms &&
           strcmp(s->venue, keel_cli_option(r->cli, "venue")) == 0;
}

static void report(run *r, const keel_series_info *s, const keel_resampled *out, const keel_merge_counts *counts) {
    r->series++;
    keel_json_object(r->report);
    keel_json_kstring(r->report, "symbol", s->symbol);
    keel_json_kint(r->report, "rows_from", s->rows);
    keel_json_kint(r->report, "rows", out->candles.count);
    keel_json_kint(r->report, "rows_added", counts->added);
    keel_json_kint(r->report, "rows_restated", counts->restated);
    keel_json_kint(r->report, "incomplete_dropped", out->dropped);
    keel_json_kint(r->report, "incomplete_kept", out->partial);
    keel_json_close(r->report);
    if (!keel_cli_json(r->cli))
        (void)printf("%s %s: %lld bars from %lld, %lld new, %lld incomplete %s\n", s->venue, s->symbol,
                     (long long)out->candles.count, (long long)s->rows, (long long)counts->added,
                     (long long)(out->dropped + out->partial), out->partial ? "kept" : "left out");
}

static int resample_one(run *r, const keel_series_info *s) {
    keel_candles fine;
    keel_resampled out;
    keel_merge_counts counts = {0, 0, 0};
    char origin[64], interval[KEEL_DURATION_TEXT_MAX];
    const char *as = keel_cli_option(r->cli, "as");
    keel_err *err = keel_cli_err(r->cli);
    int partial = keel_cli_flag(r->cli, "partial");
    KEEL_TRY(keel_store_load_candles(r->store, s->venue, s->symbol, s->interval_ms, INT64_MIN, INT64_MAX, &fine, err));
    int rc = keel_candles_resample(&fine, r->to_ms, partial, &out, err);
    keel_candles_done(&fine);
    if (rc) return rc;
    keel_duration_format(s->interval_ms, interval);
    (void)snprintf(origin, sizeof origin, "resample %s%s", interval, partial ? " partial" : "");
    if (out.candles.count)
        rc = keel_store_put_candles(r->store, as ? as : s->venue, s->market, s->symbol, origin, &out.candles, &counts,
                                    err);
    if (!rc) report(r, s, &out, &counts);
    keel_candles_done(&out.candles);
    return rc;
}

static int run_all(run *r) {
    keel_series_info *list = NULL;
    int64_t count = 0;
    int rc = 0;
    KEEL_TRY(keel_store_series_list(r->store, &list, &count, keel_cli_err(r->cli)));
    for (int64_t i = 0; i < count && !rc; i++)
        if (wanted(r, &list[i])) rc = resample_one(r, &list[i]);
    free(list);
    if (rc) return rc;
    keel_json_close(r->report);
    keel_json_close(r->report);
    if (!r->series)
        return keel_err_set(keel_cli_err(r->cli), KEEL_E_NOT_FOUND,
                            "nothing to resample: %s: no such candles in the "
                            "store; see keel data list",
                            keel_cli_option(r->cli, "venue"));
    return keel_cli_json(r->cli) ? keel_cli_print_json(r->cli, r->report) : 0;
}

int keel_verb_data_resample(keel_cli *cli) {
    run r = {.cli = cli};
    const char *folder = NULL;
    keel_err *err = keel_cli_err(cli);
    int rc = keel_cli_option_interval(cli, "from", &r.from_ms);
    if (!rc) rc = keel_cli_option_interval(cli, "to", &r.to_ms);
    if (!rc) rc = keel_cli_option_list(cli, "symbol", &r.symbols);
    /* A store must exist to be resampled, so that a mistyped folder does not become an empty store. */
    if (!rc) rc = keel_cli_store(cli, &folder);
    if (!rc) rc = keel_store_open(folder, KEEL_STORE_READ, &r.store, err);
    if (!rc) {
        keel_store_close(r.store);
        r.store = NULL;
        rc = keel_store_open(folder, KEEL_STORE_WRITE, &r.store, err);
    }
    if (!rc) {
        r.report = keel_json_new(2);
        if (!r.report) rc = keel_err_set(err, KEEL_E_NOMEM, "out of memory: resample: close other programs");
    }
    if (!rc) {
        keel_json_object(r.report);
        keel_json_kstring(r.report, "schema", "keel.data_resample");
        keel_json_kint(r.report, "schema_version", 1);
        keel_json_kint(r.report, "from_ms", r.from_ms);
        keel_json_kint(r.report, "to_ms", r.to_ms);
        keel_json_key(r.report, "series");
        keel_json_array(r.report);
        rc = run_all(&r);
    }
    keel_list_done(&r.symbols);
    keel_json_free(r.report);
    keel_store_close(r.store);
    return rc;
}
