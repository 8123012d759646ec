/* app/cli/backtest_folder.c: see backtest_folder.h. Files are made in memory, from which the report is made too, and
 * written without a sync each: the manifest, written last, has the SHA-256 of every other file, so a folder that a
 * power cut tore is found out when it is read. */
#include "app/cli/backtest_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/backtest_internal.h"
#include "app/cli/backtest_place.h"
#include "app/cli/folders.h"
#include "base/file.h"
#include "base/sha256.h"
#include "ops/report/report.h"

enum { PATH_MAX_BYTES = 4096, FILES_MAX = 12 };

/* Files in the order in which they are written. */
typedef struct file {
    const char *name;
    keel_strbuf text;
    char sha256[KEEL_SHA256_TEXT_MAX];
} file;

typedef struct files {
    file items[FILES_MAX];
    int count;
    int equity_thinned, stops_thinned; /* what the tables became, for the manifest */
    int64_t candle_ms;
    keel_err *err;
} files;

/* How much of a run is told: what a page needs that names no trade, what all tables on a terminal need, everything. */
enum { PAGE = 0, TABLES = 1, ALL = 2 };

static int no_memory(keel_err *err, const char *what) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %s: shorten the time range", what);
}

static keel_strbuf *next_file(files *f, const char *name) {
    KEEL_ASSERT(f->count < FILES_MAX);
    file *next = &f->items[f->count++];
    next->name = name;
    keel_strbuf_init(&next->text, (size_t)1 << 33);
    return &next->text;
}

/* The file begun last is complete. */
static int seal(files *f) {
    file *last = &f->items[f->count - 1];
    if (last->text.failed) return no_memory(f->err, last->name);
    keel_sha256_text(keel_strbuf_text(&last->text), last->text.size, last->sha256);
    return 0;
}

static void files_done(files *f) {
    for (int i = 0; i < f->count; i++)
        keel_strbuf_done(&f->items[i].text);
}

/* A JSON document, made by `fill`, as the file begun last. */
static int add_json(files *f, const keel_backtest_folder *in, const char *name,
                    void (*fill)(const files *f, const keel_backtest_folder *in, keel_json *j)) {
    size_t size = 0;
    keel_strbuf *text = next_file(f, name);
    keel_json *j = keel_json_new(2);
    if (!j) return no_memory(f->err, name);
    fill(f, in, j);
    const char *bytes = keel_json_text(j, &size);
    keel_strbuf_add_bytes(text, bytes, size);
    keel_strbuf_add_char(text, '\n');
    keel_json_free(j);
    return seal(f);
}

/* The same bytes as --json prints. */
static void summary(const files *f, const keel_backtest_folder *in, keel_json *j) {
    (void)f;
    keel_backtest_report_json(in->report, j);
}

static int add_trades(files *f, const keel_backtest_result *r) {
    keel_backtest_trades_csv(r, next_file(f, "trades.csv"));
    return seal(f);
}

static int add_equity(files *f, const keel_backtest_result *r) {
    KEEL_TRY(keel_backtest_folder_equity_csv(r, &f->equity_thinned, next_file(f, "equity.csv"), f->err));
    return seal(f);
}

static int add_tables(files *f, const keel_backtest_folder *in) {
    const keel_backtest_result *r = in->report->in;
    keel_run_config_write_yaml(in->config, 0, next_file(f, "config.yaml"));
    KEEL_TRY(seal(f));
    KEEL_TRY(add_trades(f, r));
    keel_backtest_levels_csv(r, next_file(f, "levels.csv"));
    KEEL_TRY(seal(f));
    (void)keel_stops_csv(in->stops, in->stop_count, r->run.trades, r->trade_strategy, r->run.trade_count,
                         KEEL_FOLDER_STOPS, &f->stops_thinned,
                         next_file(f, "stops.csv")); /* seal looks whether there was memory */
    KEEL_TRY(seal(f));
    KEEL_TRY(add_equity(f, r));
    keel_strbuf *benchmark = next_file(f, "benchmark.csv");
    keel_backtest_benchmark_csv(r, benchmark);
    if (benchmark->size == 0 && !benchmark->failed) f->count--; /* the run had none; nothing was allocated */
    KEEL_TRY(seal(f));
    keel_backtest_candles_csv(in, &f->candle_ms, next_file(f, "candles.csv"));
    return seal(f);
}

/* ---- making them -------------------------------------------------------------------------------------------- */

