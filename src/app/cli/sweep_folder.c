/* app/cli/sweep_folder.c: see sweep_folder.h. */
#include "app/cli/sweep_folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli/sweep_trial.h"

enum { HASH_PREFIX_MIN = 8 };

const keel_cli_opt keel_sweep_folder_options[] = {
    {"sweeps", "DIR", "folder of the sweeps; default: the home's sweeps, else ./sweeps", 0}, {0}};

int keel_sweep_folder(keel_cli *cli, char *ret_path) {
    const char *given = keel_cli_option(cli, "sweeps");
    const keel_cli_home *home = NULL;
    int n;
    if (!given) KEEL_TRY(keel_cli_home_find(cli, &home));
    if (given)
        n = snprintf(ret_path, KEEL_SWEEP_PATH_MAX, "%s", given);
    else if (home)
        n = snprintf(ret_path, KEEL_SWEEP_PATH_MAX, "%s/sweeps", home->folder);
    else
        n = snprintf(ret_path, KEEL_SWEEP_PATH_MAX, "sweeps");
    if (n < KEEL_SWEEP_PATH_MAX) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "path too long: --sweeps: choose a shorter one");
}

int keel_sweep_path(const char *folder, const char *id, const char *file, char *ret_path, keel_err *err) {
    int n = snprintf(ret_path, KEEL_SWEEP_PATH_MAX, "%s/%s%s%s", folder, id, file[0] ? "/" : "", file);
    if (n < KEEL_SWEEP_PATH_MAX) return 0;
    return keel_err_set(err, KEEL_E_RANGE, "path too long: --sweeps: choose a shorter one");
}

static int make(const char *path, keel_err *err) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return 0;
    return keel_err_set(err, KEEL_E_IO, "cannot make the folder: %s: %s; choose another with --sweeps", path,
                        strerror(errno));
}

