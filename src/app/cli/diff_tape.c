/* app/cli/diff_tape.c: see diff_tape.h. The reverse of paper_feed.c. */
#include "app/cli/diff_tape.h"

#include <stdlib.h>
#include <string.h>

#include "engine/record.h"
#include "journal/reader.h"

/* Columns of one symbol while they are filled; the tape has them read-only. */
typedef struct columns {
    int64_t *e8[4]; /* open, high, low, close */
    double *volume;
    int64_t *fine_e8[4];
    double *fine_volume;
    int64_t *funding_ts_ms, *funding_rate_e16;
    int64_t funding_count, funding_cap;
} columns;

typedef struct reader {
    keel_diff_tape *t;
    columns *sym;
    int64_t late_cap, control_cap, withheld_cap;
    keel_diff_place at; /* of the last one that was not set aside */
    keel_err *err;
} reader;

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: market of the journal: close other programs");
}

static int room(void **list, int64_t *cap, int64_t count, size_t size) {
    if (count < *cap) return 1;
    int64_t wider = *cap ? 2 * *cap : 64;
    void *grown = realloc(*list, (size_t)wider * size);
    if (!grown) return 0;
    *list = grown;
    *cap = wider;
    return 1;
}

static int make_columns(reader *r) {
    keel_tape *tape = &r->t->tape;
    size_t bars = (size_t)tape->bars, fine = bars * (size_t)tape->ratio;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        columns *c = &r->sym[i];
        keel_tape_symbol *s = &tape->sym[i];
        int detail = tape->ratio > 1 && !s->watch_only, failed = 0;
        for (int32_t k = 0; k < 4; k++) {
            c->e8[k] = calloc(bars, sizeof(int64_t));
            c->fine_e8[k] = detail ? calloc(fine, sizeof(int64_t)) : NULL;
            failed |= !c->e8[k] || (detail && !c->fine_e8[k]);
        }
        c->volume = calloc(bars, sizeof(double));
        c->fine_volume = detail ? calloc(fine, sizeof(double)) : NULL;
        s->open_e8 = c->e8[0];
        s->high_e8 = c->e8[1];
        s->low_e8 = c->e8[2];
        s->close_e8 = c->e8[3];
        s->volume = c->volume;
        s->detail_open_e8 = c->fine_e8[0];
        s->detail_high_e8 = c->fine_e8[1];
        s->detail_low_e8 = c->fine_e8[2];
        s->detail_close_e8 = c->fine_e8[3];
        s->detail_volume = c->fine_volume;
        if (failed || !c->volume || (detail && !c->fine_volume)) return no_memory(r->err);
    }
    return 0;
}

static void put(int64_t *const e8[4], double *volume, int64_t at, const keel_input_piece *p) {
    e8[0][at] = p->open_e8;
    e8[1][at] = p->high_e8;
    e8[2][at] = p->low_e8;
    e8[3][at] = p->close_e8;
    volume[at] = p->volume;
}

static int add_late(reader *r, const keel_input_piece *p) {
    keel_diff_tape *t = r->t;
    void *list = t->late;
    if (!room(&list, &r->late_cap, t->late_count, sizeof *t->late)) return no_memory(r->err);
    t->late = list;
    t->late[t->late_count++] = (keel_late_bar){.open_ms = p->open_ms, .symbol = p->symbol};
    return 0;
}

static int take_piece(reader *r, const keel_input_piece *p) {
    const keel_tape *tape = &r->t->tape;
    const columns *c = &r->sym[p->symbol];
    int64_t fine_ms = tape->interval_ms / tape->ratio, from_ms = p->open_ms - tape->start_ms;
    int bar = p->what & (KEEL_PIECE_BAR | KEEL_PIECE_LATE_BAR),
        range = p->what & (KEEL_PIECE_RANGE | KEEL_PIECE_LATE_RANGE);
    if (from_ms < 0 || from_ms >= tape->bars * tape->interval_ms)
        return keel_err_set(r->err, KEEL_E_PARITY, "a bar outside the run's range: journal: keel journal verify");
    if (bar) put(c->e8, c->volume, from_ms / tape->interval_ms, p);
    if (range && c->fine_volume && p->close_ms - p->open_ms == fine_ms)
        put(c->fine_e8, c->fine_volume, from_ms / fine_ms, p);
    return p->what & KEEL_PIECE_LATE_BAR ? add_late(r, p) : 0;
}

