/* app/cli/paper_source.c: see paper_source.h. */
#include "app/cli/paper_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timerange.h"
#include "edge/data/import.h"
#include "edge/data/resample.h"
#include "edge/data/store_write.h"
#include "edge/data/synth.h"
#include "port/fs_real.h"

static const char SYNTH[] = "synth:";
static const int64_t DAY_MS = 86400000;
enum { DAYS = 90, BEFORE_DAYS = 60 };

/* ---- files ------------------------------------------------------------------------------------------------------ */

static int import_files(keel_cli *cli, keel_store *store) {
    keel_list files;
    keel_import_options options = {.venue = keel_cli_option(cli, "venue")};
    keel_import one;
    KEEL_TRY(keel_cli_option_list(cli, "feed", &files));
    int rc = 0;
    for (size_t i = 0; i < files.count && rc == 0; i++) {
        rc = keel_import_scan(files.items[i], &options, &one, keel_cli_err(cli));
        if (rc == 0) rc = keel_import_write(store, files.items[i], &options, &one, keel_cli_err(cli));
    }
    keel_list_done(&files);
    return rc;
}

/* ---- a seed ------------------------------------------------------------------------------------------------------ */

typedef struct synth {
    keel_store *store;
    keel_synth_options options;
    const char *venue, *market;
    int64_t main_ms; /* coarser bars are made of the finer ones; 0: none */
    char origin[160];
    keel_err *err;
} synth;

static int put_candles(synth *s, const char *symbol, const keel_candles *c) {
    keel_merge_counts counts = {0, 0, 0};
    return keel_store_put_candles(s->store, s->venue, s->market, symbol, s->origin, c, &counts, s->err);
}

static int put_symbol(synth *s, const char *symbol, const keel_candles *c, const keel_fundings *f) {
    keel_merge_counts counts = {0, 0, 0};
    KEEL_TRY(put_candles(s, symbol, c));
    if (s->main_ms) {
        keel_resampled coarse;
        KEEL_TRY(keel_candles_resample(c, s->main_ms, 0, &coarse, s->err));
        int rc = put_candles(s, symbol, &coarse.candles);
        keel_candles_done(&coarse.candles);
        if (rc) return rc;
    }
    if (strcmp(s->market, "perp") != 0) return 0;
    return keel_store_put_fundings(s->store, s->venue, symbol, s->origin, f, &counts, s->err);
}

static int put_symbols(synth *s, const keel_list *symbols) {
    for (size_t i = 0; i < symbols->count; i++) {
        keel_candles c;
        keel_fundings f;
        KEEL_TRY(keel_synth_make(&s->options, symbols->items[i], &c, &f, s->err));
        int rc = put_symbol(s, symbols->items[i], &c, &f);
        keel_candles_done(&c);
        keel_fundings_done(&f);
        if (rc) return rc;
    }
    return 0;
}

/* The range asked for, with history before it to warm up; without one a quarter of a year. */
static int choose_range(keel_cli *cli, synth *s) {
    const char *text = keel_cli_option(cli, "timerange");
    keel_timerange range = {INT64_C(1672531200000), INT64_C(1672531200000) + DAYS * DAY_MS};
    if (text) {
        KEEL_TRY(keel_timerange_parse(text, &range, keel_cli_err(cli)));
        if (range.start_ms == INT64_MIN || range.end_ms == INT64_MAX)
            return keel_cli_refuse_option(cli, "timerange", "needs both ends with --feed synth:SEED");
        range.start_ms -= BEFORE_DAYS * DAY_MS;
    }
    s->options.start_ms = range.start_ms - range.start_ms % DAY_MS;
    s->options.bars = (range.end_ms - s->options.start_ms + s->options.interval_ms - 1) / s->options.interval_ms;
    return 0;
}

static int read_seed(keel_cli *cli, const char *text, uint64_t *ret) {
    char *end = NULL;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != 0)
        return keel_cli_refuse_option(cli, "feed", "has no such seed: synth:SEED is a whole number");
    *ret = strtoull(text, &end, 10);
    return 0;
}

