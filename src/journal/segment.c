/* journal/segment.c: the file that is being written: made, filled ahead, written to, cut.
 *
 * Where the file system has it, whole blocks go to the disk past the memory of the system, from where they were put
 * together, and the hash of a long commit runs meanwhile: the last block of one commit is written again as the first
 * of the next, with the same bytes and more, which is what the system's memory would do, too. The space of a segment
 * is its own from the start. A block that was never written has a first time that is dearer (the disk's map changes
 * with it): the first segment is filled with zeros when it is made, the next one in the background while this one is
 * written to, some at a time, unless commits are so large that writing everything twice would cost more than the map.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/writer_internal.h"

enum {
    BLOCK = KEEL_FS_BLOCK,
    FILL_AHEAD = 1 << 19,     /* less than this before the end of the zeros: more are written */
    FILL_MIN = 1 << 15,       /* so many at a time at least, at most, and else twice what the commit before them had: */
    FILL_MAX = 1 << 17,       /* they stay ahead of commits, and one that waits for the disk with them waits briefly */
    FILL_COMMIT_MAX = 1 << 16, /* of larger commits, writing twice costs more than the map */
    UNCUT_PART = 128           /* of a segment: so much may lie empty behind its seal */
};

_Static_assert((int)KEEL_JOURNAL_HEADER_SIZE == (int)BLOCK, "the header is a block of its own");

/* ---- memory ---- */

int keel_journal_make_room(keel_journal_room *r, const keel_journal *j, size_t used, size_t size) {
    size_t lead = j->direct ? (size_t)(j->at % BLOCK) : 0, needed = lead + size + BLOCK;
    if (needed > r->capacity) {
        size_t capacity = r->capacity ? r->capacity : 1 << 16;
        while (capacity < needed)
            capacity *= 2;
        void *grown = NULL;
        if (posix_memalign(&grown, BLOCK, capacity) != 0) return KEEL_E_NOMEM;
        if (used) memcpy((uint8_t *)grown + lead, r->bytes, used);
        keel_journal_drop_room(r);
        r->base = grown;
        r->capacity = capacity;
    } else if (used && r->bytes != r->base + lead) {
        memmove(r->base + lead, r->bytes, used);
    }
    r->bytes = r->base + lead;
    return 0;
}

void keel_journal_drop_room(keel_journal_room *r) {
    if (r->base) keel_wipe(r->base, r->capacity);
    free(r->base);
    memset(r, 0, sizeof *r);
}

/* ---- the file ---- */

static int is_full(int rc) { return rc == -ENOSPC || rc == -EDQUOT; }

static int open_file(const keel_fs *fs, const char *path, int *ret_direct) {
    int file = fs->open(fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE | KEEL_FS_DIRECT);
    *ret_direct = file >= 0;
    return file == -EINVAL ? fs->open(fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE) : file;
}

/* Space, and zeros in all of it where that is wanted, or the only way. */
static int give_space(keel_journal *j, int file, uint64_t capacity, int fill) {
    const keel_fs *fs = j->o.fs;
    int rc = fs->allocate(fs->ctx, file, (int64_t)capacity);
    j->filled = BLOCK;
    if (rc == -EOPNOTSUPP || (rc == 0 && fill)) {
        rc = keel_fs_zero_fill(fs, file, BLOCK, (int64_t)capacity);
        j->filled = capacity;
    }
    return rc;
}

static int names(const keel_journal *j, uint64_t segment, char ret_path[KEEL_FS_PATH_MAX],
                 char ret_beside[KEEL_FS_PATH_MAX], keel_err *reterr) {
    char name[KEEL_JOURNAL_FILE_MAX];
    keel_journal_file_name(j->head.name, segment, name);
    KEEL_TRY(keel_fs_path(j->dir, name, ret_path, reterr));
    if (snprintf(ret_beside, KEEL_FS_PATH_MAX, "%s.new", ret_path) < KEEL_FS_PATH_MAX) return 0;
    return keel_err_set(reterr, KEEL_E_RANGE, "path is too long: %s: use a shorter folder", j->dir);
}

