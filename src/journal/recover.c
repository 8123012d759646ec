/* journal/recover.c: lock, judge, set aside, open. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/writer_internal.h"

static const char ASIDE[] = "aside";

int keel_journal_lock(const keel_fs *fs, const char *dir, keel_err *reterr) {
    char path[KEEL_FS_PATH_MAX], text[32] = "";
    KEEL_TRY(keel_fs_path(dir, "lock", path, reterr));
    int file = fs->open(fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE);
    if (file < 0) return keel_fs_fail(file, "cannot open", path, reterr);
    int rc = fs->lock(fs->ctx, file);
    if (rc == -EWOULDBLOCK) {
        int64_t n = keel_fs_read_at(fs, file, text, sizeof text - 1, 0);
        text[n > 0 ? strcspn(text, "\n") : 0] = 0;
        fs->close(fs->ctx, file);
        return keel_err_set(reterr, KEEL_E_GATE, "another writer (process %s) holds the journal: %s: end it first",
                            text[0] ? text : "unknown", dir);
    }
    int size = snprintf(text, sizeof text, "%" PRId64 "\n", fs->owner(fs->ctx));
    if (rc == 0) rc = keel_fs_private(fs, path, reterr) == 0 ? 0 : -EACCES;
    if (rc == 0) rc = fs->truncate(fs->ctx, file, 0);
    if (rc == 0) rc = keel_fs_write_at(fs, file, text, (size_t)size, 0);
    if (rc != 0) {
        fs->close(fs->ctx, file);
        return rc == -EACCES ? KEEL_E_GATE : keel_fs_fail(rc, "cannot lock", path, reterr);
    }
    return file;
}

/* ---- setting aside ---- */

typedef struct setting {
    const keel_journal_where *where;
    const keel_journal_report *found;
    keel_journal_recovery *ret;
    keel_err *err;
} setting;

/* A name in the folder `aside` that is free. */
static int free_name(setting *s, const char *file, const char *suffix, char ret[KEEL_FS_PATH_MAX]) {
    const keel_fs *fs = s->where->fs;
    keel_fs_stat st;
    for (int n = 0; n < 10000; n++) {
        char tail[32] = "";
        if (n) (void)snprintf(tail, sizeof tail, ".%d", n);
        if (snprintf(ret, KEEL_FS_PATH_MAX, "%s/%s%s%s", s->ret->aside, file, suffix, tail) >= KEEL_FS_PATH_MAX)
            return keel_err_set(s->err, KEEL_E_RANGE, "path is too long: %s: use a shorter folder", s->where->dir);
        if (fs->stat(fs->ctx, ret, &st) == -ENOENT) return 0;
    }
    return keel_err_set(s->err, KEEL_E_IO, "no free name: %s: empty the folder", s->ret->aside);
}

static int make_folder(setting *s) {
    const keel_fs *fs = s->where->fs;
    KEEL_TRY(keel_fs_path(s->where->dir, ASIDE, s->ret->aside, s->err));
    int rc = fs->mkdir(fs->ctx, s->ret->aside);
    if (rc == 0 || rc == -EEXIST) rc = fs->sync_dir(fs->ctx, s->where->dir);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot make", s->ret->aside, s->err);
}

