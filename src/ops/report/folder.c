/* ops/report/folder.c: see report.h. */
#include "ops/report/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json_read.h"
#include "base/sha256.h"
#include "base/yaml.h"
#include "ops/report/page.h"

static const size_t FILE_SIZE_MAX = (size_t)1 << 33;

static int no_memory(keel_err *err, const char *what) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %s: close other programs", what);
}

/* The text of a file of the folder; path_out names it in messages. */
static int read_file(const keel_run_folder *run, const char *name, char **ret_text, size_t *ret_size, keel_err *err) {
    size_t size = strlen(run->path) + strlen(name) + 2;
    char *path = malloc(size);
    if (!path) return no_memory(err, name);
    (void)snprintf(path, size, "%s/%s", run->path, name);
    int rc = keel_file_read(path, FILE_SIZE_MAX, ret_text, ret_size, err);
    free(path);
    return rc;
}

/* Read what the manifest names and compare its hash. A file it does not name is left out: *ret_text becomes NULL. */
static int read_checked(const keel_run_folder *run, const char *name, char **ret_text, size_t *ret_size,
                        keel_err *err) {
    const keel_tree *entry = keel_tree_find(keel_tree_find(run->manifest, "files"), name);
    const char *wanted = NULL;
    char found[KEEL_SHA256_TEXT_MAX];
    *ret_text = NULL;
    *ret_size = 0;
    if (!entry) return 0;
    if (keel_json_read_string(keel_tree_find(entry, "sha256"), &wanted) != 0)
        return keel_err_set(err, KEEL_E_PARSE, "not a run's manifest: %s: %s has no sha256; run the backtest again",
                            run->path, name);
    KEEL_TRY(read_file(run, name, ret_text, ret_size, err));
    keel_sha256_text(*ret_text, *ret_size, found);
    if (strcmp(found, wanted) == 0) return 0;
    free(*ret_text);
    *ret_text = NULL;
    return keel_err_set(err, KEEL_E_PARITY,
                        "file was changed after the run: %s/%s: its SHA-256 is not that of manifest.json; run the "
                        "backtest again",
                        run->path, name);
}

static int read_manifest(keel_run_folder *run, keel_err *err) {
    char *text = NULL;
    const char *schema = NULL;
    size_t size = 0;
    int64_t version = 0;
    struct stat st;
    if (stat(run->path, &st) != 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND, "no such run: %s: give a folder written with --run-dir", run->path);
    if (read_file(run, "manifest.json", &text, &size, NULL) != 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "not a run folder: %s: it has no manifest.json; give a folder written with --run-dir",
                            run->path);
    int rc = keel_json_parse(text, size, "manifest.json", &run->manifest, err);
    free(text);
    if (rc != 0) return rc;
    if (keel_json_read_string(keel_tree_find(run->manifest, "schema"), &schema) != 0 ||
        strcmp(schema, KEEL_RUN_SCHEMA) != 0 ||
        keel_json_read_int(keel_tree_find(run->manifest, "schema_version"), &version) != 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "not a run folder: %s: its manifest.json is not of schema " KEEL_RUN_SCHEMA
                            "; give a folder written with --run-dir",
                            run->path);
    if (version != KEEL_RUN_SCHEMA_VERSION)
        return keel_err_set(err, KEEL_E_VERSION,
                            "run folder of another version: %s: version %lld, this keel reads %d; use the keel that "
                            "wrote it",
                            run->path, (long long)version, KEEL_RUN_SCHEMA_VERSION);
    return 0;
}

static int read_documents(keel_run_folder *run, keel_err *err) {
    char *text = NULL;
    size_t size = 0;
    KEEL_TRY(read_manifest(run, err));
    KEEL_TRY(read_checked(run, "summary.json", &run->summary_text, &size, err));
    if (!run->summary_text)
        return keel_err_set(err, KEEL_E_PARSE,
                            "not a run's manifest: %s: it names no summary.json; run the backtest "
                            "again",
                            run->path);
    KEEL_TRY(keel_json_parse(run->summary_text, size, "summary.json", &run->summary, err));
    KEEL_TRY(read_checked(run, "config.yaml", &text, &size, err));
    int rc = text ? keel_yaml_parse(text, size, "config.yaml", &run->config, err) : 0;
    free(text);
    if (rc != 0) return rc;
    if (keel_json_read_decimal(keel_tree_find(keel_tree_find(run->summary, "totals"), "starting_balance_usd"), 8,
                               &run->start_e8) != 0)
        return keel_err_set(err, KEEL_E_PARSE,
                            "not a backtest document: %s/summary.json: it has no starting balance; run the backtest "
                            "again",
                            run->path);
    return 0;
}

static int read_tables(keel_run_folder *run, keel_err *err) {
    keel_run_texts t = {0};
    size_t size = 0;
    int rc = read_checked(run, "trades.csv", &t.trades, &size, err);
    if (rc == 0) rc = read_checked(run, "levels.csv", &t.levels, &size, err);
    if (rc == 0) rc = read_checked(run, "stops.csv", &t.stops, &size, err);
    if (rc == 0) rc = read_checked(run, "equity.csv", &t.equity, &size, err);
    if (rc == 0) rc = read_checked(run, "benchmark.csv", &t.benchmark, &size, err);
    if (rc == 0) rc = read_checked(run, "candles.csv", &t.candles, &size, err);
    if (rc == 0) rc = keel_run_tables_read(run, &t, err);
    free(t.trades);
    free(t.levels);
    free(t.stops);
    free(t.equity);
    free(t.benchmark);
    free(t.candles);
    return rc;
}

int keel_run_folder_open(const char *path, keel_run_folder **ret_run, keel_err *reterr) {
    keel_run_folder *run = calloc(1, sizeof *run);
    if (!run) return no_memory(reterr, path);
    run->path = strdup(path);
    int rc = run->path ? read_documents(run, reterr) : no_memory(reterr, path);
    if (rc == 0) rc = read_tables(run, reterr);
    if (rc != 0) {
        keel_run_folder_close(run);
        return rc;
    }
    *ret_run = run;
    return 0;
}

static void names_done(keel_run_names *names) {
    for (int32_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

void keel_run_folder_close(keel_run_folder *run) {
    if (!run) return;
    keel_tree_free(run->manifest);
    keel_tree_free(run->summary);
    keel_tree_free(run->config);
    keel_tree_free(run->surface);
    keel_tree_free(run->walk);
    names_done(&run->symbols);
    names_done(&run->confidences);
    names_done(&run->entry_reasons);
    names_done(&run->exit_reasons);
    free(run->trades);
    free(run->stops);
    free(run->equity);
    free(run->benchmark);
    free(run->candles);
    free(run->summary_text);
    free(run->path);
    free(run);
}

int keel_run_folder_add_surface(keel_run_folder *run, keel_tree *sheet, keel_err *reterr) {
    KEEL_TRY(keel_sweep_page_check(sheet, reterr));
    keel_tree_free(run->surface);
    run->surface = sheet;
    return 0;
}

int keel_run_folder_add_walk(keel_run_folder *run, keel_tree *walk, keel_err *reterr) {
    KEEL_TRY(keel_walk_page_check(walk, reterr));
    keel_tree_free(run->walk);
    run->walk = walk;
    return 0;
}

const char *keel_run_folder_summary(const keel_run_folder *run) { return run->summary_text; }
