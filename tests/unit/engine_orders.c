/* What becomes of an order, from the engine's side of a simulated venue, and what a start and a replay make of it:
 * executions that were not heard, orders that gave way, clocks that jump, feeds that were old. */
#include "engine_world.h"
#include "engine/health.h"
#include "engine/record.h"

/* The course of each order, a letter a step: made Durable, Sent, Acknowledged, Part of it or all of it Filled, Refused,
 * its rest given up for a newer one (Over), Ended with the market, refused by the Guard, Called back. */
enum { ORDERS_MAX = 4096, COURSE_MAX = 12 };
typedef struct course {
    uint64_t id;
    char steps[COURSE_MAX];
} course;

typedef struct notebook {
    keel_engine_watch inner;
    course order[ORDERS_MAX];
    int count;
    int aux[4]; /* decisions by the status of the feed that the strategy needs */
    int opened_by[4];
} notebook;

static notebook notes;

static void add_step(uint64_t id, char step) {
    for (int i = notes.count - 1; i >= 0; i--) {
        course *c = &notes.order[i];
        size_t n = strlen(c->steps);
        if (c->id != id) continue;
        assert_true(n + 1 < COURSE_MAX);
        c->steps[n] = step;
        return;
    }
    assert_true(step == 'D' && notes.count < ORDERS_MAX);
    notes.order[notes.count++] = (course){.id = id, .steps = "D"};
}

static void note_told(void *data, const keel_engine_told *t) {
    (void)data;
    if (t->kind == KEEL_TOLD_COMMAND) add_step(t->command->id, 'D');
    if (t->kind == KEEL_TOLD_SENT) add_step(t->command->id, 'S');
    if (t->kind == KEEL_TOLD_GUARD) add_step(t->command->id, 'G');
    if (t->kind == KEEL_TOLD_CANCEL) add_step(t->command->id, 'C');
    if (t->kind == KEEL_TOLD_OVER) add_step(t->report->order_id, 'O');
    if (t->kind != KEEL_TOLD_REPORT) return;
    if (t->report->kind == KEEL_VENUE_ACK) add_step(t->report->order_id, 'A');
    if (t->report->kind == KEEL_VENUE_FILL) add_step(t->report->order_id, t->report->event.last_of_order ? 'F' : 'P');
}

static void note_stepped(void *data, const keel_engine_seen *s) {
    (void)data;
    notes.inner.stepped(notes.inner.data, s);
    if (s->event->kind == KEEL_EV_REJECT && s->decision->refusal == KEEL_REFUSED_OK)
        add_step(s->event->order_id, s->input->kind == KEEL_INPUT_END ? 'E' : 'R');
    if (!s->diag || s->event->kind != KEEL_EV_BAR_CLOSE) return;
    notes.aux[s->diag->aux_status]++;
    notes.opened_by[s->diag->aux_status] +=
        s->decision->command_count > 0 && s->decision->command[0].kind == KEEL_CMD_OPEN;
}

static void note_marked(void *data, const keel_input *in, const keel_state *st) {
    (void)data;
    notes.inner.marked(notes.inner.data, in, st);
}

static void note_save(void *data, keel_packed_writer *out) {
    (void)data;
    notes.inner.save(notes.inner.data, out);
}

static int note_load(void *data, keel_packed_reader *in, int takes, keel_err *reterr) {
    (void)data;
    return notes.inner.load(notes.inner.data, in, takes, reterr);
}

static keel_engine_watch take_notes(world *w, const keel_engine_watch *inner) {
    (void)w;
    memset(&notes, 0, sizeof notes);
    notes.inner = *inner;
    return (keel_engine_watch){.stepped = note_stepped,
                               .marked = note_marked,
                               .told = note_told,
                               .save = note_save,
                               .load = note_load,
                               .wants_diag = 1};
}

/* ---- courses ---------------------------------------------------------------------------------------------------- */

