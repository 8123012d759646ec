/* app/cli/data_export.c: keel data export. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "base/decimal.h"
#include "base/real.h"
#include "base/timerange.h"
#include "edge/data/resample.h"
#include "edge/data/store.h"

static const keel_cli_opt OPTIONS[] = {{"store", "DIR", "folder of the store; default: the home's data", 0},
                                       {"venue", "NAME", "venue", KEEL_CLI_REQUIRED},
                                       {"symbol", "NAME", "symbol", KEEL_CLI_REQUIRED},
                                       {"interval", "5m", "interval of the candles; needed unless --funding", 0},
                                       {"funding", NULL, "funding rates instead of candles", 0},
                                       {"mark", NULL, "mark-price candles instead of traded ones", 0},
                                       {"resample", "1h", "write coarser candles, complete ones only", 0},
                                       {"timerange", "RANGE", "only rows in this range", 0},
                                       {"output", "FILE", "write to this file; default: stdout", 0},
                                       {0}};

const keel_cli_verb keel_verb_data_export_info = {
    .noun = "data",
    .verb = "export",
    .run = keel_verb_data_export,
    .summary = "one series as canonical CSV, such as import reads",
    .example = "keel data export --store data --venue synth-perp --symbol BTCUSDT --interval 5m --output btc.csv",
    .options = {OPTIONS}};

static void put_e8(FILE *file, int64_t value_e8) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)keel_decimal_format(value_e8, 8, 0, text);
    (void)fputc(',', file);
    (void)fputs(text, file);
}

static void write_candles(FILE *file, const keel_candles *c, int with_volume) {
    char text[KEEL_REAL_TEXT_MAX];
    (void)fputs(with_volume ? "ts_ms,open,high,low,close,volume\n" : "ts_ms,open,high,low,close\n", file);
    for (int64_t i = 0; i < c->count; i++) {
        (void)fprintf(file, "%" PRId64, c->ts_ms[i]);
        put_e8(file, c->open_e8[i]);
        put_e8(file, c->high_e8[i]);
        put_e8(file, c->low_e8[i]);
        put_e8(file, c->close_e8[i]);
        if (with_volume) (void)fprintf(file, ",%s", keel_real_format(c->volume[i], text));
        (void)fputc('\n', file);
    }
}

static void write_fundings(FILE *file, const keel_fundings *f) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    (void)fputs("ts_ms,rate\n", file);
    for (int64_t i = 0; i < f->count; i++) {
        (void)keel_decimal_format(f->rate_e16[i], 16, 0, text);
        (void)fprintf(file, "%" PRId64 ",%s\n", f->ts_ms[i], text);
    }
}

static int resample(keel_cli *cli, keel_candles *c, int64_t to_ms) {
    keel_resampled out;
    KEEL_TRY(keel_candles_resample(c, to_ms, 0, &out, keel_cli_err(cli)));
    keel_candles_done(c);
    *c = out.candles;
    if (out.dropped) keel_cli_warn(cli, "%lld incomplete bars left out", (long long)out.dropped);
    return 0;
}

static int export_candles(keel_cli *cli, keel_store *store, const keel_timerange *range, FILE *file) {
    int64_t interval_ms = 0, to_ms = 0;
    int mark = keel_cli_flag(cli, "mark");
    keel_candles c;
    KEEL_TRY(keel_cli_option_interval(cli, "interval", &interval_ms));
    KEEL_TRY(keel_cli_option_interval(cli, "resample", &to_ms));
    if (!interval_ms) return keel_cli_refuse_option(cli, "interval", "is needed for candles");
    KEEL_TRY((mark ? keel_store_load_marks : keel_store_load_candles)(
        store, keel_cli_option(cli, "venue"), keel_cli_option(cli, "symbol"), interval_ms, range->start_ms,
        range->end_ms, &c, keel_cli_err(cli)));
    int rc = to_ms ? resample(cli, &c, to_ms) : 0;
    if (!rc) write_candles(file, &c, !mark);
    keel_candles_done(&c);
    return rc;
}

static int export_fundings(keel_cli *cli, keel_store *store, const keel_timerange *range, FILE *file) {
    keel_fundings f;
    KEEL_TRY(keel_store_load_funding(store, keel_cli_option(cli, "venue"), keel_cli_option(cli, "symbol"),
                                     range->start_ms, range->end_ms, &f, keel_cli_err(cli)));
    write_fundings(file, &f);
    keel_fundings_done(&f);
    return 0;
}

static int finish(keel_cli *cli, FILE *file, const char *path, int rc) {
    int failed = fflush(file) != 0 || ferror(file);
    if (path) failed |= fclose(file) != 0;
    if (rc && path) (void)remove(path); /* no half-written export stays behind */
    if (rc || !failed) return rc;
    return keel_err_set(keel_cli_err(cli), KEEL_E_IO, "cannot write: %s: %s: free some space, or send it elsewhere",
                        path ? path : "stdout", strerror(errno));
}

int keel_verb_data_export(keel_cli *cli) {
    keel_timerange range = {INT64_MIN, INT64_MAX};
    const char *path = keel_cli_option(cli, "output"), *text = keel_cli_option(cli, "timerange"), *folder;
    keel_store *store;
    keel_err *err = keel_cli_err(cli);
    if (text) KEEL_TRY(keel_timerange_parse(text, &range, err));
    KEEL_TRY(keel_cli_store(cli, &folder));
    KEEL_TRY(keel_store_open(folder, KEEL_STORE_READ, &store, err));
    FILE *file = path ? fopen(path, "w") : stdout;
    int rc = file ? 0 : keel_err_set(err, KEEL_E_IO, "cannot write: %s: %s: check the folder", path, strerror(errno));
    if (!rc) {
        rc = (keel_cli_flag(cli, "funding") ? export_fundings : export_candles)(cli, store, &range, file);
        rc = finish(cli, file, path, rc);
    }
    keel_store_close(store);
    return rc;
}
