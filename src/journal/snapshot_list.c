/* journal/snapshot_list.c: which snapshots lie in a folder, and how many stay. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/snapshot.h"

void keel_snapshot_file_name(const char *name, uint64_t seq, char ret[KEEL_JOURNAL_FILE_MAX]) {
    (void)snprintf(ret, KEEL_JOURNAL_FILE_MAX, "snap-%s-%020" PRIu64 ".kls", name, seq);
}

typedef struct listing {
    const char *name;
    uint64_t *seqs;
    size_t count;
} listing;

static int visit(void *data, const char *text) {
    listing *l = data;
    char again[KEEL_JOURNAL_FILE_MAX];
    const char *dash = strrchr(text, '-');
    if (strncmp(text, "snap-", 5) != 0 || !dash) return 0;
    uint64_t seq = strtoull(dash + 1, NULL, 10);
    keel_snapshot_file_name(l->name, seq, again);
    if (strcmp(again, text) != 0) return 0;
    uint64_t *grown = realloc(l->seqs, (l->count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    l->seqs = grown;
    l->seqs[l->count++] = seq;
    return 0;
}

static int newest_first(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

int keel_snapshot_list(const keel_journal_where *where, const char *name, uint64_t **ret_seqs, size_t *ret_count,
                       keel_err *reterr) {
    listing l = {name, NULL, 0};
    int rc = where->fs->list(where->fs->ctx, where->dir, visit, &l);
    if (rc != 0) {
        free(l.seqs);
        return keel_fs_fail(rc, "cannot read the folder", where->dir, reterr);
    }
    if (l.count) qsort(l.seqs, l.count, sizeof *l.seqs, newest_first);
    *ret_seqs = l.seqs;
    *ret_count = l.count;
    return 0;
}

int keel_snapshot_prune(const keel_journal_where *where, const char *name, uint32_t kept, keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    uint64_t *seqs = NULL;
    size_t count = 0;
    KEEL_TRY(keel_snapshot_list(where, name, &seqs, &count, reterr));
    int rc = 0;
    for (size_t i = kept; i < count && rc == 0; i++) {
        keel_snapshot_file_name(name, seqs[i], file);
        rc = keel_fs_path(where->dir, file, path, reterr);
        int gone = rc == 0 ? where->fs->unlink(where->fs->ctx, path) : 0;
        if (gone != 0) rc = keel_fs_fail(gone, "cannot remove", path, reterr);
    }
    free(seqs);
    return rc;
}
