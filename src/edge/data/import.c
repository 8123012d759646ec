/* edge/data/import.c: see import.h. */
#include "edge/data/import.h"

#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "base/units.h"
#include "edge/data/freqtrade.h"
#include "edge/data/source.h"

enum { BATCH_ROWS = 65536, PROGRESS_LINES = 8192 };

/* One pass over one file. */
typedef struct pass {
    const char *path;
    const keel_import_options *options;
    keel_source *source;
    keel_row_sequence sequence;
    keel_row row;           /* the row last accepted */
    keel_import *count;     /* where rows are counted; NULL in the second pass */
    keel_err reason;        /* the text of the row last refused */
    int64_t bytes_before;   /* progress of earlier passes */
    keel_store *quarantine; /* second pass: where refused rows are kept; else NULL */
    int64_t import_id, lines_done;
    keel_shape shape; /* of the file; kind 0 while options have none */
    int has_held;     /* the first line is a row: the one in line[] */
    size_t line_size, raw_size;
    const char *raw; /* the row as it stands in the file, borrowed until the next one */
    char line[KEEL_SHAPE_LINE_MAX];
} pass;

/* What is wrong with a first line that is no header, in words of those who exported it. */
static const char *header_fault(const char *text, size_t size) {
    if (size == 0 || text[0] <= 32 || text[0] >= 127) return "unknown header"; /* no text at all */
    if (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) return "no header";
    if (memchr(text, ',', size)) return "unknown header";
    if (memchr(text, ';', size)) return "fields are apart by ';', not ','; header";
    return memchr(text, '\t', size) ? "fields are apart by tabs, not ','; header" : "unknown header";
}

/* What stands there is shown as far as it is text. */
static int bad_header(const pass *p, const char *text, size_t size, keel_err *err) {
    char options[KEEL_SHAPE_TEXT_MAX];
    int shown = 0;
    while ((size_t)shown < size && shown < 60 && text[shown] > 31 && text[shown] < 127)
        shown++;
    if (keel_shape_suggest(text, size, options))
        return keel_err_set(err, KEEL_E_DATA, "%s:1: %s '%.*s': if these are candles, add %s", p->path,
                            header_fault(text, size), shown, text, options);
    return keel_err_set(err, KEEL_E_DATA,
                        "%s:1: %s '%.*s': say what its columns are with --columns, or write "
                        "ts_ms,open,high,low,close,volume (candles), "
                        "ts_ms,open,high,low,close (mark prices) or ts_ms,rate (funding)",
                        p->path, header_fault(text, size), shown, text);
}

/* What the first line says of the file's kind; a line that is a row already is held. */
static int first_line(pass *p, const char *text, size_t size, keel_err *err) {
    int rc = 1;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark says nothing in UTF-8 */
        text += 3;
        size -= 3;
    }
    p->raw = text;
    p->raw_size = size;
    if (p->options->shape) {
        p->shape = *p->options->shape;
        rc = keel_shape_begin(&p->shape, text, size, p->path, err);
        if (rc < 0) return rc;
        if (rc == 0) p->line_size = keel_shape_row(&p->shape, text, size, p->line);
        p->has_held = rc == 0;
        p->sequence.kind = rc == 2 ? 0 : p->shape.kind;
    } else {
        p->sequence.kind = keel_csv_kind(text, size);
    }
    return p->sequence.kind ? 0 : bad_header(p, text, size, err);
}

/* The next row as csv.md has it; 1, 0 at the end, or negative. */
static int next_line(pass *p, const char **ret_text, size_t *ret_size, keel_err *err) {
    if (!p->has_held) {
        int rc = keel_source_next(p->source, ret_text, ret_size, err);
        p->raw = *ret_text;
        p->raw_size = *ret_size;
        if (rc != 1 || !p->options->shape) return rc;
        p->line_size = keel_shape_row(&p->shape, *ret_text, *ret_size, p->line);
    }
    p->has_held = 0;
    *ret_text = p->line;
    *ret_size = p->line_size;
    return 1;
}

