/* edge/data/lines.c: see lines.h. */
#include "edge/data/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/sha256.h"

enum { IN_SIZE = 1 << 16, OUT_SIZE = 1 << 16, GZIP_WINDOW_BITS = 15 + 16 };
typedef enum form { PLAIN, GZIP, ZSTD } form;

struct keel_lines {
    const char *name; /* borrowed or own_name */
    char *own_name;
    int fd; /* -1 for memory */
    const uint8_t *memory;
    size_t memory_size, memory_at;
    int64_t bytes_read, bytes_total, number;
    keel_sha256 *hash;
    form form;
    int in_end;    /* no more stored bytes */
    int out_end;   /* no more text */
    int mid_frame; /* inside a compressed frame: an end now is an early end */
    z_stream gzip;
    int gzip_ready;
    ZSTD_DCtx *zstd;
    size_t in_at, in_size;
    size_t out_at, out_size;
    uint8_t in[IN_SIZE];
    char out[OUT_SIZE];
    size_t line_size; /* a line that spans refills is gathered here */
    char line[KEEL_LINE_MAX + 1];
};

static int fill_in(keel_lines *l, keel_err *err) {
    if (l->in_at < l->in_size || l->in_end) return 0;
    l->in_at = l->in_size = 0;
    if (l->fd < 0) {
        size_t left = l->memory_size - l->memory_at;
        l->in_size = left < IN_SIZE ? left : IN_SIZE;
        if (l->in_size) memcpy(l->in, l->memory + l->memory_at, l->in_size);
        l->memory_at += l->in_size;
    } else {
        ssize_t got;
        do
            got = read(l->fd, l->in, IN_SIZE);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return keel_err_set(err, KEEL_E_IO,
                                "cannot read: %s: %s: check the disk; copy the file from its source again", l->name,
                                strerror(errno));
        l->in_size = (size_t)got;
    }
    l->bytes_read += (int64_t)l->in_size;
    keel_sha256_add(l->hash, l->in, l->in_size);
    l->in_end = l->in_size == 0;
    return 0;
}

static int damaged(const keel_lines *l, const char *what, keel_err *err) {
    return keel_err_set(err, KEEL_E_DATA, "%s: %s: fetch the file again", what, l->name);
}

static int inflate_some(keel_lines *l, keel_err *err) {
    l->gzip.next_in = l->in + l->in_at;
    l->gzip.avail_in = (uInt)(l->in_size - l->in_at);
    l->gzip.next_out = (Bytef *)l->out;
    l->gzip.avail_out = OUT_SIZE;
    int rc = inflate(&l->gzip, Z_NO_FLUSH);
    if (rc == Z_MEM_ERROR) return keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", l->name);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) return damaged(l, "damaged gzip data", err);
    l->in_at = l->in_size - l->gzip.avail_in;
    l->out_size = OUT_SIZE - l->gzip.avail_out;
    l->mid_frame = rc != Z_STREAM_END;
    if (rc == Z_STREAM_END && inflateReset(&l->gzip) != Z_OK) return damaged(l, "damaged gzip data", err);
    return 0;
}

static int unzstd_some(keel_lines *l, keel_err *err) {
    ZSTD_inBuffer in = {l->in, l->in_size, l->in_at};
    ZSTD_outBuffer out = {l->out, OUT_SIZE, 0};
    size_t hint = ZSTD_decompressStream(l->zstd, &out, &in);
    if (ZSTD_isError(hint)) return damaged(l, "damaged Zstandard data", err);
    l->in_at = in.pos;
    l->out_size = out.pos;
    l->mid_frame = hint != 0;
    return 0;
}

/* More text into out; sets out_end when there is none. */
static int fill_out(keel_lines *l, keel_err *err) {
    l->out_at = l->out_size = 0;
    while (!l->out_size && !l->out_end) {
        KEEL_TRY(fill_in(l, err));
        if (l->form == PLAIN) {
            l->out_size = l->in_size - l->in_at;
            if (l->out_size) memcpy(l->out, l->in + l->in_at, l->out_size);
            l->in_at = l->in_size;
            l->out_end = l->in_end;
            continue;
        }
        if (l->in_end && l->in_at == l->in_size) {
            /* The decoder may still hold text that did not fit before. */
            if (l->mid_frame) KEEL_TRY(l->form == GZIP ? inflate_some(l, err) : unzstd_some(l, err));
            if (l->out_size) break;
            if (l->mid_frame) return damaged(l, "the compressed data ends early", err);
            l->out_end = 1;
            break;
        }
        KEEL_TRY(l->form == GZIP ? inflate_some(l, err) : unzstd_some(l, err));
    }
    return 0;
}

