/* engine/recover.c: see engine.h and engine_internal.h. A start, and a replay: both read the record from a place on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"

/* Go to the next input of the record: 1, 0 when there is none up to until_seq. */
static int next_input(keel_engine *e, keel_journal_reader *reader, uint64_t until_seq, keel_journal_record *r) {
    for (;;) {
        int rc = keel_journal_reader_next(reader, r, e->err);
        if (rc <= 0) return rc;
        if (r->seq > until_seq) return 0;
        if (r->type == KEEL_RECORD_INPUT) return 1;
        keel_engine_note_met(e, r);
    }
}

/* It lies ahead of everything: what came behind it is told as well. */
static int is_disbelieved(const keel_input *in) {
    return keel_input_is_market(in) && in->kind != KEEL_INPUT_END && in->flags & KEEL_INPUT_DISBELIEVED;
}

/* An engine that goes on numbers on. */
static void count_said(keel_engine *e) {
    const keel_input *in = &e->in;
    if (in->source == KEEL_FROM_MARKET) return;
    e->said[in->source] = in->source_seq ? in->source_seq : e->said[in->source] + 1;
}

/* Work the inputs of the record through, one after the other. */
static int inputs_of_record(keel_engine *e, keel_journal_reader *reader, uint64_t until_seq, int64_t until_ms,
                            int (*interrupted)(void)) {
    keel_journal_record r;
    int more = next_input(e, reader, until_seq, &r);
    if (more < 0) return more;
    e->inputs_ahead = more;
    KEEL_TRY(keel_engine_log_mark(e, 0)); /* of an end before which no input came */
    while (more > 0) {
        if (interrupted && interrupted())
            return keel_err_set(e->err, KEEL_E_INTERRUPTED, "interrupted: nothing was written; run the command again");
        KEEL_TRY(keel_input_read(r.payload, r.size, e->plan.symbol_count, &e->in, e->err));
        keel_engine_notes_tell(e);
        count_said(e);
        int beyond = e->in.ts_ms > until_ms && !is_disbelieved(&e->in);
        if (beyond && e->in.kind != KEEL_INPUT_TIMER) return 0; /* a clock may run ahead of the market */
        e->counts.records = r.seq;
        more = next_input(e, reader, until_seq, &r);
        if (more < 0) return more;
        e->inputs_ahead = more;
        if (!beyond) KEEL_TRY(keel_engine_apply(e));
    }
    keel_engine_notes_tell(e);
    return more;
}

int keel_engine_replay_record(keel_engine *e, const keel_journal_where *where, uint64_t from_seq, uint64_t until_seq,
                              int64_t until_ms, int (*interrupted)(void)) {
    keel_journal_reader *reader = NULL;
    e->live = 0;
    e->until_seq = until_seq;
    KEEL_TRY(keel_journal_reader_open(where, &e->record, e->err));
    int rc = keel_journal_reader_seek(e->record, from_seq, e->err);
    if (rc == 0) rc = keel_journal_reader_open(where, &reader, e->err);
    if (rc == 0) rc = keel_journal_reader_seek(reader, from_seq, e->err);
    if (rc == 0) rc = inputs_of_record(e, reader, until_seq, until_ms, interrupted);
    if (rc == 0 && until_ms == INT64_MAX) rc = keel_engine_log_all_met(e);
    keel_journal_reader_close(reader);
    keel_journal_reader_close(e->record);
    e->record = NULL;
    return rc;
}

/* ---- start ---------------------------------------------------------------------------------------------------- */

int keel_engine_start_of(const keel_journal_where *where, char **ret_text, size_t *ret_size, keel_err *reterr) {
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    KEEL_TRY(keel_journal_reader_open(where, &reader, reterr));
    int rc = keel_journal_reader_next(reader, &r, reterr);
    if (rc == 1 && (r.seq != 1 || r.type != KEEL_RECORD_START)) rc = 0;
    if (rc == 1) {
        *ret_text = malloc((size_t)r.size + 1);
        if (*ret_text) {
            memcpy(*ret_text, r.payload, r.size);
            (*ret_text)[r.size] = 0;
            *ret_size = r.size;
        }
        rc = *ret_text
                 ? 0
                 : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: start of the journal: close other programs");
    } else if (rc == 0) {
        rc = keel_err_set(reterr, KEEL_E_PARITY,
                          "no start of a run: %s: the journal is empty, was compacted, or is not of an engine",
                          where->dir);
    }
    keel_journal_reader_close(reader);
    return rc;
}

