/* journal/inspect.c: see inspect.h. */
#include "journal/inspect.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct inspection {
    const keel_journal_where *where;
    keel_journal_files files;
    uint64_t from_seq;
    keel_journal_visit visit;
    void *data;
    keel_journal_report *report;
    keel_err *err;
    int begun;         /* one segment was good so far: id, chain and sequence must go on */
    uint64_t expected; /* sequence number due */
} inspection;

KEEL_PRINTF(5, 6)
static int find(inspection *in, keel_journal_verdict verdict, uint64_t segment, uint64_t offset, const char *format,
                ...) {
    keel_journal_report *r = in->report;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(r->why, sizeof r->why, format, args);
    va_end(args);
    r->verdict = verdict;
    r->bad_segment = segment;
    r->bad_offset = (int64_t)offset;
    keel_journal_file_name(in->files.name, segment, r->bad_file);
    return KEEL_CURSOR_BAD;
}

static int path_of(inspection *in, uint64_t segment, char ret[KEEL_FS_PATH_MAX]) {
    char file[KEEL_JOURNAL_FILE_MAX];
    keel_journal_file_name(in->files.name, segment, file);
    return keel_fs_path(in->where->dir, file, ret, in->err);
}

/* A segment against the one before it. */
static int join(inspection *in, uint64_t segment, const keel_journal_head *h) {
    keel_journal_report *r = in->report;
    if (h->segment != segment || strcmp(h->name, in->files.name) != 0)
        return find(in, KEEL_JOURNAL_FOREIGN, segment, 0, "its header says segment %" PRIu64 " of journal %s",
                    h->segment, h->name);
    const keel_journal_base *base = &in->files.base;
    if (base->segment == segment && segment > 1 &&
        (memcmp(h->id, base->id, sizeof h->id) != 0 || memcmp(h->chain, base->chain, sizeof h->chain) != 0))
        return find(in, KEEL_JOURNAL_FOREIGN, segment, 0, "it is not the segment that the journal was compacted to");
    if (in->begun && memcmp(h->id, r->id, sizeof h->id) != 0)
        return find(in, KEEL_JOURNAL_FOREIGN, segment, 0, "it belongs to another journal");
    if (in->where->signer && memcmp(in->where->signer, h->public_key, KEEL_KEY_SIZE) != 0)
        return find(in, KEEL_JOURNAL_FOREIGN, segment, 0, "it was signed with another key");
    if (in->begun && (memcmp(h->public_key, r->public_key, KEEL_KEY_SIZE) != 0))
        return find(in, KEEL_JOURNAL_FOREIGN, segment, 0, "it was signed with another key than the segment before");
    if (in->begun && (h->first_seq != in->expected || h->previous_size != r->good_size))
        return find(in, KEEL_JOURNAL_MISSING, segment - 1, r->good_size,
                    "the segment ends at byte %" PRIu64 " with record %" PRIu64 ", the next one expects byte %" PRIu64
                    " and record %" PRIu64,
                    r->good_size, in->expected - 1, h->previous_size, h->first_seq - 1);
    if (in->begun && memcmp(h->chain, r->chain, sizeof h->chain) != 0)
        return find(in, KEEL_JOURNAL_TAMPERED, segment - 1, r->good_size - r->unsigned_bytes,
                    "what lies behind the last checkpoint is not what the next segment followed");
    return 0;
}

static void adopt(inspection *in, const keel_journal_head *h) {
    keel_journal_report *r = in->report;
    if (!in->begun) r->first_seq = in->from_seq > h->first_seq ? in->from_seq : h->first_seq;
    in->begun = 1;
    in->expected = h->first_seq;
    memcpy(r->id, h->id, sizeof r->id);
    memcpy(r->public_key, h->public_key, sizeof r->public_key);
    memcpy(r->config_id, h->config_id, sizeof r->config_id);
    r->flags = h->flags;
    r->good_segment = h->segment;
    r->good_size = KEEL_JOURNAL_HEADER_SIZE;
}

