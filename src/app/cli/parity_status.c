/* app/cli/parity_status.c: see parity_status.h. */
#include "app/cli/parity_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_read.h"

#define SCHEMA "keel.parity_status"
enum { FILE_MAX = 1 << 20 };

int keel_parity_folder(keel_cli *cli, const char *artifacts, char ret_path[KEEL_PARITY_PATH_MAX]) {
    const keel_cli_home *home = NULL;
    int size;
    if (!artifacts) KEEL_TRY(keel_cli_home_find(cli, &home));
    if (artifacts)
        size = snprintf(ret_path, KEEL_PARITY_PATH_MAX, "%s/parity", artifacts);
    else if (home && strcmp(home->folder, ".") != 0)
        size = snprintf(ret_path, KEEL_PARITY_PATH_MAX, "%s/artifacts/parity", home->folder);
    else
        size = snprintf(ret_path, KEEL_PARITY_PATH_MAX, "artifacts/parity");
    if (size < KEEL_PARITY_PATH_MAX - 64) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "path too long: --artifacts: choose a shorter one");
}

static int path_of(const char *folder, char path[KEEL_PARITY_PATH_MAX], keel_err *err) {
    int size = snprintf(path, KEEL_PARITY_PATH_MAX, "%s/status.json", folder);
    return size < KEEL_PARITY_PATH_MAX ? 0 : keel_err_set(err, KEEL_E_USAGE, "path too long: --artifacts: shorten it");
}

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : NULL;
}

/* One entry; 0 when it is not one. */
static int entry_of(const keel_tree *t, const char **subject, int *equal, const char **report, const char **at) {
    *subject = text_of(t, "subject");
    *report = text_of(t, "report");
    *at = text_of(t, "checked_at");
    return *subject && *report && *at && keel_json_read_bool(keel_tree_find(t, "equal"), equal) == 0;
}

/* The list of subjects; *ret_tree NULL: there is no file. */
static int load(const char *folder, keel_tree **ret_tree, const keel_tree **ret_list, keel_err *err) {
    char path[KEEL_PARITY_PATH_MAX], *text = NULL;
    size_t size = 0;
    int equal;
    const char *subject, *report, *at;
    *ret_tree = NULL;
    *ret_list = NULL;
    KEEL_TRY(path_of(folder, path, err));
    int rc = keel_file_read(path, FILE_MAX, &text, &size, err);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc != 0) return rc;
    rc = keel_json_parse(text, size, path, ret_tree, err);
    free(text);
    if (rc == KEEL_E_NOMEM) return rc;
    const char *schema = rc == 0 ? text_of(*ret_tree, "schema") : NULL;
    *ret_list = rc == 0 ? keel_tree_find(*ret_tree, "subjects") : NULL;
    int good = schema && strcmp(schema, SCHEMA) == 0 && *ret_list && (*ret_list)->kind == KEEL_TREE_LIST;
    for (size_t i = 0; good && i < (*ret_list)->count; i++)
        good = entry_of((*ret_list)->items[i], &subject, &equal, &report, &at);
    if (good) return 0;
    return keel_err_set(err, KEEL_E_PARITY,
                        "not a status of parity: %s: remove it and run keel validate parity for each system", path);
}

static void show(keel_parity_status *ret, const char *subject, const char *report, const char *at) {
    (void)snprintf(ret->subject, sizeof ret->subject, "%s", subject);
    (void)snprintf(ret->report, sizeof ret->report, "%s", report);
    (void)snprintf(ret->checked_at, sizeof ret->checked_at, "%s", at);
}

int keel_parity_status_read(const char *folder, keel_parity_status *ret, keel_err *reterr) {
    keel_tree *tree;
    const keel_tree *list;
    const char *subject, *report, *at;
    int equal = 0;
    memset(ret, 0, sizeof *ret);
    int rc = load(folder, &tree, &list, reterr);
    ret->known = tree != NULL || rc == KEEL_E_PARITY;
    for (size_t i = 0; rc == 0 && list && i < list->count; i++) {
        if (!entry_of(list->items[i], &subject, &equal, &report, &at)) continue;
        ret->subjects++;
        ret->breaches += !equal;
        int first_breach = !equal && ret->breaches == 1;
        int latest = ret->breaches == 0 && strcmp(at, ret->checked_at) >= 0;
        if (first_breach || latest) show(ret, subject, report, at);
    }
    ret->validated = rc == 0 && ret->subjects > 0 && ret->breaches == 0;
    keel_tree_free(tree);
    return rc;
}

static void write_entry(keel_json *j, const char *subject, int equal, const char *report, const char *at) {
    keel_json_object(j);
    keel_json_kstring(j, "subject", subject);
    keel_json_kbool(j, "equal", equal);
    keel_json_kstring(j, "report", report);
    keel_json_kstring(j, "checked_at", at);
    keel_json_close(j);
}

int keel_parity_status_put(const char *folder, const char *subject, int equal, const char *report,
                           const char *checked_at, keel_err *reterr) {
    char path[KEEL_PARITY_PATH_MAX];
    keel_tree *tree = NULL;
    const keel_tree *list;
    const char *other, *its_report, *at;
    int its_equal = 0, all_equal = equal;
    size_t size = 0;
    KEEL_TRY(path_of(folder, path, reterr));
    int rc = load(folder, &tree, &list, reterr);
    keel_json *entries = keel_json_new(2);
    if (rc == 0 && !entries) rc = keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: parity: close other programs");
    if (rc == 0) {
        for (size_t i = 0; list && i < list->count; i++)
            if (entry_of(list->items[i], &other, &its_equal, &its_report, &at) && strcmp(other, subject) != 0)
                all_equal &= its_equal;
        keel_json_object(entries);
        keel_json_kstring(entries, "schema", SCHEMA);
        keel_json_kint(entries, "schema_version", 1);
        keel_json_kbool(entries, "validated", all_equal);
        keel_json_key(entries, "subjects");
        keel_json_array(entries);
        for (size_t i = 0; list && i < list->count; i++)
            if (entry_of(list->items[i], &other, &its_equal, &its_report, &at) && strcmp(other, subject) != 0)
                write_entry(entries, other, its_equal, its_report, at);
        write_entry(entries, subject, equal, report, checked_at);
        keel_json_close(entries);
        keel_json_close(entries);
        const char *text = keel_json_text(entries, &size);
        rc = keel_file_write(path, text, size, reterr);
    }
    keel_json_free(entries);
    keel_tree_free(tree);
    return rc;
}

void keel_parity_status_warn(keel_cli *cli) {
    char folder[KEEL_PARITY_PATH_MAX];
    keel_parity_status status;
    keel_err why = {0};
    if (keel_parity_folder(cli, NULL, folder) != 0) return;
    if (keel_parity_status_read(folder, &status, &why) != 0)
        keel_cli_warn(cli, "not validated: %.700s", why.text);
    else if (status.known && !status.validated)
        keel_cli_warn(cli, "not validated: %s: sweep, replay and paper run differed: see %s/%s", status.subject, folder,
                      status.report);
}