static void manifest(const files *f, const keel_backtest_folder *in, keel_json *j) {
    keel_json_object(j);
    keel_manifest_head head = {.kind = in->kind, .venue = in->venue};
    keel_backtest_manifest_json(in->report->in, &head, j);
    keel_json_kint(j, "candle_interval_ms", f->candle_ms);
    keel_json_kint(j, "bar_interval_ms", in->interval_ms);
    keel_json_kint(j, "equity_samples", in->report->in->run.equity_count);
    keel_json_kbool(j, "equity_thinned", f->equity_thinned);
    keel_json_kbool(j, "stops_thinned", f->stops_thinned);
    keel_json_key(j, "files");
    keel_json_object(j);
    for (int i = 0; i + 1 < f->count; i++) { /* the last is the manifest itself */
        keel_json_key(j, f->items[i].name);
        keel_json_object(j);
        keel_json_kint(j, "bytes", (int64_t)f->items[i].text.size);
        keel_json_kstring(j, "sha256", f->items[i].sha256);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
}

static int make_files(files *f, const keel_backtest_folder *in, int how_much, keel_err *err) {
    memset(f, 0, sizeof *f);
    f->err = err;
    KEEL_TRY(add_json(f, in, "summary.json", summary));
    if (how_much == ALL) KEEL_TRY(add_tables(f, in));
    if (how_much == TABLES) KEEL_TRY(add_trades(f, in->report->in));
    if (how_much == TABLES) KEEL_TRY(add_equity(f, in->report->in));
    return add_json(f, in, "manifest.json", manifest);
}

/* ---- what is said of them ----------------------------------------------------------------------------------- */

/* The text of a file, to be changed; NULL: there is none. */
static char *text_of(const files *f, const char *name) {
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->items[i].name, name) == 0) return f->items[i].text.text;
    return NULL;
}

/* Files are spoilt by it. path: where they lie, or NULL. */
static int say(const files *f, const char *path, int (*form)(const keel_run_folder *, keel_strbuf *, keel_err *),
               keel_strbuf *out) {
    keel_run_folder *run = NULL;
    keel_run_texts texts = {.path = path,
                            .manifest = text_of(f, "manifest.json"),
                            .summary = text_of(f, "summary.json"),
                            .config = text_of(f, "config.yaml"),
                            .trades = text_of(f, "trades.csv"),
                            .levels = text_of(f, "levels.csv"),
                            .stops = text_of(f, "stops.csv"),
                            .equity = text_of(f, "equity.csv"),
                            .benchmark = text_of(f, "benchmark.csv"),
                            .candles = text_of(f, "candles.csv")};
    KEEL_TRY(keel_run_folder_of(&texts, &run, f->err));
    int rc = form(run, out, f->err);
    keel_run_folder_close(run);
    return rc;
}

int keel_backtest_folder_text(const keel_backtest_folder *in, const char *path, int all, keel_strbuf *out,
                              keel_err *reterr) {
    files f;
    int rc = make_files(&f, in, all ? TABLES : PAGE, reterr);
    if (rc == 0) rc = say(&f, path, all ? keel_report_text_all : keel_report_text, out);
    files_done(&f);
    return rc;
}

int keel_backtest_folder_report(const keel_backtest_folder *in, const char *path, keel_err *reterr) {
    files f;
    keel_strbuf html;
    keel_strbuf_init(&html, 0);
    int rc = make_files(&f, in, ALL, reterr);
    if (rc == 0) rc = say(&f, NULL, keel_report_html, &html);
    if (rc == 0) rc = keel_file_write(path, keel_strbuf_text(&html), html.size, reterr);
    keel_strbuf_done(&html);
    files_done(&f);
    return rc;
}

/* ---- the folder --------------------------------------------------------------------------------------------- */

static int write_plain(const char *path, const void *bytes, size_t size, keel_err *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* a run is its owner's alone */
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "wb");
    int bad = !stream || fwrite(bytes, 1, size, stream) != size;
    int number = errno;
    if (fd >= 0 && !stream) (void)close(fd);
    if (stream && fclose(stream) != 0 && !bad) {
        bad = 1;
        number = errno;
    }
    if (!bad) return 0;
    return keel_err_set(err, KEEL_E_IO, "cannot write: %s: %s; free some space or choose another folder", path,
                        strerror(number));
}

static void remove_folder(const char *path) {
    char entry_path[PATH_MAX_BYTES + 300];
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (keel_backtest_place_ours(entry->d_name) && entry->d_name[0] != '.') {
            (void)snprintf(entry_path, sizeof entry_path, "%s/%s", path, entry->d_name);
            (void)unlink(entry_path);
        }
    if (dir) (void)closedir(dir);
    (void)rmdir(path);
}