/* The spare file, where there is one that is long enough; else a new one. Its header is not there yet. */
static int take_file(keel_journal *j, const char *beside, uint64_t capacity, int *ret_rc) {
    const keel_fs *fs = j->o.fs;
    int file = j->spare, first = j->capacity == 0;
    j->spare = -1;
    j->spare_tried = 0;
    j->filled = j->spare_filled;
    *ret_rc = keel_fs_write_finish(fs, &j->filling);
    if (file >= 0 && capacity == j->o.segment_bytes) return file;
    if (file >= 0) fs->close(fs->ctx, file);
    file = open_file(fs, beside, &j->direct);
    if (file >= 0 && *ret_rc == 0) *ret_rc = give_space(j, file, capacity, first);
    return file;
}

/* Failing is final: the line for whoever has to look. */
static int fail_for_good(keel_journal *j, int rc, uint64_t segment, keel_err *reterr) {
    char name[KEEL_JOURNAL_FILE_MAX];
    j->failed = 1;
    keel_journal_file_name(j->head.name, segment, name);
    (void)keel_fs_fail(rc, "write or sync failed, the journal is closed for writing", name, reterr);
    return KEEL_E_IO;
}

void keel_journal_end_segment(keel_journal *j, size_t size) {
    j->ended = j->file;
    j->file = -1;
    j->at += size;
    j->ended_size = j->at;
}

/* The seal of the segment before is durable after this. That it is cut need not be: zeros behind a seal do not count,
 * and a few are left, for cutting them takes as long as many commits. */
static int wait_for_seal(keel_journal *j, keel_err *reterr) {
    const keel_fs *fs = j->o.fs;
    if (j->ended < 0) return 0;
    int rc = keel_fs_write_finish(fs, &j->writing);
    if (rc == 0 && j->capacity - j->ended_size > j->capacity / UNCUT_PART)
        rc = fs->truncate(fs->ctx, j->ended, (int64_t)j->ended_size);
    fs->close(fs->ctx, j->ended);
    j->ended = -1;
    return rc == 0 ? 0 : fail_for_good(j, rc, j->head.segment - 1, reterr);
}

/* Write the header, by the job that is free now. */
static int begin_header(keel_journal *j, int file) {
    j->filling.direct = j->direct;
    j->filling.durable = 1;
    return keel_fs_write_start(j->o.fs, &j->filling, file, j->header.bytes, BLOCK, 0);
}

/* The file of a new segment, its header durable, under its name. A handle or a KEEL_E_*. */
static int make_file(keel_journal *j, uint64_t capacity, int later, keel_err *reterr) {
    const keel_fs *fs = j->o.fs;
    char path[KEEL_FS_PATH_MAX], beside[KEEL_FS_PATH_MAX];
    int rc = 0;
    KEEL_TRY(names(j, j->head.segment, path, beside, reterr));
    int file = take_file(j, beside, capacity, &rc);
    if (file >= 0 && rc == 0) rc = begin_header(j, file);
    int sealed = wait_for_seal(j, reterr);
    if (file < 0 && sealed == 0) return keel_fs_fail(file, "cannot make", beside, reterr);
    if (rc == 0) rc = keel_fs_write_finish(fs, &j->filling);
    if (sealed != 0) {
        if (file >= 0) fs->close(fs->ctx, file);
        return sealed;
    }
    if (rc == 0) rc = fs->rename(fs->ctx, beside, path);
    if (rc == 0 && !later) rc = fs->sync_dir(fs->ctx, j->dir);
    j->nameless = later;
    if (rc != 0) {
        fs->close(fs->ctx, file);
        if (is_full(rc)) {
            (void)fs->unlink(fs->ctx, beside); /* what cannot be removed is swept at the next opening */
            return keel_err_set(reterr, KEEL_E_IO, "disk is full: %s: make %" PRIu64 " bytes of room", j->dir,
                                capacity);
        }
        j->failed = 1;
        return keel_fs_fail(rc, "cannot make", path, reterr);
    }
    return file;
}

