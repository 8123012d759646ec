/* journal/damage.c: see inspect.h. What outlives a start that did not get to its end: that damage was cut off. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/crc32c.h"
#include "journal/writer_internal.h"

enum { SIZE = 64 };
static const char MAGIC[8] = {'K', 'E', 'E', 'L', 'D', 'M', 'G', '\n'};

static void file_of(const char *name, char ret[KEEL_JOURNAL_FILE_MAX]) {
    (void)snprintf(ret, KEEL_JOURNAL_FILE_MAX, "wal-%s.damage", name);
}

int keel_journal_damage_read(const keel_fs *fs, const char *dir, const char *name, keel_journal_damage *ret,
                             keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_fs_stat st;
    memset(ret, 0, sizeof *ret);
    file_of(name, file);
    KEEL_TRY(keel_fs_path(dir, file, path, reterr));
    if (fs->stat(fs->ctx, path, &st) == -ENOENT) return 0;
    KEEL_TRY(keel_fs_private(fs, path, reterr));
    KEEL_TRY(keel_fs_read_whole(fs, path, 4096, &bytes, &size, reterr));
    int good = size == SIZE && memcmp(bytes, MAGIC, sizeof MAGIC) == 0 &&
               keel_get_u32(bytes + size - 4) == keel_crc32c(0, bytes, size - 4);
    uint32_t version = good ? keel_get_u32(bytes + 8) : 0;
    if (good) {
        ret->open = keel_get_u32(bytes + 12) != 0;
        ret->count = keel_get_u64(bytes + 16);
    }
    free(bytes);
    if (!good) return keel_err_set(reterr, KEEL_E_PARITY, "damaged: %s: restore it from a copy of the journal", path);
    if (version != KEEL_JOURNAL_VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION, "version %u: %s: this program knows %d; use a newer keel", version,
                            path, KEEL_JOURNAL_VERSION);
    return 0;
}

static int write_damage(const keel_fs *fs, const char *dir, const char *name, const keel_journal_damage *d,
                        keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX];
    uint8_t bytes[SIZE] = {0};
    file_of(name, file);
    memcpy(bytes, MAGIC, sizeof MAGIC);
    keel_put_u32(bytes + 8, KEEL_JOURNAL_VERSION);
    keel_put_u32(bytes + 12, (uint32_t)d->open);
    keel_put_u64(bytes + 16, d->count);
    keel_put_u32(bytes + SIZE - 4, keel_crc32c(0, bytes, SIZE - 4));
    return keel_fs_replace(fs, dir, file, bytes, sizeof bytes, reterr);
}

/* While one is open nobody built on what was left, so a further one is the same. */
int keel_journal_damage_note(const keel_fs *fs, const char *dir, const char *name, keel_err *reterr) {
    keel_journal_damage d;
    KEEL_TRY(keel_journal_damage_read(fs, dir, name, &d, reterr));
    if (d.open) return 0;
    d.open = 1;
    d.count++;
    return write_damage(fs, dir, name, &d, reterr);
}

int keel_journal_settle(keel_journal *j, keel_err *reterr) {
    keel_journal_damage d;
    KEEL_TRY(keel_journal_damage_read(j->o.fs, j->dir, j->o.name, &d, reterr));
    if (!d.open) return 0;
    d.open = 0;
    return write_damage(j->o.fs, j->dir, j->o.name, &d, reterr);
}
