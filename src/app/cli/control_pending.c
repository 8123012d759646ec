/* app/cli/control_pending.c: see control_pending.h. */
#include "app/cli/control_pending.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_SIZE = 32 };

int keel_control_pending_can(keel_control_ask ask) {
    return ask == KEEL_CONTROL_PAUSE || ask == KEEL_CONTROL_FLAT || ask == KEEL_CONTROL_KILL;
}

static const char *name_of(keel_control_ask ask, char ret[NAME_SIZE]) {
    (void)snprintf(ret, NAME_SIZE, "pending-%s", keel_control_word(ask));
    return ret;
}

/* A folder of this user's alone: whoever runs the strategy would not believe another's. */
static int make(const keel_fs *fs, const char *folder, keel_err *err) {
    int rc = fs->mkdir(fs->ctx, folder);
    if (rc != 0 && rc != -EEXIST) return keel_fs_fail(rc, "cannot make", folder, err);
    return keel_fs_private(fs, folder, err);
}

int keel_control_pending_put(const keel_fs *fs, const char *folder, const keel_control_request *r, keel_err *reterr) {
    char dir[KEEL_FS_PATH_MAX], name[NAME_SIZE];
    keel_strbuf line;
    KEEL_TRY(keel_fs_path(folder, KEEL_CONTROL_FOLDER, dir, reterr));
    KEEL_TRY(make(fs, folder, reterr));
    KEEL_TRY(make(fs, dir, reterr));
    keel_strbuf_init(&line, KEEL_CONTROL_LINE_MAX);
    keel_control_request_write(r, &line);
    int rc = line.failed ? keel_err_set(reterr, KEEL_E_RANGE, "the reason is too long: control: shorten it")
                         : keel_fs_replace(fs, dir, name_of(r->ask, name), line.text, line.size, reterr);
    keel_strbuf_done(&line);
    return rc;
}

static int path_of(const char *folder, keel_control_ask ask, char ret_dir[KEEL_FS_PATH_MAX], char ret[KEEL_FS_PATH_MAX],
                   keel_err *err) {
    char name[NAME_SIZE];
    KEEL_TRY(keel_fs_path(folder, KEEL_CONTROL_FOLDER, ret_dir, err));
    return keel_fs_path(ret_dir, name_of(ask, name), ret, err);
}

int keel_control_pending_read(const keel_fs *fs, const char *folder, keel_control_ask ask, keel_control_request *ret,
                              keel_err *reterr) {
    char dir[KEEL_FS_PATH_MAX], path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    uint8_t *bytes = NULL;
    size_t size = 0;
    KEEL_TRY(path_of(folder, ask, dir, path, reterr));
    int rc = fs->stat(fs->ctx, path, &st);
    if (rc == -ENOENT || rc == -ENOTDIR) return 0;
    if (rc != 0) return keel_fs_fail(rc, "cannot read an order", path, reterr);
    KEEL_TRY(keel_fs_private(fs, dir, reterr));
    KEEL_TRY(keel_fs_private(fs, path, reterr));
    KEEL_TRY(keel_fs_read_whole(fs, path, KEEL_CONTROL_LINE_MAX, &bytes, &size, reterr));
    rc = keel_control_request_read((const char *)bytes, size, ret, reterr);
    free(bytes);
    if (rc == 0 && ret->ask == ask) return 1;
    return keel_err_set(reterr, KEEL_E_PARSE, "an order that waited cannot be read: %s: remove it, and order again",
                        path);
}

int keel_control_pending_remove(const keel_fs *fs, const char *folder, keel_control_ask ask, keel_err *reterr) {
    char dir[KEEL_FS_PATH_MAX], path[KEEL_FS_PATH_MAX];
    KEEL_TRY(path_of(folder, ask, dir, path, reterr));
    int rc = fs->unlink(fs->ctx, path);
    if (rc == -ENOENT || rc == -ENOTDIR) return 0;
    if (rc == 0) rc = fs->sync_dir(fs->ctx, dir);
    return rc == 0 ? 1 : keel_fs_fail(rc, "cannot remove an order that was obeyed", path, reterr);
}