/* 1: these steps are one of the ways that an order may go, to its end; it is called back once at most. */
static int is_course(const char *steps) {
    char text[COURSE_MAX] = {0}, *s = text;
    int called = 0;
    for (size_t n = 0; *steps; steps++) {
        if (*steps == 'C' && (called++ || n < 2)) return 0;
        if (*steps != 'C') text[n++] = *steps;
    }
    if (*s++ != 'D') return 0;
    if (*s == 'G') return s[1] == 'R' && s[2] == 0;
    if (*s++ != 'S') return 0;
    if (*s == 'A') s++;
    while (*s == 'P')
        s++;
    return *s != 0 && strchr("FROE", *s) && s[1] == 0;
}

static int64_t courses_like(const char *steps) {
    int64_t n = 0;
    for (int i = 0; i < notes.count; i++)
        n += strcmp(notes.order[i].steps, steps) == 0;
    return n;
}

static market *busy_market(uint64_t seed) {
    market *m = market_random(seed, 2, 240, 4, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 1);
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    m->p.enable_reverse = 0;
    m->p.sl_pct = 0.01; /* met while a part of the order that opened is on its way */
    run_well(m);
    return m;
}

static void nobody_steps(void *data, const keel_engine_seen *s) { (void)data, (void)s; }

/* The state that the journal alone leads to; the orders' courses are those of the notes. [EXE-11] */
static uint64_t replayed(const world *w) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_engine *e = NULL;
    keel_err err = {0};
    static notebook live_notes;
    int noted = w->watch == take_notes;
    keel_engine_replay r = {.plan = &w->plan.plan, .where = &where, .until_ms = INT64_MAX, .last_seq = UINT64_MAX};
    if (noted) {
        live_notes = notes;
        memset(notes.order, 0, sizeof notes.order);
        notes.count = 0;
        notes.inner = (keel_engine_watch){.stepped = nobody_steps};
        r.watch = (keel_engine_watch){.stepped = note_stepped, .told = note_told};
    }
    if (keel_engine_replay_run(&r, &e, &err) != 0) fail_msg("%s", err.text);
    keel_engine_counts counts = keel_engine_counts_of(e);
    assert_true(counts.commands == counts.commands_equal && counts.marks == counts.marks_equal);
    uint64_t hash = keel_state_hash(keel_engine_state(e));
    keel_engine_abandon(e);
    if (!noted) return hash;
    assert_int_equal(notes.count, live_notes.count);
    assert_memory_equal(notes.order, live_notes.order, sizeof notes.order);
    notes = live_notes;
    return hash;
}

/* [T-034] [T-035] [T-036] [T-037] [T-107] Submitted, acknowledged, executed whole or in parts; refused; cancelled with
 * the market's end, or what was left of it for a newer one. No order goes another way, each comes to its end, and the
 * journal alone leads to the same state. */
static void every_order_goes_one_of_the_known_ways(void **state) {
    (void)state;
    static const struct {
        keel_sim_model model;
        const char *course; /* that is met under it */
    } CASES[] = {{{0}, "DSAF"},
                 {{.fill_share_e8 = 40000000}, "DSAPF"},
                 {{.reject_every = 3}, "DSAR"},
                 {{.latency_ms = 36000000}, "DSAE"},
                 {{.latency_ms = 5400000, .fill_share_e8 = 40000000}, "DSAPCO"}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t met = 0;
        for (uint64_t seed = 40; seed < 46; seed++) {
            market *m = busy_market(seed);
            keel_err err = {0};
            uint64_t hash = 0;
            world *w = world_new(m, 0, 1, seed);
            w->venue.model = CASES[i].model;
            w->watch = take_notes;
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
            for (int k = 0; k < notes.count; k++)
                if (!is_course(notes.order[k].steps)) fail_msg("an order went %s", notes.order[k].steps);
            met += courses_like(CASES[i].course);
            assert_true(replayed(w) == hash && replayed(w) == hash);
            world_free(w);
            market_free(m);
        }
        if (met < 5) fail_msg("%s: met %lld times", CASES[i].course, (long long)met);
    }
}

/* ---- called back ------------------------------------------------------------------------------------------------ */

/* Once something is at work that opens, the order is given. */
static struct {
    int order, given;
    uint64_t from; /* the first input behind which it may be */
    int64_t open;  /* orders that the core waited for when it was given */
} calling;

