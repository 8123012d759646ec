/* journal/damage.c: see inspect.h. What outlives a start that did not get to its end: that damage was cut off. */
#include <string.h>

#include "journal/sidefile.h"
#include "journal/writer_internal.h"

static const keel_sidefile FILE_OF = {"damage", {'K', 'E', 'E', 'L', 'D', 'M', 'G', '\n'}, 64};

int keel_journal_damage_read(const keel_fs *fs, const char *dir, const char *name, keel_journal_damage *ret,
                             keel_err *reterr) {
    uint8_t bytes[KEEL_SIDEFILE_MAX];
    memset(ret, 0, sizeof *ret);
    int rc = keel_sidefile_read(fs, dir, name, &FILE_OF, bytes, reterr);
    if (rc <= 0) return rc;
    ret->open = keel_get_u32(bytes + 12) != 0;
    ret->count = keel_get_u64(bytes + 16);
    return 0;
}

static int write_damage(const keel_fs *fs, const char *dir, const char *name, const keel_journal_damage *d,
                        keel_err *reterr) {
    uint8_t bytes[KEEL_SIDEFILE_MAX] = {0};
    keel_put_u32(bytes + 12, (uint32_t)d->open);
    keel_put_u64(bytes + 16, d->count);
    return keel_sidefile_write(fs, dir, name, &FILE_OF, bytes, reterr);
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
