/* journal/reader.c: see reader.h. */
#include "journal/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct keel_journal_reader {
    keel_journal_where where;
    keel_journal_files files;
    size_t index; /* of the segment that is open, or comes next */
    int open;
    uint64_t due; /* sequence number that must come next; 0: whatever the segment says */
    uint64_t wanted;
    keel_journal_cursor cursor;
};

int keel_journal_reader_open(const keel_journal_where *where, keel_journal_reader **ret, keel_err *reterr) {
    KEEL_TRY(keel_fs_private(where->fs, where->dir, reterr));
    keel_journal_reader *r = calloc(1, sizeof *r);
    if (!r) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: the reader", where->dir);
    r->where = *where;
    int rc = keel_journal_files_list(where, &r->files, reterr);
    if (rc != 0) {
        free(r);
        return rc;
    }
    *ret = r;
    return 0;
}

const char *keel_journal_reader_name(const keel_journal_reader *r) { return r->files.name; }

static void leave_segment(keel_journal_reader *r) {
    if (r->open) keel_journal_cursor_close(&r->cursor);
    r->open = 0;
}

void keel_journal_reader_close(keel_journal_reader *r) {
    if (!r) return;
    leave_segment(r);
    keel_journal_files_done(&r->files);
    free(r);
}

static int refuse(const keel_journal_cursor *c, keel_err *reterr) {
    if (c->verdict == KEEL_JOURNAL_NEWER)
        return keel_err_set(reterr, KEEL_E_VERSION, "%s: %s: use a newer keel", c->why, c->path);
    return keel_err_set(reterr, KEEL_E_PARITY, "%s: %s, byte %" PRIu64 ": see keel journal verify", c->why, c->path,
                        c->bad_at);
}

static int enter_segment(keel_journal_reader *r, size_t index, keel_err *reterr) {
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    leave_segment(r);
    keel_journal_file_name(r->files.name, r->files.segment[index], file);
    KEEL_TRY(keel_fs_path(r->where.dir, file, path, reterr));
    KEEL_TRY(keel_fs_private(r->where.fs, path, reterr));
    int rc = keel_journal_cursor_open(&r->cursor, r->where.fs, path, r->where.key, 0, reterr);
    if (rc == KEEL_CURSOR_BAD) rc = refuse(&r->cursor, reterr);
    if (rc == 0 && r->due && r->cursor.head.first_seq != r->due)
        rc = keel_err_set(reterr, KEEL_E_PARITY, "record %" PRIu64 " is missing: before %s: see keel journal verify",
                          r->due, path);
    if (rc != 0) {
        keel_journal_cursor_close(&r->cursor);
        return rc;
    }
    r->open = 1;
    r->index = index;
    return 0;
}

int keel_journal_reader_next(keel_journal_reader *r, keel_journal_record *ret, keel_err *reterr) {
    for (;;) {
        if (!r->open) {
            if (r->index >= r->files.count) return 0;
            KEEL_TRY(enter_segment(r, r->index, reterr));
        }
        int rc = keel_journal_cursor_next(&r->cursor, ret, reterr);
        if (rc == KEEL_CURSOR_BAD) return refuse(&r->cursor, reterr);
        if (rc < 0) return rc;
        if (rc == KEEL_CURSOR_END) {
            r->due = r->cursor.last_seq + 1;
            leave_segment(r);
            r->index++;
            continue;
        }
        if (ret->type == KEEL_JOURNAL_TYPE_BLOCK)
            return keel_err_set(reterr, KEEL_E_GATE, "encrypted: %s: give its key", r->cursor.path);
        if (ret->type < KEEL_JOURNAL_TYPE_OWN && ret->seq >= r->wanted) return 1;
    }
}

int keel_journal_reader_seek(keel_journal_reader *r, uint64_t seq, keel_err *reterr) {
    leave_segment(r);
    r->due = 0;
    r->wanted = seq;
    for (size_t i = r->files.count; i-- > 0;) {
        KEEL_TRY(enter_segment(r, i, reterr));
        if (r->cursor.head.first_seq <= seq) return 0;
        if (i == 0)
            return keel_err_set(reterr, KEEL_E_RANGE,
                                "record %" PRIu64 " is gone: %s: the journal begins with %" PRIu64, seq, r->where.dir,
                                r->cursor.head.first_seq);
    }
    return 0;
}