static int make_parents(const char *path, keel_err *err) {
    char above[PATH_MAX_BYTES];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) return 0;
    memcpy(above, path, (size_t)(slash - path));
    above[slash - path] = 0;
    return keel_folders_make(above, 0777, err);
}

/* path without the strokes at its end, and beside it the name under which the folder is made. */
static int name_places(const char *given, char path[PATH_MAX_BYTES], char part[PATH_MAX_BYTES + 64], keel_err *err) {
    size_t size = strlen(given);
    while (size > 1 && given[size - 1] == '/')
        size--;
    if (size == 0 || size >= PATH_MAX_BYTES)
        return keel_err_set(err, KEEL_E_USAGE, "path is empty or too long: %.80s: choose another", given);
    (void)snprintf(path, PATH_MAX_BYTES, "%.*s", (int)size, given);
    (void)snprintf(part, PATH_MAX_BYTES + 64, "%s.%ld.run.part", path, (long)getpid());
    return make_parents(path, err);
}

static int write_files(files *f, const char *folder) {
    char path[PATH_MAX_BYTES + 128];
    keel_strbuf html;
    for (int i = 0; i < f->count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, f->items[i].name);
        KEEL_TRY(write_plain(path, keel_strbuf_text(&f->items[i].text), f->items[i].text.size, f->err));
    }
    keel_strbuf_init(&html, 0);
    int rc = say(f, NULL, keel_report_html, &html);
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    if (rc == 0) rc = write_plain(path, keel_strbuf_text(&html), html.size, f->err);
    keel_strbuf_done(&html);
    return rc;
}

/* Make the whole folder under the name `part`; after a failure it is gone. */
static int make_folder(const keel_backtest_folder *in, const char *path, const char *part, files *f, keel_err *err) {
    KEEL_TRY(make_files(f, in, ALL, err));
    remove_folder(part); /* left by a process of the same id that was killed */
    if (mkdir(part, 0700) != 0)
        return keel_err_set(err, KEEL_E_IO,
                            "cannot make folder: %s: %s; choose another place, or change the rights of "
                            "the folder above it",
                            path, strerror(errno));
    int rc = write_files(f, part);
    if (rc != 0) remove_folder(part);
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

int keel_backtest_folder_write(const keel_backtest_folder *in, const char *given, keel_err *reterr) {
    char path[PATH_MAX_BYTES], part[PATH_MAX_BYTES + 64];
    const keel_backtest_result *r = in->report->in;
    files f = {0};
    KEEL_TRY(name_places(given, path, part, reterr));
    KEEL_TRY(keel_backtest_place_check(path, r->run_id, &r->run.state_hash, in->force, reterr));
    int rc = make_folder(in, path, part, &f, reterr);
    files_done(&f);
    if (rc != 0) return rc;
    rc = move_into_place(part, path, reterr);
    if (rc != 0) remove_folder(part);
    return rc;
}

static int move_file(const char *name, const char *from, const char *to, keel_err *err) {
    char old[PATH_MAX_BYTES + 128], new[PATH_MAX_BYTES + 128];
    (void)snprintf(old, sizeof old, "%s/%s", from, name);
    (void)snprintf(new, sizeof new, "%s/%s", to, name);
    if (rename(old, new) == 0) return 0;
    return keel_err_set(err, KEEL_E_IO, "cannot place: %s: %s; choose another folder", new, strerror(errno));
}

/* Everything the folder `from` has, into `to`; the manifest goes first and comes last. */
static int move_files(const files *f, const char *from, const char *to) {
    char manifest_path[PATH_MAX_BYTES + 128];
    (void)snprintf(manifest_path, sizeof manifest_path, "%s/manifest.json", to);
    if (unlink(manifest_path) != 0 && errno != ENOENT)
        return keel_err_set(f->err, KEEL_E_IO, "cannot replace: %s: %s; choose another folder", manifest_path,
                            strerror(errno));
    KEEL_TRY(move_file("report.html", from, to, f->err));
    for (int i = 0; i < f->count; i++)
        KEEL_TRY(move_file(f->items[i].name, from, to, f->err));
    return 0;
}

int keel_backtest_folder_add(const keel_backtest_folder *in, const char *given, keel_err *reterr) {
    char path[PATH_MAX_BYTES], part[PATH_MAX_BYTES + 64];
    files f = {0};
    KEEL_TRY(name_places(given, path, part, reterr));
    int rc = make_folder(in, path, part, &f, reterr);
    if (rc == 0) rc = move_files(&f, part, path);
    files_done(&f);
    remove_folder(part);
    return rc;
}
