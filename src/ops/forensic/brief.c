/* ops/forensic/brief.c: see brief.h. */
#include "ops/forensic/brief.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/timerange.h"

enum {
    SYMBOLS = 256,
    NOTES = 24,
    NOTE_SIZE = 160,
    CHANGES = 5,
    INCIDENTS = 16,
    NAME_SIZE = 48,
    WARN_DRAWDOWN = 10,
    HIGH_DRAWDOWN = 20
};

typedef struct notes {
    char text[NOTES][NOTE_SIZE];
    int count, more;
} notes;

typedef struct seen_symbol {
    char name[NAME_SIZE];
    int open, missing, order;
    char side[8], qty[32], since[32], stop[32];
} seen_symbol;

struct keel_brief {
    char run_id[KEEL_LINE_ID_MAX + 1], state[32], as_of[KEEL_TIME_TEXT_MAX], equity[32], gross[32];
    double drawdown_pct;
    int64_t gross_e8, equity_e8, metrics;
    uint64_t events, counts[KEEL_EVENT_CODES], severities[KEEL_SEVERITY_COUNT];
    seen_symbol symbol[SYMBOLS];
    int symbols;
    char changes[CHANGES][NOTE_SIZE], incidents[INCIDENTS][NOTE_SIZE];
    int change_count, incident_count, incidents_more;
    notes risks, unknowns, checks;
    size_t torn;
    uint32_t first_part; /* of the events that are kept */
};

