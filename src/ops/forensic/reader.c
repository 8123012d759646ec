/* ops/forensic/reader.c: see reader.h. */
#include "ops/forensic/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/json_read.h"
#include "base/timerange.h"
#include "ops/forensic/failure.h"
#include "ops/forensic/parts.h"

enum { PIECE = 64 << 10, WINDOW = 2 * PIECE };

struct keel_log_lines {
    const keel_fs *fs;
    char dir[KEEL_FS_PATH_MAX], name[64], path[KEEL_FS_PATH_MAX], where[KEEL_FS_PATH_MAX + 32];
    uint32_t part;      /* being read; 0: the open one */
    uint32_t first;     /* that there is; 0: none is closed */
    uint32_t line_part; /* of the line last given */
    int file, packed, at_end, last_part;
    int64_t offset;
    uint64_t line;
    ZSTD_DCtx *zstd;
    size_t hint; /* of the decoder: 0: a frame is complete */
    char *in;
    ZSTD_inBuffer held;
    char *text; /* [WINDOW] */
    size_t from, fill;
};

/* 1: open, 0: there is no such part. */
static int open_part(keel_log_lines *l, uint32_t part, keel_err *err) {
    keel_fs_stat st;
    KEEL_TRY(keel_parts_path(l->dir, l->name, part, l->path, err));
    if (l->fs->stat(l->fs->ctx, l->path, &st) == -ENOENT) return 0;
    KEEL_TRY(keel_fs_private(l->fs, l->path, err));
    l->file = l->fs->open(l->fs->ctx, l->path, 0);
    if (l->file < 0) return keel_fs_fail(l->file, "cannot read the log", l->path, err);
    l->part = part;
    l->packed = part != 0;
    l->last_part = part == 0;
    l->offset = 0;
    l->line = 0;
    l->at_end = 0;
    l->hint = 1;
    l->held = (ZSTD_inBuffer){l->in, 0, 0};
    (void)ZSTD_DCtx_reset(l->zstd, ZSTD_reset_session_only);
    return 1;
}

/* The first part there is, or the open one: 1, 0: neither. */
static int open_first(keel_log_lines *l, int kept, keel_err *err) {
    keel_parts parts;
    KEEL_TRY(keel_parts_find(l->fs, l->dir, l->name, &parts, err));
    if (parts.count == 0) return open_part(l, 0, err);
    if (parts.first > 1 && !kept)
        return keel_err_set(err, KEEL_E_DATA,
                            "parts before %06" PRIu32
                            " of the log were removed: %s/%s: keel replay RUN --events DIR makes all of it again",
                            parts.first, l->dir, l->name);
    l->first = parts.first;
    return open_part(l, parts.first, err);
}

static int open_lines(const keel_fs *fs, const char *dir, const char *name, int kept, keel_log_lines **ret,
                      keel_err *reterr) {
    keel_log_lines *l = calloc(1, sizeof *l);
    if (!l) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: log: close other programs");
    l->fs = fs;
    l->file = -1;
    (void)snprintf(l->dir, sizeof l->dir, "%s", dir);
    (void)snprintf(l->name, sizeof l->name, "%s", name);
    l->in = malloc(PIECE);
    l->text = malloc(WINDOW);
    l->zstd = ZSTD_createDCtx();
    int rc = l->in && l->text && l->zstd
                 ? open_first(l, kept, reterr)
                 : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: log: close other programs");
    if (rc == 1) {
        *ret = l;
        return 0;
    }
    if (rc == 0) rc = keel_err_set(reterr, KEEL_E_NOT_FOUND, "no such log: %s: is it the folder of a run", l->path);
    keel_log_lines_close(l);
    return rc;
}

int keel_log_lines_open(const keel_fs *fs, const char *dir, const char *name, keel_log_lines **ret, keel_err *reterr) {
    return open_lines(fs, dir, name, 0, ret, reterr);
}

int keel_log_lines_open_kept(const keel_fs *fs, const char *dir, const char *name, keel_log_lines **ret,
                             keel_err *reterr) {
    return open_lines(fs, dir, name, 1, ret, reterr);
}

uint32_t keel_log_lines_first(const keel_log_lines *l) { return l->first; }
uint32_t keel_log_lines_part(const keel_log_lines *l) { return l->line_part; }

void keel_log_lines_close(keel_log_lines *l) {
    if (!l) return;
    if (l->file >= 0) l->fs->close(l->fs->ctx, l->file);
    (void)ZSTD_freeDCtx(l->zstd);
    free(l->in);
    free(l->text);
    free(l);
}