static int move_whole(setting *s, uint64_t segment) {
    const keel_fs *fs = s->where->fs;
    char file[KEEL_JOURNAL_FILE_MAX], from[KEEL_FS_PATH_MAX], to[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    keel_journal_file_name(s->found->name, segment, file);
    KEEL_TRY(keel_fs_path(s->where->dir, file, from, s->err));
    if (fs->stat(fs->ctx, from, &st) == -ENOENT) return 0;
    KEEL_TRY(make_folder(s));
    KEEL_TRY(free_name(s, file, "", to));
    s->ret->dropped_bytes += (uint64_t)st.size;
    int rc = fs->rename(fs->ctx, from, to);
    if (rc == 0) rc = fs->sync_dir(fs->ctx, s->ret->aside);
    if (rc == 0) rc = fs->sync_dir(fs->ctx, s->where->dir);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot set aside", from, s->err);
}

/* The bytes of `file` from `cut` on, without the zeros at their end, in a file of their own. */
static int copy_tail(setting *s, int file, const char *name, uint64_t cut, uint64_t size) {
    const keel_fs *fs = s->where->fs;
    char to[KEEL_FS_PATH_MAX], suffix[40];
    int64_t n = keel_journal_without_zeros(fs, file, cut, size);
    if (n < 0) return keel_fs_fail((int)n, "cannot read", name, s->err);
    if (n == 0) return 0;
    uint8_t *bytes = malloc((size_t)n);
    if (!bytes) return keel_err_set(s->err, KEEL_E_NOMEM, "out of memory: %s: %" PRId64 " bytes", name, n);
    n = keel_fs_read_at(fs, file, bytes, (size_t)n, (int64_t)cut);
    int rc = n < 0 ? keel_fs_fail((int)n, "cannot read", name, s->err) : 0;
    if (n > 0) {
        (void)snprintf(suffix, sizeof suffix, ".from-%" PRIu64, cut);
        rc = make_folder(s);
        if (rc == 0) rc = free_name(s, name, suffix, to);
        if (rc == 0) rc = keel_fs_replace(fs, s->ret->aside, strrchr(to, '/') + 1, bytes, (size_t)n, s->err);
        if (rc == 0) s->ret->dropped_bytes += (uint64_t)n;
    }
    free(bytes);
    return rc;
}

static int cut_segment(setting *s, uint64_t segment, uint64_t cut) {
    const keel_fs *fs = s->where->fs;
    char name[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    keel_journal_file_name(s->found->name, segment, name);
    KEEL_TRY(keel_fs_path(s->where->dir, name, path, s->err));
    int file = fs->open(fs->ctx, path, KEEL_FS_WRITE);
    if (file < 0) return keel_fs_fail(file, "cannot open", path, s->err);
    int rc = fs->stat_file(fs->ctx, file, &st);
    if (rc == 0 && (uint64_t)st.size > cut) {
        int copied = copy_tail(s, file, name, cut, (uint64_t)st.size);
        if (copied != 0) {
            fs->close(fs->ctx, file);
            return copied;
        }
        rc = fs->truncate(fs->ctx, file, (int64_t)cut);
        if (rc == 0) rc = fs->sync(fs->ctx, file);
    }
    fs->close(fs->ctx, file);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot cut", path, s->err);
}

/* Later segments first, from the end: a stop in between leaves a journal that is judged as it was, or better. */
int keel_journal_set_aside(const keel_journal_where *where, const keel_journal_report *found,
                           keel_journal_recovery *ret, keel_err *reterr) {
    setting s = {where, found, ret, reterr};
    if (found->verdict == KEEL_JOURNAL_GOOD)
        return found->good_segment ? cut_segment(&s, found->good_segment, found->good_size) : 0;
    if (found->bad_segment < found->first_segment)
        return keel_err_set(reterr, KEEL_E_PARITY, "%s: %s/%s: put it back from a copy", found->why, where->dir,
                            found->bad_file);
    if (found->verdict > KEEL_JOURNAL_TORN)
        KEEL_TRY(keel_journal_damage_note(where->fs, where->dir, found->name, reterr));
    for (uint64_t segment = found->last_segment; segment > found->bad_segment; segment--)
        KEEL_TRY(move_whole(&s, segment));
    uint64_t cut = (uint64_t)found->bad_offset;
    if (found->bad_segment == found->good_segment && found->good_size < cut) cut = found->good_size;
    if (cut < KEEL_JOURNAL_HEADER_SIZE) return move_whole(&s, found->bad_segment);
    return cut_segment(&s, found->bad_segment, cut);
}

static int refuse(const keel_journal_where *where, const keel_journal_report *r, keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_PARITY,
                        "journal is damaged (%s): %s/%s, byte %" PRId64
                        ": %s; see keel journal verify, then "
                        "keel journal repair",
                        keel_journal_verdict_word(r->verdict), where->dir, r->bad_file, r->bad_offset, r->why);
}

/* What this and earlier starts cut off. */
static int read_damage(const keel_journal_where *where, const char *name, keel_journal_recovery *ret,
                       keel_err *reterr) {
    keel_journal_damage d;
    KEEL_TRY(keel_journal_damage_read(where->fs, where->dir, name, &d, reterr));
    ret->safe_mode = d.open;
    ret->damages = d.count;
    return 0;
}

int keel_journal_repair(const keel_journal_where *where, keel_journal_recovery *ret, keel_err *reterr) {
    keel_journal_report after;
    memset(ret, 0, sizeof *ret);
    int lock = keel_journal_lock(where->fs, where->dir, reterr);
    if (lock < 0) return lock;
    int rc = keel_journal_inspect(where, 0, NULL, NULL, &ret->found, reterr);
    if (rc == 0) {
        ret->next_seq = ret->found.last_seq + 1;
        if (ret->found.verdict != KEEL_JOURNAL_GOOD) {
            rc = keel_journal_set_aside(where, &ret->found, ret, reterr);
            if (rc == 0) rc = keel_journal_inspect(where, 0, NULL, NULL, &after, reterr);
            if (rc == 0 && after.verdict != KEEL_JOURNAL_GOOD) rc = refuse(where, &after, reterr);
            if (rc == 0) ret->next_seq = after.last_seq + 1;
        }
        if (rc == 0) rc = read_damage(where, ret->found.name, ret, reterr);
    }
    where->fs->close(where->fs->ctx, lock);
    return rc;
}

/* ---- opening ---- */

static int make_dir(const keel_fs *fs, const char *dir, keel_err *reterr) {
    char parent[KEEL_FS_PATH_MAX];
    int rc = fs->mkdir(fs->ctx, dir);
    if (rc == -EEXIST) rc = 0; /* seen is not durable: whoever made it may have been stopped before the sync */
    (void)snprintf(parent, sizeof parent, "%s", dir);
    char *slash = strrchr(parent, '/');
    if (slash == parent) slash++;
    if (slash)
        *slash = 0;
    else
        memcpy(parent, ".", 2);
    if (rc == 0) rc = fs->sync_dir(fs->ctx, parent);
    /* A parent that may be passed through but not read cannot be opened: the folder itself then, for the file systems
     * keep what made it together with what is in it. */
    if (rc == -EACCES) rc = fs->sync_dir(fs->ctx, dir);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot make the folder", dir, reterr);
}

typedef struct leftovers {
    char name[8][KEEL_JOURNAL_FILE_MAX + 8];
    int count;
} leftovers;

static int note_leftover(void *data, const char *name) {
    leftovers *l = data;
    size_t size = strlen(name);
    if (size < sizeof l->name[0] && size > 4 && strcmp(name + size - 4, ".new") == 0 && l->count < 8)
        memcpy(l->name[l->count++], name, size + 1);
    return 0;
}

/* Files that never got their name: nothing in them was ever acknowledged. */
static int sweep(const keel_fs *fs, const char *dir, keel_err *reterr) {
    for (leftovers l = {.count = 1}; l.count > 0;) {
        l.count = 0;
        int rc = fs->list(fs->ctx, dir, note_leftover, &l);
        for (int i = 0; i < l.count && rc == 0; i++) {
            char path[KEEL_FS_PATH_MAX];
            KEEL_TRY(keel_fs_path(dir, l.name[i], path, reterr));
            rc = fs->unlink(fs->ctx, path);
        }
        if (rc != 0) return keel_fs_fail(rc, "cannot tidy", dir, reterr);
    }
    return 0;
}

/* What was read may be no more than what the system remembers: after a sync that failed it shows pages that it will
 * never write, and a process that ends before its sync leaves pages that nobody waited for. So the last segment is
 * written once more, with the bytes that were judged good, and synced, before anyone builds on them. Earlier segments
 * were made durable before a later one began. */
static int write_again(const keel_journal_options *o, const keel_journal_report *now, keel_err *reterr) {
    enum { PIECE = 1 << 20 };
    char name[KEEL_JOURNAL_FILE_MAX], path[KEEL_FS_PATH_MAX];
    if (!now->good_segment) return 0;
    keel_journal_file_name(now->name, now->good_segment, name);
    KEEL_TRY(keel_fs_path(o->dir, name, path, reterr));
    uint8_t *bytes = malloc(PIECE);
    if (!bytes) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", path);
    int file = o->fs->open(o->fs->ctx, path, KEEL_FS_WRITE), rc = file < 0 ? file : 0;
    for (uint64_t at = 0; rc == 0 && at < now->good_size; at += PIECE) {
        uint64_t size = now->good_size - at < PIECE ? now->good_size - at : PIECE;
        int64_t n = keel_fs_read_at(o->fs, file, bytes, (size_t)size, (int64_t)at);
        if (n >= 0) n = n == (int64_t)size ? keel_fs_write_at(o->fs, file, bytes, (size_t)size, (int64_t)at) : -EIO;
        rc = (int)n;
    }
    if (rc == 0) rc = o->fs->sync(o->fs->ctx, file);
    if (file >= 0) o->fs->close(o->fs->ctx, file);
    free(bytes);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot make durable", path, reterr);
}

/* Judge, set aside what must be, judge again. */
static int recover(const keel_journal_options *o, const keel_journal_where *where, keel_journal_report *now,
                   keel_journal_recovery *ret, keel_err *reterr) {
    KEEL_TRY(sweep(o->fs, o->dir, reterr));
    KEEL_TRY(keel_journal_inspect(where, 0, NULL, NULL, &ret->found, reterr));
    int damaged = ret->found.verdict > KEEL_JOURNAL_TORN;
    ret->safe_mode = damaged;
    ret->next_seq = ret->found.last_seq + 1;
    if (damaged && o->on_damage == KEEL_JOURNAL_REFUSE) return refuse(where, &ret->found, reterr);
    KEEL_TRY(keel_journal_set_aside(where, &ret->found, ret, reterr));
    KEEL_TRY(read_damage(where, o->name, ret, reterr));
    *now = ret->found;
    if (now->verdict != KEEL_JOURNAL_GOOD) { /* more than zeros was cut off */
        KEEL_TRY(keel_journal_inspect(where, 0, NULL, NULL, now, reterr));
        if (now->verdict != KEEL_JOURNAL_GOOD) return refuse(where, now, reterr);
    }
    return write_again(o, now, reterr);
}

static int check_options(const keel_journal_options *o, keel_err *reterr) {
    if (!keel_journal_name_valid(o->name))
        return keel_err_set(reterr, KEEL_E_USAGE, "not a name of a journal: %s: use 1 to %d of a-z, 0-9 and _", o->name,
                            KEEL_JOURNAL_NAME_MAX);
    if (o->segment_bytes && o->segment_bytes < 2 * KEEL_JOURNAL_HEADER_SIZE)
        return keel_err_set(reterr, KEEL_E_USAGE, "segments are too short: %" PRIu64 " bytes: use %d or more",
                            o->segment_bytes, 2 * KEEL_JOURNAL_HEADER_SIZE);
    return 0;
}

static void take_options(keel_journal *j, const keel_journal_options *o) {
    j->o = *o;
    (void)snprintf(j->dir, sizeof j->dir, "%s", o->dir);
    if (o->sign_seed) j->o.sign_seed = memcpy(j->sign_seed, o->sign_seed, KEEL_KEY_SIZE);
    if (o->sign_seed) j->signer = keel_signer_new(o->sign_seed);
    if (o->encrypt_key) j->o.encrypt_key = memcpy(j->encrypt_key, o->encrypt_key, KEEL_KEY_SIZE);
    if (!j->o.segment_bytes) j->o.segment_bytes = 64u << 20;
    j->o.segment_bytes = (j->o.segment_bytes + KEEL_FS_BLOCK - 1) / KEEL_FS_BLOCK * KEEL_FS_BLOCK;
    j->checkpoint_bytes_max = j->o.checkpoint_bytes ? j->o.checkpoint_bytes : 16u << 20;
    if (!j->o.checkpoint_bytes) j->o.checkpoint_bytes = 1u << 20;
    if (!j->o.front_bytes) j->o.front_bytes = 1u << 18; /* hashed in longer than a second write and a sync take */
    if (!j->o.rotate_ms) j->o.rotate_ms = 86400000;
    if (!j->o.snapshots_kept) j->o.snapshots_kept = 3;
}

/* The first header of this writer, after what `r` found. */
static int first_head(keel_journal *j, const keel_journal_report *r, const keel_journal_base *base, keel_err *reterr) {
    keel_journal_head *h = &j->head;
    h->version = KEEL_JOURNAL_SEGMENT_VERSION;
    memcpy(h->name, j->o.name, strlen(j->o.name));
    if (j->o.sign_seed) {
        keel_sign_public(j->sign_seed, h->public_key);
        h->flags |= KEEL_JOURNAL_SEGMENT_SIGNED;
    }
    if (j->o.encrypt_key) {
        keel_journal_key_check(j->encrypt_key, h->key_check);
        h->flags |= KEEL_JOURNAL_SEGMENT_ENCRYPTED;
    }
    memcpy(h->config_id, j->o.config_id, sizeof h->config_id);
    h->state_hash = j->o.state_hash;
    h->segment = base->segment;
    h->first_seq = base->segment > 1 ? base->first_seq : 1;
    if (r->good_segment) {
        h->segment = r->good_segment + 1;
        h->first_seq = r->last_seq + 1;
        h->previous_size = r->good_size;
        memcpy(h->id, r->id, sizeof h->id);
        memcpy(h->chain, r->chain, sizeof h->chain);
        if (memcmp(h->public_key, r->public_key, KEEL_KEY_SIZE) != 0)
            return keel_err_set(reterr, KEEL_E_GATE,
                                "the journal was signed with another key, or not at all: %s: give the key it has, or "
                                "begin a journal in another folder",
                                j->dir);
    } else if (base->segment > 1) {
        memcpy(h->id, base->id, sizeof h->id);
        memcpy(h->chain, base->chain, sizeof h->chain);
    } else {
        int rc = j->o.entropy->fill(j->o.entropy->ctx, h->id, sizeof h->id);
        if (rc != 0) return keel_fs_fail(rc, "no randomness for", j->dir, reterr);
    }
    j->next_seq = h->first_seq;
    j->durable_seq = h->first_seq - 1;
    return 0;
}

int keel_journal_open(const keel_journal_options *options, keel_journal **ret, keel_journal_recovery *ret_recovery,
                      keel_err *reterr) {
    keel_journal_recovery unasked, *rec = ret_recovery ? ret_recovery : &unasked;
    keel_journal_where where = {options->fs, options->dir, options->name, options->encrypt_key, NULL};
    keel_journal_report now;
    keel_journal_base base;
    memset(rec, 0, sizeof *rec);
    KEEL_TRY(check_options(options, reterr));
    KEEL_TRY(make_dir(options->fs, options->dir, reterr));
    KEEL_TRY(keel_fs_private(options->fs, options->dir, reterr));
    keel_journal *j = calloc(1, sizeof *j);
    if (!j) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: the writer", options->dir);
    j->file = j->spare = j->ended = -1;
    take_options(j, options);
    j->lock = keel_journal_lock(options->fs, options->dir, reterr);
    int rc = j->lock < 0 ? j->lock : recover(options, &where, &now, rec, reterr);
    if (rc == 0) rc = keel_journal_base_read(options->fs, options->dir, options->name, &base, reterr);
    if (rc == 0) rc = first_head(j, &now, &base, reterr);
    if (rc == 0) rc = keel_journal_begin_segment(j, 0, 0, reterr);
    if (rc != 0) {
        keel_journal_abandon(j);
        return rc;
    }
    rec->next_seq = j->next_seq;
    *ret = j;
    return 0;
}
