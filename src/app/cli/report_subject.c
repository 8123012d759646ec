/* app/cli/report_subject.c: see report_subject.h. */
#include "app/cli/report_subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli/sweep_sheet.h"
#include "base/file.h"
#include "base/json_read.h"

enum { PATH_SIZE = KEEL_REPORT_PATH_SIZE, WALK_BYTES_MAX = 1 << 28 };

static int exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

int keel_report_run_find(keel_cli *cli, const char *given, char ret[KEEL_REPORT_PATH_SIZE]) {
    const keel_cli_home *home = NULL;
    (void)snprintf(ret, PATH_SIZE, "%s", given);
    if (exists(given) || strchr(given, '/')) return 0;
    KEEL_TRY(keel_cli_home_find(cli, &home));
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/runs/%.200s", home ? home->folder : ".", given);
    if (exists(path)) memcpy(ret, path, sizeof path);
    return 0;
}

static int read_sheet(const char *folder, const char *id, keel_tree **ret, keel_err *err) {
    keel_sweep_study study;
    int rc = keel_sweep_study_load(folder, id, &study, err);
    if (rc == 0) rc = keel_sweep_sheet(&study, ret, err);
    keel_sweep_study_done(&study);
    return rc;
}

/* The folder of a sweep: it holds trials.jsonl, and its name is the id. 1 when `given` is one. */
static int split_sweep(const char *given, char folder[PATH_SIZE], char id[PATH_SIZE]) {
    char path[PATH_SIZE + 32];
    size_t size = strlen(given);
    while (size > 1 && given[size - 1] == '/')
        size--;
    (void)snprintf(folder, PATH_SIZE, "%.*s", (int)size, given);
    (void)snprintf(path, sizeof path, "%s/trials.jsonl", folder);
    if (!exists(path)) return 0;
    char *slash = strrchr(folder, '/');
    (void)snprintf(id, PATH_SIZE, "%s", slash ? slash + 1 : folder);
    if (slash)
        *slash = 0;
    else
        (void)snprintf(folder, PATH_SIZE, ".");
    return 1;
}

/* 1 when `given` names a sweep and no run, with where it lies. */
static int is_sweep(keel_cli *cli, const char *given, char folder[PATH_SIZE], char id[PATH_SIZE]) {
    char sweeps[KEEL_SWEEP_PATH_MAX], found[KEEL_SWEEP_ID_SIZE], run[PATH_SIZE];
    if (split_sweep(given, folder, id)) return 1;
    if (keel_report_run_find(cli, given, run) != 0 || exists(run) || strchr(given, '/')) return 0;
    if (keel_sweep_folder(cli, sweeps) != 0 || keel_sweep_find(sweeps, given, found, NULL) != 0) return 0;
    (void)snprintf(folder, PATH_SIZE, "%.*s", PATH_SIZE - 1, sweeps);
    (void)snprintf(id, PATH_SIZE, "%s", found);
    return 1;
}

static int add_surface(keel_cli *cli, const char *given, keel_run_folder *run) {
    char folder[PATH_SIZE], id[PATH_SIZE], sweeps[KEEL_SWEEP_PATH_MAX];
    keel_tree *sheet = NULL;
    int rc;
    if (split_sweep(given, folder, id)) {
        rc = read_sheet(folder, id, &sheet, keel_cli_err(cli));
    } else {
        KEEL_TRY(keel_sweep_folder(cli, sweeps));
        rc = read_sheet(sweeps, given, &sheet, keel_cli_err(cli));
    }
    if (rc == 0) rc = keel_run_folder_add_surface(run, sheet, keel_cli_err(cli));
    if (rc != 0) keel_tree_free(sheet);
    return rc;
}

/* A document that `keel validate walk-forward --json` printed. */
static int read_walk(const char *path, keel_tree **ret, keel_err *err) {
    char *text = NULL;
    size_t size = 0;
    KEEL_TRY(keel_file_read(path, WALK_BYTES_MAX, &text, &size, err));
    int rc = keel_json_parse(text, size, path, ret, err);
    free(text);
    return rc;
}

static int add_walk(const char *path, keel_run_folder *run, keel_err *err) {
    keel_tree *walk = NULL;
    KEEL_TRY(read_walk(path, &walk, err));
    int rc = keel_run_folder_add_walk(run, walk, err);
    if (rc != 0) keel_tree_free(walk);
    return rc;
}

static int is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int keel_report_subject_open(keel_cli *cli, keel_report_subject *ret) {
    char path[PATH_SIZE], folder[PATH_SIZE], id[PATH_SIZE];
    const char *surface = keel_cli_option(cli, "sweep"), *walk = keel_cli_option(cli, "walk-forward");
    size_t count = keel_cli_positional_count(cli);
    keel_err *err = keel_cli_err(cli);
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < count; i++)
        if (strlen(keel_cli_positional(cli, i)) >= PATH_SIZE)
            return keel_err_set(err, KEEL_E_USAGE, "path too long: %.60s: choose a shorter one",
                                keel_cli_positional(cli, i));
    if (count == 1 && is_file(keel_cli_positional(cli, 0))) {
        if (surface || walk)
            return keel_err_set(err, KEEL_E_USAGE,
                                "--sweep and --walk-forward go with a run: %s is a file: leave them out",
                                keel_cli_positional(cli, 0));
        return read_walk(keel_cli_positional(cli, 0), &ret->walk, err);
    }
    if (count == 1 && is_sweep(cli, keel_cli_positional(cli, 0), folder, id)) {
        if (surface || walk)
            return keel_err_set(err, KEEL_E_USAGE,
                                "--sweep and --walk-forward go with a run: %s is a sweep: leave them out",
                                keel_cli_positional(cli, 0));
        return read_sheet(folder, id, &ret->sheet, err);
    }
    if (count == 2 && (surface || walk))
        return keel_err_set(err, KEEL_E_USAGE, "--sweep and --walk-forward go with one run: %s: name one",
                            keel_cli_name(cli));
    for (size_t i = 0; i < count; i++) {
        KEEL_TRY(keel_report_run_find(cli, keel_cli_positional(cli, i), path));
        KEEL_TRY(keel_run_folder_open(path, &ret->runs[i], err));
    }
    if (walk) KEEL_TRY(add_walk(walk, ret->runs[0], err));
    return surface ? add_surface(cli, surface, ret->runs[0]) : 0;
}

void keel_report_subject_done(keel_report_subject *s) {
    keel_run_folder_close(s->runs[0]);
    keel_run_folder_close(s->runs[1]);
    keel_tree_free(s->sheet);
    keel_tree_free(s->walk);
}
