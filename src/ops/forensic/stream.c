/* ops/forensic/stream.c: see stream.h. */
#include "ops/forensic/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/forensic/pack.h"
#include "ops/forensic/parts.h"

#define BESIDE ".jsonl.held"

enum { BUFFER_SIZE = 256 << 10, DAY_MS = 86400000, SMALL_PART = 100, HELD_MAX = 1 << 20, BESIDE_MAX = 1 << 30 };

int keel_stream_init(keel_stream *s, const keel_fs *fs, const char *dir, const char *name, uint64_t limit_bytes,
                     keel_err *reterr) {
    memset(s, 0, sizeof *s);
    s->fs = fs;
    s->file = s->beside = -1;
    s->limit = limit_bytes ? limit_bytes : (uint64_t)100 << 20;
    (void)snprintf(s->dir, sizeof s->dir, "%s", dir);
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    keel_strbuf_init(&s->held, 0);
    s->buffer = malloc(BUFFER_SIZE);
    return s->buffer ? 0 : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: log: close other programs");
}

static void fail(keel_stream *s, int negative_errno, const char *doing, const char *path) {
    if (!s->failed) (void)keel_fs_fail(negative_errno, doing, path, &s->why);
    s->failed = 1;
}

static int path_of(keel_stream *s, uint32_t part, const char *more, char ret[KEEL_FS_PATH_MAX]) {
    int size = part ? snprintf(ret, KEEL_FS_PATH_MAX, "%s/%s.%06" PRIu32 ".jsonl.zst%s", s->dir, s->name, part, more)
                    : snprintf(ret, KEEL_FS_PATH_MAX, "%s/%s.jsonl%s", s->dir, s->name, more);
    if (size < KEEL_FS_PATH_MAX) return 0;
    fail(s, -ENAMETOOLONG, "cannot write the log", s->dir);
    return -1;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

/* Also those behind a gap: first parts may have been removed on purpose (retain.h) and are made again. */
static int remove_later_parts(keel_stream *s) {
    char path[KEEL_FS_PATH_MAX];
    keel_parts there;
    if (keel_parts_find(s->fs, s->dir, s->name, &there, &s->why) != 0) {
        s->failed = 1;
        return -1;
    }
    uint32_t from = s->place.closed + 1 > there.first ? s->place.closed + 1 : there.first;
    /* From the last one on, and the first only when that is durable: stopped half way, what is left has no gap. */
    for (uint32_t part = there.last; there.count && part >= from; part--) {
        if (path_of(s, part, "", path) != 0) return -1;
        int rc = part == from ? s->fs->sync_dir(s->fs->ctx, s->dir) : 0;
        if (rc == 0) rc = s->fs->unlink(s->fs->ctx, path);
        if (rc == 0 || rc == -ENOENT) continue;
        fail(s, rc, "cannot remove a later part of the log", path);
        return -1;
    }
    return 0;
}

/* The part to go on with is still open, unless later ones are there: then it was closed and removed (retain.h). */
static int judge_gap(keel_stream *s) {
    keel_parts there;
    if (keel_parts_find(s->fs, s->dir, s->name, &there, &s->why) == 0) {
        if (!there.count || there.last <= s->place.closed + 1) return 0;
        (void)keel_err_set(&s->why, KEEL_E_DATA,
                           "parts were removed: %s/%s: keel replay RUN --events DIR makes all of them again", s->dir,
                           s->name);
    }
    s->failed = 1;
    return -1;
}

/* The part that was open then may have been closed since. */
static int unpack_part(keel_stream *s) {
    char packed[KEEL_FS_PATH_MAX], plain[KEEL_FS_PATH_MAX], beside[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    if (s->place.offset == 0) return 0;
    if (path_of(s, s->place.closed + 1, "", packed) || path_of(s, 0, "", plain) || path_of(s, 0, ".part", beside))
        return -1;
    int rc = s->fs->stat(s->fs->ctx, packed, &st);
    if (rc == -ENOENT) return judge_gap(s);
    if (keel_unpack_file(s->fs, packed, beside, &s->why) != 0) {
        s->failed = 1;
        return -1;
    }
    rc = s->fs->rename(s->fs->ctx, beside, plain);
    if (rc != 0) fail(s, rc, "cannot go on with the log", plain);
    return rc;
}

static int open_at(keel_stream *s) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    if (path_of(s, 0, "", path) != 0) return -1;
    s->file = s->fs->open(s->fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE);
    if (s->file < 0) {
        fail(s, s->file, "cannot open the log", path);
        return -1;
    }
    int rc = s->fs->stat_file(s->fs->ctx, s->file, &st);
    if (rc == 0 && (st.mode & 077) != 0) {
        (void)keel_err_set(&s->why, KEEL_E_GATE, "others may read the log: %s: mode %04o; chmod 600", path,
                           (unsigned)st.mode);
        s->failed = 1;
        return -1;
    }
    if (rc == 0 && st.size < (int64_t)s->place.offset) {
        (void)keel_err_set(&s->why, KEEL_E_DATA,
                           "the log is shorter than it was: %s: keel replay RUN --events DIR makes it again", path);
        s->failed = 1;
        return -1;
    }
    if (rc == 0 && st.size > (int64_t)s->place.offset)
        rc = s->fs->truncate(s->fs->ctx, s->file, (int64_t)s->place.offset);
    if (rc != 0) fail(s, rc, "cannot go on with the log", path);
    return rc;
}

static int get_ready(keel_stream *s) {
    if (s->ready) return 0;
    if (unpack_part(s) != 0 || remove_later_parts(s) != 0 || open_at(s) != 0) return -1;
    s->ready = 1;
    return 0;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

void keel_stream_flush(keel_stream *s) {
    if (s->failed || s->used == 0) return;
    int rc = keel_fs_write_at(s->fs, s->file, s->buffer, s->used, (int64_t)(s->place.offset - s->used));
    if (rc != 0) {
        for (size_t i = 0; i < s->used; i++)
            s->lost += s->buffer[i] == '\n';
        fail(s, rc, "cannot write the log", s->name);
    }
    s->used = 0;
}

static void close_part(keel_stream *s) {
    char plain[KEEL_FS_PATH_MAX], packed[KEEL_FS_PATH_MAX], beside[KEEL_FS_PATH_MAX];
    keel_stream_flush(s);
    if (s->failed) return;
    s->fs->close(s->fs->ctx, s->file);
    s->file = -1;
    uint32_t part = s->place.closed + 1;
    if (path_of(s, 0, "", plain) || path_of(s, part, "", packed) || path_of(s, part, ".part", beside)) return;
    if (keel_pack_file(s->fs, plain, beside, &s->why) != 0) {
        s->failed = 1;
        return;
    }
    int rc = s->fs->rename(s->fs->ctx, beside, packed);
    if (rc == 0) rc = s->fs->unlink(s->fs->ctx, plain);
    if (rc == 0) rc = s->fs->sync_dir(s->fs->ctx, s->dir);
    if (rc != 0) {
        fail(s, rc, "cannot close a part of the log", packed);
        return;
    }
    s->place.closed = part;
    s->place.offset = 0;
    (void)open_at(s);
}

/* ---- holding ----------------------------------------------------------------------------------------------------
 * Lines that wait, each behind its time and size; what is more than HELD_MAX of them goes, as one piece behind its
 * size, into a file beside the log, whose pieces are read back one by one. */

typedef struct waiting {
    int64_t ts_ms;
    size_t size;
} waiting;

/* Of a file that an earlier process left behind, and of this one's. */
static void remove_beside(keel_stream *s) {
    char path[KEEL_FS_PATH_MAX];
    if (s->beside >= 0) s->fs->close(s->fs->ctx, s->beside);
    s->beside = -1;
    s->beside_size = 0;
    if (snprintf(path, sizeof path, "%s/%s" BESIDE, s->dir, s->name) < (int)sizeof path)
        (void)s->fs->unlink(s->fs->ctx, path); /* mostly there is none; what stays is written over the next time */
}

static int open_beside(keel_stream *s) {
    char path[KEEL_FS_PATH_MAX];
    if (s->beside >= 0) return 0;
    if (snprintf(path, sizeof path, "%s/%s" BESIDE, s->dir, s->name) >= (int)sizeof path) return -ENAMETOOLONG;
    s->beside = s->fs->open(s->fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE);
    return s->beside < 0 ? s->beside : s->fs->truncate(s->fs->ctx, s->beside, 0);
}

/* What is held goes beside. 0 or -errno: then it is held as before. */
static int put_beside(keel_stream *s) {
    uint64_t size = s->held.size;
    int rc = s->beside_size < BESIDE_MAX ? open_beside(s) : -EFBIG;
    if (rc == 0) rc = keel_fs_write_at(s->fs, s->beside, &size, sizeof size, s->beside_size);
    if (rc == 0)
        rc = keel_fs_write_at(s->fs, s->beside, s->held.text, s->held.size, s->beside_size + (int64_t)sizeof size);
    if (rc != 0) return rc;
    s->beside_size += (int64_t)(sizeof size + s->held.size);
    keel_strbuf_clear(&s->held);
    return 0;
}

/* 1: it waits. */
static int hold(keel_stream *s, int64_t ts_ms, const char *line, size_t size) {
    waiting w = {ts_ms, size};
    int fits = sizeof w + size <= HELD_MAX;
    if (fits && s->held.size + sizeof w + size > HELD_MAX) fits = put_beside(s) == 0;
    size_t kept = s->held.size;
    if (fits) {
        keel_strbuf_add_bytes(&s->held, &w, sizeof w);
        keel_strbuf_add_bytes(&s->held, line, size);
        if (!s->held.failed) return 1;
        s->held.size = kept;
        s->held.failed = 0;
    }
    keel_stream_release(s);
    return 0;
}

void keel_stream_hold(keel_stream *s) {
    s->holds = 1;
    remove_beside(s);
}

static void put_held(keel_stream *s, const char *text, size_t size) {
    waiting w;
    for (size_t at = 0; at + sizeof w <= size; at += sizeof w + w.size) {
        memcpy(&w, text + at, sizeof w);
        if (w.size > size - at - sizeof w) break;
        keel_stream_put(s, w.ts_ms, text + at + sizeof w, w.size);
    }
}

/* The pieces of the file, in their order. 0 or -errno. */
static int put_pieces(keel_stream *s) {
    char *piece = malloc(HELD_MAX);
    int rc = piece ? 0 : -ENOMEM;
    for (int64_t at = 0; rc == 0 && at < s->beside_size;) {
        uint64_t size = 0;
        int64_t n = keel_fs_read_at(s->fs, s->beside, &size, sizeof size, at);
        if (n == (int64_t)sizeof size && size <= HELD_MAX)
            n = keel_fs_read_at(s->fs, s->beside, piece, (size_t)size, at + (int64_t)sizeof size);
        rc = n < 0 ? (int)n : n != (int64_t)size ? -EIO : 0;
        if (rc == 0) put_held(s, piece, (size_t)size);
        at += (int64_t)(sizeof size + size);
    }
    free(piece);
    return rc;
}

void keel_stream_release(keel_stream *s) {
    s->holds = 0;
    int rc = s->beside_size > 0 ? put_pieces(s) : 0;
    if (rc != 0) {
        s->lost++; /* at least; what comes later is counted */
        fail(s, rc, "cannot read what was held of the log", s->name);
    }
    remove_beside(s);
    put_held(s, keel_strbuf_text(&s->held), s->held.size);
    keel_strbuf_done(&s->held);
    keel_strbuf_init(&s->held, 0);
}

void keel_stream_put(keel_stream *s, int64_t ts_ms, const char *line, size_t size) {
    int64_t day = ts_ms / DAY_MS;
    if (s->holds && hold(s, ts_ms, line, size)) return;
    s->place.lines++;
    if (s->failed || get_ready(s) != 0) {
        s->lost++;
        return;
    }
    if (s->place.offset > 0 &&
        (s->place.offset + size > s->limit || (day > s->place.day && s->place.offset > s->limit / SMALL_PART)))
        close_part(s);
    s->place.day = day;
    if (s->used + size > BUFFER_SIZE) keel_stream_flush(s);
    if (s->failed || size > BUFFER_SIZE) {
        s->lost++;
        return;
    }
    memcpy(s->buffer + s->used, line, size);
    s->used += size;
    s->place.offset += size;
}

void keel_stream_done(keel_stream *s) {
    if (!s->fs) return;
    keel_stream_flush(s);
    if (s->file >= 0) s->fs->close(s->fs->ctx, s->file);
    s->file = -1;
    if (s->beside >= 0) remove_beside(s);
    keel_strbuf_done(&s->held);
    free(s->buffer);
    s->buffer = NULL;
    s->fs = NULL;
}
