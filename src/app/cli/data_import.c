/* app/cli/data_import.c: keel data import. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cli/cli.h"
#include "base/timerange.h"
#include "edge/data/import.h"

static const keel_cli_opt OPTIONS[] = {
    {"store", "DIR", "folder of the store, made when absent; default: the home's data", 0},
    {"venue", "NAME", "venue, such as binance-perp; default: from the file name", 0},
    {"symbol", "NAME", "symbol; default: from the file name", 0},
    {"interval", "5m", "interval of the candles; default: from the file name, else from the bars", 0},
    {"market", "KIND", "perp or spot; default: from the venue's name, else perp", 0},
    {"columns", "LIST",
     "of CSV: what its columns are, in its order, such as ts_ms,open,high,low,close,volume; - for "
     "one that is not used",
     0},
    {"apart", "CHAR", "of CSV: what stands between fields, ',' ';' '|' or tab, default ','", 0},
    {"time", "UNIT", "of CSV: times are ms (default), s, us, ns, or utc for dates without a zone", 0},
    {"strict", NULL, "refuse a file at its first bad row (the default)", 0},
    {"lenient", NULL, "quarantine and count bad rows instead of refusing the file", 0},
    {"quarantine-outliers", "Z", "with --lenient: also quarantine bars that jump by over Z robust sigmas", 0},
    {"now", "TIME", "refuse rows later than a day after this; default: this machine's clock", 0},
    {0}};

const keel_cli_verb keel_verb_data_import_info = {
    .noun = "data",
    .verb = "import",
    .run = keel_verb_data_import,
    .summary = "candles, mark prices and funding from CSV or Freqtrade's JSON files into a store",
    .example = "keel data import btc.csv --store data --venue binance-perp --symbol BTCUSDT --interval 5m",
    .positionals = "FILE|FOLDER...",
    .positional_min = 1,
    .positional_max = -1,
    .options = {OPTIONS},
    .notes =
        "Files are plain, gzip or Zstandard; the header tells the kind:\n"
        "  ts_ms,open,high,low,close,volume   candles (ts_ms: open time, epoch ms or ISO-8601)\n"
        "  ts_ms,open,high,low,close          mark prices\n"
        "  ts_ms,rate                         funding, a fraction per settlement\n"
        "A file named VENUE-MARKET_SYMBOL_INTERVAL_FIRST-LAST.csv needs no further options.\n"
        "Other columns are told, with or without a header in the file:\n"
        "  --columns ts_ms,open,high,low,close,volume,-,- --time s --apart ';'\n"
        "Freqtrade's BTC_USDT_USDT-1h-futures.json[.gz], ...-mark, ...-funding_rate and spot BTC_USDT-1h.json are\n"
        "read by their names; a folder (user_data/data/binance) means all such files in it. Its .feather and\n"
        "Nautilus's .parquet files become CSV by keel-convert, a Python script beside keel: docs/formats/import.md.\n"
        "A refused file leaves the store as it was; an interrupted import goes on when the command is repeated;\n"
        "importing a file twice changes nothing. A bar that differs from a stored one replaces it, and the old\n"
        "values are kept as a revision.",
    .reports = 1};

/* One run over many files. */
typedef struct run {
    keel_cli *cli;
    const char *store_folder;
    keel_store *store; /* opened when the first file has passed its checks */
    keel_import_options options;
    keel_shape shape;
    keel_json *report;
    keel_progress progress;
    int64_t files_done, told;
    keel_import total;
} run;

enum { TOLD_MAX = 20 };

static int on_progress(void *context, int64_t done, int64_t total) {
    run *r = context;
    r->progress.total = (uint64_t)total;
    keel_progress_update(&r->progress, (uint64_t)done);
    return keel_cli_interrupted();
}

