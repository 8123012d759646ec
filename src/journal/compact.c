/* journal/compact.c: see compact.h. */
#include "journal/compact.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "journal/snapshot.h"
#include "journal/writer_internal.h"

/* A damaged one is KEEL_E_PARITY, one that is whole and cannot be read KEEL_E_VERSION. */
static int judge_one(const keel_journal_where *where, const keel_journal_report *r, uint64_t seq,
                     const keel_snapshot_judge *judge, keel_err *reterr) {
    keel_snapshot s;
    uint8_t *bytes = NULL;
    if (!judge) return keel_snapshot_read(where, r, seq, &s, NULL, reterr);
    KEEL_TRY(keel_snapshot_read(where, r, seq, &s, &bytes, reterr));
    int rc = judge->judge(judge->data, r->name, bytes, (size_t)s.size, s.state_hash, reterr);
    free(bytes);
    return rc == KEEL_E_PARITY ? KEEL_E_VERSION : rc;
}

/* The oldest snapshot that is whole and can be read; 0 when there is none. What a start cannot begin from is no reason
 * to let go of records: where none of those that are whole can be read, why is the error. */
static int oldest_snapshot(const keel_journal_where *where, const keel_journal_report *r,
                           const keel_snapshot_judge *judge, uint64_t *ret, keel_err *reterr) {
    uint64_t *seqs = NULL, refused = 0;
    size_t count = 0;
    keel_err why = {0};
    KEEL_TRY(keel_snapshot_list(where, r->name, &seqs, &count, reterr));
    *ret = 0;
    int rc = 0;
    for (size_t i = count; i-- > 0 && rc == 0 && *ret == 0;) {
        keel_err err = {0};
        rc = judge_one(where, r, seqs[i], judge, &err);
        if (rc == 0) *ret = seqs[i];
        if (rc == KEEL_E_VERSION) {
            refused = seqs[i];
            why = err;
        }
        if (rc == KEEL_E_PARITY || rc == KEEL_E_VERSION) rc = 0;
        if (rc != 0) (void)keel_err_set(reterr, rc, "%s", err.text);
    }
    free(seqs);
    if (rc == 0 && *ret == 0 && refused)
        return keel_err_set(reterr, KEEL_E_VERSION,
                            "nothing was put away: %s: no start could begin behind it: snapshot of record %" PRIu64
                            ": %s: go on with the run once, which writes one, then compact",
                            where->dir, refused, why.text);
    return rc;
}

static int head_of(const keel_journal_where *where, const char *name, uint64_t segment, keel_journal_head *ret,
                   keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    keel_journal_cursor c;
    keel_journal_file_name(name, segment, file);
    KEEL_TRY(keel_fs_path(where->dir, file, path, reterr));
    int rc = keel_journal_cursor_open(&c, where->fs, path, NULL, 0, reterr);
    *ret = c.head;
    keel_journal_cursor_close(&c);
    return rc == KEEL_CURSOR_BAD ? keel_err_set(reterr, KEEL_E_PARITY, "damaged: %s: see keel journal verify", path)
                                 : rc;
}

static int put_away(const keel_journal_where *where, const char *name, uint64_t segment, int discard,
                    keel_journal_compaction *ret, keel_err *reterr) {
    const keel_fs *fs = where->fs;
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX], archive[KEEL_FS_PATH_MAX], to[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    keel_journal_file_name(name, segment, file);
    KEEL_TRY(keel_fs_path(where->dir, file, path, reterr));
    int rc = fs->stat(fs->ctx, path, &st);
    if (rc == 0 && discard) {
        rc = fs->unlink(fs->ctx, path);
    } else if (rc == 0) {
        KEEL_TRY(keel_fs_path(where->dir, "archive", archive, reterr));
        KEEL_TRY(keel_fs_path(archive, file, to, reterr));
        rc = fs->mkdir(fs->ctx, archive);
        if (rc == 0 || rc == -EEXIST) rc = fs->rename(fs->ctx, path, to);
        if (rc == 0) rc = fs->sync_dir(fs->ctx, archive);
    }
    if (rc == 0) rc = fs->sync_dir(fs->ctx, where->dir);
    if (rc != 0) return keel_fs_fail(rc, discard ? "cannot remove" : "cannot archive", path, reterr);
    ret->segments++;
    ret->bytes += (uint64_t)st.size;
    return 0;
}

static int compact(const keel_journal_where *where, int discard, const keel_snapshot_judge *judge,
                   keel_journal_compaction *ret, keel_err *reterr) {
    keel_journal_report r;
    keel_journal_files f;
    keel_journal_head head;
    KEEL_TRY(keel_journal_inspect(where, 0, NULL, NULL, &r, reterr));
    if (r.verdict != KEEL_JOURNAL_GOOD)
        return keel_err_set(reterr, KEEL_E_PARITY, "journal is damaged (%s): %s: see keel journal verify",
                            keel_journal_verdict_word(r.verdict), where->dir);
    ret->first_segment = r.first_segment;
    ret->first_seq = r.first_seq;
    KEEL_TRY(oldest_snapshot(where, &r, judge, &ret->snapshot_seq, reterr));
    KEEL_TRY(keel_journal_files_list(where, &f, reterr));
    int rc = 0;
    size_t kept = 0; /* index of the first segment that stays */
    for (size_t i = 1; i < f.count && ret->snapshot_seq && rc == 0; i++) {
        rc = head_of(where, f.name, f.segment[i], &head, reterr);
        if (rc != 0 || head.first_seq > ret->snapshot_seq + 1) break;
        kept = i;
    }
    if (rc == 0 && kept > 0) {
        keel_journal_base base = {.segment = f.segment[kept]};
        rc = head_of(where, f.name, f.segment[kept], &head, reterr);
        base.first_seq = head.first_seq;
        memcpy(base.id, head.id, sizeof base.id);
        memcpy(base.chain, head.chain, sizeof base.chain);
        if (rc == 0) rc = keel_journal_base_write(where->fs, where->dir, f.name, &base, reterr);
        ret->first_segment = base.segment;
        ret->first_seq = base.first_seq;
    }
    for (size_t i = 0; i < f.stale_count && rc == 0; i++)
        rc = put_away(where, f.name, f.stale[i], discard, ret, reterr);
    for (size_t i = 0; i < kept && rc == 0; i++)
        rc = put_away(where, f.name, f.segment[i], discard, ret, reterr);
    keel_journal_files_done(&f);
    return rc;
}

int keel_journal_compact(const keel_journal_where *where, int discard, const keel_snapshot_judge *judge,
                         keel_journal_compaction *ret, keel_err *reterr) {
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_fs_private(where->fs, where->dir, reterr));
    int lock = keel_journal_lock(where->fs, where->dir, reterr);
    if (lock < 0) return lock;
    int rc = compact(where, discard, judge, ret, reterr);
    where->fs->close(where->fs->ctx, lock);
    return rc;
}
