/* engine/engine.c: see engine.h. The loop, and what stands around it. */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"

enum { NS_PER_MS = 1000000 };

/* ---- making --------------------------------------------------------------------------------------------------- */

static int set_up_signals(keel_engine *e, keel_err *reterr) {
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        KEEL_ASSERT(e->plan.sleeve[i] < e->plan.sleeve_count && (e->plan.sleeve[i] >= 0 || e->plan.watch_only[i]));
        if (e->plan.sleeve[i] < 0) continue;
        const keel_signal_list *list = &e->plan.signals[e->plan.sleeve[i]];
        int32_t rc = list->overflow ? KEEL_SIGNAL_E_COUNT : keel_signal_set_init(&e->sets[i], list->spec, list->n);
        if (rc != KEEL_SIGNAL_OK)
            return keel_err_set(reterr, KEEL_E_USAGE,
                                "indicator parameters refused (code %d): section signals or strategy: check that fast "
                                "periods are below slow ones and windows not too long",
                                (int)rc);
    }
    return 0;
}

int keel_engine_make(const keel_engine_plan *plan, const keel_engine_watch *watch, keel_engine **ret,
                     keel_err *reterr) {
    size_t n = (size_t)plan->symbol_count;
    KEEL_ASSERT(plan->symbol_count >= 1 && plan->symbol_count <= KEEL_SYMBOLS_MAX);
    KEEL_ASSERT(plan->sleeve_count >= 0 && plan->sleeve_count <= KEEL_ENGINE_SLEEVES_MAX);
    if (plan->behaviour < 0 || plan->behaviour > KEEL_ENGINE_BEHAVIOUR)
        return keel_err_set(reterr, KEEL_E_VERSION,
                            "begun by a newer engine: behaviour %" PRId32 ", this one has %d: use that keel",
                            plan->behaviour, (int)KEEL_ENGINE_BEHAVIOUR);
    keel_engine *e = calloc(1, sizeof *e);
    if (!e) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: engine: close other programs");
    e->plan = *plan;
    if (!e->plan.step) e->plan.step = keel_step;
    e->watch = *watch;
    e->owner = pthread_self();
    keel_params_default(&e->nobody);
    e->phase = KEEL_ENGINE_STARTING;
    e->ordered = KEEL_ENGINE_RUNNING;
    e->behaviour = plan->behaviour ? plan->behaviour : KEEL_ENGINE_BEHAVIOUR;
    keel_strbuf_init(&e->bytes, (size_t)1 << 32);
    keel_strbuf_init(&e->notes, 0);
    keel_strbuf_init(&e->start, 0);
    e->st = calloc(1, sizeof *e->st);
    e->sets = calloc(n, sizeof *e->sets);
    e->snaps = calloc(n, sizeof *e->snaps);
    e->sym = calloc(n, sizeof *e->sym);
    e->range_at = calloc(n, sizeof *e->range_at);
    e->bar_at = calloc(n, sizeof *e->bar_at);
    int rc = e->st && e->sets && e->snaps && e->sym && e->range_at && e->bar_at
                 ? set_up_signals(e, reterr)
                 : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: engine: run fewer symbols");
    if (rc != 0) {
        keel_engine_abandon(e);
        return rc;
    }
    *ret = e;
    return 0;
}

int keel_engine_begin(keel_engine *e) {
    keel_trend_gate_params gate = keel_trend_gate_defaults();
    keel_event deposit;
    for (int32_t i = 0; i < e->plan.sleeve_count; i++) {
        e->sleeve[i].breadth = -1.0;
        e->sleeve[i].btc_bullish = KEEL_UNKNOWN;
        e->sleeve[i].regime_gate = KEEL_UNKNOWN;
        keel_trend_gate_init(&e->sleeve[i].gate, &gate);
    }
    keel_regime_init(&e->detector);
    e->regime = KEEL_REGIME_UNKNOWN;
    keel_state_init(e->st, e->plan.symbol_count);
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        e->st->sym[i].rules = e->plan.rules[i];
    memset(&deposit, 0, sizeof deposit);
    deposit.seq = e->seq = 1;
    deposit.ts_ms = e->last_ms = e->plan.start_ms;
    deposit.schema = KEEL_EVENT_SCHEMA;
    deposit.kind = KEEL_EV_DEPOSIT;
    deposit.price_e8 = e->plan.start_usd_e8;
    deposit.breadth = -1.0;
    e->counts.events++;
    int32_t refused = e->plan.step(e->st, e->plan.sleeve_count ? e->plan.params : &e->nobody, &deposit,
                                   (const keel_snapshot *)0, &e->decision, (keel_diag *)0);
    if (refused == KEEL_REFUSED_OK) return 0;
    return keel_err_set(e->err, KEEL_E_RANGE, "starting balance refused: choose another");
}

