/* engine/log.c: see engine_internal.h. The second stream: what became of the inputs. While there is a record it is read
 * and compared; where it ends it is written. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"

/* Nothing is written, and where the record ends it ends. */
static int is_replay(const keel_engine *e) { return !e->journal && !e->dry; }

/* ---- reading ------------------------------------------------------------------------------------------------ */

int keel_engine_log_more(keel_engine *e) {
    while (e->record && !e->has_next) {
        int rc = keel_journal_reader_next(e->record, &e->next, e->err);
        if (rc < 0) return rc;
        if (rc == 0 || e->next.seq > e->until_seq) {
            keel_journal_reader_close(e->record);
            e->record = NULL;
        } else {
            e->has_next = keel_record_is_outcome(e->next.type);
        }
    }
    return e->has_next;
}

int keel_engine_log_all_met(keel_engine *e) {
    int more = keel_engine_log_more(e);
    if (more <= 0) return more;
    return keel_err_set(e->err, KEEL_E_PARITY,
                        "the record has an outcome that the same inputs do not lead to: record %" PRIu64
                        ": if the build is another one, use the one that wrote it, else please report this run",
                        e->next.seq);
}

static int differs(keel_engine *e, const char *what) {
    return keel_err_set(e->err, KEEL_E_PARITY,
                        "%s: record %" PRIu64
                        ": the same inputs gave something else; if the build is another one, use "
                        "the one that wrote it, else please report this run",
                        what, e->next.seq);
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

int keel_engine_log_put(keel_engine *e, uint16_t type, int64_t ts_ms, const void *payload, size_t size, int durable) {
    if (e->dry) return 0;
    keel_journal_record r = {.type = type,
                             .seq = keel_journal_next_seq(e->journal),
                             .ts_ms = ts_ms,
                             .payload = payload,
                             .size = (uint32_t)size};
    KEEL_TRY(keel_journal_append(e->journal, &r, 1, e->err));
    e->counts.records = r.seq;
    return durable ? keel_journal_commit(e->journal, e->err) : 0;
}

static void tell_note(keel_engine *e, uint16_t type, const char *json, size_t size) {
    keel_engine_told told = {.kind = KEEL_TOLD_NOTE, .note = type, .ts_ms = e->last_ms, .json = json, .size = size};
    if (e->watch.told) e->watch.told(e->watch.data, &told);
}

int keel_engine_log_note(keel_engine *e, uint16_t type, const char *json, size_t size) {
    if (!e->journal && !e->dry) return 0;
    KEEL_TRY(keel_engine_log_put(e, type, e->last_ms, json, size, 0));
    tell_note(e, type, json, size);
    return 0;
}

/* Kept as type, size and bytes, one behind the other. */
void keel_engine_note_met(keel_engine *e, const keel_journal_record *r) {
    if (!e->watch.told || !keel_record_is_note(r->type)) return;
    keel_strbuf_add_bytes(&e->notes, &r->type, sizeof r->type);
    keel_strbuf_add_bytes(&e->notes, &r->size, sizeof r->size);
    keel_strbuf_add_bytes(&e->notes, r->payload, r->size);
}

void keel_engine_notes_tell(keel_engine *e) {
    for (size_t at = 0; at < e->notes.size;) {
        uint16_t type;
        uint32_t size;
        memcpy(&type, e->notes.text + at, sizeof type);
        memcpy(&size, e->notes.text + at + sizeof type, sizeof size);
        at += sizeof type + sizeof size;
        tell_note(e, type, e->notes.text + at, size);
        at += size;
    }
    keel_strbuf_clear(&e->notes);
}

keel_engine_sent *keel_engine_sent_of(keel_engine *e, int32_t symbol, uint64_t id) {
    keel_engine_sent *order = e->sym[symbol].order;
    for (int32_t i = 0; i < KEEL_ENGINE_ORDERS; i++)
        if (id ? order[i].command.id == id : i < KEEL_ENGINE_ENTRIES && !order[i].open) return &order[i];
    return NULL;
}

keel_engine_sent *keel_engine_place_for(keel_engine *e, const keel_command *c) {
    keel_engine_sent *order = e->sym[c->symbol].order, *oldest = order;
    int closes = e->behaviour >= KEEL_ENGINE_BEHAVIOUR_MAKES_WAY && !keel_engine_increases(c);
    for (int32_t i = 0; i < (closes ? KEEL_ENGINE_ORDERS : KEEL_ENGINE_ENTRIES); i++) {
        if (!order[i].open) return &order[i];
        if (order[i].command.id < oldest->command.id) oldest = &order[i];
    }
    return closes ? oldest : NULL;
}

int keel_engine_is_awaited(const keel_engine *e, int32_t symbol) {
    if (e->behaviour < KEEL_ENGINE_BEHAVIOUR_MAKES_WAY) return 0;
    for (int32_t i = 0; i < KEEL_ENGINE_ORDERS; i++) {
        const keel_engine_sent *o = &e->sym[symbol].order[i];
        if (o->open && o->cancelled && keel_engine_increases(&o->command)) return 1;
    }
    return 0;
}

int keel_engine_increases(const keel_command *c) {
    return c->kind == KEEL_CMD_OPEN || c->kind == KEEL_CMD_ADD || c->kind == KEEL_CMD_REVERSE;
}

int keel_engine_may_enter(const keel_engine *e) {
    return e->alarm == 0 && e->behind == 0 && keel_engine_allows_entries((keel_engine_phase)e->ordered) &&
           keel_engine_outside_allows(e);
}

int keel_engine_is_at_work(const keel_engine_sent *o) { return o->open && o->command.id != 0 && !o->withheld; }

int keel_engine_is_hurt(const keel_engine *e) { return e->damaged && !e->caught_up; }

static void note_doubt(keel_engine *e, const keel_command *c, int outcome) {
    if (e->doubt_count == KEEL_DOUBTS_MAX) return;
    e->doubt[e->doubt_count++] = (keel_engine_doubt){.order_id = c->id, .symbol = c->symbol, .outcome = outcome};
}

int keel_engine_log_ask(keel_engine *e, keel_engine_sent *o) {
    const keel_command *c = &o->command;
    e->counts.in_doubt++;
    int known = e->venue->query(e->venue->ctx, c, o->heard, e->err);
    if (known < 0) return known;
    e->counts.known += known > 0;
    if (known > 0) {
        note_doubt(e, c, KEEL_DOUBT_KNOWN);
        o->withheld = 0;
        return o->cancelled ? e->venue->cancel(e->venue->ctx, c, e->err) : 0;
    }
    if (o->heard > 0)
        return keel_err_set(e->err, KEEL_E_PARITY,
                            "the venue does not know an order that it had taken: %016" PRIx64
                            ": look at the account there before this run goes on",
                            c->id);
    int held_back = keel_engine_is_hurt(e) || !keel_engine_may_enter(e);
    int makes_way = e->making_way == c->symbol + 1 && keel_engine_increases(c);
    if (o->withheld || o->cancelled || e->calls_all_back || makes_way || (held_back && keel_engine_increases(c))) {
        note_doubt(e, c, KEEL_DOUBT_WITHHELD);
        o->withheld = 1;
        return 0;
    }
    e->counts.handed_in++;
    note_doubt(e, c, KEEL_DOUBT_SENT);
    return e->venue->send(e->venue->ctx, c, o->given_ms, e->err);
}

int keel_engine_log_go_live(keel_engine *e) {
    e->live = 1;
    if (!e->journal) return 0;
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++) {
            keel_engine_sent *o = &e->sym[i].order[k];
            if (o->open && o->command.id != e->leaving) KEEL_TRY(keel_engine_log_ask(e, o));
        }
    return 0;
}