static void on_refused(void *context, const char *line) {
    run *r = context;
    if (r->told++ < TOLD_MAX) keel_cli_warn(r->cli, "row refused: %s", line);
    if (r->told == TOLD_MAX) keel_cli_warn(r->cli, "further refused rows are only counted");
}

static int read_options(run *r) {
    keel_cli *cli = r->cli;
    const char *now = keel_cli_option(cli, "now");
    KEEL_TRY(keel_cli_store(cli, &r->store_folder));
    r->options.venue = keel_cli_option(cli, "venue");
    r->options.symbol = keel_cli_option(cli, "symbol");
    r->options.market = keel_cli_option(cli, "market");
    int shaped = keel_shape_read(keel_cli_option(cli, "columns"), keel_cli_option(cli, "apart"),
                                 keel_cli_option(cli, "time"), &r->shape, keel_cli_err(cli));
    if (shaped < 0) return shaped;
    r->options.shape = shaped ? &r->shape : NULL;
    r->options.lenient = keel_cli_flag(cli, "lenient");
    if (r->options.lenient && keel_cli_flag(cli, "strict"))
        return keel_cli_refuse_option(cli, "lenient", "contradicts --strict; give one of them");
    KEEL_TRY(keel_cli_option_double(cli, "quarantine-outliers", 1.0, 1e6, &r->options.outlier_score));
    if (r->options.outlier_score > 0.0 && !r->options.lenient)
        return keel_cli_refuse_option(cli, "quarantine-outliers", "works only on lenient imports; add --lenient");
    KEEL_TRY(keel_cli_option_interval(cli, "interval", &r->options.interval_ms));
    r->options.now_ms = (int64_t)time(NULL) * 1000;
    if (now) {
        r->options.now_ms = 0;
        KEEL_TRY(keel_time_parse(now, &r->options.now_ms, keel_cli_err(cli)));
    }
    r->options.progress = on_progress;
    r->options.refused = on_refused;
    r->options.context = r;
    return 0;
}

static void say_text(const run *r, const keel_import *c, const char *path) {
    char interval[KEEL_DURATION_TEXT_MAX];
    const char *slash = strrchr(path, '/');
    keel_duration_format(c->interval_ms, interval);
    if (keel_cli_json(r->cli)) return;
    (void)printf("%s: %s %s %s: %lld rows", slash ? slash + 1 : path, c->venue, c->symbol,
                 c->interval_ms ? interval : keel_kind_name(c->kind), (long long)c->rows_accepted);
    if (c->already) {
        (void)printf(", imported before, nothing to do\n");
        return;
    }
    (void)printf(", %lld new", (long long)c->counts.added);
    if (c->counts.same) (void)printf(", %lld identical", (long long)c->counts.same);
    if (c->counts.restated) (void)printf(", %lld restated (old values kept)", (long long)c->counts.restated);
    if (c->rows_refused) (void)printf(", %lld refused", (long long)c->rows_refused);
    if (c->rows_repeated) (void)printf(", %lld repeated", (long long)c->rows_repeated);
    if (c->missing_bars)
        (void)printf(", %lld missing in %lld gaps", (long long)c->missing_bars, (long long)c->gap_count);
    if (c->zero_volume) (void)printf(", %lld without volume", (long long)c->zero_volume);
    if (c->float_residue) (void)printf(", %lld with float residue mended", (long long)c->float_residue);
    if (c->resumed_line) (void)printf(", resumed after line %lld", (long long)c->resumed_line);
    (void)printf("\n");
}