size_t keel_log_lines_torn(const keel_log_lines *l) { return l->fill - l->from; }

const char *keel_log_lines_where(const keel_log_lines *l) { return l->where; }

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static int64_t read_file(keel_log_lines *l, char *to, size_t size, keel_err *err) {
    int64_t got = keel_fs_read_at(l->fs, l->file, to, size, l->offset);
    if (got < 0) return keel_fs_fail((int)got, "cannot read the log", l->path, err);
    l->offset += got;
    return got;
}

static int64_t unpack(keel_log_lines *l, char *to, size_t size, keel_err *err) {
    ZSTD_outBuffer out = {to, size, 0};
    while (out.pos == 0) {
        if (l->held.pos == l->held.size) {
            int64_t got = read_file(l, l->in, PIECE, err);
            if (got < 0) return got;
            if (got == 0 && l->hint != 0)
                return keel_err_set(err, KEEL_E_DATA, "Zstandard data end early: %s: take the file from a copy",
                                    l->path);
            if (got == 0) return 0;
            l->held = (ZSTD_inBuffer){l->in, (size_t)got, 0};
        }
        l->hint = ZSTD_decompressStream(l->zstd, &out, &l->held);
        if (ZSTD_isError(l->hint))
            return keel_err_set(err, KEEL_E_DATA, "damaged Zstandard data: %s: %s: take the file from a copy", l->path,
                                ZSTD_getErrorName(l->hint));
    }
    return (int64_t)out.pos;
}

/* More of this part, or the next part. 1, 0: there is no more at all. */
static int more(keel_log_lines *l, keel_err *err) {
    memmove(l->text, l->text + l->from, l->fill - l->from);
    l->fill -= l->from;
    l->from = 0;
    while (!l->at_end) {
        int64_t got = l->packed ? unpack(l, l->text + l->fill, WINDOW - l->fill, err)
                                : read_file(l, l->text + l->fill, WINDOW - l->fill, err);
        if (got < 0) return (int)got;
        if (got > 0) {
            l->fill += (size_t)got;
            return 1;
        }
        l->at_end = 1;
    }
    if (l->last_part) return 0;
    if (l->fill > 0)
        return keel_err_set(err, KEEL_E_DATA, "a closed part ends inside a line: %s: take the file from a copy",
                            l->path);
    l->fs->close(l->fs->ctx, l->file);
    l->file = -1;
    int rc = open_part(l, l->part + 1, err);
    if (rc == 0) rc = open_part(l, 0, err);
    if (rc <= 0) l->last_part = 1;
    return rc;
}

int keel_log_lines_next(keel_log_lines *l, const char **ret_text, size_t *ret_size, keel_err *reterr) {
    for (;;) {
        size_t held = l->fill - l->from, look = held < KEEL_LINE_MAX ? held : KEEL_LINE_MAX;
        const char *start = l->text + l->from, *end = look ? memchr(start, '\n', look) : NULL;
        if (end) {
            *ret_text = start;
            *ret_size = (size_t)(end - start);
            l->from += *ret_size + 1;
            l->line++;
            l->line_part = l->part;
            const char *base = strrchr(l->path, '/');
            (void)snprintf(l->where, sizeof l->where, "%s:%" PRIu64, base ? base + 1 : l->path, l->line);
            return 1;
        }
        if (held >= KEEL_LINE_MAX)
            return keel_err_set(reterr, KEEL_E_DATA,
                                "a line is longer than a record may be: %s:%" PRIu64 ": it is not one of keel's",
                                l->path, l->line + 1);
        int rc = more(l, reterr);
        if (rc <= 0) return rc;
    }
}

/* ---- a record --------------------------------------------------------------------------------------------------- */

static const char *const MEMBERS[] = {"schema_version", "ts",        "seq",         "run_id",      "mode",
                                      "level",          "severity",  "code",        "code_number", "component",
                                      "corr_id",        "cycle_id",  "strategy_id", "symbol",      "order_id",
                                      "intent_id",      "config_id", "message",     "data",        "class"};

static int bad(const char *where, const char *what, keel_err *err) {
    return keel_err_set(err, KEEL_E_DATA,
                        "not a record of this schema: %s: %s; docs/formats/events.md says what it holds", where, what);
}

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : NULL;
}

static int known_members(const keel_tree *t) {
    size_t count = sizeof MEMBERS / sizeof *MEMBERS;
    for (size_t i = 0; i < t->count; i++) {
        size_t at = 0;
        while (at < count && strcmp(MEMBERS[at], t->items[i]->key) != 0)
            at++;
        if (at == count) return 0;
    }
    return 1;
}