int keel_sweep_folder_make(const char *folder, const char *id, keel_err *err) {
    char path[KEEL_SWEEP_PATH_MAX];
    KEEL_TRY(make(folder, err));
    KEEL_TRY(keel_sweep_path(folder, id, "", path, err));
    return make(path, err);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int is_id(const char *name) {
    return strlen(name) == KEEL_SWEEP_ID_SIZE - 1 && strspn(name, "0123456789abcdef") == KEEL_SWEEP_ID_SIZE - 1;
}

int keel_sweep_ids(const char *folder, keel_list *ret_ids, keel_err *err) {
    DIR *d = opendir(folder);
    const struct dirent *entry;
    *ret_ids = (keel_list){NULL, 0};
    if (!d && errno == ENOENT) return 0;
    if (!d)
        return keel_err_set(err, KEEL_E_IO, "cannot read the folder: %s: %s; check its permissions", folder,
                            strerror(errno));
    while ((entry = readdir(d)) != NULL) {
        if (!is_id(entry->d_name)) continue;
        char **items = realloc(ret_ids->items, (ret_ids->count + 1) * sizeof *items);
        if (items) ret_ids->items = items;
        char *copy = items ? strdup(entry->d_name) : NULL;
        if (!copy) {
            (void)closedir(d);
            keel_list_done(ret_ids);
            return keel_err_set(err, KEEL_E_NOMEM, "out of memory: list of sweeps: close other programs");
        }
        ret_ids->items[ret_ids->count++] = copy;
    }
    (void)closedir(d);
    if (ret_ids->count > 1) qsort(ret_ids->items, ret_ids->count, sizeof *ret_ids->items, by_text);
    return 0;
}

int keel_sweep_find(const char *folder, const char *prefix, char ret_id[KEEL_SWEEP_ID_SIZE], keel_err *err) {
    keel_list ids;
    size_t found = 0;
    KEEL_TRY(keel_sweep_ids(folder, &ids, err));
    for (size_t i = 0; i < ids.count; i++) {
        if (strncmp(ids.items[i], prefix, strlen(prefix)) != 0) continue;
        if (found++ == 0) memcpy(ret_id, ids.items[i], KEEL_SWEEP_ID_SIZE);
    }
    keel_list_done(&ids);
    if (found == 1) return 0;
    if (found > 1)
        return keel_err_set(err, KEEL_E_USAGE, "'%.20s' names %zu sweeps: %s: write more digits", prefix, found,
                            folder);
    return keel_err_set(err, KEEL_E_NOT_FOUND,
                        "no sweep '%.70s': %s: see keel sweep list, or name the folder with "
                        "--sweeps",
                        prefix, folder);
}

int keel_sweep_open(const char *path, keel_rows_file *ret_file, keel_sweep_header *ret_header, keel_err *err) {
    size_t size = 0;
    memset(ret_header, 0, sizeof *ret_header);
    KEEL_TRY(keel_rows_file_open(ret_file, path, err));
    int rc = keel_rows_file_next(ret_file, &size, err);
    if (rc < 0) return rc;
    if (rc == 0) return keel_err_set(err, KEEL_E_PARITY, "the file is empty: %s: begin the sweep anew", path);
    return keel_sweep_header_read(ret_file->line, size, path, ret_header, err);
}

/* ---- one trial --------------------------------------------------------------------------------------------- */

/* Does the line's trial hash begin with prefix? Cheap: the key stands near the start of a row. */
static int line_has(const char *line, const char *prefix) {
    static const char KEY[] = "\"trial_hash\":\"";
    const char *at = strstr(line, KEY);
    return at && strncmp(at + sizeof KEY - 1, prefix, strlen(prefix)) == 0;
}

/* Look through one file. 1: found, 0: not, or an error. */
static int find_in(const char *path, const char *prefix, keel_sweep_header *header, keel_row *row, keel_err *err) {
    keel_rows_file f;
    keel_sweep_header h;
    size_t size = 0;
    char where[KEEL_SWEEP_PATH_MAX + 32];
    int found = 0;
    int rc = keel_sweep_open(path, &f, &h, err);
    if (rc == KEEL_E_NOT_FOUND) rc = 0; /* a folder without a file: a sweep that never began */
    while (rc == 0 && f.reading && !found && (rc = keel_rows_file_next(&f, &size, err)) > 0) {
        rc = 0;
        if (!line_has(f.line, prefix)) continue;
        (void)snprintf(where, sizeof where, "%s:%" PRId64, path, f.lines);
        rc = keel_row_read(f.line, size, h.sweep_id, where, row, err);
        found = rc == 0;
        if (rc != 0) keel_row_done(row);
    }
    if (found)
        *header = h;
    else
        keel_sweep_header_done(&h);
    keel_rows_file_close(&f);
    return rc < 0 ? rc : found;
}

int keel_sweep_find_trial(const char *folder, const char *prefix, keel_sweep_header *ret_header, keel_row *ret_row,
                          keel_err *err) {
    keel_list ids;
    char path[KEEL_SWEEP_PATH_MAX];
    int found = 0, rc = 0;
    memset(ret_header, 0, sizeof *ret_header);
    memset(ret_row, 0, sizeof *ret_row);
    if (strlen(prefix) < HASH_PREFIX_MIN || strspn(prefix, "0123456789abcdef") != strlen(prefix))
        return keel_err_set(err, KEEL_E_USAGE,
                            "'%.70s' is no trial hash: give at least %d of its hex digits: keel sweep "
                            "show lists them",
                            prefix, HASH_PREFIX_MIN);
    KEEL_TRY(keel_sweep_ids(folder, &ids, err));
    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        keel_sweep_header header;
        keel_row row;
        rc = keel_sweep_path(folder, ids.items[i], "trials.jsonl", path, err);
        if (rc == 0) rc = find_in(path, prefix, &header, &row, err);
        if (rc <= 0) continue;
        rc = 0;
        if (!found++) {
            *ret_header = header;
            *ret_row = row;
            continue;
        }
        if (strcmp(row.trial.trial_hash, ret_row->trial.trial_hash) != 0)
            rc = keel_err_set(err, KEEL_E_USAGE, "'%s' names several trials: %s: write more digits", prefix, folder);
        keel_row_done(&row);
        keel_sweep_header_done(&header);
    }
    keel_list_done(&ids);
    if (rc != 0 || found) return rc;
    return keel_err_set(err, KEEL_E_NOT_FOUND,
                        "no trial '%s': %s: keel sweep show lists a sweep's trials; --sweeps names "
                        "another folder",
                        prefix, folder);
}

int keel_sweep_row_config(keel_cli *cli, const keel_sweep_header *header, const keel_row *row, keel_run_config *ret) {
    keel_err *err = keel_cli_err(cli);
    const char *names[KEEL_SPACE_DIMS_MAX], *values[KEEL_SPACE_DIMS_MAX];
    size_t n = row->params->count;
    memset(ret, 0, sizeof *ret);
    if (row->params->kind != KEEL_TREE_MAP || n > KEEL_SPACE_DIMS_MAX)
        return keel_err_set(err, KEEL_E_PARITY, "no parameters: trial %" PRId64 ": the file is damaged", row->index);
    for (size_t i = 0; i < n; i++) {
        names[i] = row->params->items[i]->key;
        values[i] = row->params->items[i]->text ? row->params->items[i]->text : "";
    }
    KEEL_TRY(keel_run_config_open(cli, header->config, ret));
    KEEL_TRY(keel_sweep_settle_market(ret, header->market, err));
    KEEL_TRY(keel_run_config_vary(ret, names, values, n, err));
    if (row->trial.config_id[0] && strcmp(row->trial.config_id, ret->config_id) != 0)
        return keel_err_set(err, KEEL_E_PARITY,
                            "trial %" PRId64
                            " is of another configuration here: config_id %.16s, the "
                            "row says %.16s: defaults changed between builds (%s), or the row did",
                            row->index, ret->config_id, row->trial.config_id, header->build);
    return 0;
}