static int start(keel_lines *l, keel_err *err) {
    static const uint8_t gzip_magic[2] = {0x1f, 0x8b}, zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    l->hash = keel_sha256_new();
    KEEL_TRY(fill_in(l, err));
    if (l->in_size >= 2 && memcmp(l->in, gzip_magic, 2) == 0) l->form = GZIP;
    if (l->in_size >= 4 && memcmp(l->in, zstd_magic, 4) == 0) l->form = ZSTD;
    if (l->form == GZIP) l->gzip_ready = inflateInit2(&l->gzip, GZIP_WINDOW_BITS) == Z_OK;
    if (l->form == ZSTD) l->zstd = ZSTD_createDCtx();
    l->mid_frame = l->form != PLAIN;
    if ((l->form == GZIP && !l->gzip_ready) || (l->form == ZSTD && !l->zstd))
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", l->name);
    return 0;
}

static keel_lines *new_lines(const char *name) {
    keel_lines *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->name = name;
    l->fd = -1;
    return l;
}

int keel_lines_open_memory(const void *bytes, size_t size, const char *name, keel_lines **ret, keel_err *err) {
    keel_lines *l = new_lines(name);
    if (!l) return keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", name);
    l->memory = bytes;
    l->memory_size = size;
    l->bytes_total = (int64_t)size;
    int rc = start(l, err);
    if (rc)
        keel_lines_close(l);
    else
        *ret = l;
    return rc;
}

static int open_regular(keel_lines *l, const char *path, keel_err *err) {
    struct stat st;
    l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (l->fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return keel_err_set(err, KEEL_E_NOT_FOUND, "no such file: %s: check the path", path);
    if (l->fd < 0 || fstat(l->fd, &st) != 0)
        return keel_err_set(err, KEEL_E_IO, "cannot open: %s: %s: allow this user to read it", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return keel_err_set(err, KEEL_E_USAGE,
                            "not a regular file: %s: name the files themselves; write a pipe to a "
                            "file first, an import reads twice",
                            path);
    l->bytes_total = (int64_t)st.st_size;
    return 0;
}

int keel_lines_open(const char *path, keel_lines **ret, keel_err *err) {
    keel_lines *l = new_lines(NULL);
    if (l) l->name = l->own_name = strdup(path);
    if (!l || !l->name) {
        free(l);
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", path);
    }
    int rc = open_regular(l, path, err);
    if (!rc) rc = start(l, err);
    if (rc)
        keel_lines_close(l);
    else
        *ret = l;
    return rc;
}

void keel_lines_close(keel_lines *l) {
    if (!l) return;
    if (l->fd >= 0) (void)close(l->fd); /* read-only, nothing to lose */
    if (l->gzip_ready) (void)inflateEnd(&l->gzip);
    (void)ZSTD_freeDCtx(l->zstd);
    keel_sha256_free(l->hash);
    free(l->own_name);
    free(l);
}

static int too_long(const keel_lines *l, keel_err *err) {
    return keel_err_set(err, KEEL_E_DATA, "%s:%lld: line is longer than %d bytes: is this a candle or funding file?",
                        l->name, (long long)l->number + 1, KEEL_LINE_MAX);
}

static int give(keel_lines *l, const char *text, size_t size, const char **ret_text, size_t *ret_size) {
    if (size && text[size - 1] == '\r') size--;
    l->number++;
    *ret_text = text;
    *ret_size = size;
    return 1;
}

int keel_lines_next(keel_lines *l, const char **ret_text, size_t *ret_size, keel_err *err) {
    l->line_size = 0;
    for (;;) {
        if (l->out_at == l->out_size) {
            if (!l->out_end) KEEL_TRY(fill_out(l, err));
            if (l->out_at == l->out_size) return l->line_size ? give(l, l->line, l->line_size, ret_text, ret_size) : 0;
        }
        const char *from = l->out + l->out_at, *end = memchr(from, '\n', l->out_size - l->out_at);
        size_t size = end ? (size_t)(end - from) : l->out_size - l->out_at;
        l->out_at += size + (end != NULL);
        if (l->line_size + size > KEEL_LINE_MAX) return too_long(l, err);
        if (end && !l->line_size) return give(l, from, size, ret_text, ret_size);
        memcpy(l->line + l->line_size, from, size);
        l->line_size += size;
        if (end) return give(l, l->line, l->line_size, ret_text, ret_size);
    }
}

int keel_lines_peek(keel_lines *l, const char **ret_text, size_t *ret_size, keel_err *err) {
    if (l->out_at == l->out_size && !l->out_end) KEEL_TRY(fill_out(l, err));
    *ret_text = l->out + l->out_at;
    *ret_size = l->out_size - l->out_at;
    return *ret_size > 0;
}

int keel_lines_take(keel_lines *l, const char **ret_text, size_t *ret_size, keel_err *err) {
    int rc = keel_lines_peek(l, ret_text, ret_size, err);
    if (rc == 1) l->out_at = l->out_size;
    return rc;
}

int64_t keel_lines_number(const keel_lines *l) { return l->number; }

int64_t keel_lines_bytes_read(const keel_lines *l) { return l->bytes_read; }

int64_t keel_lines_bytes_total(const keel_lines *l) { return l->bytes_total; }

void keel_lines_sha256(keel_lines *l, uint8_t ret_sha256[32]) { keel_sha256_finish(l->hash, ret_sha256); }