static int same_run(const keel_journal_where *where, const keel_engine_options *o, const keel_journal_report *found,
                    keel_err *reterr) {
    char *text = NULL;
    size_t size = 0;
    if (found->first_seq > 1) {
        if (memcmp(found->config_id, o->journal->config_id, sizeof found->config_id) == 0) return 0;
        return keel_err_set(reterr, KEEL_E_USAGE, "the journal is of another configuration: %s: choose another folder",
                            where->dir);
    }
    KEEL_TRY(keel_engine_start_of(where, &text, &size, reterr));
    int same = size == o->start_size && memcmp(text, o->start, size) == 0;
    free(text);
    if (same) return 0;
    return keel_err_set(reterr, KEEL_E_USAGE,
                        "the journal is of another run: %s: configuration, data, range or build differ: choose another "
                        "folder, or give what it was begun with",
                        where->dir);
}

/* A snapshot that another program is to read: the first reason is told. */
static void pass_over(keel_engine_recovery *r, uint32_t count, const char *why) {
    if (count > 0 && r->snapshots_rejected == 0) (void)snprintf(r->rejected_why, sizeof r->rejected_why, "%.199s", why);
    r->snapshots_rejected += count;
}

/* From the newest snapshot that can be read, or the first record. *ret_from: the first record to replay. */
static int restore(keel_engine *e, const keel_journal_where *where, const keel_journal_report *found,
                   keel_engine_recovery *r, uint64_t *ret_from) {
    keel_engine_snapfile file = {.seq = UINT64_MAX};
    for (;;) {
        keel_err why = {0};
        int rc = keel_engine_snapfile_load(where, found, file.seq, &file, &why);
        pass_over(r, file.rejected, file.why);
        if (rc == KEEL_E_NOT_FOUND) break;
        if (rc != 0) return keel_err_set(e->err, rc, "%s", why.text);
        rc = keel_engine_restore(e, file.bytes, file.size, &why);
        free(file.bytes);
        if (rc == 0) {
            uint64_t hash = keel_state_hash(e->st);
            r->snapshot_seq = file.seq;
            *ret_from = file.seq + 1;
            if (hash == file.state_hash) return 0;
            return keel_err_set(e->err, KEEL_E_PARITY,
                                "a snapshot is not what it says: record %" PRIu64 ": state hash %016" PRIx64
                                ", it says %016" PRIx64 ": remove it, the journal is replayed instead",
                                file.seq, hash, file.state_hash);
        }
        if (rc != KEEL_E_VERSION && rc != KEEL_E_PARITY) return keel_err_set(e->err, rc, "%s", why.text);
        pass_over(r, 1, why.text);
    }
    if (found->first_seq > 1)
        return keel_err_set(
            e->err, KEEL_E_RANGE,
            "the journal was compacted and no snapshot of it can be read: %s: %s: go on with the keel that wrote it, "
            "or move the segments of its folder archive back beside the others and remove wal-%s.base",
            where->dir, r->rejected_why[0] ? r->rejected_why : "there is none", found->name);
    *ret_from = 1;
    return keel_engine_begin(e);
}

static void describe(const keel_engine *e, keel_engine_recovery *r) {
    r->last_input = e->input;
    r->state_hash = keel_state_hash(e->st);
    r->equity_e8 = keel_state_equity(e->st);
    r->free_usd_e8 = e->st->acct.cash_e8;
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        r->positions += e->st->sym[i].pos.side != 0;
        r->orders += e->st->sym[i].pending.kind != 0;
        for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++)
            r->withheld += e->sym[i].order[k].open && e->sym[i].order[k].withheld;
    }
    r->withheld += e->counts.withheld;
    r->counts = e->counts;
    memcpy(r->doubt, e->doubt, sizeof r->doubt);
    r->doubt_count = e->doubt_count;
    if (e->caught_up && !keel_engine_allows_entries((keel_engine_phase)e->ordered))
        r->held_back = (keel_engine_phase)e->ordered;
    else if (e->caught_up && !keel_engine_outside_allows(e))
        r->held_back = KEEL_ENGINE_DEGRADED;
}

static int note_recovery(keel_engine *e, const keel_engine_recovery *r) {
    size_t size = 0;
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(e->err, KEEL_E_NOMEM, "out of memory: recovery report: close other programs");
    keel_json_object(j);
    keel_engine_recovery_json(r, j);
    keel_engine_holdings_json(e, NULL, j);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    int rc = keel_engine_log_note(e, KEEL_RECORD_RECOVERY, text, size);
    keel_json_free(j);
    return rc;
}

