/* app/cli/data_check.c: keel data check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "base/build.h"
#include "base/file.h"
#include "base/timerange.h"
#include "edge/data/check.h"
#include "edge/data/store.h"

static const keel_cli_opt OPTIONS[] = {
    {"store", "DIR", "folder of the store; default: the home's data", 0},
    {"venue", "NAME", "only this venue", 0},
    {"symbol", "A,B", "only these symbols", 0},
    {"interval", "5m", "only candles of this interval", 0},
    {"timerange", "RANGE", "judge this range; default: from the first to the last row", 0},
    {"strict", NULL, "warnings fail too (exit code 1)", 0},
    {"max-gap-bars", "N", "longest hole that only warns, bars; default 3", 0},
    {"max-missing-pct", "X", "share of missing bars that fails above, %; default 0.5", 0},
    {"max-move-pct", "X", "close-to-close move that fails above, %; default 50", 0},
    {"allow-moves", NULL, "moves beyond --max-move-pct only warn", 0},
    {"outlier-sigma", "X", "log returns beyond this many robust sigmas warn; default 10", 0},
    {"manifest", "FILE", "also write the report to this file, as the manifest of the data set", 0},
    {"now", "TIME", "also judge how old the newest row is", 0},
    {"max-age-intervals", "N", "with --now: age that fails above, intervals; default 2", 0},
    {0}};

const keel_cli_verb keel_verb_data_check_info = {
    .noun = "data",
    .verb = "check",
    .run = keel_verb_data_check,
    .summary = "are the stored series fit to be traded on",
    .example = "keel data check --store data --symbol BTCUSDT --interval 5m --json",
    .options = {OPTIONS},
    .notes =
        "Per series OK, WARN or FAIL, with every finding and its time. Exit code 0 for OK and WARN, 1 for WARN\n"
        "with --strict, 3 for FAIL. Bars without volume are counted and are no finding.",
    .reports = 1};

typedef struct run {
    keel_cli *cli;
    const char *store_folder;
    keel_store *store;
    keel_check_options options;
    keel_timerange range;
    keel_list symbols;
    int64_t interval_ms;
    int64_t count[3]; /* series per status */
    char worst[200];  /* series and finding of the first failure */
    keel_json *report;
} run;

static int read_options(run *r) {
    keel_cli *cli = r->cli;
    double missing_pct = 0.5, move_pct = 50.0;
    const char *range = keel_cli_option(cli, "timerange"), *now = keel_cli_option(cli, "now");
    keel_check_options_init(&r->options);
    KEEL_TRY(keel_cli_option_interval(cli, "interval", &r->interval_ms));
    KEEL_TRY(keel_cli_option_list(cli, "symbol", &r->symbols));
    KEEL_TRY(keel_cli_option_int(cli, "max-gap-bars", 0, 1000000, &r->options.max_gap_bars));
    KEEL_TRY(keel_cli_option_double(cli, "max-missing-pct", 0.0, 100.0, &missing_pct));
    KEEL_TRY(keel_cli_option_double(cli, "max-move-pct", 0.0, 1e9, &move_pct));
    KEEL_TRY(keel_cli_option_double(cli, "outlier-sigma", 1.0, 1e9, &r->options.outlier_sigma));
    KEEL_TRY(keel_cli_option_int(cli, "max-age-intervals", 0, 1000000, &r->options.max_age_intervals));
    if (now) KEEL_TRY(keel_time_parse(now, &r->options.now_ms, keel_cli_err(cli)));
    if (range) KEEL_TRY(keel_timerange_parse(range, &r->range, keel_cli_err(cli)));
    r->options.max_missing_share = missing_pct / 100.0;
    r->options.max_move = move_pct / 100.0;
    r->options.allow_moves = keel_cli_flag(cli, "allow-moves");
    return 0;
}

