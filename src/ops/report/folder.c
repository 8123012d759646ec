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

/* The text of a file of the folder. */
static int read_file(const char *folder, const char *name, char **ret_text, size_t *ret_size, keel_err *err) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (!path) return no_memory(err, name);
    (void)snprintf(path, size, "%s/%s", folder, name);
    int rc = keel_file_read(path, FILE_SIZE_MAX, ret_text, ret_size, err);
    free(path);
    return rc;
}

/* Read what the manifest names and compare its hash. A file it does not name is left out: *ret_text stays NULL. */
static int read_checked(const char *folder, const keel_tree *manifest, const char *name, char **ret_text,
                        keel_err *err) {
    const keel_tree *entry = keel_tree_find(keel_tree_find(manifest, "files"), name);
    const char *wanted = NULL;
    char found[KEEL_SHA256_TEXT_MAX];
    size_t size = 0;
    if (!entry) return 0;
    if (keel_json_read_string(keel_tree_find(entry, "sha256"), &wanted) != 0)
        return keel_err_set(err, KEEL_E_PARSE, "not a run's manifest: %s: %s has no sha256; run the backtest again",
                            folder, name);
    KEEL_TRY(read_file(folder, name, ret_text, &size, err));
    keel_sha256_text(*ret_text, size, found);
    if (strcmp(found, wanted) == 0) return 0;
    return keel_err_set(err, KEEL_E_PARITY,
                        "file was changed after the run: %s/%s: its SHA-256 is not that of manifest.json; run the "
                        "backtest again",
                        folder, name);
}

/* *ret is the caller's also after a failure. */
static int take_manifest(const char *place, const char *text, keel_tree **ret, keel_err *err) {
    const char *schema = NULL, *run_state = NULL;
    int64_t version = 0;
    KEEL_TRY(keel_json_parse(text, strlen(text), "manifest.json", ret, err));
    if (keel_json_read_string(keel_tree_find(*ret, "schema"), &schema) != 0 || strcmp(schema, KEEL_RUN_SCHEMA) != 0 ||
        keel_json_read_int(keel_tree_find(*ret, "schema_version"), &version) != 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "not a run folder: %s: its manifest.json is not of schema " KEEL_RUN_SCHEMA
                            "; give a folder written with --run-dir",
                            place);
    if (version != KEEL_RUN_SCHEMA_VERSION)
        return keel_err_set(err, KEEL_E_VERSION,
                            "run folder of another version: %s: version %lld, this keel reads %d; use the keel that "
                            "wrote it",
                            place, (long long)version, KEEL_RUN_SCHEMA_VERSION);
    if (keel_json_read_string(keel_tree_find(*ret, "state"), &run_state) == 0 &&
        strcmp(run_state, KEEL_RUN_RUNNING) == 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "the run has not ended: %s: its manifest.json says running: go on with it first", place);
    return 0;
}

static int take_documents(keel_run_folder *run, const char *place, const keel_run_texts *t, keel_err *err) {
    if (!t->summary)
        return keel_err_set(err, KEEL_E_PARSE,
                            "not a run's manifest: %s: it names no summary.json; run the backtest again", place);
    run->summary_text = strdup(t->summary);
    if (!run->summary_text) return no_memory(err, "summary.json");
    KEEL_TRY(keel_json_parse(t->summary, strlen(t->summary), "summary.json", &run->summary, err));
    if (t->config) KEEL_TRY(keel_yaml_parse(t->config, strlen(t->config), "config.yaml", &run->config, err));
    if (keel_json_read_decimal(keel_tree_find(keel_tree_find(run->summary, "totals"), "starting_balance_usd"), 8,
                               &run->start_e8) != 0)
        return keel_err_set(err, KEEL_E_PARSE,
                            "not a backtest document: %s/summary.json: it has no starting balance; run the backtest "
                            "again",
                            place);
    return 0;
}

int keel_run_folder_of(const keel_run_texts *texts, keel_run_folder **ret_run, keel_err *reterr) {
    keel_run_folder *run = calloc(1, sizeof *run);
    if (!run) return no_memory(reterr, "report");
    const char *place = texts->path ? texts->path : "this run"; /* in messages */
    if (texts->path) run->path = strdup(texts->path);
    int rc = texts->path && !run->path ? no_memory(reterr, "report")
                                       : take_manifest(place, texts->manifest, &run->manifest, reterr);
    if (rc == 0) rc = take_documents(run, place, texts, reterr);
    if (rc == 0) rc = keel_run_tables_read(run, texts, reterr);
    if (rc != 0)
        keel_run_folder_close(run);
    else
        *ret_run = run;
    return rc;
}

/* ---- a folder ----------------------------------------------------------------------------------------------- */

enum { MANIFEST, SUMMARY, CONFIG, TRADES, LEVELS, STOPS, EQUITY, BENCHMARK, CANDLES, FILES };

static const char *const NAMES[FILES] = {"manifest.json", "summary.json", "config.yaml",   "trades.csv", "levels.csv",
                                         "stops.csv",     "equity.csv",   "benchmark.csv", "candles.csv"};

/* Every file that the manifest names, checked; the caller's, also after a failure. */
static int read_files(const char *folder, char *ret_texts[FILES], keel_err *err) {
    struct stat st;
    size_t size = 0;
    keel_tree *manifest = NULL;
    if (stat(folder, &st) != 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND, "no such run: %s: give a folder written with --run-dir", folder);
    if (read_file(folder, NAMES[MANIFEST], &ret_texts[MANIFEST], &size, NULL) != 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "not a run folder: %s: it has no manifest.json; give a folder written with --run-dir",
                            folder);
    int rc = take_manifest(folder, ret_texts[MANIFEST], &manifest, err);
    for (int i = SUMMARY; i < FILES && rc == 0; i++)
        rc = read_checked(folder, manifest, NAMES[i], &ret_texts[i], err);
    keel_tree_free(manifest);
    return rc;
}

int keel_run_folder_open(const char *path, keel_run_folder **ret_run, keel_err *reterr) {
    char *t[FILES] = {0};
    int rc = read_files(path, t, reterr);
    if (rc == 0) {
        keel_run_texts texts = {path,      t[MANIFEST], t[SUMMARY], t[CONFIG],    t[TRADES],
                                t[LEVELS], t[STOPS],    t[EQUITY],  t[BENCHMARK], t[CANDLES]};
        rc = keel_run_folder_of(&texts, ret_run, reterr);
    }
    for (int i = 0; i < FILES; i++)
        free(t[i]);
    return rc;
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