static int hand_over(inspection *in, const keel_journal_record *rec) {
    keel_journal_report *r = in->report;
    if (rec->seq < in->from_seq) return 0;
    if (r->records == 0) r->first_ts_ms = rec->ts_ms;
    r->last_ts_ms = rec->ts_ms;
    r->records++;
    return in->visit ? in->visit(in->data, rec) : 0;
}

static void note_snapref(keel_journal_report *r, const keel_journal_record *rec) {
    if (rec->size != KEEL_JOURNAL_SNAPREF_SIZE) return;
    if (r->snapref_count == KEEL_JOURNAL_SNAPREFS_MAX) {
        memmove(r->snapref, r->snapref + 1, sizeof r->snapref - sizeof r->snapref[0]);
        r->snapref_count--;
    }
    keel_journal_snapref *ref = &r->snapref[r->snapref_count++];
    ref->seq = rec->seq;
    ref->state_hash = keel_get_u64(rec->payload);
    ref->size = keel_get_u64(rec->payload + 8);
    memcpy(ref->digest, rec->payload + 16, sizeof ref->digest);
}

/* All records. KEEL_CURSOR_END, KEEL_CURSOR_BAD, or what visit returned. */
static int walk(inspection *in, keel_journal_cursor *c) {
    keel_journal_report *r = in->report;
    keel_journal_record rec;
    int rc;
    while ((rc = keel_journal_cursor_next(c, &rec, in->err)) == KEEL_CURSOR_RECORD) {
        rc = 0;
        if (rec.type == KEEL_JOURNAL_TYPE_BLOCK)
            r->records += rec.seq - in->expected + 1;
        else if (rec.type < KEEL_JOURNAL_TYPE_OWN)
            rc = hand_over(in, &rec);
        else if (rec.type == KEEL_JOURNAL_TYPE_SNAPREF)
            note_snapref(r, &rec);
        in->expected = c->last_seq + 1;
        r->good_size = c->at;
        if (rc != 0) return rc;
    }
    return rc;
}

/* The segment came to its end, or to a bad place: what is known of it goes into the report. */
static int settle(inspection *in, keel_journal_cursor *c, int rc, int is_last) {
    keel_journal_report *r = in->report;
    uint64_t segment = c->head.segment;
    r->good_size = c->at;
    r->file_size = c->size;
    r->bytes += c->at;
    r->checkpoints += c->checkpoints;
    r->unsigned_bytes = c->at - c->checked;
    r->shut_down = c->shut_down && c->ended == 2;
    r->last_seq = c->last_seq;
    if (rc == KEEL_CURSOR_BAD) {
        int damaged = is_last && c->verdict != KEEL_JOURNAL_TAMPERED ? keel_journal_cursor_damaged(c, in->err) : 1;
        if (damaged < 0) return damaged;
        keel_journal_verdict verdict = damaged ? c->verdict : KEEL_JOURNAL_TORN;
        r->behind_bytes += c->size - c->at;
        rc = find(in, verdict, segment, c->bad_at, "%s", c->why);
    } else if (!is_last && c->ended != 2 && c->at != c->size) { /* behind a seal zeros may stand */
        rc = find(in, KEEL_JOURNAL_CORRUPT, segment, c->at, "records are gone from its end");
    }
    keel_journal_cursor_chain(c, r->chain);
    return rc;
}