static int pass_open(pass *p, const char *path, const keel_import_options *options, keel_err *err) {
    const char *text;
    size_t size;
    memset(p, 0, sizeof *p);
    p->path = path;
    p->options = options;
    KEEL_TRY(keel_source_open(path, &p->source, err));
    int rc = keel_source_next(p->source, &text, &size, err);
    if (rc == 0) rc = keel_err_set(err, KEEL_E_DATA, "%s: the file is empty: fetch it again", path);
    if (rc == 1) {
        p->sequence.now_ms = options->now_ms;
        p->sequence.outlier_score = options->lenient ? options->outlier_score : 0.0;
        rc = first_line(p, text, size, err);
    }
    if (rc) keel_source_close(p->source);
    return rc;
}

/* "file:line: close is empty: delete the row" */
static void describe(pass *p, keel_row_reason reason, const keel_row *row) {
    int named = row->column >= 0;
    (void)keel_err_set(&p->reason, KEEL_E_DATA, "%s:%lld: %s%s%s: %s", p->path,
                       (long long)keel_source_number(p->source),
                       named ? keel_row_column_name(p->sequence.kind, row->column) : "", named ? " " : "",
                       keel_row_reason_what(reason), keel_row_reason_mend(reason));
}

static void count_gap(keel_import *c, int64_t before_ms, int64_t ts_ms) {
    int64_t missing = c->interval_ms ? (ts_ms - before_ms) / c->interval_ms - 1 : 0;
    if (missing <= 0) return;
    c->gap_count++;
    c->missing_bars += missing;
    if (missing > c->largest_gap_bars) c->largest_gap_bars = missing;
}

static void count_row(pass *p, keel_row_reason reason, int64_t before_ms) {
    keel_import *c = p->count;
    c->rows_read++;
    if (reason == KEEL_ROW_SAME) {
        c->rows_repeated++;
    } else if (reason != KEEL_ROW_OK) {
        c->rows_refused++;
        c->refused_by[reason]++;
    } else {
        if (!c->rows_accepted++)
            c->first_ts_ms = p->row.word[0];
        else
            count_gap(c, before_ms, p->row.word[0]);
        c->last_ts_ms = p->row.word[0];
        c->zero_volume += (p->row.flags & KEEL_ROW_ZERO_VOLUME) != 0;
        c->float_residue += (p->row.flags & KEEL_ROW_FLOAT_RESIDUE) != 0;
    }
}

static int show_progress(pass *p, keel_err *err) {
    if (!p->options->progress || keel_source_number(p->source) % PROGRESS_LINES) return 0;
    int64_t total = keel_source_bytes_total(p->source);
    if (!p->options->progress(p->options->context, p->bytes_before + keel_source_bytes_read(p->source), 2 * total))
        return 0;
    return keel_err_set(err, KEEL_E_INTERRUPTED, "interrupted: %s: the same command goes on", p->path);
}

/* Next accepted row into p->row. Returns 1, 0 at the end, or negative. Refused rows end a strict pass and are told and
 * skipped in a lenient one; repeats are skipped. */
static int pass_next(pass *p, keel_err *err) {
    const char *text;
    size_t size;
    int rc;
    while ((rc = next_line(p, &text, &size, err)) == 1) {
        KEEL_TRY(show_progress(p, err));
        int64_t before_ms = p->sequence.last[0];
        keel_row_reason reason = keel_csv_row(p->sequence.kind, text, size, &p->row);
        if (reason == KEEL_ROW_OK) reason = keel_csv_follow(&p->sequence, &p->row);
        if (p->count) count_row(p, reason, before_ms);
        if (reason == KEEL_ROW_OK) return 1;
        if (reason == KEEL_ROW_SAME) continue;
        describe(p, reason, &p->row);
        if (!p->options->lenient) return keel_err_set(err, KEEL_E_DATA, "%s", p->reason.text);
        if (p->count && p->options->refused) p->options->refused(p->options->context, p->reason.text);
        if (p->quarantine && keel_source_number(p->source) > p->lines_done)
            KEEL_TRY(keel_store_quarantine(p->quarantine, p->import_id, keel_source_number(p->source),
                                           keel_row_reason_key(reason), p->raw, p->raw_size, err));
    }
    return rc;
}