int keel_engine_open_dry(const keel_engine_plan *plan, const keel_engine_watch *watch, const keel_venue *venue,
                         keel_engine **ret, keel_err *reterr) {
    keel_engine *e = NULL;
    KEEL_TRY(keel_engine_make(plan, watch, &e, reterr));
    e->venue = venue;
    e->venue_rebuilt = 1;
    e->dry = e->live = 1;
    e->batch = KEEL_ENGINE_BATCH_MAX;
    e->snapshot_records = UINT64_MAX;
    e->err = reterr;
    keel_engine_move(e, KEEL_ENGINE_BY_OPENED);
    e->caught_up = 1;
    int rc = keel_engine_begin(e);
    if (rc == 0) rc = keel_engine_settle_phase(e);
    if (rc == 0)
        *ret = e;
    else
        keel_engine_abandon(e);
    return rc;
}

/* ---- phases --------------------------------------------------------------------------------------------------- */

void keel_engine_received(keel_engine *e) {
    if (e->in.recv_ns == 0 && e->clock) e->in.recv_ns = e->clock->wall_ns(e->clock->ctx);
}

void keel_engine_stamp(keel_engine *e) {
    keel_input *in = &e->in;
    keel_engine_received(e);
    if (in->source == KEEL_FROM_UNKNOWN) in->source = keel_input_source_of(in);
    if (in->source == KEEL_FROM_MARKET) in->source_seq = in->number;
    if (in->source_seq == 0) in->source_seq = ++e->said[in->source];
}

int keel_engine_journal_control(keel_engine *e) {
    e->in.kind = KEEL_INPUT_CONTROL;
    e->in.ts_ms = e->last_ms;
    e->in.bar_open_ms = 0;
    keel_engine_stamp(e);
    keel_strbuf_clear(&e->bytes);
    keel_input_write(&e->in, &e->bytes);
    if (e->bytes.failed) return keel_err_set(e->err, KEEL_E_NOMEM, "out of memory: input: run fewer symbols");
    KEEL_TRY(keel_engine_log_put(e, KEEL_RECORD_INPUT, e->last_ms, e->bytes.text, e->bytes.size, 1));
    KEEL_TRY(keel_engine_apply(e));
    return keel_engine_halt_alarmed(e); /* a snapshot does not remember one that is not on record */
}

static int journal_order(keel_engine *e, int order, uint64_t damages) {
    keel_input_clear(&e->in);
    e->in.number = damages;
    e->in.control = order;
    return keel_engine_journal_control(e);
}

int keel_engine_behave_anew(keel_engine *e) {
    if (e->behaviour == KEEL_ENGINE_BEHAVIOUR || e->ended) return 0;
    return journal_order(e, KEEL_ENGINE_ORDER_BEHAVES + KEEL_ENGINE_BEHAVIOUR, 0);
}

int keel_engine_halt_alarmed(keel_engine *e) { return e->alarm && !e->ended ? journal_order(e, e->alarm, 0) : 0; }

int keel_engine_hold_when_full(keel_engine *e) {
    int holds = e->ordered == KEEL_ENGINE_SAFE_MODE || e->ordered == KEEL_ENGINE_HALTED;
    if (!e->journal || e->ended || holds || !keel_journal_is_short(e->journal)) return 0;
    return journal_order(e, KEEL_ENGINE_ORDER_DISK, 0);
}

