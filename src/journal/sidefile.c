/* journal/sidefile.c: see sidefile.h. */
#include "journal/sidefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/crc32c.h"
#include "journal/format.h"

static void file_of(const char *name, const keel_sidefile *of, char ret[KEEL_JOURNAL_FILE_MAX]) {
    (void)snprintf(ret, KEEL_JOURNAL_FILE_MAX, "wal-%s.%s", name, of->kind);
}

int keel_sidefile_read(const keel_fs *fs, const char *dir, const char *name, const keel_sidefile *of, uint8_t ret[],
                       keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_fs_stat st;
    file_of(name, of, file);
    KEEL_TRY(keel_fs_path(dir, file, path, reterr));
    if (fs->stat(fs->ctx, path, &st) == -ENOENT) return 0;
    KEEL_TRY(keel_fs_private(fs, path, reterr));
    KEEL_TRY(keel_fs_read_whole(fs, path, 4096, &bytes, &size, reterr));
    int good = size == of->size && memcmp(bytes, of->magic, sizeof of->magic) == 0 &&
               keel_get_u32(bytes + size - 4) == keel_crc32c(0, bytes, size - 4);
    if (good) memcpy(ret, bytes, size);
    free(bytes);
    if (!good) return keel_err_set(reterr, KEEL_E_PARITY, "damaged: %s: restore it from a copy of the journal", path);
    uint32_t version = keel_get_u32(ret + sizeof of->magic);
    if (version != KEEL_JOURNAL_VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION, "version %u: %s: this program knows %d; use a newer keel", version,
                            path, KEEL_JOURNAL_VERSION);
    return 1;
}

int keel_sidefile_write(const keel_fs *fs, const char *dir, const char *name, const keel_sidefile *of, uint8_t bytes[],
                        keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX];
    file_of(name, of, file);
    memcpy(bytes, of->magic, sizeof of->magic);
    keel_put_u32(bytes + sizeof of->magic, KEEL_JOURNAL_VERSION);
    keel_put_u32(bytes + of->size - 4, keel_crc32c(0, bytes, of->size - 4));
    return keel_fs_replace(fs, dir, file, bytes, of->size, reterr);
}