/* The smallest distance of two rows of the file, 0 when it has fewer than two. */
static int smallest_step(const char *path, const keel_import_options *options, int64_t *ret_ms, keel_err *err) {
    pass p;
    int64_t before_ms = 0, step_ms = 0;
    int rc, has_before = 0;
    keel_import_options quiet = *options;
    quiet.progress = NULL;
    quiet.refused = NULL;
    KEEL_TRY(pass_open(&p, path, &quiet, err));
    while ((rc = pass_next(&p, err)) == 1) {
        int64_t step = p.row.word[0] - before_ms;
        if (has_before && (!step_ms || step < step_ms)) step_ms = step;
        before_ms = p.row.word[0];
        has_before = 1;
    }
    keel_source_close(p.source);
    *ret_ms = step_ms;
    return rc;
}

static int copy_name(char *ret, const char *given, const char *derived, const char *what, const char *path,
                     keel_err *err) {
    const char *name = given ? given : derived;
    if (!name[0])
        return keel_err_set(err, KEEL_E_USAGE,
                            "no %s: %s: give --%s, or name the file "
                            "VENUE-MARKET_SYMBOL_INTERVAL_FIRST-LAST.csv",
                            what, path, what);
    if (strlen(name) >= KEEL_SERIES_NAME_MAX)
        return keel_err_set(err, KEEL_E_USAGE, "%s is too long: %.80s: use at most %d characters", what, name,
                            KEEL_SERIES_NAME_MAX - 1);
    (void)snprintf(ret, KEEL_SERIES_NAME_MAX, "%s", name);
    return 0;
}

static int resolve_market(keel_import *c, const char *derived, const keel_import_options *options, keel_err *err) {
    const char *told = keel_market_of_venue(c->venue), *market = options->market ? options->market : told;
    if (!market) market = derived[0] ? derived : "perp";
    if (strcmp(market, "perp") != 0 && strcmp(market, "spot") != 0)
        return keel_err_set(err, KEEL_E_USAGE, "unknown market: %.40s: write --market perp or --market spot", market);
    if (c->kind != KEEL_KIND_CANDLE && strcmp(market, "spot") == 0)
        return keel_err_set(err, KEEL_E_USAGE, "%s of a spot market: %s: only perpetuals have it; check --venue",
                            keel_kind_name(c->kind), c->venue);
    (void)snprintf(c->market, sizeof c->market, "%s", market);
    return 0;
}

static int resolve_interval(keel_import *c, const char *path, int64_t derived_ms, const keel_import_options *options,
                            keel_err *err) {
    const int64_t day_ms = 86400000;
    if (c->kind == KEEL_KIND_FUNDING) return 0;
    c->interval_ms = options->interval_ms ? options->interval_ms : derived_ms;
    if (!c->interval_ms) KEEL_TRY(smallest_step(path, options, &c->interval_ms, err));
    if (!c->interval_ms)
        return keel_err_set(err, KEEL_E_USAGE, "no interval: %s: give --interval, one bar does not tell", path);
    if (c->interval_ms >= 1000 && (day_ms % c->interval_ms == 0 || c->interval_ms % day_ms == 0)) return 0;
    return keel_err_set(err, KEEL_E_DATA,
                        "%s: bars %lld ms apart are no candle interval: check the times, or give "
                        "--interval",
                        path, (long long)c->interval_ms);
}

static int resolve(const char *path, int kind, const keel_import_options *options, keel_import *c, keel_err *err) {
    keel_freqtrade_name name;
    int known = keel_freqtrade_name_read(path, &name);
    if (known) {
        KEEL_TRY(keel_freqtrade_name_check(path, &name, err));
    } else {
        memset(&name, 0, sizeof name);
        (void)keel_import_name(path, name.venue, name.symbol, &name.interval_ms);
    }
    c->kind = kind;
    KEEL_TRY(copy_name(c->venue, options->venue, name.venue, "venue", path, err));
    KEEL_TRY(copy_name(c->symbol, options->symbol, name.symbol, "symbol", path, err));
    KEEL_TRY(resolve_market(c, name.market, options, err));
    return resolve_interval(c, path, name.interval_ms, options, err);
}