static void note(notes *n, const char *format, ...) KEEL_PRINTF(2, 3);
static void note(notes *n, const char *format, ...) {
    va_list args;
    if (n->count == NOTES) {
        n->more++;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(n->text[n->count++], NOTE_SIZE, format, args);
    va_end(args);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void copy(char *to, size_t cap, const char *text) { (void)keel_line_text(text, strlen(text), to, cap); }

static seen_symbol *symbol_of(keel_brief *b, const char *name) {
    for (int i = 0; i < b->symbols; i++)
        if (strcmp(b->symbol[i].name, name) == 0) return &b->symbol[i];
    if (b->symbols == SYMBOLS) return NULL;
    copy(b->symbol[b->symbols].name, NAME_SIZE, name);
    return &b->symbol[b->symbols++];
}

static void follow_position(seen_symbol *s, const keel_log_record *r, const char *time) {
    if (r->code == KEEL_LOG_POSITION_OPEN) {
        s->open = 1;
        copy(s->side, sizeof s->side, keel_log_record_text(r, "side"));
        copy(s->stop, sizeof s->stop, keel_log_record_text(r, "stop_px"));
        (void)snprintf(s->since, sizeof s->since, "%.31s", time);
    }
    const char *qty = keel_log_record_text(r, "total_qty");
    if (*qty || r->code == KEEL_LOG_POSITION_OPEN)
        copy(s->qty, sizeof s->qty, *qty ? qty : keel_log_record_text(r, "qty"));
    if (r->code == KEEL_LOG_POSITION_CLOSE) s->open = 0;
}

static void follow_symbol(keel_brief *b, const keel_log_record *r, const char *time) {
    seen_symbol *s = r->symbol ? symbol_of(b, r->symbol) : NULL;
    if (!s) return;
    switch (r->code) {
        case KEEL_LOG_POSITION_OPEN:
        case KEEL_LOG_POSITION_ADD:
        case KEEL_LOG_POSITION_REDUCE:
        case KEEL_LOG_POSITION_CLOSE: follow_position(s, r, time); break;
        case KEEL_LOG_ORDER_NEW: s->order = 1; break;
        case KEEL_LOG_ORDER_FILLED:
        case KEEL_LOG_ORDER_REJECT:
        case KEEL_LOG_ORDER_EXPIRE: s->order = 0; break;
        case KEEL_LOG_FEED_MISSING: s->missing = 1; break;
        case KEEL_LOG_FEED_RECOVERED: s->missing = 0; break;
        default: break;
    }
}

static void keep_change(keel_brief *b, const keel_log_record *r, const char *time) {
    char from[24], to[24], trigger[64];
    if (b->change_count == CHANGES) {
        memmove(b->changes[0], b->changes[1], sizeof b->changes[0] * (CHANGES - 1));
        b->change_count--;
    }
    copy(from, sizeof from, keel_log_record_text(r, "from"));
    copy(to, sizeof to, keel_log_record_text(r, "to"));
    copy(trigger, sizeof trigger, keel_log_record_text(r, "trigger"));
    (void)snprintf(b->changes[b->change_count++], NOTE_SIZE, "%.24s %.23s -> %.23s: %.63s", time, from, to, trigger);
}

/* The newest ones. */
static void keep_incident(keel_brief *b, const keel_log_record *r, const char *time) {
    char id[72];
    if (b->incident_count == INCIDENTS) {
        memmove(b->incidents[0], b->incidents[1], sizeof b->incidents[0] * (INCIDENTS - 1));
        b->incident_count--;
        b->incidents_more++;
    }
    copy(id, sizeof id, keel_log_record_text(r, "incident_id"));
    (void)snprintf(b->incidents[b->incident_count++], NOTE_SIZE, "%s %s %s", keel_event_severity_word(r->severity),
                   time, id);
}

static void follow(keel_brief *b, const keel_log_record *r) {
    char time[KEEL_TIME_TEXT_MAX];
    (void)keel_time_format(r->ts_ms, time);
    b->events++;
    b->counts[r->code]++;
    b->severities[r->severity]++;
    memcpy(b->as_of, time, sizeof time);
    copy(b->run_id, sizeof b->run_id, r->run_id);
    if (r->code == KEEL_LOG_ENGINE_STATE || r->code == KEEL_LOG_ENGINE_STOP) {
        copy(b->state, sizeof b->state, keel_log_record_text(r, "to"));
        keep_change(b, r, time);
    }
    if (r->code == KEEL_LOG_ENGINE_FATAL) (void)snprintf(b->state, sizeof b->state, "fatal");
    if (r->code == KEEL_LOG_INCIDENT) keep_incident(b, r, time);
    follow_symbol(b, r, time);
}

static void take_metrics(keel_brief *b, const keel_log_record *r) {
    b->metrics++;
    copy(b->equity, sizeof b->equity, keel_log_record_text(r, "equity_usd"));
    copy(b->gross, sizeof b->gross, keel_log_record_text(r, "exposure_gross_usd"));
    b->equity_e8 = keel_log_record_e8(r, "equity_usd");
    b->gross_e8 = keel_log_record_e8(r, "exposure_gross_usd");
    if (keel_json_read_double(keel_tree_find(r->data, "drawdown_pct"), &b->drawdown_pct) != 0) b->drawdown_pct = 0.0;
}

static int read_stream(keel_brief *b, const keel_fs *fs, const char *dir, const char *name, keel_err *err) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    const char *text;
    size_t size;
    int rc, events = strcmp(name, "events") == 0;
    KEEL_TRY(keel_log_lines_open_kept(fs, dir, name, &lines, err));
    if (events) b->first_part = keel_log_lines_first(lines);
    while ((rc = keel_log_lines_next(lines, &text, &size, err)) == 1) {
        if ((rc = keel_log_record_read(text, size, keel_log_lines_where(lines), &r, err)) != 0) break;
        if (events)
            follow(b, &r);
        else
            take_metrics(b, &r);
        keel_log_record_done(&r);
    }
    if (events) b->torn = keel_log_lines_torn(lines);
    keel_log_lines_close(lines);
    return rc;
}

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static void judge_account(keel_brief *b) {
    if (b->drawdown_pct >= WARN_DRAWDOWN)
        note(&b->risks, "drawdown is %.1f %% of the highest equity%s", b->drawdown_pct,
             b->drawdown_pct >= HIGH_DRAWDOWN ? ": beyond the hard limit of most profiles" : "");
    if (b->equity_e8 > 0 && b->gross_e8 > b->equity_e8)
        note(&b->risks, "exposure is %.1f times the equity", (double)b->gross_e8 / (double)b->equity_e8);
    for (int i = 0; i < b->symbols; i++) {
        const seen_symbol *s = &b->symbol[i];
        if (s->open && !s->stop[0]) note(&b->risks, "%s: %s %s is held without a stop", s->name, s->side, s->qty);
        if (s->open && s->missing)
            note(&b->risks, "%s: %s %s is held and its bars do not come", s->name, s->side, s->qty);
    }
    if (b->counts[KEEL_LOG_KILL])
        note(&b->risks, "the kill switch was used %" PRIu64 " times", b->counts[KEEL_LOG_KILL]);
}

static void judge_unknowns(keel_brief *b) {
    if (b->counts[KEEL_LOG_ORDER_UNKNOWN])
        note(&b->unknowns, "orders had no recorded outcome at a start; the venue was asked");
    if (b->counts[KEEL_LOG_FILL_UNMATCHED])
        note(&b->unknowns, "%" PRIu64 " fills belong to no known order", b->counts[KEEL_LOG_FILL_UNMATCHED]);
    if (b->counts[KEEL_LOG_FILL_SUSPECT])
        note(&b->unknowns, "%" PRIu64 " fills were not booked", b->counts[KEEL_LOG_FILL_SUSPECT]);
    if (b->counts[KEEL_LOG_LOG_INVALID])
        note(&b->unknowns, "%" PRIu64 " records broke the schema and were replaced", b->counts[KEEL_LOG_LOG_INVALID]);
    if (b->first_part > 1)
        note(&b->unknowns, "parts of the log before %06" PRIu32 " were removed: what they told is not in here",
             b->first_part);
    if (b->torn) note(&b->unknowns, "the last record was being written when the run stopped");
    if (!b->metrics) note(&b->unknowns, "there are no metrics: equity and exposure are not known");
    for (int i = 0; i < b->symbols; i++) {
        if (b->symbol[i].missing) note(&b->unknowns, "%s: its bars have not come again", b->symbol[i].name);
        if (b->symbol[i].order) note(&b->unknowns, "%s: an order is in flight", b->symbol[i].name);
    }
    if (strcmp(b->state, "stopping") != 0)
        note(&b->unknowns, "the run has not ended in order, or still runs (%s)", b->state[0] ? b->state : "no state");
}

static void judge_checks(keel_brief *b) {
    if (b->counts[KEEL_LOG_RECOVERY])
        note(&b->checks, "keel replay RUN: it was recovered %" PRIu64 " times", b->counts[KEEL_LOG_RECOVERY]);
    if (b->counts[KEEL_LOG_WAL_CORRUPT]) note(&b->checks, "keel journal verify RUN/journal: it was damaged");
    if (b->incident_count) note(&b->checks, "incidents/: fill in the postmortems");
    if (b->counts[KEEL_LOG_ORDER_REJECT] > b->counts[KEEL_LOG_ORDER_FILLED])
        note(&b->checks, "more orders were refused than filled: keel events story RUN --symbol S");
    if (b->counts[KEEL_LOG_LOG_ANOMALY])
        note(&b->checks, "some events came much more often than usual: code LOG_ANOMALY");
    if (b->torn || b->counts[KEEL_LOG_LOG_INVALID]) note(&b->checks, "keel events check RUN");
    note(&b->checks, "keel audit verify RUN: who did what");
}

int keel_brief_make(const keel_fs *fs, const char *dir, keel_brief **ret, keel_err *reterr) {
    keel_brief *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: brief: close other programs");
    int rc = read_stream(b, fs, dir, "events", reterr);
    if (rc == 0) {
        rc = read_stream(b, fs, dir, "metrics", reterr);
        if (rc == KEEL_E_NOT_FOUND) rc = 0;
    }
    if (rc != 0) {
        free(b);
        return rc;
    }
    judge_account(b);
    judge_unknowns(b);
    judge_checks(b);
    *ret = b;
    return 0;
}

void keel_brief_free(keel_brief *b) { free(b); }

/* ---- saying it -------------------------------------------------------------------------------------------------- */

static void list_json(keel_json *j, const char *key, const char *texts, size_t stride, int count) {
    keel_json_key(j, key);
    keel_json_array(j);
    for (int i = 0; i < count; i++)
        keel_json_string(j, texts + (size_t)i * stride);
    keel_json_close(j);
}

void keel_brief_json(const keel_brief *b, keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.brief");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", b->run_id);
    keel_json_kstring(j, "as_of", b->as_of);
    keel_json_kstring(j, "state", b->state[0] ? b->state : NULL);
    keel_json_kstring(j, "equity_usd", b->metrics ? b->equity : NULL);
    keel_json_kstring(j, "exposure_gross_usd", b->metrics ? b->gross : NULL);
    keel_json_kdouble(j, "drawdown_pct", b->drawdown_pct);
    list_json(j, "top_risks", b->risks.text[0], NOTE_SIZE, b->risks.count);
    keel_json_kint(j, "risks_more", b->risks.more);
    list_json(j, "unknowns", b->unknowns.text[0], NOTE_SIZE, b->unknowns.count);
    keel_json_kint(j, "unknowns_more", b->unknowns.more);
    list_json(j, "incidents", b->incidents[0], NOTE_SIZE, b->incident_count);
    keel_json_kint(j, "incidents_older", b->incidents_more);
    list_json(j, "mode_changes", b->changes[0], NOTE_SIZE, b->change_count);
    list_json(j, "suggested_checks", b->checks.text[0], NOTE_SIZE, b->checks.count);
    keel_json_key(j, "positions");
    keel_json_array(j);
    for (int i = 0; i < b->symbols; i++) {
        const seen_symbol *s = &b->symbol[i];
        if (!s->open) continue;
        keel_json_object(j);
        keel_json_kstring(j, "symbol", s->name);
        keel_json_kstring(j, "side", s->side);
        keel_json_kstring(j, "qty", s->qty);
        keel_json_kstring(j, "since", s->since);
        keel_json_kstring(j, "stop_px", s->stop[0] ? s->stop : NULL);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "counts");
    keel_json_object(j);
    for (int i = 0; i < KEEL_EVENT_CODES; i++)
        if (b->counts[i]) keel_json_kint(j, keel_event_info_of((keel_event_code)i)->name, (int64_t)b->counts[i]);
    keel_json_close(j);
    keel_json_close(j);
}