/* A venue that remembers may be ahead of the record's inputs; then one input was made durable at a time, so whatever
 * was heard in an input that others follow is in the record. */
static int is_past(const keel_engine *e) { return e->journal && e->inputs_ahead && !e->venue_rebuilt; }

/* Is the next step one of the record's? *ret 1; -1: the record says nothing, and nothing happened; 0: from here on it
 * is written. */
static int recorded(keel_engine *e, int *ret) {
    *ret = 0;
    if (e->live) return 0;
    int more = keel_engine_log_more(e);
    if (more < 0) return more;
    if (more == 0 && !is_past(e)) return keel_engine_log_go_live(e);
    *ret = more ? 1 : -1;
    return 0;
}

/* ---- commands ----------------------------------------------------------------------------------------------- */

int keel_engine_log_command(keel_engine *e, const keel_command *c, int *ret_sent) {
    uint8_t bytes[KEEL_RECORD_COMMAND_SIZE];
    int there;
    keel_record_command_write(c, e->seq, bytes);
    e->counts.commands++;
    KEEL_TRY(recorded(e, &there));
    *ret_sent = 0;
    if (!there) {
        e->counts.commands -= (uint64_t)is_replay(e); /* not one of the record's */
        if (is_replay(e)) return KEEL_ENGINE_STOPPED;
        return keel_engine_log_put(e, KEEL_RECORD_COMMAND, e->last_ms, bytes, sizeof bytes, 1);
    }
    if (there < 0 || e->next.type != KEEL_RECORD_COMMAND || e->next.size != sizeof bytes ||
        memcmp(e->next.payload, bytes, sizeof bytes) != 0)
        return differs(e, "a command is not the recorded one");
    e->counts.commands_equal++;
    e->has_next = 0;
    int more = keel_engine_log_more(e);
    if (more < 0) return more;
    *ret_sent = more || is_past(e) ? 1 : -1;
    return 0;
}

