/* app/cli/events_whole.c: see events_whole.h. */
#include "app/cli/events_whole.h"

#include "base/file.h"
#include "port/fs_real.h"

static const char MARK[] = "events.incomplete";
static const char SAYS[] = "The log in this folder is being written, or whoever wrote it was stopped.\n";

int keel_events_begin(const char *dir, keel_err *err) {
    char path[KEEL_FS_PATH_MAX];
    KEEL_TRY(keel_fs_path(dir, MARK, path, err));
    return keel_file_write(path, SAYS, sizeof SAYS - 1, err);
}

int keel_events_whole(const char *dir, keel_err *err) {
    char path[KEEL_FS_PATH_MAX];
    const keel_fs *fs = keel_fs_real();
    KEEL_TRY(keel_fs_path(dir, MARK, path, err));
    int rc = fs->unlink(fs->ctx, path);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot remove", path, err);
}

int keel_events_check_whole(const char *dir, keel_err *err) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    const keel_fs *fs = keel_fs_real();
    KEEL_TRY(keel_fs_path(dir, MARK, path, err));
    if (fs->stat(fs->ctx, path, &st) != 0) return 0;
    return keel_err_set(
        err, KEEL_E_PARITY,
        "the log is not whole: %s: whoever wrote it was stopped, or still writes: remove the folder and "
        "run that command again",
        dir);
}
