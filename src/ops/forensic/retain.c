/* ops/forensic/retain.c: see retain.h. */
#include "ops/forensic/retain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "journal/inspect.h"
#include "ops/forensic/parts.h"
#include "ops/forensic/reader.h"
#include "ops/report/report.h"

enum { TEXT_SIZE = 160, REASON_SIZE = KEEL_AUDIT_LINE_MAX / 2, MANIFEST_MAX = 16 << 20 };
#define DAY_MS ((int64_t)86400000)
#define ORDERED "log_removal_ordered"

const char *keel_retain_name(keel_retain_stream stream) {
    static const char *const NAMES[] = {
#define NAME(name, stream, days) stream,
        KEEL_RETAIN_STREAMS(NAME)
#undef NAME
    };
    return NAMES[stream];
}

int64_t keel_retain_default_ms(keel_retain_stream stream) {
    static const int64_t DAYS[] = {
#define DAYS_OF(name, stream, days) days,
        KEEL_RETAIN_STREAMS(DAYS_OF)
#undef DAYS_OF
    };
    return DAYS[stream] * DAY_MS;
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

/* The parts of a stream while it is looked at. */
typedef struct stream {
    const char *name;
    keel_parts parts;
} stream;

typedef struct look {
    const keel_audit *trail;
    const keel_retain_rules *rules;
    stream of[KEEL_RETAIN_COUNT];
    keel_retain_plan *plan;
    int64_t now_ms;
    keel_err *err;
} look;

static int stat_part(const look *l, const stream *s, uint32_t part, keel_fs_stat *ret) {
    char path[KEEL_FS_PATH_MAX];
    KEEL_TRY(keel_parts_path(l->trail->dir, s->name, part, path, l->err));
    int rc = l->trail->fs->stat(l->trail->fs->ctx, path, ret);
    if (rc == -ENOENT && part == 0) {
        memset(ret, 0, sizeof *ret);
        return 0;
    }
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot look at", path, l->err);
}

/* A process that trades holds the lock of the run's journal as long as it lives. *ret is the file whose closing lets
 * go of it, -1 when there is no journal. */
static int lock_run(const keel_audit *t, int *ret, keel_err *err) {
    char path[KEEL_FS_PATH_MAX];
    *ret = -1;
    KEEL_TRY(keel_fs_path(t->dir, "journal/lock", path, err));
    int file = t->fs->open(t->fs->ctx, path, KEEL_FS_WRITE);
    if (file == -ENOENT) return 0;
    int rc = file < 0 ? file : t->fs->lock(t->fs->ctx, file);
    if (rc == 0) {
        *ret = file;
        return 0;
    }
    if (file >= 0) t->fs->close(t->fs->ctx, file);
    if (rc == -EWOULDBLOCK)
        return keel_err_set(err, KEEL_E_GATE, "the run is open: %s: another process has its journal; end it first",
                            t->dir);
    return keel_fs_fail(rc, "cannot look at", path, err);
}

static void unlock_run(const keel_audit *t, int file) {
    if (file >= 0) t->fs->close(t->fs->ctx, file);
}

static int judge_open(const look *l) {
    int lock;
    KEEL_TRY(lock_run(l->trail, &lock, l->err));
    unlock_run(l->trail, lock);
    return 0;
}

/* Of a compacted journal the first records are gone: no replay makes the events again, and they stay. */
static int judge_journal(look *l) {
    const keel_audit *t = l->trail;
    char path[KEEL_FS_PATH_MAX];
    keel_journal_files files;
    keel_err none = {0};
    KEEL_TRY(keel_fs_path(t->dir, "journal", path, l->err));
    keel_journal_where where = {.fs = t->fs, .dir = path};
    int rc = keel_journal_files_list(&where, &files, &none);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc != 0) return keel_err_set(l->err, rc, "%s", none.text);
    l->plan->compacted = files.base.segment > 1;
    keel_journal_files_done(&files);
    return 0;
}

/* By its manifest; those of earlier builds have no state and were written at the end. */
static int has_ended(const keel_audit *t) {
    char path[KEEL_FS_PATH_MAX];
    const char *state = "";
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_tree *tree = NULL;
    keel_err none = {0};
    int there = keel_fs_path(t->dir, "manifest.json", path, &none) == 0 &&
                keel_fs_read_whole(t->fs, path, MANIFEST_MAX, &bytes, &size, &none) == 0 &&
                keel_json_parse((const char *)bytes, size, "manifest.json", &tree, &none) == 0;
    int running = there && keel_json_read_string(keel_tree_find(tree, "state"), &state) == 0 &&
                  strcmp(state, KEEL_RUN_RUNNING) == 0;
    keel_tree_free(tree);
    free(bytes);
    return there && !running;
}