int keel_engine_settle_phase(keel_engine *e) {
    int safe = e->ordered == KEEL_ENGINE_SAFE_MODE;
    keel_engine_move(e, e->damaged ? KEEL_ENGINE_BY_DAMAGE : safe ? KEEL_ENGINE_BY_RECALLED : KEEL_ENGINE_BY_RECOVERED);
    if (e->ordered == KEEL_ENGINE_CLOSE_ONLY)
        keel_engine_move_as(e, KEEL_ENGINE_BY_ORDER_PAUSE, KEEL_ENGINE_BY_RECALLED);
    if (e->ordered == KEEL_ENGINE_HALTED) keel_engine_move_as(e, KEEL_ENGINE_BY_ORDER_HALT, KEEL_ENGINE_BY_RECALLED);
    keel_engine_outside_settle(e);
    return e->damaged && !e->ended ? journal_order(e, KEEL_ENGINE_ORDER_SAFE, e->damages) : 0;
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

typedef struct batch {
    keel_strbuf bytes;
    size_t end[KEEL_ENGINE_BATCH_MAX];
    uint32_t count;
} batch;

/* The next input. Behind those that are gathered an order would be journaled and before them obeyed: as long as a
 * source is asked, the engine takes none. 1, 0, KEEL_SOURCE_WAITS or KEEL_E_*. */
static int next_input(keel_engine *e, const keel_engine_source *source, int only_ready) {
    e->working = 1;
    int rc = keel_engine_intake_next(e, source, only_ready);
    e->working = 0;
    return rc;
}

/* As many inputs as are there, at least one is waited for; all of them durable by one sync. */
static int gather(keel_engine *e, const keel_engine_source *source, batch *b) {
    keel_strbuf_clear(&b->bytes);
    b->count = 0;
    e->waits = 0;
    while (b->count < e->batch) {
        int rc = next_input(e, source, b->count > 0);
        if (rc < 0) return rc;
        e->waits = rc == KEEL_SOURCE_WAITS;
        if (rc != 1) break;
        size_t from = b->bytes.size;
        keel_engine_stamp(e);
        keel_input_write(&e->in, &b->bytes);
        if (b->bytes.failed) return keel_err_set(e->err, KEEL_E_NOMEM, "out of memory: input: run fewer symbols");
        int disbelieved = e->in.flags & KEEL_INPUT_DISBELIEVED && keel_input_is_market(&e->in);
        int64_t known_ms = disbelieved ? e->intake.last_ms : e->in.ts_ms;
        KEEL_TRY(keel_engine_log_put(e, KEEL_RECORD_INPUT, known_ms, b->bytes.text + from, b->bytes.size - from, 0));
        b->end[b->count++] = b->bytes.size;
    }
    return b->count && !e->dry ? keel_journal_commit(e->journal, e->err) : 0;
}

static int work(keel_engine *e, const batch *b) {
    size_t from = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        KEEL_TRY(keel_input_read((const uint8_t *)b->bytes.text + from, b->end[i] - from, e->plan.symbol_count, &e->in,
                                 e->err));
        KEEL_TRY(keel_engine_apply(e));
        KEEL_TRY(keel_engine_halt_alarmed(e));
        from = b->end[i];
    }
    return 0;
}

static int note_snapshot(keel_engine *e) {
    char text[128];
    int size = snprintf(text, sizeof text, "{\"seq\":%" PRIu64 ",\"state_hash\":\"%016" PRIx64 "\",\"bytes\":%zu}",
                        e->snapshot_at, keel_state_hash(e->st), e->bytes.size);
    return keel_engine_log_note(e, KEEL_RECORD_SNAPSHOT, text, (size_t)size);
}

/* Is it time for one? */
static int is_due(keel_engine *e) {
    uint64_t since = e->counts.records - e->snapshot_at;
    if (since >= e->snapshot_records) return 1;
    if (!e->snapshot_ms || e->dry || since < 2 || e->clock->mono_ns(e->clock->ctx) < e->snapshot_due_ns) return 0;
    return 1; /* its own note is a record: with that alone nothing is new */
}

/* The next start replays more, and nothing else is lost; but whoever watches is told, for it may go on for ever. */
static int note_no_snapshot(keel_engine *e, const char *why) {
    size_t size = 0;
    e->counts.snapshots_failed++;
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(e->err, KEEL_E_NOMEM, "out of memory: snapshot: close other programs");
    keel_json_object(j);
    keel_json_kint(j, "seq", (int64_t)e->snapshot_at);
    keel_json_kstring(j, "failed", why);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    int rc = keel_engine_log_note(e, KEEL_RECORD_SNAPSHOT, text, size);
    keel_json_free(j);
    return rc;
}

