/* journal/files.c: which segments lie in a folder, and the base of a compacted journal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal/inspect.h"
#include "journal/sidefile.h"

static const keel_sidefile BASE = {"base", {'K', 'E', 'E', 'L', 'B', 'A', 'S', '\n'}, 128};

typedef struct listing {
    keel_journal_files *files;
    const char *wanted;
    int several;
} listing;

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int visit(void *data, const char *text) {
    listing *l = data;
    keel_journal_files *f = l->files;
    char name[KEEL_JOURNAL_NAME_MAX + 1];
    uint64_t segment;
    if (!keel_journal_file_parse(text, name, &segment)) return 0;
    if (l->wanted && strcmp(l->wanted, name) != 0) return 0;
    if (f->name[0] && strcmp(f->name, name) != 0) l->several = 1;
    memcpy(f->name, name, sizeof name);
    uint64_t *grown = realloc(f->segment, (f->count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    f->segment = grown;
    f->segment[f->count++] = segment;
    return 0;
}

/* What lies below the base counts no more. */
static int split(keel_journal_files *f) {
    size_t below = 0;
    while (below < f->count && f->segment[below] < f->base.segment)
        below++;
    if (below == 0) return 0;
    f->stale = malloc(below * sizeof *f->stale);
    if (!f->stale) return KEEL_E_NOMEM;
    memcpy(f->stale, f->segment, below * sizeof *f->stale);
    f->stale_count = below;
    f->count -= below;
    memmove(f->segment, f->segment + below, f->count * sizeof *f->segment);
    return 0;
}

int keel_journal_files_list(const keel_journal_where *where, keel_journal_files *ret, keel_err *reterr) {
    listing l = {ret, where->name, 0};
    memset(ret, 0, sizeof *ret);
    if (where->name && !keel_journal_name_valid(where->name))
        return keel_err_set(reterr, KEEL_E_USAGE, "not a name of a journal: %s: use 1 to %d of a-z, 0-9 and _",
                            where->name, KEEL_JOURNAL_NAME_MAX);
    int rc = where->fs->list(where->fs->ctx, where->dir, visit, &l);
    if (rc == -ENOMEM) {
        rc = keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: list of segments", where->dir);
    } else if (rc != 0) {
        rc = keel_fs_fail(rc, "cannot read the folder", where->dir, reterr);
    } else if (l.several) {
        rc = keel_err_set(reterr, KEEL_E_USAGE, "several journals: %s: say which with --name", where->dir);
    } else {
        if (where->name) memcpy(ret->name, where->name, strlen(where->name) + 1);
        if (ret->count) qsort(ret->segment, ret->count, sizeof *ret->segment, compare);
        rc = keel_journal_base_read(where->fs, where->dir, ret->name, &ret->base, reterr);
        if (rc == 0 && split(ret) != 0)
            rc = keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: list of segments", where->dir);
    }
    if (rc != 0) keel_journal_files_done(ret);
    return rc;
}

void keel_journal_files_done(keel_journal_files *f) {
    free(f->segment);
    free(f->stale);
    memset(f, 0, sizeof *f);
}

int keel_journal_base_read(const keel_fs *fs, const char *dir, const char *name, keel_journal_base *ret,
                           keel_err *reterr) {
    uint8_t bytes[KEEL_SIDEFILE_MAX];
    memset(ret, 0, sizeof *ret);
    ret->segment = 1;
    int rc = keel_sidefile_read(fs, dir, name, &BASE, bytes, reterr);
    if (rc <= 0) return rc;
    memcpy(ret->id, bytes + 16, sizeof ret->id);
    ret->segment = keel_get_u64(bytes + 32);
    ret->first_seq = keel_get_u64(bytes + 40);
    memcpy(ret->chain, bytes + 48, sizeof ret->chain);
    return 0;
}

int keel_journal_base_write(const keel_fs *fs, const char *dir, const char *name, const keel_journal_base *base,
                            keel_err *reterr) {
    uint8_t bytes[KEEL_SIDEFILE_MAX] = {0};
    memcpy(bytes + 16, base->id, sizeof base->id);
    keel_put_u64(bytes + 32, base->segment);
    keel_put_u64(bytes + 40, base->first_seq);
    memcpy(bytes + 48, base->chain, sizeof base->chain);
    return keel_sidefile_write(fs, dir, name, &BASE, bytes, reterr);
}