static void call_back(world *w) {
    const keel_state *st = keel_engine_state(w->engine);
    int entries = 0;
    if (calling.given || keel_engine_last_input(w->engine) < calling.from) return;
    if (keel_engine_phase_of(w->engine) != KEEL_ENGINE_RUNNING) return; /* given before a kill */
    for (int32_t i = 0; i < w->m->tape.symbol_count; i++)
        entries += st->sym[i].pending.kind == KEEL_CMD_OPEN;
    if (!entries) return;
    for (int32_t i = 0; i < w->m->tape.symbol_count; i++)
        calling.open += st->sym[i].pending.kind != 0;
    calling.given = 1;
    w->order = calling.order;
}

static int64_t called_back(int entries_executed) {
    int64_t n = 0;
    for (int i = 0; i < notes.count; i++) {
        const char *c = strchr(notes.order[i].steps, 'C');
        n += c && (!entries_executed || strpbrk(c, "FP"));
    }
    return n;
}

static int64_t cancels_on_record(world *w) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    keel_err err = {0};
    int64_t n = 0;
    int rc = keel_journal_reader_open(&where, &reader, &err);
    while (rc >= 0 && (rc = keel_journal_reader_next(reader, &r, &err)) > 0)
        n += r.type == KEEL_RECORD_CANCEL;
    if (rc < 0) fail_msg("%s", err.text);
    keel_journal_reader_close(reader);
    return n;
}

static const keel_sim_model SLOW = {.latency_ms = 5400000, .fill_share_e8 = 40000000};

static world *calling_world(const market *m, int rebuilt, int order, uint64_t seed, int slow) {
    world *w = world_new(m, rebuilt, 1, seed);
    memset(&calling, 0, sizeof calling);
    calling.order = order;
    calling.from = 60 + 15 * seed;
    if (slow) w->venue.model = SLOW;
    w->act = call_back;
    w->watch = take_notes;
    w->snapshot_records = seed % 2 ? 60 : 1000000;
    return w;
}

/* [T-032] [T-033] [T-107] [ENG-05.2] Each order at work is called back once, made durable before it is said, and ends:
 * at once where the venue hears it at once; what holds entries back calls them back, and leaves what closes. The record
 * leads to the same. */
static void orders_at_work_are_called_back_once_and_end(void **state) {
    (void)state;
    static const int ORDERS[] = {KEEL_ENGINE_ORDER_CANCEL, KEEL_ENGINE_ORDER_PAUSE, KEEL_ENGINE_ORDER_HALT,
                                 KEEL_ENGINE_ORDER_SAFE};
    int64_t all = 0, late = 0, given = 0;
    for (uint64_t n = 0; n < 24; n++) {
        int slow = n % 3 == 2, order = ORDERS[n % COUNT(ORDERS)];
        market *m = busy_market(40 + n % 6);
        world *w = calling_world(m, 0, order, n % 6, slow);
        keel_err err = {0};
        uint64_t hash = 0;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        for (int k = 0; k < notes.count; k++)
            if (!is_course(notes.order[k].steps)) fail_msg("an order went %s", notes.order[k].steps);
        int64_t called = called_back(0);
        given += calling.given;
        all += called;
        late += called_back(1);
        assert_int_equal(cancels_on_record(w), called);
        assert_true(called >= calling.given);
        if (order == KEEL_ENGINE_ORDER_CANCEL && !slow) assert_int_equal(called, calling.open);
        if (!slow) assert_int_equal(called_back(1), 0);
        assert_true(replayed(w) == hash);
        live_well(w, hash, "started again");
        world_free(w);
        market_free(m);
    }
    if (given < 16 || all < given || late == 0)
        fail_msg("%lld given, %lld called back, %lld executed all the same", (long long)given, (long long)all,
                 (long long)late);
}

