/* journal/patrol.c: see patrol.h. */
#include "journal/patrol.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/writer_internal.h"

struct keel_journal_patrol {
    const keel_journal *j;
    keel_journal_cursor cursor;
    int open;
    uint64_t segment; /* being judged, or the next one; 0: a new round */
    int joins;        /* 1: the one before ended so: */
    int damaged;      /* 1: something was found in this round */
    uint64_t size, last_seq;
    uint8_t chain[KEEL_DIGEST_SIZE];
    keel_journal_found *found; /* of the call */
};

keel_journal_patrol *keel_journal_patrol_new(const keel_journal *j) {
    keel_journal_patrol *p = calloc(1, sizeof *p);
    if (p) p->j = j;
    return p;
}

static void leave(keel_journal_patrol *p) {
    if (p->open) keel_journal_cursor_close(&p->cursor);
    p->open = 0;
}

void keel_journal_patrol_free(keel_journal_patrol *p) {
    if (!p) return;
    leave(p);
    free(p);
}

KEEL_PRINTF(5, 6)
static int find(keel_journal_patrol *p, keel_journal_verdict verdict, uint64_t segment, uint64_t offset,
                const char *format, ...) {
    keel_journal_found *f = p->found;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(f->why, sizeof f->why, format, args);
    va_end(args);
    f->verdict = verdict;
    f->segment = segment;
    f->offset = offset;
    keel_journal_file_name(p->j->head.name, segment, f->file);
    return KEEL_PATROL_FOUND;
}

/* What the cursor met; a sealed segment has no torn end. */
static int find_bad(keel_journal_patrol *p) {
    const keel_journal_cursor *c = &p->cursor;
    keel_journal_verdict verdict = c->verdict == KEEL_JOURNAL_TORN ? KEEL_JOURNAL_CORRUPT : c->verdict;
    return find(p, verdict, p->segment, c->bad_at, "%s", c->why);
}

/* What a file could not be read for, NOMEM apart, is damage as good as another. */
static int unreadable(keel_journal_patrol *p, int rc, const keel_err *err) {
    if (rc == KEEL_E_NOMEM) return rc;
    keel_journal_verdict verdict = rc == KEEL_E_NOT_FOUND ? KEEL_JOURNAL_MISSING : KEEL_JOURNAL_CORRUPT;
    return find(p, verdict, p->segment, p->open ? p->cursor.at : 0, "%.200s", err->text);
}

/* What the header behind the last segment says of it. */
static int join(keel_journal_patrol *p, const keel_journal_head *next) {
    uint64_t before = next->segment - 1;
    if (!p->joins) return 0;
    if (next->previous_size != p->size || next->first_seq != p->last_seq + 1)
        return find(p, KEEL_JOURNAL_MISSING, before, p->size,
                    "the segment ends at byte %" PRIu64 " with record %" PRIu64 ", the next one expects byte %" PRIu64
                    " and record %" PRIu64,
                    p->size, p->last_seq, next->previous_size, next->first_seq - 1);
    if (memcmp(next->chain, p->chain, sizeof p->chain) == 0) return 0;
    return find(p, KEEL_JOURNAL_TAMPERED, before, 0, "it is not what the next segment followed");
}

