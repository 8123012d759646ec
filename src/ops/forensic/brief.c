/* ops/forensic/brief.c: see brief.h. Reading; brief_rules.c judges, brief_say.c says it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/forensic/brief_internal.h"

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void copy(char *to, size_t cap, const char *text) { (void)keel_line_text(text, strlen(text), to, cap); }

static keel_brief_symbol *symbol_of(keel_brief *b, const char *name) {
    for (int i = 0; i < b->symbols; i++)
        if (strcmp(b->symbol[i].name, name) == 0) return &b->symbol[i];
    if (b->symbols == KEEL_BRIEF_SYMBOLS) return NULL;
    copy(b->symbol[b->symbols].name, sizeof b->symbol[0].name, name);
    return &b->symbol[b->symbols++];
}

static void follow_position(keel_brief_symbol *s, const keel_log_record *r, const char *time) {
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

static void follow_order(keel_brief_symbol *s, const keel_log_record *r) {
    const char *id = r->order_id ? r->order_id : "";
    int at = 0;
    while (at < s->orders && strcmp(s->order[at], id) != 0)
        at++;
    if (r->code == KEEL_LOG_ORDER_NEW) {
        if (at == s->orders && at < KEEL_BRIEF_ORDERS) copy(s->order[s->orders++], sizeof s->order[0], id);
        return;
    }
    if (at < s->orders && at != --s->orders) memcpy(s->order[at], s->order[s->orders], sizeof s->order[0]);
}

static void follow_drift(keel_brief_symbol *s, const keel_log_record *r) {
    s->drifted = 1;
    copy(s->books, sizeof s->books, keel_log_record_text(r, "local"));
    copy(s->venue, sizeof s->venue, keel_log_record_text(r, "venue"));
}

static void follow_symbol(keel_brief *b, const keel_log_record *r, const char *time) {
    keel_brief_symbol *s = r->symbol ? symbol_of(b, r->symbol) : NULL;
    if (!s) return;
    switch (r->code) {
        case KEEL_LOG_POSITION_OPEN:
        case KEEL_LOG_POSITION_ADD:
        case KEEL_LOG_POSITION_REDUCE:
        case KEEL_LOG_POSITION_CLOSE: follow_position(s, r, time); break;
        case KEEL_LOG_ORDER_NEW:
        case KEEL_LOG_ORDER_FILLED:
        case KEEL_LOG_ORDER_CANCEL:
        case KEEL_LOG_ORDER_REJECT:
        case KEEL_LOG_ORDER_EXPIRE: follow_order(s, r); break;
        case KEEL_LOG_DRIFT: follow_drift(s, r); break;
        case KEEL_LOG_FEED_MISSING: s->missing = 1; break;
        case KEEL_LOG_FEED_RECOVERED: s->missing = 0; break;
        case KEEL_LOG_DATA_BLIND: s->blind = 1; break;
        case KEEL_LOG_DATA_SEEN: s->blind = 0; break;
        default: break;
    }
}

static void keep_change(keel_brief *b, const keel_log_record *r, const char *time) {
    char from[24], to[24], trigger[64];
    if (b->change_count == KEEL_BRIEF_CHANGES) {
        memmove(b->changes[0], b->changes[1], sizeof b->changes[0] * (KEEL_BRIEF_CHANGES - 1));
        b->change_count--;
    }
    copy(from, sizeof from, keel_log_record_text(r, "from"));
    copy(to, sizeof to, keel_log_record_text(r, "to"));
    copy(trigger, sizeof trigger, keel_log_record_text(r, "trigger"));
    (void)snprintf(b->changes[b->change_count++], KEEL_BRIEF_NOTE, "%.24s %.23s -> %.23s: %.63s", time, from, to,
                   trigger);
}

static int keep_incident(keel_brief *b, const keel_log_record *r, const char *time, keel_err *err) {
    keel_brief_incident in = {.closed = 0};
    copy(in.id, sizeof in.id, keel_log_record_text(r, "incident_id"));
    (void)snprintf(in.time, sizeof in.time, "%s", time);
    (void)snprintf(in.severity, sizeof in.severity, "%s", keel_event_severity_word(r->severity));
    return keel_brief_incident_add(b, &in, err);
}

/* A figure as it is written; "" where there is none. */
static const char *figure(const keel_log_record *r, const char *field) {
    const keel_tree *node = keel_tree_find(r->data, field);
    return node && node->text ? node->text : "";
}