int keel_engine_log_cancel(keel_engine *e, const keel_command *c) {
    uint8_t bytes[KEEL_RECORD_CANCEL_SIZE];
    int there;
    keel_record_cancel_write(c->id, c->symbol, e->seq, bytes);
    KEEL_TRY(recorded(e, &there));
    if (!there) {
        if (is_replay(e)) return KEEL_ENGINE_STOPPED;
        e->counts.cancels++;
        return keel_engine_log_put(e, KEEL_RECORD_CANCEL, e->last_ms, bytes, sizeof bytes, 1);
    }
    if (there < 0 || e->next.type != KEEL_RECORD_CANCEL || e->next.size != sizeof bytes ||
        memcmp(e->next.payload, bytes, sizeof bytes) != 0)
        return differs(e, "an order is called back otherwise than recorded");
    e->counts.cancels++;
    e->has_next = 0;
    return 0;
}

/* ---- reports ------------------------------------------------------------------------------------------------ */

/* Does this report stand at this place? Fills and refusals are numbered events. */
static int is_here(const keel_engine *e, const keel_record_report *r, int32_t symbol) {
    uint64_t stamp = r->report.kind == KEEL_VENUE_ACK ? e->seq : e->seq + 1;
    return r->report.symbol == symbol && r->stamp == stamp && r->input == e->in.number;
}

/* A venue that is rebuilt must tell what it told before. */
static int same_told(keel_engine *e, const keel_venue_report *recorded_one) {
    keel_venue_report told;
    if (!e->venue || !e->venue_rebuilt) return 0;
    int any = e->venue->poll(e->venue->ctx, recorded_one->symbol, &told, e->err);
    if (any < 0) return any;
    if (!any || !keel_record_reports_equal(&told, recorded_one))
        return differs(e, "the simulated venue does not repeat a recorded report");
    return 0;
}

static int from_record(keel_engine *e, int32_t symbol, keel_venue_report *ret, int *ret_any) {
    keel_record_report r;
    if (e->next.type != KEEL_RECORD_REPORT) return 0;
    KEEL_TRY(keel_record_report_read(e->next.payload, e->next.size, &r, e->err));
    if (r.by == KEEL_BY_GUARD || !is_here(e, &r, symbol)) return 0;
    if (r.by == KEEL_BY_VENUE) KEEL_TRY(same_told(e, &r.report));
    *ret = r.report;
    *ret_any = 1;
    e->has_next = 0;
    keel_engine_sent *o = keel_engine_sent_of(e, symbol, r.report.order_id);
    if (!o && r.by != KEEL_BY_NOBODY) return differs(e, "a report is about no order");
    if (o) o->heard = r.report.ordinal;
    return 0;
}

static int write_report(keel_engine *e, const keel_venue_report *report, int by) {
    uint8_t bytes[KEEL_RECORD_REPORT_SIZE];
    int acknowledges = report->kind == KEEL_VENUE_ACK;
    keel_record_report r = {
        .report = *report, .stamp = acknowledges ? e->seq : e->seq + 1, .input = e->in.number, .by = by};
    keel_record_report_write(&r, bytes);
    return keel_engine_log_put(e, KEEL_RECORD_REPORT, acknowledges ? e->last_ms : report->event.ts_ms, bytes,
                               sizeof bytes, !acknowledges);
}

/* The engine's own refusal of an order. */
static void refusal_of(const keel_engine *e, const keel_command *c, keel_venue_report *ret) {
    memset(ret, 0, sizeof *ret);
    ret->kind = KEEL_VENUE_REJECT;
    ret->ordinal = 1;
    ret->symbol = c->symbol;
    ret->order_id = c->id;
    ret->event.ts_ms = e->in.ts_ms;
    ret->event.schema = KEEL_EVENT_SCHEMA;
    ret->event.kind = KEEL_EV_REJECT;
    ret->event.symbol = c->symbol;
    ret->event.order_id = c->id;
    ret->event.breadth = -1.0;
}

static int tell_withheld(keel_engine *e, keel_engine_sent *o, keel_venue_report *ret, int *ret_any) {
    refusal_of(e, &o->command, ret);
    o->withheld = 0;
    o->heard = 1;
    e->counts.withheld++;
    *ret_any = 1;
    return write_report(e, ret, KEEL_BY_RECOVERY);
}