static int make_market(keel_cli *cli, keel_store *store, const char *seed) {
    synth s = {.store = store, .err = keel_cli_err(cli), .venue = keel_cli_option(cli, "venue")};
    keel_list symbols;
    char interval[KEEL_DURATION_TEXT_MAX], time[KEEL_TIME_TEXT_MAX];
    int64_t main_ms = 0;
    if (!s.venue) s.venue = "synth-perp";
    const char *told = keel_market_of_venue(s.venue);
    s.market = told ? told : "perp";
    KEEL_TRY(read_seed(cli, seed, &s.options.seed));
    KEEL_TRY(keel_cli_option_interval(cli, "timeframe", &main_ms));
    if (!main_ms || !keel_cli_option(cli, "symbols"))
        return keel_cli_refuse_option(cli, "feed", "from a seed needs --symbols and --timeframe as flags");
    s.options.interval_ms = main_ms;
    KEEL_TRY(keel_cli_option_interval(cli, "detail", &s.options.interval_ms));
    if (s.options.interval_ms != main_ms) s.main_ms = main_ms;
    KEEL_TRY(choose_range(cli, &s));
    keel_duration_format(s.options.interval_ms, interval);
    (void)snprintf(s.origin, sizeof s.origin, "synth seed %s start %s interval %s", seed,
                   keel_time_format(s.options.start_ms, time), interval);
    KEEL_TRY(keel_cli_option_list(cli, "symbols", &symbols));
    int rc = put_symbols(&s, &symbols);
    keel_list_done(&symbols);
    return rc;
}

static int fill(keel_cli *cli, const char *feed, const char *room) {
    keel_store *store = NULL;
    KEEL_TRY(keel_store_open(room, KEEL_STORE_WRITE, &store, keel_cli_err(cli)));
    int from_seed = strncmp(feed, SYNTH, sizeof SYNTH - 1) == 0;
    int rc = from_seed ? make_market(cli, store, feed + sizeof SYNTH - 1) : import_files(cli, store);
    keel_store_close(store);
    return rc;
}

int keel_paper_source_open(keel_cli *cli, const char *run_folder, char room[KEEL_PAPER_SOURCE_PATH],
                           keel_paper_feed_lock *lock) {
    const char *feed = keel_cli_option(cli, "feed");
    room[0] = 0;
    memset(lock, 0, sizeof *lock);
    lock->file = -1;
    if (!feed) return 0;
    if (keel_cli_option(cli, "store"))
        return keel_cli_refuse_option(cli, "feed", "stands in for --store: give one of them");
    if (!run_folder) return keel_cli_refuse_option(cli, "feed", "is kept in the run's folder: add --run DIR");
    if ((size_t)snprintf(room, KEEL_PAPER_SOURCE_PATH, "%s/feed", run_folder) >= KEEL_PAPER_SOURCE_PATH)
        return keel_cli_refuse_option(cli, "run", "is too long a path: choose another");
    KEEL_TRY(keel_paper_feed_describe(cli, &lock->said));
    KEEL_TRY(keel_paper_feed_take(run_folder, lock, keel_cli_err(cli)));
    if (lock->is_whole) return 0;
    int rc = fill(cli, feed, room);
    if (rc == 0) return keel_paper_feed_whole(lock, keel_cli_err(cli));
    if (rc == KEEL_E_USAGE && strncmp(feed, SYNTH, sizeof SYNTH - 1) == 0) keel_paper_feed_forget(lock);
    return rc; /* of a seed's flags: nothing was stored yet */
}

void keel_paper_source_close(keel_paper_feed_lock *lock) {
    const keel_fs *fs = keel_fs_real();
    if (lock->file >= 0) fs->close(fs->ctx, lock->file);
    keel_strbuf_done(&lock->said);
    lock->file = -1;
}