static int judge_run(const look *l) {
    const keel_audit *t = l->trail;
    keel_audit_report report;
    KEEL_TRY(keel_fs_private(t->fs, t->dir, l->err));
    KEEL_TRY(keel_audit_verify(t, NULL, &report, l->err));
    if (report.verdict != KEEL_AUDIT_GOOD)
        return keel_err_set(l->err, KEEL_E_PARITY,
                            "the audit trail is not as it was written (%s): %s: keel audit verify; nothing is removed",
                            keel_audit_verdict_word(report.verdict), t->dir);
    if (has_ended(t)) return judge_open(l);
    return keel_err_set(
        l->err, KEEL_E_GATE,
        "the run has not ended: %s: no manifest.json, or one that says running; go on with it first, it "
        "may need its log",
        t->dir);
}

static int find_parts(look *l) {
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++) {
        stream *s = &l->of[i];
        keel_fs_stat st;
        s->name = keel_retain_name((keel_retain_stream)i);
        KEEL_TRY(keel_parts_find(l->trail->fs, l->trail->dir, s->name, &s->parts, l->err));
        const keel_parts *p = &s->parts;
        if (p->count && p->last - p->first + 1 != p->count)
            return keel_err_set(l->err, KEEL_E_DATA,
                                "a closed part is missing: %s/%s: keel replay RUN --events DIR makes all of them again",
                                l->trail->dir, s->name);
        KEEL_TRY(stat_part(l, s, 0, &st));
        l->plan->bytes_left += st.size;
        for (uint32_t part = p->first; p->count && part <= p->last; part++) {
            KEEL_TRY(stat_part(l, s, part, &st));
            l->plan->bytes_left += st.size;
        }
    }
    return 0;
}

/* The next part of a stream that may go; 0: none. */
static uint32_t next_part(const look *l, int i) {
    const keel_parts *p = &l->of[i].parts;
    const keel_retain_cut *c = &l->plan->cut[i];
    uint32_t part = c->last ? c->last + 1 : p->first;
    if (i == KEEL_RETAIN_EVENTS && l->plan->compacted) return 0;
    return p->count && part < p->last ? part : 0;
}

static void take_part(look *l, int i, uint32_t part, const keel_fs_stat *st) {
    keel_retain_cut *c = &l->plan->cut[i];
    if (!c->last) c->first = part;
    c->last = part;
    c->bytes += st->size;
    l->plan->bytes += st->size;
    l->plan->bytes_left -= st->size;
}

static int cut_by_age(look *l, int i) {
    uint32_t part;
    keel_fs_stat st;
    int64_t keep_ms = l->rules->keep_ms[i];
    while (keep_ms > 0 && (part = next_part(l, i)) != 0) {
        KEEL_TRY(stat_part(l, &l->of[i], part, &st));
        if (st.changed_ms < 0 || l->now_ms - st.changed_ms <= keep_ms) return 0;
        take_part(l, i, part, &st);
    }
    return 0;
}

static int cut_by_size(look *l, int i) {
    uint32_t part;
    keel_fs_stat st;
    while (l->rules->size_max > 0 && l->plan->bytes_left > l->rules->size_max && (part = next_part(l, i)) != 0) {
        KEEL_TRY(stat_part(l, &l->of[i], part, &st));
        take_part(l, i, part, &st);
        l->plan->cut[i].by_size = 1;
    }
    return 0;
}

/* Which records go: every one of them is read, and they follow each other. */
static int read_cut(const look *l, int i) {
    keel_retain_cut *c = &l->plan->cut[i];
    keel_log_lines *lines = NULL;
    keel_log_record r;
    const char *text;
    size_t size;
    int rc;
    if (!c->last) return 0;
    KEEL_TRY(keel_log_lines_open_kept(l->trail->fs, l->trail->dir, l->of[i].name, &lines, l->err));
    while ((rc = keel_log_lines_next(lines, &text, &size, l->err)) == 1) {
        uint32_t part = keel_log_lines_part(lines);
        if (part == 0 || part > c->last) break;
        if ((rc = keel_log_record_read(text, size, keel_log_lines_where(lines), &r, l->err)) != 0) break;
        if (c->to_seq && r.seq != c->to_seq + 1)
            rc = keel_err_set(l->err, KEEL_E_DATA,
                              "records are missing or out of order: %s: keel replay RUN --events DIR makes them again",
                              keel_log_lines_where(lines));
        if (!c->from_seq) c->from_seq = r.seq;
        c->to_seq = r.seq;
        keel_log_record_done(&r);
        if (rc != 0) break;
    }
    keel_log_lines_close(lines);
    return rc < 0 ? rc : 0;
}

