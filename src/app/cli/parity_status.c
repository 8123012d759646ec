/* app/cli/parity_status.c: see parity_status.h. */
#include "app/cli/parity_status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_read.h"
#include "kernel/unit_text.h"
#include "port/clock.h"
#include "port/fs_real.h"

#define SCHEMA "keel.parity_status"
enum { FILE_MAX = 1 << 20, LOCK_LOOK_NS = 10 * 1000 * 1000 };
#define LOCK_WAIT_NS INT64_C(60000000000)

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

int keel_parity_folder_make(const char *folder, keel_err *reterr) {
    char part[KEEL_PARITY_PATH_MAX];
    const keel_fs *fs = keel_fs_real();
    keel_fs_stat st;
    size_t size = strlen(folder);
    for (size_t i = 1; i <= size; i++) {
        if (folder[i] != '/' && folder[i] != 0) continue;
        memcpy(part, folder, i);
        part[i] = 0;
        if (fs->stat(fs->ctx, part, &st) == 0 && st.is_dir) continue;
        int rc = fs->mkdir(fs->ctx, part);
        if (rc != 0 && rc != -EEXIST) return keel_fs_fail(rc, "cannot make folder", part, reterr); /* a link may be */
    }
    return 0;
}

static int path_of(const char *folder, const char *name, char path[KEEL_PARITY_PATH_MAX], keel_err *err) {
    int size = snprintf(path, KEEL_PARITY_PATH_MAX, "%s/%s", folder, name);
    return size < KEEL_PARITY_PATH_MAX ? 0 : keel_err_set(err, KEEL_E_USAGE, "path too long: --artifacts: shorten it");
}

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : NULL;
}

typedef struct entry {
    const char *subject, *report, *at, *core; /* core: NULL in what an earlier build wrote */
    int equal;
} entry;

/* 0 when it is not one. */
static int entry_of(const keel_tree *t, entry *ret) {
    *ret = (entry){text_of(t, "subject"), text_of(t, "report"), text_of(t, "checked_at"), text_of(t, "core"), 0};
    return ret->subject && ret->report && ret->at && keel_json_read_bool(keel_tree_find(t, "equal"), &ret->equal) == 0;
}

static int is_ours(const entry *e) { return e->core && strcmp(e->core, keel_unit_sha256) == 0; }

/* The list of subjects; *ret_tree NULL: there is no file. */
static int load(const char *folder, keel_tree **ret_tree, const keel_tree **ret_list, keel_err *err) {
    char path[KEEL_PARITY_PATH_MAX], *text = NULL;
    size_t size = 0;
    entry e;
    *ret_tree = NULL;
    *ret_list = NULL;
    KEEL_TRY(path_of(folder, "status.json", path, err));
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
        good = entry_of((*ret_list)->items[i], &e);
    if (good) return 0;
    return keel_err_set(err, KEEL_E_PARITY,
                        "not a status of parity: %s: remove it and run keel validate parity for each system", path);
}

static void show(keel_parity_status *ret, const char *folder, const entry *e) {
    int whole = e->report[0] == '/' || e->report[0] == 0;
    (void)snprintf(ret->subject, sizeof ret->subject, "%s", e->subject);
    (void)snprintf(ret->report, sizeof ret->report, "%s%s%s", whole ? "" : folder, whole ? "" : "/", e->report);
    (void)snprintf(ret->checked_at, sizeof ret->checked_at, "%s", e->at);
}

int keel_parity_status_read(const char *folder, keel_parity_status *ret, keel_err *reterr) {
    keel_tree *tree;
    const keel_tree *list;
    entry e;
    memset(ret, 0, sizeof *ret);
    int rc = load(folder, &tree, &list, reterr);
    ret->known = tree != NULL || rc == KEEL_E_PARITY;
    for (size_t i = 0; rc == 0 && list && i < list->count; i++) {
        if (!entry_of(list->items[i], &e)) continue;
        int foreign = e.equal && !is_ours(&e);
        ret->subjects++;
        ret->breaches += !e.equal;
        ret->foreign += foreign;
        int first_breach = !e.equal && ret->breaches == 1;
        int first_foreign = foreign && ret->foreign == 1 && ret->breaches == 0;
        int latest = ret->breaches == 0 && ret->foreign == 0 && strcmp(e.at, ret->checked_at) >= 0;
        if (first_breach || first_foreign || latest) show(ret, folder, &e);
    }
    ret->validated = rc == 0 && ret->subjects > 0 && ret->breaches == 0 && ret->foreign == 0;
    keel_tree_free(tree);
    return rc;
}

static void write_entry(keel_json *j, const entry *e) {
    keel_json_object(j);
    keel_json_kstring(j, "subject", e->subject);
    keel_json_kbool(j, "equal", e->equal);
    keel_json_kstring(j, "report", e->report);
    keel_json_kstring(j, "checked_at", e->at);
    keel_json_kstring(j, "core", e->core ? e->core : "");
    keel_json_close(j);
}

/* What stays of an entry when v becomes known: 1: all of it. */
static int is_kept(const entry *e, const keel_parity_verdict *v) {
    int same = strcmp(e->subject, v->subject) == 0;
    int cleared = v->equal && v->place && strcmp(e->subject, v->place) == 0;
    if (!same && !cleared) return 1;
    return !e->equal && v->equal && v->is_empty;
}