static int take_snapshot(keel_engine *e) {
    keel_err why = {0};
    keel_strbuf_clear(&e->bytes);
    keel_engine_keep(e, &e->bytes);
    if (e->bytes.failed) return keel_err_set(e->err, KEEL_E_NOMEM, "out of memory: snapshot: close other programs");
    int rc = keel_engine_snapfile_save(e->journal, keel_state_hash(e->st), e->bytes.text, e->bytes.size, &why);
    if (rc != 0 && keel_journal_failed(e->journal)) return keel_err_set(e->err, rc, "%s", why.text);
    e->snapshot_at = keel_journal_durable_seq(e->journal);
    e->snapshot_due_ns = e->clock->mono_ns(e->clock->ctx) + e->snapshot_ms * NS_PER_MS;
    if (rc != 0) return note_no_snapshot(e, why.text);
    e->counts.snapshots++;
    return note_snapshot(e);
}

/* Inputs that were worked through, 0 at the end of the source or while it waits, or KEEL_E_*. */
static int turn(keel_engine *e, const keel_engine_source *source, batch *b) {
    KEEL_TRY(gather(e, source, b));
    if (b->count == 0) return 0;
    KEEL_TRY(work(e, b));
    KEEL_TRY(keel_engine_hold_when_full(e));
    if (is_due(e)) KEEL_TRY(take_snapshot(e));
    KEEL_TRY(keel_engine_scrub(e));
    return (int)b->count;
}

static int loop(keel_engine *e, const keel_engine_source *source, int (*asked_to_end)(void), batch *b) {
    while (!e->ended) {
        int asked = asked_to_end && asked_to_end();
        if (!asked && source->between) asked = source->between(source->ctx, e->err);
        if (asked < 0) return asked;
        if (asked) {
            keel_engine_move(e, KEEL_ENGINE_BY_ASKED_TO_END);
            return 0;
        }
        int worked = turn(e, source, b);
        if (worked < 0) return worked;
        if (worked == 0 && !e->waits) break;
    }
    keel_engine_move(e, KEEL_ENGINE_BY_FEED_ENDED);
    return 0;
}

/* The note why is kept, if anything still can be; what it was that failed stays the error. */
static void end_by_fault(keel_engine *e) {
    keel_err ignored = {0};
    keel_engine_move(e, KEEL_ENGINE_BY_FAULT);
    if (!e->journal || keel_journal_failed(e->journal)) return;
    int kept = keel_journal_commit(e->journal, &ignored);
    (void)kept;
}

int keel_engine_run(keel_engine *e, const keel_engine_source *source, int (*asked_to_end)(void), int *ret_ended,
                    keel_err *reterr) {
    KEEL_TRY(keel_engine_check_owner(e, reterr));
    batch *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: engine: close other programs");
    keel_strbuf_init(&b->bytes, (size_t)1 << 32);
    e->err = reterr;
    keel_engine_intake_begin(e, source);
    int rc = loop(e, source, asked_to_end, b);
    if (rc != 0) end_by_fault(e);
    *ret_ended = e->ended;
    keel_strbuf_done(&b->bytes);
    free(b);
    return rc;
}

int keel_engine_run_once(keel_engine *e, const keel_engine_source *source, keel_engine_turn *ret, keel_err *reterr) {
    KEEL_TRY(keel_engine_check_owner(e, reterr));
    memset(ret, 0, sizeof *ret);
    keel_engine_counts before = e->counts;
    batch *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: engine: close other programs");
    keel_strbuf_init(&b->bytes, (size_t)1 << 32);
    e->err = reterr;
    keel_engine_intake_begin(e, source);
    int worked = e->ended ? 0 : turn(e, source, b);
    if (worked < 0) end_by_fault(e);
    if (worked > 0) ret->inputs = (uint32_t)worked;
    ret->waits = worked == 0 && e->waits;
    ret->ended = e->ended;
    ret->last_input = e->input;
    ret->last_ms = e->last_ms;
    ret->events = e->counts.events - before.events;
    ret->commands = e->counts.commands - before.commands;
    ret->reports = e->counts.reports - before.reports;
    ret->state_hash = keel_state_hash(e->st);
    ret->phase = e->phase;
    keel_strbuf_done(&b->bytes);
    free(b);
    return worked < 0 ? worked : 0;
}