static int take_funding(reader *r, const keel_input_funding *f) {
    columns *c = &r->sym[f->symbol];
    int64_t cap = c->funding_cap;
    void *times = c->funding_ts_ms, *rates = c->funding_rate_e16;
    int fits = room(&times, &cap, c->funding_count, sizeof(int64_t));
    c->funding_ts_ms = times;
    fits = fits && room(&rates, &c->funding_cap, c->funding_count, sizeof(int64_t));
    c->funding_rate_e16 = rates;
    if (!fits) return no_memory(r->err);
    c->funding_ts_ms[c->funding_count] = f->ts_ms;
    c->funding_rate_e16[c->funding_count++] = f->rate_e16;
    return 0;
}

/* What the engine finds in its own books it finds again. */
static int is_own(int32_t order) { return order == KEEL_ENGINE_ORDER_UNCOVERED || order == KEEL_ENGINE_ORDER_STRAY; }

static int take_control(reader *r, const keel_input *in) {
    keel_diff_tape *t = r->t;
    if (is_own(in->control)) return 0;
    void *list = t->controls;
    if (!room(&list, &r->control_cap, t->control_count, sizeof *t->controls)) return no_memory(r->err);
    t->controls = list;
    size_t at = t->control_bytes.size;
    keel_input_write(in, &t->control_bytes);
    if (t->control_bytes.failed) return no_memory(r->err);
    t->controls[t->control_count++] =
        (keel_diff_control){.after = r->at, .at = at, .size = t->control_bytes.size - at};
    return 0;
}

static int take_report(reader *r, const keel_journal_record *record) {
    keel_diff_tape *t = r->t;
    keel_record_report report;
    void *list = t->withheld;
    KEEL_TRY(keel_record_report_read(record->payload, record->size, &report, r->err));
    if (report.by != KEEL_BY_RECOVERY) return 0;
    if (!room(&list, &r->withheld_cap, t->withheld_count, sizeof *t->withheld)) return no_memory(r->err);
    t->withheld = list;
    t->withheld[t->withheld_count++] = report.report;
    return 0;
}

keel_diff_place keel_diff_place_of(const keel_input *in) {
    return (keel_diff_place){.ts_ms = in->ts_ms,
                             .stage = in->kind == KEEL_INPUT_END     ? 2
                                      : in->kind == KEEL_INPUT_OPENS ? 1
                                                                     : 0};
}

int keel_diff_place_before(const keel_diff_place *a, const keel_diff_place *b) {
    return a->ts_ms < b->ts_ms || (a->ts_ms == b->ts_ms && a->stage < b->stage);
}

/* What the engine sets aside as a whole: what it does not believe, what comes from behind, what closes a bar that ends
 * after it. The end is none. */
static int is_set_aside(const reader *r, const keel_input *in) {
    int closes = in->kind == KEEL_INPUT_BARS || in->kind == KEEL_INPUT_CLOSE;
    if (closes && in->bar_open_ms > in->ts_ms - r->t->tape.interval_ms) return 1;
    return in->kind != KEEL_INPUT_END && (in->flags & KEEL_INPUT_DISBELIEVED || in->ts_ms < r->at.ts_ms);
}

static int take_input(reader *r, const keel_input *in) {
    if (in->kind == KEEL_INPUT_TIMER) return 0; /* it leads to nothing */
    if (in->kind == KEEL_INPUT_CONTROL) return take_control(r, in);
    if (is_set_aside(r, in)) return 0;
    r->at = keel_diff_place_of(in);
    if (in->kind == KEEL_INPUT_END) r->t->ended = 1;
    /* an opening tells only what is known at it */
    for (int32_t i = 0; in->kind != KEEL_INPUT_OPENS && i < in->piece_count; i++)
        KEEL_TRY(take_piece(r, &in->piece[i]));
    for (int32_t i = 0; i < in->funding_count; i++)
        KEEL_TRY(take_funding(r, &in->funding[i]));
    return 0;
}