/* [T-032] Stopped at any effect around it: a start calls back what was, and the run ends as undisturbed. */
static void what_was_called_back_stays_so_over_a_kill(void **state) {
    (void)state;
    int kills = 0;
    for (int rebuilt = 0; rebuilt <= 1; rebuilt++) {
        market *m = busy_market(41);
        keel_err err = {0};
        uint64_t want = 0, hash = 0;
        world *w = calling_world(m, rebuilt, KEEL_ENGINE_ORDER_HALT, 1, 0);
        keel_simfs_counts counts;
        if (live(w, &want, &err) != 0) fail_msg("%s", err.text);
        assert_true(calling.given && called_back(0) > 0);
        keel_simfs_get_counts(w->disk, &counts);
        world_free(w);
        for (uint64_t at = 60; at < 260; at += 3) {
            w = calling_world(m, rebuilt, KEEL_ENGINE_ORDER_HALT, 1, 0);
            keel_simfs_faults faults = {.kill_at = at};
            keel_simfs_set_faults(w->disk, &faults);
            if (live(w, &hash, &err) != 0) {
                kills++;
                keel_simfs_crash(w->disk);
                w->order = 0;
                calling.given = 0;
                live_well(w, want, "killed while orders were called back");
            }
            world_free(w);
        }
        market_free(m);
    }
    assert_true(kills > 60);
}

/* ---- executions that were not heard ------------------------------------------------------------------------------ */

/* Before the venue: from one input on nothing that it tells of executions arrives; or no order does. */
typedef struct deaf {
    keel_venue port;
    world *w;
    uint64_t from;
    int64_t lost;
    int swallows;
    int64_t entered; /* by a start */
} deaf;

static const keel_venue *behind(void *ctx) { return &((deaf *)ctx)->w->venue.port; }

static int deaf_send(void *ctx, const keel_command *c, int64_t given_ms, keel_err *err) {
    deaf *d = ctx;
    if (d->swallows) return 0;
    d->entered += !d->w->engine && c->kind == KEEL_CMD_OPEN;
    return behind(ctx)->send(behind(ctx)->ctx, c, given_ms, err);
}

static int deaf_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *err) {
    deaf *d = ctx;
    int any = behind(ctx)->poll(behind(ctx)->ctx, symbol, ret, err);
    int lost =
        any > 0 && d->w->engine && keel_engine_last_input(d->w->engine) >= d->from && ret->kind != KEEL_VENUE_ACK;
    d->lost += lost;
    return lost ? 0 : any;
}

static int deaf_query(void *ctx, const keel_command *c, int32_t heard, keel_err *err) {
    return behind(ctx)->query(behind(ctx)->ctx, c, heard, err);
}

static int deaf_cancel(void *ctx, const keel_command *c, keel_err *err) {
    return behind(ctx)->cancel(behind(ctx)->ctx, c, err);
}

static void deaf_uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    behind(ctx)->uncovered(behind(ctx)->ctx, fill, closes_qty_e8);
}

static void deaf_tick(void *ctx, const keel_venue_tick *tick) { behind(ctx)->tick(behind(ctx)->ctx, tick); }

static void use_deaf(deaf *d, world *w, uint64_t from) {
    memset(d, 0, sizeof *d);
    d->w = w;
    d->from = from;
    d->port = (keel_venue){d, deaf_send, deaf_poll, deaf_query, deaf_cancel, deaf_uncovered, deaf_tick};
    w->between = &d->port;
}

/* [T-106] [WAL-03.2] Executions that never arrived are missing from the record: the next start asks, says so, books
 * them, and what is on record then leads to the same state. */
static void executions_that_were_not_heard_are_asked_for(void **state) {
    (void)state;
    int64_t lost = 0;
    uint64_t known = 0, booked = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        market *m = busy_market(seed + 60);
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = world_new(m, 0, 1, seed);
        deaf d;
        use_deaf(&d, w, 150 + 20 * seed);
        w->snapshot_records = seed % 2 ? 50 : 1000000;
        w->stops = 1;
        w->stop_at = d.from + 60;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        assert_true(replayed(w) == hash);
        w->between = NULL;
        w->stops = 0;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        assert_int_equal(w->recovery.counts.known, w->recovery.counts.in_doubt);
        lost += d.lost;
        known += w->recovery.counts.known;
        booked += w->counts.reports;
        assert_true(replayed(w) == hash);
        live_well(w, hash, "and once more");
        assert_int_equal(w->recovery.counts.in_doubt, 0);
        world_free(w);
        market_free(m);
    }
    if (lost < 8 || known < 8 || booked < 8) fail_msg("%lld lost, %d known", (long long)lost, (int)known);
}

