/* edge/data/source.c: see source.h. yajl gives the events of the JSON form. */
#include "edge/data/source.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/strbuf.h"
#include "edge/data/freqtrade.h"
#include "edge/data/lines.h"
#include "edge/data/store.h"

enum { CELLS_MAX = 6, CELL_MAX = 400 };

struct keel_source {
    keel_lines *lines;
    /* the JSON form */
    yajl_handle json; /* NULL for CSV */
    const char *name;
    int kind, depth, ended, failed;
    int cells;         /* of the row being read */
    keel_strbuf row;   /* its line so far */
    keel_strbuf ready; /* lines read and not yet returned, each with its end */
    size_t ready_at;
    int64_t rows_read, rows_given;
    const char *problem; /* why a callback stopped, NULL: it did not */
};

static int stop(keel_source *s, const char *problem) {
    s->problem = problem;
    return 0;
}

/* Which of the columns a line keeps: all of a candle, all but the volume of a mark price, time and rate of funding. */
static int is_kept(const keel_source *s, int column) {
    if (s->kind == KEEL_KIND_FUNDING) return column < 2;
    return column < (s->kind == KEEL_KIND_MARK ? 5 : 6);
}

static int on_number(void *context, const char *text, size_t size) {
    keel_source *s = context;
    if (s->depth != 2) return stop(s, "a value outside a row");
    if (s->cells == CELLS_MAX || size > CELL_MAX) return stop(s, "more values in a row than Freqtrade writes");
    if (is_kept(s, s->cells)) {
        if (s->cells) keel_strbuf_add_char(&s->row, ',');
        keel_strbuf_add_bytes(&s->row, text, size);
    }
    s->cells++;
    return 1;
}

static int on_null(void *context) { return on_number(context, "", 0); }

static int on_open(void *context) {
    keel_source *s = context;
    if (s->depth == 2) return stop(s, "a list inside a row");
    s->depth++;
    s->cells = 0;
    keel_strbuf_clear(&s->row);
    return 1;
}

static int on_close(void *context) {
    keel_source *s = context;
    if (s->depth-- == 1) return 1;
    s->rows_read++;
    keel_strbuf_add_bytes(&s->ready, keel_strbuf_text(&s->row), s->row.size);
    keel_strbuf_add_char(&s->ready, '\n');
    s->failed |= s->row.failed || s->ready.failed;
    return !s->failed;
}

static int on_other(void *context) { return stop(context, "something else than lists of numbers"); }

static int on_bool(void *context, int value) {
    (void)value;
    return on_other(context);
}

static int on_text(void *context, const unsigned char *text, size_t size) {
    (void)text;
    (void)size;
    return on_other(context);
}

static const yajl_callbacks CALLBACKS = {on_null,  on_bool, NULL, NULL,    on_number, on_text,
                                         on_other, on_text, NULL, on_open, on_close};

static int refuse(const keel_source *s, const char *what, keel_err *err) {
    return keel_err_set(err, KEEL_E_DATA,
                        "%s:%lld: %s: is this a file of Freqtrade's candles or funding? fetch it again", s->name,
                        (long long)s->rows_read + 1, what);
}

static int feed(keel_source *s, keel_err *err) {
    const char *text;
    size_t size;
    int rc = keel_lines_take(s->lines, &text, &size, err);
    if (rc < 0) return rc;
    yajl_status status =
        rc == 1 ? yajl_parse(s->json, (const unsigned char *)text, size) : yajl_complete_parse(s->json);
    s->ended = rc == 0;
    if (s->failed) return keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", s->name);
    if (status != yajl_status_ok) return refuse(s, s->problem ? s->problem : "not well-formed JSON", err);
    return 0;
}

static int next_row(keel_source *s, const char **ret_text, size_t *ret_size, keel_err *err) {
    while (s->ready_at == s->ready.size) {
        if (s->ended) return 0;
        keel_strbuf_clear(&s->ready);
        s->ready_at = 0;
        KEEL_TRY(feed(s, err));
    }
    const char *from = keel_strbuf_text(&s->ready) + s->ready_at;
    const char *end = memchr(from, '\n', s->ready.size - s->ready_at);
    *ret_text = from;
    *ret_size = (size_t)(end - from);
    s->ready_at += *ret_size + 1;
    s->rows_given++;
    return 1;
}