static int wanted(const run *r, const keel_series_info *s) {
    const char *venue = keel_cli_option(r->cli, "venue");
    int listed = r->symbols.count == 0;
    for (size_t i = 0; i < r->symbols.count; i++)
        listed |= strcmp(r->symbols.items[i], s->symbol) == 0;
    return listed && (!venue || strcmp(venue, s->venue) == 0) && (!r->interval_ms || r->interval_ms == s->interval_ms);
}

static int check_one(run *r, const keel_series_info *s, keel_check *ret) {
    keel_err *err = keel_cli_err(r->cli);
    if (s->kind == KEEL_KIND_FUNDING) {
        keel_fundings f;
        KEEL_TRY(keel_store_load_funding(r->store, s->venue, s->symbol, r->range.start_ms, r->range.end_ms, &f, err));
        int rc = keel_check_fundings(&f, r->range.start_ms, r->range.end_ms, &r->options, ret, err);
        keel_fundings_done(&f);
        return rc;
    }
    keel_candles c;
    KEEL_TRY((s->kind == KEEL_KIND_CANDLE ? keel_store_load_candles : keel_store_load_marks)(
        r->store, s->venue, s->symbol, s->interval_ms, r->range.start_ms, r->range.end_ms, &c, err));
    int rc = keel_check_candles(&c, r->range.start_ms, r->range.end_ms, &r->options, ret, err);
    if (s->kind == KEEL_KIND_MARK) ret->zero_volume = 0; /* mark prices have no volume at all */
    keel_candles_done(&c);
    return rc;
}

static void finding_to_json(const keel_finding *f, keel_json *j) {
    char time[KEEL_TIME_TEXT_MAX];
    keel_json_object(j);
    keel_json_kstring(j, "finding", keel_finding_key(f->kind));
    keel_json_kstring(j, "status", keel_check_status_name(f->status));
    keel_json_kint(j, "from_ms", f->from_ms);
    keel_json_kint(j, "to_ms", f->to_ms);
    keel_json_kstring(j, "from", keel_time_format(f->from_ms, time));
    keel_json_kint(j, "count", f->count);
    keel_json_kdouble(j, "value", f->value);
    keel_json_close(j);
}