/* ---- what lasts ------------------------------------------------------------------------------------------------- */

static void begins(keel_brief_lasting *l, const char *word, const char *why, const char *time) {
    if (strcmp(l->word, word) == 0 && word[0]) { /* it goes on */
        copy(l->why, sizeof l->why, why);
        return;
    }
    copy(l->word, sizeof l->word, word);
    copy(l->why, sizeof l->why, why);
    (void)snprintf(l->since, sizeof l->since, "%s", time);
}

static void ends(keel_brief_lasting *l) { l->word[0] = 0; }

/* What nobody has looked into yet; one that was looked into is no risk any more. */
static int begins_unseen(keel_brief *b, keel_brief_lasting *l, const keel_log_record *r, const char *why,
                         const char *time) {
    if (r->seq <= b->looked[r->code]) return 0;
    begins(l, keel_event_info_of(r->code)->name, why, time);
    l->seq = r->seq;
    return 1;
}

/* Data of a symbol, or of all, were set aside. */
static void follow_aside(keel_brief *b, const keel_log_record *r, const char *time) {
    keel_brief_symbol *s = r->symbol ? symbol_of(b, r->symbol) : NULL;
    (void)begins_unseen(b, s ? &s->aside : &b->aside, r, keel_log_record_text(r, "reason"), time);
}

/* A bar that was decided on was taken, and so was the input that brought it. */
static void follow_seen(keel_brief *b, const keel_log_record *r) {
    keel_brief_symbol *s = r->symbol ? symbol_of(b, r->symbol) : NULL;
    if (s) ends(&s->aside);
    if (!s || r->code == KEEL_LOG_DATA_BAR) ends(&b->aside);
}

/* A run that ends while entries are held back holds them back when it goes on. */
static void follow_state(keel_brief *b, const keel_log_record *r, const char *time) {
    static const char *const HOLDING[] = {"close_only", "safe_mode", "halted", "degraded"};
    const char *to = keel_log_record_text(r, "to");
    copy(b->state, sizeof b->state, to);
    keep_change(b, r, time);
    if (strcmp(to, "running") == 0) ends(&b->held);
    for (size_t i = 0; i < sizeof HOLDING / sizeof *HOLDING; i++)
        if (strcmp(to, HOLDING[i]) == 0) begins(&b->held, to, keel_log_record_text(r, "trigger"), time);
}

static void follow_breach(keel_brief *b, const keel_log_record *r, const char *time) {
    char item[16], shadow[32], books[32];
    copy(item, sizeof item, keel_log_record_text(r, "item"));
    copy(shadow, sizeof shadow, keel_log_record_text(r, "shadow"));
    copy(books, sizeof books, keel_log_record_text(r, "books"));
    (void)snprintf(b->breach, sizeof b->breach, "the books are not right since %s: %s: %s, by the shadow ledger %s",
                   time, item, books, shadow);
}

/* Whoever resumes has compared the books with what the venue holds. */
static void forget_drifts(keel_brief *b) {
    for (int i = 0; i < b->symbols; i++)
        b->symbol[i].drifted = 0;
}

