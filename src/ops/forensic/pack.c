/* ops/forensic/pack.c: see pack.h. */
#include "ops/forensic/pack.h"

#include <stdlib.h>
#include <zstd.h>

enum { PIECE = 256 << 10, LEVEL = 3 };

typedef struct job {
    const keel_fs *fs;
    const char *from, *to;
    int in, out;
    char *plain, *packed;
    int64_t read_at, written_at;
    keel_err *err;
} job;

static int write_piece(job *j, const void *bytes, size_t size) {
    int rc = keel_fs_write_at(j->fs, j->out, bytes, size, j->written_at);
    j->written_at += (int64_t)size;
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot write", j->to, j->err);
}

static int64_t read_piece(job *j) {
    int64_t size = keel_fs_read_at(j->fs, j->in, j->plain, PIECE, j->read_at);
    if (size < 0) return keel_fs_fail((int)size, "cannot read", j->from, j->err);
    j->read_at += size;
    return size;
}

static int library(job *j, size_t code, int kind) {
    return keel_err_set(j->err, kind, "damaged Zstandard data: %s: %s: take the file from a copy", j->from,
                        ZSTD_getErrorName(code));
}

static int pack(job *j, ZSTD_CCtx *ctx) {
    for (;;) {
        int64_t size = read_piece(j);
        if (size < 0) return (int)size;
        ZSTD_EndDirective mode = size < PIECE ? ZSTD_e_end : ZSTD_e_continue;
        ZSTD_inBuffer in = {j->plain, (size_t)size, 0};
        size_t left;
        do {
            ZSTD_outBuffer out = {j->packed, PIECE, 0};
            left = ZSTD_compressStream2(ctx, &out, &in, mode);
            if (ZSTD_isError(left)) return library(j, left, KEEL_E_IO);
            KEEL_TRY(write_piece(j, j->packed, out.pos));
        } while (mode == ZSTD_e_end ? left != 0 : in.pos < in.size);
        if (mode == ZSTD_e_end) return 0;
    }
}

static int unpack(job *j, ZSTD_DCtx *ctx) {
    size_t hint = 1;
    for (;;) {
        int64_t size = read_piece(j);
        if (size < 0) return (int)size;
        ZSTD_inBuffer in = {j->plain, (size_t)size, 0};
        while (in.pos < in.size) {
            ZSTD_outBuffer out = {j->packed, PIECE, 0};
            hint = ZSTD_decompressStream(ctx, &out, &in);
            if (ZSTD_isError(hint)) return library(j, hint, KEEL_E_DATA);
            KEEL_TRY(write_piece(j, j->packed, out.pos));
        }
        if (size == 0) break;
    }
    if (hint == 0) return 0;
    return keel_err_set(j->err, KEEL_E_DATA, "Zstandard data end early: %s: take the file from a copy", j->from);
}

static int open_both(job *j) {
    j->in = j->fs->open(j->fs->ctx, j->from, 0);
    if (j->in < 0) return keel_fs_fail(j->in, "cannot read", j->from, j->err);
    j->out = j->fs->open(j->fs->ctx, j->to, KEEL_FS_WRITE | KEEL_FS_CREATE);
    if (j->out < 0) return keel_fs_fail(j->out, "cannot write", j->to, j->err);
    int rc = j->fs->truncate(j->fs->ctx, j->out, 0);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot write", j->to, j->err);
}

static int run(const keel_fs *fs, const char *from, const char *to, int packs, keel_err *err) {
    job j = {.fs = fs, .from = from, .to = to, .in = -1, .out = -1, .err = err};
    ZSTD_CCtx *c = packs ? ZSTD_createCCtx() : NULL;
    ZSTD_DCtx *d = packs ? NULL : ZSTD_createDCtx();
    j.plain = malloc(PIECE);
    j.packed = malloc(PIECE);
    int rc = j.plain && j.packed && (c || d)
                 ? open_both(&j)
                 : keel_err_set(err, KEEL_E_NOMEM, "out of memory: log: close other programs");
    if (rc == 0 && c) {
        (void)ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, LEVEL);
        (void)ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
        rc = pack(&j, c);
    } else if (rc == 0) {
        rc = unpack(&j, d);
    }
    if (rc == 0) {
        int synced = fs->sync(fs->ctx, j.out);
        if (synced != 0) rc = keel_fs_fail(synced, "cannot write", to, err);
    }
    if (j.in >= 0) fs->close(fs->ctx, j.in);
    if (j.out >= 0) fs->close(fs->ctx, j.out);
    (void)ZSTD_freeCCtx(c);
    (void)ZSTD_freeDCtx(d);
    free(j.plain);
    free(j.packed);
    return rc;
}

int keel_pack_file(const keel_fs *fs, const char *from, const char *to, keel_err *reterr) {
    return run(fs, from, to, 1, reterr);
}

int keel_unpack_file(const keel_fs *fs, const char *from, const char *to, keel_err *reterr) {
    return run(fs, from, to, 0, reterr);
}