void keel_engine_turn_json(const keel_engine_turn *t, keel_json *j) {
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, t->state_hash);
    keel_json_kint(j, "inputs", t->inputs);
    keel_json_kbool(j, "ended", t->ended);
    keel_json_kint(j, "last_input", (int64_t)t->last_input);
    keel_json_kint(j, "last_ms", t->last_ms);
    keel_json_kint(j, "events", (int64_t)t->events);
    keel_json_kint(j, "commands", (int64_t)t->commands);
    keel_json_kint(j, "reports", (int64_t)t->reports);
    keel_json_kstring(j, "phase", keel_engine_phase_word(t->phase));
    keel_json_kstring(j, "state_hash", hash);
}

int keel_engine_may_order(keel_engine *e, int order, keel_err *reterr) {
    keel_engine_phase to;
    int trigger = keel_engine_order_trigger(order);
    int always = order == KEEL_ENGINE_ORDER_CANCEL || order == KEEL_ENGINE_ORDER_FLAT;
    int leads = always ? !e->ended
                       : trigger >= 0 && keel_engine_transition(e->phase, (keel_engine_trigger)trigger, &to);
    KEEL_TRY(keel_engine_check_owner(e, reterr));
    if (!leads)
        return keel_err_set(reterr, KEEL_E_GATE, "this order leads nowhere from here: the engine is %s",
                            keel_engine_phase_word(e->phase));
    if (order == KEEL_ENGINE_ORDER_RESUME && e->unbooked)
        return keel_err_set(reterr, KEEL_E_GATE,
                            "the books are not the account's: %" PRId32
                            " executions could not be booked: close at the venue what is held there, and begin a new "
                            "run",
                            e->unbooked);
    if (order == KEEL_ENGINE_ORDER_RESUME && e->journal) {
        keel_err why = {0};
        if (keel_journal_look_for_room(e->journal, &why) != 0)
            return keel_err_set(reterr, KEEL_E_GATE, "entries stay held back: %s", why.text);
    }
    return 0;
}

int keel_engine_order(keel_engine *e, int order, keel_err *reterr) {
    KEEL_TRY(keel_engine_may_order(e, order, reterr));
    keel_err *running = e->err; /* of a run that goes on behind it */
    e->err = reterr;
    int rc = journal_order(e, order, 0);
    e->err = running;
    return rc;
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

int keel_engine_close(keel_engine *e, keel_err *reterr) {
    KEEL_TRY(keel_engine_check_owner(e, reterr));
    e->err = reterr;
    int rc = keel_engine_log_mark(e, 1);
    if (rc == 0) rc = take_snapshot(e);
    keel_journal_patrol_free(e->scrub.patrol); /* it looks at the writer, who goes */
    e->scrub.patrol = NULL;
    if (rc == 0) {
        rc = keel_journal_close(e->journal, reterr);
        e->journal = NULL;
    }
    keel_engine_abandon(e);
    return rc;
}

void keel_engine_abandon(keel_engine *e) {
    if (!e) return;
    keel_journal_patrol_free(e->scrub.patrol);
    keel_journal_abandon(e->journal);
    keel_journal_reader_close(e->record);
    keel_input_done(&e->in);
    keel_engine_intake_done(e);
    keel_strbuf_done(&e->bytes);
    keel_strbuf_done(&e->notes);
    keel_strbuf_done(&e->start);
    free(e->st);
    free(e->sets);
    free(e->snaps);
    free(e->sym);
    free(e->range_at);
    free(e->bar_at);
    free(e);
}

const keel_state *keel_engine_state(const keel_engine *e) { return e->st; }
keel_engine_phase keel_engine_phase_of(const keel_engine *e) { return e->phase; }
uint64_t keel_engine_last_input(const keel_engine *e) { return e->input; }
int64_t keel_engine_last_ms(const keel_engine *e) { return e->last_ms; }
int keel_engine_ended(const keel_engine *e) { return e->ended; }
keel_engine_counts keel_engine_counts_of(const keel_engine *e) { return e->counts; }
