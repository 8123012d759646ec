/* app/cli/backtest_folder.c: see backtest_folder.h. Files are written without a sync each: the manifest, written last,
 * has the SHA-256 of every other file, so a folder that a power cut tore is found out when it is read. */
#include "app/cli/backtest_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "app/cli/backtest_internal.h"
#include "app/cli/backtest_place.h"
#include "base/build.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/timerange.h"
#include "kernel/unit_text.h"
#include "ops/report/report.h"

enum { PATH_MAX_BYTES = 4096, FILES_MAX = 12 };

typedef struct writer {
    char folder[PATH_MAX_BYTES];
    struct {
        const char *name;
        size_t size;
        char sha256[KEEL_SHA256_TEXT_MAX];
    } files[FILES_MAX];
    int count;
    keel_err *err;
} writer;

static int no_memory(keel_err *err, const char *what) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %s: shorten the time range", what);
}

static int write_plain(const char *path, const void *bytes, size_t size, keel_err *err) {
    FILE *file = fopen(path, "wb");
    int bad = !file || fwrite(bytes, 1, size, file) != size;
    int number = errno;
    if (file && fclose(file) != 0 && !bad) {
        bad = 1;
        number = errno;
    }
    if (!bad) return 0;
    return keel_err_set(err, KEEL_E_IO, "cannot write: %s: %s; free some space or choose another folder", path,
                        strerror(number));
}

/* One file of the folder, noted for the manifest; the text is freed. */
static int add_file(writer *w, const char *name, keel_strbuf *text) {
    char path[PATH_MAX_BYTES + 64];
    const char *bytes = keel_strbuf_text(text);
    size_t size = text->size;
    int rc = 0;
    (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
    if (text->failed)
        rc = no_memory(w->err, name);
    else
        rc = write_plain(path, bytes, size, w->err);
    if (rc == 0) {
        KEEL_ASSERT(w->count < FILES_MAX);
        w->files[w->count].name = name;
        w->files[w->count].size = size;
        keel_sha256_text(bytes, size, w->files[w->count++].sha256);
    }
    keel_strbuf_done(text);
    return rc;
}

/* What the tables became, for the manifest. */
typedef struct made {
    int64_t candle_ms;
    int equity_thinned, stops_thinned;
} made;

/* The same bytes as --json prints. */
static int write_summary(writer *w, const keel_backtest_report *report) {
    keel_strbuf text;
    size_t size = 0;
    keel_json *j = keel_json_new(2);
    if (!j) return no_memory(w->err, "summary.json");
    keel_backtest_report_json(report, j);
    const char *bytes = keel_json_text(j, &size);
    keel_strbuf_init(&text, 0);
    keel_strbuf_add_bytes(&text, bytes, size);
    keel_strbuf_add_char(&text, '\n');
    keel_json_free(j);
    return add_file(w, "summary.json", &text);
}

static int write_tables(writer *w, const keel_backtest_folder *in, made *ret) {
    const keel_backtest_result *r = in->report->in;
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_run_config_write_yaml(in->config, 0, &text);
    KEEL_TRY(add_file(w, "config.yaml", &text));
    keel_strbuf_init(&text, (size_t)1 << 33);
    keel_backtest_trades_csv(r, &text);
    KEEL_TRY(add_file(w, "trades.csv", &text));
    keel_strbuf_init(&text, (size_t)1 << 33);
    keel_backtest_levels_csv(r, &text);
    KEEL_TRY(add_file(w, "levels.csv", &text));
    keel_strbuf_init(&text, 0);
    (void)keel_stops_csv(in->stops, in->stop_count, r->run.trades, r->trade_strategy, r->run.trade_count,
                         KEEL_FOLDER_STOPS, &ret->stops_thinned, &text); /* add_file looks whether there was memory */
    KEEL_TRY(add_file(w, "stops.csv", &text));
    keel_strbuf_init(&text, (size_t)1 << 33);
    int rc = keel_backtest_folder_equity_csv(r, &ret->equity_thinned, &text, w->err);
    if (rc != 0) {
        keel_strbuf_done(&text);
        return rc;
    }
    KEEL_TRY(add_file(w, "equity.csv", &text));
    keel_strbuf_init(&text, 0);
    keel_backtest_benchmark_csv(r, &text);
    if (text.size > 0) KEEL_TRY(add_file(w, "benchmark.csv", &text));
    keel_strbuf_init(&text, 0);
    keel_backtest_candles_csv(in, &ret->candle_ms, &text);
    return add_file(w, "candles.csv", &text);
}

/* ---- the manifest ------------------------------------------------------------------------------------------- */

static void manifest_identity(const keel_backtest_folder *in, keel_json *j) {
    const keel_backtest_result *r = in->report->in;
    char text[KEEL_TIME_TEXT_MAX], hash[17];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)r->run.state_hash);
    keel_json_kstring(j, "schema", KEEL_RUN_SCHEMA);
    keel_json_kint(j, "schema_version", KEEL_RUN_SCHEMA_VERSION);
    keel_json_kstring(j, "kind", in->kind ? in->kind : "backtest");
    keel_json_kstring(j, "run_id", r->run_id);
    keel_json_kstring(j, "state_hash", hash);
    keel_json_kstring(j, "config_id", r->config_id);
    keel_json_kstring(j, "dataset_hash", r->dataset_hash);
    keel_json_kstring(j, "build", r->build);
    keel_json_kstring(j, "core", keel_unit_sha256);
    keel_json_kstring(j, "git_revision", keel_build_revision());
    keel_json_kstring(j, "version", keel_build_version());
    keel_json_kstring(j, "compiler", keel_build_compiler());
    keel_json_kstring(j, "build_flags", keel_build_flags());
    keel_json_kstring(j, "strategy", r->strategy);
    keel_json_kstring(j, "strategy_version", r->strategy_version);
    keel_backtest_declared_json(r, j);
    keel_json_kstring(j, "venue", in->venue);
    keel_json_key(j, "symbols");
    keel_json_array(j);
    for (int32_t i = 0; i < r->symbol_count; i++)
        keel_json_string(j, r->symbols[i].name);
    keel_json_close(j);
    keel_json_kstring(j, "timeframe", r->timeframe);
    keel_json_kstring(j, "detail", r->detail);
    keel_json_key(j, "effective_range");
    keel_json_object(j);
    keel_json_kstring(j, "start", keel_time_format(r->start_ms, text));
    keel_json_kstring(j, "end", keel_time_format(r->end_ms, text));
    keel_json_close(j);
    keel_json_key(j, "seed"); /* nothing in a run on bars is drawn */
    keel_json_null(j);
    keel_json_key(j, "realism");
    keel_json_object(j);
    for (int32_t i = 0; i < r->setting_count; i++) {
        keel_json_key(j, r->settings[i].key);
        keel_json_raw(j, r->settings[i].json);
    }
    keel_json_close(j);
}