static int import_one(run *r, const char *path) {
    keel_import one;
    keel_err *err = keel_cli_err(r->cli);
    const char *slash = strrchr(path, '/');
    r->told = 0;
    keel_progress_begin(r->cli, &r->progress, slash ? slash + 1 : path, 1, "bytes");
    int rc = keel_import_scan(path, &r->options, &one, err);
    if (!rc && !r->store) rc = keel_store_open(r->store_folder, KEEL_STORE_WRITE, &r->store, err);
    if (!rc) rc = keel_import_write(r->store, path, &r->options, &one, err);
    keel_progress_end(&r->progress, r->progress.total);
    if (rc) return rc;
    r->files_done++;
    r->total.rows_accepted += one.rows_accepted;
    if (one.already) {
        r->total.counts.same += one.rows_accepted;
    } else {
        r->total.counts.added += one.counts.added;
        r->total.counts.same += one.counts.same;
        r->total.counts.restated += one.counts.restated;
    }
    r->total.rows_refused += one.rows_refused;
    r->total.float_residue += one.float_residue;
    say_text(r, &one, path);
    keel_json_object(r->report);
    keel_import_report(&one, path, r->report);
    keel_json_close(r->report);
    return 0;
}

/* A file, or all files of a folder. */
static int import_word(run *r, const char *word) {
    keel_list files;
    int64_t skipped, arrow;
    KEEL_TRY(keel_import_files(word, &files, &skipped, &arrow, keel_cli_err(r->cli)));
    if (skipped > arrow)
        keel_cli_warn(r->cli, "%s: %lld files left out, neither CSV nor candles, mark prices or funding of Freqtrade",
                      word, (long long)(skipped - arrow));
    if (arrow)
        keel_cli_warn(r->cli,
                      "%s: %lld Feather or Parquet files left out: keel-convert --into csv %s makes CSV of them, then "
                      "keel data import csv",
                      word, (long long)arrow, word);
    int rc = 0;
    for (size_t i = 0; i < files.count && !rc; i++)
        rc = import_one(r, files.items[i]);
    keel_list_done(&files);
    return rc;
}

static void report_begin(run *r) {
    keel_json_object(r->report);
    keel_json_kstring(r->report, "schema", "keel.data_import");
    keel_json_kint(r->report, "schema_version", 1);
    keel_json_kstring(r->report, "store", r->store_folder);
    keel_json_key(r->report, "files");
    keel_json_array(r->report);
}

static int report_end(run *r) {
    uint8_t sha256[32];
    char text[65];
    KEEL_TRY(keel_store_hash(r->store, sha256, keel_cli_err(r->cli)));
    for (int i = 0; i < 32; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", sha256[i]);
    keel_json_close(r->report);
    keel_json_kint(r->report, "rows_accepted", r->total.rows_accepted);
    keel_json_kint(r->report, "rows_added", r->total.counts.added);
    keel_json_kint(r->report, "rows_identical", r->total.counts.same);
    keel_json_kint(r->report, "rows_restated", r->total.counts.restated);
    keel_json_kint(r->report, "rows_refused", r->total.rows_refused);
    keel_json_kint(r->report, "float_residue", r->total.float_residue);
    keel_json_kstring(r->report, "dataset_hash", text);
    keel_json_close(r->report);
    if (keel_cli_json(r->cli)) return keel_cli_print_json(r->cli, r->report);
    if (r->files_done > 1)
        (void)printf("%lld files: %lld rows, %lld new, %lld identical, %lld restated, %lld refused\n",
                     (long long)r->files_done, (long long)r->total.rows_accepted, (long long)r->total.counts.added,
                     (long long)r->total.counts.same, (long long)r->total.counts.restated,
                     (long long)r->total.rows_refused);
    (void)printf("dataset hash %s\n", text);
    return 0;
}

int keel_verb_data_import(keel_cli *cli) {
    run r = {.cli = cli};
    KEEL_TRY(read_options(&r));
    r.report = keel_json_new(2);
    if (!r.report) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: import: close other programs");
    report_begin(&r);
    int rc = 0;
    for (size_t i = 0; i < keel_cli_positional_count(cli) && !rc; i++)
        rc = import_word(&r, keel_cli_positional(cli, i));
    if (!rc) rc = report_end(&r);
    keel_store_close(r.store);
    keel_json_free(r.report);
    return rc;
}