static int recover(keel_engine *e, const keel_engine_options *o, keel_engine_recovery *r) {
    const keel_journal_report *found = &r->journal.found;
    keel_journal_where where = {o->journal->fs, o->journal->dir, o->journal->name, o->journal->encrypt_key, NULL};
    uint64_t from = 1;
    e->caught_up = 0;
    e->damaged = r->journal.safe_mode;
    e->damages = r->journal.damages;
    KEEL_TRY(same_run(&where, o, found, e->err));
    KEEL_TRY(restore(e, &where, found, r, &from));
    r->replayed = found->last_seq + 1 - from;
    e->snapshot_at = r->snapshot_seq;
    if (from <= found->last_seq) KEEL_TRY(keel_engine_replay_record(e, &where, from, found->last_seq, INT64_MAX, NULL));
    if (!e->live) KEEL_TRY(keel_engine_log_go_live(e));
    e->caught_up = 1;
    KEEL_TRY(keel_engine_settle_phase(e));
    KEEL_TRY(keel_engine_halt_alarmed(e));
    KEEL_TRY(keel_engine_behave_anew(e));
    if (e->damaged) KEEL_TRY(keel_journal_settle(e->journal, e->err));
    describe(e, r);
    return note_recovery(e, r);
}

static int begin(keel_engine *e, const keel_engine_options *o, keel_engine_recovery *r) {
    if (r->journal.safe_mode)
        return keel_err_set(e->err, KEEL_E_PARITY,
                            "damage left nothing of the record: %s: orders and positions of it are unknown: put the "
                            "journal back from a copy, or look at the account and begin in another folder",
                            o->journal->dir);
    r->fresh = 1;
    KEEL_TRY(keel_engine_log_put(e, KEEL_RECORD_START, o->plan->start_ms, o->start, o->start_size, 1));
    e->live = 1;
    KEEL_TRY(keel_engine_begin(e));
    e->caught_up = 1;
    describe(e, r);
    return keel_engine_settle_phase(e);
}

int keel_engine_open(const keel_engine_options *o, keel_engine **ret, keel_engine_recovery *ret_recovery,
                     keel_err *reterr) {
    keel_engine *e = NULL;
    keel_engine_recovery scratch, *r = ret_recovery ? ret_recovery : &scratch;
    memset(r, 0, sizeof *r);
    if (!o->venue || !o->journal || o->batch > KEEL_ENGINE_BATCH_MAX || (!o->venue_rebuilt && o->batch > 1))
        return keel_err_set(reterr, KEEL_E_USAGE,
                            "an engine needs a venue, a journal and a batch of at most %d; of 1 with a venue that "
                            "remembers",
                            KEEL_ENGINE_BATCH_MAX);
    KEEL_TRY(keel_engine_make(o->plan, &o->watch, &e, reterr));
    e->venue = o->venue;
    e->venue_rebuilt = o->venue_rebuilt;
    e->batch = o->batch ? o->batch : 1;
    e->mark_events = o->mark_events ? o->mark_events : 1000;
    e->snapshot_records = o->snapshot_records ? o->snapshot_records : 10000;
    e->snapshot_ms = o->snapshot_ms;
    e->clock = o->journal->clock;
    e->snapshot_due_ns = e->clock->mono_ns(e->clock->ctx) + e->snapshot_ms * 1000000;
    keel_engine_scrub_begin(e, o->scrub_ms);
    e->err = reterr;
    keel_strbuf_add_bytes(&e->start, o->start, o->start_size);
    int64_t start_ns = e->clock->mono_ns(e->clock->ctx);
    keel_engine_move(e, KEEL_ENGINE_BY_OPENED);
    int rc = keel_journal_open(o->journal, &e->journal, &r->journal, reterr);
    if (rc == 0) rc = r->journal.found.records == 0 ? begin(e, o, r) : recover(e, o, r);
    r->took_ms = (e->clock->mono_ns(e->clock->ctx) - start_ns) / 1000000;
    if (rc == 0) {
        *ret = e;
        return 0;
    }
    keel_engine_abandon(e);
    return rc;
}

/* ---- replay --------------------------------------------------------------------------------------------------- */

int keel_engine_replay_run(const keel_engine_replay *replay, keel_engine **ret, keel_err *reterr) {
    keel_engine *e = NULL;
    uint64_t until = replay->until_seq && replay->until_seq < replay->last_seq ? replay->until_seq : replay->last_seq;
    *ret = NULL;
    KEEL_TRY(keel_engine_make(replay->plan, &replay->watch, &e, reterr));
    e->err = reterr;
    *ret = e;
    e->venue_rebuilt = replay->venue_rebuilt;
    KEEL_TRY(keel_engine_begin(e));
    int rc = keel_engine_replay_record(e, replay->where, 1, until, replay->until_ms, replay->interrupted);
    return rc == KEEL_ENGINE_STOPPED ? 0 : rc;
}