static const char *header_of(int kind) {
    if (kind == KEEL_KIND_FUNDING) return "ts_ms,rate";
    return kind == KEEL_KIND_MARK ? "ts_ms,open,high,low,close" : "ts_ms,open,high,low,close,volume";
}

static int start_json(keel_source *s, const char *name, keel_err *err) {
    keel_freqtrade_name told;
    s->kind = keel_freqtrade_name_read(name, &told) && told.kind ? told.kind : KEEL_KIND_CANDLE;
    s->name = name;
    s->rows_given = -1; /* the header comes first */
    s->json = yajl_alloc(&CALLBACKS, NULL, s);
    return s->json ? 0 : keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", name);
}

/* What the first bytes say: Arrow's and Parquet's own marks, a list in JSON, or else CSV. */
static int start(keel_source *s, const char *name, keel_err *err) {
    const char *text;
    size_t size;
    int rc = keel_lines_peek(s->lines, &text, &size, err);
    if (rc < 0) return rc;
    if (size >= 4 && (memcmp(text, "ARRO", 4) == 0 || memcmp(text, "FEA1", 4) == 0 || memcmp(text, "PAR1", 4) == 0))
        return keel_err_set(
            err, KEEL_E_DATA,
            "%s: %s is not read here: make CSV of it: keel-convert --into csv %s && keel data import csv "
            "(keel-convert is a Python script beside keel; it needs 'pip install pyarrow')",
            name, memcmp(text, "PAR1", 4) == 0 ? "Parquet" : "Feather", name);
    size_t blank = 0;
    while (blank < size && (text[blank] == ' ' || text[blank] == '\n' || text[blank] == '\r' || text[blank] == '\t'))
        blank++;
    return blank < size && text[blank] == '[' ? start_json(s, name, err) : 0;
}

static keel_source *new_source(void) {
    keel_source *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    keel_strbuf_init(&s->row, 0);
    keel_strbuf_init(&s->ready, 0);
    return s;
}

static int finish_open(keel_source *s, int rc, const char *name, keel_source **ret, keel_err *err) {
    if (!rc) rc = start(s, name, err);
    if (rc)
        keel_source_close(s);
    else
        *ret = s;
    return rc;
}

int keel_source_open(const char *path, keel_source **ret, keel_err *err) {
    keel_source *s = new_source();
    if (!s) return keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", path);
    return finish_open(s, keel_lines_open(path, &s->lines, err), path, ret, err);
}

int keel_source_open_memory(const void *bytes, size_t size, const char *name, keel_source **ret, keel_err *err) {
    keel_source *s = new_source();
    if (!s) return keel_err_set(err, KEEL_E_NOMEM, "out of memory reading %s", name);
    return finish_open(s, keel_lines_open_memory(bytes, size, name, &s->lines, err), name, ret, err);
}

void keel_source_close(keel_source *s) {
    if (!s) return;
    if (s->json) yajl_free(s->json);
    keel_lines_close(s->lines);
    keel_strbuf_done(&s->row);
    keel_strbuf_done(&s->ready);
    free(s);
}

int keel_source_next(keel_source *s, const char **ret_text, size_t *ret_size, keel_err *err) {
    if (!s->json) return keel_lines_next(s->lines, ret_text, ret_size, err);
    if (s->rows_given >= 0) return next_row(s, ret_text, ret_size, err);
    s->rows_given = 0;
    *ret_text = header_of(s->kind);
    *ret_size = strlen(*ret_text);
    return 1;
}

int64_t keel_source_number(const keel_source *s) { return s->json ? s->rows_given : keel_lines_number(s->lines); }

int64_t keel_source_bytes_read(const keel_source *s) { return keel_lines_bytes_read(s->lines); }

int64_t keel_source_bytes_total(const keel_source *s) { return keel_lines_bytes_total(s->lines); }

void keel_source_sha256(keel_source *s, uint8_t ret_sha256[32]) { keel_lines_sha256(s->lines, ret_sha256); }