static int enter(keel_journal_patrol *p) {
    char file[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    const keel_journal_head *own = &p->j->head, *h = &p->cursor.head;
    keel_err err = {0};
    keel_journal_file_name(own->name, p->segment, file);
    int rc = keel_fs_path(p->j->dir, file, path, &err);
    if (rc == 0) {
        rc = keel_journal_cursor_open(&p->cursor, p->j->o.fs, path, NULL, 1, &err);
        p->open = 1; /* to be closed, whatever was returned */
    }
    if (rc == KEEL_CURSOR_BAD) return find_bad(p);
    if (rc != 0) return unreadable(p, rc, &err);
    if (h->segment != p->segment || memcmp(h->id, own->id, sizeof h->id) != 0 ||
        memcmp(h->public_key, own->public_key, sizeof h->public_key) != 0)
        return find(p, KEEL_JOURNAL_FOREIGN, p->segment, 0, "it is a segment of another journal, or another segment");
    return join(p, h);
}

/* At its end: whole, and remembered for what comes next. */
static int settle(keel_journal_patrol *p) {
    keel_journal_cursor *c = &p->cursor;
    if (c->ended != 2 && c->at != c->size)
        return find(p, KEEL_JOURNAL_CORRUPT, p->segment, c->at, "records are gone from its end");
    p->size = c->at;
    p->last_seq = c->last_seq;
    p->joins = 1;
    keel_journal_cursor_chain(c, p->chain);
    leave(p);
    p->segment++;
    return p->segment == p->j->head.segment ? join(p, &p->j->head) : 0;
}

/* One record, or the end of a segment, or the beginning of one. */
static int some(keel_journal_patrol *p) {
    keel_journal_record r;
    keel_err err = {0};
    if (!p->open) return enter(p);
    int rc = keel_journal_cursor_next(&p->cursor, &r, &err);
    if (rc == KEEL_CURSOR_RECORD) return 0;
    if (rc == KEEL_CURSOR_END) return settle(p);
    if (rc == KEEL_CURSOR_BAD) return find_bad(p);
    return unreadable(p, rc, &err);
}

static int see_file(void *data, const char *file) {
    keel_journal_patrol *p = data;
    char name[KEEL_JOURNAL_NAME_MAX + 1] = {0};
    uint64_t segment = 0;
    if (keel_journal_file_parse(file, name, &segment) && strcmp(name, p->j->head.name) == 0 && segment < p->segment)
        p->segment = segment;
    return 0;
}

/* Where a round begins: the first segment that is kept; where that cannot be read, the first that is there. */
static int begin(keel_journal_patrol *p) {
    keel_journal_base base;
    keel_err err = {0};
    p->joins = p->damaged = 0;
    int rc = keel_journal_base_read(p->j->o.fs, p->j->dir, p->j->head.name, &base, &err);
    p->segment = base.segment;
    if (rc == 0) return 0;
    p->segment = p->j->head.segment;
    (void)p->j->o.fs->list(p->j->o.fs->ctx, p->j->dir, see_file, p); /* none: the round ends */
    rc = unreadable(p, rc, &err);
    p->damaged = 1;
    (void)snprintf(p->found->file, sizeof p->found->file, "wal-%s.base", p->j->head.name);
    return rc;
}

/* Behind what was found: the rest of the same segment says nothing that could be believed. Where the next one told of
 * the one before it, that next one is yet to be judged. */
static void pass_over(keel_journal_patrol *p) {
    p->joins = 0;
    p->damaged = 1;
    if (p->found->segment < p->segment) return;
    leave(p);
    p->segment++;
}

static uint64_t place(const keel_journal_patrol *p) { return p->open ? p->cursor.at : 0; }

int keel_journal_patrol_some(keel_journal_patrol *p, uint64_t bytes, uint64_t *ret_bytes, keel_journal_found *ret) {
    int rc = 0;
    *ret_bytes = 0;
    p->found = ret;
    if (p->segment == 0 && (rc = begin(p)) != 0) return rc; /* found: its first segment is yet to be judged */
    while (rc == 0 && p->segment < p->j->head.segment && *ret_bytes < bytes) {
        uint64_t segment = p->segment, from = place(p);
        rc = some(p);
        if (p->segment == segment && place(p) > from) *ret_bytes += place(p) - from;
    }
    if (rc == KEEL_PATROL_FOUND) {
        pass_over(p);
        return rc;
    }
    if (rc == 0 && p->segment < p->j->head.segment) return KEEL_PATROL_MORE;
    leave(p);
    p->segment = 0;
    return rc != 0 ? rc : p->damaged ? KEEL_PATROL_ENDED : KEEL_PATROL_DONE;
}