static void more_text(keel_strbuf *out, int more, const char *what) {
    if (more) keel_strbuf_addf(out, "  - and %d %s\n", more, what);
}

static void list_text(keel_strbuf *out, const char *title, const char *texts, size_t stride, int count,
                      const char *none) {
    keel_strbuf_addf(out, "%s\n", title);
    for (int i = 0; i < count; i++)
        keel_strbuf_addf(out, "  - %s\n", texts + (size_t)i * stride);
    if (count == 0) keel_strbuf_addf(out, "  %s\n", none);
}

void keel_brief_text(const keel_brief *b, keel_strbuf *out) {
    int needs = b->risks.count + b->incident_count;
    keel_strbuf_addf(out, "%s\n", needs ? "NEEDS ATTENTION" : "nothing needs attention");
    keel_strbuf_addf(out, "run %s, %s, as of %s\n", b->run_id, b->state[0] ? b->state : "state unknown", b->as_of);
    if (b->metrics)
        keel_strbuf_addf(out, "equity %s USD, drawdown %.2f %%, exposure %s USD\n", b->equity, b->drawdown_pct,
                         b->gross);
    keel_strbuf_addf(
        out, "%" PRIu64 " orders, %" PRIu64 " fills, %" PRIu64 " trades, %" PRIu64 " refused, %" PRIu64 " held back\n",
        b->counts[KEEL_LOG_ORDER_NEW], b->counts[KEEL_LOG_FILL], b->counts[KEEL_LOG_POSITION_CLOSE],
        b->counts[KEEL_LOG_ORDER_REJECT], b->counts[KEEL_LOG_TRADE_DENIED]);
    list_text(out, "risks", b->risks.text[0], NOTE_SIZE, b->risks.count, "none by the rules");
    more_text(out, b->risks.more, "more");
    list_text(out, "incidents, newest last", b->incidents[0], NOTE_SIZE, b->incident_count, "none");
    more_text(out, b->incidents_more, "older ones in the folder incidents");
    list_text(out, "unknown", b->unknowns.text[0], NOTE_SIZE, b->unknowns.count, "nothing");
    more_text(out, b->unknowns.more, "more");
    list_text(out, "states, newest last", b->changes[0], NOTE_SIZE, b->change_count, "none");
    list_text(out, "to check", b->checks.text[0], NOTE_SIZE, b->checks.count, "nothing");
}