int keel_journal_begin_segment(keel_journal *j, uint64_t at_least, int later, keel_err *reterr) {
    uint64_t needed = KEEL_JOURNAL_HEADER_SIZE + at_least + KEEL_JOURNAL_RESERVE;
    uint64_t capacity = needed > j->o.segment_bytes ? needed : j->o.segment_bytes;
    capacity = (capacity + BLOCK - 1) / BLOCK * BLOCK;
    j->at = 0;
    if (keel_journal_make_room(&j->header, j, 0, BLOCK) != 0) {
        KEEL_TRY(wait_for_seal(j, reterr));
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: a header", j->dir);
    }
    if (keel_journal_chain_reserve(&j->chain, j->head.version) != 0) {
        KEEL_TRY(wait_for_seal(j, reterr));
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: a chain: close other programs", j->dir);
    }
    j->head.created_ms = j->o.clock->wall_ms(j->o.clock->ctx);
    keel_journal_head_write(&j->head, j->header.bytes);
    int file = make_file(j, capacity, later, reterr);
    if (file < 0) return file;
    j->file = file;
    j->no_room = 0;
    j->capacity = capacity;
    j->at = KEEL_JOURNAL_HEADER_SIZE;
    j->checked = 0;
    j->checked_ns = j->o.clock->mono_ns(j->o.clock->ctx);
    j->period = INT64_MIN;
    j->salt = keel_journal_salt(j->head.id, j->head.segment);
    keel_journal_chain_begin(&j->chain, j->head.version, j->head.chain, 0);
    keel_journal_chain_add(&j->chain, j->header.bytes, BLOCK);
    return 0;
}

void keel_journal_leave_segment(keel_journal *j) {
    if (j->file >= 0) j->o.fs->close(j->o.fs->ctx, j->file);
    j->file = -1;
}

/* Let go of everything; tidy: the next one's file, too. */
void keel_journal_leave_files(keel_journal *j, int tidy) {
    const keel_fs *fs = j->o.fs;
    char path[KEEL_FS_PATH_MAX], beside[KEEL_FS_PATH_MAX];
    keel_err unasked = {0};
    keel_fs_job_done(fs, &j->writing);
    keel_fs_job_done(fs, &j->filling);
    keel_journal_leave_segment(j);
    if (j->ended >= 0) fs->close(fs->ctx, j->ended);
    j->ended = -1;
    if (j->spare < 0) return;
    fs->close(fs->ctx, j->spare);
    j->spare = -1;
    if (tidy && names(j, j->head.segment + 1, path, beside, &unasked) == 0)
        (void)fs->unlink(fs->ctx, beside); /* what cannot be removed is swept at the next opening */
}

int keel_journal_cut_segment(keel_journal *j, keel_err *reterr) {
    const keel_fs *fs = j->o.fs;
    int rc = j->filling.busy && j->filling.file == j->file ? keel_fs_write_finish(fs, &j->filling) : 0;
    if (rc == 0) rc = fs->truncate(fs->ctx, j->file, (int64_t)j->at);
    if (rc == 0) rc = fs->sync(fs->ctx, j->file);
    if (rc == 0) return 0;
    j->failed = 1;
    return keel_fs_fail(rc, "cannot end a segment", j->dir, reterr);
}

/* ---- bytes to the disk ---- */

/* Some zeros more, in the background; none while others are under way. */
static int fill_some(keel_journal *j, int file, uint64_t *filled, uint64_t capacity, size_t piece) {
    uint64_t left = capacity - *filled;
    size_t size = left < piece ? (size_t)left : piece;
    if (keel_fs_job_runs(j->o.fs, &j->filling)) return 0;
    int rc = keel_fs_write_finish(j->o.fs, &j->filling);
    j->filling.direct = j->direct;
    j->filling.durable = 0;
    if (rc == 0) rc = keel_fs_write_start(j->o.fs, &j->filling, file, keel_fs_zeros(), size, (int64_t)*filled);
    if (rc == 0) *filled += size;
    return rc;
}

/* The next segment's file. Where the disk is full, what is left of this one is all there is, and whoever writes can
 * know it (keel_journal_is_short); another reason is for the time when it is needed to say. fill: where the file system
 * gives no space ahead, zeros take it. */