static int judge_data(const keel_log_record *r, const char *where, keel_err *err) {
    if (!r->data || r->data->kind != KEEL_TREE_MAP) return bad(where, "data is no object", err);
    for (size_t i = 0; i < r->data->count; i++)
        if (!keel_event_has_field(r->code, r->data->items[i]->key))
            return bad(where, "data has a field that the event does not have", err);
    return 0;
}

static int judge(const char *where, keel_log_record *r, keel_err *err) {
    const keel_tree *t = r->tree;
    int64_t version = 0, number = 0, seq = 0, cycle = 0;
    if (t->kind != KEEL_TREE_MAP) return bad(where, "it is no object", err);
    if (keel_json_read_int(keel_tree_find(t, "schema_version"), &version) != 0 || version < 1)
        return bad(where, "it has no schema_version", err);
    if (version > KEEL_LINE_SCHEMA)
        return keel_err_set(err, KEEL_E_VERSION, "written by a newer keel: %s: use that keel", where);
    if (!known_members(t)) return bad(where, "it has a member that no record has", err);
    const char *ts = text_of(t, "ts"), *level = text_of(t, "level"), *severity = text_of(t, "severity");
    const char *code = text_of(t, "code");
    r->run_id = text_of(t, "run_id");
    r->corr_id = text_of(t, "corr_id");
    r->symbol = text_of(t, "symbol");
    r->order_id = text_of(t, "order_id");
    r->message = text_of(t, "message");
    r->data = keel_tree_find(t, "data");
    if (!ts || strlen(ts) != 24 || keel_time_parse(ts, &r->ts_ms, NULL) != 0) return bad(where, "ts is no time", err);
    if (keel_json_read_int(keel_tree_find(t, "seq"), &seq) != 0 || seq < 1) return bad(where, "seq is no number", err);
    if (!r->run_id || !*r->run_id) return bad(where, "it has no run_id", err);
    if (!r->corr_id || !*r->corr_id) return bad(where, "it has no corr_id", err);
    if (!r->message || !text_of(t, "mode") || !text_of(t, "component")) return bad(where, "a member is missing", err);
    int l = level ? keel_event_level_of(level) : -1, s = severity ? keel_event_severity_of(severity) : -1;
    if (l < 0 || s < 0) return bad(where, "level or severity is unknown", err);
    r->level = (keel_event_level)l;
    r->severity = (keel_event_severity)s;
    r->code = code ? keel_event_code_of(code) : KEEL_EVENT_CODES;
    if (r->code == KEEL_EVENT_CODES) return bad(where, "code is unknown", err);
    if (keel_json_read_int(keel_tree_find(t, "code_number"), &number) != 0 ||
        number != keel_event_info_of(r->code)->number)
        return bad(where, "code_number is not that of the code", err);
    /* Records of earlier builds have no class, or that which the code had then. */
    const char *failed = text_of(t, "class");
    if (keel_tree_find(t, "class") && (!failed || !keel_failure_is_class(failed)))
        return bad(where, "class is unknown", err);
    if (keel_tree_find(t, "cycle_id") && keel_json_read_int(keel_tree_find(t, "cycle_id"), &cycle) != 0)
        return bad(where, "cycle_id is no number", err);
    r->seq = (uint64_t)seq;
    r->cycle = (uint64_t)cycle;
    return judge_data(r, where, err);
}

int keel_log_record_read(const char *text, size_t size, const char *where, keel_log_record *ret, keel_err *reterr) {
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return keel_err_set(reterr, KEEL_E_PARSE, "a control character: %s: no record of keel has one", where);
    KEEL_TRY(keel_json_parse(text, size, where, &ret->tree, reterr));
    int rc = judge(where, ret, reterr);
    if (rc != 0) keel_log_record_done(ret);
    return rc;
}

void keel_log_record_done(keel_log_record *r) {
    keel_tree_free(r->tree);
    memset(r, 0, sizeof *r);
}

const char *keel_log_record_text(const keel_log_record *r, const char *field) {
    const char *text = text_of(r->data, field);
    return text ? text : "";
}

int64_t keel_log_record_int(const keel_log_record *r, const char *field) {
    int64_t value = 0;
    return keel_json_read_int(keel_tree_find(r->data, field), &value) == 0 ? value : 0;
}

int64_t keel_log_record_e8(const keel_log_record *r, const char *field) {
    int64_t value = 0;
    return keel_json_read_decimal(keel_tree_find(r->data, field), 8, &value) == 0 ? value : 0;
}