static int one_segment(inspection *in, size_t index) {
    uint64_t segment = in->files.segment[index];
    int is_last = index + 1 == in->files.count;
    char path[KEEL_FS_PATH_MAX];
    keel_journal_cursor c;
    KEEL_TRY(path_of(in, segment, path));
    KEEL_TRY(keel_fs_private(in->where->fs, path, in->err));
    int rc = keel_journal_cursor_open(&c, in->where->fs, path, in->where->key, 1, in->err);
    if (rc == KEEL_CURSOR_BAD) {
        in->report->behind_bytes += c.verdict == KEEL_JOURNAL_TORN ? 0 : c.size;
        if (c.verdict == KEEL_JOURNAL_NEWER) {
            rc = keel_err_set(in->err, KEEL_E_VERSION, "%s: %s: use a newer keel", c.why, path);
            in->report->verdict = KEEL_JOURNAL_NEWER;
        } else {
            int torn = c.verdict == KEEL_JOURNAL_TORN;
            rc = find(in, torn && !is_last ? KEEL_JOURNAL_CORRUPT : c.verdict, segment, c.bad_at, "%s", c.why);
        }
    } else if (rc == 0) {
        rc = join(in, segment, &c.head);
        if (rc == 0) {
            adopt(in, &c.head);
            rc = walk(in, &c);
            if (rc == KEEL_CURSOR_END || rc == KEEL_CURSOR_BAD) rc = settle(in, &c, rc, is_last);
        } else if (rc == KEEL_CURSOR_BAD) {
            in->report->behind_bytes += c.size;
        }
    }
    keel_journal_cursor_close(&c);
    return rc;
}

/* The last segment whose records all begin at or before from_seq: earlier ones need not be read. */
static int first_index(inspection *in, size_t *ret) {
    *ret = 0;
    for (size_t i = in->files.count; i-- > 1 && in->from_seq > 1;) {
        char path[KEEL_FS_PATH_MAX];
        keel_journal_cursor c;
        KEEL_TRY(path_of(in, in->files.segment[i], path));
        int rc = keel_journal_cursor_open(&c, in->where->fs, path, in->where->key, 0, in->err);
        int found = rc == 0 && c.head.first_seq <= in->from_seq;
        keel_journal_cursor_close(&c);
        if (rc < 0) return rc;
        if (found) {
            *ret = i;
            return 0;
        }
    }
    return 0;
}

static int sizes_behind(inspection *in, size_t index) {
    for (; index < in->files.count; index++) {
        char path[KEEL_FS_PATH_MAX];
        keel_fs_stat st;
        KEEL_TRY(path_of(in, in->files.segment[index], path));
        if (in->where->fs->stat(in->where->fs->ctx, path, &st) == 0) in->report->behind_bytes += (uint64_t)st.size;
    }
    return 0;
}

static int all_segments(inspection *in) {
    keel_journal_files *f = &in->files;
    keel_journal_report *r = in->report;
    size_t index = 0;
    memcpy(r->name, f->name, sizeof r->name);
    r->segments = f->count;
    if (f->count == 0) return 0;
    r->first_segment = f->segment[0];
    r->last_segment = f->segment[f->count - 1];
    int rc = 0;
    if (f->segment[0] != f->base.segment) {
        rc = find(in, KEEL_JOURNAL_MISSING, f->base.segment, 0,
                  "the journal begins with segment %" PRIu64 ", and this one is gone", f->segment[0]);
    } else {
        KEEL_TRY(first_index(in, &index));
        for (; rc == 0 && index < f->count; index++) {
            if (index > 0 && f->segment[index] != f->segment[index - 1] + 1) {
                rc = find(in, KEEL_JOURNAL_MISSING, f->segment[index - 1] + 1, 0, "the segment is not there");
                break;
            }
            rc = one_segment(in, index);
        }
    }
    return rc == KEEL_CURSOR_BAD ? sizes_behind(in, index) : rc;
}

int keel_journal_inspect(const keel_journal_where *where, uint64_t from_seq, keel_journal_visit visit, void *data,
                         keel_journal_report *ret, keel_err *reterr) {
    inspection in = {.where = where, .from_seq = from_seq, .visit = visit, .data = data, .report = ret, .err = reterr};
    memset(ret, 0, sizeof *ret);
    ret->bad_offset = -1;
    ret->first_seq = 1;
    KEEL_TRY(keel_fs_private(where->fs, where->dir, reterr));
    KEEL_TRY(keel_journal_files_list(where, &in.files, reterr));
    int rc = all_segments(&in);
    keel_journal_files_done(&in.files);
    return rc;
}