static void manifest_host(keel_json *j) {
    struct utsname host;
    struct timespec now;
    char text[KEEL_TIME_TEXT_MAX];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    keel_json_kstring(j, "written_at",
                      keel_time_format((int64_t)now.tv_sec * 1000 + (int64_t)(now.tv_nsec / 1000000), text));
    keel_json_key(j, "host");
    keel_json_object(j);
    if (uname(&host) == 0) {
        keel_json_kstring(j, "system", host.sysname);
        keel_json_kstring(j, "release", host.release);
        keel_json_kstring(j, "machine", host.machine);
    }
    keel_json_close(j);
}

static int write_manifest(writer *w, const keel_backtest_folder *in, const made *tables) {
    char path[PATH_MAX_BYTES + 64];
    size_t size = 0;
    keel_json *j = keel_json_new(2);
    if (!j) return no_memory(w->err, "manifest.json");
    keel_json_object(j);
    manifest_identity(in, j);
    manifest_host(j);
    keel_json_kint(j, "candle_interval_ms", tables->candle_ms);
    keel_json_kint(j, "bar_interval_ms", in->interval_ms);
    keel_json_kint(j, "equity_samples", in->report->in->run.equity_count);
    keel_json_kbool(j, "equity_thinned", tables->equity_thinned);
    keel_json_kbool(j, "stops_thinned", tables->stops_thinned);
    keel_json_key(j, "files");
    keel_json_object(j);
    for (int i = 0; i < w->count; i++) {
        keel_json_key(j, w->files[i].name);
        keel_json_object(j);
        keel_json_kint(j, "bytes", (int64_t)w->files[i].size);
        keel_json_kstring(j, "sha256", w->files[i].sha256);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    const char *bytes = keel_json_text(j, &size);
    (void)snprintf(path, sizeof path, "%s/manifest.json", w->folder);
    int rc = write_plain(path, bytes, size, w->err);
    keel_json_free(j);
    return rc;
}

/* ---- the folder --------------------------------------------------------------------------------------------- */

static void remove_folder(const char *path) {
    char file[PATH_MAX_BYTES + 300];
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (keel_backtest_place_ours(entry->d_name) && entry->d_name[0] != '.') {
            (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
            (void)unlink(file);
        }
    if (dir) (void)closedir(dir);
    (void)rmdir(path);
}

/* Make path and the folders above it. */
static int make_folders(const char *path, keel_err *err) {
    char part[PATH_MAX_BYTES];
    size_t size = strlen(path);
    memcpy(part, path, size + 1);
    for (size_t i = 1; i <= size; i++) {
        if (part[i] != '/' && part[i] != 0) continue;
        char kept = part[i];
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return keel_err_set(err, KEEL_E_IO, "cannot make folder: %s: %s; choose another place", part,
                                strerror(errno));
        part[i] = kept;
    }
    return 0;
}

static int make_parents(const char *path, keel_err *err) {
    char above[PATH_MAX_BYTES];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) return 0;
    memcpy(above, path, (size_t)(slash - path));
    above[slash - path] = 0;
    return make_folders(above, err);
}

static int fill_folder(writer *w, const keel_backtest_folder *in) {
    made tables = {0};
    KEEL_TRY(write_summary(w, in->report));
    KEEL_TRY(write_tables(w, in, &tables));
    return write_manifest(w, in, &tables);
}

/* Make the folder under the name w->folder and fill it; on failure it is gone. */
static int make_folder(writer *w, const keel_backtest_folder *in) {
    remove_folder(w->folder); /* left by a process of the same id that was killed */
    if (mkdir(w->folder, 0777) != 0)
        return keel_err_set(w->err, KEEL_E_IO, "cannot make folder: %s: %s; choose another place", w->folder,
                            strerror(errno));
    int rc = fill_folder(w, in);
    if (rc != 0) remove_folder(w->folder);
    return rc;
}

/* What stands at path gives way only when its replacement is complete. */
static int move_into_place(const char *from, const char *path, keel_err *err) {
    char old[PATH_MAX_BYTES + 32];
    (void)snprintf(old, sizeof old, "%s.%ld.old", path, (long)getpid());
    remove_folder(old);
    int there = rename(path, old) == 0;
    if (rename(from, path) != 0) {
        int number = errno;
        if (there) (void)rename(old, path);
        return keel_err_set(err, KEEL_E_IO, "cannot make folder: %s: %s; choose another place", path, strerror(number));
    }
    if (there) remove_folder(old);
    return 0;
}

static int begin(writer *w, const char *path, keel_err *err) {
    w->count = 0;
    w->err = err;
    size_t size = strlen(path);
    if (size == 0 || size + 64 > sizeof w->folder)
        return keel_err_set(err, KEEL_E_USAGE, "path is empty or too long: %.80s: choose another", path);
    (void)snprintf(w->folder, sizeof w->folder, "%s.%ld.run.part", path, (long)getpid());
    return make_parents(path, err);
}

static int html_of(const char *folder, keel_strbuf *out, keel_err *err) {
    keel_run_folder *run = NULL;
    KEEL_TRY(keel_run_folder_open(folder, &run, err));
    int rc = keel_report_html(run, out, err);
    keel_run_folder_close(run);
    return rc;
}

static int add_report(const writer *w) {
    char path[PATH_MAX_BYTES + 64];
    keel_strbuf html;
    keel_strbuf_init(&html, 0);
    (void)snprintf(path, sizeof path, "%s/report.html", w->folder);
    int rc = html_of(w->folder, &html, w->err);
    if (rc == 0) rc = write_plain(path, keel_strbuf_text(&html), html.size, w->err);
    keel_strbuf_done(&html);
    return rc;
}

int keel_backtest_folder_write(const keel_backtest_folder *in, const char *given, keel_err *reterr) {
    char path[PATH_MAX_BYTES];
    writer w;
    size_t size = strlen(given);
    while (size > 1 && given[size - 1] == '/')
        size--;
    (void)snprintf(path, sizeof path, "%.*s", (int)size, given);
    KEEL_TRY(begin(&w, path, reterr));
    KEEL_TRY(
        keel_backtest_place_check(path, in->report->in->run_id, &in->report->in->run.state_hash, in->force, reterr));
    KEEL_TRY(make_folder(&w, in));
    int rc = add_report(&w);
    if (rc == 0) rc = move_into_place(w.folder, path, reterr);
    if (rc != 0) remove_folder(w.folder);
    return rc;
}

/* Everything the folder `from` has, into `to`; the manifest last. */
static int move_files(const writer *w, const char *from, const char *to) {
    static const char *const LAST[] = {"report.html", "manifest.json"};
    char old[PATH_MAX_BYTES + 64], new[PATH_MAX_BYTES + 64];
    (void)snprintf(new, sizeof new, "%s/%s", to, LAST[1]);
    if (unlink(new) != 0 && errno != ENOENT)
        return keel_err_set(w->err, KEEL_E_IO, "cannot replace: %s: %s", new, strerror(errno));
    for (int i = 0; i < w->count + 2; i++) {
        const char *name = i < w->count ? w->files[i].name : LAST[i - w->count];
        (void)snprintf(old, sizeof old, "%s/%s", from, name);
        (void)snprintf(new, sizeof new, "%s/%s", to, name);
        if (rename(old, new) != 0) return keel_err_set(w->err, KEEL_E_IO, "cannot place: %s: %s", new, strerror(errno));
    }
    return 0;
}

int keel_backtest_folder_add(const keel_backtest_folder *in, const char *path, keel_err *reterr) {
    writer w;
    KEEL_TRY(begin(&w, path, reterr));
    KEEL_TRY(make_folder(&w, in));
    int rc = add_report(&w);
    if (rc == 0) rc = move_files(&w, w.folder, path);
    remove_folder(w.folder);
    return rc;
}

int keel_backtest_folder_report(const keel_backtest_folder *in, const char *path, keel_err *reterr) {
    writer w;
    keel_strbuf html;
    KEEL_TRY(begin(&w, path, reterr));
    KEEL_TRY(make_folder(&w, in));
    keel_strbuf_init(&html, 0);
    int rc = html_of(w.folder, &html, reterr);
    if (rc == 0) rc = keel_file_write(path, keel_strbuf_text(&html), html.size, reterr);
    keel_strbuf_done(&html);
    remove_folder(w.folder);
    return rc;
}