/* What makes an import the same: the file's bytes, and how they were read. */
static void hash_text(const pass *p, char ret_text[65]) {
    uint8_t sha256[32];
    char text[65 + KEEL_SHAPE_TEXT_MAX];
    keel_source_sha256(p->source, sha256);
    for (int i = 0; i < 32; i++)
        (void)snprintf(ret_text + 2 * i, 3, "%02x", sha256[i]);
    if (!p->options->shape) return;
    int size = snprintf(text, sizeof text, "%s %s", ret_text, p->options->shape->text);
    keel_sha256_text(text, (size_t)size, ret_text);
}

static int check_cadence(const keel_import *c, const char *path, int64_t step_ms, keel_err *err) {
    char found[KEEL_DURATION_TEXT_MAX], wanted[KEEL_DURATION_TEXT_MAX];
    if (!c->rows_accepted)
        return keel_err_set(err, KEEL_E_DATA, "%s: no %s rows: fetch the file again", path,
                            c->rows_refused ? "good" : "data");
    if (!c->interval_ms || c->rows_accepted < 3 || step_ms == c->interval_ms) return 0;
    keel_duration_format(step_ms, found);
    keel_duration_format(c->interval_ms, wanted);
    return keel_err_set(err, KEEL_E_DATA, "%s: the bars are %s apart, not %s: check --interval or the file's name",
                        path, found, wanted);
}

int keel_import_scan(const char *path, const keel_import_options *options, keel_import *ret, keel_err *err) {
    pass p;
    int64_t before_ms = 0, step_ms = 0;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(pass_open(&p, path, options, err));
    int rc = resolve(path, p.sequence.kind, options, ret, err);
    p.sequence.interval_ms = ret->interval_ms;
    p.count = ret;
    if (!rc) {
        while ((rc = pass_next(&p, err)) == 1) {
            int64_t step = p.row.word[0] - before_ms;
            if (ret->rows_accepted > 1 && (!step_ms || step < step_ms)) step_ms = step;
            before_ms = p.row.word[0];
        }
    }
    if (!rc) hash_text(&p, ret->file_sha256);
    keel_source_close(p.source);
    return rc ? rc : check_cadence(ret, path, step_ms, err);
}

/* The second pass: what it merges into, and the batch being filled. */
typedef struct writer {
    keel_store *s;
    keel_import *import;
    keel_series_info series;
    keel_import_record record;
    keel_columns batch;
} writer;

static int begin(writer *w, const char *path, keel_err *err) {
    const char *slash = strrchr(path, '/');
    keel_import *c = w->import;
    KEEL_TRY(keel_store_begin(w->s, err));
    KEEL_TRY(keel_store_series_make(w->s, c->kind, c->venue, c->market, c->symbol, c->interval_ms, &w->series, err));
    KEEL_TRY(keel_store_import_open(w->s, &w->series, slash ? slash + 1 : path, c->file_sha256, &w->record, err));
    c->already = w->record.done;
    c->resumed_line = w->record.done ? 0 : w->record.lines_done;
    return 0;
}

/* Merge the batch; commit it together with how far the file is read. */
static int flush(writer *w, int64_t line, keel_err *err) {
    KEEL_TRY(keel_store_merge(w->s, &w->series, w->record.id, &w->batch, &w->record.counts, err));
    w->record.lines_done = line;
    w->batch.count = 0;
    KEEL_TRY(keel_store_import_save(w->s, &w->record, NULL, err));
    return keel_store_turn(w->s, err);
}

static int finish(writer *w, pass *p, keel_err *err) {
    char sha256[65];
    hash_text(p, sha256);
    if (strcmp(sha256, w->import->file_sha256) != 0)
        return keel_err_set(err, KEEL_E_DATA, "%s: changed while it was read: import it again", p->path);
    KEEL_TRY(keel_store_merge(w->s, &w->series, w->record.id, &w->batch, &w->record.counts, err));
    w->record.lines_done = keel_source_number(p->source);
    w->record.done = 1;
    w->import->counts = w->record.counts;
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory writing the import's report");
    keel_json_object(j);
    keel_import_report(w->import, p->path, j);
    keel_json_close(j);
    int rc = keel_store_import_save(w->s, &w->record, keel_json_text(j, NULL), err);
    keel_json_free(j);
    return rc ? rc : keel_store_commit(w->s, err);
}