static void follow_surroundings(keel_brief *b, const keel_log_record *r, const char *time) {
    switch (r->code) {
        case KEEL_LOG_CLOCK_DRIFT: begins(&b->clock, "off", figure(r, "apart_ms"), time); break;
        case KEEL_LOG_CLOCK_GOOD: ends(&b->clock); break;
        case KEEL_LOG_BREAKER_OPEN: begins(&b->breaker, "open", figure(r, "count"), time); break;
        case KEEL_LOG_BREAKER_HALF: begins(&b->breaker, "half open", figure(r, "count"), time); break;
        case KEEL_LOG_BREAKER_CLOSE: ends(&b->breaker); break;
        case KEEL_LOG_WAL_SNAPSHOT_FAILED: begins(&b->unkept, "failed", keel_log_record_text(r, "why"), time); break;
        case KEEL_LOG_WAL_SNAPSHOT: ends(&b->unkept); break;
        case KEEL_LOG_DATA_REJECTED: follow_aside(b, r, time); break;
        case KEEL_LOG_DATA_BAR:
        case KEEL_LOG_DATA_SEEN: follow_seen(b, r); break;
        case KEEL_LOG_FILL_SUSPECT:
            b->suspects += (uint64_t)begins_unseen(b, &b->suspect, r, keel_log_record_text(r, "refusal"), time);
            break;
        case KEEL_LOG_SHADOW_BREACH: follow_breach(b, r, time); break;
        case KEEL_LOG_RESUME: forget_drifts(b); break;
        case KEEL_LOG_REGIME_CHANGE: copy(b->regime, sizeof b->regime, keel_log_record_text(r, "to")); break;
        default: break;
    }
}

/* ---- one record ------------------------------------------------------------------------------------------------- */

static int follow(keel_brief *b, const keel_log_record *r, keel_err *err) {
    char time[KEEL_TIME_TEXT_MAX];
    (void)keel_time_format(r->ts_ms, time);
    b->events++;
    b->counts[r->code]++;
    b->severities[r->severity]++;
    memcpy(b->as_of, time, sizeof time);
    copy(b->run_id, sizeof b->run_id, r->run_id);
    if (r->code == KEEL_LOG_ENGINE_STATE || r->code == KEEL_LOG_ENGINE_STOP) follow_state(b, r, time);
    if (r->code == KEEL_LOG_ENGINE_FATAL) (void)snprintf(b->state, sizeof b->state, "fatal");
    follow_surroundings(b, r, time);
    follow_symbol(b, r, time);
    return r->code == KEEL_LOG_INCIDENT ? keep_incident(b, r, time, err) : 0;
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
            rc = follow(b, &r, err);
        else
            take_metrics(b, &r);
        keel_log_record_done(&r);
        if (rc < 0) break;
    }
    if (events) b->torn = keel_log_lines_torn(lines);
    keel_log_lines_close(lines);
    return rc;
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

int keel_brief_make(const keel_fs *fs, const char *dir, keel_brief **ret, keel_err *reterr) {
    keel_brief *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: brief: close other programs");
    (void)snprintf(b->regime, sizeof b->regime, "unknown"); /* until a record says another one */
    int rc = keel_brief_trail_read(b, fs, dir, reterr);
    if (rc == 0) rc = read_stream(b, fs, dir, "events", reterr);
    if (rc == 0) {
        rc = read_stream(b, fs, dir, "metrics", reterr);
        if (rc == KEEL_E_NOT_FOUND) rc = 0;
    }
    if (rc == 0) rc = keel_brief_incidents_read(b, fs, dir, reterr);
    if (rc != 0) {
        keel_brief_free(b);
        return rc;
    }
    keel_brief_judge(b);
    *ret = b;
    return 0;
}

int keel_brief_named(const char *name, keel_event_code *ret_code, uint64_t *ret_seq) {
    static const keel_event_code OF[] = {KEEL_LOG_FILL_SUSPECT, KEEL_LOG_DATA_REJECTED};
    for (size_t i = 0; i < sizeof OF / sizeof *OF; i++) {
        const char *code = keel_event_info_of(OF[i])->name;
        size_t size = strlen(code);
        char *end = NULL;
        if (strncmp(name, code, size) != 0 || name[size] != '-' || !isdigit((unsigned char)name[size + 1])) continue;
        *ret_seq = strtoull(name + size + 1, &end, 10);
        *ret_code = OF[i];
        return *end == 0;
    }
    return 0;
}

void keel_brief_free(keel_brief *b) {
    if (!b) return;
    free(b->incident);
    free(b);
}