int keel_retain_look(const keel_audit *trail, const keel_retain_rules *rules, keel_retain_plan *ret, keel_err *reterr) {
    look l = {.trail = trail, .rules = rules, .plan = ret, .err = reterr};
    memset(ret, 0, sizeof *ret);
    l.now_ms = trail->clock->wall_ms(trail->clock->ctx);
    KEEL_TRY(judge_run(&l));
    KEEL_TRY(judge_journal(&l));
    KEEL_TRY(find_parts(&l));
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++)
        KEEL_TRY(cut_by_age(&l, i));
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++)
        KEEL_TRY(cut_by_size(&l, i));
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++)
        KEEL_TRY(read_cut(&l, i));
    return 0;
}

/* ---- removing --------------------------------------------------------------------------------------------------- */

/* One name after the other is gone for good: a machine that stops between two leaves no hole. */
static int unlink_parts(const keel_audit *t, const char *name, const keel_retain_cut *c, keel_err *err) {
    char path[KEEL_FS_PATH_MAX], folder[KEEL_FS_PATH_MAX];
    for (uint32_t part = c->first; part <= c->last; part++) {
        KEEL_TRY(keel_parts_path(t->dir, name, part, path, err));
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
        int rc = t->fs->unlink(t->fs->ctx, path);
        if (rc == 0) rc = t->fs->sync_dir(t->fs->ctx, folder);
        if (rc != 0) return keel_fs_fail(rc, "cannot remove", path, err);
    }
    return 0;
}

static int remove_all(const keel_audit *trail, const keel_retain_order *order, const keel_retain_plan *plan,
                      keel_err *reterr) {
    char text[TEXT_SIZE], reason[REASON_SIZE];
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++) {
        const keel_retain_cut *c = &plan->cut[i];
        const char *name = keel_retain_name((keel_retain_stream)i);
        if (!c->last) continue;
        (void)snprintf(text, sizeof text,
                       "%s: parts %" PRIu32 " to %" PRIu32 ", records %" PRIu64 " to %" PRIu64 ", %" PRId64 " bytes",
                       name, c->first, c->last, c->from_seq, c->to_seq, c->bytes);
        (void)snprintf(reason, sizeof reason, "%s%s%s",
                       c->by_size ? "the log is larger than it may be" : "older than they are kept",
                       order->reason ? "; " : "", order->reason ? order->reason : "");
        keel_audit_entry ordered = {.actor = order->actor, .action = ORDERED, .reason = reason, .before = text};
        keel_audit_entry done = {.actor = order->actor, .action = "log_removed", .before = text};
        KEEL_TRY(keel_audit_append(trail, &ordered, reterr));
        KEEL_TRY(unlink_parts(trail, name, c, reterr));
        KEEL_TRY(keel_audit_append(trail, &done, reterr));
    }
    return 0;
}

int keel_retain_remove(const keel_audit *trail, const keel_retain_order *order, const keel_retain_plan *plan,
                       keel_err *reterr) {
    int lock;
    KEEL_TRY(lock_run(trail, &lock, reterr)); /* nobody begins to trade meanwhile */
    int rc = remove_all(trail, order, plan, reterr);
    unlock_run(trail, lock);
    return rc;
}

/* ---- what was removed ------------------------------------------------------------------------------------------- */

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : "";
}

/* "NAME: parts 1 to 3, records 1 to 45000, ..." */
static uint64_t last_of(const char *text, const char *name) {
    uint64_t last = 0;
    size_t size = strlen(name);
    if (strncmp(text, name, size) != 0 || text[size] != ':') return 0;
    const char *at = strstr(text, ", records ");
    at = at ? strstr(at, " to ") : NULL;
    if (at) last = strtoull(at + strlen(" to "), NULL, 10);
    return last;
}

int keel_retain_removed(const keel_fs *fs, const char *dir, const char *name, uint64_t *ret_to_seq, keel_err *reterr) {
    keel_log_lines *lines = NULL;
    const char *text;
    size_t size;
    *ret_to_seq = 0;
    int rc = keel_log_lines_open(fs, dir, "audit", &lines, reterr);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc != 0) return rc;
    while ((rc = keel_log_lines_next(lines, &text, &size, reterr)) == 1) {
        keel_tree *t = NULL;
        if ((rc = keel_json_parse(text, size, keel_log_lines_where(lines), &t, reterr)) != 0) break;
        uint64_t last = strcmp(text_of(t, "action"), ORDERED) == 0 ? last_of(text_of(t, "before"), name) : 0;
        if (last > *ret_to_seq) *ret_to_seq = last;
        keel_tree_free(t);
    }
    keel_log_lines_close(lines);
    return rc;
}