static void make_spare(keel_journal *j, int fill) {
    const keel_fs *fs = j->o.fs;
    char path[KEEL_FS_PATH_MAX], beside[KEEL_FS_PATH_MAX];
    keel_err unasked = {0};
    int direct;
    j->spare_tried = 1;
    j->spare_filled = BLOCK;
    if (names(j, j->head.segment + 1, path, beside, &unasked) != 0) return;
    int file = open_file(fs, beside, &direct), rc = file;
    if (file >= 0) rc = direct == j->direct ? fs->allocate(fs->ctx, file, (int64_t)j->o.segment_bytes) : -EOPNOTSUPP;
    if (rc == -EOPNOTSUPP && fill && file >= 0 && direct == j->direct) {
        rc = keel_fs_zero_fill(fs, file, BLOCK, (int64_t)j->o.segment_bytes);
        j->spare_filled = j->o.segment_bytes;
    }
    j->no_room = is_full(rc);
    if (rc == 0) j->spare = file;
    if (rc == 0 || file < 0) return;
    fs->close(fs->ctx, file);
    (void)fs->unlink(fs->ctx, beside); /* swept at the next opening, if it stays */
}

int keel_journal_has_next(keel_journal *j, uint64_t at_least) {
    if (KEEL_JOURNAL_HEADER_SIZE + at_least + KEEL_JOURNAL_RESERVE > j->o.segment_bytes) return 0;
    if (j->spare < 0) make_spare(j, 1);
    return !j->no_room;
}

int keel_journal_is_short(const keel_journal *j) { return j->no_room; }

uint64_t keel_journal_room_left(const keel_journal *j) { return j->file < 0 ? 0 : j->capacity - j->at; }

int keel_journal_look_for_room(keel_journal *j, keel_err *reterr) {
    if (j->failed)
        return keel_err_set(reterr, KEEL_E_IO, "journal is closed after a failed write: %s: restart, which recovers",
                            j->dir);
    if (j->no_room) make_spare(j, 1);
    if (!j->no_room) return 0;
    return keel_err_set(reterr, KEEL_E_IO, "disk is full: %s: make %" PRIu64 " bytes of room", j->dir,
                        j->o.segment_bytes);
}

static size_t piece_after(size_t commit) {
    size_t piece = (2 * commit + BLOCK - 1) / BLOCK * BLOCK;
    return piece < FILL_MIN ? FILL_MIN : piece > FILL_MAX ? FILL_MAX : piece;
}

/* A commit of `size` bytes was made. The next segment's file is begun after an eighth of this one. After a small one,
 * see that there are zeros before the next, and that the next segment's are there when it is its turn: done an eighth
 * before the end. */
static int fill_ahead(keel_journal *j, size_t size) {
    uint64_t eighth = j->capacity / 8;
    size_t piece = piece_after(size);
    if (j->at >= eighth && !j->spare_tried) make_spare(j, 0);
    if (size > FILL_COMMIT_MAX) return 0;
    if (j->filled < j->at) /* begin where no commit waits for them */
        j->filled = (j->at + BLOCK - 1) / BLOCK * BLOCK + FILL_MAX;
    if (j->filled < j->capacity && j->filled < j->at + FILL_AHEAD)
        return fill_some(j, j->file, &j->filled, j->capacity, piece);
    if (j->at < eighth || j->spare < 0 || j->spare_filled >= j->o.segment_bytes) return 0;
    if (j->spare_filled >= (j->at - eighth) / 3 * 4) return 0;
    return fill_some(j, j->spare, &j->spare_filled, j->o.segment_bytes, piece);
}

/* Zeros that are under way must not come after what is to be written here. */
static int let_fill_pass(keel_journal *j, uint64_t end) {
    int in_the_way = j->filling.busy && j->filling.file == j->file && (uint64_t)j->filling.offset < end;
    return in_the_way ? keel_fs_write_finish(j->o.fs, &j->filling) : 0;
}

/* Bytes of a room, from a block's start where writes are direct, on their way to where the file has them at `at`. */
static int begin(keel_journal *j, uint8_t *bytes, size_t size, uint64_t at, int durable) {
    int rc = let_fill_pass(j, at + size);
    j->writing.direct = j->direct;
    j->writing.durable = durable;
    if (rc == 0) rc = keel_fs_write_start(j->o.fs, &j->writing, j->file, bytes, size, (int64_t)at);
    return rc;
}