static int read_all(reader *r, const keel_journal_where *where) {
    keel_journal_reader *j = NULL;
    keel_journal_record record;
    keel_input in;
    memset(&in, 0, sizeof in);
    KEEL_TRY(keel_journal_reader_open(where, &j, r->err));
    int rc;
    while ((rc = keel_journal_reader_next(j, &record, r->err)) == 1) {
        rc = 0;
        if (record.type == KEEL_RECORD_REPORT) rc = take_report(r, &record);
        if (record.type == KEEL_RECORD_INPUT) {
            rc = keel_input_read(record.payload, record.size, r->t->tape.symbol_count, &in, r->err);
            if (rc == 0) rc = take_input(r, &in);
        }
        if (rc != 0) break;
    }
    keel_input_done(&in);
    keel_journal_reader_close(j);
    return rc;
}

static void begin(const keel_paper_opened *o, keel_tape *tape) {
    const keel_engine_plan *p = &o->plan.plan;
    *tape = (keel_tape){.start_ms = p->start_ms,
                        .interval_ms = p->interval_ms,
                        .bars = o->bars,
                        .trade_from = o->trade_from,
                        .ratio = (int32_t)o->ratio,
                        .symbol_count = p->symbol_count,
                        .sleeve_count = p->sleeve_count};
    for (int32_t i = 0; i < KEEL_SLEEVES_MAX; i++)
        tape->btc[i] = i < p->sleeve_count ? p->btc[i] : -1;
    for (int32_t i = 0; i < p->symbol_count; i++) {
        tape->sym[i].watch_only = p->watch_only[i];
        tape->sym[i].sleeve = p->sleeve[i];
    }
}

int keel_diff_tape_read(const keel_journal_where *where, const keel_paper_opened *o, keel_diff_tape *ret,
                        keel_err *err) {
    memset(ret, 0, sizeof *ret);
    keel_strbuf_init(&ret->control_bytes, 0);
    begin(o, &ret->tape);
    reader r = {.t = ret, .at = KEEL_DIFF_PLACE_BEFORE_ALL, .err = err};
    r.sym = calloc((size_t)ret->tape.symbol_count, sizeof *r.sym);
    if (!r.sym) return no_memory(err);
    int rc = make_columns(&r);
    if (rc == 0) rc = read_all(&r, where);
    for (int32_t i = 0; i < ret->tape.symbol_count; i++) {
        keel_tape_symbol *s = &ret->tape.sym[i];
        s->funding_ts_ms = r.sym[i].funding_ts_ms;
        s->funding_rate_e16 = r.sym[i].funding_rate_e16;
        s->funding_count = r.sym[i].funding_count;
    }
    free(r.sym);
    return rc;
}

/* The columns are this record's own: what the tape shows read-only may be freed here. */
static void drop(const void *column) { free((void *)(uintptr_t)column); }

void keel_diff_tape_done(keel_diff_tape *t) {
    for (int32_t i = 0; i < t->tape.symbol_count; i++) {
        keel_tape_symbol *s = &t->tape.sym[i];
        const void *const owned[] = {s->open_e8,         s->high_e8,        s->low_e8,         s->close_e8,
                                     s->volume,          s->detail_open_e8, s->detail_high_e8, s->detail_low_e8,
                                     s->detail_close_e8, s->detail_volume,  s->funding_ts_ms,  s->funding_rate_e16};
        for (size_t k = 0; k < sizeof owned / sizeof *owned; k++)
            drop(owned[k]);
    }
    free(t->late);
    free(t->controls);
    keel_strbuf_done(&t->control_bytes);
    free(t->withheld);
    memset(t, 0, sizeof *t);
}