/* ---- called back, and never there -------------------------------------------------------------------------------- */

static uint64_t breaks_at;

static void break_off(world *w) {
    keel_err err = {0};
    if (keel_engine_last_input(w->engine) < breaks_at) return;
    assert_int_equal(keel_engine_see_breaker(w->engine, KEEL_BREAKER_OPEN, 9, &err), 0);
}

/* [T-032] [T-107] Entries that left and never arrived, then a breaker that opens and a stop: the next start asks, and
 * they stay here. Called back before that is heard of, they are so on record, which leads to the same. */
static void what_stays_here_is_called_back_on_record(void **state) {
    (void)state;
    uint64_t withheld = 0;
    int64_t called = 0;
    for (uint64_t n = 0; n < 12; n++) {
        market *m = busy_market(40 + n % 6);
        world *w = world_new(m, 0, 1, n);
        keel_err err = {0};
        uint64_t hash = 0;
        deaf d;
        use_deaf(&d, w, UINT64_MAX);
        d.swallows = 1;
        w->refuse_snapshots = 1;
        w->act = break_off;
        w->stops = 1;
        w->stop_at = breaks_at = 120 + 9 * n;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        d.swallows = 0;
        w->act = NULL;
        w->stops = 0;
        w->order = n % 3 ? KEEL_ENGINE_ORDER_PAUSE : KEEL_ENGINE_ORDER_CANCEL;
        w->order_at = 0;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        withheld += w->counts.withheld;
        called += cancels_on_record(w);
        assert_int_equal(d.entered, 0);
        live_well(w, hash, "with what was called back and never there");
        assert_true(replayed(w) == hash);
        world_free(w);
        market_free(m);
    }
    if (withheld < 6 || called < 6) fail_msg("%d withheld, %d called back", (int)withheld, (int)called);
}

static uint64_t effects_at; /* of the disk, when the order is given */

static void call_all_back(world *w) {
    keel_simfs_counts counts;
    keel_err err = {0};
    if (calling.given || keel_engine_last_input(w->engine) < calling.from) return;
    keel_simfs_get_counts(w->disk, &counts);
    effects_at = counts.effects;
    calling.given = 1;
    int rc = keel_engine_order(w->engine, KEEL_ENGINE_ORDER_CANCEL, &err);
    if (rc != 0) assert_true(keel_simfs_killed(w->disk));
}

/* 1: the record ends behind the order to call everything back, and names no order that was. What is torn at its end was
 * never durable: the record ends before it. */
static int ends_with_the_order(world *w) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    keel_input in;
    keel_err err = {0};
    memset(&in, 0, sizeof in);
    int ends = 0, rc = keel_journal_reader_open(&where, &reader, &err);
    while (rc >= 0 && (rc = keel_journal_reader_next(reader, &r, &err)) > 0) {
        if (r.type == KEEL_RECORD_INPUT) {
            assert_int_equal(keel_input_read(r.payload, r.size, KEEL_SYMBOLS_MAX, &in, &err), 0);
            ends = in.kind == KEEL_INPUT_CONTROL && in.control == KEEL_ENGINE_ORDER_CANCEL;
        } else if (keel_record_is_outcome(r.type)) {
            ends = 0;
        }
    }
    if (rc < 0 && rc != KEEL_E_PARITY) fail_msg("%s", err.text);
    keel_input_done(&in);
    keel_journal_reader_close(reader);
    return ends;
}

/* [T-032] A person calls everything back, the engine is killed before it could: the next start hands nothing in that
 * the venue never saw only to call it back. */
