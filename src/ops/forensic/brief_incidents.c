/* ops/forensic/brief_incidents.c: see brief_internal.h. An incident is open until the audit trail says
 * `incident_closed` of it: its files are never changed, and who closed it, when and why is in the trail. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/forensic/brief_internal.h"

enum { FILE_MAX = 1 << 20 };

static keel_brief_incident *known(const keel_brief *b, const char *id) {
    for (size_t i = b->incidents; i > 0; i--) /* most are asked for soon after they came */
        if (strcmp(b->incident[i - 1].id, id) == 0) return &b->incident[i - 1];
    return NULL;
}

int keel_brief_incident_add(keel_brief *b, const keel_brief_incident *incident, keel_err *err) {
    if (known(b, incident->id)) return 0;
    if (b->incidents == b->incident_cap) {
        size_t cap = b->incident_cap ? 2 * b->incident_cap : 16;
        keel_brief_incident *wider = realloc(b->incident, cap * sizeof *wider);
        if (!wider) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: brief: close other programs");
        b->incident = wider;
        b->incident_cap = cap;
    }
    b->incident[b->incidents++] = *incident;
    return 0;
}

/* ---- the folder ------------------------------------------------------------------------------------------------- */

static void copy(const keel_tree *t, const char *key, char *to, size_t cap) {
    const char *text = NULL;
    if (keel_json_read_string(keel_tree_find(t, key), &text) != 0) text = "?";
    (void)keel_line_text(text, strlen(text), to, cap);
}

typedef struct look {
    keel_brief *b;
    const keel_fs *fs;
    const char *folder;
    keel_err *err;
} look;

/* Of a file that is no incident's nothing is known but its name, which is said. */
static int take_file(void *data, const char *name) {
    look *l = data;
    keel_brief_incident in = {.severity = "SEV?", .time = "?"};
    char path[KEEL_FS_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = strlen(name), length = 0;
    keel_tree *t = NULL;
    keel_err ignored = {0};
    if (size < 6 || size >= sizeof in.id || strcmp(name + size - 5, ".json") != 0) return 0;
    (void)keel_line_text(name, size - 5, in.id, sizeof in.id);
    if (known(l->b, in.id)) return 0;
    int rc = keel_fs_path(l->folder, name, path, &ignored);
    if (rc == 0) rc = keel_fs_read_whole(l->fs, path, FILE_MAX, &bytes, &length, &ignored);
    if (rc == 0) rc = keel_json_parse((const char *)bytes, length, name, &t, &ignored);
    if (rc == 0) {
        copy(t, "severity", in.severity, sizeof in.severity);
        copy(t, "opened", in.time, sizeof in.time);
    }
    keel_tree_free(t);
    free(bytes);
    return keel_brief_incident_add(l->b, &in, l->err);
}

static int read_folder(keel_brief *b, const keel_fs *fs, const char *dir, keel_err *err) {
    char folder[KEEL_FS_PATH_MAX];
    KEEL_TRY(keel_fs_path(dir, "incidents", folder, err));
    look l = {b, fs, folder, err};
    int rc = fs->list(fs->ctx, folder, take_file, &l);
    if (rc == 0 || rc == -ENOENT || err->code) return err->code;
    return keel_fs_fail(rc, "cannot look into folder", folder, err);
}

/* ---- the trail -------------------------------------------------------------------------------------------------- */

static void take_closing(keel_brief *b, const keel_tree *t) {
    const char *action = "", *id = "";
    if (keel_json_read_string(keel_tree_find(t, "action"), &action) != 0 || strcmp(action, "incident_closed") != 0)
        return;
    if (keel_json_read_string(keel_tree_find(t, "before"), &id) != 0) return;
    keel_brief_incident *in = known(b, id);
    if (!in || in->closed) return;
    in->closed = 1;
    b->closed++;
}

static int by_time(const void *x, const void *y) {
    const keel_brief_incident *a = x, *b = y;
    int order = strcmp(a->time, b->time);
    return order ? order : strcmp(a->id, b->id);
}

int keel_brief_incidents_read(keel_brief *b, const keel_fs *fs, const char *dir, keel_err *err) {
    size_t told = b->incidents;
    KEEL_TRY(read_folder(b, fs, dir, err));
    KEEL_TRY(keel_brief_trail_each(b, fs, dir, take_closing, err));
    if (b->incidents > told) qsort(b->incident, b->incidents, sizeof *b->incident, by_time);
    return 0;
}