static void sources_to_json(const keel_source_info *list, int64_t count, keel_json *j) {
    keel_json_key(j, "sources");
    keel_json_array(j);
    for (int64_t i = 0; i < count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "file", list[i].file_name);
        keel_json_kstring(j, "sha256", list[i].sha256);
        keel_json_kbool(j, "complete", list[i].done);
        keel_json_kint(j, "rows_added", list[i].rows_added);
        keel_json_kint(j, "rows_identical", list[i].rows_same);
        keel_json_kint(j, "rows_restated", list[i].rows_restated);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static int to_json(run *r, const keel_series_info *s, const keel_check *c) {
    keel_json *j = r->report;
    keel_source_info *sources = NULL;
    int64_t source_count = 0;
    KEEL_TRY(keel_store_source_list(r->store, s->id, &sources, &source_count, keel_cli_err(r->cli)));
    char interval[KEEL_DURATION_TEXT_MAX], time[KEEL_TIME_TEXT_MAX];
    int64_t total = 0;
    keel_duration_format(c->interval_ms, interval);
    keel_json_object(j);
    keel_json_kstring(j, "kind", keel_kind_name(s->kind));
    keel_json_kstring(j, "venue", s->venue);
    keel_json_kstring(j, "market", s->market);
    keel_json_kstring(j, "symbol", s->symbol);
    keel_json_kstring(j, "interval", c->interval_ms ? interval : NULL);
    keel_json_kstring(j, "status", keel_check_status_name(c->status));
    keel_json_kint(j, "rows", c->rows);
    keel_json_kint(j, "rows_expected", c->rows_expected);
    keel_json_kint(j, "rows_missing", c->rows_missing);
    keel_json_kstring(j, "first", c->rows ? keel_time_format(c->first_ts_ms, time) : NULL);
    keel_json_kstring(j, "last", c->rows ? keel_time_format(c->last_ts_ms, time) : NULL);
    keel_json_kint(j, "gaps", c->gap_count);
    keel_json_kint(j, "largest_gap_bars", c->largest_gap);
    keel_json_kint(j, "zero_volume", c->zero_volume);
    keel_json_kint(j, "outliers", c->outliers);
    keel_json_kint(j, "large_moves", c->large_moves);
    keel_json_kint(j, "interval_changes", c->interval_changes);
    keel_json_kdouble(j, "robust_sigma", c->sigma);
    for (int i = 0; i < KEEL_FINDING_COUNT; i++)
        total += c->counted[i];
    keel_json_kint(j, "findings_total", total);
    keel_json_key(j, "findings");
    keel_json_array(j);
    for (int64_t i = 0; i < c->finding_count; i++)
        finding_to_json(&c->findings[i], j);
    keel_json_close(j);
    sources_to_json(sources, source_count, j);
    keel_json_close(j);
    free(sources);
    return 0;
}

static void to_text(const keel_series_info *s, const keel_check *c, int first) {
    char interval[KEEL_DURATION_TEXT_MAX], finding[160];
    if (first)
        (void)printf("%-4s  %-7s  %-16s  %-12s  %-4s  %8s  %7s  %6s  %7s\n", "", "kind", "venue", "symbol", "intv",
                     "rows", "missing", "no vol", "outlier");
    keel_duration_format(c->interval_ms, interval);
    (void)printf("%-4s  %-7s  %-16s  %-12s  %-4s  %8lld  %7lld  %6lld  %7lld\n", keel_check_status_name(c->status),
                 keel_kind_name(s->kind), s->venue, s->symbol, c->interval_ms ? interval : "-", (long long)c->rows,
                 (long long)c->rows_missing, (long long)c->zero_volume, (long long)(c->outliers + c->large_moves));
    for (int k = 0; k < KEEL_FINDING_COUNT; k++) {
        if (!c->counted[k]) continue;
        const keel_finding *shown = NULL;
        for (int64_t i = 0; i < c->finding_count; i++) {
            const keel_finding *f = &c->findings[i];
            if ((int)f->kind == k &&
                (!shown || f->status > shown->status || (f->status == shown->status && f->count > shown->count)))
                shown = f;
        }
        if (!shown) continue;
        keel_finding_text(shown, finding, sizeof finding);
        (void)printf("      %s %s", keel_check_status_name(shown->status), finding);
        if (c->counted[k] > 1) (void)printf(" (and %lld more)", (long long)(c->counted[k] - 1));
        (void)printf("\n");
    }
}

static void remember(run *r, const keel_series_info *s, const keel_check *c) {
    char text[120];
    r->count[c->status]++;
    if (c->status != KEEL_CHECK_FAIL || r->worst[0]) return;
    keel_finding_text(&c->worst, text, sizeof text);
    (void)snprintf(r->worst, sizeof r->worst, "%.30s %.30s %s: %.100s", s->venue, s->symbol, keel_kind_name(s->kind),
                   text);
}

static int check_all(run *r) {
    keel_series_info *list = NULL;
    int64_t count = 0;
    KEEL_TRY(keel_store_series_list(r->store, &list, &count, keel_cli_err(r->cli)));
    int rc = 0;
    for (int64_t i = 0; i < count && !rc; i++) {
        keel_check check;
        if (!wanted(r, &list[i])) continue;
        if (keel_cli_interrupted())
            rc = keel_err_set(keel_cli_err(r->cli), KEEL_E_INTERRUPTED, "interrupted: check: repeat the command");
        else
            rc = check_one(r, &list[i], &check);
        if (rc) break;
        remember(r, &list[i], &check);
        rc = to_json(r, &list[i], &check);
        if (!keel_cli_json(r->cli)) to_text(&list[i], &check, r->count[0] + r->count[1] + r->count[2] == 1);
        keel_check_done(&check);
    }
    free(list);
    return rc;
}

static int report_begin(run *r) {
    keel_json *j = r->report;
    uint8_t sha256[32];
    char hash[65];
    KEEL_TRY(keel_store_hash(r->store, sha256, keel_cli_err(r->cli)));
    for (int i = 0; i < 32; i++)
        (void)snprintf(hash + 2 * i, 3, "%02x", sha256[i]);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.data_check");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "build", keel_build_id());
    keel_json_kstring(j, "store", r->store_folder);
    keel_json_kstring(j, "dataset_hash", hash);
    keel_json_key(j, "limits");
    keel_json_object(j);
    keel_json_kint(j, "max_gap_bars", r->options.max_gap_bars);
    keel_json_kdouble(j, "max_missing_pct", r->options.max_missing_share * 100.0);
    keel_json_kdouble(j, "max_move_pct", r->options.max_move * 100.0);
    keel_json_kbool(j, "allow_moves", r->options.allow_moves);
    keel_json_kdouble(j, "outlier_sigma", r->options.outlier_sigma);
    keel_json_kdouble(j, "max_funding_rate_pct", r->options.max_funding_rate * 100.0);
    keel_json_kint(j, "max_age_intervals", r->options.max_age_intervals);
    keel_json_close(j);
    keel_json_key(j, "series");
    keel_json_array(j);
    return 0;
}

static int write_manifest(run *r) {
    const char *path = keel_cli_option(r->cli, "manifest");
    size_t size;
    if (!path) return 0;
    const char *text = keel_json_text(r->report, &size);
    return keel_file_write(path, text, size, keel_cli_err(r->cli));
}

static int report_end(run *r) {
    int status = r->count[KEEL_CHECK_FAIL] ? KEEL_CHECK_FAIL : r->count[KEEL_CHECK_WARN] ? KEEL_CHECK_WARN : 0;
    keel_err *err = keel_cli_err(r->cli);
    long long all = (long long)(r->count[0] + r->count[1] + r->count[2]);
    keel_json_close(r->report);
    keel_json_kint(r->report, "ok", r->count[KEEL_CHECK_OK]);
    keel_json_kint(r->report, "warn", r->count[KEEL_CHECK_WARN]);
    keel_json_kint(r->report, "fail", r->count[KEEL_CHECK_FAIL]);
    keel_json_kstring(r->report, "status", keel_check_status_name(status));
    keel_json_close(r->report);
    if (!all)
        return keel_err_set(err, KEEL_E_NOT_FOUND, "nothing to check: %s: no series matches; see keel data list",
                            r->store_folder);
    KEEL_TRY(write_manifest(r));
    if (keel_cli_json(r->cli))
        KEEL_TRY(keel_cli_print_json(r->cli, r->report));
    else
        (void)printf("%lld series: %lld OK, %lld WARN, %lld FAIL\n", all, (long long)r->count[0],
                     (long long)r->count[1], (long long)r->count[2]);
    if (status == KEEL_CHECK_FAIL)
        return keel_err_set(err, KEEL_E_GATE, "%lld of %lld series fail the data gate: %s: see the findings",
                            (long long)r->count[KEEL_CHECK_FAIL], all, r->worst);
    if (status == KEEL_CHECK_WARN && keel_cli_flag(r->cli, "strict"))
        return keel_err_set(err, KEEL_E_ERROR,
                            "%lld of %lld series have warnings: %s: see the findings, or leave out "
                            "--strict",
                            (long long)r->count[KEEL_CHECK_WARN], all, r->store_folder);
    return 0;
}

int keel_verb_data_check(keel_cli *cli) {
    run r = {.cli = cli, .range = {INT64_MIN, INT64_MAX}};
    int rc = read_options(&r);
    if (!rc) rc = keel_cli_store(cli, &r.store_folder);
    if (!rc) rc = keel_store_open(r.store_folder, KEEL_STORE_READ, &r.store, keel_cli_err(cli));
    if (!rc) {
        r.report = keel_json_new(2);
        if (!r.report) rc = keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: check: close other programs");
    }
    if (!rc) {
        rc = report_begin(&r);
        if (!rc) rc = check_all(&r);
    }
    if (!rc) rc = report_end(&r);
    keel_list_done(&r.symbols);
    keel_json_free(r.report);
    keel_store_close(r.store);
    return rc;
}