static void what_is_to_be_called_back_is_not_handed_in_before(void **state) {
    (void)state;
    uint64_t ended = 0, withheld = 0;
    for (uint64_t n = 0; n < 6; n++) {
        market *m = busy_market(40 + n);
        effects_at = 0;
        for (uint64_t behind_it = 0; behind_it < 8; behind_it++) {
            world *w = world_new(m, 0, 1, n);
            keel_simfs_faults faults = {.kill_at = effects_at + behind_it};
            keel_err err = {0};
            uint64_t hash = 0;
            deaf d;
            use_deaf(&d, w, UINT64_MAX);
            d.swallows = 1;
            w->snapshot_records = 1000000;
            memset(&calling, 0, sizeof calling);
            calling.from = 150;
            w->act = call_all_back;
            if (effects_at) keel_simfs_set_faults(w->disk, &faults);
            if (live(w, &hash, &err) != 0) {
                keel_simfs_crash(w->disk);
                d.swallows = 0;
                w->act = NULL;
                if (ends_with_the_order(w)) {
                    ended++;
                    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
                    withheld += w->counts.withheld;
                    assert_int_equal(d.entered, 0);
                    live_well(w, hash, "killed before anything was called back");
                }
            }
            world_free(w);
        }
        market_free(m);
    }
    if (ended < 4 || withheld < 4) fail_msg("%d ended with the order, %d withheld", (int)ended, (int)withheld);
}

/* ---- clocks that jump, feeds that were old ----------------------------------------------------------------------- */

static void jump(world *w) {
    uint64_t n = keel_engine_last_input(w->engine);
    keel_simclock_jump(&w->clock, n % 3 == 0 ? -7200000 : n % 3 == 1 ? 86400000 : -86400000 * (int64_t)30);
}

/* [T-124] [T-123] However the machine's clock jumps between records: the run, its record and a start of it are those of
 * a clock that does not. */
static void a_clock_that_jumps_changes_nothing(void **state) {
    (void)state;
    for (int rebuilt = 0; rebuilt <= 1; rebuilt++) {
        market *m = small_market();
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = world_new(m, rebuilt, 1, 7);
        w->act = jump;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        assert_true(hash == keel_state_hash(m->st));
        live_well(w, hash, "started again");
        if (!rebuilt) assert_true(replayed(w) == hash);
        world_free(w);
        market_free(m);
    }
}

/* [T-125] [T-014] [ENG-06.2] A strategy that needs funding meets it fresh, old and missing; nothing is opened while it
 * is not fresh, and the record leads to the same. */
static void feeds_that_were_old_are_as_old_in_a_replay(void **state) {
    (void)state;
    int aux[4] = {0}, opened[4] = {0};
    for (uint64_t seed = 1; seed <= 6; seed++) {
        market *m = market_random(seed * 17, 2, 260, 2, &NATURES[0]);
        use_manner(m, KEEL_STRATEGY_CARRY, 1);
        m->p.funding_max_age_h = 4; /* settlements are eight hours apart */
        run_well(m);
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = world_new(m, 0, 1, seed);
        w->watch = take_notes;
        w->snapshot_records = seed % 2 ? 80 : 1000000;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        for (int i = 0; i < 4; i++) {
            aux[i] += notes.aux[i];
            opened[i] += notes.opened_by[i];
        }
        assert_true(hash == keel_state_hash(m->st) && replayed(w) == hash);
        live_well(w, hash, "started again");
        world_free(w);
        market_free(m);
    }
    assert_true(aux[KEEL_AUX_FRESH] > 100 && aux[KEEL_AUX_STALE] > 100 && opened[KEEL_AUX_FRESH] > 5);
    assert_int_equal(opened[KEEL_AUX_STALE] + opened[KEEL_AUX_MISSING], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_goes_one_of_the_known_ways),
        cmocka_unit_test(orders_at_work_are_called_back_once_and_end),
        cmocka_unit_test(what_was_called_back_stays_so_over_a_kill),
        cmocka_unit_test(executions_that_were_not_heard_are_asked_for),
        cmocka_unit_test(what_stays_here_is_called_back_on_record),
        cmocka_unit_test(what_is_to_be_called_back_is_not_handed_in_before),
        cmocka_unit_test(a_clock_that_jumps_changes_nothing),
        cmocka_unit_test(feeds_that_were_old_are_as_old_in_a_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