/* 1: what is said of v's subject already stays instead of v. */
static int stands(const keel_tree *list, const keel_parity_verdict *v) {
    entry e;
    for (size_t i = 0; list && i < list->count; i++)
        if (entry_of(list->items[i], &e) && strcmp(e.subject, v->subject) == 0 && is_kept(&e, v)) return 1;
    return 0;
}

/* The whole document. kept: v itself is left out. */
static void write_status(keel_json *j, const keel_tree *list, const keel_parity_verdict *v, int kept) {
    entry e, mine = {v->subject, v->report, v->checked_at, keel_unit_sha256, v->equal};
    int validated = kept || v->equal;
    for (size_t i = 0; list && i < list->count; i++)
        if (entry_of(list->items[i], &e) && is_kept(&e, v)) validated &= e.equal && is_ours(&e);
    keel_json_object(j);
    keel_json_kstring(j, "schema", SCHEMA);
    keel_json_kint(j, "schema_version", 1);
    keel_json_kbool(j, "validated", validated);
    keel_json_key(j, "subjects");
    keel_json_array(j);
    for (size_t i = 0; list && i < list->count; i++)
        if (entry_of(list->items[i], &e) && is_kept(&e, v)) write_entry(j, &e);
    if (!kept) write_entry(j, &mine);
    keel_json_close(j);
    keel_json_close(j);
}

int keel_parity_lock(const char *folder, const char *name, int *ret_file, keel_err *reterr) {
    char path[KEEL_PARITY_PATH_MAX];
    const keel_fs *fs = keel_fs_real();
    const keel_clock *clock = keel_clock_real();
    int64_t end_ns = clock->mono_ns(clock->ctx) + LOCK_WAIT_NS;
    *ret_file = -1;
    KEEL_TRY(path_of(folder, name, path, reterr));
    int file = fs->open(fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE), rc;
    if (file < 0) return keel_fs_fail(file, "cannot open", path, reterr);
    while ((rc = fs->lock(fs->ctx, file)) == -EWOULDBLOCK && clock->mono_ns(clock->ctx) < end_ns)
        clock->wait_until(clock->ctx, clock->mono_ns(clock->ctx) + LOCK_LOOK_NS);
    if (rc == 0) {
        *ret_file = file;
        return 0;
    }
    fs->close(fs->ctx, file);
    if (rc != -EWOULDBLOCK) return keel_fs_fail(rc, "cannot lock", path, reterr);
    return keel_err_set(reterr, KEEL_E_TIMEOUT, "held by another process: %s: end it, then keel validate parity again",
                        path);
}

void keel_parity_unlock(int file) {
    if (file >= 0) keel_fs_real()->close(keel_fs_real()->ctx, file);
}

static int change(const char *folder, const keel_parity_verdict *v, int *ret_kept, keel_err *err) {
    char path[KEEL_PARITY_PATH_MAX];
    keel_tree *tree = NULL;
    const keel_tree *list;
    size_t size = 0;
    KEEL_TRY(path_of(folder, "status.json", path, err));
    int rc = load(folder, &tree, &list, err);
    keel_json *j = keel_json_new(2);
    if (rc == 0 && !j) rc = keel_err_set(err, KEEL_E_NOMEM, "out of memory: parity: close other programs");
    if (rc == 0) {
        *ret_kept = stands(list, v);
        write_status(j, list, v, *ret_kept);
        const char *text = keel_json_text(j, &size);
        rc = keel_file_write(path, text, size, err);
    }
    keel_json_free(j);
    keel_tree_free(tree);
    return rc;
}

int keel_parity_status_put(const char *folder, const keel_parity_verdict *v, int *ret_kept, keel_err *reterr) {
    int file = -1, kept = 0;
    KEEL_TRY(keel_parity_lock(folder, "status.lock", &file, reterr));
    int rc = change(folder, v, &kept, reterr);
    keel_parity_unlock(file);
    if (ret_kept) *ret_kept = kept;
    return rc;
}

void keel_parity_status_say(const keel_parity_status *s, char *ret_text, size_t size) {
    if (s->breaches == 0)
        (void)snprintf(ret_text, size, "not validated: %.300s was asked of another core: keel validate parity again",
                       s->subject);
    else
        (void)snprintf(ret_text, size, "not validated: %.300s: sweep, replay and paper run differed: %s%.300s",
                       s->subject, s->report[0] ? "see " : "no report could be made, ask again", s->report);
}

void keel_parity_status_warn(keel_cli *cli) {
    char folder[KEEL_PARITY_PATH_MAX], text[800];
    keel_parity_status status;
    keel_err why = {0};
    if (keel_parity_folder(cli, NULL, folder) != 0) return;
    if (keel_parity_status_read(folder, &status, &why) != 0) {
        keel_cli_warn(cli, "not validated: %.700s", why.text);
    } else if (status.known && !status.validated) {
        keel_parity_status_say(&status, text, sizeof text);
        keel_cli_warn(cli, "%s", text);
    }
}
