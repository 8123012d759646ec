/* journal/scrub.c: see scrub.h. */
#include "journal/scrub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file system whose reads take their time: the other calls are those of the one below. */
typedef struct paced {
    keel_fs fs;
    const keel_fs *below;
    const keel_clock *clock;
    uint64_t bytes_per_s, read_bytes;
    int64_t begin_ns;
} paced;

static int64_t slow_pread(void *ctx, int file, void *ret_bytes, size_t size, int64_t offset) {
    paced *p = ctx;
    int64_t n = p->below->pread(p->below->ctx, file, ret_bytes, size, offset);
    if (n > 0) p->read_bytes += (uint64_t)n;
    p->clock->wait_until(p->clock->ctx, p->begin_ns + (int64_t)((double)p->read_bytes / (double)p->bytes_per_s * 1e9));
    return n;
}

static int p_open(void *ctx, const char *path, int flags) {
    const keel_fs *f = ((paced *)ctx)->below;
    return f->open(f->ctx, path, flags);
}
static void p_close(void *ctx, int file) {
    const keel_fs *f = ((paced *)ctx)->below;
    f->close(f->ctx, file);
}
static int p_stat_file(void *ctx, int file, keel_fs_stat *ret) {
    const keel_fs *f = ((paced *)ctx)->below;
    return f->stat_file(f->ctx, file, ret);
}
static int p_stat(void *ctx, const char *path, keel_fs_stat *ret) {
    const keel_fs *f = ((paced *)ctx)->below;
    return f->stat(f->ctx, path, ret);
}
static int p_list(void *ctx, const char *path, keel_fs_visit visit, void *data) {
    const keel_fs *f = ((paced *)ctx)->below;
    return f->list(f->ctx, path, visit, data);
}

/* Inspection only reads: the calls that change something are left out, and would end the program. */
static void pace(paced *p, const keel_fs *below, const keel_clock *clock, uint64_t bytes_per_s) {
    *p = (paced){.below = below, .clock = clock, .bytes_per_s = bytes_per_s, .begin_ns = clock->mono_ns(clock->ctx)};
    p->fs.ctx = p;
    p->fs.open = p_open;
    p->fs.close = p_close;
    p->fs.pread = slow_pread;
    p->fs.stat_file = p_stat_file;
    p->fs.stat = p_stat;
    p->fs.list = p_list;
}

static int check_snapshots(const keel_journal_where *where, keel_journal_scrubbed *ret, keel_err *reterr) {
    uint64_t *seqs = NULL;
    size_t count = 0;
    keel_snapshot s;
    KEEL_TRY(keel_snapshot_list(where, ret->report.name, &seqs, &count, reterr));
    ret->snapshots = calloc(count ? count : 1, sizeof *ret->snapshots);
    if (!ret->snapshots) {
        free(seqs);
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: %zu snapshots", where->dir, count);
    }
    for (size_t i = 0; i < count; i++) {
        keel_journal_snapcheck *c = &ret->snapshots[ret->snapshot_count++];
        keel_err err = {0};
        c->seq = seqs[i];
        c->code = keel_snapshot_read(where, &ret->report, seqs[i], &s, NULL, &err);
        (void)snprintf(c->why, sizeof c->why, "%.199s", err.text);
        ret->snapshots_bad += c->code != 0;
    }
    free(seqs);
    return 0;
}

int keel_journal_scrub(const keel_journal_where *where, const keel_clock *clock, uint64_t bytes_per_s,
                       keel_journal_scrubbed *ret, keel_err *reterr) {
    keel_journal_where gentle = *where;
    paced p;
    memset(ret, 0, sizeof *ret);
    if (clock && bytes_per_s) {
        pace(&p, where->fs, clock, bytes_per_s);
        gentle.fs = &p.fs;
    }
    KEEL_TRY(keel_journal_inspect(&gentle, 0, NULL, NULL, &ret->report, reterr));
    return check_snapshots(&gentle, ret, reterr);
}