int keel_engine_log_withheld(keel_engine *e, const keel_command *c, int *ret) {
    keel_record_report r;
    *ret = 0;
    if (e->live) return 0;
    int more = keel_engine_log_more(e);
    if (more <= 0 || e->next.type != KEEL_RECORD_REPORT) return more < 0 ? more : 0;
    KEEL_TRY(keel_record_report_read(e->next.payload, e->next.size, &r, e->err));
    *ret = r.by == KEEL_BY_RECOVERY && r.report.order_id == c->id;
    return 0;
}

/* An execution of no order that is known here, which the books do not have: it happened all the same. */
static int is_stray(const keel_engine *e, const keel_venue_report *r) {
    const keel_symbol *s = &e->st->sym[r->symbol];
    if (r->kind != KEEL_VENUE_FILL || r->event.fill_id == 0) return 0; /* what has no name may be booked already */
    for (int32_t i = 0; i < KEEL_FILL_IDS; i++)
        if (s->fill_ids[i] == r->event.fill_id) return 0;
    return 1;
}

int keel_engine_log_report(keel_engine *e, int32_t symbol, keel_venue_report *ret, int *ret_any) {
    int there;
    *ret_any = 0;
    KEEL_TRY(recorded(e, &there));
    if (there < 0) return 0;
    if (there) return from_record(e, symbol, ret, ret_any);
    if (is_replay(e)) /* what became of an order that waits is not in the record */
        return e->st->sym[symbol].pending.kind != 0 ? KEEL_ENGINE_STOPPED : 0;
    for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++) {
        keel_engine_sent *o = &e->sym[symbol].order[k];
        if (o->open && o->withheld) return tell_withheld(e, o, ret, ret_any);
    }
    for (;;) {
        int more = e->venue->poll(e->venue->ctx, symbol, ret, e->err);
        if (more <= 0) return more;
        keel_engine_sent *o = ret->order_id ? keel_engine_sent_of(e, symbol, ret->order_id) : NULL;
        if (o ? ret->ordinal <= o->heard : !is_stray(e, ret)) continue; /* told before */
        KEEL_TRY(write_report(e, ret, o ? KEEL_BY_VENUE : KEEL_BY_NOBODY));
        if (o) o->heard = ret->ordinal;
        e->counts.reports++;
        *ret_any = 1;
        return 0;
    }
}

int keel_engine_log_refusal(keel_engine *e, const keel_command *c, keel_venue_report *ret) {
    int there;
    refusal_of(e, c, ret);
    e->counts.guard_refused++;
    KEEL_TRY(recorded(e, &there));
    if (!there) return is_replay(e) ? KEEL_ENGINE_STOPPED : write_report(e, ret, KEEL_BY_GUARD);
    keel_record_report r;
    if (there < 0 || e->next.type != KEEL_RECORD_REPORT)
        return differs(e, "a refusal of the guard is not in the record");
    KEEL_TRY(keel_record_report_read(e->next.payload, e->next.size, &r, e->err));
    if (r.by != KEEL_BY_GUARD || !keel_record_reports_equal(&r.report, ret))
        return differs(e, "a refusal of the guard differs");
    e->has_next = 0;
    return 0;
}

/* ---- marks -------------------------------------------------------------------------------------------------- */

/* Marks may stand anywhere between inputs: a close writes one, too. */
static int compare_marks(keel_engine *e) {
    keel_record_mark old;
    for (;;) {
        int more = keel_engine_log_more(e);
        if (more < 0) return more;
        if (!more || e->next.type != KEEL_RECORD_MARK) return 0;
        KEEL_TRY(keel_record_mark_read(e->next.payload, e->next.size, &old, e->err));
        if (old.input > e->input) return 0;
        if (old.input == e->input && old.stamp > e->seq && e->inputs_ahead)
            return 0; /* behind an order that is ahead */
        e->counts.marks++;
        e->marked_at = e->seq;
        if (old.stamp != e->seq || old.input != e->input || old.state_hash != keel_state_hash(e->st))
            return differs(e, "the state is not that of a recorded mark");
        e->counts.marks_equal++;
        e->has_next = 0;
    }
}

int keel_engine_log_mark(keel_engine *e, int now) {
    uint8_t bytes[KEEL_RECORD_MARK_SIZE];
    if (!e->live) return compare_marks(e);
    if (!e->journal || (!now && e->seq - e->marked_at < e->mark_events)) return 0;
    e->marked_at = e->seq;
    keel_record_mark m = {.stamp = e->seq, .input = e->input, .state_hash = keel_state_hash(e->st)};
    keel_record_mark_write(&m, bytes);
    return keel_engine_log_put(e, KEEL_RECORD_MARK, e->last_ms, bytes, sizeof bytes, 0);
}
