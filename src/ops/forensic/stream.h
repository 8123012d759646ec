/* ops/forensic/stream.h: a file of lines that only grows, is cut into closed and compressed parts, and can go on from a
 * place that a snapshot remembers.
 *
 * The file is NAME.jsonl; closed parts are NAME.000001.jsonl.zst and so on (Zstandard, RFC 8878). A part is closed when
 * it is longer than the limit, or when the UTC day of the records changes and it is longer than a hundredth of it. What
 * is where depends on the lines alone, never on when they were written.
 *
 * A write that fails is final for the stream: what comes later is counted, nothing else is disturbed. Seam: port/fs.h.
 */
#ifndef KEEL_OPS_FORENSIC_STREAM_H
#define KEEL_OPS_FORENSIC_STREAM_H

#include "base/strbuf.h"
#include "port/fs.h"

enum { KEEL_STREAM_NAME_MAX = 32 };

/* Where a stream stands, for a snapshot. */
typedef struct keel_stream_place {
    uint64_t offset; /* bytes of the open part */
    uint64_t lines;  /* ever */
    int64_t day;     /* UTC day of the open part's last line */
    uint32_t closed; /* parts */
    uint32_t reserved;
} keel_stream_place;

typedef struct keel_stream {
    const keel_fs *fs;
    char dir[KEEL_FS_PATH_MAX], name[KEEL_STREAM_NAME_MAX];
    uint64_t limit;
    keel_stream_place place;
    int file;  /* -1: not open */
    int ready; /* the disk is as `place` says */
    char *buffer;
    size_t used;
    int holds;           /* nothing is touched: lines wait */
    keel_strbuf held;    /* each with its time and size before it: the newest of them, */
    int beside;          /* the others lie in this file; -1: not open */
    int64_t beside_size; /* of what is in it */
    int failed;
    uint64_t lost; /* lines that were not written */
    keel_err why;  /* of failed */
} keel_stream;

/* limit_bytes 0: 100 MiB. Nothing is touched until the first line; then what is on disk is cut back to `place`. */
KEEL_MUST_USE int keel_stream_init(keel_stream *s, const keel_fs *fs, const char *dir, const char *name,
                                   uint64_t limit_bytes, keel_err *reterr);
/* One line with its newline. Buffered. */
void keel_stream_put(keel_stream *s, int64_t ts_ms, const char *line, size_t size);
/* Let lines wait, until release writes them or done forgets them: whoever makes old lines again cuts back what is on
 * disk only when it is sure to come as far. A mebibyte of them waits in memory, what came before it in the file
 * NAME.jsonl.held, which release, done and the next hold remove. Where that cannot be written, or is a gibibyte long,
 * or there is no memory, they are written all the same. */
void keel_stream_hold(keel_stream *s);
void keel_stream_release(keel_stream *s);
/* Hand what is buffered to the system. */
void keel_stream_flush(keel_stream *s);
/* Flush and let go; what is held is forgotten. */
void keel_stream_done(keel_stream *s);

#endif