/* To the end of a block; a room has so much more. */
static size_t pad(uint8_t *bytes, size_t size) {
    size_t whole = (size + BLOCK - 1) / BLOCK * BLOCK;
    memset(bytes + size, 0, whole - size);
    return whole;
}

int keel_journal_write_begin(keel_journal *j, const keel_journal_room *r, size_t size, int chain_done,
                             keel_err *reterr) {
    size_t lead = (size_t)(r->bytes - r->base), whole = lead + size;
    KEEL_ASSERT(j->at + size <= j->capacity);
    KEEL_ASSERT(lead == (j->direct ? j->at % BLOCK : 0));
    if (j->direct) {
        memcpy(r->base, j->tail, lead);
        whole = pad(r->base, whole);
    }
    int rc = begin(j, r->base, whole, j->at - lead, 1);
    if (rc != 0) return fail_for_good(j, rc, j->head.segment, reterr);
    if (!chain_done) keel_journal_chain_add(&j->chain, r->bytes, size); /* of a long one while the disk works */
    return 0;
}

size_t keel_journal_front_size(const keel_journal *j, size_t size) {
    size_t over = (size_t)((j->at + size) % BLOCK);
    return j->direct && size >= j->o.front_bytes && size > over ? size - over : 0;
}

int keel_journal_front_begin(keel_journal *j, const keel_journal_room *r, size_t front, keel_err *reterr) {
    size_t lead = (size_t)(r->bytes - r->base);
    KEEL_ASSERT(lead == j->at % BLOCK && (j->at + front) % BLOCK == 0 && j->at + front <= j->capacity);
    memcpy(r->base, j->tail, lead);
    int rc = begin(j, r->base, lead + front, j->at - lead, 0);
    return rc == 0 ? 0 : fail_for_good(j, rc, j->head.segment, reterr);
}

/* The system may make a small write durable by a flag on it alone, which says nothing of the front: so it is synced. */
int keel_journal_front_end(keel_journal *j, const keel_journal_room *r, size_t front, size_t size, keel_err *reterr) {
    const keel_fs *fs = j->o.fs;
    size_t rest = size - front, over = (size_t)((j->at + size) % BLOCK);
    KEEL_ASSERT(rest > 0 && j->at + size <= j->capacity);
    int rc = keel_fs_write_finish(fs, &j->writing);
    if (rc == 0) rc = begin(j, r->bytes + front, pad(r->bytes + front, rest), j->at + front, 0);
    if (rc == 0 && j->nameless) rc = fs->sync_dir(fs->ctx, j->dir);
    if (rc == 0) rc = keel_fs_write_finish(fs, &j->writing);
    if (rc == 0) rc = fs->sync(fs->ctx, j->file);
    if (rc == 0) {
        j->nameless = 0;
        memcpy(j->tail, r->bytes + size - over, over);
        j->at += size;
        rc = fill_ahead(j, size);
    }
    return rc == 0 ? 0 : fail_for_good(j, rc, j->head.segment, reterr);
}

int keel_journal_write_end(keel_journal *j, const keel_journal_room *r, size_t size, keel_err *reterr) {
    const keel_fs *fs = j->o.fs;
    int rc = j->nameless ? fs->sync_dir(fs->ctx, j->dir) : 0;
    int written = keel_fs_write_finish(fs, &j->writing);
    if (rc == 0) rc = written;
    if (rc == 0) {
        size_t over = j->direct ? (size_t)((j->at + size) % BLOCK) : 0;
        j->nameless = 0;
        memcpy(j->tail, r->bytes + size - over, over);
        j->at += size;
        rc = fill_ahead(j, size);
    }
    return rc == 0 ? 0 : fail_for_good(j, rc, j->head.segment, reterr);
}

int keel_journal_write_out(keel_journal *j, const keel_journal_room *r, size_t size, int chain_done, keel_err *reterr) {
    KEEL_TRY(keel_journal_write_begin(j, r, size, chain_done, reterr));
    return keel_journal_write_end(j, r, size, reterr);
}