static int write_rows(writer *w, pass *p, int64_t batch_rows, keel_err *err) {
    int rc;
    while ((rc = pass_next(p, err)) == 1) {
        if (keel_source_number(p->source) <= w->record.lines_done) continue;
        KEEL_TRY(keel_columns_push(&w->batch, p->row.word, err));
        if (w->batch.count >= batch_rows) KEEL_TRY(flush(w, keel_source_number(p->source), err));
    }
    return rc ? rc : finish(w, p, err);
}

int keel_import_write(keel_store *s, const char *path, const keel_import_options *options, keel_import *io,
                      keel_err *err) {
    pass p;
    writer w = {.s = s, .import = io};
    keel_columns_init(&w.batch, io->kind == KEEL_KIND_FUNDING ? KEEL_FUNDING_COLUMNS : KEEL_CANDLE_COLUMNS);
    int rc = begin(&w, path, err);
    if (!rc && !io->already) {
        rc = pass_open(&p, path, options, err);
        if (!rc) {
            p.sequence.interval_ms = io->interval_ms;
            p.bytes_before = keel_source_bytes_total(p.source);
            p.quarantine = s;
            p.import_id = w.record.id;
            p.lines_done = w.record.lines_done;
            rc = write_rows(&w, &p, options->batch_rows > 0 ? options->batch_rows : BATCH_ROWS, err);
            keel_source_close(p.source);
        }
    }
    keel_store_rollback(s); /* what is not committed by now is undone */
    keel_columns_done(&w.batch);
    return rc;
}

void keel_import_report(const keel_import *c, const char *path, keel_json *j) {
    const char *slash = strrchr(path, '/');
    char interval[KEEL_DURATION_TEXT_MAX];
    keel_duration_format(c->interval_ms, interval);
    keel_json_kstring(j, "file", slash ? slash + 1 : path);
    keel_json_kstring(j, "file_sha256", c->file_sha256);
    keel_json_kstring(j, "kind", keel_kind_name(c->kind));
    keel_json_kstring(j, "venue", c->venue);
    keel_json_kstring(j, "market", c->market);
    keel_json_kstring(j, "symbol", c->symbol);
    keel_json_key(j, "interval");
    keel_json_string(j, c->kind == KEEL_KIND_FUNDING ? NULL : interval);
    keel_json_kint(j, "rows_read", c->rows_read);
    keel_json_kint(j, "rows_accepted", c->rows_accepted);
    keel_json_kint(j, "rows_repeated", c->rows_repeated);
    keel_json_kint(j, "rows_refused", c->rows_refused);
    keel_json_key(j, "refused_by_reason");
    keel_json_object(j);
    for (int i = 1; i < KEEL_ROW_REASON_COUNT; i++)
        if (c->refused_by[i]) keel_json_kint(j, keel_row_reason_key((keel_row_reason)i), c->refused_by[i]);
    keel_json_close(j);
    keel_json_kint(j, "zero_volume", c->zero_volume);
    keel_json_kint(j, "float_residue", c->float_residue);
    keel_json_kint(j, "first_ts_ms", c->first_ts_ms);
    keel_json_kint(j, "last_ts_ms", c->last_ts_ms);
    keel_json_kint(j, "gaps", c->gap_count);
    keel_json_kint(j, "missing_bars", c->missing_bars);
    keel_json_kint(j, "largest_gap_bars", c->largest_gap_bars);
    keel_json_kint(j, "rows_added", c->counts.added);
    keel_json_kint(j, "rows_identical", c->counts.same);
    keel_json_kint(j, "rows_restated", c->counts.restated);
    keel_json_kbool(j, "already_imported", c->already);
    keel_json_kint(j, "resumed_after_line", c->resumed_line);
}
