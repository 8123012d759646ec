/* app/cli/backtest_place.c: see backtest_place.h. */
#include "app/cli/backtest_place.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json_read.h"

enum { PATH_BYTES = 4096, MANIFEST_BYTES_MAX = 1 << 24 };

int keel_backtest_place_ours(const char *name) {
    static const char *const NAMES[] = {".",           "..",         "manifest.json", "summary.json",  "config.yaml",
                                        "trades.csv",  "levels.csv", "equity.csv",    "benchmark.csv", "candles.csv",
                                        "report.html", "stops.csv"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(name, NAMES[i]) == 0) return 1;
    return 0;
}

/* Names in the folder other than . and .., or KEEL_E_USAGE at the first one that is not of a run. */
static int count_files(const char *path, int *ret_count, keel_err *err) {
    DIR *dir = opendir(path);
    struct dirent *entry;
    int rc = 0, count = 0;
    while (dir && rc == 0 && (entry = readdir(dir))) {
        count += entry->d_name[0] != '.';
        if (!keel_backtest_place_ours(entry->d_name))
            rc = keel_err_set(err, KEEL_E_USAGE,
                              "will not write over: %s: it holds %.200s, which is not of a run; choose another folder",
                              path, entry->d_name);
    }
    if (dir) (void)closedir(dir);
    *ret_count = count;
    return rc;
}

/* The manifest of the run that lies at path; NULL when there is none that can be read. */
static keel_tree *read_manifest(const char *path) {
    char file[PATH_BYTES + 32], *text = NULL;
    size_t size = 0;
    keel_tree *tree = NULL;
    (void)snprintf(file, sizeof file, "%s/manifest.json", path);
    if (keel_file_read(file, MANIFEST_BYTES_MAX, &text, &size, NULL) == 0 &&
        keel_json_parse(text, size, "manifest.json", &tree, NULL) != 0)
        tree = NULL;
    free(text);
    return tree;
}

static const char *text_of(const keel_tree *map, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(map, key), &text) == 0 ? text : "";
}

static int compare(const char *path, const keel_tree *there, const char *run_id, const uint64_t *state_hash,
                   keel_err *err) {
    const char *id = text_of(there, "run_id"), *hash = text_of(there, "state_hash");
    char own[17];
    if (!*id)
        return keel_err_set(err, KEEL_E_USAGE,
                            "will not write over: %s: it holds files of a run and no manifest that can be read; choose "
                            "another folder, or add --force to replace it",
                            path);
    if (strcmp(id, run_id) != 0)
        return keel_err_set(err, KEEL_E_USAGE,
                            "will not write over another run: %s: run %.20s of %.60s is kept there, this is run %s; "
                            "choose another folder, or add --force to replace it",
                            path, id, text_of(there, "strategy"), run_id);
    if (!state_hash) return 0;
    (void)snprintf(own, sizeof own, "%016" PRIx64, *state_hash);
    if (strcmp(hash, own) == 0) return 0;
    return keel_err_set(err, KEEL_E_PARITY,
                        "the same run ended in another state: %s: state hash %.20s is kept there, this run has %s; one "
                        "of them is wrong: run it again and report this, or add --force to replace it",
                        path, hash, own);
}

int keel_backtest_place_check(const char *path, const char *run_id, const uint64_t *state_hash, int force,
                              keel_err *reterr) {
    struct stat st;
    int count = 0;
    if (stat(path, &st) != 0) return 0;
    if (!S_ISDIR(st.st_mode))
        return keel_err_set(reterr, KEEL_E_USAGE, "will not write over: %s: it is not a folder; choose another folder",
                            path);
    KEEL_TRY(count_files(path, &count, reterr));
    if (count == 0 || force) return 0;
    keel_tree *there = read_manifest(path);
    int rc = compare(path, there, run_id, state_hash, reterr);
    keel_tree_free(there);
    return rc;
}
